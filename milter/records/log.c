#include "heloscope/records/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "heloscope/base/refcount.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/log.h"
#include "heloscope/base/thread.h"
#include "heloscope/base/seldom.h"
#include "heloscope/records/appender.h"
#include "heloscope/records/counts.h"

#define END_WITHIN_MS 3000

struct line {
	STAILQ_ENTRY(line) link;
	size_t length;
	char *text;
};

STAILQ_HEAD(line_list, line);

struct record_log {
	struct refcount references;
	char *path;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all up to `has_ended` */
	pthread_cond_t has_changed;
	struct line_list queued;
	size_t count, octets; /* in the queue */
	size_t lost;
	struct seldom told; /* of losses, in the program's log; not yet of their end */
	int told_reason;
	bool is_stopping, has_ended;

	/* The thread's own. */
	struct appender file;
	size_t lost_then; /* at the last batch */
	int reason; /* why the last line was lost that could not be written; 0 once lines are written again */
};

/* Telling: what it is about is looked at with the lock, and told without. */

/* `reason`: 0 when there was no room in the queue. */
static void
tell_of_loss(const struct record_log *log, int reason, size_t lost)
{
	log_error("records %s: %s; %zu record%s lost so far", log->path,
		  reason != 0 ? appender_reason(reason) : "the disk is too slow, or hangs", lost,
		  lost == 1 ? "" : "s");
}

static void
tell_of_recovery(const struct record_log *log, size_t lost)
{
	log_warning("records %s is written again; %zu record%s lost", log->path, lost,
		    lost == 1 ? " was" : "s were");
}

/* Whether a loss is to be told now. */
static bool
is_loss_due(struct record_log *log, int reason)
{
	if (!seldom_is_due(&log->told, reason != log->told_reason))
		return false;
	log->told_reason = reason;
	return true;
}

/* Whether losses were told, which have ended. */
static bool
take_told(struct record_log *log)
{
	const bool has_told = log->told.has_told;

	log->told.has_told = false;
	return has_told;
}

/* The thread. */

static void
free_line(struct line *line)
{
	free(line->text);
	free(line);
}

/* Write all of `lines`. Returns how many were lost; why the last one was is kept in `log->reason`. */
static size_t
write_lines(struct record_log *log, struct line_list *lines)
{
	const int closed = appender_open(&log->file);
	size_t lost = 0;
	struct line *line;
	int reason;

	while ((line = STAILQ_FIRST(lines)) != NULL) {
		STAILQ_REMOVE_HEAD(lines, link);
		reason = closed != 0 ? closed
				     : appender_append(&log->file, (struct span){ line->text, line->length });
		free_line(line);
		counter_add(reason == 0 ? &record_counts.written : &record_counts.dropped[RECORD_DROP_DISK],
			    1);
		if (reason == 0)
			continue;
		log->reason = reason;
		lost++;
	}
	return lost;
}

/* Called and returns with the lock, which is not held while anything could take long. */
static void
write_queue(struct record_log *log)
{
	struct line_list lines = STAILQ_HEAD_INITIALIZER(lines);
	size_t lost, all_lost;
	bool is_due;

	STAILQ_CONCAT(&lines, &log->queued);
	log->count = log->octets = 0;
	(void)pthread_mutex_unlock(&log->lock);
	lost = write_lines(log, &lines);
	(void)pthread_mutex_lock(&log->lock);
	all_lost = log->lost += lost;
	if (all_lost == log->lost_then)
		log->reason = 0;
	is_due = all_lost > log->lost_then ? is_loss_due(log, log->reason) : take_told(log);
	(void)pthread_mutex_unlock(&log->lock);
	if (is_due && all_lost > log->lost_then)
		tell_of_loss(log, log->reason, all_lost);
	else if (is_due)
		tell_of_recovery(log, all_lost);
	log->lost_then = all_lost;
	(void)pthread_mutex_lock(&log->lock);
}

