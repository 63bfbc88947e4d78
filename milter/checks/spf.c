#include "heloscope/checks/spf.h"

#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/spf/spf.h"

/* Where the engine's questions go. */
struct asking {
	struct inquiry *inquiry;
	enum stage stage;
};

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	const struct asking *asking = context;

	return inquiry_ask(asking->inquiry, asking->stage, name, type);
}

/* Evaluate for `domain` and write the outcome. False while answers are awaited. */
static bool
evaluate(struct inquiry *inquiry, enum stage stage, enum spf_identity identity, const char *domain,
	 struct span local)
{
	const struct config *config = inquiry_config(inquiry);
	struct facts *facts = inquiry_facts(inquiry);
	struct asking asking = { inquiry, stage };
	const struct spf_source source = { ask, &asking, inquiry_work(inquiry, stage) };
	const struct spf_query query = {
		.client = facts->client.address,
		.domain = domain,
		.local = local.length > 0 ? local : SPAN("postmaster"),
		.sender_domain = domain,
		.helo = facts->helo.given != NULL ? facts->helo.given : "",
		.receiver = config->authserv_id,
	};
	spf_engine *engine = spf_engines[config->spf_engine];
	struct spf_outcome outcome = { .result = RESULT_NONE };

	inquiry_allow(inquiry, BOUND_ANSWER_OCTETS_MUCH);
	if (spf_domain_is_checkable(domain)
	    && !engine(&query, &source, inquiry_arena(inquiry, stage), &outcome))
		return false;
	facts->results[identity == SPF_MAILFROM ? METHOD_SPF : METHOD_SPF_HELO] = outcome.result;
	facts->spf[identity] = (struct spf_facts){
		.domain = domain,
		.record = outcome.record,
		.mechanism = outcome.mechanism,
		.problem = outcome.problem,
		.explanation = outcome.explanation,
		.trace = outcome.trace,
	};
	return true;
}

/* Which domain to ask is not known. */
static bool
finish_unread(struct inquiry *inquiry, struct facts *facts)
{
	facts->results[METHOD_SPF] = RESULT_TEMPERROR;
	facts->spf[SPF_MAILFROM].problem.kind = SPF_PROBLEM_NO_READING;
	(void)inquiry_lack_reading(inquiry);
	return true;
}

static bool
run_helo(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);

	if (facts->client.address.length == 0 || !config_wants(inquiry_config(inquiry), METHOD_SPF_HELO))
		return true;
	facts->spf[SPF_HELO].domain = "";
	facts->results[METHOD_SPF_HELO] = RESULT_NONE;
	if (facts->helo.form != HELO_NAME) /* RFC 7208, 2.3 */
		return true;
	return evaluate(inquiry, STAGE_HELO, SPF_HELO, facts->helo.name, SPAN("postmaster"));
}

static bool
run_mailfrom(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);
	const struct mailbox *mailbox = &facts->sender.mailbox;

	if (facts->client.address.length == 0 || mailbox->form == MAILBOX_NULL
	    || !config_wants(inquiry_config(inquiry), METHOD_SPF))
		return true;
	facts->spf[SPF_MAILFROM].domain = "";
	facts->results[METHOD_SPF] = RESULT_NONE;
	if (mailbox->form == MAILBOX_UNREAD)
		return finish_unread(inquiry, facts);
	if (mailbox->form != MAILBOX_ADDRESS) /* RFC 7208, 4.3 */
		return true;
	return evaluate(inquiry, STAGE_MAIL, SPF_MAILFROM, facts->sender.domain, span_of(mailbox->local));
}

const struct check check_spf_helo = { .stage = STAGE_HELO, .run = run_helo, .method = METHOD_SPF_HELO };
const struct check check_spf = { .stage = STAGE_MAIL, .run = run_mailfrom, .method = METHOD_SPF };
