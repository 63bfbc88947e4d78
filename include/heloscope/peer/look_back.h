/*
 * look_back: looks at the mail servers of hosts that send mail, in the background, and keeps what it
 * finds. A peer_source.
 *
 * One thread with an event loop; each visit is an smtp_visit. However many hosts are wanted, so many
 * and no more are looked at: see struct look_back_settings.
 */
#ifndef HELOSCOPE_PEER_LOOK_BACK_H
#define HELOSCOPE_PEER_LOOK_BACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"
#include "heloscope/base/error.h"
#include "heloscope/peer/peer.h"

struct look_back;
struct peer_memory;
struct share;

struct look_back_settings {
	const char *ehlo_name; /* who we are */
	const char *why;       /* what we want, for a postmaster to read; printable, without line ends */
	const char *file;      /* where findings are kept across restarts, or NULL */
	uint16_t port;
	unsigned timeout_ms;        /* for a whole visit */
	unsigned at_a_time;         /* visits under way */
	unsigned per_minute;        /* that begin; 0: no limit, and none for networks and special addresses
				       (heloscope/base/ipaddr_scope.h) either */
	struct network_set allowed; /* special and own addresses that may be looked at nevertheless */
	struct network_set trusted; /* never */
	struct share *share;        /* with other hosts, which outlives it; NULL: nothing is shared */
	struct peer_memory
		*memory; /* which it has in common with others, and must stay; NULL: one of its own */
};

/*
 * Start. `settings` is copied but for its strings and networks, which must outlive the look-back, as
 * must `resolver`. A memory of its own takes over what that of `previous`, which may be NULL, has; else the
 * file is loaded. NULL with the reason when it cannot start.
 */
struct look_back *look_back_new(const struct look_back_settings *settings, struct dns_resolver *resolver,
				struct look_back *previous, struct error *error) MUST_USE;

/* End the thread and every visit, and save the file. NULL is allowed. */
void look_back_free(struct look_back *look_back);

/* Save the file now, if there is one. Any thread. */
void look_back_save(struct look_back *look_back);

/*
 * Forget what was found of one server, or with NULL of all, so that the next message from there has it looked
 * at again, even if its network has had its share of this hour. Returns of how many something was known. Any
 * thread.
 */
size_t look_back_forget(struct look_back *look_back, const struct ipaddr *address);

struct look_back_look {
	size_t waiting, active; /* servers that wait to be checked, and that are */
	size_t known;           /* of which findings are kept */
};

struct look_back_look look_back_look(struct look_back *look_back);

struct peer_source *look_back_source(struct look_back *look_back);

/* Wait until nothing is under way, at most `timeout_ms`. */
void look_back_settle(struct look_back *look_back, unsigned timeout_ms);

/*
 * For the command line: begin to look at one server, whatever was known before; and wait for what is found.
 * `tls_max`: see smtp_visit.h. NULL when memory ran out. look_back_end() takes each visit that was begun;
 * false, and `peer` as it was, when it did not end within `timeout_ms`.
 */
struct visit *look_back_begin(struct look_back *look_back, const struct ipaddr *address, const char *name,
			      int tls_max) MUST_USE;
bool look_back_end(struct visit *visit, struct peer *peer, unsigned timeout_ms);

#endif
