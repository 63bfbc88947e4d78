#include "heloscope/checks/reasons.h"

#include <string.h>

#include "heloscope/checks/truth.h"

/* What is looked for: why a condition is true, or why it is false. */
struct search {
	const struct facts *facts;
	const struct mailbox *recipient;
	struct reasons *found;
};

static bool
comes_to(const struct search *search, const struct condition *condition, enum truth wanted)
{
	return truth_of(condition, search->facts, search->recipient) == wanted;
}

/* How many of the operands come to `wanted`. */
static size_t
count_such(const struct search *search, const struct condition *condition, enum truth wanted)
{
	size_t count = 0;

	for (size_t i = 0; i < condition->operand_count; i++)
		count += comes_to(search, condition->operands[i], wanted) ? 1 : 0;
	return count;
}

/* Whether a number compares otherwise where no list lists anything. */
static bool
is_by_listing(const struct condition *test, const struct facts *facts, bool holds)
{
	return truth_compares(0, test->compare, test->number) != holds
	       && facts_tally(facts, test->quantity == QUANTITY_DNSWL).operators > 0;
}

static bool
is_listed_by(const struct facts *facts, const char *zone)
{
	enum list_subject subject;

	return facts_listing(facts, zone, &subject) != NULL;
}

static const char *
zone_of(const struct condition *test, const struct facts *facts)
{
	for (size_t i = 0; i < test->texts.count; i++)
		if (is_listed_by(facts, test->texts.items[i]))
			return test->texts.items[i];
	return test->texts.items[0];
}

static void
add(const struct search *search, const struct condition *test, enum truth wanted, bool is_enough)
{
	struct reasons *found = search->found;
	const bool holds = (wanted == TRUTH_TRUE) != test->is_negated;
	struct reason reason = {
		.kind = test->kind,
		.holds = holds,
		.is_enough = is_enough,
		.method = METHODS,
		.quantity = QUANTITIES,
		.subject = SUBJECTS,
	};

	if (test->kind == CONDITION_RESULT)
		reason.method = test->method;
	if (test->kind == CONDITION_QUANTITY) {
		reason.quantity = test->quantity;
		reason.is_by_listing = is_by_listing(test, search->facts, holds);
	}
	if (test->kind == CONDITION_TEXT)
		reason.subject = test->subject;
	if (test->kind == CONDITION_LISTED)
		reason.zone = zone_of(test, search->facts);
	if (found->count < REASONS_MAX)
		found->items[found->count++] = reason;
}

/* Why `condition` comes to `wanted`, which it does. One "or" of several that are true needs only one of them,
 * and so does an "and" that is false. */
static void
find(const struct search *search, const struct condition *condition, enum truth wanted, bool is_enough)
{
	const bool is_joined = condition->kind == CONDITION_AND || condition->kind == CONDITION_OR;
	const bool needs_all = (condition->kind == CONDITION_AND) == (wanted == TRUTH_TRUE);

	if (condition->kind == CONDITION_NOT)
		find(search, condition->operands[0], wanted == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE,
		     is_enough);
	else if (!is_joined)
		add(search, condition, wanted, is_enough);
	if (is_joined && !needs_all && count_such(search, condition, wanted) > 1)
		is_enough = false;
	for (size_t i = 0; is_joined && i < condition->operand_count; i++)
		if (comes_to(search, condition->operands[i], wanted))
			find(search, condition->operands[i], wanted, is_enough);
}

struct reasons
reasons_of(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	struct reasons reasons = { .count = 0 };
	const struct search search = { facts, recipient, &reasons };

	if (condition != NULL && comes_to(&search, condition, TRUTH_TRUE))
		find(&search, condition, TRUTH_TRUE, true);
	return reasons;
}

static bool
is_same_zone(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_equal(const struct reason *a, const struct reason *b)
{
	return a->kind == b->kind && a->holds == b->holds && a->is_enough == b->is_enough
	       && a->method == b->method && a->quantity == b->quantity && a->is_by_listing == b->is_by_listing
	       && a->subject == b->subject && is_same_zone(a->zone, b->zone);
}

bool
reasons_equal(const struct reasons *a, const struct reasons *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!is_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}
