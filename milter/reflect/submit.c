#include "heloscope/reflect/submit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "heloscope/base/child.h"

/* Start it with the reading end of a pipe as standard input. Returns its pid, or -1 with errno. */
static pid_t
start(const char *program, const char *recipient, int input)
{
	char name[] = "sendmail", dots[] = "-i", from[] = "-f", null_sender[] = "<>", end[] = "--", to[512];
	char *const arguments[] = { name, dots, from, null_sender, end, to, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	int fault;

	if (snprintf(to, sizeof to, "%s", recipient) >= (int)sizeof to) {
		errno = E2BIG;
		return -1;
	}
	fault = posix_spawn_file_actions_init(&actions);
	if (fault == 0) {
		fault = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
		if (fault == 0)
			fault = child_start(program, arguments, &actions, &pid);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	errno = fault;
	return fault == 0 ? pid : -1;
}

static enum submit_state
wait_for(pid_t pid, struct error *error)
{
	int status;

	if (!child_wait(pid, &status, error))
		return SUBMIT_FAULT;
	switch (status) {
	case EX_OK:
		return SUBMIT_DONE;
	case EX_NOUSER:
	case EX_NOHOST:
	case EX_DATAERR:
		return SUBMIT_REFUSED;
	default:
		error_set(error, "it ended with status %d", status);
		return SUBMIT_FAULT;
	}
}

/* Write all, and close the pipe. */
static enum submit_state
feed(pid_t pid, FILE *pipe_end, bool (*put)(const void *context, struct output *out), const void *context,
     struct error *error)
{
	struct output out = { .file = pipe_end };
	const bool is_put = pipe_end != NULL && put(context, &out) && output_flush(&out);
	enum submit_state state;

	if (!is_put) /* the end of its input would be the end of a message to it */
		(void)kill(pid, SIGKILL);
	if (pipe_end != NULL && !output_close(&out) && is_put)
		(void)kill(pid, SIGKILL);
	state = wait_for(pid, error);
	if (is_put || state != SUBMIT_DONE)
		return state;
	error_set(error, "it did not take all of the message");
	return SUBMIT_FAULT;
}

enum submit_state
submit(const char *program, const char *recipient, bool (*put)(const void *context, struct output *out),
       const void *context, struct error *error)
{
	int ends[2];
	pid_t pid;

	(void)signal(SIGPIPE, SIG_IGN);
	if (pipe2(ends, O_CLOEXEC) < 0) {
		error_set(error, "%s", strerror(errno));
		return SUBMIT_FAULT;
	}
	pid = start(program, recipient, ends[0]);
	if (pid < 0)
		error_set(error, "%s", strerror(errno));
	(void)close(ends[0]);
	if (pid < 0) {
		(void)close(ends[1]);
		return SUBMIT_FAULT;
	}
	return feed(pid, fdopen(ends[1], "w"), put, context, error);
}
