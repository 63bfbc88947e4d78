/* dmarc, lookup, doctor_relay: what is found by walking up, and where waiting ends. problem, group, answer:
 * what is said of what was found, in which order. */
#include "unit.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_dns.h"
#include "heloscope/base/clock.h"
#include "heloscope/config/config.h"
#include "heloscope/dmarc/dmarc.h"
#include "heloscope/doctor/answer.h"
#include "heloscope/doctor/demand.h"
#include "heloscope/doctor/doctor.h"
#include "heloscope/doctor/relay.h"
#include "heloscope/doctor/tags.h"
#include "heloscope/dns/lookup.h"

/* The walk (RFC 9989, 4.10). */

struct zone {
	const struct fake_row *rows;
	size_t count, asked;
	const char *names[20];
	struct dns_answer *answers[20];
};

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	static const struct fake_row nothing = { "", DNS_TXT, DNS_NXDOMAIN, "" };
	struct zone *zone = context;
	const struct fake_row *row = &nothing;

	assert_int_equal(type, DNS_TXT);
	assert_true(zone->asked < ROWS(zone->answers));
	for (size_t i = 0; i < zone->count; i++)
		if (strcmp(zone->rows[i].name, name) == 0)
			row = &zone->rows[i];
	zone->names[zone->asked] = strdup(name);
	zone->answers[zone->asked] = fake_dns_answer(row);
	return zone->answers[zone->asked++];
}

static void
clear(struct zone *zone)
{
	for (size_t i = 0; i < zone->asked; i++) {
		free((char *)zone->names[i]);
		dns_answer_free(zone->answers[i]);
	}
	zone->asked = 0;
}

