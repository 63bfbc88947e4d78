/* claim_cases: whose domains and addresses refusals are about. */
#include "unit.h"

#include "heloscope/doctor/claim_cases.h"

static const struct claim_kind *
kind_of(enum refusal_category category, const char *text)
{
	static const struct refusal_entry entry = { .name = "x" };
	const struct recognition known = { .entry = &entry, .category = category };

	return claim_kind_of(&known, text);
}

/* A subject of which these are not "". */
static struct claim_subject
subject_of(enum refusal_category category, const char *domain, const char *address)
{
	struct claim_subject subject = { .kind = kind_of(category, "dmarc policy") };

	(void)snprintf(subject.domain, sizeof subject.domain, "%s", domain);
	if (address[0] != '\0')
		assert_true(ipaddr_parse(span_of(address), &subject.address));
	return subject;
}

static void
claim_cases_tell_apart_each_kind_domain_and_address(void **state)
{
	static const struct {
		unsigned long kind;
		enum refusal_category category;
		const char *domain, *address;
	} rows[] = {
		{ 0, CATEGORY_SPF, "a.example", "192.0.2.1" },
		{ 0, CATEGORY_SPF, "b.example", "192.0.2.1" },
		{ 1, CATEGORY_PTR, "a.example", "192.0.2.1" },
		{ 0, CATEGORY_SPF, "a.example", "192.0.2.2" },
		{ 0, CATEGORY_SPF, "a.example", "192.0.2.1" },
		{ 1, CATEGORY_PTR, "b.example", "192.0.2.1" }, /* whoever's mail it was */
		{ 0, CATEGORY_SPF, "a.example", "" },
	};
	static const char *const told[] = { "a.example from 192.0.2.1", "b.example from 192.0.2.1",
					    "a.example from 192.0.2.2", "a.example" };
	const struct claim_case *one = NULL;
	struct claim_cases cases;

	(void)state;
	assert_true(claim_cases_init(&cases));
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct claim_subject subject =
			subject_of(rows[i].category, rows[i].domain, rows[i].address);

		claim_cases_add(&cases, rows[i].kind, &subject);
	}
	for (size_t i = 0; i < ROWS(told); i++) {
		char memory[400];
		struct strbuf text = STRBUF_OVER(memory);

		one = claim_cases_next(&cases, 0, one);
		assert_non_null(one);
		claim_subject_add_to(&one->subject, &text);
		assert_string_equal(memory, told[i]);
		assert_int_equal(one->count, i == 0 ? 2 : 1);
	}
	assert_null(claim_cases_next(&cases, 0, one));
	one = claim_cases_next(&cases, 1, NULL);
	assert_int_equal(one->count, 2);
	assert_string_equal(one->subject.domain, "a.example");
	assert_null(claim_cases_next(&cases, 1, one));
	assert_null(claim_cases_next(&cases, 2, NULL));
	claim_cases_clear(&cases);
}

static void
claim_cases_hold_no_more_than_their_bound(void **state)
{
	struct claim_cases cases;
	unsigned long count = 0;

	(void)state;
	assert_true(claim_cases_init(&cases));
	for (unsigned long number = 0; number < BOUND_CLAIM_CASES + 3; number++) {
		struct claim_subject subject = subject_of(CATEGORY_SPF, "", "192.0.2.1");

		(void)snprintf(subject.domain, sizeof subject.domain, "d%lu.example", number);
		claim_cases_add(&cases, 0, &subject);
		claim_cases_add(&cases, 0, &subject);
	}
	for (const struct claim_case *one = NULL; (one = claim_cases_next(&cases, 0, one)) != NULL; count++)
		assert_int_equal(one->count, 2);
	assert_int_equal(count, BOUND_CLAIM_CASES);
	assert_int_equal(cases.beyond, 6);
	claim_cases_clear(&cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claim_cases_tell_apart_each_kind_domain_and_address),
		cmocka_unit_test(claim_cases_hold_no_more_than_their_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
