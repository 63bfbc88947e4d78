#include "heloscope/doctor/demand.h"

#include "heloscope/doctor/dkim.h"

/* Judgements. */

static enum demand_state
both(enum demand_state a, enum demand_state b)
{
	if (a == DEMAND_NOT_MET || b == DEMAND_NOT_MET)
		return DEMAND_NOT_MET;
	return a == DEMAND_MET ? b : a;
}

static enum demand_state
either(enum demand_state a, enum demand_state b)
{
	if (a == DEMAND_MET || b == DEMAND_MET)
		return DEMAND_MET;
	return a == DEMAND_NOT_MET ? b : a;
}

static enum demand_state
judge_row(const struct doctor_report *report, enum doctor_row row)
{
	switch (report->cells[row]) {
	case DOCTOR_NOT_ASKED:
	case DOCTOR_UNKNOWN:
		return DEMAND_NOT_TESTABLE;
	case DOCTOR_GOOD:
	case DOCTOR_NOTE:
		return DEMAND_MET;
	default:
		return DEMAND_NOT_MET;
	}
}

/* Without addresses only the record can be seen, and that it is wrong. */
static enum demand_state
judge_spf(const struct doctor_report *report)
{
	const enum demand_state record = judge_row(report, DOCTOR_SPF_RECORD);
	const enum demand_state passes = judge_row(report, DOCTOR_SPF_PASS);

	return passes == DEMAND_NOT_TESTABLE && record == DEMAND_NOT_MET ? record : passes;
}

/* Whether a signature of the message that is of this domain, or of one that belongs to it, has this result.
 */
static bool
has_signature(const struct doctor_report *report, enum result result)
{
	for (size_t i = 0; report->message != NULL && i < report->message->result_count; i++)
		if (report->message->results[i].result == result
		    && doctor_key_concerns(report->message->results[i].domain, report->domain))
			return true;
	return false;
}

/* What the message shows counts more than the keys. One key is enough; Gmail verifies no ed25519 signatures.
 */
static enum demand_state
judge_dkim(const struct doctor_report *report)
{
	if (report->message != NULL && !has_signature(report, RESULT_PASS))
		return has_signature(report, RESULT_TEMPERROR) ? DEMAND_NOT_TESTABLE : DEMAND_NOT_MET;
	return report->rsa_keys > 0 ? DEMAND_MET : judge_row(report, DOCTOR_DKIM);
}

static enum demand_state
judge_spf_or_dkim(const struct doctor_report *report)
{
	return either(judge_spf(report), judge_dkim(report));
}

/* Of the record, only whether there is a policy that applies: p=none is enough. */
static enum demand_state
judge_dmarc(const struct doctor_report *report)
{
	const enum doctor_severity cell = report->cells[DOCTOR_DMARC];

	if (report->has_policy)
		return DEMAND_MET;
	return cell == DOCTOR_NOT_ASKED || cell == DOCTOR_UNKNOWN ? DEMAND_NOT_TESTABLE : DEMAND_NOT_MET;
}

static enum demand_state
judge_aligned_dkim(const struct doctor_report *report)
{
	const enum demand_state alignment = judge_row(report, DOCTOR_DKIM_ALIGNMENT);

	if (report->aligned_rsa_keys > 0)
		return DEMAND_MET;
	/* the keys that align are not those that verify */
	return alignment == DEMAND_NOT_TESTABLE               ? alignment
	       : report->cells[DOCTOR_DKIM] == DOCTOR_UNKNOWN ? DEMAND_NOT_TESTABLE
							      : DEMAND_NOT_MET;
}

static enum demand_state
judge_alignment(const struct doctor_report *report)
{
	return either(both(judge_spf(report), judge_row(report, DOCTOR_SPF_ALIGNMENT)),
		      judge_aligned_dkim(report));
}

static enum demand_state
judge_reverse_dns(const struct doctor_report *report)
{
	return judge_row(report, DOCTOR_REVERSE_DNS);
}

/* The message. */

static enum demand_state
judge_fault(const struct doctor_report *report,
	    enum doctor_message_fault (*find)(const struct doctor_message *message))
{
	if (report->message == NULL)
		return DEMAND_NOT_TESTABLE;
	return find(report->message) == MESSAGE_GOOD ? DEMAND_MET : DEMAND_NOT_MET;
}

static enum demand_state
judge_form(const struct doctor_report *report)
{
	return judge_fault(report, doctor_message_form);
}

static enum demand_state
judge_unsubscribe(const struct doctor_report *report)
{
	return judge_fault(report, doctor_message_unsubscribe);
}

enum doctor_message_fault
doctor_demand_fault(const struct doctor_report *report, enum doctor_demand demand)
{
	if (report->message != NULL && demand == DEMAND_FORM)
		return doctor_message_form(report->message);
	if (report->message != NULL && demand == DEMAND_UNSUBSCRIBE)
		return doctor_message_unsubscribe(report->message);
	return MESSAGE_GOOD;
}

