#include "heloscope/doctor/report.h"

static const char *const titles[DOCTOR_ROWS] = {
	[DOCTOR_MX] = "MX",
	[DOCTOR_BOUNCES] = "Bounces",
	[DOCTOR_ADDRESSES] = "Addresses",
	[DOCTOR_REVERSE_DNS] = "Reverse DNS",
	[DOCTOR_HELO] = "HELO name",
	[DOCTOR_SPF_RECORD] = "SPF record",
	[DOCTOR_SPF_LIMITS] = "SPF limits",
	[DOCTOR_SPF_PASS] = "SPF passes",
	[DOCTOR_SPF_ALL] = "SPF \"all\"",
	[DOCTOR_DKIM] = "DKIM key",
	[DOCTOR_DMARC] = "DMARC",
	[DOCTOR_BANNER] = "Banner",
	[DOCTOR_STARTTLS] = "STARTTLS",
	[DOCTOR_CERTIFICATE] = "Certificate",
	[DOCTOR_OLD_TLS] = "Old TLS",
	[DOCTOR_DANE] = "DANE",
	[DOCTOR_MTA_STS] = "MTA-STS",
	[DOCTOR_TLS_REPORTS] = "TLS reports",
	[DOCTOR_RELAY] = "Open relay",
	[DOCTOR_ADDRESS_LISTS] = "Address lists",
	[DOCTOR_DOMAIN_LISTS] = "Domain lists",
};

const char *
doctor_row_title(enum doctor_row row)
{
	return titles[row];
}
