/* dkim in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include <string.h>

#include "heloscope/base/base64.h"
#include "heloscope/records/value.h"

#define HASH_TEXT_SIZE 48 /* of a hash in base64 */

static const char *const type_words[] = { [DKIM_KEY_RSA] = "rsa", [DKIM_KEY_ED25519] = "ed25519" };
static const struct tokens types = TOKENS(type_words);

static const char *const canon_words[] = { "simple/simple", "simple/relaxed", "relaxed/simple",
					   "relaxed/relaxed" };
static const struct tokens canons = TOKENS(canon_words);

static const char *const result_words[RESULTS] = {
	[RESULT_NONE] = "none",           [RESULT_NEUTRAL] = "neutral", [RESULT_PASS] = "pass",
	[RESULT_FAIL] = "fail",           [RESULT_POLICY] = "policy",   [RESULT_TEMPERROR] = "temperror",
	[RESULT_PERMERROR] = "permerror",
};
static const struct tokens results = TOKENS(result_words);

#define ROW(NAME, word, result) [DKIM_##NAME] = (word),
static const char *const reason_words[DKIM_REASONS] = { DKIM_REASON_ROWS(ROW) };
#undef ROW
const struct tokens codec_signature_reasons = TOKENS(reason_words);

/* Writing. */

static void
put_hash(json_t *object, const char *key, const unsigned char *hash)
{
	char memory[HASH_TEXT_SIZE];
	struct strbuf text = STRBUF_OVER(memory);

	base64_add(&text, hash, DKIM_HASH_OCTETS);
	record_set_text(object, key, memory);
}

void
codec_put_key(const struct dkim_evidence *evidence, json_t *signature)
{
	json_t *object = json_object();

	record_set_token(object, "status", &codec_statuses, (int)evidence->key_status);
	if (evidence->key_records > 0)
		record_set_number(object, "records", evidence->key_records);
	record_set_text(object, "record", evidence->key_record);
	if (evidence->is_key_secure)
		record_set_flag(object, "secure", true);
	if (evidence->key_type != DKIM_KEY_UNKNOWN)
		record_set_token(object, "type", &types, (int)evidence->key_type);
	if (evidence->key_bits > 0)
		record_set_number(object, "bits", evidence->key_bits);
	if (evidence->is_testing)
		record_set_flag(object, "testing", true);
	document_put(signature, "key", object);
}

/* What came of the hashes. */
static void
put_hashes(json_t *object, const struct dkim_finding *finding)
{
	const struct dkim_evidence *evidence = &finding->evidence;

	put_hash(object, "body-hash", finding->body_hash);
	if (evidence->has_body_hash)
		put_hash(object, "body-hash-computed", evidence->body_hash);
	record_set_number(object, "body-octets", (size_t)evidence->body_octets);
	record_set_number(object, "unsigned-octets", (size_t)evidence->unsigned_octets);
	if (!evidence->has_hashes)
		return;
	record_set_flag(object, "header-verifies", evidence->header_verifies);
	record_set_flag(object, "body-verifies", evidence->body_verifies);
	record_set_escaped(object, "missing", evidence->missing);
	record_set_escaped(object, "uncovered", evidence->uncovered);
	record_set_escaped(object, "filled", evidence->filled);
}

static json_t *
signature_of(const struct dkim_finding *finding)
{
	json_t *object = record_result(finding->result);

	record_set_text(object, "domain", finding->domain);
	record_set_text(object, "selector", finding->selector);
	record_set_text(object, "algorithm", finding->algorithm);
	record_set_text(object, "b", finding->mark);
	if (finding->evidence.reason != DKIM_NONE)
		record_set_token(object, "reason", &codec_signature_reasons, (int)finding->evidence.reason);
	if (finding->evidence.meant != finding->evidence.reason)
		record_set_token(object, "meant", &codec_signature_reasons, (int)finding->evidence.meant);
	record_set_flag(object, "aligned", finding->alignment != DKIM_UNALIGNED);
	if (finding->alignment == DKIM_SAME_DOMAIN)
		record_set_flag(object, "same-domain", true);
	record_set_text(object, "canonicalization", finding->canonicalization);
	record_set_text(object, "identity", finding->identity);
	record_set_text(object, "fields", finding->field_names);
	record_set_number(object, "field-count", finding->field_name_count);
	record_set_time(object, "signed", finding->time);
	record_set_time(object, "expires", finding->expiry);
	if (finding->has_length)
		record_set_number(object, "length", finding->length);
	put_hashes(object, finding);
	codec_put_key(&finding->evidence, object);
	return object;
}

void
codec_put_author(const struct author_facts *author, json_t *object)
{
	if (author->finding != AUTHOR_UNCHECKED)
		record_set_text(object, "author", author_finding_word(author->finding));
	if (author->finding == AUTHOR_ONE)
		record_set_text(object, "from", author->domain);
}

static json_t *
dkim_of(const struct facts *facts)
{
	json_t *object = record_result(facts->results[METHOD_DKIM]), *signatures = json_array();

	codec_put_author(&facts->author, object);
	for (size_t i = 0; i < facts->dkim.count; i++)
		document_append(signatures, signature_of(&facts->dkim.signatures[i]));
	document_put(object, "signatures", signatures);
	if (facts->dkim.left_out > 0)
		record_set_number(object, "left-out", facts->dkim.left_out);
	if (facts->dkim.has_list_id)
		record_set_flag(object, "list-id", true);
	return object;
}

