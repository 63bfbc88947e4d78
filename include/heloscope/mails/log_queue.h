/*
 * log_queue: what earlier lines of a log told of the messages in the queue, by queue id: who sent each, and
 * what came of it last.
 *
 * Holds what was noted in the last LOG_QUEUE_OCTETS of notes, and forgets the oldest, so that a log of any
 * length takes the same memory; of one message the last note of a kind counts. One thread at a time.
 */
#ifndef HELOSCOPE_MAILS_LOG_QUEUE_H
#define HELOSCOPE_MAILS_LOG_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

/* Octets of notes: some 200,000 messages. */
#define LOG_QUEUE_OCTETS (16U << 20)

enum log_note {
	LOG_NOTE_SENDER,
	LOG_NOTE_DEFERRAL, /* the last one */
};

struct log_queue {
	uint64_t *heads;  /* of each chain of notes the newest, as `written` counts */
	char *notes;      /* a ring of LOG_QUEUE_OCTETS */
	uint64_t written; /* octets so far */
};

/* Begin. False when memory ran out; log_queue_clear() is allowed all the same. */
bool log_queue_init(struct log_queue *queue) MUST_USE;
void log_queue_clear(struct log_queue *queue);

/* Note something of the message `id` at `host`, whose name may be empty: ids are different only at one host.
 * Of a note of more than 4096 octets nothing is kept. */
void log_queue_note(struct log_queue *queue, enum log_note kind, struct span host, struct span id,
		    struct span note);

/* The last note of the message; false: none is known. Good until the next one is made. */
bool log_queue_find(const struct log_queue *queue, enum log_note kind, struct span host, struct span id,
		    struct span *note) MUST_USE;

#endif
