/*
 * reflect_answer: the message with which the test address answers: a header that no program answers, and the
 * finding in plain words.
 *
 * Nothing of the message that is answered is repeated, but what the finding quotes, escaped, and its
 * Message-ID.
 */
#ifndef HELOSCOPE_REFLECT_ANSWER_H
#define HELOSCOPE_REFLECT_ANSWER_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/output.h"
#include "heloscope/records/record.h"
#include "heloscope/reflect/letter.h"

struct answer_order {
	const char *own, *to;    /* addresses, as letter_address() makes them */
	const char *authserv_id; /* by which this server is called */
	const struct letter *letter;
	const struct message_record *record;
};

/* Write it, with LF as the end of lines of at most 76 characters of ASCII. False when memory ran out. */
bool reflect_put_answer(const struct answer_order *order, struct output *out) MUST_USE;

/* Write text as quoted-printable (RFC 2045, 6.7), for reflect_put_answer(). */
void reflect_put_quoted(struct span text, struct output *out);

#endif
