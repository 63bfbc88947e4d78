/* heloscope lists: are the configured lists alive and sane? */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli.h"
#include "heloscope/clock.h"
#include "heloscope/document.h"
#include "heloscope/list_health.h"
#include "heloscope/log.h"
#include "heloscope/prose.h"
#include "heloscope/resolver.h"

#define NAME_WIDTH 30

static const char help[] =
	"usage: heloscope lists [-c FILE] [--json]\n"
	"\n"
	"Asks each configured DNS list for its test entries (RFC 5782, section 5), and tells\n"
	"whether it is well, how long it took to answer, and what to do when it is not.\n"
	"\n"
	"  -c, --config FILE   the configuration (default: " CONFIG_FILE ")\n"
	"      --json          as JSON: an array with an object for each list\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 all are well, 1 some are not, 2 wrong usage, 3 none answers, or the\n"
	"configuration cannot be read.\n"
	"\n"
	"Example: heloscope lists -c /etc/heloscope/heloscope.conf\n";

struct options {
	const char *config;
	bool is_json;
};

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct cli_option table[] = {
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "json", .flag = &options->is_json },
		{ .name = NULL },
	};

	return cli_read_only_options(argc, argv, &(struct cli_syntax){ "lists", help, table, NULL });
}

/* What asking one list brought. Answers come in on the resolver's thread. */
struct exam {
	const struct list *list;
	enum list_trouble worst;
	uint32_t answer; /* that showed it */
	unsigned slowest_ms;
};

struct exams {
	pthread_mutex_t lock; /* guards the exams */
	pthread_cond_t has_changed;
	struct exam *items;
	size_t count, pending;
};

/* One test entry that is asked for. */
struct question {
	struct exams *exams;
	struct exam *exam;
	bool is_listed;
	uint64_t asked_ms;
};

static void
take_answer(void *context, struct dns_answer *answer)
{
	struct question *question = context;
	struct exams *exams = question->exams;
	struct exam *exam = question->exam;
	struct list_reading reading = { .says = LIST_SAYS_NOTHING };
	const unsigned took_ms = (unsigned)(clock_now_ms() - question->asked_ms);
	enum list_trouble trouble;

	if (answer != NULL)
		reading = dnslist_read(exam->list, answer);
	trouble = list_health_judge(question->is_listed, reading.says);
	(void)pthread_mutex_lock(&exams->lock);
	if (trouble > exam->worst) {
		exam->worst = trouble;
		exam->answer = reading.count > 0 ? reading.answers[0] : 0;
	}
	exam->slowest_ms = took_ms > exam->slowest_ms ? took_ms : exam->slowest_ms;
	exams->pending--;
	(void)pthread_cond_signal(&exams->has_changed);
	(void)pthread_mutex_unlock(&exams->lock);
	dns_answer_free(answer);
	free(question);
}

static void
ask(struct exams *exams, struct exam *exam, const struct list_probe *probe, struct dns_resolver *resolver)
{
	struct question *question = malloc(sizeof *question);
	char name[DOMAIN_SIZE];

	if (question == NULL)
		return;
	*question = (struct question){ exams, exam, probe->is_listed, clock_now_ms() };
	(void)pthread_mutex_lock(&exams->lock);
	exams->pending++;
	(void)pthread_mutex_unlock(&exams->lock);
	if (!dnslist_entry_name(exam->list, probe->entry, name)
	    || !resolver->ask(resolver, name, DNS_A, take_answer, question))
		take_answer(question, NULL);
}

/* Ask all at once, and wait for the answers. What does not come in time the end of the resolver answers. */
static void
examine(struct exams *exams, const struct config *config, struct dns_resolver *resolver)
{
	const struct timespec deadline = clock_deadline(config->timeout_ms);

	for (size_t i = 0; i < config->lists.count; i++) {
		const struct list *list = &config->lists.items[i];

		exams->items[i] = (struct exam){ .list = list };
		for (size_t j = 0; j < list->probes.count && !list->is_left_out; j++)
			ask(exams, &exams->items[i], &list->probes.items[j], resolver);
	}
	(void)pthread_mutex_lock(&exams->lock);
	while (exams->pending > 0
	       && pthread_cond_timedwait(&exams->has_changed, &exams->lock, &deadline) == 0)
		continue;
	(void)pthread_mutex_unlock(&exams->lock);
}

/* Telling. */

static const char *
kind_of(const struct list *list)
{
	if (list->is_allow)
		return "allow";
	return (list->subjects & 1U << LIST_CLIENT) != 0 ? "block" : "domain";
}

static const char *
state_of(const struct exam *exam)
{
	if (exam->list->is_left_out)
		return "not asked";
	if (exam->list->probes.count == 0)
		return "no test entries";
	return exam->worst == LIST_WELL ? "well" : "not well";
}

