/*
 * meter: how much strangers may make us write: octets of log and records, by network (/24, /48).
 *
 * Each network has an allowance of BOUND_WRITTEN_BURST octets. What is written is taken from it; each octet
 * of SMTP that the network sends adds BOUND_WRITTEN_AN_OCTET, and an hour fills it again. All together may
 * write BOUND_WRITTEN_A_SECOND octets a second. So mail has its record, and a loop of commands soon has none.
 * Networks are kept in a table of fixed size under a hash that nobody outside knows; one that finds no room
 * takes the place, and the allowance, of one that has most left. Any thread.
 */
#ifndef HELOSCOPE_RECORDS_METER_H
#define HELOSCOPE_RECORDS_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/ipaddr.h"

struct meter;

/* One reference; NULL when memory ran out. */
struct meter *meter_new(void) MUST_USE;
struct meter *meter_ref(struct meter *meter) MUST_USE;
void meter_unref(struct meter *meter); /* NULL is allowed */

/* So many octets of SMTP came from `client`, at `now_ms` of clock_now_ms(). */
void meter_feed(struct meter *meter, const struct ipaddr *client, size_t octets, uint64_t now_ms);

/* Take `octets` from what `client` may make us write. False, with nothing taken, when they are not there. */
bool meter_take(struct meter *meter, const struct ipaddr *client, size_t octets, uint64_t now_ms) MUST_USE;

/*
 * Count a message of `client` of which nothing is written, and say so in the log: the first, and then once a
 * minute with how many there were.
 */
void meter_note_unwritten(struct meter *meter, const struct ipaddr *client);

/* How many were not written that no record has told of yet; and that a record has told of so many. */
size_t meter_unwritten(struct meter *meter);
void meter_told(struct meter *meter, size_t count);

#endif
