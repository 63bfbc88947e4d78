/*
 * log_line: reads what heloscope/base/log_pairs.h writes, for the tests and the fuzz target. Written from its
 * description, not from its code.
 */
#ifndef TESTS_LOG_LINE_H
#define TESTS_LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct log_pair {
	char name[64];
	char value[4096]; /* may hold any octet */
	size_t length;
	bool is_cut;
};

static inline bool
log_line_octet(const char **at, char *octet)
{
	char hex[3] = "";

	if (**at != '\\') {
		*octet = *(*at)++;
		return *octet >= ' ' && *octet <= '~';
	}
	++*at;
	if (**at == '"' || **at == '\\') {
		*octet = *(*at)++;
		return true;
	}
	if (**at != 'x' || strspn(*at + 1, "0123456789abcdef") < 2)
		return false;
	memcpy(hex, *at + 1, 2);
	*octet = (char)strtoul(hex, NULL, 16);
	*at += 3;
	return true;
}

static inline bool
log_line_quoted(const char **at, struct log_pair *pair)
{
	while (**at != '"')
		if (**at == '\0' || pair->length == sizeof pair->value
		    || !log_line_octet(at, &pair->value[pair->length++]))
			return false;
	++*at;
	pair->is_cut = strncmp(*at, "...", 3) == 0;
	*at += pair->is_cut ? 3 : 0;
	return true;
}

/* Read a pair at `*at` and what is between it and the next. False when it is none. */
static inline bool
log_line_next(const char **at, struct log_pair *pair)
{
	const size_t name = strspn(*at, "abcdefghijklmnopqrstuvwxyz-");

	*pair = (struct log_pair){ .length = 0 };
	if (name == 0 || name >= sizeof pair->name || (*at)[name] != '=')
		return false;
	memcpy(pair->name, *at, name);
	*at += name + 1;
	if (**at == '"') {
		++*at;
		if (!log_line_quoted(at, pair))
			return false;
	} else {
		const bool is_address = **at == '<';

		pair->length = strcspn(*at, " ");
		memcpy(pair->value, *at, pair->length);
		*at += pair->length;
		for (size_t i = is_address ? 1 : 0; i < pair->length - (is_address ? 1 : 0); i++)
			if (pair->value[i] <= ' ' || pair->value[i] > '~'
			    || strchr("\\\"'=<>", pair->value[i]) != NULL)
				return false;
		if (pair->length == 0 || (is_address && pair->value[pair->length - 1] != '>'))
			return false;
	}
	if (**at == '\0')
		return true;
	return *(*at)++ == ' ' && **at != '\0';
}

#endif