static void
B24_dmarc_finds_organization_and_policy_by_the_tree_walk(void **state)
{
	static const struct {
		const char *domain, *first, *first_text, *second, *second_text;
		const char *organization, *at; /* NULL: nothing applies */
		enum dmarc_policy exists, absent;
	} rows[] = {
		{ "example.com", "_dmarc.example.com", "v=DMARC1; p=reject", "", "", "example.com",
		  "example.com", DMARC_REJECT, DMARC_REJECT },
		{ "a.b.example.com", "_dmarc.example.com", "v=DMARC1; p=reject; sp=quarantine; np=none", "",
		  "", "example.com", "example.com", DMARC_QUARANTINE, DMARC_NONE },
		{ "a.example.com", "_dmarc.example.com", "v=DMARC1; p=reject; sp=none", "", "", "example.com",
		  "example.com", DMARC_NONE, DMARC_NONE },
		{ "a.b.example.com", "_dmarc.b.example.com", "v=DMARC1; p=none", "_dmarc.example.com",
		  "v=DMARC1; p=reject", "example.com", "example.com", DMARC_REJECT, DMARC_REJECT },
		{ "a.b.example.com", "_dmarc.b.example.com", "v=DMARC1; p=none; psd=n", "_dmarc.example.com",
		  "v=DMARC1; p=reject", "b.example.com", "b.example.com", DMARC_NONE, DMARC_NONE },
		{ "a.example.bank", "_dmarc.bank", "v=DMARC1; p=reject; psd=y", "", "", "example.bank",
		  "bank", DMARC_REJECT, DMARC_REJECT },
		{ "bank", "_dmarc.bank", "v=DMARC1; p=reject; psd=y", "", "", "bank", "bank", DMARC_REJECT,
		  DMARC_REJECT },
		{ "a.example.com", "_dmarc.example.com", "v=DMARC1; p=bad", "", "", "example.com",
		  "example.com", DMARC_INVALID, DMARC_INVALID },
		{ "a.example.com", "_dmarc.example.com", "v=DMARC1; p=bad; rua=mailto:x@example.com", "", "",
		  "example.com", "example.com", DMARC_NONE, DMARC_NONE },
		{ "a.example.com", "_dmarc.example.com", "v=DMARC1; p=reject|v=DMARC1; p=none", "", "",
		  "a.example.com", NULL, DMARC_NONE, DMARC_NONE },
		{ "a.example.com", "_dmarc.example.com", "v=dmarc1; p=reject", "", "", "a.example.com", NULL,
		  DMARC_NONE, DMARC_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct fake_row records[] = {
			{ rows[i].first, DNS_TXT, DNS_NOERROR, rows[i].first_text },
			{ rows[i].second, DNS_TXT, DNS_NOERROR, rows[i].second_text },
		};
		struct zone zone = { .rows = records, .count = rows[i].second[0] != '\0' ? 2 : 1 };
		const struct dmarc_source source = { ask, &zone, NULL };
		const struct dmarc_step *step;
		struct dmarc_walk walk;

		assert_true(dmarc_walk(&source, rows[i].domain, &walk));
		step = dmarc_step_that_applies(&walk, rows[i].domain);
		assert_string_equal(dmarc_organization(&walk, rows[i].domain), rows[i].organization);
		assert_int_equal(step != NULL, rows[i].at != NULL);
		if (step != NULL) {
			assert_string_equal(step->domain, rows[i].at);
			assert_int_equal(dmarc_policy_for(step, rows[i].domain, true), rows[i].exists);
			assert_int_equal(dmarc_policy_for(step, rows[i].domain, false), rows[i].absent);
		}
		clear(&zone);
	}
}

static void
B24_dmarc_asks_eight_times_at_most(void **state)
{
	static const char *const asked[] = { "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
					     "_dmarc.g.h.i.j.mail.example.com",
					     "_dmarc.h.i.j.mail.example.com",
					     "_dmarc.i.j.mail.example.com",
					     "_dmarc.j.mail.example.com",
					     "_dmarc.mail.example.com",
					     "_dmarc.example.com",
					     "_dmarc.com" };
	struct zone zone = { .count = 0 };
	const struct dmarc_source source = { ask, &zone, NULL };
	struct dmarc_walk walk;

	(void)state;
	assert_true(dmarc_walk(&source, "a.b.c.d.e.f.g.h.i.j.mail.example.com", &walk));
	assert_int_equal(zone.asked, ROWS(asked));
	for (size_t i = 0; i < ROWS(asked); i++)
		assert_string_equal(zone.names[i], asked[i]);
	clear(&zone);
}

/* Where waiting ends. */

static void
S4_lookups_end_with_the_time_for_all(void **state)
{
	static const struct fake_row rows[] = { { "a.example", DNS_A, DNS_NOERROR, "192.0.2.1" } };
	struct fake_dns fake;
	struct lookup *lookup;

	(void)state;
	fake_dns_init(&fake, rows, ROWS(rows));
	lookup = lookup_new(&fake.interface, 3600000); /* an hour, for an answer that is never delivered */
	lookup_set_end(lookup, clock_now_ms());
	assert_int_equal(lookup_get(lookup, "a.example", DNS_A)->status, DNS_TIMEOUT);
	(void)fake_dns_deliver(&fake);
	assert_int_equal(lookup_get(lookup, "a.example", DNS_A)->status, DNS_NOERROR);
	lookup_free(lookup);
}

/* A server that takes connections and never says a word: the test of relaying ends all the same. */
static void
S4_a_relay_test_ends_with_its_patience(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	const struct ipaddr loopback = ipaddr_from_ipv4(0x7f000001);
	struct config *config = config_new();
	struct doctor_report report = { .domain = "example.org" };
	const struct doctor_order order = { .end_ms = clock_now_ms() };
	struct arena arena;
	struct exam exam = { .order = &order, .config = config, .report = &report, .arena = &arena };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	config->look_back.port = ntohs(address.sin_port);
	config->look_back.ehlo_name = "mx.example";
	arena_init(&arena, 1U << 20);
	exam_relay(&exam, "mail.example.org", &loopback, 20);
	assert_int_equal(report.cells[DOCTOR_RELAY], DOCTOR_UNKNOWN);
	assert_int_equal(report.finding_count, 1);
	assert_int_equal(exam_left_ms(&exam, 5000), 0);
	arena_clear(&arena);
	config_unref(config);
	(void)close(fd);
}

/* What is said. */

static void
each_problem_has_a_token_of_its_own_and_a_reason(void **state)
{
	(void)state;
	for (int i = 0; i < DOCTOR_PROBLEMS; i++) {
		const struct doctor_problem_words *words = doctor_problem_words((enum doctor_problem)i);

		assert_non_null(words->token);
		assert_non_null(words->reason);
		assert_true(words->row <= DOCTOR_ROWS);
		assert_true(strncmp(words->reason, "its ", 4) == 0 || strncmp(words->reason, "it ", 3) == 0
			    || strncmp(words->reason, "it", 2) != 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(words->token,
						doctor_problem_words((enum doctor_problem)j)->token);
	}
}

/* The answer to reports of the same findings as those that are given, one for each domain; NULL: none. */
static const char *
answer_to(const struct doctor_finding *const *findings, size_t count, struct arena *arena)
{
	static const char *const domains[] = { "a.example", "b.example", "c.example", "d.example",
					       "e.example" };
	static char memory[2000];
	struct doctor_report reports[ROWS(domains)];
	struct doctor_groups groups;
	struct strbuf text = STRBUF_OVER(memory);

	memset(reports, 0, sizeof reports);
	for (size_t i = 0; i < count; i++) {
		reports[i].domain = domains[i];
		reports[i].findings = (struct doctor_finding *)findings[i];
		while (findings[i] != NULL && findings[i][reports[i].finding_count].what != NULL)
			reports[i].finding_count++;
	}
	groups = doctor_group_findings(reports, count, arena);
	doctor_answer(reports, count, &groups, &text);
	assert_false(text.is_cut);
	return memory;
}

static void
the_answer_tells_domains_apart(void **state)
{
	static const struct doctor_finding pass_a[] = {
		{ PROBLEM_DMARC_MISSING, DOCTOR_DMARC, DOCTOR_NOTE, "", "w", NULL, "a. TXT \"1\"", NULL },
		{ PROBLEM_SPF_NOT_NAMED, DOCTOR_SPF_PASS, DOCTOR_ERROR, "192.0.2.7", "w", NULL,
		  "a. TXT \"2\"", NULL },
		{ 0 },
	};
	static const struct doctor_finding no_spf[] = {
		{ PROBLEM_SPF_MISSING, DOCTOR_SPF_RECORD, DOCTOR_WARNING, "", "w", NULL, "b. TXT \"1\"",
		  NULL },
		{ 0 },
	};
	static const struct doctor_finding no_spf_either[] = {
		{ PROBLEM_SPF_MISSING, DOCTOR_SPF_RECORD, DOCTOR_WARNING, "", "w", NULL, "c. TXT \"1\"",
		  NULL },
		{ 0 },
	};
	static const struct doctor_finding nameless[] = {
		{ PROBLEM_REVERSE_MISSING, DOCTOR_REVERSE_DNS, DOCTOR_ERROR, "192.0.2.7", "w", NULL, NULL,
		  NULL },
		{ PROBLEM_SPF_MISSING, DOCTOR_SPF_RECORD, DOCTOR_WARNING, "", "w", NULL, "d. TXT \"1\"",
		  NULL },
		{ PROBLEM_CERTIFICATE_EXPIRED, DOCTOR_CERTIFICATE, DOCTOR_WARNING, "h", "w", NULL, NULL,
		  NULL },
		{ 0 },
	};
	static const struct doctor_finding unknown[] = {
		{ PROBLEM_LOOKUP, DOCTOR_MX, DOCTOR_UNKNOWN, "x.example", "w", NULL, NULL, NULL },
		{ 0 },
	};
	static const struct doctor_finding note[] = {
		{ PROBLEM_DMARC_MISSING, DOCTOR_DMARC, DOCTOR_NOTE, "", "w", NULL, "a. TXT \"1\"", NULL },
		{ 0 },
	};
	static const struct {
		const struct doctor_finding *findings[5];
		size_t count;
		const char *answer;
	} rows[] = {
		{ { NULL }, 1, "All is well: a.example passes, and there is nothing to do." },
		{ { NULL, NULL }, 2, "All is well: your 2 domains pass, and there is nothing to do." },
		{ { note }, 1, "a.example passes. What could be better is below." },
		{ { pass_a },
		  1,
		  "a.example does not pass, because its SPF record does not allow 192.0.2.7. Publish the record below in place of the one that is there." },
		{ { pass_a, NULL, NULL, NULL },
		  4,
		  "3 of your 4 domains pass; a.example does not, because its SPF record does not allow 192.0.2.7. Publish the record below in place of the one that is there." },
		{ { NULL, no_spf, no_spf_either },
		  3,
		  "1 of your 3 domains passes; b.example and c.example pass only in part, each because it has no SPF record. Publish the 2 records below." },
		{ { no_spf, no_spf_either },
		  2,
		  "None of your 2 domains passes fully, each because it has no SPF record. Publish the 2 records below." },
		{ { nameless },
		  1,
		  "a.example does not pass, because 192.0.2.7 has no reverse DNS (PTR) record. Ask the provider of 192.0.2.7, usually your hosting or internet provider, to set its PTR record to the name of the host. Then see to the 2 other findings below that cost mail." },
		{ { nameless, pass_a, no_spf, unknown, NULL },
		  5,
		  "1 of your 5 domains passes; a.example does not, because 192.0.2.7 has no reverse DNS (PTR) record; b.example does not, because its SPF record does not allow 192.0.2.7; c.example passes only in part, because it has no SPF record; for 1 more the reasons are below. What to do is below, the most serious first." },
		{ { unknown },
		  1,
		  "Whether a.example passes is not known, because x.example could not be looked up. Run heloscope doctor again in some minutes; if it still fails, have its name servers corrected." },
	};
	struct arena arena;

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		arena_init(&arena, 1U << 20);
		assert_string_equal(answer_to(rows[i].findings, rows[i].count, &arena), rows[i].answer);
		arena_clear(&arena);
	}
}

static void
findings_stand_in_the_order_of_their_cost_and_once(void **state)
{
	static struct doctor_finding one[] = {
		{ PROBLEM_DMARC_MISSING, DOCTOR_DMARC, DOCTOR_NOTE, "", "none", NULL, "a. TXT \"1\"", NULL },
		{ PROBLEM_STS_UNFETCHED, DOCTOR_MTA_STS, DOCTOR_ERROR, "", "w", NULL, NULL, NULL },
		{ PROBLEM_LOOKUP, DOCTOR_MX, DOCTOR_UNKNOWN, "x", "w", NULL, NULL, NULL },
		{ PROBLEM_REVERSE_MISSING, DOCTOR_REVERSE_DNS, DOCTOR_ERROR, "h", "w", NULL, "h. PTR a.",
		  NULL },
		{ PROBLEM_SPF_MISSING, DOCTOR_SPF_RECORD, DOCTOR_WARNING, "", "w", NULL, NULL, NULL },
	};
	static struct doctor_finding other[] = {
		{ PROBLEM_REVERSE_MISSING, DOCTOR_REVERSE_DNS, DOCTOR_ERROR, "h", "w", NULL, "h. PTR b.",
		  NULL },
		{ PROBLEM_DMARC_MISSING, DOCTOR_DMARC, DOCTOR_NOTE, "", "none", NULL, "b. TXT \"1\"", NULL },
	};
	static const struct {
		enum doctor_problem problem;
		size_t domains;
		const char *publish;
	} wanted[] = {
		{ PROBLEM_REVERSE_MISSING, 2, "h. PTR a." },
		{ PROBLEM_STS_UNFETCHED, 1, NULL },
		{ PROBLEM_SPF_MISSING, 1, NULL },
		{ PROBLEM_LOOKUP, 1, NULL },
		{ PROBLEM_DMARC_MISSING, 2, "a. TXT \"1\"\nb. TXT \"1\"" },
	};
	struct doctor_report reports[] = {
		{ .domain = "a", .findings = one, .finding_count = ROWS(one) },
		{ .domain = "b", .findings = other, .finding_count = ROWS(other) },
	};
	struct doctor_groups groups;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1U << 20);
	groups = doctor_group_findings(reports, ROWS(reports), &arena);
	assert_int_equal(groups.count, ROWS(wanted));
	for (size_t i = 0; i < ROWS(wanted); i++) {
		assert_int_equal(groups.items[i].finding->problem, wanted[i].problem);
		assert_int_equal(groups.items[i].domain_count, wanted[i].domains);
		assert_int_equal(groups.items[i].publish == NULL, wanted[i].publish == NULL);
		if (wanted[i].publish != NULL)
			assert_string_equal(groups.items[i].publish, wanted[i].publish);
	}
	arena_clear(&arena);
}

