#include "heloscope/words/reports.h"

#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/prose.h"

#define SOURCES_TOLD 20 /* of each group of a domain */
#define NAME_MAX 120    /* octets of a name that are shown */

typedef unsigned long long count;

static bool
is_of_domain(const char *name, const struct summary_source *source)
{
	return domain_is_within(span_of(name), span_of(source->domain->name));
}

static void
add_name(struct strbuf *words, const char *name)
{
	strbuf_add_escaped(words, span_of(name), NAME_MAX);
}

/* "ip4:192.0.2.7" */
static void
add_term(struct strbuf *words, const struct ipaddr *address)
{
	char text[IPADDR_TEXT_SIZE];

	strbuf_printf(words, "%s:%s", address->length == 4 ? "ip4" : "ip6", ipaddr_format(address, text));
}

/* What to do. */

/* Some mail of a source of yours fails. */
static void
add_remedy_of_yours(const struct summary_source *source, struct strbuf *words)
{
	if (source->dkim_domain[0] != '\0' && is_of_domain(source->dkim_domain, source)) {
		strbuf_add(words, "Check the TXT record at ");
		add_name(words, source->dkim_selector[0] != '\0' ? source->dkim_selector : "SELECTOR");
		strbuf_add(words, "._domainkey.");
		add_name(words, source->dkim_domain);
		strbuf_add(words, ", and that nothing changes the messages after they are signed.");
		return;
	}
	strbuf_add(words, "Have all its mail signed with DKIM in the name of ");
	add_name(words, source->domain->name);
	strbuf_add(words, " (d=), and sent with a return address in that domain.");
}

static void
add_remedy_of_service(const struct summary_source *source, struct strbuf *words)
{
	strbuf_add(words, "If you send through this service, have it sign with DKIM in the name of ");
	add_name(words, source->domain->name);
	strbuf_add(
		words,
		" (d=), or use a return address in that domain whose SPF record allows the service. If you do "
		"not, it forwards your mail, or sends mail in your name without your knowledge.");
}

static void
add_remedy_of_stranger(const struct summary_source *source, struct strbuf *words)
{
	const bool is_own_spf = source->spf_domain[0] != '\0' && is_of_domain(source->spf_domain, source);

	strbuf_add(words, "If this server is yours, add ");
	add_term(words, &source->address);
	strbuf_add(words, " to the SPF record (TXT at ");
	add_name(words, is_own_spf ? source->spf_domain : source->domain->name);
	strbuf_add(words, "), and have its mail signed with DKIM in the name of ");
	add_name(words, source->domain->name);
	strbuf_add(words,
		   " (d=). If it is not, there is nothing to do: this is the mail that p=reject stops.");
}

void
reports_remedy(const struct summary_source *source, struct strbuf *words)
{
	if (source->passed == source->messages)
		return;
	switch (summary_owner(source)) {
	case SUMMARY_YOURS:
		add_remedy_of_yours(source, words);
		break;
	case SUMMARY_SERVICE:
		add_remedy_of_service(source, words);
		break;
	case SUMMARY_STRANGER:
		add_remedy_of_stranger(source, words);
		break;
	}
}

/* What was found. */

static void
add_spf(const struct summary_source *source, struct strbuf *words)
{
	const bool is_pass = strcmp(source->spf_result, "pass") == 0;

	if (source->spf_result[0] == '\0') {
		strbuf_add(words, "nothing is said of SPF");
		return;
	}
	strbuf_add(words, "SPF ");
	strbuf_add(words, is_pass ? "passes" : "is ");
	if (!is_pass)
		strbuf_add_escaped(words, span_of(source->spf_result), 30);
	if (source->spf_domain[0] == '\0')
		return;
	strbuf_add(words, is_pass && !is_of_domain(source->spf_domain, source) ? ", but for " : " for ");
	add_name(words, source->spf_domain);
}

static void
add_dkim(const struct summary_source *source, struct strbuf *words)
{
	if (source->dkim_domain[0] == '\0') {
		strbuf_add(words, "there is no DKIM signature");
		return;
	}
	strbuf_add(words, "the DKIM signature of ");
	add_name(words, source->dkim_domain);
	if (strcmp(source->dkim_result, "pass") == 0) {
		strbuf_add(words, " is valid");
		return;
	}
	strbuf_add(words, " is not valid (");
	strbuf_add_escaped(words, span_of(source->dkim_result), 30);
	strbuf_add(words, ")");
}

