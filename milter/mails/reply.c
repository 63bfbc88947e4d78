#include "heloscope/mails/reply.h"

#include <string.h>

#include "heloscope/refusals/pieces.h"
#include "heloscope/mails/said.h"

/* Whether it is a queue id, or that behind the name of a program: "postfix/smtp[1]: 12345ABCDE". */
static bool
is_head_of_log(struct span text)
{
	size_t id = text.length;

	while (id > 0 && ascii_is_alnum(text.at[id - 1]))
		id--;
	return id < text.length && (id == 0 || (id > 3 && memcmp(text.at + id - 3, "]: ", 3) == 0));
}

/* Postfix logs "ID: host H[A] said: ..." of a server when it tries another one next. */
static struct span
without_head_of_log(struct span text)
{
	struct span before;

	if (text_find(text, ": host ", &before, NULL) && is_head_of_log(before))
		return span_from(text, before.length + 1);
	return text;
}

/* Whether a word begins with the digit of a code, or an address stands in brackets: of the server, then. */
static bool
may_tell(struct span text)
{
	for (size_t i = 0; i < text.length; i++) {
		const char before = text.at[i > 0 ? i - 1 : 0];

		if (ascii_is_digit(text.at[i]) && before == '[')
			return true;
		if ((text.at[i] == '4' || text.at[i] == '5') && (i == 0 || !ascii_is_alnum(before)))
			return true;
	}
	return false;
}

/* A program that hands on what it was told: "Can't send mail - all recipients were rejected: 550 ...". Its
 * own words are of any refusal. Those that may tell more stay. */
static void
take_handed_on(struct refusal *refusal)
{
	struct span text = refusal->text, rest = text;

	while (text_find(rest, ": ", NULL, &rest))
		if (text_reply_code(rest) != 0) {
			if (!may_tell((struct span){ text.at, (size_t)(rest.at - text.at) }))
				refusal->text = rest;
			return;
		}
}

/* qmail: "A does not like recipient. Remote host said: 550 ... Giving up on A." */
static struct span
told_to_qmail(struct span text)
{
	struct span told;

	if (!text_find(text, "Remote host said:", NULL, &told))
		return text;
	(void)text_find(told, "Giving up on ", &told, NULL);
	return text_trim(told);
}

struct refusal
reply_bare(const struct refusal *refusal)
{
	const struct said said = said_read(without_head_of_log(told_to_qmail(refusal->text)));
	struct refusal bare = *refusal;

	bare.text = told_to_qmail(refusal->text);
	if ((said.address.length == 0 && said.stage == REFUSAL_STAGE_NONE) || said.text.length == 0) {
		take_handed_on(&bare);
		return bare;
	}
	bare.text = said.text;
	bare.stage = said.stage;
	if (said.is_temporary)
		bare.status = REFUSAL_DEFERRED;
	if (said.address.length > 0) {
		bare.host = said.host;
		bare.address = said.address;
	}
	return bare;
}

bool
reply_is_logged(struct span text)
{
	const struct span word = SPAN("reject"); /* in all of these, and in few other lines */

	return memmem(text.at, text.length, word.at, word.length) != NULL && said_read(text).is_own;
}
