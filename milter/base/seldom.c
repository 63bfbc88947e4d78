#include "heloscope/base/seldom.h"

#include "heloscope/base/clock.h"

#define EVERY_MS 60000

bool
seldom_is_due(struct seldom *seldom, bool is_new)
{
	const uint64_t now_ms = clock_now_ms();

	if (seldom->has_told && !is_new && now_ms - seldom->told_ms < EVERY_MS)
		return false;
	*seldom = (struct seldom){ .told_ms = now_ms, .has_told = true };
	return true;
}
