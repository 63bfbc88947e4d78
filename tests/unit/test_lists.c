/* DNS lists: what they may be asked, what their answers mean, and when they are trusted. */
#include "unit.h"

#include "config_text.h"
#include "fake_dns.h"
#include "heloscope/list_health.h"
#include "heloscope/list_prober.h"

/* What a line of configuration asks, and what is said of it. Every entry of this catalogue is alive or not.
 */
#define CATALOGUE                                                                                            \
	"list \"zen.test\" { operator \"Z\" kind block takes address ipv6 yes contains { \"xbl.test\", "     \
	"\"sbl.test\" } answers { 127.0.0.2 \"SBL\", 127.0.0.4 } }\n"                                        \
	"list \"*.zen.dq.test\" { takes address contains \"zen.test\" }\n"                                   \
	"list \"xbl.test\" { operator \"Z\" takes address }\n"                                               \
	"list \"dbl.test\" { kind block takes domain errors { 127.0.1.255 \"it takes domains only\" } }\n"   \
	"list \"both.test\" { takes both }\n"                                                                \
	"list \"six.test\" { takes address ipv6 only }\n"                                                    \
	"list \"four.test\" { takes address ipv6 no probe { listed { \"127.0.0.2\", \"127.0.0.3\" } } }\n"   \
	"list \"wl.test\" { kind allow errors { 127.0.0.255 } }\n"                                           \
	"list \"dead.test\" { status closed \"since 2024\" }\n"                                              \
	"list \"old.test\" { status merged \"use zen.test\" }\n"                                             \
	"list \"odd.test\" { probe none }\n"

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
		{ "dnsbl \"dead.test\"", "the list \"dead.test\" is closed: since 2024; it is not asked",
		  true },
		{ "dnsbl \"old.test\"", "has been merged into another: use zen.test", false },
		{ "dnsbl \"dbl.test\"", "knows domains only; it is not asked. Use domain-dnsbl", true },
		{ "domain-dnsbl \"zen.test\"", "knows addresses only; it is not asked. Use dnsbl", true },
		{ "dnswl \"zen.test\"", "\"zen.test\" is a block list; it is not asked. Use dnsbl", true },
		{ "dnsbl \"wl.test\"", "\"wl.test\" is an allow list; it is not asked. Use dnswl", true },
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
		{ "list \"a.test\" { contains \"b.test\" } list \"b.test\" { contains \"a.test\" } dnsbl "
		  "\"a.test\" "
		  "dnsbl \"b.test\"",
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
		const char *lines, *probes; /* "+": listed, "-": not */
	} cases[] = {
		{ "dnsbl \"any.test\"", "+127.0.0.2 -127.0.0.1 " },
		{ "dnswl \"wl.test\"", "+127.0.0.2 -127.0.0.1 " },
		{ "dnsbl \"zen.test\"", "+127.0.0.2 -127.0.0.1 +::ffff:7f00:2 -::ffff:7f00:1 " },
		{ "dnsbl \"six.test\"", "+::ffff:7f00:2 -::ffff:7f00:1 " },
		{ "dnsbl \"four.test\"", "+127.0.0.2 +127.0.0.3 " },
		{ "domain-dnsbl \"dbl.test\"", "+test -invalid " },
		{ "dnsbl \"odd.test\"", "" },
		{ "dnsbl \"four.test\" probe none", "" },
		{ "dnsbl \"odd.test\" probe { unlisted \"192.0.2.1\" listed { \"a.test\" } }",
		  "-192.0.2.1 +a.test " },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct config *config = config_of(cases[i].lines, NULL);
		const struct probe_set *probes = &config->lists.items[0].probes;
		char text[200] = "";

		for (size_t j = 0; j < probes->count; j++)
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%c%s ",
				       probes->items[j].is_listed ? '+' : '-', probes->items[j].entry);
		assert_string_equal(text, cases[i].probes);
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
		  "unknown kind \"blokc\"; expected \"block\" or \"allow\"; did" },
		{ "list \"a.test\" { takes names }", "expected \"address\", \"domain\" or \"both\"" },
		{ "list \"a.test\" { ipv6 maybe }", "expected \"no\", \"yes\" or \"only\"" },
		{ "list \"a.test\" { status dead }", "expected \"alive\", \"merged\" or \"closed\"" },
		{ "list \"a.test\" { probe some }", "expected \"none\"" },
		{ "dnsbl \"a.test\" probe { listed \"not a name\" }",
		  "is no test entry; expected an address" },
		{ "probe-interval 1ms", "expected 1s to 24h" },
		{ "probe-interval 25h", "expected 1s to 24h" },
		{ "probe-interval 99999999999999999999h", "expected 1s to 24h" },
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
	assert_true(dnslist_domain_name(list, domain, name));
	assert_int_equal(strlen(name), 253);
	strcat(domain, "a");
	assert_false(dnslist_domain_name(list, domain, name));
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
	watch->health = list_health_new(watch->config, NULL);
	watch->now_ms = 1000000;
}

