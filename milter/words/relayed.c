#include "heloscope/words/relayed.h"

#include "heloscope/facts/forwarding.h"
#include "heloscope/words/telling.h"

#define BIT(method) (1U << METHOD_##method)

static const char *
forwarded_domain(const struct facts *facts)
{
	return facts_forwarding(facts) == FORWARDING_LIKELY ? facts->author.domain : NULL;
}

static const char *
vouching_domain(const struct facts *facts)
{
	const size_t set = facts_vouching_set(facts);

	return set > 0 ? facts->arc.sealers[set - 1].domain : NULL;
}

/* The domain that signed what a list changed: its signature fits the header, and the body no more. A List-Id
 * field alone shows nothing. */
static const char *
changed_domain(const struct facts *facts)
{
	for (size_t i = 0; facts->dkim.has_list_id && i < facts->dkim.count; i++) {
		const struct dkim_finding *finding = &facts->dkim.signatures[i];

		if (finding->alignment != DKIM_UNALIGNED && finding->evidence.reason == DKIM_BODY_HASH
		    && finding->evidence.has_hashes && finding->evidence.header_verifies)
			return finding->domain;
	}
	return NULL;
}

/* The first that is so and explains a failure is told; $D stands for the domain. */
static const struct {
	const char *(*domain_of)(const struct facts *facts); /* NULL: it is not so */
	unsigned methods;
	const char *sentence;
} rows[] = {
	{ forwarded_domain, BIT(SPF),
	  " It looks forwarded, and SPF cannot pass for a forwarder that keeps the sender address; the signature (DKIM) of $D, the author's domain, is good." },
	{ vouching_domain, BIT(SPF) | BIT(DKIM) | BIT(DMARC),
	  " It was sent on, and perhaps changed, by a server that seals mail (ARC), and $D vouches that DMARC passed before." },
	{ changed_domain, BIT(DKIM) | BIT(DMARC),
	  " It came through a mailing list, which changed the text after $D had signed it (DKIM)." },
};

static unsigned
failed_methods(const struct facts *facts)
{
	unsigned failed = 0;

	for (int method = 0; method < METHODS; method++)
		failed |= result_is_bad(facts->results[method]) ? 1U << method : 0;
	return failed;
}

struct explanation {
	unsigned methods;     /* that failed for it; 0: nothing shows it */
	const char *sentence; /* with $D for the domain */
	const char *domain;
};

static struct explanation
explain(const struct facts *facts)
{
	const unsigned failed = failed_methods(facts);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const unsigned explained = failed & rows[i].methods;
		const char *domain = explained != 0 ? rows[i].domain_of(facts) : NULL;

		if (domain != NULL)
			return (struct explanation){ explained, rows[i].sentence, domain };
	}
	return (struct explanation){ 0, NULL, NULL };
}

unsigned
relayed_methods(const struct facts *facts)
{
	return explain(facts).methods;
}

unsigned
relayed_tell(const struct facts *facts, struct strbuf *text)
{
	const struct explanation explanation = explain(facts);

	if (explanation.methods != 0)
		telling_fill(text, explanation.sentence,
			     &(struct telling_values){ { ['D' - 'A'] = explanation.domain } });
	return explanation.methods;
}