/* Of a server that each domain calls by a name of its own. */
static void
a_server_is_told_of_once_for_all_domains(void **state)
{
	static struct doctor_finding first[] = {
		{ PROBLEM_OLD_TLS, DOCTOR_OLD_TLS, DOCTOR_NOTE, "mx.a (192.0.2.1)",
		  "mx.a (192.0.2.1) still takes TLSv1.", NULL, NULL, "192.0.2.1" },
		{ PROBLEM_CERTIFICATE_EXPIRED, DOCTOR_CERTIFICATE, DOCTOR_WARNING, "mx.a (192.0.2.1)",
		  "The certificate of mx.a (192.0.2.1) expired on 2020-02-01.", NULL, NULL, "192.0.2.1" },
	};
	static struct doctor_finding second[] = {
		{ PROBLEM_OLD_TLS, DOCTOR_OLD_TLS, DOCTOR_NOTE, "mx.b (192.0.2.1)",
		  "mx.b (192.0.2.1) still takes TLSv1.", NULL, NULL, "192.0.2.1" },
		/* by name it shows another certificate */
		{ PROBLEM_CERTIFICATE_EXPIRED, DOCTOR_CERTIFICATE, DOCTOR_WARNING, "mx.b (192.0.2.1)",
		  "The certificate of mx.b (192.0.2.1) expired on 2021-02-01.", NULL, NULL, "192.0.2.1" },
		{ PROBLEM_OLD_TLS, DOCTOR_OLD_TLS, DOCTOR_NOTE, "mx.b (192.0.2.2)",
		  "mx.b (192.0.2.2) still takes TLSv1.", NULL, NULL, "192.0.2.2" },
	};
	struct doctor_report reports[] = {
		{ .domain = "a", .findings = first, .finding_count = ROWS(first) },
		{ .domain = "b", .findings = second, .finding_count = ROWS(second) },
	};
	static const size_t domains[] = { 1, 1, 2, 1 }; /* certificates cost more */
	struct doctor_groups groups;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1U << 20);
	groups = doctor_group_findings(reports, ROWS(reports), &arena);
	assert_int_equal(groups.count, ROWS(domains));
	for (size_t i = 0; i < ROWS(domains); i++)
		assert_int_equal(groups.items[i].domain_count, domains[i]);
	arena_clear(&arena);
}

