/*
 * replies: what a refused sender is told, for each kind of test that a rule can hold and each outcome of it,
 * alone and in pairs; and as golden texts, tests/golden/replies.txt. UPDATE_GOLDEN=yes writes these anew, to
 * be read by eye.
 */
#include "unit.h"

#include <stdlib.h>

#include "config_text.h"
#include "golden.h"
#include "heloscope/checks/policy.h"
#include "heloscope/records/record.h"
#include "heloscope/words/compose.h"
#include "heloscope/words/withheld.h"

#define REFERENCE "20261124T125000Z-0123456789ab"
#define SCENES_MAX 600

/* Facts, and a test of a rule that is true for them. */
struct scene {
	const char *title, *rule;
	void (*set)(struct facts *facts, int value);
	int value;
	const char *says[4]; /* values that must be in the reply */
};

/* A message of which nothing is known yet but who sends it. */
static struct facts
facts_of(void)
{
	struct facts facts = { .client = { .address = ipaddr_from_ipv4(0xc0000214), .port = 25 } };

	facts.helo = (struct helo_facts){ .given = "mail.out.example",
					  .form = HELO_NAME,
					  .name = "mail.out.example",
					  .status = DNS_NXDOMAIN };
	facts.sender.given = "<joe@out.example>";
	facts.sender.mailbox = (struct mailbox){
		.form = MAILBOX_ADDRESS, .local = "joe", .domain = "out.example", .text = "joe@out.example"
	};
	facts.sender.domain = "out.example";
	facts.sender.finding = SENDER_MX;
	facts.spf[SPF_MAILFROM].domain = "out.example";
	facts.spf[SPF_HELO].domain = "mail.out.example";
	return facts;
}

/* Reverse DNS. */

static struct iprev_name pointer = { .name = "mail.out.example", .addresses = "" };

static void
set_pointer(struct facts *facts, const char *name, const char *addresses, enum dns_status status)
{
	pointer = (struct iprev_name){ .name = name, .addresses = addresses, .status = status };
	facts->iprev = (struct iprev_facts){ .names = &pointer, .count = 1, .total = 1 };
	facts->results[METHOD_IPREV] =
		dns_status_is_fault(status) && status != DNS_MALFORMED ? RESULT_TEMPERROR : RESULT_FAIL;
}

enum pointing {
	POINTER_NONE,
	POINTER_NONE_HELO_RESOLVES,
	POINTER_FAULT,
	POINTER_WITHOUT_ADDRESS,
	POINTER_NO_SUCH_NAME,
	POINTER_ELSEWHERE,
	POINTER_WITHOUT_DOT,
	POINTER_NO_NAME,
	POINTER_NAME_FAULT,
	POINTER_RIGHT
};

static void
set_iprev(struct facts *facts, int value)
{
	facts->iprev = (struct iprev_facts){ .status = DNS_NXDOMAIN };
	facts->results[METHOD_IPREV] = RESULT_PERMERROR;
	switch ((enum pointing)value) {
	case POINTER_NONE:
		break;
	case POINTER_NONE_HELO_RESOLVES:
		facts->helo.resolves_to_client = true;
		break;
	case POINTER_FAULT:
		facts->iprev.status = DNS_SERVFAIL;
		facts->results[METHOD_IPREV] = RESULT_TEMPERROR;
		break;
	case POINTER_WITHOUT_ADDRESS:
		set_pointer(facts, "smtp.out.example", "", DNS_NODATA);
		break;
	case POINTER_NO_SUCH_NAME:
		set_pointer(facts, "smtp.out.example", "", DNS_NXDOMAIN);
		break;
	case POINTER_ELSEWHERE:
		set_pointer(facts, "smtp.out.example", "192.0.2.99", DNS_NOERROR);
		break;
	case POINTER_WITHOUT_DOT:
		set_pointer(facts, "smtp.out.example.2.0.192.in-addr.arpa", "", DNS_NXDOMAIN);
		break;
	case POINTER_NO_NAME:
		set_pointer(facts, "a\\032b.example", "", DNS_MALFORMED);
		break;
	case POINTER_NAME_FAULT:
		set_pointer(facts, "smtp.out.example", "", DNS_TIMEOUT);
		break;
	case POINTER_RIGHT:
		set_pointer(facts, "smtp.out.example", "192.0.2.20", DNS_NOERROR);
		pointer.is_verified = true;
		facts->iprev.verified = pointer.name;
		facts->results[METHOD_IPREV] = RESULT_PASS;
		break;
	}
}

/* Two names that are verified. */
static void
set_two_names(struct facts *facts, int value)
{
	static struct iprev_name names[] = {
		{ .name = "mail.out.example", .addresses = "192.0.2.20", .is_verified = true },
		{ .name = "pc.dyn.example", .addresses = "192.0.2.20", .is_verified = true }
	};

	(void)value;
	facts->iprev = (struct iprev_facts){
		.names = names, .count = ROWS(names), .total = ROWS(names), .verified = names[0].name
	};
	facts->results[METHOD_IPREV] = RESULT_PASS;
}

/* HELO. */

static void
set_helo(struct facts *facts, const char *given, enum result result)
{
	static char name[DOMAIN_SIZE];

	facts->helo = (struct helo_facts){ .given = given, .status = DNS_NXDOMAIN };
	facts->helo.form = domain_helo_form(span_of(given), name, &facts->helo.literal, &facts->helo.fault);
	facts->helo.name = name;
	facts->results[METHOD_HELO] = result;
}

static void
set_helo_none(struct facts *facts, int value)
{
	(void)value;
	facts->helo = (struct helo_facts){ .name = "", .form = HELO_ABSENT };
	facts->results[METHOD_HELO] = RESULT_NONE;
}

static void
set_helo_localhost(struct facts *facts, int value)
{
	set_iprev(facts, POINTER_RIGHT);
	set_helo(facts, "localhost", value);
}

static void
set_helo_other(struct facts *facts, int value)
{
	set_iprev(facts, POINTER_RIGHT);
	set_helo(facts, "mail.other.example", value);
}

static void
set_helo_nowhere(struct facts *facts, int value)
{
	set_helo(facts, "mail.other.example", value);
	facts->helo.status = value == RESULT_TEMPERROR ? DNS_TIMEOUT : DNS_NXDOMAIN;
}

static void
set_helo_literal(struct facts *facts, int value)
{
	set_iprev(facts, POINTER_RIGHT);
	set_helo(facts, value == RESULT_PASS ? "[192.0.2.20]" : "[203.0.113.9]", value);
}

static void
set_helo_fault(struct facts *facts, int value)
{
	set_helo(facts, "x", RESULT_PERMERROR);
	facts->helo.form = HELO_INVALID;
	facts->helo.fault = (enum helo_fault)value;
}

/* SPF. */

static void
set_spf(struct facts *facts, int value)
{
	facts->spf[SPF_MAILFROM] = (struct spf_facts){
		.domain = "out.example",
		.mechanism = value == RESULT_FAIL       ? "-all"
			     : value == RESULT_SOFTFAIL ? "~all"
			     : value == RESULT_NEUTRAL  ? "?all"
							: NULL,
	};
	facts->results[METHOD_SPF] = (enum result)value;
}

/* Behind an include, with a text of the domain's own. */
static void
set_spf_included(struct facts *facts, int value)
{
	static struct spf_step steps[2] = { { .is_record = true, .domain = "out.example" },
					    { .is_record = true, .depth = 1, .domain = "_spf.out.example" } };

	set_spf(facts, value);
	facts->spf[SPF_MAILFROM].trace = (struct spf_trace){ .steps = steps, .step_count = 2 };
	facts->spf[SPF_MAILFROM].explanation = "Ask our help desk.";
}

static void
set_spf_helo(struct facts *facts, int value)
{
	facts->spf[SPF_HELO] = (struct spf_facts){ .domain = "mail.out.example", .mechanism = "-all" };
	facts->results[METHOD_SPF_HELO] = (enum result)value;
}

/* The sender's own record is right. */
static void
set_spf_helo_several(struct facts *facts, int value)
{
	set_spf_helo(facts, RESULT_PERMERROR);
	facts->spf[SPF_HELO].problem = (struct spf_problem){ .kind = SPF_PROBLEM_SEVERAL_RECORDS,
							     .name = "mail.out.example",
							     .count = (unsigned)value };
}

static void
set_spf_helo_nameless(struct facts *facts, int value)
{
	set_helo(facts, "[192.0.2.20]", RESULT_PASS);
	facts->spf[SPF_HELO] = (struct spf_facts){ .domain = "" };
	facts->results[METHOD_SPF_HELO] = (enum result)value;
}

static void
set_spf_nameless(struct facts *facts, int value)
{
	facts->sender.mailbox =
		(struct mailbox){ .form = MAILBOX_LOCAL_ONLY, .local = "joe", .domain = "", .text = "joe" };
	facts->spf[SPF_MAILFROM] = (struct spf_facts){ .domain = "" };
	facts->results[METHOD_SPF] = (enum result)value;
}

/* A record of includes: too many lookups, names that are not there. */
static struct spf_trace
trace_of_includes(void)
{
	static const struct dns_answer nothing = { .status = DNS_NXDOMAIN };
	static struct spf_step steps[16] = {
		{ .is_record = true, .domain = "out.example" },
		{ .domain = "out.example", .term = { "mx", 2 } },
		{ .domain = "out.example", .term = { "include:big.example", 19 } },
		{ .is_record = true, .depth = 1, .domain = "big.example" },
	};
	static struct spf_lookup lookups[] = {
		{ .step = 0, .name = "out.example", .type = DNS_TXT, .answer = &nothing },
		{ .step = 1, .name = "old.out.example", .type = DNS_A, .answer = &nothing },
		{ .step = 2, .name = "older.out.example", .type = DNS_MX, .answer = &nothing },
		{ .step = 3, .name = "older.out.example", .type = DNS_MX, .answer = &nothing },
		{ .step = 3, .name = "oldest.out.example", .type = DNS_A, .answer = &nothing },
	};

	for (size_t i = 4; i < ROWS(steps); i++)
		steps[i] =
			(struct spf_step){ .depth = 1, .domain = "big.example", .term = SPAN("a:x.example") };
	return (struct spf_trace){ .steps = steps,
				   .step_count = ROWS(steps),
				   .lookups = lookups,
				   .lookup_count = ROWS(lookups),
				   .terms = 11,
				   .voids = 3 };
}

