/* doctor_dkim: the DKIM key of a sender's domain, as a verifier reads it (RFC 6376, 3.6.1; RFC 8301; RFC
 * 8463). */
#include "heloscope/doctor/dkim.h"

#include "heloscope/doctor/dmarc.h"
#include "heloscope/doctor/reported.h"
#include "heloscope/doctor/tags.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "heloscope/base/base64.h"
#include "heloscope/dkim/key.h"
#include "heloscope/wire/taglist.h"
#include "heloscope/words/signature.h"

static const char fails[] = "Signatures with this selector fail.";

/* Of the record at `name`. */
static void
add_error(struct exam *exam, enum doctor_problem problem, const char *name, const char *what)
{
	exam_say(exam, problem, name, DOCTOR_ERROR, what, fails, NULL);
}

/* Whether p= is a private key, as the file of one has it or without its first and last line. */
static bool
is_private(const struct dkim_key *key)
{
	unsigned char octets[DKIM_KEY_TEXT_MAX];
	const unsigned char *at = octets;
	EVP_PKEY *opened = NULL;
	size_t length;

	if (memmem(key->data.at, key->data.length, "PRIVATE KEY", sizeof "PRIVATE KEY" - 1) != NULL)
		return true;
	if (base64_decode(key->data, octets, sizeof octets, &length))
		opened = d2i_AutoPrivateKey(NULL, &at, (long)length);
	ERR_clear_error();
	EVP_PKEY_free(opened);
	return opened != NULL;
}

static void
tell_broken_rsa(struct exam *exam, const char *name, const struct dkim_key *key)
{
	if (is_private(key)) {
		exam_say(exam, PROBLEM_DKIM_PRIVATE, name, DOCTOR_ERROR,
			 "The value of p= is a private key: whoever looks it up can sign in your name.",
			 fails, NULL);
		return;
	}
	add_error(
		exam, PROBLEM_DKIM_BROKEN, name,
		dkim_key_has_long_exponent(key)
			? "The exponent of the RSA key is larger than 65537; few verifiers take such a key."
			: "The value of p= is not an RSA public key; perhaps it was cut or pasted with a line missing.");
}

static void
judge_rsa_bits(struct exam *exam, const char *name, unsigned bits)
{
	if (bits < DKIM_RSA_BITS_MIN)
		add_error(exam, PROBLEM_DKIM_SHORT, name,
			  arena_printf(exam->arena,
				       "The RSA key has %u bits; verifiers take none with less than %d.",
				       bits, DKIM_RSA_BITS_MIN));
	else if (bits > DKIM_RSA_BITS_MAX)
		add_error(exam, PROBLEM_DKIM_BROKEN, name,
			  arena_printf(exam->arena, "The RSA key has %u bits; few verifiers take so many.",
				       bits));
	else if (bits < DKIM_RSA_BITS_ADVISED)
		exam_say(exam, PROBLEM_DKIM_BELOW_ADVICE, name, DOCTOR_WARNING,
			 arena_printf(
				 exam->arena,
				 "The RSA key has %u bits; signers should have %d or more (RFC 8301, 3.2).",
				 bits, DKIM_RSA_BITS_ADVISED),
			 "Some receivers trust its signatures less.", NULL);
}

/* True when it can be used as it is. */
static bool
judge_key(struct exam *exam, const char *name, const struct dkim_key *key)
{
	enum dkim_reason reason;
	unsigned bits;
	size_t octets;
	struct evp_pkey_st *opened = dkim_key_open(key, &bits, &octets, &reason);

	EVP_PKEY_free(opened);
	if (key->type == DKIM_KEY_RSA && bits == 0)
		tell_broken_rsa(exam, name, key);
	else if (key->type == DKIM_KEY_RSA)
		judge_rsa_bits(exam, name, bits);
	else if (key->type == DKIM_KEY_UNKNOWN)
		add_error(exam, PROBLEM_DKIM_BROKEN, name,
			  arena_printf(exam->arena, "The key type is \"%s\"; verifiers know rsa and ed25519.",
				       arena_copy(exam->arena, key->type_word)));
	else if (octets != DKIM_ED25519_OCTETS)
		add_error(
			exam, PROBLEM_DKIM_BROKEN, name,
			arena_printf(
				exam->arena,
				"The value of p= has %zu octets; an ed25519 key has %d, without any wrapping.",
				octets, DKIM_ED25519_OCTETS));
	return opened != NULL;
}

