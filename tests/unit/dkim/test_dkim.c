/* Signatures of DKIM: read, hashed, verified. The numbers of rows are those of MAILAUTH's table of 57
 * messages. */
#include "unit.h"

#include "../fake_dns.h"
#include "heloscope/base/base64.h"
#include "heloscope/base/bounds.h"
#include "heloscope/dkim/rsa.h"
#include "heloscope/dkim/tags.h"
#include "heloscope/dkim/verify.h"
#include "signer.h"

#define NOW 1800000000
#define ARENA (4U << 20)
#define TEXT_SIZE (256U << 10)

/* A message as the MTA gives it, and its signature as it was made. */
struct letter {
	const char *tags; /* of the signature; "$H": the hash of the body, "$S": the signature, at the end */
	const char *head; /* canonical text of the fields that are signed, without the signature's own */
	const char *canonical_body;
	const char *digest;
	enum signer_key key;
	const char *fields; /* below the signature's, "Name: value" with LF between; NULL: those of `usual` */
	const char *body;
	const char
		*record; /* at the selector; "$K": p= of `key`, "$B": bare, "$E": of Ed25519, "$R": of RSA */
	enum dns_status status;
	size_t piece;       /* the body comes in pieces of so many octets; 0: at once */
	const char *name;   /* of the signature's field, or NULL */
	const char *rename; /* what the message's first "Subject: hi" became, or NULL */
};

#define USUAL_TAGS "v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.test; s=k; h=From:Subject; bh=$H; b="
#define USUAL_HEAD "from:joe@a.test\r\nsubject:hi\r\n"
#define USUAL_FIELDS "From: joe@a.test\nSubject: hi"
#define USUAL_BODY "A body.\r\n"
#define USUAL_RECORD "v=DKIM1; p=$K"

static const char *
or_usual(const char *text, const char *usual)
{
	return text != NULL ? text : usual;
}

static void
fill(struct strbuf *out, const char *form, const struct letter *letter)
{
	for (; *form != '\0'; form++) {
		if (*form != '$') {
			strbuf_add_char(out, *form);
			continue;
		}
		switch (*++form) {
		case 'H':
			signer_add_hash(out, or_usual(letter->canonical_body, USUAL_BODY));
			break;
		case 'K':
			strbuf_add(out, signer_public(letter->key, false));
			break;
		case 'B':
			strbuf_add(out, signer_public(letter->key, true));
			break;
		case 'E':
			strbuf_add(out, signer_public(SIGNER_ED25519, false));
			break;
		default:
			strbuf_add(out, signer_public(SIGNER_RSA_2048, false));
		}
	}
}

/* The value of the signature's field. */
static void
write_signature(struct strbuf *out, const struct letter *letter)
{
	static char text[TEXT_SIZE];
	struct strbuf signed_text;

	fill(out, or_usual(letter->tags, USUAL_TAGS), letter);
	strbuf_init(&signed_text, text, sizeof text);
	strbuf_add(&signed_text, or_usual(letter->head, USUAL_HEAD));
	strbuf_add(&signed_text, "dkim-signature:");
	strbuf_add(&signed_text, out->text);
	signer_add_signature(out, letter->key, letter->digest != NULL ? letter->digest : "SHA256", text);
	assert_false(signed_text.is_cut || out->is_cut);
}

static void
add_fields(struct dkim_header *header, const char *fields)
{
	while (*fields != '\0') {
		const char *end = fields + strcspn(fields, "\n"), *colon = strchr(fields, ':');

		while (*end != '\0' && (end[1] == ' ' || end[1] == '\t'))
			end += 1 + strcspn(end + 1, "\n");
		(void)dkim_header_add(header, (struct span){ fields, (size_t)(colon - fields) },
				      (struct span){ colon + 1, (size_t)(end - colon) - 1 });
		fields = *end != '\0' ? end + 1 : end;
	}
}

static uint64_t
hash_body(const struct letter *letter, const struct dkim_signature *signature, struct dkim_mark *mark)
{
	struct span rest = span_of(or_usual(letter->body, USUAL_BODY));
	struct dkim_body body;
	uint64_t octets;

	*mark = (struct dkim_mark){ .at = signature->has_length ? signature->length : UINT64_MAX };
	dkim_body_init(&body, signature->body_canon, mark, 1);
	while (rest.length > 0) {
		const size_t size =
			letter->piece > 0 && letter->piece < rest.length ? letter->piece : rest.length;

		dkim_body_add(&body, (struct span){ rest.at, size });
		rest = span_from(rest, size);
	}
	octets = dkim_body_finish(&body);
	dkim_body_clear(&body);
	return octets;
}

static struct dns_answer *
answer_for(const struct letter *letter)
{
	static char text[TEXT_SIZE];
	struct strbuf record;

	strbuf_init(&record, text, sizeof text);
	fill(&record, or_usual(letter->record, USUAL_RECORD), letter);
	return fake_dns_answer(&(struct fake_row){ "k._domainkey.a.test", DNS_TXT, letter->status,
						   letter->status == DNS_NOERROR ? text : NULL });
}