/* Any problem, with every value that it may have. */
static void
set_spf_problem(struct facts *facts, int value)
{
	struct spf_problem *problem = &facts->spf[SPF_MAILFROM].problem;

	facts->results[METHOD_SPF] = value == SPF_PROBLEM_LOOKUP_FAULT || value == SPF_PROBLEM_RECORD_FAULT
					     ? RESULT_TEMPERROR
					     : RESULT_PERMERROR;
	facts->spf[SPF_MAILFROM].trace = trace_of_includes();
	*problem = (struct spf_problem){ .kind = (enum spf_problem_kind)value,
					 .name = "dead.example",
					 .holder = "_spf.out.example",
					 .term = "include:dead.example",
					 .status = DNS_SERVFAIL,
					 .fault = SPF_FAULT_MECHANISM,
					 .count = 2,
					 .code = value == SPF_PROBLEM_LIBRARY ? 2 : 0 };
	if (value == SPF_PROBLEM_REDIRECT_WITHOUT_RECORD || value == SPF_PROBLEM_REDIRECT_TO_NO_NAME)
		problem->term = "redirect=dead.example";
	if (value == SPF_PROBLEM_SEVERAL_RECORDS || value == SPF_PROBLEM_TERM_TOO_LONG)
		problem->name = "out.example";
	if (value == SPF_PROBLEM_SYNTAX)
		problem->term = "ipv4:192.0.2.20";
	if (value == SPF_PROBLEM_INCLUDE_OF_NO_NAME)
		problem->term = "include:%{l}..out.example";
	if (value == SPF_PROBLEM_REDIRECT_TO_NO_NAME)
		problem->term = "redirect=%{l}..out.example";
	if (value == SPF_PROBLEM_MX_LIMIT)
		problem->term = "mx:dead.example";
	if (value == SPF_PROBLEM_ENDLESS) {
		problem->name = "out.example";
		problem->term = "include:out.example";
	}
}

/* A loop that a redirect closes. */
static void
set_spf_redirect_loop(struct facts *facts, int value)
{
	set_spf_problem(facts, value);
	facts->spf[SPF_MAILFROM].problem.term = "redirect=out.example";
}

/* Two records, as the answer has them. */
static void
set_spf_several(struct facts *facts, int value)
{
	static const char *const records[][2] = {
		{ "v=spf1 mx ip4:192.0.2.20 -all", "v=spf1 include:_spf.host.example MX ~all" },
		{ "v=spf1 mx -all", "v=spf1 redirect=_spf.host.example" },
		{ "v=spf1 mx -all", "v=spf1 -a:old.out.example ip4:192.0.2.20 -all" },
		{ "v=spf1 mx -all", "v=spf1 ip4:0.0.0.0/0 +all" },
		{ "v=spf1 mx -all", "v=spf1 ip4:192.0.2.20 ~all" },
		{ "v=spf1 ?mx -all", "v=spf1 redirect=_spf.host.example" },
	};
	static union {
		struct dns_answer answer;
		char room[sizeof(struct dns_answer) + 2 * sizeof(struct dns_record)];
	} both;
	static struct spf_lookup lookup = { .name = "out.example", .type = DNS_TXT, .answer = &both.answer };

	set_spf_problem(facts, SPF_PROBLEM_SEVERAL_RECORDS);
	both.answer.count = 2;
	for (size_t i = 0; i < 2; i++)
		both.answer.records[i].text = span_of(records[value][i]);
	facts->spf[SPF_MAILFROM].trace = (struct spf_trace){ .lookups = &lookup, .lookup_count = 1 };
}

/* As libspf2 tells it: without values. */
static void
set_spf_bare_problem(struct facts *facts, int value)
{
	set_spf_problem(facts, value);
	facts->spf[SPF_MAILFROM].trace = (struct spf_trace){ .steps = NULL };
	facts->spf[SPF_MAILFROM].problem.name = facts->spf[SPF_MAILFROM].problem.holder =
		facts->spf[SPF_MAILFROM].problem.term = NULL;
}

static void
set_spf_syntax(struct facts *facts, int value)
{
	static const struct {
		const char *term;
		enum spf_fault_kind fault;
	} terms[] = {
		{ "ip4:2001:db8::1", SPF_FAULT_NO_IPV4 },
		{ "a:192.0.2.20", SPF_FAULT_TOP_LABEL },
		{ "+ip:192.0.2.0/24", SPF_FAULT_MECHANISM },
		{ "incldue:_spf.host.example", SPF_FAULT_MECHANISM },
		{ "ip4:192.0.2.0/33", SPF_FAULT_IPV4_PREFIX },
		{ "foo", SPF_FAULT_MECHANISM },
	};

	set_spf_problem(facts, SPF_PROBLEM_SYNTAX);
	facts->spf[SPF_MAILFROM].problem.term = terms[value].term;
	facts->spf[SPF_MAILFROM].problem.fault = terms[value].fault;
	facts->spf[SPF_MAILFROM].problem.holder = "out.example";
}

static void
set_spf_fault(struct facts *facts, int value)
{
	set_spf_problem(facts, SPF_PROBLEM_SYNTAX);
	facts->spf[SPF_MAILFROM].problem.fault = (enum spf_fault_kind)value;
	facts->spf[SPF_MAILFROM].problem.term = "foo";
}

/* The sender. */

static void
set_sender(struct facts *facts, int value)
{
	facts->sender = facts_of().sender;
	facts->sender.finding = (enum sender_finding)value;
	facts->sender.status = value == SENDER_UNKNOWN ? DNS_TIMEOUT : DNS_NOERROR;
	facts->results[METHOD_SENDER] = sender_words((enum sender_finding)value)->result;
	if (value == SENDER_NO_DOMAIN) {
		facts->sender.given = "<joe>";
		facts->sender.mailbox = (struct mailbox){
			.form = MAILBOX_LOCAL_ONLY, .local = "joe", .domain = "", .text = "joe"
		};
		facts->sender.domain = "";
	}
	if (value >= SENDER_MX_NO_HOST && value <= SENDER_MX_PRIVATE)
		facts->sender.host = value == SENDER_MX_NO_HOST ? "192.0.2.20" : "mx.out.example";
	if (value == SENDER_LOCALHOST) {
		facts->sender.mailbox.text = "joe@localhost";
		facts->sender.domain = "localhost";
	}
	if (value == SENDER_MX_PRIVATE || value == SENDER_ADDRESS_PRIVATE)
		facts->sender.address = ipaddr_from_ipv4(0x0a000001);
}

static void
set_null_sender(struct facts *facts, int value)
{
	(void)value;
	facts->sender.given = "<>";
	facts->sender.mailbox =
		(struct mailbox){ .form = MAILBOX_NULL, .local = "", .domain = "", .text = "" };
	facts->sender.domain = "";
	facts->sender.finding = SENDER_NO_DOMAIN;
	facts->results[METHOD_SENDER] = RESULT_NONE;
}

/* Lists. */

static struct list_finding findings[] = {
	{ .zone = "bl.test",
	  .operator= "A",
	  .group = "bl.test",
	  .asked = "192.0.2.20",
	  .weight = 4,
	  .count = 1,
	  .answers = { 0x7f000004 },
	  .meaning = "an infected or abused host",
	  .text = "see https://bl.test/other",
	  .page = "https://bl.test/lookup?q=192.0.2.20" },
	{ .zone = "wl.test",
	  .operator= "W",
	  .group = "wl.test",
	  .asked = "192.0.2.20",
	  .weight = 1,
	  .is_allow = true },
};
static struct list_finding domain_findings[] = {
	{ .zone = "dbl.test",
	  .operator= "The DBL people",
	  .group = "dbl.test",
	  .asked = "out.example",
	  .weight = 2,
	  .count = 1,
	  .answers = { 0x7f000102 },
	  .text = "Seen in spam." },
};

enum listing { LISTED_NOWHERE, LISTED_CLIENT, LISTED_SENDER, LISTED_BOTH, LISTED_ALLOWED, LISTS_DOWN };

static void
set_lists(struct facts *facts, int value)
{
	findings[0].state = value == LISTS_DOWN ? LIST_FAULT : LIST_NOT_LISTED;
	findings[1].state = value == LISTED_ALLOWED ? LIST_LISTED
			    : value == LISTS_DOWN   ? LIST_FAULT
						    : LIST_NOT_LISTED;
	if (value == LISTED_CLIENT || value == LISTED_BOTH)
		findings[0].state = LIST_LISTED;
	domain_findings[0].state =
		value == LISTED_SENDER || value == LISTED_BOTH ? LIST_LISTED : LIST_NOT_LISTED;
	facts->lists[LIST_CLIENT] = (struct list_facts){ findings, ROWS(findings) };
	facts->lists[LIST_SENDER] = (struct list_facts){ domain_findings, ROWS(domain_findings) };
	facts->results[METHOD_DNSBL] = facts_list_result(facts, false);
	facts->results[METHOD_DNSWL] = facts_list_result(facts, true);
}

/* The peer. */

static struct peer peer;

