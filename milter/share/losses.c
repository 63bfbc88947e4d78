#include "heloscope/share/losses.h"

#include <string.h>

/* The value of that name in a list of names and values; NULL when it is not there. */
static const redisReply *
member(const redisReply *list, const char *name)
{
	const bool is_list = list != NULL && list->type == REDIS_REPLY_ARRAY;

	for (size_t i = 0; is_list && i + 1 < list->elements; i += 2)
		if (list->element[i]->type == REDIS_REPLY_STRING && strcmp(list->element[i]->str, name) == 0)
			return list->element[i + 1];
	return NULL;
}

static bool
take_count(const redisReply *list, const char *name, uint64_t *count)
{
	const redisReply *reply = member(list, name);

	if (reply == NULL || reply->type != REDIS_REPLY_INTEGER || reply->integer < 0)
		return false;
	*count = (uint64_t)reply->integer;
	return true;
}

static const redisReply *
find_group(const redisReply *answer, const char *name)
{
	const redisReply *groups = member(answer, "groups");
	const bool is_list = groups != NULL && groups->type == REDIS_REPLY_ARRAY;

	for (size_t i = 0; is_list && i < groups->elements; i++) {
		const redisReply *own = member(groups->element[i], "name");

		if (own != NULL && own->type == REDIS_REPLY_STRING && strcmp(own->str, name) == 0)
			return groups->element[i];
	}
	return NULL;
}

static uint64_t
without(uint64_t count, uint64_t others)
{
	return count > others ? count - others : 0;
}

/* What was told and is not done may stand in the stream or not, so there are two bounds: what is beyond them
 * is certain. */
bool
share_losses_note(struct share_losses *losses, const redisReply *answer, const char *group_name)
{
	const redisReply *group = find_group(answer, group_name);
	const uint64_t before = losses->known;
	uint64_t added, length, told, pending, least, most;

	if (!take_count(answer, "entries-added", &added) || !take_count(answer, "length", &length)
	    || !take_count(group, "entries-read", &told) || !take_count(group, "pel-count", &pending))
		return false;
	if (losses->known > added) /* of a stream that is no more */
		losses->known = 0;
	least = without(without(added, length), told);
	most = without(without(added, without(length, pending)), told);
	if (least <= losses->known && losses->known <= most)
		return losses->known != before;
	losses->lost += without(least, losses->known);
	losses->known = least > losses->known ? least : most;
	return true;
}