/* Verify a signature that was made; strings of the evidence live in `arena`. */
static struct dkim_evidence
verify_value(const struct letter *letter, const char *value, struct arena *arena)
{
	struct dkim_header header;
	struct dkim_signature signature;
	struct dkim_mark mark;
	struct dkim_keys keys;
	struct dkim_case of = {
		.signature = &signature, .header = &header, .keys = &keys, .body_hash = &mark, .now = NOW
	};
	struct dns_answer *answer = answer_for(letter);
	struct dkim_evidence evidence;

	dkim_header_init(&header, arena, ARENA / 2);
	of.own = dkim_header_add(&header, span_of(or_usual(letter->name, "DKIM-Signature")), span_of(value));
	assert_non_null(of.own);
	add_fields(&header, or_usual(letter->fields, USUAL_FIELDS));
	assert_true(dkim_signature_read(DKIM_PLAIN, of.own->value, arena, &signature));
	of.body_octets = hash_body(letter, &signature, &mark);
	of.answer = answer;
	dkim_keys_init(&keys, BOUND_DKIM_WORK);
	evidence = dkim_verify(&of, arena);
	dkim_keys_clear(&keys);
	dns_answer_free(answer);
	return evidence;
}

static struct dkim_evidence
verify(const struct letter *letter, struct arena *arena)
{
	static char memory[TEXT_SIZE];
	struct strbuf value;

	strbuf_init(&value, memory, sizeof memory);
	write_signature(&value, letter);
	return verify_value(letter, memory, arena);
}

static void
expect(const char *what, const struct letter *letter, enum dkim_reason reason)
{
	struct arena arena;
	struct dkim_evidence evidence;

	arena_init(&arena, ARENA);
	evidence = verify(letter, &arena);
	if (evidence.reason != reason)
		fail_msg("%s: \"%s\", expected \"%s\"", what, dkim_reason_word(evidence.reason),
			 dkim_reason_word(reason));
	arena_clear(&arena);
}

#define TAGS(before, after) "v=1; " before "c=relaxed/relaxed; " after "bh=$H; b="
#define RSA "a=rsa-sha256; "
#define NAMES "d=a.test; s=k; h=From:Subject; "

