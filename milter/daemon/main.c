/* heloscope-milter: options, wiring, and the only exit. */
#include <getopt.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "heloscope/config/config.h"
#include "heloscope/config/read.h"
#include "heloscope/config/sense.h"
#include "heloscope/config/show.h"
#include "heloscope/base/output.h"
#include "heloscope/daemon/serve.h"
#include "heloscope/daemon/surroundings.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
	"usage: heloscope-milter [-c FILE]      run in the foreground\n"
	"       heloscope-milter -t [-c FILE]   check the configuration; silent when it is right\n"
	"       heloscope-milter -T [-c FILE]   print the configuration as it takes effect\n"
	"       heloscope-milter -V | --help\n"
	"\n"
	"  -c, --config FILE   the configuration (default: " CONFIG_FILE ")\n"
	"  -t, --test          read the configuration and exit: 0 when it is right, else 1\n"
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
	bool is_test, is_show;
};

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "config", required_argument, NULL, 'c' }, { "test", no_argument, NULL, 't' },
		{ "show", no_argument, NULL, 'T' },         { "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 },
	};
	int letter;

	opterr = 0; /* getopt(3) would print what it was given as it is */
	while ((letter = getopt_long(argc, argv, "c:tTVh", names, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options->config = optarg;
			break;
		case 't':
			options->is_test = true;
			break;
		case 'T':
			options->is_show = true;
			break;
		case 'V':
			output_put(output_standard(), "heloscope-milter %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			output_lines(output_standard(), usage);
			return EXIT_SUCCESS;
		default:
			output_put(
				output_errors(),
				"heloscope-milter: unknown option \"%s\", or one without its argument; try \"heloscope-milter --help\"\n",
				argv[optind - 1]);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		output_put(output_errors(),
			   "heloscope-milter: unexpected argument \"%s\"; try \"heloscope-milter --help\"\n",
			   argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}

/* Check or show, as the options say. */
static int
test(const struct options *options)
{
	struct config *config = config_read(options->config, output_errors());

	if (config == NULL)
		return EXIT_FAILURE;
	config_warn_of_nonsense(config, output_errors());
	surroundings_check(config, options->config, false, output_errors());
	if (options->is_show)
		config_show(config, output_standard());
	config_unref(config);
	return output_flush(output_standard()) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	const int status = read_options(argc, argv, &options);

	if (status >= 0)
		return status;
	if (options.is_test || options.is_show)
		return test(&options);
	/* libmilter leaves its threads to exit(3), which must not take OpenSSL down under them. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	return serve(options.config) ? EXIT_SUCCESS : EXIT_FAILURE;
}
