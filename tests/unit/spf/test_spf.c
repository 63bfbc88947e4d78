/* spf_record, and both engines on small worlds. The standard suites: tests/conformance. */
#include "unit.h"

#include <stdlib.h>

#include "fake_dns.h"
#include "heloscope/base/bounds.h"
#include "heloscope/words/telling.h"
#include "heloscope/spf/spf.h"
#include "heloscope/spf/merge.h"
#include "heloscope/spf/record.h"
#include "heloscope/base/strbuf.h"

static void
R7208_4_6_spf_record_parse_takes_the_grammar_and_nothing_else(void **state)
{
	static const struct {
		const char *text;
		int fault; /* octets before it, -1: none */
	} table[] = {
		{ "v=spf1", -1 },
		{ "v=spf1 -all", -1 },
		{ "V=SPF1  A/24//64 MX:%{d2r.}.x.example/32   ", -1 },
		{ "v=spf1 ip4:192.0.2.0/0 ip6:::1/128 exists:%{ir}.%{v}._spf.%{d} ptr", -1 },
		{ "v=spf1 include:a.example. redirect=b.example exp=%{d}", -1 },
		{ "v=spf1 unknown-mod_x.y=%{s} a", -1 },
		{ "v=spf1 a:foo-bar/baz.example", -1 },
		{ "v=spf1 all:x", 10 },
		{ "v=spf1 ipv4:192.0.2.1", 7 },
		{ "v=spf1 -", 8 },
		{ "v=spf1 ip4:192.0.2.256", 11 },
		{ "v=spf1 ip4:192.0.2.1/33", 21 },
		{ "v=spf1 ip4:192.0.2.0/032", 21 },
		{ "v=spf1 ip4:::1", 11 },
		{ "v=spf1 ip6:192.0.2.1", 11 },
		{ "v=spf1 a/33", 9 },
		{ "v=spf1 a//129", 10 },
		{ "v=spf1 a/24//", -2 },
		{ "v=spf1 a:", 9 },
		{ "v=spf1 a:example", 9 },
		{ "v=spf1 a:x.123", 11 },
		{ "v=spf1 a:x.-a", 11 },
		{ "v=spf1 include", 14 },
		{ "v=spf1 exists:%{q}.example", 16 },
		{ "v=spf1 exists:%{d0}.example", 17 },
		{ "v=spf1 exists:%{d.example", -2 },
		{ "v=spf1 exists:%x.example", 14 },
		{ "v=spf1 exists:%{c}.example", 16 },
		{ "v=spf1 redirect=a.example redirect=b.example", 26 },
		{ "v=spf1 exp=a.example exp=b.example", 21 },
		{ "v=spf1 redirect:a.example", 7 },
		{ "v=spf1 a:\xc3\xbc.example", 9 },
		{ "v=spf1\ta", -3 },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 1U << 16);
	for (size_t i = 0; i < ROWS(table); i++) {
		struct spf_fault fault = { .at = 999 };
		struct spf_record record;

		print_message("    %s\n", table[i].text);
		assert_int_equal(spf_record_is_one(span_of(table[i].text)), table[i].fault != -3);
		if (table[i].fault == -3)
			continue;
		assert_int_equal(spf_record_parse(span_of(table[i].text), &arena, &record, &fault),
				 table[i].fault == -1);
		if (table[i].fault >= 0)
			assert_int_equal(fault.at, table[i].fault);
	}
	arena_clear(&arena);
}

/* A world without waiting. */
struct world {
	const struct fake_row *rows;
	size_t count, asked;
	struct dns_answer *answers[4000];
};

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	struct world *world = context;
	const struct fake_row absent = { name, type, DNS_NXDOMAIN, NULL };
	const struct fake_row *row = &absent;

	for (size_t i = 0; i < world->count; i++)
		if (world->rows[i].type == type && strcmp(world->rows[i].name, name) == 0)
			row = &world->rows[i];
	assert_true(world->asked < ROWS(world->answers));
	return world->answers[world->asked++] = fake_dns_answer(row);
}

static void
clear(struct world *world)
{
	for (size_t i = 0; i < world->asked; i++)
		dns_answer_free(world->answers[i]);
	world->asked = 0;
}

static const struct fake_row rows[] = {
	{ "yodel.example", DNS_TXT, DNS_NOERROR, "other|v=spf1 ip4:198.51.100.54 mx -all" },
	{ "yodel.example", DNS_MX, DNS_NOERROR, "10 mail.yodel.example" },
	{ "mail.yodel.example", DNS_A, DNS_NOERROR, "198.51.100.60" },
	{ "mail.yodel.example", DNS_AAAA, DNS_NODATA, NULL },
	{ "inc.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:yodel.example ~all" },
	{ "red.example", DNS_TXT, DNS_NOERROR, "v=spf1 redirect=yodel.example" },
	{ "twice.example", DNS_TXT, DNS_NOERROR, "v=spf1 -all|v=spf1 +all" },
	{ "down.example", DNS_TXT, DNS_SERVFAIL, NULL },
	{ "downa.example", DNS_TXT, DNS_NOERROR, "v=spf1 a:broken.example -all" },
	{ "broken.example", DNS_A, DNS_TIMEOUT, NULL },
	{ "bad.example", DNS_TXT, DNS_NOERROR, "v=spf1 ipv4:198.51.100.54 -all" },
	{ "badinc.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:none.example -all" },
	{ "self.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:self.example -all" },
	{ "voids.example", DNS_TXT, DNS_NOERROR, "v=spf1 a:v1.example a:v2.example a:v3.example +all" },
	{ "twovoids.example", DNS_TXT, DNS_NOERROR, "v=spf1 a:v1.example a:v2.example +all" },
	{ "l1.example", DNS_TXT, DNS_NOERROR,
	  "v=spf1 a:mail.yodel.example a:mail.yodel.example a:mail.yodel.example a:mail.yodel.example ?all" },
	{ "l2.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:l1.example include:l1.example +all" },
	{ "l3.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:l2.example a:mail.yodel.example +all" },
	{ "macro.example", DNS_TXT, DNS_NOERROR, "v=spf1 exists:%{ir}.%{v}.%{l1r-}.%{d} -all" },
	{ "54.100.51.198.in-addr.joe.macro.example", DNS_A, DNS_NOERROR, "127.0.0.2" },
	{ "neutral.example", DNS_TXT, DNS_NOERROR, "v=spf1 ?all" },
	{ "empty.example", DNS_TXT, DNS_NOERROR, "v=spf1" },
	{ "soft.example", DNS_TXT, DNS_NOERROR, "v=spf1 ~all" },
	{ "exp.example", DNS_TXT, DNS_NOERROR, "v=spf1 exp=why.exp.example -all" },
	{ "why.exp.example", DNS_TXT, DNS_NOERROR, "%{i} is not %{d}'s, %{c}%%" },
	{ "expt.example", DNS_TXT, DNS_NOERROR, "v=spf1 exp=why.expt.example -all" },
	{ "why.expt.example", DNS_TXT, DNS_NOERROR, "%{r} says no to %{h} at %{t}%_%-" },
	{ "exp8.example", DNS_TXT, DNS_NOERROR, "v=spf1 exp=why.exp8.example -all" },
	{ "why.exp8.example", DNS_TXT, DNS_NOERROR, "\x1b[31m" },
	{ "ptr.example", DNS_TXT, DNS_NOERROR, "v=spf1 ptr -all" },
	{ "54.100.51.198.in-addr.arpa", DNS_PTR, DNS_NOERROR, "liar.example|out.ptr.example" },
	{ "liar.example", DNS_A, DNS_NOERROR, "192.0.2.1" },
	{ "out.ptr.example", DNS_A, DNS_NOERROR, "198.51.100.54" },
	{ "manymx.example", DNS_TXT, DNS_NOERROR, "v=spf1 mx -all" },
	{ "manymx.example", DNS_MX, DNS_NOERROR,
	  "1 a.x|1 b.x|1 c.x|1 d.x|1 e.x|1 f.x|1 g.x|1 h.x|1 i.x|1 j.x|1 k.x" },
};

