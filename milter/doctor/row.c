#include "heloscope/doctor/row.h"

#include <stddef.h>

static const struct {
	const char *token, *title;
	bool refuses;       /* an error in this row stops mail, whoever receives it */
	const char *record; /* what its record is called, before "record"; NULL: it has none */
} rows[DOCTOR_ROWS] = {
	[DOCTOR_MX] = { "mx", "MX", true, NULL },
	[DOCTOR_BOUNCES] = { "bounces", "Bounces", true, NULL },
	[DOCTOR_ADDRESSES] = { "addresses", "Addresses", false, NULL },
	[DOCTOR_REVERSE_DNS] = { "reverse-dns", "Reverse DNS", true, NULL },
	[DOCTOR_HELO] = { "helo", "HELO name", true, NULL },
	[DOCTOR_SPF_RECORD] = { "spf-record", "SPF record", true, "SPF" },
	[DOCTOR_SPF_LIMITS] = { "spf-limits", "SPF limits", true, NULL },
	[DOCTOR_SPF_PASS] = { "spf-pass", "SPF result", true, NULL },
	[DOCTOR_SPF_ALL] = { "spf-all", "SPF \"all\"", false, NULL },
	[DOCTOR_DKIM] = { "dkim", "DKIM key", false, "DKIM key" },
	[DOCTOR_DMARC] = { "dmarc", "DMARC", false, "DMARC" },
	[DOCTOR_SPF_ALIGNMENT] = { "spf-alignment", "SPF alignment", false, NULL },
	[DOCTOR_DKIM_ALIGNMENT] = { "dkim-alignment", "DKIM alignment", false, NULL },
	[DOCTOR_BANNER] = { "banner", "Banner", true, NULL },
	[DOCTOR_STARTTLS] = { "starttls", "STARTTLS", false, NULL },
	[DOCTOR_CERTIFICATE] = { "certificate", "Certificate", false, NULL },
	[DOCTOR_OLD_TLS] = { "old-tls", "Old TLS", false, NULL },
	[DOCTOR_DANE] = { "dane", "DANE", false, NULL },
	[DOCTOR_MTA_STS] = { "mta-sts", "MTA-STS", false, "MTA-STS" },
	[DOCTOR_TLS_REPORTS] = { "tls-reports", "TLS reports", false, "TLS reporting" },
	[DOCTOR_RELAY] = { "relay", "Open relay", false, NULL },
	[DOCTOR_ADDRESS_LISTS] = { "address-lists", "Address lists", true, NULL },
	[DOCTOR_DOMAIN_LISTS] = { "domain-lists", "Domain lists", true, NULL },
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

const char *
doctor_row_record(enum doctor_row row)
{
	return rows[row].record;
}

static const struct {
	const char *token, *verb;
} severities[DOCTOR_SEVERITIES] = {
	[DOCTOR_NOT_ASKED] = { "not-asked", "does not apply" },
	[DOCTOR_GOOD] = { "good", "passes" },
	[DOCTOR_NOTE] = { "note", "could be better" },
	[DOCTOR_UNKNOWN] = { "unknown", "is not known" },
	[DOCTOR_WARNING] = { "warning", "fails for some receivers" },
	[DOCTOR_ERROR] = { "error", "fails" },
};

const char *
doctor_severity_token(enum doctor_severity severity)
{
	return severities[severity].token;
}

const char *
doctor_severity_verb(enum doctor_severity severity)
{
	return severities[severity].verb;
}

enum doctor_cost
doctor_cost_of(enum doctor_row row, enum doctor_severity severity)
{
	if (severity == DOCTOR_ERROR && rows[row].refuses)
		return DOCTOR_COST_REFUSED;
	if (severity >= DOCTOR_WARNING)
		return DOCTOR_COST_SOME;
	return severity == DOCTOR_UNKNOWN ? DOCTOR_COST_UNKNOWN : DOCTOR_COST_HYGIENE;
}

const char *
doctor_cost_token(enum doctor_cost cost)
{
	static const char *const tokens[DOCTOR_COSTS] = {
		[DOCTOR_COST_REFUSED] = "refused",
		[DOCTOR_COST_SOME] = "some-refuse",
		[DOCTOR_COST_UNKNOWN] = "unknown",
		[DOCTOR_COST_HYGIENE] = "hygiene",
	};

	return tokens[cost];
}
