#include "heloscope/share/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/seldom.h"
#include "heloscope/share/losses.h"
#include "heloscope/share/protocol.h"

#define GROUP "collect"
#define ENTRY_OCTETS (BOUND_RECORD + 1024)
#define ABANDONED_MS "3600000"
#define LOST_TTL_S "31536000"       /* a year: longer than the stream is kept */
#define ALL_CLAIMED "0-0"           /* as where to go on */
#define CLAIMS_MAX 4000             /* of 256 entries: the stream holds no more */
#define ANSWER_MS 10000             /* for all of an answer, which may come in pieces */
#define LIST_MAX (ENTRY_OCTETS / 4) /* elements, each of which takes four octets and more */

struct share_stream {
	const struct share_settings *settings;
	struct share_bounds bounds; /* of what is read */
	const char *reader;
	char key[SHARE_KEY_SIZE], lost_key[SHARE_KEY_SIZE];
	redisContext *context; /* NULL: not connected */
	redisReply *reply;     /* that was told last */
	bool has_pending;      /* what was told before may not be done */
	struct seldom claimed;
	char claimed_up_to[STREAM_ID_SIZE];
	unsigned claims; /* since all was claimed */
	struct share_losses losses;
	uint64_t gone;
	bool is_looked_at; /* for losses, since entries were told */
	size_t at_a_time;  /* entries: one by one, where they are too large together */
};

struct share_stream *
share_stream_new(const struct share_settings *settings, const char *reader)
{
	struct share_stream *stream = calloc(1, sizeof *stream);

	if (stream == NULL)
		return NULL;
	stream->settings = settings;
	stream->reader = reader;
	stream->at_a_time = STREAM_BATCH_MAX;
	share_key(settings->prefix, SHARE_RECORDS, stream->key);
	share_key(settings->prefix, SHARE_LOST, stream->lost_key);
	return stream;
}

static void
forget_reply(struct share_stream *stream)
{
	if (stream->reply != NULL)
		freeReplyObject(stream->reply);
	stream->reply = NULL;
}

static void
disconnect(struct share_stream *stream)
{
	forget_reply(stream);
	if (stream->context != NULL)
		redisFree(stream->context);
	stream->context = NULL;
}

void
share_stream_free(struct share_stream *stream)
{
	if (stream == NULL)
		return;
	disconnect(stream);
	free(stream);
}

/* Commands. */

enum outcome {
	OUTCOME_ANSWER,
	OUTCOME_ERROR,     /* which the server tells */
	OUTCOME_TOO_LARGE, /* the answer */
	OUTCOME_GONE,      /* the connection */
};

static bool
send_command(redisContext *context, const struct span *words, size_t count)
{
	size_t length;
	char *command = share_command(words, count, &length);
	int is_sent = 0;
	const bool is_left =
		command != NULL && redisAppendFormattedCommand(context, command, length) == REDIS_OK;

	redisFreeCommand(command); /* NULL is allowed */
	if (!is_left)
		return false;
	while (!is_sent)
		if (redisBufferWrite(context, &is_sent) != REDIS_OK)
			return false;
	return true;
}

/* Read an answer of at most `most` octets, about. */
static enum outcome
read_answer(struct share_stream *stream, size_t most)
{
	const uint64_t end_ms = clock_now_ms() + ANSWER_MS;
	void *reply = NULL;

	for (size_t octets = 0; octets <= most;) {
		size_t before;

		if (redisGetReplyFromReader(stream->context, &reply) != REDIS_OK)
			return stream->bounds.is_too_long ? OUTCOME_TOO_LARGE : OUTCOME_GONE;
		if (reply != NULL) {
			stream->reply = reply;
			return stream->reply->type == REDIS_REPLY_ERROR ? OUTCOME_ERROR : OUTCOME_ANSWER;
		}
		before = stream->context->reader->len;
		if (clock_now_ms() >= end_ms || redisBufferRead(stream->context) != REDIS_OK)
			return OUTCOME_GONE;
		octets += stream->context->reader->len - before;
	}
	return OUTCOME_TOO_LARGE;
}

/* Why a connection is gone. hiredis tells one that was waited for in vain as one that could not be read. */
static const char *
fault_of(const redisContext *context)
{
	const bool is_late = context->err == REDIS_ERR_IO && (errno == EAGAIN || errno == EWOULDBLOCK);

	return is_late || context->errstr[0] == '\0' ? "no answer in time" : context->errstr;
}