/* What a signature says. */
static void
dkim_verify_judges_signatures(void **state)
{
	static const struct {
		const char *what, *tags;
		enum dkim_reason reason;
	} rows[] = {
		{ "01 plain", NULL, DKIM_NONE },
		{ "tags in another order, more blanks",
		  "bh=$H;a=rsa-sha256 ; s = k;\n\th = From\n\t: Subject ;c=relaxed/relaxed; d=a.test; v = 1; b=",
		  DKIM_SIGNATURE },
		{ "12 q= twice", TAGS(RSA, NAMES "q=dns/txt; q=dns/txt; "), DKIM_TAG_TWICE },
		{ "11 d= twice", TAGS(RSA, NAMES "d=a.test; "), DKIM_TAG_TWICE },
		{ "an unknown tag twice", TAGS(RSA, NAMES "y=1; y=1; "), DKIM_TAG_TWICE },
		{ "unknown tags", TAGS(RSA, NAMES "r=y; fh=x; a_1=; "), DKIM_NONE },
		{ "36 no v=", "a=rsa-sha256; c=relaxed/relaxed; " NAMES "bh=$H; b=", DKIM_TAG_MISSING },
		{ "v=2", "v=2; " RSA "c=relaxed/relaxed; " NAMES "bh=$H; b=", DKIM_VERSION },
		{ "no a=", TAGS("", NAMES), DKIM_TAG_MISSING },
		{ "no d=", TAGS(RSA, "s=k; h=From:Subject; "), DKIM_TAG_MISSING },
		{ "no s=", TAGS(RSA, "d=a.test; h=From:Subject; "), DKIM_TAG_MISSING },
		{ "no h=", TAGS(RSA, "d=a.test; s=k; "), DKIM_TAG_MISSING },
		{ "no bh=", "v=1; " RSA "c=relaxed/relaxed; " NAMES "b=", DKIM_TAG_MISSING },
		{ "08 no list", "hello; b=", DKIM_SYNTAX },
		{ "an empty tag", "v=1;; " RSA NAMES "bh=$H; b=", DKIM_SYNTAX },
		{ "a name with a dash", TAGS(RSA, NAMES "x-y=1; "), DKIM_SYNTAX },
		{ "a control octet", TAGS(RSA, NAMES "y=\001; "), DKIM_SYNTAX },
		{ "07 rsa-sha1", TAGS("a=rsa-sha1; ", NAMES), DKIM_SHA1 },
		{ "another algorithm", TAGS("a=rsa-md5; ", NAMES), DKIM_ALGORITHM },
		{ "algorithms whatever their case", TAGS("a=RSA-SHA256; ", NAMES), DKIM_NONE },
		{ "another canonicalization",
		  "v=1; " RSA "c=nowsp; " NAMES "bh=$H; b=", DKIM_CANONICALIZATION },
		{ "another query method", TAGS(RSA, NAMES "q=http; "), DKIM_QUERY_METHOD },
		{ "one of several query methods", TAGS(RSA, NAMES "q=x : dns/txt; "), DKIM_NONE },
		{ "27 From is not signed", TAGS(RSA, "d=a.test; s=k; h=Subject; "), DKIM_FROM_UNSIGNED },
		{ "an empty name in h=", TAGS(RSA, "d=a.test; s=k; h=From::Subject; "), DKIM_TAG_VALUE },
		{ "i= of the domain", TAGS(RSA, NAMES "i=joe@a.test; "), DKIM_NONE },
		{ "25 i= of a subdomain", TAGS(RSA, NAMES "i=@b.a.test; "), DKIM_NONE },
		{ "26 i= of another", TAGS(RSA, NAMES "i=@b.test; "), DKIM_IDENTITY },
		{ "i= of one that ends alike", TAGS(RSA, NAMES "i=@ba.test; "), DKIM_IDENTITY },
		{ "i= without @", TAGS(RSA, NAMES "i=a.test; "), DKIM_TAG_VALUE },
		{ "d= is no domain", TAGS(RSA, "d=a..test; s=k; h=From:Subject; "), DKIM_TAG_VALUE },
		{ "d= with a final dot", TAGS(RSA, "d=a.test.; s=k; h=From:Subject; "), DKIM_TAG_VALUE },
		{ "55 d= is a top-level domain", TAGS(RSA, "d=com; s=k; h=From:Subject; "), DKIM_NONE },
		{ "case of d= and s=", TAGS(RSA, "d=A.Test; s=K; h=FROM:sUBJECT; "), DKIM_NONE },
		{ "32 x= has passed", TAGS(RSA, NAMES "x=1799999000; "), DKIM_EXPIRED },
		{ "x= has just passed", TAGS(RSA, NAMES "x=1799999900; "), DKIM_NONE },
		{ "33 t= is to come", TAGS(RSA, NAMES "t=1800001000; "), DKIM_FUTURE },
		{ "t= is just to come", TAGS(RSA, NAMES "t=1800000100; "), DKIM_NONE },
		{ "34 x= before t=", TAGS(RSA, NAMES "t=1800000000; x=1799999990; "), DKIM_TIMES },
		{ "x= is t= (RFC 6376, 3.5: greater)", TAGS(RSA, NAMES "t=1800000000; x=1800000000; "),
		  DKIM_TIMES },
		{ "x= of twelve digits", TAGS(RSA, NAMES "x=999999999999; "), DKIM_NONE },
		{ "x= is no number", TAGS(RSA, NAMES "x=soon; "), DKIM_TAG_VALUE },
		{ "l= is no number", TAGS(RSA, NAMES "l=-1; "), DKIM_TAG_VALUE },
		{ "28 l=4", TAGS(RSA, NAMES "l=4; "), DKIM_BODY_HASH },
		{ "l= is all", TAGS(RSA, NAMES "l=9; "), DKIM_NONE },
		{ "30 l= is more than all", TAGS(RSA, NAMES "l=10; "), DKIM_BODY_SHORT },
		{ "l= is very much more", TAGS(RSA, NAMES "l=99999999999999999999999; "), DKIM_BODY_SHORT },
		{ "bh= of another length",
		  "v=1; " RSA "c=relaxed/relaxed; " NAMES "bh=AAAA; b=", DKIM_TAG_VALUE },
		{ "bh= of another body",
		  "v=1; " RSA "c=relaxed/relaxed; " NAMES
		  "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=",
		  DKIM_BODY_HASH },
		{ "z= does not matter", TAGS(RSA, NAMES "z=From:x=40y.test|Subject:no; "), DKIM_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		expect(rows[i].what, &(struct letter){ .tags = rows[i].tags }, rows[i].reason);
}

static void
dkim_verify_judges_keys(void **state)
{
	static const char ed25519[] = TAGS("a=ed25519-sha256; ", NAMES),
			  strict[] = TAGS(RSA, NAMES "i=@b.a.test; "),
			  own[] = TAGS(RSA, NAMES "i=joe@a.test; ");
	static const struct {
		const char *what;
		enum signer_key key;
		const char *tags, *record;
		enum dns_status status;
		enum dkim_reason reason;
	} rows[] = {
		{ "02 Ed25519", SIGNER_ED25519, ed25519, "v=DKIM1; k=ed25519; p=$K", DNS_NOERROR, DKIM_NONE },
		{ "05 RSA of 1024", SIGNER_RSA_1024, NULL, NULL, DNS_NOERROR, DKIM_NONE },
		{ "04 RSA of 512", SIGNER_RSA_512, NULL, NULL, DNS_NOERROR, DKIM_KEY_SHORT },
		{ "15 RSAPublicKey", SIGNER_RSA_2048, NULL, "p=$B", DNS_NOERROR, DKIM_NONE },
		{ "blanks in p=", SIGNER_ED25519, ed25519, "k=ed25519; p= \t$K ", DNS_NOERROR, DKIM_NONE },
		{ "13 p= twice", SIGNER_RSA_2048, NULL, "p=$K; p=$K", DNS_NOERROR, DKIM_KEY_SYNTAX },
		{ "14 k= twice", SIGNER_RSA_2048, NULL, "k=rsa; k=rsa; p=$K", DNS_NOERROR, DKIM_KEY_SYNTAX },
		{ "16 v= of another", SIGNER_RSA_2048, NULL, "v=DKIM2; p=$K", DNS_NOERROR, DKIM_KEY_VERSION },
		{ "17 v= is not first", SIGNER_RSA_2048, NULL, "p=$K; v=DKIM1", DNS_NOERROR,
		  DKIM_KEY_VERSION },
		{ "18 no v=", SIGNER_RSA_2048, NULL, "k=rsa; p=$K", DNS_NOERROR, DKIM_NONE },
		{ "19 h=sha256", SIGNER_RSA_2048, NULL, "h=sha1 : sha256; p=$K", DNS_NOERROR, DKIM_NONE },
		{ "20 h=sha1", SIGNER_RSA_2048, NULL, "h=sha1; p=$K", DNS_NOERROR, DKIM_KEY_HASH },
		{ "21 s=email", SIGNER_RSA_2048, NULL, "s=email; p=$K", DNS_NOERROR, DKIM_NONE },
		{ "22 s=other", SIGNER_RSA_2048, NULL, "s=other; p=$K", DNS_NOERROR, DKIM_KEY_SERVICE },
		{ "23 Ed25519 with an RSA record", SIGNER_ED25519, ed25519, "k=rsa; p=$R", DNS_NOERROR,
		  DKIM_KEY_TYPE },
		{ "RSA with an Ed25519 record", SIGNER_RSA_2048, NULL, "k=ed25519; p=$E", DNS_NOERROR,
		  DKIM_KEY_TYPE },
		{ "another type", SIGNER_RSA_2048, NULL, "k=dsa; p=$K", DNS_NOERROR, DKIM_KEY_TYPE },
		{ "24 t=s, i= of a subdomain", SIGNER_RSA_2048, strict, "t=s; p=$K", DNS_NOERROR,
		  DKIM_KEY_IDENTITY },
		{ "t=s, no i=", SIGNER_RSA_2048, NULL, "t=y:s; p=$K", DNS_NOERROR, DKIM_NONE },
		{ "t=s, i= of the domain itself", SIGNER_RSA_2048, own, "t=s; p=$K", DNS_NOERROR, DKIM_NONE },
		{ "s=*", SIGNER_RSA_2048, NULL, "s=other:*; p=$K", DNS_NOERROR, DKIM_NONE },
		{ "i= of a subdomain", SIGNER_RSA_2048, strict, NULL, DNS_NOERROR, DKIM_NONE },
		{ "35 revoked", SIGNER_RSA_2048, NULL, "v=DKIM1; p=", DNS_NOERROR, DKIM_KEY_REVOKED },
		{ "no p=", SIGNER_RSA_2048, NULL, "v=DKIM1; k=rsa", DNS_NOERROR, DKIM_KEY_SYNTAX },
		{ "no base64", SIGNER_RSA_2048, NULL, "p=*", DNS_NOERROR, DKIM_KEY_DATA },
		{ "no key", SIGNER_RSA_2048, NULL, "p=AAAA", DNS_NOERROR, DKIM_KEY_DATA },
		{ "Ed25519 wrapped", SIGNER_ED25519, ed25519, "k=ed25519; p=MCowBQYDK2VwAyEA$K", DNS_NOERROR,
		  DKIM_KEY_DATA },
		{ "another key", SIGNER_RSA_1024, NULL, "p=$R", DNS_NOERROR, DKIM_SIGNATURE },
		{ "something else", SIGNER_RSA_2048, NULL, "v=spf1 -all", DNS_NOERROR, DKIM_KEY_SYNTAX },
		{ "37 no such name", SIGNER_RSA_2048, NULL, NULL, DNS_NXDOMAIN, DKIM_KEY_NONE },
		{ "no record", SIGNER_RSA_2048, NULL, NULL, DNS_NODATA, DKIM_KEY_NONE },
		{ "38 a fault", SIGNER_RSA_2048, NULL, NULL, DNS_SERVFAIL, DKIM_KEY_LOOKUP },
		{ "bogus", SIGNER_RSA_2048, NULL, NULL, DNS_BOGUS, DKIM_KEY_LOOKUP },
		{ "39 another record besides", SIGNER_RSA_2048, NULL, "v=spf1 -all|p=$K", DNS_NOERROR,
		  DKIM_NONE },
		{ "40 two keys", SIGNER_RSA_1024, NULL, "p=$R|p=$K", DNS_NOERROR, DKIM_NONE },
		{ "two keys, the other first", SIGNER_RSA_1024, NULL, "p=$K|p=$R", DNS_NOERROR, DKIM_NONE },
		{ "two keys, one revoked", SIGNER_RSA_1024, NULL, "p=|p=$R", DNS_NOERROR, DKIM_SIGNATURE },
		{ "41 unknown tags", SIGNER_RSA_2048, NULL, "v=DKIM1; n=x; g=*; y=1; p=$K;", DNS_NOERROR,
		  DKIM_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		expect(rows[i].what,
		       &(struct letter){ .key = rows[i].key,
					 .tags = rows[i].tags,
					 .record = rows[i].record,
					 .status = rows[i].status },
		       rows[i].reason);
}

/* What became of the message on its way. */
static void
dkim_verify_judges_messages(void **state)
{
	static const struct {
		const char *what, *fields, *body;
		enum dkim_reason reason;
	} rows[] = {
		{ "another body", NULL, "A body!\r\n", DKIM_BODY_HASH },
		{ "a footer", NULL, USUAL_BODY "-- \r\nThe list\r\n", DKIM_BODY_HASH },
		{ "blanks and empty lines", NULL, "A \t body. \r\n\r\n \t\r\n", DKIM_NONE },
		{ "empty lines at the end", NULL, USUAL_BODY "\r\n \t\r\n\r\n", DKIM_NONE },
		{ "no end of line", NULL, "A body.", DKIM_NONE },
		{ "42 LF alone", NULL, "A body.\n", DKIM_BODY_HASH },
		{ "another subject", "From: joe@a.test\nSubject: [list] hi", NULL, DKIM_SIGNATURE },
		{ "no subject", "From: joe@a.test", NULL, DKIM_SIGNATURE },
		{ "44 folded", "From:\n\tjoe@a.test\nSubject: \t hi  ", NULL, DKIM_NONE },
		{ "a fold with CRLF", "From: joe@a.test\nSubject:\r\n hi", NULL, DKIM_NONE },
		{ "case of names", "FROM: joe@a.test\nsubJECT: hi", NULL, DKIM_NONE },
		{ "a blank before the colon", "From : joe@a.test\nSubject\t: hi", NULL, DKIM_NONE },
		{ "other fields", "X: 1\nFrom: joe@a.test\nY: 2\nSubject: hi\nZ: 3", NULL, DKIM_NONE },
		{ "31 two From, the lower signed", "From: eve@b.test\nFrom: joe@a.test\nSubject: hi", NULL,
		  DKIM_NONE },
		{ "two From, the upper signed", "From: joe@a.test\nFrom: eve@b.test\nSubject: hi", NULL,
		  DKIM_SIGNATURE },
		{ "in another order", "Subject: hi\nFrom: joe@a.test", NULL, DKIM_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		expect(rows[i].what, &(struct letter){ .fields = rows[i].fields, .body = rows[i].body },
		       rows[i].reason);
	expect("tags with folding",
	       &(struct letter){
		       .tags = "v=1; a=rsa-sha256; c=relaxed; d=a.test; s=k; h=from : subject; bh=$H; b=" },
	       DKIM_NONE);
	expect("a field signed twice, so that none can be added",
	       &(struct letter){ .tags = TAGS(RSA, "d=a.test; s=k; h=From:From:Subject; ") }, DKIM_NONE);
	expect("and one is added",
	       &(struct letter){ .tags = TAGS(RSA, "d=a.test; s=k; h=From:From:Subject; "),
				 .fields = "From: eve@b.test\n" USUAL_FIELDS },
	       DKIM_SIGNATURE);
	expect("a field of its own kind is signed",
	       &(struct letter){ .tags = TAGS(RSA, "d=a.test; s=k; h=From:DKIM-Signature:Subject; ") },
	       DKIM_NONE);
}

/* simple: as it is. */
static void
dkim_verify_knows_simple(void **state)
{
	static const struct {
		const char *what, *fields, *body;
		enum dkim_reason reason;
	} rows[] = {
		{ "as it is", "From:  Joe \n\tjoe@a.test\nSubject: hi ", "A  body \r\n", DKIM_NONE },
		{ "empty lines at the end", "From:  Joe \n\tjoe@a.test\nSubject: hi ", "A  body \r\n\r\n\r\n",
		  DKIM_NONE },
		{ "a blank is gone", "From: Joe \n\tjoe@a.test\nSubject: hi ", "A  body \r\n",
		  DKIM_SIGNATURE },
		{ "case of a name", "from:  Joe \n\tjoe@a.test\nSubject: hi ", "A  body \r\n",
		  DKIM_SIGNATURE },
		{ "a blank is gone in the body", "From:  Joe \n\tjoe@a.test\nSubject: hi ", "A body \r\n",
		  DKIM_BODY_HASH },
		{ "a line of blanks", "From:  Joe \n\tjoe@a.test\nSubject: hi ", "A  body \r\n \r\n",
		  DKIM_BODY_HASH },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		expect(rows[i].what,
		       &(struct letter){
			       .tags = "v=1; a=rsa-sha256; d=a.test; s=k; h=From:Subject; bh=$H; b=",
			       .name = "dkim-signature",
			       .head = "From:  Joe \r\n\tjoe@a.test\r\nSubject: hi \r\n",
			       .canonical_body = "A  body \r\n",
			       .fields = rows[i].fields,
			       .body = rows[i].body },
		       rows[i].reason);
}

/* l= opens the door: what stands behind is told, and the signature does not pass (RFC 6376, 8.2). */
static void
dkim_verify_tells_of_unsigned_octets(void **state)
{
	static const struct {
		const char *tags, *signed_body, *body;
		enum dkim_reason reason;
		uint64_t octets, unsigned_octets;
	} rows[] = {
		{ TAGS(RSA, NAMES "l=9; "), USUAL_BODY, USUAL_BODY "more\r\n", DKIM_UNSIGNED_OCTETS, 15, 6 },
		{ TAGS(RSA, NAMES "l=9; "), USUAL_BODY, USUAL_BODY "\r\n\r\n", DKIM_NONE, 9, 0 },
		{ TAGS(RSA, NAMES "l=4; "), "A bo", USUAL_BODY, DKIM_UNSIGNED_OCTETS, 9, 5 },
		{ TAGS(RSA, NAMES "l=0; "), "", USUAL_BODY, DKIM_UNSIGNED_OCTETS, 9, 9 },
		{ TAGS(RSA, NAMES "l=0; "), "", "", DKIM_NONE, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct letter letter = { .tags = rows[i].tags,
					       .canonical_body = rows[i].signed_body,
					       .body = rows[i].body };
		struct arena arena;
		struct dkim_evidence evidence;

		arena_init(&arena, ARENA);
		evidence = verify(&letter, &arena);
		assert_int_equal(evidence.reason, rows[i].reason);
		assert_int_equal(evidence.body_octets, rows[i].octets);
		assert_int_equal(evidence.unsigned_octets, rows[i].unsigned_octets);
		arena_clear(&arena);
	}
}

/* What a signature that fails leaves behind for whoever wants to know why. */
static void
dkim_verify_keeps_evidence(void **state)
{
	struct arena arena;
	struct dkim_evidence evidence;
	struct letter letter = { .tags = TAGS(RSA, "d=a.test; s=k; h=From:Subject:Cc:To:To; "),
				 .head = USUAL_HEAD "to:u@b.test\r\n",
				 .fields = USUAL_FIELDS "\nTo: u@b.test\nSubject: hi",
				 .record = "v=DKIM1; t=y; p=$K" };

	(void)state;
	arena_init(&arena, ARENA);
	evidence = verify(&letter, &arena);
	assert_int_equal(evidence.reason, DKIM_NONE);
	assert_true(evidence.is_testing && evidence.has_hashes && evidence.header_verifies);
	assert_int_equal(evidence.key_bits, 2048);
	assert_int_equal(evidence.key_type, DKIM_KEY_RSA);
	assert_string_equal(evidence.missing, "Cc");
	assert_string_equal(evidence.uncovered, "Subject");
	assert_non_null(strstr(evidence.key_record, "t=y"));

	/* To was named twice, against additions, and one was added; Subject is named once. */
	assert_string_equal(evidence.filled, "");
	letter.fields = USUAL_FIELDS "\nTo: u@b.test\nTo: v@b.test\nSubject: hi";
	evidence = verify(&letter, &arena);
	assert_int_equal(evidence.reason, DKIM_TESTING);
	assert_false(evidence.header_verifies);
	assert_string_equal(evidence.filled, "To");
	letter.fields = USUAL_FIELDS "\nTo: u@b.test\nSubject: hi";

	/* With a key for tests nothing follows from a failure (RFC 6376, 3.6.1). */
	letter.body = "Another.\r\n";
	evidence = verify(&letter, &arena);
	assert_int_equal(evidence.reason, DKIM_TESTING);
	assert_int_equal(evidence.meant, DKIM_BODY_HASH);
	assert_int_equal(dkim_reason_result(evidence.reason), RESULT_NEUTRAL);
	assert_true(evidence.header_verifies && !evidence.body_verifies && evidence.has_body_hash);
	arena_clear(&arena);
}

#define LINE "octets that are looked at by sixteens\r\n"

/* The forms of a body (RFC 6376, 3.4.3 to 3.4.5), whatever its pieces. */
static void
dkim_body_is_independent_of_pieces(void **state)
{
	static const struct {
		const char *body, *simple, *relaxed;
	} rows[] = {
		{ "", "\r\n", "" },
		{ "\r\n", "\r\n", "" },
		{ "\r\n\r\n", "\r\n", "" },
		{ " \t\r\n", " \t\r\n", "" },
		{ " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n" }, /* 3.4.5 */
		{ "a", "a\r\n", "a\r\n" },
		{ "a \t", "a \t\r\n", "a\r\n" },
		{ "a\r", "a\r\r\n", "a\r\r\n" },
		{ "a\n", "a\n\r\n", "a\n\r\n" },
		{ "\r\r\n", "\r\r\n", "\r\r\n" },
		{ "a \r b\r\n", "a \r b\r\n", "a \r b\r\n" },
		{ "a\r\n\r\n \r\n\tb  c\r\n", "a\r\n\r\n \r\n\tb  c\r\n", "a\r\n\r\n\r\n b c\r\n" },
		{ ".\r\n..\r\n", ".\r\n..\r\n", ".\r\n..\r\n" },
		{ LINE LINE "end\r\n\r\n\r\n", LINE LINE "end\r\n", LINE LINE "end\r\n" },
		{ LINE " " LINE "\t" LINE, LINE " " LINE "\t" LINE, LINE " " LINE " " LINE },
		{ LINE "\r\n \r\n" LINE "\r", LINE "\r\n \r\n" LINE "\r\r\n", LINE "\r\n\r\n" LINE "\r\r\n" },
		{ "lines that end \r\n and \n or \r" LINE "\n\r\n",
		  "lines that end \r\n and \n or \r" LINE "\n\r\n",
		  "lines that end\r\n and \n or \r" LINE "\n\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		for (size_t piece = 0; piece < 40; piece++) {
			const struct letter letter = { .body = rows[i].body, .piece = piece };
			char memory[64], made[64];

			for (int canon = DKIM_SIMPLE; canon <= DKIM_RELAXED; canon++) {
				const char *expected =
					canon == DKIM_SIMPLE ? rows[i].simple : rows[i].relaxed;
				struct strbuf out = STRBUF_OVER(memory), ours = STRBUF_OVER(made);
				struct dkim_mark mark;

				assert_int_equal(hash_body(&letter,
							   &(struct dkim_signature){
								   .body_canon = (enum dkim_canon)canon },
							   &mark),
						 strlen(expected));
				signer_add_hash(&out, expected);
				base64_add(&ours, mark.hash, sizeof mark.hash);
				assert_string_equal(made, memory);
			}
		}
	}
}

/* One pass over the body serves signatures of any length. */
static void
dkim_hasher_reaches_marks_in_one_pass(void **state)
{
	struct dkim_mark marks[] = {
		{ .at = 0 },    { .at = 5 },      { .at = 5 },      { .at = 2048 },
		{ .at = 2049 }, { .at = 100000 }, { .at = 300000 }, { .at = UINT64_MAX }
	};
	static char text[250000];

	(void)state;
	memset(text, 'x', sizeof text);
	for (size_t piece = 1; piece < sizeof text; piece = piece * 7 + 1) {
		struct dkim_body body;

		for (size_t i = 0; i < ROWS(marks); i++)
			marks[i].is_reached = false;
		dkim_body_init(&body, DKIM_RELAXED, marks, ROWS(marks));
		for (size_t at = 0; at < sizeof text; at += piece)
			dkim_body_add(&body,
				      (struct span){ text + at,
						     at + piece <= sizeof text ? piece : sizeof text - at });
		assert_int_equal(dkim_body_finish(&body), sizeof text + 2);
		dkim_body_clear(&body);
		for (size_t i = 0; i < ROWS(marks); i++) {
			static char expected[sizeof text + 3];
			char memory[64], made[64];
			struct strbuf out = STRBUF_OVER(memory), ours = STRBUF_OVER(made);

			assert_int_equal(marks[i].is_reached, marks[i].at != 300000);
			if (!marks[i].is_reached)
				continue;
			(void)snprintf(expected, sizeof expected, "%.*s\r\n", (int)sizeof text, text);
			if (marks[i].at < sizeof text)
				expected[marks[i].at] = '\0';
			signer_add_hash(&out, expected);
			base64_add(&ours, marks[i].hash, sizeof marks[i].hash);
			assert_string_equal(made, memory);
		}
	}
}

/* Long fields, many names, many octets beyond ASCII. */
static void
dkim_verify_takes_long_headers(void **state)
{
	static char fields[TEXT_SIZE], head[TEXT_SIZE], tags[TEXT_SIZE];
	struct strbuf out;
	struct arena arena;
	struct dkim_header header;

	(void)state;
	memset(fields, 0, sizeof fields);
	strbuf_init(&out, fields, sizeof fields);
	strbuf_add(&out, "From: joe@a.test\nSubject: ");
	for (int i = 0; i < 70000; i++)
		strbuf_add_char(&out, 'x');
	strbuf_init(&out, head, sizeof head);
	strbuf_add(&out, "from:joe@a.test\r\nsubject:");
	strbuf_add(&out, fields + strlen("From: joe@a.test\nSubject: "));
	strbuf_add(&out, "\r\n");
	expect("70 kB", &(struct letter){ .fields = fields, .head = head }, DKIM_NONE);

	for (int count = DKIM_FIELD_NAMES_MAX; count <= DKIM_FIELD_NAMES_MAX + 1; count++) {
		strbuf_init(&out, tags, sizeof tags);
		strbuf_add(&out, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.test; s=k; h=From:Subject");
		for (int i = 2; i < count; i++)
			strbuf_add(&out, ":n");
		strbuf_add(&out, "; bh=$H; b=");
		expect("names", &(struct letter){ .tags = tags },
		       count > DKIM_FIELD_NAMES_MAX ? DKIM_FIELD_NAMES : DKIM_NONE);
	}
	expect("UTF-8",
	       &(struct letter){ .fields = "From: joe@a.test\nSubject: h\xc3\xaf",
				 .head = "from:joe@a.test\r\nsubject:h\xc3\xaf\r\n" },
	       DKIM_NONE);

	arena_init(&arena, ARENA);
	dkim_header_init(&header, &arena, 1000);
	assert_non_null(dkim_header_add(&header, SPAN("A"), SPAN("b")));
	assert_null(dkim_header_add(&header, SPAN("A"), span_of(fields)));
	assert_null(dkim_header_add(&header, SPAN("A"), SPAN("b")));
	assert_true(header.is_cut);
	arena_clear(&arena);
}

/* DER as it must be, and nothing else. */
static void
dkim_rsa_reads_keys_strictly(void **state)
{
	unsigned char octets[2048];
	struct dkim_rsa key;
	size_t length;

	(void)state;
	for (int is_bare = 0; is_bare < 2; is_bare++) {
		assert_true(base64_decode(span_of(signer_public(SIGNER_RSA_2048, is_bare == 1)), octets,
					  sizeof octets, &length));
		assert_true(dkim_rsa_read((struct span){ (const char *)octets, length }, &key));
		assert_int_equal(key.bits, 2048);
		assert_int_equal(key.exponent.length, 3);
		octets[length] = 0;
		assert_false(dkim_rsa_read((struct span){ (const char *)octets, length + 1 }, &key));
		for (size_t cut = 0; cut < length; cut++)
			assert_false(dkim_rsa_read((struct span){ (const char *)octets, cut }, &key));
		octets[length - 3] = 2; /* the exponent has 18 bits, and would take longer to verify with */
		assert_false(dkim_rsa_read((struct span){ (const char *)octets, length }, &key));
		assert_true(key.has_long_exponent);
		octets[length - 3] = 1;
		octets[length - 1] ^= 1; /* the exponent is even */
		assert_false(dkim_rsa_read((struct span){ (const char *)octets, length }, &key));
		assert_false(key.has_long_exponent);
	}
}

static void
base64_decodes_what_tags_hold(void **state)
{
	static const struct {
		const char *text, *octets; /* NULL: none */
	} rows[] = { { "", "" },       { "YQ==", "a" },   { "YQ", "a" },        { "Y Q\n\t= =", "a" },
		     { "YWI=", "ab" }, { "YWJj", "abc" }, { "Y", NULL },        { "YWJjY", NULL },
		     { "YQ=", NULL },  { "YQ===", NULL }, { "YQ==YQ==", NULL }, { "YWJj=", NULL },
		     { "Y-Q=", NULL }, { "YWJjZA", NULL } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		unsigned char octets[3];
		size_t length = 77;
		const bool is_good = base64_decode(span_of(rows[i].text), octets, sizeof octets, &length);
		char memory[16];
		struct strbuf out = STRBUF_OVER(memory);
		bool is_canonical;

		assert_int_equal(is_good, rows[i].octets != NULL);
		assert_int_equal(length, is_good ? strlen(rows[i].octets) : 77);
		if (!is_good)
			continue;
		assert_memory_equal(octets, rows[i].octets, length);
		base64_add(&out, octets, length);
		assert_int_equal(out.length % 4, 0);
		is_canonical = strlen(rows[i].text) % 4 == 0 && strpbrk(rows[i].text, " \t\n") == NULL;
		assert_memory_equal(memory, rows[i].text, is_canonical ? out.length : 0);
	}
}

#define DINNER_FIELDS                                                                                        \
	"From: Joe SixPack <joe@football.example.com>\n"                                                     \
	"To: Suzie Q <suzie@shopping.example.net>\n"                                                         \
	"Subject: Is dinner ready?\n"                                                                        \
	"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\n"                                                      \
	"Message-ID: <20030712040037.46341.5F8J@football.example.com>"

/* The messages of RFC 6376, A.2 (as it was signed: with six blanks where a line is folded, and one behind the
 * first sentence of the body) and of RFC 8463, A.3. */
static void
dkim_verify_takes_the_messages_of_the_RFCs(void **state)
{
	static const struct {
		const char *value, *fields, *body, *key_name, *record;
	} rows[] = {
		{ " v=1; a=rsa-sha256; s=brisbane; d=example.com;\n"
		  "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\n"
		  "      h=Received : From : To : Subject : Date : Message-ID;\n"
		  "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
		  "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\n"
		  "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\n"
		  "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\n"
		  "      4bmp/YzhwvcubU4=;",
		  "Received: from client1.football.example.com  [192.0.2.1]\n"
		  "      by submitserver.example.com with SUBMISSION;\n"
		  "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\n" DINNER_FIELDS,
		  "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n",
		  "brisbane._domainkey.example.com",
		  "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
		  "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi"
		  "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB" },
		{ " v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
		  " d=football.example.com; i=@football.example.com;\n"
		  " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
		  " subject : date : message-id : from : subject : date;\n"
		  " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
		  " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\n"
		  " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==",
		  DINNER_FIELDS, "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n",
		  "brisbane._domainkey.football.example.com",
		  "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" },
		{ " v=1; a=rsa-sha256; c=relaxed/relaxed;\n"
		  " d=football.example.com; i=@football.example.com;\n"
		  " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\n"
		  " date : message-id : from : subject : date;\n"
		  " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n"
		  " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\n"
		  " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\n"
		  " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=",
		  DINNER_FIELDS, "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n",
		  "test._domainkey.football.example.com",
		  "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bd"
		  "OKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9Pz"
		  "oxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct letter letter = { .fields = rows[i].fields,
					       .body = rows[i].body,
					       .record = rows[i].record };
		char name[DOMAIN_SIZE];
		struct dkim_signature signature;
		struct arena arena;

		arena_init(&arena, ARENA);
		assert_true(dkim_signature_read(DKIM_PLAIN, span_of(rows[i].value), &arena, &signature));
		assert_string_equal(dkim_verify_asks(&signature, NOW, name), rows[i].key_name);
		assert_int_equal(verify_value(&letter, rows[i].value, &arena).reason, DKIM_NONE);
		arena_clear(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dkim_verify_takes_the_messages_of_the_RFCs),
		cmocka_unit_test(dkim_verify_judges_signatures),
		cmocka_unit_test(dkim_verify_judges_keys),
		cmocka_unit_test(dkim_verify_judges_messages),
		cmocka_unit_test(dkim_verify_knows_simple),
		cmocka_unit_test(dkim_verify_tells_of_unsigned_octets),
		cmocka_unit_test(dkim_verify_keeps_evidence),
		cmocka_unit_test(dkim_body_is_independent_of_pieces),
		cmocka_unit_test(dkim_hasher_reaches_marks_in_one_pass),
		cmocka_unit_test(dkim_verify_takes_long_headers),
		cmocka_unit_test(dkim_rsa_reads_keys_strictly),
		cmocka_unit_test(base64_decodes_what_tags_hold),
	};

	return cmocka_run_group_tests_name("dkim", tests, signer_begin, signer_end);
}
