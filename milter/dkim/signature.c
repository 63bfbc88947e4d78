#include "heloscope/dkim/signature.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/base64.h"
#include "heloscope/base/domain.h"
#include "heloscope/dkim/tags.h"

#define INFIX "._domainkey."

enum {
	TAG_V,
	TAG_A,
	TAG_B,
	TAG_BH,
	TAG_C,
	TAG_CV,
	TAG_D,
	TAG_H,
	TAG_I,
	TAG_L,
	TAG_Q,
	TAG_S,
	TAG_T,
	TAG_X,
	TAGS
};

static const char *const tag_names[TAGS] = { "v", "a", "b", "bh", "c", "cv", "d",
					     "h", "i", "l", "q",  "s", "t",  "x" };

static const char *const algorithm_words[] = {
	[DKIM_UNKNOWN_ALGORITHM] = "",
	[DKIM_RSA_SHA256] = "rsa-sha256",
	[DKIM_ED25519_SHA256] = "ed25519-sha256",
	[DKIM_RSA_SHA1] = "rsa-sha1",
};

/* The first thing that is wrong counts. */
static void
complain(struct dkim_signature *signature, enum dkim_reason reason)
{
	if (signature->reason == DKIM_NONE)
		signature->reason = reason;
}

static void
require(struct dkim_signature *signature, bool is_good, enum dkim_reason reason)
{
	if (!is_good)
		complain(signature, reason);
}

/* At most `digits` decimal digits; what is too large for a number counts as the largest. */
static bool
read_number(struct span text, size_t digits, uint64_t *number)
{
	uint64_t value = 0;

	for (size_t i = 0; i < text.length; i++) {
		const uint64_t digit = (uint64_t)(text.at[i] - '0');

		if (!ascii_is_digit(text.at[i]))
			return false;
		value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
	}
	*number = value;
	return text.length > 0 && text.length <= digits;
}

static void
read_algorithm(struct dkim_signature *signature, struct span word)
{
	signature->algorithm_word = word;
	for (int algorithm = DKIM_RSA_SHA256; algorithm <= DKIM_RSA_SHA1; algorithm++)
		if (span_equals_nocase(word, span_of(algorithm_words[algorithm])))
			signature->algorithm = (enum dkim_algorithm)algorithm;
	require(signature, signature->algorithm != DKIM_UNKNOWN_ALGORITHM, DKIM_ALGORITHM);
	require(signature, signature->algorithm != DKIM_RSA_SHA1, DKIM_SHA1);
}

static bool
read_canon(struct span word, enum dkim_canon *canon)
{
	*canon = span_equals_nocase(word, SPAN("relaxed")) ? DKIM_RELAXED : DKIM_SIMPLE;
	return *canon == DKIM_RELAXED || span_equals_nocase(word, SPAN("simple"));
}

/* "header/body", of which the body's is simple unless it is said. Where nothing is said, ARC's is relaxed. */
static void
read_canons(struct dkim_signature *signature, const struct dkim_tag *tag)
{
	const char *slash = tag->is_there ? memchr(tag->value.at, '/', tag->value.length) : NULL;
	const size_t length = slash != NULL ? (size_t)(slash - tag->value.at) : tag->value.length;
	bool is_good;

	if (!tag->is_there) {
		signature->header_canon = signature->body_canon =
			signature->kind == DKIM_OF_ARC ? DKIM_RELAXED : DKIM_SIMPLE;
		return;
	}
	is_good = read_canon((struct span){ tag->value.at, length }, &signature->header_canon);
	if (slash != NULL)
		is_good = read_canon(span_from(tag->value, length + 1), &signature->body_canon) && is_good;
	require(signature, is_good, DKIM_CANONICALIZATION);
}

/* A domain, normalized; "" when it is none. */
static const char *
read_domain(struct dkim_signature *signature, struct span text, struct arena *arena)
{
	char name[DOMAIN_SIZE];

	require(signature,
		domain_normalize(text, name) && (text.length == 0 || text.at[text.length - 1] != '.'),
		DKIM_TAG_VALUE);
	return name[0] != '\0' ? arena_string(arena, name) : "";
}

/* [ local part ] "@" domain, of which the latter is d= or below it (3.5). */
static void
read_identity(struct dkim_signature *signature, const struct dkim_tag *tag, struct arena *arena)
{
	size_t at = tag->value.length;

	signature->identity_domain = signature->domain;
	if (!tag->is_there)
		return;
	while (at > 0 && tag->value.at[at - 1] != '@')
		at--;
	require(signature, at > 0, DKIM_TAG_VALUE);
	signature->identity = tag->value;
	signature->identity_domain = read_domain(signature, span_from(tag->value, at), arena);
	require(signature, domain_is_within(span_of(signature->identity_domain), span_of(signature->domain)),
		DKIM_IDENTITY);
}

