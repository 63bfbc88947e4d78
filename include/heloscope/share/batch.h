/*
 * share_batch: entries of the stream, as answers of the server hold them. What comes was written by anybody
 * who reaches the server.
 */
#ifndef HELOSCOPE_SHARE_BATCH_H
#define HELOSCOPE_SHARE_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define STREAM_BATCH_MAX 256 /* entries that are told at a time */
#define STREAM_ID_SIZE 48

struct redisReply; /* hiredis', without which this is not built */

/* An entry. `record` is at NULL when it is none of ours: other members, or too large; or when it is gone. */
struct stream_entry {
	char id[STREAM_ID_SIZE];
	struct span record;
	bool is_gone; /* it was told before, and the stream does not have it any more */
};

struct stream_batch {
	struct stream_entry entries[STREAM_BATCH_MAX];
	size_t count;
	bool is_last; /* nothing was there: none of these, nor of what comes next */
};

/* Copy the number of an entry. False, with nothing copied, when it is none. */
bool stream_id_take(const struct redisReply *reply, char id[STREAM_ID_SIZE]) MUST_USE;

/* Add the entries of an answer to XREADGROUP, whose spans are good as long as that. False when it is another
 * answer. */
bool stream_batch_take(struct stream_batch *batch, const struct redisReply *answer) MUST_USE;

/* Have the batch be the number alone of the one entry of an answer to XPENDING. False, with the batch
 * untouched, for another answer. */
bool stream_batch_take_pending(struct stream_batch *batch, const struct redisReply *answer) MUST_USE;

#endif
