#include "heloscope/metrics/counts.h"

#include <time.h>

struct counts counts;

#define MTA_LACK_WORDS(NAME, token, text) { token, text },
const struct mta_lack_words mta_lack_words[MTA_LACKS] = { MTA_LACK_ROWS(MTA_LACK_WORDS) };

uint64_t
counts_messages(size_t verdict)
{
	return counter_value(&counts.messages[verdict][MODE_AUDIT])
	       + counter_value(&counts.messages[verdict][MODE_ENFORCE]);
}

uint64_t
counts_sessions(void)
{
	const uint64_t ended =
		counter_value(&counts.sessions_ended); /* first: none ends that did not begin */
	const uint64_t begun = counter_value(&counts.sessions_begun);

	return begun > ended ? begun - ended : 0;
}

void
counts_reload(enum reload_result result)
{
	counter_add(&counts.reloads[result], 1);
	atomic_store_explicit(&counts.last_reload, (int)result, memory_order_relaxed);
}

void
counts_lack(enum mta_lack lack)
{
	counter_add(&counts.lacks[lack], 1);
	atomic_store_explicit(&counts.lacked_at[lack], (int64_t)time(NULL), memory_order_relaxed);
}