/* A field's name: printable ASCII but ":" (RFC 5322, 3.6.8). */
static bool
is_field_name(struct span name)
{
	for (size_t i = 0; i < name.length; i++)
		if (name.at[i] <= ' ' || name.at[i] > '~')
			return false;
	return name.length > 0;
}

/* Of ARC a name may be missing where one should stand, which signs nothing. */
static bool
is_name_of(enum dkim_kind kind, struct span name)
{
	return is_field_name(name) || (kind == DKIM_OF_ARC && name.length == 0);
}

/* The names are counted before any is looked at. */
static void
read_field_names(struct dkim_signature *signature, struct span list)
{
	struct span name;

	signature->field_names = list;
	signature->field_name_count = 1;
	for (size_t i = 0; i < list.length; i++)
		signature->field_name_count += list.at[i] == ':' ? 1 : 0;
	require(signature, signature->field_name_count <= DKIM_FIELD_NAMES_MAX, DKIM_FIELD_NAMES);
	if (signature->field_name_count > DKIM_FIELD_NAMES_MAX)
		return;
	while (dkim_next_item(&list, &name)) {
		require(signature, is_name_of(signature->kind, name), DKIM_TAG_VALUE);
		signature->covers_from = signature->covers_from || span_equals_nocase(name, SPAN("From"));
		signature->covers_seal = signature->covers_seal || span_equals_nocase(name, SPAN("ARC-Seal"));
	}
	require(signature, signature->covers_from || signature->kind == DKIM_OF_ARC, DKIM_FROM_UNSIGNED);
}

static void
read_body_hash(struct dkim_signature *signature, struct span text)
{
	size_t length = 0;

	if (!base64_decode(text, signature->body_hash, sizeof signature->body_hash, &length)
	    || length != sizeof signature->body_hash)
		complain(signature, DKIM_TAG_VALUE);
}

static void
read_signed_data(struct dkim_signature *signature, const struct dkim_tag *tag)
{
	unsigned char octets[DKIM_SIGNATURE_OCTETS];
	size_t length = 0;

	signature->signed_data = tag->value;
	signature->value_of_b = tag->place;
	require(signature, base64_decode(tag->value, octets, sizeof octets, &length) && length > 0,
		DKIM_TAG_VALUE);
}

static bool
read_time(struct dkim_signature *signature, const struct dkim_tag *tag, int64_t *time)
{
	uint64_t number = 0;
	const bool is_good = !tag->is_there || read_number(tag->value, 12, &number);

	require(signature, is_good, DKIM_TAG_VALUE);
	*time = is_good ? (int64_t)number : 0; /* twelve digits at most */
	return tag->is_there;
}

static void
read_numbers(struct dkim_signature *signature, const struct dkim_tag *tags)
{
	signature->has_length = tags[TAG_L].is_there;
	if (signature->has_length)
		require(signature, read_number(tags[TAG_L].value, 76, &signature->length), DKIM_TAG_VALUE);
	signature->has_time = read_time(signature, &tags[TAG_T], &signature->time);
	signature->has_expiry = read_time(signature, &tags[TAG_X], &signature->expiry);
}

/* The tags that each kind must have. */
static const unsigned required[] = {
	[DKIM_PLAIN] = 1U << TAG_V | 1U << TAG_A | 1U << TAG_B | 1U << TAG_BH | 1U << TAG_D | 1U << TAG_H
		       | 1U << TAG_S,
	[DKIM_OF_ARC] = 1U << TAG_I | 1U << TAG_A | 1U << TAG_B | 1U << TAG_BH | 1U << TAG_D | 1U << TAG_H
			| 1U << TAG_S,
	[DKIM_SEAL] = 1U << TAG_I | 1U << TAG_A | 1U << TAG_B | 1U << TAG_CV | 1U << TAG_D | 1U << TAG_S,
};

static bool
has_required(enum dkim_kind kind, const struct dkim_tag *tags)
{
	for (size_t i = 0; i < TAGS; i++)
		if ((required[kind] & 1U << i) != 0 && !tags[i].is_there)
			return false;
	return true;
}

unsigned
dkim_instance_read(struct span text)
{
	unsigned instance = 0;

	return text.length <= 2 && span_to_number(text, 1, DKIM_INSTANCES_MAX, &instance) ? instance : 0;
}

