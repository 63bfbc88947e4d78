#include "heloscope/metrics/counts.h"

#include <time.h>

struct counts counts;

#define MTA_LACK_WORDS(NAME, token, text) { token, text },
const struct mta_lack_words mta_lack_words[MTA_LACKS] = { MTA_LACK_ROWS(MTA_LACK_WORDS) };

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
