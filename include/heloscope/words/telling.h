/*
 * telling: how the result of each method is put into words: a sentence in a story, what a refusal says, what
 * the sender's side can do. One table, in tellings.c, of what the tell_*.c say of their methods; record,
 * compose_reply, explain and advise know no method by name.
 */
#ifndef HELOSCOPE_WORDS_TELLING_H
#define HELOSCOPE_WORDS_TELLING_H

#include <jansson.h>

#include "heloscope/config/config.h"
#include "heloscope/facts/facts.h"
#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"

/* What a refusal tells first, when several results speak against a message. */
enum telling_rank { RANK_LAST, RANK_SENDER, RANK_HELO, RANK_IPREV, RANK_SPF, RANK_LISTS, RANKS };

struct telling {
	const char *key;   /* of the object in the record's "checks" */
	const char *title; /* for people */
	enum telling_rank rank;

	/* The result in a sentence without full stop, from that object and the whole record. */
	void (*say)(const json_t *record, const json_t *check, struct strbuf *said);

	/* More lines of a story, or NULL. */
	void (*put_more)(const json_t *check, struct output *out);

	/* What a refusal for this result says: sentences, each with a blank behind it. NULL: nothing. */
	void (*refuse)(const struct config *config, const struct facts *facts, struct strbuf *text);

	/* Subject and detail of its enhanced status code (RFC 3463, RFC 7372, 3). NULL: "7.1". */
	const char *(*detail)(const struct facts *facts);

	/* Points of advice to the sender's side, if there are any for this result. NULL: never. */
	void (*advise)(const json_t *record, struct output *out);
};

const struct telling *telling_of(enum method method);

/* The table's entries: tell_iprev and so on, one for each row of facts/methods.h. */
#define TELLING_ROW(NAME, name, ...) extern const struct telling tell_##name;
METHOD_ROWS(TELLING_ROW)

#endif