static void
set_banner(struct facts *facts, int value)
{
	peer = (struct peer){ .outcome = value == RESULT_NONE        ? PEER_REFUSED
					 : value == RESULT_TEMPERROR ? PEER_BUSY
								     : PEER_ANSWERS,
			      .greeting = "localhost.localdomain ESMTP" };
	facts->peer = (struct peer_facts){ .is_wanted = true, .peer = &peer };
	if (peer.outcome == PEER_ANSWERS)
		facts->peer.greeting_name = facts->peer.ehlo_name = "localhost.localdomain";
	facts->results[METHOD_BANNER] = (enum result)value;
}

static void
set_peer_outcome(struct facts *facts, int value)
{
	set_banner(facts, RESULT_NONE);
	peer.outcome = (enum peer_outcome)value;
}

static void
set_tls(struct facts *facts, int value)
{
	facts->tls = (struct tls_facts){ .is_told = true,
					 .version = value == RESULT_NONE      ? NULL
						    : value == RESULT_NEUTRAL ? "TLSv1.1"
									      : "TLSv1.3" };
	facts->results[METHOD_TLS] = (enum result)value;
}

static void
set_peer_tls(struct facts *facts, int value)
{
	set_banner(facts, value == RESULT_NONE || value == RESULT_TEMPERROR ? value : RESULT_PASS);
	peer.starttls = value == RESULT_FAIL ? STARTTLS_NOT_OFFERED : STARTTLS_WORKS;
	(void)snprintf(peer.name, sizeof peer.name, "mail.out.example");
	(void)snprintf(peer.cert_names, sizeof peer.cert_names, "other.example");
	(void)snprintf(peer.tls_version, sizeof peer.tls_version, "TLSv1.2");
	peer.is_trusted = value == RESULT_PASS;
	peer.is_named = value == RESULT_PASS;
	facts->results[METHOD_PEER_TLS] = (enum result)value;
}

static void
set_starttls(struct facts *facts, int value)
{
	set_peer_tls(facts, RESULT_FAIL);
	peer.starttls = (enum peer_starttls)value;
}

static void
set_dane(struct facts *facts, int value)
{
	set_peer_tls(facts, value);
	peer.starttls = STARTTLS_WORKS;
	peer.dane = DANE_MISMATCH;
	memset(peer.key_digest, 'a', 64);
}

/* Who sends. */

static void
set_client(struct facts *facts, int value)
{
	facts->client.is_trusted = value == 1;
	facts->client.is_authenticated = value == 2;
}

/* DMARC: what is found where there is one author; AUTHOR_FINDINGS on: what From tells. */
enum dmarc_scene {
	DMARC_NOTHING_PASSES,
	DMARC_OTHERS_PASS,
	DMARC_OF_PARENT,
	DMARC_NO_RECORD,
	DMARC_GOOD,
	DMARC_BROKEN,
	DMARC_DOWN,
	DMARC_SCENES
};

static void
set_dmarc(struct facts *facts, int value)
{
	static struct dmarc_identifier identifiers[] = {
		{ .domain = "out.example", .is_spf = true, .has_passed = true },
		{ .domain = "list.example", .has_passed = true },
	};
	static const enum result results[DMARC_SCENES] = {
		RESULT_FAIL, RESULT_FAIL,      RESULT_FAIL,      RESULT_NONE,
		RESULT_PASS, RESULT_PERMERROR, RESULT_TEMPERROR,
	};
	struct dmarc_facts *dmarc = &facts->dmarc;

	*dmarc = (struct dmarc_facts){ .policy = DMARC_ABSENT, .evaluated = DMARC_ABSENT };
	if (value >= DMARC_SCENES) {
		facts->author = (struct author_facts){ (enum author_finding)(value - DMARC_SCENES), "" };
		facts->results[METHOD_DMARC] = RESULT_PERMERROR;
		return;
	}
	facts->author = (struct author_facts){ AUTHOR_ONE, "news.bank.example" };
	facts->results[METHOD_DMARC] = results[value];
	if (value == DMARC_NO_RECORD || value == DMARC_DOWN)
		return;
	dmarc->record_domain = dmarc->organization =
		value == DMARC_OF_PARENT ? "bank.example" : "news.bank.example";
	dmarc_record_read(value == DMARC_BROKEN ? SPAN("v=DMARC1; p=x") : SPAN("v=DMARC1; p=reject"),
			  &dmarc->record);
	if (results[value] == RESULT_FAIL)
		dmarc->policy = dmarc->evaluated = DMARC_REJECT;
	dmarc->identifiers = identifiers;
	dmarc->identifier_count = value == DMARC_OTHERS_PASS ? ROWS(identifiers) : 0;
}

/* Two records above the author's domain, which has none. */
static void
set_dmarc_several(struct facts *facts, int value)
{
	static struct dmarc_looked_up lookups[] = { { .domain = "news.bank.example" },
						    { .domain = "bank.example",
						      .records = 2,
						      .record = "v=DMARC1; p=none",
						      .second = "v=DMARC1; p=reject" } };

	set_dmarc(facts, value);
	facts->dmarc.lookups = lookups;
	facts->dmarc.lookup_count = ROWS(lookups);
}

/* A signature with that reason; DKIM_REASONS: none. */
static void
set_dkim(struct facts *facts, int value)
{
	static struct dkim_finding finding;

	facts->author = (struct author_facts){ AUTHOR_ONE, "out.example" };
	facts->results[METHOD_DKIM] = RESULT_NONE;
	if (value == DKIM_REASONS)
		return;
	finding = (struct dkim_finding){
		.result = dkim_reason_result((enum dkim_reason)value),
		.domain = "out.example",
		.selector = "k1",
		.algorithm = "rsa-sha256",
		.canonicalization = "relaxed/relaxed",
		.mark = "AAAAAAAA",
		.field_names = "from",
		.has_length = value == DKIM_UNSIGNED_OCTETS,
		.length = 20,
		.evidence = { .reason = (enum dkim_reason)value,
			      .meant = value == DKIM_TESTING ? DKIM_SIGNATURE : (enum dkim_reason)value,
			      .key_bits = value == DKIM_KEY_SHORT ? 512 : 0,
			      .key_status = value == DKIM_KEY_LOOKUP ? DNS_TIMEOUT : DNS_NOERROR,
			      .missing = "",
			      .uncovered = "",
			      .filled = "" },
	};
	facts->dkim = (struct dkim_facts){ .signatures = &finding, .count = 1 };
	facts->results[METHOD_DKIM] = finding.result;
}

/* A chain with that reason; behind these an ARC-Seal with a reason of DKIM's; behind those one that is
 * trusted. */
enum { ARC_OF_SEAL = ARC_REASONS, ARC_OF_TRUSTED = ARC_OF_SEAL + DKIM_REASONS, ARC_SCENES };

static void
set_arc(struct facts *facts, int value)
{
	static struct arc_sealer sealers[2];
	const bool is_good = value == ARC_NONE || value == ARC_OF_TRUSTED;
	const bool is_seal = value >= ARC_OF_SEAL && value < ARC_OF_TRUSTED;
	const enum dkim_reason why = is_seal ? (enum dkim_reason)(value - ARC_OF_SEAL)
				     : value == ARC_MESSAGE || value == ARC_SEAL ? DKIM_SIGNATURE
										 : DKIM_NONE;

	sealers[0] = (struct arc_sealer){ "list.example", "s1", true, true, value == ARC_OF_TRUSTED };
	sealers[1] = (struct arc_sealer){ "relay.example", "s2", false, true, value == ARC_OF_TRUSTED };
	facts->arc = (struct arc_facts){
		.outcome = { .reason = is_good   ? ARC_NONE
				       : is_seal ? why == DKIM_NONE ? ARC_NONE : ARC_SEAL
						 : (enum arc_reason)value,
			     .instance = is_good ? 0 : 2,
			     .why = why,
			     .domain = "relay.example",
			     .selector = "s2",
			     .evidence = { .reason = why,
					   .meant = why,
					   .key_bits = why == DKIM_KEY_SHORT ? 512 : 0,
					   .key_status =
						   why == DKIM_KEY_LOOKUP ? DNS_TIMEOUT : DNS_NOERROR } },
		.sealers = sealers,
		.count = value == ARC_NO_CHAIN ? 0 : 2,
	};
	facts->results[METHOD_ARC] = arc_outcome_result(&facts->arc.outcome);
}

/* Forwarded, with the author's signature good (1) or not (0). */
static void
set_forwarded(struct facts *facts, int value)
{
	set_spf(facts, RESULT_FAIL);
	set_dkim(facts, value == 1 ? DKIM_NONE : DKIM_BODY_HASH);
	facts->results[METHOD_IPREV] = facts->results[METHOD_HELO] = RESULT_PASS;
}

static void
set_nothing(struct facts *facts, int value)
{
	(void)facts;
	(void)value;
}

