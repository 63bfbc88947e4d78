/*
 * doctor_exam: an examination under way. For the doctor_*.c only.
 */
#ifndef HELOSCOPE_DOCTOR_EXAM_H
#define HELOSCOPE_DOCTOR_EXAM_H

#include "heloscope/doctor.h"

struct exam {
	const struct doctor_order *order;
	const struct config *config;
	struct lookup *lookup;
	struct arena *arena;
	struct doctor_report *report;
	const char *bounces; /* the domain of the bounce address, which SPF is about; often report->domain */
};

#define EXAM_HOSTS_MAX 4 /* of MX records that are followed */

/* Let the cell of a row be at least as bad as this. */
void exam_set_cell(struct exam *exam, enum doctor_row row, enum doctor_severity severity);

/* Add a finding, which its cell shows. */
void exam_add(struct exam *exam, struct doctor_finding finding);

/* The same, member by member. */
void exam_say(struct exam *exam, enum doctor_row row, enum doctor_severity severity, const char *what,
	      const char *consequence, const char *publish);

/* Add that `name` could not be looked up. */
void exam_add_unknown(struct exam *exam, enum doctor_row row, const char *name,
		      const struct dns_answer *answer);

/* The address as text, in the arena. */
const char *exam_address_text(struct exam *exam, const struct ipaddr *address);

/* The value of a tag in "a=b; c = d" (RFC 6376, 3.2; RFC 9989, 4.7); empty when it is not there. */
struct span exam_tag_value(struct span record, struct span tag);

/* Where mail for the domain goes, and whether bounces come back. */
void exam_mx(struct exam *exam);
void exam_bounces(struct exam *exam);

/* A name of the reverse DNS that leads back to the address, or "". */
const char *exam_verified_name(struct exam *exam, const struct ipaddr *address);

/* The mail servers: banner, TLS, DANE and, where that is asked for, relaying. */
void exam_servers(struct exam *exam);

/* Whether a server at `address` relays mail of strangers; `host` for words. Waits for it. */
void exam_relay(struct exam *exam, const char *host, const struct ipaddr *address);

/* What is published about TLS of the servers: MTA-STS (RFC 8461), reports (RFC 8460). */
void exam_mta_sts(struct exam *exam);
void exam_tls_reports(struct exam *exam);

/* The records: what they say in general, and of one address. */
void exam_spf_record(struct exam *exam);
void exam_spf_pass(struct exam *exam, const struct ipaddr *address);
void exam_dkim(struct exam *exam);
void exam_dmarc(struct exam *exam);

#endif
