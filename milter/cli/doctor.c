/* heloscope doctor: a sender's own set-up, as a table of domains and checks, and what to change. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heloscope/cli/cli.h"
#include "heloscope/cli/argument.h"
#include "heloscope/cli/learn.h"
#include "heloscope/cli/sent.h"
#include "heloscope/base/clock.h"
#include "heloscope/doctor/doctor.h"
#include "heloscope/doctor/tell.h"
#include "heloscope/base/log.h"
#include "heloscope/base/regular_file.h"
#include "heloscope/dns/name_servers.h"
#include "heloscope/dns/resolver.h"

#define DOMAINS_MAX 18 /* columns that fit */
#define NAME_SERVERS_MS 3000

static const char help[] =
	"usage: heloscope doctor [--ip ADDRESS]... [--helo NAME] [--bounces DOMAIN]\n"
	"                        [--selector NAME]... [--message FILE] [--from-records FILE]\n"
	"                        [--log FILE] [--reports FILE] [--no-connect] [--relay-test]\n"
	"                        [-c FILE] [--json] DOMAIN...\n"
	"\n"
	"Checks the set-up of domains that send mail as a receiver would: MX, reverse DNS, HELO,\n"
	"SPF, DKIM, DMARC, blocklists, and the mail servers themselves: banner, STARTTLS,\n"
	"certificates, DANE, MTA-STS. It begins with the answer: which domains pass, why the\n"
	"others do not, and what to do. Then come the findings, the costliest first, with the\n"
	"records to publish, ready for a zone file; a table; and the DNS records as they are.\n"
	"\n"
	"      --ip ADDRESS      an IP address from which mail goes out; may be repeated. Without\n"
	"                        it they are guessed from MX and SPF records\n"
	"      --helo NAME       the name with which your servers introduce themselves (HELO, EHLO)\n"
	"      --bounces DOMAIN  the domain of the bounce address (MAIL FROM), if it is another\n"
	"      --selector NAME   the selector of a DKIM key of yours: s= in a DKIM-Signature field;\n"
	"                        may be repeated\n"
	"      --message FILE    a message of yours, as it was delivered: its DKIM signatures are\n"
	"                        verified and name the selectors; \"-\" is standard input\n"
	"      --from-records FILE  a log of records of heloscope, with its rotated files: the\n"
	"                        selectors with which mail of these domains passed there\n"
	"      --log FILE        the mail log of your server, or a directory of logs, for addresses\n"
	"                        and bounce domains that are not given\n"
	"      --reports FILE    DMARC reports of receivers, or a directory or Maildir of them: the\n"
	"                        addresses, bounce domains and selectors with which mail passed\n"
	"      --no-connect      query only the DNS, connect to no server\n"
	"      --relay-test      try whether the servers, which must be yours, are open relays\n"
	"                        (MAIL and RCPT, never DATA); two minutes for each at most\n"
	"  -c, --config FILE     a configuration, for its resolver and its blocklists\n"
	"                        (default: " CONFIG_FILE ", if it is there)\n"
	"      --json            as JSON\n"
	"  -h, --help            print this and exit\n"
	"\n"
	"It takes five minutes at most, ten with --relay-test; what was not reached by then is\n"
	"shown as not known.\n"
	"\n"
	"Exit status: 0 all domains pass, 1 there is something to correct, 2 wrong usage,\n"
	"3 something could not be found out.\n"
	"\n"
	"Example: heloscope doctor --ip 198.51.100.7 --helo mail.example.org example.org\n";

struct options {
	const char *config, *message, *records, *log, *reports;
	char helo[DOMAIN_SIZE], bounces[DOMAIN_SIZE]; /* normalized, or "" */
	struct cli_lesson lesson;                     /* with the selectors that were given */
	struct sent *sent;                            /* of log and reports; or NULL */
	struct ipaddr addresses[DOCTOR_ADDRESSES_MAX];
	size_t address_count;
	bool is_json, connects_nowhere, tests_relay;
};

