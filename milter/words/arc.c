/* Chains of ARC in words: see telling.h. */
#include "heloscope/words/telling.h"

#include <stdio.h>

#include "heloscope/base/prose.h"
#include "heloscope/words/signature.h"

#define LINE_SIZE 2400
#define NAME_SIZE (2 * DOMAIN_SIZE + 16) /* of the name of a key */
#define NUMBER_SIZE 16

/* What goes into a comment or behind "ARC: "; $I stands for the set, $D for the domain of the signature. */
static const char *const phrases[ARC_REASONS] = {
	[ARC_NONE] = "valid chain",
	[ARC_NO_CHAIN] = "not sealed",
	[ARC_INSTANCE] = "an ARC field is malformed or has no instance (i=) from 1 to 50",
	[ARC_TWICE] = "set $I has a field twice",
	[ARC_MISSING] = "set $I is not complete",
	[ARC_FAILED] = "the newest seal says that the chain was not valid before (cv=fail)",
	[ARC_STATUS] = "the seal of set $I has a wrong chain status (cv=)",
	[ARC_SEAL_NAMES] = "the seal of set $I has h=",
	[ARC_SEAL_SIGNED] = "the message signature of set $I covers a seal",
	[ARC_KEYS] = "more keys than are looked up",
	[ARC_HEADER_LONG] = "the header is too long to validate the chain",
	[ARC_MESSAGE] = "message signature of set $I, $D: ",
	[ARC_SEAL] = "seal of set $I, $D: ",
	[ARC_NO_MEMORY] = "out of memory",
};

static const char *
or_unknown(const char *domain)
{
	return domain != NULL && domain[0] != '\0' ? domain : "an unknown domain";
}

static const struct arc_sealer *
newest_sealer(const struct arc_facts *arc)
{
	return arc->count > 0 ? &arc->sealers[arc->count - 1] : NULL;
}

static bool
rests_on_signature(const struct arc_outcome *outcome)
{
	return outcome->reason == ARC_MESSAGE || outcome->reason == ARC_SEAL;
}

/* Whose act is told: the domain of the signature, else who sealed that set, else the newest sealer. */
static const char *
main_domain(const struct arc_facts *arc)
{
	const struct arc_outcome *outcome = &arc->outcome;

	if (rests_on_signature(outcome))
		return or_unknown(outcome->domain);
	if (outcome->instance > 0 && outcome->instance <= arc->count)
		return or_unknown(arc->sealers[outcome->instance - 1].domain);
	return newest_sealer(arc) != NULL ? or_unknown(newest_sealer(arc)->domain) : "an unknown domain";
}

/* "2 sets, sealed by b.example": of a chain that passes; and who vouches. */
static void
add_sealers(const struct facts *facts, struct strbuf *said)
{
	const struct arc_facts *arc = &facts->arc;
	const size_t vouching = facts_vouching_set(facts);

	strbuf_printf(said, ", %zu set%s", arc->count, arc->count == 1 ? "" : "s");
	if (newest_sealer(arc) != NULL) {
		strbuf_add(said, ", sealed by ");
		telling_add(said, or_unknown(newest_sealer(arc)->domain));
	}
	if (vouching > 0) {
		strbuf_add(said, "; trusted: dmarc=pass at ");
		telling_add(said, or_unknown(arc->sealers[vouching - 1].domain));
	}
}

static void
add_phrase(const struct facts *facts, struct strbuf *said)
{
	const struct arc_outcome *outcome = &facts->arc.outcome;
	char number[NUMBER_SIZE];

	(void)snprintf(number, sizeof number, "%u", outcome->instance);
	telling_fill(
		said, phrases[outcome->reason],
		&(struct telling_values){ { ['I' - 'A'] = number, ['D' - 'A'] = main_domain(&facts->arc) } });
	if (rests_on_signature(outcome))
		signature_add_reason(&outcome->evidence, said);
	if (facts->results[METHOD_ARC] == RESULT_PASS)
		add_sealers(facts, said);
}

/* Of a record that was cut only the result may be left. */
static bool
is_untold(const struct facts *facts)
{
	return arc_outcome_result(&facts->arc.outcome) != facts->results[METHOD_ARC];
}

static void
say_arc(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	(void)time_s;
	if (is_untold(facts))
		strbuf_add(said, "no more is known");
	else
		add_phrase(facts, said);
}

/*
 * In Authentication-Results: the results that are registered are none, pass and fail, and RFC 8617, 5.2.1
 * makes a fault a failure, too.
 */
