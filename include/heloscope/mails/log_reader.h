/*
 * log_reader: logs of Postfix, Exim and Sendmail, in any mixture: what became of each message for each
 * recipient, those that were delivered included.
 *
 * Takes octets as they come (mails/source), in lines as syslog writes them, as journalctl(1) prints them or
 * exports them (-o export), or of Exim's own log. Several files are read one after the other, the oldest
 * first: who sent a message may stand in an earlier one. Memory is the same for a log of any length: lines
 * are looked at as far as BOUND_LINE_READ octets, and notes of messages are kept as far as mails/log_queue.h
 * says. One thread.
 */
#ifndef HELOSCOPE_MAILS_LOG_READER_H
#define HELOSCOPE_MAILS_LOG_READER_H

#include <time.h>

#include "heloscope/base/must_use.h"
#include "heloscope/refusals/refusal.h"

struct log_reader;

/* What is older than `since` is not handed over; 0: all is. NULL when memory ran out. */
struct log_reader *log_reader_new(time_t since, refusal_taker *take, void *context) MUST_USE;
void log_reader_free(struct log_reader *reader); /* NULL is allowed */

/* Begin with a file, which is named so (the name must outlive it) and was written last at `written`. */
void log_reader_begin(struct log_reader *reader, struct span file, time_t written);

/* The next octets, of any number, and the end of the file. */
void log_reader_add(struct log_reader *reader, struct span octets);
void log_reader_end(struct log_reader *reader);

enum log_kind {
	LOG_NONE,    /* something else */
	LOG_SYSLOG,  /* a log, in which no MTA says anything yet */
	LOG_POSTFIX, /* whose lines come first, if there are several */
	LOG_EXIM,
	LOG_SENDMAIL,
};

/*
 * What begins so: a log where a delivery stands in it, or 20 lines of a log, and nine of ten lines are of
 * one, empty ones counted: lines that somebody has copied from here and there are none. A line that
 * somebody's own server refused with is LOG_NONE alone: its text can be read as any.
 */
enum log_kind log_guess(struct span beginning);

#endif
