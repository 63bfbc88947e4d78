/*
 * appender: whole lines at the end of a file, one writev(2) a line.
 *
 * The file is opened at the first line, and again when it was renamed or removed. What a kill or a full disk
 * left torn is ended before the next line. What is not a file is not waited for: a FIFO or a device could
 * hold a writer up for ever. One thread.
 */
#ifndef HELOSCOPE_RECORDS_APPENDER_H
#define HELOSCOPE_RECORDS_APPENDER_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

struct appender {
	const char *path; /* kept */
	int fd;           /* -1: not open */
	bool is_torn;     /* the file does not end with a line end */
};

void appender_init(struct appender *appender, const char *path);
void appender_close(struct appender *appender);

/* What is told in place of an errno, when a FIFO or the like has the name. */
#define APPENDER_NO_FILE (-1)

/* Have it open, as the file that stands at the path now. Returns 0, or the errno of why it cannot be. */
int appender_open(struct appender *appender) MUST_USE;

/* Append a line, without its line end, to what is open. Returns 0, or the errno of why it is not there. What
 * is written in part says nothing of the reason: only the next attempt does. */
int appender_append(struct appender *appender, struct span line) MUST_USE;

/* The words for what these return, which is not 0. */
const char *appender_reason(int fault);

#endif
