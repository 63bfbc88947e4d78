/*
 * metrics_watch: a dashboard for Grafana and alerts for Prometheus, made of the rows of the table.
 */
#ifndef HELOSCOPE_METRICS_WATCH_H
#define HELOSCOPE_METRICS_WATCH_H

#include "heloscope/base/output.h"

/* A dashboard with a panel for each metric, as JSON that Grafana imports. */
void metrics_put_dashboard(struct output *out);

/* A file of rules, as YAML. */
void metrics_put_alerts(struct output *out);

#endif
