/* DNS lists: what they may be asked, what their answers mean, and when they are trusted. */
#include "unit.h"

#include "config_text.h"
#include "fake_dns.h"
#include "heloscope/base/bounds.h"
#include "heloscope/words/list_trouble.h"
#include "heloscope/lists/budget.h"
#include "heloscope/lists/health.h"
#include "heloscope/lists/watcher.h"

/* What a line of configuration asks, and what is said of it. Every entry of this catalogue is alive or not.
 */
#define CATALOGUE                                                                                                 \
	"list \"zen.test\" { operator \"Z\" kind block takes address ipv6 yes contains { \"xbl.test\", "          \
	"\"sbl.test\" } answers { 127.0.0.2 \"SBL\", 127.0.0.4 } }\n"                                             \
	"list \"*.zen.dq.test\" { takes address contains \"zen.test\" }\n"                                        \
	"list \"xbl.test\" { operator \"Z\" takes address }\n"                                                    \
	"list \"dbl.test\" { kind block takes domain errors { 127.0.1.255 \"it takes domains only\" } }\n"        \
	"list \"both.test\" { takes both }\n"                                                                     \
	"list \"six.test\" { takes address ipv6 only }\n"                                                         \
	"list \"four.test\" { takes address ipv6 no test-entries { listed { \"127.0.0.2\", \"127.0.0.3\" } } }\n" \
	"list \"wl.test\" { kind allow errors { 127.0.0.255 } }\n"                                                \
	"list \"dead.test\" { status closed \"since 2024\" }\n"                                                   \
	"list \"old.test\" { status merged \"use zen.test\" }\n"                                                  \
	"list \"odd.test\" { test-entries none }\n"

static struct config *
config_of(const char *lines, char *messages)
{
	char text[8192];

	(void)snprintf(text, sizeof text, "%s%s", CATALOGUE, lines);
	return config_from_text(text, messages);
}

static void
config_warns_of_lists_that_make_no_sense(void **state)
{
	static const struct {
		const char *lines, *warning; /* NULL: no word */
		bool is_left_out;
	} cases[] = {
		{ "dnsbl \"zen.test\"", NULL, false },
		{ "dnsbl \"unknown.test\"", NULL, false },
		{ "dnsbl \"both.test\" domain-dnsbl \"both.test\"", NULL, false },
		{ "dnsbl \"dead.test\"", "the list \"dead.test\" is closed: since 2024; it is not queried",
		  true },
		{ "dnsbl \"old.test\"", "has been merged into another: use zen.test", false },
		{ "dnsbl \"dbl.test\"", "knows domains only; it is not queried. Use domain-dnsbl", true },
		{ "domain-dnsbl \"zen.test\"", "knows addresses only; it is not queried. Use dnsbl", true },
		{ "dnswl \"zen.test\"", "\"zen.test\" is a blocklist; it is not queried. Use dnsbl", true },
		{ "dnsbl \"wl.test\"", "\"wl.test\" is an allowlist; it is not queried. Use dnswl", true },
		{ "dnsbl \"xbl.test\" dnsbl \"zen.test\"",
		  "the list \"xbl.test\" is contained in \"zen.test\" (test.conf:12)", false },
		{ "dnsbl \"zen.test\" dnsbl \"KEYKEYKEY.zen.dq.test\"",
		  "the list \"zen.test\" is contained in \"zen.dq.test\"", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char messages[4096];
		struct config *config = config_of(cases[i].lines, messages);

		assert_non_null(config);
		if (cases[i].warning == NULL)
			assert_string_equal(messages, "");
		else if (strstr(messages, cases[i].warning) == NULL
			 || strncmp(messages, "test.conf:12: warning: ", 23) != 0)
			fail_msg("%s says \"%s\"", cases[i].lines, messages);
		assert_int_equal(config->lists.items[0].is_left_out, cases[i].is_left_out);
		assert_null(strstr(messages, "KEYKEYKEY"));
		config_unref(config);
	}
}

static void
config_counts_contained_lists_as_one_group(void **state)
{
	static const struct {
		const char *lines, *groups;
	} cases[] = {
		{ "dnsbl \"xbl.test\" dnsbl \"zen.test\" dnsbl \"other.test\"",
		  "zen.test zen.test other.test " },
		{ "dnsbl \"xbl.test\" dnsbl \"zen.test\" dnsbl \"KEYKEYKEY.zen.dq.test\"",
		  "zen.dq.test zen.dq.test zen.dq.test " },
		{ "dnsbl \"sbl.test\" dnsbl \"xbl.test\"", "sbl.test xbl.test " },
		{ "list \"a.test\" { contains \"b.test\" } list \"b.test\" { contains \"a.test\" } dnsbl \"a.test\" dnsbl \"b.test\"",
		  "a.test a.test " },
		{ "list \"a.test\" { contains \"a.test\" } dnsbl \"a.test\"", "a.test " },
		{ "dnsbl \"xbl.test\" domain-dnsbl \"zen.test\"", "xbl.test zen.test " },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char messages[4096], groups[200] = "";
		struct config *config = config_of(cases[i].lines, messages);

		for (size_t j = 0; j < config->lists.count; j++)
			(void)snprintf(groups + strlen(groups), sizeof groups - strlen(groups), "%s ",
				       config->lists.items[j].group);
		assert_string_equal(groups, cases[i].groups);
		config_unref(config);
	}
}

/* R5782.5: test entries for each kind of list; one's own line overrules the catalogue. */
static void
R5782_5_config_knows_the_test_entries(void **state)
{
	static const struct {
		const char *lines, *entries; /* "+": listed, "-": not */
	} cases[] = {
		{ "dnsbl \"any.test\"", "+127.0.0.2 -127.0.0.1 " },
		{ "dnswl \"wl.test\"", "+127.0.0.2 -127.0.0.1 " },
		{ "dnsbl \"zen.test\"", "+127.0.0.2 -127.0.0.1 " },
		{ "dnsbl \"six.test\"", "" },
		{ "dnsbl \"four.test\"", "+127.0.0.2 +127.0.0.3 " },
		{ "domain-dnsbl \"dbl.test\"", "+test -invalid " },
		{ "dnsbl \"odd.test\"", "" },
		{ "dnsbl \"four.test\" test-entries none", "" },
		{ "dnsbl \"odd.test\" test-entries { unlisted \"192.0.2.1\" listed { \"a.test\" } }",
		  "-192.0.2.1 +a.test " },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct config *config = config_of(cases[i].lines, NULL);
		const struct test_entry_set *entries = &config->lists.items[0].test_entries;
		char text[200] = "";

		for (size_t j = 0; j < entries->count; j++)
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%c%s ",
				       entries->items[j].is_listed ? '+' : '-', entries->items[j].entry);
		assert_string_equal(text, cases[i].entries);
		config_unref(config);
	}
}

