/*
 * why_page_parts: what the sections of the page of heloscope why have in common. `out` is HTML. Any thread.
 */
#ifndef HELOSCOPE_CLI_WHY_PAGE_PARTS_H
#define HELOSCOPE_CLI_WHY_PAGE_PARTS_H

#include <jansson.h>

#include "heloscope/base/output.h"

/* A point of a list, "dl", whose text may have several lines; nothing without text. */
void why_page_put_point(struct output *out, const char *title, struct span text);

/* Points: what a refusal means and what to do; `settled`: "", or what is said in place of what to do, of a
 * reason that is no longer true. */
void why_page_put_reason(struct output *out, const json_t *reason, const char *title, const char *settled);

/* Points: records to publish; what the DNS says, whose it is, and the records. */
void why_page_put_records(struct output *out, const json_t *records);
void why_page_put_claim(struct output *out, const json_t *row);

#endif
