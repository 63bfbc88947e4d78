/* iprev in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static json_t *
iprev_of(const struct facts *facts)
{
	const struct iprev_facts *iprev = &facts->iprev;
	json_t *object = record_result(facts->results[METHOD_IPREV]), *names = json_array();

	record_set_text(object, "status", dns_status_word(iprev->status));
	record_set_number(object, "total", iprev->total);
	for (size_t i = 0; i < iprev->count; i++) {
		json_t *name = json_object();

		record_set_text(name, "name", iprev->names[i].name);
		record_set_flag(name, "verified", iprev->names[i].is_verified);
		record_set_text(name, "status", dns_status_word(iprev->names[i].status));
		record_set_text(name, "addresses", iprev->names[i].addresses);
		document_append(names, name);
	}
	document_put(object, "names", names);
	return object;
}

const struct codec codec_iprev = { "iprev", iprev_of };
