#include "heloscope/wire/mailbox.h"

#include <string.h>

static const struct mailbox unreadable = { MAILBOX_MALFORMED, "", "", "", false };
static const struct mailbox null_path = { MAILBOX_NULL, "", "", "", false };

/* Text as it is meant: its octets, and which of them are syntax, not quoted, not escaped. */
struct meant {
	char *octets;
	bool *is_plain;
	size_t length;
};

static void
add_octet(struct meant *meant, char octet, bool is_plain)
{
	meant->octets[meant->length] = octet;
	meant->is_plain[meant->length++] = is_plain;
}

/* Copy `text` without comments, quotes and backslashes. False when a quote or comment never ends. */
static bool
take_apart(struct span text, struct meant *meant)
{
	size_t depth = 0;
	bool is_quoted = false;

	for (size_t i = 0; i < text.length; i++) {
		const char c = text.at[i];
		const bool is_escape = c == '\\' && i + 1 < text.length;

		i += is_escape ? 1 : 0;
		if (depth > 0 && !is_escape)
			depth = c == '(' ? depth + 1 : c == ')' ? depth - 1 : depth;
		else if (depth > 0)
			continue;
		else if (is_escape)
			add_octet(meant, text.at[i], false);
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (c == '(' && !is_quoted)
			depth = 1;
		else
			add_octet(meant, c, !is_quoted);
	}
	return depth == 0 && !is_quoted;
}

static void
take_as_plain(struct span text, struct meant *meant)
{
	meant->length = 0;
	for (size_t i = 0; i < text.length; i++)
		add_octet(meant, text.at[i], true);
}

/* A stretch of it. */
struct stretch {
	size_t begin, end;
};

/* Where the first or last `octet` that is syntax stands; stretch.end when nowhere. */
static size_t
find_first(const struct meant *meant, struct stretch in, char octet)
{
	size_t i = in.begin;

	while (i < in.end && !(meant->is_plain[i] && meant->octets[i] == octet))
		i++;
	return i;
}

static size_t
find_last(const struct meant *meant, struct stretch in, char octet)
{
	for (size_t i = in.end; i-- > in.begin;)
		if (meant->is_plain[i] && meant->octets[i] == octet)
			return i;
	return in.end;
}

/*
 * The "@" of an address: the last that is syntax, or the last behind it that is not, since no domain holds
 * one and MTAs that write the address plainly look for the last. The end when none is syntax.
 */
static size_t
find_at(const struct meant *meant, struct stretch path)
{
	const size_t at = find_last(meant, path, '@');

	for (size_t i = path.end; i-- > at;)
		if (meant->octets[i] == '@')
			return i;
	return at;
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
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
		const bool ends_word = meant->is_plain[i] && is_blank(meant->octets[i]);

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
	const size_t close = find_first(meant, all, '>');
	const size_t open = find_last(meant, (struct stretch){ 0, close }, '<');

	if (open < close)
		return (struct stretch){ open + 1, close };
	return (struct stretch){ 0, close < meant->length ? close : find_parameters(meant) };
}

/* Without a source route or a group's name, "list: a@b.example;", and without the colons of a literal. */
static struct stretch
without_route(const struct meant *meant, struct stretch path)
{
	const size_t at = find_last(meant, path, '@');
	const size_t colon = find_last(meant, (struct stretch){ path.begin, at }, ':');

	if (at < path.end && colon < at)
		path.begin = colon + 1;
	path.end = find_first(meant, (struct stretch){ at < path.end ? at : path.begin, path.end }, ';');
	return path;
}

/* The octets of a stretch but for blanks that are syntax. */
static char *
copy_stretch(const struct meant *meant, struct stretch stretch, struct arena *arena)
{
	char *copy = arena_alloc(arena, stretch.end - stretch.begin + 1);
	size_t length = 0;

	for (size_t i = stretch.begin; copy != NULL && i < stretch.end; i++)
		if (!meant->is_plain[i] || !is_blank(meant->octets[i]))
			copy[length++] = meant->octets[i];
	return copy;
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
		if (is_blank(*at) || ascii_is_among(*at, "()<>[]:;@\\,\""))
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
	struct meant meant = { .octets = arena_alloc(arena, domain.length + 1),
			       .is_plain = arena_alloc(arena, domain.length + 1) };
	size_t before = domain.length + 1;

	while (meant.octets != NULL && meant.is_plain != NULL && domain.length < before) {
		const char *rest;

		before = domain.length;
		meant.length = 0;
		(void)take_apart(domain, &meant);
		rest = copy_stretch(&meant, (struct stretch){ 0, meant.length }, arena);
		domain = span_of(rest != NULL ? rest : "");
	}
	return domain;
}

