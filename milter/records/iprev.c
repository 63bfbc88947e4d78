/* iprev in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static json_t *
iprev_of(const struct facts *facts)
{
	const struct iprev_facts *iprev = &facts->iprev;
	json_t *object = record_result(facts->results[METHOD_IPREV]), *names = json_array();

	record_set_token(object, "status", &codec_statuses, (int)iprev->status);
	record_set_number(object, "total", iprev->total);
	for (size_t i = 0; i < iprev->count; i++) {
		json_t *name = json_object();

		record_set_text(name, "name", iprev->names[i].name);
		record_set_flag(name, "verified", iprev->names[i].is_verified);
		record_set_token(name, "status", &codec_statuses, (int)iprev->names[i].status);
		record_set_text(name, "addresses", iprev->names[i].addresses);
		document_append(names, name);
	}
	document_put(object, "names", names);
	return object;
}

/* The name that the client has is told with the client; where it was cut there, it is not here. */
static void
take_iprev(struct taking *taking, const struct node *check, struct facts *facts)
{
	const struct node *names = tree_member(check, "names"), *name;
	struct iprev_facts *iprev = &facts->iprev;

	iprev->status = (enum dns_status)take_token(taking, check, "status", &codec_statuses, DNS_NOERROR);
	iprev->total = take_number(check, "total");
	iprev->names = take_room(taking, tree_count(names) + 1, sizeof *iprev->names);
	for (name = iprev->names != NULL ? tree_first(names) : NULL; name != NULL;
	     name = tree_next(names, name)) {
		struct iprev_name *taken = &iprev->names[iprev->count++];

		taken->name = take_text_or_empty(taking, name, "name");
		taken->is_verified = take_flag(name, "verified");
		taken->status =
			(enum dns_status)take_token(taking, name, "status", &codec_statuses, DNS_NOERROR);
		taken->addresses = take_text_or_empty(taking, name, "addresses");
		if (taken->is_verified && iprev->verified == NULL)
			iprev->verified = taken->name;
	}
}

const struct codec codec_iprev = { "iprev", iprev_of, take_iprev };
