/* audit: real files, and what may happen to them; record: what a message becomes. */
#include "unit.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config_text.h"
#include "heloscope/records/collector.h"
#include "heloscope/records/log.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/document.h"
#include "heloscope/records/cut.h"
#include "heloscope/words/explain.h"
#include "heloscope/base/log.h"
#include "heloscope/records/meter.h"
#include "heloscope/records/record.h"
#include "heloscope/records/shape.h"

#define LIMIT 100000 /* octets of a file; the log of this test needs less */

/* A folder of its own with a path for the log. */
struct place {
	char folder[64], path[96], other[96];
};

static struct place
make_place(void)
{
	struct place place = { .folder = "/tmp/heloscope-records.XXXXXX" };

	assert_non_null(mkdtemp(place.folder));
	(void)snprintf(place.path, sizeof place.path, "%s/records.jsonl", place.folder);
	(void)snprintf(place.other, sizeof place.other, "%s/records.jsonl.1", place.folder);
	return place;
}

static void
remove_place(struct place *place)
{
	(void)unlink(place->path);
	(void)unlink(place->other);
	(void)rmdir(place->folder);
}

static struct record_log *
open_record_log(const char *path)
{
	struct error error;
	struct record_log *log = record_log_new(path, &error);

	assert_non_null(log);
	return log;
}

static void
write_line(struct record_log *log, const char *text)
{
	record_log_write(log, strdup(text));
}

static size_t
read_file(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t length = 0;

	if (file != NULL) {
		length = fread(text, 1, size - 1, file);
		(void)fclose(file);
	}
	text[length] = '\0';
	return length;
}

/* Wait until the file holds `expected`; its thread writes when it likes. */
static void
expect_file(const char *path, const char *expected)
{
	char text[4096] = "";

	for (int i = 0; i < 2000; i++) {
		(void)read_file(path, text, sizeof text);
		if (strcmp(text, expected) == 0)
			return;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	}
	assert_string_equal(text, expected);
}

static void
record_log_appends_whole_lines_in_order(void **state)
{
	struct place place = make_place();
	struct record_log *log;

	(void)state;
	log = open_record_log(place.path);
	write_line(log, "one");
	write_line(log, "two");
	record_log_unref(log); /* writes what is queued */
	expect_file(place.path, "one\ntwo\n");
	log = open_record_log(place.path);
	write_line(log, "three");
	record_log_unref(log);
	expect_file(place.path, "one\ntwo\nthree\n");
	remove_place(&place);
}

/* F42: rotation by rename, by removal, and by copying and truncating. */
static void
F42_record_log_follows_rotation(void **state)
{
	struct place place = make_place();
	struct record_log *log;

	(void)state;
	log = open_record_log(place.path);
	write_line(log, "one");
	expect_file(place.path, "one\n");
	assert_int_equal(rename(place.path, place.other), 0);
	write_line(log, "two");
	expect_file(place.path, "two\n");
	expect_file(place.other, "one\n");
	assert_int_equal(truncate(place.path, 0), 0);
	write_line(log, "three");
	expect_file(place.path, "three\n");
	assert_int_equal(unlink(place.path), 0);
	write_line(log, "four");
	expect_file(place.path, "four\n");
	assert_int_equal(record_log_lost(log), 0);
	record_log_unref(log);
	remove_place(&place);
}

/* F46: behind a line that a kill has torn the next one begins anew. */
static void
F46_record_log_begins_a_line_behind_a_torn_one(void **state)
{
	struct place place = make_place();
	struct record_log *log;
	FILE *file;

	(void)state;
	file = fopen(place.path, "w");
	(void)fputs("{\"v\":1}\n{\"v\":1,\"id", file);
	(void)fclose(file);
	log = open_record_log(place.path);
	write_line(log, "two");
	write_line(log, "three");
	record_log_unref(log);
	expect_file(place.path, "{\"v\":1}\n{\"v\":1,\"id\ntwo\nthree\n");
	remove_place(&place);
}

static void
expect_lost(struct record_log *log, size_t lost)
{
	for (int i = 0; i < 2000 && record_log_lost(log) != lost; i++)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	assert_int_equal(record_log_lost(log), lost);
}

/* F41: a full disk, and a folder that is away for a while. */
static void
F41_record_log_loses_and_counts_what_cannot_be_written(void **state)
{
	struct place place = make_place();
	char away[128];
	struct record_log *log;

	(void)state;
	log = open_record_log("/dev/full");
	for (size_t i = 1; i <= 5; i++) {
		write_line(log, "x");
		expect_lost(log, i);
	}
	record_log_unref(log);
	(void)snprintf(away, sizeof away, "%s.away", place.folder);
	log = open_record_log(place.path);
	write_line(log, "one");
	expect_file(place.path, "one\n");
	assert_int_equal(rename(place.folder, away), 0);
	write_line(log, "two");
	expect_lost(log, 1);
	assert_int_equal(rename(away, place.folder), 0);
	write_line(log, "three");
	expect_file(place.path, "one\nthree\n");
	record_log_unref(log);
	remove_place(&place);
}

