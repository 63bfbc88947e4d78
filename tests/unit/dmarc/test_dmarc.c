/* dmarc_judge: records, the walk, organizations and policies, by RFC 9989. */
#include "unit.h"

#include <stdlib.h>

#include "fake_dns.h"
#include "heloscope/dmarc/judge.h"

#define ANSWERS_MAX 64

/* "name=text" with "#" between them; what is not there does not exist. Texts: records with "|" between
 * them; "?": a fault; "": the name exists. A name without "_dmarc." is asked for its address. */
struct zone {
	const char *entries;
	size_t open; /* answers that are there; others are awaited */
	size_t count;
	char *names[ANSWERS_MAX];
	struct dns_answer *answers[ANSWERS_MAX];
};

static struct fake_row
find_row(const char *entries, const char *name, enum dns_type type, char *copy, size_t size)
{
	struct fake_row row = { name, type, DNS_NXDOMAIN, "" };
	char *rest = copy, *entry;

	assert_true(strlen(entries) < size);
	memcpy(copy, entries, strlen(entries) + 1);
	while ((entry = strsep(&rest, "#")) != NULL) {
		char *equals = strchr(entry, '=');

		if (equals == NULL || strlen(name) != (size_t)(equals - entry)
		    || memcmp(name, entry, strlen(name)) != 0)
			continue;
		row.records = equals + 1;
		row.status = row.records[0] == '?'    ? DNS_SERVFAIL
			     : row.records[0] == '\0' ? DNS_NODATA
						      : DNS_NOERROR;
	}
	row.records = row.status == DNS_NOERROR ? row.records : NULL;
	return row;
}

/* One memo, as a message has it. */
static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	struct zone *zone = context;
	char copy[2048];
	size_t i = 0;

	assert_int_equal(type, strncmp(name, "_dmarc.", 7) == 0 ? DNS_TXT : DNS_A);
	while (i < zone->count && strcmp(zone->names[i], name) != 0)
		i++;
	if (i == zone->count) {
		const struct fake_row row = find_row(zone->entries, name, type, copy, sizeof copy);

		assert_true(zone->count < ANSWERS_MAX);
		zone->names[i] = strdup(name);
		zone->answers[i] = fake_dns_answer(&row);
		zone->count++;
	}
	return i < zone->open ? zone->answers[i] : NULL;
}

static void
clear(struct zone *zone)
{
	for (size_t i = 0; i < zone->count; i++) {
		free(zone->names[i]);
		dns_answer_free(zone->answers[i]);
	}
	zone->count = 0;
}

/* Judge, one more answer a round; SPF and a signature that passed, or NULL. */
static void
judge(struct zone *zone, const char *author, struct dmarc_identifier *identifiers, size_t count,
      struct dmarc_outcome *outcome)
{
	const struct dmarc_source source = { ask, zone, NULL };

	for (zone->open = 0; !dmarc_judge(&source, author, identifiers, count, outcome); zone->open++)
		assert_true(zone->open < zone->count);
}

struct row {
	const char *author, *spf, *signer, *entries;
	enum result result;
	const char *organization, *record_domain;
	enum dmarc_policy evaluated;
	enum dmarc_alignment spf_alignment, signer_alignment;
};

static void
check_row(const struct row *row)
{
	struct zone zone = { .entries = row->entries };
	struct dmarc_identifier identifiers[2];
	struct dmarc_outcome outcome;
	size_t count = 0;

	if (row->spf != NULL)
		identifiers[count++] =
			(struct dmarc_identifier){ .domain = row->spf, .is_spf = true, .has_passed = true };
	if (row->signer != NULL)
		identifiers[count++] = (struct dmarc_identifier){ .domain = row->signer, .has_passed = true };
	judge(&zone, row->author, identifiers, count, &outcome);
	if (outcome.result != row->result)
		fail_msg("%s, \"%s\": %d", row->author, row->entries, (int)outcome.result);
	if (row->organization != NULL)
		assert_string_equal(outcome.organization, row->organization);
	else
		assert_null(outcome.organization);
	if (row->record_domain != NULL)
		assert_string_equal(outcome.record_domain, row->record_domain);
	else
		assert_null(outcome.record_domain);
	assert_int_equal(outcome.evaluated, row->evaluated);
	if (row->spf != NULL)
		assert_int_equal(identifiers[0].alignment, row->spf_alignment);
	if (row->signer != NULL)
		assert_int_equal(identifiers[count - 1].alignment, row->signer_alignment);
	clear(&zone);
}

