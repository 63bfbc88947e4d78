#include "heloscope/share/protocol.h"

#include <stdint.h>
#include <string.h>

char *
share_command(const struct span *words, size_t count, size_t *length)
{
	const char *arguments[SHARE_WORDS_MAX];
	size_t lengths[SHARE_WORDS_MAX];
	char *command = NULL;
	int written;

	if (count > SHARE_WORDS_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		arguments[i] = words[i].at;
		lengths[i] = words[i].length;
	}
	written = redisFormatCommandArgv(&command, (int)count, arguments, lengths);
	*length = written > 0 ? (size_t)written : 0;
	return written > 0 ? command : NULL;
}

void
share_auth_reason(const redisReply *error_reply, struct error *reason)
{
	error_set(reason, "%.*s, in answer to the password", (int)strcspn(error_reply->str, " "),
		  error_reply->str);
}

static void *
make_list(const redisReadTask *task, share_list_count elements)
{
	struct share_bounds *bounds = task->privdata;

	bounds->is_too_long = bounds->list_max < 0 || (uintmax_t)elements > (uintmax_t)bounds->list_max;
	return bounds->is_too_long ? NULL : bounds->make_list(task, elements);
}

void
share_bound(struct share_bounds *bounds, redisReader *reader, int list_max)
{
	*bounds = (struct share_bounds){ .functions = *reader->fn, .list_max = list_max };
	bounds->make_list = bounds->functions.createArray;
	bounds->functions.createArray = make_list;
	reader->fn = &bounds->functions;
	reader->privdata = bounds;
}
