/*
 * gate: how often a visitor of the page behind the reference may look.
 *
 * What is remembered lies in tables of a fixed size, by keyed hashes: whoever has many addresses can make
 * others wait only as far as all together may look no more. Who looks in vain waits sooner; once too many
 * did, only networks from which nobody does so are let in, so that guessing keeps nobody from his own page.
 * One thread.
 */
#ifndef HELOSCOPE_PAGE_GATE_H
#define HELOSCOPE_PAGE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"

struct gate;

/* NULL when memory ran out. */
struct gate *gate_new(void) MUST_USE;
void gate_free(struct gate *gate); /* NULL is allowed */

/* Ask to look, at a time of clock_now_ms(). 0: it is allowed; else how many seconds to wait. All that have no
 * address (0.0.0.0) are one visitor. */
unsigned gate_ask(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms);

/* The look that was allowed is taken: one for which there was no room does not count. */
void gate_count(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms);

/* Whether no more have looked in vain of late than may: so much work can be spent on each. */
bool gate_bears_misses(const struct gate *gate, uint64_t now_ms);

/* It was in vain. */
void gate_count_miss(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms);

/* The same for a test, which counts for the visitor as a look in vain does. */
unsigned gate_ask_test(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms);
void gate_count_test(struct gate *gate, const struct ipaddr *visitor, uint64_t now_ms);

#endif
