/*
 * attached: the filters that a Postfix has attached, as smtpd_milters lists them, and which of them is ours.
 */
#ifndef HELOSCOPE_WIRING_ATTACHED_H
#define HELOSCOPE_WIRING_ATTACHED_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

/* A filter: "inet:127.0.0.1:8891", or "{ inet:127.0.0.1:8891, default_action=accept }". */
struct attached {
	struct span whole, address;
	struct span settings; /* behind the address, or empty */
};

/* Split a list into items in `arena`; false when a brace has no partner, or memory ran out. */
bool attached_read(struct arena *arena, struct span list, struct attached **items, size_t *count) MUST_USE;

/* A setting that a filter has for itself, as "default_action". */
bool attached_setting(const struct attached *attached, const char *name, struct span *value) MUST_USE;

/* How an address in the MTA's configuration compares with that on which the filter listens. */
enum attachment {
	ATTACHMENT_OTHER,    /* another filter */
	ATTACHMENT_OURS,     /* it leads to the filter */
	ATTACHMENT_SPELLING, /* it is meant to, but is not spelled as the MTA has it */
	ATTACHMENT_OUTSIDE,  /* it would, but for the chroot */
	ATTACHMENT_AWAY,     /* it is meant to, but the filter listens elsewhere */
};

/* Where the MTA looks for unix sockets. */
struct vantage {
	struct span directory; /* of a relative path, and the root of a chroot */
	bool is_chrooted;
};

/* Of Postfix; `listen` is the filter's, as its configuration has it. */
enum attachment attached_compare(struct span address, const char *listen, const struct vantage *vantage);

/* Of Sendmail, which spells it as the filter does. */
enum attachment attached_compare_sendmail(struct span address, const char *listen);

/* `listen` as Postfix spells it; of a unix socket as seen from there. False when it cannot be seen. */
struct strbuf;
bool attached_spell(const char *listen, const struct vantage *vantage, struct strbuf *text);

/* The version of IP that an address in the MTA's configuration needs: 4, 6, or 0: it may be either. */
unsigned attached_ip_version(struct span address);

/* Add the address of loopback of that version, 4 or 6, with the port of `listen`, as Postfix spells it, and
 * as the filter does where it has to listen there: else `moved` stays empty. False when it listens on an
 * address of its own, in place of which that is no good. */
bool attached_spell_loopback(const char *listen, unsigned ip_version, struct strbuf *text,
			     struct strbuf *moved);

#endif
