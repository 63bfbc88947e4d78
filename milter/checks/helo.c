#include "heloscope/checks/helo.h"

#include <string.h>

#include "heloscope/checks/iprev.h"

/* How the HELO name agrees with the verified names of the reverse DNS. */
static enum helo_agreement
agreement(const struct facts *facts)
{
	enum helo_agreement best = HELO_UNRELATED;

	for (size_t i = 0; i < facts->iprev.count; i++) {
		const struct iprev_name *name = &facts->iprev.names[i];

		if (!name->is_verified)
			continue;
		if (strcmp(name->name, facts->helo.name) == 0)
			return HELO_EQUAL;
		if (domain_same_organization(name->name, facts->helo.name))
			best = HELO_SAME_ORGANIZATION;
	}
	return best;
}

static void
judge_name(struct facts *facts, const struct dns_answer *answer)
{
	struct helo_facts *helo = &facts->helo;

	helo->status = answer->status;
	helo->resolves_to_client = dns_answer_holds(answer, &facts->client.address);
	helo->agreement = agreement(facts);
	if (helo->resolves_to_client || helo->agreement == HELO_EQUAL)
		facts->results[METHOD_HELO] = RESULT_PASS;
	else if (dns_status_is_fault(answer->status) || facts->results[METHOD_IPREV] == RESULT_TEMPERROR)
		facts->results[METHOD_HELO] = RESULT_TEMPERROR;
	else
		facts->results[METHOD_HELO] = RESULT_FAIL;
}

static bool
run(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);
	const struct helo_facts *helo = &facts->helo;
	const struct dns_answer *answer;

	if (!config_wants(inquiry_config(inquiry), METHOD_HELO))
		return true;
	switch (helo->form) {
	case HELO_ABSENT:
		facts->results[METHOD_HELO] = RESULT_NONE;
		return true;
	case HELO_INVALID:
		facts->results[METHOD_HELO] = RESULT_PERMERROR;
		return true;
	case HELO_LITERAL:
		facts->results[METHOD_HELO] =
			ipaddr_equals(&helo->literal, &facts->client.address) ? RESULT_PASS : RESULT_FAIL;
		return true;
	default:
		break;
	}
	if (facts->client.address.length == 0)
		return true;
	answer = inquiry_ask(inquiry, STAGE_HELO, helo->name, dns_address_type(&facts->client.address));
	if (answer == NULL || !inquiry_has_needs(inquiry, &check_helo))
		return false;
	judge_name(facts, answer);
	return true;
}

const struct check check_helo = {
	.stage = STAGE_HELO, .run = run, .method = METHOD_HELO, .needs = CHECK_NEEDS(&check_iprev)
};
