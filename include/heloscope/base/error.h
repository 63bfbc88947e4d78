/*
 * error: why something could not be done, in a sentence for a person.
 *
 * Plain data with room of its own: filling one never allocates, so it can also report that
 * memory ran out, and there is nothing to free. Who fills it does not log; the caller does.
 */
#ifndef HELOSCOPE_BASE_ERROR_H
#define HELOSCOPE_BASE_ERROR_H

struct error {
	char text[480]; /* one line, no final dot, always terminated; cut when too long */
};

/* Write the reason into `error`, which may be NULL (the caller does not want to know). */
void error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
