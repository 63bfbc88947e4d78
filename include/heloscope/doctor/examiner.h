/*
 * examiner: the filter's checks by hand, for one message after another, with a resolver of their own.
 *
 * For the command line; one thread.
 */
#ifndef HELOSCOPE_DOCTOR_EXAMINER_H
#define HELOSCOPE_DOCTOR_EXAMINER_H

#include "heloscope/base/must_use.h"
#include "heloscope/config/config.h"
#include "heloscope/base/error.h"
#include "heloscope/facts/facts.h"

struct examiner;
struct peer_memory;
struct inquiry;

/*
 * Begin: the lists of `config`, to which a reference is taken, are asked for their test entries first, as
 * the filter would. Waits at most the configuration's timeout. `looks_back`: servers of clients are looked
 * at, and waited for, where the configuration says `look-back yes`; `peers`: what is remembered of that
 * beyond this examiner, and must stay as long, or NULL. NULL with the reason.
 */
struct examiner *examiner_new(struct config *config, bool looks_back, struct peer_memory *peers,
			      struct error *error) MUST_USE;
void examiner_free(struct examiner *examiner); /* NULL is allowed */

/* What the other side says. */
struct examiner_mail {
	struct client_facts client;
	const char *helo; /* NULL: nothing */
	struct envelope_address sender;
};

/*
 * Make the checks for a message, and wait for them as the filter would. The facts are good until the next
 * call; NULL when memory ran out.
 */
const struct facts *examiner_look(struct examiner *examiner, const struct examiner_mail *mail);

/* The inquiry into that mail, to which its header and body can be handed; good until the next call. */
struct inquiry *examiner_inquiry(const struct examiner *examiner);

/* All of the message has come: wait for the checks that needed it. As examiner_look(). */
const struct facts *examiner_end_message(struct examiner *examiner);

#endif
