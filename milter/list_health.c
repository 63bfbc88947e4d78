#include "heloscope/list_health.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/hash.h"
#include "heloscope/log.h"

/* Parts of the probe interval: between tries that went wrong, and while a list is suspended. */
#define RETRY_PART 30
#define SUSPENDED_PART 10
#define TICK_MIN_MS 20
#define RECENT_SUBJECTS 64
#define USUAL_WINDOWS 50 /* the usual hit rate is a mean over about so many measures */

/* How many of a hundred different subjects a list lists, now and usually. */
struct hit_rate {
	uint32_t recent[RECENT_SUBJECTS]; /* hashes: a subject seen again does not count */
	unsigned next_recent;
	unsigned asked, listed; /* in this window */
	unsigned usual;         /* hundredths of a per cent */
	unsigned windows;
};

struct state {
	atomic_int trouble; /* enum list_trouble; written under the lock */
	uint32_t answer;    /* that showed the trouble, or 0 */
	bool is_told;       /* the administrator was warned of the trouble */
	bool was_probed;
	bool has_jumped;
	unsigned round, pending; /* the round under way, and answers it lacks */
	enum list_trouble worst; /* of that round */
	uint32_t worst_answer;
	unsigned bad_rounds; /* in a row */
	uint64_t round_began_ms, due_ms;
	unsigned faults, refusals; /* real questions in a row */
	struct hit_rate rate;
};

struct list_health {
	atomic_uint references;
	struct config *config;
	pthread_mutex_t lock; /* guards all below, but for reading `trouble` */
	uint64_t now_ms;      /* when the prober looked last */
	struct state states[];
};

/* What is told of each trouble. */
static const struct {
	const char *fault;  /* in fields; NULL: answers count */
	const char *advice; /* for the administrator; %s: the zone */
} troubles[LIST_TROUBLES] = {
	[LIST_WELL] = { NULL, NULL },
	[LIST_UNCHECKED] = { "not checked yet", NULL },
	[LIST_DOUBTED] = { "in doubt: a wrong answer to a test entry", NULL },
	[LIST_NO_ANSWER] = { "suspended: it does not answer", "it does not answer. See whether this host's "
							      "resolver reaches it (dig 2.0.0.127.%s)" },
	[LIST_LISTS_NONE] = { "suspended: it does not list its test entry",
			      "it does not list its own test entry: it is empty or closed, the zone is "
			      "mistyped, or "
			      "it has "
			      "other test entries (probe { ... }). Look at the operator's page for %s" },
	[LIST_STRANGE] = { "suspended: it answers outside 127.0.0.0/8",
			   "it answers with addresses outside 127.0.0.0/8: its domain has lapsed or been "
			   "sold, or the "
			   "resolver replaces answers. Remove the line if %s is closed" },
	[LIST_LISTS_ALL] = { "suspended: it lists everything",
			     "it lists what must not be listed, and so perhaps everything: it is closed, or "
			     "its domain "
			     "has lapsed. Remove the line if %s is closed" },
	[LIST_REFUSES] = { "suspended: it refuses queries", NULL },
	[LIST_JUMPED] = { "suspended: it suddenly lists far more than before",
			  "it suddenly lists far more than before. Compare with the operator's page for %s; "
			  "what it says "
			  "counts again when the rate has come down, or after a restart of "
			  "heloscope-milter" },
};

/* What the common codes of RFC 5782's successors in practice mean, and what to do. */
static const struct {
	uint32_t answer;
	const char *advice; /* %s: the zone */
} refusals[] = {
	{ 0x7ffffffc, "it says that the zone is mistyped. Correct \"%s\"" },
	{ 0x7ffffffe, "%s refuses queries through this public or unnamed resolver: use `resolver { servers "
		      "recursive }`, or a data query key" },
	{ 0x7fffffff,
	  "%s refuses queries of this many or of unregistered users: ask its operator for access or a "
	  "data query key" },
};

