/* heloscope replay: which verdicts would change under another configuration, and whose mail it is. */
#include <string.h>
#include <time.h>

#include "heloscope/cli/log.h"
#include "heloscope/config/read.h"
#include "heloscope/base/document.h"
#include "heloscope/doctor/examiner.h"
#include "heloscope/base/log.h"
#include "heloscope/base/prose.h"
#include "heloscope/records/record.h"
#include "heloscope/review/replay.h"

#define REVIEW_MEMORY (4U << 20) /* octets for a message */
#define SENDER_SIZE 8192
#define KNOWN_AFTER_S (14L * 24 * 3600) /* hosts and domains seen for so long are old acquaintances */

static const char help[] =
	"usage: heloscope replay --config NEW [--log FILE] [--since TIME] [--live] [--json]\n"
	"\n"
	"Judges the messages of the audit log again, under the configuration NEW: how many\n"
	"verdicts would change, from what to what, by which rule, and whose mail it is; first\n"
	"of all the likely mistakes. What the records do not tell is \"unknown\", not guessed.\n"
	"\n"
	"  -c, --config NEW    the configuration to try\n"
	"  -l, --log FILE      the audit log (default: the one that NEW names)\n"
	"      --since TIME    only messages since then: 24h, 7d, or 2026-11-24T12:00:00Z\n"
	"      --live          ask the DNS now for what the records do not tell\n"
	"      --json          as JSON\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 nothing changes, 1 something does, 2 wrong usage, 3 the log or the\n"
	"configuration cannot be read.\n"
	"\n"
	"Example: heloscope replay --config " CONFIG_FILE ".new --since 7d\n";

/* What is counted. Tables are JSON objects, name -> number. */
struct summary {
	const struct config *config;
	struct examiner *examiner; /* NULL: the DNS is not asked */
	int64_t since_s;           /* what is older only tells who is known */
	size_t messages, recipients, changed, unknown;
	size_t asked;     /* messages for which the DNS was asked now */
	size_t moved;     /* the same verdict, by another rule */
	json_t *changes;  /* "accept -> reject, by FILE:LINE" */
	json_t *hosts;    /* of newly refused mail */
	json_t *domains;  /* of its senders */
	json_t *mistakes; /* an array of objects, the first CLI_ROWS_MAX */
	size_t mistake_count;
	json_t *first_seen; /* host or domain -> time of the first message that was accepted */
};

/* A message under review. */
struct review {
	struct summary *summary;
	const struct message_record *record;
	struct replay replay;
	struct arena arena;
	char host[IPADDR_TEXT_SIZE];
	const char *sender, *domain; /* escaped; domain: "<>" for the null sender, and where there is none */
};

static void
name_sides(struct review *review)
{
	const struct facts *facts = review->record->facts;
	char memory[SENDER_SIZE];
	struct strbuf sender;
	const char *at;

	if (facts->client.address.length > 0)
		(void)ipaddr_format(&facts->client.address, review->host);
	strbuf_init(&sender, memory, sizeof memory);
	strbuf_add_escaped(&sender, span_of(facts->sender.mailbox.text), SENDER_SIZE);
	review->sender = arena_string(&review->arena, memory);
	at = strrchr(review->sender, '@');
	review->domain = at != NULL ? at + 1 : "<>";
}

static json_int_t
first_seen(const struct summary *summary, const char *name)
{
	return json_integer_value(document_member(summary->first_seen, name));
}

/* Why refusing this message would likely be a mistake, or NULL. */
static const char *
mistake_in(const struct review *review)
{
	const enum result *results = review->record->facts->results;
	const int64_t now = review->record->time_s;
	const json_int_t host_seen = first_seen(review->summary, review->host);
	const json_int_t domain_seen = first_seen(review->summary, review->domain);

	if (results[METHOD_DNSWL] == RESULT_PASS)
		return "on an allow list";
	if (results[METHOD_SPF] == RESULT_PASS && results[METHOD_IPREV] == RESULT_PASS)
		return "passes SPF and reverse DNS";
	if (host_seen != 0 && now - host_seen >= KNOWN_AFTER_S)
		return "from a host that has been sending for weeks";
	if (domain_seen != 0 && now - domain_seen >= KNOWN_AFTER_S)
		return "from a domain that has been sending for weeks";
	return NULL;
}

