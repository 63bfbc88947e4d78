#include "heloscope/refusals/named_server.h"

#include <string.h>

#include "heloscope/base/domain.h"
#include "heloscope/refusals/place.h"

/* What follows a name that stands behind such words, and shows that a program wrote them. */
enum follower {
	FOLLOWER_ADDRESS, /* "[A]" */
	FOLLOWER_ANSWER,  /* "[A]" and what the server did, or its reply */
	FOLLOWER_COLON,
	FOLLOWER_ANY
};

static const struct front {
	const char *words;
	enum follower follower;
} fronts[] = {
	{ "host ", FOLLOWER_ANSWER },
	{ "server ", FOLLOWER_ANSWER },
	{ "while talking to ", FOLLOWER_COLON },
	{ "relay=", FOLLOWER_ADDRESS },
	{ "connect to ", FOLLOWER_ADDRESS },
	{ "connection with ", FOLLOWER_ADDRESS },
	{ " H=", FOLLOWER_ADDRESS },
	{ "host=", FOLLOWER_ANY },
};

static struct span
skip_blanks(struct span text)
{
	while (text.length > 0 && (ascii_is_blank(text.at[0]) || ascii_is_among(text.at[0], "\r\n")))
		text = span_from(text, 1);
	return text;
}

/* Take "[A]", in which only what an address consists of may stand, off `text`. */
static bool
skip_address(struct span *text)
{
	struct span rest = skip_blanks(*text);

	if (rest.length == 0 || rest.at[0] != '[')
		return false;
	rest = span_from(rest, 1);
	while (rest.length > 0 && (ascii_hex_value(rest.at[0]) >= 0 || ascii_is_among(rest.at[0], ".:")))
		rest = span_from(rest, 1);
	if (rest.length == 0 || rest.at[0] != ']')
		return false;
	*text = span_from(rest, 1);
	return true;
}

static bool
is_answer(struct span text)
{
	const struct span words[] = { SPAN("said"), SPAN("refused to talk"), SPAN("SMTP error from"),
				      SPAN("Delay reason:") };

	if (text.length > 0 && text.at[0] == ':')
		return true;
	text = skip_blanks(text);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (span_starts_with_nocase(text, words[i]))
			return true;
	return false;
}

/* "said: 550": so a program that has lost the address writes it, but no sentence. */
static bool
is_said_reply(struct span text)
{
	const struct span said = SPAN(" said: ");
	const struct span rest = span_from(text, said.length);

	return span_starts_with_nocase(text, said) && rest.length > 3 && ascii_is_among(rest.at[0], "45")
	       && ascii_is_digit(rest.at[1]) && ascii_is_digit(rest.at[2]) && !ascii_is_alnum(rest.at[3]);
}

static bool
follows(struct span rest, enum follower follower)
{
	switch (follower) {
	case FOLLOWER_ADDRESS:
		return skip_address(&rest);
	case FOLLOWER_ANSWER:
		return is_said_reply(rest) || (skip_address(&rest) && is_answer(rest));
	case FOLLOWER_COLON:
		return rest.length > 0 && rest.at[0] == ':';
	case FOLLOWER_ANY:
		break;
	}
	return true;
}

/* The name with which `text` begins, without final dots; empty unless it is one, and what follows fits. */
static struct span
name_at(struct span text, enum follower follower)
{
	struct span rest;
	const struct span name = place_name_at(text, &rest);

	return domain_has_dot(name) && domain_is_host_name(name) && follows(rest, follower) ? name : SPAN("");
}

struct span
named_server_in(struct span text)
{
	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
		const size_t length = strlen(fronts[i].words);
		struct span rest = text;
		const char *at;

		while ((at = memmem(rest.at, rest.length, fronts[i].words, length)) != NULL) {
			struct span name;

			rest = span_from(rest, (size_t)(at - rest.at) + length);
			name = name_at(rest, fronts[i].follower);
			if (name.length > 0)
				return name;
		}
	}
	return SPAN("");
}

struct span
named_signer_in(struct span text)
{
	struct span name, rest;
	size_t open;

	while (text.length > 0 && ascii_is_among(text.at[text.length - 1], ". \t\r\n"))
		text.length--;
	if (text.length == 0 || !ascii_is_among(text.at[text.length - 1], "])"))
		return SPAN("");
	for (open = text.length - 1; open > 0 && !ascii_is_among(text.at[open - 1], "[(");)
		open--;
	name = open > 0 ? place_name_at(span_from(text, open), &rest) : SPAN("");
	return domain_has_dot(name) && domain_is_host_name(name) && ascii_is_among(rest.at[0], " ])")
		       ? name
		       : SPAN("");
}
