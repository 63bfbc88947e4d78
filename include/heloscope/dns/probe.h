/*
 * probe: a question to one name server itself, past libunbound, which tells neither who answered nor how.
 *
 * Only the root is asked for, which every name server knows, so that silence or failure is its own. What is
 * answered is looked at by whoever asks, and nothing else is made of it. Any thread.
 */
#ifndef HELOSCOPE_DNS_PROBE_H
#define HELOSCOPE_DNS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/ipaddr.h"

#define PROBES_MAX 24         /* at a time */
#define PROBE_ANSWER_MAX 4096 /* octets; the keys of the root with their signatures have less than 2048 */

enum { PROBE_SERVFAIL = 2, PROBE_REFUSED = 5 };

struct name_server {
	struct ipaddr address;
	uint16_t port;
};

enum probe_kind {
	PROBE_PLAIN, /* the root's name servers, over UDP */
	PROBE_LARGE, /* its keys with their signatures, whether they validate or not, over UDP with EDNS */
	PROBE_TCP,   /* the same over TCP */
	PROBE_KINDS
};

struct probe {
	enum probe_kind kind;
	struct name_server server;

	/* What came of it. */
	bool has_way; /* this host knows a way there */
	bool is_answered;
	unsigned rcode; /* RFC 1035, 4.1.1 */
	unsigned took_ms;
	unsigned char answer[PROBE_ANSWER_MAX]; /* `length` octets of it */
	size_t length;

	/* For probe.c. */
	int fd; /* -1: it is over */
	size_t taken;
	uint16_t id;
};

/*
 * Ask all at once, over UDP three times at most, and wait for their answers, or, when `first_is_enough`, for
 * one that is no SERVFAIL: at most `timeout_ms`, and not when `stop_fd` (-1: none) can be read. False when
 * that has happened. Of each probe kind and server are to be set, and all else 0.
 */
bool probes_run(struct probe *probes, size_t count, unsigned timeout_ms, bool first_is_enough, int stop_fd);

/* Whether this host knows a way to a server, which gets to know nothing of that. */
bool probe_has_way(const struct name_server *server);

#endif
