/* heloscope check: runs the filter's checks now, and tells what they found and what would follow. */
#include <stdlib.h>
#include <string.h>

#include "heloscope/checks/gateway.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/cli/argument.h"
#include "heloscope/cli/cli.h"
#include "heloscope/cli/message.h"
#include "heloscope/doctor/trial.h"
#include "heloscope/config/read.h"
#include "heloscope/base/log.h"
#include "heloscope/records/record.h"

static const char help[] =
	"usage: heloscope check --ip ADDRESS [--helo NAME] [--from ADDRESS] [--rcpt ADDRESS]...\n"
	"                       [--message FILE] [-c FILE] [--json]\n"
	"\n"
	"Makes the checks that the filter would make for a message of such a client, with the\n"
	"filter's own configuration, and shows what was found and what it would decide.\n"
	"\n"
	"      --ip ADDRESS    the client's address; that of a gateway (trust { gateways })\n"
	"                      needs --message, whose Received fields name the client\n"
	"      --helo NAME     the name that it gives with HELO or EHLO\n"
	"      --from ADDRESS  the sender (MAIL FROM). Without it, or with <>, it is the null\n"
	"                      sender, which bounces have\n"
	"      --rcpt ADDRESS  a recipient; may be repeated. Without it the policy is applied\n"
	"                      for someone@ and the authserv-id\n"
	"      --message FILE  the message itself, with its header; \"-\" for standard input\n"
	"  -c, --config FILE   the configuration (default: " CONFIG_FILE ")\n"
	"      --json          the record, heloscope-records(5)\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 accepted (also if held), 1 refused or deferred, 2 wrong usage, 3 something\n"
	"could not be found out.\n"
	"\n"
	"Example: heloscope check --ip 198.51.100.7 --helo mail.example.org \\\n"
	"             --from anna@example.org --rcpt bob@example.net --message mail.eml\n";

struct options {
	const char *config;
	const char *message; /* the file that holds it, "-" for standard input; NULL: only the envelope */
	char sender[CLI_PATH_SIZE], recipients[TRIAL_RECIPIENTS_MAX][CLI_PATH_SIZE];
	struct trial_order order; /* its client's address has the length 0 when it was not given */
	bool is_json;
};

static int
set_address(void *context, const char *text)
{
	return cli_read_address("check", text, &((struct options *)context)->order.client.address);
}

/* A client may say anything that fits on a line. */
static int
set_helo(void *context, const char *text)
{
	if (text[0] == '\0' || strpbrk(text, "\r\n") != NULL)
		return cli_usage_error(
			"check",
			"--helo needs a name, as a client would give it on one line; without the option the client gives none");
	((struct options *)context)->order.helo = text;
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
	const size_t number = options->order.recipient_count;

	if (number == TRIAL_RECIPIENTS_MAX)
		return cli_usage_error("check", "more than %d recipients", TRIAL_RECIPIENTS_MAX);
	options->order.recipients[options->order.recipient_count++] = options->recipients[number];
	return cli_read_recipient("check", text, options->recipients[number]);
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
		{ .name = "message", .text = &options->message },
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "json", .flag = &options->is_json },
		{ .name = NULL },
	};
	const int status = options_read_all(
		argc, argv, &(struct option_syntax){ "heloscope", "check", help, table, options });

	if (status < 0 && options->order.client.address.length == 0)
		return cli_usage_error(
			"check", "%s",
			options->message == NULL
				? "no --ip was given"
				: "no --ip was given: SPF needs the address from which the message came. It is in the topmost Received field that your own mail server wrote");
	return status;
}

static bool
has_temperror(const struct facts *facts)
{
	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] == RESULT_TEMPERROR)
			return true;
	return false;
}

/* Whether a rule needs more of the message than there is; what rules only tell decides nothing. */
static bool
is_pending(const struct message_record *record)
{
	for (size_t i = 0; i < record->recipient_count; i++)
		if (record->verdicts[record->recipients[i].verdict].pending_until != STAGE_CONNECT)
			return true;
	return false;
}

