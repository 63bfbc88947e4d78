/*
 * log: the program's own log, one line an event.
 *
 * Lines go to syslog (facility mail) or to standard error; a service manager that reads
 * standard error gets the level as a "<N>" prefix (sd-daemon(3)). Every line is escaped as
 * escape.h says, so that nothing from the network can forge or end one.
 * Thread safe after log_open().
 */
#ifndef HELOSCOPE_BASE_LOG_H
#define HELOSCOPE_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

/* The program whose lines these are; heloscope-milter until this is called, before log_open(). `name` is
 * kept. */
void log_set_program(const char *name);

/* Where lines go, and which: those of `level` and of more importance. Before: stderr, info. */
void log_open(enum log_target target, enum log_level level);

/*
 * The program is up. Until then errors and warnings go to stderr, too: whoever starts it at a terminal does
 * not look into syslog to see why it is not there. From now on it is said on stderr when there is no syslog
 * to which lines could go.
 */
void log_is_ready(void);

void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)

#endif
