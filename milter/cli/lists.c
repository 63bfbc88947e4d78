/* heloscope lists: are the configured lists working? */
#include <stdlib.h>
#include <string.h>

#include "heloscope/cli/cli.h"
#include "heloscope/base/document.h"
#include "heloscope/words/list_trouble.h"
#include "heloscope/records/codec.h"
#include "heloscope/base/log.h"
#include "heloscope/base/prose.h"
#include "heloscope/dns/resolver.h"

#define NAME_WIDTH 30
#define EXAMS_MEMORY (64U << 20) /* octets */

static const char help[] =
	"usage: heloscope lists [-c FILE] [--json]\n"
	"\n"
	"Looks up the test entries of each configured DNS list (RFC 5782, section 5), and shows\n"
	"whether it works, how long it took to answer, and what to do when it does not.\n"
	"\n"
	"  -c, --config FILE   the configuration (default: " CONFIG_FILE ")\n"
	"      --json          as JSON: an array with an object for each list\n"
	"  -h, --help          print this and exit\n"
	"\n"
	"Exit status: 0 all work, 1 some do not, 2 wrong usage, 3 none answers, or the\n"
	"configuration cannot be read.\n"
	"\n"
	"Example: heloscope lists -c " CONFIG_FILE "\n";

/* One row for each part of a list. */
struct exams {
	struct list_exam *items;
	size_t count;
};

/* A list that is left out has one row, and is not asked. */
static void
begin(struct exams *exams, const struct list *list, struct lookup *lookup, struct arena *arena)
{
	if (list->is_left_out)
		exams->items[exams->count++].list = list;
	for (int part = 0; part < LIST_PARTS && !list->is_left_out; part++)
		if (list_has_part(list, (enum list_part)part))
			exams->items[exams->count++] =
				list_exam_begin(list, (enum list_part)part, lookup, arena);
}

/* Ask all at once, and wait for the answers. */
static void
examine(struct exams *exams, const struct config *config, struct lookup *lookup, struct arena *arena)
{
	for (size_t i = 0; i < config->lists.count; i++)
		begin(exams, &config->lists.items[i], lookup, arena);
	for (size_t i = 0; i < exams->count; i++)
		if (!exams->items[i].list->is_left_out)
			list_exam_end(&exams->items[i], lookup);
}

/* Telling. */

static const char *
kind_of(const struct list *list)
{
	if (list->is_allow)
		return "allow";
	return (list->subjects & 1U << LIST_CLIENT) != 0 ? "block" : "domain";
}

enum exam_state { EXAM_NOT_ASKED, EXAM_NOT_WELL, EXAM_UNTESTED, EXAM_WELL, EXAM_STATES };

static const struct {
	const char *token, *text;
} states[EXAM_STATES] = {
	[EXAM_NOT_ASKED] = { "not-asked", "not queried" },
	[EXAM_NOT_WELL] = { "not-well", "faulty" },
	[EXAM_UNTESTED] = { "no-test-entries", "no test entries" },
	[EXAM_WELL] = { "well", "works" },
};

static enum exam_state
state_of(const struct list_exam *exam)
{
	if (exam->list->is_left_out)
		return EXAM_NOT_ASKED;
	if (exam->trouble != LIST_WELL)
		return EXAM_NOT_WELL;
	return exam->questions[0].is_random ? EXAM_UNTESTED : EXAM_WELL;
}

/* IPv6 has a row when its list says that it knows IPv6, or when there is something else to tell of it. */
static bool
has_row(const struct exams *exams, size_t index)
{
	const struct list_exam *exam = &exams->items[index];
	const struct list_entry *entry = exam->list->entry;

	return exam->part != LIST_PART_IPV6 || index == 0 || exams->items[index - 1].list != exam->list
	       || (entry != NULL && entry->ipv6 >= LIST_IPV6_YES)
	       || exams->items[index - 1].trouble != exam->trouble;
}

/* What there is to say beside the state; empty when nothing. */
static void
remark_on(const struct list_exam *exam, struct strbuf *remark)
{
	const struct list *list = exam->list;
	const struct list_entry *entry = list->entry;

	if (list->is_left_out && entry != NULL && entry->status == LIST_STATUS_CLOSED)
		strbuf_printf(remark, "closed%s%s. Remove the line", entry->status_text != NULL ? " " : "",
			      entry->status_text != NULL ? entry->status_text : "");
	else if (list->is_left_out)
		strbuf_add(remark,
			   "it is not of the kind that its line takes it for; heloscope-milter -t says more");
	else if (exam->trouble != LIST_WELL)
		list_exam_tell(exam, remark);
	else if (strcmp(list->group, list->shown) != 0)
		strbuf_printf(remark, "its data is within %s, so what both find counts once", list->group);
	else if (entry != NULL && entry->status == LIST_STATUS_MERGED)
		strbuf_printf(remark, "merged into another list%s%s", entry->status_text != NULL ? ": " : "",
			      entry->status_text != NULL ? entry->status_text : "");
}

