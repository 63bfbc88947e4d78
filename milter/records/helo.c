/* x-helo in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static const char *const agreement_words[] = {
	[HELO_UNRELATED] = "unrelated",
	[HELO_SAME_ORGANIZATION] = "same-organization",
	[HELO_EQUAL] = "equal",
};
static const struct tokens agreements = TOKENS(agreement_words);

static json_t *
helo_of(const struct facts *facts)
{
	const struct helo_facts *helo = &facts->helo;
	json_t *object = record_result(facts->results[METHOD_HELO]);

	record_set_text(object, "name", helo->name);
	record_set_address(object, "literal", &helo->literal);
	record_set_text(object, "reason", helo->reason);
	record_set_flag(object, "resolves-to-client", helo->resolves_to_client);
	record_set_token(object, "reverse-dns", &agreements, (int)helo->agreement);
	record_set_token(object, "status", &codec_statuses, (int)helo->status);
	return object;
}

/* What the name is follows from what the client said, unless that was cut. */
static void
take_helo(struct taking *taking, const struct node *check, struct facts *facts)
{
	struct helo_facts *helo = &facts->helo;

	helo->resolves_to_client = take_flag(check, "resolves-to-client");
	helo->agreement =
		(enum helo_agreement)take_token(taking, check, "reverse-dns", &agreements, HELO_UNRELATED);
	helo->status = (enum dns_status)take_token(taking, check, "status", &codec_statuses, DNS_NOERROR);
	if (tree_member(check, "name") == NULL)
		return;
	helo->name = take_text(taking, check, "name");
	helo->literal = take_address(taking, check, "literal");
	helo->reason = take_text(taking, check, "reason");
	helo->form = helo->given == NULL        ? HELO_ABSENT
		     : helo->literal.length > 0 ? HELO_LITERAL
		     : helo->name[0] != '\0'    ? HELO_NAME
						: HELO_INVALID;
}

const struct codec codec_helo = { "x-helo", helo_of, take_helo };
