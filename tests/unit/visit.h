/*
 * visit: a session over a fake DNS and what it leaves on record, for unit tests of sessions.
 *
 * What is begun must be left.
 */
#ifndef TESTS_UNIT_VISIT_H
#define TESTS_UNIT_VISIT_H

#include "fake_dns.h"
#include "heloscope/daemon/session.h"

struct visit {
	struct fake_dns dns;
	struct runtime *runtime;
	struct session *session;
	struct message_end end;
	char path[64]; /* of the records */
	char records[65536];
};

/* A session of a filter that is mx.test, with these checks; nobody has connected yet. */
void visit_begin(struct visit *visit, const struct fake_row *rows, size_t count, const char *config,
		 struct check_table checks);

/* A client connects, and says HELO. tls_version: NULL is none. */
void visit_connect(struct visit *visit, const char *address, const char *helo, const char *tls_version);

/* The connection is over; have what was recorded, each of which is read back to what it was made of. */
void visit_leave(struct visit *visit);

#endif
