#include "heloscope/records/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "heloscope/base/refcount.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/log.h"
#include "heloscope/base/thread.h"

#define WARN_EVERY_MS 60000
#define END_WITHIN_MS 3000
#define FILE_MODE 0640

struct line {
	STAILQ_ENTRY(line) link;
	size_t length;
	char *text;
};

STAILQ_HEAD(line_list, line);

struct audit {
	struct refcount references;
	char *path;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all up to `has_ended` */
	pthread_cond_t has_changed;
	struct line_list queued;
	size_t count, octets; /* in the queue */
	size_t lost;
	bool is_stopping, has_ended;

	/* The thread's own. */
	int fd;
	bool is_torn;     /* the file does not end with a line end */
	size_t lost_then; /* at the last batch */
	int reason; /* why the last line was lost that could not be written; 0 once lines are written again */
	int told_reason;
	bool has_told; /* of losses, in the log; not yet of their end */
	uint64_t told_ms;
};

/* The file. */

static bool
ends_with_line(int fd, const struct stat *status)
{
	char last;

	return !S_ISREG(status->st_mode) || status->st_size == 0
	       || (pread(fd, &last, 1, status->st_size - 1) == 1 && last == '\n');
}

static void
close_file(struct audit *audit)
{
	if (audit->fd >= 0)
		(void)close(audit->fd);
	audit->fd = -1;
}