static void
count_usable(struct exam *exam, const struct dkim_key *key)
{
	if (key->type == DKIM_KEY_RSA)
		exam->report->rsa_keys++;
	else
		exam->report->ed25519_keys++;
}

static void
judge_record(struct exam *exam, const char *name, const struct dkim_key *key)
{
	bool is_usable = false;

	if (key->data.length == 0)
		add_error(exam, PROBLEM_DKIM_REVOKED, name,
			  arena_printf(exam->arena, "The key at %s is empty, which says that it was revoked.",
				       name));
	else
		is_usable = judge_key(exam, name, key);
	if (!key->allows_sha256)
		add_error(exam, PROBLEM_DKIM_RESTRICTED, name,
			  "h= does not allow sha256, the only hash that verifiers still take.");
	if (!key->allows_mail)
		add_error(exam, PROBLEM_DKIM_RESTRICTED, name, "s= says that the key is not for mail.");
	if (key->is_testing)
		exam_say(exam, PROBLEM_DKIM_TESTING, name, DOCTOR_NOTE,
			 "t=y says that you are still testing.",
			 "Receivers may treat signed mail as if it were not signed.", NULL);
	if (is_usable && key->reason == DKIM_NONE)
		count_usable(exam, key);
	exam_set_cell(exam, DOCTOR_DKIM, DOCTOR_GOOD);
}

/* Tags as such. What p, k, h, s and t mean is judged on its own. */

static bool
takes_anything(struct span value)
{
	(void)value;
	return true;
}

static bool
takes_version(struct span value)
{
	return span_equals(value, SPAN("DKIM1"));
}

static bool
repair_version(struct exam *exam, struct span value, struct strbuf *right)
{
	(void)exam;
	(void)value;
	strbuf_add(right, "DKIM1");
	return true;
}

static const struct exam_tag_rule rules[] = {
	{ .name = "v",
	  .takes = takes_version,
	  .repair = repair_version,
	  .expected = "DKIM1",
	  .severity = DOCTOR_ERROR,
	  .consequence = fails },
	{ .name = "k", .takes = takes_anything },
	{ .name = "p", .takes = takes_anything, .is_vital = true },
	{ .name = "h", .takes = takes_anything },
	{ .name = "s", .takes = takes_anything },
	{ .name = "t", .takes = takes_anything },
	{ .name = "n", .takes = takes_anything },
	{ .name = "g", .historic = "Verifiers pass over it (RFC 6376, C.2)." },
};

/* A record is proposed when it has a key that verifiers can use. */
static const char *
only_with_key(struct exam *exam, const char *proposed, struct span present)
{
	const struct dkim_key key = dkim_key_read(span_of(proposed));
	enum dkim_reason reason;
	unsigned bits;
	struct evp_pkey_st *opened = dkim_key_open(&key, &bits, NULL, &reason);

	(void)exam;
	(void)present;
	EVP_PKEY_free(opened);
	return opened != NULL ? proposed : NULL;
}

static const struct exam_tag_form form = {
	.row = DOCTOR_DKIM,
	.subject = "The DKIM key record",
	.rules = rules,
	.rule_count = sizeof rules / sizeof rules[0],
	.twice = DOCTOR_ERROR,
	.twice_consequence =
		"The whole record counts for nothing (RFC 6376, 3.2): signatures with this selector fail.",
	.adjust = only_with_key,
};

/* Where a version stands, it stands first (RFC 6376, 3.6.1). */
static void
judge_order(struct exam *exam, struct span text)
{
	struct tag tag;

	if (taglist_next(&text, &tag) && !span_equals(tag.name, SPAN("v"))
	    && taglist_value(text, SPAN("v")).length > 0)
		exam_say_record(exam, PROBLEM_RECORD_FAULT, DOCTOR_DKIM, DOCTOR_ERROR,
				"In the DKIM key record v= does not come first.", fails, NULL);
}

/* The records of a name. */

