#include "heloscope/reflect/demands.h"

#include <string.h>

#include "heloscope/base/prose.h"
#include "heloscope/doctor/demand.h"
#include "heloscope/doctor/tell_demands.h"

static enum doctor_severity
severity_of(enum result result)
{
	switch (result) {
	case RESULT_UNCHECKED:
		return DOCTOR_NOT_ASKED;
	case RESULT_PASS:
		return DOCTOR_GOOD;
	case RESULT_TEMPERROR:
		return DOCTOR_UNKNOWN;
	default:
		return DOCTOR_ERROR;
	}
}

static enum doctor_severity
severity_of_alignment(bool is_aligned)
{
	return is_aligned ? DOCTOR_GOOD : DOCTOR_ERROR;
}

/* How the DMARC check found that a domain agrees with the author's, else whether both are of one
 * organization. */
static bool
is_aligned(const struct facts *facts, const char *domain, bool is_spf, const char *author)
{
	for (size_t i = 0; i < facts->dmarc.identifier_count; i++) {
		const struct dmarc_identifier *identifier = &facts->dmarc.identifiers[i];

		if (identifier->is_spf == is_spf && strcmp(identifier->domain, domain) == 0
		    && identifier->alignment != DMARC_UNTOLD)
			return identifier->alignment != DMARC_UNALIGNED;
	}
	return domain_same_organization(domain, author);
}

static void
fill_dkim(struct doctor_report *report, const struct facts *facts)
{
	for (size_t i = 0; i < facts->dkim.count; i++) {
		const struct dkim_finding *signature = &facts->dkim.signatures[i];

		if (signature->result != RESULT_PASS
		    || !span_starts_with_nocase(span_of(signature->algorithm), SPAN("rsa")))
			continue;
		report->rsa_keys++;
		if (is_aligned(facts, signature->domain, false, report->domain))
			report->aligned_rsa_keys++;
	}
	report->cells[DOCTOR_DKIM] = severity_of(facts_dkim_result(&facts->dkim));
	report->cells[DOCTOR_DKIM_ALIGNMENT] = severity_of_alignment(report->aligned_rsa_keys > 0);
}

static void
fill(struct doctor_report *report, const struct facts *facts)
{
	report->addresses[0] = facts->client.address;
	report->address_count = 1;
	report->cells[DOCTOR_SPF_PASS] = severity_of(facts->results[METHOD_SPF]);
	report->cells[DOCTOR_SPF_RECORD] = report->cells[DOCTOR_SPF_PASS];
	report->cells[DOCTOR_SPF_ALIGNMENT] = severity_of_alignment(
		is_aligned(facts, facts->spf[SPF_MAILFROM].domain, true, report->domain));
	report->cells[DOCTOR_REVERSE_DNS] = severity_of(facts->results[METHOD_IPREV]);
	report->cells[DOCTOR_DMARC] = severity_of(facts->results[METHOD_DMARC]);
	report->has_policy =
		facts->dmarc.record_domain != NULL && facts->results[METHOD_DMARC] != RESULT_NONE;
	fill_dkim(report, facts);
}

void
reflect_put_demands(const struct letter *letter, const struct facts *facts, struct output *out)
{
	struct doctor_message message = letter->message;
	struct doctor_report report = { .domain = author_domain(&letter->author), .message = &message };

	if (facts->results[METHOD_SPF] == RESULT_UNCHECKED
	    || facts->results[METHOD_DKIM] == RESULT_UNCHECKED) {
		output_put(out, "\n");
		prose_put(
			out, 0,
			"What large receivers ask for is not shown here: this server does not check both SPF and DKIM.");
		return;
	}
	doctor_message_verified(&message, &facts->dkim);
	fill(&report, facts);
	/* Mail that can be unsubscribed from is not answered, so that nothing could be told of that. */
	doctor_put_demands(&report, 1, 1U << DEMAND_UNSUBSCRIBE, out);
}