/* The 24 causes of refusals that were shown to readers, and their brothers: golden texts, in this order. */
static const struct scene golden[] = {
	{ "no PTR record",
	  "iprev = permerror",
	  set_iprev,
	  POINTER_NONE,
	  { "192.0.2.20", "PTR record to mail.out.example", "A record" } },
	{ "no PTR record, the HELO name resolves",
	  "iprev != pass",
	  set_iprev,
	  POINTER_NONE_HELO_RESOLVES,
	  { "192.0.2.20", "PTR record to mail.out.example" } },
	{ "PTR name without address",
	  "iprev = fail",
	  set_iprev,
	  POINTER_WITHOUT_ADDRESS,
	  { "192.0.2.20", "smtp.out.example", "A record" } },
	{ "PTR name that does not exist",
	  "iprev = fail",
	  set_iprev,
	  POINTER_NO_SUCH_NAME,
	  { "does not exist" } },
	{ "PTR name of another address",
	  "iprev = fail",
	  set_iprev,
	  POINTER_ELSEWHERE,
	  { "192.0.2.99", "add an A record for it with 192.0.2.20" } },
	{ "B21 PTR name without final dot",
	  "iprev = fail",
	  set_iprev,
	  POINTER_WITHOUT_DOT,
	  { "set its PTR record to \"smtp.out.example.\", with the dot at the end" } },
	{ "PTR record with no name",
	  "iprev = fail",
	  set_iprev,
	  POINTER_NO_NAME,
	  { "not a valid host name" } },
	{ "reverse DNS cannot be looked up", "iprev = temperror", set_iprev, POINTER_FAULT, { "SERVFAIL" } },
	{ "PTR name cannot be looked up", "iprev = temperror", set_iprev, POINTER_NAME_FAULT, { "timeout" } },
	{ "HELO localhost",
	  "helo = permerror",
	  set_helo_localhost,
	  RESULT_PERMERROR,
	  { "\"localhost\"", "192.0.2.20", "HELO name to smtp.out.example" } },
	{ "HELO of another name",
	  "helo = fail",
	  set_helo_other,
	  RESULT_FAIL,
	  { "\"mail.other.example\"", "HELO name to smtp.out.example" } },
	{ "HELO of another name, no PTR",
	  "helo != pass",
	  set_helo_nowhere,
	  RESULT_FAIL,
	  { "whose A record has to be 192.0.2.20" } },
	{ "HELO literal of another address",
	  "helo = fail",
	  set_helo_literal,
	  RESULT_FAIL,
	  { "[203.0.113.9]", "192.0.2.20", "smtp.out.example" } },
	{ "no HELO", "helo = none", set_helo_none, 0, { "did not introduce itself" } },
	{ "HELO name cannot be looked up",
	  "helo = temperror",
	  set_helo_nowhere,
	  RESULT_TEMPERROR,
	  { "timeout" } },
	{ "SPF fail",
	  "spf = fail",
	  set_spf,
	  RESULT_FAIL,
	  { "\"-all\"", "\"ip4:192.0.2.20\"", "TXT", "out.example" } },
	{ "SPF softfail",
	  "spf in { fail, softfail }",
	  set_spf,
	  RESULT_SOFTFAIL,
	  { "\"~all\"", "\"ip4:192.0.2.20\"" } },
	{ "SPF fail behind an include",
	  "spf = fail",
	  set_spf_included,
	  RESULT_FAIL,
	  { "the records that it includes", "Ask our help desk." } },
	{ "SPF neutral",
	  "spf != pass",
	  set_spf,
	  RESULT_NEUTRAL,
	  { "does not say whether", "\"ip4:192.0.2.20\"" } },
	{ "SPF none",
	  "spf = none",
	  set_spf,
	  RESULT_NONE,
	  { "no SPF record", "\"v=spf1 mx ip4:192.0.2.20 ~all\"" } },
	{ "SPF syntax",
	  "spf = permerror",
	  set_spf_problem,
	  SPF_PROBLEM_SYNTAX,
	  { "\"ipv4:192.0.2.20\"", "\"ip4:192.0.2.20\"", "_spf.out.example" } },
	{ "SPF syntax, IPv6 behind ip4", "spf = permerror", set_spf_syntax, 0, { "\"ip6:2001:db8::1\"" } },
	{ "SPF syntax, address behind a", "spf = permerror", set_spf_syntax, 1, { "\"ip4:192.0.2.20\"" } },
	{ "SPF syntax, ip", "spf = permerror", set_spf_syntax, 2, { "\"ip4:192.0.2.0/24\"" } },
	{ "SPF syntax, misspelt", "spf = permerror", set_spf_syntax, 3, { "\"include:_spf.host.example\"" } },
	{ "SPF syntax, prefix",
	  "spf = permerror",
	  set_spf_syntax,
	  4,
	  { "\"ip4:192.0.2.0/33\"", "correct or remove that term" } },
	{ "SPF syntax, unknown", "spf = permerror", set_spf_syntax, 5, { "\"foo\"" } },
	{ "two SPF records",
	  "spf = permerror",
	  set_spf_several,
	  0,
	  { "has 2 SPF records", "\"v=spf1 mx ip4:192.0.2.20 include:_spf.host.example ~all\"",
	    "must exist and must not allow everybody", "it can end with \"-all\"" } },
	{ "two SPF records that only a human can merge",
	  "spf = permerror",
	  set_spf_several,
	  2,
	  { "has 2 SPF records", "They are \"v=spf1 mx -all\" and", "to keep one of them" } },
	{ "two SPF records, of which one allows everybody",
	  "spf = permerror",
	  set_spf_several,
	  3,
	  { "has 2 SPF records", "any \"all\"", "Leave out a term that allows every address" } },
	{ "two SPF records without an include",
	  "spf = permerror",
	  set_spf_several,
	  4,
	  { "has 2 SPF records", "\"v=spf1 mx ip4:192.0.2.20 ~all\"." } },
	{ "two SPF records that only a human can merge, of which one redirects",
	  "spf = permerror",
	  set_spf_several,
	  5,
	  { "has 2 SPF records", "and with \"include:\" in place of \"redirect=\"" } },
	{ "two SPF records, of which one redirects",
	  "spf = permerror",
	  set_spf_several,
	  1,
	  { "has 2 SPF records", "\"v=spf1 mx include:_spf.host.example ~all\"" } },
	{ "more than 10 lookups",
	  "spf = permerror",
	  set_spf_problem,
	  SPF_PROBLEM_TERM_LIMIT,
	  { "more than 10", "mx, include:big.example (13 lookups or more)" } },
	{ "void lookups",
	  "spf = permerror",
	  set_spf_problem,
	  SPF_PROBLEM_VOID_LIMIT,
	  { "old.out.example (no A record), older.out.example (no MX record), oldest.out.example (no A record)" } },
	{ "a record that includes itself",
	  "spf = permerror",
	  set_spf_problem,
	  SPF_PROBLEM_ENDLESS,
	  { "loop", "Ask whoever manages the DNS of _spf.out.example to remove \"include:out.example\"" } },
	{ "a record that redirects to itself",
	  "spf = permerror",
	  set_spf_redirect_loop,
	  SPF_PROBLEM_ENDLESS,
	  { "loop", "_spf.out.example to put \"~all\" in place of \"redirect=out.example\"" } },
	{ "dead include",
	  "spf = permerror",
	  set_spf_problem,
	  SPF_PROBLEM_INCLUDE_WITHOUT_RECORD,
	  { "_spf.out.example contains \"include:dead.example\"" } },
	{ "include of no name",
	  "spf = permerror",
	  set_spf_problem,
	  SPF_PROBLEM_INCLUDE_OF_NO_NAME,
	  { NULL } },
	{ "dead redirect",
	  "spf = permerror",
	  set_spf_problem,
	  SPF_PROBLEM_REDIRECT_WITHOUT_RECORD,
	  { "\"redirect=dead.example\"" } },
	{ "too many MX",
	  "spf = permerror",
	  set_spf_problem,
	  SPF_PROBLEM_MX_LIMIT,
	  { "\"mx:dead.example\"" } },
	{ "a name of SPF cannot be looked up",
	  "spf = temperror",
	  set_spf_problem,
	  SPF_PROBLEM_LOOKUP_FAULT,
	  { "dead.example", "SERVFAIL" } },
	{ "SPF of HELO fails",
	  "spf-helo = fail",
	  set_spf_helo,
	  RESULT_FAIL,
	  { "mail.out.example", "\"ip4:192.0.2.20\"" } },
	{ "SPF of HELO has two records",
	  "spf-helo = permerror",
	  set_spf_helo_several,
	  2,
	  { "550 5.7.24", "mail.out.example", "2 SPF records" } },
	{ "SPF of HELO, no name", "spf-helo = none", set_spf_helo_nameless, RESULT_NONE, { "[192.0.2.20]" } },
	{ "SPF, no domain", "spf = none", set_spf_nameless, RESULT_NONE, { "\"joe\"" } },
	{ "nothing vouches for the author",
	  "dmarc = fail",
	  set_dmarc,
	  DMARC_NOTHING_PASSES,
	  { "news.bank.example", "d=news.bank.example" } },
	{ "others vouch for it",
	  "dmarc = fail",
	  set_dmarc,
	  DMARC_OTHERS_PASS,
	  { "SPF passed for out.example", "DKIM passed for list.example" } },
	{ "a policy from above",
	  "dmarc.policy = reject",
	  set_dmarc,
	  DMARC_OF_PARENT,
	  { "_dmarc.bank.example", "\"reject\"" } },
	{ "no DMARC record", "dmarc = none", set_dmarc, DMARC_NO_RECORD, { "v=DMARC1; p=none" } },
	{ "two DMARC records",
	  "dmarc = none",
	  set_dmarc_several,
	  DMARC_NO_RECORD,
	  { "2 DMARC records (TXT records at _dmarc.bank.example", "of news.bank.example",
	    "\"v=DMARC1; p=none\" and \"v=DMARC1; p=reject\"", "DNS of bank.example to delete" } },
	{ "DMARC is good", "dmarc = pass", set_dmarc, DMARC_GOOD, { "news.bank.example" } },
	{ "a broken DMARC record",
	  "dmarc = permerror",
	  set_dmarc,
	  DMARC_BROKEN,
	  { "_dmarc.news.bank.example" } },
	{ "DMARC cannot be looked up", "dmarc = temperror", set_dmarc, DMARC_DOWN, { "news.bank.example" } },
	{ "several From fields",
	  "from = several",
	  set_dmarc,
	  DMARC_SCENES + AUTHOR_SEVERAL_FIELDS,
	  { "several From fields", "exactly one" } },
	{ "no From field",
	  "dmarc = permerror",
	  set_dmarc,
	  DMARC_SCENES + AUTHOR_NO_FIELD,
	  { "no From field" } },
	{ "no author",
	  "from != one",
	  set_dmarc,
	  DMARC_SCENES + AUTHOR_NO_FIELD,
	  { "no From field", "exactly one" } },
	{ "an author that nobody can read",
	  "from != one",
	  set_dmarc,
	  DMARC_SCENES + AUTHOR_SYNTAX,
	  { "exactly one" } },
	{ "an author", "from = \"*.bank.example\"", set_dmarc, DMARC_GOOD, { "news.bank.example" } },
	{ "another author", "from != \"good.example\"", set_dmarc, DMARC_GOOD, { "news.bank.example" } },
	{ "no such domain",
	  "sender = fail",
	  set_sender,
	  SENDER_NO_SUCH_DOMAIN,
	  { "out.example", "spelling" } },
	{ "no MX", "sender = fail", set_sender, SENDER_NO_MX, { "out.example", "MX record" } },
	{ "null MX", "sender = fail", set_sender, SENDER_NULL_MX, { "550 5.7.27", "replace" } },
	{ "sender localhost", "sender = fail", set_sender, SENDER_LOCALHOST, { "joe@localhost" } },
	{ "MX to an address", "sender = fail", set_sender, SENDER_MX_NO_HOST, { "\"192.0.2.20\"" } },
	{ "MX without address", "sender = fail", set_sender, SENDER_MX_NO_ADDRESS, { "mx.out.example" } },
	{ "MX to a private address",
	  "sender = fail",
	  set_sender,
	  SENDER_MX_PRIVATE,
	  { "mx.out.example", "10.0.0.1" } },
	{ "no MX, private address", "sender = fail", set_sender, SENDER_ADDRESS_PRIVATE, { "10.0.0.1" } },
	{ "sender domain cannot be looked up",
	  "sender = temperror",
	  set_sender,
	  SENDER_UNKNOWN,
	  { "timeout" } },
	{ "sender address malformed",
	  "sender = permerror",
	  set_sender,
	  SENDER_MALFORMED,
	  { "joe@out.example" } },
	{ "sender without domain", "sender = none", set_sender, SENDER_NO_DOMAIN, { "\"joe\"" } },
	{ "listed address",
	  "dnsbl >= 4",
	  set_lists,
	  LISTED_CLIENT,
	  { "192.0.2.20", "bl.test", "infected", "https://bl.test/lookup?q=192.0.2.20" } },
	{ "listed domain",
	  "dnsbl",
	  set_lists,
	  LISTED_SENDER,
	  { "out.example", "dbl.test", "The DBL people", "Seen in spam." } },
	{ "listed twice",
	  "dnsbl.operators >= 2",
	  set_lists,
	  LISTED_BOTH,
	  { "bl.test", "out.example (by dbl.test)" } },
	{ "listed in one list", "listed in { \"dbl.test\" }", set_lists, LISTED_BOTH, { "dbl.test" } },
	{ "not listed in a list", "not listed in { \"wl.test\" }", set_lists, LISTED_NOWHERE, { "wl.test" } },
	{ "not listed", "dnsbl = 0", set_lists, LISTED_NOWHERE, { "192.0.2.20" } },
	{ "on no allowlist", "not dnswl", set_lists, LISTED_NOWHERE, { "wl.test" } },
	{ "on an allowlist", "dnswl >= 1", set_lists, LISTED_ALLOWED, { "wl.test" } },
	{ "lists cannot be asked", "dnsbl = temperror", set_lists, LISTS_DOWN, { "bl.test" } },
	{ "banner",
	  "banner = fail",
	  set_banner,
	  RESULT_FAIL,
	  { "\"localhost.localdomain\"", "mail.out.example" } },
	{ "no banner", "banner = none", set_banner, RESULT_NONE, { "port 25" } },
	{ "no TLS", "tls = none", set_tls, RESULT_NONE, { "192.0.2.20" } },
	{ "old TLS", "tls != pass", set_tls, RESULT_NEUTRAL, { "TLSv1.1" } },
	{ "no STARTTLS at the server", "peer-tls = fail", set_peer_tls, RESULT_FAIL, { "STARTTLS" } },
	{ "DANE of the server",
	  "peer-tls = fail",
	  set_dane,
	  RESULT_FAIL,
	  { "3 1 1 aaaa", "_25._tcp.mail.out.example" } },
	{ "certificate of the server",
	  "peer-tls = neutral",
	  set_peer_tls,
	  RESULT_NEUTRAL,
	  { "other.example", "mail.out.example" } },
	{ "body changed after signing",
	  "dkim = fail",
	  set_dkim,
	  DKIM_BODY_HASH,
	  { "out.example", "last step" } },
	{ "header changed after signing",
	  "dkim = fail",
	  set_dkim,
	  DKIM_SIGNATURE,
	  { "k1._domainkey.out.example" } },
	{ "no DKIM key",
	  "dkim = permerror",
	  set_dkim,
	  DKIM_KEY_NONE,
	  { "TXT record at k1._domainkey.out.example", "v=DKIM1; k=rsa; p=" } },
	{ "short DKIM key", "dkim = permerror", set_dkim, DKIM_KEY_SHORT, { "512 bits", "2048 bits" } },
	{ "not all is signed", "dkim = policy", set_dkim, DKIM_UNSIGNED_OCTETS, { "l=20" } },
	{ "DKIM key cannot be looked up", "dkim = temperror", set_dkim, DKIM_KEY_LOOKUP, { "timeout" } },
	{ "not signed", "dkim = none", set_dkim, DKIM_REASONS, { "out.example" } },
	{ "signed by a domain", "dkim.domain = \"out.example\"", set_dkim, DKIM_NONE, { "DKIM signature" } },
	{ "not signed by a domain",
	  "dkim.domain != \"good.example\"",
	  set_dkim,
	  DKIM_NONE,
	  { "DKIM signature" } },
	{ "body changed after sealing",
	  "arc = fail",
	  set_arc,
	  ARC_OF_SEAL + DKIM_BODY_HASH,
	  { "after relay.example sealed it", "send this mail directly" } },
	{ "a seal that does not verify", "arc = fail", set_arc, ARC_SEAL, { "relay.example (set 2)" } },
	{ "no ARC key",
	  "arc != pass",
	  set_arc,
	  ARC_OF_SEAL + DKIM_KEY_NONE,
	  { "TXT record at s2._domainkey.relay.example" } },
	{ "ARC key cannot be looked up",
	  "arc = temperror",
	  set_arc,
	  ARC_OF_SEAL + DKIM_KEY_LOOKUP,
	  { "timeout", "s2._domainkey.relay.example" } },
	{ "short ARC key", "arc = fail", set_arc, ARC_OF_SEAL + DKIM_KEY_SHORT, { "512 bits", "2048 bits" } },
	{ "a chain that is not complete", "arc = fail", set_arc, ARC_MISSING, { "set 2" } },
	{ "a chain that was broken before", "arc = fail", set_arc, ARC_FAILED, { "cv=fail" } },
	{ "no chain", "arc = none", set_arc, ARC_NO_CHAIN, { "ARC" } },
	{ "a chain that is good", "arc = pass", set_arc, ARC_NONE, { "relay.example" } },
	{ "sealed by a domain",
	  "arc.sealer in { \"list.example\" }",
	  set_arc,
	  ARC_OF_TRUSTED,
	  { "forwarded and sealed" } },
	{ "not sealed by a domain",
	  "not arc.sealer in { \"good.example\" }",
	  set_arc,
	  ARC_OF_TRUSTED,
	  { "certain domains" } },
	{ "sealed by nobody who is trusted",
	  "arc.sealer = untrusted",
	  set_arc,
	  ARC_NONE,
	  { "certain domains" } },
	{ "sealed by somebody who is trusted",
	  "arc.sealer = trusted",
	  set_arc,
	  ARC_OF_TRUSTED,
	  { "forwarded and sealed" } },
	{ "recipient",
	  "recipient = \"secret@in.test\"",
	  set_nothing,
	  0,
	  { "The receiving site's policy for this recipient address" } },
	{ "not the recipient",
	  "recipient != \"other@in.test\"",
	  set_nothing,
	  0,
	  { "The receiving site's policy for this recipient address" } },
	{ "sender address", "mail-from = \"*@out.example\"", set_nothing, 0, { "joe@out.example" } },
	{ "not the sender address",
	  "mail-from != \"*@good.example\"",
	  set_nothing,
	  0,
	  { "joe@out.example" } },
	{ "null sender", "mail-from = \"\"", set_null_sender, 0, { "<>" } },
	{ "HELO name", "helo-name = \"*.out.example\"", set_nothing, 0, { "\"mail.out.example\"" } },
	{ "not the HELO name",
	  "helo-name != \"*.good.example\"",
	  set_nothing,
	  0,
	  { "\"mail.out.example\"" } },
	{ "client name",
	  "client-name = \"*.out.example\"",
	  set_iprev,
	  POINTER_RIGHT,
	  { "smtp.out.example", "192.0.2.20" } },
	{ "client name, the second of two",
	  "client-name = \"*.dyn.example\"",
	  set_two_names,
	  0,
	  { "name pc.dyn.example, and" } },
	{ "not the client name",
	  "client-name != \"*.good.example\"",
	  set_iprev,
	  POINTER_NONE,
	  { "192.0.2.20" } },
	{ "network", "client in { 192.0.2.0/24 }", set_nothing, 0, { "192.0.2.20" } },
	{ "not the network", "client not in { 203.0.113.0/24 }", set_nothing, 0, { "192.0.2.20" } },
	{ "trusted", "trusted", set_client, 1, { "192.0.2.20" } },
	{ "not trusted", "not trusted", set_client, 0, { "192.0.2.20" } },
	{ "logged in", "authenticated", set_client, 2, { "SMTP AUTH" } },
	{ "not logged in", "not authenticated", set_client, 0, { "SMTP AUTH" } },
	{ "forwarded", "looks-forwarded", set_forwarded, 1, { "SRS" } },
	{ "not forwarded",
	  "not looks-forwarded",
	  set_forwarded,
	  0,
	  { "DKIM signature of the domain in From" } },
	{ "own domain without login",
	  "mail-from = \"*@out.example\" and not authenticated",
	  set_client,
	  0,
	  { "SMTP AUTH", "joe@out.example" } },
	{ "SPF, and an exception",
	  "spf = fail and not authenticated and recipient = \"*@in.test\"",
	  set_spf,
	  RESULT_FAIL,
	  { "ip4:192.0.2.20" } },
	{ "a pattern, or SPF",
	  "mail-from = \"*@out.example\" or spf = fail",
	  set_spf,
	  RESULT_FAIL,
	  { "ip4:192.0.2.20", "(2) The receiving site's policy" } },
	{ "a good result", "iprev = pass", set_iprev, POINTER_RIGHT, { "smtp.out.example" } },
};

