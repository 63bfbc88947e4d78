/* heloscope-milter: options, wiring, and the only exit. */
#include <errno.h>
#include <getopt.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/config.h"
#include "heloscope/config_show.h"
#include "heloscope/intake.h"
#include "heloscope/log.h"
#include "heloscope/milter.h"
#include "heloscope/output.h"
#include "heloscope/rouse.h"
#include "heloscope/service.h"
#include "heloscope/thread.h"
#include "heloscope/session.h"

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
			output_put(output_errors(),
				   "heloscope-milter: unknown option \"%s\", or one without its argument; "
				   "try \"heloscope-milter --help\"\n",
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

/* Read the configuration again, with its messages in the log, a line each. */
static struct config *
read_again(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	struct output messages = { .file = open_memstream(&text, &size) };
	struct config *config;

	if (messages.file == NULL)
		return NULL;
	config = config_read(path, &messages);
	(void)fclose(messages.file);
	for (char *rest = text, *line; rest != NULL && *rest != '\0';) {
		line = strsep(&rest, "\n");
		if (config != NULL)
			log_warning("%s", line);
		else
			log_error("%s", line);
	}
	free(text);
	return config;
}

static void
reload(const char *path)
{
	struct runtime *current = milter_runtime(), *next;
	struct config *config;
	struct error error;

	service_notify("RELOADING=1");
	config = read_again(path);
	if (config == NULL) {
		log_error("%s has errors; the old configuration stays", path);
	} else if ((next = runtime_new(config, current, &error)) == NULL) {
		config_unref(config);
		log_error("%s; the old configuration stays", error.text);
	} else {
		runtime_settle(next);
		milter_use(next);
		runtime_unref(next);
		log_open(config->log_target, config->log_level);
		log_info("configuration read again from %s", path);
	}
	runtime_unref(current);
	service_notify("READY=1");
}

/* The one thread that takes SIGUSR1; SIGHUP, SIGTERM and SIGINT are libmilter's. */
static void *
wait_for_signals(void *context)
{
	const char *path = context;
	sigset_t set;
	int signal;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	while (sigwait(&set, &signal) == 0)
		reload(path);
	return NULL;
}

static bool
start_signal_thread(const char *path)
{
	pthread_t thread;

	/* The cast takes away a const that wait_for_signals() gives back. */
	if (pthread_create(&thread, NULL, wait_for_signals, (void *)(size_t)path) != 0)
		return false;
	return pthread_detach(thread) == 0;
}

/*
 * Before any thread, so that all of them leave SIGUSR1 to wait_for_signals() and the others to
 * libmilter's own thread, which waits for them whether they are blocked or not.
 */
static void
block_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* From a good configuration to a running filter. Takes over the reference to `config`. */
static bool
serve(struct config *config, const char *path, unsigned long descriptors)
{
	struct error error;
	struct runtime *runtime;
	bool is_well;

	runtime = runtime_new(config, NULL, &error);
	if (runtime == NULL) {
		config_unref(config);
		log_error("%s", error.text);
		return false;
	}
	if (!service_clear_socket(config->listen, &error) || !milter_open(runtime, &error)
	    || !service_set_socket_access(config->listen, config->socket_owner, config->socket_group,
					  config->socket_mode, &error)
	    || !service_drop_privileges(config->user, config->group, &error)) {
		log_error("%s", error.text);
		runtime_unref(runtime);
		return false;
	}
	service_send_at_once();
	if (!intake_start(descriptors, &error) || !rouse_start(&error)) {
		log_error("%s", error.text);
		runtime_unref(runtime);
		return false;
	}
	runtime_settle(runtime);
	log_info("heloscope-milter %s listens on %s, mode %s", PACKAGE_VERSION, config->listen,
		 config->mode == MODE_ENFORCE ? "enforce" : "audit");
	runtime_unref(runtime); /* milter.c has its own reference */
	is_well = start_signal_thread(path);
	service_notify("READY=1");
	is_well = is_well && milter_run();
	service_notify("STOPPING=1");
	rouse_stop();
	intake_stop();
	runtime = milter_runtime(); /* libmilter may still have sessions, and they runtimes */
	runtime_save(runtime);
	runtime_unref(runtime);
	milter_close();
	return is_well;
}

int
main(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	const int status = read_options(argc, argv, &options);
	unsigned long descriptors;
	struct config *config;

	if (status >= 0)
		return status;
	config = config_read(options.config, output_errors());
	if (config == NULL)
		return EXIT_FAILURE;
	if (options.is_show)
		config_show(config, output_standard());
	if (options.is_test || options.is_show) {
		config_unref(config);
		return output_flush(output_standard()) ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	/* libmilter leaves its threads to exit(3), which must not take OpenSSL down under them. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	block_signals();
	thread_set_stack();
	log_open(config->log_target, config->log_level);
	descriptors = service_raise_descriptors();
	if (descriptors < 1024)
		log_warning("fewer than 1024 open files are allowed; raise LimitNOFILE");
	return serve(config, options.config, descriptors) ? EXIT_SUCCESS : EXIT_FAILURE;
}
