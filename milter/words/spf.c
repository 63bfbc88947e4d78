/* tell_spf: SPF. See telling.h. */
#include "heloscope/words/telling.h"

#include <string.h>

#include "heloscope/base/prose.h"
#include "heloscope/records/value.h"
#include "heloscope/spf/record.h"

#define SHOWN_MAX 120  /* octets of a domain's words in a reply */
#define TEXT_MAX 4000  /* of a text in a record */
#define ANSWERS_MAX 20 /* records of one answer that are told */

static void
say_spf(const json_t *record, const json_t *check, struct strbuf *said)
{
	const char *domain = record_text(check, "domain"),
		   *ip = record_text(record_member(record, "client"), "ip");

	if (domain[0] == '\0')
		strbuf_add(said, "there is no domain to ask");
	else if (record_text(check, "problem")[0] != '\0')
		strbuf_add(said, record_text(check, "problem"));
	else if (record_is(check, "result", "none"))
		strbuf_printf(said, "%s has no SPF record", domain);
	else if (record_is(check, "result", "neutral"))
		strbuf_printf(said, "the record of %s does not say whether %s may send", domain, ip);
	else
		strbuf_printf(said, "the record of %s %s %s", domain,
			      record_is(check, "result", "pass") ? "allows" : "does not allow", ip);
	if (record_text(check, "mechanism")[0] != '\0')
		strbuf_printf(said, ", %s \"%s\"", record_text(check, "problem")[0] != '\0' ? "at" : "by",
			      record_text(check, "mechanism"));
}

static void
refuse_spf(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const bool is_helo = facts->results[METHOD_SPF] == RESULT_UNCHECKED
			     || facts->results[METHOD_SPF] == RESULT_PASS
			     || facts->results[METHOD_SPF] == RESULT_NONE;
	const struct spf_facts *spf = &facts->spf[is_helo ? SPF_HELO : SPF_MAILFROM];
	const enum result result = facts->results[is_helo ? METHOD_SPF_HELO : METHOD_SPF];
	const char *domain =
		spf->domain != NULL && spf->domain[0] != '\0' ? spf->domain : "the sender's domain";
	char address[IPADDR_TEXT_SIZE];

	(void)ipaddr_format(&facts->client.address, address);
	if (result == RESULT_TEMPERROR || result == RESULT_PERMERROR) {
		strbuf_printf(text, "SPF of %s cannot be checked: ", domain);
		strbuf_add_escaped(text, span_of(spf->problem), SHOWN_MAX);
		strbuf_add(text, ". The owner of the domain can correct its SPF record. ");
		return;
	}
	strbuf_printf(text, "The SPF record of %s does not allow %s to send its mail (spf=%s", domain,
		      address, result_word(result));
	if (spf->mechanism != NULL) {
		strbuf_add(text, " by ");
		strbuf_add_escaped(text, span_of(spf->mechanism), SHOWN_MAX);
	}
	strbuf_add(text, "). The owner of the domain can add the address to the record. ");
	if (config->shows_spf_explanation && spf->explanation != NULL) {
		strbuf_printf(text, "%s explains: ", domain);
		strbuf_add_escaped(text, span_of(spf->explanation), SHOWN_MAX);
		strbuf_add_char(text, ' ');
	}
}

static void
advise_spf(const json_t *record, struct output *out)
{
	const json_t *check = record_check(record, "spf");
	const char *domain = record_text(check, "domain");
	const char *ip = record_text(record_member(record, "client"), "ip");
	const char *published = record_text(check, "record");
	char memory[TEXT_MAX];
	struct ipaddr client;
	struct strbuf better;

	if (record_is(check, "result", "permerror"))
		prose_bullet(out, "The owner of %s should correct its SPF record: %s.", domain,
			     record_text(check, "problem"));
	if ((!record_is(check, "result", "fail") && !record_is(check, "result", "softfail"))
	    || !ipaddr_parse(span_of(ip), &client) || !spf_record_is_one(span_of(published)))
		return;
	strbuf_init(&better, memory, sizeof memory);
	spf_record_extend(&better, published, &client);
	prose_bullet(out, "If %s sends mail for %s, its owner can publish this TXT record for %s:", ip,
		     domain, domain);
	prose_put(out, 6, "%s", memory);
	prose_put(out, 4,
		  "If the mail was forwarded: SPF cannot pass for a forwarder that keeps the sender's "
		  "address. The forwarder can rewrite it (SRS).");
}

static const char *
spf_detail(const struct facts *facts)
{
	const enum result result = facts->results[METHOD_SPF];

	return result == RESULT_TEMPERROR || result == RESULT_PERMERROR ? "7.24" : "7.23";
}

const struct telling tell_spf = {
	.key = "spf",
	.title = "SPF",
	.rank = RANK_SPF,
	.say = say_spf,
	.refuse = refuse_spf,
	.detail = spf_detail,
	.advise = advise_spf,
};

/* A refusal tells of both together, and advice about the sender's own record is enough. */
const struct telling tell_spf_helo = {
	.key = "spf-helo",
	.title = "SPF of HELO",
	.rank = RANK_SPF,
	.say = say_spf,
	.refuse = refuse_spf,
	.detail = spf_detail,
};