static int
add_address(void *context, const char *text)
{
	struct options *options = context;

	if (options->address_count == DOCTOR_ADDRESSES_MAX)
		return cli_usage_error("doctor", "more than %d addresses", DOCTOR_ADDRESSES_MAX);
	return cli_read_address("doctor", text, &options->addresses[options->address_count++]);
}

static int
set_helo(void *context, const char *text)
{
	return cli_read_helo("doctor", text, ((struct options *)context)->helo);
}

static int
set_bounces(void *context, const char *text)
{
	return cli_read_domain("doctor", text, ((struct options *)context)->bounces);
}

static int
add_selector(void *context, const char *text)
{
	struct options *options = context;
	struct doctor_key *key = options->lesson.keys + options->lesson.key_count;

	if (options->lesson.key_count == DOCTOR_KEYS_MAX)
		return cli_usage_error("doctor", "more than %d selectors", DOCTOR_KEYS_MAX);
	options->lesson.key_count++;
	return cli_read_selector("doctor", text, key->selector, key->domain);
}

/* Whether two options that read files would both read standard input; which. */
static bool
shares_input(const struct options *options, const char **first, const char **second)
{
	const struct {
		const char *path, *name;
	} given[] = {
		{ options->message, "--message" },
		{ options->records, "--from-records" },
		{ options->log, "--log" },
		{ options->reports, "--reports" },
	};

	*first = *second = NULL;
	for (size_t i = 0; i < sizeof given / sizeof given[0] && *second == NULL; i++)
		if (given[i].path != NULL && regular_file_is_input(given[i].path))
			*(*first == NULL ? first : second) = given[i].name;
	return *second != NULL;
}

/* Returns -1 to go on, or the status to exit with. */
static int
read_options(int argc, char **argv, struct options *options)
{
	const struct option_row table[] = {
		{ .name = "ip", .take = add_address, .is_repeatable = true },
		{ .name = "helo", .take = set_helo },
		{ .name = "bounces", .take = set_bounces },
		{ .name = "selector", .take = add_selector, .is_repeatable = true },
		{ .name = "message", .text = &options->message },
		{ .name = "from-records", .text = &options->records },
		{ .name = "log", .text = &options->log },
		{ .name = "reports", .text = &options->reports },
		{ .name = "no-connect", .flag = &options->connects_nowhere, .excludes = "relay-test" },
		{ .name = "relay-test", .flag = &options->tests_relay },
		{ .name = "config", .letter = 'c', .text = &options->config },
		{ .name = "json", .flag = &options->is_json },
		{ .name = NULL },
	};
	const char *first, *second;
	const int status = options_read(
		argc, argv, &(struct option_syntax){ "heloscope", "doctor", help, table, options });

	if (status >= 0)
		return status;
	if (optind == argc)
		return cli_usage_error("doctor", "no domain was given");
	if (shares_input(options, &first, &second))
		return cli_usage_error("doctor", "%s and %s cannot both be standard input", first, second);
	return argc - optind <= DOMAINS_MAX ? -1
					    : cli_usage_error("doctor", "more than %d domains", DOMAINS_MAX);
}

/* All reports. */
struct ward {
	struct doctor_report reports[DOMAINS_MAX];
	size_t count;
};

static int
status_of(const struct ward *ward)
{
	enum doctor_severity worst = DOCTOR_GOOD;

	for (size_t i = 0; i < ward->count; i++)
		for (int row = 0; row < DOCTOR_ROWS; row++)
			if (ward->reports[i].cells[row] > worst)
				worst = ward->reports[i].cells[row];
	if (worst >= DOCTOR_WARNING)
		return CLI_FINDINGS;
	return worst == DOCTOR_UNKNOWN ? CLI_UNKNOWN : CLI_WELL;
}

/* Looks at as many servers as there are, wherever they are: they are the user's own. */
static struct look_back *
new_look_back(const struct config *config, struct dns_resolver *resolver, struct error *error)
{
	struct look_back_settings settings = config->look_back;

	settings.per_minute = 0;
	settings.file = NULL;
	settings.why = "heloscope doctor looks at this server for its owner";
	settings.trusted = (struct network_set){ .count = 0 };
	return look_back_new(&settings, resolver, NULL, error);
}

