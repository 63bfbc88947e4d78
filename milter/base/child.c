#include "heloscope/base/child.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

int
child_start(const char *path, char *const arguments[], const posix_spawn_file_actions_t *actions, pid_t *pid)
{
	char search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *const environment[] = { search, NULL };

	return posix_spawn(pid, path, actions, NULL, arguments, environment);
}

bool
child_ends(pid_t pid, int patience_ms)
{
	struct pollfd wanted = { .fd = pidfd_open(pid, 0), .events = POLLIN };
	int came;

	if (wanted.fd < 0)
		return false;
	came = poll(&wanted, 1, patience_ms);
	(void)close(wanted.fd);
	return came > 0;
}

bool
child_wait(pid_t pid, int *status, struct error *error)
{
	int how = 0;

	while (waitpid(pid, &how, 0) < 0)
		if (errno != EINTR) {
			error_set(error, "%s", strerror(errno));
			return false;
		}
	if (!WIFEXITED(how)) {
		error_set(error, "signal %d ended it", WIFSIGNALED(how) ? WTERMSIG(how) : 0);
		return false;
	}
	*status = WEXITSTATUS(how);
	return true;
}
