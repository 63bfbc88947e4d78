/* heloscope wiring: is the MTA joined to the filter as it should be? */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/document.h"
#include "heloscope/base/prose.h"
#include "heloscope/cli/argument.h"
#include "heloscope/cli/cli.h"
#include "heloscope/cli/control.h"
#include "heloscope/wiring/postfix_judge.h"
#include "heloscope/wiring/second_writer.h"
#include "heloscope/wiring/sendmail_judge.h"

#define SENDMAIL_CF "/etc/mail/sendmail.cf"
#define FILTERS_MAX 8
#define ARRIVAL_MS 30000
#define QUIET_MS 500 /* in which a filter that counts no session has no others */

static const char help[] =
	"usage: heloscope wiring [-c FILE] [--postfix DIR | --sendmail FILE] [--filter FILE]\n"
	"                        [--send ADDRESS [--mailbox PATH] [--server ADDRESS@PORT]] [--json]\n"
	"\n"
	"Reads the configuration of this host's Postfix or Sendmail, and that of the filter, and\n"
	"shows what is wrong between the two, each with the line that fixes it. It changes nothing.\n"
	"With --send it also sends a message through the MTA and says what became of it.\n"
	"Run it as root: only root sees whether Postfix may connect to a unix socket.\n"
	"\n"
	"  -c, --config FILE   the configuration of the filter\n"
	"                      (default: " CONFIG_FILE ")\n"
	"      --postfix DIR   the directory of main.cf and master.cf (default: what postconf says)\n"
	"      --sendmail FILE a sendmail.cf (default, without Postfix: " SENDMAIL_CF ")\n"
	"      --filter FILE   the configuration of another filter, in the form of OpenDKIM's; may\n"
	"                      be repeated (default: /etc/opendkim.conf and /etc/opendmarc.conf)\n"
	"      --send ADDRESS  send a test message to an address of yours, in its own name\n"
	"      --mailbox PATH  the Maildir or mbox in which it arrives\n"
	"      --server ADDRESS@PORT\n"
	"                      where the MTA takes it (default: 127.0.0.1@25)\n"
	"      --json          as JSON, by etc/wiring.schema.json of the documentation\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 all is right, 1 something is wrong, 2 wrong usage, 3 a configuration cannot\n"
	"be read.\n"
	"\n"
	"Example: heloscope wiring --postfix /etc/postfix\n";

struct options {
	const char *config, *postfix, *sendmail;
	const char *filters[FILTERS_MAX]; /* configurations of others; `filter_count` of them */
	size_t filter_count;
	char path[CLI_PATH_SIZE]; /* of the test message; "": none is wanted */
	const char *mailbox;
	struct ipaddr server;
	unsigned port;
	bool is_json;
};

static int
take_filter(void *context, const char *argument)
{
	struct options *options = context;

	if (options->filter_count == FILTERS_MAX)
		return cli_usage_error("wiring", "--filter may be given %d times", FILTERS_MAX);
	options->filters[options->filter_count++] = argument;
	return -1;
}

static int
take_recipient(void *context, const char *argument)
{
	struct options *options = context;

	return cli_read_recipient("wiring", argument, options->path);
}

static int
read_server(const char *text, struct options *options)
{
	const size_t length = strcspn(text, "@");

	if (text[length] == '@' && ipaddr_parse((struct span){ text, length }, &options->server)
	    && span_to_number(span_of(text + length + 1), 1, 65535, &options->port))
		return -1;
	return cli_usage_error("wiring",
			       "\"%.60s\" is not a server; expected an address and a port, like 127.0.0.1@25",
			       text);
}

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const char *server = NULL;
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "postfix", .text = &options->postfix, .excludes = "sendmail" },
		{ .name = "sendmail", .text = &options->sendmail, .excludes = "postfix" },
		{ .name = "filter", .take = take_filter, .is_repeatable = true },
		{ .name = "send", .take = take_recipient },
		{ .name = "mailbox", .text = &options->mailbox },
		{ .name = "server", .text = &server },
		{ .name = "json", .flag = &options->is_json },
		{ .name = NULL },
	};
	const int status = options_read_all(
		argc, argv, &(struct option_syntax){ "heloscope", "wiring", help, table, options });

	if (status >= 0)
		return status;
	if (options->path[0] == '\0' && (options->mailbox != NULL || server != NULL))
		return cli_usage_error("wiring", "--mailbox and --server are of use only with --send");
	return read_server(server != NULL ? server : "127.0.0.1@25", options);
}

