#include "heloscope/checks/sender.h"

#include <string.h>

static bool
finish(struct facts *facts, enum result result, const char *reason)
{
	facts->results[METHOD_SENDER] = result;
	facts->sender.reason = reason;
	return true;
}

static bool
fault(struct facts *facts, enum dns_status status)
{
	return finish(facts, RESULT_TEMPERROR, dns_status_word(status));
}

/* "MX 0 .": this domain takes no mail (RFC 7505). */
static bool
is_null_mx(const struct dns_answer *answer)
{
	return answer->count == 1 && answer->records[0].name[0] == '\0';
}

/* Without MX records mail goes to the domain's own addresses. */
static bool
judge_addresses(struct inquiry *inquiry, struct facts *facts)
{
	const struct dns_answer *ipv4 = inquiry_ask(inquiry, STAGE_MAIL, facts->sender.domain, DNS_A);
	const struct dns_answer *ipv6 = inquiry_ask(inquiry, STAGE_MAIL, facts->sender.domain, DNS_AAAA);

	if ((ipv4 != NULL && ipv4->count > 0) || (ipv6 != NULL && ipv6->count > 0))
		return finish(facts, RESULT_PASS, "has no MX, but an address");
	if (ipv4 == NULL || ipv6 == NULL)
		return false;
	if (dns_status_is_fault(ipv4->status))
		return fault(facts, ipv4->status);
	if (dns_status_is_fault(ipv6->status))
		return fault(facts, ipv6->status);
	return finish(facts, RESULT_FAIL, "has neither MX nor address");
}

static bool
run(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);
	const struct dns_answer *answer;

	if (!config_wants(inquiry_config(inquiry), METHOD_SENDER))
		return true;
	if (facts->sender.mailbox.form == MAILBOX_MALFORMED)
		return finish(facts, RESULT_PERMERROR, "not a valid address");
	if (facts->sender.mailbox.form != MAILBOX_ADDRESS)
		return finish(facts, RESULT_NONE, "no sender domain");
	answer = inquiry_ask(inquiry, STAGE_MAIL, facts->sender.domain, DNS_MX);
	if (answer == NULL)
		return false;
	if (dns_status_is_fault(answer->status))
		return fault(facts, answer->status);
	if (answer->status == DNS_NXDOMAIN)
		return finish(facts, RESULT_FAIL, "domain does not exist");
	if (answer->status == DNS_NODATA)
		return judge_addresses(inquiry, facts);
	return is_null_mx(answer) ? finish(facts, RESULT_FAIL, "null MX: takes no mail")
				  : finish(facts, RESULT_PASS, "has MX");
}

static void
report(const struct facts *facts, struct authres *authres)
{
	if (facts->results[METHOD_SENDER] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(METHOD_SENDER)->method, facts->results[METHOD_SENDER]);
	if (facts->sender.domain[0] != '\0')
		authres_property(authres, method_words(METHOD_SENDER)->property,
				 span_of(facts->sender.domain));
	authres_comment(authres, facts->sender.reason);
}

const struct check check_sender = {
	.stage = STAGE_MAIL, .run = run, .report = report, .method = METHOD_SENDER
};
