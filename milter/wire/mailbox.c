#include "heloscope/wire/mailbox.h"

#include <string.h>

#include "heloscope/wire/meant.h"

static const struct mailbox unreadable = { MAILBOX_MALFORMED, "", "", "", false };

/*
 * The "@" of an address: the last that is syntax, or the last behind it that is not, since no domain holds
 * one and MTAs that write the address plainly look for the last. The end when none is syntax.
 */
static size_t
find_at(const struct meant *meant, struct stretch path)
{
	const size_t at = meant_find_last(meant, path, '@');

	for (size_t i = path.end; i-- > at;)
		if (meant->octets[i] == '@')
			return i;
	return at;
}

/* Whether a parameter of the command (RFC 5321, 4.1.1.11) begins here: KEYWORD=. */
static bool
is_parameter(const struct meant *meant, size_t at)
{
	const size_t begin = at;

	while (at < meant->length && (ascii_is_alnum(meant->octets[at]) || meant->octets[at] == '-'))
		at++;
	return at > begin && at < meant->length && meant->octets[at] == '=';
}

/* Where an address without brackets ends: before the command's parameters. */
static size_t
find_parameters(const struct meant *meant)
{
	bool has_at = false, is_in_domain = false;

	for (size_t i = 0; i < meant->length; i++) {
		const bool ends_word = meant_is_blank_at(meant, i);

		if (ends_word && (is_in_domain || is_parameter(meant, i + 1)))
			return i;
		is_in_domain = is_in_domain || (has_at && !ends_word);
		has_at = has_at || (meant->is_plain[i] && meant->octets[i] == '@');
	}
	return meant->length;
}

/* The path: within the innermost brackets, closed or not, or all before the parameters. */
static struct stretch
find_path(const struct meant *meant)
{
	const struct stretch all = { 0, meant->length };
	const size_t close = meant_find_first(meant, all, '>');
	const size_t open = meant_find_last(meant, (struct stretch){ 0, close }, '<');

	if (open < close)
		return (struct stretch){ open + 1, close };
	return (struct stretch){ 0, close < meant->length ? close : find_parameters(meant) };
}

/* Without a source route or a group's name, "list: a@b.example;", and without the colons of a literal. */
static struct stretch
without_route(const struct meant *meant, struct stretch path)
{
	const size_t at = meant_find_last(meant, path, '@');
	const size_t colon = meant_find_last(meant, (struct stretch){ path.begin, at }, ':');

	if (at < path.end && colon < at)
		path.begin = colon + 1;
	path.end =
		meant_find_first(meant, (struct stretch){ at < path.end ? at : path.begin, path.end }, ';');
	return path;
}

/* Without final dots, and what a list of addresses would have behind it. */
static struct span
without_end(struct span domain)
{
	size_t length = 0;

	while (length < domain.length && !ascii_is_among(domain.at[length], ";,"))
		length++;
	domain.length = length;
	while (domain.length > 0 && domain.at[domain.length - 1] == '.')
		domain.length--;
	return domain;
}

/* Tell what `domain` is and write it as the DNS has it, if it can. */
static enum mailbox_form
read_domain(struct span domain, char *name)
{
	struct ipaddr address;
	enum helo_fault fault;

	if (domain.length > 2 && domain.at[0] == '[' && domain.at[domain.length - 1] == ']') {
		if (domain_helo_form(domain, name, &address, &fault) == HELO_LITERAL)
			return MAILBOX_LITERAL;
		domain = (struct span){ domain.at + 1, domain.length - 2 };
	}
	return domain_normalize(domain, name) ? MAILBOX_ADDRESS : MAILBOX_MALFORMED;
}

/* Whether a local part can stand without quotes, as MTAs take it. */
static bool
is_plain_local(const char *local)
{
	for (const char *at = local; *at != '\0'; at++)
		if (meant_is_blank(*at) || ascii_is_among(*at, "()<>[]:;@\\,\""))
			return false;
	return true;
}

/* The address as one would write it. */
static const char *
written(const char *local, struct span domain, struct arena *arena)
{
	const bool is_plain = is_plain_local(local);
	char *text = arena_alloc(arena, 2 * strlen(local) + domain.length + 4), *end = text;

	if (text == NULL)
		return "";
	if (!is_plain)
		*end++ = '"';
	for (; *local != '\0'; local++) {
		if (*local == '"' || *local == '\\')
			*end++ = '\\';
		*end++ = *local;
	}
	if (!is_plain)
		*end++ = '"';
	if (domain.length > 0)
		*end++ = '@';
	memcpy(end, domain.at, domain.length);
	return text;
}

static const char *
lower_case(struct span text, struct arena *arena)
{
	char *lower = arena_alloc(arena, text.length + 1);

	for (size_t i = 0; lower != NULL && i < text.length; i++)
		lower[i] = ascii_lower(text.at[i]);
	return lower != NULL ? lower : "";
}

/*
 * A domain once more without the quotes, comments and backslashes that quotes and backslashes hid: Postfix
 * writes a domain plainly and then reads it again.
 */
static struct span
read_again(struct span domain, struct arena *arena)
{
	struct meant meant;
	size_t before = domain.length + 1;
	bool is_whole;

	while (domain.length < before && meant_take_apart(&meant, domain, &is_whole, arena)) {
		const char *rest = meant_copy(&meant, (struct stretch){ 0, meant.length }, arena);

		before = domain.length;
		domain = span_of(rest != NULL ? rest : "");
	}
	return domain;
}

struct mailbox
mailbox_make(const char *local, struct span domain, struct arena *arena)
{
	struct mailbox mailbox = { .form = MAILBOX_NULL, .local = local, .domain = "", .text = "" };
	char name[DOMAIN_SIZE];

	domain = without_end(read_again(domain, arena));
	if (domain.length > 0)
		mailbox.form = read_domain(domain, name);
	else if (local[0] != '\0')
		mailbox.form = MAILBOX_LOCAL_ONLY;
	if (mailbox.form == MAILBOX_ADDRESS)
		mailbox.domain = arena_string(arena, name);
	else
		mailbox.domain = lower_case(domain, arena);
	mailbox.text = written(local, domain, arena);
	return mailbox;
}

static struct mailbox
read_meant(const struct meant *meant, struct arena *arena)
{
	const struct stretch path = without_route(meant, find_path(meant));
	const size_t at = find_at(meant, path);
	char *local = meant_copy(meant, (struct stretch){ path.begin, at }, arena);
	char *domain = meant_copy(meant, (struct stretch){ at < path.end ? at + 1 : at, path.end }, arena);

	if (local == NULL || domain == NULL)
		return unreadable;
	return mailbox_make(local, span_of(domain), arena);
}

/* A quote or a comment that never ends hides no "@". */
struct mailbox
mailbox_read(struct span text, struct arena *arena)
{
	struct meant meant;
	bool is_whole;

	text = span_trim(text);
	if (text.length == 0 || !meant_take_apart(&meant, text, &is_whole, arena))
		return unreadable;
	if (is_whole || meant_find_first(&meant, (struct stretch){ 0, meant.length }, '@') < meant.length)
		return read_meant(&meant, arena);
	return meant_take_as_plain(&meant, text, arena) ? read_meant(&meant, arena) : unreadable;
}

struct mailbox
mailbox_read_plainly(struct span text, struct arena *arena)
{
	struct meant meant;

	text = span_trim(text);
	if (text.length == 0 || !meant_take_as_plain(&meant, text, arena))
		return unreadable;
	return read_meant(&meant, arena);
}
