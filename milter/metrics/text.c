#include "heloscope/metrics/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "heloscope/metrics/table.h"

#define SIZE_FIRST 65536U
#define SIZE_MAX_OCTETS (64U << 20)

void
metrics_add_label_value(struct strbuf *text, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			strbuf_printf(text, "\\%c", *value);
		else if (ascii_is_printable(*value))
			strbuf_add_char(text, *value);
		else
			strbuf_printf(text, "\\\\x%02x", (unsigned char)*value);
	}
}

/* The labels of a series; of a bucket `bound`, or NULL. */
static void
add_labels(struct strbuf *text, const struct metric *metric, const struct metrics_view *view,
	   const size_t indexes[METRIC_LABELS], const char *bound)
{
	const char *before = "{";

	for (size_t i = 0; i < METRIC_LABELS && metric->labels[i] != NULL; i++) {
		strbuf_printf(text, "%s%s=\"", before, metric->labels[i]->name);
		metrics_add_label_value(text, metric->labels[i]->word(view, indexes[i]));
		strbuf_add_char(text, '"');
		before = ",";
	}
	if (bound != NULL)
		strbuf_printf(text, "%sle=\"%s\"", before, bound);
	if (bound != NULL || before[0] == ',')
		strbuf_add_char(text, '}');
}

static void
add_buckets(struct strbuf *text, const struct metric *metric, const struct metrics_view *view,
	    const size_t indexes[METRIC_LABELS])
{
	const struct histogram_reading reading =
		histogram_read(metric->histogram(view, indexes[0], indexes[1]));
	uint64_t sum = 0;

	for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++) {
		char bound[24] = "+Inf";

		if (i < HISTOGRAM_BUCKETS)
			(void)snprintf(bound, sizeof bound, "%g", histogram_bounds_ms[i] / 1000.0);
		sum += reading.buckets[i];
		strbuf_printf(text, "%s_bucket", metric->name);
		add_labels(text, metric, view, indexes, bound);
		strbuf_printf(text, " %" PRIu64 "\n", sum);
	}
	strbuf_printf(text, "%s_sum", metric->name);
	add_labels(text, metric, view, indexes, NULL);
	strbuf_printf(text, " %" PRIu64 ".%03u\n%s_count", reading.sum_ms / 1000,
		      (unsigned)(reading.sum_ms % 1000), metric->name);
	add_labels(text, metric, view, indexes, NULL);
	strbuf_printf(text, " %" PRIu64 "\n", reading.count);
}

static void
add_series(void *context, const struct metric *metric, const struct metrics_view *view, size_t first,
	   size_t second)
{
	const size_t indexes[METRIC_LABELS] = { first, second };
	struct strbuf *text = context;

	if (metric->kind == METRIC_HISTOGRAM) {
		add_buckets(text, metric, view, indexes);
		return;
	}
	strbuf_add(text, metric->name);
	add_labels(text, metric, view, indexes, NULL);
	strbuf_printf(text, " %" PRIu64 "\n", metric->value(view, first, second));
}

static void
add_all(struct strbuf *text, const struct metrics_view *view)
{
	size_t count;
	const struct metric *metrics = metrics_table(&count);

	for (size_t i = 0; i < count; i++) {
		strbuf_printf(text, "# HELP %s %s\n# TYPE %s %s\n", metrics[i].name, metrics[i].help,
			      metrics[i].name, metric_kinds[metrics[i].kind]);
		metric_each(&metrics[i], view, add_series, text);
	}
}

char *
metrics_text(const struct metrics_view *view, size_t *length)
{
	for (size_t size = SIZE_FIRST; size <= SIZE_MAX_OCTETS; size *= 2) {
		char *memory = malloc(size);
		struct strbuf text;

		if (memory == NULL)
			return NULL;
		strbuf_init(&text, memory, size);
		add_all(&text, view);
		*length = text.length;
		if (!text.is_cut)
			return memory;
		free(memory);
	}
	return NULL;
}
