/*
 * list_health: which DNS lists can be trusted at this moment.
 *
 * A list is trusted once a round of test entries was answered rightly (list_round.h), and suspended with a
 * warning when rounds are answered wrongly or not at all, tried again, and restored. Nothing else moves it:
 * what real questions bring is chosen by whoever connects, so all that it can do is to have the next round
 * come earlier. A round without any answer is the silence of the list only when somebody else answered
 * meanwhile, else it is our own resolver's. Each part of a list (IPv4, IPv6, names) stands for itself. Here
 * stand the states and what moves them; list_watcher asks. Thread safe: one lock guards all states, and the
 * standing of a list is read without it.
 */
#ifndef HELOSCOPE_LISTS_HEALTH_H
#define HELOSCOPE_LISTS_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/tallies.h"
#include "heloscope/config/config.h"
#include "heloscope/lists/dnslist.h"
#include "heloscope/lists/round.h"

#define LIST_TRIES 3        /* rounds of wrong answers that count, of a list that was trusted, */
#define LIST_SILENT_TRIES 6 /* and rounds without any */
#define LIST_ODD_MAX 10 /* real questions in a row, answered but with "not listed", that call for a round */

#define LIST_ROUNDS_KEPT 12 /* of a part: what came of the last rounds */

struct list_health;

/*
 * Is told that a list is suspended, or (LIST_WELL) trusted again, with the answer that shows it, or 0, and
 * the question that brought it, or NULL. Called locked: it must not call back.
 */
typedef void list_teller(const struct list *list, enum list_part part, enum list_trouble trouble,
			 uint32_t answer, const struct list_proof *proof);

/*
 * For the lists of `config`, which is kept. What is known of the same lists in `previous` (may
 * be NULL) is taken over. `tell` may be NULL. One reference; NULL when memory ran out.
 */
struct list_health *list_health_new(struct config *config, struct list_health *previous,
				    list_teller *tell) MUST_USE;
struct list_health *list_health_ref(struct list_health *health) MUST_USE;
void list_health_unref(struct list_health *health); /* NULL is allowed */

const struct config *list_health_config(const struct list_health *health);

/* Lists are counted as in `config->lists`; the list must have the part. */

enum list_trouble list_health_trouble(struct list_health *health, size_t list, enum list_part part);

/* Why what it says does not count, so that it is not asked. LIST_FAULT_NONE: it counts. */
enum list_fault list_health_fault(struct list_health *health, size_t list, enum list_part part);

/* What a real question brought, when it was asked. */
void list_health_observe(struct list_health *health, size_t list, enum list_part part, enum list_says says);

/* What is counted of a list, across reloads: a tally (heloscope/base/tallies.h), whose times are those of
 * real questions that were asked. */
enum list_counter { LIST_TALLY_LISTED, LIST_TALLY_FAULTS, LIST_TALLY_SUSPENDED };

struct tally *list_health_tally(const struct list_health *health, size_t list);

/* Whether a list before it is shown by the same name, so that both are counted together. */
bool list_health_is_repeated(const struct list_health *health, size_t list);

/* A message came of which this list, by the name that it is shown by, lists something. */
void list_health_count_listed(const struct list_health *health, const char *shown);

/* What is known of a part. Times are milliseconds on the clock of the watcher; 0: never. */
struct list_round_seen {
	uint64_t ended_ms;
	unsigned slowest_ms; /* answer */
	enum list_trouble trouble;
};

struct list_standing {
	enum list_trouble trouble;
	uint64_t since_ms;
	struct list_round_seen rounds[LIST_ROUNDS_KEPT]; /* the last one first */
	size_t round_count;
};

struct list_standing list_health_standing(struct list_health *health, size_t list, enum list_part part);

/* DNS_NOERROR when one more question may be sent to it for the sake of this client; see list_budget.h. */
enum dns_status list_health_may_ask(struct list_health *health, size_t list, const struct ipaddr *client,
				    uint64_t now_ms) MUST_USE;

/* A question that was asked for this client does not count: its message was accepted. */
void list_health_give_back(struct list_health *health, size_t list, const struct ipaddr *client);

/* For list_watcher. Times are milliseconds on any clock that only moves on. */

/* How often the watcher should look at what is due. */
unsigned list_health_tick_ms(const struct list_health *health);

struct list_round {
	unsigned number;     /* 0: none is due */
	size_t size;         /* of questions, as list_round_size() */
	bool asks_reference; /* whether also somebody else is asked, to see whether our own resolver works */
};

/*
 * Begin a round when one is due. A round that is not complete after the timeout of the configuration is
 * ended with the answers that it has.
 */
struct list_round list_health_begin_round(struct list_health *health, size_t list, enum list_part part,
					  uint64_t now_ms) MUST_USE;

/* One answer of that round; answers of rounds that are over do nothing. */
void list_health_answer(struct list_health *health, size_t list, unsigned round,
			const struct list_proof *proof, uint64_t now_ms);

/* What came of the reference of that round. */
void list_health_reference(struct list_health *health, size_t list, enum list_part part, unsigned round,
			   bool is_answered, uint64_t now_ms);

/* Some of its questions could not be asked: the round shows nothing, and another one comes soon. */
void list_health_drop_round(struct list_health *health, size_t list, enum list_part part, unsigned round);

/* Whether every list has been asked its test entries once. */
bool list_health_is_settled(struct list_health *health);

/* End the rounds that lack answers now, so that it is settled. */
void list_health_settle(struct list_health *health, uint64_t now_ms);

#endif
