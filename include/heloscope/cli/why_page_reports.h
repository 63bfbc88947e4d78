/*
 * why_page_reports: what receivers reported, as a section of the page of heloscope why. Any thread.
 */
#ifndef HELOSCOPE_CLI_WHY_PAGE_REPORTS_H
#define HELOSCOPE_CLI_WHY_PAGE_REPORTS_H

#include <jansson.h>

#include "heloscope/base/output.h"

/* As of why_reports(). Nothing is written when it is empty. */
void why_page_put_reports(struct output *out, const json_t *reports);

#endif
