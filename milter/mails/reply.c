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

struct refusal
reply_bare(const struct refusal *refusal)
{
	const struct said said = said_read(without_head_of_log(refusal->text));
	struct refusal bare = *refusal;

	if (said.address.length == 0 || said.text.length == 0)
		return bare;
	bare.text = said.text;
	bare.host = said.host;
	bare.address = said.address;
	bare.stage = said.stage;
	return bare;
}
