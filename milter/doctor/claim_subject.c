#include "heloscope/doctor/claim_subject.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/hash.h"
#include "heloscope/lists/dnslist.h"

bool
claim_read_domain(struct span text, char name[DOMAIN_SIZE])
{
	const char *last;

	while (text.length > 0 && text.at[text.length - 1] == '.')
		text.length--;
	if (!domain_is_host_name(text) || !domain_normalize(text, name))
		return false;
	last = strrchr(name, '.');
	return last != NULL && !ascii_is_digit(last[1]);
}

/* Behind the "@" of an address; the text itself when it has none. */
static struct span
domain_part(struct span address)
{
	for (size_t i = address.length; i > 0; i--)
		if (address.at[i - 1] == '@')
			return span_from(address, i);
	return address;
}

/* Words of a reply. */

static bool
is_of_name(char c)
{
	return ascii_is_alnum(c) || ascii_is_among(c, "-_.@+=");
}

/* What begins at `text` as names and addresses do, behind a bracket or quote. */
static struct span
word_at(const char *text)
{
	size_t length = 0;

	while (*text != '\0' && ascii_is_among(*text, "[(<\"'"))
		text++;
	while (is_of_name(text[length]))
		length++;
	return (struct span){ text, length };
}

/* What ends right before `end`. */
static struct span
word_before(const char *text, const char *end)
{
	size_t length = 0;

	while (end - length > text && is_of_name(*(end - length - 1)))
		length++;
	return (struct span){ end - length, length };
}

/* The domain behind the first of these cues that has one. */
static void
find_domain(const char *text, char name[DOMAIN_SIZE])
{
	static const char *const cues[] = {
		"mail from domain [", "from: header (",  "sending domain ", "sender address [", "spf [",
		"sender address, ",   "sender address ", "email from ",     "due to domain ",   "due to ",
		"policy for ",        "policy of ",      "failed for ",     "domain of ",       "the domain ",
	};

	for (size_t i = 0; i < sizeof cues / sizeof cues[0]; i++) {
		const char *cue = strstr(text, cues[i]);

		if (cue != NULL && claim_read_domain(domain_part(word_at(cue + strlen(cues[i]))), name))
			return;
	}
	name[0] = '\0';
}

/* "<anna@example.org>: Sender address rejected". */
static void
find_rejected_domain(const char *text, char name[DOMAIN_SIZE])
{
	const char *cue = strstr(text, ">: sender address rejected");

	if (cue == NULL || !claim_read_domain(domain_part(word_before(text, cue)), name))
		name[0] = '\0';
}

static void
find_helo(const char *text, char helo[DOMAIN_SIZE])
{
	static const char *const cues[] = { "helo command [", "helo/ehlo argument ",
					    "introduced itself (helo/ehlo) as " };
	const char *cue = strstr(text, ">: helo command rejected");
	struct span word = cue != NULL ? word_before(text, cue) : SPAN("");

	for (size_t i = 0; i < sizeof cues / sizeof cues[0] && word.length == 0; i++)
		if ((cue = strstr(text, cues[i])) != NULL)
			word = word_at(cue + strlen(cues[i]));
	(void)snprintf(helo, DOMAIN_SIZE, "%.*s", word.length < DOMAIN_SIZE ? (int)word.length : 0, word.at);
}

/* "s1._domainkey.example.org". */
static void
find_key(const char *text, struct claim_subject *subject)
{
	static const char infix[] = "._domainkey.";
	const char *cue = strstr(text, infix);
	const struct span selector = cue != NULL ? word_before(text, cue) : SPAN("");

	if (cue == NULL || !domain_is_host_name(selector) || !domain_normalize(selector, subject->selector)
	    || !claim_read_domain(word_at(cue + sizeof infix - 1), subject->signer))
		subject->selector[0] = subject->signer[0] = '\0';
}

/* Addresses of a reply. */

static bool
is_of_address(char c)
{
	return ascii_is_digit(c) || (c >= 'a' && c <= 'f') || c == '.' || c == ':';
}

