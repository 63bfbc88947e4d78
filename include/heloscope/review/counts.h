/*
 * counts: how often something was seen that several words tell: "reject", and whether it was done.
 *
 * A table is a JSON object, from the words, joined, to a number: quick to count in, and to add to another
 * (heloscope/base/document.h). Programs are told rows, made of it at the end. Any thread.
 */
#ifndef HELOSCOPE_REVIEW_COUNTS_H
#define HELOSCOPE_REVIEW_COUNTS_H

#include <jansson.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/config/config.h"

#define COUNTS_COLUMNS_MAX 4

enum count_kind {
	COUNT_TEXT,   /* a row lacks it where it is "" */
	COUNT_NUMBER, /* the same */
	COUNT_FLAG,   /* false where it is "" */
};

/* A member of a row. Without a key: behind the last. */
struct count_column {
	const char *key;
	enum count_kind kind;
};

/* Count once what has these words, one for each of `columns`; what is too long is cut. Words of columns
 * before the last have no line ends. */
void counts_add(json_t *table, const struct count_column *columns, const char *const words[]);

/* An array of objects, each with a member for each column and "count", the largest first. For json_decref().
 */
json_t *counts_rows(json_t *table, const struct count_column *columns) MUST_USE;

/* Sort rows by "count", the largest first, and those that are alike by a text. For json_decref(). */
json_t *counts_sorted(const json_t *rows, const char *key) MUST_USE;

/* An array of the objects that `table` holds by name, each with that name as its `key`, sorted as
 * counts_sorted() does. They are changed. For json_decref(). */
json_t *counts_of_names(json_t *table, const char *key) MUST_USE;

/* Give each row that names a "rule" of `config` its "text". `action`: the member that tells what it does.
 * Without a configuration rows stay as they are. Returns `rows`. */
json_t *counts_with_rules(json_t *rows, const struct config *config, const char *action);

#endif
