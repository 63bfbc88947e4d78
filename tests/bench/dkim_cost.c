/*
 * dkim_cost [SIZE]: what a DKIM signature costs, beside what OpenSSL alone needs for the hash and the key.
 *
 * For bodies of several sizes, signed with RSA of 2048 bits, relaxed/relaxed: CPU time of a message from its
 * first field to the verdict; of OpenSSL alone, that is one SHA-256 of the same body, the key read by
 * d2i_PUBKEY(), and one EVP_PKEY_verify(); of the same with a key that is open already; and octets a second
 * of the body alone. It counts CPU time of one thread, the quickest of several rounds: compare the two
 * columns of a line, not lines of two runs. With SIZE only bodies of that size are verified.
 */
#include "../unit/unit.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <time.h>

#include "../unit/dkim/signer.h"
#include "heloscope/base/base64.h"
#include "heloscope/base/bounds.h"
#include "heloscope/dkim/verify.h"

#define ROUNDS 9
#define LINE 76
#define PIECE 65535 /* as an MTA gives a body */
#define MEMORY (256U << 10)
#define SIZE_MAX_OCTETS (8U << 20)
#define NOW 1800000000

static const char head[] = "from:Anna <anna@a.test>\r\nto:bob@b.test\r\nsubject:Minutes of the meeting\r\n"
			   "date:Thu, 1 Jan 2026 12:00:00 +0000\r\nmessage-id:<1@a.test>\r\n";

/* A signed message. */
struct letter {
	struct span body;
	const char *kind;
	char value[2048]; /* of its DKIM-Signature */
	struct dns_answer *answer;
};

/* Bodies, in their canonical form already, so that signing rests on nothing that is measured. */

static char
next_octet(const char *kind, unsigned *state, char before)
{
	*state = *state * 1103515245U + 12345U;
	if (strcmp(kind, "text") == 0 && (*state >> 16) % 6 == 0 && before >= 'a')
		return ' ';
	return (char)('a' + (*state >> 16) % 26);
}

static struct span
make_body(const char *kind, size_t size)
{
	char *body = malloc(size + LINE + 3);
	size_t length = 0;
	unsigned state = 1;

	assert_non_null(body);
	while (length < size) {
		for (int i = 0; i < LINE; i++, length++)
			body[length] =
				i == 0 || i == LINE - 1 ? 'x' : next_octet(kind, &state, body[length - 1]);
		body[length++] = '\r';
		body[length++] = '\n';
	}
	body[length] = '\0';
	return (struct span){ body, length };
}

static struct dns_answer *
make_answer(void)
{
	const char *key = signer_public(SIGNER_RSA_2048, false);
	struct dns_answer *answer =
		calloc(1, sizeof *answer + sizeof answer->records[0] + strlen(key) + sizeof "v=DKIM1; p=");
	char *text;

	assert_non_null(answer);
	text = (char *)&answer->records[1];
	(void)sprintf(text, "v=DKIM1; p=%s", key);
	answer->status = DNS_NOERROR;
	answer->count = 1;
	answer->records[0].text = span_of(text);
	return answer;
}

static void
sign(struct letter *letter, const char *kind, size_t size)
{
	static char text[4096];
	struct strbuf value, signed_text;

	letter->body = make_body(kind, size);
	letter->kind = kind;
	letter->answer = make_answer();
	strbuf_init(&value, letter->value, sizeof letter->value);
	strbuf_add(&value, "v=1; a=rsa-sha256; c=relaxed/relaxed; d=a.test; s=k;"
			   " h=From:To:Subject:Date:Message-ID; bh=");
	signer_add_hash(&value, letter->body.at);
	strbuf_add(&value, "; b=");
	strbuf_init(&signed_text, text, sizeof text);
	strbuf_add(&signed_text, head);
	strbuf_add(&signed_text, "dkim-signature:");
	strbuf_add(&signed_text, letter->value);
	signer_add_signature(&value, SIGNER_RSA_2048, "SHA256", text);
	assert_false(value.is_cut || signed_text.is_cut);
}

static void
forget(struct letter *letter)
{
	free((char *)letter->body.at);
	free(letter->answer);
}

/* The two ways. */

static void
hash_body(struct span octets, enum dkim_canon canon, struct dkim_mark *mark)
{
	struct dkim_body body;

	*mark = (struct dkim_mark){ .at = UINT64_MAX };
	dkim_body_init(&body, canon, mark, 1);
	while (octets.length > 0) {
		const size_t size = octets.length < PIECE ? octets.length : PIECE;

		dkim_body_add(&body, (struct span){ octets.at, size });
		octets = span_from(octets, size);
	}
	(void)dkim_body_finish(&body);
	dkim_body_clear(&body);
}

