/* Signatures of messages in words: see telling.h. */
#include "heloscope/words/telling.h"
#include "heloscope/words/signature.h"

#include <stdio.h>
#include "heloscope/base/base64.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/prose.h"

#define LINE_SIZE 2400
#define NAME_SIZE (2 * DOMAIN_SIZE + 16) /* of the name of a key */

/* The signature that is told first: the first that has the result of all together; NULL without any. */
static const struct dkim_finding *
main_signature(const struct facts *facts)
{
	for (size_t i = 0; i < facts->dkim.count; i++)
		if (facts->dkim.signatures[i].result == facts->results[METHOD_DKIM])
			return &facts->dkim.signatures[i];
	return NULL;
}

static const char *
domain_or(const struct dkim_finding *finding, const char *other)
{
	return finding->domain[0] != '\0' ? finding->domain : other;
}

/* In Authentication-Results. */

static void
report_signature(const struct dkim_finding *finding, size_t left_out, struct authres *authres)
{
	char memory[LINE_SIZE];
	struct strbuf comment = STRBUF_OVER(memory);

	authres_result(authres, method_words(METHOD_DKIM)->method, finding->result);
	if (finding->domain[0] != '\0')
		authres_property(authres, "header.d", span_of(finding->domain));
	if (finding->selector[0] != '\0')
		authres_property(authres, "header.s", span_of(finding->selector));
	if (finding->algorithm[0] != '\0')
		authres_property(authres, "header.a", span_of(finding->algorithm));
	if (finding->mark[0] != '\0')
		authres_property(authres, "header.b", span_of(finding->mark));
	signature_add_reason(&finding->evidence, &comment);
	if (left_out > 0)
		strbuf_printf(&comment, "; %zu more signatures were not checked", left_out);
	authres_comment(authres, memory);
}

/* Where none was looked at. */
static const char *
text_without_signature(const struct facts *facts)
{
	if (facts->dkim.left_out > 0)
		return signature_reason(DKIM_HEADER_LONG);
	return facts->results[METHOD_DKIM] == RESULT_NONE ? "not signed" : "no more is known";
}

static void
report_dkim(const struct facts *facts, struct authres *authres)
{
	const struct dkim_facts *dkim = &facts->dkim;

	if (facts->results[METHOD_DKIM] == RESULT_UNCHECKED)
		return;
	for (size_t i = 0; i < dkim->count; i++)
		report_signature(&dkim->signatures[i], i + 1 == dkim->count ? dkim->left_out : 0, authres);
	if (dkim->count > 0)
		return;
	authres_result(authres, method_words(METHOD_DKIM)->method, facts->results[METHOD_DKIM]);
	authres_comment(authres, text_without_signature(facts));
}

/* In a story. */

static void
say_dkim(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	const struct dkim_finding *finding = main_signature(facts);

	(void)time_s;
	if (finding == NULL) {
		strbuf_add(said, text_without_signature(facts));
		return;
	}
	telling_add(said, domain_or(finding, "a signature"));
	strbuf_add(said, ": ");
	signature_add_reason(&finding->evidence, said);
	if (facts->dkim.count > 1)
		strbuf_printf(said, " (%zu signatures)", facts->dkim.count);
	if (facts->dkim.left_out > 0)
		strbuf_printf(said, "; %zu more were not checked", facts->dkim.left_out);
}

static void
put_author(const struct author_facts *author, struct output *out)
{
	static const char *const kinds[AUTHOR_KINDS] = {
		[AUTHOR_KIND_NONE] = "the message names no author (From)",
		[AUTHOR_KIND_SEVERAL] =
			"the message names more than one author (From); which one readers see is not known",
		[AUTHOR_KIND_MALFORMED] = "the author of the message (From) is not certain",
	};

	if (author->finding == AUTHOR_ONE)
		prose_put(out, 28, "the author's domain (From) is %s", author->domain);
	else if (author->finding != AUTHOR_UNCHECKED)
		prose_put(out, 28, "%s", kinds[author_kind(author->finding)]);
}

static void
put_hash(const char *before, const unsigned char *hash, struct output *out)
{
	char memory[LINE_SIZE];
	struct strbuf text = STRBUF_OVER(memory);

	base64_add(&text, hash, DKIM_HASH_OCTETS);
	prose_put(out, 30, "%s %s", before, memory);
}