/* The log of the program, while `work` runs. */
static void
take_log(void (*work)(const char *path), const char *path, char *text, size_t size)
{
	const int kept = dup(STDERR_FILENO);
	FILE *file = tmpfile();
	size_t length;

	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
	work(path);
	(void)dup2(kept, STDERR_FILENO);
	(void)close(kept);
	rewind(file);
	length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	(void)fclose(file);
}

static void
write_beyond_the_limit(const char *path)
{
	struct record_log *log = open_record_log(path);
	struct rlimit before;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)fclose(fopen(path, "w"));
	assert_int_equal(truncate(path, LIMIT - 3), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ LIMIT, before.rlim_max }), 0);
	write_line(log, "abcdefgh"); /* of which two octets find room, behind a line end */
	expect_lost(log, 1);
	record_log_unref(log);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	log = open_record_log(path);
	write_line(log, "after");
	record_log_unref(log);
}

/* N08: a write that was short says nothing; why the rest finds no room is told at once. */
static void
N08_record_log_tells_why_a_write_was_short(void **state)
{
	struct place place = make_place();
	char text[2000];
	static char octets[LIMIT + 20];

	(void)state;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	take_log(write_beyond_the_limit, place.path, text, sizeof text);
	assert_non_null(strstr(text, ": File too large; 1 record lost so far"));
	assert_int_equal(read_file(place.path, octets, sizeof octets), LIMIT + 7);
	assert_string_equal(octets + LIMIT - 3, "\nab\nafter\n");
	remove_place(&place);
}

/* A disk that hangs: a pipe that nobody reads. */
struct hanging {
	int reader, writer;
};

static int
descriptor_of(const char *path)
{
	struct stat named, own;

	assert_int_equal(stat(path, &named), 0);
	for (int fd = 3; fd < 1024; fd++)
		if (fstat(fd, &own) == 0 && own.st_ino == named.st_ino && own.st_dev == named.st_dev)
			return fd;
	fail_msg("%s is not open", path);
	return -1;
}

/* Put it in the place of the file that `log` has open, under its name, too, so that it is still that file. */
static struct hanging
hang(struct record_log *log, const struct place *place)
{
	struct hanging hanging;
	char path[64];
	int ends[2];

	write_line(log, "before");
	expect_file(place->path, "before\n");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	hanging = (struct hanging){ ends[0], ends[1] };
	assert_int_equal(fcntl(hanging.reader, F_SETFL, O_NONBLOCK), 0);
	assert_true(dup2(hanging.writer, descriptor_of(place->path)) >= 0);
	(void)unlink(place->path);
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", hanging.writer);
	assert_int_equal(symlink(path, place->path), 0);
	return hanging;
}