/* Composing. */

struct prepared {
	const char *title;
	struct config *config; /* or NULL */
	const struct condition *condition;
	void (*set)(struct facts *facts, int value);
	int value;
};

static struct config *plain;
static struct config *with_contact;

static struct verdict
refusal_for(const struct condition *condition, const struct facts *facts, struct rule *rule)
{
	static const struct mailbox recipient = {
		.form = MAILBOX_ADDRESS, .local = "secret", .domain = "in.test", .text = "secret@in.test"
	};

	*rule = (struct rule){ .action = ACTION_REJECT, .condition = condition, .percent = 100 };
	return (struct verdict){ .facts = facts,
				 .action = ACTION_REJECT,
				 .is_enforced = true,
				 .rule = rule,
				 .reasons = reasons_of(condition, facts, &recipient) };
}

/* The whole reply as it goes over the line, with its ends. */
static void
write_reply(const struct smtp_reply *reply, struct strbuf *text)
{
	for (size_t i = 0; i < reply->count; i++)
		strbuf_printf(text, "%u%c%s %s\n", reply->code, i + 1 < reply->count ? '-' : ' ',
			      reply->xcode, reply->lines[i]);
}

static void
assert_says(const char *whole, const char *words, const char *title)
{
	if (words != NULL && strstr(whole, words) == NULL)
		fail_msg("%s: no '%s' in\n%s", title, words, whole);
}