void
list_health_advise(const struct list *list, enum list_trouble trouble, uint32_t answer, struct strbuf *text)
{
	const struct ipaddr address = ipaddr_from_ipv4(answer);
	const char *meaning = dnslist_error_meaning(list, answer), *advice = troubles[trouble].advice;
	char shown[IPADDR_TEXT_SIZE];
	const char *mark;

	for (size_t i = 0; trouble == LIST_REFUSES && i < sizeof refusals / sizeof refusals[0]; i++)
		if (refusals[i].answer == answer)
			advice = refusals[i].advice;
	if (trouble == LIST_REFUSES && meaning != NULL)
		advice = meaning;
	else if (advice == NULL)
		advice = "it refuses queries. Read the terms of use of %s";
	mark = strstr(advice, "%s");
	if (mark == NULL)
		strbuf_add(text, advice);
	else
		strbuf_printf(text, "%.*s%s%s", (int)(mark - advice), advice, list->shown, mark + 2);
	if (answer != 0)
		strbuf_printf(text, " (answer %s)", ipaddr_format(&address, shown));
	if (list->is_allow)
		strbuf_add(text, ". Until then rules that ask \"not dnswl\" do not decide");
}

/* Lifetime. */

static bool
is_same_list(const struct list *a, const struct list *b)
{
	return strcmp(a->zone, b->zone) == 0 && a->is_allow == b->is_allow && a->subjects == b->subjects
	       && (a->probes.count > 0) == (b->probes.count > 0);
}

/* Take over what is known of a list; a round under way belongs to the old one. */
static bool
inherit(struct state *state, const struct list *list, struct list_health *previous)
{
	const struct list_set *lists = &previous->config->lists;

	for (size_t i = 0; i < lists->count; i++) {
		struct state *old = &previous->states[i];

		if (!is_same_list(list, &lists->items[i]))
			continue;
		(void)pthread_mutex_lock(&previous->lock);
		atomic_init(&state->trouble, atomic_load(&old->trouble));
		state->answer = old->answer;
		state->is_told = old->is_told;
		state->was_probed = old->was_probed;
		state->has_jumped = old->has_jumped;
		state->bad_rounds = old->bad_rounds;
		state->faults = old->faults;
		state->refusals = old->refusals;
		state->rate = old->rate;
		(void)pthread_mutex_unlock(&previous->lock);
		return true;
	}
	return false;
}

struct list_health *
list_health_new(struct config *config, struct list_health *previous)
{
	struct list_health *health =
		calloc(1, sizeof *health + config->lists.count * sizeof health->states[0]);

	if (health == NULL)
		return NULL;
	atomic_init(&health->references, 1);
	health->config = config_ref(config);
	(void)pthread_mutex_init(&health->lock, NULL);
	for (size_t i = 0; i < config->lists.count; i++) {
		const struct list *list = &config->lists.items[i];

		if (previous == NULL || !inherit(&health->states[i], list, previous))
			atomic_init(&health->states[i].trouble,
				    list->probes.count > 0 ? LIST_UNCHECKED : LIST_WELL);
	}
	return health;
}

struct list_health *
list_health_ref(struct list_health *health)
{
	(void)atomic_fetch_add(&health->references, 1);
	return health;
}

void
list_health_unref(struct list_health *health)
{
	if (health == NULL || atomic_fetch_sub(&health->references, 1) > 1)
		return;
	config_unref(health->config);
	(void)pthread_mutex_destroy(&health->lock);
	free(health);
}

const struct config *
list_health_config(const struct list_health *health)
{
	return health->config;
}

/* Reading. */

enum list_trouble
list_health_trouble(struct list_health *health, size_t list)
{
	return (enum list_trouble)atomic_load_explicit(&health->states[list].trouble, memory_order_relaxed);
}

struct list_standing
list_health_standing(struct list_health *health, size_t list)
{
	const enum list_trouble trouble = list_health_trouble(health, list);

	return (struct list_standing){
		.fault = troubles[trouble].fault,
		.is_asked = trouble <= LIST_DOUBTED || trouble == LIST_JUMPED,
	};
}

bool
list_health_is_settled(struct list_health *health)
{
	bool is_settled = true;

	(void)pthread_mutex_lock(&health->lock);
	for (size_t i = 0; i < health->config->lists.count; i++) {
		const struct list *list = &health->config->lists.items[i];

		if (list->probes.count > 0 && !list->is_left_out && !health->states[i].was_probed)
			is_settled = false;
	}
	(void)pthread_mutex_unlock(&health->lock);
	return is_settled;
}

/* Changing. All of these hold the lock. */

static bool
is_suspended(enum list_trouble trouble)
{
	return trouble >= LIST_NO_ANSWER;
}

static enum list_trouble
trouble_of(const struct state *state)
{
	return (enum list_trouble)atomic_load_explicit(&state->trouble, memory_order_relaxed);
}

