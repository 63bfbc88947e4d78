#include "heloscope/dns/counts.h"

struct dns_counts dns_counts;

const enum dns_type dns_kinds[DNS_KINDS] = { DNS_A, DNS_AAAA, DNS_PTR, DNS_MX, DNS_TXT, DNS_TLSA, DNS_CNAME };

size_t
dns_kind(enum dns_type type)
{
	size_t kind = 0;

	while (kind < DNS_KINDS - 1 && dns_kinds[kind] != type)
		kind++;
	return kind;
}
