/*
 * share_value: a short value that hosts share, as it comes back to who has asked for it. Any thread.
 */
#ifndef HELOSCOPE_SHARE_VALUE_H
#define HELOSCOPE_SHARE_VALUE_H

#include <stdint.h>

#include "heloscope/base/span.h"

#define SHARE_VALUE_MAX 4096

/* A question that is not answered by then is as one whose answer is not known. Nobody waits even so long:
 * what is asked for is only begun. */
#define SHARE_ASK_MS 250

/*
 * What is there: `value` at NULL when nothing is known, and for how long yet by the server's clock, which
 * says nothing of the time of day. Called once, on the thread of the share or of who ends it; without a lock.
 */
typedef void share_taker(void *context, struct span value, int64_t ttl_ms);

#endif
