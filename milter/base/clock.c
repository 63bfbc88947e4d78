#include "heloscope/base/clock.h"

static int64_t
read_ms(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t
clock_now_ms(void)
{
	return (uint64_t)read_ms(CLOCK_MONOTONIC);
}

int64_t
clock_ahead_ms(void)
{
	return read_ms(CLOCK_REALTIME) - read_ms(CLOCK_MONOTONIC);
}

struct timespec
clock_deadline(unsigned milliseconds)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += milliseconds / 1000;
	time.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_nsec -= 1000000000;
		time.tv_sec++;
	}
	return time;
}

bool
clock_init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	bool is_well;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	is_well = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0
		  && pthread_cond_init(condition, &attributes) == 0;
	(void)pthread_condattr_destroy(&attributes);
	return is_well;
}

const char *
clock_format(int64_t seconds, char text[CLOCK_TEXT_SIZE])
{
	const time_t time = (time_t)seconds;
	struct tm parts;

	if (gmtime_r(&time, &parts) == NULL
	    || strftime(text, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		text[0] = '\0';
	return text;
}
