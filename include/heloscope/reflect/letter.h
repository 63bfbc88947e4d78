/*
 * letter: a message that was delivered to the test address: what is needed of it to decide whether it is
 * answered, and to answer it.
 *
 * Nothing that stands in it shows who wrote it, for all of it can be forged; see judge.h. Takes a message of
 * any length in pieces, and holds little of it. One thread.
 */
#ifndef HELOSCOPE_REFLECT_LETTER_H
#define HELOSCOPE_REFLECT_LETTER_H

#include <stdbool.h>

#include "heloscope/base/ident.h"
#include "heloscope/config/config.h"
#include "heloscope/doctor/message.h"
#include "heloscope/reflect/silence.h"
#include "heloscope/wire/author.h"

#define LETTER_ADDRESS_SIZE (AUTHOR_LOCAL_SIZE + DOMAIN_SIZE)
#define LETTER_QUEUE_ID_SIZE 64
#define LETTER_MESSAGE_ID_SIZE 256

/* All zero at first but for `own_ids`. */
struct letter {
	const struct text_set *own_ids; /* given: authserv-ids of this filter */
	struct author author;
	struct doctor_message message;           /* its form */
	char message_id[LETTER_MESSAGE_ID_SIZE]; /* "<a@b.example>"; "" when it has none that can be repeated
						  */
	char queue_id[LETTER_QUEUE_ID_SIZE]; /* of its first Received field, which the MTA here wrote; or ""
					      */
	char reference[IDENT_SIZE];          /* in the first X-Heloscope field; or "" */
	bool has_received, has_results;      /* a Received field; an Authentication-Results field of ours */
	enum silence mark;                   /* the first field that keeps from answering */
};

void letter_field(struct letter *letter, struct span name, struct span value);
void letter_body(struct letter *letter, struct span octets);

/* Keep it if it can be a queue id: letters and digits, and "-", "_" and "." between them. Whether it is one.
 */
bool letter_set_queue_id(struct letter *letter, struct span queue_id);

/* The address of its one author; false, with "", when that is no address that is answered. `address`:
 * LETTER_ADDRESS_SIZE octets. It can be an argument of a program, and stand in a field as it is. */
bool letter_address(const struct letter *letter, char *address);

#endif
