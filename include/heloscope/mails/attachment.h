/*
 * attachment: reports of receivers, as they come: in a file or as part of a message, plain, gzip, zlib or
 * zip.
 *
 * What they are is told by their first octets, never by their type or name, which are often wrong. One
 * thread.
 */
#ifndef HELOSCOPE_MAILS_ATTACHMENT_H
#define HELOSCOPE_MAILS_ATTACHMENT_H

#include "heloscope/mails/aggregate.h"
#include "heloscope/mails/source.h"
#include "heloscope/mails/tls_report.h"

/* Who gets what reports say. */
struct report_taker {
	aggregate_taker *aggregate;
	tls_report_taker *tls;
	void (*fault)(void *context, const char *reason); /* of one report; others go on */
	void *context;
	struct expansion *expansion;
};

/* Read the member of a source where it stands. False, and nothing was told, when it is no report. */
bool attachment_read_member(struct source *source, const struct report_taker *taker) MUST_USE;

/* Read a part of a message, decoded. Returns how many reports it held. */
size_t attachment_read(struct span octets, const struct report_taker *taker) MUST_USE;

#endif
