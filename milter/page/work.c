#include "heloscope/page/work.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "heloscope/base/thread.h"

struct queue {
	struct work *first, **end;
	size_t count;
};

struct workers {
	pthread_mutex_t lock; /* guards the next three */
	struct queue waiting, done;
	bool is_ending;
	pthread_cond_t news; /* something waits, or it ends */
	pthread_t threads[WORKERS_MAX];
	size_t thread_count, waiting_max;
	int fd; /* an eventfd(2), which is written to when something was done */
	struct event *event;
};

static void
append(struct queue *queue, struct work *work)
{
	work->next = NULL;
	*queue->end = work;
	queue->end = &work->next;
	queue->count++;
}

static struct work *
take(struct queue *queue)
{
	struct work *work = queue->first;

	if (work == NULL)
		return NULL;
	queue->first = work->next;
	queue->count--;
	if (queue->first == NULL)
		queue->end = &queue->first;
	return work;
}

/* Threads. */

static void
wake_loop(const struct workers *workers)
{
	(void)eventfd_write(workers->fd,
			    1); /* fails only when there is so much that the loop wakes up anyhow */
}

static void *
run(void *context)
{
	struct workers *workers = context;
	struct work *work;

	(void)pthread_mutex_lock(&workers->lock);
	while (!workers->is_ending) {
		work = take(&workers->waiting);
		if (work == NULL) {
			(void)pthread_cond_wait(&workers->news, &workers->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&workers->lock);
		work->run(work);
		(void)pthread_mutex_lock(&workers->lock);
		append(&workers->done, work);
		wake_loop(workers);
	}
	(void)pthread_mutex_unlock(&workers->lock);
	return NULL;
}

/* The loop. */

static void
tell_done(struct workers *workers, struct queue *queue)
{
	struct work *work;

	for (;;) {
		(void)pthread_mutex_lock(&workers->lock);
		work = take(queue);
		(void)pthread_mutex_unlock(&workers->lock);
		if (work == NULL)
			return;
		work->done(work);
	}
}

static void
on_done(evutil_socket_t fd, short what, void *context)
{
	struct workers *workers = context;
	eventfd_t count;

	(void)what;
	if (eventfd_read(fd, &count) == 0)
		tell_done(workers, &workers->done);
}

static bool
start(struct workers *workers, size_t threads)
{
	for (size_t i = 0; i < threads; i++) {
		if (!thread_start(&workers->threads[i], run, workers))
			return false;
		workers->thread_count++;
	}
	return true;
}

struct workers *
workers_new(struct event_base *base, size_t threads, size_t waiting, struct error *error)
{
	struct workers *workers = calloc(1, sizeof *workers);

	error_set(error, "out of memory");
	if (workers == NULL)
		return NULL;
	workers->waiting.end = &workers->waiting.first;
	workers->done.end = &workers->done.first;
	workers->waiting_max = waiting;
	(void)pthread_mutex_init(&workers->lock, NULL);
	(void)pthread_cond_init(&workers->news, NULL);
	workers->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (workers->fd >= 0)
		workers->event = event_new(base, workers->fd, EV_READ | EV_PERSIST, on_done, workers);
	if (workers->event == NULL || event_add(workers->event, NULL) != 0 || !start(workers, threads)) {
		error_set(error, "threads cannot be started: %s", strerror(errno));
		workers_free(workers);
		return NULL;
	}
	return workers;
}

void
workers_free(struct workers *workers)
{
	if (workers == NULL)
		return;
	(void)pthread_mutex_lock(&workers->lock);
	workers->is_ending = true;
	(void)pthread_cond_broadcast(&workers->news);
	(void)pthread_mutex_unlock(&workers->lock);
	for (size_t i = 0; i < workers->thread_count; i++)
		(void)pthread_join(workers->threads[i], NULL);
	tell_done(workers, &workers->done);
	tell_done(workers, &workers->waiting);
	if (workers->event != NULL)
		event_free(workers->event);
	if (workers->fd >= 0)
		(void)close(workers->fd);
	(void)pthread_cond_destroy(&workers->news);
	(void)pthread_mutex_destroy(&workers->lock);
	free(workers);
}

bool
workers_add(struct workers *workers, struct work *work)
{
	bool has_room;

	(void)pthread_mutex_lock(&workers->lock);
	has_room = workers->waiting.count < workers->waiting_max;
	if (has_room) {
		append(&workers->waiting, work);
		(void)pthread_cond_signal(&workers->news);
	}
	(void)pthread_mutex_unlock(&workers->lock);
	return has_room;
}
