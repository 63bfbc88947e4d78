/* x-sender in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include <string.h>

#include "heloscope/records/value.h"

static json_t *
sender_of(const struct facts *facts)
{
	json_t *object = record_result(facts->results[METHOD_SENDER]);

	record_set_text(object, "domain", facts->sender.domain);
	record_set_text(object, "reason", sender_words(facts->sender.finding)->word);
	if (facts->sender.finding == SENDER_UNKNOWN)
		record_set_token(object, "status", &codec_statuses, (int)facts->sender.status);
	record_set_text(object, "host", facts->sender.host);
	if (facts->sender.address.length > 0)
		record_set_address(object, "address", &facts->sender.address);
	return object;
}

static void
take_sender(struct taking *taking, const struct node *check, struct facts *facts)
{
	const char *reason = take_text(taking, check, "reason");
	struct sender_facts *sender = &facts->sender;

	if (tree_member(check, "domain") != NULL)
		sender->domain = take_text(taking, check, "domain");
	if (reason != NULL)
		sender->finding = sender_finding_from_word(reason);
	if (reason != NULL && strcmp(sender_words(sender->finding)->word, reason) != 0)
		taking->has_fault = true;
	sender->status = (enum dns_status)take_token(taking, check, "status", &codec_statuses, DNS_NOERROR);
	sender->host = take_text(taking, check, "host");
	sender->address = take_address(taking, check, "address");
}

const struct codec codec_sender = { "x-sender", sender_of, take_sender };