/* Whether the file at the path is still the one that is open. */
static bool
is_current(const struct audit *audit)
{
	struct stat open_file, named;

	return audit->fd >= 0 && fstat(audit->fd, &open_file) == 0 && stat(audit->path, &named) == 0
	       && open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

/* Returns 0, or why it cannot be opened. */
static int
open_file(struct audit *audit)
{
	struct stat status;

	if (is_current(audit))
		return 0;
	close_file(audit);
	audit->fd = open(audit->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
	if (audit->fd < 0 || fstat(audit->fd, &status) != 0)
		return errno;
	audit->is_torn = !ends_with_line(audit->fd, &status); /* a kill in the middle of a line */
	return 0;
}

/* Forget the first `length` octets of what is to be written. */
static void
advance(struct iovec *parts, size_t count, size_t length)
{
	for (size_t i = 0; i < count; i++) {
		const size_t taken = length < parts[i].iov_len ? length : parts[i].iov_len;

		parts[i].iov_base = (char *)parts[i].iov_base + taken;
		parts[i].iov_len -= taken;
		length -= taken;
	}
}

/*
 * Append one line, behind a line end when the one before was torn. Returns 0, or why it is not there. What
 * is written in part says nothing of the reason: only the next attempt does.
 */
static int
append(struct audit *audit, const struct line *line)
{
	static char line_end[] = "\n";
	struct iovec parts[] = {
		{ line_end, audit->is_torn ? 1 : 0 },
		{ line->text, line->length },
		{ line_end, 1 },
	};
	size_t left = parts[0].iov_len + line->length + 1;

	while (left > 0) {
		const ssize_t written = writev(audit->fd, parts, 3);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? errno : ENOSPC;
		left -= (size_t)written;
		audit->is_torn = left > 0;
		advance(parts, 3, (size_t)written);
	}
	return 0;
}

/* Telling. */

static void
tell_of_loss(struct audit *audit, size_t lost)
{
	const uint64_t now_ms = clock_now_ms();

	if (audit->has_told && audit->reason == audit->told_reason && now_ms - audit->told_ms < WARN_EVERY_MS)
		return;
	log_error("audit log %s: %s; %zu record%s lost so far", audit->path,
		  audit->reason != 0 ? strerror(audit->reason) : "the disk is too slow", lost,
		  lost == 1 ? "" : "s");
	audit->has_told = true;
	audit->told_reason = audit->reason;
	audit->told_ms = now_ms;
}

static void
tell_of_recovery(struct audit *audit, size_t lost)
{
	audit->reason = 0;
	if (!audit->has_told)
		return;
	log_warning("audit log %s is written again; %zu record%s lost", audit->path, lost,
		    lost == 1 ? " was" : "s were");
	audit->has_told = false;
}

/* The thread. */

static void
free_line(struct line *line)
{
	free(line->text);
	free(line);
}

/* Write all of `lines`. Returns how many were lost; why the last one was is kept in `audit->reason`. */
static size_t
write_lines(struct audit *audit, struct line_list *lines)
{
	const int closed = open_file(audit);
	size_t lost = 0;
	struct line *line;
	int reason;

	while ((line = STAILQ_FIRST(lines)) != NULL) {
		STAILQ_REMOVE_HEAD(lines, link);
		reason = closed != 0 ? closed : append(audit, line);
		free_line(line);
		if (reason == 0)
			continue;
		audit->reason = reason;
		lost++;
	}
	return lost;
}

/* Called and returns with the lock, which is not held while anything could take long. */
static void
write_queue(struct audit *audit)
{
	struct line_list lines = STAILQ_HEAD_INITIALIZER(lines);
	size_t lost, all_lost;

	STAILQ_CONCAT(&lines, &audit->queued);
	audit->count = audit->octets = 0;
	(void)pthread_mutex_unlock(&audit->lock);
	lost = write_lines(audit, &lines);
	(void)pthread_mutex_lock(&audit->lock);
	all_lost = audit->lost += lost;
	(void)pthread_mutex_unlock(&audit->lock);
	if (all_lost > audit->lost_then)
		tell_of_loss(audit, all_lost);
	else
		tell_of_recovery(audit, all_lost);
	audit->lost_then = all_lost;
	(void)pthread_mutex_lock(&audit->lock);
}

static void *
run(void *context)
{
	struct audit *audit = context;

	(void)pthread_mutex_lock(&audit->lock);
	for (;;) {
		while (STAILQ_EMPTY(&audit->queued) && !audit->is_stopping)
			(void)pthread_cond_wait(&audit->has_changed, &audit->lock);
		if (STAILQ_EMPTY(&audit->queued))
			break;
		write_queue(audit);
	}
	close_file(audit);
	audit->has_ended = true;
	(void)pthread_cond_broadcast(&audit->has_changed);
	(void)pthread_mutex_unlock(&audit->lock);
	return NULL;
}

/* For others. */

struct audit *
audit_new(const char *path, struct error *error)
{
	struct audit *audit = calloc(1, sizeof *audit);

	error_set(error, "the thread that writes the audit log cannot start");
	if (audit == NULL)
		return NULL;
	audit->path = strdup(path);
	audit->fd = -1;
	STAILQ_INIT(&audit->queued);
	(void)pthread_mutex_init(&audit->lock, NULL);
	if (audit->path != NULL && clock_init_condition(&audit->has_changed)) {
		if (thread_start(&audit->thread, run, audit))
			return audit;
		(void)pthread_cond_destroy(&audit->has_changed);
	}
	free(audit->path);
	free(audit);
	return NULL;
}

struct audit *
audit_ref(struct audit *audit)
{
	refcount_take(&audit->references);
	return audit;
}

/* Whether the thread ended in time. One that hangs in a system call is left behind with all it uses. */
static bool
stop(struct audit *audit)
{
	const struct timespec deadline = clock_deadline(END_WITHIN_MS);
	bool has_ended;

	(void)pthread_mutex_lock(&audit->lock);
	audit->is_stopping = true;
	(void)pthread_cond_broadcast(&audit->has_changed);
	while (!audit->has_ended && pthread_cond_timedwait(&audit->has_changed, &audit->lock, &deadline) == 0)
		continue;
	has_ended = audit->has_ended;
	(void)pthread_mutex_unlock(&audit->lock);
	if (has_ended)
		(void)pthread_join(audit->thread, NULL);
	else
		(void)pthread_detach(audit->thread);
	return has_ended;
}

void
audit_unref(struct audit *audit)
{
	if (audit == NULL || !refcount_drop(&audit->references))
		return;
	if (!stop(audit)) {
		log_error("audit log %s: the disk hangs; records are lost", audit->path);
		return;
	}
	(void)pthread_cond_destroy(&audit->has_changed);
	(void)pthread_mutex_destroy(&audit->lock);
	free(audit->path);
	free(audit);
}

const char *
audit_path(const struct audit *audit)
{
	return audit->path;
}

void
audit_write(struct audit *audit, char *text)
{
	struct line *line = malloc(sizeof *line);
	const size_t length = strlen(text);

	(void)pthread_mutex_lock(&audit->lock);
	if (line == NULL || audit->count >= BOUND_AUDIT_QUEUE_LINES
	    || audit->octets + length > BOUND_AUDIT_QUEUE_OCTETS) {
		audit->lost++;
		free(line);
		free(text);
	} else {
		*line = (struct line){ .length = length, .text = text };
		STAILQ_INSERT_TAIL(&audit->queued, line, link);
		audit->count++;
		audit->octets += length;
		(void)pthread_cond_signal(&audit->has_changed);
	}
	(void)pthread_mutex_unlock(&audit->lock);
}

size_t
audit_lost(struct audit *audit)
{
	size_t lost;

	(void)pthread_mutex_lock(&audit->lock);
	lost = audit->lost;
	(void)pthread_mutex_unlock(&audit->lock);
	return lost;
}
