#include "heloscope/peer/dane.h"

#include <stdio.h>

enum { USAGE_TA = 2, USAGE_EE = 3 };

/* RFC 7672, 3.1.3: records of other usages are as if they were not there. Returns how many count. */
static size_t
add_records(SSL *tls, const struct dns_answer *tlsa)
{
	size_t count = 0;

	for (size_t i = 0; i < tlsa->count; i++) {
		const struct span data = tlsa->records[i].text;
		const unsigned char *octets = (const unsigned char *)data.at;

		if (octets[0] != USAGE_TA && octets[0] != USAGE_EE)
			continue;
		if (SSL_dane_tlsa_add(tls, octets[0], octets[1], octets[2], octets + 3, data.length - 3) > 0)
			count++;
	}
	return count;
}

enum peer_dane
dane_begin(SSL *tls, const char *name, const struct dns_answer *tlsa)
{
	if (tlsa == NULL || name[0] == '\0' || dns_status_is_void(tlsa->status))
		return DANE_NONE;
	if (dns_status_is_fault(tlsa->status))
		return DANE_FAULT;
	if (tlsa->security != DNS_SECURE)
		return DANE_NONE;
	if (SSL_dane_enable(tls, name) <= 0)
		return DANE_FAULT;
	/* With DANE-EE(3) neither name nor dates of the certificate count (RFC 7672, 3.1.1). */
	(void)SSL_dane_set_flags(tls, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	return add_records(tls, tlsa) > 0 ? DANE_MISMATCH : DANE_UNUSABLE;
}

enum peer_dane
dane_end(const SSL *tls)
{
	return SSL_get_verify_result(tls) == X509_V_OK ? DANE_MATCH : DANE_MISMATCH;
}

bool
dane_record_name(const char *host, unsigned port, char *name)
{
	return snprintf(name, DOMAIN_SIZE, "_%u._tcp.%s", port, host) < DOMAIN_SIZE;
}
