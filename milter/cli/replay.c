/* heloscope replay: which verdicts would change under another configuration, and whose mail it is. */
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli/log.h"
#include "heloscope/config/read.h"
#include "heloscope/base/document.h"
#include "heloscope/doctor/examiner.h"
#include "heloscope/base/log.h"
#include "heloscope/base/prose.h"
#include "heloscope/review/changes.h"

static const char help[] =
	"usage: heloscope replay --config NEW [--log FILE] [--since TIME] [--live] [--json]\n"
	"\n"
	"Judges the messages of the log of records again, under the configuration NEW: how many\n"
	"verdicts would change, from what to what, by which rule, and whose mail it is; first\n"
	"of all the likely mistakes. What the records do not say is \"unknown\", not guessed.\n"
	"\n"
	"  -c, --config NEW    the configuration to try\n"
	"  -l, --log FILE      the log of records (default: the one that NEW names)\n"
	"      --since TIME    only messages since then: 24h, 7d, or 2026-11-24T12:00:00Z\n"
	"      --live          query the DNS now for what the records do not say\n"
	"      --json          as JSON\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 nothing changes, 1 something does, 2 wrong usage, 3 the log or the\n"
	"configuration cannot be read.\n"
	"\n"
	"Example: heloscope replay --config " CONFIG_FILE ".new --since 7d\n";

/* Telling. */

static const char *
why_text(const json_t *mistake)
{
	static const char *const texts[MISTAKES] = {
		[MISTAKE_NONE] = "",
		[MISTAKE_ALLOW_LIST] = "on an allowlist",
		[MISTAKE_PASSES] = "passes SPF and reverse DNS",
		[MISTAKE_FORWARDED] = "looks forwarded",
		[MISTAKE_VOUCHED] = "passes DMARC",
		[MISTAKE_SEALED] = "sealed (ARC) by forwarders that you trust",
		[MISTAKE_KNOWN_HOST] = "from a host that has been sending for weeks",
		[MISTAKE_KNOWN_DOMAIN] = "from a domain that has been sending for weeks",
	};
	const char *token = document_text_of(mistake, "why");
	int why = MISTAKES - 1;

	while (why > MISTAKE_NONE && strcmp(change_mistake_tokens[why], token) != 0)
		why--;
	return texts[why];
}

static void
put_mistakes(const struct changes *changes)
{
	const json_t *mistake;

	if (changes->mistake_count == 0)
		return;
	output_put(output_standard(), "\nLikely mistakes: %zu\n\n", changes->mistake_count);
	for (size_t i = 0; (mistake = json_array_get(changes->mistakes, i)) != NULL; i++) {
		char memory[CLI_ROW_SIZE];
		struct strbuf words;

		strbuf_init(&words, memory, sizeof memory);
		strbuf_printf(&words, "%s from %s, %s: ", document_text_of(mistake, "sender"),
			      document_text_of(mistake, "client"), why_text(mistake));
		cli_add_rule(mistake, document_text_of(mistake, "action"), &words);
		output_put(output_standard(), "  %s\n    ", document_text_of(mistake, "id"));
		prose_wrap(output_standard(), memory, 4, 4);
	}
	if (changes->mistake_count > CHANGES_MISTAKES_MAX)
		output_put(output_standard(), "  and %zu more\n",
			   changes->mistake_count - CHANGES_MISTAKES_MAX);
}

static void
add_change(const json_t *row, struct strbuf *text)
{
	const char *to = document_text_of(row, "to");

	strbuf_printf(text, "%s -> %s: ", document_text_of(row, "from"), to);
	cli_add_rule(row, to, text);
}