/* "12 messages, 10 pass (DKIM 10, SPF 0); of the others SPF is fail for ..." */
static void
add_finding(const struct summary_source *source, struct strbuf *words)
{
	const count messages = source->messages, passed = source->passed;

	strbuf_printf(words, "%llu message%s, ", messages, messages == 1 ? "" : "s");
	if (passed == messages)
		strbuf_add(words, messages == 1 ? "which passes" : "all pass");
	else if (passed == 0)
		strbuf_add(words, messages == 1 ? "which does not pass" : "none passes");
	else
		strbuf_printf(words, "%llu pass", passed);
	if (passed > 0)
		strbuf_printf(words, " (DKIM %llu, SPF %llu)", (count)source->by_dkim, (count)source->by_spf);
	if (passed < messages) {
		strbuf_add(words, passed > 0 ? "; where none did, " : ": ");
		add_spf(source, words);
		strbuf_add(words, ", and ");
		add_dkim(source, words);
	}
	strbuf_add(words, ".");
	if (source->quarantined > 0)
		strbuf_printf(words, " Quarantined: %llu.", (count)source->quarantined);
	if (source->rejected > 0)
		strbuf_printf(words, " Rejected: %llu.", (count)source->rejected);
	if (source->forwarded > 0)
		strbuf_printf(words, " Forwarded, or from a mailing list, as the receiver says: %llu.",
			      (count)source->forwarded);
}

static void
tell_source(const struct summary_source *source, struct output *out)
{
	char memory[REPORTS_REMEDY_SIZE + 800], address[IPADDR_TEXT_SIZE];
	struct strbuf words = STRBUF_OVER(memory);

	strbuf_printf(&words, "%s: ", ipaddr_format(&source->address, address));
	add_finding(source, &words);
	prose_put(out, 4, "%s", memory);
	strbuf_shorten(&words, 0);
	reports_remedy(source, &words);
	if (words.length > 0)
		prose_put(out, 8, "%s", memory);
}

/* The sources of one group. */
static void
tell_group(const struct summary_domain *domain, enum summary_owner owner, const char *heading,
	   struct output *out)
{
	count told = 0, others = 0, messages = 0;

	for (const struct summary_source *source = domain->sources; source != NULL; source = source->next) {
		if (summary_owner(source) != owner)
			continue;
		if (told == SOURCES_TOLD) {
			others++;
			messages += source->messages;
			continue;
		}
		if (told++ == 0)
			output_put(out, "\n  %s\n", heading);
		tell_source(source, out);
	}
	if (others > 0)
		output_put(out, "    %llu more sources, %llu messages (all of them: --json)\n", others,
			   messages);
}

/* How many messages of such sources do not pass. */
static count
failing(const struct summary_domain *domain, enum summary_owner owner)
{
	count messages = 0;

	for (const struct summary_source *source = domain->sources; source != NULL; source = source->next)
		if (summary_owner(source) == owner)
			messages += source->messages - source->passed;
	return messages;
}

/* Whether the policy can be raised, as far as this was seen. */
static void
tell_policy(const struct summary_domain *domain, struct output *out)
{
	const count own = failing(domain, SUMMARY_YOURS), services = failing(domain, SUMMARY_SERVICE);
	const count strangers = failing(domain, SUMMARY_STRANGER);

	if (strcmp(domain->policy, "reject") == 0)
		prose_put(out, 2, "The policy is p=reject: what does not pass is lost.");
	else if (own + services > 0)
		prose_put(
			out, 2,
			"Before p= is raised: %llu messages of sources that seem to be yours, and %llu of services, do "
			"not pass. Below is what to do about each.",
			own, services);
	else if (strangers > 0)
		prose_put(
			out, 2,
			"All mail of sources that have passed before passes. Before p= is raised, make sure that none of "
			"the unknown sources below is yours.");
	else
		prose_put(out, 2, "All mail passes: according to these reports, p= can be raised.");
}

