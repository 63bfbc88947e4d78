/*
 * Why the filter connects to itself.
 *
 * libmilter has a pool of workers, and gives a session that has something to read to one that is idle.
 * When several become ready in one moment, it hands them all to the queue of those workers that are
 * idle then, and starts no other: sessions whose worker waits for the DNS in RCPT keep the ones behind
 * them waiting, for as long as the slowest name server takes. Callbacks cannot say "later", so
 * somebody has to wait, and libmilter knows no way to be told that a worker will.
 *
 * But it starts a worker for each connection that it accepts when none is idle, and a worker that
 * finds nothing on its own session takes what is queued. A connection that is closed at once is
 * therefore a worker for others. It is made by a thread of its own since connect(2) may block, and
 * those who ask for it hold the lock of an inquiry. Many who ask in one moment get one connection: one
 * more worker takes whatever there is.
 */
#include "heloscope/daemon/rouse.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "heloscope/base/log.h"
#include "heloscope/daemon/service.h"
#include "heloscope/base/thread.h"

static struct {
	struct sockaddr_storage address; /* of the filter's own socket */
	socklen_t length;
	pthread_t thread;
	bool is_running, has_warned; /* the thread's own: has_warned */
	pthread_mutex_t lock;        /* guards the two below */
	pthread_cond_t has_changed;
	bool is_wanted, is_stopping;
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .has_changed = PTHREAD_COND_INITIALIZER };

static void
warn(void)
{
	if (state.has_warned)
		return;
	state.has_warned = true;
	log_warning(
		"the filter cannot connect to its own socket (%s), so while one session waits for the DNS others may wait with it: let the user it runs as be the owner of the socket, or in its group",
		strerror(errno));
}

static void
connect_to_ourselves(void)
{
	const struct timeval patience = { .tv_sec = 1 };
	const int fd = socket(state.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return; /* no descriptors: then there are sessions enough to keep workers busy */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&state.address, state.length) != 0 && errno == EACCES)
		warn();
	(void)close(fd);
}

static void *
run(void *context)
{
	(void)context;
	(void)pthread_mutex_lock(&state.lock);
	while (!state.is_stopping) {
		if (!state.is_wanted) {
			(void)pthread_cond_wait(&state.has_changed, &state.lock);
			continue;
		}
		state.is_wanted = false;
		(void)pthread_mutex_unlock(&state.lock);
		connect_to_ourselves();
		(void)pthread_mutex_lock(&state.lock);
	}
	(void)pthread_mutex_unlock(&state.lock);
	return NULL;
}

bool
rouse_start(struct error *error)
{
	state.length = sizeof state.address;
	if (getsockname(service_find_listener(), (struct sockaddr *)&state.address, &state.length) == 0)
		state.is_running = thread_start(&state.thread, run, NULL);
	if (!state.is_running)
		error_set(error, "the thread that rouses libmilter's workers cannot start");
	return state.is_running;
}

static void
change(bool *what)
{
	(void)pthread_mutex_lock(&state.lock);
	*what = true;
	(void)pthread_cond_signal(&state.has_changed);
	(void)pthread_mutex_unlock(&state.lock);
}

void
rouse(void)
{
	change(&state.is_wanted);
}

void
rouse_stop(void)
{
	if (!state.is_running)
		return;
	change(&state.is_stopping);
	(void)pthread_join(state.thread, NULL);
}
