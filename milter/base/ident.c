#include "heloscope/base/ident.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "heloscope/base/span.h"

#define RANDOM_OCTETS 6
#define RANDOM_IDENTS 256 /* for which octets are drawn at a time: OpenSSL starts anew in each thread */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the two below */
static unsigned char drawn[RANDOM_IDENTS * RANDOM_OCTETS];
static size_t left; /* octets of `drawn`, at its start */

static void
draw(void)
{
	struct timespec time;

	left = sizeof drawn;
	if (RAND_bytes(drawn, sizeof drawn) == 1)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &time); /* uniqueness, not secrecy, is what matters here */
	memcpy(drawn, &time.tv_nsec, 4);
	left = RANDOM_OCTETS;
}

static void
take_random(unsigned char *octets)
{
	(void)pthread_mutex_lock(&lock);
	if (left == 0)
		draw();
	left -= RANDOM_OCTETS;
	memcpy(octets, drawn + left, RANDOM_OCTETS);
	(void)pthread_mutex_unlock(&lock);
}

/* A number of that many digits, and what follows it: each message has a reference, and a format string is
 * slow. */
static char *
put_number(char *at, int number, int digits, const char *next)
{
	for (int i = digits - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return stpcpy(at + digits, next);
}

void
ident_make(char *ident)
{
	static const char hex[] = "0123456789abcdef";
	const time_t now = time(NULL);
	unsigned char random[RANDOM_OCTETS];
	struct tm parts;

	(void)gmtime_r(&now, &parts);
	take_random(random);
	ident = put_number(ident, parts.tm_year + 1900, 4, "");
	ident = put_number(ident, parts.tm_mon + 1, 2, "");
	ident = put_number(ident, parts.tm_mday, 2, "T");
	ident = put_number(ident, parts.tm_hour, 2, "");
	ident = put_number(ident, parts.tm_min, 2, "");
	ident = put_number(ident, parts.tm_sec, 2, "Z-");
	for (size_t i = 0; i < RANDOM_OCTETS; i++) {
		*ident++ = hex[random[i] >> 4];
		*ident++ = hex[random[i] & 0xf];
	}
	*ident = '\0';
}

bool
ident_is_beginning(const char *text, size_t least)
{
	static const char form[] = "ddddddddTddddddZ-xxxxxxxxxxxx";
	size_t i = 0;

	for (; text[i] != '\0' && form[i] != '\0'; i++) {
		const bool is_digit = ascii_is_digit(text[i]);
		const bool is_hex = is_digit || (text[i] >= 'a' && text[i] <= 'f');

		if (form[i] == 'd' ? !is_digit : form[i] == 'x' ? !is_hex : text[i] != form[i])
			return false;
	}
	return text[i] == '\0' && i >= least;
}

int64_t
ident_time_s(const char *ident)
{
	struct tm parts = { 0 };

	if (sscanf(ident, "%4d%2d%2dT%2d%2d%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
		   &parts.tm_hour, &parts.tm_min, &parts.tm_sec)
	    != 6)
		return 0;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	return timegm(&parts);
}