/* What large receivers ask for. */

static void
each_demand_has_words_and_is_asked_by_somebody(void **state)
{
	(void)state;
	for (int i = 0; i < DOCTOR_DEMANDS; i++) {
		const struct doctor_demand_words *words = doctor_demand_words((enum doctor_demand)i);
		int asked = 0;

		assert_non_null(words->token);
		assert_non_null(words->title);
		for (int receiver = 0; receiver < DOCTOR_RECEIVERS; receiver++)
			asked += words->asked[receiver] != SENDERS_NONE;
		assert_true(asked > 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(words->token,
						doctor_demand_words((enum doctor_demand)j)->token);
	}
}

static void
demands_are_met_as_far_as_the_cells_show(void **state)
{
	enum {
		N = DOCTOR_NOT_ASKED,
		G = DOCTOR_GOOD,
		U = DOCTOR_UNKNOWN,
		W = DOCTOR_WARNING,
		E = DOCTOR_ERROR
	};
	static const struct {
		int spf_record, spf_pass, spf_alignment, dkim, dkim_alignment;
		size_t keys, aligned_keys;
		const char *states; /* of spf-or-dkim, spf, dkim, alignment: met, not, untestable */
	} rows[] = {
		{ G, G, G, N, N, 0, 0, "mmum" },           { G, G, G, G, G, 1, 1, "mmmm" },
		{ G, N, G, N, N, 0, 0, "uuuu" }, /* no address is known */
		{ E, N, G, N, N, 0, 0, "unuu" },           { E, E, G, G, G, 1, 1, "mnmm" },
		{ E, E, G, N, N, 0, 0, "unuu" }, /* DKIM may still do it */
		{ E, E, G, E, G, 0, 0, "nnnn" },           { G, U, G, E, G, 0, 0, "uunu" },
		{ G, G, W, N, N, 0, 0, "mmuu" },           { G, G, W, G, W, 1, 0, "mmmn" },
		{ G, G, W, W, G, 1, 1, "mmmm" },           /* 1024 bits are enough for them */
		{ G, G, W, E, DOCTOR_NOTE, 1, 0, "mmmn" }, /* what aligns is revoked, what verifies does not
							      align */
		{ G, G, W, W, G, 0, 0, "mmnn" },           /* ed25519 alone */
		{ G, G, U, N, N, 0, 0, "mmuu" },           { G, G, W, U, G, 0, 0, "mmuu" },
		{ N, N, N, N, N, 0, 0, "uuuu" },
	};
	static const enum doctor_demand asked[] = { DEMAND_SPF_OR_DKIM, DEMAND_SPF, DEMAND_DKIM,
						    DEMAND_ALIGNMENT };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct doctor_report report = { .rsa_keys = rows[i].keys,
						.aligned_rsa_keys = rows[i].aligned_keys };
		const struct doctor_finding *why;

		report.cells[DOCTOR_SPF_RECORD] = (enum doctor_severity)rows[i].spf_record;
		report.cells[DOCTOR_SPF_PASS] = (enum doctor_severity)rows[i].spf_pass;
		report.cells[DOCTOR_SPF_ALIGNMENT] = (enum doctor_severity)rows[i].spf_alignment;
		report.cells[DOCTOR_DKIM] = (enum doctor_severity)rows[i].dkim;
		report.cells[DOCTOR_DKIM_ALIGNMENT] = (enum doctor_severity)rows[i].dkim_alignment;
		for (size_t j = 0; j < ROWS(asked); j++)
			assert_int_equal(rows[i].states[j],
					 "mnu"[doctor_demand_judge(&report, asked[j], &why)]);
	}
}

