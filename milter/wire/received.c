/*
 * Why spellings are rows, and not a search for "[address]".
 *
 * RFC 5321 (4.4) says where the address of a client stands in a Received field, and no server in wide use
 * writes it there; each has a form of its own. What they have in common is that the client fills in some of
 * the text: a HELO name of "[192.0.2.1]", reverse DNS that says so, a comment about its certificate. To take
 * the first address, or the last one, is to let the client choose it. So a field is taken apart from the
 * left,
 *
 *     from FIRST (COMMENT) (more comments) by NAME what follows
 *
 * and each row says which of FIRST and COMMENT is written by whom. Rows exclude each other by the form of
 * these two, or by what only that server writes behind "by"; another address in the comments between makes
 * all of it unreadable.
 */
#include "heloscope/wire/received.h"

#include <string.h>

#define LITERAL_SIZE 80 /* octets that an address in brackets takes at most, with a tag and a zone */

struct clauses {
	struct span first;     /* behind "from" */
	struct span comment;   /* that follows, without parentheses; length 0: none */
	bool has_more_comment; /* before "by" */
	struct span tls;       /* what Postfix says of TLS there */
	struct span by;        /* all behind "by", up to a "<": what follows names recipients and senders */
};

/* Pieces. */

static void
skip_blanks(struct span *rest)
{
	while (rest->length > 0 && ascii_is_blank(rest->at[0]))
		*rest = span_from(*rest, 1);
}

/* Octets that are printable or not ASCII, and no parenthesis. False when there is none. */
static bool
take_word(struct span *rest, struct span *word)
{
	size_t length = 0;

	skip_blanks(rest);
	while (length < rest->length && !ascii_is_among(rest->at[length], " ()")
	       && (ascii_is_printable(rest->at[length]) || (unsigned char)rest->at[length] >= 0x80))
		length++;
	*word = (struct span){ rest->at, length };
	*rest = span_from(*rest, length);
	return length > 0;
}

/* These words, whatever blanks are between them. False, with `rest` as it was, when others follow. */
static bool
take_words(struct span *rest, const char *words)
{
	struct span next = *rest, wanted = span_of(words), word;

	while (wanted.length > 0)
		if (!take_word(&next, &word) || !span_equals_nocase(word, span_until(&wanted, ' ')))
			return false;
	*rest = next;
	return true;
}

static bool
begins_with(struct span text, const char *words)
{
	return take_words(&text, words);
}

/* A comment with those within it (RFC 5322, 3.2.2). False, with `rest` as it was, when there is none that
 * ends. */
static bool
take_comment(struct span *rest, struct span *comment)
{
	struct span text = *rest;
	size_t depth = 1;

	skip_blanks(&text);
	if (text.length == 0 || text.at[0] != '(')
		return false;
	for (size_t i = 1; i < text.length; i++) {
		if (text.at[i] == '\\')
			i++;
		else if (text.at[i] == '(')
			depth++;
		else if (text.at[i] == ')' && --depth == 0) {
			*comment = (struct span){ text.at + 1, i - 1 };
			*rest = span_from(text, i + 1);
			return true;
		}
	}
	return false;
}

/* "192.0.2.1", "2001:db8::1", "IPv6:2001:db8::1", "fe80::1%4": the zone says nothing here. */
static bool
read_address(struct span text, struct ipaddr *address)
{
	const struct span tag = SPAN("IPv6:");
	const char *zone;

	if (span_starts_with_nocase(text, tag))
		text = span_from(text, tag.length);
	zone = memchr(text.at, '%', text.length);
	if (zone != NULL && memchr(text.at, ':', text.length) != NULL)
		text.length = (size_t)(zone - text.at);
	return ipaddr_parse(text, address);
}

/* "[192.0.2.1]", or "[192.0.2.1]:25". */
static bool
take_literal(struct span *rest, struct ipaddr *address)
{
	const char *end = memchr(rest->at, ']', rest->length < LITERAL_SIZE ? rest->length : LITERAL_SIZE);
	size_t length;

	if (rest->length == 0 || rest->at[0] != '[' || end == NULL)
		return false;
	length = (size_t)(end - rest->at);
	if (!read_address((struct span){ rest->at + 1, length - 1 }, address))
		return false;
	*rest = span_from(*rest, length + 1);
	if (rest->length > 1 && rest->at[0] == ':' && span_digits(span_from(*rest, 1)) > 0)
		*rest = span_from(*rest, 1 + span_digits(span_from(*rest, 1)));
	return true;
}

/* Whether "@" in front of that octet belongs to an address of mail, and not to an IDENT that begins a
 * comment. */
