/* x-helo in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static const char *const agreement_words[] = {
	[HELO_UNRELATED] = "unrelated",
	[HELO_SAME_ORGANIZATION] = "same-organization",
	[HELO_EQUAL] = "equal",
};
static const struct tokens agreements = TOKENS(agreement_words);

static const char *const fault_words[HELO_FAULTS] = {
	[HELO_FAULT_CONTROL_OCTETS] = "control-octets", [HELO_FAULT_NOT_ASCII] = "not-ascii",
	[HELO_FAULT_UNDERSCORE] = "underscore",         [HELO_FAULT_NO_HOST_NAME] = "no-host-name",
	[HELO_FAULT_NOT_QUALIFIED] = "not-qualified",   [HELO_FAULT_BARE_ADDRESS] = "bare-address",
	[HELO_FAULT_BAD_LITERAL] = "bad-literal",
};
static const struct tokens faults = TOKENS(fault_words);

static json_t *
helo_of(const struct facts *facts)
{
	const struct helo_facts *helo = &facts->helo;
	json_t *object = record_result(facts->results[METHOD_HELO]);

	record_set_text(object, "name", helo->name);
	record_set_address(object, "literal", &helo->literal);
	if (helo->fault != HELO_FAULT_NONE)
		record_set_token(object, "reason", &faults, (int)helo->fault);
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
	helo->fault = (enum helo_fault)take_token(taking, check, "reason", &faults, HELO_FAULT_NONE);
	helo->form = helo->given == NULL        ? HELO_ABSENT
		     : helo->literal.length > 0 ? HELO_LITERAL
		     : helo->name[0] != '\0'    ? HELO_NAME
						: HELO_INVALID;
}

const struct codec codec_helo = { "x-helo", helo_of, take_helo };
