/* x-banner in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static const char *const agreement_words[] = {
	[BANNER_INVALID] = "no-name",         [BANNER_FOREIGN] = "foreign",
	[BANNER_UNKNOWN] = "unknown",         [BANNER_SAME_ORGANIZATION] = "same-organization",
	[BANNER_EQUALS_HELO] = "equals-helo", [BANNER_EQUALS_PTR] = "equals-ptr",
};
static const struct tokens agreements = TOKENS(agreement_words);

static json_t *
banner_of(const struct facts *facts)
{
	const struct peer *peer = facts->peer.peer;
	json_t *object = codec_put_peer(facts, METHOD_BANNER);

	if (peer == NULL)
		return object;
	if (peer->code != 0)
		record_set_number(object, "code", peer->code);
	record_set_escaped(object, "greeting", peer->greeting);
	record_set_escaped(object, "ehlo", peer->ehlo);
	if (facts->peer.greeting_name == NULL)
		return object;
	record_set_text(object, "greeting-name", facts->peer.greeting_name);
	record_set_text(object, "ehlo-name", facts->peer.ehlo_name);
	record_set_token(object, "agreement", &agreements, (int)facts->peer.agreement);
	return object;
}

static void
take_banner(struct taking *taking, const struct node *check, struct facts *facts)
{
	struct peer *peer = codec_take_peer(taking, check, facts);

	if (peer == NULL)
		return;
	peer->code = take_number(check, "code");
	take_escaped(taking, check, "greeting", peer->greeting, sizeof peer->greeting);
	take_escaped(taking, check, "ehlo", peer->ehlo, sizeof peer->ehlo);
	facts->peer.greeting_name = take_text(taking, check, "greeting-name");
	facts->peer.ehlo_name = take_text(taking, check, "ehlo-name");
	facts->peer.agreement =
		(enum banner_agreement)take_token(taking, check, "agreement", &agreements, BANNER_INVALID);
	if (facts->peer.ehlo_name == NULL)
		facts->peer.ehlo_name = "";
}

const struct codec codec_banner = { "x-banner", banner_of, take_banner };
