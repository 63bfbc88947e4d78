/*
 * record_value: the values of which a record (heloscope/records/record.h) is made, for those who write its
 * parts, with heloscope/base/document.h, and for those who read it.
 */
#ifndef HELOSCOPE_RECORDS_VALUE_H
#define HELOSCOPE_RECORDS_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/wire/authres.h"
#include "heloscope/base/document.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/span.h"
#include "heloscope/records/take.h"

#define RECORD_VERSION 1

/* Text from anywhere, escaped and, when it is very long, cut. */
json_t *record_escaped(struct span text) MUST_USE;

void record_set_text(json_t *object, const char *key, const char *text); /* NULL: nothing */
/* The word for a value of an enumeration. */
void record_set_token(json_t *object, const char *key, const struct tokens *tokens, int value);

/* The same for text that is escaped already, as that of a peer is; nothing when it is empty. */
void record_set_escaped(json_t *object, const char *key, const char *text);

/* A time, in seconds since 1970, as RFC 3339 writes it; nothing for 0. */
void record_set_time(json_t *object, const char *key, int64_t seconds);

void record_set_number(json_t *object, const char *key, size_t number);
void record_set_flag(json_t *object, const char *key, bool flag);
void record_set_address(json_t *object, const char *key, const struct ipaddr *address);

/* The object of a check, with its "result". */
json_t *record_result(enum result result);

#endif
