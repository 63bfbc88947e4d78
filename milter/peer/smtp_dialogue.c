#include "heloscope/peer/smtp_dialogue.h"

#include <event2/event.h>

#include "heloscope/base/clock.h"

static void
take_reply(void *context, size_t dropped)
{
	struct smtp_dialogue *dialogue = context;

	(void)dropped;
	dialogue->has_reply = true;
}

static void
take_end(void *context, enum peer_outcome outcome)
{
	struct smtp_dialogue *dialogue = context;

	(void)outcome;
	dialogue->is_over = true;
}

static const struct smtp_client_calls calls = { .reply = take_reply, .over = take_end };

void
smtp_dialogue_init(struct smtp_dialogue *dialogue, unsigned patience_ms)
{
	*dialogue =
		(struct smtp_dialogue){ .base = event_base_new(), .end_ms = clock_now_ms() + patience_ms };
}

void
smtp_dialogue_free(struct smtp_dialogue *dialogue)
{
	if (dialogue->base != NULL)
		event_base_free(dialogue->base);
}

/* The code of the next reply; 0 when there is none. */
static unsigned
hear(struct smtp_dialogue *dialogue)
{
	dialogue->has_reply = false;
	while (!dialogue->has_reply && !dialogue->is_over)
		if (event_base_loop(dialogue->base, EVLOOP_ONCE) != 0)
			dialogue->is_over = true;
	return dialogue->is_over ? 0 : smtp_client_reply(dialogue->client)->code;
}

unsigned
smtp_dialogue_say(struct smtp_dialogue *dialogue, const char *command, const char *argument)
{
	if (dialogue->is_over)
		return 0;
	smtp_client_say(dialogue->client, command, argument);
	return hear(dialogue);
}

const struct smtp_reader *
smtp_dialogue_reply(const struct smtp_dialogue *dialogue)
{
	const struct smtp_reader *reply =
		dialogue->client != NULL ? smtp_client_reply(dialogue->client) : NULL;

	return reply != NULL && reply->code != 0 ? reply : NULL;
}

bool
smtp_dialogue_begin(struct smtp_dialogue *dialogue, const struct ipaddr *address, uint16_t port,
		    const char *ehlo_name)
{
	const uint64_t now_ms = clock_now_ms();
	const unsigned left_ms = now_ms < dialogue->end_ms ? (unsigned)(dialogue->end_ms - now_ms) : 0;
	const struct smtp_client_order order = {
		.address = *address, .port = port, .connect_ms = left_ms, .total_ms = left_ms
	};

	if (dialogue->base != NULL)
		dialogue->client = smtp_client_new(dialogue->base, &order, &calls, dialogue);
	dialogue->is_over = dialogue->client == NULL;
	return hear(dialogue) == 220 && smtp_dialogue_say(dialogue, "EHLO ", ehlo_name) == 250;
}

void
smtp_dialogue_end(struct smtp_dialogue *dialogue)
{
	if (!dialogue->is_over)
		(void)smtp_dialogue_say(dialogue, "QUIT", "");
	smtp_client_free(dialogue->client);
	dialogue->client = NULL;
}
