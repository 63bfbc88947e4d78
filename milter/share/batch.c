#include "heloscope/share/batch.h"

#include <hiredis/hiredis.h>
#include <string.h>

#include "heloscope/base/bounds.h"

static bool
is_text(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING;
}

/* The items of a list of so many; NULL when it is none. */
static redisReply **
items_of(const redisReply *reply, size_t count)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == count ? reply->element : NULL;
}

bool
stream_id_take(const redisReply *reply, char id[STREAM_ID_SIZE])
{
	if (!is_text(reply) || (size_t)reply->len >= STREAM_ID_SIZE)
		return false;
	memcpy(id, reply->str, (size_t)reply->len + 1);
	return true;
}

/* The one member that an entry of ours has. */
static struct span
record_of(const redisReply *members)
{
	redisReply **items = items_of(members, 2);

	if (items == NULL || !is_text(items[0]) || strcmp(items[0]->str, "r") != 0 || !is_text(items[1])
	    || (size_t)items[1]->len > BOUND_RECORD)
		return (struct span){ NULL, 0 };
	return (struct span){ items[1]->str, (size_t)items[1]->len };
}

/* False when it is not what the server tells of an entry. One that was cut off in the meantime has no
 * list of members. */
static bool
take_entry(const redisReply *reply, struct stream_entry *entry)
{
	redisReply **items = items_of(reply, 2);

	if (items == NULL || !stream_id_take(items[0], entry->id))
		return false;
	entry->record = record_of(items[1]);
	entry->is_gone = items[1]->type == REDIS_REPLY_NIL;
	return true;
}

/* Nothing, or a list of one stream, of a name and its entries. */
bool
stream_batch_take(struct stream_batch *batch, const redisReply *answer)
{
	redisReply **streams, **parts;

	if (answer->type == REDIS_REPLY_NIL)
		return true;
	streams = items_of(answer, 1);
	parts = streams != NULL ? items_of(streams[0], 2) : NULL;
	if (parts == NULL || parts[1]->type != REDIS_REPLY_ARRAY || parts[1]->elements > STREAM_BATCH_MAX)
		return false;
	for (size_t i = 0; i < parts[1]->elements; i++)
		if (!take_entry(parts[1]->element[i], &batch->entries[batch->count++]))
			return false;
	return true;
}

bool
stream_batch_take_pending(struct stream_batch *batch, const redisReply *answer)
{
	redisReply **lines = items_of(answer, 1), **parts = lines != NULL ? items_of(lines[0], 4) : NULL;

	if (parts == NULL || !stream_id_take(parts[0], batch->entries[0].id))
		return false;
	batch->entries[0].record = (struct span){ NULL, 0 };
	batch->entries[0].is_gone = false;
	batch->count = 1;
	return true;
}
