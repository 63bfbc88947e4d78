/*
 * report: what an examination found: a cell for each row of the table, and the findings.
 */
#ifndef HELOSCOPE_DOCTOR_REPORT_H
#define HELOSCOPE_DOCTOR_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/doctor/message.h"
#include "heloscope/doctor/problem.h"
#include "heloscope/doctor/row.h"

#define DOCTOR_ADDRESSES_MAX 8

struct doctor_finding {
	enum doctor_problem problem;
	enum doctor_row row;
	enum doctor_severity severity;
	const char *subject;     /* the address, host, name or domain it is about; "" for the domain itself */
	const char *what;        /* a sentence */
	const char *consequence; /* what receivers do, a sentence; or NULL */
	const char *publish; /* records, each whole on a line of a zone file, with "\n" between; or NULL */
	const char *server;  /* the address of the one it is about, whatever its name; NULL: about none */
};

struct doctor_report {
	const char *domain; /* normalized */
	struct ipaddr addresses[DOCTOR_ADDRESSES_MAX];
	size_t address_count;
	bool is_guessed;
	const char *taken_from; /* what was read of mail that was sent, and where, with "\n" between; or "" */
	enum doctor_severity cells[DOCTOR_ROWS];
	struct doctor_finding *findings;
	size_t finding_count;
	size_t rsa_keys, ed25519_keys;        /* of DKIM, with which signatures verify */
	size_t aligned_rsa_keys;              /* of them, those whose signatures count for DMARC */
	bool has_policy;                      /* of DMARC, its own or from above */
	bool asks_to_refuse;                  /* it is quarantine or reject */
	const struct doctor_message *message; /* of its author; NULL: none was given */
	const char **records;                 /* what the DNS has, each on a line as in a zone file */
	size_t record_count;
};

#endif
