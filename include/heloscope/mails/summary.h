/*
 * summary: what receivers reported, added up: of DMARC for each domain and sending address, of TLS for each
 * domain, server and kind of failure.
 *
 * Bounded: beyond BOUND_SUMMARY_OCTETS nothing new is noted, and what is left out is counted. A report that
 * comes twice (same organization and id) counts once. One thread.
 */
#ifndef HELOSCOPE_MAILS_SUMMARY_H
#define HELOSCOPE_MAILS_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/table.h"
#include "heloscope/mails/aggregate.h"
#include "heloscope/mails/tls_report.h"

/* Whose a source is, as far as reports tell. */
enum summary_owner {
	SUMMARY_YOURS,   /* mail of it has passed in the name of the domain */
	SUMMARY_SERVICE, /* it passes, but in the name of another domain */
	SUMMARY_STRANGER /* nothing passes */
};

struct summary_source {
	struct table_link link;
	struct summary_source *next; /* of the same domain */
	const struct summary_domain *domain;
	struct ipaddr address;
	uint64_t messages, passed; /* passed: DMARC, by one of these */
	uint64_t by_dkim, by_spf;  /* aligned */
	uint64_t quarantined, rejected;
	uint64_t forwarded; /* a receiver said that it was, or came by a list */
	/* The first that was seen where DMARC failed; "" for none. */
	const char *spf_domain, *spf_result, *dkim_domain, *dkim_selector, *dkim_result;
};

struct summary_domain {
	struct table_link link;
	struct summary_domain *next;
	const char *name;
	const char *policy; /* p= of the latest report */
	int64_t begin, end; /* of all reports; 0: not said */
	uint64_t reports, messages, passed, left_out;
	struct summary_source *sources;
	size_t source_count;
};

struct summary_failure {
	struct table_link link;
	struct summary_failure *next;
	const char *domain, *mx, *result_type, *policy_type;
	uint64_t sessions;
};

struct summary_tls {
	struct table_link link;
	struct summary_tls *next;
	const char *domain;
	uint64_t successful, failed;
	struct summary_failure *failures;
};

struct summary {
	struct arena arena;
	struct table known; /* all of these, by what they are keyed with */
	struct table reports;
	struct summary_domain *domains;
	struct summary_tls *tls;
	uint64_t repeated, left_out; /* reports that came twice; rows for which there was no room */
	bool is_passed_over;         /* the report that is read came before */
};

/* Begin. False when memory ran out; summary_clear() is allowed all the same. */
bool summary_init(struct summary *summary) MUST_USE;
void summary_clear(struct summary *summary);

/* As an aggregate_taker and a tls_report_taker note it; `summary` is a struct summary. */
void summary_add_aggregate(void *summary, const struct aggregate_report *report,
			   const struct aggregate_row *row);
void summary_add_tls(void *summary, const struct tls_report *report, const struct tls_row *row);

enum summary_owner summary_owner(const struct summary_source *source);
const char *summary_owner_token(enum summary_owner owner);

/* Bring the sources of each domain into order, those with most messages first. */
void summary_sort(struct summary *summary);

#endif
