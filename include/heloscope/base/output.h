/*
 * output: where the command line writes what people and programs read: standard output, standard error, a
 * file.
 *
 * Nothing else writes there (tests/check-calls.sh): what is printed is either a literal of this program, or
 * it is escaped on the way, as escape.h says. So whatever a stranger says, a line stays one line, and a
 * terminal obeys only us. A thread writes to an output of its own, or holds a lock.
 */
#ifndef HELOSCOPE_BASE_OUTPUT_H
#define HELOSCOPE_BASE_OUTPUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

struct output {
	FILE *file;      /* NULL: all is thrown away */
	bool has_colour; /* ANSI sequences may be written */
	bool is_utf8;    /* printable UTF-8 may be written, else ASCII only */
	bool is_markup;  /* it is HTML: formats are, strings are text in it */
	int fault;       /* errno of the first write that failed; 0: none did */
};

/*
 * Standard output and standard error: colour only on a terminal and without NO_COLOR, UTF-8 by the locale.
 * Not from two threads at the first call.
 */
struct output *output_standard(void);
struct output *output_errors(void);

/*
 * Print as printf(3) does. The format is a literal and stands as it is; strings (%s) and characters (%c) are
 * escaped. Knows these conversions and no others: %s %c %d %u %o %x %%, with the flags "-" and "0", width,
 * precision, "l", "ll" and "z". A precision counts octets of the string, a width columns.
 */
#define output_put(out, ...) output_formatted((out), "" __VA_ARGS__)
void output_formatted(struct output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* For functions that have a format from their own callers, as a literal. */
void output_arguments(struct output *out, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* Text of several lines: line ends stay, all else is escaped. */
void output_lines(struct output *out, struct span text);

/* All of `text`, escaped. */
void output_span(struct output *out, struct span text);

enum output_colour { OUTPUT_PLAIN, OUTPUT_BOLD, OUTPUT_RED, OUTPUT_GREEN, OUTPUT_YELLOW };

/* What follows looks so, where colours may be. OUTPUT_PLAIN ends it. */
void output_set_colour(struct output *out, enum output_colour colour);

/* Whether all of it was written so far, out to the file; `fault` tells why not. */
bool output_flush(struct output *out) MUST_USE;

/* The same for a file of its own, which is closed. */
bool output_close(struct output *out) MUST_USE;

#endif
