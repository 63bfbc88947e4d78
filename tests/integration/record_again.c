/*
 * Reads records from standard input, a line each, and writes each again from the facts and verdicts that were
 * read. Prints those that are none and those that come out differently; exit status 1 when there are any.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/records/record.h"

static bool
is_the_same(const char *line)
{
	struct record_reading reading;
	char *again;
	bool is_same;

	if (!record_read(span_of(line), &reading))
		return false;
	again = record_make(&reading.record, RECORD_WHOLE);
	is_same = again != NULL && strcmp(again, line) == 0;
	if (!is_same)
		printf("%s\n", again != NULL ? again : "out of memory");
	free(again);
	record_release(&reading);
	return is_same;
}

int
main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int status = 0;

	while ((length = getline(&line, &size, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (!is_the_same(line)) {
			printf("is not: %s\n", line);
			status = 1;
		}
	}
	free(line);
	return status;
}