/* What is not an answer ends the connection. */
static enum outcome
command(struct share_stream *stream, const struct span *words, size_t count, size_t most, struct error *error)
{
	enum outcome outcome = OUTCOME_GONE;

	forget_reply(stream);
	if (send_command(stream->context, words, count))
		outcome = read_answer(stream, most);
	if (outcome == OUTCOME_ERROR)
		error_set(error, "%s", stream->reply->str);
	else if (outcome == OUTCOME_TOO_LARGE)
		error_set(error, "an answer that is too large");
	else if (outcome == OUTCOME_GONE)
		error_set(error, "%s", fault_of(stream->context));
	if (outcome == OUTCOME_TOO_LARGE || outcome == OUTCOME_GONE)
		disconnect(stream);
	return outcome;
}

static enum outcome
short_command(struct share_stream *stream, const struct span *words, size_t count, struct error *error)
{
	return command(stream, words, count, ENTRY_OCTETS, error);
}

/* Connecting. */

static redisContext *
make_context(const char *name)
{
	const struct timeval patience = { .tv_sec = STREAM_PATIENCE_MS / 1000 };
	struct share_server server;
	redisContext *context = NULL;
	char address[IPADDR_TEXT_SIZE];

	if (share_server_parse(name, &server))
		context = server.is_unix ? redisConnectUnixWithTimeout(server.path, patience)
					 : redisConnectWithTimeout(ipaddr_format(&server.address, address),
								   server.port, patience);
	if (context != NULL && context->err == 0)
		(void)redisSetTimeout(context, patience);
	return context;
}

static bool
authenticate(struct share_stream *stream, struct error *error)
{
	char password[SHARE_PASSWORD_SIZE];
	const bool is_well = share_password(stream->settings->password_file, password, error);
	const struct span words[] = { SPAN("AUTH"), span_of(password) };
	enum outcome outcome = OUTCOME_ANSWER;

	if (is_well && password[0] != '\0')
		outcome = short_command(stream, words, 2, error);
	explicit_bzero(password, sizeof password);
	if (outcome == OUTCOME_ERROR)
		share_auth_reason(stream->reply, error);
	return is_well && outcome == OUTCOME_ANSWER;
}

/* Make the group, once it is seen to be missing: it begins with the oldest entry, and has read none. A server
 * that does not count them (before 7.0) takes that without its last two words. One that is full makes none,
 * but goes on with one that is there, by which it is emptied. */
static bool
make_group(struct share_stream *stream, struct error *error)
{
	const struct span words[] = { SPAN("XGROUP"), SPAN("CREATE"),   span_of(stream->key), SPAN(GROUP),
				      SPAN("0"),      SPAN("MKSTREAM"), SPAN("ENTRIESREAD"),  SPAN("0") };
	enum outcome outcome = short_command(stream, words, 8, error);

	if (outcome == OUTCOME_ERROR && strncmp(stream->reply->str, "ERR", 3) == 0)
		outcome = short_command(stream, words, 6, error);
	return outcome == OUTCOME_ANSWER
	       || (outcome == OUTCOME_ERROR && strncmp(stream->reply->str, "BUSYGROUP", 9) == 0);
}

/* Losses. An error in answer to what is asked of them is no fault: the server does not know, or does not say.
 */

static bool
is_answered(enum outcome outcome)
{
	return outcome == OUTCOME_ANSWER || outcome == OUTCOME_ERROR;
}

/* What any collector has taken note of, if that could be kept: a server that is full keeps nothing. */
static bool
read_known_losses(struct share_stream *stream, struct error *error)
{
	const struct span words[] = { SPAN("GET"), span_of(stream->lost_key) };
	const enum outcome outcome = short_command(stream, words, 2, error);
	const bool is_there = outcome == OUTCOME_ANSWER && stream->reply->type == REDIS_REPLY_STRING;
	const uint64_t known = is_there ? strtoull(stream->reply->str, NULL, 10) : 0;

	stream->losses.known = known > stream->losses.known ? known : stream->losses.known;
	return is_answered(outcome);
}

static bool
keep_known_losses(struct share_stream *stream, struct error *error)
{
	char number[24];
	struct span words[] = { SPAN("SETEX"), span_of(stream->lost_key), SPAN(LOST_TTL_S), { NULL, 0 } };

	(void)snprintf(number, sizeof number, "%" PRIu64, stream->losses.known);
	words[3] = span_of(number);
	return is_answered(short_command(stream, words, 4, error));
}

