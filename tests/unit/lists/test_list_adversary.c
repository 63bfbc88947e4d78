/*
 * A simulated adversary over the health of lists (P1, P2): histories that follow from their number, an hour
 * each. He decides which clients and names are asked about and so what real questions bring, floods our
 * resolver until half of all answers get lost, has it out of order, and sends from many networks. What he
 * cannot do is answer in the place of a list. So: a list that answers rightly is always in force; one that
 * died, lists everything, refuses, or is answered for by somebody else is out of force within minutes and
 * does not come back before it is well; and what a client of another network is asked about is never cut
 * short by him.
 */
#include "unit.h"

#include "config_text.h"
#include "heloscope/base/bounds.h"
#include "heloscope/lists/health.h"
#include "heloscope/base/log.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define HISTORIES 50 /* sanitizers look at the code, not at what comes of very many of them */
#else
#define HISTORIES 2000
#endif
#define STEPS 1800
#define STEP_MS 2000
#define SETTLING_STEPS 450 /* within which a change of a list must have come out, with all that he does */

#define CONFIG                                                                                               \
	"list \"six.test\" { ipv6 yes test-entries { listed { \"127.0.0.2\", \"::ffff:7f00:2\" } } }\n"      \
	"dnsbl \"six.test\" dnsbl \"bare.test\" test-entries none domain-dnsbl \"names.test\""
#define LISTS 3

/* Reproducible, and no more than that: xorshift. */
static uint64_t
next(uint64_t *chance, unsigned below)
{
	*chance ^= *chance << 13;
	*chance ^= *chance >> 7;
	*chance ^= *chance << 17;
	return (*chance >> 16) % below;
}

enum nature { PROPER, DEAD, LISTS_ALL, LISTS_NONE, REFUSES, STRANGE, FILTERED, NATURES };

enum mood { CALM, FLOOD, RESOLVER_DEAD, BOTNET, SUBDOMAINS, SLOW_NAMES, MIXED, MOODS };

struct history {
	uint64_t chance;
	struct config *config;
	struct list_health *health;
	uint64_t now_ms;
	enum mood mood;
	enum nature natures[LISTS];
	unsigned age[LISTS];    /* steps since it changed, in which our resolver worked */
	bool was_proper[LISTS]; /* all the time */
};

static enum list_says
says(const struct history *history, size_t list, bool is_listed, uint32_t *answer)
{
	static const struct {
		enum list_says listed, unlisted;
		uint32_t answer;
	} natures[NATURES] = {
		[PROPER] = { LIST_SAYS_YES, LIST_SAYS_NO, 0x7f000002 },
		[DEAD] = { LIST_SAYS_NOTHING, LIST_SAYS_NOTHING, 0 },
		[LISTS_ALL] = { LIST_SAYS_YES, LIST_SAYS_YES, 0x7f000002 },
		[LISTS_NONE] = { LIST_SAYS_NO, LIST_SAYS_NO, 0 },
		[REFUSES] = { LIST_SAYS_ERROR, LIST_SAYS_ERROR, 0x7ffffffe },
		[STRANGE] = { LIST_SAYS_STRANGE, LIST_SAYS_STRANGE, 0xc0000207 },
		[FILTERED] = { LIST_SAYS_OTHER, LIST_SAYS_OTHER, 0x7f000001 },
	};
	const enum nature nature = history->natures[list];

	*answer = natures[nature].answer;
	return is_listed ? natures[nature].listed : natures[nature].unlisted;
}

/* Whether an answer to a question of the watcher gets lost by what he does. */
static bool
is_lost(struct history *history)
{
	if (history->mood == RESOLVER_DEAD)
		return true;
	return (history->mood == FLOOD || history->mood == MIXED) && next(&history->chance, 2) == 0;
}

/* Questions to lists and to the reference are answered, or not, in any order within the round. */
static void
play_round(struct history *history, size_t list, enum list_part part)
{
	const struct list_round round = list_health_begin_round(history->health, list, part, history->now_ms);

	if (round.asks_reference && next(&history->chance, 2) == 0)
		list_health_reference(history->health, list, part, round.number, !is_lost(history),
				      history->now_ms);
	for (size_t i = 0; i < round.size; i++) {
		struct list_proof proof = { .question = list_round_question(
						    &history->config->lists.items[list], part, i) };
		uint32_t answer;

		proof.reading.says = says(history, list, proof.question.is_listed, &answer);
		if (is_lost(history))
			proof.reading.says = LIST_SAYS_NOTHING;
		if (proof.reading.says != LIST_SAYS_NOTHING && proof.reading.says != LIST_SAYS_NO) {
			proof.reading.count = 1;
			proof.reading.answers[0] = answer;
		}
		if (proof.reading.says != LIST_SAYS_NOTHING || next(&history->chance, 2) == 0)
			list_health_answer(history->health, list, round.number, &proof, history->now_ms);
	}
}