/* Have it go on, and write the lines of that length that are not lost. */
static void
stop_hanging(const struct hanging *hanging, struct record_log *log, size_t count, size_t length)
{
	static char octets[65536];
	size_t kept = (count - record_log_lost(log)) * (length + 1);

	while (kept > 0) {
		const ssize_t got = read(hanging->reader, octets, sizeof octets);

		kept -= got > 0 ? (size_t)got : 0;
		if (got <= 0)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	record_log_unref(log);
	(void)close(hanging->reader);
	(void)close(hanging->writer);
}

/* A disk that hangs costs records and never waits. */
static void
F41_record_log_never_waits_for_a_disk_that_hangs(void **state)
{
	enum { LINES = 2000, PIPE = 65536 };
	static char octets[20001];
	struct place place = make_place();
	struct record_log *log = open_record_log(place.path);
	struct hanging hanging;

	(void)state;
	hanging = hang(log, &place);
	memset(octets, 'x', sizeof octets - 1);
	for (int i = 0; i < LINES;
	     i++) /* of 40 MB as much as is being written and as much as is queued stays */
		write_line(log, octets);
	assert_in_range(record_log_lost(log),
			LINES - 1 - (2 * BOUND_RECORD_QUEUE_OCTETS + PIPE) / sizeof octets,
			LINES + 1 - BOUND_RECORD_QUEUE_OCTETS / sizeof octets);
	stop_hanging(&hanging, log, LINES, sizeof octets - 1);
	remove_place(&place);
}

static void
drop_while_it_hangs(const char *path)
{
	static char octets[20001];
	struct place place = { .folder = "" };
	struct record_log *log = open_record_log(path);
	struct hanging hanging;

	(void)snprintf(place.path, sizeof place.path, "%s", path);
	hanging = hang(log, &place);
	memset(octets, 'x', sizeof octets - 1);
	for (int i = 0; i < 2000; i++)
		write_line(log, octets);
	assert_true(record_log_lost(log) > 0);
	log_warning("it hangs until here");
	stop_hanging(&hanging, log, 2000, sizeof octets - 1);
}

/* N08: the thread that hangs tells nothing, so that whoever loses a record does, once. */
static void
N08_record_log_tells_that_the_disk_hangs_while_it_does(void **state)
{
	struct place place = make_place();
	char text[4000];
	const char *told, *until;

	(void)state;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	take_log(drop_while_it_hangs, place.path, text, sizeof text);
	told = strstr(text, ": the disk is too slow, or hangs; 1 record lost so far\n");
	until = strstr(text, "it hangs until here");
	assert_true(told != NULL && until != NULL && told < until);
	assert_null(strstr(until, "the disk"));
	remove_place(&place);
}

static void
lose_one(const char *path)
{
	struct record_log *log = open_record_log(path);

	write_line(log, "x");
	expect_lost(log, 1);
	record_log_unref(log);
}

/* F41: what is not a file is refused, and not waited for: a FIFO without a reader. */
static void
F41_record_log_is_a_file_and_nothing_else(void **state)
{
	static const char refused[] = "it is a FIFO, device or socket; expected a file; 1 record lost";
	struct place place = make_place();
	char text[2000];

	(void)state;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	take_log(lose_one, "/dev/null", text, sizeof text);
	assert_non_null(strstr(text, refused));
	assert_int_equal(mkfifo(place.path, 0600), 0);
	take_log(lose_one, place.path, text, sizeof text);
	assert_non_null(strstr(text, refused));
	remove_place(&place);
}

/* The same with many short lines: as many are being written as are queued at most, and a pipe holds 64 kB. */
static void
F41_record_log_queues_so_many_lines(void **state)
{
	enum { LINES = 6 * BOUND_RECORD_QUEUE_LINES };
	static const char line[] = "0123456789";
	struct place place = make_place();
	struct record_log *log;
	struct hanging hanging;

	(void)state;
	log = open_record_log(place.path);
	hanging = hang(log, &place);
	for (int i = 0; i < LINES; i++)
		write_line(log, line);
	assert_in_range(record_log_lost(log), LINES - 3 * BOUND_RECORD_QUEUE_LINES,
			LINES - BOUND_RECORD_QUEUE_LINES);
	stop_hanging(&hanging, log, LINES, strlen(line));
	remove_place(&place);
}

/* Records. */

static json_t *
member(json_t *object, const char *path)
{
	char copy[100];
	char *rest = copy, *key;

	(void)snprintf(copy, sizeof copy, "%s", path);
	while (object != NULL && (key = strsep(&rest, "/")) != NULL)
		object = json_is_array(object) ? json_array_get(object, (size_t)atoi(key))
					       : json_object_get(object, key);
	return object;
}

static const char *
text_at(json_t *object, const char *path)
{
	const char *text = json_string_value(member(object, path));

	return text != NULL ? text : "(none)";
}

/* The object in a line that is a record; NULL for others. */
static json_t *
read_record(const char *line)
{
	struct tree tree = { .count = 0 };

	if (!record_parse(span_of(line), &tree))
		return NULL;
	tree_clear(&tree);
	return json_loads(line, JSON_REJECT_DUPLICATES, NULL);
}

/* What is read from a record writes the same octets again. */
static void
assert_reads_and_writes_the_same(const char *line)
{
	struct record_reading reading;
	char *again;

	assert_true(record_read(span_of(line), &reading));
	again = record_make(&reading.record, RECORD_WHOLE);
	assert_string_equal(again, line);
	free(again);
	record_release(&reading);
}

static void
record_tells_facts_and_verdicts(void **state)
{
	struct config *config = config_from_text(
		"authserv-id \"mx.test\" mode enforce policy { tag \"t\" when spf = fail reject when spf = fail }",
		NULL);
	struct list_finding findings[] = {
		{ .zone = "bl.test",
		  .operator= "O",
		  .group = "bl.test",
		  .asked = "198.51.100.7",
		  .weight = 4,
		  .state = LIST_LISTED,
		  .answers = { 0x7f000002 },
		  .count = 1,
		  .text = "see\r\n\x1b[0m" },
		{ .zone = "other.test",
		  .operator= "P",
		  .group = "other.test",
		  .asked = "198.51.100.7",
		  .weight = 1 },
	};
	struct facts facts = { .client = { .address = ipaddr_from_ipv4(0xc6336407), .port = 25 } };
	const struct record_recipient recipients[] = { { { .typed = "<a@b.test>" }, 0 },
						       { { "<\xff\"\\>", "x@b.test" }, 0 } };
	struct message_record record = { .ident = "20261124T125000Z-0123456789ab",
					 .time_s = 1795524600,
					 .host = "mx1.test",
					 .facts = &facts,
					 .recipients = recipients,
					 .recipient_count = 2,
					 .recipient_total = 3,
					 .waited_ms = 7 };
	const struct readings recipient = {
		.items = { { .form = MAILBOX_ADDRESS,
			     .local = "a",
			     .domain = "b.test",
			     .text = "a@b.test" } },
		.count = 1,
	};
	struct record_verdict verdict;
	struct verdict judged;
	json_error_t error;
	json_t *read;
	char *line;

	(void)state;
	facts.helo.given = "h\n\x01.test";
	facts.helo.name = "";
	facts.sender.given = "<joe@yodel.example>";
	facts.sender.mailbox = (struct mailbox){ .form = MAILBOX_ADDRESS,
						 .local = "joe",
						 .domain = "yodel.example",
						 .text = "joe@yodel.example" };
	facts.sender.domain = "yodel.example";
	facts.spf[SPF_MAILFROM] = (struct spf_facts){ .domain = "yodel.example", .mechanism = "-all" };
	facts.results[METHOD_SPF] = RESULT_FAIL;
	facts.results[METHOD_DNSBL] = RESULT_FAIL;
	facts.lists[LIST_CLIENT] = (struct list_facts){ findings, ROWS(findings) };
	judged = policy_judge(config, &facts, &recipient);
	verdict = record_verdict_of(&judged, "550 5.7.23 The SPF record");
	record.verdicts = &verdict;
	line = record_make(&record, RECORD_WHOLE);
	assert_non_null(line);
	assert_null(strchr(line, '\n'));
	read = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(read);
	assert_string_equal(text_at(read, "time"), "2026-11-24T12:50:00Z");
	assert_string_equal(text_at(read, "host"), "mx1.test");
	assert_string_equal(text_at(read, "client/ip"), "198.51.100.7");
	assert_string_equal(text_at(read, "helo"), "h\\x0a\\x01.test");
	assert_string_equal(text_at(read, "checks/spf/mechanism"), "-all");
	assert_null(member(read, "checks/iprev"));
	assert_string_equal(text_at(read, "checks/x-dnsbl/hits/0/answers/0"), "127.0.0.2");
	assert_string_equal(text_at(read, "checks/x-dnsbl/hits/0/text"), "see\\x0d\\x0a\\x1b[0m");
	assert_string_equal(text_at(read, "checks/x-dnsbl/not-listed/0/zone"), "other.test");
	assert_int_equal(json_integer_value(member(read, "checks/x-dnsbl/score")), 4);
	assert_string_equal(text_at(read, "verdicts/0/action"), "reject");
	assert_string_equal(text_at(read, "verdicts/0/rule"), "test.conf:1");
	assert_string_equal(text_at(read, "verdicts/0/notes/0/tag"), "t");
	assert_string_equal(text_at(read, "verdicts/1/recipient"), "<\\xff\"\\\\>");
	assert_int_equal(strncmp(text_at(read, "verdicts/0/reply"), "550 5.7.23 The SPF record", 25), 0);
	assert_int_equal(json_integer_value(member(read, "recipients")), 3);
	assert_reads_and_writes_the_same(line);
	json_decref(read);
	free(line);
	config_unref(config);
}

/* A list that was not asked, and a rule of which nobody knows whether it holds, are called that. */
static void
record_and_story_tell_of_lists_that_were_not_asked(void **state)
{
	struct config *config = config_from_text(
		"authserv-id \"mx.test\" mode enforce dnsbl \"bl.test\" policy { reject when dnsbl }", NULL);
	struct list_finding finding = { .zone = "bl.test",
					.operator= "O",
					.group = "bl.test",
					.asked = "198.51.100.7",
					.weight = 4,
					.state = LIST_FAULT,
					.fault = LIST_FAULT_LOOKUP,
					.status = DNS_BUDGET_OF_CLIENT };
	struct facts facts = { .client = { .address = ipaddr_from_ipv4(0xc6336407), .port = 25 } };
	const struct record_recipient recipients[] = { { { .typed = "<a@b.test>" }, 0 } };
	struct message_record record = { .ident = "20261124T125000Z-0123456789ab",
					 .time_s = 1795524600,
					 .facts = &facts,
					 .recipients = recipients,
					 .recipient_count = 1,
					 .recipient_total = 1 };
	const struct readings recipient = {
		.items = { { MAILBOX_ADDRESS, "a", "b.test", "a@b.test", false } },
		.count = 1,
	};
	char story[4000] = "";
	struct output out = { .file = fmemopen(story, sizeof story, "w") };
	struct record_verdict verdict;
	struct verdict judged;
	struct record_reading reading;
	json_t *read;
	char *line;

	(void)state;
	facts.helo.name = "";
	facts.sender.given = "<>";
	facts.sender.mailbox = (struct mailbox){ MAILBOX_NULL, "", "", "", false };
	facts.sender.domain = "";
	facts.results[METHOD_DNSBL] = facts.results[METHOD_IPREV] = RESULT_TEMPERROR;
	facts.withheld[METHOD_IPREV] = DNS_TOO_MANY_OF_ALL;
	facts.lists[LIST_CLIENT] = (struct list_facts){ &finding, 1 };
	judged = policy_judge(config, &facts, &recipient);
	verdict = record_verdict_of(&judged, NULL);
	record.verdicts = &verdict;
	line = record_make(&record, RECORD_WHOLE);
	assert_non_null(line);
	read = read_record(line);
	assert_non_null(read);
	assert_string_equal(text_at(read, "verdicts/0/action"), "defer");
	assert_string_equal(text_at(read, "verdicts/0/withheld"), "budget-of-client");
	assert_string_equal(text_at(read, "checks/x-dnsbl/hits/0/status"), "budget-of-client");
	assert_string_equal(text_at(read, "checks/iprev/withheld"), "too-many-of-all");
	assert_true(record_read(span_of(line), &reading));
	assert_memory_equal(reading.record.facts->withheld, facts.withheld, sizeof facts.withheld);
	explain_story(&reading.record, config, &out);
	record_release(&reading);
	(void)fclose(out.file);
	assert_non_null(strstr(story, "bl.test was not asked for 198.51.100.7"));
	assert_non_null(strstr(story, "it is not known whether this rule applies"));
	assert_non_null(strstr(story, "trust {"));
	json_decref(read);
	free(line);
	config_unref(config);
}

/* Of a rule in a file whose path is as long as such paths get. */
#define PLACE                                                                                                \
	"/srv/mail/etc/mail-gateway-of-the-company/heloscope/included/by-customer/example-organization/"     \
	"policies-for-those-who-asked-for-stricter-ones.conf:1234"

/* P5: whatever stands in the facts, a record keeps to its bound, says what is cut, and is one for its
 * readers. */
static void
P5_record_make_keeps_to_its_bound(void **state)
{
	static char long_text[3000];
	struct config *config =
		config_from_text("policy { reject when spf = fail tag \"t\" when spf = fail }", NULL);
	static struct list_finding findings[300];
	static struct record_recipient recipients[BOUND_RECIPIENTS_RECORDED];
	static struct iprev_name names[IPREV_NAMES_MAX];
	const struct readings recipient = {
		.items = { { MAILBOX_ADDRESS, "a", "b.test", "a@b.test", false } }, .count = 1
	};
	struct facts facts = { .client = { .address = { { 198, 51, 100, 7 }, 4 }, .port = 25 } }, other;
	struct record_verdict verdicts[2];
	struct verdict judged;
	struct message_record record = { .ident = "20261124T125000Z-0123456789ab",
					 .time_s = 1795524600,
					 .facts = &facts,
					 .verdicts = verdicts,
					 .recipients = recipients,
					 .unwritten = 3 };

	(void)state;
	memset(long_text, 0x1b, sizeof long_text - 1);
	facts.helo.name = "";
	facts.sender.domain = "";
	judged = policy_judge(config, &facts, &recipient);
	verdicts[0] = record_verdict_of(&judged, NULL);
	facts.results[METHOD_SPF] = facts.results[METHOD_IPREV] = facts.results[METHOD_DNSBL] = RESULT_FAIL;
	judged = policy_judge(config, &facts, &recipient);
	verdicts[1] = record_verdict_of(&judged, "550 5.7.23 The SPF record of d.test does not allow it");
	verdicts[1].rule = PLACE;
	for (unsigned kind = 0; kind < 128; kind++) {
		const char *text = (kind & 1) != 0 ? long_text : "short";
		const size_t lists = (kind & 2) != 0 ? ROWS(findings) : 1;
		const enum record_length length = (kind & 32) != 0 ? RECORD_SHORT : RECORD_WHOLE;
		json_t *read;
		char *line;

		facts.helo.given = facts.sender.given = facts.sender.used = facts.sender.mailbox.text =
			(kind & 4) != 0 ? long_text : "";
		facts.spf[SPF_MAILFROM] = (struct spf_facts){ .domain = "d.test",
							      .record = text,
							      .mechanism = text,
							      .problem = { .kind = SPF_PROBLEM_SYNTAX,
									   .name = text,
									   .fault = SPF_FAULT_OCTET,
									   .at = 7 } };
		for (size_t i = 0; i < lists; i++)
			findings[i] = (struct list_finding){ .zone = "bl.test",
							     .operator= text,
							     .group = "bl.test",
							     .asked = text,
							     .weight = 1,
							     .state = LIST_LISTED,
							     .count = 1,
							     .text = text,
							     .meaning = text };
		for (size_t i = 0; i < IPREV_NAMES_MAX; i++)
			names[i] = (struct iprev_name){ .name = text, .addresses = text };
		facts.iprev = (struct iprev_facts){ .names = names, .count = IPREV_NAMES_MAX };
		facts.lists[LIST_CLIENT] = (struct list_facts){ findings, lists };
		record.recipient_count = record.recipient_total = (kind & 8) != 0 ? ROWS(recipients) : 2;
		for (size_t i = 0; i < ROWS(recipients); i++)
			recipients[i] =
				(struct record_recipient){ { (kind & 16) != 0 ? long_text : "<a@b.test>",
							     NULL },
							   i == record.recipient_count - 1 ? 1 : 0 };
		facts.other = NULL;
		other = facts;
		facts.other = (kind & 64) != 0 ? &other : NULL;
		line = record_make(&record, length);
		assert_non_null(line);
		assert_true(strlen(line) <= BOUND_RECORD);
		read = read_record(line);
		assert_non_null(read);
		assert_int_equal(json_integer_value(json_object_get(read, "unwritten")), 3);
		assert_string_equal(text_at(read, "checks/spf/result"), "fail");
		if ((kind & 2) == 0) /* what policy reads is there */
			assert_string_equal(text_at(read, "checks/x-dnsbl/hits/0/zone"), "bl.test");
		assert_string_equal(text_at(read, "verdicts/1/action"),
				    "reject"); /* the other kind, from the end */
		assert_string_equal(text_at(read, "verdicts/1/rule"),
				    PLACE); /* replay knows the rule by it */
		if ((kind & 31) != 0)
			assert_true(json_array_size(json_object_get(read, "cut")) > 0);
		assert_reads_and_writes_the_same(line);
		json_decref(read);
		free(line);
	}
	config_unref(config);
}

/* P5: what a network makes us write follows what it says; networks do not pay for each other. */
static void
P5_meter_writes_in_proportion_to_what_is_said(void **state)
{
	const struct ipaddr flood = { { 192, 0, 2, 1 }, 4 }, neighbour = { { 192, 0, 2, 200 }, 4 },
			    other = { { 198, 51, 100, 1 }, 4 };
	struct meter *meter = meter_new();
	uint64_t said = 0, written = 0, now_ms = 1000;

	(void)state;
	for (int i = 0; i < 20000; i++, now_ms++) {
		meter_feed(meter, &flood, 60, now_ms);
		said += 60;
		if (meter_take(meter, i % 2 == 0 ? &flood : &neighbour, 4000, now_ms))
			written += 4000;
	}
	assert_true(written
		    <= BOUND_WRITTEN_BURST + BOUND_WRITTEN_AN_OCTET * said + BOUND_WRITTEN_BURST / 180);
	assert_true(written >= BOUND_WRITTEN_AN_OCTET * said);
	assert_true(meter_take(meter, &other, 100000, now_ms));
	now_ms += 3600000;
	assert_true(meter_take(meter, &flood, BOUND_WRITTEN_BURST, now_ms));
	meter_unref(meter);
}

/* P5: however many networks an adversary has, the table and the octets of a second have an end. */
static void
P5_meter_has_an_end_whoever_comes(void **state)
{
	struct meter *meter = meter_new();
	uint64_t written = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		const struct ipaddr client = { { 0x20, 1, 0xd, 0xb8, (unsigned char)(i >> 8),
						 (unsigned char)i, (unsigned char)(i >> 16) },
					       16 };

		while (meter_take(meter, &client, 16384, 5000))
			written += 16384;
	}
	assert_true(written <= BOUND_WRITTEN_A_SECOND);
	assert_int_equal(meter_unwritten(meter), 0);
	meter_unref(meter);
}

