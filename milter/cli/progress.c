#include "heloscope/cli/progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/base/thread.h"

#define FIRST_MS 2000
#define EVERY_MS 200
#define COLUMNS 79

struct progress {
	const char *command;
	int64_t total;
	_Atomic int64_t octets;
	_Atomic unsigned long refusals, tests;
	pthread_t thread;
	pthread_mutex_t lock; /* guards the two below, and the terminal */
	pthread_cond_t has_ended;
	bool is_over, is_written;
};

/* Whether somebody sees it, and nothing else comes between. */
static bool
is_seen(void)
{
	struct stat status;

	return isatty(STDERR_FILENO) && !(fstat(STDOUT_FILENO, &status) == 0 && S_ISFIFO(status.st_mode));
}

static void
add_size(struct strbuf *out, int64_t octets)
{
	if (octets < 1000000)
		strbuf_printf(out, "%lld kB", (long long)octets / 1000);
	else
		strbuf_printf(out, "%lld MB", (long long)octets / 1000000);
}

/* "heloscope why: 120 MB read (40 %), 1205 refusals, 3 tested in the DNS", in place of what stands there. */
static void
write_line(struct progress *progress)
{
	const int64_t octets = progress->octets;
	const unsigned long refusals = progress->refusals, tests = progress->tests;
	char memory[COLUMNS + 1];
	struct strbuf line = STRBUF_OVER(memory);

	strbuf_printf(&line, "heloscope %s: ", progress->command);
	add_size(&line, octets);
	strbuf_add(&line, " read");
	if (progress->total > 0)
		strbuf_printf(&line, " (%d %%)",
			      octets < progress->total ? (int)(octets * 100 / progress->total) : 100);
	if (refusals > 0)
		strbuf_printf(&line, ", %lu refusal%s", refusals, refusals == 1 ? "" : "s");
	if (tests > 0)
		strbuf_printf(&line, ", %lu tested in the DNS", tests);
	output_put(output_errors(), "\r%-*s\r%s", COLUMNS, "", memory);
	progress->is_written = true;
}

static void
erase(struct progress *progress)
{
	if (progress->is_written)
		output_put(output_errors(), "\r%-*s\r", COLUMNS, "");
	progress->is_written = false;
}

/* The thread. */
static void *
run(void *context)
{
	struct progress *progress = context;
	struct timespec next = clock_deadline(FIRST_MS);

	(void)pthread_mutex_lock(&progress->lock);
	while (!progress->is_over) {
		if (pthread_cond_timedwait(&progress->has_ended, &progress->lock, &next) == 0)
			continue;
		write_line(progress);
		next = clock_deadline(EVERY_MS);
	}
	erase(progress);
	(void)pthread_mutex_unlock(&progress->lock);
	return NULL;
}

struct progress *
progress_new(const char *command, int64_t total)
{
	struct progress *progress = is_seen() ? calloc(1, sizeof *progress) : NULL;

	if (progress == NULL)
		return NULL;
	progress->command = command;
	progress->total = total;
	(void)pthread_mutex_init(&progress->lock, NULL);
	if (clock_init_condition(&progress->has_ended)) {
		if (thread_start(&progress->thread, run, progress))
			return progress;
		(void)pthread_cond_destroy(&progress->has_ended);
	}
	(void)pthread_mutex_destroy(&progress->lock);
	free(progress);
	return NULL;
}

void
progress_free(struct progress *progress)
{
	if (progress == NULL)
		return;
	(void)pthread_mutex_lock(&progress->lock);
	progress->is_over = true;
	(void)pthread_cond_signal(&progress->has_ended);
	(void)pthread_mutex_unlock(&progress->lock);
	(void)pthread_join(progress->thread, NULL);
	(void)pthread_cond_destroy(&progress->has_ended);
	(void)pthread_mutex_destroy(&progress->lock);
	free(progress);
}

void
progress_add_octets(struct progress *progress, int64_t octets)
{
	if (progress != NULL)
		progress->octets += octets;
}

void
progress_add_refusal(struct progress *progress)
{
	if (progress != NULL)
		progress->refusals++;
}

void
progress_add_test(struct progress *progress)
{
	if (progress != NULL)
		progress->tests++;
}

void
progress_pause(struct progress *progress)
{
	if (progress == NULL)
		return;
	(void)pthread_mutex_lock(&progress->lock);
	erase(progress);
}

void
progress_resume(struct progress *progress)
{
	if (progress != NULL)
		(void)pthread_mutex_unlock(&progress->lock);
}