static void
assert_says_not(const char *whole, const char *words, const char *title)
{
	if (strstr(whole, words) != NULL)
		fail_msg("%s: '%s' in\n%s", title, words, whole);
}

/* Words that WORDS.md rules out, and what no text should hold. */
static void
assert_words(const char *whole, const char *title)
{
	static const char *const forbidden[] = {
		" lead to", " leads to",  "at hand",
		" well ",   "folder",     " mend",
		" heed",    "put off",    "stranger",
		" can add", " can set",   " can correct",
		"RFC",      "127.0.",     "$",
		"(null)",   "  ",         " . ",
		"secret",   "Reference ", "a rule of the receiving site",
	};

	for (size_t i = 0; i < ROWS(forbidden); i++)
		assert_says_not(whole, forbidden[i], title);
	assert_says(whole, "quote reference " REFERENCE ".\n", title);
}

/* Lines that RFC 5321 allows, each but the last ending with a sentence. */
static void
assert_lines(const struct smtp_reply *reply, const char *whole, const char *title)
{
	assert_in_range(reply->count, 1, SMTP_REPLY_LINES);
	for (size_t i = 0; i < reply->count; i++) {
		const char *line = reply->lines[i];
		size_t length = strlen(line);

		if (length + sizeof "550-5.7.999 \r\n" > 512)
			fail_msg("%s: too long: %s", title, line);
		while (length > 0 && ascii_is_among(line[length - 1], "\")"))
			length--;
		if (length == 0 || !ascii_is_among(line[length - 1], ".?!"))
			fail_msg("%s: a line breaks off:\n%s", title, whole);
	}
}

/* A record keeps the reasons of a refusal whatever they are, and how several are joined. */
static void
assert_is_recorded(const struct condition *condition, const struct facts *facts, const char *title)
{
	struct rule rule;
	const struct verdict verdict = refusal_for(condition, facts, &rule);
	const struct record_verdict told = record_verdict_of(&verdict, NULL);
	const struct record_recipient recipient = { { "<joe@in.test>", NULL }, 0 };
	const struct message_record record = { .ident = REFERENCE,
					       .time_s = 1764000000,
					       .mode = MODE_ENFORCE,
					       .facts = facts,
					       .verdicts = &told,
					       .recipients = &recipient,
					       .recipient_count = 1,
					       .recipient_total = 1 };
	char *line = record_make(&record, RECORD_WHOLE);
	struct reasons reasons = verdict.reasons;
	struct record_reading reading;

	if (reasons.count == 1)
		reasons.joined_count = 0;
	assert_non_null(line);
	if (!record_read(span_of(line), &reading))
		fail_msg("%s: is not read:\n%s", title, line);
	if (!reasons_equal(&reading.record.verdicts[0].reasons, &reasons))
		fail_msg("%s: other reasons are read:\n%s", title, line);
	free(line);
	record_release(&reading);
}

/* Compose a refusal in `text`, and look at what every one must have. */
static void
compose(const struct config *config, const struct condition *condition, const struct facts *facts,
	const char *title, struct strbuf *text)
{
	struct rule rule;
	const struct verdict verdict = refusal_for(condition, facts, &rule);
	struct smtp_reply reply;

	if (verdict.reasons.count == 0)
		fail_msg("%s: no reason", title);
	compose_reply(config, &verdict, REFERENCE, &reply);
	write_reply(&reply, text);
	assert_lines(&reply, text->text, title);
	assert_words(text->text, title);
	assert_true(strncmp(reply.lines[0], "For help", 8) != 0);
}

static struct config *
config_of(const struct scene *scene)
{
	char text[600];

	(void)snprintf(
		text, sizeof text,
		"look-back yes enable { dkim, dmarc, arc } trust { arc-sealers { \"list.example\", \"relay.example\" } } dnsbl \"bl.test\" domain-dnsbl \"dbl.test\" dnswl \"wl.test\" policy { reject when %s }",
		scene->rule);
	return config_from_text(text, NULL);
}

static const struct condition *
condition_of(const struct config *config)
{
	return config->default_policy.rules.items[0].condition;
}

/* What is told of each bound that keeps something from being known. */
static void
add_withheld(struct strbuf *all)
{
	static const struct rule rule = { .action = ACTION_REJECT };

	for (int status = 0; status < DNS_STATUSES; status++) {
		const struct facts facts = facts_of();
		const struct verdict verdict = { .facts = &facts,
						 .action = ACTION_DEFER,
						 .is_softened = true,
						 .rule = &rule,
						 .withheld = (enum dns_status)status };
		struct smtp_reply reply;
		char one[4000];
		struct strbuf text = STRBUF_OVER(one);

		if (!dns_status_is_withheld((enum dns_status)status))
			continue;
		compose_reply(with_contact, &verdict, REFERENCE, &reply);
		write_reply(&reply, &text);
		assert_words(one, record_status_token((enum dns_status)status));
		strbuf_printf(all, "%s\n\n%s\n\nHere: %s\n\n", record_status_token((enum dns_status)status),
			      one, withheld_explanation((enum dns_status)status));
	}
}

static void
B12_compose_reply_tells_each_cause_whole(void **state)
{
	static char memory[GOLDEN_SIZE];
	struct strbuf all = STRBUF_OVER(memory);

	(void)state;
	for (size_t i = 0; i < ROWS(golden); i++) {
		const struct scene *scene = &golden[i];
		struct config *config = config_of(scene);
		struct facts facts = facts_of();
		char one[4000];
		struct strbuf text = STRBUF_OVER(one);

		scene->set(&facts, scene->value);
		compose(with_contact, condition_of(config), &facts, scene->title, &text);
		for (size_t j = 0; j < ROWS(scene->says); j++)
			assert_says(one, scene->says[j], scene->title);
		assert_is_recorded(condition_of(config), &facts, scene->title);
		strbuf_printf(&all, "%s: reject when %s\n\n%s\n\n", scene->title, scene->rule, one);
		config_unref(config);
	}
	add_withheld(&all);
	assert_false(all.is_cut);
	golden_compare("replies", memory);
}

/* Everything. */

static struct prepared scenes[SCENES_MAX];
static struct condition conditions[SCENES_MAX];
static size_t scene_count;

static void
prepare(const char *title, const struct condition *condition, void (*set)(struct facts *, int), int value)
{
	assert_true(scene_count < SCENES_MAX);
	scenes[scene_count] =
		(struct prepared){ .title = title, .condition = condition, .set = set, .value = value };
	scene_count++;
}

/* A test of one method that is true whatever its result, set by that row. */
static void
prepare_method(const char *title, enum method method, void (*set)(struct facts *, int), int value)
{
	conditions[scene_count] =
		(struct condition){ .kind = CONDITION_RESULT, .method = method, .results = ~1U };
	prepare(title, &conditions[scene_count], set, value);
}

static void
prepare_rows(const char *title, enum method method, void (*set)(struct facts *, int), int first, int end)
{
	for (int value = first; value < end; value++)
		prepare_method(title, method, set, value);
}

/* Any result of any method with nothing else known: what a record of a later version may bring. */
static void
set_bare(struct facts *facts, int value)
{
	facts->results[value / RESULTS] = (enum result)(value % RESULTS);
}

static void
prepare_bare_results(void)
{
	for (int method = 0; method < METHODS; method++)
		for (int result = RESULT_NONE; result < RESULTS; result++)
			if ((method_words((enum method)method)->results & 1U << result) != 0)
				prepare_method("a bare result", (enum method)method, set_bare,
					       method * RESULTS + result);
}