/* The address of a local part, which is kept, and a domain, empty without one. */
static struct mailbox
make_mailbox(const char *local, struct span domain, struct arena *arena)
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
	char *local = copy_stretch(meant, (struct stretch){ path.begin, at }, arena);
	char *domain = copy_stretch(meant, (struct stretch){ at < path.end ? at + 1 : at, path.end }, arena);

	if (local == NULL || domain == NULL)
		return unreadable;
	return make_mailbox(local, span_of(domain), arena);
}

/* Read `text`, with quotes and comments or, `is_plain`, without any. */
static struct mailbox
read_text(struct span text, bool is_plain, bool *is_whole, struct arena *arena)
{
	struct meant meant = { .octets = arena_alloc(arena, text.length + 1),
			       .is_plain = arena_alloc(arena, text.length + 1) };
	struct stretch all = { 0, 0 };

	*is_whole = true;
	if (meant.octets == NULL || meant.is_plain == NULL || text.length == 0)
		return unreadable;
	if (!is_plain)
		*is_whole = take_apart(text, &meant);
	all.end = meant.length;
	if (is_plain || (!*is_whole && find_first(&meant, all, '@') == all.end))
		take_as_plain(text, &meant);
	return read_meant(&meant, arena);
}

struct mailbox
mailbox_read(struct span text, struct arena *arena)
{
	bool is_whole;

	return read_text(span_trim(text), false, &is_whole, arena);
}

/* Readings. */

static bool
has_domain(const struct mailbox *mailbox)
{
	return mailbox->domain[0] != '\0';
}

static bool
same_local(const struct mailbox *a, const struct mailbox *b)
{
	return span_equals_nocase(span_of(a->local), span_of(b->local));
}

static void
add_reading(struct readings *readings, struct mailbox mailbox)
{
	for (size_t i = 0; i < readings->count; i++)
		if (readings->items[i].form == mailbox.form && same_local(&readings->items[i], &mailbox)
		    && strcmp(readings->items[i].domain, mailbox.domain) == 0)
			return;
	if (readings->count < READINGS_MAX)
		readings->items[readings->count++] = mailbox;
}

/* One step along a route inside the local part. False when there is none. */
static bool
follow_route(struct mailbox *mailbox, struct arena *arena)
{
	const char *text = mailbox->local, *at = strrchr(text, '@'), *bang = strchr(text, '!');

	if (at == NULL)
		at = strrchr(text, '%');
	if (at != NULL && at[1] != '\0')
		*mailbox = make_mailbox(arena_copy(arena, (struct span){ text, (size_t)(at - text) }),
					span_of(at + 1), arena);
	else if (bang != NULL && bang > text)
		*mailbox = make_mailbox(bang + 1, (struct span){ text, (size_t)(bang - text) }, arena);
	else
		return false;
	return true;
}

/* What else an MTA that does not tell may make of what was typed. */
static void
add_guesses(struct readings *readings, struct span typed, bool is_whole, struct arena *arena)
{
	struct mailbox next = readings->items[readings->count - 1];

	if (!is_whole)
		add_reading(readings, read_text(typed, true, &is_whole, arena));
	while (readings->count < READINGS_MAX && follow_route(&next, arena))
		add_reading(readings, next);
}

struct readings
mailbox_readings(const struct envelope_address *address, struct arena *arena)
{
	const struct span text = span_trim(span_of(address->typed));
	struct readings readings = { .count = 0 };
	struct mailbox used = unreadable;
	bool is_whole;
	const struct mailbox typed = read_text(text, false, &is_whole, arena);

	if (address->used != NULL)
		used = address->used[0] != '\0' ? mailbox_read(span_of(address->used), arena) : null_path;
	used.is_completed =
		typed.form == MAILBOX_LOCAL_ONLY && has_domain(&used) && same_local(&used, &typed);
	if (has_domain(&used))
		add_reading(&readings, used);
	if (!used.is_completed)
		add_reading(&readings, typed);
	/* An MTA may leave off its own domain, and call the null path by the name of its daemon. */
	if (has_domain(&used) || typed.form == MAILBOX_NULL
	    || (address->used != NULL && same_local(&used, &typed)))
		return readings;
	add_guesses(&readings, text, is_whole, arena);
	if (address->used != NULL && !has_domain(&typed))
		add_reading(&readings, used);
	return readings;
}
