#include "heloscope/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "heloscope/bounds.h"
#include "heloscope/escape.h"
#include "heloscope/strbuf.h"

#define LINE_SIZE (BOUND_LOG_LINE + 1)

static atomic_int log_target_now = LOG_TARGET_STDERR;
static atomic_int log_level_now = LOG_LEVEL_INFO;

static const int priorities[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

void
log_open(enum log_target target, enum log_level level)
{
	if (target == LOG_TARGET_SYSLOG)
		openlog("heloscope-milter", LOG_PID | LOG_NDELAY, LOG_MAIL);
	atomic_store(&log_target_now, (int)target);
	atomic_store(&log_level_now, (int)level);
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
	for (struct span rest = span_of(raw); rest.length > 0;) {
		char shown[ESCAPE_SIZE];

		rest = span_from(rest, escape_next(rest, ESCAPE_KEEP_BACKSLASH, shown));
		strbuf_add(&escaped, shown);
	}
	if (atomic_load(&log_target_now) == LOG_TARGET_SYSLOG)
		syslog(priorities[level], "%s", line);
	else if (getenv("JOURNAL_STREAM") != NULL)
		(void)fprintf(stderr, "<%d>%s\n", priorities[level], line);
	else
		(void)fprintf(stderr, "heloscope-milter: %s\n", line);
}