/* What there is to say beside the state; empty when nothing. */
static void
remark_on(const struct exam *exam, struct strbuf *remark)
{
	const struct list *list = exam->list;
	const struct list_entry *entry = list->entry;

	if (list->is_left_out && entry != NULL && entry->status == LIST_STATUS_CLOSED)
		strbuf_printf(remark, "closed%s%s. Remove the line", entry->status_text != NULL ? " " : "",
			      entry->status_text != NULL ? entry->status_text : "");
	else if (list->is_left_out)
		strbuf_add(remark,
			   "it is not of the kind that its line takes it for; heloscope-milter -t says more");
	else if (exam->worst != LIST_WELL)
		list_health_advise(list, exam->worst, exam->answer, remark);
	else if (strcmp(list->group, list->shown) != 0)
		strbuf_printf(remark, "its data is within %s, so what both find counts once", list->group);
	else if (entry != NULL && entry->status == LIST_STATUS_MERGED)
		strbuf_printf(remark, "merged into another list%s%s", entry->status_text != NULL ? ": " : "",
			      entry->status_text != NULL ? entry->status_text : "");
}

static void
put_table(const struct exams *exams)
{
	output_put(output_standard(), "%-*s %-7s %8s  %s\n", NAME_WIDTH, "List", "Kind", "Time", "State");
	for (size_t i = 0; i < exams->count; i++) {
		const struct exam *exam = &exams->items[i];
		char memory[800], time[16] = "-";
		struct strbuf remark;

		strbuf_init(&remark, memory, sizeof memory);
		remark_on(exam, &remark);
		if (exam->worst != LIST_NO_ANSWER && exam->list->probes.count > 0 && !exam->list->is_left_out)
			(void)snprintf(time, sizeof time, "%u ms", exam->slowest_ms);
		output_put(output_standard(), "%-*s %-7s %8s  %s\n", NAME_WIDTH, exam->list->shown,
			   kind_of(exam->list), time, state_of(exam));
		if (memory[0] != '\0') {
			output_put(output_standard(), "    ");
			prose_wrap(output_standard(), memory, 4, 4);
		}
	}
}

static void
put_json(const struct exams *exams)
{
	json_t *array = json_array();

	for (size_t i = 0; i < exams->count; i++) {
		const struct exam *exam = &exams->items[i];
		char memory[800];
		struct strbuf remark;
		json_t *object;

		strbuf_init(&remark, memory, sizeof memory);
		remark_on(exam, &remark);
		object = json_object();
		document_set_text(object, "zone", exam->list->shown);
		document_set_text(object, "kind", kind_of(exam->list));
		document_set_text(object, "state", state_of(exam));
		document_set_number(object, "time-ms", (json_int_t)exam->slowest_ms);
		document_set_text(object, "remark", memory);
		document_append(array, object);
	}
	document_print(output_standard(), array);
	json_decref(array);
}

static void
put_exams(const struct exams *exams, const struct options *options)
{
	if (options->is_json)
		put_json(exams);
	else if (exams->count == 0)
		output_put(output_standard(), "%s asks no lists.\n", options->config);
	else
		put_table(exams);
}

static int
status_of(const struct exams *exams)
{
	size_t asked = 0, silent = 0, bad = 0;

	for (size_t i = 0; i < exams->count; i++) {
		const struct exam *exam = &exams->items[i];

		bad += exam->list->is_left_out || exam->worst != LIST_WELL ? 1 : 0;
		asked += exam->list->is_left_out ? 0 : 1;
		silent += !exam->list->is_left_out && exam->worst == LIST_NO_ANSWER ? 1 : 0;
	}
	if (asked > 0 && silent == asked)
		return CLI_UNKNOWN;
	return bad > 0 ? CLI_FINDINGS : CLI_WELL;
}

static int
look_at_lists(const struct config *config, const struct options *options)
{
	struct exams exams = { .count = config->lists.count, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct error error;
	struct dns_resolver *resolver = resolver_new(&config->resolver, &error);
	int status = CLI_UNKNOWN;

	exams.items = calloc(exams.count + 1, sizeof *exams.items);
	if (resolver == NULL || exams.items == NULL || !clock_init_condition(&exams.has_changed)) {
		output_put(output_errors(), "heloscope lists: %s\n",
			   resolver == NULL ? error.text : "out of memory");
		resolver_free(resolver);
	} else {
		examine(&exams, config, resolver);
		resolver_free(resolver); /* no answer comes any more */
		put_exams(&exams, options);
		status = status_of(&exams);
	}
	free(exams.items);
	return status;
}

int
cli_lists(int argc, char **argv)
{
	struct options options = { .config = CONFIG_FILE };
	struct config *config;
	int status = read_options(argc, argv, &options);
	struct output unread = { .file = NULL }; /* warnings about lists stand in the table */

	if (status >= 0)
		return status;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	config = config_read(options.config, &unread);
	if (config == NULL) /* say why */
		config = config_read(options.config, output_errors());
	if (config == NULL)
		return CLI_UNKNOWN;
	status = look_at_lists(config, &options);
	config_unref(config);
	return status;
}