/* What he has the lists asked in a step, and what that brings. */
static void
attack(struct history *history)
{
	const struct ipaddr botnet =
		ipaddr_from_ipv4(0x0a000000 + ((uint32_t)next(&history->chance, 64) << 8));
	const size_t list = next(&history->chance, LISTS);
	const enum list_part part = list == 2 ? LIST_PART_NAMES : (enum list_part)next(&history->chance, 2);
	const unsigned count = (unsigned)next(&history->chance, 40);
	uint32_t answer;

	for (unsigned i = 0; i < count; i++) {
		bool is_listed = history->mood == BOTNET || history->mood == SUBDOMAINS;
		enum list_says brought;

		if (list_health_may_ask(history->health, list, &botnet, history->now_ms) != DNS_NOERROR)
			break;
		if (history->mood == MIXED)
			is_listed = next(&history->chance, 2) == 0;
		brought = says(history, list, is_listed, &answer);
		if (history->mood == SLOW_NAMES || history->mood == RESOLVER_DEAD || is_lost(history))
			brought = LIST_SAYS_NOTHING;
		list_health_observe(history->health, list, part, brought);
	}
}

static void
change(struct history *history)
{
	const size_t list = next(&history->chance, LISTS);

	if (next(&history->chance, 60) == 0)
		history->mood = (enum mood)next(&history->chance, MOODS);
	if (next(&history->chance, 900) != 0 || history->age[list] < SETTLING_STEPS)
		return;
	history->age[list] = 0;
	history->natures[list] = history->natures[list] == PROPER
					 ? (enum nature)(1 + next(&history->chance, NATURES - 1))
					 : PROPER;
	/* Nobody can see of these that they list nothing: there is no test entry. */
	if (list == 1 && history->natures[list] == LISTS_NONE)
		history->natures[list] = PROPER;
	history->was_proper[list] = history->was_proper[list] && history->natures[list] == PROPER;
}

static void
examine(struct history *history, unsigned number, unsigned step)
{
	const struct ipaddr good = ipaddr_from_ipv4(0xc6336401);

	for (size_t list = 0; list < LISTS; list++) {
		const bool is_settled = history->age[list] > SETTLING_STEPS;

		for (int part = 0; part < LIST_PARTS; part++) {
			enum list_fault fault;

			if (!list_has_part(&history->config->lists.items[list], (enum list_part)part))
				continue;
			fault = list_health_fault(history->health, list, (enum list_part)part);
			if (history->natures[list] == PROPER && (history->was_proper[list] || is_settled)
			    && fault != LIST_FAULT_NONE)
				fail_msg(
					"history %u, step %u, mood %d: list %zu, part %d answers rightly, but has fault %d",
					number, step, (int)history->mood, list, part, (int)fault);
			if (history->natures[list] != PROPER && is_settled && fault == LIST_FAULT_NONE)
				fail_msg("history %u, step %u, mood %d: list %zu, part %d is %d and in force",
					 number, step, (int)history->mood, list, part,
					 (int)history->natures[list]);
		}
		if (step % 60 == 0)
			assert_int_equal(list_health_may_ask(history->health, list, &good, history->now_ms),
					 DNS_NOERROR);
	}
}

static void
play(struct history *history)
{
	for (size_t list = 0; list < LISTS; list++) {
		history->age[list] += history->mood != RESOLVER_DEAD ? 1 : 0;
		for (int part = 0; part < LIST_PARTS; part++)
			play_round(history, list, (enum list_part)part);
	}
}

static void
P1_P2_no_adversary_moves_a_list(void **state)
{
	struct config *config = config_from_text(CONFIG, NULL);

	(void)state;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	for (unsigned number = 1; number <= HISTORIES; number++) {
		struct history history = { .chance = number * 0x9e3779b97f4a7c15U,
					   .config = config,
					   .health = list_health_new(config, NULL, NULL),
					   .now_ms = 1000,
					   .was_proper = { true, true, true } };

		play(&history);
		for (unsigned step = 0; step < STEPS; step++, history.now_ms += STEP_MS) {
			change(&history);
			attack(&history);
			play(&history);
			examine(&history, number, step);
		}
		list_health_unref(history.health);
	}
	config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(P1_P2_no_adversary_moves_a_list),
	};

	return cmocka_run_group_tests_name("list_adversary", tests, NULL, NULL);
}
