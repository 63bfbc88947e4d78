#include "heloscope/checks/reasons.h"

#include <string.h>

#include "heloscope/checks/truth.h"

/* Operators of reasons.joined, behind every index of a reason. */
enum { JOINED_BOTH = REASONS_MAX, JOINED_EITHER, JOINED_OTHER /* a reason that is not kept */ };

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
join(struct reasons *found, unsigned char operand)
{
	if (found->joined_count < REASONS_JOINED_MAX)
		found->joined[found->joined_count] = operand;
	if (found->joined_count <= REASONS_JOINED_MAX)
		found->joined_count++; /* one more than there is room: not known */
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
	if (test->kind == CONDITION_TEXT || test->kind == CONDITION_WORD)
		reason.subject = test->subject;
	if (test->kind == CONDITION_TEXT && test->subject == SUBJECT_CLIENT_NAME)
		reason.name = truth_client_name(test, search->facts);
	if (test->kind == CONDITION_LISTED)
		reason.zone = zone_of(test, search->facts);
	join(found, found->count < REASONS_MAX ? (unsigned char)found->count : JOINED_OTHER);
	if (found->count < REASONS_MAX)
		found->items[found->count++] = reason;
	else
		found->is_cut = true;
}

static void find(const struct search *search, const struct condition *condition, enum truth wanted,
		 bool is_enough);

/* One "or" of several that are true needs only one of them, and so does an "and" that is false. */
static void
find_joined(const struct search *search, const struct condition *condition, enum truth wanted, bool is_enough)
{
	const bool needs_all = (condition->kind == CONDITION_AND) == (wanted == TRUTH_TRUE);
	const size_t count = count_such(search, condition, wanted);
	size_t found = 0;

	for (size_t i = 0; i < condition->operand_count; i++) {
		if (!comes_to(search, condition->operands[i], wanted))
			continue;
		find(search, condition->operands[i], wanted, is_enough && (needs_all || count == 1));
		if (found++ > 0)
			join(search->found, needs_all ? JOINED_BOTH : JOINED_EITHER);
	}
}

/* Why `condition` comes to `wanted`, which it does. */
static void
find(const struct search *search, const struct condition *condition, enum truth wanted, bool is_enough)
{
	if (condition->kind == CONDITION_NOT)
		find(search, condition->operands[0], wanted == TRUTH_TRUE ? TRUTH_FALSE : TRUTH_TRUE,
		     is_enough);
	else if (condition->kind == CONDITION_AND || condition->kind == CONDITION_OR)
		find_joined(search, condition, wanted, is_enough);
	else
		add(search, condition, wanted, is_enough);
}

struct reasons
reasons_of(const struct condition *condition, const struct facts *facts, const struct mailbox *recipient)
{
	struct reasons reasons = { .count = 0 };
	const struct search search = { facts, recipient, &reasons };

	if (condition != NULL && comes_to(&search, condition, TRUTH_TRUE))
		find(&search, condition, TRUTH_TRUE, true);
	if (reasons.joined_count > REASONS_JOINED_MAX)
		reasons.joined_count = 0;
	return reasons;
}

/* What can be said without knowing how they are joined. */
static bool
may_remain(const struct reasons *reasons, unsigned gone)
{
	const unsigned all = (1U << reasons->count) - 1;

	for (size_t i = 0; i < reasons->count; i++)
		if (reasons->items[i].is_enough && (gone & 1U << i) != 0)
			return false;
	return reasons->is_cut || (gone & all) != all;
}

bool
reasons_remain(const struct reasons *reasons, unsigned gone)
{
	bool stack[REASONS_JOINED_MAX] = { false };
	size_t depth = 0;

	if (reasons->joined_count == 0)
		return may_remain(reasons, gone);
	for (size_t i = 0; i < reasons->joined_count; i++) {
		const unsigned char step = reasons->joined[i];

		if (step == JOINED_BOTH || step == JOINED_EITHER) {
			depth--;
			stack[depth - 1] = step == JOINED_BOTH ? stack[depth - 1] && stack[depth]
							       : stack[depth - 1] || stack[depth];
		} else {
			stack[depth++] = step == JOINED_OTHER || (gone & 1U << step) == 0;
		}
	}
	return stack[0];
}

static const char *const joined_words[] = {
	[JOINED_BOTH - REASONS_MAX] = "and",
	[JOINED_EITHER - REASONS_MAX] = "or",
	[JOINED_OTHER - REASONS_MAX] = "other",
};

void
reasons_write_joined(const struct reasons *reasons, struct strbuf *text)
{
	for (size_t i = 0; i < reasons->joined_count; i++) {
		const unsigned char step = reasons->joined[i];

		strbuf_add(text, i > 0 ? " " : "");
		if (step < REASONS_MAX)
			strbuf_printf(text, "%u", (unsigned)step);
		else
			strbuf_add(text, joined_words[step - REASONS_MAX]);
	}
}

/* False for a word that is none of them, or the number of a reason that is not there. */
static bool
read_step(struct span word, const struct reasons *reasons, unsigned char *step)
{
	for (*step = JOINED_BOTH; *step <= JOINED_OTHER; ++*step)
		if (span_equals(word, span_of(joined_words[*step - REASONS_MAX])))
			return true;
	if (span_digits(word) != word.length || word.length > 2)
		return false;
	*step = 0;
	for (size_t i = 0; i < word.length; i++)
		*step = (unsigned char)(10 * *step + (word.at[i] - '0'));
	return *step < reasons->count;
}

bool
reasons_read_joined(struct reasons *reasons, struct span text)
{
	struct span word = span_word(&text, " ");
	unsigned char step;
	size_t depth = 0;
	bool fits = true;

	reasons->joined_count = 0;
	for (; fits && word.length > 0; word = span_word(&text, " ")) {
		fits = reasons->joined_count < REASONS_JOINED_MAX && read_step(word, reasons, &step)
		       && (step != JOINED_BOTH && step != JOINED_EITHER ? depth++ < REASONS_JOINED_MAX
									: depth-- > 1);
		if (fits)
			reasons->joined[reasons->joined_count++] = step;
		reasons->is_cut = reasons->is_cut || (fits && step == JOINED_OTHER);
	}
	fits = fits && depth == (reasons->joined_count > 0 ? 1 : 0);
	if (!fits)
		reasons->joined_count = 0;
	return fits;
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_equal(const struct reason *a, const struct reason *b)
{
	return a->kind == b->kind && a->holds == b->holds && a->is_enough == b->is_enough
	       && a->method == b->method && a->quantity == b->quantity && a->is_by_listing == b->is_by_listing
	       && a->subject == b->subject && is_same_text(a->zone, b->zone)
	       && is_same_text(a->name, b->name);
}

bool
reasons_equal(const struct reasons *a, const struct reasons *b)
{
	if (a->count != b->count || a->is_cut != b->is_cut || a->joined_count != b->joined_count
	    || memcmp(a->joined, b->joined, a->joined_count) != 0)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!is_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}
