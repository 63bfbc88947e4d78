/*
 * metrics_view: what is there now, beside what is counted: the configuration in use and what stands on it.
 * Plain data, whose owner sees to it that it stays while it is looked at.
 */
#ifndef HELOSCOPE_METRICS_VIEW_H
#define HELOSCOPE_METRICS_VIEW_H

#include <stdint.h>

#include "heloscope/config/config.h"
#include "heloscope/dns/cache.h"
#include "heloscope/dns/resolver_report.h"
#include "heloscope/lists/health.h"
#include "heloscope/metrics/rules.h"
#include "heloscope/share/share.h"

struct metrics_view {
	const struct config *config;
	struct list_health *health;
	const struct rule_counts *rules;
	int64_t started, read; /* the filter, and its configuration; seconds since 1970 */
	struct dns_cache_look cache;
	struct look_back_look look_back;   /* all zero when there is none */
	struct share_look share;           /* all zero when nothing is */
	struct resolver_report resolver;   /* of its self-test */
	const struct trust_anchor *anchor; /* NULL: none is configured, or it could not be read */
};

#endif
