#include "heloscope/checks/reasons.h"

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

static void
add(const struct search *search, const struct condition *test, enum truth wanted, bool is_enough)
{
	struct reasons *found = search->found;

	if (found->count < REASONS_MAX)
		found->items[found->count++] = (struct reason){
			.test = test,
			.holds = (wanted == TRUTH_TRUE) != test->is_negated,
			.is_enough = is_enough,
		};
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

bool
reasons_equal(const struct reasons *a, const struct reasons *b)
{
	bool is_equal = a->count == b->count;

	for (size_t i = 0; is_equal && i < a->count; i++)
		is_equal = a->items[i].test == b->items[i].test && a->items[i].holds == b->items[i].holds
			   && a->items[i].is_enough == b->items[i].is_enough;
	return is_equal;
}
