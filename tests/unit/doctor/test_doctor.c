/* dmarc, lookup and doctor_relay: what is found by walking up, and where waiting ends. */
#include "unit.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_dns.h"
#include "heloscope/base/clock.h"
#include "heloscope/config/config.h"
#include "heloscope/dmarc/dmarc.h"
#include "heloscope/doctor/doctor.h"
#include "heloscope/doctor/relay.h"
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
		const struct dmarc_source source = { ask, &zone };
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
	const struct dmarc_source source = { ask, &zone };
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(B24_dmarc_finds_organization_and_policy_by_the_tree_walk),
		cmocka_unit_test(B24_dmarc_asks_eight_times_at_most),
		cmocka_unit_test(S4_lookups_end_with_the_time_for_all),
		cmocka_unit_test(S4_a_relay_test_ends_with_its_patience),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
