/*
 * report: what an examination found: a cell for each row of the table, and the findings.
 */
#ifndef HELOSCOPE_DOCTOR_REPORT_H
#define HELOSCOPE_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/ipaddr.h"

#define DOCTOR_ADDRESSES_MAX 8

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

/* How bad it is; a cell of the table shows the worst finding of its row. */
enum doctor_severity {
	DOCTOR_NOT_ASKED, /* does not apply */
	DOCTOR_GOOD,
	DOCTOR_NOTE,    /* could be better */
	DOCTOR_UNKNOWN, /* could not be found out */
	DOCTOR_WARNING, /* some receivers refuse for this, or with other signs */
	DOCTOR_ERROR,   /* mail is refused or lost for this */
};

struct doctor_finding {
	enum doctor_row row;
	enum doctor_severity severity;
	const char *what;        /* a sentence */
	const char *consequence; /* what receivers do, a sentence; or NULL */
	const char *publish;     /* the record to publish, as in a zone file; or NULL */
};

struct doctor_report {
	const char *domain; /* normalized */
	struct ipaddr addresses[DOCTOR_ADDRESSES_MAX];
	size_t address_count;
	bool is_guessed;
	enum doctor_severity cells[DOCTOR_ROWS];
	struct doctor_finding *findings;
	size_t finding_count;
};

#endif
