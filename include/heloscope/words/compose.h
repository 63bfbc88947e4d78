/*
 * compose: all text about a message that leaves the program, from facts and verdict alone.
 *
 * Header fields (values only, folded with LF and blanks, without leading blank), SMTP replies,
 * the line in the log. Nothing from the network stands in them but quoted or escaped. Any
 * thread.
 */
#ifndef HELOSCOPE_WORDS_COMPOSE_H
#define HELOSCOPE_WORDS_COMPOSE_H

#include "heloscope/base/bounds.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/policy.h"
#include "heloscope/records/record.h"
#include "heloscope/wire/smtp_reply.h"
#include "heloscope/base/strbuf.h"

#define COMPOSE_CAUSE_SIZE 1200  /* of what is said of one cause; more never goes into a reply */
#define COMPOSE_FIELD_SIZE 16384 /* room for any value; a usual one takes 500 octets */

/* A verdict of a message, for so many recipients, and what they are told, or would be: composed once. */
struct told_verdict {
	struct verdict verdict;
	unsigned recipients;
	const struct smtp_reply *reply; /* of reject and defer; NULL when memory ran out */
};

/* What was decided on a message. `waited_ms`: how long it was held up. */
struct message_summary {
	const char *ident, *queue_id;        /* queue_id: NULL when not known */
	const struct told_verdict *verdicts; /* the different ones */
	size_t verdict_count;
	unsigned waited_ms;
	bool is_unfinished; /* its end was not seen: nothing was done but what was told at RCPT */
	const struct record_recipient *recipients; /* the first ones */
	size_t recipient_count;
	size_t recipient_total; /* that there were */
};

/*
 * Authentication-Results (RFC 8601), every check's results in the order of their rows (facts/methods.h). Of
 * more than there is room for the most important ones, see authres.h; a list is important by whose zone it
 * was decided.
 */
void compose_authres(const struct config *config, const struct facts *facts,
		     const struct message_summary *summary, struct strbuf *value);

/* Received-SPF (RFC 7208, 9.1) for MAIL FROM, or for HELO when the sender is null. */
void compose_received_spf(const struct config *config, const struct facts *facts, struct strbuf *value);

/* X-Heloscope: what would have been done to a recipient, with which reply (or NULL), and by which rule. */
void compose_would(const char *ident, const struct verdict *verdict, const struct smtp_reply *reply,
		   struct strbuf *value);

/* X-Heloscope: a rule that only says something: `tag "text"` or an audit rule. */
void compose_note(const char *ident, const struct rule *rule, struct strbuf *value);

/*
 * The reply for a verdict of reject or defer: the rule's own text and codes where it has them,
 * else what was found, what the sender's side can do, and the codes of RFC 7372.
 */
void compose_reply(const struct config *config, const struct verdict *verdict, const char *ident,
		   struct smtp_reply *reply);

/* On what a reply rests: of a verdict, or of one that was read from a record. */
struct reply_grounds {
	const struct config *config; /* NULL: not known; then no text of SPF's exp= is told */
	const struct facts *facts;   /* the reading that was judged */
	const struct reasons *reasons;
	const char *own_text;     /* that the rule says instead, or NULL */
	enum dns_status withheld; /* as in struct verdict */
	bool is_apart;            /* likewise */
	bool is_temporary;
};

/* What the reply tells first: in `found` the sentence that says what was found, in `remedy` what can be done.
 */
void compose_first_cause(const struct reply_grounds *grounds, struct strbuf *found, struct strbuf *remedy);

/* What a reply tells as a whole. */
struct cause_summary {
	size_t count;
	unsigned methods;  /* as bits: those that are to blame */
	const char *joint; /* of several: "fixing either is enough"; "" when there is nothing to say */
	bool is_cut;       /* there are more than `count` */
};
struct cause_summary compose_causes(const struct reply_grounds *grounds);

/* What is said of one of these causes, whole. */
struct told_cause {
	enum method method; /* to blame; METHODS: none */
	bool can_be_fixed;  /* the sender's side can do something about it */
	char text[COMPOSE_CAUSE_SIZE];
};

/* The cause of that number, from 0 on, in the order of the reply. False when there are fewer. */
bool compose_cause(const struct reply_grounds *grounds, size_t number, struct told_cause *told) MUST_USE;

/*
 * Pairs as heloscope/base/log_pairs.h writes them; shorter than COMPOSE_LOG_SIZE whatever the client says,
 * and never cut within a pair. Names that a client says share their room, and stand in the order in which
 * they get it; those that find none are left out, recipients and lists with how many they are.
 */
#define COMPOSE_LOG_SIZE BOUND_LOG_LINE
#define COMPOSE_RECIPIENTS_MAX 3
void compose_log_line(const struct facts *facts, const struct message_summary *summary, struct strbuf *line);

#endif
