#include "heloscope/base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <paths.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/escape.h"
#include "heloscope/base/strbuf.h"

#define LINE_SIZE (BOUND_LOG_LINE + 1)

static atomic_int log_target_now = LOG_TARGET_STDERR;
static atomic_int log_level_now = LOG_LEVEL_INFO;

static atomic_bool is_ready;
static const char *program = "heloscope-milter";

static const int priorities[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
};

/* openlog(3) does not say so. */
static void
tell_if_syslog_is_missing(void)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = _PATH_LOG };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), reason = 0;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		reason = errno;
	if (reason == EPROTOTYPE) /* a daemon that wants a stream */
		reason = 0;
	if (reason != 0)
		(void)fprintf(stderr,
			      "%s: no line will be logged: " _PATH_LOG
			      ": %s; start a syslog daemon, or set \"log stderr\" in the configuration\n",
			      program, strerror(reason));
	if (fd >= 0)
		(void)close(fd);
}

void
log_set_program(const char *name)
{
	program = name;
}

void
log_open(enum log_target target, enum log_level level)
{
	if (target == LOG_TARGET_SYSLOG) {
		if (atomic_load(&is_ready))
			tell_if_syslog_is_missing();
		openlog(program, LOG_PID | LOG_NDELAY, LOG_MAIL);
	}
	atomic_store(&log_target_now, (int)target);
	atomic_store(&log_level_now, (int)level);
}

void
log_is_ready(void)
{
	if (!atomic_exchange(&is_ready, true) && atomic_load(&log_target_now) == LOG_TARGET_SYSLOG)
		tell_if_syslog_is_missing();
}

void
log_line(enum log_level level, const char *format, ...)
{
	char raw[LINE_SIZE], line[LINE_SIZE * 2];
	struct strbuf escaped;
	va_list arguments;

	if ((int)level > atomic_load(&log_level_now))
		return;
	va_start(arguments, format);
	(void)vsnprintf(raw, sizeof raw, format, arguments);
	va_end(arguments);
	strbuf_init(&escaped, line, sizeof line);
	strbuf_add_shown(&escaped, span_of(raw), ESCAPE_KEEP_BACKSLASH);
	if (atomic_load(&log_target_now) == LOG_TARGET_SYSLOG) {
		syslog(priorities[level], "%s", line);
		if (level > LOG_LEVEL_WARNING || atomic_load(&is_ready))
			return;
	}
	if (getenv("JOURNAL_STREAM") != NULL)
		(void)fprintf(stderr, "<%d>%s\n", priorities[level], line);
	else
		(void)fprintf(stderr, "%s: %s\n", program, line);
}