static bool
is_behind_mailbox(struct span text, size_t at)
{
	if (at == 0 || text.at[at - 1] != '@')
		return false;
	while (at > 0 && !ascii_is_blank(text.at[at - 1]) && !ascii_is_among(text.at[at - 1], "<("))
		at--;
	return at == 0 || text.at[at - 1] != '(';
}

/* Whether an address is in a text, in brackets as a server writes that of a client: not as in addresses of
 * mail. */
static bool
holds_literal(struct span text)
{
	struct ipaddr address;

	for (size_t i = 0; i < text.length; i++) {
		struct span rest = span_from(text, i);

		if (!is_behind_mailbox(text, i) && take_literal(&rest, &address))
			return true;
	}
	return false;
}

/* The same, in any form. */
static bool
holds_address(struct span text)
{
	struct ipaddr address;
	struct span word;

	if (holds_literal(text))
		return true;
	while ((word = span_word(&text, ASCII_BLANKS ",;()[]@=")).length > 0)
		if (read_address(word, &address))
			return true;
	return false;
}

/* "key=value" in a text of them; the value, or length 0. */
static struct span
value_of(struct span text, struct span key)
{
	struct span word;

	while ((word = span_word(&text, ASCII_BLANKS ",;()")).length > 0)
		if (span_starts_with_nocase(word, key))
			return span_from(word, key.length);
	return (struct span){ "", 0 };
}

/* Taking a field apart. */

/* Comments between the first one and "by". Postfix quotes a client's certificate there, whose name anybody
 * may choose; in other places an address makes the field ambiguous. */
static bool
take_between(struct span *rest, struct clauses *clauses)
{
	struct span comment;

	while (take_comment(rest, &comment)) {
		clauses->has_more_comment = true;
		if (begins_with(comment, "using"))
			clauses->tls = comment;
		if (!begins_with(comment, "Client CN") && holds_address(comment))
			return false;
	}
	return true;
}

/*
 * Whether what follows "by" goes on as a server writes it: its own name and, behind that alone, its own
 * address; no other "by". If not, part of a HELO name with blanks may stand where these are looked for, and
 * the rest of the field, with the address that the server saw, behind it.
 */
static bool
ends_plainly(struct span by)
{
	struct span name, own;

	if (!take_word(&by, &name))
		return false;
	(void)take_comment(&by, &own);
	return !begins_with(by, "by") && !holds_literal(by);
}

static bool
take_apart(struct span value, struct clauses *clauses)
{
	*clauses = (struct clauses){ .comment = { "", 0 }, .tls = { "", 0 } };
	if (!take_words(&value, "from") || !take_word(&value, &clauses->first)
	    || (value.length > 0 && !ascii_is_blank(value.at[0]))) /* "(" may be of the HELO name */
		return false;
	(void)take_comment(&value, &clauses->comment);
	if (!take_between(&value, clauses) || !take_words(&value, "by") || !ends_plainly(value))
		return false;
	clauses->by = span_until(&value, '<');
	return true;
}

/* Have the protocol behind "with" (RFC 5321, 4.4; RFC 3848) in `protocol`, and what follows it in `rest`. */
static bool
find_protocol(struct span *rest, struct span *protocol)
{
	struct span passed;

	while (!take_words(rest, "with"))
		if (!take_comment(rest, &passed) && !take_word(rest, &passed))
			return false;
	return take_word(rest, protocol);
}

/* Whether "(Exim 4.96)" stands there. */
static bool
is_of_exim(struct span by)
{
	struct span comment, word;

	for (;;) {
		if (take_comment(&by, &comment)) {
			if (begins_with(comment, "Exim"))
				return true;
		} else if (!take_word(&by, &word)) {
			return false;
		}
	}
}

/* The spellings. Each returns whether it is that one, with what it tells. */

/* A name as the reverse DNS gives it, "unknown", or IDENT@NAME. */
static bool
is_name(struct span word)
{
	for (size_t i = 0; i < word.length; i++)
		if (!ascii_is_printable(word.at[i]) || ascii_is_among(word.at[i], "[]<>\"\\,;:="))
			return false;
	return word.length > 0;
}

/* "IDENT:", as some Sendmails write before what ident answers. */
static struct span
without_ident_mark(struct span word)
{
	const struct span mark = SPAN("IDENT:");

	return word.length >= mark.length && memcmp(word.at, mark.at, mark.length) == 0
		       ? span_from(word, mark.length)
		       : word;
}

static bool
is_of_google(struct span name)
{
	return span_ends_with_nocase(name, SPAN(".google.com"))
	       || span_ends_with_nocase(name, SPAN(".gmail.com"));
}

/* Google writes the literal with which a client introduced itself without its brackets, "?192.0.2.1?". Others
 * write "?" for what a client should not say, which is its name then. */
