/*
 * doctor_exam: an examination under way. For the doctor_*.c only.
 */
#ifndef HELOSCOPE_DOCTOR_EXAM_H
#define HELOSCOPE_DOCTOR_EXAM_H

#include "heloscope/checks/inquiry.h"
#include "heloscope/doctor/doctor.h"
#include "heloscope/base/strbuf.h"

struct exam {
	const struct doctor_order *order;
	struct config *config;
	struct lookup *lookup;
	struct arena *arena;
	struct doctor_report *report;
	const char *bounces; /* the domain of the bounce address, which SPF is about; often report->domain */
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

/* The same, member by member. */
void exam_say(struct exam *exam, enum doctor_row row, enum doctor_severity severity, const char *what,
	      const char *consequence, const char *publish);

/* Add that `name` could not be looked up. */
void exam_add_unknown(struct exam *exam, enum doctor_row row, const char *name,
		      const struct dns_answer *answer);

/*
 * What the filter would find of a client at `address` that gives `helo` (NULL: nothing) and sends for the
 * bounce address: its own checks of names, HELO, SPF, sender and, when `peer` is not NULL, of the banner. The
 * facts are good until the next call; NULL when memory ran out. Waits.
 */
const struct facts *exam_look(struct exam *exam, const struct ipaddr *address, const char *helo,
			      const struct peer *peer);

/* The address as text, in the arena. */
const char *exam_address_text(struct exam *exam, const struct ipaddr *address);

/* A TXT record to publish, in strings of 255 octets as the DNS has them (RFC 1035, 3.3.14), with what a zone
 * file needs escaped. */
const char *exam_txt(struct exam *exam, const char *name, const char *text);

/* Records of tags (doctor_tags.c). */

/* What a tag may hold. */
struct exam_tag_rule {
	const char *name;
	const char *const *words; /* the only values, whatever their case; or NULL */
	size_t word_count;
	bool (*takes)(struct span value); /* or this says; NULL: anything but nothing */
	const char *expected;             /* in words */
	/* Adds the value that is meant by a wrong one; false when that cannot be known. NULL: the nearest
	 * word. */
	bool (*repair)(struct exam *exam, struct span value, struct strbuf *right);
	enum doctor_severity severity; /* of a wrong value */
	const char *consequence;       /* of that, a sentence */
	const char *required;          /* "p=none": the tag must be there, and this is proposed; or NULL */
	bool is_list;                  /* of items with "," between them */
	const char *historic;          /* nobody looks at it any more: what to know of that; or NULL */
};

struct exam_tag_form {
	enum doctor_row row;
	const char *subject; /* "The DMARC record" */
	const struct exam_tag_rule *rules;
	size_t rule_count;
	enum doctor_severity twice; /* how bad it is that a tag stands there twice */
	const char *twice_consequence;
};

/*
 * Judge each tag of a record, which begins as it must, and tell what is wrong, with the record as it should
 * be, for `name`: all that is right stands in it as it stood. True when nothing was wrong.
 */
bool exam_judge_tags(struct exam *exam, const struct exam_tag_form *form, const char *name,
		     struct span record);

/* Without what people paste along with a record: quotes, backslashes, blanks at its ends. */
struct span exam_clean(struct exam *exam, struct span text);

/*
 * The record that somebody meant whose text begins almost as it must: pasted quotes and backslashes left off,
 * and "v=..." as in `version`. NULL when it is none of the kind: when it does not hold `version`, whatever
 * its case.
 */
const char *exam_meant_record(struct exam *exam, struct span text, const char *version);

/* Where mail for the domain goes, and whether bounces come back. */
void exam_mx(struct exam *exam);
void exam_bounces(struct exam *exam);

/* A name of the reverse DNS that leads back to the address, or ""; in the arena. */
const char *exam_verified_name(struct exam *exam, const struct ipaddr *address);

/* The mail servers: banner, TLS, DANE and, where that is asked for, relaying. */
void exam_servers(struct exam *exam);

/* Whether a server at `address` relays mail of strangers; `host` for words. Waits for it, at most
 * `patience_ms`. */
void exam_relay(struct exam *exam, const char *host, const struct ipaddr *address, unsigned patience_ms);

/* What is published about TLS of the servers: MTA-STS (RFC 8461), reports (RFC 8460). */
void exam_mta_sts(struct exam *exam);
void exam_tls_reports(struct exam *exam);

/* The records: what they say in general, and of one address. */
void exam_spf_record(struct exam *exam);
void exam_spf_pass(struct exam *exam, const struct ipaddr *address, const struct facts *facts);
void exam_dkim(struct exam *exam);
void exam_dmarc(struct exam *exam);

/* Whether DMARC lets a pass for `domain` count for the author's: strictly, the very same; else of the same
 * organization. Of what SPF passes, else of a signature. */
bool exam_is_aligned(struct exam *exam, const char *domain, bool is_spf);

#endif
