/* tokens: what a record holds for programs, and the words that are made of it for people. */
#include "unit.h"

#include <jansson.h>
#include <stdlib.h>

#include "heloscope/records/record.h"
#include "heloscope/words/helo.h"
#include "heloscope/words/lists.h"
#include "heloscope/words/peer.h"
#include "heloscope/words/sender.h"
#include "heloscope/words/spf_problem.h"

#define SCHEMA_SIZE 100000

static char schema[SCHEMA_SIZE];

static int
read_schema(void **state)
{
	const char *folder = getenv("srcdir");
	char path[4096];
	FILE *file;
	size_t length = 0;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/etc/records.schema.json", folder != NULL ? folder : "..");
	file = fopen(path, "r");
	if (file != NULL) {
		length = fread(schema, 1, sizeof schema - 1, file);
		(void)fclose(file);
	}
	return length > 0 ? 0 : -1;
}

/* A token: lower case, digits and hyphens, and the schema knows it. */
static void
assert_token(const json_t *text)
{
	const char *token = json_string_value(text);
	char quoted[100];

	assert_non_null(token);
	(void)snprintf(quoted, sizeof quoted, "\"%s\"", token);
	if (token[0] == '\0' || strspn(token, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(token)
	    || strstr(schema, quoted) == NULL)
		fail_msg("%s is no token of the schema", quoted);
}

/* The facts written and read again; and the object of `check` in the record, for json_decref(). */
static json_t *
write_and_read(struct facts *facts, const char *check, struct record_reading *reading)
{
	const struct message_record record = { .ident = "20261124T125000Z-0123456789ab",
					       .time_s = 1795524600,
					       .facts = facts };
	char *line, *again;
	json_t *read, *object;

	facts->client = (struct client_facts){ .address = ipaddr_from_ipv4(0xc6336407), .port = 25 };
	facts->sender.given = "<>";
	facts->sender.mailbox = (struct mailbox){ MAILBOX_NULL, "", "", "", false };
	facts->sender.domain = "";
	if (facts->helo.name == NULL)
		facts->helo.name = "";
	line = record_make(&record, RECORD_WHOLE);
	assert_non_null(line);
	read = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(read);
	assert_true(record_read(span_of(line), reading));
	again = record_make(&reading->record, RECORD_WHOLE);
	assert_string_equal(again, line);
	object = json_incref(json_object_get(json_object_get(read, "checks"), check));
	assert_non_null(object);
	json_decref(read);
	free(again);
	free(line);
	return object;
}

static void
assert_same_text(const char *text, const char *other)
{
	assert_int_equal(text != NULL, other != NULL);
	if (text != NULL)
		assert_string_equal(text, other);
}

static void
assert_same_problem(const struct spf_problem *problem, const struct spf_problem *other)
{
	assert_int_equal(problem->kind, other->kind);
	assert_int_equal(problem->fault, other->fault);
	assert_int_equal(problem->status, other->status);
	assert_int_equal(problem->at, other->at);
	assert_int_equal(problem->count, other->count);
	assert_int_equal(problem->code, other->code);
	assert_same_text(problem->name, other->name);
	assert_same_text(problem->holder, other->holder);
	assert_same_text(problem->term, other->term);
}

/* Whatever kept SPF from being evaluated: a token for programs, a sentence for people. */
static void
assert_problem_is_a_token(struct spf_problem problem)
{
	struct facts facts = { .results = { [METHOD_SPF] = RESULT_PERMERROR } };
	char sentence[SPF_PROBLEM_SIZE], again[SPF_PROBLEM_SIZE];
	struct record_reading reading;
	json_t *check, *written;

	facts.spf[SPF_MAILFROM] = (struct spf_facts){ .domain = "d.test", .problem = problem };
	check = write_and_read(&facts, "spf", &reading);
	written = json_object_get(check, "problem");
	assert_token(json_object_get(written, "kind"));
	if (problem.fault != SPF_FAULT_NONE)
		assert_token(json_object_get(written, "fault"));
	if (problem.status != DNS_NOERROR)
		assert_token(json_object_get(written, "status"));
	assert_same_problem(&problem, &reading.record.facts->spf[SPF_MAILFROM].problem);
	(void)spf_problem_text(&problem, sentence);
	assert_non_null(strchr(sentence, ' '));
	assert_string_equal(sentence,
			    spf_problem_text(&reading.record.facts->spf[SPF_MAILFROM].problem, again));
	record_release(&reading);
	json_decref(check);
}

static void
record_holds_a_token_for_each_problem_of_spf(void **state)
{
	(void)state;
	for (int kind = SPF_PROBLEM_NONE + 1; kind < SPF_PROBLEMS; kind++)
		assert_problem_is_a_token((struct spf_problem){
			.kind = (enum spf_problem_kind)kind,
			.name = "x\xff.test",
			.status = DNS_SERVFAIL,
			.count = 2,
			.code = kind == SPF_PROBLEM_LIBRARY ? 2 : 0,
		});
	for (int fault = SPF_FAULT_NONE + 1; fault < SPF_FAULTS; fault++)
		assert_problem_is_a_token((struct spf_problem){ .kind = SPF_PROBLEM_SYNTAX,
								.name = "d.test",
								.fault = (enum spf_fault_kind)fault,
								.holder = "h\xff.test",
								.term = "\x01:x",
								.at = 7 });
	assert_problem_is_a_token((struct spf_problem){ .kind = SPF_PROBLEM_LOOKUP_FAULT });
	assert_problem_is_a_token((struct spf_problem){ .kind = SPF_PROBLEM_MX_LIMIT });
}

/* The sentences, as people have known them. */
static void
spf_problem_text_says_what_is_known(void **state)
{
	static const struct {
		struct spf_problem problem;
		const char *sentence;
	} table[] = {
		{ { .kind = SPF_PROBLEM_TERM_LIMIT },
		  "more than 10 terms that cause DNS lookups (RFC 7208, 4.6.4)" },
		{ { .kind = SPF_PROBLEM_MX_LIMIT, .name = "m.test" },
		  "m.test has more than 10 MX records (RFC 7208, 4.6.4)" },
		{ { .kind = SPF_PROBLEM_LOOKUP_FAULT, .name = "a.test", .status = DNS_TIMEOUT },
		  "looking up a.test: timeout" },
		{ { .kind = SPF_PROBLEM_RECORD_FAULT, .name = "a.test", .status = DNS_SERVFAIL },
		  "looking up the SPF record of a.test: SERVFAIL" },
		{ { .kind = SPF_PROBLEM_REDIRECT_WITHOUT_RECORD, .name = "r.test" },
		  "the domain r.test, to which the record redirects, has no SPF record" },
		{ { .kind = SPF_PROBLEM_SYNTAX, .name = "b.test", .at = 7, .fault = SPF_FAULT_MECHANISM },
		  "the SPF record of b.test has, after 7 characters, an unknown mechanism" },
		{ { .kind = SPF_PROBLEM_SYNTAX, .name = "b.test", .at = 9, .fault = SPF_FAULT_PERCENT },
		  "the SPF record of b.test has, after 9 characters, a \"%\" that begins no macro; a percent sign is written \"%%\"" },
		{ { .kind = SPF_PROBLEM_SEVERAL_RECORDS, .name = "t.test", .count = 2 },
		  "t.test has 2 SPF records; there must be one" },
		{ { .kind = SPF_PROBLEM_LOOKUP_FAULT }, "a DNS lookup that failed" },
		{ { .kind = SPF_PROBLEM_NONE }, "" },
	};
	char memory[SPF_PROBLEM_SIZE];

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++)
		assert_string_equal(spf_problem_text(&table[i].problem, memory), table[i].sentence);
}