/* Reading. */

static bool
take_hash(struct taking *taking, const struct node *object, const char *key, unsigned char *hash)
{
	const char *text = take_text(taking, object, key);
	size_t length = 0;

	if (text == NULL)
		return false;
	if (!base64_decode(span_of(text), hash, DKIM_HASH_OCTETS, &length) || length != DKIM_HASH_OCTETS)
		taking->has_fault = true;
	return true;
}

void
codec_take_key(struct taking *taking, const struct node *object, struct dkim_evidence *evidence)
{
	const struct node *key = tree_member(object, "key");

	evidence->key_status =
		(enum dns_status)take_token(taking, key, "status", &codec_statuses, DNS_NOERROR);
	evidence->key_records = take_number(key, "records");
	evidence->key_record = take_text(taking, key, "record");
	evidence->is_key_secure = take_flag(key, "secure");
	evidence->key_type = (enum dkim_key_type)take_token(taking, key, "type", &types, DKIM_KEY_UNKNOWN);
	evidence->key_bits = take_number(key, "bits");
	evidence->is_testing = take_flag(key, "testing");
}

static void
take_evidence(struct taking *taking, const struct node *object, struct dkim_finding *finding)
{
	struct dkim_evidence *evidence = &finding->evidence;

	evidence->reason =
		(enum dkim_reason)take_token(taking, object, "reason", &codec_signature_reasons, DKIM_NONE);
	evidence->meant = (enum dkim_reason)take_token(taking, object, "meant", &codec_signature_reasons,
						       (int)evidence->reason);
	(void)take_hash(taking, object, "body-hash", finding->body_hash);
	evidence->has_body_hash = take_hash(taking, object, "body-hash-computed", evidence->body_hash);
	evidence->body_octets = take_number(object, "body-octets");
	evidence->unsigned_octets = take_number(object, "unsigned-octets");
	evidence->has_hashes = tree_member(object, "header-verifies") != NULL;
	evidence->header_verifies = take_flag(object, "header-verifies");
	evidence->body_verifies = take_flag(object, "body-verifies");
	evidence->missing = take_text_or_empty(taking, object, "missing");
	evidence->uncovered = take_text_or_empty(taking, object, "uncovered");
	evidence->filled = take_text_or_empty(taking, object, "filled");
	codec_take_key(taking, object, evidence);
}

static void
take_signature(struct taking *taking, const struct node *object, struct dkim_finding *finding)
{
	finding->result = (enum result)take_token(taking, object, "result", &results, RESULT_NONE);
	finding->domain = take_text_or_empty(taking, object, "domain");
	if (taking->is_for_policy)
		return;
	finding->selector = take_text_or_empty(taking, object, "selector");
	finding->algorithm = take_text_or_empty(taking, object, "algorithm");
	finding->mark = take_text_or_empty(taking, object, "b");
	finding->alignment = take_flag(object, "same-domain") ? DKIM_SAME_DOMAIN
			     : take_flag(object, "aligned")   ? DKIM_SAME_ORGANIZATION
							      : DKIM_UNALIGNED;
	finding->canonicalization = canon_words[take_token(taking, object, "canonicalization", &canons, 0)];
	finding->identity = take_text(taking, object, "identity");
	finding->field_names = take_text_or_empty(taking, object, "fields");
	finding->field_name_count = take_number(object, "field-count");
	finding->time = take_time(taking, object, "signed");
	finding->expiry = take_time(taking, object, "expires");
	finding->has_length = tree_member(object, "length") != NULL;
	finding->length = take_number(object, "length");
	take_evidence(taking, object, finding);
}

static void
take_signatures(struct taking *taking, const struct node *list, struct dkim_facts *dkim)
{
	const size_t count = tree_count(list);

	dkim->signatures = count > 0 ? take_room(taking, count, sizeof *dkim->signatures) : NULL;
	if (dkim->signatures == NULL)
		return;
	for (const struct node *object = tree_first(list); object != NULL; object = tree_next(list, object))
		take_signature(taking, object, &dkim->signatures[dkim->count++]);
}

void
codec_take_author(struct taking *taking, const struct node *check, struct author_facts *author)
{
	const char *word = take_text(taking, check, "author");

	if (word == NULL && author->finding != AUTHOR_UNCHECKED) /* another check has named him */
		return;
	author->domain = take_text_or_empty(taking, check, "from");
	if (word == NULL)
		return;
	author->finding = author_finding_from_word(word);
	if (author->finding == AUTHOR_UNCHECKED
	    || (author->finding == AUTHOR_ONE) != (author->domain[0] != '\0'))
		taking->has_fault = true;
}

static void
take_dkim(struct taking *taking, const struct node *check, struct facts *facts)
{
	codec_take_author(taking, check, &facts->author);
	take_signatures(taking, tree_member(check, "signatures"), &facts->dkim);
	facts->dkim.left_out = take_number(check, "left-out");
	facts->dkim.has_list_id = take_flag(check, "list-id");
}

const struct codec codec_dkim = { "dkim", dkim_of, take_dkim };