/* What was not given, though a demand of SPF or DKIM, whichever passes, cannot be tested without. */

enum { LACKS_ADDRESSES = 1, LACKS_SELECTORS = 2 };

static unsigned
lacks(const struct doctor_report *report)
{
	return (report->is_guessed || report->address_count == 0 ? LACKS_ADDRESSES : 0)
	       | (report->cells[DOCTOR_DKIM] == DOCTOR_NOT_ASKED ? LACKS_SELECTORS : 0);
}

/* The table. */

#define ROW(row) (1U << (row))
#define SPF_ROWS (ROW(DOCTOR_SPF_RECORD) | ROW(DOCTOR_SPF_LIMITS) | ROW(DOCTOR_SPF_PASS))
#define DKIM_ROWS ROW(DOCTOR_DKIM)
#define ALIGNMENT_ROWS (ROW(DOCTOR_SPF_ALIGNMENT) | ROW(DOCTOR_DKIM_ALIGNMENT))

#define BY_ALL_FOUR                                                                                          \
	{                                                                                                    \
		[RECEIVER_GMAIL] = SENDERS_BULK, [RECEIVER_OUTLOOK] = SENDERS_BULK,                          \
		[RECEIVER_YAHOO] = SENDERS_MUCH, [RECEIVER_ICLOUD] = SENDERS_MUCH,                           \
	}

static const char name_addresses[] = "Name the addresses from which mail goes out with --ip.";
static const char name_selectors[] =
	"Name the selectors with which mail is signed with --selector, or give a message of yours with --message.";
static const char name_both[] =
	"Name the addresses from which mail goes out with --ip, and the selectors with which it is signed with --selector.";

static const struct {
	struct doctor_demand_words words;
	const char *instead; /* of doctor_demand_instead(); NULL: what was not given */
	enum demand_state (*judge)(const struct doctor_report *report); /* NULL: no examination shows it */
	unsigned rows;                                                  /* whose findings say why not */
} demands[DOCTOR_DEMANDS] = {
	[DEMAND_SPF_OR_DKIM] = { { "spf-or-dkim",
				   "SPF or DKIM passes",
				   NULL,
				   { [RECEIVER_GMAIL] = SENDERS_ALL } },
				 NULL,
				 judge_spf_or_dkim,
				 SPF_ROWS | DKIM_ROWS },
	[DEMAND_SPF] = { { "spf", "SPF passes", NULL, BY_ALL_FOUR }, name_addresses, judge_spf, SPF_ROWS },
	[DEMAND_DKIM] = { { "dkim", "DKIM passes",
			    "That is the key; whether all mail is signed with it, the header of delivered messages shows.",
			    BY_ALL_FOUR },
			  name_selectors,
			  judge_dkim,
			  DKIM_ROWS },
	[DEMAND_DMARC] = { { "dmarc", "A DMARC record, p=none at least", NULL, BY_ALL_FOUR },
			   "Run heloscope doctor again in some minutes.",
			   judge_dmarc,
			   ROW(DOCTOR_DMARC) },
	[DEMAND_ALIGNMENT] = { { "alignment",
				 "SPF or DKIM passes for the author's own domain",
				 NULL,
				 { [RECEIVER_GMAIL] = SENDERS_BULK, [RECEIVER_OUTLOOK] = SENDERS_BULK } },
			       NULL,
			       judge_alignment,
			       ALIGNMENT_ROWS | SPF_ROWS | DKIM_ROWS },
	[DEMAND_REVERSE_DNS] = { { "reverse-dns",
				   "A reverse DNS (PTR) name that resolves back to the address",
				   NULL,
				   { [RECEIVER_GMAIL] = SENDERS_ALL,
				     [RECEIVER_YAHOO] = SENDERS_MUCH,
				     [RECEIVER_ICLOUD] = SENDERS_MUCH } },
				 name_addresses,
				 judge_reverse_dns,
				 ROW(DOCTOR_REVERSE_DNS) },
	[DEMAND_TLS] = { { "tls", "Mail is sent over TLS", NULL, { [RECEIVER_GMAIL] = SENDERS_ALL } },
			 "Have your servers use TLS wherever it is offered (Postfix: smtp_tls_security_level = may), and look at the Received fields of a delivered message.",
			 NULL,
			 0 },
	[DEMAND_FORM] = { { "message-form",
			    "Messages in the form of RFC 5322",
			    NULL,
			    { [RECEIVER_GMAIL] = SENDERS_ALL, [RECEIVER_ICLOUD] = SENDERS_MUCH } },
			  "Give a message of yours with --message, or look at one that was delivered: it has From, Date and Message-ID, each once, and no line of more than 998 characters.",
			  judge_form,
			  0 },
	[DEMAND_UNSUBSCRIBE] = { { "one-click-unsubscribe",
				   "One-click unsubscribe (RFC 8058), done within two days",
				   NULL,
				   { [RECEIVER_GMAIL] = SENDERS_BULK, [RECEIVER_YAHOO] = SENDERS_MUCH } },
				 "Give a message to subscribers with --message, or look at one: it has List-Unsubscribe with an https: address and List-Unsubscribe-Post: List-Unsubscribe=One-Click, and DKIM signs both.",
				 judge_unsubscribe,
				 0 },
	[DEMAND_SPAM_RATE] = { { "spam-rate",
				 "Fewer than 3 in 1,000 messages are reported as spam",
				 NULL,
				 { [RECEIVER_GMAIL] = SENDERS_ALL, [RECEIVER_YAHOO] = SENDERS_MUCH } },
			       "Look at Google's Postmaster Tools and Yahoo's Sender Hub.",
			       NULL,
			       0 },
	[DEMAND_FORWARDS] = { { "arc-of-forwards",
				"An ARC seal (RFC 8617) on forwarded mail",
				NULL,
				{ [RECEIVER_GMAIL] = SENDERS_ALL, [RECEIVER_ICLOUD] = SENDERS_MUCH } },
			      "Only if your servers forward mail for others: look at the header of a forwarded message.",
			      NULL,
			      0 },
};

