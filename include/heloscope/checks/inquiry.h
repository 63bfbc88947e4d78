/*
 * check: what a check is, and the inquiry that runs checks over one connection.
 *
 * A check is a function that is run again and again until it is done. It asks the DNS through
 * inquiry_ask(), which returns an answer or, while that is still to come, NULL; a check that
 * cannot go on says so, and is run from its start again when more answers are there. So a
 * check has no state of its own, all that it needs next is asked as soon as it can be known,
 * and nobody waits but inquiry_wait().
 *
 * Checks run on the caller's thread and on the resolver's, one at a time, under the inquiry's
 * lock. Answers that come late, when the message or the connection is gone, are dropped.
 */
#ifndef HELOSCOPE_CHECKS_INQUIRY_H
#define HELOSCOPE_CHECKS_INQUIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/arena.h"
#include "heloscope/base/span.h"
#include "heloscope/config/config.h"
#include "heloscope/dns/dns.h"
#include "heloscope/facts/facts.h"
#include "heloscope/lists/health.h"

struct inquiry;

/*
 * A piece of the message as it comes: each field of the header in order, the end of the header, the body in
 * pieces of any size, its end.
 */
enum piece_kind { PIECE_FIELD, PIECE_END_OF_HEADER, PIECE_BODY, PIECE_END_OF_BODY };

struct piece {
	enum piece_kind kind;
	struct span name;  /* of a field */
	struct span value; /* of a field, as the MTA gives it; or octets of the body */
};

struct check {
	enum stage stage; /* when all that it needs to know has been said */

	/*
	 * Look at what is known and write this check's part of the facts. Returns true when it is
	 * done; false when it waits for answers. Must come to an end when no question is pending.
	 */
	bool (*run)(struct inquiry *inquiry);

	enum method method; /* that it finds, or works for: awaited until then */

	/*
	 * Of STAGE_HEADER and STAGE_BODY, or NULL: take a piece of the message, and keep of it what run()
	 * needs in inquiry_fed(). May ask as run() may. Such a check is run from the first field on, so that
	 * it asks early; before its stage it may be done only when nothing that comes would change what it
	 * found.
	 */
	void (*feed)(struct inquiry *inquiry, const struct piece *piece);

	/* The checks that are to be run before it: CHECK_NEEDS(&check_iprev), or NULL. */
	const struct check *const *needs;
};

#define CHECK_NEEDS(...)                                                                                     \
	(const struct check *const[])                                                                        \
	{                                                                                                    \
		__VA_ARGS__, NULL                                                                            \
	}

/* Whether those are done, or not to be made. */
bool inquiry_has_needs(const struct inquiry *inquiry, const struct check *check);

/* All checks of the program, in an order in which each needs only those before it; see checks.c. */
struct check_table {
	const struct check *const *checks;
	size_t count; /* at most INQUIRY_CHECKS_MAX */
};

#define INQUIRY_CHECKS_MAX 16

/* For checks. */

/* The facts by the reading of the sender that is being checked, to read and to write one's own part of. */
struct facts *inquiry_facts(struct inquiry *inquiry);

const struct config *inquiry_config(const struct inquiry *inquiry);

/* The health of the configuration's lists. */
struct list_health *inquiry_health(const struct inquiry *inquiry);

/* Memory for the facts of `stage`: lives until the stage is entered again. */
struct arena *inquiry_arena(struct inquiry *inquiry, enum stage stage);

/*
 * The answer to a question that belongs to `stage`, or NULL while it is awaited. Asks at the
 * first call; what was asked before, at this stage or an earlier one, is not asked again. Once
 * the deadline has passed, what was asked and is not there is DNS_TIMEOUT, and nothing more is
 * asked: DNS_NO_TIME. At most 256 questions a stage are asked, and a check holds
 * BOUND_ANSWER_OCTETS of them and of their answers; the answer to others is DNS_TOO_MANY. The answer is good
 * until the stage is entered again.
 */
const struct dns_answer *inquiry_ask(struct inquiry *inquiry, enum stage stage, const char *name,
				     enum dns_type type);

/* What a check of `stage` keeps from one run to the next, until it is done or the stage is entered again. */
struct workspace *inquiry_work(struct inquiry *inquiry, enum stage stage);

/*
 * What the check that is run or fed keeps of the message: its state is NULL before the first piece. Its
 * memory ends at BOUND_FED_OCTETS. Once arena_alloc() gave NULL, the check is neither fed nor run any more,
 * and its result is temperror; no mail is deferred for that. Only for a check with feed(); all readings of
 * the sender share it.
 */
