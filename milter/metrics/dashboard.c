/* A dashboard for Grafana. */
#include "heloscope/metrics/watch.h"

#include <jansson.h>
#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/metrics/table.h"

#define SCHEMA_VERSION 36 /* of Grafana 9, and later ones read it */
#define EXPRESSION_SIZE 400
#define HEIGHT 8
#define WIDTH 12 /* of 24 */
#define OF_INSTANCE "{instance=~\"$instance\"}"
#define INTERVAL "[$__rate_interval]"

/* The labels of a metric: "check, result", or as a legend "{{check}} {{result}}". */
static void
add_labels(struct strbuf *text, const struct metric *metric, const char *before, const char *open,
	   const char *close)
{
	for (size_t i = 0; i < METRIC_LABELS && metric->labels[i] != NULL; i++) {
		strbuf_printf(text, "%s%s%s%s", before, open, metric->labels[i]->name, close);
		before = open[0] != '\0' ? " " : ", ";
	}
}

static bool
is_a_time(const struct metric *metric)
{
	return metric->kind == METRIC_GAUGE && strstr(metric->name, "_timestamp_") != NULL;
}

static void
add_expression(struct strbuf *text, const struct metric *metric, unsigned percent)
{
	if (metric->kind == METRIC_HISTOGRAM) {
		strbuf_printf(text, "histogram_quantile(0.%u, sum by (le", percent);
		add_labels(text, metric, ", ", "", "");
		strbuf_printf(text, ") (rate(%s_bucket" OF_INSTANCE INTERVAL ")))", metric->name);
	} else if (metric->kind == METRIC_COUNTER) {
		strbuf_add(text, "60 * sum by (");
		add_labels(text, metric, "", "", "");
		strbuf_printf(text, ") (rate(%s" OF_INSTANCE INTERVAL "))", metric->name);
	} else {
		strbuf_printf(text, "%s%s" OF_INSTANCE, is_a_time(metric) ? "time() - " : "", metric->name);
	}
}

static void
add_legend(struct strbuf *text, const struct metric *metric, unsigned percent)
{
	add_labels(text, metric, "", "{{", "}}");
	if (metric->kind == METRIC_HISTOGRAM)
		strbuf_printf(text, "%s%u %% within", text->length > 0 ? " " : "", percent);
	else if (metric->kind == METRIC_GAUGE && text->length == 0)
		strbuf_add(text, "{{instance}}");
}

static json_t *
source(void)
{
	json_t *object = json_object();

	document_set_text(object, "type", "prometheus");
	document_set_text(object, "uid", "${datasource}");
	return object;
}

static json_t *
target(const struct metric *metric, unsigned percent)
{
	char expression[EXPRESSION_SIZE], legend[EXPRESSION_SIZE], name[] = "A";
	struct strbuf expression_text = STRBUF_OVER(expression), legend_text = STRBUF_OVER(legend);
	json_t *object = json_object();

	add_expression(&expression_text, metric, percent);
	add_legend(&legend_text, metric, percent);
	name[0] = percent == 50 ? 'A' : percent == 90 ? 'B' : 'C';
	document_set_text(object, "refId", name);
	document_put(object, "datasource", source());
	document_set_text(object, "expr", expression);
	document_set_text(object, "legendFormat", legend);
	return object;
}

/* Of a histogram without labels three quantiles, else one: there are lines enough. */
static json_t *
targets(const struct metric *metric)
{
	const bool has_three = metric->kind == METRIC_HISTOGRAM && metric->labels[0] == NULL;
	json_t *array = json_array();

	if (has_three)
		document_append(array, target(metric, 50));
	document_append(array, target(metric, 90));
	if (has_three)
		document_append(array, target(metric, 99));
	return array;
}

static json_t *
place(size_t index)
{
	json_t *object = json_object();

	document_set_number(object, "h", HEIGHT);
	document_set_number(object, "w", WIDTH);
	document_set_number(object, "x", index % 2 == 0 ? 0 : WIDTH);
	document_set_number(object, "y", (json_int_t)(index / 2) * HEIGHT);
	return object;
}

static json_t *
panel(const struct metric *metric, size_t index)
{
	const char *unit = metric->unit == NULL                   ? "short"
			   : strcmp(metric->unit, "seconds") == 0 ? "s"
								  : metric->unit;
	json_t *object = json_object(), *config = json_object(), *defaults = json_object();
	char memory[EXPRESSION_SIZE];
	struct strbuf title = STRBUF_OVER(memory);

	strbuf_printf(&title, "%s%s", metric->title, metric->kind == METRIC_COUNTER ? ", a minute" : "");
	document_set_number(object, "id", (json_int_t)index + 1);
	document_set_text(object, "title", memory);
	document_set_text(object, "description", metric->help);
	document_set_text(object, "type", "timeseries");
	document_put(object, "datasource", source());
	document_put(object, "gridPos", place(index));
	document_set_text(defaults, "unit", unit);
	document_set_number(defaults, "min", 0);
	document_put(config, "defaults", defaults);
	document_put(config, "overrides", json_array());
	document_put(object, "fieldConfig", config);
	document_put(object, "targets", targets(metric));
	return object;
}

/* Which Prometheus, and which of its hosts. */
static json_t *
variables(void)
{
	json_t *object = json_object(), *list = json_array(), *server = json_object(), *host = json_object();

	document_set_text(server, "name", "datasource");
	document_set_text(server, "label", "Prometheus");
	document_set_text(server, "type", "datasource");
	document_set_text(server, "query", "prometheus");
	document_append(list, server);
	document_set_text(host, "name", "instance");
	document_set_text(host, "label", "Host");
	document_set_text(host, "type", "query");
	document_put(host, "datasource", source());
	document_set_text(host, "query", "label_values(heloscope_build_info, instance)");
	document_set_number(host, "refresh", 2);
	document_set_flag(host, "multi", true);
	document_set_flag(host, "includeAll", true);
	document_append(list, host);
	document_put(object, "list", list);
	return object;
}

static json_t *
period(void)
{
	json_t *object = json_object();

	document_set_text(object, "from", "now-24h");
	document_set_text(object, "to", "now");
	return object;
}

void
metrics_put_dashboard(struct output *out)
{
	size_t count;
	const struct metric *metrics = metrics_table(&count);
	json_t *object = json_object(), *panels = json_array();

	for (size_t i = 0; i < count; i++)
		document_append(panels, panel(&metrics[i], i));
	document_set_text(object, "title", "heloscope");
	document_set_text(object, "uid", "heloscope");
	document_set_number(object, "schemaVersion", SCHEMA_VERSION);
	document_set_text(object, "refresh", "1m");
	document_put(object, "time", period());
	document_put(object, "templating", variables());
	document_put(object, "panels", panels);
	document_print(out, object);
	json_decref(object);
}