/* What was given is not asked for again. */
static void
a_demand_asks_for_what_was_not_given(void **state)
{
	static const char addresses[] = "with --ip", selectors[] = "with --selector";
	static const enum doctor_demand asked[] = { DEMAND_SPF_OR_DKIM, DEMAND_ALIGNMENT };

	(void)state;
	for (int given = 0; given < 8; given++) {
		const bool has_addresses = (given & 1) != 0, has_selectors = (given & 2) != 0;
		struct doctor_report reports[2] = { { .address_count = has_addresses || (given & 4) != 0,
						      .is_guessed = !has_addresses } };

		if (has_addresses && has_selectors)
			continue;
		reports[0].cells[DOCTOR_DKIM] = has_selectors ? DOCTOR_ERROR : DOCTOR_NOT_ASKED;
		reports[0].cells[DOCTOR_SPF_PASS] = has_addresses ? DOCTOR_ERROR : DOCTOR_NOT_ASKED;
		reports[1] = reports[0];
		for (size_t i = 0; i < ROWS(asked); i++) {
			const char *instead = doctor_demand_instead(reports, 2, asked[i]);

			assert_non_null(instead);
			assert_int_equal(strstr(instead, addresses) != NULL, !has_addresses);
			assert_int_equal(strstr(instead, selectors) != NULL, !has_selectors);
		}
		reports[1].cells[DOCTOR_DKIM] = DOCTOR_NOT_ASKED; /* one of them lacks it */
		assert_non_null(strstr(doctor_demand_instead(reports, 2, DEMAND_SPF_OR_DKIM), selectors));
	}
	for (int demand = 0; demand < DOCTOR_DEMANDS; demand++)
		assert_non_null(doctor_demand_instead(&(struct doctor_report){ .domain = "a.example" }, 1,
						      (enum doctor_demand)demand));
}

