/*
 * why_page_trend: what came when, as a section of the page of heloscope why. Any thread.
 */
#ifndef HELOSCOPE_CLI_WHY_PAGE_TREND_H
#define HELOSCOPE_CLI_WHY_PAGE_TREND_H

#include <jansson.h>

#include "heloscope/base/output.h"

/* As of trend_rows(), with "delivered", "deferred" and "refused". Nothing is written when it is empty. */
void why_page_put_trend(struct output *out, const json_t *trend);

#endif