/* What the hashes show of where the message was changed. */
static void
put_hashes(const struct dkim_finding *finding, struct output *out)
{
	const struct dkim_evidence *evidence = &finding->evidence;
	char shown[TELLING_SHOWN_SIZE];

	if (!evidence->has_hashes)
		return;
	if (!evidence->body_verifies) {
		put_hash("body hash claimed: ", finding->body_hash, out);
		if (evidence->has_body_hash)
			put_hash("body hash computed:", evidence->body_hash, out);
	}
	if (!evidence->header_verifies)
		prose_put(
			out, 30,
			"the signature itself does not verify: a signed field was changed, added or removed, or the key is another");
	else if (!evidence->body_verifies)
		prose_put(out, 30, "the header is as it was signed; only the body was changed");
	prose_put(out, 30, "signed fields (%zu): %s", finding->field_name_count,
		  telling_shown(finding->field_names, shown));
	if (evidence->missing[0] != '\0')
		prose_put(out, 30, "signed, but not in the message (removed, or signed as absent): %s",
			  telling_shown(evidence->missing, shown));
	if (evidence->uncovered[0] != '\0')
		prose_put(out, 30, "more of these in the message than are signed: %s",
			  telling_shown(evidence->uncovered, shown));
	if (evidence->filled[0] != '\0' && !evidence->header_verifies)
		prose_put(
			out, 30,
			"signed several times, which protects against more of them, and as many in the message, so that one may have been added: %s",
			telling_shown(evidence->filled, shown));
}

static void
put_signature(const struct dkim_finding *finding, struct output *out)
{
	static const char *const alignments[] = {
		[DKIM_UNALIGNED] = "not of the author's domain",
		[DKIM_SAME_ORGANIZATION] = "of the author's organization",
		[DKIM_SAME_DOMAIN] = "of the author's domain",
	};
	char memory[LINE_SIZE], clock[CLOCK_TEXT_SIZE];
	struct strbuf said = STRBUF_OVER(memory);

	telling_add(&said, domain_or(finding, "a signature that cannot be read"));
	strbuf_printf(&said, ": %s, ", result_word(finding->result));
	signature_add_reason(&finding->evidence, &said);
	strbuf_printf(&said, "; %s", alignments[finding->alignment]);
	if (finding->algorithm[0] != '\0') {
		strbuf_add(&said, "; ");
		telling_add(&said, finding->algorithm);
		strbuf_printf(&said, ", %s", finding->canonicalization);
	}
	if (finding->time != 0)
		strbuf_printf(&said, "; signed %s", clock_format(finding->time, clock));
	if (finding->expiry != 0)
		strbuf_printf(&said, "; valid until %s", clock_format(finding->expiry, clock));
	prose_put(out, 28, "%s", memory);
	signature_put_key(&finding->evidence, finding->selector, finding->domain, out);
	put_hashes(finding, out);
}

static void
put_signatures(const struct facts *facts, enum telling_reader reader, struct output *out)
{
	(void)reader;
	put_author(&facts->author, out);
	if (facts->dkim.has_list_id && facts->results[METHOD_DKIM] != RESULT_PASS)
		prose_put(
			out, 28, "%s",
			"the message has a List-Id field: mailing lists often change what was signed (subject, footer)");
	for (size_t i = 0; i < facts->dkim.count; i++)
		put_signature(&facts->dkim.signatures[i], out);
}

/* In a refusal. */

#define SIGN_ANEW "If this is your mail server, "
#define DNS_OF "Ask whoever manages the DNS of $D "
#define DNS_TO "ask whoever manages the DNS of $D to "
#define NEW_KEY                                                                                              \
	SIGN_ANEW "make a key of 2048 bits and sign with it; " DNS_TO                                        \
		  "replace the TXT record at $N with its public key (v=DKIM1; k=rsa; p= and then the key). "

/*
 * What is said of each reason: sentences in which $D stands for the domain of the signature, $N for the name
 * of its key, $A for its algorithm, $B for the bits of the key, $S for how the lookup ended. Where a key is
 * bad, the record is named that must be changed.
 */
