/*
 * share_protocol: what hiredis writes and reads of the protocol of Redis (RESP2), within bounds. Here and in
 * share/link, share/stream, share/batch and share/losses alone hiredis is used; without it none of them is
 * built.
 */
#ifndef HELOSCOPE_SHARE_PROTOCOL_H
#define HELOSCOPE_SHARE_PROTOCOL_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define SHARE_WORDS_MAX 300

/* A command as it is sent, for redisFreeCommand(), and its length. NULL when memory ran out, or it has more
 * words than that. */
char *share_command(const struct span *words, size_t count, size_t *length) MUST_USE;

/* Why a password was not taken, for logs: an error as "WRONGPASS ...", of which all but the first word may
 * quote what was sent. */
void share_auth_reason(const redisReply *error_reply, struct error *reason);

/* How hiredis counts the elements of a list. */
#if HIREDIS_MAJOR >= 1
typedef size_t share_list_count;
#else
typedef int share_list_count;
#endif

/* Whatever a reader reads: a list of more elements than are wanted is not made, for ten octets can ask for
 * one of gigabytes. It is an error of the reader then. */
struct share_bounds {
	redisReplyObjectFunctions functions;
	void *(*make_list)(const redisReadTask *task, share_list_count elements);
	int list_max;
	bool is_too_long; /* one was */
};

#define SHARE_NO_LISTS (-1) /* as list_max: not even an empty one */

/* Keeps `bounds`, which has to outlive the reader. */
void share_bound(struct share_bounds *bounds, redisReader *reader, int list_max);

#endif
