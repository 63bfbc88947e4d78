#include "heloscope/checks/dkim.h"

#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/dkim/tags.h"
#include "heloscope/dkim/verify.h"

#define SIGNATURES_AT_ONCE (BOUND_SIGNATURES / 2) /* whose key is asked for before the author is known */
#define WORD_MAX 64                               /* octets of a word of a signature that are kept */
#define NAMES_MAX 512                             /* of its list of names */
#define MARK_MIN 8                                /* octets of b= that tell it from others (RFC 6008, 4) */
#define MARK_MAX 64

#define TIME_MAX 253402300799 /* the end of the year 9999, in seconds since 1970 */

enum { CANONS = DKIM_RELAXED + 1 };

/* A signature that is looked at. */
struct candidate {
	const struct dkim_field *field;
	struct dkim_signature signature;
	const char *key_name; /* that is asked for; NULL: none is */
};

/* What is kept of the message. */
struct seen {
	struct kept *kept; /* for all checks */
	struct candidate *candidates[BOUND_SIGNATURES];
	size_t count;
	size_t total;                    /* of signatures in the header */
	const struct dkim_field **later; /* those that are chosen from when the author is known */
	size_t later_count;
	struct dkim_facts facts;
	bool is_verified;
};

/* NULL when there is no memory. */
static struct seen *
seen_of(struct inquiry *inquiry)
{
	struct seen *seen = inquiry_fed_state(inquiry, sizeof *seen);

	if (seen != NULL)
		seen->kept = inquiry_kept(inquiry);
	return seen;
}

/* The header. */

/* Look at a signature: ask for its key. */
static void
add_candidate(struct inquiry *inquiry, struct seen *seen, const struct dkim_field *field)
{
	struct arena *memory = &inquiry_fed(inquiry)->memory;
	struct candidate *candidate = arena_alloc(memory, sizeof *candidate);
	char name[DOMAIN_SIZE];
	const char *asked;

	if (candidate == NULL
	    || !dkim_signature_read(DKIM_PLAIN, field->value, memory, &candidate->signature))
		return;
	candidate->field = field;
	seen->candidates[seen->count++] = candidate;
	asked = dkim_verify_asks(&candidate->signature, seen->kept->now, name);
	if (asked == NULL)
		return;
	candidate->key_name = arena_string(memory, asked);
	(void)inquiry_ask(inquiry, STAGE_HEADER, candidate->key_name, DNS_TXT);
}

static void
keep_for_later(struct inquiry *inquiry, struct seen *seen, const struct dkim_field *field)
{
	const struct dkim_field **later = arena_grow(&inquiry_fed(inquiry)->memory, (void *)seen->later,
						     seen->later_count, sizeof(const struct dkim_field *));

	if (later == NULL)
		return;
	seen->later = later;
	later[seen->later_count++] = field;
}

static void
take_field(struct inquiry *inquiry, struct seen *seen, const struct piece *piece)
{
	const bool is_signature = span_equals_nocase(span_trim(piece->name), SPAN("DKIM-Signature"));
	const struct dkim_field *field = inquiry_keep_field(inquiry, piece);

	seen->total += is_signature ? 1 : 0;
	if (span_equals_nocase(span_trim(piece->name), SPAN("List-Id")))
		seen->facts.has_list_id = true;
	if (!is_signature || field == NULL)
		return;
	if (seen->count < SIGNATURES_AT_ONCE)
		add_candidate(inquiry, seen, field);
	else
		keep_for_later(inquiry, seen, field);
}

/* How the signer's domain agrees with the author's. */
static enum dkim_alignment
alignment_of(const struct seen *seen, const char *domain)
{
	const char *author = author_domain(&seen->kept->author);

	if (author[0] == '\0' || domain[0] == '\0')
		return DKIM_UNALIGNED;
	if (strcmp(author, domain) == 0)
		return DKIM_SAME_DOMAIN;
	return domain_same_organization(author, domain) ? DKIM_SAME_ORGANIZATION : DKIM_UNALIGNED;
}

