/*
 * doctor: a sender's own set-up, looked at as a receiver would: which of these domains, sent from these
 * addresses, would be refused, and which record to change.
 */
#ifndef HELOSCOPE_DOCTOR_DOCTOR_H
#define HELOSCOPE_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/arena.h"
#include "heloscope/config/config.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/dns/lookup.h"
#include "heloscope/peer/prober.h"

#define DOCTOR_ADDRESSES_MAX 8

/* What an examination may take, of all domains together, without and with tests of relaying; and that of one
 * server. */
#define DOCTOR_TOTAL_MS 300000U
#define DOCTOR_TOTAL_RELAY_MS 600000U
#define DOCTOR_RELAY_MS 120000U

/* What is looked at, in the order of the table; words in doctor_host.c. */
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

const char *doctor_row_title(enum doctor_row row);

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

/* What to look at. Strings are the caller's. */
struct doctor_order {
	const struct ipaddr *addresses; /* from which mail goes out; none: they are guessed */
	size_t address_count;
	const char *helo;       /* name that the servers give, or NULL */
	const char *selector;   /* of DKIM, or NULL */
	const char *key_domain; /* normalized: whose signatures have it, d=; NULL: the author's */
	struct dns_resolver *resolver;
	struct prober *prober; /* looks at servers; NULL: nothing is connected to */
	bool tests_relay;      /* servers are yours: whether they relay is tried */
	uint64_t end_ms;       /* of clock_now_ms(): no waiting goes on beyond it */
	void (*tell)(const char *domain, const char *what); /* what is looked at now; or NULL */
	const char *bounces; /* normalized: the domain of the bounce address; NULL: that of the author */
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

/* Look at `domain`, which is normalized; `config` leaves no check out. The report's memory lies in `arena`.
 * Waits for the DNS. */
void doctor_examine(const char *domain, const struct doctor_order *order, struct config *config,
		    struct lookup *lookup, struct arena *arena, struct doctor_report *report);

#endif
