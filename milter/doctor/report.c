#include "heloscope/doctor/report.h"

static const struct {
	const char *token, *title;
} rows[DOCTOR_ROWS] = {
	[DOCTOR_MX] = { "mx", "MX" },
	[DOCTOR_BOUNCES] = { "bounces", "Bounces" },
	[DOCTOR_ADDRESSES] = { "addresses", "Addresses" },
	[DOCTOR_REVERSE_DNS] = { "reverse-dns", "Reverse DNS" },
	[DOCTOR_HELO] = { "helo", "HELO name" },
	[DOCTOR_SPF_RECORD] = { "spf-record", "SPF record" },
	[DOCTOR_SPF_LIMITS] = { "spf-limits", "SPF limits" },
	[DOCTOR_SPF_PASS] = { "spf-pass", "SPF passes" },
	[DOCTOR_SPF_ALL] = { "spf-all", "SPF \"all\"" },
	[DOCTOR_DKIM] = { "dkim", "DKIM key" },
	[DOCTOR_DMARC] = { "dmarc", "DMARC" },
	[DOCTOR_BANNER] = { "banner", "Banner" },
	[DOCTOR_STARTTLS] = { "starttls", "STARTTLS" },
	[DOCTOR_CERTIFICATE] = { "certificate", "Certificate" },
	[DOCTOR_OLD_TLS] = { "old-tls", "Old TLS" },
	[DOCTOR_DANE] = { "dane", "DANE" },
	[DOCTOR_MTA_STS] = { "mta-sts", "MTA-STS" },
	[DOCTOR_TLS_REPORTS] = { "tls-reports", "TLS reports" },
	[DOCTOR_RELAY] = { "relay", "Open relay" },
	[DOCTOR_ADDRESS_LISTS] = { "address-lists", "Address lists" },
	[DOCTOR_DOMAIN_LISTS] = { "domain-lists", "Domain lists" },
};

const char *
doctor_row_title(enum doctor_row row)
{
	return rows[row].title;
}

const char *
doctor_row_token(enum doctor_row row)
{
	return rows[row].token;
}
