/*
 * spf_cost: what the SPF records of a stranger cost the thread of the resolver.
 *
 * A message whose HELO and sender both have an evil record; answers come one by one, which runs the checks
 * for each of them. Prints for each engine and record the CPU time of all runs together, and how many they
 * were; exit status 1 when one takes more than LIMIT_US. It counts CPU time of one thread: no other load
 * changes it by much.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../unit/config_text.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/spf.h"

#define LIMIT_US 2000
#define PENDING_MAX 2000
#define ROUNDS 5 /* of which the quickest counts */

static struct {
	struct {
		char name[1200];
		enum dns_type type;
		dns_callback *callback;
		void *context;
	} pending[PENDING_MAX];
	size_t count;
	bool is_backwards; /* the last question is answered first */
} world;

static bool
ask(struct dns_resolver *resolver, const char *name, enum dns_type type, dns_callback *callback,
    void *context)
{
	(void)resolver;
	if (world.count == PENDING_MAX)
		return false;
	(void)snprintf(world.pending[world.count].name, sizeof world.pending[0].name, "%s", name);
	world.pending[world.count].type = type;
	world.pending[world.count].callback = callback;
	world.pending[world.count++].context = context;
	return true;
}

static void
after_answers(struct dns_resolver *resolver, void (*run)(void *context), void *context)
{
	(void)resolver;
	run(context);
}

/* Answers. */

static struct dns_answer *
make_answer(size_t records, size_t octets)
{
	struct dns_answer *answer =
		calloc(1, sizeof *answer + records * sizeof answer->records[0] + octets + 1);

	if (answer == NULL)
		exit(EXIT_FAILURE);
	answer->ttl_s = 300;
	answer->count = records;
	answer->octets = (uint32_t)(sizeof *answer + records * sizeof answer->records[0] + octets + 1);
	return answer;
}

static struct dns_answer *
text_answer(const char *text)
{
	struct dns_answer *answer = make_answer(1, strlen(text));
	char *at = (char *)&answer->records[1];

	(void)strcpy(at, text);
	answer->records[0].text = span_of(at);
	return answer;
}

static struct dns_answer *
address_answer(size_t count)
{
	struct dns_answer *answer = make_answer(count, 0);

	for (size_t i = 0; i < count; i++)
		answer->records[i].address = ipaddr_from_ipv4(0x0a000000 + (uint32_t)i);
	return answer;
}

static struct dns_answer *
mx_answer(const char *domain)
{
	struct dns_answer *answer = make_answer(10, 10 * 300);
	char *at = (char *)&answer->records[10];

	for (size_t i = 0; i < 10; i++) {
		answer->records[i].name = at;
		answer->records[i].is_host_name = true;
		at += snprintf(at, 300, "h%zu.%s", i, domain) + 1;
	}
	return answer;
}

/* The record of a domain, by its first letters. */

static void
add_terms(char *text, size_t size, unsigned count, const char *format)
{
	size_t used = strlen(text);

	for (unsigned i = 0; i < count && used + 1100 < size; i++)
		used += (size_t)snprintf(text + used, size - used, format, i % 256, i / 256);
}

static struct dns_answer *
record_of(const char *domain)
{
	static const char macro[] = "%{i}%{s}%{o}%{h}%{d2r}%{ir}%{l9r-+,/_=}";
	static char text[66000], term[1100];

	(void)strcpy(text, "v=spf1");
	if (strncmp(domain, "networks", 8) == 0) {
		add_terms(text, sizeof text, 1000, " ip4:10.1.%u.%u/32");
	} else if (strncmp(domain, "modifiers", 9) == 0) {
		add_terms(text, sizeof text, 4000, " a%ub%u=%%{i}%%{s}");
	} else if (strncmp(domain, "includes", 8) == 0) {
		add_terms(text, sizeof text, 10, " include:networks%u-%u.test");
	} else if (strncmp(domain, "half", 4) == 0) {
		add_terms(text, sizeof text, 120, " ip4:10.1.%u.%u");
		add_terms(text, sizeof text, 1, " include:half%%{d1}.test");
	} else if (strncmp(domain, "chain", 5) == 0) {
		add_terms(text, sizeof text, 150, " ip4:10.1.%u.%u");
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), " include:x%s", domain);
	} else if (strncmp(domain, "xchain", 6) == 0 || strncmp(domain, "xx", 2) == 0) {
		add_terms(text, sizeof text, 150, " ip4:10.1.%u.%u");
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), " include:x%s", domain);
	} else if (strncmp(domain, "hosts", 5) == 0) {
		add_terms(text, sizeof text, 10, " mx:mx%u-%u.test/24");
	} else if (strncmp(domain, "mixed", 5) == 0) {
		add_terms(text, sizeof text, 5, " mx:mx%u-%u.test/24");
		add_terms(text, sizeof text, 5, " include:half%u-%u.test");
	} else if (strncmp(domain, "macros", 6) == 0) {
		(void)strcpy(term, " exists:x%u-%u.");
		while (strlen(term) + sizeof macro < 950)
			(void)strcat(term, macro);
		for (unsigned i = 0; i < 10; i++) {
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), " exists:x%u.", i);
			(void)strcat(text, strchr(term, '.') + 1);
			(void)strcat(text, ".test");
		}
	}
	(void)strcat(text, " ?all");
	return text_answer(text);
}

