/*
 * trial: what the filter would make of mail that nobody sent: the checks are made, the policy is asked as the
 * filter asks it, and all of it becomes a record.
 *
 * For heloscope(1); one thread.
 */
#ifndef HELOSCOPE_CLI_TRIAL_H
#define HELOSCOPE_CLI_TRIAL_H

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/cli/argument.h"
#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"

#define TRIAL_RECIPIENTS_MAX 16

struct trial_order {
	struct config *config;
	struct client_facts client;
	const char *helo; /* NULL: none */
	char sender[CLI_PATH_SIZE];
	char recipients[TRIAL_RECIPIENTS_MAX][CLI_PATH_SIZE]; /* paths */
	size_t recipient_count;
	const char *message; /* the file that holds it, "-" for standard input; NULL: only the envelope */
};

/*
 * Make the checks, wait for them as the filter would, and decide: what can be decided at RCPT is, the rest
 * when the message has been read. Returns the record for free(3), or NULL with the reason. What is odd about
 * the message is said on standard error.
 */
char *trial_make(const struct trial_order *order, struct error *error) MUST_USE;

#endif
