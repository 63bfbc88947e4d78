/*
 * compared: what `heloscope why` prints of a log: where one domain is refused and another is not, and domains
 * by receivers.
 */
#ifndef HELOSCOPE_CLI_COMPARED_H
#define HELOSCOPE_CLI_COMPARED_H

#include <jansson.h>

#include "heloscope/base/strbuf.h"

/* On standard output, for people. `json`: as heloscope/review/comparison.h, comparison_json() made it. */
void cli_put_comparison(const json_t *json);

/* The sentences of which that is made, for other forms of it. Of a row of "differences": "a.example is
 * refused at Gmail, where mail of b.example is accepted."; and "Refused 12 times from ... to ...". */
void cli_add_headline(const json_t *row, struct strbuf *text);
void cli_add_times(const json_t *row, struct strbuf *text);

/* "Nothing has to be done: ..." of a row of "differences" that is over, or whose reason the DNS no longer
 * shows; else nothing. Of refusals as a whole that are so: CLI_SETTLED. */
#define CLI_SETTLED "Nothing has to be done: the reason is no longer true."
#define CLI_PAST_REASON "The reason was"
void cli_add_settled(const json_t *row, struct strbuf *text);

/* Of what has "claim" and "finding": what the DNS says; nothing when nobody need know. */
void cli_add_claim(const json_t *row, struct strbuf *text);

/* Of "left-out" and "without-sender", which are in no row. */
#define CLI_LEFT_OUT "Not in this table: %lld that do not fit, or went to nobody knows whom."
#define CLI_WITHOUT_SENDER "Not in this table: %lld of bounces, or whose sender is not in the log."

/* Of a row of the doctor's in "rows": "SPF result (fails; theirs passes)". */
void cli_add_doctor_row(const json_t *row, struct strbuf *text);

#endif