static void
a_demand_says_by_which_finding_it_is_not_met(void **state)
{
	static struct doctor_finding findings[] = {
		{ PROBLEM_SPF_OPEN, DOCTOR_SPF_ALL, DOCTOR_ERROR, "", "w", NULL, NULL, NULL },
		{ PROBLEM_SPF_SLIP, DOCTOR_SPF_RECORD, DOCTOR_WARNING, "", "w", NULL, NULL, NULL },
		{ PROBLEM_SPF_NOT_NAMED, DOCTOR_SPF_PASS, DOCTOR_ERROR, "192.0.2.7", "w", NULL, NULL, NULL },
		{ PROBLEM_SPF_NOT_NAMED, DOCTOR_SPF_PASS, DOCTOR_ERROR, "192.0.2.8", "w", NULL, NULL, NULL },
		{ PROBLEM_LOOKUP, DOCTOR_DKIM, DOCTOR_UNKNOWN, "x", "w", NULL, NULL, NULL },
		{ PROBLEM_DMARC_MISSING, DOCTOR_DMARC, DOCTOR_NOTE, "", "w", NULL, NULL, NULL },
	};
	struct doctor_report report = { .findings = findings, .finding_count = ROWS(findings) };
	const struct doctor_finding *why;

	(void)state;
	report.cells[DOCTOR_SPF_PASS] = DOCTOR_ERROR;
	report.cells[DOCTOR_DKIM] = DOCTOR_UNKNOWN;
	report.cells[DOCTOR_DMARC] = DOCTOR_NOTE;
	report.cells[DOCTOR_REVERSE_DNS] = DOCTOR_GOOD;
	assert_int_equal(doctor_demand_judge(&report, DEMAND_SPF, &why), DEMAND_NOT_MET);
	assert_ptr_equal(why, &findings[2]);
	assert_int_equal(doctor_demand_judge(&report, DEMAND_DKIM, &why), DEMAND_NOT_TESTABLE);
	assert_ptr_equal(why, &findings[4]);
	assert_int_equal(doctor_demand_judge(&report, DEMAND_DMARC, &why), DEMAND_NOT_MET);
	assert_ptr_equal(why, &findings[5]);
	report.has_policy = true;
	assert_int_equal(doctor_demand_judge(&report, DEMAND_DMARC, &why), DEMAND_MET);
	assert_null(why);
	assert_int_equal(doctor_demand_judge(&report, DEMAND_REVERSE_DNS, &why), DEMAND_MET);
	assert_int_equal(doctor_demand_judge(&report, DEMAND_SPAM_RATE, &why), DEMAND_NOT_TESTABLE);
	assert_null(why);
}

