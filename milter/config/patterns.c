/*
 * config_patterns: the patterns of addresses and names, and which of them could never fit anything.
 *
 * One spelling for one thing: what other programs spell differently ("@example.org", ".example.org") is an
 * error that names ours, since a pattern that silently fits nothing is an exception that is not there.
 */
#include "heloscope/config/patterns.h"

#include <string.h>

static void
complain(struct config_reader *reader, struct word pattern, const char *why, const char *instead)
{
	config_complain(reader, pattern.place, "the pattern \"%.80s\" matches nothing: %s; expected %s",
			pattern.text, why, instead);
}

/* "*", "example.org" or "*.example.org", as the DNS has it; NULL when it is none of these. */
static const char *
normalized(struct arena *arena, struct span text)
{
	const bool is_below = span_starts_with_nocase(text, SPAN("*."));
	char name[DOMAIN_SIZE];

	if (span_equals(text, SPAN("*")))
		return "*";
	if (!domain_normalize(is_below ? span_from(text, 2) : text, name))
		return NULL;
	return arena_printf(arena, "%s%s", is_below ? "*." : "", name);
}

/* The like of `text` that could fit, behind `front`: ".example.org", "o*.example.org" -> "*.example.org". */
static const char *
advice_for(struct arena *arena, const char *front, struct span text)
{
	const char *star = memchr(text.at, '*', text.length);
	const char *rest = star != NULL ? memchr(star, '.', text.length - (size_t)(star - text.at)) : NULL;
	const char *name = NULL;

	if (text.length > 1 && text.at[0] == '.')
		name = normalized(arena, span_from(text, 1));
	else if (rest != NULL)
		name = normalized(arena, span_from(text, (size_t)(rest - text.at) + 1));
	return arena_printf(arena, "\"%s%s%s\"", front, name != NULL ? "*." : "",
			    name != NULL ? name : "example.org");
}

static const char *
why_no_name(struct span text)
{
	if (text.length == 0)
		return "it has no domain";
	if (text.at[0] == '.')
		return "no name begins with a dot";
	if (memchr(text.at, '*', text.length) != NULL)
		return "\"*\" stands for whole labels in front of a name";
	return "no name is written so";
}

static bool
is_address_literal(const char *text)
{
	return text[0] == '[' && text[strlen(text) - 1] == ']';
}

/* A pattern of a name: what it is compared with, or NULL after a complaint. */
static const char *
name_pattern(struct config_reader *reader, enum config_pattern kind, struct word word)
{
	struct arena *arena = &reader->config->arena;
	const struct span text = span_of(word.text);
	const char *name = normalized(arena, text), *at = strrchr(word.text, '@');
	struct ipaddr address;

	if (kind == PATTERN_HELO_NAME && is_address_literal(word.text))
		return word.text;
	if (kind != PATTERN_HELO_NAME && ipaddr_parse(text, &address)) {
		complain(reader, word, "it is an address, and names are compared",
			 kind == PATTERN_CLIENT_NAME ? "a network without quotes: client in { 192.0.2.0/24 }"
						     : "a domain");
	} else if (at != NULL && at != word.text && kind == PATTERN_DOMAIN) {
		complain(reader, word, "policies are chosen by the recipient's domain",
			 "a domain, and rules with \"recipient in\" for single addresses");
	} else if (at != NULL) {
		complain(reader, word, "it is compared with a name, not with an address",
			 at[1] != '\0' ? arena_printf(arena, "\"%s\"", at + 1) : "\"example.org\"");
	} else if (name == NULL) {
		complain(reader, word, why_no_name(text), advice_for(arena, "", text));
	}
	return at == NULL ? name : NULL;
}

/* Complain of what stands in front of the "@", `local`. Whether it can fit. */
static bool
is_local_part(struct config_reader *reader, struct word word, struct span local, const char *domain)
{
	struct arena *arena = &reader->config->arena;

	if (local.length == 0)
		complain(reader, word, "no address begins with \"@\"",
			 arena_printf(arena, "\"*@%s\"", domain));
	else if (memchr(local.at, '*', local.length) != NULL && local.length > 1)
		complain(reader, word, "\"*\" stands for a whole local part, not for a piece of one",
			 arena_printf(arena, "\"*@%s\"", domain));
	else if (memchr(local.at, '<', local.length) != NULL || memchr(local.at, ' ', local.length) != NULL)
		complain(reader, word, "addresses are compared without brackets, names and blanks",
			 "one like \"joe@example.org\"");
	else
		return true;
	return false;
}

/* Without "@": a local part alone, which is rare, or what was meant otherwise. */
static const char *
pattern_without_at(struct config_reader *reader, struct word word)
{
	struct arena *arena = &reader->config->arena;

	if (word.text[0] == '.')
		complain(reader, word, "no address begins with a dot",
			 advice_for(arena, "*@", span_of(word.text)));
	else if (strchr(word.text, '.') != NULL)
		config_complain(
			reader, word.place,
			"\"%.80s\" is not a pattern of an address; expected one like \"joe@example.org\", \"*@example.org\" or \"*@*.example.org\"",
			word.text);
	else if (strchr(word.text, '*') != NULL)
		complain(reader, word, "addresses have a domain", "\"*@*\" for all, or \"*@example.org\"");
	else if (is_local_part(reader, word, span_of(word.text), "example.org"))
		return word.text;
	return NULL;
}

/* A pattern of an address, or NULL after a complaint. */
static const char *
address_pattern(struct config_reader *reader, enum config_pattern kind, struct word word)
{
	struct arena *arena = &reader->config->arena;
	const char *at = strrchr(word.text, '@'), *name;
	struct span local, domain;

	if (word.text[0] == '\0' && kind == PATTERN_RECIPIENT) {
		complain(reader, word, "no recipient is empty", "one like \"joe@example.org\"");
		return NULL;
	}
	if (word.text[0] == '\0')
		return word.text;
	if (at == NULL)
		return pattern_without_at(reader, word);
	local = (struct span){ word.text, (size_t)(at - word.text) };
	domain = span_of(at + 1);
	name = normalized(arena, domain);
	if (name == NULL && domain.length == 0)
		complain(reader, word, "it has no domain", arena_printf(arena, "\"%s*\"", word.text));
	else if (name == NULL)
		complain(
			reader, word, why_no_name(domain),
			advice_for(arena, arena_printf(arena, "%.*s@", (int)local.length, local.at), domain));
	else if (is_local_part(reader, word, local, name))
		return arena_printf(arena, "%.*s@%s", (int)local.length, local.at, name);
	return NULL;
}

struct text_set
config_patterns(struct config_reader *reader, enum config_pattern kind, const struct value_set *values)
{
	const bool is_of_addresses = kind == PATTERN_RECIPIENT || kind == PATTERN_MAIL_FROM;
	struct text_set patterns = { 0 };

	for (size_t i = 0; i < values->count; i++) {
		const char *pattern = is_of_addresses ? address_pattern(reader, kind, values->items[i])
						      : name_pattern(reader, kind, values->items[i]);

		if (pattern != NULL)
			config_add_text(reader, &patterns, pattern);
	}
	return patterns;
}