static void
read_instance(struct dkim_signature *signature, const struct dkim_tag *tag)
{
	signature->identity_domain = signature->domain;
	if (tag->is_there)
		signature->instance = dkim_instance_read(tag->value);
	require(signature, signature->instance > 0, DKIM_TAG_VALUE);
}

/* What a seal has. */
static void
read_seal(struct dkim_signature *signature, const struct dkim_tag *tags)
{
	signature->header_canon = DKIM_RELAXED;
	signature->has_field_names = tags[TAG_H].is_there;
	signature->has_time = read_time(signature, &tags[TAG_T], &signature->time);
}

/* What a signature of the message has. */
static void
read_coverage(struct dkim_signature *signature, const struct dkim_tag *tags)
{
	require(signature, !tags[TAG_Q].is_there || dkim_list_has(tags[TAG_Q].value, SPAN("dns/txt")),
		DKIM_QUERY_METHOD);
	read_canons(signature, &tags[TAG_C]);
	read_numbers(signature, tags);
	if (signature->algorithm != DKIM_RSA_SHA1) /* whose hash is another */
		read_body_hash(signature, tags[TAG_BH].value);
	read_field_names(signature, tags[TAG_H].value);
}

/* All tags but those that name the signer. What makes a signature unreadable comes before what makes it
 * invalid. */
static void
read_tags(struct dkim_signature *signature, const struct dkim_tag *tags)
{
	require(signature, has_required(signature->kind, tags), DKIM_TAG_MISSING);
	if (signature->reason != DKIM_NONE)
		return;
	require(signature, signature->kind != DKIM_PLAIN || span_equals(tags[TAG_V].value, SPAN("1")),
		DKIM_VERSION);
	read_algorithm(signature, tags[TAG_A].value);
	read_signed_data(signature, &tags[TAG_B]);
	if (signature->kind == DKIM_SEAL)
		read_seal(signature, tags);
	else
		read_coverage(signature, tags);
}

/* Whose it is. */
static void
read_signer(struct dkim_signature *signature, const struct dkim_tag *tags, struct arena *arena)
{
	if (tags[TAG_S].is_there)
		signature->selector = read_domain(signature, tags[TAG_S].value, arena);
	if (tags[TAG_D].is_there)
		signature->domain = read_domain(signature, tags[TAG_D].value, arena);
	if (signature->kind == DKIM_PLAIN)
		read_identity(signature, &tags[TAG_I], arena);
	else
		read_instance(signature, &tags[TAG_I]);
	if (tags[TAG_CV].is_there)
		signature->chain_status = tags[TAG_CV].value;
}

bool
dkim_signature_read(enum dkim_kind kind, struct span value, struct arena *arena,
		    struct dkim_signature *signature)
{
	struct dkim_tag tags[TAGS];
	const enum dkim_tags_form form = dkim_tags_read(value, tag_names, tags, TAGS);

	*signature = (struct dkim_signature){ .value = value,
					      .kind = kind,
					      .chain_status = SPAN(""),
					      .algorithm_word = SPAN(""),
					      .domain = "",
					      .selector = "",
					      .identity_domain = "",
					      .identity = SPAN(""),
					      .field_names = SPAN(""),
					      .signed_data = SPAN(""),
					      .value_of_b = SPAN("") };
	require(signature, form != DKIM_TAGS_MALFORMED, DKIM_SYNTAX);
	require(signature, form != DKIM_TAGS_TWICE, DKIM_TAG_TWICE);
	if (form != DKIM_TAGS_GOOD)
		return true;
	read_tags(signature, tags);
	read_signer(signature, tags, arena);
	return !arena->has_failed;
}

enum dkim_reason
dkim_signature_judge_times(const struct dkim_signature *signature, int64_t now)
{
	if (signature->has_time && signature->has_expiry && signature->expiry <= signature->time)
		return DKIM_TIMES;
	if (signature->has_expiry && signature->expiry < now - DKIM_CLOCK_SKEW_S)
		return DKIM_EXPIRED;
	if (signature->has_time && signature->time > now + DKIM_CLOCK_SKEW_S)
		return DKIM_FUTURE;
	return DKIM_NONE;
}

const char *
dkim_signature_key_name(const struct dkim_signature *signature, char *name)
{
	const size_t length = strlen(signature->selector) + sizeof INFIX - 1 + strlen(signature->domain);

	if (length >= DOMAIN_SIZE)
		return NULL;
	(void)snprintf(name, DOMAIN_SIZE, "%s" INFIX "%s", signature->selector, signature->domain);
	return name;
}