/* P12, P13: what is not in the form of a record is none, and what readers use is within its range. */
static void
P13_record_read_takes_only_records(void **state)
{
	static const struct {
		const char *member, *value;
		bool is_well;
	} table[] = {
		{ "{}", "", true },
		{ "\"depth\":0", "\"depth\":100000000", false },
		{ "\"depth\":0", "\"depth\":-1", false },
		{ "\"depth\":0", "\"depth\":1e3", false },
		{ "\"depth\":0", "\"depth\":9223372036854775807", false },
		{ "\"depth\":0", "\"depth\":9223372036854775808", false },
		{ "\"depth\":0", "\"depth\":\"0\"", false },
		{ "\"depth\":0", "\"depth\":0,\"depth\":1", false },
		{ "\"depth\":0", "\"later\":{\"is\":[]},\"depth\":3", true },
		{ "\"port\":25", "\"port\":65536", false },
		{ "\"port\":25", "\"port\":null", false },
		{ "\"term\":\"-all\"", "\"term\":\"\"", true },
		{ "\"term\":\"-all\"", "\"term\":7", false },
		{ "\"term\":\"-all\"", "\"term\":\"\\u0000\"", false },
		{ "\"answers\":[\"x\"]", "\"answers\":[\"x\",null]", false },
		{ "\"answers\":[\"x\"]", "\"answers\":\"x\"", false },
		{ "\"2026-11-24T12:00:00Z\"", "\"2026-11-24\"", false },
		{ "\"2026-11-24T12:00:00Z\"", "\"2026-11-24T12:00:00\\u001b\"", false },
		{ "\"action\":\"accept\"", "\"action\":[]", false },
		{ "\"v\":1", "\"v\":2", false },
		{ "\"result\":\"fail\"", "\"other\":1", false },
		{ "\"spf\":", "\"x-later\":", true },
	};
	static const char whole[] =
		"{\"v\":1,\"id\":\"20261124T120000Z-000000000000\",\"time\":\"2026-11-24T12:00:00Z\",\"client\":{\"port\":25},\"checks\":{\"spf\":{\"result\":\"fail\",\"trace\":[{\"depth\":0,\"term\":\"-all\",\"match\":\"yes\",\"lookups\":[{\"answers\":[\"x\"]}]}]}},\"verdicts\":[{\"action\":\"accept\"}]}";

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		const char *at = strstr(whole, table[i].member);
		char line[sizeof whole + 100];
		json_t *record;

		if (at == NULL)
			at = whole + strlen(whole);
		(void)snprintf(line, sizeof line, "%.*s%s%s", (int)(at - whole), whole, table[i].value,
			       *at == '\0' ? "" : at + strlen(table[i].member));
		record = read_record(line);
		if ((record != NULL) != table[i].is_well)
			fail_msg("%s", line);
		json_decref(record);
	}
}

