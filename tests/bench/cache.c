/*
 * cache: what a lookup in the answer cache takes when it holds ever more names. Prints nanoseconds a lookup,
 * and the ratio to the first line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "heloscope/dns/cache.h"

#define LOOKUPS 200000U
#define OCTETS ((size_t)2 << 30)

/* The question that was asked last; each is answered before the next. */
static struct {
	dns_callback *callback;
	void *context;
} pending;

static bool
ask(struct dns_resolver *resolver, const char *name, enum dns_type type, dns_callback *callback,
    void *context)
{
	(void)resolver;
	(void)name;
	(void)type;
	pending.callback = callback;
	pending.context = context;
	return true;
}

static void
drop(void *context, struct dns_answer *answer)
{
	(void)context;
	dns_answer_free(answer);
}

static void
fill(struct dns_resolver *cache, unsigned from, unsigned to)
{
	char name[32];

	for (unsigned i = from; i < to; i++) {
		(void)snprintf(name, sizeof name, "n%u.example", i);
		if (cache->ask(cache, name, DNS_A, drop, NULL))
			pending.callback(pending.context, dns_answer_empty(DNS_NXDOMAIN, 86400));
	}
}

static double
look_up(struct dns_resolver *cache, unsigned names)
{
	struct timespec start, end;
	unsigned found = 0;
	char name[32];

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	for (unsigned i = 0; i < LOOKUPS; i++) {
		struct dns_answer *answer;

		(void)snprintf(name, sizeof name, "n%u.example", (i * 2654435761U) % names);
		answer = cache->known(cache, name, DNS_A);
		found += answer != NULL ? 1 : 0;
		dns_answer_free(answer);
	}
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	if (found != LOOKUPS)
		(void)printf("only %u of %u found\n", found, LOOKUPS);
	return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) / LOOKUPS;
}

int
main(void)
{
	static const unsigned sizes[] = { 10000, 100000, 1000000, 3000000 };
	struct dns_resolver source = { .ask = ask };
	struct dns_resolver *cache = dns_cache_new(&source, OCTETS);
	double first = 0;
	unsigned filled = 0;

	if (cache == NULL)
		return EXIT_FAILURE;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		double took;

		fill(cache, filled, sizes[i]);
		filled = sizes[i];
		took = look_up(cache, filled);
		first = i == 0 ? took : first;
		(void)printf("%8u names: %5.0f ns a lookup, %.1f times the first\n", filled, took,
			     took / first);
	}
	dns_cache_free(cache);
	return EXIT_SUCCESS;
}
