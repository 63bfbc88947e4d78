/*
 * account: what is told of a message once, in the log and in the log of records.
 *
 * As much of it as the client's network may make us write (heloscope/records/meter.h). Any thread.
 */
#ifndef HELOSCOPE_DAEMON_ACCOUNT_H
#define HELOSCOPE_DAEMON_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/daemon/runtime.h"
#include "heloscope/records/record.h"
#include "heloscope/words/compose.h"

struct account {
	const char *ident, *queue_id; /* queue_id: NULL when not known */
	const struct facts *facts;
	const struct told_verdict *verdicts; /* the different ones */
	size_t verdict_count;
	const struct record_recipient *recipients;
	size_t recipient_count; /* kept */
	size_t recipient_total; /* that there were */
	unsigned waited_ms;
	size_t said;        /* octets of SMTP that the meter does not know of yet */
	bool is_unfinished; /* its end was not seen */
};

void account_tell(const struct runtime *runtime, const struct account *account);

#endif
