/* SPF in words: see telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"
#include "heloscope/spf/record.h"

#define SHOWN_MAX 120 /* octets of a domain's words in a reply */
#define TEXT_MAX 4000 /* of a record to publish */

static bool
is_said(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static void
say_record(const struct facts *facts, const struct spf_facts *spf, enum result result, struct strbuf *said)
{
	strbuf_add(said, result == RESULT_NONE ? "" : "the record of ");
	telling_add(said, spf->domain);
	strbuf_add(said, result == RESULT_NONE      ? " has no SPF record"
			 : result == RESULT_NEUTRAL ? " does not say whether "
			 : result == RESULT_PASS    ? " allows "
						    : " does not allow ");
	if (result != RESULT_NONE)
		telling_add_client(said, facts);
	strbuf_add(said, result == RESULT_NEUTRAL ? " may send" : "");
}

static void
say(const struct facts *facts, enum spf_identity identity, enum result result, struct strbuf *said)
{
	const struct spf_facts *spf = &facts->spf[identity];

	if (!is_said(spf->domain))
		strbuf_add(said, "there is no domain to ask");
	else if (is_said(spf->problem))
		telling_add(said, spf->problem);
	else
		say_record(facts, spf, result, said);
	if (!is_said(spf->mechanism))
		return;
	strbuf_add(said, is_said(spf->problem) ? ", at \"" : ", by \"");
	telling_add(said, spf->mechanism);
	strbuf_add(said, "\"");
}

static void
say_spf(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	say(facts, SPF_MAILFROM, facts->results[METHOD_SPF], said);
}

static void
say_spf_helo(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	say(facts, SPF_HELO, facts->results[METHOD_SPF_HELO], said);
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

/* The record that would let the client pass. */
static void
advise_record(const struct facts *facts, const struct spf_facts *spf, struct output *out)
{
	char memory[TEXT_MAX], domain[TELLING_SHOWN_SIZE], published[TELLING_SHOWN_SIZE],
		ip[IPADDR_TEXT_SIZE];
	struct strbuf better;

	if (!spf_record_is_one(span_of(telling_shown(spf->record, published))))
		return;
	(void)telling_shown(spf->domain, domain);
	(void)telling_client(facts, ip);
	strbuf_init(&better, memory, sizeof memory);
	spf_record_extend(&better, published, &facts->client.address);
	prose_bullet(out, "If %s sends mail for %s, its owner can publish this TXT record for %s:", ip,
		     domain, domain);
	prose_put(out, 6, "%s", memory);
	prose_put(
		out, 4,
		"If the mail was forwarded: SPF cannot pass for a forwarder that keeps the sender's address. The forwarder can rewrite it (SRS).");
}

static void
advise_spf(const struct facts *facts, int64_t time_s, struct output *out)
{
	const struct spf_facts *spf = &facts->spf[SPF_MAILFROM];
	const enum result result = facts->results[METHOD_SPF];
	char domain[TELLING_SHOWN_SIZE], problem[TELLING_SHOWN_SIZE];

	(void)time_s;
	if (result == RESULT_PERMERROR)
		prose_bullet(out, "The owner of %s should correct its SPF record: %s.",
			     telling_shown(spf->domain, domain), telling_shown(spf->problem, problem));
	if ((result == RESULT_FAIL || result == RESULT_SOFTFAIL) && facts->client.address.length > 0)
		advise_record(facts, spf, out);
}

static const char *
spf_detail(const struct facts *facts)
{
	const enum result result = facts->results[METHOD_SPF];

	return result == RESULT_TEMPERROR || result == RESULT_PERMERROR ? "7.24" : "7.23";
}

static void
report_identity(const struct facts *facts, struct authres *authres, enum method method,
		const struct spf_facts *spf)
{
	if (facts->results[method] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(method)->method, facts->results[method]);
	if (spf->domain[0] != '\0')
		authres_property(authres, method_words(method)->property, span_of(spf->domain));
	if (spf->problem != NULL)
		authres_comment(authres, spf->problem);
}

static void
report_spf_helo(const struct facts *facts, struct authres *authres)
{
	report_identity(facts, authres, METHOD_SPF_HELO, &facts->spf[SPF_HELO]);
}

static void
report_spf(const struct facts *facts, struct authres *authres)
{
	report_identity(facts, authres, METHOD_SPF, &facts->spf[SPF_MAILFROM]);
}

const struct telling tell_spf = {
	.title = "SPF",
	.rank = RANK_SPF,
	.report = report_spf,
	.say = say_spf,
	.refuse = refuse_spf,
	.detail = spf_detail,
	.advise = advise_spf,
};

/* A refusal tells of both together, and advice about the sender's own record is enough. */
const struct telling tell_spf_helo = {
	.title = "SPF of HELO",
	.rank = RANK_SPF,
	.report = report_spf_helo,
	.say = say_spf_helo,
	.refuse = refuse_spf,
	.detail = spf_detail,
};