static void
take_helo(const struct clauses *clauses, struct received *received)
{
	const struct span word = clauses->first;
	struct span by = clauses->by, name;
	struct ipaddr address;

	received->helo = word;
	if (word.length < 3 || word.at[0] != '?' || word.at[word.length - 1] != '?')
		return;
	if (take_word(&by, &name) && is_of_google(name)
	    && read_address((struct span){ word.at + 1, word.length - 2 }, &address)) {
		received->helo = (struct span){ word.at + 1, word.length - 2 };
		received->lacks_brackets = true;
	}
}

/* Sendmail's "IDENT@[ADDRESS]", of a client without PTR: the octets of what ident answers are letters, digits
 * and some others, but no bracket. */
static bool
take_ident_of_nameless(struct span *rest)
{
	const char *bracket = memchr(rest->at, '[', rest->length);
	const size_t length = bracket != NULL ? (size_t)(bracket - rest->at) : 0;

	if (length == 0 || bracket[-1] != '@'
	    || !is_name(without_ident_mark((struct span){ rest->at, length }))
	    || memchr(rest->at, ' ', length) != NULL)
		return false;
	*rest = span_from(*rest, length);
	return true;
}

/*
 * Postfix, Sendmail, Google, Proofpoint, Mimecast, Barracuda and many others: HELO (PTR [ADDRESS]), without
 * PTR where there is none. Sendmail adds "(may be forged)", and may have IDENT@ before.
 */
static bool
read_usual(const struct clauses *clauses, struct received *received)
{
	struct span rest = clauses->comment, name;

	if (rest.length > 0 && rest.at[0] != '[' && !take_ident_of_nameless(&rest)) {
		if (!take_word(&rest, &name) || !is_name(without_ident_mark(name)))
			return false;
		skip_blanks(&rest);
	}
	if (!take_literal(&rest, &received->address))
		return false;
	take_helo(clauses, received);
	if (take_comment(&rest, &name) && !span_equals_nocase(span_trim(name), SPAN("may be forged")))
		return false;
	skip_blanks(&rest);
	return rest.length == 0;
}

/* What Exim says in parentheses behind the address: port=, helo=, ident=, whose text is the client's. */
static bool
take_exim_words(struct span rest, struct received *received)
{
	static const struct span keys[] = { { "port=", 5 }, { "helo=", 5 }, { "ident=", 6 } };
	struct span word;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		struct span next = rest;

		if (!take_word(&next, &word) || !span_starts_with_nocase(word, keys[i]))
			continue;
		rest = next;
		if (i == 1)
			received->helo = span_from(word, keys[i].length);
	}
	skip_blanks(&rest);
	return rest.length == 0;
}

/*
 * Exim tells no HELO name when it is the name before, or the address. Nor does it where there was no HELO at
 * all, which who says none could as well have said.
 */
static void
take_exim_helo(const struct clauses *clauses, struct received *received)
{
	if (received->helo.length == 0)
		received->helo = clauses->first;
}

/* Exim, of a client with a name: PTR ([ADDRESS] helo=HELO). */
static bool
read_exim_named(const struct clauses *clauses, struct received *received)
{
	struct span rest = clauses->comment;

	if (!take_literal(&rest, &received->address) || !take_exim_words(rest, received)
	    || (received->helo.length == 0 && !is_of_exim(clauses->by)))
		return false;
	take_exim_helo(clauses, received);
	return true;
}

/* Exim, of a client without: [ADDRESS] (helo=HELO), or [ADDRESS] alone, which others write of a HELO name. */
static bool
read_exim_nameless(const struct clauses *clauses, struct received *received)
{
	struct span rest = clauses->first;

	if (!take_literal(&rest, &received->address) || rest.length > 0
	    || !take_exim_words(clauses->comment, received)
	    || (received->helo.length == 0 && !is_of_exim(clauses->by)))
		return false;
	take_exim_helo(clauses, received);
	return true;
}

/* Exchange and Exchange Online: HELO (ADDRESS) by NAME (ADDRESS) with Microsoft SMTP Server. */
static bool
read_exchange(const struct clauses *clauses, struct received *received)
{
	struct span rest = clauses->by, name, comment;

	if (clauses->has_more_comment || !read_address(clauses->comment, &received->address))
		return false;
	received->helo = clauses->first;
	return take_word(&rest, &name) && take_comment(&rest, &comment)
	       && begins_with(rest, "with Microsoft SMTP Server");
}

static bool (*const spellings[])(const struct clauses *clauses, struct received *received) = {
	read_exim_named,
	read_exim_nameless,
	read_exchange,
	read_usual,
};

