#include "messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/domain.h"

#define RECORDS_MAX 8

static struct {
	char name[DOMAIN_SIZE];
	struct dns_answer *answer;
} records[RECORDS_MAX];
static size_t record_count;

static char *
read_octets(size_t length)
{
	char *octets = malloc(length + 1);

	if (octets == NULL || fread(octets, 1, length, stdin) != length)
		exit(EXIT_FAILURE);
	octets[length] = '\0';
	return octets;
}

static void
read_record(const char *name, size_t length)
{
	struct dns_answer *answer = calloc(1, sizeof *answer + sizeof answer->records[0]);

	if (answer == NULL || record_count == RECORDS_MAX)
		exit(EXIT_FAILURE);
	(void)snprintf(records[record_count].name, DOMAIN_SIZE, "%s", name);
	answer->status = DNS_NOERROR;
	answer->count = 1;
	answer->records[0].text = (struct span){ read_octets(length), length };
	records[record_count++].answer = answer;
}

static void
forget_records(void)
{
	for (size_t i = 0; i < record_count; i++) {
		free((char *)records[i].answer->records[0].text.at);
		free(records[i].answer);
	}
	record_count = 0;
}

const struct dns_answer *
messages_record(const char *name)
{
	static const struct dns_answer nothing = { .status = DNS_NXDOMAIN };

	for (size_t i = 0; name != NULL && i < record_count; i++)
		if (strcmp(records[i].name, name) == 0)
			return records[i].answer;
	return &nothing;
}

bool
messages_next_field(struct span *rest, struct span *name, struct span *value)
{
	const char *colon = rest->length > 0 ? memchr(rest->at, ':', rest->length) : NULL;
	size_t end = 0;

	if (rest->length == 0 || (rest->length >= 2 && memcmp(rest->at, "\r\n", 2) == 0)) {
		*rest = span_from(*rest, 2);
		return false;
	}
	while (end + 2 < rest->length
	       && !(memcmp(rest->at + end, "\r\n", 2) == 0 && rest->at[end + 2] != ' '
		    && rest->at[end + 2] != '\t'))
		end++;
	if (colon == NULL || colon >= rest->at + end)
		exit(EXIT_FAILURE);
	*name = (struct span){ rest->at, (size_t)(colon - rest->at) };
	*value = (struct span){ colon + 1, end - name->length - 1 };
	*rest = span_from(*rest, end + 2);
	return true;
}

int
messages_read(void (*check)(struct span message, size_t piece))
{
	char line[512], name[DOMAIN_SIZE];
	unsigned long length, piece;

	while (fgets(line, sizeof line, stdin) != NULL) {
		if (sscanf(line, "K %253s %lu", name, &length) == 2) {
			read_record(name, length);
		} else if (sscanf(line, "M %lu %lu", &length, &piece) == 2) {
			char *message = read_octets(length);

			check((struct span){ message, length }, piece);
			free(message);
			forget_records();
		} else {
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}