static struct dns_answer *
answer_to(const char *name, enum dns_type type)
{
	switch (type) {
	case DNS_TXT:
		return record_of(name);
	case DNS_MX:
		return mx_answer(name);
	case DNS_A:
		return address_answer(name[0] == 'h' ? 20 : 512);
	default:
		return dns_answer_empty(DNS_NODATA, 300);
	}
}

/* One message. */

static double
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Answer all that is asked; returns the time that the callbacks took. */
static double
answer_all(unsigned *runs)
{
	double took = 0;

	while (world.count > 0) {
		const size_t chosen = world.is_backwards ? world.count - 1 : 0;
		struct dns_answer *answer = answer_to(world.pending[chosen].name, world.pending[chosen].type);
		dns_callback *callback = world.pending[chosen].callback;
		void *context = world.pending[chosen].context;
		double start;

		memmove(&world.pending[chosen], &world.pending[chosen + 1],
			(world.count - chosen - 1) * sizeof world.pending[0]);
		world.count--;
		start = now_us();
		callback(context, answer);
		took += now_us() - start;
		++*runs;
	}
	return took;
}

static double
send_message(struct config *config, const char *domain, unsigned *runs, enum result *result)
{
	static const struct check *const checks[] = { &check_spf, &check_spf_helo };
	struct dns_resolver resolver = { .ask = ask, .after_answers = after_answers };
	const struct inquiry_needs needs = { .table = { checks, 2 },
					     .resolver = &resolver,
					     .config = config };
	const struct client_facts client = { .address = ipaddr_from_ipv4(0xc6336407) };
	struct inquiry *inquiry = inquiry_new(&needs, &client);
	char helo[100], path[100];
	double took;

	(void)snprintf(helo, sizeof helo, "%s-helo.test", domain);
	(void)snprintf(path, sizeof path, "<a-b+c/d_e=f@%s-mail.test>", domain);
	*runs = 0;
	inquiry_helo(inquiry, helo);
	inquiry_mail(inquiry, &(struct envelope_address){ path, NULL }, NULL, NULL);
	took = answer_all(runs);
	*result = inquiry_wait(inquiry, 0)->results[METHOD_SPF];
	inquiry_close(inquiry);
	return took;
}

int
main(void)
{
	static const char *const domains[] = { "networks", "includes", "chain", "hosts",
					       "mixed",    "macros",   "half",  "modifiers" };
	static const char *const engines[] = { "native", "libspf2" };
	int status = EXIT_SUCCESS;

	for (size_t run = 0; run < 4 * sizeof domains / sizeof domains[0]; run++) {
		const char *domain = domains[run / 4], *engine = engines[run % 2];
		char line[100];
		struct config *config;
		double least = 1e9;
		enum result result;
		unsigned runs;

		if (spf_engines[run % SPF_ENGINES] == NULL)
			continue;
		(void)snprintf(line, sizeof line, "spf engine %s\n", engine);
		config = config_from_text(line, NULL);
		world.is_backwards = run / 2 % 2 == 1;
		for (int round = 0; round < ROUNDS; round++) {
			const double took = send_message(config, domain, &runs, &result);

			least = took < least ? took : least;
		}
		(void)printf("%-8s %-10s %-9s %4u answers, %6.0f us, %s\n", engine, domain,
			     world.is_backwards ? "backwards" : "in order", runs, least, result_word(result));
		if (least > LIMIT_US)
			status = EXIT_FAILURE;
		config_unref(config);
	}
	return status;
}
