#include "heloscope/daemon/serve.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/config/config.h"
#include "heloscope/config/read.h"
#include "heloscope/config/settings.h"
#include "heloscope/config/told.h"
#include "heloscope/daemon/control.h"
#include "heloscope/daemon/intake.h"
#include "heloscope/daemon/local_socket.h"
#include "heloscope/daemon/listener.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/clock.h"
#include "heloscope/base/log.h"
#include "heloscope/metrics/counts.h"
#include "heloscope/daemon/milter.h"
#include "heloscope/daemon/rouse.h"
#include "heloscope/daemon/service.h"
#include "heloscope/daemon/surroundings.h"
#include "heloscope/base/thread.h"

#define DESCRIPTORS_NEEDED 64        /* for resolver, lists, log of records and a few sessions */
#define DESCRIPTORS_OF_SESSIONS 1024 /* and of the rest */
#define DESCRIPTORS_WANTED (BOUND_UNDER_WAY + DESCRIPTORS_OF_SESSIONS) /* each question has a socket */
#define KNOCK_EVERY_MS 50
/* libmilter has so long to end, which looks up every five seconds; a service manager waits longer. */
#define END_WITHIN_MS 8000

static struct {
	const char *path;
	struct config *started_with; /* counted: what needs a restart is as it says */
	int control_fd;              /* -1: there is no control socket */
	pthread_t milter, reloader;
	atomic_bool is_reload_wanted;       /* since the last one began, however often */
	sem_t reload_news;                  /* that has changed, or it ends */
	sem_t has_news;                     /* for the first thread: one of those below has changed */
	atomic_int stop_signal;             /* 0 until there was one */
	atomic_bool is_stopping, has_ended; /* has_ended: milter_run() has returned */
	atomic_bool has_been_told;          /* milter_stop() has returned */
	atomic_bool is_well;                /* what it returned */
} server = { .control_fd = -1 };

/* The configuration. */

static void
tell_what_waits(const char *setting)
{
	log_warning("the setting \"%s\" has changed: that takes effect only after a restart", setting);
}

/* A configuration that can be used, or NULL with the reason. An editor may have emptied the file, to write it
 * in a moment. */
static struct config *
read_again(struct error *error)
{
	char *text;
	struct config *config = config_read_told(server.path, &text);

	config_log_told(text, config != NULL);
	if (config != NULL && config->has_statements)
		return config;
	error_set(error, config == NULL ? "%s has errors" : "%s has no setting at all", server.path);
	config_unref(config);
	return NULL;
}

static void
tell_if_disarmed(const struct config *before, const struct config *now)
{
	if (before->mode == MODE_ENFORCE && now->mode != MODE_ENFORCE)
		log_warning("the mode was enforce and is audit now: no mail is refused any more");
}

/* What keeps it neither from starting nor from using a configuration, but will be missed. */
static void
tell_what_is_missing(const struct config *config)
{
	char *text = NULL;
	size_t size = 0;
	struct output messages = { .file = open_memstream(&text, &size) };

	if (messages.file == NULL)
		return;
	(void)surroundings_check(config, server.path, true, &messages); /* it has what it needs to start */
	(void)fclose(messages.file);
	config_log_told(text, true);
}

static void
reload(void)
{
	struct runtime *current = milter_runtime(), *next = NULL;
	struct config *config;
	struct error error;

	service_notify("RELOADING=1");
	config = read_again(&error);
	if (config != NULL && (next = runtime_new(config, current, &error)) == NULL)
		config_unref(config);
	if (next != NULL) {
		runtime_settle(next);
		milter_use(next);
		log_open(config->log_target, config->log_level);
		log_info("configuration read again from %s", server.path);
		counts_reload(RELOAD_SUCCESS);
		tell_if_disarmed(runtime_config(current), config);
		tell_what_is_missing(config);
		config_tell_changes(server.started_with, config, EFFECT_RESTART, tell_what_waits);
		runtime_unref(next);
	} else {
		log_error("%s; the old configuration stays", error.text);
		counts_reload(RELOAD_FAILURE);
	}
	runtime_unref(current);
	service_notify("READY=1");
}

/* Threads. */

/* A thread of its own, so that the first one is always there for signals. */
static void *
reload_when_wanted(void *context)
{
	(void)context;
	while (!atomic_load(&server.is_stopping)) {
		if (atomic_exchange(&server.is_reload_wanted, false))
			reload();
		else
			(void)sem_wait(&server.reload_news);
	}
	return NULL;
}

static void *
run_milter(void *context)
{
	(void)context;
	server.is_well = milter_run();
	atomic_store(&server.has_ended, true);
	(void)sem_post(&server.has_news);
	return NULL;
}

