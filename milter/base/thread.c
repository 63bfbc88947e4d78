#include "heloscope/base/thread.h"

#include <signal.h>

/*
 * Ours use 64 kB at most, and libunbound's less than 256. libmilter starts and ends threads all the time:
 * of small stacks the C library keeps enough, large ones it gives back to the system each time.
 */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define STACK_SIZE (8U << 20) /* sanitizers keep their own things there */
#else
#define STACK_SIZE (512U << 10)
#endif

void
thread_set_stack(void)
{
	pthread_attr_t attributes;

	if (pthread_attr_init(&attributes) != 0)
		return;
	if (pthread_attr_setstacksize(&attributes, STACK_SIZE) == 0)
		(void)pthread_setattr_default_np(&attributes);
	(void)pthread_attr_destroy(&attributes);
}

bool
thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT };
	sigset_t all, before;
	bool is_started;

	(void)sigfillset(&all);
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
		(void)sigdelset(&all, faults[i]);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	is_started = pthread_create(thread, NULL, run, context) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return is_started;
}