static void
add_fields(struct dkim_header *header)
{
	for (const char *line = head; *line != '\0'; line = strchr(line, '\n') + 1) {
		const size_t name = strcspn(line, ":");

		(void)dkim_header_add(header, (struct span){ line, name },
				      (struct span){ line + name + 1, strcspn(line + name + 1, "\r") });
	}
}

static void
by_heloscope(const struct letter *letter)
{
	struct dkim_header header;
	struct dkim_signature signature;
	struct dkim_mark mark;
	struct dkim_keys keys;
	struct dkim_case of = { .signature = &signature,
				.header = &header,
				.keys = &keys,
				.body_hash = &mark,
				.body_octets = letter->body.length,
				.answer = letter->answer,
				.now = NOW };
	struct arena arena;

	arena_init(&arena, MEMORY);
	dkim_header_init(&header, &arena, MEMORY / 2);
	of.own = dkim_header_add(&header, SPAN("DKIM-Signature"), span_of(letter->value));
	add_fields(&header);
	assert_true(dkim_signature_read(DKIM_PLAIN, of.own->value, &arena, &signature));
	hash_body(letter->body, signature.body_canon, &mark);
	dkim_keys_init(&keys, BOUND_DKIM_WORK);
	assert_int_equal(dkim_verify(&of, &arena).reason, DKIM_NONE);
	dkim_keys_clear(&keys);
	arena_clear(&arena);
}

static EVP_PKEY *
read_key(const struct letter *letter)
{
	const struct dkim_key key = dkim_key_read(letter->answer->records[0].text);
	unsigned char octets[1024];
	const unsigned char *at = octets;
	size_t length;

	assert_true(base64_decode(key.data, octets, sizeof octets, &length));
	return d2i_PUBKEY(NULL, &at, (long)length);
}

static void
hash_and_verify(const struct letter *letter, EVP_PKEY *key)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	unsigned char hash[DKIM_HASH_OCTETS], signed_data[512];
	size_t length;

	assert_int_equal(EVP_Digest(letter->body.at, letter->body.length, hash, NULL, EVP_sha256(), NULL), 1);
	assert_true(base64_decode(span_of(strstr(letter->value, "; b=") + 4), signed_data, sizeof signed_data,
				  &length));
	assert_int_equal(EVP_PKEY_verify_init(context), 1);
	assert_int_equal(EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()), 1);
	(void)EVP_PKEY_verify(context, signed_data, length, hash, sizeof hash); /* whatever it finds */
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
}

static void
by_openssl(const struct letter *letter)
{
	EVP_PKEY *key = read_key(letter);

	hash_and_verify(letter, key);
	EVP_PKEY_free(key);
}

static void
by_openssl_with_open_key(const struct letter *letter)
{
	static EVP_PKEY *key; /* of all messages */

	if (key == NULL)
		key = read_key(letter);
	hash_and_verify(letter, key);
}

static void
by_body(const struct letter *letter)
{
	struct dkim_mark mark;

	hash_body(letter->body, DKIM_RELAXED, &mark);
}

/* Measuring. */

static double
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double
least_us(void (*way)(const struct letter *letter), const struct letter *letter)
{
	const unsigned times = letter->body.length > 100000 ? 1 : 100;
	double least = 1e12;

	for (int round = 0; round < ROUNDS; round++) {
		const double start = now_us();
		double took;

		for (unsigned i = 0; i < times; i++)
			way(letter);
		took = (now_us() - start) / times;
		least = took < least ? took : least;
	}
	return least;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *kind;
		size_t size;
	} rows[] = { { "text", 1000 },    { "text", 10000 },    { "text", 100000 },
		     { "text", 1000000 }, { "base64", 100000 }, { "base64", SIZE_MAX_OCTETS } };
	const size_t only = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	(void)signer_begin(NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct letter letter;
		double ours, alone, open, body;

		if (only != 0 && only != rows[i].size)
			continue;
		sign(&letter, rows[i].kind, rows[i].size);
		ours = least_us(by_heloscope, &letter);
		alone = least_us(by_openssl, &letter);
		open = least_us(by_openssl_with_open_key, &letter);
		body = least_us(by_body, &letter);
		(void)printf("%-6s %8zu octets: %8.1f us, OpenSSL alone %8.1f us: %4.2f of that, %4.2f with "
			     "an open key; body %4.0f MB/s\n",
			     letter.kind, letter.body.length, ours, alone, ours / alone, ours / open,
			     (double)letter.body.length / body);
		forget(&letter);
	}
	(void)signer_end(NULL);
	return EXIT_SUCCESS;
}
