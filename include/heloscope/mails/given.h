/*
 * given: whatever a command was given to find refusals in, which finds out by itself what it is.
 *
 * A file or standard input, compressed or not: a message, an mbox, a log, a report of a
 * receiver, copied text; a Maildir, or another
 * directory, of which each file is one of these. One of them that cannot be read does not stop the others.
 * One thread.
 */
#ifndef HELOSCOPE_MAILS_GIVEN_H
#define HELOSCOPE_MAILS_GIVEN_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/mails/aggregate.h"
#include "heloscope/mails/log_reader.h"
#include "heloscope/mails/source.h"
#include "heloscope/mails/tls_report.h"
#include "heloscope/refusals/refusal.h"

/* Who gets what is read. Spans are good during the call. */
struct given_taker {
	refusal_taker *refusal;
	/* Copied text without a code, which may be anything: takes note of it if its words are those of a
	 * refusal, and returns whether they are. */
	bool (*words)(void *context, const struct refusal *refusal);
	/* What reports of receivers say, or NULL; a report that comes twice is told twice. */
	aggregate_taker *aggregate;
	tls_report_taker *tls;
	/* Takes logs, and hands over by itself what they tell; NULL: they are read as text. */
	struct log_reader *logs;
	/* What could not be read, or not to its end; all before that was told. Text without any refusal in
	 * it, too, unless it is one file of a directory. `file` is empty for standard input. */
	void (*fault)(void *context, struct span file, const char *reason);
	/* So many more octets of the files were read, as they stand there; or NULL. */
	void (*octets)(void *context, int64_t more);
	void *context;
	struct expansion *expansion; /* of the run */
};

/* Read what `path` names, "-" for standard input. False when there was a fault. */
bool given_read(const char *path, const struct given_taker *taker) MUST_USE;

/* How many octets the file has that `path` names; 0 when that is not known, as of a pipe or a directory. */
int64_t given_size(const char *path);

#endif
