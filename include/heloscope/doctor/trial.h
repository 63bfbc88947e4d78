/*
 * trial: what the filter would make of mail that nobody sent: the checks are made, the policy is asked as the
 * filter asks it, and all of it becomes a record.
 *
 * Each trial has one thread; several may go on at a time.
 */
#ifndef HELOSCOPE_DOCTOR_TRIAL_H
#define HELOSCOPE_DOCTOR_TRIAL_H

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"

#define TRIAL_RECIPIENTS_MAX 16

struct inquiry;
struct peer_memory;

struct trial_order {
	struct config *config;
	struct client_facts client;
	const char *helo;   /* NULL: none */
	const char *sender; /* a path, as the recipients */
	const char *recipients[TRIAL_RECIPIENTS_MAX];
	size_t recipient_count;

	struct peer_memory *peers; /* what is remembered of servers from one trial to another, or NULL */

	/* Hands the message to the inquiry, all but its end; false with the reason. NULL: there is none, only
	 * the envelope. */
	bool (*read)(void *context, struct inquiry *inquiry, struct error *error);
	void *context;
};

/*
 * Make the checks, wait for them as the filter would, and decide: what can be decided at RCPT is, the rest
 * when the message has been read. Returns the record for free(3), or NULL with the reason.
 */
char *trial_make(const struct trial_order *order, struct error *error) MUST_USE;

#endif