struct workspace *inquiry_fed(struct inquiry *inquiry);

/* The last stage of which all has come. */
enum stage inquiry_stage(const struct inquiry *inquiry);

/* The check that is run may hold that many octets of questions and answers, instead of BOUND_ANSWER_OCTETS.
 */
void inquiry_allow(struct inquiry *inquiry, uint32_t octets);

/*
 * The same for a question to the list with this number in the configuration: what is not known yet is asked
 * as long as the client's network has not asked too much of that list, else the answer is DNS_TOO_MANY.
 */
const struct dns_answer *inquiry_ask_list(struct inquiry *inquiry, enum stage stage, const char *name,
					  enum dns_type type, size_t list);

/* Whether that check is done, so that its part of the facts can be read. */
bool inquiry_is_done(const struct inquiry *inquiry, const struct check *check);

/*
 * Have the server at the client's address looked at, once the names are known, and take what is known of it
 * when all checks before `check` are done: a look at a server is never waited for. Returns true when the
 * facts tell all that will be known for this message. `names`: the check of the reverse DNS.
 */
bool inquiry_look_at_peer(struct inquiry *inquiry, const struct check *check, const struct check *names);

/* For sessions. */

/* What an inquiry stands on. */
struct inquiry_needs {
	struct check_table table;
	struct dns_resolver *resolver; /* must outlive the last answer */
	struct config *config;         /* a reference is taken */
	struct list_health *health;    /* of the lists of `config`; must outlive inquiry_close() */
	struct peer_source *peers;     /* of mail servers, or NULL; must outlive inquiry_close() */
	void (*before_wait)(void);     /* is called, locked, by inquiry_wait() when it has to wait; or NULL */
};

/* Begin: the client is known, and the checks of STAGE_CONNECT start. NULL when memory ran out. */
struct inquiry *inquiry_new(const struct inquiry_needs *needs, const struct client_facts *client) MUST_USE;

/* The client said HELO or EHLO, or took it back (NULL: RFC 3207, 4.2). `name` is copied. */
void inquiry_helo(struct inquiry *inquiry, const char *name);

/* What it said, raw, or NULL. Good until the next inquiry_helo(). */
const char *inquiry_helo_given(const struct inquiry *inquiry);

/*
 * The client began a message. All checks are made for the first reading of `sender`, then those that need
 * the sender for each other one. `auth_name` as whom it
 * is authenticated, or NULL; `tls`: what the MTA tells of the session's TLS, or NULL. All are
 * copied. A deadline that passed was that of the message before: all is asked anew, as after a HELO.
 */
void inquiry_mail(struct inquiry *inquiry, const struct envelope_address *sender, const char *auth_name,
		  const struct tls_facts *tls);

/*
 * The message comes: fields of its header in order, then pieces of its body. Each is copied by who needs it.
 * What comes in another order is left out. With the end of the header, and of the body, the checks of that
 * stage can be run, and what was not asked before has a deadline of its own.
 */
void inquiry_header_field(struct inquiry *inquiry, const char *name, const char *value);
void inquiry_end_of_header(struct inquiry *inquiry);
void inquiry_body(struct inquiry *inquiry, struct span octets);
void inquiry_end_of_body(struct inquiry *inquiry);

/* What of a message the checks need that the configuration wants: STAGE_MAIL, the header, or the body, too.
 */
enum stage inquiry_last_stage(const struct inquiry_needs *needs);

/* Nothing more is found out about this message: from now on its facts do not change. */
void inquiry_end(struct inquiry *inquiry);

/* The message is over: let go of all that was found for it. Its facts are gone. */
void inquiry_forget_mail(struct inquiry *inquiry);

/* Whether inquiry_wait() would return at once. */
bool inquiry_is_complete(struct inquiry *inquiry);

/*
 * Wait until every check of the stages that have come is done, or `timeout_ms` have passed; then
 * those that still wait see timeouts and end. Returns the facts, or NULL when memory ran out. They are good
 * until the next call of inquiry_helo(), inquiry_mail() or inquiry_close(), and unchanging until more of the
 * message comes. Call after inquiry_mail(). Further calls return at once.
 */
const struct facts *inquiry_wait(struct inquiry *inquiry, unsigned timeout_ms);

/* The message was accepted: what lists were asked for its sake does not count against its client. */
void inquiry_accepted(struct inquiry *inquiry);

/* The connection is gone. Frees all once the last answer has come in. NULL is allowed. */
void inquiry_close(struct inquiry *inquiry);

#endif