static int
tell(const char *line, const struct options *options)
{
	struct record_reading reading;
	int status = CLI_UNKNOWN;

	if (!record_read(span_of(line), &reading))
		return CLI_UNKNOWN;
	if (options->is_json)
		(void)record_print(span_of(line), output_standard());
	else
		explain_trial(&reading.record, options->order.config, output_standard());
	if (explain_is_refused(&reading.record))
		status = CLI_FINDINGS;
	else if (!has_temperror(reading.record.facts) && !is_pending(&reading.record))
		status = CLI_WELL;
	record_release(&reading);
	return status;
}

/* A message was given, and the configuration leaves checks out that would look at it. */
static void
tell_of_left_out(const struct config *config, const char *path)
{
	char memory[200];
	struct strbuf words = STRBUF_OVER(memory);
	size_t count = 0;

	for (int method = 0; method < METHODS; method++) {
		const struct method_words *of = method_words((enum method)method);

		if (of->stage < STAGE_HEADER || config_wants(config, (enum method)method))
			continue;
		strbuf_add(&words, count++ > 0 ? ", " : "");
		strbuf_add(&words, of->policy_word);
	}
	if (count > 0)
		output_put(
			output_errors(),
			"heloscope check: not checked, because %s does not enable it: %s; add enable { %s }\n",
			path, memory, memory);
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

/* Pass the message on to the checks. False with the reason. */
static bool
read_message(void *path, struct inquiry *inquiry, struct error *error)
{
	const struct stored_handler handler = { take_field, take_end_of_header, take_body, inquiry };

	return cli_message_read("check", *(const char **)path, &handler, error);
}

/* A gateway's word. */

static void
walk_field(void *context, const char *name, const char *value)
{
	struct gateway_walk *walk = context;

	if (!walk->is_over)
		gateway_walk_field(walk, name, value);
}

static void
walk_end_of_header(void *walk)
{
	gateway_walk_finish(walk);
}

/* Take the client that a message names, which is read once more for its checks. What is odd about it is told
 * then. Returns -1 to go on, or the status to exit with. */
static int
take_client(struct options *options, struct gateway_walk *walk)
{
	const struct stored_handler handler = { walk_field, walk_end_of_header, NULL, walk };
	struct trial_order *order = &options->order;
	struct error error;

	if (options->message == NULL || strcmp(options->message, "-") == 0 || order->helo != NULL)
		return cli_usage_error(
			"check",
			"that address is of a gateway (trust { gateways }), which names the client and its HELO name in Received fields: give the message with --message FILE, and no --helo");
	gateway_walk_begin(walk, order->config, &order->client);
	if (!cli_message_read(NULL, options->message, &handler, &error)) {
		output_put(output_errors(), "heloscope check: %s\n", error.text);
		return CLI_UNKNOWN;
	}
	order->client = walk->client;
	order->helo = walk->helo;
	return -1;
}

static int
try(const struct options *options)
{
	struct error error;
	char *line = trial_make(&options->order, &error);
	int status = CLI_UNKNOWN;

	if (line != NULL)
		status = tell(line, options);
	else
		output_put(output_errors(), "heloscope check: %s\n", error.text);
	free(line);
	return status;
}

int
cli_check(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE, .sender = "<>" };
	struct trial_order *order = &options.order;
	struct gateway_walk walk = { .is_over = false };
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_WARNING);
	order->config = config_read(options.config, output_errors());
	if (order->config == NULL)
		return CLI_UNKNOWN;
	config_place_client(order->config, &order->client);
	order->sender = options.sender;
	if (order->recipient_count == 0) {
		(void)snprintf(options.recipients[0], CLI_PATH_SIZE, "<someone@%s>",
			       order->config->authserv_id);
		order->recipients[order->recipient_count++] = options.recipients[0];
	}
	if (options.message != NULL) {
		order->read = read_message;
		order->context = &options.message;
	}
	if (order->client.gateway.address.length > 0)
		status = take_client(&options, &walk);
	if (status < 0 && options.message != NULL && !order->client.is_trusted)
		tell_of_left_out(order->config, options.config);
	status = status < 0 ? try(&options) : status;
	gateway_walk_clear(&walk);
	config_unref(order->config);
	return status;
}
