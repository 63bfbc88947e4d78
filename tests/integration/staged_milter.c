/*
 * staged_milter CONFIGURATION SOCKET: the filter with the checks of tests/unit/staged_checks.h instead of its
 * own.
 *
 * No DNS is asked: a name "sumN.test" has the TXT record "N", and any other none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/staged_checks.h"
#include "heloscope/base/log.h"
#include "heloscope/base/output.h"
#include "heloscope/config/read.h"
#include "heloscope/daemon/milter.h"

static struct dns_answer *
known(struct dns_resolver *resolver, const char *name, enum dns_type type)
{
	struct dns_answer *answer = calloc(1, sizeof *answer + sizeof answer->records[0] + 16);
	char *text;
	unsigned sum;

	(void)resolver;
	if (answer == NULL)
		abort();
	text = (char *)&answer->records[1];
	answer->octets = sizeof *answer;
	answer->status = DNS_NODATA;
	if (type != DNS_TXT || sscanf(name, "sum%9u.test", &sum) != 1)
		return answer;
	(void)snprintf(text, 16, "%u", sum);
	answer->status = DNS_NOERROR;
	answer->count = 1;
	answer->records[0].text = span_of(text);
	return answer;
}

static bool
ask(struct dns_resolver *resolver, const char *name, enum dns_type type, dns_callback *callback,
    void *context)
{
	(void)resolver;
	(void)name;
	(void)type;
	(void)callback;
	(void)context;
	return false;
}

int
main(int argc, char **argv)
{
	static struct dns_resolver resolver = { .known = known, .ask = ask };
	struct config *config = argc == 3 ? config_read(argv[1], output_errors()) : NULL;
	struct runtime *runtime;
	struct error error;

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	runtime = config != NULL ? runtime_new(config, NULL, &error) : NULL;
	if (runtime == NULL || !milter_open(argv[2], &error)) {
		(void)fprintf(stderr, "staged_milter: %s\n",
			      runtime != NULL ? error.text : "usage, or configuration");
		return EXIT_FAILURE;
	}
	runtime_use(runtime, staged_checks(), &resolver);
	milter_use(runtime);
	runtime_unref(runtime);
	return milter_run() ? EXIT_SUCCESS : EXIT_FAILURE;
}
