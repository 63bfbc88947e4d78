#include "heloscope/wiring/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/child.h"
#include "heloscope/base/clock.h"

#define TIMEOUT_MS 10000
#define ENDING_MS 2000 /* from the end of its output to its own */

/* Returns 0, or why it does not run. */
static int
start(char *const arguments[], int output, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	int fault = posix_spawn_file_actions_init(&actions);

	if (fault != 0)
		return fault;
	fault = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (fault == 0)
		fault = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (fault == 0)
		fault = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (fault == 0)
		fault = child_start(arguments[0], arguments, &actions, pid);
	(void)posix_spawn_file_actions_destroy(&actions);
	return fault;
}

/* Whether there is something to read before the time is over. */
static bool
comes(int input, uint64_t end_ms)
{
	struct pollfd wanted = { .fd = input, .events = POLLIN };
	const uint64_t now = clock_now_ms();

	return now < end_ms && poll(&wanted, 1, (int)(end_ms - now)) > 0;
}

/* Read to the end, within `size` octets. */
static bool
read_all(int input, char *memory, size_t size, size_t *length, struct error *error)
{
	const uint64_t end_ms = clock_now_ms() + TIMEOUT_MS;
	ssize_t came = 1;

	*length = 0;
	while (came != 0) {
		if (*length == size) {
			error_set(error, "it prints more than %zu octets", size - 1);
			return false;
		}
		if (!comes(input, end_ms)) {
			error_set(error, "it takes longer than %d s", TIMEOUT_MS / 1000);
			return false;
		}
		came = read(input, memory + *length, size - *length);
		if (came < 0 && errno != EINTR) {
			error_set(error, "%s", strerror(errno));
			return false;
		}
		*length += came > 0 ? (size_t)came : 0;
	}
	return true;
}

/* Its end, which is near, or made so: then `error` has the reason. */
static bool
ends_well(pid_t pid, bool is_read, struct error *error)
{
	int status;

	if (is_read && !child_ends(pid, ENDING_MS)) {
		error_set(error, "it has closed its output and does not end");
		is_read = false;
	}
	if (!is_read)
		(void)kill(pid, SIGKILL);
	if (!child_wait(pid, &status, is_read ? error : NULL) || !is_read)
		return false;
	if (status != 0)
		error_set(error, "it ended with status %d; run it to see why", status);
	return status == 0;
}

/* Keep what it has printed. */
static enum program_state
keep_output(struct span printed, struct arena *arena, struct span *output, struct error *error)
{
	*output = (struct span){ arena_copy(arena, printed), printed.length };
	if (arena->has_failed) {
		error_set(error, "out of memory");
		return PROGRAM_FAULT;
	}
	if (memchr(printed.at, '\0', printed.length) == NULL)
		return PROGRAM_READ;
	error_set(error, "it prints a NUL");
	return PROGRAM_FAULT;
}

static enum program_state
take_output(pid_t pid, int input, struct arena *arena, struct span *output, struct error *error)
{
	char *memory = malloc(PROGRAM_OUTPUT_MAX + 1);
	enum program_state state = PROGRAM_FAULT;
	size_t length = 0;
	bool is_read = false;

	if (memory == NULL)
		error_set(error, "out of memory");
	else
		is_read = read_all(input, memory, PROGRAM_OUTPUT_MAX + 1, &length, error);
	if (ends_well(pid, is_read, error))
		state = keep_output((struct span){ memory, length }, arena, output, error);
	free(memory);
	return state;
}

enum program_state
program_read(char *const arguments[], struct arena *arena, struct span *output, struct error *error)
{
	enum program_state state = PROGRAM_FAULT;
	int ends[2], fault;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set(error, "%s", strerror(errno));
		return PROGRAM_FAULT;
	}
	fault = start(arguments, ends[1], &pid);
	(void)close(ends[1]);
	if (fault == 0)
		state = take_output(pid, ends[0], arena, output, error);
	else
		error_set(error, "%s", strerror(fault));
	(void)close(ends[0]);
	return fault == ENOENT ? PROGRAM_MISSING : state;
}