static void
unwatch(struct watch *watch)
{
	list_health_unref(watch->health);
	config_unref(watch->config);
}

/* Let time pass, and answer the round that is due: one reading for each test entry. Whether one was due. */
static bool
probe(struct watch *watch, unsigned passed_ms, enum list_says first, enum list_says second)
{
	const enum list_says says[] = { first, second };
	unsigned round;

	watch->now_ms += passed_ms;
	round = list_health_begin_round(watch->health, 0, watch->now_ms);
	for (size_t i = 0; round != 0 && i < watch->config->lists.items[0].probes.count; i++) {
		const struct list_reading reading = { .says = says[i],
						      .answers = { 0x7f000002 },
						      .count = 1 };

		list_health_probed(watch->health, 0, round, i, &reading, watch->now_ms);
	}
	return round != 0;
}

static void
ask_list(struct watch *watch, unsigned number, enum list_says says)
{
	const struct list_reading reading = { .says = says, .answers = { 0x7ffffffe }, .count = 1 };
	char subject[20];

	(void)snprintf(subject, sizeof subject, "192.0.%u.%u", number / 256, number % 256);
	list_health_observe(watch->health, 0, subject, &reading);
}

static void
assert_trouble(struct watch *watch, enum list_trouble trouble)
{
	assert_int_equal(list_health_trouble(watch->health, 0), trouble);
	assert_int_equal(list_health_standing(watch->health, 0).fault == NULL, trouble == LIST_WELL);
	assert_int_equal(list_health_standing(watch->health, 0).is_asked,
			 trouble <= LIST_DOUBTED || trouble == LIST_JUMPED);
}

