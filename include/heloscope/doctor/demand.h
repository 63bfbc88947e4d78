/*
 * demand: what large receivers ask of those who send to them, and whether a domain does it, as far as its
 * examination shows.
 *
 * From what they publish and refuse with, as of November 2026. Tables, no state; any thread.
 */
#ifndef HELOSCOPE_DOCTOR_DEMAND_H
#define HELOSCOPE_DOCTOR_DEMAND_H

#include "heloscope/doctor/report.h"

enum doctor_demand {
	DEMAND_SPF_OR_DKIM,
	DEMAND_SPF,
	DEMAND_DKIM,
	DEMAND_DMARC,
	DEMAND_ALIGNMENT,
	DEMAND_REVERSE_DNS,
	DEMAND_TLS,
	DEMAND_FORM,
	DEMAND_UNSUBSCRIBE,
	DEMAND_SPAM_RATE,
	DEMAND_FORWARDS,
	DOCTOR_DEMANDS
};

enum doctor_receiver { RECEIVER_GMAIL, RECEIVER_OUTLOOK, RECEIVER_YAHOO, RECEIVER_ICLOUD, DOCTOR_RECEIVERS };

/* Of whom it is asked. */
enum doctor_senders {
	SENDERS_NONE,
	SENDERS_ALL,
	SENDERS_BULK, /* 5,000 messages a day or more to that receiver */
	SENDERS_MUCH, /* bulk, but no number is published */
};

enum demand_state { DEMAND_MET, DEMAND_NOT_MET, DEMAND_NOT_TESTABLE, DEMAND_STATES };

struct doctor_demand_words {
	const char *token; /* for programs */
	const char *title;
	const char *caveat; /* what "met" leaves open, a sentence; or NULL */
	enum doctor_senders asked[DOCTOR_RECEIVERS];
};

const struct doctor_demand_words *doctor_demand_words(enum doctor_demand demand);

/* Whether the domain does it. `why` is the finding that says what to change, or what kept it from being
 * tested; NULL where there is none. */
enum demand_state doctor_demand_judge(const struct doctor_report *report, enum doctor_demand demand,
				      const struct doctor_finding **why);

/* What is wrong with the message that was given, where a demand that is not met rests on that; else
 * MESSAGE_GOOD. */
enum doctor_message_fault doctor_demand_fault(const struct doctor_report *report, enum doctor_demand demand);

/* What to look at or to give where a domain could not be tested, and no finding says why: a sentence. NULL
 * when that is so of none of them. */
const char *doctor_demand_instead(const struct doctor_report *reports, size_t count,
				  enum doctor_demand demand);

/* "met", "not-met", "not-testable"; "gmail" and "Gmail"; "all", "bulk-5000", "bulk". */
const char *demand_state_token(enum demand_state state);
const char *doctor_receiver_token(enum doctor_receiver receiver);
const char *doctor_receiver_title(enum doctor_receiver receiver);
const char *doctor_senders_token(enum doctor_senders senders); /* NULL for SENDERS_NONE */

#endif
