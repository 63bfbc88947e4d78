/*
 * dkim_check: verifies signatures of messages for tests, one line a message.
 *
 * Standard input: "K NAME OCTETS" and a TXT record of so many octets, any number of times; then "M OCTETS
 * PIECE" and a message of so many octets, whose body is fed in pieces of PIECE octets. Standard output, for
 * each message: "result:reason" of each of its signatures, from above, with blanks between them. Records are
 * those of the next message alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "heloscope/dkim/verify.h"

#define RECORDS_MAX 8
#define MEMORY (64U << 20)

struct record {
	char name[DOMAIN_SIZE];
	struct dns_answer *answer;
};

static struct record records[RECORDS_MAX];
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
	struct record *record = &records[record_count++];
	struct dns_answer *answer = calloc(1, sizeof *answer + sizeof answer->records[0]);

	if (answer == NULL || record_count > RECORDS_MAX)
		exit(EXIT_FAILURE);
	(void)snprintf(record->name, sizeof record->name, "%s", name);
	answer->status = DNS_NOERROR;
	answer->count = 1;
	answer->records[0].text = (struct span){ read_octets(length), length };
	record->answer = answer;
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

static const struct dns_answer *
find_record(const char *name)
{
	static const struct dns_answer nothing = { .status = DNS_NXDOMAIN };

	for (size_t i = 0; name != NULL && i < record_count; i++)
		if (strcmp(records[i].name, name) == 0)
			return records[i].answer;
	return &nothing;
}

/* Keep the fields; returns the body. */
static struct span
read_header(struct span text, struct dkim_header *header, const struct dkim_field **own, size_t *count)
{
	while (text.length > 0 && !(text.length >= 2 && memcmp(text.at, "\r\n", 2) == 0)) {
		const char *colon = memchr(text.at, ':', text.length);
		size_t end = 0;
		struct span name, value;

		while (end + 2 < text.length
		       && !(memcmp(text.at + end, "\r\n", 2) == 0 && text.at[end + 2] != ' '
			    && text.at[end + 2] != '\t'))
			end++;
		if (colon == NULL || colon >= text.at + end)
			exit(EXIT_FAILURE);
		name = (struct span){ text.at, (size_t)(colon - text.at) };
		value = (struct span){ colon + 1, end - name.length - 1 };
		if (span_equals_nocase(span_trim(name), SPAN("DKIM-Signature")))
			own[(*count)++] = dkim_header_add(header, name, value);
		else
			(void)dkim_header_add(header, name, value);
		text = span_from(text, end + 2);
	}
	return span_from(text, 2);
}

static uint64_t
hash_body(struct span text, size_t piece, const struct dkim_signature *signature, struct dkim_mark *mark)
{
	struct dkim_body body;
	uint64_t octets;

	*mark = (struct dkim_mark){ .at = signature->has_length ? signature->length : UINT64_MAX };
	dkim_body_init(&body, signature->body_canon, mark, 1);
	for (; text.length > 0; text = span_from(text, piece))
		dkim_body_add(&body, (struct span){ text.at, text.length < piece ? text.length : piece });
	octets = dkim_body_finish(&body);
	dkim_body_clear(&body);
	return octets;
}

static void
check(struct span message, size_t piece)
{
	const struct dkim_field *own[16];
	struct dkim_header header;
	struct arena arena;
	size_t count = 0;
	struct span body;

	arena_init(&arena, MEMORY);
	dkim_header_init(&header, &arena, MEMORY / 2);
	body = read_header(message, &header, own, &count);
	for (size_t i = 0; i < count; i++) {
		struct dkim_signature signature;
		struct dkim_mark mark;
		struct dkim_case of = { &signature, own[i], &header, &mark, 0, NULL, (int64_t)time(NULL) };
		struct dkim_evidence evidence;
		char name[DOMAIN_SIZE];

		if (!dkim_signature_read(own[i]->value, &arena, &signature))
			exit(EXIT_FAILURE);
		of.body_octets = hash_body(body, piece, &signature, &mark);
		of.answer = find_record(dkim_signature_key_name(&signature, name));
		evidence = dkim_verify(&of, &arena);
		(void)printf("%s%s:%s", i > 0 ? " " : "", result_word(dkim_reason_result(evidence.reason)),
			     dkim_reason_word(evidence.reason));
	}
	(void)puts("");
	arena_clear(&arena);
}

int
main(void)
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
