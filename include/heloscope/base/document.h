/*
 * document: JSON that is made here, and how it is written.
 *
 * Nothing else makes a JSON string or writes a JSON text (tests/check-calls.sh). So octets that are not
 * UTF-8 never cost the object that they stand in: they are written visibly, as \xHH, and all else can be had
 * back. What is written is ASCII, with \uHHHH for the rest, so that it can be shown on any terminal. Values
 * are taken over. What cannot be added for want of memory is remembered, for this thread, from
 * document_begin() on.
 */
#ifndef HELOSCOPE_BASE_DOCUMENT_H
#define HELOSCOPE_BASE_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/output.h"
#include "heloscope/base/span.h"

void document_begin(void);
bool document_has_failed(void);

/* A string. NULL when memory ran out. */
json_t *document_text(struct span text) MUST_USE;

/* Set a member, whose name may come from anywhere, too. */
void document_put(json_t *object, const char *key, json_t *value);
void document_append(json_t *array, json_t *value);

void document_set_text(json_t *object, const char *key, const char *text); /* NULL: nothing */
void document_set_number(json_t *object, const char *key, json_int_t number);
void document_set_flag(json_t *object, const char *key, bool flag);

/* Members that are null for what is not known: an empty text, no address, a time before 1970. */
void document_set_span(json_t *object, const char *key, struct span text);
void document_set_address(json_t *object, const char *key, const struct ipaddr *address);
void document_set_time(json_t *object, const char *key, int64_t time);

/* The member of that name, which is looked up as document_put() writes it; or NULL. */
json_t *document_member(const json_t *object, const char *key);

/* The text of that name, or ""; the span has what stands behind a NUL, too. */
const char *document_text_of(const json_t *object, const char *key);
struct span document_span_of(const json_t *object, const char *key);

/* The number of that name, or 0. */
json_int_t document_number_of(const json_t *object, const char *key);

/* Count so many more of `name` in a table, whose members are numbers. */
void document_count(json_t *table, const char *name, json_int_t more);

/* Count all that another table has, in its order. */
void document_count_all(json_t *table, json_t *more);

/* On one line, without a line end, for free(3); NULL when memory ran out. */
char *document_line(const json_t *json) MUST_USE;

/* How many octets that line has. */
size_t document_size(const json_t *json);

/* For people who read JSON: indented, with a line end. */
void document_print(struct output *out, const json_t *json);

/* The JSON in a text, for json_decref(). NULL when it is none, has a member twice, or memory ran out. */
json_t *document_read(struct span json) MUST_USE;

/* Print the JSON object in a text so. False when it is none, has a member twice, or memory ran out. */
bool document_print_again(struct span json, struct output *out);

/* On one line, so that it can stand in a script element of HTML: there is no "<" in it. */
void document_put_script(struct output *out, const json_t *json);

#endif