/* RFC 1035, 3.3.14 and 5.1: strings of 255 octets at most, what is special or not printable escaped. */
static void
a_proposed_record_is_what_a_zone_file_takes(void **state)
{
	char text[300], wanted[400];
	struct arena arena;
	struct exam exam = { .arena = &arena };

	(void)state;
	arena_init(&arena, 1U << 20);
	assert_string_equal(exam_txt(&exam, "a.example", "n=\"x\\y\"; \xc3\xa9\t"),
			    "a.example. TXT \"n=\\\"x\\\\y\\\"; \\195\\169\\009\"");
	memset(text, 'k', sizeof text);
	text[256] = '\0';
	(void)snprintf(wanted, sizeof wanted, "a.example. TXT \"%.255s\" \"k\"", text);
	assert_string_equal(exam_txt(&exam, "a.example", text), wanted);
	arena_clear(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(B24_dmarc_finds_organization_and_policy_by_the_tree_walk),
		cmocka_unit_test(B24_dmarc_asks_eight_times_at_most),
		cmocka_unit_test(S4_lookups_end_with_the_time_for_all),
		cmocka_unit_test(S4_a_relay_test_ends_with_its_patience),
		cmocka_unit_test(each_problem_has_a_token_of_its_own_and_a_reason),
		cmocka_unit_test(the_answer_tells_domains_apart),
		cmocka_unit_test(findings_stand_in_the_order_of_their_cost_and_once),
		cmocka_unit_test(a_server_is_told_of_once_for_all_domains),
		cmocka_unit_test(a_proposed_record_is_what_a_zone_file_takes),
		cmocka_unit_test(each_demand_has_words_and_is_asked_by_somebody),
		cmocka_unit_test(demands_are_met_as_far_as_the_cells_show),
		cmocka_unit_test(a_demand_asks_for_what_was_not_given),
		cmocka_unit_test(a_demand_says_by_which_finding_it_is_not_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
