/* SPF in words: see telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"
#include "heloscope/facts/forwarding.h"
#include "heloscope/spf/record.h"
#include "heloscope/words/spf_problem.h"
#include "heloscope/words/spf_refusal.h"
#include "heloscope/words/spf_several.h"

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
	const bool has_problem = spf->problem.kind != SPF_PROBLEM_NONE;
	char problem[SPF_PROBLEM_SIZE];

	if (has_problem)
		telling_add(said, spf_problem_text(&spf->problem, problem));
	else if (!is_said(spf->domain))
		strbuf_add(said, "no domain to look up");
	else
		say_record(facts, spf, result, said);
	if (!is_said(spf->mechanism) || spf->problem.kind == SPF_PROBLEM_ENDLESS) /* which told its term */
		return;
	strbuf_add(said, has_problem ? ", at \"" : ", by \"");
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
put_forwarding(const struct facts *facts, struct output *out)
{
	const enum result spf = facts->results[METHOD_SPF];

	if (facts_forwarding(facts) == FORWARDING_LIKELY)
		prose_put(
			out, 28,
			"the mail looks forwarded%s: the author's domain has signed it (DKIM), and the server's own names are good",
			facts->dkim.has_list_id ? " by a mailing list (it has a List-Id field)" : "");
	else if (facts->dkim.has_list_id && (spf == RESULT_FAIL || spf == RESULT_SOFTFAIL))
		prose_put(
			out, 28, "%s",
			"a List-Id field says that a mailing list sent the mail on; anybody can write one, so that it counts only beside a good signature of the author's domain and good names of the server");
}

static void
put_more(const struct facts *facts, enum telling_reader reader, struct output *out)
{
	(void)reader;
	spf_several_put(&facts->spf[SPF_MAILFROM], out);
	put_forwarding(facts, out);
}

static void
put_more_of_helo(const struct facts *facts, enum telling_reader reader, struct output *out)
{
	(void)reader;
	spf_several_put(&facts->spf[SPF_HELO], out);
}

/* A term that is kept in it, but says nothing as it is written. */
static void
tell_slip(const char *record, struct output *out)
{
	struct span rest = span_of(record), term;

	while ((term = span_word(&rest, ASCII_BLANKS)).length > 0)
		if (spf_term_is_slip(term)) {
			prose_put(
				out, 4,
				"Receivers pass over \"%.*s\" in it: a mechanism has \":\" before its value, not \"=\". Correct it if what it names is to send, or delete it.",
				(int)term.length, term.at);
			return;
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
	prose_bullet(
		out,
		"If %s sends mail for %s, publish this TXT record for %s in place of the present SPF record:",
		ip, domain, domain);
	prose_record(out, 6, memory);
	tell_slip(published, out);
	prose_put(
		out, 4,
		"If the mail was forwarded: SPF cannot pass for a forwarder that keeps the sender's address. Ask the forwarder to rewrite it (SRS).");
}

static void
advise_spf(const struct facts *facts, int64_t time_s, struct output *out)
{
	const enum result result = facts->results[METHOD_SPF];
	char memory[TEXT_MAX];
	struct strbuf said = STRBUF_OVER(memory);

	(void)time_s;
	if (result == RESULT_PERMERROR) {
		spf_refuse(NULL, facts, &said);
		prose_bullet(out, "%s", memory);
	}
	if ((result == RESULT_FAIL || result == RESULT_SOFTFAIL) && facts->client.address.length > 0)
		advise_record(facts, &facts->spf[SPF_MAILFROM], out);
}

/* RFC 7372, 3.2. */
static const char *
detail_of(enum result result)
{
	return result == RESULT_TEMPERROR || result == RESULT_PERMERROR ? "7.24" : "7.23";
}

static const char *
spf_detail(const struct facts *facts)
{
	return detail_of(facts->results[METHOD_SPF]);
}

static const char *
spf_helo_detail(const struct facts *facts)
{
	return detail_of(facts->results[METHOD_SPF_HELO]);
}

static void
report_identity(const struct facts *facts, struct authres *authres, enum method method,
		const struct spf_facts *spf)
{
	char problem[SPF_PROBLEM_SIZE];

	if (facts->results[method] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(method)->method, facts->results[method]);
	if (spf->domain[0] != '\0')
		authres_property(authres, method_words(method)->property, span_of(spf->domain));
	if (spf->problem.kind != SPF_PROBLEM_NONE)
		authres_comment(authres, spf_problem_text(&spf->problem, problem));
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
	.put_more = put_more,
	.refuse = spf_refuse,
	.detail = spf_detail,
	.advise = advise_spf,
};

/* Advice about the sender's own record is enough. */
const struct telling tell_spf_helo = {
	.title = "SPF of HELO",
	.rank = RANK_SPF,
	.report = report_spf_helo,
	.say = say_spf_helo,
	.put_more = put_more_of_helo,
	.refuse = spf_refuse_helo,
	.detail = spf_helo_detail,
};
