/* heloscope check: runs the filter's checks now, and tells what they found and what would follow. */
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli/cli.h"
#include "heloscope/config/read.h"
#include "heloscope/cli/argument.h"
#include "heloscope/base/document.h"
#include "heloscope/doctor/examiner.h"
#include "heloscope/base/ident.h"
#include "heloscope/base/log.h"
#include "heloscope/checks/policy.h"
#include "heloscope/records/record.h"
#include "heloscope/words/compose.h"

#define RECIPIENTS_MAX 16
#define RECIPIENT_MEMORY (256U << 10)

static const char help[] =
	"usage: heloscope check --ip ADDRESS [--helo NAME] [--from ADDRESS] [--rcpt ADDRESS]...\n"
	"                       [-c FILE] [--json]\n"
	"\n"
	"Makes the checks that the filter would make for a message of such a client, with the\n"
	"filter's own configuration, and tells what was found and what it would decide.\n"
	"\n"
	"      --ip ADDRESS    the client's address\n"
	"      --helo NAME     the name that it gives with HELO or EHLO\n"
	"      --from ADDRESS  the sender; <> or nothing for the null sender\n"
	"      --rcpt ADDRESS  a recipient; several times for several\n"
	"  -c, --config FILE   the configuration (default: " CONFIG_FILE ")\n"
	"      --json          the record, heloscope-records(5)\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 accepted, 1 refused or deferred, 2 wrong usage, 3 something could not\n"
	"be found out.\n"
	"\n"
	"Example: heloscope check --ip 198.51.100.7 --helo mail.example.org \\\n"
	"             --from anna@example.org --rcpt bob@example.net\n";

struct options {
	const char *config, *helo;
	struct ipaddr address; /* length 0: not given */
	char sender[CLI_PATH_SIZE];
	char recipients[RECIPIENTS_MAX][CLI_PATH_SIZE]; /* paths */
	size_t recipient_count;
	bool is_json;
};

static int
set_address(void *context, const char *text)
{
	return cli_read_address("check", text, &((struct options *)context)->address);
}

/* A client may say anything that fits on a line. */
static int
set_helo(void *context, const char *text)
{
	if (text[0] == '\0' || strpbrk(text, "\r\n") != NULL)
		return cli_usage_error(
			"check",
			"--helo needs a name, as a client would give it on one line; without the option the client gives none");
	((struct options *)context)->helo = text;
	return -1;
}

static int
set_sender(void *context, const char *text)
{
	return cli_read_sender("check", text, ((struct options *)context)->sender);
}

static int
add_recipient(void *context, const char *text)
{
	struct options *options = context;

	if (options->recipient_count == RECIPIENTS_MAX)
		return cli_usage_error("check", "more than %d recipients", RECIPIENTS_MAX);
	return cli_read_recipient("check", text, options->recipients[options->recipient_count++]);
}

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "ip", .take = set_address },
		{ .name = "helo", .take = set_helo },
		{ .name = "from", .take = set_sender },
		{ .name = "rcpt", .take = add_recipient, .is_repeatable = true },
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "json", .flag = &options->is_json },
		{ .name = NULL },
	};
	const int status = options_read_all(
		argc, argv, &(struct option_syntax){ "heloscope", "check", help, table, options });

	if (status < 0 && options->address.length == 0)
		return cli_usage_error("check", "no --ip was given");
	return status;
}

/* The reply to a recipient on one line, in `memory`; NULL when it is not refused. */
static const char *
would_tell(const struct config *config, const struct verdict *verdict, const char *ident,
	   char memory[RECORD_REPLY_SIZE])
{
	struct smtp_reply reply;
	struct strbuf text;

	if (!action_refuses(verdict->action))
		return NULL;
	compose_reply(config, verdict, ident, &reply);
	strbuf_init(&text, memory, RECORD_REPLY_SIZE);
	smtp_reply_add_to(&reply, &text);
	return memory;
}

