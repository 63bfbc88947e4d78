/* same_value: whether a node of a tree is the value that Jansson has read. */
#ifndef TESTS_SAME_VALUE_H
#define TESTS_SAME_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "heloscope/base/tree.h"

static bool is_same_value(const struct node *node, json_t *json);

static inline bool
is_same_object(const struct node *node, json_t *json)
{
	void *at = json_object_iter(json);
	const struct node *member = tree_first(node);

	for (; member != NULL && at != NULL;
	     member = tree_next(node, member), at = json_object_iter_next(json, at))
		if (strcmp(member->key, json_object_iter_key(at)) != 0
		    || strlen(member->key) != member->key_length || tree_member(node, member->key) != member
		    || !is_same_value(member, json_object_iter_value(at)))
			return false;
	return member == NULL && at == NULL && tree_count(node) == json_object_size(json);
}

static inline bool
is_same_list(const struct node *node, json_t *json)
{
	const struct node *item = tree_first(node);
	size_t i = 0;

	for (; item != NULL; item = tree_next(node, item))
		if (!is_same_value(item, json_array_get(json, i++)))
			return false;
	return i == json_array_size(json) && tree_count(node) == i;
}

static inline bool
is_same_text(const struct node *node, json_t *json)
{
	return node->length == json_string_length(json) && node->value.text[node->length] == '\0'
	       && memcmp(node->value.text, json_string_value(json), node->length) == 0;
}

static bool
is_same_value(const struct node *node, json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return node->kind == NODE_OBJECT && is_same_object(node, json);
	case JSON_ARRAY:
		return node->kind == NODE_LIST && is_same_list(node, json);
	case JSON_STRING:
		return node->kind == NODE_TEXT && is_same_text(node, json);
	case JSON_INTEGER:
		return node->kind == NODE_INTEGER && node->value.number == json_integer_value(json);
	case JSON_REAL:
		return node->kind == NODE_REAL;
	case JSON_TRUE:
		return node->kind == NODE_TRUE;
	case JSON_FALSE:
		return node->kind == NODE_FALSE;
	default:
		return node->kind == NODE_NULL;
	}
}

#endif
