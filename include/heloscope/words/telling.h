/*
 * telling: how the result of each method is put into words, from facts alone: its part of an
 * Authentication-Results field, a sentence in a story, what a refusal says, what the sender's side can do.
 * A row for each, in the file of its check; compose and explain know no method by name.
 */
#ifndef HELOSCOPE_WORDS_TELLING_H
#define HELOSCOPE_WORDS_TELLING_H

#include <stdint.h>

#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"
#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"

/* What a refusal tells first, when several results speak against a message: the last. Of the first two only
 * when there is nothing that the sender's side can change. */
enum telling_rank {
	RANK_EXCEPTION, /* what would have let the mail pass */
	RANK_POLICY,    /* a result that is as it should be, and what a local policy says besides */
	RANK_LAST,
	RANK_SENDER,
	RANK_HELO,
	RANK_IPREV,
	RANK_ARC,
	RANK_DKIM,
	RANK_DMARC,
	RANK_SPF,
	RANK_LISTS,
	RANKS
};

/* Who reads a story: the administrator of this site, or the sender's, who learns no weights. */
enum telling_reader { READER_HERE, READER_SENDER };

struct telling {
	const char *title; /* for people */
	enum telling_rank rank;

	/* Add the result to an Authentication-Results field, with a comment; nothing when it is unchecked. */
	void (*report)(const struct facts *facts, struct authres *authres);

	/* The result in a sentence without full stop; for a message that came at `time_s`, seconds since
	 * 1970. */
	void (*say)(const struct facts *facts, int64_t time_s, struct strbuf *said);

	/* More lines of a story, or NULL. */
	void (*put_more)(const struct facts *facts, enum telling_reader reader, struct output *out);

	/* What a refusal for this result says, whichever of those that the method can have it is: what was
	 * found, what to change, who can do it. Sentences of at most 400 octets, each with a blank behind
	 * it. Never NULL. */
	void (*refuse)(const struct config *config, const struct facts *facts, struct strbuf *text);

	/* Subject and detail of its enhanced status code (RFC 3463, RFC 7372, 3). NULL: "7.1". */
	const char *(*detail)(const struct facts *facts);

	/* Points of advice to the sender's side, if there are any for this result. NULL: never. */
	void (*advise)(const struct facts *facts, int64_t time_s, struct output *out);
};

/* The table's entries: tell_iprev and so on, one for each row of facts/methods.h, each in the file that is
 * named as its check is. */
#define TELLING_ROW(NAME, name, ...) extern const struct telling tell_##name;
METHOD_ROWS(TELLING_ROW)

/* For those files. */

#define TELLING_SHOWN_SIZE 8192 /* room for any text of facts, escaped */
#define TELLING_VALUE_MAX 100   /* octets of a name or a peer's words in a reply, escaped */

/* "NXDOMAIN", "timeout" and so on. */
const char *dns_status_word(enum dns_status status);

/* Raw text, escaped as strbuf_add_escaped() does; NULL: nothing. */
void telling_add(struct strbuf *said, const char *text);
const char *telling_shown(const char *text, char memory[TELLING_SHOWN_SIZE]);

/* The client's address; "" when there is none. */
const char *telling_client(const struct facts *facts, char text[IPADDR_TEXT_SIZE]);
void telling_add_client(struct strbuf *said, const struct facts *facts);

/* Where a rule stands: "heloscope.conf line 31" for "heloscope.conf:31". */
void telling_add_place(struct strbuf *said, const char *place);

/* "s1._domainkey.example.org", escaped. */
void telling_add_key_name(struct strbuf *name, const char *selector, const char *domain);

/* A value in a reply: raw text, escaped, of which very much is cut; NULL: nothing. */
void telling_add_value(struct strbuf *text, const char *value);

/* The record of a key or a policy in a story, escaped; of a longer one the beginning and "...". */
void telling_add_record(struct strbuf *said, const char *record);

/* Sentences with their values: "$D" stands for the value of the letter D, which telling_add_value() adds; "$"
 * is followed by nothing else. */
struct telling_values {
	const char *of[26]; /* by letter, 'A' first; NULL: nothing */
};
void telling_fill(struct strbuf *text, const char *sentences, const struct telling_values *values);

/* A sentence that quotes others: `who` and their words, of which very much is cut. */
void telling_add_quote(struct strbuf *text, const char *who, const char *words);

/* What begins an instruction about a setting: those of records say whom to ask, too. */
#define TELLING_ADMINISTRATOR "If this is your mail server, ask its administrator to "

/* And one about a PTR record, within a sentence. */
#define TELLING_PROVIDER "ask the provider of this IP address (usually your hosting or internet provider) "

/* "The server at the connecting IP address 192.0.2.20 introduced itself (HELO/EHLO) as "localhost"", or that
 * it did not, for a sentence that goes on. */
void telling_add_introduction(struct strbuf *text, const struct facts *facts);

/* "A" or "AAAA": the record that a name needs to resolve to the client. */
const char *telling_address_type(const struct facts *facts);

/* The sentences for results that are as they should be: only the policy of this site is against them. */
void telling_add_policy(struct strbuf *text);

/* The client's verified reverse DNS name, when a server may call itself so; else `other`. */
const char *telling_own_name(const struct facts *facts, const char *other);

#endif