static enum result
evaluate(spf_engine *engine, const char *domain, const char *client, struct arena *arena,
	 struct spf_outcome *outcome)
{
	struct world world = { .rows = rows, .count = ROWS(rows) };
	const struct spf_source source = { ask, &world, NULL };
	struct spf_query query = { .domain = domain,
				   .local = SPAN("joe-user"),
				   .sender_domain = domain,
				   .helo = "mail.yodel.example",
				   .receiver = "mx.test" };

	assert_true(ipaddr_parse(span_of(client), &query.client));
	assert_true(engine(&query, &source, arena, outcome));
	clear(&world);
	return outcome->result;
}

/* For mail of joe at that domain. */
static struct spf_query
query_of(const char *domain, const char *client)
{
	struct spf_query query = {
		.domain = domain, .local = SPAN("joe"), .sender_domain = domain, .helo = "", .receiver = ""
	};

	assert_true(ipaddr_parse(span_of(client), &query.client));
	return query;
}

static void
spf_record_extend_puts_the_address_where_it_decides(void **state)
{
	static const struct {
		const char *record, *address, *expected;
	} table[] = {
		{ "v=spf1", "192.0.2.1", "v=spf1 ip4:192.0.2.1" },
		{ "v=spf1 -all", "192.0.2.1", "v=spf1 ip4:192.0.2.1 -all" },
		{ "v=spf1 mx -all exp=why.example", "2001:db8::1",
		  "v=spf1 ip6:2001:db8::1 mx -all exp=why.example" },
		{ "v=spf1 redirect=x.example", "192.0.2.1", "v=spf1 ip4:192.0.2.1 redirect=x.example" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char memory[100];
		struct ipaddr address;
		struct strbuf text;

		strbuf_init(&text, memory, sizeof memory);
		assert_true(ipaddr_parse(span_of(table[i].address), &address));
		spf_record_extend(&text, table[i].record, &address);
		assert_string_equal(memory, table[i].expected);
	}
}

/* Whether this build has it; says so when not. */
static bool
has_engine(size_t engine)
{
	if (spf_engines[engine] == NULL)
		print_message("    built without SPF engine %zu, which is left out\n", engine);
	return spf_engines[engine] != NULL;
}

static void
spf_engines_give_the_results_of_rfc_7208(void **state)
{
	static const struct {
		const char *domain, *client;
		enum result expected;
	} table[] = {
		{ "yodel.example", "198.51.100.54", RESULT_PASS },
		{ "yodel.example", "198.51.100.60", RESULT_PASS },
		{ "yodel.example", "198.51.100.61", RESULT_FAIL },
		{ "yodel.example", "2001:db8::1", RESULT_FAIL },
		{ "inc.example", "198.51.100.54", RESULT_PASS },
		{ "inc.example", "198.51.100.61", RESULT_SOFTFAIL },
		{ "red.example", "198.51.100.61", RESULT_FAIL },
		{ "absent.example", "198.51.100.54", RESULT_NONE },
		{ "twice.example", "198.51.100.54", RESULT_PERMERROR },
		{ "down.example", "198.51.100.54", RESULT_TEMPERROR },
		{ "downa.example", "198.51.100.54", RESULT_TEMPERROR },
		{ "bad.example", "198.51.100.54", RESULT_PERMERROR },
		{ "badinc.example", "198.51.100.54", RESULT_PERMERROR },
		{ "self.example", "198.51.100.54", RESULT_PERMERROR },
		{ "voids.example", "198.51.100.54", RESULT_PERMERROR },
		{ "twovoids.example", "198.51.100.54", RESULT_PASS },
		{ "l2.example", "192.0.2.9", RESULT_PASS },      /* 10 terms over includes */
		{ "l3.example", "192.0.2.9", RESULT_PERMERROR }, /* 12: C17 */
		{ "macro.example", "198.51.100.54", RESULT_PASS },
		{ "neutral.example", "198.51.100.54", RESULT_NEUTRAL },
		{ "empty.example", "198.51.100.54", RESULT_NEUTRAL },
		{ "soft.example", "198.51.100.54", RESULT_SOFTFAIL },
		{ "ptr.example", "198.51.100.54", RESULT_PASS },
		{ "manymx.example", "198.51.100.54", RESULT_PERMERROR },
	};

	(void)state;
	for (size_t engine = 0; engine < SPF_ENGINES && has_engine(engine); engine++) {
		for (size_t i = 0; i < ROWS(table); i++) {
			struct arena arena;
			struct spf_outcome outcome;

			print_message("    %s %s\n", table[i].domain, engine == 0 ? "native" : "libspf2");
			arena_init(&arena, 1U << 16);
			assert_int_equal(evaluate(spf_engines[engine], table[i].domain, table[i].client,
						  &arena, &outcome),
					 table[i].expected);
			assert_int_equal(outcome.problem.kind != SPF_PROBLEM_NONE,
					 outcome.result == RESULT_TEMPERROR
						 || outcome.result == RESULT_PERMERROR);
			arena_clear(&arena);
		}
	}
}

/* B01, pyspf#44, rspamd#6196: which of the MX hosts matches decides, not which of them is looked at first. */
static void
B01_spf_engines_look_for_a_match_among_all_mx_hosts(void **state)
{
	static const char *const hosts[] = { "good.x", "void1.x", "void2.x", "void3.x", "down.x" };
	struct fake_row mx[] = {
		{ "b01.example", DNS_TXT, DNS_NOERROR, "v=spf1 mx//64 -all" },
		{ "b01.example", DNS_MX, DNS_NOERROR, NULL },
		{ "good.x", DNS_AAAA, DNS_NOERROR, "2001:db8:1::1|2001:db8::9" },
		{ "void1.x", DNS_AAAA, DNS_NODATA, NULL },
		{ "void2.x", DNS_AAAA, DNS_NXDOMAIN, NULL },
		{ "void3.x", DNS_AAAA, DNS_NODATA, NULL },
		{ "down.x", DNS_AAAA, DNS_SERVFAIL, NULL },
	};
	static const struct {
		const char *client;
		size_t hosts;
		enum result expected;
	} table[] = {
		{ "2001:db8::7", 5, RESULT_PASS },
		{ "2001:db8:2::7", 5, RESULT_TEMPERROR },
		{ "2001:db8:2::7", 4, RESULT_PERMERROR },
		{ "2001:db8:2::7", 3, RESULT_FAIL },
	};

	(void)state;
	for (size_t run = 0; run < 2 * ROWS(table) * 5; run++) {
		const size_t row = run / 2 / 5, first = run / 2 % 5, count = table[row].hosts;
		struct world world = { .rows = mx, .count = ROWS(mx) };
		const struct spf_source source = { ask, &world, NULL };
		struct spf_query query = { .domain = "b01.example",
					   .local = SPAN("a"),
					   .sender_domain = "b01.example",
					   .helo = "h",
					   .receiver = "m" };
		struct spf_outcome outcome;
		char records[200] = "";
		struct arena arena;

		for (size_t i = 0; i < count; i++)
			(void)snprintf(records + strlen(records), sizeof records - strlen(records),
				       "%s%zu %s", i > 0 ? "|" : "", i, hosts[(first + i) % count]);
		mx[1].records = records;
		if (!has_engine(run % SPF_ENGINES))
			continue;
		assert_true(ipaddr_parse(span_of(table[row].client), &query.client));
		arena_init(&arena, 1U << 16);
		assert_true(spf_engines[run % SPF_ENGINES](&query, &source, &arena, &outcome));
		assert_int_equal(outcome.result, table[row].expected);
		arena_clear(&arena);
		clear(&world);
	}
}

/* C27: explanation text is ours to expand, US-ASCII or nothing. */
static void
C27_spf_engines_expand_explanations_safely(void **state)
{
	(void)state;
	for (size_t engine = 0; engine < SPF_ENGINES && has_engine(engine); engine++) {
		struct arena arena;
		struct spf_outcome outcome;

		arena_init(&arena, 1U << 16);
		assert_int_equal(
			evaluate(spf_engines[engine], "exp.example", "198.51.100.61", &arena, &outcome),
			RESULT_FAIL);
		assert_non_null(outcome.explanation);
		assert_string_equal(outcome.explanation,
				    "198.51.100.61 is not exp.example's, 198.51.100.61%");
		assert_int_equal(
			evaluate(spf_engines[engine], "expt.example", "198.51.100.61", &arena, &outcome),
			RESULT_FAIL);
		assert_int_equal(
			strncmp(outcome.explanation, "mx.test says no to mail.yodel.example at ", 41), 0);
		assert_true(strtoll(outcome.explanation + 41, NULL, 10) > 0);
		assert_string_equal(outcome.explanation + strlen(outcome.explanation) - 4, " %20");
		assert_int_equal(
			evaluate(spf_engines[engine], "exp8.example", "198.51.100.61", &arena, &outcome),
			RESULT_FAIL);
		assert_null(outcome.explanation);
		arena_clear(&arena);
	}
}

/* C15, C16: explanation texts of many long macros, which crash libspf2 when it expands them itself. */
static void
C15_spf_libspf2_never_sees_explanation_text(void **state)
{
	static char text[1200];
	struct fake_row crafted[] = {
		{ "bomb.example", DNS_TXT, DNS_NOERROR, "v=spf1 exp=boom.example -all" },
		{ "boom.example", DNS_TXT, DNS_NOERROR, text },
	};
	static const char *const macros[] = { "%{s}", "%{S}",   "%{H}", "%{ir}", "%{l9r-}",
					      "%{d}", "%{o9r}", "%{p}", "%%%_%-" };
	static char local[] = "aaaaaaaaaa\xff\xfe-bbbbbbbbbbbbbbbbbbbbbbbbb-cccccccccccccccccc";

	(void)state;
	for (size_t engine = 0; engine < SPF_ENGINES && has_engine(engine); engine++) {
		for (size_t run = 0; run < ROWS(macros) * 30; run++) {
			struct world world = { .rows = crafted, .count = ROWS(crafted) };
			const struct spf_source source = { ask, &world, NULL };
			struct spf_query query = { .domain = "bomb.example",
						   .local = span_of(local),
						   .sender_domain = "bomb.example",
						   .helo = "[x]",
						   .receiver = "m" };
			struct spf_outcome outcome;
			struct arena arena;

			text[0] = '\0';
			for (size_t i = 0; i < run && strlen(text) + 60 < sizeof text; i++) {
				(void)strcat(text, macros[run % ROWS(macros)]);
				if (run % 3 == 0)
					(void)strcat(text, "0123456789012345678901234567890123456789");
			}
			assert_true(ipaddr_parse(SPAN("2001:db8::1"), &query.client));
			arena_init(&arena, 1U << 16);
			assert_true(spf_engines[engine](&query, &source, &arena, &outcome));
			assert_int_equal(outcome.result, RESULT_FAIL);
			if (outcome.explanation != NULL)
				for (const char *at = outcome.explanation; *at != '\0'; at++)
					assert_true(*at >= ' ' && *at <= '~');
			arena_clear(&arena);
			clear(&world);
		}
	}
}

/* A record that libspf2 would cut is refused there, and evaluated whole by our own engine. */
static void
spf_libspf2_refuses_records_that_it_would_cut(void **state)
{
	static char text[2000] = "v=spf1";
	struct fake_row row[] = { { "long.example", DNS_TXT, DNS_NOERROR, text } };
	static const enum result expected[] = { RESULT_FAIL, RESULT_PERMERROR };

	(void)state;
	for (int i = 0; i < 64; i++)
		(void)strcat(text, " ip4:192.0.2.77");
	(void)strcat(text, " -all");
	for (size_t engine = 0; engine < SPF_ENGINES && has_engine(engine); engine++) {
		struct world world = { .rows = row, .count = 1 };
		const struct spf_source source = { ask, &world, NULL };
		const struct spf_query query = query_of("long.example", "198.51.100.1");
		struct spf_outcome outcome;
		struct arena arena;

		arena_init(&arena, 1U << 16);
		assert_true(spf_engines[engine](&query, &source, &arena, &outcome));
		assert_int_equal(outcome.result, expected[engine]);
		arena_clear(&arena);
		clear(&world);
	}
}

/* One step a line: depth, domain, term, how it ended, and its lookups. */
static void
tell_trace(const struct spf_trace *trace, struct strbuf *text)
{
	static const char *const words[] = { "no", "match", "temperror", "permerror" };

	for (size_t i = 0; i < trace->step_count; i++) {
		const struct spf_step *step = &trace->steps[i];

		strbuf_printf(text, "%u %s %s\"%.*s\" %s", step->depth, step->domain,
			      step->is_record ? "record " : "", (int)step->term.length, step->term.at,
			      words[step->match]);
		for (size_t j = 0; j < trace->lookup_count; j++)
			if (trace->lookups[j].step == i)
				strbuf_printf(text, " %s %s %s", dns_type_word(trace->lookups[j].type),
					      trace->lookups[j].name,
					      dns_status_word(trace->lookups[j].answer->status));
		strbuf_add_char(text, '\n');
	}
	strbuf_printf(text, "%u terms, %u void%s", trace->terms, trace->voids, trace->is_cut ? ", cut" : "");
}

/* What was looked up for which term, what came, and what followed: in order. */
static void
spf_native_traces_each_step(void **state)
{
	static const struct {
		const char *domain, *client, *trace;
	} table[] = {
		{ "absent.example", "198.51.100.54",
		  "0 absent.example record \"\" no TXT absent.example NXDOMAIN\n0 terms, 0 void" },
		{ "inc.example", "198.51.100.60",
		  "0 inc.example record \"v=spf1 include:yodel.example ~all\" match TXT inc.example answered\n"
		  "0 inc.example \"include:yodel.example\" match\n"
		  "1 yodel.example record \"v=spf1 ip4:198.51.100.54 mx -all\" match TXT yodel.example answered\n"
		  "1 yodel.example \"ip4:198.51.100.54\" no\n"
		  "1 yodel.example \"mx\" match MX yodel.example answered A mail.yodel.example answered\n"
		  "2 terms, 0 void" },
		{ "inc.example", "198.51.100.61",
		  "0 inc.example record \"v=spf1 include:yodel.example ~all\" match TXT inc.example answered\n"
		  "0 inc.example \"include:yodel.example\" no\n"
		  "1 yodel.example record \"v=spf1 ip4:198.51.100.54 mx -all\" match TXT yodel.example answered\n"
		  "1 yodel.example \"ip4:198.51.100.54\" no\n"
		  "1 yodel.example \"mx\" no MX yodel.example answered A mail.yodel.example answered\n"
		  "1 yodel.example \"-all\" match\n"
		  "0 inc.example \"~all\" match\n"
		  "2 terms, 0 void" },
		{ "red.example", "198.51.100.54",
		  "0 red.example record \"v=spf1 redirect=yodel.example\" match TXT red.example answered\n"
		  "0 red.example \"redirect=yodel.example\" match\n"
		  "1 yodel.example record \"v=spf1 ip4:198.51.100.54 mx -all\" match TXT yodel.example answered\n"
		  "1 yodel.example \"ip4:198.51.100.54\" match\n"
		  "1 terms, 0 void" },
		{ "voids.example", "198.51.100.54",
		  "0 voids.example record \"v=spf1 a:v1.example a:v2.example a:v3.example +all\" match TXT voids.example answered\n"
		  "0 voids.example \"a:v1.example\" no A v1.example NXDOMAIN\n"
		  "0 voids.example \"a:v2.example\" no A v2.example NXDOMAIN\n"
		  "0 voids.example \"a:v3.example\" permerror A v3.example NXDOMAIN\n"
		  "3 terms, 3 void" },
		{ "downa.example", "198.51.100.54",
		  "0 downa.example record \"v=spf1 a:broken.example -all\" match TXT downa.example answered\n"
		  "0 downa.example \"a:broken.example\" temperror A broken.example timeout\n"
		  "1 terms, 0 void" },
		{ "badinc.example", "198.51.100.54",
		  "0 badinc.example record \"v=spf1 include:none.example -all\" match TXT badinc.example answered\n"
		  "0 badinc.example \"include:none.example\" permerror\n"
		  "1 none.example record \"\" no TXT none.example NXDOMAIN\n"
		  "1 terms, 0 void" },
		{ "bad.example", "198.51.100.54",
		  "0 bad.example record \"v=spf1 ipv4:198.51.100.54 -all\" permerror TXT bad.example answered\n"
		  "0 terms, 0 void" },
		{ "exp.example", "198.51.100.61",
		  "0 exp.example record \"v=spf1 exp=why.exp.example -all\" match TXT exp.example answered\n"
		  "0 exp.example \"-all\" match\n"
		  "0 exp.example \"exp=why.exp.example\" match TXT why.exp.example answered\n"
		  "0 terms, 0 void" },
		{ "ptr.example", "198.51.100.54",
		  "0 ptr.example record \"v=spf1 ptr -all\" match TXT ptr.example answered\n"
		  "0 ptr.example \"ptr\" match PTR 54.100.51.198.in-addr.arpa answered A liar.example answered A out.ptr.example answered\n"
		  "1 terms, 0 void" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct world world = { .rows = rows, .count = ROWS(rows) };
		const struct spf_source source = { ask, &world, NULL };
		const struct spf_query query = query_of(table[i].domain, table[i].client);
		struct spf_outcome outcome;
		struct arena arena;
		char memory[4096];
		struct strbuf told;

		arena_init(&arena, 1U << 16);
		assert_true(spf_native_evaluate(&query, &source, &arena, &outcome));
		strbuf_init(&told, memory, sizeof memory);
		tell_trace(&outcome.trace, &told);
		assert_string_equal(memory, table[i].trace);
		arena_clear(&arena);
		clear(&world);
	}
}

/* B18: the problem names the term at fault, and in whose record it stands; a loop is told as one. */
static void
B18_spf_native_blames_the_term_at_fault(void **state)
{
	static const struct fake_row blamed[] = {
		{ "syntax.example", DNS_TXT, DNS_NOERROR, "v=spf1 mx:%{z} ipv4:192.0.2.20 -all" },
		{ "outer.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:inner.example -all" },
		{ "inner.example", DNS_TXT, DNS_NOERROR, "v=spf1 ip4:192.0.2.0/33" },
		{ "middle.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:dead.example -all" },
		{ "top.example", DNS_TXT, DNS_NOERROR, "v=spf1 ?include:middle.example -all" },
		{ "dead.example", DNS_TXT, DNS_NODATA, NULL },
		{ "go.example", DNS_TXT, DNS_NOERROR, "v=spf1 redirect=dead.example" },
		{ "self.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:self.example -all" },
		{ "a.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:b.example -all" },
		{ "A.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:b.example -all" }, /* as DNS has it */
		{ "b.example", DNS_TXT, DNS_NOERROR, "v=spf1 redirect=A.example." },
		{ "loop.example", DNS_TXT, DNS_NOERROR, "v=spf1 mx include:a.loop.example -all" },
		{ "loop.example", DNS_MX, DNS_NODATA, NULL },
		{ "a.loop.example", DNS_TXT, DNS_NOERROR,
		  "v=spf1 include:leaf.example include:loop.example" },
		{ "leaf.example", DNS_TXT, DNS_NOERROR, "v=spf1 -all" },
		{ "far.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:loop.example -all" },
		{ "go-a.example", DNS_TXT, DNS_NOERROR, "v=spf1 redirect=go-b.example" },
		{ "go-b.example", DNS_TXT, DNS_NOERROR, "v=spf1 redirect=go-a.example" },
		{ "go-self.example", DNS_TXT, DNS_NOERROR, "v=spf1 redirect=go-self.example" },
		{ "down.example", DNS_TXT, DNS_NOERROR, "v=spf1 exists:x.example -all" },
		{ "x.example", DNS_A, DNS_SERVFAIL, NULL },
	};
	static const struct {
		const char *domain;
		enum spf_problem_kind kind;
		const char *holder, *term, *name;
	} table[] = {
		{ "syntax.example", SPF_PROBLEM_SYNTAX, "syntax.example", "mx:%{z}", "syntax.example" },
		{ "outer.example", SPF_PROBLEM_SYNTAX, "inner.example", "ip4:192.0.2.0/33", "inner.example" },
		{ "top.example", SPF_PROBLEM_INCLUDE_WITHOUT_RECORD, "middle.example", "include:dead.example",
		  "dead.example" },
		{ "go.example", SPF_PROBLEM_REDIRECT_WITHOUT_RECORD, "go.example", "redirect=dead.example",
		  "dead.example" },
		{ "self.example", SPF_PROBLEM_ENDLESS, "self.example", "include:self.example",
		  "self.example" },
		{ "a.example", SPF_PROBLEM_ENDLESS, "b.example", "redirect=A.example.", "A.example" },
		{ "loop.example", SPF_PROBLEM_ENDLESS, "a.loop.example", "include:loop.example",
		  "loop.example" },
		{ "far.example", SPF_PROBLEM_ENDLESS, "a.loop.example", "include:loop.example",
		  "loop.example" },
		{ "go-a.example", SPF_PROBLEM_ENDLESS, "go-b.example", "redirect=go-a.example",
		  "go-a.example" },
		{ "go-self.example", SPF_PROBLEM_ENDLESS, "go-self.example", "redirect=go-self.example",
		  "go-self.example" },
		{ "down.example", SPF_PROBLEM_LOOKUP_FAULT, "down.example", "exists:x.example", "x.example" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct world world = { .rows = blamed, .count = ROWS(blamed) };
		const struct spf_source source = { ask, &world, NULL };
		const struct spf_query query = query_of(table[i].domain, "198.51.100.1");
		struct spf_outcome outcome;
		struct arena arena;

		print_message("    %s\n", table[i].domain);
		arena_init(&arena, 1U << 16);
		assert_true(spf_native_evaluate(&query, &source, &arena, &outcome));
		assert_int_equal(outcome.problem.kind, table[i].kind);
		assert_string_equal(outcome.problem.holder, table[i].holder);
		assert_string_equal(outcome.problem.term, table[i].term);
		assert_string_equal(outcome.problem.name, table[i].name);
		arena_clear(&arena);
		clear(&world);
	}
}

/* Of a record with thousands of addresses the trace keeps the first, and all that mattered. */
static void
spf_native_cuts_long_traces(void **state)
{
	static char text[60000] = "v=spf1";
	struct fake_row long_row[] = { { "long.example", DNS_TXT, DNS_NOERROR, text } };
	struct world world = { .rows = long_row, .count = 1 };
	const struct spf_source source = { ask, &world, NULL };
	const struct spf_query query = query_of("long.example", "198.51.100.1");
	struct spf_outcome outcome;
	struct arena arena;

	(void)state;
	for (int i = 0; i < 900; i++)
		(void)strcat(text, " ip4:192.0.2.77");
	(void)strcat(text, " a:v1.example ip4:198.51.100.1 -all");
	arena_init(&arena, 1U << 20);
	assert_true(spf_native_evaluate(&query, &source, &arena, &outcome));
	if (outcome.result != RESULT_PASS)
		fail_msg("problem %d", outcome.problem.kind);
	assert_true(outcome.trace.is_cut);
	assert_int_equal(outcome.trace.step_count, SPF_PLAIN_STEPS_MAX + 2);
	assert_int_equal(outcome.trace.steps[SPF_PLAIN_STEPS_MAX + 1].match, SPF_MATCH);
	arena_clear(&arena);
	clear(&world);
}

/* A world that answers each question only when it is asked a second time, one more answer a round. */
struct slow_world {
	struct world world;
	struct {
		char name[256];
		enum dns_type type;
		const struct dns_answer *answer;
	} asked[600];
	size_t count, answered;
};

static const struct dns_answer *
ask_slowly(void *context, const char *name, enum dns_type type)
{
	struct slow_world *slow = context;

	for (size_t i = 0; i < slow->count; i++)
		if (slow->asked[i].type == type && strcmp(slow->asked[i].name, name) == 0)
			return i < slow->answered ? slow->asked[i].answer : NULL;
	assert_true(slow->count < ROWS(slow->asked));
	(void)snprintf(slow->asked[slow->count].name, sizeof slow->asked[0].name, "%s", name);
	slow->asked[slow->count].type = type;
	slow->asked[slow->count++].answer = ask(&slow->world, name, type);
	return NULL;
}

static spf_engine *slow_engine = spf_native_evaluate;
static size_t answers_a_round = SIZE_MAX;

/* Evaluate with answers that come one by one; returns how many questions there were, and in how many rounds.
 */
static size_t
evaluate_slowly(const struct fake_row *world, size_t count, const char *domain, struct spf_outcome *outcome,
		size_t *rounds)
{
	static struct slow_world slow;
	struct workspace work = { .state = NULL };
	const struct spf_source source = { ask_slowly, &slow, &work };
	struct spf_query query = {
		.domain = domain, .local = SPAN("joe"), .sender_domain = domain, .helo = "", .receiver = ""
	};
	struct arena arena;

	memset(&slow, 0, sizeof slow);
	arena_init(&work.memory, BOUND_SPF_WORK_OCTETS);
	slow.world = (struct world){ .rows = world, .count = count };
	assert_true(ipaddr_parse(SPAN("203.0.113.9"), &query.client));
	arena_init(&arena, 1U << 16);
	for (*rounds = 0; !slow_engine(&query, &source, &arena, outcome); ++*rounds)
		slow.answered = slow.count - slow.answered <= answers_a_round
					? slow.count
					: slow.answered + answers_a_round;
	arena_clear(&arena);
	clear(&slow.world);
	return slow.count;
}

/* The parser, which counts. */
bool __real_spf_record_parse(struct span text, struct arena *arena, struct spf_record *record,
			     struct spf_fault *fault);
bool __wrap_spf_record_parse(struct span text, struct arena *arena, struct spf_record *record,
			     struct spf_fault *fault);
static size_t parsed;

bool
__wrap_spf_record_parse(struct span text, struct arena *arena, struct spf_record *record,
			struct spf_fault *fault)
{
	parsed++;
	return __real_spf_record_parse(text, arena, record, fault);
}

/* S3: however many answers come one by one, no record is read twice, and the outcome is that of all at once.
 */
static void
S3_spf_native_reads_each_record_once(void **state)
{
	static const struct fake_row world[] = {
		{ "d.example", DNS_TXT, DNS_NOERROR,
		  "v=spf1 a:a1.x mx include:e1.example a:a2.x include:e2.example include:e1.example -all" },
		{ "d.example", DNS_MX, DNS_NOERROR, "1 a.x|1 b.x|1 c.x|1 d.x|1 e.x" },
		{ "e1.example", DNS_TXT, DNS_NOERROR,
		  "v=spf1 ip4:192.0.2.1 exists:%{i}.%{d} redirect=e3.example" },
		{ "e2.example", DNS_TXT, DNS_NOERROR, "v=spf1 a:b.x ?all" },
		{ "e3.example", DNS_TXT, DNS_NOERROR, "v=spf1 a:c.x ?all" },
		{ "203.0.113.9.e1.example", DNS_A, DNS_NODATA, NULL },
		{ "a1.x", DNS_A, DNS_NOERROR, "192.0.2.1" },
		{ "a2.x", DNS_A, DNS_NOERROR, "192.0.2.1" },
		{ "a.x", DNS_A, DNS_NOERROR, "192.0.2.1" },
		{ "b.x", DNS_A, DNS_NOERROR, "192.0.2.1" },
		{ "c.x", DNS_A, DNS_NOERROR, "192.0.2.1" },
		{ "d.x", DNS_A, DNS_NOERROR, "192.0.2.1" },
		{ "e.x", DNS_A, DNS_NOERROR, "192.0.2.1" },
	};
	struct spf_outcome outcome;
	size_t rounds;

	(void)state;
	for (answers_a_round = 1; answers_a_round < 4; answers_a_round++) {
		parsed = 0;
		(void)evaluate_slowly(world, ROWS(world), "d.example", &outcome, &rounds);
		assert_int_equal(outcome.result, RESULT_PERMERROR); /* 11 terms */
		assert_int_equal(outcome.trace.terms, SPF_TERMS_MAX + 1);
		assert_int_equal(parsed, 4);
		assert_true(rounds > 4);
	}
	answers_a_round = SIZE_MAX;
}

/* S3: what is too long to evaluate in bounded time is no fault of the record's owner that anybody is refused
 * for. */
static void
S3_spf_engines_give_up_on_what_is_too_long(void **state)
{
	static char text[30000];
	const struct fake_row world[] = { { "long.example", DNS_TXT, DNS_NOERROR, text } };

	(void)state;
	for (size_t run = 0; run < 4; run++) {
		struct spf_outcome outcome;
		size_t rounds;

		(void)strcpy(text, "v=spf1");
		for (int i = 0; i < 1025 && run / 2 == 0; i++)
			(void)strcat(text, " ip4:192.0.2.77");
		(void)strcat(text, " exists:");
		for (size_t i = 0; i < SPF_TERM_OCTETS_MAX / 4 + 1 && run / 2 == 1; i++)
			(void)strcat(text, "%{i}");
		(void)strcat(text, ".x -all");
		if (!has_engine(run % SPF_ENGINES))
			continue;
		slow_engine = spf_engines[run % SPF_ENGINES];
		(void)evaluate_slowly(world, 1, "long.example", &outcome, &rounds);
		assert_int_equal(outcome.result, RESULT_TEMPERROR);
	}
	slow_engine = spf_native_evaluate;
}

/* P14: neither engine counts on behind the limit of terms. */
static void
P14_spf_engines_stop_at_the_limit_of_terms(void **state)
{
	static const struct fake_row world[] = {
		{ "d.example", DNS_TXT, DNS_NOERROR,
		  "v=spf1 include:e.example include:e.example include:e.example include:e.example include:e.example include:e.example include:e.example include:e.example include:e.example include:e.example include:e.example include:e.example redirect=e.example" },
		{ "e.example", DNS_TXT, DNS_NOERROR, "v=spf1 ?all" },
	};

	(void)state;
	for (size_t run = 0; run < SPF_ENGINES && has_engine(run); run++) {
		struct spf_outcome outcome;
		size_t rounds;

		slow_engine = spf_engines[run];
		(void)evaluate_slowly(world, ROWS(world), "d.example", &outcome, &rounds);
		assert_int_equal(outcome.result, RESULT_PERMERROR);
		assert_int_equal(outcome.trace.terms, SPF_TERMS_MAX + 1);
	}
	slow_engine = spf_native_evaluate;
}

/* The same world, in which the reverse DNS never answers, until at last there is no time for anything. */
struct hurried_world {
	struct slow_world slow;
	bool is_over;
};

static const struct dns_answer *
ask_in_time(void *context, const char *name, enum dns_type type)
{
	static const struct dns_answer late = { .status = DNS_TIMEOUT };
	struct hurried_world *hurried = context;
	const size_t count = hurried->slow.count;
	const struct dns_answer *answer;

	if (hurried->is_over && type == DNS_PTR)
		return &late;
	answer = ask_slowly(&hurried->slow, name, type);
	if (hurried->is_over && hurried->slow.count > count)
		return &late; /* a question that comes too late */
	return type == DNS_PTR ? NULL : answer;
}

static enum result
evaluate_in_time(const struct fake_row *world, size_t count)
{
	static struct hurried_world hurried;
	struct workspace work = { .state = NULL };
	const struct spf_source source = { ask_in_time, &hurried, &work };
	struct spf_query query = { .domain = "d.example",
				   .local = SPAN("joe"),
				   .sender_domain = "d.example",
				   .helo = "",
				   .receiver = "" };
	struct spf_outcome outcome;
	struct arena arena;

	memset(&hurried, 0, sizeof hurried);
	arena_init(&work.memory, BOUND_SPF_WORK_OCTETS);
	hurried.slow.world = (struct world){ .rows = world, .count = count };
	assert_true(ipaddr_parse(SPAN("203.0.113.9"), &query.client));
	arena_init(&arena, 1U << 16);
	for (size_t round = 0; !spf_native_evaluate(&query, &source, &arena, &outcome); round++) {
		hurried.slow.answered = hurried.slow.count;
		hurried.is_over = round > 8;
	}
	arena_clear(&arena);
	clear(&hurried.slow.world);
	return outcome.result;
}

/* 7.3: a client that holds up its own reverse DNS gets no other result than one that has none (7.3). */
static void
R7208_11_spf_names_of_the_client_that_do_not_come_are_unknown(void **state)
{
	static const char *const records[] = {
		"v=spf1 exists:%{p}.x.example -all",
		"v=spf1 exists:%{p}.x.example include:%{p2}.y.example include:e.example -all",
		"v=spf1 a:w.example exists:%{ir}.%{P}.x.example include:e.example -all",
		"v=spf1 mx:%{p} include:f.example ptr include:e.example -all",
		"v=spf1 include:f.example redirect=%{p}.g.example",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(records); i++) {
		const struct fake_row world[] = {
			{ "d.example", DNS_TXT, DNS_NOERROR, records[i] },
			{ "e.example", DNS_TXT, DNS_NOERROR, "v=spf1 a:w.example ?all" },
			{ "f.example", DNS_TXT, DNS_NOERROR, "v=spf1 exists:%{p}.f.example ?all" },
			{ "w.example", DNS_A, DNS_NOERROR, "198.51.100.7" },
			{ "unknown.y.example", DNS_TXT, DNS_NOERROR, "v=spf1 ?all" },
			{ "unknown.g.example", DNS_TXT, DNS_NOERROR, "v=spf1 -all" },
		};

		if (evaluate_in_time(world, ROWS(world)) != RESULT_FAIL)
			fail_msg("%s", records[i]);
	}
}

/* 4.6.4: what is asked ahead is never more than the limits would let through, and saves rounds. */
static void
R7208_11_spf_native_asks_ahead_within_the_limits(void **state)
{
	static const struct {
		const char *record, *other; /* of d.example; of each eN.example */
		enum result result;
		size_t questions, rounds; /* at most; exactly */
	} table[] = {
		/* all of one record together: the record, then the rest */
		{ "v=spf1 a:a1.x a:a2.x a:a3.x mx:a4.x -all", "", RESULT_PERMERROR, 5, 2 },
		/* 30 terms: 10 are asked */
		{ "v=spf1 exists:a1.x exists:a2.x exists:a3.x exists:a4.x exists:a5.x exists:a6.x exists:a7.x exists:a8.x exists:a9.x exists:b1.x exists:b2.x exists:b3.x exists:b4.x -all",
		  "", RESULT_PERMERROR, 11, 2 },
		{ "v=spf1 a:w1.y a:w2.y a:w3.y a:w4.y a:w5.y a:w6.y a:w7.y a:w8.y a:w9.y a:w10.y a:w11.y a:w12.y a:w13.y -all",
		  "", RESULT_PERMERROR, 11, 2 },
		/* includes: their records together, and then what is in them */
		{ "v=spf1 include:e1.z include:e2.z include:e3.z -all", "v=spf1 a:w1.y a:w2.y ?all",
		  RESULT_FAIL, 6, 3 },
		/* 5 includes of 10 terms each: 10 terms in all */
		{ "v=spf1 include:e1.z include:e2.z include:e3.z include:e4.z include:e5.z -all",
		  "v=spf1 a:w1.y a:w2.y a:w3.y a:w4.y a:w5.y a:w6.y a:w7.y a:w8.y a:w9.y a:w10.y ?all",
		  RESULT_PERMERROR, 16, 3 },
		/* includes of themselves: 10 in all */
		{ "v=spf1 include:e1.z include:e2.z -all",
		  "v=spf1 include:e1.z include:e2.z include:e3.z -all", RESULT_PERMERROR, 4, 2 },
		/* nothing behind "all" or what matched is asked */
		{ "v=spf1 all a:w1.y a:w2.y", "", RESULT_PASS, 1, 1 },
		{ "v=spf1 ip4:203.0.113.9 a:w1.y a:w2.y -all", "", RESULT_PASS, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		static char names[16][2][16];
		struct fake_row world[32] = { { "d.example", DNS_TXT, DNS_NOERROR, table[i].record } };
		struct spf_outcome outcome;
		size_t count = 1, rounds, questions;

		for (int n = 1; n <= 13; n++) {
			(void)snprintf(names[n][0], sizeof names[n][0], "e%d.z", n);
			(void)snprintf(names[n][1], sizeof names[n][1], "w%d.y", n);
			world[count++] =
				(struct fake_row){ names[n][0], DNS_TXT, DNS_NOERROR, table[i].other };
			world[count++] = (struct fake_row){ names[n][1], DNS_A, DNS_NOERROR, "192.0.2.1" };
		}
		questions = evaluate_slowly(world, count, "d.example", &outcome, &rounds);
		print_message("    %s: %zu questions, %zu rounds\n", table[i].record, questions, rounds);
		assert_int_equal(outcome.result, table[i].result);
		assert_in_range(questions, 1, table[i].questions);
		assert_int_equal(rounds, table[i].rounds);
	}
}

/* RFC 8616, 4: a local part that is not ASCII fits into no name; what asks for it matches nothing. */
static void
R8616_spf_native_terms_with_8_bit_local_part_match_nothing(void **state)
{
	static const struct {
		const char *record;
		enum result ascii, other;
	} table[] = {
		{ "v=spf1 exists:%{l}.x -all", RESULT_PASS, RESULT_FAIL },
		{ "v=spf1 exists:%{s}.x ~all", RESULT_PASS, RESULT_SOFTFAIL },
		{ "v=spf1 include:%{l}.x ?all", RESULT_PASS, RESULT_NEUTRAL },
		{ "v=spf1 exists:%{d}.x -all", RESULT_PASS, RESULT_PASS },
		{ "v=spf1 exists:%{o}.x -all", RESULT_PASS, RESULT_PASS },
	};
	static const char *const locals[] = { "joe", "jo\xc3\xab" };

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct fake_row world_rows[] = {
			{ "xn--bcher-kva.example", DNS_TXT, DNS_NOERROR, table[i].record },
			{ "joe.x", DNS_A, DNS_NOERROR, "127.0.0.2" },
			{ "joe.x", DNS_TXT, DNS_NOERROR, "v=spf1 +all" },
			{ "joe\\064xn--bcher-kva.example.x", DNS_A, DNS_NOERROR, "127.0.0.2" },
			{ "xn--bcher-kva.example.x", DNS_A, DNS_NOERROR, "127.0.0.2" },
			{ "jo\\195\\171.x", DNS_A, DNS_NOERROR, "127.0.0.2" },
			{ "jo\\195\\171.x", DNS_TXT, DNS_NOERROR, "v=spf1 +all" },
		};

		for (size_t j = 0; j < ROWS(locals); j++) {
			struct world world = { .rows = world_rows, .count = ROWS(world_rows) };
			const struct spf_source source = { ask, &world, NULL };
			struct spf_query query = { .domain = "xn--bcher-kva.example",
						   .local = span_of(locals[j]),
						   .sender_domain = "xn--bcher-kva.example",
						   .helo = "",
						   .receiver = "" };
			struct spf_outcome outcome;
			struct arena arena;

			print_message("    %s %s\n", table[i].record, locals[j]);
			arena_init(&arena, 1U << 16);
			assert_true(ipaddr_parse(SPAN("203.0.113.9"), &query.client));
			assert_true(spf_native_evaluate(&query, &source, &arena, &outcome));
			assert_int_equal(outcome.result, j == 0 ? table[i].ascii : table[i].other);
			arena_clear(&arena);
			clear(&world);
		}
	}
}

static void
R7208_4_6_spf_term_counts_those_that_cause_lookups(void **state)
{
	static const char *const counted[] = { "a",
					       "A/24",
					       "mx:d.test",
					       "+ptr",
					       "-include:d.test",
					       "?exists:%{i}.d.test",
					       "~INCLUDE:d.test",
					       "redirect=d.test",
					       "Redirect=d.test" };
	static const char *const free_of_cost[] = { "",
						    "all",
						    "-all",
						    "ip4:192.0.2.1",
						    "ip6:2001:db8::1",
						    "exp=d.test",
						    "x=a",
						    "ab",
						    "+",
						    "mxy:d.test",
						    "a=mx",
						    "++a" };

	(void)state;
	for (size_t i = 0; i < ROWS(counted); i++)
		assert_true(spf_term_counts(span_of(counted[i])));
	for (size_t i = 0; i < ROWS(free_of_cost); i++)
		assert_false(spf_term_counts(span_of(free_of_cost[i])));
}

static void
spf_term_is_wide_where_nobody_has_so_many_addresses(void **state)
{
	static const char wide[] =
		"v=spf1 ip4:0.0.0.0/0 ip4:128.0.0.0/1 ip4:16.0.0.0/7 ip6:::/0 ip6:2000::/15 "
		"a/0 mx:d.example/7 a:d.example//0";
	static const char others[] = "v=spf1 ip4:17.0.0.0/8 ip4:192.0.2.1 ip6:2001::/16 ip6:2001:db8::1 a "
				     "mx/24 a:d.example//64 ptr include:d.example exists:%{i}.d.example +all";
	struct spf_record record;
	struct spf_fault fault;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1U << 16);
	assert_true(spf_record_parse(span_of(wide), &arena, &record, &fault));
	assert_int_equal(record.count, 8);
	for (size_t i = 0; i < record.count; i++)
		assert_true(spf_term_is_wide(&record.terms[i]));
	assert_true(spf_record_parse(span_of(others), &arena, &record, &fault));
	for (size_t i = 0; i < record.count; i++)
		assert_false(spf_term_is_wide(&record.terms[i]));
	arena_clear(&arena);
}

static void
R7208_6_spf_term_is_slip_where_a_mechanism_is_written_as_a_modifier(void **state)
{
	(void)state;
	assert_true(spf_term_is_slip(SPAN("include=d.example")));
	assert_true(spf_term_is_slip(SPAN("IP4=192.0.2.1")));
	assert_false(spf_term_is_slip(SPAN("redirect=d.example")));
	assert_false(spf_term_is_slip(SPAN("exp=d.example")));
	assert_false(spf_term_is_slip(SPAN("include:d.example")));
	assert_false(spf_term_is_slip(SPAN("x=a")));
}

/* Several records of one domain are merged where no judgement is needed. */
static void
R7208_3_2_spf_merge_makes_one_record(void **state)
{
	static const struct {
		const char *records[3], *merged; /* NULL: not to be had */
	} table[] = {
		{ { "v=spf1 mx -all", "v=spf1 a ~all" }, "v=spf1 mx a ~all" },
		{ { "v=spf1 mx -all", "other", "v=spf1 MX -all" }, "v=spf1 mx -all" },
		{ { "v=spf1 ip4:192.0.2.1", "v=spf1" }, "v=spf1 ip4:192.0.2.1 ~all" },
		{ { "v=spf1 a ?all", "v=spf1 -all" }, "v=spf1 a ?all" },
		{ { "v=spf1 a -all", "other" }, NULL },
		{ { "v=spf1 a -all", "v=spf1 +all" }, NULL },
		{ { "v=spf1 a -all", "v=spf1 redirect=x.example" }, "v=spf1 a include:x.example ~all" },
		{ { "v=spf1 redirect=x.example", "v=spf1 Include:x.example ?all" },
		  "v=spf1 include:x.example ?all" },
		{ { "v=spf1 a -all", "v=spf1 mx -all redirect=x.example" }, "v=spf1 a mx -all" },
		{ { "v=spf1 a -all", "v=spf1 exp=x.example mx -all", "v=spf1 -all exp=y.example" },
		  "v=spf1 a mx exp=x.example -all" },
		{ { "v=spf1 a -all", "v=spf1 ipv4:192.0.2.1 -all" }, NULL },
		{ { "v=spf1 a -all", "v=spf1 -all mx" }, NULL },
		{ { "v=spf1 a -all", "v=spf1 -ip4:192.0.2.1 -all" }, NULL },
		{ { "v=spf1 a -all", "v=spf1 ip4:0.0.0.0/0 -all" }, NULL },
		{ { "v=spf1 ip6:2000::/3 -all", "v=spf1 a -all" }, NULL },
		{ { "v=spf1 a -all", "v=spf1 mx/0 -all" }, NULL },
		{ { "v=spf1 a:1.a.example a:2.a.example a:3.a.example a:4.a.example a:5.a.example a:6.a.example",
		    "v=spf1 a:1.b.example a:2.b.example a:3.b.example a:4.b.example a:5.b.example" },
		  NULL },
		{ { "v=spf1 include:a-name-that-is-very-long-indeed.example include:another-such-name.example",
		    "v=spf1 include:a-third-one-which-is-as-long-as-the-others-before-it.example "
		    "include:and-a-fourth-that-makes-it-too-long-for-the-room-there-is.example" },
		  NULL },
	};
	union {
		struct dns_answer answer;
		char room[sizeof(struct dns_answer) + 3 * sizeof(struct dns_record)];
	} answer = { .answer.count = 0 };

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char memory[200] = "poison";
		struct strbuf text = STRBUF_OVER(memory);
		bool is_merged;

		answer.answer.count = table[i].records[2] != NULL ? 3 : 2;
		for (size_t j = 0; j < answer.answer.count; j++)
			answer.answer.records[j].text = span_of(table[i].records[j]);
		is_merged = spf_merge(&answer.answer, &text);
		assert_int_equal(is_merged, table[i].merged != NULL);
		assert_string_equal(memory, is_merged ? table[i].merged : "");
	}
}

/* What there is no memory for is not left out of it. */
static void
spf_merge_makes_none_without_memory(void **state)
{
	static char record[60000], memory[100000] = "poison";
	struct strbuf text = STRBUF_OVER(memory);
	union {
		struct dns_answer answer;
		char room[sizeof(struct dns_answer) + 6 * sizeof(struct dns_record)];
	} answer = { .answer.count = 2 };

	(void)state;
	memset(record, 'x', sizeof record - 1);
	memcpy(record, "v=spf1 redirect=", 16);
	for (size_t i = 3; i < sizeof record - 1; i += 4)
		record[i < 20 ? 20 : i] = '.';
	for (size_t i = 0; i < 6; i++)
		answer.answer.records[i].text = span_of(record);
	assert_true(spf_merge(&answer.answer, &text));
	strbuf_shorten(&text, 0);
	answer.answer.count = 6;
	assert_false(spf_merge(&answer.answer, &text));
	assert_string_equal(memory, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R7208_4_6_spf_term_counts_those_that_cause_lookups),
		cmocka_unit_test(R7208_4_6_spf_record_parse_takes_the_grammar_and_nothing_else),
		cmocka_unit_test(spf_record_extend_puts_the_address_where_it_decides),
		cmocka_unit_test(spf_engines_give_the_results_of_rfc_7208),
		cmocka_unit_test(B01_spf_engines_look_for_a_match_among_all_mx_hosts),
		cmocka_unit_test(S3_spf_native_reads_each_record_once),
		cmocka_unit_test(S3_spf_engines_give_up_on_what_is_too_long),
		cmocka_unit_test(P14_spf_engines_stop_at_the_limit_of_terms),
		cmocka_unit_test(C27_spf_engines_expand_explanations_safely),
		cmocka_unit_test(C15_spf_libspf2_never_sees_explanation_text),
		cmocka_unit_test(spf_libspf2_refuses_records_that_it_would_cut),
		cmocka_unit_test(spf_native_traces_each_step),
		cmocka_unit_test(B18_spf_native_blames_the_term_at_fault),
		cmocka_unit_test(spf_native_cuts_long_traces),
		cmocka_unit_test(spf_term_is_wide_where_nobody_has_so_many_addresses),
		cmocka_unit_test(R7208_6_spf_term_is_slip_where_a_mechanism_is_written_as_a_modifier),
		cmocka_unit_test(R7208_3_2_spf_merge_makes_one_record),
		cmocka_unit_test(spf_merge_makes_none_without_memory),
		cmocka_unit_test(R7208_11_spf_native_asks_ahead_within_the_limits),
		cmocka_unit_test(R7208_11_spf_names_of_the_client_that_do_not_come_are_unknown),
		cmocka_unit_test(R8616_spf_native_terms_with_8_bit_local_part_match_nothing),
	};

	return cmocka_run_group_tests_name("spf", tests, NULL, NULL);
}