static void *
run(void *context)
{
	struct record_log *log = context;

	(void)pthread_mutex_lock(&log->lock);
	for (;;) {
		while (STAILQ_EMPTY(&log->queued) && !log->is_stopping)
			(void)pthread_cond_wait(&log->has_changed, &log->lock);
		if (STAILQ_EMPTY(&log->queued))
			break;
		write_queue(log);
	}
	appender_close(&log->file);
	log->has_ended = true;
	(void)pthread_cond_broadcast(&log->has_changed);
	(void)pthread_mutex_unlock(&log->lock);
	return NULL;
}

/* For others. */

struct record_log *
record_log_new(const char *path, struct error *error)
{
	struct record_log *log = calloc(1, sizeof *log);

	error_set(error, "the thread that writes the log of records cannot start");
	if (log == NULL)
		return NULL;
	log->path = strdup(path);
	appender_init(&log->file, log->path);
	STAILQ_INIT(&log->queued);
	(void)pthread_mutex_init(&log->lock, NULL);
	if (log->path != NULL && clock_init_condition(&log->has_changed)) {
		if (thread_start(&log->thread, run, log))
			return log;
		(void)pthread_cond_destroy(&log->has_changed);
	}
	free(log->path);
	free(log);
	return NULL;
}

struct record_log *
record_log_ref(struct record_log *log)
{
	refcount_take(&log->references);
	return log;
}

/* Whether the thread ended in time. One that hangs in a system call is left behind with all it uses. */
static bool
stop(struct record_log *log)
{
	const struct timespec deadline = clock_deadline(END_WITHIN_MS);
	bool has_ended;

	(void)pthread_mutex_lock(&log->lock);
	log->is_stopping = true;
	(void)pthread_cond_broadcast(&log->has_changed);
	while (!log->has_ended && pthread_cond_timedwait(&log->has_changed, &log->lock, &deadline) == 0)
		continue;
	has_ended = log->has_ended;
	(void)pthread_mutex_unlock(&log->lock);
	if (has_ended)
		(void)pthread_join(log->thread, NULL);
	else
		(void)pthread_detach(log->thread);
	return has_ended;
}

void
record_log_unref(struct record_log *log)
{
	if (log == NULL || !refcount_drop(&log->references))
		return;
	if (!stop(log)) {
		log_error("records %s: the disk hangs; records are lost", log->path);
		return;
	}
	(void)pthread_cond_destroy(&log->has_changed);
	(void)pthread_mutex_destroy(&log->lock);
	free(log->path);
	free(log);
}

const char *
record_log_path(const struct record_log *log)
{
	return log->path;
}

/* What finds no room is told by whom it belongs to: the thread may hang. */
void
record_log_write(struct record_log *log, char *text)
{
	struct line *line = malloc(sizeof *line);
	const size_t length = strlen(text);
	size_t lost = 0; /* to be told */

	(void)pthread_mutex_lock(&log->lock);
	if (line == NULL || log->count >= BOUND_RECORD_QUEUE_LINES
	    || log->octets + length > BOUND_RECORD_QUEUE_OCTETS) {
		log->lost++;
		lost = is_loss_due(log, 0) ? log->lost : 0;
		counter_add(&record_counts.dropped[RECORD_DROP_DISK], 1);
		free(line);
		free(text);
	} else {
		*line = (struct line){ .length = length, .text = text };
		STAILQ_INSERT_TAIL(&log->queued, line, link);
		log->count++;
		log->octets += length;
		(void)pthread_cond_signal(&log->has_changed);
	}
	(void)pthread_mutex_unlock(&log->lock);
	if (lost > 0)
		tell_of_loss(log, 0, lost);
}

size_t
record_log_lost(struct record_log *log)
{
	size_t lost;

	(void)pthread_mutex_lock(&log->lock);
	lost = log->lost;
	(void)pthread_mutex_unlock(&log->lock);
	return lost;
}
