/*
 * why_cost: what reading a log of Postfix costs, beside counting its lines as wc -l does.
 *
 * Writes LOG_OCTETS of log into an unlinked file: of each message the lines of smtpd, cleanup, qmgr, smtp and
 * qmgr again, one delivery of ten refused or deferred. Then reads it twice by turns, the quickest of several
 * rounds: as `heloscope why` does, as far as its callback, and counting ends of lines with memchr(3). It
 * counts time of this thread alone: compare the two of one run. Options: octets of the log.
 */
#include "../unit/unit.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/mails/log_reader.h"
#include "heloscope/mails/source.h"

#define LOG_OCTETS 209715200
#define ROUNDS 5
#define WRITTEN 1795860000

/* Writing. */

static const char *const answers[] = {
	"dsn=5.7.26, status=bounced (host mx%u.b.example[192.0.2.%u] said: 550-5.7.26 This mail has been blocked because "
	"the sender is unauthenticated. 550-5.7.26 All senders have to authenticate 550 5.7.26 with SPF or DKIM (in reply "
	"to end of DATA command))",
	"dsn=4.7.1, status=deferred (host mx%u.b.example[192.0.2.%u] said: 450 4.7.1 <user@b.example>: Recipient "
	"address rejected: Greylisted (in reply to RCPT TO command))",
	"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as %u%u)",
};

static void
write_message(FILE *file, unsigned i)
{
	const unsigned second = i / 20, kind = i % 10 < 2 ? i % 10 : 2, host = i % 200;
	char stamp[32], id[16];

	(void)snprintf(stamp, sizeof stamp, "Nov 2%u %02u:%02u:%02u mail", second / 86400 % 8,
		       second / 3600 % 24, second / 60 % 60, second % 60);
	(void)snprintf(id, sizeof id, "4FX%07X", i);
	(void)fprintf(file, "%s postfix/smtpd[1234]: %s: client=pc.a.example[198.51.100.%u]\n", stamp, id,
		      i % 250);
	(void)fprintf(file, "%s postfix/cleanup[1235]: %s: message-id=<%u.%u@a.example>\n", stamp, id, i, i);
	(void)fprintf(
		file,
		"%s postfix/qmgr[900]: %s: from=<user%u@d%u.a.example>, size=%u, nrcpt=1 (queue active)\n",
		stamp, id, i % 1000, i % 30, i);
	(void)fprintf(
		file,
		"%s postfix/smtp[1300]: %s: to=<user%u@d%u.b.example>, relay=mx%u.b.example[192.0.2.%u]:25, "
		"delay=0.34, delays=0.12/0.03/0.18/0.01, ",
		stamp, id, i % 999, host, host, host);
	(void)fprintf(file, answers[kind], host, host);
	(void)fprintf(file, "\n%s postfix/qmgr[900]: %s: removed\n", stamp, id);
}

static void
make_log(char *path, long octets)
{
	const int fd = mkstemp(path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;

	assert_non_null(file);
	for (unsigned i = 0; ftell(file) < octets; i++)
		write_message(file, i);
	assert_int_equal(fclose(file), 0);
}

/* Reading. */

struct counts {
	unsigned long lines, delivered, others;
};

static void
count(void *context, const struct refusal *refusal)
{
	struct counts *counts = context;

	counts->lines = refusal->line;
	if (refusal->status == REFUSAL_DELIVERED)
		counts->delivered++;
	else
		counts->others++;
}

static void
by_heloscope(struct source *source, struct counts *counts)
{
	struct log_reader *reader = log_reader_new(0, count, counts);
	struct span octets = { "", 0 };

	assert_non_null(reader);
	log_reader_begin(reader, SPAN("log"), WRITTEN);
	while (source_read(source, &octets) == SOURCE_OCTETS)
		log_reader_add(reader, octets);
	log_reader_end(reader);
	log_reader_free(reader);
}

static void
by_counting(struct source *source, struct counts *counts)
{
	struct span octets = { "", 0 };
	const char *end;

	while (source_read(source, &octets) == SOURCE_OCTETS)
		while (octets.length > 0 && (end = memchr(octets.at, '\n', octets.length)) != NULL) {
			octets = span_from(octets, (size_t)(end - octets.at) + 1);
			counts->lines++;
		}
}

static double
now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
took(void (*way)(struct source *source, struct counts *counts), const char *path, struct counts *counts)
{
	struct expansion expansion = expansion_of_run();
	struct error reason;
	struct source *source = source_open(path, &expansion, &reason);
	const double start = now_s();

	assert_non_null(source);
	assert_true(source_next(source));
	*counts = (struct counts){ .lines = 0 };
	way(source, counts);
	assert_null(source_fault(source));
	source_free(source);
	return now_s() - start;
}

int
main(int argc, char **argv)
{
	char path[] = "/tmp/heloscope-why_cost-XXXXXX";
	const long octets = argc > 1 ? atol(argv[1]) : LOG_OCTETS;
	double ours = 1e9, alone = 1e9;
	struct counts told = { .lines = 0 }, lines = { .lines = 0 };

	make_log(path, octets);
	for (int round = 0; round < ROUNDS; round++) {
		const double one = took(by_heloscope, path, &told), other = took(by_counting, path, &lines);

		ours = one < ours ? one : ours;
		alone = other < alone ? other : alone;
	}
	(void)unlink(path);
	(void)printf("log of %ld octets, %lu lines, %lu delivered, %lu refused or deferred\n"
		     "reading: %.2f s, %.0f MB/s, %.0f ns a line, %.1f times counting its lines (%.2f s)\n",
		     octets, lines.lines, told.delivered, told.others, ours, (double)octets / 1e6 / ours,
		     ours * 1e9 / (double)lines.lines, ours / alone, alone);
	return EXIT_SUCCESS;
}
