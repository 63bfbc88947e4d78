/* heloscope metrics: the numbers of the filter that runs, and what watches them. */
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli/cli.h"
#include "heloscope/cli/control.h"
#include "heloscope/metrics/watch.h"

static const char help[] =
	"usage: heloscope metrics [-c FILE]\n"
	"       heloscope metrics --dashboard | --alerts\n"
	"\n"
	"Prints the numbers of the running filter, in the text format of Prometheus; it queries\n"
	"the control socket that the configuration names.\n"
	"\n"
	"      --dashboard     print a dashboard with all of them instead, which Grafana imports\n"
	"      --alerts        print rules for Prometheus instead, which say when somebody should\n"
	"                      look, and at what\n"
	"  -c, --config FILE   the configuration of the filter\n"
	"                      (default: " CONFIG_FILE ")\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 it was printed, 2 wrong usage, 3 the filter does not answer.\n"
	"\n"
	"Example: heloscope metrics --alerts > /etc/prometheus/heloscope.rules\n";

struct options {
	const char *config;
	bool wants_dashboard, wants_alerts;
};

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "dashboard", .flag = &options->wants_dashboard, .excludes = "config" },
		{ .name = "alerts", .flag = &options->wants_alerts, .excludes = "dashboard" },
		{ .name = NULL },
	};

	return options_read_all(argc, argv,
				&(struct option_syntax){ "heloscope", "metrics", help, table, NULL });
}

int
cli_metrics(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	const int status = read_options(argc, argv, &options);
	struct control_answer answer;

	if (status >= 0)
		return status;
	if (options.wants_dashboard) {
		metrics_put_dashboard(output_standard());
		return CLI_WELL;
	}
	if (options.wants_alerts) {
		metrics_put_alerts(output_standard());
		return CLI_WELL;
	}
	if (!control_ask_filter("metrics", options.config, "/metrics", NULL, &answer))
		return CLI_UNKNOWN;
	output_lines(output_standard(), (struct span){ answer.text, answer.length });
	free(answer.text);
	return CLI_WELL;
}