/* Google, within its own system: by NAME.google.com with SMTP id, or by an address of its network. */
static bool
is_inside_google(struct span value)
{
	struct ipaddr address;
	struct span name;

	return take_words(&value, "by") && take_word(&value, &name)
	       && (is_of_google(name)
		   || (span_starts_with_nocase(name, SPAN("2002:a")) && ipaddr_parse(name, &address)))
	       && begins_with(value, "with SMTP id");
}

/* A message that comes from a queue or an alias of the same host: "by NAME (Postfix) id", qmail's "(qmail 7
 * invoked by alias)". A stranger chooses whether it comes by that way; from whom it came the field below
 * says. */
static bool
is_handed_on(struct span value)
{
	struct span name, comment, word;

	if (take_words(&value, "by"))
		return take_word(&value, &name) && take_comment(&value, &comment)
		       && take_word(&comment, &word) && comment.length == 0 && word.at[word.length - 1] != ','
		       && begins_with(value, "id");
	return take_comment(&value, &comment) && take_words(&comment, "qmail") && take_word(&comment, &word)
	       && begins_with(comment, "invoked by alias");
}

/* "by NAME" alone, Sendmail's "(from USER@NAME)", qmail's "(qmail 7 invoked by uid 0)" and "for bounce"; but
 * not its "invoked from network". */
static bool
is_of_program(struct span value)
{
	struct span comment, number;

	if (begins_with(value, "by"))
		return true;
	if (!take_comment(&value, &comment))
		return false;
	return begins_with(comment, "from")
	       || (take_words(&comment, "qmail") && take_word(&comment, &number)
		   && (begins_with(comment, "invoked by") || begins_with(comment, "invoked for")));
}

/* TLS. */

/* "TLSv1.3", "TLS1_3" and "TLS1.3" are the same. */
static void
take_version(struct span text, struct received *received)
{
	const struct span number = span_from(text, text.length > 3 && text.at[3] == 'v' ? 4 : 3);

	if (!span_starts_with_nocase(text, SPAN("TLS")) || number.length < 3 || number.at[0] != '1'
	    || !ascii_is_among(number.at[1], "._") || !ascii_is_digit(number.at[2]))
		return;
	memcpy(received->tls_version, "TLSv1.", 6);
	received->tls_version[6] = number.at[2];
}

/* Where the version may stand: Postfix's "(using TLSv1.3 with", "version=TLS1_3", Exim's "with esmtps
 * (TLS1.3)". That none stands there does not say that there was no TLS. */
static void
take_tls(const struct clauses *clauses, struct received *received)
{
	struct span rest = clauses->tls, word;

	if (take_word(&rest, &word) && take_word(&rest, &word))
		take_version(word, received);
	take_version(value_of(clauses->by, SPAN("version=")), received);
	rest = clauses->by;
	if (find_protocol(&rest, &word) && take_comment(&rest, &word))
		take_version(word, received);
}

/* What Exim had from a user of its host: from USER by NAME with local. */
static bool
is_of_user_of_exim(const struct clauses *clauses)
{
	struct span rest = clauses->by, protocol;

	return clauses->comment.length == 0 && is_of_exim(clauses->by) && find_protocol(&rest, &protocol)
	       && span_starts_with_nocase(protocol, SPAN("local"));
}

/* A bounce that Sendmail writes: from localhost (localhost) by NAME (VERSION) id. Of a client there would be
 * an address. */
static bool
is_bounce_of_sendmail(const struct clauses *clauses)
{
	struct span rest = clauses->by, name, version;

	return span_equals(clauses->first, SPAN("localhost"))
	       && span_equals(clauses->comment, SPAN("localhost")) && take_word(&rest, &name)
	       && take_comment(&rest, &version) && span_digits(version) > 0 && begins_with(rest, "id");
}

struct received
received_read(struct span value)
{
	struct received received = { .finding = RECEIVED_UNREADABLE, .helo = { "", 0 } };
	struct clauses clauses;

	if (is_inside_google(value) || is_handed_on(value)) {
		received.finding = RECEIVED_INSIDE;
		return received;
	}
	if (is_of_program(value)) {
		received.finding = RECEIVED_NO_CLIENT;
		return received;
	}
	if (!take_apart(value, &clauses))
		return received;
	if (is_of_user_of_exim(&clauses) || is_bounce_of_sendmail(&clauses)) {
		received.finding = RECEIVED_NO_CLIENT;
		return received;
	}
	for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
		struct received found = { .finding = RECEIVED_CLIENT, .helo = { "", 0 } };

		if (!spellings[i](&clauses, &found))
			continue;
		take_tls(&clauses, &found);
		return found;
	}
	return received;
}