/* Quotes or backslashes, which belong to a zone file and not into the record; notes (n=) may have them. */
static bool
is_pasted(struct span text)
{
	struct tag tag;

	while (taglist_next(&text, &tag))
		if (!span_equals(tag.name, SPAN("n"))
		    && (memchr(tag.text.at, '"', tag.text.length) != NULL
			|| memchr(tag.text.at, '\\', tag.text.length) != NULL))
			return true;
	return false;
}

static void
tell_pasted(struct exam *exam, const char *name, struct span text)
{
	const char *clean = arena_copy(exam->arena, exam_clean(exam, text)),
		   *proposed = only_with_key(exam, clean, text);

	exam_say(exam, PROBLEM_DKIM_PASTED, name, DOCTOR_ERROR,
		 "Quotes or backslashes of a zone file were pasted into the DKIM key record.", fails,
		 proposed != NULL ? exam_txt(exam, name, proposed) : NULL);
}

/* Whether it is a key, or meant as one: it has p=. */
static bool
is_key(struct exam *exam, struct span text)
{
	struct span rest = exam_clean(exam, text);
	struct tag tag;

	while (taglist_next(&rest, &tag))
		if (span_equals_nocase(tag.name, SPAN("p")))
			return true;
	return false;
}

/* The TXT records of an answer that may be keys; the last one. */
static size_t
count_keys(struct exam *exam, const struct dns_answer *answer, struct span *key)
{
	size_t count = 0;

	for (size_t i = 0; i < answer->count; i++) {
		if (!is_key(exam, answer->records[i].text))
			continue;
		*key = answer->records[i].text;
		count++;
	}
	return count;
}

static void
judge_text(struct exam *exam, const char *name, struct span text)
{
	const bool is_well_formed = exam_judge_tags(exam, &form, name, text);
	const struct dkim_key record = dkim_key_read(text);

	judge_order(exam, text);
	if (record.reason != DKIM_KEY_SYNTAX)
		judge_record(exam, name, &record);
	else if (is_well_formed) /* else it was told tag by tag */
		add_error(exam, PROBLEM_DKIM_BROKEN, name,
			  "The DKIM key record is not a valid list of tags.");
}

static void
tell_neighbour(struct exam *exam, const char *name)
{
	exam_say(
		exam, PROBLEM_DKIM_NEIGHBOUR, name, DOCTOR_NOTE,
		arena_printf(exam->arena, "At %s there is another TXT record, which is not a key.", name),
		"What verifiers make of two records is not defined (RFC 6376, 3.6.2.2); some use only the first.",
		NULL);
}

/* Whether nothing in the DNS shows that a selector is one of the domain's: it has no key, or one that was
 * revoked. */
static bool
has_no_key(struct exam *exam, const struct doctor_key *key)
{
	const struct dns_answer *answer = lookup_get(exam->lookup, exam_key_name(exam, key), DNS_TXT);
	struct span text = SPAN("");
	struct dkim_key record;

	if (dns_status_is_fault(answer->status) || count_keys(exam, answer, &text) > 1)
		return false;
	record = dkim_key_read(text);
	return text.length == 0 || (record.reason != DKIM_KEY_SYNTAX && record.data.length == 0);
}

/* Those that only reports name are looked at when they have a key: a signer's selector that was given or seen
 * in a signature is at fault without one, what anybody wrote into a report is not. */
static void
leave_out_reported(struct exam *exam)
{
	struct reported_names taken, left_out;
	size_t count = 0;

	reported_init(&taken);
	reported_init(&left_out);
	for (size_t i = 0; i < exam->key_count; i++) {
		struct doctor_key *key = &exam->keys[i];
		const bool is_left_out = key->is_reported && has_no_key(exam, key);

		if (key->is_reported)
			reported_add(is_left_out ? &left_out : &taken, key->selector);
		if (!is_left_out)
			exam->keys[count++] = *key;
	}
	exam->key_count = count;
	reported_tell_taken(exam, &taken, "selector", "selectors");
	reported_tell_left_out(exam, &left_out,
			       left_out.count > 1 ? "are selectors without a key"
						  : "is a selector without a key",
			       "--selector");
}

