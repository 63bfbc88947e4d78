/* x-helo in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static json_t *
helo_of(const struct facts *facts)
{
	static const char *const agreements[] = {
		[HELO_UNRELATED] = "unrelated",
		[HELO_SAME_ORGANIZATION] = "same organization",
		[HELO_EQUAL] = "equal",
	};
	const struct helo_facts *helo = &facts->helo;
	json_t *object = record_result(facts->results[METHOD_HELO]);

	record_set_text(object, "name", helo->name);
	record_set_address(object, "literal", &helo->literal);
	record_set_text(object, "reason", helo->reason);
	record_set_flag(object, "resolves-to-client", helo->resolves_to_client);
	record_set_text(object, "reverse-dns", agreements[helo->agreement]);
	record_set_text(object, "status", dns_status_word(helo->status));
	return object;
}

const struct codec codec_helo = { "x-helo", helo_of };
