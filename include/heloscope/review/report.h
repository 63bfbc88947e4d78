/*
 * report: many records counted: what came in, what was or would be refused, by which rule and from whom.
 */
#ifndef HELOSCOPE_REVIEW_REPORT_H
#define HELOSCOPE_REVIEW_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/config/config.h"
#include "heloscope/records/outline.h"
#include "heloscope/records/record.h"

#define REPORT_MISTAKES_MAX 1000 /* hosts and rules of which a first one is kept; all are counted */

/* What is counted by name, each in a table. */
enum report_table {
	REPORT_VERDICTS,
	REPORT_RULES,
	REPORT_CHECKS,
	REPORT_HOSTS,
	REPORT_DOMAINS,
	REPORT_LISTS,
	REPORT_TABLES
};

struct report {
	const char *since; /* RFC 3339; what is older is not counted */
	size_t messages, recipients, mistakes;
	size_t unfinished;             /* of the messages: their end was not seen */
	size_t unwritten;              /* messages without a record, as records tell */
	json_t *tables[REPORT_TABLES]; /* as in heloscope/review/counts.h */
	json_t *mistake_hosts; /* an object: client -> rule -> what report_json() tells of the first */
	size_t mistake_rows;   /* how many of those there are */
	json_t *receivers;     /* an object: host of ours -> numbers of what its records tell */
	json_t *trend;         /* of "messages" and "refusals" (heloscope/review/trend.h) */
	struct span line;      /* that is counted; what is read of it: */
	struct outline outline;
	size_t verdict;                /* which of its verdicts */
	struct record_reading reading; /* all of it, where the reason is told */
};

void report_init(struct report *report, const char *since);
void report_clear(struct report *report);

/* Count the record in a line. Returns false when it is none. */
bool report_take(struct report *report, struct span line) MUST_USE;

/* Count what `part` has counted, which comes behind it. */
void report_add(struct report *report, const struct report *part);

/* The key of a table in the JSON form, and its title. */
const char *report_table_key(enum report_table table);
const char *report_table_title(enum report_table table);

/*
 * The report as an object for json_decref(), all of it in rows: "trend", oldest first, by day when it is
 * long; the others the largest number first. Rules have the text that they have in `config`, unless that is
 * NULL.
 */
json_t *report_json(const struct report *report, const struct config *config);

#endif
