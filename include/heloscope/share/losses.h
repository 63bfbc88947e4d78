/*
 * share_losses: how many entries of a stream were dropped before a group read them, from what XINFO STREAM
 * tells of both (Redis 7 and later). Only share/ includes this; values of one thread.
 *
 * Some versions count only what the group was told, so that what was lost stays lost for them; others forget
 * it with the next entry that they tell. So the caller keeps what is known already, beyond this process too.
 */
#ifndef HELOSCOPE_SHARE_LOSSES_H
#define HELOSCOPE_SHARE_LOSSES_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

struct share_losses {
	uint64_t known; /* that the server counts, and were taken note of */
	uint64_t lost;  /* of these, since this was made */
};

/* Take note of what an answer to XINFO STREAM KEY FULL says of that group. True when `known` has changed. An
 * answer without these counts says nothing. */
bool share_losses_note(struct share_losses *losses, const redisReply *answer, const char *group);

#endif