/* Whether a signature says that it is of the author's domain, or of one that belongs to it. */
static bool
is_aligned(const struct seen *seen, const struct dkim_field *field)
{
	static const char *const names[] = { "d" };
	struct dkim_tag tag;
	char domain[DOMAIN_SIZE];

	return dkim_tags_read(field->value, names, &tag, 1) == DKIM_TAGS_GOOD && tag.is_there
	       && domain_normalize(tag.value, domain) && alignment_of(seen, domain) != DKIM_UNALIGNED;
}

/* Of those that came behind the first, those of the author are looked at before others. */
static void
choose_candidates(struct inquiry *inquiry, struct seen *seen)
{
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < seen->later_count && seen->count < BOUND_SIGNATURES; i++)
			if (is_aligned(seen, seen->later[i]) == (round == 0))
				add_candidate(inquiry, seen, seen->later[i]);
}

/* The body. */

static void
want_body(struct inquiry *inquiry, const struct seen *seen)
{
	for (size_t i = 0; i < seen->count; i++)
		if (seen->candidates[i]->key_name != NULL)
			inquiry_want_body(inquiry, &seen->candidates[i]->signature);
}

static void
feed(struct inquiry *inquiry, const struct piece *piece)
{
	struct seen *seen = seen_of(inquiry);

	if (seen == NULL)
		return;
	switch (piece->kind) {
	case PIECE_FIELD:
		take_field(inquiry, seen, piece);
		break;
	case PIECE_END_OF_HEADER:
		choose_candidates(inquiry, seen);
		want_body(inquiry, seen);
		break;
	case PIECE_BODY:
	case PIECE_END_OF_BODY:
		break;
	}
}

/* What is found. */

static const char *
copy_cut(struct arena *arena, struct span text, size_t most)
{
	return arena_copy(arena, (struct span){ text.at, text.length < most ? text.length : most });
}

/* Without blanks and line ends, cut at `size` octets. */
static void
compact(struct span data, char *out, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < data.length && length + 1 < size; i++)
		if (!ascii_is_blank(data.at[i]))
			out[length++] = data.at[i];
	out[length] = '\0';
}

/* So much of b= that no other signature begins like it (RFC 6008, 4). */
static const char *
mark_among(const struct seen *seen, size_t index, struct arena *arena)
{
	char own[MARK_MAX + 1], other[MARK_MAX + 1];
	size_t length = MARK_MIN;

	compact(seen->candidates[index]->signature.signed_data, own, sizeof own);
	for (size_t i = 0; i < seen->count; i++) {
		size_t same = 0;

		compact(seen->candidates[i]->signature.signed_data, other, sizeof other);
		while (own[same] != '\0' && own[same] == other[same])
			same++;
		if (i != index && same >= length)
			length = same + 1;
	}
	return copy_cut(arena, span_of(own), length);
}

static const char *
copy_names(struct arena *arena, struct span names)
{
	char memory[NAMES_MAX + 1];

	compact(names, memory, sizeof memory);
	return arena_string(arena, memory);
}

static const char *
canonicalization_of(const struct dkim_signature *signature)
{
	static const char *const words[CANONS][CANONS] = { { "simple/simple", "simple/relaxed" },
							   { "relaxed/simple", "relaxed/relaxed" } };

	return words[signature->header_canon][signature->body_canon];
}

static struct dkim_finding
make_finding(const struct seen *seen, size_t index, struct arena *arena)
{
	const struct dkim_signature *signature = &seen->candidates[index]->signature;
	struct dkim_finding finding = {
		.domain = arena_string(arena, signature->domain),
		.selector = arena_string(arena, signature->selector),
		.algorithm = copy_cut(arena, signature->algorithm_word, WORD_MAX),
		.canonicalization = canonicalization_of(signature),
		.mark = mark_among(seen, index, arena),
		.identity = signature->identity.length > 0 ? copy_cut(arena, signature->identity, NAMES_MAX)
							   : NULL,
		.field_names = copy_names(arena, signature->field_names),
		.field_name_count = signature->field_name_count,
		.time = signature->time <= TIME_MAX ? signature->time : 0,
		.expiry = signature->expiry <= TIME_MAX ? signature->expiry : 0,
		.has_length = signature->has_length,
		.length = signature->length < UINT32_MAX ? (uint32_t)signature->length : UINT32_MAX,
		.alignment = alignment_of(seen, signature->domain),
	};

	memcpy(finding.body_hash, signature->body_hash, sizeof finding.body_hash);
	return finding;
}