static void
put_row(const struct list_exam *exam)
{
	char memory[1000], name[DOMAIN_SIZE + 16], time[16] = "-";
	struct strbuf remark;

	strbuf_init(&remark, memory, sizeof memory);
	remark_on(exam, &remark);
	(void)snprintf(name, sizeof name, "%s%s", exam->list->shown, list_part_mark(exam->part));
	if (exam->trouble != LIST_NO_ANSWER && !exam->list->is_left_out)
		(void)snprintf(time, sizeof time, "%u ms", exam->slowest_ms);
	output_put(output_standard(), "%-*s %-7s %8s  %s\n", NAME_WIDTH, name, kind_of(exam->list), time,
		   states[state_of(exam)].text);
	if (memory[0] == '\0')
		return;
	output_put(output_standard(), "    ");
	prose_wrap(output_standard(), memory, 4, 4);
}

static void
put_table(const struct exams *exams)
{
	output_put(output_standard(), "%-*s %-7s %8s  %s\n", NAME_WIDTH, "List", "Kind", "Time", "State");
	for (size_t i = 0; i < exams->count; i++)
		if (has_row(exams, i))
			put_row(&exams->items[i]);
}

static json_t *
object_of(const struct list_exam *exam)
{
	char memory[1000];
	struct strbuf remark;
	json_t *object;

	strbuf_init(&remark, memory, sizeof memory);
	remark_on(exam, &remark);
	object = json_object();
	document_set_text(object, "zone", exam->list->shown);
	document_set_text(object, "kind", kind_of(exam->list));
	document_set_text(object, "part", list_part_word(exam->part));
	document_set_text(object, "state", states[state_of(exam)].token);
	if (state_of(exam) == EXAM_NOT_WELL)
		document_set_text(object, "fault",
				  codec_list_faults.words[list_trouble_fault(exam->trouble)]);
	document_set_number(object, "time-ms", (json_int_t)exam->slowest_ms);
	document_set_text(object, "remark", memory);
	return object;
}

static void
put_json(const struct exams *exams)
{
	json_t *array = json_array();

	for (size_t i = 0; i < exams->count; i++)
		if (has_row(exams, i))
			document_append(array, object_of(&exams->items[i]));
	document_print(output_standard(), array);
	json_decref(array);
}

static void
put_exams(const struct exams *exams, const struct cli_options *options)
{
	if (options->is_json)
		put_json(exams);
	else if (exams->count == 0)
		output_put(output_standard(), "%s uses no lists.\n", options->config);
	else
		put_table(exams);
}

static int
status_of(const struct exams *exams)
{
	size_t asked = 0, silent = 0, bad = 0;

	for (size_t i = 0; i < exams->count; i++) {
		const struct list_exam *exam = &exams->items[i];

		bad += exam->list->is_left_out || exam->trouble != LIST_WELL ? 1 : 0;
		asked += exam->list->is_left_out ? 0 : 1;
		silent += !exam->list->is_left_out && exam->trouble == LIST_NO_ANSWER ? 1 : 0;
	}
	if (asked > 0 && silent == asked)
		return CLI_UNKNOWN;
	return bad > 0 ? CLI_FINDINGS : CLI_WELL;
}

static int
look_at_lists(const struct config *config, const struct cli_options *options)
{
	struct exams exams = { .count = 0 };
	struct error error;
	struct dns_resolver *resolver = resolver_new(&config->resolver, &error);
	struct lookup *lookup = resolver != NULL ? lookup_new(resolver, config->timeout_ms) : NULL;
	struct arena arena;
	int status = CLI_UNKNOWN;

	arena_init(&arena, EXAMS_MEMORY);
	exams.items = calloc(LIST_PARTS * config->lists.count + 1, sizeof *exams.items);
	if (lookup == NULL || exams.items == NULL) {
		output_put(output_errors(), "heloscope lists: %s\n",
			   resolver == NULL ? error.text : "out of memory");
	} else {
		examine(&exams, config, lookup, &arena);
		put_exams(&exams, options);
		status = status_of(&exams);
	}
	free(exams.items);
	arena_clear(&arena);
	resolver_free(resolver);
	lookup_free(lookup);
	return status;
}

int
cli_lists(int argc, char **argv)
{
	struct cli_options options;
	struct config *config;
	int status = cli_read_options("lists", help, argc, argv, &options);

	if (status >= 0)
		return status;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	config = cli_config_of_filter(options.config); /* warnings about lists stand in the table */
	if (config == NULL)
		return CLI_UNKNOWN;
	status = look_at_lists(config, &options);
	config_unref(config);
	return status;
}