/* Where we are, on a terminal. */
static void
tell_progress(const char *domain, const char *what)
{
	if (isatty(STDERR_FILENO))
		output_put(output_errors(), "\r%-78.78s\r%.40s: %.36s", "", domain, what);
}

static void
end_progress(void)
{
	if (isatty(STDERR_FILENO))
		output_put(output_errors(), "\r%-78s\r", "");
}

/* Whether the DNS can be asked at all; says whose fault it is when it cannot. */
static bool
has_name_servers(const struct config *config, struct lookup *lookup, const char *domain)
{
	char memory[400];
	struct strbuf named = STRBUF_OVER(memory);
	enum name_servers_state state;

	lookup_want(lookup, domain, DNS_MX);
	state = name_servers_look(&config->resolver, NAME_SERVERS_MS, &named);
	if (state == NAME_SERVERS_ANSWER)
		return true;
	lookup_set_end(lookup, 0);
	if (!dns_status_is_fault(lookup_get(lookup, domain, DNS_MX)->status))
		return true; /* it has come another way */
	output_put(
		output_errors(),
		"heloscope doctor: %s (asked: %s): this is the fault of this host, its network or those servers, not of %s; nothing was checked\n",
		state == NAME_SERVERS_SILENT ? "no name server answers" : "the name servers fail (SERVFAIL)",
		memory, domain);
	return false;
}

/* Examine all of `domains`, which are normalized. */
static int
examine(struct config *config, char (*domains)[DOMAIN_SIZE], size_t count, const struct options *options)
{
	struct doctor_order order = {
		.addresses = options->addresses,
		.address_count = options->address_count,
		.helo = options->helo[0] != '\0' ? options->helo : NULL,
		.keys = options->lesson.keys,
		.key_count = options->lesson.key_count,
		.message = options->message != NULL ? &options->lesson.message : NULL,
		.tests_relay = options->tests_relay,
		.end_ms = clock_now_ms() + (options->tests_relay ? DOCTOR_TOTAL_RELAY_MS : DOCTOR_TOTAL_MS),
		.tell = tell_progress,
		.bounces = options->bounces[0] != '\0' ? options->bounces : NULL,
	};
	struct ward ward = { .count = count };
	struct error error;
	struct dns_resolver *resolver = resolver_new(&config->resolver, &error);
	struct lookup *lookup = resolver != NULL ? lookup_new(resolver, config->timeout_ms) : NULL;
	struct arena arena;
	int status = CLI_UNKNOWN;

	order.resolver = resolver;
	if (resolver != NULL)
		error_set(&error, "out of memory");
	if (lookup != NULL && !options->connects_nowhere)
		order.look_back = new_look_back(config, resolver, &error);

	arena_init(&arena, 64U << 20);
	if (lookup == NULL || (order.look_back == NULL && !options->connects_nowhere)) {
		output_put(output_errors(), "heloscope doctor: %s\n",
			   resolver == NULL ? error.text : "out of memory");
	} else if (has_name_servers(config, lookup, domains[0])) {
		for (size_t i = 0; i < count; i++) {
			struct doctor_order own = order;

			if (options->sent != NULL)
				sent_fill(options->sent, i, &own, &arena);
			doctor_examine(domains[i], &own, config, lookup, &arena, &ward.reports[i]);
		}
		end_progress();
		if (options->is_json)
			doctor_put_json(ward.reports, ward.count, &arena, output_standard());
		else
			doctor_put(ward.reports, ward.count, &arena, output_standard());
		status = status_of(&ward);
	}
	look_back_free(order.look_back);
	resolver_free(resolver);
	lookup_free(lookup);
	arena_clear(&arena);
	return status;
}

/* Read the domains; -1 to go on, or the status to exit with. */
static int
read_domains(char **given, size_t count, char (*domains)[DOMAIN_SIZE])
{
	for (size_t i = 0; i < count; i++) {
		const int status = cli_read_domain("doctor", given[i], domains[i]);

		if (status >= 0)
			return status;
	}
	return -1;
}

