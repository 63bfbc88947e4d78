/*
 * exam: a domain under examination: what is looked at, with what, and what was found so far. For doctor/
 * only.
 */
#ifndef HELOSCOPE_DOCTOR_EXAM_H
#define HELOSCOPE_DOCTOR_EXAM_H

#include "heloscope/base/domain.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/doctor/message.h"
#include "heloscope/doctor/report.h"
#include "heloscope/dns/lookup.h"
#include "heloscope/peer/look_back.h"
#include "heloscope/base/strbuf.h"

/* What an examination may take, of all domains together, without and with tests of relaying; and that of one
 * server. */
#define DOCTOR_TOTAL_MS 300000U
#define DOCTOR_TOTAL_RELAY_MS 600000U
#define DOCTOR_RELAY_MS 120000U

#define DOCTOR_KEYS_MAX 16 /* selectors that are looked at */

/* A selector of DKIM: where a key of signatures is. */
struct doctor_key {
	char selector[DOMAIN_SIZE];
	char domain[DOMAIN_SIZE]; /* whose signatures have it, d=; "": the author's */
	bool is_learned;          /* from signatures: only for domains that they concern */
	bool is_of_message;       /* the message that was given is signed with it */
	bool is_reported;         /* only reports name it, and anybody can write a report */
};

/* What to look at. Strings are the caller's. */
struct doctor_order {
	const struct ipaddr *addresses; /* from which mail goes out; none: they are guessed */
	size_t address_count;
	size_t reported_count;  /* the last of them, which only reports name: SPF has to allow them */
	const char *taken_from; /* what of this was not given but read, and where, with "\n" between; or "" */
	const char *reported_by;       /* whose reports those are: "the reports of ..." */
	const char *helo;              /* name that the servers give, or NULL */
	const struct doctor_key *keys; /* of DKIM, normalized */
	size_t key_count;
	const struct doctor_message *message; /* or NULL */
	struct dns_resolver *resolver;
	struct look_back *look_back; /* looks at servers; NULL: nothing is connected to */
	bool tests_relay;            /* servers are yours: whether they relay is tried */
	uint64_t end_ms;             /* of clock_now_ms(): no waiting goes on beyond it */
	void (*tell)(const char *domain, const char *what); /* what is looked at now; or NULL */
	const char *bounces; /* normalized: the domain of the bounce address; NULL: that of the author */
	const char *const *reported_bounces; /* for that, normalized, those that only reports name: one that
					      * has an SPF record goes before */
	size_t reported_bounces_count;
};

struct exam {
	const struct doctor_order *order;
	struct doctor_key keys[DOCTOR_KEYS_MAX]; /* of the order, those that are looked at here, each once */
	size_t key_count;
	struct config *config;
	struct lookup *lookup;
	struct arena *arena;
	struct doctor_report *report;
	const char *bounces; /* the domain of the bounce address, which SPF is about; often report->domain */
	const char *spf_proposal;        /* the SPF record to publish for it; NULL: none */
	const char *reported, *left_out; /* lines of doctor/reported: what was taken from reports, what not */
	struct list_look *list_looks; /* whether lists are well: LIST_PARTS for each of the configuration */
	struct inquiry *inquiry;      /* of the last exam_look(), or NULL */
	struct peer_source source;
	const struct peer *peer; /* that the source knows */
};

#define EXAM_HOSTS_MAX 4 /* of MX records that are followed */

/* How long may still be waited, at most `most_ms`. */
unsigned exam_left_ms(const struct exam *exam, unsigned most_ms);

/* Let the cell of a row be at least as bad as this. */
void exam_set_cell(struct exam *exam, enum doctor_row row, enum doctor_severity severity);

/* Add a finding, which its cell shows. */
void exam_add(struct exam *exam, struct doctor_finding finding);

/* The same, member by member, for a problem that has a row. */
void exam_say(struct exam *exam, enum doctor_problem problem, const char *subject,
	      enum doctor_severity severity, const char *what, const char *consequence, const char *publish);

/* The same of the server at `address`, which `subject` names, and which other domains may call otherwise. */
void exam_say_server(struct exam *exam, enum doctor_problem problem, const char *subject,
		     const struct ipaddr *address, enum doctor_severity severity, const char *what,
		     const char *consequence);

/* The same for one of the record of `row`. */
void exam_say_record(struct exam *exam, enum doctor_problem problem, enum doctor_row row,
		     enum doctor_severity severity, const char *what, const char *consequence,
		     const char *publish);

/* Add that `name` could not be looked up. */
void exam_add_unknown(struct exam *exam, enum doctor_row row, const char *name,
		      const struct dns_answer *answer);

/* The address as text, in the arena. */
const char *exam_address_text(struct exam *exam, const struct ipaddr *address);

#endif
