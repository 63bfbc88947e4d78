/* heloscope page: the page behind the reference, for the site's own web server. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/base/log.h"
#include "heloscope/base/thread.h"
#include "heloscope/cli/cli.h"
#include "heloscope/page/listen.h"
#include "heloscope/page/serve.h"

#define LISTEN_SIZE 200

static const char help[] =
	"usage: heloscope page --listen unix:/PATH | ADDRESS:PORT [-c FILE] [-l FILE]\n"
	"                      [--user NAME] [--stderr]\n"
	"\n"
	"Serves the page to which each refusal can link: why the mail was refused, what to change,\n"
	"and a button that makes the checks again. The site's own web server passes requests on to\n"
	"it; contrib/nginx has a sample. The link comes from the setting\n"
	"contact \"https://mx.example.org/why/%r\" of heloscope.conf(5).\n"
	"\n"
	"      --listen unix:/PATH | ADDRESS:PORT\n"
	"                      where the web server finds it: a unix socket, or a port of loopback\n"
	"      --user NAME     the user to become, when it is started as root\n"
	"      --stderr        log to standard error, not as the configuration says\n"
	"  -c, --config FILE   the configuration of the filter\n"
	"                      (default: " CONFIG_FILE ")\n"
	"  -l, --log FILE      the log of records, if it is not the one in the configuration\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"SIGHUP, or a change of its file, has the configuration read again; SIGTERM ends the\n"
	"program. Exit status: 0 it was ended; 2 wrong usage; 3 it could not begin.\n"
	"\n"
	"Example: heloscope page --listen unix:/run/heloscope-page/http.sock\n";

struct options {
	const char *listen, *config, *log, *user;
	bool logs_to_stderr;
};

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "listen", .text = &options->listen },
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "log", .letter = 'l', .text = &options->log },
		{ .name = "user", .text = &options->user },
		{ .name = "stderr", .flag = &options->logs_to_stderr },
		{ .name = NULL },
	};
	const int status = options_read_all(
		argc, argv, &(struct option_syntax){ "heloscope", "page", help, table, options });

	if (status < 0 && options->listen == NULL)
		return cli_usage_error("page", "no --listen was given");
	return status;
}

/* Listen as the user that it will be, and become him. The descriptor, or -1 with the reason. */
static int
open_socket(const struct options *options, const char *listen, struct error *error)
{
	struct service_account account;
	const bool changes = geteuid() == 0;
	int fd;

	if (changes && !service_find_account(options->user, NULL, "--user", &account, error))
		return -1;
	fd = page_listen(listen, changes ? &account : NULL, error);
	if (fd < 0 || !changes || service_drop_privileges(&account, error))
		return fd;
	(void)close(fd);
	return -1;
}

static int
serve(const struct options *options, const char *listen)
{
	struct error error;
	const int fd = open_socket(options, listen, &error);
	struct site *site;
	bool is_well;

	if (fd < 0) {
		log_error("page: %s", error.text);
		return CLI_UNKNOWN;
	}
	site = site_new(options->config, options->log);
	if (site != NULL && !options->logs_to_stderr)
		log_open(site_config(site)->log_target, site_config(site)->log_level);
	is_well = site != NULL && page_serve(fd, site);
	if (site == NULL)
		(void)close(fd);
	site_free(site);
	listener_unmake(listen);
	return is_well ? CLI_WELL : CLI_UNKNOWN;
}

int
cli_page(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	const int status = read_options(argc, argv, &options);
	char memory[LISTEN_SIZE];
	struct strbuf listen = STRBUF_OVER(memory);
	struct error error;

	if (status >= 0)
		return status;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	if (!page_listen_read(options.listen, &listen, &error))
		return cli_usage_error("page", "--listen %s", error.text);
	if (listen.is_cut)
		return cli_usage_error("page", "--listen has a path that is too long");
	if (options.user == NULL && geteuid() == 0)
		return cli_usage_error("page", "as root it needs --user, whom to become");
	thread_set_stack();
	return serve(&options, memory);
}
