/*
 * tls_report: reports on TLS of receivers (RFC 8460), as they write them.
 *
 * JSON of at most BOUND_PART_OCTETS. What is missing, null or of another type is read as not said; addresses
 * and names are the report's and of any octets. One thread.
 */
#ifndef HELOSCOPE_MAILS_TLS_REPORT_H
#define HELOSCOPE_MAILS_TLS_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

/* Spans are good during the call of a taker, and empty when the report does not say it. */
struct tls_report {
	struct span organization, id;
	int64_t begin, end; /* seconds since 1970; 0: not said */
};

/* A policy with its counts, or a failure under it. */
struct tls_row {
	struct span policy_type; /* "sts", "tlsa", "no-policy-found" */
	struct span domain, mx_host;
	bool is_failure;
	uint64_t successful, failed; /* sessions; of a failure only `failed` */
	struct span result_type;     /* of a failure, as the rest: "certificate-expired" */
	struct span sending_ip, receiving_mx, receiving_ip, reason, information;
};

typedef void tls_report_taker(void *context, const struct tls_report *report, const struct tls_row *row);

/* Read one. False, with the reason, when it is none. */
bool tls_report_read(struct span json, tls_report_taker *taker, void *context, struct error *reason) MUST_USE;

#endif