/* Until the filter is to end, or has ended. */
static void
wait_for_the_end(void)
{
	int number = 0;

	while (!atomic_load(&server.has_ended) && (number = atomic_load(&server.stop_signal)) == 0)
		(void)sem_wait(&server.has_news);
	if (number != 0)
		log_info("SIG%s: heloscope-milter stops", sigabbrev_np(number));
	else
		log_info("heloscope-milter stops: libmilter has ended%s",
			 server.is_well ? ", as a signal told it" : "");
}

static bool
start_threads(struct error *error)
{
	if (thread_start(&server.reloader, reload_when_wanted, NULL)
	    && thread_start(&server.milter, run_milter, NULL))
		return true;
	error_set(error, "a thread cannot start");
	return false;
}

static void *
stop_milter(void *context)
{
	(void)context;
	milter_stop();
	atomic_store(&server.has_been_told, true);
	(void)sem_post(&server.has_news);
	return NULL;
}

static void
wait_for_news(long most_ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += most_ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	(void)sem_clockwait(&server.has_news, CLOCK_MONOTONIC, &until);
}

static bool
milter_has_gone(void)
{
	return atomic_load(&server.has_ended) && atomic_load(&server.has_been_told);
}

/*
 * libmilter waits for connections five seconds at a time, under the lock that whoever stops it needs: so it
 * gets connections until it has been told.
 *
 * The thread that ends its pool of workers may go with their lock in its hands, and one that starts makes
 * locks anew in which another waits; then threads wait for ever. False when that has happened: nobody is
 * served any more, and the process has to end without them.
 */
static bool
end_milter(void)
{
	const uint64_t end_ms = clock_now_ms() + END_WITHIN_MS;
	pthread_t stopper;
	const bool is_being_told = thread_start(&stopper, stop_milter, NULL);

	if (!is_being_told)
		(void)stop_milter(NULL);
	while (!milter_has_gone() && clock_now_ms() < end_ms) {
		rouse();
		wait_for_news(KNOCK_EVERY_MS);
	}
	if (is_being_told && atomic_load(&server.has_been_told))
		(void)pthread_join(stopper, NULL);
	if (atomic_load(&server.has_ended))
		(void)pthread_join(server.milter, NULL);
	return milter_has_gone();
}

static void
end_control(void)
{
	control_stop();
	if (server.control_fd >= 0)
		listener_unmake(server.started_with->control);
}

/* From the signal to the end. Where threads of libmilter are left, what the process would tidy up at its end
 * may still be in their hands. */
