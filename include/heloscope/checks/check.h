/*
 * check: what a check is, and what it finds in the inquiry (heloscope/checks/inquiry.h) that runs it.
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
#ifndef HELOSCOPE_CHECKS_CHECK_H
#define HELOSCOPE_CHECKS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/span.h"
#include "heloscope/config/config.h"
#include "heloscope/dkim/bodies.h"
#include "heloscope/dkim/header.h"
#include "heloscope/dns/dns.h"
#include "heloscope/facts/facts.h"
#include "heloscope/lists/health.h"
#include "heloscope/wire/author.h"

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

/* All checks of the program, in an order in which each needs only those before it; see checks/table.c. */
struct check_table {
	const struct check *const *checks;
	size_t count; /* at most INQUIRY_CHECKS_MAX */
};

#define INQUIRY_CHECKS_MAX 20

/* What an inquiry stands on. */
struct inquiry_needs {
	struct check_table table;
	struct dns_resolver *resolver; /* must outlive the last answer */
	struct config *config;         /* a reference is taken */
	struct list_health *health;    /* of the lists of `config`; a reference is taken */
	struct peer_source *peers;     /* of mail servers, or NULL; must outlive inquiry_close() */
	void (*before_wait)(void);     /* is called, locked, by inquiry_wait() when it has to wait; or NULL */
};

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
 * asked: DNS_NO_TIME. BOUND_QUESTIONS_A_STAGE are asked in a stage, and a check holds
 * BOUND_ANSWER_OCTETS of them and of their answers. What is beyond a bound has an answer that tells which,
 * and where dns_status_is_withheld() says so, the facts tell it with the check's method. The answer is good
 * until the stage is entered again.
 */
const struct dns_answer *inquiry_ask(struct inquiry *inquiry, enum stage stage, const char *name,
				     enum dns_type type);

/* The answer about the sender of a reading that stands for those that are not read (MAILBOX_UNREAD): nobody
 * is asked, and what the check finds is withheld. */
const struct dns_answer *inquiry_lack_reading(struct inquiry *inquiry);

/* What a check of `stage` keeps from one run to the next, until it is done or the stage is entered again;
 * NULL when memory ran out. */
struct workspace *inquiry_work(struct inquiry *inquiry, enum stage stage);

/*
 * What the check that is run or fed keeps of the message: its state is NULL before the first piece. Its
 * memory ends at BOUND_FED_OCTETS. Once arena_alloc() gave NULL, the check is neither fed nor run any more,
 * and its result is temperror; no mail is deferred for that. Only for a check with feed(); all readings of
 * the sender share it.
 */
struct workspace *inquiry_fed(struct inquiry *inquiry);

/* Its state, of `size` octets, all zero at first; NULL when memory ran out. */
void *inquiry_fed_state(struct inquiry *inquiry, size_t size);

/* What is kept of the message for all checks that are fed: read, copied and hashed once, however many need
 * it. */
struct kept {
	int64_t now; /* at the first piece; seconds since 1970 */
	struct author author;
	struct dkim_header header; /* when it is wanted: inquiry_keep_field() */
	struct dkim_bodies bodies; /* those that are wanted: inquiry_want_body() */
	/* keeping.c's own: */
	const struct dkim_field *field; /* the one that is fed, once it is kept, or there was no room: */
	bool has_field;
};

/* For a check that is run or fed. When its memory has run out, no check is fed or run any more. */
struct kept *inquiry_kept(struct inquiry *inquiry);

/* The author by the fields that have come. */
struct author_facts inquiry_author(struct inquiry *inquiry);

/* Keep the field that is fed; who calls it does so for each. NULL when there was no room, as
 * dkim_header_add() has it. */
const struct dkim_field *inquiry_keep_field(struct inquiry *inquiry, const struct piece *piece);

/* At the end of the header: have of the body hashed what a signature covers. */
void inquiry_want_body(struct inquiry *inquiry, const struct dkim_signature *signature);

/* The last stage of which all has come. */
enum stage inquiry_stage(const struct inquiry *inquiry);

/* The check that is run may hold that many octets of questions and answers, instead of BOUND_ANSWER_OCTETS.
 */
void inquiry_allow(struct inquiry *inquiry, uint32_t octets);

/*
 * The same for a question to the list with this number in the configuration: what is not known yet is asked
 * as long as the client and its network have not asked too much of that list. Its finding tells what is
 * withheld.
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

#endif
