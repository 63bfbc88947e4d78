/* doctor_sts: what a domain publishes about TLS of its servers: MTA-STS (RFC 8461) and TLS reporting (RFC
 * 8460). */
#include "heloscope/doctor_exam.h"

#include <curl/curl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#define POLICY_MAX (64U << 10) /* octets (RFC 8461, 3.3) */
#define FETCH_TIMEOUT_S 20L

/*
 * The one TXT record at `name` that begins with `version`. False when there is none to read, which a finding
 * tells where it is a fault.
 */
static bool
find_record(struct exam *exam, enum doctor_row row, const char *name, struct span version,
	    struct span *record)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, name, DNS_TXT);
	size_t count = 0;

	if (dns_status_is_fault(answer->status)) {
		exam_add_unknown(exam, row, name, answer);
		return false;
	}
	for (size_t i = 0; i < answer->count; i++) {
		if (!span_starts_with_nocase(answer->records[i].text, version))
			continue;
		*record = answer->records[i].text;
		count++;
	}
	if (count > 1)
		exam_say(exam, row, DOCTOR_WARNING,
			 arena_printf(exam->arena, "%s has %zu records; with more than one there is none.",
				      name, count),
			 NULL, NULL);
	return count == 1;
}

/* TLS reporting. */

void
exam_tls_reports(struct exam *exam)
{
	const char *name = arena_printf(exam->arena, "_smtp._tls.%s", exam->report->domain);
	struct span record, reports;

	if (!find_record(exam, DOCTOR_TLS_REPORTS, name, SPAN("v=TLSRPTv1"), &record))
		return;
	reports = exam_tag_value(record, SPAN("rua"));
	if (span_starts_with_nocase(reports, SPAN("mailto:"))
	    || span_starts_with_nocase(reports, SPAN("https://")))
		exam_set_cell(exam, DOCTOR_TLS_REPORTS, DOCTOR_GOOD);
	else
		exam_say(exam, DOCTOR_TLS_REPORTS, DOCTOR_WARNING,
			 arena_printf(exam->arena, "%s does not say where reports go.", name),
			 "No reports come.",
			 arena_printf(exam->arena, "%s. TXT \"v=TLSRPTv1; rua=mailto:tls-reports@%s\"", name,
				      exam->report->domain));
}

/* The policy, fetched. */

struct fetched {
	char text[POLICY_MAX];
	size_t length;
};

static size_t
take_text(char *data, size_t size, size_t count, void *context)
{
	struct fetched *fetched = context;
	const size_t length = size * count;

	if (length > sizeof fetched->text - fetched->length)
		return 0; /* which ends the transfer */
	memcpy(fetched->text + fetched->length, data, length);
	fetched->length += length;
	return length;
}

/* The host's address for libcurl, so that the same servers of the DNS are asked. NULL: it has none. */
static struct curl_slist *
resolve(struct exam *exam, const char *host)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, host, DNS_A);

	if (answer->count == 0)
		answer = lookup_get(exam->lookup, host, DNS_AAAA);
	return answer->count > 0 ? curl_slist_append(
		       NULL, arena_printf(exam->arena, "%s:443:%s", host,
					  exam_address_text(exam, &answer->records[0].address)))
				 : NULL;
}

/* RFC 8461, 3.3: HTTPS with a valid certificate, no redirects, status 200. Returns NULL, or what went wrong.
 */
static const char *
fetch(struct exam *exam, const char *host, struct fetched *fetched)
{
	struct curl_slist *addresses = resolve(exam, host);
	const char *bundle = getenv(X509_get_default_cert_file_env()); /* as OpenSSL has it */
	CURL *transfer = curl_easy_init();
	CURLcode result = CURLE_COULDNT_RESOLVE_HOST;
	long status = 0;

	if (transfer != NULL && addresses != NULL) {
		(void)curl_easy_setopt(transfer, CURLOPT_URL,
				       arena_printf(exam->arena, "https://%s/.well-known/mta-sts.txt", host));
		(void)curl_easy_setopt(transfer, CURLOPT_RESOLVE, addresses);
		(void)curl_easy_setopt(transfer, CURLOPT_PROTOCOLS_STR, "https");
		(void)curl_easy_setopt(transfer, CURLOPT_PROXY, "");
		(void)curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
		(void)curl_easy_setopt(transfer, CURLOPT_TIMEOUT, FETCH_TIMEOUT_S);
		if (bundle != NULL)
			(void)curl_easy_setopt(transfer, CURLOPT_CAINFO, bundle);
		(void)curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, take_text);
		(void)curl_easy_setopt(transfer, CURLOPT_WRITEDATA, fetched);
		result = curl_easy_perform(transfer);
		(void)curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
	}
	curl_easy_cleanup(transfer);
	curl_slist_free_all(addresses);
	if (result != CURLE_OK)
		return curl_easy_strerror(result);
	return status == 200 ? NULL : arena_printf(exam->arena, "the server answers with status %ld", status);
}

