/*
 * arc_check: validates the ARC chains of messages for tests, one line a message: messages.h tells what it
 * reads. Standard output: "result:reason:instance:why:oldest-pass", the last "-" when it was not looked for.
 */
#include <stdio.h>
#include <time.h>

#include "heloscope/arc/chain.h"
#include "messages.h"

#define MEMORY (64U << 20)

/* Keep the fields; returns the body. */
static struct span
read_header(struct span text, struct dkim_header *header, struct arc_chain *chain, int64_t now)
{
	struct span name, value;
	enum arc_part part;

	while (messages_next_field(&text, &name, &value)) {
		const struct dkim_field *field = dkim_header_add(header, name, value);

		if (arc_part_of(name, &part))
			(void)arc_chain_add(chain, part, field, now, header->arena);
	}
	return text;
}

static void
hash_body(struct dkim_bodies *bodies, const struct arc_chain *chain, struct span body, size_t piece,
	  struct arena *arena)
{
	for (unsigned i = 0; i < chain->count; i++)
		if (chain->sets[i].signatures[ARC_MESSAGE_SIGNATURE] != NULL)
			dkim_bodies_want(bodies, &chain->sets[i].signatures[ARC_MESSAGE_SIGNATURE]->signature,
					 arena);
	dkim_bodies_begin(bodies);
	for (; body.length > 0; body = span_from(body, piece))
		dkim_bodies_add(bodies, (struct span){ body.at, body.length < piece ? body.length : piece });
	dkim_bodies_finish(bodies);
}

static const struct dns_answer *
answer(void *context, const char *key_name)
{
	(void)context;
	return messages_record(key_name);
}

static void
print(const struct arc_outcome *outcome)
{
	(void)printf("%s:%s:%u:%s:", result_word(arc_outcome_result(outcome)),
		     arc_reason_word(outcome->reason), outcome->instance, dkim_reason_word(outcome->why));
	if (outcome->has_oldest_pass)
		(void)printf("%u\n", outcome->oldest_pass);
	else
		(void)puts("-");
}

static void
check(struct span message, size_t piece)
{
	const int64_t now = (int64_t)time(NULL);
	struct arc_chain chain = { .count = 0 };
	struct dkim_bodies bodies = { 0 };
	struct arc_outcome outcome = { 0 };
	struct dkim_header header;
	struct arena arena;
	struct span body;

	arena_init(&arena, MEMORY);
	dkim_header_init(&header, &arena, MEMORY / 2);
	body = read_header(message, &header, &chain, now);
	hash_body(&bodies, &chain, body, piece, &arena);
	outcome.reason = arc_chain_judge_form(&chain);
	outcome.instance = chain.instance;
	if (outcome.reason == ARC_NONE) {
		const struct arc_case of = {
			.chain = &chain, .header = &header, .bodies = &bodies, .answer = answer, .now = now
		};

		outcome = arc_chain_validate(&of, &arena);
	}
	print(&outcome);
	dkim_bodies_clear(&bodies);
	arena_clear(&arena);
}

int
main(void)
{
	return messages_read(check);
}
