/*
 * why_page_comparison: where one domain is refused and another is not, and domains by receivers, as a section
 * of the page of heloscope why. Any thread.
 */
#ifndef HELOSCOPE_CLI_WHY_PAGE_COMPARISON_H
#define HELOSCOPE_CLI_WHY_PAGE_COMPARISON_H

#include <jansson.h>

#include "heloscope/base/output.h"

/* As of comparison_json(). `refusals`: of why_refusals_groups(), for what the DNS says of the reason of a
 * row. Nothing is written when it is empty. */
void why_page_put_comparison(struct output *out, const json_t *comparison, const json_t *refusals);

#endif