static void
report_arc(const struct facts *facts, struct authres *authres)
{
	const enum result result = facts->results[METHOD_ARC];
	char memory[LINE_SIZE], address[IPADDR_TEXT_SIZE], number[NUMBER_SIZE];
	struct strbuf comment = STRBUF_OVER(memory);

	if (result == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(METHOD_ARC)->method,
		       result == RESULT_TEMPERROR ? RESULT_FAIL : result);
	if (facts->arc.outcome.has_oldest_pass) {
		(void)snprintf(number, sizeof number, "%u", facts->arc.outcome.oldest_pass);
		authres_property(authres, "header.oldest-pass", span_of(number));
	}
	if (result != RESULT_NONE && facts->client.address.length > 0)
		authres_property(authres, "smtp.remote-ip", span_of(telling_client(facts, address)));
	say_arc(facts, 0, &comment);
	authres_comment(authres, memory);
}

/* In a story; whom this site trusts is not for others. */

static void
put_sealer(const struct arc_facts *arc, size_t instance, enum telling_reader reader, struct output *out)
{
	const struct arc_sealer *sealer = &arc->sealers[instance - 1];
	char shown[TELLING_SHOWN_SIZE];

	prose_put(
		out, 28,
		"set %zu: sealed by %s%s; its results %s dmarc=pass for the From domain; its signature %s From",
		instance, telling_shown(or_unknown(sealer->domain), shown),
		sealer->is_trusted && reader == READER_HERE ? " (trusted)" : "",
		sealer->vouches ? "say" : "do not say", sealer->covers_from ? "covers" : "does not cover");
}

static void
put_more(const struct facts *facts, enum telling_reader reader, struct output *out)
{
	static const char *const standings[ARC_STANDINGS] = {
		[ARC_WORTHLESS] = "the chain is not valid, and counts for nothing",
		[ARC_UNTRUSTED] =
			"the chain counts for nothing here: its sealers are not all trusted from one whose results say dmarc=pass for the From domain to the newest",
		[ARC_TRUSTED] = "trusted sealers vouch for the message",
	};
	const struct arc_facts *arc = &facts->arc;

	for (size_t i = arc->count; i > 0; i--)
		put_sealer(arc, i, reader, out);
	if (rests_on_signature(&arc->outcome))
		signature_put_key(&arc->outcome.evidence, arc->outcome.selector, arc->outcome.domain, out);
	if (arc->outcome.has_oldest_pass && arc->outcome.oldest_pass > 0)
		prose_put(out, 28, "the message was changed before it was sealed in set %u",
			  arc->outcome.oldest_pass);
	if (arc->count > 0 && reader == READER_HERE)
		prose_put(out, 28, "%s", standings[facts_arc_standing(facts)]);
}

/* In a refusal. */

#define CHAIN "The ARC chain of this mail (the seals of servers that forwarded it) "
#define DIRECTLY                                                                                             \
	"If you are the author, send this mail directly, not through a mailing list or forwarding address. "
#define SEALING                                                                                              \
	"Ask whoever operates the mail servers of $D, which sealed this mail, to correct their ARC sealing. " DIRECTLY

/* $D: whose signature or seal it is; $I: its set; $N: the name of its key, $B: its bits; $S: how that lookup
 * ended. */
static const char *const refusals[ARC_REASONS] = {
	[ARC_NONE] = "This mail has a valid ARC chain, sealed by $D. ",
	[ARC_NO_CHAIN] =
		"This mail has no ARC chain, by which forwarders show what they found when they received it. If you operate the server that forwarded it, set it up to seal with ARC. " DIRECTLY,
	[ARC_INSTANCE] = CHAIN
	"is malformed: a field of it cannot be read, or has no instance (i=) from 1 to 50. " SEALING,
	[ARC_TWICE] = CHAIN "is malformed: set $I has a field twice. " SEALING,
	[ARC_MISSING] = CHAIN "is not complete: a field of set $I is missing. " SEALING,
	[ARC_FAILED] = CHAIN
	"is broken: before $D sealed it (cv=fail), a server had changed the mail and not sealed it. " DIRECTLY,
	[ARC_STATUS] = CHAIN "is not valid: the seal of set $I has a wrong chain status (cv=). " SEALING,
	[ARC_SEAL_NAMES] =
		CHAIN "is not valid: the seal of set $I has the tag h=, which is not allowed. " SEALING,
	[ARC_SEAL_SIGNED] = CHAIN
	"is not valid: the ARC-Message-Signature of set $I covers ARC-Seal, which is not allowed. " SEALING,
	[ARC_KEYS] = CHAIN "needs more keys than are looked up here. " DIRECTLY,
	[ARC_HEADER_LONG] =
		"The header of this mail is too long for its ARC chain to be validated. Send the mail with a shorter header. ",
	[ARC_MESSAGE] =
		CHAIN "is not valid: the ARC-Message-Signature of $D (set $I) does not verify ($W). " SEALING,
	[ARC_SEAL] = CHAIN "is not valid: the ARC-Seal of $D (set $I) does not verify ($W). " SEALING,
	[ARC_NO_MEMORY] = CHAIN "could not be validated now. Send the mail again. ",
};

