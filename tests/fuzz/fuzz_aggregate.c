/* Any octets as a DMARC report, cut anywhere: the same rows. */
#include "fuzz.h"
#include "heloscope/mails/aggregate.h"

static void
take_row(void *context, const struct aggregate_report *report, const struct aggregate_row *row)
{
	size_t *rows = context;

	PROMISE(row->source.length > 0 && row->count > 0 && row->dkim_count <= AGGREGATE_DKIM_MAX);
	PROMISE(memchr(report->domain, '\0', sizeof report->domain) != NULL);
	PROMISE(memchr(row->header_from, '\0', sizeof row->header_from) != NULL);
	(*rows)++;
}

static size_t
read_in_two(struct span text, size_t first, bool *is_good)
{
	size_t rows = 0;
	struct aggregate *aggregate = aggregate_new(take_row, &rows);
	struct error reason;

	PROMISE(aggregate != NULL);
	(void)aggregate_add(aggregate, (struct span){ text.at, first });
	(void)aggregate_add(aggregate, span_from(text, first));
	*is_good = aggregate_finish(aggregate, &reason);
	aggregate_free(aggregate);
	return rows;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { size > 0 ? (const char *)data : "", size };
	bool is_good, is_good_cut;
	const size_t rows = read_in_two(text, 0, &is_good);

	PROMISE(read_in_two(text, size / 2, &is_good_cut) == rows && is_good == is_good_cut);
	return 0;
}
