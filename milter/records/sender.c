/* x-sender in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static json_t *
sender_of(const struct facts *facts)
{
	json_t *object = record_result(facts->results[METHOD_SENDER]);

	record_set_text(object, "domain", facts->sender.domain);
	record_set_text(object, "reason", facts->sender.reason);
	return object;
}

static void
take_sender(struct taking *taking, const json_t *check, struct facts *facts)
{
	if (take_member(check, "domain") != NULL)
		facts->sender.domain = take_text(taking, check, "domain");
	facts->sender.reason = take_text(taking, check, "reason");
}

const struct codec codec_sender = { "x-sender", sender_of, take_sender };
