/*
 * Reads records from standard input, a line each, and writes each again from the facts and verdicts that were
 * read; and looks whether each refusal that was sent says what words make of those facts. Prints those that
 * are none, that come out differently or say something else; exit status 1 when there are any.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/records/record.h"
#include "heloscope/words/answer.h"

static bool
tells_why(const struct record_verdict *verdict)
{
	char found_memory[RECORD_REPLY_SIZE], remedy_memory[RECORD_REPLY_SIZE];
	struct strbuf found = STRBUF_OVER(found_memory), remedy = STRBUF_OVER(remedy_memory);

	if (verdict->reply == NULL)
		return true;
	(void)answer_first_cause(verdict, &found, &remedy);
	if (found.length > 0 && strstr(verdict->reply, found_memory) != NULL)
		return true;
	printf("would say: %s\n", found_memory);
	return false;
}

static bool
all_tell_why(const struct message_record *record)
{
	bool is_so = true;

	for (size_t i = 0; i < record->recipient_count && record->cuts == 0; i++)
		is_so = tells_why(&record->verdicts[i]) && is_so;
	return is_so;
}

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
	is_same = all_tell_why(&reading.record) && is_same;
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