static void
set_trouble(struct state *state, enum list_trouble trouble)
{
	if (trouble == LIST_WELL && state->has_jumped)
		trouble = LIST_JUMPED;
	atomic_store_explicit(&state->trouble, (int)trouble, memory_order_relaxed);
}

static void
suspend(struct list_health *health, size_t index, enum list_trouble trouble, uint32_t answer)
{
	struct state *state = &health->states[index];
	const struct list *list = &health->config->lists.items[index];
	const bool is_news = !state->is_told || trouble_of(state) != trouble || state->answer != answer;
	char memory[600];
	struct strbuf advice;

	set_trouble(state, trouble);
	state->answer = answer;
	state->is_told = true;
	state->due_ms = health->now_ms + health->config->probe_interval_ms / SUSPENDED_PART;
	if (!is_news)
		return;
	strbuf_init(&advice, memory, sizeof memory);
	list_health_advise(list, trouble, answer, &advice);
	log_warning("list %s suspended: %s", list->shown, memory);
}

/* What went wrong with real questions is not forgotten at once: one more suspends again. */
static void
restore(struct list_health *health, size_t index)
{
	struct state *state = &health->states[index];

	if (is_suspended(trouble_of(state)) && trouble_of(state) != LIST_JUMPED) {
		state->faults = LIST_FAULTS_MAX - 1;
		state->refusals = LIST_REFUSALS_MAX - 1;
	}
	set_trouble(state, LIST_WELL);
	if (state->is_told && trouble_of(state) == LIST_WELL) {
		log_info("list %s is trusted again", health->config->lists.items[index].shown);
		state->is_told = false;
	}
}

/* Rounds of probes. */

static void
finish_round(struct list_health *health, size_t index, enum list_trouble trouble, uint32_t answer)
{
	struct state *state = &health->states[index];
	const unsigned interval_ms = health->config->probe_interval_ms;

	state->pending = 0;
	state->was_probed = true;
	if (trouble == LIST_WELL) {
		state->bad_rounds = 0;
		state->due_ms = health->now_ms + interval_ms;
		restore(health, index);
	} else if (++state->bad_rounds >= LIST_TRIES) {
		suspend(health, index, trouble, answer);
	} else {
		state->due_ms = health->now_ms + interval_ms / RETRY_PART;
		if (trouble != LIST_NO_ANSWER && trouble_of(state) == LIST_WELL)
			set_trouble(state, LIST_DOUBTED);
	}
}

/* A list without test entries is tried with real questions. */
static void
try_again(struct list_health *health, size_t index)
{
	if (!is_suspended(trouble_of(&health->states[index])) || health->states[index].has_jumped)
		return;
	health->states[index].faults = LIST_FAULTS_MAX - 1;
	health->states[index].refusals = LIST_REFUSALS_MAX - 1;
	set_trouble(&health->states[index], LIST_WELL);
}

static unsigned
begin_round(struct list_health *health, size_t index)
{
	const struct list *list = &health->config->lists.items[index];
	struct state *state = &health->states[index];

	if (state->pending > 0 && health->now_ms - state->round_began_ms >= health->config->timeout_ms)
		finish_round(health, index, state->worst > LIST_NO_ANSWER ? state->worst : LIST_NO_ANSWER,
			     state->worst_answer);
	if (list->is_left_out || state->pending > 0 || health->now_ms < state->due_ms)
		return 0;
	if (list->probes.count == 0) {
		try_again(health, index);
		return 0;
	}
	state->round++;
	state->pending = (unsigned)list->probes.count;
	state->worst = LIST_WELL;
	state->worst_answer = 0;
	state->round_began_ms = health->now_ms;
	return state->round;
}

unsigned
list_health_tick_ms(const struct list_health *health)
{
	const unsigned tick_ms = health->config->probe_interval_ms / RETRY_PART;

	return tick_ms > TICK_MIN_MS ? tick_ms : TICK_MIN_MS;
}

unsigned
list_health_begin_round(struct list_health *health, size_t list, uint64_t now_ms)
{
	unsigned round;

	(void)pthread_mutex_lock(&health->lock);
	health->now_ms = now_ms;
	round = begin_round(health, list);
	(void)pthread_mutex_unlock(&health->lock);
	return round;
}

enum list_trouble
list_health_judge(bool is_listed, enum list_says says)
{
	switch (says) {
	case LIST_SAYS_NOTHING:
		return LIST_NO_ANSWER;
	case LIST_SAYS_ERROR:
		return LIST_REFUSES;
	case LIST_SAYS_STRANGE:
		return LIST_STRANGE;
	case LIST_SAYS_NO:
		return is_listed ? LIST_LISTS_NONE : LIST_WELL;
	default:
		return is_listed ? LIST_WELL : LIST_LISTS_ALL;
	}
}

