/* x-banner in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static const char *const agreements[] = {
	[BANNER_INVALID] = "no host name",
	[BANNER_FOREIGN] = "another domain",
	[BANNER_UNKNOWN] = "nothing to compare with",
	[BANNER_SAME_ORGANIZATION] = "same organization",
	[BANNER_EQUALS_HELO] = "equals HELO",
	[BANNER_EQUALS_PTR] = "equals reverse DNS",
};

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
	record_set_text(object, "agreement", agreements[facts->peer.agreement]);
	return object;
}

const struct codec codec_banner = { "x-banner", banner_of };