static void
judge_answer(struct exam *exam, const char *name, const struct dns_answer *answer)
{
	struct span key = SPAN("");
	const size_t count = count_keys(exam, answer, &key);

	if (count != 1)
		exam_say(exam, count == 0 ? PROBLEM_DKIM_MISSING : PROBLEM_DKIM_SEVERAL, name, DOCTOR_ERROR,
			 arena_printf(exam->arena, "There %s at %s.",
				      count == 0 ? "is no key" : "are several keys", name),
			 fails, NULL);
	else if (is_pasted(key))
		tell_pasted(exam, name, key);
	else
		judge_text(exam, name, key);
	if (count == 1 && answer->count > 1)
		tell_neighbour(exam, name);
}

/* Selectors. */

static const char *
domain_of(const struct exam *exam, const struct doctor_key *key)
{
	return key->domain[0] != '\0' ? key->domain : exam->report->domain;
}

bool
doctor_key_concerns(const char *domain, const char *examined)
{
	return domain_is_within(span_of(domain), span_of(examined))
	       || domain_same_organization(domain, examined);
}

/* The same key among those that were chosen, or NULL. */
static struct doctor_key *
find_key(struct exam *exam, const struct doctor_key *key)
{
	for (size_t i = 0; i < exam->key_count; i++)
		if (strcmp(exam->keys[i].selector, key->selector) == 0
		    && strcmp(domain_of(exam, &exam->keys[i]), domain_of(exam, key)) == 0)
			return &exam->keys[i];
	return NULL;
}

/* What is known of a key that is named twice. */
static struct doctor_key
join(const struct doctor_key *one, const struct doctor_key *other)
{
	struct doctor_key both = *one;

	both.is_of_message = one->is_of_message || other->is_of_message;
	both.is_reported = one->is_reported && other->is_reported;
	return both;
}

void
exam_choose_keys(struct exam *exam)
{
	for (size_t i = 0; i < exam->order->key_count; i++) {
		const struct doctor_key *key = &exam->order->keys[i];
		struct doctor_key *same = find_key(exam, key);

		if (key->is_learned && !doctor_key_concerns(key->domain, exam->report->domain))
			continue;
		if (same != NULL)
			*same = join(same, key);
		else
			exam->keys[exam->key_count++] = *key;
	}
}

const char *
exam_key_name(struct exam *exam, const struct doctor_key *key)
{
	return arena_printf(exam->arena, "%s._domainkey.%s", key->selector, domain_of(exam, key));
}

static void
judge_key_of(struct exam *exam, const struct doctor_key *key)
{
	const char *name = exam_key_name(exam, key);
	const struct dns_answer *answer = lookup_get(exam->lookup, name, DNS_TXT);

	if (strlen(name) >= DOMAIN_SIZE)
		add_error(
			exam, PROBLEM_DKIM_MISSING, name,
			"The name of the key is longer than 253 characters, which no name in the DNS can be.");
	else if (dns_status_is_fault(answer->status))
		exam_add_unknown(exam, DOCTOR_DKIM, name, answer);
	else
		judge_answer(exam, name, answer);
}

/* Whatever the key is. One that aligns is enough for DMARC (RFC 9989, 4.4.1). */
static enum exam_alignment
judge_alignment(struct exam *exam, const struct doctor_key *key, bool has_other)
{
	const char *domain = domain_of(exam, key);
	const enum exam_alignment alignment = exam_align(exam, domain, false);

	if (alignment != EXAM_UNALIGNED)
		exam_set_alignment(exam, DOCTOR_DKIM_ALIGNMENT, domain, alignment);
	else
		exam_say(
			exam, PROBLEM_DKIM_UNALIGNED, domain, has_other ? DOCTOR_NOTE : DOCTOR_WARNING,
			arena_printf(
				exam->arena,
				"Signatures of %s do not align with %s: it is not of the same organization, or the DMARC record asks for the very same domain (adkim=s).",
				domain, exam->report->domain),
			has_other ? "They do not count for DMARC; those of another selector do."
				  : "They do not count for DMARC.",
			NULL);
	return alignment;
}