/* What was checked. */
struct looked_at {
	const char *name, *version, *file; /* of the MTA */
	const struct trial *trial;         /* NULL: no test message was sent */
};

/* Telling. */

static json_t *
json_of_trial(const struct trial *trial)
{
	json_t *object = json_object(), *fields = json_array();

	document_set_text(object, "reply", trial->reply);
	document_set_flag(object, "is-accepted", trial->is_sent);
	document_set_flag(object, "is-arrived", trial->is_arrived);
	for (size_t i = 0; i < trial->field_count; i++)
		document_append(fields, document_text(span_of(trial->fields[i])));
	document_put(object, "fields", fields);
	return object;
}

static void
put_trial(const struct trial *trial)
{
	struct output *out = output_standard();

	if (!trial->is_sent)
		return;
	output_put(out, "Sent: %s\n", trial->reply);
	if (trial->is_arrived)
		output_put(out, "It arrived%s\n", trial->field_count > 0 ? " with:" : ".");
	for (size_t i = 0; i < trial->field_count; i++)
		prose_put(out, 2, "%s", trial->fields[i]);
	output_put(out, "\n");
}

static void
put_json(const struct wiring *wiring, const struct looked_at *mta)
{
	json_t *object = json_object();

	document_set_number(object, "v", 1);
	document_set_text(object, "mta", mta->name);
	document_set_text(object, "mta-version", mta->version);
	document_set_text(object, "mta-configuration", mta->file);
	document_set_text(object, "listen", wiring->config->listen);
	document_put(object, "findings", wiring_json(&wiring->findings));
	if (mta->trial != NULL)
		document_put(object, "sent", json_of_trial(mta->trial));
	document_print(output_standard(), object);
	json_decref(object);
}

static void
put_text(const struct wiring *wiring, const struct looked_at *mta, size_t bad)
{
	struct output *out = output_standard();

	output_put(out, "%s%s%s (%s), filter on %s\n\n", mta->name, mta->version[0] != '\0' ? " " : "",
		   mta->version, mta->file, wiring->config->listen);
	if (mta->trial != NULL)
		put_trial(mta->trial);
	wiring_put(&wiring->findings, out);
	if (bad == 0)
		output_put(out, "All is right.\n");
}

static int
tell(const struct wiring *wiring, const struct looked_at *mta, const struct options *options)
{
	const size_t bad = wiring_count(&wiring->findings, SEVERITY_WRONG)
			   + wiring_count(&wiring->findings, SEVERITY_WARNING);

	if (wiring->findings.arena->has_failed) {
		output_put(output_errors(), "heloscope wiring: out of memory\n");
		return CLI_UNKNOWN;
	}
	if (options->is_json)
		put_json(wiring, mta);
	else
		put_text(wiring, mta, bad);
	return bad > 0 ? CLI_FINDINGS : CLI_WELL;
}

/* Looking. */

static const char *
text_of(const struct postfix *postfix, const char *name)
{
	return arena_copy(postfix->arena, postfix_value(postfix, NULL, name, NULL));
}

/* Other filters, whose usual configurations count only where there are any. */
static void
look_at_others(struct wiring *wiring, const struct options *options, bool has_others, const char *mta_name)
{
	for (size_t i = 0; i < options->filter_count; i++)
		wiring_judge_second_writer(wiring, options->filters[i], mta_name);
	if (!has_others || options->filter_count > 0)
		return;
	wiring_judge_second_writer(wiring, "/etc/opendkim.conf", mta_name);
	wiring_judge_second_writer(wiring, "/etc/opendmarc.conf", mta_name);
}

/* What the running filter says of itself; NULL where it does not answer. */
static json_t *
status_of(const struct config *config)
{
	struct control_answer answer = { .text = NULL };
	struct error unused;
	json_t *status;

	if (config->control == NULL || !control_ask(config->control, "/status", NULL, &answer, &unused))
		return NULL;
	status = answer.code == 200 ? document_read((struct span){ answer.text, answer.length }) : NULL;
	free(answer.text);
	return status;
}

/* What it has missed from the MTA. */
static void
take_lacks(struct wiring *wiring)
{
	json_t *status = status_of(wiring->config), *lacks = document_member(status, "mta-lacks");

	for (size_t i = 0; i < json_array_size(lacks); i++)
		(void)wiring_find(&wiring->findings, FINDING_MTA_LACKS,
				  document_text_of(json_array_get(lacks, i), "what"), SPAN(""));
	json_decref(status);
}

