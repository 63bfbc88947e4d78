/*
 * mail_kind: what octets are by their beginning, of what comes by mail: a message, an mbox, a report of a
 * receiver.
 */
#ifndef HELOSCOPE_MAILS_MAIL_KIND_H
#define HELOSCOPE_MAILS_MAIL_KIND_H

#include "heloscope/base/span.h"

enum mail_kind {
	MAIL_KIND_NONE, /* none of these: a log, or text that somebody has copied */
	MAIL_KIND_MESSAGE,
	MAIL_KIND_MBOX,
	MAIL_KIND_AGGREGATE, /* XML of a DMARC report */
	MAIL_KIND_TLS_REPORT /* JSON of a TLS report */
};

/* Tell by the first octets, a few kB or all. Not compressed. */
enum mail_kind mail_kind_of(struct span beginning);

#endif