/* A record is for programs: of a word or a sentence that no table has, nothing is made. */
static void
record_with_other_words_is_none(void **state)
{
	static const struct {
		const char *problem;
		bool is_one;
	} table[] = {
		{ "{\"kind\":\"endless\"}", true },
		{ "{\"kind\":\"syntax\"}", true },
		{ "{\"kind\":\"library\",\"code\":200}", true },
		{ "{\"kind\":\"library\",\"code\":256}", false },
		{ "{\"kind\":\"includes that never end\"}", false },
		{ "{\"kind\":\"\"}", false },
		{ "{\"name\":\"x.test\"}", false },
		{ "{\"kind\":\"syntax\",\"fault\":\"an unknown mechanism\"}", false },
		{ "{\"kind\":\"lookup-fault\",\"status\":\"SERVFAIL\"}", false },
		{ "\"includes or redirects that never end\"", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct record_reading reading;
		char line[1000], sentence[SPF_PROBLEM_SIZE];
		bool is_one;

		(void)snprintf(
			line, sizeof line,
			"{\"v\":1,\"id\":\"20261124T120000Z-000000000000\",\"time\":\"2026-11-24T12:00:00Z\",\"client\":{\"port\":25},\"checks\":{\"spf\":{\"result\":\"permerror\",\"domain\":\"d.test\",\"problem\":%s}},\"verdicts\":[]}",
			table[i].problem);
		is_one = record_read(span_of(line), &reading);
		if (is_one != table[i].is_one)
			fail_msg("%s", table[i].problem);
		if (!is_one)
			continue;
		(void)spf_problem_text(&reading.record.facts->spf[SPF_MAILFROM].problem, sentence);
		record_release(&reading);
	}
}

/* The rule that is undecided comes as it was written; one that refuses nothing, or lacks a check that there
 * is not, comes from no filter. */
static void
record_holds_the_rule_that_is_undecided(void **state)
{
	static const struct {
		const char *undecided;
		bool is_one;
	} table[] = {
		{ "{\"rule\":\"a.conf:7\",\"action\":\"reject\",\"checks\":[\"dnswl\",\"iprev\"]}", true },
		{ "{\"rule\":\"a.conf:7\",\"action\":\"quarantine\",\"checks\":[]}", true },
		{ "{\"rule\":\"a.conf:7\",\"action\":\"accept\",\"checks\":[]}", false },
		{ "{\"rule\":\"a.conf:7\",\"action\":\"tag\",\"checks\":[]}", false },
		{ "{\"rule\":\"a.conf:7\",\"action\":\"reject\",\"checks\":[\"weather\"]}", false },
		{ "{\"action\":\"reject\",\"checks\":[]}", false },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct record_reading reading;
		char line[1000], *again;
		bool is_one;

		(void)snprintf(
			line, sizeof line,
			"{\"v\":1,\"id\":\"20261124T120000Z-000000000000\",\"time\":\"2026-11-24T12:00:00Z\",\"client\":{\"port\":25},\"checks\":{},\"verdicts\":[{\"recipient\":\"<u@in.test>\",\"action\":\"accept\",\"enforced\":true,\"softened\":false,\"undecided\":%s,\"notes\":[]}]}",
			table[i].undecided);
		is_one = record_read(span_of(line), &reading);
		if (is_one != table[i].is_one)
			fail_msg("%s", table[i].undecided);
		if (!is_one)
			continue;
		again = record_make(&reading.record, RECORD_WHOLE);
		assert_non_null(again);
		if (i == 0)
			assert_int_equal(reading.record.verdicts[0].undecided_methods,
					 1U << METHOD_DNSWL | 1U << METHOD_IPREV);
		assert_non_null(strstr(again, "\"undecided\":{\"rule\":\"a.conf:7\""));
		free(again);
		record_release(&reading);
	}
}

/* Why a HELO name is none: a token, and words that go behind "is". */
static void
record_holds_a_token_for_each_fault_of_helo(void **state)
{
	(void)state;
	for (int fault = HELO_FAULT_NONE + 1; fault < HELO_FAULTS; fault++) {
		struct facts facts = { .helo = { .given = "x", .form = HELO_INVALID },
				       .results = { [METHOD_HELO] = RESULT_PERMERROR } };
		char memory[HELO_FAULT_SIZE] = "";
		struct strbuf text = STRBUF_OVER(memory);
		struct record_reading reading;
		json_t *check;

		facts.helo.fault = (enum helo_fault)fault;
		check = write_and_read(&facts, "x-helo", &reading);
		assert_token(json_object_get(check, "reason"));
		assert_int_equal(reading.record.facts->helo.fault, fault);
		helo_add_fault((enum helo_fault)fault, fault % 2 == 0 ? NULL : "", &text);
		assert_non_null(strchr(memory, ' '));
		record_release(&reading);
		json_decref(check);
	}
}

/* Why nothing follows from a list: a token, with the status of a lookup beside it, and words. */
static void
assert_fault_is_a_token(enum list_fault fault, enum dns_status status)
{
	struct list_finding finding = { .zone = "bl.test",
					.operator= "O",
					.group = "bl.test",
					.asked = "198.51.100.7",
					.weight = 1,
					.state = LIST_FAULT,
					.fault = fault,
					.status = status };
	struct facts facts = { .results = { [METHOD_DNSBL] = RESULT_TEMPERROR } };
	const struct list_finding *again;
	struct record_reading reading;
	json_t *check, *hit;

	facts.lists[LIST_CLIENT] = (struct list_facts){ &finding, 1 };
	check = write_and_read(&facts, "x-dnsbl", &reading);
	hit = json_array_get(json_object_get(check, "hits"), 0);
	assert_token(json_object_get(hit, "fault"));
	assert_int_equal(json_object_get(hit, "status") != NULL, fault == LIST_FAULT_LOOKUP);
	if (fault == LIST_FAULT_LOOKUP)
		assert_token(json_object_get(hit, "status"));
	again = &reading.record.facts->lists[LIST_CLIENT].findings[0];
	assert_int_equal(again->fault, fault);
	assert_int_equal(again->status, status);
	assert_string_equal(list_fault_text(again), list_fault_text(&finding));
	assert_string_not_equal(list_fault_text(again), "");
	record_release(&reading);
	json_decref(check);
}

static void
record_holds_a_token_for_each_fault_of_a_list(void **state)
{
	(void)state;
	for (int fault = LIST_FAULT_LOOKUP + 1; fault < LIST_FAULTS; fault++)
		assert_fault_is_a_token((enum list_fault)fault, DNS_NOERROR);
	for (int status = DNS_NXDOMAIN + 1; status <= DNS_NO_MEMORY; status++)
		assert_fault_is_a_token(LIST_FAULT_LOOKUP, (enum dns_status)status);
}

/* A look at a server through a record and back: the tokens under `key` and, of the outcome, "outcome". */
static void
assert_look_is_tokens(const struct peer *peer, const char *key)
{
	struct facts facts = { .results = { [METHOD_PEER_TLS] = RESULT_FAIL } };
	struct record_reading reading;
	const struct peer *again;
	json_t *check;

	facts.peer.peer = peer;
	check = write_and_read(&facts, "x-peer-tls", &reading);
	assert_token(json_object_get(check, "outcome"));
	assert_token(json_object_get(check, key));
	again = reading.record.facts->peer.peer;
	assert_int_equal(again->outcome, peer->outcome);
	assert_int_equal(again->starttls, peer->starttls);
	assert_int_equal(again->dane, peer->dane);
	assert_int_equal(again->problem, peer->problem);
	assert_string_equal(again->quoted, peer->quoted);
	assert_string_equal(peer_problem_text(again), peer_problem_text(peer));
	record_release(&reading);
	json_decref(check);
}

static void
record_holds_tokens_for_each_look_at_a_server(void **state)
{
	struct peer peer = { .looked_at = 1795524600 };

	(void)state;
	for (int outcome = 0; outcome < PEER_OUTCOMES; outcome++) {
		peer.outcome = (enum peer_outcome)outcome;
		assert_look_is_tokens(&peer, "starttls");
		assert_string_not_equal(peer_outcome_text(peer.outcome), "");
	}
	peer.outcome = PEER_ANSWERS;
	for (int starttls = 0; starttls < STARTTLS_STATES; starttls++) {
		peer.starttls = (enum peer_starttls)starttls;
		assert_look_is_tokens(&peer, "starttls");
		assert_string_not_equal(peer_starttls_text(peer.starttls), "");
	}
	peer.starttls = STARTTLS_WORKS;
	for (int dane = 0; dane < DANE_STATES; dane++) {
		peer.dane = (enum peer_dane)dane;
		assert_look_is_tokens(&peer, "dane");
	}
}

/* What is wrong with TLS is a token; the words of OpenSSL stand beside it, and are what people read. */
static void
record_holds_a_token_for_each_problem_of_tls(void **state)
{
	struct peer peer = { .outcome = PEER_ANSWERS, .looked_at = 1795524600, .starttls = STARTTLS_BROKEN };

	(void)state;
	for (int problem = PEER_PROBLEM_NONE + 1; problem < PEER_PROBLEMS; problem++) {
		peer.problem = (enum peer_problem)problem;
		peer.quoted[0] = '\0';
		assert_look_is_tokens(&peer, "problem");
		assert_non_null(strchr(peer_problem_text(&peer), ' '));
		(void)snprintf(peer.quoted, sizeof peer.quoted, "tlsv1 \\x1b \"alert\"");
		assert_look_is_tokens(&peer, "problem");
		assert_string_equal(peer_problem_text(&peer), peer.quoted);
	}
}

/* Whether a sender can receive bounces: a token, and words. */
static void
record_holds_a_token_for_each_finding_of_the_sender(void **state)
{
	(void)state;
	for (int finding = SENDER_UNCHECKED + 1; finding < SENDER_FINDINGS; finding++) {
		struct facts facts = { .results = { [METHOD_SENDER] = RESULT_FAIL } };
		struct record_reading reading;
		json_t *check;

		facts.sender.finding = (enum sender_finding)finding;
		facts.sender.status = finding == SENDER_UNKNOWN ? DNS_BOGUS : DNS_NOERROR;
		check = write_and_read(&facts, "x-sender", &reading);
		assert_token(json_object_get(check, "reason"));
		assert_int_equal(reading.record.facts->sender.finding, finding);
		assert_non_null(strchr(sender_text(&facts.sender), ' '));
		record_release(&reading);
		json_decref(check);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_holds_a_token_for_each_problem_of_spf),
		cmocka_unit_test(record_holds_a_token_for_each_fault_of_helo),
		cmocka_unit_test(record_holds_a_token_for_each_fault_of_a_list),
		cmocka_unit_test(record_holds_tokens_for_each_look_at_a_server),
		cmocka_unit_test(record_holds_a_token_for_each_problem_of_tls),
		cmocka_unit_test(record_holds_a_token_for_each_finding_of_the_sender),
		cmocka_unit_test(spf_problem_text_says_what_is_known),
		cmocka_unit_test(record_with_other_words_is_none),
		cmocka_unit_test(record_holds_the_rule_that_is_undecided),
	};

	return cmocka_run_group_tests_name("tokens", tests, read_schema, NULL);
}