/* The next line "key: value"; false at the end. */
static bool
next_pair(struct span *rest, struct span *key, struct span *value)
{
	const char *end, *colon;
	size_t length;

	if (rest->length == 0)
		return false;
	end = memchr(rest->at, '\n', rest->length);
	length = end != NULL ? (size_t)(end - rest->at) : rest->length;
	*key = *value = (struct span){ rest->at, length };
	*rest = span_from(*rest, end != NULL ? length + 1 : length);
	if (length > 0 && key->at[length - 1] == '\r')
		key->length--;
	colon = memchr(key->at, ':', key->length);
	*value = colon != NULL ? span_trim(span_from(*key, (size_t)(colon - key->at) + 1))
			       : span_from(*key, key->length);
	key->length = colon != NULL ? (size_t)(colon - key->at) : key->length;
	return true;
}

static struct span
policy_value(struct span policy, struct span wanted)
{
	struct span key, value;

	while (next_pair(&policy, &key, &value))
		if (span_equals(span_trim(key), wanted))
			return value;
	return span_of("");
}

/* "*.example.org" stands for exactly one label (RFC 8461, 4.1). */
static bool
matches(struct span pattern, const char *host)
{
	const char *dot = strchr(host, '.');

	if (!span_starts_with_nocase(pattern, SPAN("*.")))
		return span_equals_nocase(pattern, span_of(host));
	return dot != NULL && span_equals_nocase(span_from(pattern, 1), span_of(dot));
}

static bool
allows(struct span policy, const char *host)
{
	struct span key, value;

	while (next_pair(&policy, &key, &value))
		if (span_equals(span_trim(key), SPAN("mx")) && matches(value, host))
			return true;
	return false;
}

static void
judge_hosts(struct exam *exam, struct span policy, bool is_enforced)
{
	const struct dns_answer *mx = lookup_get(exam->lookup, exam->report->domain, DNS_MX);

	for (size_t i = 0; i < mx->count; i++)
		if (mx->records[i].name[0] != '\0' && !allows(policy, mx->records[i].name))
			exam_say(exam, DOCTOR_MTA_STS, is_enforced ? DOCTOR_ERROR : DOCTOR_WARNING,
				 arena_printf(exam->arena, "The MTA-STS policy does not name the MX host %s.",
					      mx->records[i].name),
				 is_enforced ? "Senders that heed it do not deliver there."
					     : "With \"mode: enforce\" senders would not deliver there.",
				 arena_printf(exam->arena, "mx: %s   (in the policy)", mx->records[i].name));
	/* What is a note otherwise is a fault when the domain itself asks for verification. */
	if (is_enforced && exam->report->cells[DOCTOR_CERTIFICATE] >= DOCTOR_NOTE)
		exam_say(exam, DOCTOR_MTA_STS, DOCTOR_ERROR,
			 "The policy says \"mode: enforce\", but a server's certificate does not stand up to "
			 "it.",
			 "Senders that heed it do not deliver.", NULL);
}

static void
judge_policy(struct exam *exam, struct span policy)
{
	const struct span mode = policy_value(policy, SPAN("mode"));
	const bool is_enforced = span_equals(mode, SPAN("enforce")),
		   is_test = span_equals(mode, SPAN("testing"));
	unsigned max_age = 0;

	if (!span_equals(policy_value(policy, SPAN("version")), SPAN("STSv1"))
	    || !(is_enforced || is_test || span_equals(mode, SPAN("none")))
	    || !span_to_number(policy_value(policy, SPAN("max_age")), 0, 31557600, &max_age)) {
		exam_say(exam, DOCTOR_MTA_STS, DOCTOR_ERROR,
			 "The MTA-STS policy is not valid: it needs version: STSv1, mode: none, testing or "
			 "enforce, and max_age: up to 31557600.",
			 "Senders take it for no policy.", NULL);
		return;
	}
	exam_set_cell(exam, DOCTOR_MTA_STS, DOCTOR_GOOD);
	if (is_enforced || is_test)
		judge_hosts(exam, policy, is_enforced);
	if (is_enforced && max_age < 86400)
		exam_say(exam, DOCTOR_MTA_STS, DOCTOR_NOTE, "The policy is kept for less than a day.",
			 "Weeks are advised (RFC 8461, 3.2).", NULL);
}

void
exam_mta_sts(struct exam *exam)
{
	const char *domain = exam->report->domain, *wrong;
	const char *host = arena_printf(exam->arena, "mta-sts.%s", domain);
	struct fetched *fetched = arena_alloc(exam->arena, sizeof *fetched);
	struct span record;

	if (fetched == NULL
	    || !find_record(exam, DOCTOR_MTA_STS, arena_printf(exam->arena, "_mta-sts.%s", domain),
			    SPAN("v=STSv1"), &record))
		return;
	if (exam_tag_value(record, SPAN("id")).length == 0)
		exam_say(exam, DOCTOR_MTA_STS, DOCTOR_WARNING,
			 arena_printf(exam->arena, "_mta-sts.%s has no id.", domain), "Senders ignore it.",
			 arena_printf(exam->arena, "_mta-sts.%s. TXT \"v=STSv1; id=1\"", domain));
	if (exam->order->prober == NULL) /* nothing is connected to */
		return;
	wrong = fetch(exam, host, fetched);
	if (wrong == NULL)
		judge_policy(exam, (struct span){ fetched->text, fetched->length });
	else
		exam_say(exam, DOCTOR_MTA_STS, DOCTOR_ERROR,
			 arena_printf(
				 exam->arena,
				 "The policy at https://%s/.well-known/mta-sts.txt cannot be fetched: %s.",
				 host, wrong),
			 "Senders take it for no policy.", NULL);
}
