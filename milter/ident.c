#include "heloscope/ident.h"

#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

void
ident_make(char *ident)
{
	const time_t now = time(NULL);
	unsigned char random[6];
	struct tm parts;

	(void)gmtime_r(&now, &parts);
	if (RAND_bytes(random, sizeof random) != 1) {
		struct timespec time; /* uniqueness, not secrecy, is what matters here */

		(void)clock_gettime(CLOCK_REALTIME, &time);
		for (size_t i = 0; i < sizeof random; i++)
			random[i] = (unsigned char)((uint64_t)time.tv_nsec >> 8 * (i % 4));
	}
	(void)snprintf(ident, IDENT_SIZE, "%04u%02u%02uT%02u%02u%02uZ-%02x%02x%02x%02x%02x%02x",
		       ((unsigned)parts.tm_year + 1900) % 10000, ((unsigned)parts.tm_mon + 1) % 100,
		       (unsigned)parts.tm_mday % 100, (unsigned)parts.tm_hour % 100,
		       (unsigned)parts.tm_min % 100, (unsigned)parts.tm_sec % 100, random[0], random[1],
		       random[2], random[3], random[4], random[5]);
}
