#include "heloscope/mailbox.h"

#include <string.h>

#define LOCAL_MAX 64 /* octets, RFC 5321, 4.5.3.1 */
#define PATH_MAX_OCTETS 256

/* Where the first of `stops` stands outside quotes; the length when nowhere. */
static size_t
find_unquoted(struct span text, const char *stops)
{
	bool is_quoted = false;

	for (size_t i = 0; i < text.length; i++) {
		const char c = text.at[i];

		if (c == '\\')
			i++;
		else if (c == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && ascii_is_among(c, stops))
			return i;
	}
	return text.length;
}

/* The text between "<" and its ">", or the first word when there are no brackets. */
static bool
extract_path(struct span text, struct span *path)
{
	size_t end;

	text = span_trim(text);
	if (text.length == 0 || text.at[0] != '<') {
		text.length = find_unquoted(text, " \t");
		*path = text;
		return text.length > 0 && find_unquoted(text, "<>") == text.length;
	}
	text = span_from(text, 1);
	end = find_unquoted(text, ">");
	if (end == text.length)
		return false;
	*path = (struct span){ text.at, end };
	return find_unquoted(*path, "<") == path->length;
}

/* "@one.example,@two.example:" in front of an address is obsolete and ignored. */
static struct span
without_route(struct span path)
{
	const size_t colon = find_unquoted(path, ":");

	return path.length > 0 && path.at[0] == '@' && colon < path.length ? span_from(path, colon + 1)
									   : path;
}

static size_t
find_last_at(struct span path)
{
	size_t last = path.length;

	for (size_t i = 0; i < path.length;) {
		const size_t next = i + find_unquoted(span_from(path, i), "@");

		if (next >= path.length)
			break;
		last = next;
		i = next + 1;
	}
	return last;
}

/* A dot-string or quoted-string (RFC 5321, 4.1.2), octets of UTF-8 allowed (RFC 6531, 3.3). */
static bool
is_local_part(struct span local)
{
	static const char atext[] = "!#$%&'*+-/=?^_`{|}~.@"; /* "@" and the others below: as MTAs take them */

	if (local.length == 0 || local.length > LOCAL_MAX)
		return false;
	if (local.at[0] == '"') {
		const struct span inner = { local.at + 1, local.length - 1 };

		if (local.length < 2 || local.at[local.length - 1] != '"')
			return false;
		for (size_t i = 0; i + 1 < inner.length; i++) {
			if (inner.at[i] == '\\')
				i++;
			else if (inner.at[i] == '"')
				return false;
			if (i + 1 >= inner.length) /* the closing quote was escaped */
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < local.length; i++) {
		const unsigned char c = (unsigned char)local.at[i];

		if (!ascii_is_alnum((char)c) && c < 0x80 && !ascii_is_among((char)c, atext))
			return false;
	}
	return true;
}

struct mailbox
mailbox_parse(struct span text, char *name)
{
	struct mailbox mailbox = {
		.form = MAILBOX_MALFORMED, .local = { "", 0 }, .domain = { "", 0 }, .name = name
	};
	struct ipaddr address;
	const char *reason;
	struct span path, local, domain;
	size_t at;

	name[0] = '\0';
	if (!extract_path(text, &path) || path.length > PATH_MAX_OCTETS)
		return mailbox;
	if (path.length == 0) {
		mailbox.form = MAILBOX_NULL;
		return mailbox;
	}
	path = without_route(path);
	at = find_last_at(path);
	local = (struct span){ path.at, at };
	domain = span_from(path, at + 1);
	/* A sender without local part is for SPF to judge (RFC 7208, 4.3). */
	if (!is_local_part(local) && !(local.length == 0 && at < path.length))
		return mailbox;
	if (at == path.length) {
		mailbox.form = MAILBOX_LOCAL_ONLY;
	} else if (domain_normalize(domain, name)) {
		mailbox.form = MAILBOX_ADDRESS;
	} else if (domain_helo_form(domain, name, &address, &reason) == HELO_LITERAL) {
		mailbox.form = MAILBOX_LITERAL;
	} else {
		return mailbox;
	}
	mailbox.local = local;
	mailbox.domain = domain;
	return mailbox;
}
