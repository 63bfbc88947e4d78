/*
 * options: what programs and commands are given on their command line, read by a table.
 *
 * Nothing is taken and then ignored: an option that is given twice, without its value, or with one that makes
 * it idle is an error that says so, on standard error. For the first thread alone: getopt(3).
 */
#ifndef HELOSCOPE_BASE_OPTIONS_H
#define HELOSCOPE_BASE_OPTIONS_H

#include <stdarg.h>
#include <stdbool.h>

#include "heloscope/base/must_use.h"

#define OPTIONS_USAGE 2 /* exit status of wrong usage */

/* An option. Exactly one of the pointers says what becomes of it. */
struct option_row {
	const char *name;                                 /* the long form */
	char letter;                                      /* the short form, or 0 */
	bool *flag;                                       /* is set to true: the option has no argument */
	const char **text;                                /* is set to the argument */
	int (*take)(void *context, const char *argument); /* is given it; -1 to go on, or an exit status */
	bool is_repeatable;                               /* may be given more than once */
	const char *excludes; /* another that may not be given beside it: one of the two would be idle */
};

#define OPTIONS_MAX 12

struct option_syntax {
	const char *program, *command;    /* their names; the command may be NULL */
	const char *help;                 /* what -h and --help print */
	const struct option_row *options; /* without those two; ended by one without name */
	void *context;                    /* for take() */
};

/* Say on standard error what is wrong with the arguments, and where help is. `command` may be NULL. */
void option_complain(const char *program, const char *command, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

/*
 * Read the options; `optind` of getopt(3) is left at the first argument behind them. Returns -1 to go
 * on, or the status to exit with.
 */
int options_read(int argc, char **argv, const struct option_syntax *syntax) MUST_USE;

/* Where there are no other arguments: the same, and there must be none. */
int options_read_all(int argc, char **argv, const struct option_syntax *syntax) MUST_USE;

#endif