static void
prepare_all(void)
{
	for (size_t i = 0; i < ROWS(golden); i++) {
		struct config *config = config_of(&golden[i]);

		scenes[scene_count].config = config;
		prepare(golden[i].title, condition_of(config), golden[i].set, golden[i].value);
		scenes[scene_count - 1].config = config;
	}
	prepare_rows("iprev", METHOD_IPREV, set_iprev, POINTER_NONE, POINTER_RIGHT + 1);
	prepare_rows("HELO fault", METHOD_HELO, set_helo_fault, HELO_FAULT_NONE, HELO_FAULTS);
	prepare_method("HELO literal", METHOD_HELO, set_helo_literal, RESULT_PASS);
	prepare_rows("SPF problem", METHOD_SPF, set_spf_problem, SPF_PROBLEM_NONE, SPF_PROBLEMS);
	prepare_rows("SPF problem of libspf2", METHOD_SPF, set_spf_bare_problem, SPF_PROBLEM_NONE,
		     SPF_PROBLEMS);
	prepare_rows("SPF fault", METHOD_SPF, set_spf_fault, SPF_FAULT_NONE, SPF_FAULTS);
	prepare_rows("sender", METHOD_SENDER, set_sender, SENDER_UNCHECKED + 1, SENDER_FINDINGS);
	prepare_rows("DKIM", METHOD_DKIM, set_dkim, DKIM_NONE, DKIM_REASONS + 1);
	prepare_rows("ARC", METHOD_ARC, set_arc, ARC_NONE, ARC_SCENES);
	prepare_rows("DMARC", METHOD_DMARC, set_dmarc, DMARC_NOTHING_PASSES, DMARC_SCENES);
	prepare_rows("From", METHOD_DMARC, set_dmarc, DMARC_SCENES + AUTHOR_NO_FIELD,
		     DMARC_SCENES + AUTHOR_FINDINGS);
	prepare_rows("lists", METHOD_DNSBL, set_lists, LISTED_NOWHERE, LISTS_DOWN + 1);
	prepare_rows("allowlists", METHOD_DNSWL, set_lists, LISTED_NOWHERE, LISTS_DOWN + 1);
	prepare_rows("outcome", METHOD_BANNER, set_peer_outcome, PEER_ANSWERS, PEER_OUTCOMES);
	prepare_rows("STARTTLS", METHOD_PEER_TLS, set_starttls, STARTTLS_UNKNOWN, STARTTLS_STATES);
	prepare_bare_results();
}

static int
set_up(void **state)
{
	(void)state;
	plain = config_from_text("mode audit", NULL);
	with_contact = config_from_text(
		"contact \"postmaster@mx.test\" look-back yes enable { dkim, dmarc, arc } spf { explanation yes }",
		NULL);
	prepare_all();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < scene_count; i++)
		if (scenes[i].config != NULL)
			config_unref(scenes[i].config);
	config_unref(plain);
	config_unref(with_contact);
	return 0;
}

static void
B12_compose_reply_has_a_reason_for_each_test_and_result(void **state)
{
	(void)state;
	for (size_t i = 0; i < scene_count; i++) {
		struct facts facts = facts_of();
		char one[4000];
		struct strbuf text = STRBUF_OVER(one);

		scenes[i].set(&facts, scenes[i].value);
		compose(plain, scenes[i].condition, &facts, scenes[i].title, &text);
	}
}

/* Who fails DMARC is told to sign; that the mail is not signed is told as well only where that alone refuses
 * it. */
static void
compose_reply_tells_once_to_sign(void **state)
{
	static const struct {
		const char *rule;
		bool is_told;
	} cases[] = { { "dmarc = fail and dkim = none", false }, { "dmarc = fail or dkim = none", true } };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		const struct scene scene = { .rule = cases[i].rule };
		struct config *config = config_of(&scene);
		struct facts facts = facts_of();
		char one[4000];
		struct strbuf text = STRBUF_OVER(one);

		set_dkim(&facts, DKIM_REASONS);
		set_dmarc(&facts, DMARC_NOTHING_PASSES);
		compose(with_contact, condition_of(config), &facts, cases[i].rule, &text);
		assert_non_null(strstr(one, "neither SPF nor DKIM passes"));
		assert_int_equal(strstr(one, "has no DKIM signature") != NULL, cases[i].is_told);
		config_unref(config);
	}
}

/* Every kind of test is among them. */
static void
scenes_hold_each_kind_of_test(void **state)
{
	unsigned kinds = 0, subjects = 0, quantities = 0, methods = 0;

	(void)state;
	for (size_t i = 0; i < scene_count; i++) {
		const struct condition *test = scenes[i].condition;

		if (test->kind == CONDITION_NOT)
			test = test->operands[0];
		kinds |= 1U << test->kind;
		subjects |= test->kind == CONDITION_TEXT || test->kind == CONDITION_WORD ? 1U << test->subject
											 : 0;
		quantities |= test->kind == CONDITION_QUANTITY ? 1U << test->quantity : 0;
		methods |= test->kind == CONDITION_RESULT ? 1U << test->method : 0;
	}
	assert_int_equal(kinds | 1U << CONDITION_NOT, (1U << CONDITION_KINDS) - 1);
	assert_int_equal(subjects, (1U << SUBJECTS) - 1);
	assert_int_equal(quantities, (1U << QUANTITIES) - 1);
	assert_int_equal(methods, (1U << METHODS) - 1);
}

/* Two tests joined: what makes the rule true is told, and numbers come in order. */
static void
compose_pair(enum condition_kind kind, const struct prepared *one, const struct prepared *other)
{
	static const struct mailbox nobody = {
		.form = MAILBOX_MALFORMED, .local = "", .domain = "", .text = ""
	};
	const struct condition *operands[2] = { one->condition, other->condition };
	const struct condition pair = { .kind = kind, .operands = operands, .operand_count = 2 };
	struct facts facts = facts_of();
	char title[200], memory[4000];
	struct strbuf text = STRBUF_OVER(memory);

	one->set(&facts, one->value);
	other->set(&facts, other->value);
	if (reasons_of(&pair, &facts, &nobody).count == 0)
		return; /* both set the same thing */
	(void)snprintf(title, sizeof title, "%s %s %s", one->title, kind == CONDITION_AND ? "and" : "or",
		       other->title);
	compose(plain, &pair, &facts, title, &text);
	if (strstr(memory, "(1) ") == NULL)
		return;
	assert_says(memory, "(2) ", title);
}

static void
compose_reply_has_a_reason_for_each_pair(void **state)
{
	(void)state;
	for (size_t i = 0; i < scene_count; i++)
		for (size_t j = 0; j < scene_count; j++) {
			compose_pair(CONDITION_AND, &scenes[i], &scenes[j]);
			compose_pair(CONDITION_OR, &scenes[i], &scenes[j]);
		}
}

#define SPF_FAILS_4 "spf = fail or spf = fail or spf = fail or spf = fail"
#define SPF_FAILS_17 SPF_FAILS_4 " or " SPF_FAILS_4 " or " SPF_FAILS_4 " or " SPF_FAILS_4 " or spf = fail"

/* What is said of several causes where only the first is told. */
static void
assert_joint(const struct condition *condition, const struct facts *facts, const char *joint)
{
	struct rule rule;
	const struct verdict verdict = refusal_for(condition, facts, &rule);
	const struct cause_summary causes =
		compose_causes(&(struct reply_grounds){ .facts = facts, .reasons = &verdict.reasons });

	char memory[REASONS_JOINED_SIZE];
	struct strbuf joined = STRBUF_OVER(memory);
	struct reasons read = verdict.reasons;

	assert_string_equal(causes.joint, joint);
	assert_int_equal(causes.count > 1, joint[0] != '\0');
	assert_int_equal(causes.is_cut, causes.count > 1 && verdict.reasons.is_cut);
	reasons_write_joined(&verdict.reasons, &joined);
	assert_false(joined.is_cut);
	assert_true(reasons_read_joined(&read, span_of(memory)));
	assert_true(reasons_equal(&read, &verdict.reasons));
}

/* Of a record, which anybody may have written. */
static void
reasons_are_joined_as_they_fit_alone(void **state)
{
	static const struct {
		const char *text;
		bool fits;
		size_t count;
	} cases[] = {
		{ "0 1 and 2 or", true, 5 },
		{ "2", true, 1 },
		{ "0 0 or other and", true, 5 },
		{ "", true, 0 },
		{ "0 1", false, 0 },
		{ "0 and", false, 0 },
		{ "and", false, 0 },
		{ "0 3 or", false, 0 },
		{ "0 -1 or", false, 0 },
		{ "0 001 or", false, 0 },
		{ "0 1 nor", false, 0 },
		{ "0 16 or", false, 0 },
	};
	char memory[4 * REASONS_JOINED_MAX + 8];
	struct strbuf many = STRBUF_OVER(memory);
	struct reasons reasons = { .count = 3 };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		print_message("    %s\n", cases[i].text);
		assert_int_equal(reasons_read_joined(&reasons, span_of(cases[i].text)), cases[i].fits);
		assert_int_equal(reasons.joined_count, cases[i].count);
	}
	assert_true(reasons.is_cut); /* for one was not kept */
	for (size_t i = 0; i <= REASONS_JOINED_MAX; i++)
		strbuf_add(&many, "0 ");
	assert_false(reasons_read_joined(&reasons, span_of(memory)));
}

