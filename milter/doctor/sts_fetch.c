#include "heloscope/doctor/sts_fetch.h"

#include <curl/curl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/ipaddr_scope.h"

#define POLICY_MAX (64U << 10) /* octets (RFC 8461, 3.3) */
#define FETCH_TIMEOUT_MS 20000U
#define FETCH_ADDRESSES_MAX 8 /* of a family */

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

/* Who publishes the zone is not to say which host of our own network is asked for something. */
static bool
may_fetch_from(const struct exam *exam, const struct ipaddr *address)
{
	return ipaddr_scope(address) == SCOPE_WORLD
	       || network_set_contains(&exam->config->look_back.allowed, address);
}

/* Returns one of those that are left out, or NULL. */
static const struct ipaddr *
add_addresses(struct exam *exam, const struct dns_answer *answer, struct strbuf *list)
{
	const struct ipaddr *left_out = NULL;

	for (size_t i = 0; i < answer->count && i < FETCH_ADDRESSES_MAX; i++) {
		const struct ipaddr *address = &answer->records[i].address;

		if (may_fetch_from(exam, address))
			strbuf_printf(list, "%s%s", list->text[list->length - 1] == ':' ? "" : ",",
				      exam_address_text(exam, address));
		else
			left_out = address;
	}
	return left_out;
}

/* All public addresses of the host for libcurl, which tries one after another, of both families (RFC 8305):
 * so the same servers of the DNS are asked. NULL with the reason. */
static struct curl_slist *
resolve(struct exam *exam, const char *host, const char **fault)
{
	const struct dns_answer *ipv6 = lookup_get(exam->lookup, host, DNS_AAAA);
	const struct dns_answer *ipv4 = lookup_get(exam->lookup, host, DNS_A);
	char memory[DOMAIN_SIZE + 2 * FETCH_ADDRESSES_MAX * (IPADDR_TEXT_SIZE + 1) + sizeof ":443:"];
	struct strbuf list = STRBUF_OVER(memory);
	const struct ipaddr *left_out, *other;

	strbuf_printf(&list, "%s:443:", host);
	left_out = add_addresses(exam, ipv6, &list);
	other = add_addresses(exam, ipv4, &list);
	left_out = other != NULL ? other : left_out;
	*fault = "out of memory";
	if (memory[list.length - 1] != ':')
		return curl_slist_append(NULL, memory);
	*fault = left_out != NULL ? arena_printf(exam->arena, "the address of %s, %s, is not a public one",
						 host, exam_address_text(exam, left_out))
				  : arena_printf(exam->arena, "%s has no address", host);
	return NULL;
}

/* What went wrong with a transfer, in words; others as libcurl has them. */
static const char *
fault_of(struct exam *exam, CURL *transfer, const char *host, CURLcode result)
{
	long verified = X509_V_OK;

	(void)curl_easy_getinfo(transfer, CURLINFO_SSL_VERIFYRESULT, &verified);
	switch (result) {
	case CURLE_COULDNT_CONNECT:
		return arena_printf(exam->arena, "no web server answers on port 443 of %s", host);
	case CURLE_OPERATION_TIMEDOUT:
		return arena_printf(exam->arena, "the web server at %s does not answer in time", host);
	case CURLE_WRITE_ERROR:
		return "it has more than 64 kB";
	case CURLE_PEER_FAILED_VERIFICATION:
		return verified != X509_V_OK
			       ? arena_printf(exam->arena,
					      "the certificate of the web server is not valid: %s",
					      X509_verify_cert_error_string(verified))
			       : arena_printf(exam->arena,
					      "the certificate of the web server is not for the name %s",
					      host);
	default:
		return curl_easy_strerror(result);
	}
}

static void
set_options(struct exam *exam, CURL *transfer, const char *host, struct fetched *fetched)
{
	const char *bundle = getenv(X509_get_default_cert_file_env()); /* as OpenSSL has it */

	(void)curl_easy_setopt(transfer, CURLOPT_URL,
			       arena_printf(exam->arena, "https://%s/.well-known/mta-sts.txt", host));
	(void)curl_easy_setopt(transfer, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(transfer, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(transfer, CURLOPT_TIMEOUT_MS, (long)exam_left_ms(exam, FETCH_TIMEOUT_MS) + 1);
	if (bundle != NULL)
		(void)curl_easy_setopt(transfer, CURLOPT_CAINFO, bundle);
	(void)curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, take_text);
	(void)curl_easy_setopt(transfer, CURLOPT_WRITEDATA, fetched);
}

/* From one of these addresses. */
static const char *
transfer_from(struct exam *exam, struct curl_slist *addresses, const char *host, struct fetched *fetched)
{
	CURL *transfer = curl_easy_init();
	const char *fault = "out of memory";
	CURLcode result;
	long status = 0;

	if (transfer == NULL)
		return fault;
	set_options(exam, transfer, host, fetched);
	(void)curl_easy_setopt(transfer, CURLOPT_RESOLVE, addresses);
	result = curl_easy_perform(transfer);
	(void)curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status);
	fault = result != CURLE_OK ? fault_of(exam, transfer, host, result)
		: status != 200    ? arena_printf(exam->arena, "the server answers with status %ld", status)
				   : NULL;
	curl_easy_cleanup(transfer);
	return fault;
}

const char *
sts_fetch(struct exam *exam, const char *host, struct span *policy)
{
	struct fetched *fetched = arena_alloc(exam->arena, sizeof *fetched);
	const char *fault = "out of memory";
	struct curl_slist *addresses = fetched != NULL ? resolve(exam, host, &fault) : NULL;

	if (addresses == NULL)
		return fault;
	fault = transfer_from(exam, addresses, host, fetched);
	curl_slist_free_all(addresses);
	if (fault == NULL)
		*policy = (struct span){ fetched->text, fetched->length };
	return fault;
}