/* R5782.6: no word of a list counts before its test entries were answered rightly. */
static void
R5782_6_health_trusts_a_list_once_it_was_probed(void **state)
{
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\"");
	assert_trouble(&it, LIST_UNCHECKED);
	assert_false(list_health_is_settled(it.health));
	assert_true(probe(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
	assert_trouble(&it, LIST_WELL);
	assert_true(list_health_is_settled(it.health));
	assert_false(probe(&it, 4 * MINUTE_MS, LIST_SAYS_YES, LIST_SAYS_NO));
	assert_true(probe(&it, MINUTE_MS, LIST_SAYS_OTHER, LIST_SAYS_NO)); /* any answer says "listed" */
	assert_trouble(&it, LIST_WELL);
	unwatch(&it);
}

/* F20, F21, F22, F23: each kind of trouble counts after three tries, and is over after a good one. */
static void
F20_F21_F22_health_suspends_and_restores(void **state)
{
	static const struct {
		enum list_says first, second;
		enum list_trouble doubt, trouble;
	} cases[] = {
		{ LIST_SAYS_YES, LIST_SAYS_YES, LIST_DOUBTED, LIST_LISTS_ALL },
		{ LIST_SAYS_YES, LIST_SAYS_OTHER, LIST_DOUBTED, LIST_LISTS_ALL },
		{ LIST_SAYS_NO, LIST_SAYS_NO, LIST_DOUBTED, LIST_LISTS_NONE },
		{ LIST_SAYS_ERROR, LIST_SAYS_ERROR, LIST_DOUBTED, LIST_REFUSES },
		{ LIST_SAYS_STRANGE, LIST_SAYS_STRANGE, LIST_DOUBTED, LIST_STRANGE },
		{ LIST_SAYS_NOTHING, LIST_SAYS_NO, LIST_WELL, LIST_NO_ANSWER },
		{ LIST_SAYS_NOTHING, LIST_SAYS_YES, LIST_DOUBTED, LIST_LISTS_ALL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct watch it;

		watch(&it, "dnsbl \"any.test\"");
		assert_true(probe(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
		for (int round = 1; round < LIST_TRIES; round++) {
			assert_true(probe(&it, round == 1 ? 5 * MINUTE_MS : 10000, cases[i].first,
					  cases[i].second));
			assert_trouble(&it, cases[i].doubt);
		}
		assert_true(probe(&it, 10000, cases[i].first, cases[i].second));
		assert_trouble(&it, cases[i].trouble);
		assert_false(probe(&it, 29000, LIST_SAYS_YES, LIST_SAYS_NO));
		assert_true(probe(&it, 1000, LIST_SAYS_YES, LIST_SAYS_NO));
		assert_trouble(&it, LIST_WELL);
		unwatch(&it);
	}
}

/* One lost packet is no reason to distrust a list. */
static void
health_forgives_a_single_fault(void **state)
{
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\"");
	assert_true(probe(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
	for (int i = 0; i < 10; i++) {
		assert_true(probe(&it, 5 * MINUTE_MS, LIST_SAYS_NOTHING, LIST_SAYS_NO));
		assert_trouble(&it, LIST_WELL);
		assert_true(probe(&it, 10000, LIST_SAYS_YES, LIST_SAYS_NO));
		assert_trouble(&it, LIST_WELL);
	}
	unwatch(&it);
}

/* A round that lacks answers ends by itself; what comes later belongs to no round. */
static void
health_ends_rounds_without_answer(void **state)
{
	const struct list_reading good = { .says = LIST_SAYS_YES };
	unsigned late = 0;
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\"");
	for (int i = 0; i < 2 * LIST_TRIES; i++) {
		const unsigned round = list_health_begin_round(it.health, 0, it.now_ms);

		late = round != 0 ? round : late;
		it.now_ms += 10000;
	}
	assert_trouble(&it, LIST_NO_ANSWER);
	list_health_probed(it.health, 0, late, 0, &good, it.now_ms);
	list_health_probed(it.health, 0, late, 1, &good, it.now_ms);
	assert_trouble(&it, LIST_NO_ANSWER);
	unwatch(&it);
}

/* F20, F23: real questions tell as well; then one more fault is enough. Allow lists likewise. */
static void
F20_F23_health_learns_from_real_questions(void **state)
{
	static const struct {
		const char *lines;
		enum list_says says;
		unsigned most;
		enum list_trouble trouble;
	} cases[] = {
		{ "dnsbl \"any.test\"", LIST_SAYS_NOTHING, LIST_FAULTS_MAX, LIST_NO_ANSWER },
		{ "dnsbl \"any.test\"", LIST_SAYS_ERROR, LIST_REFUSALS_MAX, LIST_REFUSES },
		{ "dnsbl \"any.test\"", LIST_SAYS_STRANGE, LIST_REFUSALS_MAX, LIST_STRANGE },
		{ "dnswl \"wl.test\"", LIST_SAYS_ERROR, LIST_REFUSALS_MAX, LIST_REFUSES },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct watch it;

		watch(&it, cases[i].lines);
		assert_true(probe(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
		for (unsigned number = 0; number < 5 * cases[i].most; number++) {
			ask_list(&it, number, number % cases[i].most == 0 ? LIST_SAYS_NO : cases[i].says);
			assert_trouble(&it, LIST_WELL);
		}
		ask_list(&it, 0, LIST_SAYS_NO);
		for (unsigned number = 0; number < cases[i].most; number++) {
			assert_trouble(&it, LIST_WELL);
			ask_list(&it, number, cases[i].says);
		}
		assert_trouble(&it, cases[i].trouble);
		assert_true(probe(&it, 5 * MINUTE_MS, LIST_SAYS_YES, LIST_SAYS_NO));
		assert_trouble(&it, LIST_WELL);
		ask_list(&it, 0, cases[i].says);
		assert_trouble(&it, cases[i].trouble);
		unwatch(&it);
	}
}

/* Without test entries a list is tried with real questions. */
static void
health_tries_a_list_without_test_entries(void **state)
{
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"odd.test\"");
	assert_true(list_health_is_settled(it.health));
	for (unsigned i = 0; i < LIST_FAULTS_MAX; i++) {
		assert_trouble(&it, LIST_WELL);
		ask_list(&it, i, LIST_SAYS_NOTHING);
	}
	assert_trouble(&it, LIST_NO_ANSWER);
	assert_false(probe(&it, MINUTE_MS, LIST_SAYS_NO, LIST_SAYS_NO));
	assert_trouble(&it, LIST_WELL);
	ask_list(&it, 0, LIST_SAYS_NOTHING);
	assert_trouble(&it, LIST_NO_ANSWER);
	assert_false(probe(&it, MINUTE_MS, LIST_SAYS_NO, LIST_SAYS_NO));
	ask_list(&it, 0, LIST_SAYS_NO);
	ask_list(&it, 0, LIST_SAYS_NOTHING);
	assert_trouble(&it, LIST_WELL);
	unwatch(&it);
}

static void
ask_window(struct watch *watch, unsigned *number, unsigned listed)
{
	for (unsigned i = 0; i < LIST_RATE_WINDOW; i++)
		ask_list(watch, (*number)++, i < listed ? LIST_SAYS_YES : LIST_SAYS_NO);
}

/* A list that begins to list the world is noticed although its test entries are right. */
static void
health_suspends_a_list_whose_hit_rate_jumps(void **state)
{
	static const struct {
		unsigned usual, then;
		bool is_jump;
	} cases[] = {
		{ 2, 100, true },  { 2, 80, true },   { 2, 70, false },    { 20, 100, true },
		{ 20, 75, false }, { 80, 90, false }, { 80, 100, true },   { 50, 95, true },
		{ 50, 80, false }, { 90, 10, false }, { 100, 100, false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		unsigned number = 0;
		struct watch it;

		watch(&it, "dnsbl \"any.test\"");
		assert_true(probe(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
		for (unsigned window = 0; window < LIST_RATE_WINDOWS; window++)
			ask_window(&it, &number, cases[i].usual);
		ask_window(&it, &number, cases[i].then);
		assert_trouble(&it, cases[i].is_jump ? LIST_JUMPED : LIST_WELL);
		/* Right test entries do not restore it; the old rate does. */
		assert_true(probe(&it, 5 * MINUTE_MS, LIST_SAYS_YES, LIST_SAYS_NO));
		assert_trouble(&it, cases[i].is_jump ? LIST_JUMPED : LIST_WELL);
		ask_window(&it, &number, cases[i].usual);
		assert_trouble(&it, LIST_WELL);
		unwatch(&it);
	}
}

/* A young list has no past; one host that comes again and again makes no rate. */
static void
health_sees_no_jump_without_evidence(void **state)
{
	unsigned number = 0;
	struct watch it;

	(void)state;
	watch(&it, "dnsbl \"any.test\"");
	assert_true(probe(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
	for (unsigned window = 0; window + 1 < LIST_RATE_WINDOWS; window++)
		ask_window(&it, &number, 1);
	ask_window(&it, &number, 100);
	assert_trouble(&it, LIST_WELL);
	unwatch(&it);
	watch(&it, "dnsbl \"any.test\"");
	assert_true(probe(&it, 0, LIST_SAYS_YES, LIST_SAYS_NO));
	for (unsigned window = 0; window < LIST_RATE_WINDOWS; window++)
		ask_window(&it, &number, 1);
	for (unsigned i = 0; i < 10 * LIST_RATE_WINDOW; i++)
		ask_list(&it, 7, LIST_SAYS_YES);
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
	for (int i = 0; i < LIST_TRIES; i++)
		assert_true(probe(&it, 10000, LIST_SAYS_YES, LIST_SAYS_YES));
	config_unref(it.config);
	it.config = config_of("dnsbl \"new.test\" dnsbl \"any.test\"", NULL);
	next = list_health_new(it.config, it.health);
	list_health_unref(it.health);
	it.health = next;
	assert_int_equal(list_health_trouble(next, 0), LIST_UNCHECKED);
	assert_int_equal(list_health_trouble(next, 1), LIST_LISTS_ALL);
	unwatch(&it);
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
		  "zen.dq.test refuses queries through this public or unnamed resolver: use `resolver { "
		  "servers "
		  "recursive }`, or a data query key (answer 127.255.255.254)" },
		{ LIST_REFUSES, 0x7fffffff, "ask its operator for access" },
		{ LIST_REFUSES, 0x7ffffffc, "the zone is mistyped. Correct \"zen.dq.test\"" },
		{ LIST_REFUSES, 0x7fffff01, "Read the terms of use of zen.dq.test" },
		{ LIST_NO_ANSWER, 0, "dig 2.0.0.127.zen.dq.test" },
		{ LIST_LISTS_ALL, 0x7f000002, "Remove the line if zen.dq.test is closed" },
		{ LIST_LISTS_NONE, 0, "empty or closed" },
		{ LIST_STRANGE, 0xc0000207, "(answer 192.0.2.7)" },
		{ LIST_JUMPED, 0, "suddenly lists far more" },
	};
	struct config *config = config_of("dnsbl \"KEYKEYKEY.zen.dq.test\" dnswl \"wl.test\"", NULL);
	char memory[600];
	struct strbuf text;

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		strbuf_init(&text, memory, sizeof memory);
		list_health_advise(&config->lists.items[0], cases[i].trouble, cases[i].answer, &text);
		if (strstr(memory, cases[i].advice) == NULL || strstr(memory, "KEYKEYKEY") != NULL)
			fail_msg("says \"%s\"", memory);
	}
	strbuf_init(&text, memory, sizeof memory);
	list_health_advise(&config->lists.items[1], LIST_REFUSES, 0x7f0000ff, &text);
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
		cmocka_unit_test(F23_F24_F25_dnslist_tells_listings_from_errors),
		cmocka_unit_test(R5782_6_health_trusts_a_list_once_it_was_probed),
		cmocka_unit_test(F20_F21_F22_health_suspends_and_restores),
		cmocka_unit_test(health_forgives_a_single_fault),
		cmocka_unit_test(health_ends_rounds_without_answer),
		cmocka_unit_test(F20_F23_health_learns_from_real_questions),
		cmocka_unit_test(health_tries_a_list_without_test_entries),
		cmocka_unit_test(health_suspends_a_list_whose_hit_rate_jumps),
		cmocka_unit_test(health_sees_no_jump_without_evidence),
		cmocka_unit_test(health_outlives_a_reload),
		cmocka_unit_test(health_advises_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