static void
note_refusal(const struct review *review, const struct verdict *verdict)
{
	struct summary *summary = review->summary;
	const char *why = mistake_in(review);
	json_t *mistake;

	document_count(summary->hosts, review->host, 1);
	document_count(summary->domains, review->domain, 1);
	if (why == NULL || summary->mistake_count++ >= CLI_ROWS_MAX)
		return;
	mistake = json_object();
	document_set_text(mistake, "id", review->record->ident);
	document_set_text(mistake, "client", review->host);
	document_set_text(mistake, "sender", review->sender);
	document_set_text(mistake, "why", why);
	document_set_text(mistake, "rule", verdict->rule != NULL ? verdict->rule->place : "");
	document_append(summary->mistakes, mistake);
}

static void
note_seen(const struct review *review)
{
	json_t *seen = review->summary->first_seen;
	const char *names[] = { review->host, review->domain };

	for (size_t i = 0; i < 2; i++)
		if (names[i][0] != '\0' && names[i][0] != '<' && document_member(seen, names[i]) == NULL)
			document_put(seen, names[i], json_integer(review->record->time_s));
}

/* Whether the old verdict rests on the same line, and on the same kind of doubt. */
static bool
is_by_rule(const struct record_verdict *old, const struct verdict *verdict)
{
	return strcmp(old->rule != NULL ? old->rule : "", verdict->rule != NULL ? verdict->rule->place : "")
		       == 0
	       && old->is_softened == verdict->is_softened;
}

/* Ask the DNS now, once for a message. Returns whether that may have told what was unknown. */
static bool
look_now(struct review *review)
{
	struct summary *summary = review->summary;
	const struct facts *known = &review->replay.facts, *facts;

	if (summary->examiner == NULL || known->client.address.length == 0)
		return false;
	facts = examiner_look(summary->examiner,
			      &(struct examiner_mail){
				      .client = known->client,
				      .helo = known->helo.given,
				      .sender = { known->sender.given != NULL ? known->sender.given : "",
						  known->sender.used },
			      });
	if (facts == NULL)
		return false;
	replay_complete(&review->replay, facts);
	summary->asked++;
	return true;
}

static bool
judge(struct review *review, const struct readings *recipient, struct verdict *verdict)
{
	if (replay_judge(&review->replay, recipient, verdict))
		return true;
	return !review->replay.is_complete && look_now(review)
	       && replay_judge(&review->replay, recipient, verdict);
}

static void
compare(struct review *review, const struct record_recipient *recipient)
{
	const struct record_verdict *old = &review->record->verdicts[recipient->verdict];
	const struct readings readings = mailbox_readings(&recipient->address, &review->arena);
	struct summary *summary = review->summary;
	struct verdict verdict;
	char change[200];

	summary->recipients++;
	if (!judge(review, &readings, &verdict)) {
		summary->unknown++;
		return;
	}
	if (!action_refuses(old->action))
		note_seen(review);
	if (old->action == verdict.action) {
		summary->moved += is_by_rule(old, &verdict) ? 0 : 1;
		return;
	}
	summary->changed++;
	(void)snprintf(change, sizeof change, "%s -> %s, by %s", action_word(old->action),
		       action_word(verdict.action), verdict.rule != NULL ? verdict.rule->place : "no rule");
	document_count(summary->changes, change, 1);
	if (!action_refuses(old->action) && action_refuses(verdict.action))
		note_refusal(review, &verdict);
}

/* False when memory ran out. */
static bool
take(struct review *review)
{
	const struct message_record *record = review->record;

	if (!replay_begin(record->facts, review->summary->config, &review->arena, &review->replay))
		return false;
	name_sides(review);
	if (record->time_s < review->summary->since_s) {
		note_seen(review);
		return true;
	}
	review->summary->messages++;
	for (size_t i = 0; i < record->recipient_count; i++)
		compare(review, &record->recipients[i]);
	return true;
}

static bool
take_record(void *part, struct span line)
{
	struct record_reading reading;
	struct review review = { .summary = part, .record = &reading.record };
	bool is_record;

	if (!record_read(line, &reading))
		return false;
	arena_init(&review.arena, REVIEW_MEMORY);
	is_record = take(&review);
	arena_clear(&review.arena);
	record_release(&reading);
	return is_record;
}