/* Whether an address can begin at `at`: not within a word or a number. */
static bool
can_begin(const char *text, const char *at)
{
	return at == text || !(ascii_is_alnum(at[-1]) || ascii_is_among(at[-1], ".:-_"))
	       || (at - text >= 5 && memcmp(at - 5, "ipv6:", 5) == 0);
}

/* "mx.example.org[192.0.2.1]" is how logs name the server that answered. */
static bool
is_behind_host(const char *text, const char *at)
{
	const char *end = at - 1;

	return at - text >= 2 && *end == '['
	       && memchr(word_before(text, end).at, '.', word_before(text, end).length) != NULL;
}

/* The public address that begins at `at`, whose length is set; false when there is none. */
static bool
read_address(const char *at, size_t *length, struct ipaddr *address)
{
	*length = 0;
	while (is_of_address(at[*length]))
		(*length)++;
	for (size_t end = *length; end > 0; end--) {
		if (ipaddr_parse((struct span){ at, end }, address))
			return !ascii_is_alnum(at[*length]) && !dnslist_is_private(address);
		if (at[end - 1] != '.' && at[end - 1] != ':')
			return false;
	}
	return false;
}

/* The one address in the text that is not that of the server; of several none, as nobody knows which. */
static struct ipaddr
find_address(const char *text, const struct ipaddr *server)
{
	struct ipaddr found = { .length = 0 }, address;
	size_t length;

	for (const char *at = text; *at != '\0'; at += length > 0 ? length : 1) {
		length = 0;
		if (!is_of_address(*at) || !can_begin(text, at) || !read_address(at, &length, &address)
		    || is_behind_host(text, at) || ipaddr_equals(&address, server))
			continue;
		if (found.length > 0 && !ipaddr_equals(&found, &address))
			return (struct ipaddr){ .length = 0 };
		found = address;
	}
	return found;
}

/* All of it. */

/* That which the reply names. */
static void
find_named_domain(const char *text, char name[DOMAIN_SIZE])
{
	find_rejected_domain(text, name);
	if (name[0] == '\0')
		find_domain(text, name);
}

/* Whose domain: that of the sender; else the one that was given; else one that the reply names. */
static void
choose_domain(const struct refusal *refusal, const char *text, const struct claim_subject *given,
	      struct claim_subject *subject)
{
	if (!claim_read_domain(domain_part(refusal->sender), subject->sender))
		(void)memcpy(subject->sender, given->domain, DOMAIN_SIZE);
	(void)memcpy(subject->domain, subject->sender, DOMAIN_SIZE);
	if (subject->domain[0] == '\0')
		find_named_domain(text, subject->domain);
}

static void
choose_named(const char *text, struct claim_subject *subject)
{
	char named[DOMAIN_SIZE];

	find_named_domain(text, named);
	if (named[0] != '\0')
		(void)memcpy(subject->domain, named, DOMAIN_SIZE);
}

/* Whether it is not known to be the sender's: nobody but the reply names it, and it is of another
 * organization. */
static bool
is_of_reply(const char *domain, const struct claim_subject *subject, const struct claim_subject *given)
{
	return domain[0] != '\0' && subject->sender[0] != '\0'
	       && !domain_same_organization(domain, subject->sender)
	       && (given->domain[0] == '\0' || !domain_same_organization(domain, given->domain));
}

/* Receivers name the author's domain, which may be another than that of the bounce address. */
static void
choose_author(const char *text, struct claim_subject *subject)
{
	char author[DOMAIN_SIZE];

	find_domain(text, author);
	if (author[0] == '\0' || strcmp(author, subject->domain) == 0)
		return;
	(void)memcpy(subject->bounces, subject->domain, DOMAIN_SIZE);
	(void)memcpy(subject->domain, author, DOMAIN_SIZE);
}

/* A key that the reply names is that of the signing domain. */
static void
choose_key(const char *text, struct claim_subject *subject)
{
	find_key(text, subject);
	if (subject->domain[0] == '\0')
		(void)memcpy(subject->domain, subject->signer, DOMAIN_SIZE);
}