void
list_health_probed(struct list_health *health, size_t list, unsigned round, size_t probe,
		   const struct list_reading *reading, uint64_t now_ms)
{
	struct state *state = &health->states[list];
	const bool is_listed = health->config->lists.items[list].probes.items[probe].is_listed;
	const enum list_trouble trouble = list_health_judge(is_listed, reading->says);

	(void)pthread_mutex_lock(&health->lock);
	if (round == state->round && state->pending > 0) {
		health->now_ms = now_ms > health->now_ms ? now_ms : health->now_ms;
		if (trouble > state->worst) {
			state->worst = trouble;
			state->worst_answer = reading->count > 0 ? reading->answers[0] : 0;
		}
		if (--state->pending == 0)
			finish_round(health, list, state->worst, state->worst_answer);
	}
	(void)pthread_mutex_unlock(&health->lock);
}

/* Real questions. */

static bool
is_recent(struct hit_rate *rate, const char *subject)
{
	const uint32_t hash = (uint32_t)hash_of(span_of(subject));

	for (size_t i = 0; i < RECENT_SUBJECTS; i++)
		if (rate->recent[i] == hash)
			return true;
	rate->recent[rate->next_recent++ % RECENT_SUBJECTS] = hash;
	return false;
}

/* A jump: three quarters of what the list usually leaves alone are listed now. */
static bool
is_jump(const struct hit_rate *rate, unsigned now)
{
	return rate->windows >= LIST_RATE_WINDOWS && 4 * (now - rate->usual) > 3 * (10000 - rate->usual)
	       && now > rate->usual;
}

static void
end_window(struct list_health *health, size_t index)
{
	struct state *state = &health->states[index];
	struct hit_rate *rate = &state->rate;
	const unsigned now = rate->listed * 10000 / rate->asked;
	const bool has_jumped = is_jump(rate, now);

	rate->asked = rate->listed = 0;
	if (!has_jumped) {
		const int share = (int)(rate->windows < USUAL_WINDOWS ? rate->windows + 1 : USUAL_WINDOWS);

		rate->usual = (unsigned)((int)rate->usual + ((int)now - (int)rate->usual) / share);
		rate->windows++;
	}
	if (has_jumped && !state->has_jumped && trouble_of(state) == LIST_WELL) {
		state->has_jumped = true;
		suspend(health, index, LIST_JUMPED, 0);
	} else if (!has_jumped && state->has_jumped) {
		state->has_jumped = false;
		if (trouble_of(state) == LIST_JUMPED)
			restore(health, index);
	}
}

static void
count_hit(struct list_health *health, size_t index, const char *subject, bool is_listed)
{
	struct hit_rate *rate = &health->states[index].rate;

	if (is_recent(rate, subject))
		return;
	rate->asked++;
	rate->listed += is_listed ? 1 : 0;
	if (rate->asked == LIST_RATE_WINDOW)
		end_window(health, index);
}

static void
observe(struct list_health *health, size_t index, const char *subject, const struct list_reading *reading)
{
	struct state *state = &health->states[index];
	const bool is_known = trouble_of(state) == LIST_WELL || trouble_of(state) == LIST_JUMPED;

	switch (reading->says) {
	case LIST_SAYS_NOTHING:
		if (++state->faults >= LIST_FAULTS_MAX && is_known)
			suspend(health, index, LIST_NO_ANSWER, 0);
		break;
	case LIST_SAYS_ERROR:
	case LIST_SAYS_STRANGE:
		state->faults = 0;
		if (++state->refusals >= LIST_REFUSALS_MAX && is_known)
			suspend(health, index, reading->says == LIST_SAYS_ERROR ? LIST_REFUSES : LIST_STRANGE,
				reading->answers[0]);
		break;
	default:
		state->faults = state->refusals = 0;
		if (state->is_told && trouble_of(state) == LIST_WELL)
			restore(health, index); /* tried without test entries, and well */
		count_hit(health, index, subject, reading->says == LIST_SAYS_YES);
		break;
	}
}

void
list_health_observe(struct list_health *health, size_t list, const char *subject,
		    const struct list_reading *reading)
{
	(void)pthread_mutex_lock(&health->lock);
	observe(health, list, subject, reading);
	(void)pthread_mutex_unlock(&health->lock);
}
