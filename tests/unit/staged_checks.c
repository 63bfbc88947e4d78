#include "staged_checks.h"

#include <stdio.h>
#include <string.h>

/* What x-seal keeps. */
struct seal {
	char name[64]; /* whose record is asked for; "" for none */
	unsigned sum;
};

static struct seal *
seal_of(struct inquiry *inquiry)
{
	struct workspace *fed = inquiry_fed(inquiry);

	if (fed->state == NULL)
		fed->state = arena_alloc(&fed->memory, sizeof(struct seal));
	return fed->state;
}

static void
take_field(struct inquiry *inquiry, struct seal *seal, const struct piece *piece)
{
	const struct span value = span_trim(piece->value);

	if (span_equals_nocase(piece->name, SPAN("X-Keep"))
	    && arena_copy(&inquiry_fed(inquiry)->memory, piece->value) == NULL)
		return;
	if (!span_equals_nocase(piece->name, SPAN("X-Seal")))
		return;
	(void)snprintf(seal->name, sizeof seal->name, "%.*s", (int)value.length, value.at);
	(void)inquiry_ask(inquiry, STAGE_HEADER, seal->name, DNS_TXT);
}

static void
feed_seal(struct inquiry *inquiry, const struct piece *piece)
{
	struct seal *seal = seal_of(inquiry);

	if (seal == NULL)
		return;
	if (piece->kind == PIECE_FIELD)
		take_field(inquiry, seal, piece);
	for (size_t i = 0; piece->kind == PIECE_BODY && i < piece->value.length; i++)
		seal->sum += (unsigned char)piece->value.at[i];
}

static bool
finish(struct inquiry *inquiry, enum result result)
{
	inquiry_facts(inquiry)->results[METHOD_SENDER] = result;
	return true;
}

static bool
run_seal(struct inquiry *inquiry)
{
	const struct seal *seal = seal_of(inquiry);
	const struct dns_answer *answer;
	char sum[16];

	if (inquiry_stage(inquiry) < STAGE_HEADER)
		return false;
	if (seal->name[0] == '\0')
		return finish(inquiry, RESULT_NONE);
	answer = inquiry_ask(inquiry, STAGE_HEADER, seal->name, DNS_TXT);
	if (answer == NULL || inquiry_stage(inquiry) < STAGE_BODY)
		return false;
	if (dns_status_is_fault(answer->status))
		return finish(inquiry, RESULT_TEMPERROR);
	(void)snprintf(sum, sizeof sum, "%u", seal->sum);
	return finish(inquiry, answer->count == 1 && span_equals(answer->records[0].text, span_of(sum))
				       ? RESULT_PASS
				       : RESULT_FAIL);
}

static void
feed_from(struct inquiry *inquiry, const struct piece *piece)
{
	struct workspace *fed = inquiry_fed(inquiry);
	unsigned *count = fed->state != NULL ? fed->state : arena_alloc(&fed->memory, sizeof *count);

	fed->state = count;
	if (count == NULL)
		return;
	if (piece->kind == PIECE_FIELD && span_equals_nocase(piece->name, SPAN("From")))
		++*count;
}

static bool
run_from(struct inquiry *inquiry)
{
	const unsigned *count = inquiry_fed(inquiry)->state;

	if (inquiry_stage(inquiry) < STAGE_HEADER)
		return false;
	inquiry_facts(inquiry)->results[METHOD_HELO] = *count == 1 ? RESULT_PASS : RESULT_FAIL;
	return true;
}

static const struct check x_from = {
	.stage = STAGE_HEADER, .run = run_from, .method = METHOD_HELO, .feed = feed_from
};
static const struct check x_seal = {
	.stage = STAGE_BODY, .run = run_seal, .method = METHOD_SENDER, .feed = feed_seal
};

struct check_table
staged_checks(void)
{
	static const struct check *const table[] = { &x_from, &x_seal };

	return (struct check_table){ table, 2 };
}