const struct doctor_demand_words *
doctor_demand_words(enum doctor_demand demand)
{
	return &demands[demand].words;
}

/* Why not. */

/* Of rows, the worst finding, the first of several. */
static const struct doctor_finding *
worst_of(const struct doctor_report *report, unsigned rows)
{
	const struct doctor_finding *worst = NULL;

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct doctor_finding *finding = &report->findings[i];

		if ((rows & ROW(finding->row)) != 0 && (worst == NULL || finding->severity > worst->severity))
			worst = finding;
	}
	return worst;
}

/* What was not found out; or there is nothing to examine. */
static const struct doctor_finding *
obstacle(const struct doctor_report *report, unsigned rows)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i].problem == PROBLEM_DOMAIN_MISSING
		    || ((rows & ROW(report->findings[i].row)) != 0
			&& report->findings[i].severity == DOCTOR_UNKNOWN))
			return &report->findings[i];
	return NULL;
}

enum demand_state
doctor_demand_judge(const struct doctor_report *report, enum doctor_demand demand,
		    const struct doctor_finding **why)
{
	const unsigned rows = demands[demand].rows;
	enum demand_state state;

	*why = NULL;
	if (demands[demand].judge == NULL)
		return DEMAND_NOT_TESTABLE;
	state = demands[demand].judge(report);
	if (state == DEMAND_NOT_MET)
		*why = worst_of(report, rows);
	else if (state == DEMAND_NOT_TESTABLE)
		*why = obstacle(report, rows);
	return state;
}

const char *
doctor_demand_instead(const struct doctor_report *reports, size_t count, enum doctor_demand demand)
{
	static const char *const by_lack[] = {
		[0] = name_both,
		[LACKS_ADDRESSES] = name_addresses,
		[LACKS_SELECTORS] = name_selectors,
		[LACKS_ADDRESSES | LACKS_SELECTORS] = name_both,
	};
	const struct doctor_finding *why;
	bool is_needed = false;
	unsigned lacking = 0;

	for (size_t i = 0; i < count; i++) {
		if (doctor_demand_judge(&reports[i], demand, &why) != DEMAND_NOT_TESTABLE || why != NULL)
			continue;
		is_needed = true;
		lacking |= lacks(&reports[i]);
	}
	if (!is_needed)
		return NULL;
	return demands[demand].instead != NULL ? demands[demand].instead : by_lack[lacking];
}

/* Tokens. */

const char *
demand_state_token(enum demand_state state)
{
	static const char *const tokens[DEMAND_STATES] = {
		[DEMAND_MET] = "met",
		[DEMAND_NOT_MET] = "not-met",
		[DEMAND_NOT_TESTABLE] = "not-testable",
	};

	return tokens[state];
}

static const struct {
	const char *token, *title;
} receivers[DOCTOR_RECEIVERS] = {
	[RECEIVER_GMAIL] = { "gmail", "Gmail" },
	[RECEIVER_OUTLOOK] = { "outlook", "Outlook.com" },
	[RECEIVER_YAHOO] = { "yahoo", "Yahoo" },
	[RECEIVER_ICLOUD] = { "icloud", "iCloud" },
};

const char *
doctor_receiver_token(enum doctor_receiver receiver)
{
	return receivers[receiver].token;
}

const char *
doctor_receiver_title(enum doctor_receiver receiver)
{
	return receivers[receiver].title;
}

const char *
doctor_senders_token(enum doctor_senders senders)
{
	static const char *const tokens[] = {
		[SENDERS_NONE] = NULL,
		[SENDERS_ALL] = "all",
		[SENDERS_BULK] = "bulk-5000",
		[SENDERS_MUCH] = "bulk",
	};

	return tokens[senders];
}