/* Telling. */

static void
put_mistakes(const struct summary *summary)
{
	const json_t *mistake;

	if (summary->mistake_count == 0)
		return;
	output_put(output_standard(), "\nLikely mistakes: %zu\n\n", summary->mistake_count);
	for (size_t i = 0; (mistake = json_array_get(summary->mistakes, i)) != NULL; i++) {
		char words[600];

		(void)snprintf(words, sizeof words, "%s from %s, %s; by %s",
			       document_text_of(mistake, "sender"), document_text_of(mistake, "client"),
			       document_text_of(mistake, "why"), document_text_of(mistake, "rule"));
		output_put(output_standard(), "  %s\n    ", document_text_of(mistake, "id"));
		prose_wrap(output_standard(), words, 4, 4);
	}
	if (summary->mistake_count > CLI_ROWS_MAX)
		output_put(output_standard(), "  and %zu more\n", summary->mistake_count - CLI_ROWS_MAX);
}

static void
put_summary(const struct summary *summary)
{
	output_put(output_standard(),
		   "%zu messages, %zu recipients: %zu verdicts change, %zu stay, %zu unknown\n",
		   summary->messages, summary->recipients, summary->changed,
		   summary->recipients - summary->changed - summary->unknown, summary->unknown);
	if (summary->asked > 0)
		output_put(output_standard(), "Of %zu messages something had to be asked of the DNS now.\n",
			   summary->asked);
	if (summary->unknown > 0 && summary->examiner != NULL)
		output_put(output_standard(),
			   "Unknown are those of which the DNS does not tell enough even now.\n");
	else if (summary->unknown > 0)
		prose_wrap(
			output_standard(),
			"Unknown are those that depend on lists or checks which were not asked when the message passed.",
			0, 0);
	put_mistakes(summary);
	cli_put_table("Changes", summary->changes);
	cli_put_table("Hosts whose mail would be refused", summary->hosts);
	cli_put_table("Domains whose mail would be refused", summary->domains);
}

static void
put_json(const struct summary *summary)
{
	const struct {
		const char *name;
		size_t number;
	} numbers[] = {
		{ "messages", summary->messages },
		{ "recipients", summary->recipients },
		{ "changed", summary->changed },
		{ "moved", summary->moved },
		{ "unknown", summary->unknown },
		{ "asked-now", summary->asked },
		{ "likely-mistakes", summary->mistake_count },
	};
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		document_set_number(object, numbers[i].name, (json_int_t)numbers[i].number);
	document_put(object, "changes", json_incref(summary->changes));
	document_put(object, "hosts", json_incref(summary->hosts));
	document_put(object, "domains", json_incref(summary->domains));
	document_put(object, "mistakes", json_incref(summary->mistakes));
	document_print(output_standard(), object);
	json_decref(object);
}

/* The summary's status. */
static int
put(const struct summary *summary, const struct cli_log_options *options)
{
	if (options->is_json)
		put_json(summary);
	else
		put_summary(summary);
	return summary->changed > 0 ? CLI_FINDINGS : CLI_WELL;
}

static int
replay_log(const struct config *config, const struct cli_log_options *options, struct examiner *examiner)
{
	struct summary summary = { .config = config,
				   .examiner = examiner,
				   .since_s = cli_read_time(options->since),
				   .changes = json_object(),
				   .hosts = json_object(),
				   .domains = json_object(),
				   .mistakes = json_array(),
				   .first_seen = json_object() };
	const struct audit_reader reader = { .take = take_record, .context = &summary };
	const bool is_whole = cli_log_read(options, config, &reader);
	int status = CLI_UNKNOWN;

	if (is_whole || summary.messages > 0)
		status = put(&summary, options);
	json_decref(summary.changes);
	json_decref(summary.hosts);
	json_decref(summary.domains);
	json_decref(summary.mistakes);
	json_decref(summary.first_seen);
	return is_whole ? status : CLI_UNKNOWN;
}

static int
replay_under(struct config *config, const struct cli_log_options *options, bool is_live)
{
	struct examiner *examiner = NULL;
	struct error error;
	int status;

	if (is_live) {
		examiner = examiner_new(config, false, &error);
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
					   .judges = true,
					   .before_since_s = 2 * KNOWN_AFTER_S };
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
