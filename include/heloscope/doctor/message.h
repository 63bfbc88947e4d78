/*
 * doctor_message: a message of a sender's own, and what is asked of it: signatures that verify, the form of
 * RFC 5322, and one-click unsubscribe (RFC 8058). One thread.
 */
#ifndef HELOSCOPE_DOCTOR_MESSAGE_H
#define HELOSCOPE_DOCTOR_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/domain.h"
#include "heloscope/base/span.h"
#include "heloscope/dkim/reason.h"
#include "heloscope/facts/facts.h"

/* What is wrong with a message, each with its token and words. */
enum doctor_message_fault {
	MESSAGE_GOOD,
	MESSAGE_FROM,        /* not exactly one From field, and so below */
	MESSAGE_DATE,        /* Date */
	MESSAGE_ID,          /* Message-ID */
	MESSAGE_LINE,        /* a line of more than 998 octets */
	MESSAGE_UNSUBSCRIBE, /* List-Unsubscribe has no https: address */
	MESSAGE_ONE_CLICK,   /* no List-Unsubscribe-Post: List-Unsubscribe=One-Click */
	MESSAGE_UNSIGNED,    /* no good signature covers both */
	MESSAGE_FAULTS
};

/* "no-date"; and what goes behind "because". NULL for MESSAGE_GOOD. */
const char *doctor_message_token(enum doctor_message_fault fault);
const char *doctor_message_words(enum doctor_message_fault fault);

/* What came of a signature. */
struct doctor_signature {
	char domain[DOMAIN_SIZE], selector[DOMAIN_SIZE]; /* normalized; "" when they could not be read */
	enum result result;
	enum dkim_reason reason;
	bool covers_unsubscribe; /* both fields of RFC 8058 */
};

/* All zero but for the name at first. */
struct doctor_message {
	const char *name;         /* of its file, for words; NULL: none was given */
	char author[DOMAIN_SIZE]; /* normalized; "" unless From names exactly one domain */
	size_t signatures;        /* fields of DKIM */
	struct doctor_signature results[BOUND_SIGNATURES]; /* of those that were verified */
	size_t result_count;
	unsigned from_fields, date_fields, id_fields;
	size_t line, longest; /* octets of the line under way, and of the longest */
	bool has_unsubscribe, has_one_click;
};

/* Take a field of its header; a piece of its body; what came of its signatures. */
void doctor_message_field(struct doctor_message *message, struct span name, struct span value);
void doctor_message_body(struct doctor_message *message, struct span octets);
void doctor_message_verified(struct doctor_message *message, const struct dkim_facts *dkim);

/* The first fault of its form, and of its way to unsubscribe. */
enum doctor_message_fault doctor_message_form(const struct doctor_message *message);
enum doctor_message_fault doctor_message_unsubscribe(const struct doctor_message *message);

#endif