/* Selectors. */

static bool
is_examined(const struct cli_lesson *lesson, const char *domain)
{
	for (size_t i = 0; i < lesson->domain_count; i++)
		if (strcmp(lesson->domains[i], domain) == 0)
			return true;
	return false;
}

/* What was read otherwise than somebody may expect. */
static void
tell_lesson(const struct cli_lesson *lesson)
{
	static const char before[] = "heloscope doctor: ";
	const struct doctor_message *message = &lesson->message;
	struct output *out = output_errors();

	if (message->name != NULL && message->author[0] == '\0')
		output_put(out, "%s%s: From does not name exactly one domain\n", before, message->name);
	else if (message->name != NULL && !is_examined(lesson, message->author))
		output_put(out, "%s%s: its author is of %s, which is not among the domains that were given\n",
			   before, message->name, message->author);
	if (lesson->learned == 0)
		output_put(out, "%sno DKIM signature of these domains was found there\n", before);
}

static void
tell_left_out(const struct cli_lesson *lesson)
{
	if (lesson->left_out > 0)
		output_put(
			output_errors(),
			"heloscope doctor: more than %d selectors were found; the others are not checked\n",
			DOCTOR_KEYS_MAX);
}

/* The message, with a resolver of its own. False with the reason. */
static bool
learn_message(const char *path, struct config *config, struct cli_lesson *lesson, struct error *error)
{
	struct dns_resolver *resolver = resolver_new(&config->resolver, error);
	const bool is_learned = resolver != NULL && cli_learn_message(path, config, resolver, lesson, error);

	resolver_free(resolver);
	return is_learned;
}

/* Returns -1 to go on, or the status to exit with. */
static int
learn(const struct options *options, struct config *config, struct cli_lesson *lesson)
{
	struct error error;

	if (options->message == NULL && options->records == NULL)
		return -1;
	if (options->message != NULL && !learn_message(options->message, config, lesson, &error)) {
		output_put(output_errors(), "heloscope doctor: %s\n", error.text);
		return CLI_UNKNOWN;
	}
	if (options->records != NULL && !cli_learn_records(options->records, lesson))
		return CLI_UNKNOWN;
	tell_lesson(lesson);
	return -1;
}

/* The same of log and reports. */
static int
learn_sent(struct options *options)
{
	if (options->log == NULL && options->reports == NULL)
		return -1;
	options->sent = sent_new(&options->lesson);
	if (options->sent == NULL) {
		output_put(output_errors(), "heloscope doctor: out of memory\n");
		return CLI_UNKNOWN;
	}
	return (options->log == NULL || sent_read_log(options->sent, options->log))
			       && (options->reports == NULL
				   || sent_read_reports(options->sent, options->reports))
		       ? -1
		       : CLI_UNKNOWN;
}

int
cli_doctor(int argc, char **argv)
{
	struct options options = { .config = NULL };
	char domains[DOMAINS_MAX][DOMAIN_SIZE];
	int status = read_options(argc, argv, &options);
	struct config *config;

	if (status >= 0)
		return status;
	status = read_domains(argv + optind, (size_t)(argc - optind), domains);
	if (status >= 0)
		return status;
	options.lesson.domains = domains;
	options.lesson.domain_count = (size_t)(argc - optind);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	config = cli_config_or_defaults(options.config);
	if (config == NULL)
		return CLI_UNKNOWN;
	config->disabled = 0;                /* what the filter leaves out is looked at all the same, */
	config->enabled = 1U << METHOD_DKIM; /* and the signatures of a message */
	config->looks_back = true;
	status = learn(&options, config, &options.lesson);
	if (status < 0)
		status = learn_sent(&options);
	tell_left_out(&options.lesson);
	if (status < 0)
		status = examine(config, domains, (size_t)(argc - optind), &options);
	sent_free(options.sent);
	config_unref(config);
	return status;
}