static void
stop(void)
{
	struct runtime *runtime;
	bool is_alone;

	service_notify("STOPPING=1");
	atomic_store(&server.is_stopping, true);
	is_alone = end_milter();
	if (!is_alone)
		log_warning("libmilter did not end in %d s; heloscope-milter ends without it",
			    END_WITHIN_MS / 1000);
	/* Told in the moment in which it starts, libmilter calls that an error. */
	server.is_well = server.is_well || atomic_load(&server.stop_signal) != 0;
	(void)sem_post(&server.reload_news);
	(void)pthread_join(server.reloader, NULL);
	end_control();
	rouse_stop();
	intake_stop();
	runtime = milter_runtime(); /* libmilter may still have sessions, and they runtimes */
	runtime_save(runtime);
	runtime_unref(runtime);
	milter_close();
	if (!is_alone)
		_exit(server.is_well ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* The start. */

/* Mail does not need it: without it the filter does its work all the same. */
static void
open_control(const struct config *config, const struct service_account *account)
{
	const struct listener_wish wish = { .listen = config->control,
					    .owner = config->control_owner,
					    .group = config->control_group,
					    .mode = config->control_mode,
					    .clients = config->control_group != NULL ? config->control_group
										     : config->user };
	struct error error;
	int fd;

	if (config->control == NULL)
		return;
	fd = local_socket_make(&wish, account, &error);
	if (fd >= 0) {
		server.control_fd = service_put_aside(fd);
		error_set(&error, "%s", strerror(errno));
	}
	if (server.control_fd < 0)
		log_error("control: %s; the filter runs without a control socket", error.text);
}

static void
start_control(void)
{
	struct error error;

	if (server.control_fd >= 0 && !control_start(server.control_fd, server.path, &error))
		log_error("control: %s; the filter runs without a control socket", error.text);
}

/* The sockets, and the end of root. */
static bool
take_place(const struct config *config, struct error *error)
{
	const bool is_root = geteuid() == 0 && strcmp(config->user, "root") != 0;
	const struct listener_wish wish = { .listen = config->listen,
					    .owner = config->socket_owner,
					    .group = config->socket_group,
					    .mode = config->socket_mode,
					    .open = milter_open };
	struct service_account account;

	if (is_root
	    && !service_find_account(config->user, config->group, SERVICE_USER_SETTING, &account, error))
		return false;
	if (!listener_make(&wish, is_root ? &account : NULL, error))
		return false;
	open_control(config, is_root ? &account : NULL);
	return !is_root || service_drop_privileges(&account, error);
}

/* All that sessions need, as the user who serves them. Takes the reference to `config`. */
static bool
make_ready(struct config *config, unsigned long descriptors, struct error *error)
{
	struct runtime *runtime = runtime_new(config, NULL, error);

	if (runtime == NULL) {
		config_unref(config);
		return false;
	}
	service_send_at_once();
	milter_use(runtime);
	runtime_unref(runtime);
	if (!intake_start(descriptors, error) || !rouse_start(error))
		return false;
	runtime_settle(runtime);
	start_control();
	return start_threads(error);
}

static bool
start(struct config *config, struct error *error)
{
	const unsigned long descriptors = service_raise_descriptors();

	if (descriptors < DESCRIPTORS_NEEDED) {
		error_set(error,
			  "%lu open files are allowed, and %d are needed; raise LimitNOFILE, or ulimit -n",
			  descriptors, DESCRIPTORS_NEEDED);
		return false;
	}
	if (descriptors < DESCRIPTORS_WANTED)
		log_warning(
			"%lu open files are allowed, and DNS queries that wait for answers can take %d of them, which leaves few for SMTP sessions; raise LimitNOFILE, or ulimit -n, to %d or more",
			descriptors, BOUND_UNDER_WAY, DESCRIPTORS_WANTED);
	if (!take_place(config, error))
		return false;
	tell_what_is_missing(config);
	if (make_ready(config_ref(config), descriptors, error))
		return true;
	end_control();
	listener_unmake(config->listen);
	return false;
}

/* Signals. */

static void
take_reload(int number)
{
	(void)number;
	if (!atomic_exchange(&server.is_reload_wanted, true))
		(void)sem_post(&server.reload_news);
}

static void
take_stop(int number)
{
	atomic_store(&server.stop_signal, number);
	(void)sem_post(&server.has_news);
}

/* Those that would end the program, and mean nothing to it. */
static void
ignore_signals(void)
{
	static const int ignored[] = {
		SIGXFSZ /* a limit on the size of files costs records, not the filter */,
		SIGPIPE,
		SIGUSR2,
		SIGALRM,
		SIGVTALRM,
		SIGPROF,
		SIGIO,
		SIGPWR
	};

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		(void)signal(ignored[i], SIG_IGN);
}

/*
 * A thread of libmilter waits for SIGHUP, SIGTERM and SIGINT with sigwait(3), and does not know how to make
 * the one that waits for connections look up. A signal to the process goes to its first thread when that does
 * not block it, so that one opens them, which a parent may have blocked, from here to the end, and has
 * handlers; all others block them. (In the moment in which libmilter's thread starts it may still take one:
 * then the end takes five seconds.)
 */
static bool
take_signals(void)
{
	struct sigaction stop_action = { .sa_handler = take_stop, .sa_flags = SA_RESTART };
	struct sigaction reload_action = { .sa_handler = take_reload, .sa_flags = SA_RESTART };
	sigset_t none;

	(void)sigemptyset(&none);
	stop_action.sa_mask = reload_action.sa_mask = none;
	ignore_signals();
	return sem_init(&server.reload_news, 0, 0) == 0 && sem_init(&server.has_news, 0, 0) == 0
	       && sigaction(SIGHUP, &stop_action, NULL) == 0 && sigaction(SIGTERM, &stop_action, NULL) == 0
	       && sigaction(SIGINT, &stop_action, NULL) == 0 && sigaction(SIGQUIT, &stop_action, NULL) == 0
	       && sigaction(SIGXCPU, &stop_action, NULL) == 0 && sigaction(SIGUSR1, &reload_action, NULL) == 0
	       && pthread_sigmask(SIG_SETMASK, &none, NULL) == 0;
}

bool
serve(const char *path)
{
	struct error error;
	char *text;

	if (!take_signals()) {
		log_error("signals cannot be taken: %s", strerror(errno));
		return false;
	}
	thread_set_stack();
	server.path = path;
	server.started_with = config_read_told(path, &text);
	if (server.started_with != NULL)
		log_open(server.started_with->log_target, server.started_with->log_level);
	else
		log_open(LOG_TARGET_SYSLOG, LOG_LEVEL_INFO);
	config_log_told(text, server.started_with != NULL);
	if (server.started_with == NULL) {
		log_error("%s has errors; heloscope-milter does not start", path);
		return false;
	}
	if (!start(server.started_with, &error)) {
		log_error("%s", error.text);
		return false;
	}
	log_info("heloscope-milter %s listens on %s, mode %s", PACKAGE_VERSION, server.started_with->listen,
		 server.started_with->mode == MODE_ENFORCE ? "enforce" : "audit");
	log_is_ready();
	service_notify("READY=1");
	wait_for_the_end();
	stop();
	config_unref(server.started_with);
	return server.is_well;
}