static void
tell_domain(const struct summary_domain *domain, struct output *out)
{
	char begin[CLOCK_TEXT_SIZE] = "", end[CLOCK_TEXT_SIZE] = "";

	output_set_colour(out, OUTPUT_BOLD);
	prose_put(out, 0, "What receivers reported of mail in the name of %s", domain->name);
	output_set_colour(out, OUTPUT_PLAIN);
	prose_put(out, 2, "%llu report%s, %.10s to %.10s. %llu message%s: %llu pass DMARC, %llu do not.",
		  (count)domain->reports, domain->reports == 1 ? "" : "s", clock_format(domain->begin, begin),
		  clock_format(domain->end, end), (count)domain->messages, domain->messages == 1 ? "" : "s",
		  (count)domain->passed, (count)(domain->messages - domain->passed));
	tell_policy(domain, out);
	tell_group(domain, SUMMARY_YOURS, "Yours (mail of them has passed):", out);
	tell_group(domain, SUMMARY_SERVICE, "Services (pass, but in the name of another domain):", out);
	tell_group(domain, SUMMARY_STRANGER, "Unknown (nothing passes):", out);
	if (domain->left_out > 0)
		output_put(out, "    %llu messages of further sources, for which there was no room\n",
			   (count)domain->left_out);
}

/* TLS (RFC 8460, 4.3). */

const char *
reports_tls_remedy(const char *result_type)
{
	static const struct {
		const char *type, *words;
	} table[] = {
		{ "starttls-not-supported",
		  "The server did not offer STARTTLS: turn TLS on there, and look for a firewall that removes it." },
		{ "certificate-host-mismatch",
		  "The certificate is for another name: get one for the name in the MX record." },
		{ "certificate-expired", "The certificate has expired: renew it, and restart the server." },
		{ "certificate-not-trusted",
		  "The certificate is of no authority that senders trust, or a certificate between is missing: send the "
		  "whole chain." },
		{ "validation-failure",
		  "TLS failed without a closer reason: look into the log of the server." },
		{ "tlsa-invalid",
		  "The TLSA record (_25._tcp before the name of the server) does not fit the certificate: publish the one "
		  "of the certificate that is in use." },
		{ "dnssec-invalid",
		  "DNSSEC of the server's zone is broken: sign the zone anew, and check the DS record." },
		{ "dane-required", "The sender demands DANE, and there is no TLSA record that can be used." },
		{ "sts-policy-fetch-error",
		  "The MTA-STS policy could not be fetched: check https://mta-sts.DOMAIN/.well-known/mta-sts.txt, or take "
		  "the TXT record at _mta-sts away." },
		{ "sts-policy-invalid",
		  "The MTA-STS policy has an error: correct mta-sts.txt, and change id= in the TXT "
		  "record at _mta-sts." },
		{ "sts-webpki-invalid",
		  "The certificate of the web server mta-sts.DOMAIN is not valid: renew it there." },
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (strcmp(table[i].type, result_type) == 0)
			return table[i].words;
	return "This kind of failure is not in RFC 8460: ask who has sent the report.";
}

static void
tell_tls(const struct summary_tls *tls, struct output *out)
{
	output_set_colour(out, OUTPUT_BOLD);
	prose_put(out, 0, "What senders reported of TLS with mail servers of %s", tls->domain);
	output_set_colour(out, OUTPUT_PLAIN);
	prose_put(out, 2, "%llu sessions succeeded, %llu failed.", (count)tls->successful,
		  (count)tls->failed);
	for (const struct summary_failure *failure = tls->failures; failure != NULL; failure = failure->next)
		prose_put(out, 4, "%s: %s, %llu session%s. %s",
			  failure->mx[0] != '\0' ? failure->mx : "(no server named)", failure->result_type,
			  (count)failure->sessions, failure->sessions == 1 ? "" : "s",
			  reports_tls_remedy(failure->result_type));
}

void
reports_tell(const struct summary *summary, struct output *out)
{
	bool is_first = true;

	for (const struct summary_domain *domain = summary->domains; domain != NULL; domain = domain->next) {
		if (!is_first)
			output_put(out, "\n");
		tell_domain(domain, out);
		is_first = false;
	}
	for (const struct summary_tls *tls = summary->tls; tls != NULL; tls = tls->next) {
		if (!is_first)
			output_put(out, "\n");
		tell_tls(tls, out);
		is_first = false;
	}
	if (summary->repeated > 0)
		prose_put(out, 2, "Reports that came more than once, and count once: %llu.",
			  (count)summary->repeated);
	if (summary->left_out > 0)
		prose_put(out, 2, "Rows for which there was no room: %llu.", (count)summary->left_out);
}
