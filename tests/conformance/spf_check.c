/*
 * spf_check: check_host() for each line of standard input, through the check and the resolver that
 * the filter uses.
 *
 * spf_check ENGINE NAME-SERVER <cases
 * A case is a line "IP<TAB>HELO<TAB>MAIL FROM", an answer "RESULT<TAB>EXPLANATION<TAB>TERM<TAB>PROBLEM".
 * Without a sender it is the result for HELO (RFC 7208, 2.4). Octets may be given as \xHH, and
 * come out so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/table.h"
#include "heloscope/config/config.h"
#include "heloscope/config/read.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/words/spf_problem.h"

#define TIMEOUT_MS 3000

static struct config *
read_config(const char *engine, const char *server)
{
	char path[] = "/tmp/heloscope-spf-check.XXXXXX";
	const int fd = mkstemp(path);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	struct config *config;

	if (file == NULL)
		return NULL;
	(void)fprintf(file,
		      "authserv-id \"receiver.test\"\nspf engine %s\nresolver { servers %s }\n"
		      "disable { iprev, helo, sender }\n",
		      engine, server);
	(void)fclose(file);
	config = config_read(path, output_errors());
	(void)remove(path);
	return config;
}

/* Turn \xHH into octets, in place. */
static void
unescape(char *text)
{
	char *out = text;

	while (*text != '\0') {
		unsigned octet;

		if (text[0] == '\\' && text[1] == 'x' && sscanf(text + 2, "%2x", &octet) == 1) {
			*out++ = (char)octet;
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

static void
print_field(const char *text, char end)
{
	char memory[8192];
	struct strbuf escaped;

	strbuf_init(&escaped, memory, sizeof memory);
	strbuf_add_escaped(&escaped, span_of(text), 2000);
	(void)printf("%s%c", memory, end);
}

static void
check(struct dns_resolver *resolver, struct config *config, const char *ip, const char *helo,
      const char *mail_from)
{
	struct client_facts client = { .port = 25 };
	const struct facts *facts;
	struct list_health *health;
	struct inquiry *inquiry;
	char path[4096], problem[SPF_PROBLEM_SIZE];
	enum method method;

	if (!ipaddr_parse(span_of(ip), &client.address)) {
		(void)printf("no address\t\t\t\n");
		return;
	}
	health = list_health_new(config, NULL, NULL);
	inquiry = inquiry_new(
		&(struct inquiry_needs){
			.table = checks_table(), .resolver = resolver, .config = config, .health = health },
		&client);
	(void)snprintf(path, sizeof path, "<%s>", mail_from);
	inquiry_helo(inquiry, helo);
	inquiry_mail(inquiry, &(struct envelope_address){ path, NULL }, NULL, NULL);
	facts = inquiry_wait(inquiry, TIMEOUT_MS);
	if (facts == NULL) {
		(void)printf("out of memory\t\t\t\n");
	} else {
		method = facts->results[METHOD_SPF] == RESULT_UNCHECKED ? METHOD_SPF_HELO : METHOD_SPF;
		const struct spf_facts *spf = &facts->spf[method == METHOD_SPF ? SPF_MAILFROM : SPF_HELO];

		(void)printf("%s\t", result_word(facts->results[method]));
		print_field(spf->explanation, '\t');
		print_field(spf->mechanism, '\t');
		print_field(spf_problem_text(&spf->problem, problem), '\n');
	}
	inquiry_close(inquiry);
	list_health_unref(health);
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	static char line[65536];
	struct config *config = argc == 3 ? read_config(argv[1], argv[2]) : NULL;
	struct dns_resolver *resolver;
	struct error error;

	if (config == NULL) {
		(void)fprintf(stderr, "usage: spf_check native|libspf2 ADDRESS@PORT <cases\n");
		return 2;
	}
	resolver = resolver_new(&config->resolver, &error);
	if (resolver == NULL) {
		(void)fprintf(stderr, "spf_check: %s\n", error.text);
		config_unref(config);
		return EXIT_FAILURE;
	}
	while (fgets(line, sizeof line, stdin) != NULL) {
		char *rest = line;
		char *ip = strsep(&rest, "\t"), *helo = strsep(&rest, "\t"), *mail_from = strsep(&rest, "\n");

		if (ip == NULL || helo == NULL || mail_from == NULL)
			continue;
		unescape(helo);
		unescape(mail_from);
		check(resolver, config, ip, helo, mail_from);
	}
	resolver_free(resolver);
	config_unref(config);
	return EXIT_SUCCESS;
}