static const char *const refusals[DKIM_REASONS] = {
	[DKIM_NONE] = "This mail has a good DKIM signature of $D. ",
	[DKIM_SYNTAX] = "The DKIM-Signature field of this mail is malformed. " SIGN_ANEW
			"correct the configuration of the program that signs. ",
	[DKIM_TAG_TWICE] = "The DKIM-Signature field of this mail has a tag twice. " SIGN_ANEW
			   "correct the configuration of the program that signs. ",
	[DKIM_TAG_MISSING] =
		"The DKIM-Signature field of this mail lacks a required tag (v=, a=, b=, bh=, d=, h= or s=). " SIGN_ANEW
		"correct the configuration of the program that signs. ",
	[DKIM_TAG_VALUE] = "The DKIM-Signature field of this mail has a tag with an invalid value. " SIGN_ANEW
			   "correct the configuration of the program that signs. ",
	[DKIM_VERSION] =
		"The DKIM-Signature field of this mail has an unknown version (v= must be 1). " SIGN_ANEW
		"correct the configuration of the program that signs. ",
	[DKIM_ALGORITHM] = "The DKIM signature of this mail uses the unknown algorithm $A. " SIGN_ANEW
			   "set it to sign with rsa-sha256. ",
	[DKIM_CANONICALIZATION] =
		"The DKIM signature of this mail uses an unknown canonicalization (c=). " SIGN_ANEW
		"set it to relaxed/relaxed. ",
	[DKIM_QUERY_METHOD] = "The DKIM signature of this mail uses an unknown query method (q=). " SIGN_ANEW
			      "set it to dns/txt. ",
	[DKIM_FIELD_NAMES] =
		"The DKIM signature of $D names too many fields in h=. " SIGN_ANEW "sign fewer fields. ",
	[DKIM_FROM_UNSIGNED] =
		"The DKIM signature of $D does not cover the From field. " SIGN_ANEW "set it to sign From. ",
	[DKIM_IDENTITY] = "The DKIM signature of $D has an identity (i=) outside $D. " SIGN_ANEW
			  "set i= to an address of $D, or leave it out. ",
	[DKIM_SHA1] = "The DKIM signature of $D uses rsa-sha1, which is no longer valid. " SIGN_ANEW
		      "set it to sign with rsa-sha256. ",
	[DKIM_EXPIRED] = "The DKIM signature of $D has expired. Send the mail again; " SIGN_ANEW
			 "check how long its signatures are valid (x=). ",
	[DKIM_FUTURE] = "The DKIM signature of $D was made in the future. " SIGN_ANEW "set its clock. ",
	[DKIM_TIMES] = "The DKIM signature of $D expires before it was made. " SIGN_ANEW
		       "correct how long its signatures are valid (x=). ",
	[DKIM_KEY_LOOKUP] =
		"The key for the DKIM signature of $D, the TXT record at $N, could not be looked up "
		"($S). " DNS_OF "to check its name servers, and send the mail again. ",
	[DKIM_KEY_NONE] =
		"The key for the DKIM signature of $D was not found: there is no TXT record at $N. " DNS_OF
		"to publish one: \"v=DKIM1; k=rsa; p=KEY\", where KEY stands for the public key; the administrator of the mail server that signs has it. ",
	[DKIM_KEY_SYNTAX] =
		"The TXT record at $N, which should be the DKIM key of $D, is not a valid key "
		"record. " DNS_OF
		"to correct it to \"v=DKIM1; k=rsa; p=KEY\", where KEY stands for the public key; the administrator of the mail server that signs has it. ",
	[DKIM_KEY_VERSION] = "The DKIM key record at $N does not begin with v=DKIM1. " DNS_OF
			     "to put \"v=DKIM1;\" in place of what it begins with. ",
	[DKIM_KEY_REVOKED] =
		"The DKIM key at $N was revoked: its p= is empty. " SIGN_ANEW
		"sign with a current key, or ask whoever manages the DNS of $D to publish the key there. ",
	[DKIM_KEY_TYPE] =
		"The DKIM key at $N is of a type other than that of the signature of $D ($A). " DNS_OF
		"to publish the key with which your mail server signs. ",
	[DKIM_KEY_HASH] =
		"The DKIM key record at $N does not allow sha256 (h=). " DNS_OF "to remove h= from it. ",
	[DKIM_KEY_SERVICE] =
		"The DKIM key record at $N is not for mail (s=). " DNS_OF "to remove s= from it. ",
	[DKIM_KEY_IDENTITY] = "The DKIM key record at $N does not allow subdomains in i= (t=s). " SIGN_ANEW
			      "set i= to an address of $D, or leave it out. ",
	[DKIM_KEY_DATA] = "The DKIM key at $N cannot be read: its p= is cut or damaged. " DNS_OF
			  "to publish the whole public key there again. ",
	[DKIM_KEY_SHORT] = "The DKIM key at $N has $B bits, and at least 1024 are required. " NEW_KEY,
	[DKIM_KEY_LONG] = "The DKIM key at $N has $B bits, more than is verified here. " NEW_KEY,
	[DKIM_BODY_SHORT] =
		"The body of this mail is shorter than the DKIM signature of $D says: it was cut on "
		"its way. Send the mail again. ",
	[DKIM_BODY_HASH] =
		"The text of this mail was changed after $D signed it (DKIM: the body hash differs), for example by a mailing list, a virus scanner or a gateway that adds a disclaimer. If your mail server makes such changes, make DKIM signing its last step. ",
	[DKIM_SIGNATURE] =
		"The DKIM signature of $D does not match this mail: a signed header field was changed after signing, or the key at $N is not the one that signs. " SIGN_ANEW
		"check that the public key at $N belongs to the private key that signs, and make DKIM signing its last step. ",
	[DKIM_TESTING] =
		"The DKIM signature of $D does not verify, and the key at $N says that it is only for testing (t=y). " SIGN_ANEW
		"correct the signing, and remove t=y from the record. ",
	[DKIM_UNSIGNED_OCTETS] =
		"The DKIM signature of $D covers only the beginning of this mail (l=$L), so that anybody could have added the rest. " SIGN_ANEW
		"set it to sign without l=. ",
	[DKIM_HEADER_LONG] = "The header of this mail is too long for its DKIM signature to be verified. "
			     "Send the mail with a shorter header. ",
	[DKIM_WORK] =
		"To verify the DKIM signatures of this mail takes more work than is done here. " SIGN_ANEW
		"sign once, with a key of 2048 bits. ",
	[DKIM_NO_MEMORY] = "The DKIM signature of $D could not be verified now. Send the mail again. ",
};