/* Several causes are numbered, and it is said whether both must be fixed; in few words, too. */
static void
compose_reply_says_whether_all_must_be_fixed(void **state)
{
	static const struct {
		const char *rule;
		const char *says, *says_not, *joint;
	} table[] = {
		{ "spf = fail and iprev = permerror",
		  "Fixing either of these two is enough to avoid this refusal.", "Both",
		  "fixing either is enough" },
		{ "spf = fail or iprev = permerror", "Both must be fixed.", "either", "both must be fixed" },
		{ "not (spf = pass or iprev = pass)",
		  "Fixing either of these two is enough to avoid this refusal.", "Both",
		  "fixing either is enough" },
		{ "not (spf = pass and iprev = pass)", "Both must be fixed.", "either",
		  "both must be fixed" },
		{ "spf = fail or iprev = permerror or banner = fail", "All 3 must be fixed.", "any",
		  "all must be fixed" },
		{ "helo = fail and banner = fail and tls = none",
		  "Fixing any one of the 3 is enough to avoid this refusal.", "must be",
		  "fixing any one is enough" },
		{ "spf = fail and iprev = permerror and banner = fail",
		  "1 more problem was found (Banner), which need not be fixed then.", "must be",
		  "fixing any one is enough" },
		{ "spf = fail or iprev = permerror or banner = fail or helo = fail",
		  "2 more problems were found (HELO name, Banner). All 4 must be fixed.", "enough",
		  "all must be fixed" },
		{ "spf = fail and iprev = permerror or banner = fail",
		  "Fixing only one of them may not be enough.", "must be",
		  "fixing only one of them may not be enough" },
		{ "(spf = fail or iprev = permerror) and not authenticated", "Both must be fixed.", "policy",
		  "both must be fixed" },
		{ "spf = fail and client in { 192.0.2.20 } or iprev = permerror", "Both must be fixed.",
		  "policy", "both must be fixed" },
		{ "banner = fail or iprev = permerror or " SPF_FAILS_17,
		  "More problems were found. Fixing only one of them may not be enough.", "must be",
		  "fixing only one of them may not be enough" },
		{ "spf = fail or not dnswl", "Fixing only the first is not enough: ", "Both",
		  "fixing only the first is not enough" },
		{ "banner = fail and (spf = fail or iprev = permerror)", "greets as", "SPF", "" },
		{ "spf = fail and iprev = permerror or banner = fail and iprev = permerror", "reverse DNS",
		  "SPF", "" },
		{ "(spf = fail or iprev = permerror) and (banner = fail or iprev = permerror)",
		  "Fixing only one of them may not be enough.", "must be",
		  "fixing only one of them may not be enough" },
		{ "spf = fail and (trusted or not authenticated)", "ip4:192.0.2.20", "(1)", "" },
		{ "spf = fail or spf != pass", "ip4:192.0.2.20", "(1)", "" },
		{ "spf = fail or client in { 192.0.2.20 }", "Fixing only the first is not enough: ", "Both",
		  "fixing only the first is not enough" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const struct scene scene = { .title = table[i].rule, .rule = table[i].rule };
		struct config *config = config_of(&scene);
		struct facts facts = facts_of();
		char memory[4000];
		struct strbuf text = STRBUF_OVER(memory);

		set_iprev(&facts, POINTER_NONE);
		set_banner(&facts, RESULT_FAIL);
		set_tls(&facts, RESULT_NONE);
		set_spf(&facts, RESULT_FAIL);
		set_lists(&facts, LISTED_NOWHERE);
		if (strstr(table[i].rule, "helo") != NULL)
			set_helo(&facts, "localhost", RESULT_FAIL);
		compose(plain, condition_of(config), &facts, scene.title, &text);
		assert_says(memory, table[i].says, scene.title);
		assert_says_not(memory, table[i].says_not, scene.title);
		assert_joint(condition_of(config), &facts, table[i].joint);
		config_unref(config);
	}
}

/* What is to be done first depends on what the catalogue says of the answer. */
static void
compose_reply_says_what_to_do_about_each_kind_of_listing(void **state)
{
	static const struct {
		enum listing listed;
		const char *meaning, *says;
	} table[] = {
		{ LISTED_CLIENT, "PBL: an address that should not send mail directly",
		  "If this is a home or office connection" },
		{ LISTED_CLIENT, "RATS-Dyna: a dynamic address", "If this is a home or office connection" },
		{ LISTED_CLIENT, "RATS-NoPtr: no reverse DNS", "first ask the provider of this IP address" },
		{ LISTED_CLIENT, "generic reverse DNS", "first ask the provider of this IP address" },
		{ LISTED_CLIENT, "XBL: an infected or abused host", "first find and clean what is infected" },
		{ LISTED_CLIENT, "a source of spam, or an infected host", "first find and clean" },
		{ LISTED_CLIENT, "an abused host or open proxy", "first find and clean" },
		{ LISTED_CLIENT, "RATS-Auth: guesses passwords", "first find and clean" },
		{ LISTED_CLIENT, "reported for attacks", "first find and clean" },
		{ LISTED_CLIENT, "sends bounces to forged senders", "reject mail for unknown recipients" },
		{ LISTED_CLIENT, "level 2: a network with many sources of spam", "the whole network" },
		{ LISTED_CLIENT, "level 3: a provider with many sources of spam", "the whole network" },
		{ LISTED_CLIENT, "SBL: a source of spam", "first stop the mail that was reported as spam" },
		{ LISTED_CLIENT, "a very bad reputation", "first stop the mail that was reported as spam" },
		{ LISTED_CLIENT, "listed by hand", "first stop the cause" },
		{ LISTED_CLIENT, NULL, "first stop the cause" },
		{ LISTED_SENDER, "a domain registered in the last 15 days", "while they are new" },
		{ LISTED_SENDER, "ZRD: a domain first seen less than a day ago", "while they are new" },
		{ LISTED_SENDER, "DBL: an abused legitimate domain", "first remove what others have placed" },
		{ LISTED_SENDER, "DBL: a spam domain", "first stop the cause" },
	};
	const struct scene scene = { .rule = "dnsbl" };
	struct config *config = config_of(&scene);

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const char **meaning =
			table[i].listed == LISTED_CLIENT ? &findings[0].meaning : &domain_findings[0].meaning;
		const char *before = *meaning;
		struct facts facts = facts_of();
		char memory[4000];
		struct strbuf text = STRBUF_OVER(memory);

		*meaning = table[i].meaning;
		set_lists(&facts, (int)table[i].listed);
		compose(plain, condition_of(config), &facts, table[i].says, &text);
		assert_says(memory, table[i].says, "");
		assert_says(memory, "removal", table[i].says);
		*meaning = before;
	}
	config_unref(config);
}

/* A refusal for no test at all: "otherwise", and mail that was not checked. */
static void
compose_reply_has_a_reason_without_tests(void **state)
{
	static const struct {
		struct rule rule;
		enum dns_status withheld;
		enum action action;
		const char *says;
	} table[] = {
		{ { .action = ACTION_REJECT },
		  DNS_NOERROR,
		  ACTION_REJECT,
		  "The receiving site's policy for this recipient address" },
		{ { .action = ACTION_REJECT },
		  DNS_TOO_MANY_OF_CLIENT,
		  ACTION_DEFER,
		  "Too many domain names are being looked up" },
		{ { .action = ACTION_DEFER }, DNS_NOERROR, ACTION_DEFER, "This refusal is temporary" },
		{ { .action = ACTION_REJECT, .text = "No." },
		  DNS_NOERROR,
		  ACTION_REJECT,
		  "5.7.1 No. For help" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const struct facts facts = facts_of();
		const struct verdict verdict = { .facts = &facts,
						 .action = table[i].action,
						 .rule = &table[i].rule,
						 .withheld = table[i].withheld };
		struct smtp_reply reply;
		char memory[4000];
		struct strbuf text = STRBUF_OVER(memory);

		compose_reply(plain, &verdict, REFERENCE, &reply);
		write_reply(&reply, &text);
		assert_words(memory, table[i].says);
		assert_lines(&reply, memory, table[i].says);
		assert_says(memory, table[i].says, "");
	}
}

/* Names as long as they get, and full of octets that have to be escaped. */
static void
compose_reply_breaks_at_sentences_whatever_the_names(void **state)
{
	static char name[DOMAIN_SIZE];

	(void)state;
	memset(name, '\x01', sizeof name - 1);
	for (size_t i = 0; i < scene_count; i++) {
		struct facts facts = facts_of();
		char one[4000];
		struct strbuf text = STRBUF_OVER(one);

		scenes[i].set(&facts, scenes[i].value);
		facts.helo.given = facts.sender.mailbox.text = facts.sender.domain = name;
		facts.helo.name = facts.sender.host = name;
		facts.spf[SPF_MAILFROM].domain = facts.spf[SPF_HELO].domain = name;
		facts.spf[SPF_MAILFROM].mechanism = name;
		facts.spf[SPF_MAILFROM].problem.name = facts.spf[SPF_MAILFROM].problem.holder =
			facts.spf[SPF_MAILFROM].problem.term = name;
		facts.client.address.length = 16;
		if (facts.iprev.names != NULL)
			pointer.name = name;
		if (facts.iprev.verified != NULL)
			facts.iprev.verified = name;
		if (reasons_of(scenes[i].condition, &facts, &facts.sender.mailbox).count > 0)
			compose(with_contact, scenes[i].condition, &facts, scenes[i].title, &text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(B12_compose_reply_tells_each_cause_whole),
		cmocka_unit_test(compose_reply_tells_once_to_sign),
		cmocka_unit_test(scenes_hold_each_kind_of_test),
		cmocka_unit_test(B12_compose_reply_has_a_reason_for_each_test_and_result),
		cmocka_unit_test(compose_reply_has_a_reason_for_each_pair),
		cmocka_unit_test(compose_reply_says_whether_all_must_be_fixed),
		cmocka_unit_test(reasons_are_joined_as_they_fit_alone),
		cmocka_unit_test(compose_reply_says_what_to_do_about_each_kind_of_listing),
		cmocka_unit_test(compose_reply_has_a_reason_without_tests),
		cmocka_unit_test(compose_reply_breaks_at_sentences_whatever_the_names),
	};

	return cmocka_run_group_tests_name("replies", tests, set_up, tear_down);
}
