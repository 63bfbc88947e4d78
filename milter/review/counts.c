#include "heloscope/review/counts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/config/show.h"

#define KEY_SIZE 500
#define SEPARATOR '\n'

void
counts_add(json_t *table, const struct count_column *columns, const char *const words[])
{
	char memory[KEY_SIZE];
	struct strbuf key;

	if (columns[1].key == NULL) {
		document_count(table, words[0], 1);
		return;
	}
	strbuf_init(&key, memory, sizeof memory);
	for (size_t i = 0; columns[i].key != NULL; i++) {
		if (i > 0)
			strbuf_add_char(&key, SEPARATOR);
		strbuf_add(&key, words[i]);
	}
	document_count(table, memory, 1);
}

/* Rows. */

struct entry {
	const char *name;
	json_int_t count;
	json_t *row;
};

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return strcmp(left->name, right->name);
}

static void
put_member(json_t *row, const struct count_column *column, struct span word)
{
	unsigned number;

	if (column->kind == COUNT_FLAG)
		document_set_flag(row, column->key, word.length > 0);
	else if (column->kind == COUNT_TEXT && word.length > 0)
		document_put(row, column->key, document_text(word));
	else if (column->kind == COUNT_NUMBER && span_to_number(word, 0, UINT_MAX, &number))
		document_set_number(row, column->key, number);
}

static json_t *
row_of(const struct entry *entry, const struct count_column *columns)
{
	struct span left = span_of(entry->name);
	json_t *row = json_object();

	for (; columns->key != NULL; columns++) {
		const char *end = columns[1].key != NULL ? memchr(left.at, SEPARATOR, left.length) : NULL;
		const size_t length = end != NULL ? (size_t)(end - left.at) : left.length;

		put_member(row, columns, (struct span){ left.at, length });
		left = span_from(left, end != NULL ? length + 1 : length);
	}
	document_set_number(row, "count", entry->count);
	return row;
}

json_t *
counts_rows(json_t *table, const struct count_column *columns)
{
	struct entry *entries = calloc(json_object_size(table) + 1, sizeof *entries);
	json_t *rows = json_array();
	size_t used = 0;

	for (void *at = json_object_iter(table); at != NULL && entries != NULL;
	     at = json_object_iter_next(table, at))
		entries[used++] = (struct entry){ .name = json_object_iter_key(at),
						  .count = json_integer_value(json_object_iter_value(at)) };
	if (entries != NULL)
		qsort(entries, used, sizeof *entries, compare_entries);
	for (size_t i = 0; i < used; i++)
		document_append(rows, row_of(&entries[i], columns));
	free(entries);
	return rows;
}

json_t *
counts_sorted(const json_t *rows, const char *key)
{
	const size_t size = json_array_size(rows);
	struct entry *entries = calloc(size + 1, sizeof *entries);
	json_t *sorted = json_array();

	for (size_t i = 0; i < size && entries != NULL; i++) {
		json_t *row = json_array_get(rows, i);

		entries[i] = (struct entry){ .name = document_text_of(row, key),
					     .count = document_number_of(row, "count"),
					     .row = row };
	}
	if (entries != NULL)
		qsort(entries, size, sizeof *entries, compare_entries);
	for (size_t i = 0; i < size && entries != NULL; i++)
		document_append(sorted, json_incref(entries[i].row));
	free(entries);
	return sorted;
}

json_t *
counts_of_names(json_t *table, const char *key)
{
	json_t *rows = json_array(), *sorted;

	for (void *at = json_object_iter(table); at != NULL; at = json_object_iter_next(table, at)) {
		json_t *row = json_object_iter_value(at);

		document_set_text(row, key, json_object_iter_key(at));
		document_append(rows, json_incref(row));
	}
	sorted = counts_sorted(rows, key);
	json_decref(rows);
	return sorted;
}

json_t *
counts_with_rules(json_t *rows, const struct config *config, const char *action)
{
	for (size_t i = 0; config != NULL && i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);
		char *text = config_rule_text(config, document_text_of(row, "rule"),
					      document_text_of(row, action));

		document_set_text(row, "text", text);
		free(text);
	}
	return rows;
}
