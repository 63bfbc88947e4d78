/*
 * share_stream: the stream of records, read by who collects them: a consumer group, so that each entry goes
 * to one reader, and again to the same one until that one says that it is done with it; or, if it says
 * nothing for an hour, to another.
 *
 * It waits, for at most STREAM_PATIENCE_MS: for a program of its own, not for the filter. What comes was
 * written by anybody who reaches the server: an answer has an end, and an entry that is larger than records
 * are is told by its number alone. One thread.
 */
#ifndef HELOSCOPE_SHARE_STREAM_H
#define HELOSCOPE_SHARE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/share/batch.h"
#include "heloscope/share/server.h"

#define STREAM_PATIENCE_MS 5000
#define STREAM_BLOCK_MS 1000 /* how long an empty stream is waited for */

struct share_stream;

/* `reader` names this one among those of the group; both are kept. NULL when memory ran out. Nothing is
 * connected yet. */
struct share_stream *share_stream_new(const struct share_settings *settings, const char *reader) MUST_USE;
void share_stream_free(struct share_stream *stream); /* NULL is allowed */

/*
 * Read what comes next: first what was told before and is not done. Spans are good until the next call of
 * anything here. It is one question, so that a batch may be empty before the last; that one comes after
 * STREAM_BLOCK_MS without any, at once when `is_for_all`, where what is there is all that is wanted. False
 * with the reason when the server is not there, or does not do what it should; then it is begun anew.
 */
bool share_stream_read(struct share_stream *stream, bool is_for_all, struct stream_batch *batch,
		       struct error *error) MUST_USE;

/* How many entries the server dropped, since `stream` was made or since anybody took note of it, before they
 * were told to any reader: the stream was full. A server before Redis 7 does not say, and none are known. */
uint64_t share_stream_lost(const struct share_stream *stream);

/* How many entries, since `stream` was made, were told to a reader before and then gone from the stream:
 * dropped, as it was full, or deleted by a reader that ended before it could say that it was done with them.
 */
uint64_t share_stream_gone(const struct share_stream *stream);

/* What was read and is not done is to be told again, unless it is another reader's by now. */
void share_stream_tell_again(struct share_stream *stream);

/* All of the batch, of which only the numbers count, is done with: the server need not keep it, and nobody is
 * told of it again. False as above: then the same call is to be made again, for a part of it may be gone. */
bool share_stream_done(struct share_stream *stream, const struct stream_batch *batch,
		       struct error *error) MUST_USE;

#endif
