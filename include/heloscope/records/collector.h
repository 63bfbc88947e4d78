/*
 * collector: the log of a site, of the records that its hosts share (heloscope/share/stream.h), each once.
 *
 * A record is written before the server is told that it is done. Between the two the program may end, or the
 * connection; and a host sends again what was not answered. So a record may come twice: what was written
 * lately is remembered, and read from the log itself at the start (heloscope/records/recent.h), which needs
 * no file beside it that could say something else than the log does.
 *
 * What is no record of this version, or names no host, stands in no log: it is counted, and the first of it
 * kept in the file `apart`, for who wants to know what writes there. One thread.
 */
#ifndef HELOSCOPE_RECORDS_COLLECTOR_H
#define HELOSCOPE_RECORDS_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define COLLECTOR_APART_MAX (1 << 20) /* octets of that file */

struct collector;

struct collector_counts {
	uint64_t written, again; /* records; those that came again */
	uint64_t apart, dropped; /* what was none; and what of that the other file did not take */
};

/* `path` of the log; the other file is beside it, and its name begins with "apart-". NULL when memory ran
 * out.
 */
struct collector *collector_new(const char *path) MUST_USE;
void collector_free(struct collector *collector); /* NULL is allowed */

/* Take what an entry of the stream holds; at NULL: nothing of ours. False, with the reason, when the log
 * cannot be written now: then it is to be given again. */
bool collector_take(struct collector *collector, const char *id, struct span record,
		    struct error *error) MUST_USE;

struct collector_counts collector_counts(const struct collector *collector);

#endif
