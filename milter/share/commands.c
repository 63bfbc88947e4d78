#include "heloscope/share/commands.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_SIZE 24

static struct span
number_span(char memory[NUMBER_SIZE], uint64_t number)
{
	(void)snprintf(memory, NUMBER_SIZE, "%" PRIu64, number);
	return span_of(memory);
}

static bool
send_append(const struct share_commands *commands, const struct order *order)
{
	char length[NUMBER_SIZE];
	const struct span words[] = {
		SPAN("XADD"),
		span_of(commands->records_key),
		SPAN("MAXLEN"),
		SPAN("~"),
		number_span(length, commands->settings->stream_length),
		SPAN("*"),
		SPAN("r"),
		{ order->text, order->length },
	};

	return share_link_send(commands->to_server, words, sizeof words / sizeof words[0]);
}

static bool
send_put(const struct share_commands *commands, const struct order *order)
{
	char ttl[NUMBER_SIZE];
	const struct span words[] = {
		SPAN("SETEX"),
		span_of(order->key),
		number_span(ttl, order->ttl_s),
		{ order->text, order->length },
	};

	return share_link_send(commands->to_server, words, sizeof words / sizeof words[0]);
}

/* No more of a value than we would have written, and one octet, which shows that it is none of ours. */
static bool
send_get(const struct share_commands *commands, const struct order *order)
{
	char last[NUMBER_SIZE];
	const struct span value[] = { SPAN("GETRANGE"), span_of(order->key), SPAN("0"),
				      number_span(last, SHARE_VALUE_MAX) };
	const struct span ttl[] = { SPAN("PTTL"), span_of(order->key) };

	return share_link_send(commands->to_server, value, 4) && share_link_send(commands->to_server, ttl, 2);
}

/* The stream for another while. */
static bool
send_keep(const struct share_commands *commands, const struct order *order)
{
	char ttl[NUMBER_SIZE];
	const struct span words[] = { SPAN("EXPIRE"), span_of(commands->records_key),
				      number_span(ttl, order->ttl_s) };

	return share_link_send(commands->to_server, words, sizeof words / sizeof words[0]);
}

static bool
send_measure(const struct share_commands *commands, const struct order *order)
{
	const struct span words[] = { SPAN("XLEN"), span_of(commands->records_key) };

	(void)order;
	return share_link_send(commands->to_server, words, sizeof words / sizeof words[0]);
}

static const struct {
	bool (*send)(const struct share_commands *commands, const struct order *order);
	size_t count;
} kinds[] = {
	[ORDER_APPEND] = { send_append, 1 },   [ORDER_PUT] = { send_put, 1 },
	[ORDER_GET] = { send_get, 2 },         [ORDER_KEEP] = { send_keep, 1 },
	[ORDER_MEASURE] = { send_measure, 1 },
};

size_t
share_commands_of(enum order_kind kind)
{
	return kinds[kind].count;
}

void
share_commands_send(const struct share_commands *commands, const struct order *order)
{
	(void)kinds[order->kind].send(commands, order);
}