/* Line for line in the same memory: the same as record_read() takes, but for traces of SPF, which are not
 * read. */
static void
record_read_next_leaves_out_only_traces(void **state)
{
#define LINE(more)                                                                                           \
	"{\"v\":1,\"id\":\"20261124T120000Z-000000000000\",\"time\":\"2026-11-24T12:00:00Z\",\"client\":{"   \
	"\"ip\":\"192.0.2.1\"},\"verdicts\":[],\"checks\":{" more "}}"
	static const struct {
		const char *line;
		bool is_read, is_next; /* by record_read(), by record_read_next() */
		size_t findings;
	} rows[] = {
		{ LINE("\"spf\":{\"result\":\"pass\",\"trace\":[{\"depth\":0,\"match\":\"yes\"}]}"), true,
		  true, 0 },
		{ LINE("\"spf\":{\"result\":\"pass\",\"trace\":[{\"depth\":0,\"match\":\"odd\"}]}"), false,
		  true, 0 },
		{ LINE("\"spf\":{\"result\":\"pass\",\"trace\":[{\"depth\":-1,\"match\":\"yes\"}]}"), false,
		  false, 0 },
		{ LINE("\"spf\":{\"result\":\"pass\",\"trace\":[{\"match\":\"yes\"}]}"), false, false, 0 },
		{ LINE("\"spf\":{\"result\":\"odd\"}"), false, false, 0 },
		{ LINE("\"x-dnsbl\":{\"result\":\"fail\",\"hits\":[{},{},{}]}"), true, true, 3 },
		{ LINE("\"x-dnsbl\":{\"result\":\"fail\",\"hits\":[{\"state\":\"odd\"}]}"), false, false, 0 },
		{ LINE("\"x-helo\":{\"result\":\"pass\"}"), true, true, 0 },
		{ "{", false, false, 0 },
		{ LINE(""), true, true, 0 },
	};
#undef LINE
	struct record_reading next = { .arena = { .limit = 0 } };

	(void)state;
	for (size_t i = 0; i < 3 * ROWS(rows); i++) {
		const size_t row = i * 7 % ROWS(rows); /* each behind another */
		struct record_reading alone;
		const bool is_read = record_read(span_of(rows[row].line), &alone);

		assert_int_equal(is_read, rows[row].is_read);
		if (is_read)
			record_release(&alone);
		assert_int_equal(record_read_next(span_of(rows[row].line), &next), rows[row].is_next);
		if (!rows[row].is_next)
			continue;
		assert_int_equal(next.record.facts->lists[LIST_CLIENT].count, rows[row].findings);
		assert_int_equal(next.record.facts->spf[SPF_MAILFROM].trace.step_count, 0);
		assert_int_equal(next.record.facts->client.address.length, 4);
	}
	record_release(&next);
}