#define DEEP "a.b.c.d.e.f.g.h.i.j.k.example.com"
#define BANK "_dmarc.bank.example=v=DMARC1; p=reject; psd=y#_dmarc.giant.bank.example=v=DMARC1; p=quarantine"

/* 4.10.2, its examples; 4.4, table 1; 5.1.8; B.4. */
static void
dmarc_judges_the_examples_of_its_rfc(void **state)
{
	static const struct row rows[] = {
		/* B.4.1 */
		{ "example.com", "example.com", "signing.example.com",
		  "_dmarc.example.com=v=DMARC1; p=reject#_dmarc.signing.example.com=v=DMARC1; p=none",
		  RESULT_PASS, "example.com", "example.com", DMARC_REJECT, DMARC_EQUAL, DMARC_RELAXED },
		{ "example.com", NULL, "signing.example.com",
		  "_dmarc.example.com=v=DMARC1; p=reject#_dmarc.signing.example.com=v=DMARC1; p=none",
		  RESULT_PASS, "example.com", "example.com", DMARC_REJECT, 0, DMARC_RELAXED },
		/* B.4.2 */
		{ DEEP, "example.com", "signing.example.com",
		  "_dmarc.example.com=v=DMARC1; p=reject#_dmarc.signing.example.com=v=DMARC1; p=none",
		  RESULT_PASS, "example.com", "example.com", DMARC_REJECT, DMARC_RELAXED, DMARC_RELAXED },
		{ DEEP, NULL, NULL, "_dmarc.example.com=v=DMARC1; p=reject; sp=quarantine", RESULT_FAIL,
		  "example.com", "example.com", DMARC_QUARANTINE, 0, 0 },
		/* B.4.3 */
		{ "giant.bank.example", "mail.giant.bank.example", "mail.mega.bank.example", BANK,
		  RESULT_PASS, "giant.bank.example", "giant.bank.example", DMARC_QUARANTINE, DMARC_RELAXED,
		  DMARC_UNALIGNED },
		{ "giant.bank.example", NULL, "mail.mega.bank.example", BANK, RESULT_FAIL,
		  "giant.bank.example", "giant.bank.example", DMARC_QUARANTINE, 0, DMARC_UNALIGNED },
		/* 4.10.2 */
		{ "a.mail.example.com", NULL, NULL,
		  "_dmarc.mail.example.com=v=DMARC1; p=none#_dmarc.example.com=v=DMARC1; p=reject",
		  RESULT_FAIL, "example.com", "example.com", DMARC_REJECT, 0, 0 },
		{ "a.mail.example.com", "example.com", NULL,
		  "_dmarc.mail.example.com=v=DMARC1; p=reject; psd=n#_dmarc.example.com=v=DMARC1; p=none",
		  RESULT_FAIL, "mail.example.com", "mail.example.com", DMARC_REJECT, DMARC_UNALIGNED, 0 },
		{ "a.mail.example.com", "example.com", NULL, "_dmarc.com=v=DMARC1; p=reject; psd=y",
		  RESULT_PASS, "example.com", "com", DMARC_REJECT, DMARC_RELAXED, 0 },
		/* 5.1.8: the record at the zone cut is never seen */
		{ "mail.a.b.c.d.e.f.g.example.com", NULL, NULL,
		  "_dmarc.b.c.d.e.f.g.example.com=v=DMARC1; p=none; psd=n#_dmarc.example.com=v=DMARC1; p=reject",
		  RESULT_FAIL, "example.com", "example.com", DMARC_REJECT, 0, 0 },
		/* 4.4, table 1 */
		{ "news.example.com", "foo.example.com", "foo.example.net",
		  "_dmarc.example.com=v=DMARC1; p=reject", RESULT_PASS, "example.com", "example.com",
		  DMARC_REJECT, DMARC_RELAXED, DMARC_UNALIGNED },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check_row(&rows[i]);
}

/* 4.7, 4.8, 4.10.1. */
static void
dmarc_finds_the_policy_of_the_author(void **state)
{
	static const struct row rows[] = {
		{ "a.test", NULL, NULL, "", RESULT_NONE, "a.test", NULL, DMARC_ABSENT, 0, 0 },
		{ "a.test", "a.test", "a.test", "", RESULT_NONE, "a.test", NULL, DMARC_ABSENT, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=reject; sp=none; np=none", RESULT_FAIL,
		  "a.test", "a.test", DMARC_REJECT, 0, 0 },
		/* sp for a name that exists, np for one that does not. */
		{ "b.a.test", NULL, NULL,
		  "_dmarc.a.test=v=DMARC1; p=none; sp=quarantine; np=reject#b.a.test=", RESULT_FAIL, "a.test",
		  "a.test", DMARC_QUARANTINE, 0, 0 },
		{ "b.a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=none; sp=quarantine; np=reject",
		  RESULT_FAIL, "a.test", "a.test", DMARC_REJECT, 0, 0 },
		{ "b.a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=none; np=reject#b.a.test=192.0.2.1",
		  RESULT_FAIL, "a.test", "a.test", DMARC_NONE, 0, 0 },
		{ "b.a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=none; np=reject#b.a.test=?",
		  RESULT_TEMPERROR, "a.test", "a.test", DMARC_ABSENT, 0, 0 },
		/* It is told of what passes, too; where it is not known, that is no fault then. */
		{ "b.a.test", "b.a.test", NULL,
		  "_dmarc.a.test=v=DMARC1; p=none; np=reject#b.a.test=192.0.2.1", RESULT_PASS, "a.test",
		  "a.test", DMARC_NONE, DMARC_EQUAL, 0 },
		{ "b.a.test", "b.a.test", NULL, "_dmarc.a.test=v=DMARC1; p=reject; np=none; t=y", RESULT_PASS,
		  "a.test", "a.test", DMARC_NONE, DMARC_EQUAL, 0 },
		{ "b.a.test", "b.a.test", NULL, "_dmarc.a.test=v=DMARC1; p=none; np=reject#b.a.test=?",
		  RESULT_PASS, "a.test", "a.test", DMARC_ABSENT, DMARC_EQUAL, 0 },
		{ "a.test", "a.test", NULL, "_dmarc.a.test=v=DMARC1; p=reject; t=y", RESULT_PASS, "a.test",
		  "a.test", DMARC_QUARANTINE, DMARC_EQUAL, 0 },
		/* That of the suffix, only where the organization has none. */
		{ "b.a.test", NULL, NULL, "_dmarc.test=v=DMARC1; p=none; np=reject; psd=y", RESULT_FAIL,
		  "a.test", "test", DMARC_REJECT, 0, 0 },
		{ "b.a.test", NULL, NULL,
		  "_dmarc.test=v=DMARC1; p=reject; psd=y#_dmarc.a.test=v=DMARC1; p=none", RESULT_FAIL,
		  "a.test", "a.test", DMARC_NONE, 0, 0 },
		/* t=y */
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=reject; t=y", RESULT_FAIL, "a.test",
		  "a.test", DMARC_QUARANTINE, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=quarantine; t=y", RESULT_FAIL, "a.test",
		  "a.test", DMARC_NONE, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=none; t=y", RESULT_FAIL, "a.test",
		  "a.test", DMARC_NONE, 0, 0 },
		/* A policy that is none. */
		{ "a.test", "a.test", NULL, "_dmarc.a.test=v=DMARC1", RESULT_PERMERROR, "a.test", "a.test",
		  DMARC_ABSENT, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; rua=mailto:d@a.test", RESULT_FAIL, "a.test",
		  "a.test", DMARC_NONE, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=reject; sp=x", RESULT_PERMERROR, "a.test",
		  "a.test", DMARC_ABSENT, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=reject; np=x; rua=mailto:d@a.test!10m",
		  RESULT_FAIL, "a.test", "a.test", DMARC_NONE, 0, 0 },
		/* What stands there twice. */
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=reject; p=reject", RESULT_PERMERROR,
		  "a.test", "a.test", DMARC_ABSENT, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=reject; t=y; t=y", RESULT_FAIL, "a.test",
		  "a.test", DMARC_REJECT, 0, 0 },
		{ "b.a.test", NULL, NULL,
		  "_dmarc.b.a.test=v=DMARC1; p=none|v=DMARC1; p=quarantine#_dmarc.a.test=v=DMARC1; p=reject",
		  RESULT_FAIL, "a.test", "a.test", DMARC_REJECT, 0, 0 },
		/* What is no record, and what is unknown in one. */
		{ "a.test", NULL, NULL, "_dmarc.a.test=p=reject; v=DMARC1", RESULT_NONE, "a.test", NULL,
		  DMARC_ABSENT, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=dmarc1; p=reject|V=DMARC1; p=reject|v=DMARC1 p=none",
		  RESULT_NONE, "a.test", NULL, DMARC_ABSENT, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v =\tDMARC1 ;p = Reject; pct=0; new=1; rf=x; ;;",
		  RESULT_FAIL, "a.test", "a.test", DMARC_REJECT, 0, 0 },
		{ "a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=reject; adkim=x; psd=x|spam", RESULT_FAIL,
		  "a.test", "a.test", DMARC_REJECT, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check_row(&rows[i]);
}

/* 3.2.10, 4.4, 4.10.2. */
static void
dmarc_aligns_by_organization(void **state)
{
	static const struct row rows[] = {
		/* Strict is equal, for each of its own. */
		{ "b.a.test", "a.test", "b.a.test", "_dmarc.a.test=v=DMARC1; p=reject; adkim=s; aspf=s",
		  RESULT_PASS, "a.test", "a.test", DMARC_REJECT, DMARC_UNALIGNED, DMARC_EQUAL },
		{ "b.a.test", "a.test", "a.test", "_dmarc.a.test=v=DMARC1; p=reject; adkim=s", RESULT_PASS,
		  "a.test", "a.test", DMARC_REJECT, DMARC_RELAXED, DMARC_UNALIGNED },
		{ "b.a.test", "a.test", "a.test", "_dmarc.a.test=v=DMARC1; p=reject; adkim=S; aspf=s",
		  RESULT_FAIL, "a.test", "a.test", DMARC_REJECT, DMARC_UNALIGNED, DMARC_UNALIGNED },
		/* Each has its own walk: a subdomain that is an organization of its own does not align. */
		{ "a.test", "b.a.test", NULL,
		  "_dmarc.a.test=v=DMARC1; p=reject#_dmarc.b.a.test=v=DMARC1; p=none; psd=n", RESULT_FAIL,
		  "a.test", "a.test", DMARC_REJECT, DMARC_UNALIGNED, 0 },
		/* Below a public suffix with a record. */
		{ "a.test", "b.test", "c.a.test", "_dmarc.test=v=DMARC1; p=reject; psd=y", RESULT_PASS,
		  "a.test", "test", DMARC_REJECT, DMARC_UNALIGNED, DMARC_RELAXED },
		/* psd=y where the walk began counts like any other (rule 3). */
		{ "test", "a.test", NULL, "_dmarc.test=v=DMARC1; p=reject; psd=y", RESULT_FAIL, "test",
		  "test", DMARC_REJECT, DMARC_UNALIGNED, 0 },
		/* Names that only end alike. */
		{ "a.test", "xa.test", "a.test.evil.test", "_dmarc.a.test=v=DMARC1; p=reject", RESULT_FAIL,
		  "a.test", "a.test", DMARC_REJECT, DMARC_UNALIGNED, DMARC_UNALIGNED },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check_row(&rows[i]);
}

/* 5.3.6: a lookup that was needed and failed is neither pass nor fail, and no policy applies. */
static void
dmarc_is_temperror_when_a_needed_lookup_fails(void **state)
{
	static const struct row rows[] = {
		{ "a.test", "a.test", NULL, "_dmarc.a.test=?", RESULT_TEMPERROR, NULL, NULL, DMARC_ABSENT, 0,
		  0 },
		{ "b.a.test", "b.a.test", NULL, "_dmarc.b.a.test=?#_dmarc.a.test=v=DMARC1; p=reject",
		  RESULT_TEMPERROR, NULL, NULL, DMARC_ABSENT, 0, 0 },
		{ "b.a.test", NULL, NULL, "_dmarc.a.test=v=DMARC1; p=reject#_dmarc.test=?", RESULT_TEMPERROR,
		  NULL, NULL, DMARC_ABSENT, 0, 0 },
		/* Not needed: what is equal needs no organization, and nothing else can align. */
		{ "a.test", "a.test", NULL, "_dmarc.a.test=v=DMARC1; p=reject#_dmarc.test=?", RESULT_PASS,
		  NULL, "a.test", DMARC_REJECT, DMARC_EQUAL, 0 },
		{ "a.test", "b.example", NULL, "_dmarc.a.test=v=DMARC1; p=reject#_dmarc.test=?", RESULT_FAIL,
		  NULL, "a.test", DMARC_REJECT, DMARC_UNALIGNED, 0 },
		{ "a.test", "b.a.test", NULL, "_dmarc.a.test=v=DMARC1; p=reject; aspf=s#_dmarc.test=?",
		  RESULT_FAIL, NULL, "a.test", DMARC_REJECT, DMARC_UNALIGNED, 0 },
		{ "a.test", "b.a.test", NULL, "_dmarc.a.test=v=DMARC1; p=reject#_dmarc.b.a.test=?",
		  RESULT_TEMPERROR, "a.test", "a.test", DMARC_REJECT, DMARC_UNTOLD, 0 },
		{ "a.test", "b.a.test", "a.test", "_dmarc.a.test=v=DMARC1; p=reject#_dmarc.b.a.test=?",
		  RESULT_PASS, "a.test", "a.test", DMARC_REJECT, DMARC_UNTOLD, DMARC_EQUAL },
		{ "a.test", "b.a.test", NULL, "_dmarc.a.test=v=DMARC1; p=reject#_dmarc.test=?",
		  RESULT_TEMPERROR, NULL, "a.test", DMARC_REJECT, DMARC_UNTOLD, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		check_row(&rows[i]);
}

/* 5.3.6: SPF or DKIM that was not to be found out, of an identifier that would count. */
static void
dmarc_does_not_fail_what_may_have_passed(void **state)
{
	static const struct {
		const char *domain;
		bool has_passed;
		enum result result;
	} rows[] = {
		{ "a.test", true, RESULT_PASS },         { "a.test", false, RESULT_TEMPERROR },
		{ "b.a.test", false, RESULT_TEMPERROR }, { "other.example", false, RESULT_FAIL },
		{ "other.example", true, RESULT_FAIL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct zone zone = { .entries = "_dmarc.a.test=v=DMARC1; p=reject" };
		struct dmarc_identifier identifier = { .domain = rows[i].domain,
						       .has_passed = rows[i].has_passed };
		struct dmarc_outcome outcome;

		judge(&zone, "a.test", &identifier, 1, &outcome);
		assert_int_equal(outcome.result, rows[i].result);
		clear(&zone);
	}
}

/* 4.10: at most eight questions a walk, all at once; and none for what cannot align. */
static void
dmarc_asks_all_names_of_a_walk_at_once(void **state)
{
	static const char *const asked[] = {
		"_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
		"_dmarc.g.h.i.j.mail.example.com",
		"_dmarc.h.i.j.mail.example.com",
		"_dmarc.i.j.mail.example.com",
		"_dmarc.j.mail.example.com",
		"_dmarc.mail.example.com",
		"_dmarc.example.com",
		"_dmarc.com",
	};
	struct zone zone = { .entries = "_dmarc.example.com=v=DMARC1; p=reject" };
	const struct dmarc_source source = { ask, &zone, NULL };
	struct dmarc_identifier stranger = { .domain = "x.y.z.example.net", .has_passed = true };
	struct dmarc_outcome outcome;

	(void)state;
	assert_false(dmarc_judge(&source, asked[0] + 7, &stranger, 1, &outcome));
	assert_int_equal(zone.count, ROWS(asked));
	for (size_t i = 0; i < ROWS(asked); i++)
		assert_string_equal(zone.names[i], asked[i]);
	zone.open = zone.count;
	assert_true(dmarc_judge(&source, asked[0] + 7, &stranger, 1, &outcome));
	assert_int_equal(zone.count, ROWS(asked));
	assert_int_equal(outcome.walk.lookup_count, ROWS(asked));
	assert_int_equal(outcome.result, RESULT_FAIL);
	clear(&zone);
}

/* A walk is made again with each answer that comes: what was read is not read again. */
static void
dmarc_reads_each_answer_once(void **state)
{
	struct zone zone = { .entries = "_dmarc.a.test=v=DMARC1; p=reject" };
	struct dmarc_memo memo = { .first = NULL };
	const struct dmarc_source source = { ask, &zone, &memo };
	struct dmarc_walk walk;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	memo.memory = &arena;
	(void)dmarc_walk(&source, "a.test", &walk);
	zone.open = zone.count;
	for (int time = 0; time < 3; time++) {
		assert_true(dmarc_walk(&source, "a.test", &walk));
		assert_int_equal(walk.count, 1);
		assert_int_equal(walk.lookups[0].records, 1);
		assert_int_equal(walk.steps[0].record.policy, DMARC_REJECT);
		((char *)zone.answers[0]->records[0].text.at)[0] = 'x'; /* no record, who looks again */
	}
	arena_clear(&arena);
	clear(&zone);
}

/* Names that leave no room for "_dmarc.", and a walk of one label. */
static void
dmarc_judges_names_at_their_limits(void **state)
{
	char author[DOMAIN_SIZE];
	struct zone zone = { .entries = "" };
	struct dmarc_outcome outcome;

	(void)state;
	for (size_t i = 0; i < DOMAIN_SIZE - 1; i++)
		author[i] = i % 2 == 0 ? 'a' : '.';
	author[DOMAIN_SIZE - 1] = '\0';
	judge(&zone, author, NULL, 0, &outcome);
	assert_int_equal(outcome.result, RESULT_NONE);
	assert_int_equal(zone.count, DMARC_QUERIES_MAX - 1);
	clear(&zone);
	judge(&zone, "localhost", NULL, 0, &outcome);
	assert_int_equal(zone.count, 1);
	clear(&zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dmarc_judges_the_examples_of_its_rfc),
		cmocka_unit_test(dmarc_finds_the_policy_of_the_author),
		cmocka_unit_test(dmarc_aligns_by_organization),
		cmocka_unit_test(dmarc_is_temperror_when_a_needed_lookup_fails),
		cmocka_unit_test(dmarc_does_not_fail_what_may_have_passed),
		cmocka_unit_test(dmarc_asks_all_names_of_a_walk_at_once),
		cmocka_unit_test(dmarc_reads_each_answer_once),
		cmocka_unit_test(dmarc_judges_names_at_their_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