/* The sessions that it has counted; -1 where it does not answer. */
static json_int_t
sessions_of(const struct config *config)
{
	json_t *status = status_of(config);
	const json_int_t sessions =
		status != NULL
			? json_integer_value(document_member(document_member(status, "sessions"), "all"))
			: -1;

	json_decref(status);
	return sessions;
}

/* Whether the sessions since there were `before` are the message's: others would go on to come. */
static enum trial_trace
trace_since(json_int_t before, const struct config *config)
{
	const json_int_t behind = sessions_of(config);

	if (before < 0 || behind < before) /* the filter may have been started again */
		return TRACE_UNKNOWN;
	if (behind == before)
		return TRACE_NONE;
	(void)usleep(QUIET_MS * 1000);
	return sessions_of(config) == behind ? TRACE_COUNTED : TRACE_UNKNOWN;
}

/* Send a test message, where one is wanted. */
static const struct trial *
try_message(struct wiring *wiring, const struct options *options, struct trial *trial)
{
	const struct trial_order order = { .server = options->server,
					   .port = (uint16_t)options->port,
					   .path = options->path,
					   .own_id = wiring->config->authserv_id };
	enum trial_trace trace;
	json_int_t before;

	if (options->path[0] == '\0')
		return NULL;
	before = sessions_of(wiring->config);
	trial_send(trial, &order, wiring->findings.arena);
	trace = trace_since(before, wiring->config);
	if (trial->is_sent && options->mailbox != NULL)
		trial_await(trial, options->mailbox, ARRIVAL_MS, wiring->findings.arena);
	wiring_judge_trial(wiring, trial, trace, options->mailbox);
	return trial;
}

static int
look_at_sendmail(struct wiring *wiring, const struct options *options)
{
	const char *path = options->sendmail != NULL ? options->sendmail : SENDMAIL_CF;
	struct sendmail sendmail;
	struct trial trial;
	struct error error;

	sendmail_init(&sendmail, wiring->findings.arena);
	if (!sendmail_load(&sendmail, path, &error)) {
		output_put(output_errors(), "heloscope wiring: %s: %s\n", path, error.text);
		return CLI_UNKNOWN;
	}
	look_at_others(wiring, options, wiring_judge_sendmail(wiring, &sendmail), "");
	wiring_judge_reach(wiring,
			   &(struct caller){ arena_copy(sendmail.arena, sendmail.user), sendmail.unsafe });
	take_lacks(wiring);
	return tell(wiring,
		    &(struct looked_at){ "Sendmail", arena_copy(sendmail.arena, sendmail.version), path,
					 try_message(wiring, options, &trial) },
		    options);
}

static int
look_at_postfix(struct wiring *wiring, const struct options *options)
{
	struct postfix postfix = { .arena = wiring->findings.arena }, stressed = postfix;
	struct error error;
	struct trial trial;
	enum program_state state = postfix_load(&postfix, options->postfix, false, &error);

	if (state == PROGRAM_MISSING && options->postfix == NULL)
		return look_at_sendmail(wiring, options);
	if (state == PROGRAM_READ)
		state = postfix_load(&stressed, options->postfix, true, &error);
	if (state != PROGRAM_READ) {
		output_put(output_errors(), "heloscope wiring: postconf: %s\n",
			   state == PROGRAM_MISSING ? "it is not installed here" : error.text);
		return CLI_UNKNOWN;
	}
	look_at_others(wiring, options, wiring_judge_postfix(wiring, &postfix, &stressed),
		       text_of(&postfix, "myhostname"));
	wiring_judge_reach(wiring, &(struct caller){ text_of(&postfix, "mail_owner"), 0 });
	take_lacks(wiring);
	return tell(wiring,
		    &(struct looked_at){ "Postfix", text_of(&postfix, "mail_version"),
					 text_of(&postfix, "config_directory"),
					 try_message(wiring, options, &trial) },
		    options);
}

int
cli_wiring(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	struct arena arena;
	struct wiring wiring = { .findings.arena = &arena };
	struct config *config;
	int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	config = cli_config_of_filter(options.config);
	if (config == NULL)
		return CLI_UNKNOWN;
	wiring.config = config;
	arena_init(&arena, POSTFIX_MEMORY);
	status = options.sendmail != NULL ? look_at_sendmail(&wiring, &options)
					  : look_at_postfix(&wiring, &options);
	arena_clear(&arena);
	config_unref(config);
	return status;
}
