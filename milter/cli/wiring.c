/* heloscope wiring: is the MTA joined to the filter as it should be? */
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/document.h"
#include "heloscope/base/prose.h"
#include "heloscope/cli/cli.h"
#include "heloscope/cli/control.h"
#include "heloscope/wiring/postfix_judge.h"
#include "heloscope/wiring/second_writer.h"
#include "heloscope/wiring/sendmail_judge.h"

#define SENDMAIL_CF "/etc/mail/sendmail.cf"
#define FILTERS_MAX 8

static const char help[] =
	"usage: heloscope wiring [-c FILE] [--postfix DIR | --sendmail FILE] [--filter FILE]\n"
	"                        [--json]\n"
	"\n"
	"Reads the configuration of this host's Postfix or Sendmail, and that of the filter, and\n"
	"tells what is wrong between the two, each with the line that fixes it. It changes nothing.\n"
	"Run it as root: only root sees whether Postfix may connect to a unix socket.\n"
	"\n"
	"  -c, --config FILE   the configuration of the filter\n"
	"                      (default: " CONFIG_FILE ")\n"
	"      --postfix DIR   the directory of main.cf and master.cf (default: what postconf says)\n"
	"      --sendmail FILE a sendmail.cf (default, without Postfix: " SENDMAIL_CF ")\n"
	"      --filter FILE   the configuration of another filter, in the form of OpenDKIM's; may\n"
	"                      be given again (default: /etc/opendkim.conf and /etc/opendmarc.conf)\n"
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

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "postfix", .text = &options->postfix, .excludes = "sendmail" },
		{ .name = "sendmail", .text = &options->sendmail, .excludes = "postfix" },
		{ .name = "filter", .take = take_filter, .is_repeatable = true },
		{ .name = "json", .flag = &options->is_json },
		{ .name = NULL },
	};

	return options_read_all(argc, argv,
				&(struct option_syntax){ "heloscope", "wiring", help, table, options });
}

/* The MTA that was looked at. */
struct mta {
	const char *name, *version, *file;
};

/* Telling. */

static void
put_json(const struct wiring *wiring, const struct mta *mta)
{
	json_t *object = json_object();

	document_set_number(object, "v", 1);
	document_set_text(object, "mta", mta->name);
	document_set_text(object, "mta-version", mta->version);
	document_set_text(object, "mta-configuration", mta->file);
	document_set_text(object, "listen", wiring->config->listen);
	document_put(object, "findings", wiring_json(&wiring->findings));
	document_print(output_standard(), object);
	json_decref(object);
}

static void
put_text(const struct wiring *wiring, const struct mta *mta, size_t bad)
{
	struct output *out = output_standard();

	output_put(out, "%s%s%s (%s), filter on %s\n\n", mta->name, mta->version[0] != '\0' ? " " : "",
		   mta->version, mta->file, wiring->config->listen);
	wiring_put(&wiring->findings, out);
	if (bad == 0)
		output_put(out, "All is right.\n");
}

static int
tell(const struct wiring *wiring, const struct mta *mta, const struct options *options)
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

/* What the running filter, where it answers, has missed from the MTA. */
static void
take_lacks(struct wiring *wiring)
{
	struct control_answer answer = { .text = NULL };
	struct error unused;
	json_t *status, *lacks;

	if (wiring->config->control == NULL
	    || !control_ask(wiring->config->control, "/status", NULL, &answer, &unused))
		return;
	status = answer.code == 200 ? document_read((struct span){ answer.text, answer.length }) : NULL;
	lacks = document_member(status, "mta-lacks");
	for (size_t i = 0; i < json_array_size(lacks); i++)
		(void)wiring_find(&wiring->findings, FINDING_MTA_LACKS,
				  document_text_of(json_array_get(lacks, i), "what"), SPAN(""));
	json_decref(status);
	free(answer.text);
}

static int
look_at_sendmail(struct wiring *wiring, const struct options *options)
{
	const char *path = options->sendmail != NULL ? options->sendmail : SENDMAIL_CF;
	struct sendmail sendmail;
	struct error error;

	sendmail_init(&sendmail, wiring->findings.arena);
	if (!sendmail_load(&sendmail, path, &error)) {
		output_put(output_errors(), "heloscope wiring: %s: %s\n", path, error.text);
		return CLI_UNKNOWN;
	}
	look_at_others(wiring, options, wiring_judge_sendmail(wiring, &sendmail), "");
	wiring_judge_reach(wiring, "root");
	take_lacks(wiring);
	return tell(wiring, &(struct mta){ "Sendmail", arena_copy(sendmail.arena, sendmail.version), path },
		    options);
}

static int
look_at_postfix(struct wiring *wiring, const struct options *options)
{
	struct postfix postfix = { .arena = wiring->findings.arena }, stressed = postfix;
	struct error error;
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
	wiring_judge_reach(wiring, text_of(&postfix, "mail_owner"));
	take_lacks(wiring);
	return tell(wiring,
		    &(struct mta){ "Postfix", text_of(&postfix, "mail_version"),
				   text_of(&postfix, "config_directory") },
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
