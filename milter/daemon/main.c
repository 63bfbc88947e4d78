/* heloscope-milter: options, wiring, and the only exit. */
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "heloscope/config/config.h"
#include "heloscope/config/read.h"
#include "heloscope/config/sense.h"
#include "heloscope/config/show.h"
#include "heloscope/base/options.h"
#include "heloscope/base/output.h"
#include "heloscope/daemon/serve.h"
#include "heloscope/daemon/surroundings.h"

static const char usage[] =
	"usage: heloscope-milter [-c FILE]      run in the foreground\n"
	"       heloscope-milter -t [-c FILE]   check the configuration\n"
	"       heloscope-milter -T [-c FILE]   print the configuration as it takes effect\n"
	"       heloscope-milter -V | --help\n"
	"\n"
	"  -c, --config FILE   the configuration (default: " CONFIG_FILE ")\n"
	"  -t, --test          read the configuration, print errors and warnings, and exit: 0 when\n"
	"                      it has no errors, else 1\n"
	"  -T, --show          print the configuration with its defaults, in its own language and\n"
	"                      without its keys, and exit\n"
	"  -V, --version       print the version and exit\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"SIGUSR1 reads the configuration again; SIGTERM ends the program. The filter is attached\n"
	"to Postfix with \"smtpd_milters = inet:127.0.0.1:8891\". More: heloscope-milter(8),\n"
	"heloscope.conf(5).\n";

struct options {
	const char *config;
	bool is_test, is_show, is_version;
};

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "test", .letter = 't', .flag = &options->is_test, .excludes = "show" },
		{ .name = "show", .letter = 'T', .flag = &options->is_show },
		{ .name = "version", .letter = 'V', .flag = &options->is_version },
		{ .name = NULL },
	};

	return options_read_all(argc, argv,
				&(struct option_syntax){ "heloscope-milter", NULL, usage, table, NULL });
}

static int
version(void)
{
	output_put(output_standard(), "heloscope-milter %s\n", PACKAGE_VERSION);
	return output_flush(output_standard()) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Check or show, as the options say. */
static int
test(const struct options *options)
{
	struct config *config = config_read(options->config, output_errors());
	bool is_good;

	if (config == NULL)
		return EXIT_FAILURE;
	config_warn_of_nonsense(config, options->config, output_errors());
	is_good = surroundings_check(config, options->config, false, output_errors());
	if (options->is_show)
		config_show(config, output_standard());
	config_unref(config);
	return output_flush(output_standard()) && (is_good || options->is_show) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/*
 * One heap for each processor. The C library makes eight for each, and every heap keeps for itself what its
 * threads once needed at the same time: with a thousand connections that was 10 MB of 60.
 */
static void
share_heaps(void)
{
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);

	(void)mallopt(M_ARENA_MAX, processors > 2 ? (int)processors : 2);
}

int
main(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	const int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (options.is_version)
		return version();
	if (options.is_test || options.is_show)
		return test(&options);
	share_heaps();
	/* libmilter leaves its threads to exit(3), which must not take OpenSSL down under them. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	return serve(options.config) ? EXIT_SUCCESS : EXIT_FAILURE;
}