static struct dkim_finding
verify(struct inquiry *inquiry, struct seen *seen, size_t index, struct dkim_keys *keys)
{
	static const struct dns_answer unasked = { .status = DNS_NODATA };
	const struct candidate *candidate = seen->candidates[index];
	struct arena *arena = inquiry_arena(inquiry, STAGE_BODY);
	struct dkim_finding finding = make_finding(seen, index, arena);
	const struct dkim_case of = {
		.signature = &candidate->signature,
		.own = candidate->field,
		.header = &seen->kept->header,
		.keys = keys,
		.body_hash = dkim_bodies_hash(&seen->kept->bodies, &candidate->signature),
		.body_octets = dkim_bodies_octets(&seen->kept->bodies, &candidate->signature),
		.answer = candidate->key_name != NULL
				  ? inquiry_ask(inquiry, STAGE_HEADER, candidate->key_name, DNS_TXT)
				  : &unasked,
		.now = seen->kept->now,
	};

	finding.evidence = dkim_verify(&of, arena);
	finding.result = dkim_reason_result(finding.evidence.reason);
	return finding;
}

/* Whether all keys are there. */
static bool
has_keys(struct inquiry *inquiry, const struct seen *seen)
{
	bool has_all = true;

	for (size_t i = 0; i < seen->count; i++)
		if (seen->candidates[i]->key_name != NULL
		    && inquiry_ask(inquiry, STAGE_HEADER, seen->candidates[i]->key_name, DNS_TXT) == NULL)
			has_all = false;
	return has_all;
}

/* Those of the author come first, so that others cannot use up the work that is done for a message. */
static void
verify_in_order(struct inquiry *inquiry, struct seen *seen, struct dkim_keys *keys)
{
	for (int alignment = DKIM_SAME_DOMAIN; alignment >= DKIM_UNALIGNED; alignment--)
		for (size_t i = 0; i < seen->count; i++)
			if ((int)alignment_of(seen, seen->candidates[i]->signature.domain) == alignment)
				seen->facts.signatures[i] = verify(inquiry, seen, i, keys);
	seen->facts.count = seen->count;
}

static void
verify_all(struct inquiry *inquiry, struct seen *seen)
{
	struct dkim_keys keys;

	seen->facts.signatures = arena_alloc(inquiry_arena(inquiry, STAGE_BODY),
					     (seen->count + 1) * sizeof *seen->facts.signatures);
	if (seen->facts.signatures == NULL)
		return;
	seen->facts.left_out = seen->total - seen->count;
	dkim_keys_init(&keys, BOUND_DKIM_WORK);
	verify_in_order(inquiry, seen, &keys);
	dkim_keys_clear(&keys);
	seen->is_verified = true;
}

/* What a signature hides whose key could not be looked up: whoever sends chose its name. */
static void
note_withheld(struct facts *facts)
{
	for (size_t i = 0; i < facts->dkim.count; i++)
		if (facts->withheld[METHOD_DKIM] == DNS_NOERROR
		    && facts->dkim.signatures[i].result == RESULT_TEMPERROR)
			facts->withheld[METHOD_DKIM] = dns_status_of_chosen(
				dkim_evidence_fault(&facts->dkim.signatures[i].evidence));
}

/* Where nothing is signed, the body says nothing. */
static bool
run(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);
	struct seen *seen = seen_of(inquiry);

	if (seen == NULL || inquiry_stage(inquiry) < STAGE_HEADER)
		return false;
	facts->author = inquiry_author(inquiry);
	if (!has_keys(inquiry, seen) || (inquiry_stage(inquiry) < STAGE_BODY && seen->total > 0))
		return false;
	if (!seen->is_verified)
		verify_all(inquiry, seen);
	facts->dkim = seen->facts;
	facts->results[METHOD_DKIM] = facts_dkim_result(&seen->facts);
	note_withheld(facts);
	return true;
}

const struct check check_dkim = { .stage = STAGE_BODY, .run = run, .method = METHOD_DKIM, .feed = feed };
