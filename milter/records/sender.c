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

const struct codec codec_sender = { "x-sender", sender_of };
