/*
 * why_page: what heloscope why tells, as a page of HTML that can be read without a script.
 *
 * It is made of the JSON of which the text for people is made, too. One thread.
 */
#ifndef HELOSCOPE_CLI_WHY_PAGE_H
#define HELOSCOPE_CLI_WHY_PAGE_H

#include <jansson.h>

#include "heloscope/cli/html.h"

struct why_page {
	const json_t *comparison; /* as of comparison_json(); NULL: no log was read */
	const json_t *refusals;   /* why_refusals_groups() */
	const json_t *reports;    /* why_reports() */
	const json_t *trend;      /* trend_rows(), of "delivered", "deferred" and "refused" */
};

/* False when it could not be written; the reason was told. */
bool why_page_write(const char *path, const struct why_page *page) MUST_USE;

#endif
