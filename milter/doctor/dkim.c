/* doctor_dkim: the DKIM key of a sender's domain, as a verifier reads it (RFC 6376, 3.6.1; RFC 8301; RFC
 * 8463). */
#include "heloscope/doctor/dkim.h"

#include "heloscope/doctor/dmarc.h"
#include "heloscope/doctor/tags.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "heloscope/wire/taglist.h"

#define RSA_BITS_MIN 1024     /* verifiers ignore shorter keys (RFC 8301, 3.2) */
#define RSA_BITS_ADVISED 2048 /* for signers */
#define ED25519_OCTETS 32
#define KEY_OCTETS_MAX 4096

/* What a key record says; empty tags are not there. */
struct key_record {
	struct span type, data, hashes, services, flags;
};

static struct key_record
read_key_record(struct span text)
{
	return (struct key_record){
		.type = taglist_value(text, SPAN("k")),
		.data = taglist_value(text, SPAN("p")),
		.hashes = taglist_value(text, SPAN("h")),
		.services = taglist_value(text, SPAN("s")),
		.flags = taglist_value(text, SPAN("t")),
	};
}

/* Whether a list "a:b : c" names `word`. */
static bool
names(struct span list, struct span word)
{
	while (list.length > 0) {
		const char *colon = memchr(list.at, ':', list.length);
		const size_t length = colon != NULL ? (size_t)(colon - list.at) : list.length;

		if (span_equals_nocase(span_trim((struct span){ list.at, length }), word))
			return true;
		list = span_from(list, colon != NULL ? length + 1 : length);
	}
	return false;
}

/* Decode base64 with white space between; the number of octets, or 0 when it is none. */
static size_t
decode(struct span text, unsigned char *octets)
{
	EVP_ENCODE_CTX *decoder = EVP_ENCODE_CTX_new();
	int length = 0, rest = 0, result = -1;

	if (decoder != NULL && text.length < KEY_OCTETS_MAX) {
		EVP_DecodeInit(decoder);
		result = EVP_DecodeUpdate(decoder, octets, &length, (const unsigned char *)text.at,
					  (int)text.length);
	}
	if (result >= 0 && EVP_DecodeFinal(decoder, octets + length, &rest) < 0)
		result = -1;
	EVP_ENCODE_CTX_free(decoder);
	return result >= 0 ? (size_t)length + (size_t)rest : 0;
}

/* The bits of an RSA key, or 0 when the octets are none. */
static int
rsa_bits(const unsigned char *octets, size_t length)
{
	const unsigned char *at = octets;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)length);
	const int bits = key != NULL && EVP_PKEY_is_a(key, "RSA") ? EVP_PKEY_get_bits(key) : 0;

	EVP_PKEY_free(key);
	return bits;
}

static const char fails[] = "Signatures with this selector fail.";

/* Of the record at `name`. */
static void
add_error(struct exam *exam, enum doctor_problem problem, const char *name, const char *what)
{
	exam_say(exam, problem, name, DOCTOR_ERROR, what, fails, NULL);
}

static void
judge_rsa(struct exam *exam, const char *name, const unsigned char *octets, size_t length)
{
	const int bits = rsa_bits(octets, length);

	if (bits == 0)
		add_error(
			exam, PROBLEM_DKIM_BROKEN, name,
			"What stands in p= is no RSA public key; perhaps it was cut or pasted with a line missing.");
	else if (bits < RSA_BITS_MIN)
		add_error(exam, PROBLEM_DKIM_SHORT, name,
			  arena_printf(exam->arena,
				       "The RSA key has %d bits; verifiers take none with less than %d.",
				       bits, RSA_BITS_MIN));
	else if (bits < RSA_BITS_ADVISED)
		exam_say(exam, PROBLEM_DKIM_BELOW_ADVICE, name, DOCTOR_NOTE,
			 arena_printf(exam->arena, "The RSA key has %d bits; %d are advised.", bits,
				      RSA_BITS_ADVISED),
			 NULL, NULL);
}

static void
judge_key(struct exam *exam, const char *name, const struct key_record *record)
{
	unsigned char octets[KEY_OCTETS_MAX];
	const size_t length = decode(record->data, octets);

	if (record->type.length == 0 || span_equals_nocase(record->type, SPAN("rsa")))
		judge_rsa(exam, name, octets, length);
	else if (!span_equals_nocase(record->type, SPAN("ed25519")))
		add_error(exam, PROBLEM_DKIM_BROKEN, name,
			  arena_printf(exam->arena, "The key type is \"%s\"; verifiers know rsa and ed25519.",
				       arena_copy(exam->arena, record->type)));
	else if (length != ED25519_OCTETS)
		add_error(
			exam, PROBLEM_DKIM_BROKEN, name,
			arena_printf(
				exam->arena,
				"What stands in p= has %zu octets; an ed25519 key has %d, without any wrapping.",
				length, ED25519_OCTETS));
}

static void
judge_record(struct exam *exam, const char *name, const struct key_record *record)
{
	if (record->data.length == 0) {
		add_error(exam, PROBLEM_DKIM_REVOKED, name,
			  arena_printf(exam->arena, "The key at %s is empty, which says that it was revoked.",
				       name));
	} else {
		judge_key(exam, name, record);
	}
	if (record->hashes.length > 0 && !names(record->hashes, SPAN("sha256")))
		add_error(exam, PROBLEM_DKIM_RESTRICTED, name,
			  "h= does not allow sha256, the only hash that verifiers still take.");
	if (record->services.length > 0 && !names(record->services, SPAN("*"))
	    && !names(record->services, SPAN("email")))
		add_error(exam, PROBLEM_DKIM_RESTRICTED, name, "s= says that the key is not for mail.");
	if (names(record->flags, SPAN("y")))
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
	struct key_record record;
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
		(void)exam_judge_tags(exam, &form, name, key);
		judge_order(exam, key);
		record = read_key_record(key);
		judge_record(exam, name, &record);
	}
}
