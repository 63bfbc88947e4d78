/*
 * row: what is looked at, and how bad it can be; rows of the doctor's table.
 */
#ifndef HELOSCOPE_DOCTOR_ROW_H
#define HELOSCOPE_DOCTOR_ROW_H

#include <stdbool.h>

/* What is looked at, in the order of the table. */
enum doctor_row {
	DOCTOR_MX,
	DOCTOR_BOUNCES,
	DOCTOR_ADDRESSES,
	DOCTOR_REVERSE_DNS,
	DOCTOR_HELO,
	DOCTOR_SPF_RECORD,
	DOCTOR_SPF_LIMITS,
	DOCTOR_SPF_PASS,
	DOCTOR_SPF_ALL,
	DOCTOR_DKIM,
	DOCTOR_DMARC,
	DOCTOR_SPF_ALIGNMENT,
	DOCTOR_DKIM_ALIGNMENT,
	DOCTOR_BANNER,
	DOCTOR_STARTTLS,
	DOCTOR_CERTIFICATE,
	DOCTOR_OLD_TLS,
	DOCTOR_DANE,
	DOCTOR_MTA_STS,
	DOCTOR_TLS_REPORTS,
	DOCTOR_RELAY,
	DOCTOR_ADDRESS_LISTS,
	DOCTOR_DOMAIN_LISTS,
	DOCTOR_ROWS
};

/* For the table, and for programs. */
const char *doctor_row_title(enum doctor_row row);
const char *doctor_row_token(enum doctor_row row);

/* What its record is called, before "record": "SPF"; NULL when it has none. */
const char *doctor_row_record(enum doctor_row row);

/* How bad it is; a cell of the table shows the worst finding of its row. */
enum doctor_severity {
	DOCTOR_NOT_ASKED, /* does not apply */
	DOCTOR_GOOD,
	DOCTOR_NOTE,    /* could be better */
	DOCTOR_UNKNOWN, /* could not be found out */
	DOCTOR_WARNING, /* some receivers refuse for this, or with other signs */
	DOCTOR_ERROR,   /* mail is refused or lost for this */
	DOCTOR_SEVERITIES
};

/* For programs, and behind what is looked at: "fails". */
const char *doctor_severity_token(enum doctor_severity severity);
const char *doctor_severity_verb(enum doctor_severity severity);

/* What a finding costs; the worst first. */
enum doctor_cost {
	DOCTOR_COST_REFUSED, /* mail is refused or lost, whoever receives it */
	DOCTOR_COST_SOME,    /* some refuse it, or do not deliver */
	DOCTOR_COST_UNKNOWN, /* not found out */
	DOCTOR_COST_HYGIENE, /* nothing today */
	DOCTOR_COSTS
};

enum doctor_cost doctor_cost_of(enum doctor_row row, enum doctor_severity severity);
const char *doctor_cost_token(enum doctor_cost cost);

#endif