static void
refuse_unsigned(const struct facts *facts, struct strbuf *text)
{
	const char *domain = facts->author.domain;

	if (facts->dkim.left_out > 0) {
		strbuf_add(text, refusals[DKIM_HEADER_LONG]);
		return;
	}
	if (facts->results[METHOD_DKIM] != RESULT_NONE) { /* a record that was cut */
		strbuf_printf(text, "The DKIM signature of this mail was not accepted (%s). ",
			      result_word(facts->results[METHOD_DKIM]));
		return;
	}
	strbuf_add(
		text,
		"This mail has no DKIM signature. If this is your mail server, set it up to sign the mail that it sends with DKIM, and publish its public key in the DNS of ");
	telling_add_value(text, domain != NULL && domain[0] != '\0' ? domain : "the sender's domain");
	strbuf_add(
		text,
		" (a TXT record at SELECTOR._domainkey, where SELECTOR is a name that you choose); if it is not, send through your usual mail server. ");
}

static void
refuse_dkim(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const struct dkim_finding *finding = main_signature(facts);
	char memory[NAME_SIZE], bits[16], length[16];
	struct strbuf name = STRBUF_OVER(memory);

	(void)config;
	if (finding == NULL) {
		refuse_unsigned(facts, text);
		return;
	}
	telling_add_key_name(&name, finding->selector, finding->domain);
	(void)snprintf(bits, sizeof bits, "%u", finding->evidence.key_bits);
	(void)snprintf(length, sizeof length, "%u", finding->length);
	telling_fill(text, refusals[finding->evidence.reason],
		     &(struct telling_values){ {
			     ['D' - 'A'] = domain_or(finding, "an unknown domain"),
			     ['N' - 'A'] = memory,
			     ['A' - 'A'] = finding->algorithm,
			     ['B' - 'A'] = bits,
			     ['L' - 'A'] = length,
			     ['S' - 'A'] = dns_status_word(finding->evidence.key_status),
		     } });
	if (finding->result == RESULT_PASS)
		telling_add_policy(text);
}

/* RFC 7372, 3.1: no signature that passes; one that is not acceptable here. */
static const char *
dkim_detail(const struct facts *facts)
{
	return facts->results[METHOD_DKIM] == RESULT_POLICY ? "7.21" : "7.20";
}

/* What can be done about each signature that does not pass. */
static void
advise_dkim(const struct facts *facts, int64_t time_s, struct output *out)
{
	(void)time_s;
	for (size_t i = 0; i < facts->dkim.count; i++) {
		const struct dkim_finding *finding = &facts->dkim.signatures[i];
		struct facts one = { .results = { [METHOD_DKIM] = finding->result },
				     .dkim = { .signatures = &facts->dkim.signatures[i], .count = 1 } };
		char memory[LINE_SIZE];
		struct strbuf text = STRBUF_OVER(memory);

		if (facts->results[METHOD_DKIM] == RESULT_PASS || finding->result == RESULT_PASS)
			continue;
		refuse_dkim(NULL, &one, &text);
		prose_bullet(out, "%s", memory);
	}
}

const struct telling tell_dkim = {
	.title = "DKIM",
	.rank = RANK_DKIM,
	.report = report_dkim,
	.say = say_dkim,
	.put_more = put_signatures,
	.refuse = refuse_dkim,
	.detail = dkim_detail,
	.advise = advise_dkim,
};