/* What a reader of another name was told and has not done for an hour is this one's: it has gone. A part of
 * it at a time. A server that knows no such command (before 6.2) leaves it there. */
static bool
claim_abandoned(struct share_stream *stream, struct error *error)
{
	const struct span words[] = { SPAN("XAUTOCLAIM"), span_of(stream->key),
				      SPAN(GROUP),        span_of(stream->reader),
				      SPAN(ABANDONED_MS), span_of(stream->claimed_up_to),
				      SPAN("COUNT"),      SPAN("256"),
				      SPAN("JUSTID") };
	const enum outcome outcome = short_command(stream, words, sizeof words / sizeof words[0], error);
	const redisReply *reply = stream->reply;

	if (outcome != OUTCOME_ANSWER)
		return outcome == OUTCOME_ERROR;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2
	    || !stream_id_take(reply->element[0], stream->claimed_up_to)) {
		error_set(error, "an answer that is none to this question");
		return false;
	}
	if (reply->elements > 2 && reply->element[2]->type == REDIS_REPLY_ARRAY) /* from 7.0 on */
		stream->gone += reply->element[2]->elements;
	if (++stream->claims == CLAIMS_MAX)
		memcpy(stream->claimed_up_to, ALL_CLAIMED, sizeof ALL_CLAIMED);
	return true;
}

static bool
has_claimed_all(const struct share_stream *stream)
{
	return strcmp(stream->claimed_up_to, ALL_CLAIMED) == 0;
}

/* At first, whenever nothing is new, and else once a minute, for the one that had them may end at any time,
 * and this one go on for months. Until all of it was looked at. */
static bool
claim_seldom(struct share_stream *stream, struct error *error)
{
	if (!seldom_is_due(&stream->claimed, !has_claimed_all(stream)))
		return true;
	if (has_claimed_all(stream))
		stream->claims = 0;
	stream->has_pending = true;
	return claim_abandoned(stream, error);
}

static bool
connect_stream(struct share_stream *stream, struct error *error)
{
	if (stream->context != NULL)
		return true;
	error_set(error, "out of memory");
	stream->context = make_context(stream->settings->server);
	if (stream->context != NULL && stream->context->err != 0)
		error_set(error, "%s", stream->context->errstr);
	if (stream->context != NULL && stream->context->err == 0)
		share_bound(&stream->bounds, stream->context->reader, LIST_MAX);
	if (stream->context != NULL && stream->context->err == 0 && authenticate(stream, error)
	    && read_known_losses(stream, error)) {
		stream->has_pending = true;
		stream->claimed = (struct seldom){ .has_told = false };
		memcpy(stream->claimed_up_to, ALL_CLAIMED, sizeof ALL_CLAIMED);
		return true;
	}
	disconnect(stream);
	return false;
}

/* Before the next entries are told, with which some servers forget what was lost. The answer holds the first
 * entry, too: while that is too large nothing is known. */
static bool
look_for_losses(struct share_stream *stream, struct error *error)
{
	const struct span words[] = { SPAN("XINFO"), SPAN("STREAM"), span_of(stream->key),
				      SPAN("FULL"),  SPAN("COUNT"),  SPAN("1") };
	const enum outcome outcome = short_command(stream, words, 6, error);

	stream->is_looked_at = true;
	if (outcome == OUTCOME_ANSWER && share_losses_note(&stream->losses, stream->reply, GROUP))
		return keep_known_losses(stream, error);
	return is_answered(outcome) || (outcome == OUTCOME_TOO_LARGE && connect_stream(stream, error));
}

uint64_t
share_stream_lost(const struct share_stream *stream)
{
	return stream->losses.lost;
}

uint64_t
share_stream_gone(const struct share_stream *stream)
{
	return stream->gone;
}

/* Reading. */

static enum outcome
ask_entries(struct share_stream *stream, bool is_for_all, struct error *error)
{
	const bool waits = !stream->has_pending && !is_for_all;
	struct span words[12] = { SPAN("XREADGROUP"), SPAN("GROUP"), SPAN(GROUP), span_of(stream->reader) };
	char number[16], block[16];
	size_t count = 4;

	(void)snprintf(number, sizeof number, "%zu", stream->at_a_time);
	(void)snprintf(block, sizeof block, "%d", STREAM_BLOCK_MS);
	words[count++] = SPAN("COUNT");
	words[count++] = span_of(number);
	if (waits) {
		words[count++] = SPAN("BLOCK");
		words[count++] = span_of(block);
	}
	words[count++] = SPAN("STREAMS");
	words[count++] = span_of(stream->key);
	words[count++] = stream->has_pending ? SPAN("0") : SPAN(">");
	return command(stream, words, count, stream->at_a_time * ENTRY_OCTETS, error);
}

