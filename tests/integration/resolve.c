/*
 * resolve: ask the resolver what standard input says, all at once, and print what it answers.
 *
 * resolve SERVER|system|recursive WAIT_MS [TRUST-ANCHOR-FILE] <questions
 * A question is a line "NAME TYPE", an answer a line "NAME TYPE STATUS TTL SECURITY COUNT FIRST". Questions
 * behind a line "then -" are asked when those before it are answered. What
 * is not answered when WAIT_MS have passed is answered by the end of the resolver. Exit status 0
 * when every question was answered once.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "heloscope/dns/resolver.h"

#define QUESTIONS_MAX 20000

struct question {
	char name[512];
	enum dns_type type;
	bool waits;                /* until those before it are answered */
	struct dns_answer *answer; /* guarded by `lock`, as is `times` */
	unsigned times;
};

static struct question questions[QUESTIONS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t answered; /* guarded by `lock` */

static void
take_answer(void *context, struct dns_answer *answer)
{
	struct question *question = context;

	(void)pthread_mutex_lock(&lock);
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
		if (strcmp(questions[count].name, "then") == 0)
			questions[count].waits = true;
		else
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
	for (size_t i = 0; i < count; i++) {
		if (questions[i].waits)
			wait_for(i, wait_ms);
		if (!resolver->ask(resolver, questions[i].name, questions[i].type, take_answer,
				   &questions[i]))
			status = EXIT_FAILURE;
	}
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