static void
put_summary(const struct changes *changes, const json_t *json)
{
	output_put(output_standard(),
		   "%zu messages, %zu recipients: %zu verdicts change, %zu stay, %zu unknown\n",
		   changes->messages, changes->recipients, changes->changed,
		   changes->recipients - changes->changed - changes->unknown, changes->unknown);
	if (changes->asked > 0)
		output_put(output_standard(),
			   "For %zu messages something had to be looked up in the DNS now.\n",
			   changes->asked);
	if (changes->unknown > 0 && changes->examiner != NULL)
		output_put(output_standard(),
			   "Unknown are those about which even the DNS does not say enough now.\n");
	else if (changes->unknown > 0)
		prose_wrap(
			output_standard(),
			"Unknown are those that depend on lists or checks that were not made when the message passed.",
			0, 0);
	put_mistakes(changes);
	cli_put_table("Changes", document_member(json, "changes"), add_change);
	cli_put_table("Hosts whose mail would be refused", document_member(json, "hosts"), cli_add_client);
	cli_put_table("Domains whose mail would be refused", document_member(json, "domains"),
		      cli_add_domain);
}

/* The summary's status. */
static int
put(const struct changes *changes, const struct cli_log_options *options)
{
	json_t *json = changes_json(changes);

	if (options->is_json)
		document_print(output_standard(), json);
	else
		put_summary(changes, json);
	json_decref(json);
	return changes->changed > 0 ? CLI_FINDINGS : CLI_WELL;
}

/* Reading: each part counts for itself. */

static bool
take_record(void *part, struct span line)
{
	return changes_take(part, line);
}

static void *
begin_part(void *context)
{
	const struct changes *whole = context;
	struct changes *part = malloc(sizeof *part);

	if (part != NULL && changes_init(part, whole->config, whole->examiner, whole->since_s))
		return part;
	if (part != NULL)
		changes_clear(part);
	free(part);
	return NULL;
}

static void
end_part(void *context, void *part)
{
	changes_add(context, part);
	changes_clear(part);
	free(part);
}

/* Where the DNS is asked, each record is a part, and no other is judged meanwhile. */
static bool
take_alone(void *context, struct span line)
{
	struct changes *part = begin_part(context);
	const bool is_taken = part != NULL && changes_take(part, line);

	if (part != NULL)
		end_part(context, part);
	return is_taken;
}

static int
replay_log(const struct config *config, const struct cli_log_options *options, struct examiner *examiner)
{
	struct changes changes;
	const struct record_log_reader alone = { .take = take_alone, .context = &changes };
	const struct record_log_reader together = {
		.take = take_record, .context = &changes, .begin_part = begin_part, .end_part = end_part
	};
	int status = CLI_UNKNOWN;
	bool is_whole = changes_init(&changes, config, examiner, cli_read_time(options->since));

	if (!is_whole)
		output_put(output_errors(), "heloscope replay: out of memory\n");
	is_whole = is_whole && cli_log_read(options, config, examiner != NULL ? &alone : &together);
	if (is_whole || changes.messages > 0)
		status = put(&changes, options);
	changes_clear(&changes);
	return is_whole ? status : CLI_UNKNOWN;
}

static int
replay_under(struct config *config, const struct cli_log_options *options, bool is_live)
{
	struct examiner *examiner = NULL;
	struct error error;
	int status;

	if (is_live) {
		examiner = examiner_new(config, false, NULL, &error);
		if (examiner == NULL) {
			output_put(output_errors(), "heloscope replay: %s\n", error.text);
			return CLI_UNKNOWN;
		}
	}
	status = replay_log(config, options, examiner);
	examiner_free(examiner);
	return status;
}

int
cli_replay(int argc, char **argv)
{
	bool is_live = false;
	struct cli_log_options options = { .command = "replay",
					   .help = help,
					   .own = { .name = "live", .flag = &is_live },
					   .before_since_s = 2 * CHANGES_KNOWN_AFTER_S };
	struct config *config;
	int status = cli_log_read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (options.config == NULL)
		return cli_usage_error("replay", "no --config was given");
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	config = config_read(options.config, output_errors());
	if (config == NULL)
		return CLI_UNKNOWN;
	status = replay_under(config, &options, is_live);
	config_unref(config);
	return status;
}
