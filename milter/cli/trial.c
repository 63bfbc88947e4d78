#include "heloscope/cli/trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/ident.h"
#include "heloscope/base/output.h"
#include "heloscope/base/regular_file.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/policy.h"
#include "heloscope/doctor/examiner.h"
#include "heloscope/records/record.h"
#include "heloscope/wire/stored.h"
#include "heloscope/words/compose.h"

#define RECIPIENT_MEMORY (256U << 10)
#define PIECE_OCTETS 65535 /* that an MTA hands a filter at a time */

struct trial {
	const struct trial_order *order;
	const struct facts *facts;
	struct facts own_facts; /* of a client that is not looked into */
	char ident[IDENT_SIZE]; /* with the time at which the mail came, before anything was looked at */
	struct verdict verdicts[TRIAL_RECIPIENTS_MAX];
	char replies[TRIAL_RECIPIENTS_MAX][RECORD_REPLY_SIZE]; /* "": not refused */
};

/* Decisions. */

/* Make the reply to a recipient, on one line, when it is refused. */
static void
decide(struct trial *trial, size_t index)
{
	const struct verdict *verdict = &trial->verdicts[index];
	struct smtp_reply reply;
	struct strbuf text;

	strbuf_init(&text, trial->replies[index], sizeof trial->replies[index]);
	if (!action_refuses(verdict->action))
		return;
	compose_reply(trial->order->config, verdict, trial->ident, &reply);
	smtp_reply_add_to(&reply, &text);
}

static void
judge(struct trial *trial, size_t index)
{
	const struct envelope_address recipient = { .typed = trial->order->recipients[index] };
	struct readings readings;
	struct arena arena;

	arena_init(&arena, RECIPIENT_MEMORY);
	readings = mailbox_readings(&recipient, &arena);
	trial->verdicts[index] = policy_judge(trial->order->config, trial->facts, &readings);
	arena_clear(&arena);
}

/* At RCPT. */
static void
judge_all(struct trial *trial)
{
	for (size_t i = 0; i < trial->order->recipient_count; i++) {
		judge(trial, i);
		decide(trial, i);
	}
}

/* At the end of the message: those that waited for it, for whom there is one reply. */
static void
judge_waiting(struct trial *trial)
{
	struct policy_end end = { 0 };
	bool waits[TRIAL_RECIPIENTS_MAX];

	for (size_t i = 0; i < trial->order->recipient_count; i++) {
		waits[i] = verdict_is_pending(&trial->verdicts[i]);
		if (waits[i])
			judge(trial, i);
		if (waits[i] || !verdict_refuses(&trial->verdicts[i]))
			policy_count_end(&end, &trial->verdicts[i]);
	}
	for (size_t i = 0; i < trial->order->recipient_count; i++) {
		if (!waits[i])
			continue;
		policy_overrule(&trial->verdicts[i], &end);
		decide(trial, i);
	}
}

static char *
make_record(const struct trial *trial)
{
	const struct trial_order *order = trial->order;
	struct record_verdict verdicts[TRIAL_RECIPIENTS_MAX];
	struct record_recipient recipients[TRIAL_RECIPIENTS_MAX];
	const struct message_record record = {
		.ident = trial->ident,
		.time_s = ident_time_s(trial->ident),
		.mode = order->config->mode,
		.facts = trial->facts,
		.verdicts = verdicts,
		.recipients = recipients,
		.recipient_count = order->recipient_count,
		.recipient_total = order->recipient_count,
	};

	for (size_t i = 0; i < order->recipient_count; i++) {
		const char *reply = trial->replies[i][0] != '\0' ? trial->replies[i] : NULL;

		recipients[i] = (struct record_recipient){ { .typed = order->recipients[i] }, i };
		verdicts[i] = record_verdict_of(&trial->verdicts[i], reply);
	}
	return record_make(&record, RECORD_WHOLE);
}

/* The message. */

static void
take_field(void *inquiry, const char *name, const char *value)
{
	inquiry_header_field(inquiry, name, value);
}

static void
take_end_of_header(void *inquiry)
{
	inquiry_end_of_header(inquiry);
}

static void
take_body(void *inquiry, struct span octets)
{
	inquiry_body(inquiry, octets);
}

/* Read it to its end. Returns 0, or errno. */
static int
read_all(int fd, struct stored *stored)
{
	char piece[PIECE_OCTETS];
	ssize_t count;

	while ((count = read(fd, piece, sizeof piece)) != 0) {
		if (count < 0 && errno != EINTR)
			return errno;
		if (count > 0)
			stored_add(stored, (struct span){ piece, (size_t)count });
	}
	return 0;
}

