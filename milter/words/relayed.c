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
static const struct row {
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

static const struct row *
find_row(const struct facts *facts)
{
	const unsigned failed = failed_methods(facts);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if ((failed & rows[i].methods) != 0 && rows[i].domain_of(facts) != NULL)
			return &rows[i];
	return NULL;
}

unsigned
relayed_methods(const struct facts *facts)
{
	const struct row *row = find_row(facts);

	return row != NULL ? failed_methods(facts) & row->methods : 0;
}

unsigned
relayed_tell(const struct facts *facts, struct strbuf *text)
{
	const struct row *row = find_row(facts);

	if (row != NULL)
		telling_fill(text, row->sentence,
			     &(struct telling_values){ { ['D' - 'A'] = row->domain_of(facts) } });
	return relayed_methods(facts);
}
