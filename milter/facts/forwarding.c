#include "heloscope/facts/forwarding.h"

#include <string.h>

static enum forwarding
lesser(enum forwarding a, enum forwarding b)
{
	return a < b ? a : b;
}

static bool
is_known(enum result result)
{
	return result != RESULT_UNCHECKED && result != RESULT_TEMPERROR;
}

static enum forwarding
passes(enum result result)
{
	if (!is_known(result))
		return FORWARDING_UNKNOWN;
	return result == RESULT_PASS ? FORWARDING_LIKELY : FORWARDING_NONE;
}

static enum forwarding
fails_spf(enum result result)
{
	if (!is_known(result))
		return FORWARDING_UNKNOWN;
	return result == RESULT_FAIL || result == RESULT_SOFTFAIL ? FORWARDING_LIKELY : FORWARDING_NONE;
}

/* Whether a signature of the author's domain has that result. */
static bool
has_signature(const struct facts *facts, enum result result)
{
	for (size_t i = 0; i < facts->dkim.count; i++)
		if (facts->dkim.signatures[i].result == result
		    && strcmp(facts->dkim.signatures[i].domain, facts->author.domain) == 0)
			return true;
	return false;
}

/* Signatures of which only the result of all is known, as when memory ran out. */
static bool
lacks_signatures(const struct facts *facts)
{
	return facts->dkim.count == 0 && facts->results[METHOD_DKIM] != RESULT_NONE;
}

static enum forwarding
is_signed_by_author(const struct facts *facts)
{
	if (facts->results[METHOD_DMARC] == RESULT_PASS)
		return FORWARDING_LIKELY;
	if (facts->results[METHOD_DKIM] == RESULT_UNCHECKED)
		return FORWARDING_UNKNOWN;
	if (facts->author.finding != AUTHOR_ONE)
		return facts->author.finding == AUTHOR_UNCHECKED ? FORWARDING_UNKNOWN : FORWARDING_NONE;
	if (has_signature(facts, RESULT_PASS))
		return FORWARDING_LIKELY;
	return has_signature(facts, RESULT_TEMPERROR) || lacks_signatures(facts)
			       || facts->results[METHOD_DMARC] == RESULT_TEMPERROR
			       || (facts_awaited(facts) & 1U << METHOD_DMARC) != 0
		       ? FORWARDING_UNKNOWN
		       : FORWARDING_NONE;
}

enum forwarding
facts_forwarding(const struct facts *facts)
{
	const enum forwarding names =
		lesser(passes(facts->results[METHOD_IPREV]), passes(facts->results[METHOD_HELO]));
	const enum forwarding spf = fails_spf(facts->results[METHOD_SPF]);

	return lesser(lesser(spf, names), is_signed_by_author(facts));
}
