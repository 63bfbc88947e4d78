/*
 * compared: what `heloscope why` prints of a log: where one domain is refused and another is not, and domains
 * by receivers.
 */
#ifndef HELOSCOPE_CLI_COMPARED_H
#define HELOSCOPE_CLI_COMPARED_H

#include <jansson.h>

/* On standard output, for people. `json`: as heloscope/review/comparison.h,  comparison_json() made it. */
void cli_put_comparison(const json_t *json);

#endif