/* Judge for each recipient, and render it all as the record. */
static char *
make_record(const struct config *config, const char *ident, const struct facts *facts,
	    const struct options *options)
{
	struct record_verdict verdicts[RECIPIENTS_MAX];
	struct record_recipient recipients[RECIPIENTS_MAX];
	char replies[RECIPIENTS_MAX][RECORD_REPLY_SIZE];
	const struct message_record record = {
		.ident = ident,
		.time_s = ident_time_s(ident),
		.mode = config->mode,
		.facts = facts,
		.verdicts = verdicts,
		.recipients = recipients,
		.recipient_count = options->recipient_count,
		.recipient_total = options->recipient_count,
	};

	for (size_t i = 0; i < options->recipient_count; i++) {
		struct verdict verdict;
		struct readings readings;
		struct arena arena;

		arena_init(&arena, RECIPIENT_MEMORY);
		recipients[i] = (struct record_recipient){ { .typed = options->recipients[i] }, i };
		readings = mailbox_readings(&recipients[i].address, &arena);
		verdict = policy_judge(config, facts, &readings);
		arena_clear(&arena);
		verdicts[i] = record_verdict_of(&verdict, would_tell(config, &verdict, ident, replies[i]));
	}
	return record_make(&record, RECORD_WHOLE);
}

/* The filter looks nothing up for a trusted client, and asks the policy without. Returns as examine() does.
 */
static char *
pass_by(struct config *config, const struct client_facts *client, const struct options *options,
	struct error *error)
{
	const struct envelope_address sender = { options->sender, NULL };
	struct facts facts = { 0 };
	struct arena arena;
	char ident[IDENT_SIZE], *line = NULL;

	ident_make(ident);
	arena_init(&arena, 1U << 20);
	facts_set_unchecked(&facts, client, options->helo, &sender, &arena);
	if (!arena.has_failed)
		line = make_record(config, ident, &facts, options);
	if (line == NULL)
		error_set(error, "out of memory");
	arena_clear(&arena);
	return line;
}

/* Make the checks, and return the record for free(3); NULL with the reason. */
static char *
examine(struct config *config, const struct client_facts *client, const struct options *options,
	struct error *error)
{
	struct examiner *examiner = examiner_new(config, true, error);
	const struct facts *facts = NULL;
	char ident[IDENT_SIZE], *line = NULL;

	if (examiner == NULL)
		return NULL;
	ident_make(ident); /* with the time at which the mail came, before anything was looked at */
	facts = examiner_look(
		examiner, &(struct examiner_mail){ *client, options->helo, { .typed = options->sender } });
	if (facts != NULL)
		line = make_record(config, ident, facts, options);
	if (line == NULL)
		error_set(error, "out of memory");
	examiner_free(examiner);
	return line;
}

static bool
has_temperror(const struct facts *facts)
{
	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] == RESULT_TEMPERROR)
			return true;
	return false;
}

static int
tell(const char *line, const struct config *config, const struct options *options)
{
	struct record_reading reading;
	int status = CLI_UNKNOWN;

	if (!record_read(span_of(line), &reading))
		return CLI_UNKNOWN;
	if (options->is_json)
		(void)record_print(span_of(line), output_standard());
	else
		explain_trial(&reading.record, config, output_standard());
	if (explain_is_refused(&reading.record))
		status = CLI_FINDINGS;
	else if (!has_temperror(reading.record.facts))
		status = CLI_WELL;
	record_release(&reading);
	return status;
}

int
cli_check(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE, .sender = "<>" };
	struct client_facts client = { .port = 0 };
	struct config *config;
	struct error error;
	char *line;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	client.address = options.address;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_WARNING);
	config = config_read(options.config, output_errors());
	if (config == NULL)
		return CLI_UNKNOWN;
	client.is_trusted = config_trusts(config, &client.address);
	if (options.recipient_count == 0)
		(void)snprintf(options.recipients[options.recipient_count++], CLI_PATH_SIZE, "<someone@%s>",
			       config->authserv_id);
	line = client.is_trusted ? pass_by(config, &client, &options, &error)
				 : examine(config, &client, &options, &error);
	if (line != NULL) {
		status = tell(line, config, &options);
	} else {
		output_put(output_errors(), "heloscope check: %s\n", error.text);
		status = CLI_UNKNOWN;
	}
	free(line);
	config_unref(config);
	return status;
}