static void
judge_selector(struct exam *exam, const struct doctor_key *key, bool has_other)
{
	const size_t before = exam->report->rsa_keys;

	judge_key_of(exam, key);
	if (judge_alignment(exam, key, has_other) == EXAM_ALIGNED)
		exam->report->aligned_rsa_keys += exam->report->rsa_keys - before;
}

static bool
has_aligned(struct exam *exam)
{
	for (size_t i = 0; i < exam->key_count; i++)
		if (exam_align(exam, domain_of(exam, &exam->keys[i]), false) == EXAM_ALIGNED)
			return true;
	return false;
}

/* Not all verifiers know ed25519, so that mail has signatures of both (RFC 8463, 6). */
static void
judge_algorithms(struct exam *exam)
{
	if (exam->report->ed25519_keys == 0 || exam->report->rsa_keys > 0)
		return;
	exam_say(exam, PROBLEM_DKIM_ONLY_ED25519, exam_key_name(exam, &exam->keys[0]), DOCTOR_WARNING,
		 "No RSA key was found beside the ed25519 key.",
		 "Many receivers, Gmail among them, verify no ed25519 signatures.", NULL);
}

/* The message. */

static bool
is_message_aligned(struct exam *exam)
{
	for (size_t i = 0; i < exam->key_count; i++)
		if (exam->keys[i].is_of_message
		    && exam_align(exam, domain_of(exam, &exam->keys[i]), false) != EXAM_UNALIGNED)
			return true;
	return false;
}

/* Whether it is about the key, which is judged where it stands. */
static bool
is_of_key(enum dkim_reason reason)
{
	return reason >= DKIM_KEY_LOOKUP && reason <= DKIM_KEY_LONG;
}

static void
judge_signature(struct exam *exam, const struct doctor_message *message,
		const struct doctor_signature *signature)
{
	const char *domain =
		signature->domain[0] != '\0' ? signature->domain : "a domain that cannot be read";

	if (signature->result == RESULT_PASS || is_of_key(signature->reason)
	    || (signature->domain[0] != '\0'
		&& !doctor_key_concerns(signature->domain, exam->report->domain)))
		return;
	exam_say(
		exam, PROBLEM_DKIM_MESSAGE_FAILS, message->name,
		signature->result == RESULT_TEMPERROR ? DOCTOR_UNKNOWN : DOCTOR_WARNING,
		arena_printf(exam->arena, "A signature of the message (%s), of %s, does not verify: %s.",
			     message->name, domain, signature_reason(signature->reason)),
		"Receivers take such mail as not signed. If the message was changed after the mail server, by a mail program or when it was copied, give it as it arrived.",
		NULL);
}

/* Of the author's domain only: others may have signed it on its way. */
static void
judge_message(struct exam *exam, const struct doctor_message *message)
{
	static const char consequence[] =
		"For DMARC everything then depends on SPF, and forwarded mail fails.";

	if (message == NULL || strcmp(message->author, exam->report->domain) != 0)
		return;
	exam->report->message = message;
	for (size_t i = 0; i < message->result_count; i++)
		judge_signature(exam, message, &message->results[i]);
	if (message->signatures == 0)
		exam_say(exam, PROBLEM_DKIM_UNSIGNED, message->name, DOCTOR_WARNING,
			 arena_printf(exam->arena, "The message (%s) has no DKIM signature.", message->name),
			 consequence, NULL);
	else if (!is_message_aligned(exam))
		exam_say(exam, PROBLEM_DKIM_MESSAGE_UNALIGNED, message->name, DOCTOR_WARNING,
			 arena_printf(exam->arena,
				      "No signature of the message (%s) aligns with its author's domain, %s.",
				      message->name, message->author),
			 consequence, NULL);
}

void
exam_dkim(struct exam *exam)
{
	bool has_other;

	for (size_t i = 0; i < exam->key_count; i++)
		lookup_want(exam->lookup, exam_key_name(exam, &exam->keys[i]), DNS_TXT);
	leave_out_reported(exam);
	has_other = has_aligned(exam);
	for (size_t i = 0; i < exam->key_count; i++)
		judge_selector(exam, &exam->keys[i], has_other);
	judge_algorithms(exam);
	judge_message(exam, exam->order->message);
}
