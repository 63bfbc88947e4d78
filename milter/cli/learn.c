#include "heloscope/cli/learn.h"

#include <stdio.h>
#include <string.h>

#include "heloscope/base/regular_file.h"
#include "heloscope/checks/dkim.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/cli/log.h"
#include "heloscope/cli/message.h"
#include "heloscope/dkim/signature.h"
#include "heloscope/doctor/dkim.h"
#include "heloscope/records/record.h"
#include "heloscope/wire/author.h"

#define FIELD_MEMORY (1U << 20) /* of a signature that is read; a field has 100 kB at most */

/* Selectors. */

static bool
is_known(const struct cli_lesson *lesson, const char *selector, const char *domain)
{
	for (size_t i = 0; i < lesson->key_count; i++)
		if (strcmp(lesson->keys[i].selector, selector) == 0
		    && strcmp(lesson->keys[i].domain, domain) == 0)
			return true;
	return false;
}

static bool
concerns_any(const struct cli_lesson *lesson, const char *domain)
{
	for (size_t i = 0; i < lesson->domain_count; i++)
		if (doctor_key_concerns(domain, lesson->domains[i]))
			return true;
	return false;
}

void
cli_learn_selector(struct cli_lesson *lesson, const char *selector, const char *domain,
		   enum lesson_source source)
{
	struct doctor_key *key = lesson->keys + lesson->key_count;

	if (selector[0] == '\0' || domain[0] == '\0' || !concerns_any(lesson, domain))
		return;
	lesson->learned++;
	if (is_known(lesson, selector, domain))
		return;
	if (lesson->key_count == DOCTOR_KEYS_MAX) {
		lesson->left_out++;
		return;
	}
	*key = (struct doctor_key){ .is_learned = true,
				    .is_of_message = source == LESSON_MESSAGE,
				    .is_reported = source == LESSON_REPORTS };
	(void)snprintf(key->selector, sizeof key->selector, "%s", selector);
	(void)snprintf(key->domain, sizeof key->domain, "%s", domain);
	lesson->key_count++;
}

/* A message. */

struct learning_message {
	struct cli_lesson *lesson;
	struct author author;
	struct inquiry *inquiry; /* which verifies its signatures */
};

static void
learn_field(struct cli_lesson *lesson, const char *value)
{
	struct dkim_signature signature;
	struct arena arena;

	lesson->message.signatures++;
	arena_init(&arena, FIELD_MEMORY);
	if (dkim_signature_read(DKIM_PLAIN, span_of(value), &arena, &signature))
		cli_learn_selector(lesson, signature.selector, signature.domain, LESSON_MESSAGE);
	arena_clear(&arena);
}

static void
take_field(void *context, const char *name, const char *value)
{
	struct learning_message *learning = context;

	author_add(&learning->author, span_of(name), span_of(value));
	doctor_message_field(&learning->lesson->message, span_of(name), span_of(value));
	inquiry_header_field(learning->inquiry, name, value);
	if (span_equals_nocase(span_trim(span_of(name)), SPAN("DKIM-Signature")))
		learn_field(learning->lesson, value);
}

static void
take_end_of_header(void *context)
{
	const struct learning_message *learning = context;

	inquiry_end_of_header(learning->inquiry);
}

static void
take_body(void *context, struct span octets)
{
	const struct learning_message *learning = context;

	doctor_message_body(&learning->lesson->message, octets);
	inquiry_body(learning->inquiry, octets);
}

/* Have its signatures verified by the filter's own check. NULL with the reason. */
static struct inquiry *
new_inquiry(struct config *config, struct dns_resolver *resolver, struct error *error)
{
	static const struct check *const table[] = { &check_dkim };
	const struct inquiry_needs needs = { .table = { table, 1 }, .resolver = resolver, .config = config };
	struct inquiry *inquiry = inquiry_new(&needs, &(struct client_facts){ .port = 0 });

	if (inquiry == NULL)
		error_set(error, "out of memory");
	else
		inquiry_mail(inquiry, &(struct envelope_address){ "<>", NULL }, NULL, NULL);
	return inquiry;
}

static void
take_results(const struct learning_message *learning, unsigned timeout_ms)
{
	const struct facts *facts;

	inquiry_end_of_body(learning->inquiry);
	facts = inquiry_wait(learning->inquiry, timeout_ms);
	if (facts != NULL)
		doctor_message_verified(&learning->lesson->message, &facts->dkim);
}

bool
cli_learn_message(const char *path, struct config *config, struct dns_resolver *resolver,
		  struct cli_lesson *lesson, struct error *error)
{
	struct learning_message learning = { .lesson = lesson };
	const struct stored_handler handler = { take_field, take_end_of_header, take_body, &learning };
	bool is_read;

	learning.inquiry = new_inquiry(config, resolver, error);
	if (learning.inquiry == NULL)
		return false;
	is_read = cli_message_read("doctor", path, &handler, error);
	if (is_read)
		take_results(&learning, config->timeout_ms);
	inquiry_close(learning.inquiry);
	if (!is_read)
		return false;
	lesson->message.name = regular_file_is_input(path) ? "standard input" : path;
	(void)snprintf(lesson->message.author, sizeof lesson->message.author, "%s",
		       author_domain(&learning.author));
	return true;
}

/* Records. */

/* All of a record is read: policy does not ask for selectors. */
static bool
take_record(void *lesson, struct span line)
{
	struct record_reading reading;
	const struct dkim_facts *dkim;

	if (!record_read(line, &reading))
		return false;
	dkim = &reading.record.facts->dkim;
	for (size_t i = 0; i < dkim->count; i++)
		if (dkim->signatures[i].result == RESULT_PASS)
			cli_learn_selector(lesson, dkim->signatures[i].selector, dkim->signatures[i].domain,
					   LESSON_RECORDS);
	record_release(&reading);
	return true;
}

bool
cli_learn_records(const char *path, struct cli_lesson *lesson)
{
	const struct cli_log_options options = { .command = "doctor", .log = path, .reads_rotated = true };
	const struct record_log_reader reader = { .take = take_record, .context = lesson };

	return cli_log_read(&options, NULL, &reader);
}
