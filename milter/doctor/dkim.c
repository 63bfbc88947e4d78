/* doctor_dkim: the DKIM key of a sender's domain, as a verifier reads it (RFC 6376, 3.6.1; RFC 8301; RFC
 * 8463). */
#include "heloscope/doctor/dkim.h"

#include "heloscope/doctor/dmarc.h"
#include "heloscope/doctor/tags.h"

#include <openssl/evp.h>

#include "heloscope/dkim/key.h"
#include "heloscope/wire/taglist.h"

static const char fails[] = "Signatures with this selector fail.";

/* Of the record at `name`. */
static void
add_error(struct exam *exam, enum doctor_problem problem, const char *name, const char *what)
{
	exam_say(exam, problem, name, DOCTOR_ERROR, what, fails, NULL);
}

static void
judge_rsa(struct exam *exam, const char *name, unsigned bits)
{
	if (bits == 0)
		add_error(
			exam, PROBLEM_DKIM_BROKEN, name,
			"What stands in p= is no RSA public key; perhaps it was cut or pasted with a line missing.");
	else if (bits < DKIM_RSA_BITS_MIN)
		add_error(exam, PROBLEM_DKIM_SHORT, name,
			  arena_printf(exam->arena,
				       "The RSA key has %u bits; verifiers take none with less than %d.",
				       bits, DKIM_RSA_BITS_MIN));
	else if (bits > DKIM_RSA_BITS_MAX)
		add_error(exam, PROBLEM_DKIM_BROKEN, name,
			  arena_printf(exam->arena, "The RSA key has %u bits; few verifiers take so many.",
				       bits));
	else if (bits < DKIM_RSA_BITS_ADVISED)
		exam_say(exam, PROBLEM_DKIM_BELOW_ADVICE, name, DOCTOR_NOTE,
			 arena_printf(exam->arena, "The RSA key has %u bits; %d are advised.", bits,
				      DKIM_RSA_BITS_ADVISED),
			 NULL, NULL);
}

static void
judge_key(struct exam *exam, const char *name, const struct dkim_key *key)
{
	enum dkim_reason reason;
	unsigned bits;
	size_t octets;

	EVP_PKEY_free(dkim_key_open(key, &bits, &octets, &reason));
	if (key->type == DKIM_KEY_RSA)
		judge_rsa(exam, name, bits);
	else if (key->type == DKIM_KEY_UNKNOWN)
		add_error(exam, PROBLEM_DKIM_BROKEN, name,
			  arena_printf(exam->arena, "The key type is \"%s\"; verifiers know rsa and ed25519.",
				       arena_copy(exam->arena, key->type_word)));
	else if (octets != DKIM_ED25519_OCTETS)
		add_error(
			exam, PROBLEM_DKIM_BROKEN, name,
			arena_printf(
				exam->arena,
				"What stands in p= has %zu octets; an ed25519 key has %d, without any wrapping.",
				octets, DKIM_ED25519_OCTETS));
}

static void
judge_record(struct exam *exam, const char *name, const struct dkim_key *key)
{
	if (key->data.length == 0) {
		add_error(exam, PROBLEM_DKIM_REVOKED, name,
			  arena_printf(exam->arena, "The key at %s is empty, which says that it was revoked.",
				       name));
	} else {
		judge_key(exam, name, key);
	}
	if (!key->allows_sha256)
		add_error(exam, PROBLEM_DKIM_RESTRICTED, name,
			  "h= does not allow sha256, the only hash that verifiers still take.");
	if (!key->allows_mail)
		add_error(exam, PROBLEM_DKIM_RESTRICTED, name, "s= says that the key is not for mail.");
	if (key->is_testing)
		exam_say(exam, PROBLEM_DKIM_TESTING, name, DOCTOR_NOTE,
			 "t=y says that you are still testing.",
			 "Receivers may treat signed mail as if it were not signed.", NULL);
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
	{ .name = "p", .takes = takes_anything },
	{ .name = "h", .takes = takes_anything },
	{ .name = "s", .takes = takes_anything },
	{ .name = "t", .takes = takes_anything },
	{ .name = "n", .takes = takes_anything },
	{ .name = "g", .historic = "Verifiers pass over it (RFC 6376, C.2)." },
};

static const struct exam_tag_form form = {
	.row = DOCTOR_DKIM,
	.subject = "The DKIM key record",
	.rules = rules,
	.rule_count = sizeof rules / sizeof rules[0],
	.twice = DOCTOR_ERROR,
	.twice_consequence =
		"The whole record counts for nothing (RFC 6376, 3.2): signatures with this selector fail.",
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

/* The TXT records of an answer that may be keys; the last one. */
static size_t
count_keys(const struct dns_answer *answer, struct span *key)
{
	size_t count = 0;

	for (size_t i = 0; i < answer->count; i++) {
		struct span rest = answer->records[i].text;
		struct tag tag;

		while (taglist_next(&rest, &tag) && !span_equals_nocase(tag.name, SPAN("p")))
			continue;
		if (!span_equals_nocase(tag.name, SPAN("p")))
			continue;
		*key = answer->records[i].text;
		count++;
	}
	return count;
}

void
exam_dkim(struct exam *exam)
{
	const char *name = arena_printf(exam->arena, "%s._domainkey.%s", exam->order->selector,
					exam->order->key_domain != NULL ? exam->order->key_domain
									: exam->report->domain);
	const struct dns_answer *answer = lookup_get(exam->lookup, name, DNS_TXT);
	struct dkim_key record;
	struct span key = SPAN("");
	const size_t count = count_keys(answer, &key);

	if (exam->order->key_domain != NULL && !exam_is_aligned(exam, exam->order->key_domain, false))
		exam_say(exam, PROBLEM_DKIM_UNALIGNED, exam->order->key_domain, DOCTOR_WARNING,
			 arena_printf(exam->arena, "Signatures of %s do not align with %s.",
				      exam->order->key_domain, exam->report->domain),
			 "They do not count for DMARC.", NULL);
	if (dns_status_is_fault(answer->status)) {
		exam_add_unknown(exam, DOCTOR_DKIM, name, answer);
	} else if (count != 1) {
		exam_say(exam, count == 0 ? PROBLEM_DKIM_MISSING : PROBLEM_DKIM_SEVERAL, name, DOCTOR_ERROR,
			 arena_printf(exam->arena, "There %s at %s.",
				      count == 0 ? "is no key" : "are several keys", name),
			 fails, NULL);
	} else {
		const bool is_well_formed = exam_judge_tags(exam, &form, name, key);

		judge_order(exam, key);
		record = dkim_key_read(key);
		if (record.reason != DKIM_KEY_SYNTAX)
			judge_record(exam, name, &record);
		else if (is_well_formed) /* else it was told tag by tag */
			add_error(exam, PROBLEM_DKIM_BROKEN, name,
				  "The DKIM key record is not a valid list of tags.");
	}
}