/* The same; the first time with a group that is made for it. */
static enum outcome
ask_group(struct share_stream *stream, bool is_for_all, struct error *error)
{
	const enum outcome outcome = ask_entries(stream, is_for_all, error);

	if (outcome != OUTCOME_ERROR || strncmp(stream->reply->str, "NOGROUP", 7) != 0)
		return outcome;
	return make_group(stream, error) ? ask_entries(stream, is_for_all, error) : OUTCOME_ERROR;
}

/* The number of the first entry that was told and is not done: the one that was too large to be read. */
static bool
take_too_large(struct share_stream *stream, struct stream_batch *batch, struct error *error)
{
	const struct span words[] = {
		SPAN("XPENDING"), span_of(stream->key),   SPAN(GROUP), SPAN("-"), SPAN("+"),
		SPAN("1"),        span_of(stream->reader)
	};

	return connect_stream(stream, error) && short_command(stream, words, 7, error) == OUTCOME_ANSWER
	       && stream_batch_take_pending(batch, stream->reply);
}

/* What was told before is all done: what is new comes next. */
static void
end_pending(struct share_stream *stream)
{
	stream->has_pending = false;
	stream->at_a_time = STREAM_BATCH_MAX;
}

static bool
read_entries(struct share_stream *stream, bool is_for_all, struct stream_batch *batch, struct error *error)
{
	enum outcome outcome;

	batch->count = 0;
	if (!connect_stream(stream, error))
		return false;
	if (!claim_seldom(stream, error)
	    || (!stream->has_pending && !stream->is_looked_at && !look_for_losses(stream, error))) {
		disconnect(stream);
		return false;
	}
	outcome = ask_group(stream, is_for_all, error);
	if (outcome == OUTCOME_TOO_LARGE && stream->at_a_time == 1)
		return take_too_large(stream, batch, error);
	if (outcome == OUTCOME_TOO_LARGE) {
		stream->at_a_time = 1;
		return read_entries(stream, is_for_all, batch, error);
	}
	if (outcome == OUTCOME_ANSWER && stream_batch_take(batch, stream->reply)) {
		stream->is_looked_at = stream->is_looked_at && stream->has_pending;
		return true;
	}
	if (outcome == OUTCOME_ANSWER)
		error_set(error, "an answer that is none to this question");
	disconnect(stream);
	return false;
}

bool
share_stream_read(struct share_stream *stream, bool is_for_all, struct stream_batch *batch,
		  struct error *error)
{
	bool was_pending;

	if (!read_entries(stream, is_for_all, batch, error))
		return false;
	was_pending = stream->has_pending;
	batch->is_last = batch->count == 0 && !was_pending;
	if (batch->count == 0)
		end_pending(stream);
	if (batch->is_last) /* there is time to look again at once */
		stream->claimed = (struct seldom){ .has_told = false };
	return true;
}

/* Being done. */

void
share_stream_tell_again(struct share_stream *stream)
{
	stream->has_pending = true;
}

static bool
tell_ids(struct share_stream *stream, const struct span *command_words, size_t count,
	 const struct stream_batch *batch, struct error *error)
{
	struct span words[SHARE_WORDS_MAX];

	memcpy(words, command_words, count * sizeof *words);
	for (size_t i = 0; i < batch->count; i++)
		words[count + i] = span_of(batch->entries[i].id);
	return short_command(stream, words, count + batch->count, error) == OUTCOME_ANSWER;
}

static void
count_gone(struct share_stream *stream, const struct stream_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		stream->gone += batch->entries[i].is_gone ? 1 : 0;
}

/* Deleted first: what is acknowledged and not deleted would be told to nobody again, and stay. Not in a
 * transaction, which a server that is full refuses. */
bool
share_stream_done(struct share_stream *stream, const struct stream_batch *batch, struct error *error)
{
	const struct span done[] = { SPAN("XACK"), span_of(stream->key), SPAN(GROUP) };
	const struct span drop[] = { SPAN("XDEL"), span_of(stream->key) };

	if (batch->count == 0)
		return true;
	if (connect_stream(stream, error) && tell_ids(stream, drop, 2, batch, error)
	    && tell_ids(stream, done, 3, batch, error)) {
		count_gone(stream, batch);
		return true;
	}
	disconnect(stream);
	return false;
}