static const char *
name_of(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* What is read otherwise than somebody may expect. */
static void
tell_oddities(const struct stored *stored, const char *path)
{
	static const char before[] = "heloscope check: ";
	struct output *out = output_errors();

	if (stored->has_more)
		output_put(out, "%s%s: it is an mbox with several messages; the first one is judged\n",
			   before, path);
	if (stored->lacks_separator)
		output_put(
			out,
			"%s%s: no empty line ends the header; the body begins at the first line that is no field\n",
			before, path);
	if (stored->has_cut)
		output_put(
			out,
			"%s%s: a field of the header is longer than %d octets or holds NUL; the rest of it is left out, as an MTA does\n",
			before, path, STORED_FIELD_MAX);
}

static bool
finish(struct stored *stored, int fault, const char *path, struct error *error)
{
	static const char *const faults[] = {
		[STORED_EMPTY] = "it is empty; expected a message",
		[STORED_NO_HEADER] =
			"it does not begin with a field like \"From: ...\"; expected a message with its header",
	};
	const enum stored_fault ended = fault == 0 ? stored_finish(stored) : STORED_GOOD;

	if (fault != 0)
		error_set(error, "%s: %s", path, strerror(fault));
	else if (ended != STORED_GOOD)
		error_set(error, "%s: %s", path, faults[ended]);
	else
		tell_oddities(stored, path);
	return fault == 0 && ended == STORED_GOOD;
}

/* Pass the message on to the checks. False with the reason. */
static bool
read_message(const char *path, struct inquiry *inquiry, struct error *error)
{
	const struct stored_handler handler = { take_field, take_end_of_header, take_body, inquiry };
	struct error reason;
	const int fd = regular_file_open_input(path, LINKS_FOLLOWED, &reason);
	struct stored *stored = calloc(1, sizeof *stored);
	bool is_read = false;

	if (fd < 0)
		error_set(error, "%s: %s", name_of(path), reason.text);
	else if (stored == NULL)
		error_set(error, "out of memory");
	if (fd >= 0 && stored != NULL) {
		stored_init(stored, &handler);
		is_read = finish(stored, read_all(fd, stored), name_of(path), error);
	}
	free(stored);
	if (fd >= 0)
		(void)close(fd);
	return is_read;
}

/* The trial. */

/* The filter looks nothing up for a trusted client, and asks the policy without. */
static char *
pass_by(struct trial *trial)
{
	const struct envelope_address sender = { trial->order->sender, NULL };
	struct arena arena;
	char *line = NULL;

	arena_init(&arena, 1U << 20);
	facts_set_unchecked(&trial->own_facts, &trial->order->client, trial->order->helo, &sender, &arena);
	trial->facts = &trial->own_facts;
	judge_all(trial);
	if (!arena.has_failed)
		line = make_record(trial);
	arena_clear(&arena);
	return line;
}

/* Judge by the envelope, then by the message, when there is one. False with the reason. */
static bool
look(struct trial *trial, struct examiner *examiner, struct error *error)
{
	const struct trial_order *order = trial->order;

	trial->facts = examiner_look(
		examiner, &(struct examiner_mail){ order->client, order->helo, { .typed = order->sender } });
	if (trial->facts == NULL)
		return false;
	judge_all(trial);
	if (order->message == NULL)
		return true;
	if (!read_message(order->message, examiner_inquiry(examiner), error))
		return false;
	trial->facts = examiner_end_message(examiner);
	if (trial->facts == NULL)
		return false;
	judge_waiting(trial);
	return true;
}

static char *
examine(struct trial *trial, struct error *error)
{
	struct examiner *examiner = examiner_new(trial->order->config, true, error);
	char *line = NULL;

	if (examiner == NULL)
		return NULL;
	error_set(error, "out of memory");
	if (look(trial, examiner, error))
		line = make_record(trial);
	examiner_free(examiner);
	return line;
}

char *
trial_make(const struct trial_order *order, struct error *error)
{
	struct trial *trial = calloc(1, sizeof *trial);
	char *line = NULL;

	error_set(error, "out of memory");
	if (trial == NULL)
		return NULL;
	trial->order = order;
	ident_make(trial->ident);
	line = order->client.is_trusted ? pass_by(trial) : examine(trial, error);
	free(trial);
	return line;
}