/* What is said instead where a signature does not verify for one of these reasons. */
static const char *const by_signature[DKIM_REASONS] = {
	[DKIM_KEY_LOOKUP] =
		"The key for the ARC chain of this mail, the TXT record at $N, could not be looked up ($S). Ask whoever manages the DNS of $D to check its name servers, and send the mail again. ",
	[DKIM_KEY_NONE] =
		"The key for the ARC chain of this mail was not found: there is no TXT record at $N. Ask whoever manages the DNS of $D to publish one: \"v=DKIM1; k=rsa; p=KEY\", where KEY stands for the public key; the administrator of the mail server that seals has it. ",
	[DKIM_SHA1] = CHAIN
	"is not valid: the signature of $D (set $I) uses rsa-sha1, which is no longer valid. Ask whoever operates the mail servers of $D, which sealed this mail, to seal with rsa-sha256. " DIRECTLY,
	[DKIM_KEY_SHORT] =
		"The key for the ARC chain of this mail, the TXT record at $N, has $B bits, and at least 1024 are required. Ask whoever operates the mail servers of $D, which sealed this mail, to seal with a key of 2048 bits, and to have its public key published in place of that one. ",
	[DKIM_BODY_HASH] =
		"This mail was changed after $D sealed it (ARC: the body hash differs), for example by a mailing list, a virus scanner or a gateway that adds a disclaimer. If you operate that server, make it seal with ARC after the change. " DIRECTLY,
	[DKIM_WORK] = CHAIN "takes more work to verify than is done here. " DIRECTLY,
	[DKIM_NO_MEMORY] = CHAIN "could not be validated now. Send the mail again. ",
};

static const char *
refusal_of(const struct arc_outcome *outcome)
{
	return rests_on_signature(outcome) && by_signature[outcome->why] != NULL ? by_signature[outcome->why]
										 : refusals[outcome->reason];
}

static void
refuse_arc(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const struct arc_outcome *outcome = &facts->arc.outcome;
	char memory[NAME_SIZE], number[NUMBER_SIZE], bits[NUMBER_SIZE];
	struct strbuf name = STRBUF_OVER(memory);

	(void)config;
	if (is_untold(facts)) {
		strbuf_printf(text, "The ARC chain of this mail was not accepted (%s). " DIRECTLY,
			      result_word(facts->results[METHOD_ARC]));
		return;
	}
	telling_add_key_name(&name, outcome->selector, outcome->domain);
	(void)snprintf(number, sizeof number, "%u", outcome->instance);
	(void)snprintf(bits, sizeof bits, "%u", outcome->evidence.key_bits);
	telling_fill(text, refusal_of(outcome),
		     &(struct telling_values){ {
			     ['B' - 'A'] = bits,
			     ['D' - 'A'] = main_domain(&facts->arc),
			     ['I' - 'A'] = number,
			     ['N' - 'A'] = memory,
			     ['S' - 'A'] = dns_status_word(outcome->evidence.key_status),
			     ['W' - 'A'] = signature_reason(outcome->why),
		     } });
	if (facts->results[METHOD_ARC] == RESULT_PASS)
		telling_add_policy(text);
}

/* RFC 8617, 5.2.2. */
static const char *
arc_detail(const struct facts *facts)
{
	return facts->results[METHOD_ARC] == RESULT_FAIL ? "7.29" : "7.1";
}

static void
advise_arc(const struct facts *facts, int64_t time_s, struct output *out)
{
	char memory[LINE_SIZE];
	struct strbuf text = STRBUF_OVER(memory);

	(void)time_s;
	if (facts->results[METHOD_ARC] != RESULT_FAIL && facts->results[METHOD_ARC] != RESULT_TEMPERROR)
		return;
	refuse_arc(NULL, facts, &text);
	prose_bullet(out, "%s", memory);
}

const struct telling tell_arc = {
	.title = "ARC",
	.rank = RANK_ARC,
	.report = report_arc,
	.say = say_arc,
	.put_more = put_more,
	.refuse = refuse_arc,
	.detail = arc_detail,
	.advise = advise_arc,
};
