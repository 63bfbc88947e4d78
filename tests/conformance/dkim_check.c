/*
 * dkim_check: verifies signatures of messages for tests, one line a message: messages.h tells what it reads.
 * Standard output: "result:reason" of each signature, from above, with blanks between them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "heloscope/base/bounds.h"
#include "heloscope/dkim/bodies.h"
#include "heloscope/dkim/verify.h"
#include "messages.h"

#define SIGNATURES_MAX 16
#define MEMORY (64U << 20)

struct signature {
	const struct dkim_field *own;
	struct dkim_signature read;
};

/* Keep the fields; returns the body. */
static struct span
read_header(struct span text, struct dkim_header *header, struct signature *signatures, size_t *count)
{
	struct span name, value;

	while (messages_next_field(&text, &name, &value)) {
		const struct dkim_field *field = dkim_header_add(header, name, value);
		struct signature *signature = &signatures[*count];

		if (!span_equals_nocase(span_trim(name), SPAN("DKIM-Signature")))
			continue;
		signature->own = field;
		if (++*count == SIGNATURES_MAX
		    || !dkim_signature_read(DKIM_PLAIN, field->value, header->arena, &signature->read))
			exit(EXIT_FAILURE);
	}
	return text;
}

static void
print(const struct signature *signature, struct dkim_header *header, const struct dkim_bodies *bodies)
{
	char name[DOMAIN_SIZE];
	struct dkim_keys keys;
	const struct dkim_case of = {
		.signature = &signature->read,
		.own = signature->own,
		.header = header,
		.keys = &keys,
		.body_hash = dkim_bodies_hash(bodies, &signature->read),
		.body_octets = dkim_bodies_octets(bodies, &signature->read),
		.answer = messages_record(dkim_signature_key_name(&signature->read, name)),
		.now = (int64_t)time(NULL),
	};
	struct dkim_evidence evidence;

	dkim_keys_init(&keys, BOUND_DKIM_WORK);
	evidence = dkim_verify(&of, header->arena);
	dkim_keys_clear(&keys);
	(void)printf("%s:%s", result_word(dkim_reason_result(evidence.reason)),
		     dkim_reason_word(evidence.reason));
}

static void
check(struct span message, size_t piece)
{
	struct signature signatures[SIGNATURES_MAX];
	struct dkim_bodies bodies = { 0 };
	struct dkim_header header;
	struct arena arena;
	size_t count = 0;
	struct span body;

	arena_init(&arena, MEMORY);
	dkim_header_init(&header, &arena, MEMORY / 2);
	body = read_header(message, &header, signatures, &count);
	for (size_t i = 0; i < count; i++)
		dkim_bodies_want(&bodies, &signatures[i].read, &arena);
	dkim_bodies_begin(&bodies);
	for (; body.length > 0; body = span_from(body, piece))
		dkim_bodies_add(&bodies, (struct span){ body.at, body.length < piece ? body.length : piece });
	dkim_bodies_finish(&bodies);
	for (size_t i = 0; i < count; i++) {
		(void)fputs(i > 0 ? " " : "", stdout);
		print(&signatures[i], &header, &bodies);
	}
	(void)puts("");
	dkim_bodies_clear(&bodies);
	arena_clear(&arena);
}

int
main(void)
{
	return messages_read(check);
}
