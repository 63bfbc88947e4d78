#include "heloscope/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "heloscope/bounds.h"
#include "heloscope/clock.h"
#include "heloscope/log.h"
#include "heloscope/thread.h"

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
	atomic_uint references;
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
	bool has_told;    /* of losses, in the log; not yet of their end */
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

static bool
open_file(struct audit *audit)
{
	struct stat status;

	if (is_current(audit))
		return true;
	close_file(audit);
	audit->fd = open(audit->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, FILE_MODE);
	if (audit->fd < 0 || fstat(audit->fd, &status) != 0)
		return false;
	audit->is_torn = !ends_with_line(audit->fd, &status); /* a kill in the middle of a line */
	return true;
}

/* Append one line, behind a line end when the one before was torn. */
static bool
append(struct audit *audit, const struct line *line)
{
	static char line_end[] = "\n";
	struct iovec parts[] = {
		{ line_end, audit->is_torn ? 1 : 0 },
		{ line->text, line->length },
		{ line_end, 1 },
	};
	const size_t length = parts[0].iov_len + line->length + 1;
	ssize_t written;

	do
		written = writev(audit->fd, parts, 3);
	while (written < 0 && errno == EINTR);
	if (written > 0)
		audit->is_torn = (size_t)written != length;
	else if (written == 0)
		errno = ENOSPC;
	return written > 0 && (size_t)written == length;
}

/* Telling. */

static void
tell_of_loss(struct audit *audit, size_t lost, int reason)
{
	const uint64_t now_ms = clock_now_ms();

	if (audit->has_told && now_ms - audit->told_ms < WARN_EVERY_MS)
		return;
	log_error("audit log %s: %s; %zu record%s lost so far", audit->path,
		  reason != 0 ? strerror(reason) : "the disk is too slow", lost, lost == 1 ? "" : "s");
	audit->has_told = true;
	audit->told_ms = now_ms;
}

static void
tell_of_recovery(struct audit *audit, size_t lost)
{
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

/* Write all of `lines`. Returns how many were lost, and why the last one was. */
static size_t
write_lines(struct audit *audit, struct line_list *lines, int *reason)
{
	bool is_open = open_file(audit);
	size_t lost = 0;
	struct line *line;

	*reason = is_open ? 0 : errno;
	while ((line = STAILQ_FIRST(lines)) != NULL) {
		STAILQ_REMOVE_HEAD(lines, link);
		if (!is_open) {
			lost++;
		} else if (!append(audit, line)) {
			*reason = errno;
			lost++;
		}
		free_line(line);
	}
	return lost;
}

/* Called and returns with the lock, which is not held while anything could take long. */
static void
write_queue(struct audit *audit)
{
	struct line_list lines = STAILQ_HEAD_INITIALIZER(lines);
	size_t lost, all_lost;
	int reason;

	STAILQ_CONCAT(&lines, &audit->queued);
	audit->count = audit->octets = 0;
	(void)pthread_mutex_unlock(&audit->lock);
	lost = write_lines(audit, &lines, &reason);
	(void)pthread_mutex_lock(&audit->lock);
	all_lost = audit->lost += lost;
	(void)pthread_mutex_unlock(&audit->lock);
	if (all_lost > audit->lost_then)
		tell_of_loss(audit, all_lost, lost > 0 ? reason : 0);
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
	atomic_init(&audit->references, 1);
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
	(void)atomic_fetch_add(&audit->references, 1);
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
	if (audit == NULL || atomic_fetch_sub(&audit->references, 1) > 1)
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
