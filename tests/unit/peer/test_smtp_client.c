/* smtp_client: what comes behind a reply, whose turn it is, and where its patience ends. The server is this
 * test: a loopback connection, of which all that is sent can be read at once. */
#include "unit.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "heloscope/peer/smtp_client.h"

#define NOTHING PEER_OUTCOMES

struct talk {
	int listener, server;
	struct event_base *base;
	struct smtp_client *client;
	unsigned replies, code;
	size_t lines, dropped;
	enum peer_outcome outcome;
};

static void
take_line(void *context)
{
	((struct talk *)context)->lines++;
}

static void
take_reply(void *context, size_t dropped)
{
	struct talk *talk = context;

	talk->replies++;
	talk->dropped = dropped;
	talk->code = smtp_client_reply(talk->client)->code;
}

static void
take_end(void *context, enum peer_outcome outcome)
{
	((struct talk *)context)->outcome = outcome;
}

static const struct smtp_client_calls calls = { .line = take_line, .reply = take_reply, .over = take_end };

static void
begin(struct talk *talk, unsigned total_ms)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	struct smtp_client_order order = { .address = ipaddr_from_ipv4(0x7f000001),
					   .connect_ms = 60000,
					   .total_ms = total_ms };

	*talk = (struct talk){ .listener = socket(AF_INET, SOCK_STREAM, 0),
			       .base = event_base_new(),
			       .outcome = NOTHING };
	assert_int_equal(bind(talk->listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(talk->listener, 1), 0);
	assert_int_equal(getsockname(talk->listener, (struct sockaddr *)&address, &length), 0);
	order.port = ntohs(address.sin_port);
	talk->client = smtp_client_new(talk->base, &order, &calls, talk);
	assert_non_null(talk->client);
	talk->server = accept(talk->listener, NULL, NULL);
	assert_true(talk->server >= 0);
}

static void
end(struct talk *talk)
{
	smtp_client_free(talk->client);
	event_base_free(talk->base);
	(void)close(talk->server);
	(void)close(talk->listener);
}

/* Let the loop run until the client has nothing more to wait for. */
static void
answer(struct talk *talk, const char *octets)
{
	const unsigned before = talk->replies;

	assert_int_equal(send(talk->server, octets, strlen(octets), 0), (ssize_t)strlen(octets));
	while (talk->replies == before && talk->outcome == NOTHING)
		assert_int_equal(event_base_loop(talk->base, EVLOOP_ONCE), 0);
}

static void
smtp_client_drops_what_comes_behind_a_reply(void **state)
{
	struct talk talk;
	char octets[64] = "";

	(void)state;
	begin(&talk, 60000);
	answer(&talk, "220-mx.test\r\n220 ESMTP\r\n554 early\r\n");
	assert_int_equal(talk.code, 220);
	assert_int_equal(talk.lines, 2);
	assert_int_equal(talk.dropped, strlen("554 early\r\n"));
	smtp_client_say(talk.client, "MAIL FROM:", "<>");
	answer(&talk, "250 ok\r\n");
	assert_int_equal(talk.code, 250);
	assert_int_equal(talk.dropped, 0);
	assert_int_equal(recv(talk.server, octets, sizeof octets - 1, 0), 14);
	assert_string_equal(octets, "MAIL FROM:<>\r\n");
	end(&talk);
}

static void
smtp_client_waits_for_nothing_when_it_is_the_callers_turn(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, 60000);
	answer(&talk, "220 mx.test\r\n");
	assert_int_equal(send(talk.server, "421 bye\r\n", 9, 0), 9);
	assert_int_equal(event_base_loop(talk.base, EVLOOP_ONCE), 1); /* no events */
	assert_int_equal(talk.replies, 1);
	smtp_client_say(talk.client, "NOOP", "");
	while (talk.replies == 1)
		assert_int_equal(event_base_loop(talk.base, EVLOOP_ONCE), 0);
	assert_int_equal(talk.code, 421);
	end(&talk);
}

static void
F48_smtp_client_is_bounded(void **state)
{
	char line[600];
	struct talk talk;

	(void)state;
	begin(&talk, 0); /* connected, and no patience at all: never a reply */
	answer(&talk, "220 mx.test");
	assert_int_equal(talk.outcome, PEER_READ_TIMEOUT);
	end(&talk);
	/* All replies of a connection have one bound together. */
	memset(line, 'x', sizeof line);
	memcpy(line, "220 ", 4);
	memcpy(line + sizeof line - 2, "\n", 2);
	begin(&talk, 60000);
	for (;;) {
		answer(&talk, line);
		if (talk.outcome != NOTHING)
			break;
		assert_true(talk.replies <= SMTP_OCTETS_MAX / strlen(line));
		smtp_client_say(talk.client, "NOOP", "");
	}
	assert_int_equal(talk.outcome, PEER_TOO_MUCH);
	end(&talk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smtp_client_drops_what_comes_behind_a_reply),
		cmocka_unit_test(smtp_client_waits_for_nothing_when_it_is_the_callers_turn),
		cmocka_unit_test(F48_smtp_client_is_bounded),
	};

	return cmocka_run_group_tests_name("smtp_client", tests, NULL, NULL);
}
