/* Alerts for Prometheus. */
#include "heloscope/metrics/watch.h"

#include <string.h>

#include "heloscope/base/strbuf.h"
#include "heloscope/metrics/table.h"

#define CONDITION_SIZE 1000
#define MARK "$METRIC"

/* The condition with the metric's name in place of $METRIC. */
static void
add_condition(struct strbuf *text, const struct metric *metric)
{
	const char *rest = metric->alert.condition;

	for (const char *mark; (mark = strstr(rest, MARK)) != NULL; rest = mark + strlen(MARK)) {
		strbuf_add_span(text, (struct span){ rest, (size_t)(mark - rest) });
		strbuf_add(text, metric->name);
	}
	strbuf_add(text, rest);
}

/* In single quotes, of which those within stand twice: no other character means anything there. */
static void
put_entry(struct output *out, const char *indent, const char *key, const char *text)
{
	output_put(out, "%s%s: '", indent, key);
	for (;;) {
		const size_t length = strcspn(text, "'");

		output_span(out, (struct span){ text, length });
		text += length;
		if (*text == '\0')
			break;
		output_put(out, "''");
		text++;
	}
	output_put(out, "'\n");
}

static void
put_alert(struct output *out, const struct metric *metric)
{
	const struct metric_alert *alert = &metric->alert;
	char memory[CONDITION_SIZE];
	struct strbuf condition = STRBUF_OVER(memory);

	add_condition(&condition, metric);
	output_put(out, "      - alert: %s\n", alert->name);
	put_entry(out, "        ", "expr", memory);
	output_put(out, "        for: %s\n        labels:\n          severity: %s\n        annotations:\n",
		   alert->during, alert->severity);
	put_entry(out, "          ", "summary", alert->summary);
	put_entry(out, "          ", "description", alert->advice);
}

void
metrics_put_alerts(struct output *out)
{
	size_t count;
	const struct metric *metrics = metrics_table(&count);

	output_put(out,
		   "# Alerts for Prometheus, made by \"heloscope metrics --alerts\" (heloscope %s).\n"
		   "groups:\n"
		   "  - name: heloscope\n"
		   "    rules:\n",
		   PACKAGE_VERSION);
	for (size_t i = 0; i < count; i++)
		if (metrics[i].alert.name != NULL)
			put_alert(out, &metrics[i]);
}