/* P13: what is compared with each other in a record has an end, which no record of a filter reaches. */
static void
P13_record_read_takes_so_many_listings(void **state)
{
	static const char *const keys[] = { "hits", "not-listed" };
	static char line[BOUND_LINE_READ];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const size_t count = 2048 + i / 2;
		size_t length = (size_t)snprintf(
			line, sizeof line,
			"{\"v\":1,\"id\":\"20261124T120000Z-000000000000\",\"time\":\"2026-11-24T12:00:00Z\",\"client\":{},\"verdicts\":[],\"checks\":{\"x-dnsbl\":{\"result\":\"fail\",\"%s\":[{}",
			keys[i % 2]);
		struct record_reading reading;

		for (size_t j = 1; j < count; j++, length += 3)
			memcpy(line + length, ",{}", 3);
		memcpy(line + length, "]}}}", 5);
		assert_int_equal(record_read(span_of(line), &reading), i < 2);
		if (i < 2) {
			assert_int_equal(reading.record.facts->lists[LIST_CLIENT].count, count);
			record_release(&reading);
		}
	}
}

/* Shortened texts leave names whole, which policies compare with patterns. */
static void
cut_leaves_names_whole(void **state)
{
	static const char name[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.long.test";
	static const char *const keys[] = { "domain", "from", "name", "zone", "text" };
	json_t *record = json_object(), *check = json_object();

	(void)state;
	for (size_t i = 0; i < ROWS(keys); i++)
		document_set_text(check, keys[i], name);
	document_put(record, "checks", json_object());
	document_put(json_object_get(record, "checks"), "dkim", check);
	assert_true((cut_to(record, 500, 10000, 0) & 1U << CUT_TEXTS) != 0);
	for (size_t i = 0; i < ROWS(keys); i++)
		assert_int_equal(strlen(document_text_of(check, keys[i])) == strlen(name), i < 4);
	json_decref(record);
}

/* heloscope collect. */

#define SHARED_RECORD(id, host)                                                                                     \
	"{\"v\":1,\"id\":\"20261124T125000Z-" id "\",\"time\":\"2026-11-24T12:50:00Z\",\"host\":\"" host            \
	"\",\"mode\":\"audit\",\"client\":{\"ip\":\"192.0.2.1\",\"port\":25},\"mail-from\":\"<>\",\"sender\":\"\"," \
	"\"checks\":{},\"verdicts\":[],\"recipients\":0,\"waited-ms\":0}"

static void
expect_taken(struct collector *collector, const char *text, uint64_t written, uint64_t again, uint64_t apart)
{
	struct collector_counts counts;
	struct error error;

	assert_true(collector_take(collector, "1-1", span_of(text), &error));
	counts = collector_counts(collector);
	assert_int_equal(counts.written, written);
	assert_int_equal(counts.again, again);
	assert_int_equal(counts.apart, apart);
}

/* Also when it was killed before anybody knew of it, and the log was rotated in between. */
static void
collector_writes_each_record_once(void **state)
{
	static const char one[] = SHARED_RECORD("000000000001", "mx1.test"),
			  two[] = SHARED_RECORD("000000000002", "mx2.test");
	struct place place = make_place();
	struct collector *collector = collector_new(place.path);
	char rotated[200], text[2000];

	(void)state;
	expect_taken(collector, one, 1, 0, 0);
	expect_taken(collector, one, 1, 1, 0);
	expect_taken(collector, two, 2, 1, 0);
	collector_free(collector);
	(void)snprintf(rotated, sizeof rotated, "%s.1", place.path);
	assert_int_equal(rename(place.path, rotated), 0);
	collector = collector_new(place.path);
	expect_taken(collector, two, 0, 1, 0);
	expect_taken(collector, SHARED_RECORD("000000000002", "mx1.test"), 1, 1, 0); /* of another host */
	collector_free(collector);
	collector = collector_new(place.path);
	expect_taken(collector, one, 0, 1, 0);
	expect_taken(collector, SHARED_RECORD("000000000002", "mx1.test"), 0, 2, 0);
	collector_free(collector);
	(void)read_file(rotated, text, sizeof text);
	assert_int_equal(strlen(text), sizeof one + sizeof two);
	assert_int_equal(unlink(rotated), 0);
	remove_place(&place);
}

/* What is no record, names no host, or is of another version is in no log. */
static void
P13_collector_keeps_apart_what_is_no_record(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"{}",
		SHARED_RECORD("000000000001", ""),
		" " SHARED_RECORD("000000000001", "mx1.test") "\n",
	};
	struct place place = make_place();
	struct collector *collector = collector_new(place.path);
	char apart[200], text[4000];

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		expect_taken(collector, bad[i], 0, 0, i + 1);
	collector_free(collector);
	assert_int_equal(access(place.path, F_OK), -1);
	(void)snprintf(apart, sizeof apart, "%.*s/apart-%s", (int)(strrchr(place.path, '/') - place.path),
		       place.path, strrchr(place.path, '/') + 1);
	(void)read_file(apart, text, sizeof text);
	assert_int_equal(strncmp(text, "1-1 \n1-1 x\n1-1 {}\n", 18), 0);
	assert_int_equal(unlink(apart), 0);
	remove_place(&place);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(N08_record_log_tells_why_a_write_was_short),
		cmocka_unit_test(P13_record_read_takes_only_records),
		cmocka_unit_test(collector_writes_each_record_once),
		cmocka_unit_test(P13_collector_keeps_apart_what_is_no_record),
		cmocka_unit_test(P13_record_read_takes_so_many_listings),
		cmocka_unit_test(record_read_next_leaves_out_only_traces),
		cmocka_unit_test(record_and_story_tell_of_lists_that_were_not_asked),
		cmocka_unit_test(P5_record_make_keeps_to_its_bound),
		cmocka_unit_test(P5_meter_writes_in_proportion_to_what_is_said),
		cmocka_unit_test(P5_meter_has_an_end_whoever_comes),
		cmocka_unit_test(record_log_appends_whole_lines_in_order),
		cmocka_unit_test(F42_record_log_follows_rotation),
		cmocka_unit_test(F46_record_log_begins_a_line_behind_a_torn_one),
		cmocka_unit_test(F41_record_log_loses_and_counts_what_cannot_be_written),
		cmocka_unit_test(F41_record_log_never_waits_for_a_disk_that_hangs),
		cmocka_unit_test(F41_record_log_queues_so_many_lines),
		cmocka_unit_test(N08_record_log_tells_that_the_disk_hangs_while_it_does),
		cmocka_unit_test(F41_record_log_is_a_file_and_nothing_else),
		cmocka_unit_test(record_tells_facts_and_verdicts),
		cmocka_unit_test(cut_leaves_names_whole),
	};

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_WARNING);
	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
