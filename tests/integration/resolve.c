/*
 * resolve: ask the resolver what standard input says, all at once, and print what it answers.
 *
 * resolve SERVER|system|recursive WAIT_MS [TRUST-ANCHOR-FILE] <questions
 * A question is a line "NAME TYPE", an answer a line "NAME TYPE STATUS TTL SECURITY COUNT FIRST". Questions
 * behind a line "then -" are asked when those before it are answered; behind "clock SECONDS" the wall clock
 * has been set by so much, and behind "again -" the question is asked until its answer has another
 * status or first record than the one before it. What is not answered when WAIT_MS have passed is answered by
 * the end of the resolver. Exit status 0 when every question was answered once.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/dns/resolver.h"

#define QUESTIONS_MAX 20000

struct question {
	char name[512];
	enum dns_type type;
	bool waits;                /* until those before it are answered */
	bool is_again;             /* until it is answered otherwise */
	long set_s;                /* the wall clock, before */
	struct dns_answer *answer; /* guarded by `lock`, as is `times` */
	unsigned times;
};

static struct question questions[QUESTIONS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t answered; /* guarded by `lock` */

static atomic_long clock_set_s;

/* The wall clock, which also libunbound takes from here. */
int
clock_gettime(clockid_t clock, struct timespec *time)
{
	const int result = (int)syscall(SYS_clock_gettime, clock, time);

	if (result == 0 && clock == CLOCK_REALTIME)
		time->tv_sec += atomic_load(&clock_set_s);
	return result;
}

int
gettimeofday(struct timeval *restrict time, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*time = (struct timeval){ .tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000 };
	return 0;
}

time_t
time(time_t *time)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (time != NULL)
		*time = now.tv_sec;
	return now.tv_sec;
}

static void
take_answer(void *context, struct dns_answer *answer)
{
	struct question *question = context;

	(void)pthread_mutex_lock(&lock);
	dns_answer_free(question->answer);
	question->answer = answer;
	question->times++;
	answered++;
	(void)pthread_mutex_unlock(&lock);
}

static enum dns_type
type_of(const char *word)
{
	static const enum dns_type types[] = { DNS_A, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(dns_type_word(types[i]), word) == 0)
			return types[i];
	(void)fprintf(stderr, "resolve: unknown type %s\n", word);
	exit(2);
}

static size_t
read_questions(void)
{
	char type[16];
	size_t count = 0;

	while (count < QUESTIONS_MAX && scanf("%511s %15s", questions[count].name, type) == 2) {
		struct question *next = &questions[count];
		const bool is_clock = strcmp(next->name, "clock") == 0,
			   is_again = strcmp(next->name, "again") == 0;

		next->waits = next->waits || is_again || strcmp(next->name, "then") == 0;
		next->is_again = next->is_again || is_again;
		if (is_clock)
			next->set_s = strtol(type, NULL, 10);
		else if (!is_again && strcmp(next->name, "then") != 0)
			questions[count++].type = type_of(type);
	}
	return count;
}

static size_t
count_answered(void)
{
	size_t count;

	(void)pthread_mutex_lock(&lock);
	count = answered;
	(void)pthread_mutex_unlock(&lock);
	return count;
}

static void
wait_for(size_t count, long wait_ms)
{
	for (long waited = 0; waited < wait_ms && count_answered() < count; waited += 10)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

/* What an answer is known again by. */
static void
describe(struct question *question, char text[300])
{
	const struct dns_answer *answer;

	(void)pthread_mutex_lock(&lock);
	answer = question->answer;
	(void)snprintf(text, 300, "%d %.*s", answer != NULL ? (int)answer->status : -1,
		       answer != NULL && answer->count > 0 ? (int)answer->records[0].text.length : 0,
		       answer != NULL && answer->count > 0 ? answer->records[0].text.at : "");
	(void)pthread_mutex_unlock(&lock);
}

/* Ask, and where that is wanted again, as long as it is answered as the question before. */
static bool
put_question(struct dns_resolver *resolver, size_t index, long wait_ms)
{
	struct question *question = &questions[index];
	char before[300] = "", now[300] = "";
	long waited_ms = 0;

	if (question->waits)
		wait_for(index, wait_ms);
	(void)atomic_fetch_add(&clock_set_s, question->set_s);
	if (!question->is_again)
		return resolver->ask(resolver, question->name, question->type, take_answer, question);
	describe(&questions[index - 1], before);
	do {
		(void)pthread_mutex_lock(&lock);
		answered = index;
		question->times = 0;
		(void)pthread_mutex_unlock(&lock);
		(void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		if (!resolver->ask(resolver, question->name, question->type, take_answer, question))
			return false;
		wait_for(index + 1, wait_ms);
		describe(question, now);
		waited_ms += 100;
	} while (strcmp(before, now) == 0 && waited_ms < wait_ms);
	return true;
}

static void
print_answer(const struct question *question)
{
	static const char *const status_names[DNS_STATUSES] = {
		[DNS_NOERROR] = "NOERROR",     [DNS_NODATA] = "NODATA",       [DNS_NXDOMAIN] = "NXDOMAIN",
		[DNS_SERVFAIL] = "SERVFAIL",   [DNS_TIMEOUT] = "TIMEOUT",     [DNS_BOGUS] = "BOGUS",
		[DNS_MALFORMED] = "MALFORMED", [DNS_TOO_LARGE] = "TOO_LARGE", [DNS_NO_SERVER] = "NO_SERVER",
		[DNS_NO_TIME] = "NO_TIME",     [DNS_NO_MEMORY] = "NO_MEMORY",
	};
	const struct dns_answer *answer = question->answer;
	char first[256] = "";

	if (answer == NULL) {
		(void)printf("%s %s NOTHING\n", question->name, dns_type_word(question->type));
		return;
	}
	if (answer->count > 0 && answer->records[0].name != NULL)
		(void)snprintf(first, sizeof first, "%s", answer->records[0].name);
	else if (answer->count > 0 && question->type == DNS_TXT)
		(void)snprintf(first, sizeof first, "%zu octets", answer->records[0].text.length);
	else if (answer->count > 0)
		(void)ipaddr_format(&answer->records[0].address, first);
	(void)printf("%s %s %s %u %s %zu %s\n", question->name, dns_type_word(question->type),
		     status_names[answer->status], (unsigned)answer->ttl_s,
		     answer->security == DNS_SECURE ? "secure" : "insecure", answer->count, first);
}

int
main(int argc, char **argv)
{
	const char *server = argc > 1 ? argv[1] : "";
	const struct resolver_settings settings = {
		.mode = strcmp(server, "system") == 0      ? RESOLVER_SYSTEM
			: strcmp(server, "recursive") == 0 ? RESOLVER_RECURSIVE
							   : RESOLVER_SERVERS,
		.servers = &server,
		.server_count = 1,
		.trust_anchor = argc > 3 ? argv[3] : NULL,
	};
	struct error error;
	struct dns_resolver *resolver = resolver_new(&settings, &error);
	const size_t count = read_questions();
	const long wait_ms = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	int status = EXIT_SUCCESS;

	if (resolver == NULL) {
		(void)fprintf(stderr, "resolve: %s\n", error.text);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < count; i++)
		if (!put_question(resolver, i, wait_ms))
			status = EXIT_FAILURE;
	wait_for(count, wait_ms);
	resolver_free(resolver);
	for (size_t i = 0; i < count; i++) {
		print_answer(&questions[i]);
		if (questions[i].times != 1)
			status = EXIT_FAILURE;
		dns_answer_free(questions[i].answer);
	}
	return status;
}
