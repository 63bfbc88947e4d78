/*
 * why_page_parts: what the sections of the page of heloscope why have in common. `out` is HTML. Any thread.
 */
#ifndef HELOSCOPE_CLI_WHY_PAGE_PARTS_H
#define HELOSCOPE_CLI_WHY_PAGE_PARTS_H

#include <jansson.h>

#include "heloscope/base/output.h"

/* A point of a list, "dl", whose text may have several lines; nothing without text. */
void why_page_put_point(struct output *out, const char *title, struct span text);

/* Points: records to publish; what the DNS says, whose it is, and the records. */
void why_page_put_records(struct output *out, const json_t *records);
void why_page_put_claim(struct output *out, const json_t *row);

#endif
