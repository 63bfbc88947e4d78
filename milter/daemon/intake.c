#include "heloscope/daemon/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/log.h"
#include "heloscope/base/seldom.h"
#include "heloscope/daemon/service.h"
#include "heloscope/base/thread.h"

#define LOOK_EVERY_MS 1000
#define RESERVE_MAX 512 /* descriptors for DNS sockets, files and the like; a quarter when there are few */

static struct {
	int listener;   /* libmilter's number */
	int real, idle; /* what it stands for: the socket, or one to which nobody connects */
	struct sockaddr_un idle_address;
	socklen_t idle_length;
	int full, half_full; /* lowest free descriptors from which on nothing is accepted; negotiated */
	pthread_t thread;
	bool is_running;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t is_stopping_now;
	bool is_stopping, is_shut;
	struct seldom warned;
} intake = { .listener = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

/* The lowest free descriptor, which is about how many are in use; INT_MAX when there is none. */
static int
lowest_free(void)
{
	const int fd = fcntl(intake.real, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return INT32_MAX;
	(void)close(fd);
	return fd;
}

static void
warn(int in_use)
{
	if (!seldom_is_due(&intake.warned, false))
		return;
	log_warning(
		"%d or more file descriptors are in use: new connections are left to the MTA's default action until some are free; raise LimitNOFILE, or have fewer SMTP sessions at a time",
		in_use < intake.full ? in_use : intake.full);
}

/* Wake libmilter up, which still waits for the idle socket: a connection to it, dropped at once. */
static void
knock(void)
{
	const int caller = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int called;

	if (caller < 0)
		return;
	(void)connect(caller, (const struct sockaddr *)&intake.idle_address, intake.idle_length);
	called = accept(intake.idle, NULL, NULL);
	if (called >= 0)
		(void)close(called);
	(void)close(caller);
}

/* Open or shut the door as the number of free descriptors asks. */
static void
look(void)
{
	const int free_now = lowest_free();

	(void)pthread_mutex_lock(&intake.lock);
	if (!intake.is_shut && free_now >= intake.full) {
		warn(free_now);
		intake.is_shut = dup2(intake.idle, intake.listener) >= 0;
	} else if (intake.is_shut && free_now < intake.half_full) {
		intake.is_shut = dup2(intake.real, intake.listener) < 0;
		knock();
	}
	(void)pthread_mutex_unlock(&intake.lock);
}

bool
intake_has_room(void)
{
	const int free_now = intake.is_running ? lowest_free() : 0;

	if (!intake.is_running || free_now < intake.half_full)
		return true;
	if (free_now >= intake.full)
		look();
	(void)pthread_mutex_lock(&intake.lock);
	warn(free_now);
	(void)pthread_mutex_unlock(&intake.lock);
	return false;
}

static void *
watch(void *context)
{
	(void)context;
	(void)pthread_mutex_lock(&intake.lock);
	while (!intake.is_stopping) {
		const struct timespec next = clock_deadline(LOOK_EVERY_MS);

		(void)pthread_mutex_unlock(&intake.lock);
		look();
		(void)pthread_mutex_lock(&intake.lock);
		while (!intake.is_stopping
		       && pthread_cond_timedwait(&intake.is_stopping_now, &intake.lock, &next) == 0)
			continue;
	}
	(void)pthread_mutex_unlock(&intake.lock);
	return NULL;
}

/* A listening socket that nobody knows of (unix(7): an address of the kernel's choice). */
static bool
open_idle(void)
{
	const struct sockaddr_un any = { .sun_family = AF_UNIX };

	intake.idle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	intake.idle_length = sizeof intake.idle_address;
	return intake.idle >= 0
	       && bind(intake.idle, (const struct sockaddr *)&any, offsetof(struct sockaddr_un, sun_path))
			  == 0
	       && listen(intake.idle, 1) == 0
	       && getsockname(intake.idle, (struct sockaddr *)&intake.idle_address, &intake.idle_length) == 0;
}

bool
intake_start(unsigned long limit, struct error *error)
{
	const unsigned long few = limit < INT32_MAX ? limit : INT32_MAX;
	const unsigned long reserve = few / 4 < RESERVE_MAX ? few / 4 : RESERVE_MAX;

	intake.listener = service_find_listener();
	intake.real = intake.listener >= 0 ? fcntl(intake.listener, F_DUPFD_CLOEXEC, 0) : -1;
	if (intake.real < 0 || !open_idle() || !clock_init_condition(&intake.is_stopping_now)) {
		error_set(error, "the listening socket cannot be watched over: %s", strerror(errno));
		return false;
	}
	/* With the idle socket put in its place accept(2) must not wait; accepted ones do not inherit this.
	 */
	(void)fcntl(intake.real, F_SETFL, fcntl(intake.real, F_GETFL) | O_NONBLOCK);
	intake.full = (int)(few - reserve / 2);
	intake.half_full = (int)(few - reserve);
	intake.is_running = thread_start(&intake.thread, watch, NULL);
	if (!intake.is_running)
		error_set(error, "the thread that watches over descriptors cannot start");
	return intake.is_running;
}

void
intake_stop(void)
{
	if (!intake.is_running)
		return;
	(void)pthread_mutex_lock(&intake.lock);
	intake.is_stopping = true;
	(void)pthread_cond_signal(&intake.is_stopping_now);
	(void)pthread_mutex_unlock(&intake.lock);
	(void)pthread_join(intake.thread, NULL);
}