static void
choose_helo(const char *text, struct claim_subject *subject)
{
	if (subject->helo[0] != '\0')
		return;
	find_helo(text, subject->helo);
	subject->is_helo_of_reply = subject->helo[0] != '\0';
}

/* An address that nobody but the reply names is tested, but may be a stranger's. */
static void
choose_address(const struct refusal *refusal, const char *text, struct claim_subject *subject)
{
	const struct ipaddr named = find_address(text, &refusal->address);

	if (refusal->client.length > 0 && !dnslist_is_private(&refusal->client))
		subject->address = refusal->client;
	if (subject->address.length == 0) {
		subject->address = named;
		subject->is_address_of_reply = named.length > 0;
	} else if (!ipaddr_equals(&named, &subject->address)) {
		subject->named = named;
	}
}

struct claim_subject
claim_subject_of(const struct refusal *refusal, const struct claim_kind *kind, const char *text,
		 const struct claim_subject *given)
{
	struct claim_subject subject = *given;

	subject.kind = kind;
	subject.can_be_otherwise = claim_has_word(kind->opposite, text);
	choose_domain(refusal, text, given, &subject);
	choose_address(refusal, text, &subject);
	if (kind->is_of_author)
		choose_author(text, &subject);
	if (kind->is_of_named)
		choose_named(text, &subject);
	if (kind->needs_helo)
		choose_helo(text, &subject);
	if (kind->needs_key)
		choose_key(text, &subject);
	subject.is_domain_of_reply =
		is_of_reply(subject.domain, &subject, given) || is_of_reply(subject.signer, &subject, given);
	return subject;
}

void
claim_subject_reduce(struct claim_subject *subject)
{
	if (subject->kind->needs_address || subject->kind->is_of_policy)
		return;
	subject->address.length = subject->named.length = 0;
	subject->is_address_of_reply = false;
}

/* Subjects compared. */

static bool
is_same_name(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool
claim_subject_equals(const struct claim_subject *a, const struct claim_subject *b)
{
	return a->kind->about == b->kind->about && ipaddr_equals(&a->address, &b->address)
	       && a->is_address_of_reply == b->is_address_of_reply && is_same_name(a->helo, b->helo)
	       && a->is_helo_of_reply == b->is_helo_of_reply && is_same_name(a->selector, b->selector)
	       && is_same_name(a->signer, b->signer)
	       && (a->kind->about == CLAIM_ABOUT_ADDRESS
		   || (is_same_name(a->domain, b->domain) && is_same_name(a->bounces, b->bounces)));
}

bool
claim_subject_is_same(const struct claim_subject *a, const struct claim_subject *b)
{
	return claim_subject_equals(a, b) && ipaddr_equals(&a->named, &b->named) && a->list == b->list
	       && a->is_domain_of_reply == b->is_domain_of_reply;
}

void
claim_subject_add_to(const struct claim_subject *subject, struct strbuf *out)
{
	const size_t begin = out->length;
	const bool has_domain = subject->kind->about == CLAIM_ABOUT_DOMAIN && subject->domain[0] != '\0';
	char address[IPADDR_TEXT_SIZE];

	strbuf_add(out, has_domain ? subject->domain : "");
	if (subject->address.length > 0)
		strbuf_printf(out, "%s%s", has_domain ? " from " : "",
			      ipaddr_format(&subject->address, address));
	if (subject->kind->needs_helo && subject->helo[0] != '\0')
		strbuf_printf(out, "%s%s", out->length > begin ? " as " : "", subject->helo);
}

uint64_t
claim_subject_hash(const struct claim_subject *subject)
{
	char memory[2 * DOMAIN_SIZE + IPADDR_TEXT_SIZE + 16];
	struct strbuf key = STRBUF_OVER(memory);

	claim_subject_add_to(subject, &key);
	return hash_of((struct span){ memory, key.length });
}
