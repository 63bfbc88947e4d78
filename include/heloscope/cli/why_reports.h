/*
 * why_reports: what receivers reported, as JSON of heloscope why.
 */
#ifndef HELOSCOPE_CLI_WHY_REPORTS_H
#define HELOSCOPE_CLI_WHY_REPORTS_H

#include <jansson.h>

#include "heloscope/mails/summary.h"

/* The member "reports": an object for each domain. */
json_t *why_reports(const struct summary *summary);

#endif