static void
config_refuses_settings_of_lists_that_it_does_not_know(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "list \"a.test\" { kind blokc }",
		  "unknown kind \"blokc\"; did you mean \"block\"? Expected \"block\" or" },
		{ "list \"a.test\" { takes names }", "expected \"address\", \"domain\" or \"both\"" },
		{ "list \"a.test\" { ipv6 maybe }", "expected \"no\", \"yes\" or \"only\"" },
		{ "list \"a.test\" { status dead }", "expected \"alive\", \"merged\" or \"closed\"" },
		{ "list \"a.test\" { test-entries some }", "expected \"none\"" },
		{ "dnsbl \"a.test\" test-entries { listed \"not a name\" }",
		  "is not a test entry; expected an address" },
		{ "test-interval 1ms", "expected 1s to 24h" },
		{ "test-interval 25h", "expected 1s to 24h" },
		{ "test-interval 99999999999999999999h", "expected 1s to 24h" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char messages[4096];

		assert_null(config_from_text(cases[i].text, messages));
		if (strstr(messages, cases[i].message) == NULL)
			fail_msg("%s says \"%s\"", cases[i].text, messages);
	}
}

static void
R5782_2_dnslist_makes_names(void **state)
{
	static const struct {
		const char *entry, *name;
	} cases[] = {
		{ "127.0.0.2", "2.0.0.127.any.test" },
		{ "test", "test.any.test" },
		{ "2001:db8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.any.test" },
		{ "::ffff:7f00:2",
		  "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.any.test" },
	};
	struct config *config = config_of("dnsbl \"any.test\"", NULL);
	const struct list *list = &config->lists.items[0];
	char name[DOMAIN_SIZE], domain[DOMAIN_SIZE];

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		assert_true(dnslist_entry_name(list, cases[i].entry, name));
		assert_string_equal(name, cases[i].name);
	}
	memset(domain, 'a', sizeof domain);
	domain[253 - strlen(".any.test")] = '\0';
	assert_ptr_equal(dnslist_domain_name(list, domain, name), domain);
	assert_int_equal(strlen(name), 253);
	strcat(domain, "a");
	assert_null(dnslist_domain_name(list, domain, name)); /* one label: nothing can be left off */
	config_unref(config);
}

/* P8: of a name that is too long, labels on the left are left off until the question fits. */
static void
P8_dnslist_asks_for_the_end_of_a_name_that_is_too_long(void **state)
{
	static const char *const ends[] = { "listed.example", "a.listed.co.uk", "mail.listed.example" };
	struct config *config = config_of("domain-dnsbl \"dbl.test\"", NULL);
	const struct list *list = &config->lists.items[0];
	char domain[DOMAIN_SIZE], name[DOMAIN_SIZE];

	(void)state;
	for (size_t i = 0; i < ROWS(ends); i++) {
		for (size_t label = 1; label <= 63; label++) {
			const size_t end = strlen(ends[i]);
			const char *asked;

			memset(domain, 'a', sizeof domain);
			for (size_t at = 253 - end - 1; at < 253; at -= label + 1)
				domain[at] = '.';
			(void)snprintf(domain + 253 - end, end + 1, "%s", ends[i]);
			asked = dnslist_domain_name(list, domain[0] == '.' ? domain + 1 : domain, name);
			assert_non_null(asked);
			assert_string_equal(domain + 253 - strlen(asked), asked);
			assert_true(strlen(asked) >= end && strlen(name) <= 253);
			assert_true(strlen(name) + label + 1 > 253); /* no label too many */
			assert_memory_equal(name, asked, strlen(asked));
			assert_string_equal(name + strlen(asked), ".dbl.test");
		}
	}
	config_unref(config);
}

/* P8: when only a public suffix is left, there is nothing to ask. */
static void
P8_dnslist_never_asks_for_a_public_suffix_instead(void **state)
{
	char line[400], zone[190], domain[80], name[DOMAIN_SIZE];
	struct config *config;

	(void)state;
	memset(zone, 'z', sizeof zone);
	for (size_t at = 60; at < 180; at += 61)
		zone[at] = '.';
	(void)snprintf(zone + 184, sizeof zone - 184, ".test");
	(void)snprintf(line, sizeof line, "domain-dnsbl \"%s\"", zone);
	config = config_of(line, NULL);
	memset(domain, 'a', sizeof domain);
	(void)snprintf(domain + 63, sizeof domain - 63, ".co.uk");
	assert_null(dnslist_domain_name(&config->lists.items[0], domain, name));
	config_unref(config);
}

