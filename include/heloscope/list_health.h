/*
 * list_health: which DNS lists can be trusted at this moment.
 *
 * A list is trusted once its test entries were answered rightly (RFC 5782, section 5), and as
 * long as that and what it answers to real questions stay reasonable. One that answers for
 * everything, answers nothing, refuses queries, or suddenly lists far more than it used to, is
 * suspended with a warning that says what to do, tried again, and restored. Here stand the states
 * and what moves them; list_prober asks the test entries. Thread safe: one lock guards all
 * states, and the standing of a list is read without it.
 */
#ifndef HELOSCOPE_LIST_HEALTH_H
#define HELOSCOPE_LIST_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/config.h"
#include "heloscope/dnslist.h"
#include "heloscope/strbuf.h"

enum list_trouble {
	LIST_WELL,
	LIST_UNCHECKED,  /* its test entries were not answered yet */
	LIST_DOUBTED,    /* a wrong answer to a test entry, which is asked again */
	LIST_NO_ANSWER,  /* suspended, as all below */
	LIST_LISTS_NONE, /* not even its test entries */
	LIST_STRANGE,    /* answers outside 127.0.0.0/8 */
	LIST_LISTS_ALL,  /* what must not be listed is */
	LIST_REFUSES,    /* answers with query errors */
	LIST_JUMPED,     /* lists far more than before */
	LIST_TROUBLES
};

#define LIST_TRIES 3         /* rounds of wrong answers that count */
#define LIST_FAULTS_MAX 10   /* real questions without answer in a row */
#define LIST_REFUSALS_MAX 3  /* real questions refused in a row */
#define LIST_RATE_WINDOW 100 /* different subjects in one measure of the hit rate */
#define LIST_RATE_WINDOWS 10 /* measures before a jump can be told */

struct list_health;

/*
 * For the lists of `config`, which is kept. What is known of the same lists in `previous` (may
 * be NULL) is taken over. One reference; NULL when memory ran out.
 */
struct list_health *list_health_new(struct config *config, struct list_health *previous);
struct list_health *list_health_ref(struct list_health *health);
void list_health_unref(struct list_health *health); /* NULL is allowed */

const struct config *list_health_config(const struct list_health *health);

/* How a list is to be used. Lists are counted as in `config->lists`. */
struct list_standing {
	const char *fault; /* why what it says does not count, a literal for people; NULL: it counts */
	bool is_asked;     /* false: do not even ask */
};

struct list_standing list_health_standing(struct list_health *health, size_t list);

/* What a real question, for the address or domain `subject`, brought. */
void list_health_observe(struct list_health *health, size_t list, const char *subject,
			 const struct list_reading *reading);

/* For list_prober. Times are milliseconds on any clock that only moves on. */

/* How often the prober should look at what is due. */
unsigned list_health_tick_ms(const struct list_health *health);

/*
 * Begin a round of probes when one is due: returns its number, 0 for none. A round that is not
 * complete after the timeout of the configuration is ended as unanswered.
 */
unsigned list_health_begin_round(struct list_health *health, size_t list, uint64_t now_ms);

/* One answer of that round; answers of rounds that are over do nothing. `probe` counts as in the list. */
void list_health_probed(struct list_health *health, size_t list, unsigned round, size_t probe,
			const struct list_reading *reading, uint64_t now_ms);

/* Whether every list has been asked its test entries once. */
bool list_health_is_settled(struct list_health *health);

/* "trusted", "suspended: it lists everything" and so on. */
enum list_trouble list_health_trouble(struct list_health *health, size_t list);

/*
 * What an answer to a test entry shows: LIST_WELL or one of the troubles. Which address in
 * 127.0.0.0/8 it is does not matter.
 */
enum list_trouble list_health_judge(bool is_listed, enum list_says says);

/* What the administrator is told when a list is suspended: what was found, and what to do. */
void list_health_advise(const struct list *list, enum list_trouble trouble, uint32_t answer,
			struct strbuf *text);

#endif