/* Answers. */

static struct list_reading
read_answer(const struct list *list, enum dns_status status, const char *records)
{
	const struct fake_row row = { "x", DNS_A, status, records };
	struct dns_answer *answer = fake_dns_answer(&row);
	const struct list_reading reading = dnslist_read(list, answer);

	dns_answer_free(answer);
	return reading;
}

/* F05, F06, F20, F23, F24, F25: what counts as listed, and what as nothing at all. */
static void
F23_F24_F25_dnslist_tells_listings_from_errors(void **state)
{
	static const struct {
		const char *zone;
		enum dns_status status;
		const char *records;
		enum list_says says;
		uint32_t first;
		size_t count;
	} cases[] = {
		{ "any.test", DNS_NXDOMAIN, NULL, LIST_SAYS_NO, 0, 0 },
		{ "any.test", DNS_NODATA, NULL, LIST_SAYS_NO, 0, 0 },
		{ "any.test", DNS_SERVFAIL, NULL, LIST_SAYS_NOTHING, 0, 0 },
		{ "any.test", DNS_TIMEOUT, NULL, LIST_SAYS_NOTHING, 0, 0 },
		{ "any.test", DNS_BOGUS, NULL, LIST_SAYS_NOTHING, 0, 0 },
		{ "any.test", DNS_NOERROR, "127.0.0.2", LIST_SAYS_YES, 0x7f000002, 1 },
		{ "any.test", DNS_NOERROR, "127.0.0.1", LIST_SAYS_OTHER, 0x7f000001, 1 },
		{ "any.test", DNS_NOERROR, "127.255.255.254", LIST_SAYS_ERROR, 0x7ffffffe, 1 },
		{ "any.test", DNS_NOERROR, "127.0.0.2|127.255.255.254", LIST_SAYS_ERROR, 0x7ffffffe, 1 },
		{ "any.test", DNS_NOERROR, "127.255.255.254|127.0.0.2", LIST_SAYS_ERROR, 0x7ffffffe, 1 },
		{ "any.test", DNS_NOERROR, "192.0.2.7", LIST_SAYS_STRANGE, 0xc0000207, 1 },
		{ "any.test", DNS_NOERROR, "192.0.2.7|127.0.0.3", LIST_SAYS_YES, 0x7f000003, 1 },
		{ "any.test", DNS_NOERROR, "10.0.0.1|127.0.0.1", LIST_SAYS_OTHER, 0x7f000001, 1 },
		{ "zen.test", DNS_NOERROR, "127.0.0.4|127.0.0.9|127.0.0.2", LIST_SAYS_YES, 0x7f000002, 2 },
		{ "zen.test", DNS_NOERROR, "127.0.0.10", LIST_SAYS_OTHER, 0x7f00000a, 1 },
		{ "dbl.test", DNS_NOERROR, "127.0.1.255", LIST_SAYS_ERROR, 0x7f0001ff, 1 },
		{ "wl.test", DNS_NOERROR, "127.0.0.255", LIST_SAYS_ERROR, 0x7f0000ff, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char line[100];
		struct config *config;
		struct list_reading reading;

		(void)snprintf(line, sizeof line, "%s \"%s\"",
			       strcmp(cases[i].zone, "dbl.test") == 0  ? "domain-dnsbl"
			       : strcmp(cases[i].zone, "wl.test") == 0 ? "dnswl"
								       : "dnsbl",
			       cases[i].zone);
		config = config_of(line, NULL);
		reading = read_answer(&config->lists.items[0], cases[i].status, cases[i].records);
		if (reading.says != cases[i].says || reading.count != cases[i].count
		    || (reading.count > 0 && reading.answers[0] != cases[i].first))
			fail_msg("%s %s: says %d, %zu answers, first %08x", cases[i].zone, cases[i].records,
				 (int)reading.says, reading.count, reading.answers[0]);
		config_unref(config);
	}
}

/* Health. A watch is a configuration's lists over a world made of a table; time is ours. */

struct watch {
	struct config *config;
	struct list_health *health;
	uint64_t now_ms;
};

#define MINUTE_MS 60000

static void
watch(struct watch *watch, const char *lines)
{
	watch->config = config_of(lines, NULL);
	watch->health = list_health_new(watch->config, NULL, NULL);
	watch->now_ms = 1000000;
}

static void
unwatch(struct watch *watch)
{
	list_health_unref(watch->health);
	config_unref(watch->config);
}

/* What a list answers in a round: to entries that must be listed, and to those that must not. */
struct world {
	enum list_says listed, unlisted;
	bool is_resolver_dead;
};

static const struct world good = { LIST_SAYS_YES, LIST_SAYS_NO, false };

static void
answer_round(struct watch *watch, size_t list, enum list_part part, const struct list_round *round,
	     const struct world *world)
{
	for (size_t i = 0; i < round->size; i++) {
		struct list_proof proof = {
			.question = list_round_question(&watch->config->lists.items[list], part, i),
			.reading = { .answers = { 0x7f000002 } },
		};

		proof.reading.says = proof.question.is_listed ? world->listed : world->unlisted;
		proof.reading.count = proof.reading.says == LIST_SAYS_NO ? 0 : 1;
		list_health_answer(watch->health, list, round->number, &proof, watch->now_ms);
	}
	if (round->asks_reference)
		list_health_reference(watch->health, list, part, round->number, !world->is_resolver_dead,
				      watch->now_ms);
}

/* Let time pass, and answer the round that is due for a part of the first list. Whether one was due. */
static bool
test_part(struct watch *watch, enum list_part part, unsigned passed_ms, struct world world)
{
	struct list_round round;

	watch->now_ms += passed_ms;
	round = list_health_begin_round(watch->health, 0, part, watch->now_ms);
	answer_round(watch, 0, part, &round, &world);
	return round.number != 0;
}

static bool
play_round(struct watch *watch, unsigned passed_ms, enum list_says listed, enum list_says unlisted)
{
	return test_part(watch, LIST_PART_IPV4, passed_ms, (struct world){ listed, unlisted, false });
}

static void
assert_trouble(struct watch *watch, enum list_trouble trouble)
{
	assert_int_equal(list_health_trouble(watch->health, 0, LIST_PART_IPV4), trouble);
	assert_int_equal(list_health_fault(watch->health, 0, LIST_PART_IPV4) == LIST_FAULT_NONE,
			 trouble == LIST_WELL);
}

/* Each round has a question that nobody can know, and that must not be listed. */
static void
P2_round_asks_what_nobody_can_know(void **state)
{
	static const struct {
		const char *lines;
		enum list_part part;
		const char *begins, *ends, *name_ends;
		size_t size;
	} cases[] = {
		{ "dnsbl \"any.test\"", LIST_PART_IPV4, "127.", ".1", ".127.any.test", 4 },
		{ "dnsbl \"any.test\"", LIST_PART_IPV6, "::ffff:7f", "01", ".f.f.f.f.0.0.0.0", 4 },
		{ "domain-dnsbl \"dbl.test\"", LIST_PART_NAMES, "", ".invalid", ".invalid.dbl.test", 4 },
		{ "dnsbl \"odd.test\" test-entries none", LIST_PART_IPV4, "127.", ".1", ".127.odd.test", 4 },
		{ "dnsbl \"six.test\"", LIST_PART_IPV4, NULL, NULL, NULL, 0 },
		{ "dnsbl \"any.test\"", LIST_PART_NAMES, NULL, NULL, NULL, 0 },
		{ "dnsbl \"four.test\"", LIST_PART_IPV6, NULL, NULL, NULL, 0 },
		{ "dnsbl \"any.test\" test-entries { listed { \"127.0.0.2\", \"::ffff:7f00:2\" } }",
		  LIST_PART_IPV6, "::ffff:7f", "01", ".0.any.test", 4 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct config *config = config_of(cases[i].lines, NULL);
		const struct list *list = &config->lists.items[0];
		char seen[DOMAIN_SIZE] = "";
		unsigned same = 0;

		assert_int_equal(list_round_size(list, cases[i].part), cases[i].size);
		for (int times = 0; times < 20 && cases[i].size > 0; times++) {
			const struct list_question question =
				list_round_question(list, cases[i].part, cases[i].size - 1);

			assert_true(question.is_random && !question.is_listed);
			assert_true(
				span_starts_with_nocase(span_of(question.entry), span_of(cases[i].begins)));
			assert_true(span_ends_with_nocase(span_of(question.entry), span_of(cases[i].ends)));
			assert_non_null(strstr(question.name, cases[i].name_ends));
			same += strcmp(question.entry, seen) == 0 ? 1 : 0;
			(void)snprintf(seen, sizeof seen, "%s", question.entry);
		}
		assert_true(same < 5);
		config_unref(config);
	}
}

/* R5782.6: no word of a list counts before its test entries were answered rightly. */
static void
R5782_6_health_trusts_a_list_once_it_was_tested(void **state)
{
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"four.test\"");
	assert_trouble(&it, LIST_UNCHECKED);
	assert_false(list_health_is_settled(it.health));
	assert_true(play_round(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
	assert_trouble(&it, LIST_WELL);
	assert_true(list_health_is_settled(it.health));
	assert_false(play_round(&it, 4 * MINUTE_MS, LIST_SAYS_YES, LIST_SAYS_NO));
	assert_true(play_round(&it, MINUTE_MS, LIST_SAYS_OTHER, LIST_SAYS_NO)); /* any answer says "listed" */
	assert_trouble(&it, LIST_WELL);
	unwatch(&it);
}

/* B15: what was found wrong with a list that was never trusted is told at once, not "not checked yet". */
static void
B15_health_tells_what_it_found_at_the_first_round(void **state)
{
	static const struct {
		enum list_says listed, unlisted;
		enum list_trouble trouble;
	} cases[] = {
		{ LIST_SAYS_YES, LIST_SAYS_YES, LIST_LISTS_ALL },
		{ LIST_SAYS_NO, LIST_SAYS_NO, LIST_LISTS_NONE },
		{ LIST_SAYS_STRANGE, LIST_SAYS_STRANGE, LIST_STRANGE },
		{ LIST_SAYS_ERROR, LIST_SAYS_ERROR, LIST_REFUSES },
		{ LIST_SAYS_NOTHING, LIST_SAYS_NOTHING, LIST_UNANSWERED },
		{ LIST_SAYS_NOTHING, LIST_SAYS_NO, LIST_UNANSWERED },
		{ LIST_SAYS_YES, LIST_SAYS_NOTHING, LIST_UNANSWERED },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct watch it;

		watch(&it, "dnsbl \"four.test\"");
		assert_true(play_round(&it, 0, cases[i].listed, cases[i].unlisted));
		assert_trouble(&it, cases[i].trouble);
		unwatch(&it);
	}
	/* An answer of 127.0.0.1 to what must not be listed: a DNS filter, whatever the rest says. */
	for (int is_listed = 0; is_listed <= 1; is_listed++) {
		const struct list_proof proof = { .question.is_listed = is_listed != 0,
						  .reading = { LIST_SAYS_OTHER, { 0x7f000001 }, 1 } };

		assert_int_equal(list_proof_judge(&proof), is_listed ? LIST_WELL : LIST_FILTERED);
	}
}

/* F20, F21, F22, F23: each kind of trouble counts after three tries, and is over after a good one. */
static void
F20_F21_F22_health_suspends_and_restores(void **state)
{
	static const struct {
		enum list_says listed, unlisted;
		enum list_trouble doubt, trouble;
	} cases[] = {
		{ LIST_SAYS_YES, LIST_SAYS_YES, LIST_DOUBTED, LIST_LISTS_ALL },
		{ LIST_SAYS_YES, LIST_SAYS_OTHER, LIST_DOUBTED, LIST_LISTS_ALL },
		{ LIST_SAYS_NO, LIST_SAYS_NO, LIST_DOUBTED, LIST_LISTS_NONE },
		{ LIST_SAYS_ERROR, LIST_SAYS_ERROR, LIST_DOUBTED, LIST_REFUSES },
		{ LIST_SAYS_STRANGE, LIST_SAYS_STRANGE, LIST_DOUBTED, LIST_STRANGE },
		{ LIST_SAYS_NOTHING, LIST_SAYS_YES, LIST_DOUBTED, LIST_LISTS_ALL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct watch it;

		watch(&it, "dnsbl \"any.test\"");
		assert_true(play_round(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
		for (int round = 1; round < LIST_TRIES; round++) {
			assert_true(play_round(&it, round == 1 ? 5 * MINUTE_MS : 10000, cases[i].listed,
					       cases[i].unlisted));
			assert_trouble(&it, cases[i].doubt);
		}
		assert_true(play_round(&it, 10000, cases[i].listed, cases[i].unlisted));
		assert_trouble(&it, cases[i].trouble);
		assert_false(play_round(&it, 29000, LIST_SAYS_YES, LIST_SAYS_NO));
		assert_true(play_round(&it, 1000, LIST_SAYS_YES, LIST_SAYS_NO));
		assert_trouble(&it, LIST_WELL);
		unwatch(&it);
	}
}

/* One lost packet is no reason to distrust a list; nor are many, as long as it answers something. */
static void
health_forgives_lost_packets(void **state)
{
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\"");
	assert_true(play_round(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
	for (int i = 0; i < 10; i++) {
		assert_true(play_round(&it, 5 * MINUTE_MS, LIST_SAYS_NOTHING, LIST_SAYS_NOTHING));
		assert_trouble(&it, LIST_WELL);
		for (int j = 0; j < 2 * LIST_TRIES; j++)
			assert_true(play_round(&it, 10000, LIST_SAYS_NOTHING, LIST_SAYS_NO));
		assert_trouble(&it, LIST_WELL);
		assert_true(play_round(&it, 10000, LIST_SAYS_YES, LIST_SAYS_NO));
		assert_trouble(&it, LIST_WELL);
	}
	unwatch(&it);
}

/* P1: silence is the list's own only when somebody else is heard: the reference, or another list. */
static void
P1_health_does_not_blame_a_list_for_our_own_resolver(void **state)
{
	const struct world nobody = { LIST_SAYS_NOTHING, LIST_SAYS_NOTHING, true };
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\"");
	assert_true(play_round(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
	assert_true(test_part(&it, LIST_PART_IPV4, 5 * MINUTE_MS, nobody));
	for (int i = 0; i < 10 * LIST_TRIES; i++) {
		assert_true(test_part(&it, LIST_PART_IPV4, 10000, nobody));
		assert_trouble(&it, LIST_WELL);
	}
	for (int i = 0; i < LIST_SILENT_TRIES; i++) {
		assert_trouble(&it, LIST_WELL);
		assert_true(play_round(&it, 10000, LIST_SAYS_NOTHING, LIST_SAYS_NOTHING));
	}
	assert_trouble(&it, LIST_NO_ANSWER);
	assert_true(play_round(&it, 30000, LIST_SAYS_YES, LIST_SAYS_NO));
	assert_trouble(&it, LIST_WELL);
	unwatch(&it);
}

/* A round that lacks answers ends by itself; what comes later belongs to no round. */
static void
health_ends_rounds_without_answer(void **state)
{
	struct list_round round, late = { 0 };
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\"");
	for (int i = 0; i < 2 * LIST_SILENT_TRIES; i++) {
		round = list_health_begin_round(it.health, 0, LIST_PART_IPV4, it.now_ms);
		if (round.number != 0)
			late = round;
		if (round.asks_reference)
			list_health_reference(it.health, 0, LIST_PART_IPV4, round.number, true, it.now_ms);
		it.now_ms += 10000;
	}
	assert_trouble(&it, LIST_NO_ANSWER);
	answer_round(&it, 0, LIST_PART_IPV4, &late, &good);
	assert_trouble(&it, LIST_NO_ANSWER);
	unwatch(&it);
}

/* An answer to the reference of an earlier round that comes late says nothing of who answers now: a resolver
 * that is down suspends no list. */
static void
P1_health_takes_answers_of_a_round_for_that_round_only(void **state)
{
	struct list_round round, late = { 0 };
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\"");
	for (int i = 0; i < 4 * LIST_SILENT_TRIES; i++) {
		round = list_health_begin_round(it.health, 0, LIST_PART_IPV4, it.now_ms);
		if (late.number != 0)
			list_health_reference(it.health, 0, LIST_PART_IPV4, late.number, true, it.now_ms + 1);
		if (round.number != 0)
			late = round;
		it.now_ms += 10000;
		list_health_settle(it.health, it.now_ms);
	}
	assert_int_not_equal(list_health_trouble(it.health, 0, LIST_PART_IPV4), LIST_NO_ANSWER);
	unwatch(&it);
}

/* What could not be asked shows nothing. */
static void
P1_health_learns_nothing_from_a_round_that_was_not_asked(void **state)
{
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\"");
	assert_true(play_round(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
	it.now_ms += 5 * MINUTE_MS;
	for (int i = 0; i < 3 * LIST_TRIES; i++) {
		const struct list_round round =
			list_health_begin_round(it.health, 0, LIST_PART_IPV4, it.now_ms);

		assert_int_not_equal(round.number, 0);
		list_health_drop_round(it.health, 0, LIST_PART_IPV4, round.number);
		answer_round(&it, 0, LIST_PART_IPV4, &round,
			     &(struct world){ LIST_SAYS_YES, LIST_SAYS_YES, false });
		assert_trouble(&it, LIST_WELL);
		it.now_ms += 10000;
	}
	unwatch(&it);
}

/* P1, P2: real questions, whatever they bring, only call for a round, and not for many. */
static void
P1_P2_health_real_questions_only_call_for_a_round(void **state)
{
	static const enum list_says brings[] = { LIST_SAYS_NOTHING, LIST_SAYS_ERROR, LIST_SAYS_STRANGE,
						 LIST_SAYS_YES, LIST_SAYS_OTHER };

	(void)state;
	for (size_t i = 0; i < ROWS(brings); i++) {
		unsigned rounds = 0;
		struct watch it;

		watch(&it, "dnsbl \"any.test\"");
		assert_true(play_round(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
		for (unsigned second = 0; second < 600; second++) {
			for (int number = 0; number < 20; number++)
				list_health_observe(it.health, 0, LIST_PART_IPV4, brings[i]);
			rounds += play_round(&it, 1000, LIST_SAYS_YES, LIST_SAYS_NO) ? 1 : 0;
			assert_trouble(&it, LIST_WELL);
		}
		assert_int_equal(rounds, 10); /* one a minute instead of one in five */
		list_health_observe(it.health, 0, LIST_PART_IPV4, LIST_SAYS_NO);
		for (unsigned number = 0; number < LIST_ODD_MAX - 1; number++)
			list_health_observe(it.health, 0, LIST_PART_IPV4, brings[i]);
		assert_false(play_round(&it, 2 * MINUTE_MS, LIST_SAYS_YES, LIST_SAYS_NO));
		list_health_observe(it.health, 0, LIST_PART_IPV4, brings[i]);
		assert_true(play_round(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
		unwatch(&it);
	}
}

/* A list without test entries has the question that nobody can know: an answer of "no" shows that it lives.
 */
static void
P1_health_tests_a_list_without_test_entries(void **state)
{
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"odd.test\"");
	assert_trouble(&it, LIST_UNCHECKED);
	assert_true(play_round(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
	assert_trouble(&it, LIST_WELL);
	for (unsigned i = 0; i < 10 * LIST_ODD_MAX; i++)
		list_health_observe(it.health, 0, LIST_PART_IPV4, LIST_SAYS_NOTHING);
	assert_trouble(&it, LIST_WELL);
	assert_true(play_round(&it, MINUTE_MS, LIST_SAYS_YES, LIST_SAYS_YES));
	assert_trouble(&it, LIST_DOUBTED);
	for (int i = 1; i < LIST_TRIES; i++)
		assert_true(play_round(&it, 10000, LIST_SAYS_YES, LIST_SAYS_YES));
	assert_trouble(&it, LIST_LISTS_ALL);
	unwatch(&it);
}

/* D4: IPv4 and IPv6 are judged apart, and IPv6 test entries count only when somebody says that there are any.
 */
static void
D4_health_judges_ipv4_and_ipv6_apart(void **state)
{
	const struct world empty = { LIST_SAYS_NO, LIST_SAYS_NO, false },
			   all = { LIST_SAYS_YES, LIST_SAYS_YES, false };
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"zen.test\"");
	assert_true(test_part(&it, LIST_PART_IPV4, 0, good));
	assert_false(list_health_is_settled(it.health));
	assert_true(test_part(&it, LIST_PART_IPV6, 0, empty));
	assert_true(list_health_is_settled(it.health));
	assert_int_equal(list_health_fault(it.health, 0, LIST_PART_IPV6), LIST_FAULT_NONE);
	for (int i = 0; i < LIST_TRIES; i++) {
		assert_true(test_part(&it, LIST_PART_IPV6, 5 * MINUTE_MS, all));
		assert_true(test_part(&it, LIST_PART_IPV4, 0, good));
	}
	assert_int_equal(list_health_trouble(it.health, 0, LIST_PART_IPV6), LIST_LISTS_ALL);
	assert_trouble(&it, LIST_WELL);
	unwatch(&it);
	watch(&it, "dnsbl \"zen.test\" test-entries { listed { \"127.0.0.2\", \"::ffff:7f00:2\" } }");
	assert_true(test_part(&it, LIST_PART_IPV6, 0, empty));
	assert_int_equal(list_health_trouble(it.health, 0, LIST_PART_IPV6), LIST_LISTS_NONE);
	assert_true(test_part(&it, LIST_PART_IPV4, 0, good));
	assert_trouble(&it, LIST_WELL);
	unwatch(&it);
}

/* A reload takes over what is known of the lists that stay. */
static void
health_outlives_a_reload(void **state)
{
	struct list_health *next;
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\" dnsbl \"other.test\"");
	assert_true(play_round(&it, 10000, LIST_SAYS_YES, LIST_SAYS_YES));
	config_unref(it.config);
	it.config = config_of("dnsbl \"new.test\" dnsbl \"any.test\"", NULL);
	next = list_health_new(it.config, it.health, NULL);
	list_health_unref(it.health);
	it.health = next;
	assert_int_equal(list_health_trouble(next, 0, LIST_PART_IPV4), LIST_UNCHECKED);
	assert_int_equal(list_health_trouble(next, 1, LIST_PART_IPV4), LIST_LISTS_ALL);
	unwatch(&it);
}

static void
tell(const struct list *list, enum list_trouble trouble, const struct list_proof *proof, struct strbuf *text)
{
	const struct list_exam exam = { .list = list, .trouble = trouble, .proof = *proof };

	strbuf_shorten(text, 0);
	list_exam_tell(&exam, text);
}

/* What is found is told with the entry, the name that was asked, and the answer; the key does not show. */
static void
B15_proof_tells_what_was_asked_and_answered(void **state)
{
	struct config *config = config_of("dnsbl \"KEYKEYKEY.zen.dq.test\"", NULL);
	const struct list *list = &config->lists.items[0];
	struct list_proof proof = { .question = list_round_question(list, LIST_PART_IPV4, 0),
				    .status = DNS_NXDOMAIN };
	char memory[900];
	struct strbuf text = STRBUF_OVER(memory);

	(void)state;
	tell(list, LIST_LISTS_NONE, &proof, &text);
	assert_ptr_equal(
		strstr(memory, "127.0.0.2, asked as 2.0.0.127.zen.dq.test, is answered NXDOMAIN: it "),
		memory);
	proof.question = list_round_question(list, LIST_PART_IPV4, 2);
	proof.reading = (struct list_reading){ LIST_SAYS_YES, { 0x7f000002, 0x7f00000a }, 2 };
	tell(list, LIST_LISTS_ALL, &proof, &text);
	assert_non_null(strstr(memory, ", made up at random, asked as 1."));
	assert_non_null(strstr(memory, "127.zen.dq.test, is answered 127.0.0.2, 127.0.0.10"));
	config_unref(config);
}

/* Budgets. */

static unsigned
take_all(struct list_budget *budget, uint32_t client, size_t list, uint64_t now_ms)
{
	const struct ipaddr address = ipaddr_from_ipv4(client);
	unsigned taken = 0;

	while (list_budget_take(budget, &address, list, now_ms) == DNS_NOERROR)
		taken++;
	return taken;
}

static void
budget_is_for_a_client_a_network_and_a_list(void **state)
{
	static const char *const same[] = { "2001:db8:1:2::1", "2001:db8:1:2:ffff::9" };
	struct list_budget *budget = list_budget_new();
	const struct ipaddr nobody = { .length = 0 };
	struct ipaddr address;
	unsigned taken = 0;

	(void)state;
	assert_int_equal(take_all(budget, 0xc6336401, 0, 1000), BOUND_LIST_QUESTIONS);
	assert_int_equal(take_all(budget, 0xc6336401, 1, 1000), BOUND_LIST_QUESTIONS); /* another list */
	for (uint32_t neighbour = 0; neighbour < 256; neighbour++)
		taken += take_all(budget, 0xc6336400 + neighbour, 0, 1000);
	assert_int_equal(taken, BOUND_LIST_QUESTIONS_OF_NETWORK - BOUND_LIST_QUESTIONS);
	address = ipaddr_from_ipv4(0xc6336401 + 99); /* which has asked for nothing itself */
	assert_int_equal(list_budget_take(budget, &address, 0, 1000), DNS_BUDGET_OF_NETWORK);
	assert_int_equal(take_all(budget, 0xc6336501, 0, 1000), BOUND_LIST_QUESTIONS); /* another /24 */
	for (unsigned i = 0; i < BOUND_LIST_QUESTIONS; i++) {
		assert_true(ipaddr_parse(span_of(same[i % 2]), &address));
		assert_int_equal(list_budget_take(budget, &address, 0, 1000), DNS_NOERROR);
	}
	assert_int_equal(list_budget_take(budget, &address, 0, 1000),
			 DNS_BUDGET_OF_CLIENT); /* the same /64 */
	assert_true(ipaddr_parse(SPAN("2001:db8:1:3::1"), &address));
	assert_int_equal(list_budget_take(budget, &address, 0, 1000), DNS_NOERROR); /* its neighbour */
	for (unsigned i = 0; i < 2 * BOUND_LIST_QUESTIONS; i++)
		assert_int_equal(list_budget_take(budget, &nobody, 0, 1000), DNS_NOERROR);
	list_budget_free(budget);
}

/* A server whose mail is accepted has no end. */
static void
budget_is_given_back_for_accepted_mail(void **state)
{
	struct list_budget *budget = list_budget_new();
	const struct ipaddr address = ipaddr_from_ipv4(0xc6336401);

	(void)state;
	for (unsigned i = 0; i < 10 * BOUND_LIST_QUESTIONS_OF_NETWORK; i++) {
		assert_int_equal(list_budget_take(budget, &address, 0, 1000), DNS_NOERROR);
		list_budget_give_back(budget, &address, 0);
	}
	assert_int_equal(take_all(budget, 0xc6336401, 0, 1000), BOUND_LIST_QUESTIONS);
	list_budget_give_back(budget, &address, 0);
	assert_int_equal(take_all(budget, 0xc6336401, 0, 1000), 1);
	list_budget_free(budget);
}

static void
budget_is_filled_again_with_time(void **state)
{
	struct list_budget *budget = list_budget_new();
	uint64_t now_ms = 1;
	unsigned taken = 0;

	(void)state;
	(void)take_all(budget, 0xc6336401, 0, now_ms);
	for (int minute = 0; minute < 60; minute++, now_ms += 60000)
		taken += take_all(budget, 0xc6336401, 0, now_ms + 60000);
	assert_int_equal(taken, 60 * BOUND_LIST_QUESTIONS_A_MINUTE);
	assert_int_equal(take_all(budget, 0xc6336401, 0, now_ms + 86400000), BOUND_LIST_QUESTIONS);
	list_budget_free(budget);
}

/* A flood of networks ends in the same memory, and a network that goes on with its flood is remembered. */
static void
budget_remembers_so_many_networks(void **state)
{
	struct list_budget *budget = list_budget_new();
	const struct ipaddr flooder = ipaddr_from_ipv4(0xc6336401);
	unsigned taken = 0;

	(void)state;
	for (uint32_t network = 0; network < 4 * BOUND_LIST_BUDGETS; network++) {
		const struct ipaddr address = ipaddr_from_ipv4(0x0a000000 + (network << 8));

		assert_int_equal(list_budget_take(budget, &address, 0, 1000), DNS_NOERROR);
		taken += list_budget_take(budget, &flooder, 0, 1000) == DNS_NOERROR ? 1 : 0;
	}
	assert_int_equal(taken, BOUND_LIST_QUESTIONS);
	list_budget_free(budget);
}

/* What the administrator reads names the list without its key, and the remedy. */
static void
health_advises_what_to_do(void **state)
{
	static const struct {
		enum list_trouble trouble;
		uint32_t answer;
		const char *advice;
	} cases[] = {
		{ LIST_REFUSES, 0x7ffffffe,
		  "zen.dq.test refuses queries through this resolver, because it is public or has no reverse DNS name of its own: use `resolver { servers recursive }`, or a data query key (answer 127.255.255.254)" },
		{ LIST_REFUSES, 0x7fffffff, "ask its operator for access" },
		{ LIST_REFUSES, 0x7ffffffc, "the zone is mistyped. Correct \"zen.dq.test\"" },
		{ LIST_REFUSES, 0x7fffff01, "Read the terms of use of zen.dq.test" },
		{ LIST_NO_ANSWER, 0, "dig 2.0.0.127.zen.dq.test" },
		{ LIST_LISTS_ALL, 0x7f000002, "Remove the line if zen.dq.test is closed" },
		{ LIST_LISTS_NONE, 0, "empty or closed" },
		{ LIST_STRANGE, 0xc0000207, "(answer 192.0.2.7)" },
		{ LIST_FILTERED, 0x7f000001, "a DNS filter between this host and zen.dq.test" },
	};
	struct config *config = config_of("dnsbl \"KEYKEYKEY.zen.dq.test\" dnswl \"wl.test\"", NULL);
	struct list_proof proof = { .question =
					    list_round_question(&config->lists.items[0], LIST_PART_IPV4, 0),
				    .reading = { .count = 1 } };
	char memory[900];
	struct strbuf text = STRBUF_OVER(memory);

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		proof.reading.answers[0] = cases[i].answer;
		tell(&config->lists.items[0], cases[i].trouble, &proof, &text);
		if (strstr(memory, cases[i].advice) == NULL || strstr(memory, "KEYKEYKEY") != NULL)
			fail_msg("says \"%s\"", memory);
	}
	proof.reading.answers[0] = 0x7f0000ff;
	tell(&config->lists.items[1], LIST_REFUSES, &proof, &text);
	assert_non_null(strstr(memory, "rules that ask \"not dnswl\" do not decide"));
	config_unref(config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_warns_of_lists_that_make_no_sense),
		cmocka_unit_test(config_counts_contained_lists_as_one_group),
		cmocka_unit_test(R5782_5_config_knows_the_test_entries),
		cmocka_unit_test(config_refuses_settings_of_lists_that_it_does_not_know),
		cmocka_unit_test(R5782_2_dnslist_makes_names),
		cmocka_unit_test(P8_dnslist_asks_for_the_end_of_a_name_that_is_too_long),
		cmocka_unit_test(P8_dnslist_never_asks_for_a_public_suffix_instead),
		cmocka_unit_test(F23_F24_F25_dnslist_tells_listings_from_errors),
		cmocka_unit_test(P2_round_asks_what_nobody_can_know),
		cmocka_unit_test(R5782_6_health_trusts_a_list_once_it_was_tested),
		cmocka_unit_test(B15_health_tells_what_it_found_at_the_first_round),
		cmocka_unit_test(F20_F21_F22_health_suspends_and_restores),
		cmocka_unit_test(health_forgives_lost_packets),
		cmocka_unit_test(P1_health_does_not_blame_a_list_for_our_own_resolver),
		cmocka_unit_test(health_ends_rounds_without_answer),
		cmocka_unit_test(P1_health_takes_answers_of_a_round_for_that_round_only),
		cmocka_unit_test(P1_health_learns_nothing_from_a_round_that_was_not_asked),
		cmocka_unit_test(P1_P2_health_real_questions_only_call_for_a_round),
		cmocka_unit_test(P1_health_tests_a_list_without_test_entries),
		cmocka_unit_test(D4_health_judges_ipv4_and_ipv6_apart),
		cmocka_unit_test(health_outlives_a_reload),
		cmocka_unit_test(B15_proof_tells_what_was_asked_and_answered),
		cmocka_unit_test(budget_is_for_a_client_a_network_and_a_list),
		cmocka_unit_test(budget_is_given_back_for_accepted_mail),
		cmocka_unit_test(budget_is_filled_again_with_time),
		cmocka_unit_test(budget_remembers_so_many_networks),
		cmocka_unit_test(health_advises_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
