#include "heloscope/cli/sent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/ipaddr_scope.h"
#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/cli/cli.h"
#include "heloscope/doctor/dkim.h"
#include "heloscope/mails/given.h"

#define NAMES_MAX 32    /* of one kind that are counted */
#define NAMES_TOLD 8    /* and told */
#define REPORTER_MAX 60 /* octets of an organization that are told */
#define LINE_MAX 3000

/* What is counted, each with its messages. */
struct name {
	char text[DOMAIN_SIZE];
	char of[DOMAIN_SIZE]; /* of a key: the domain that signs with that selector; else "" */
	uint64_t messages;
};

struct names {
	struct name items[NAMES_MAX];
	size_t count;
	bool has_more; /* for which there was no room */
};

/* Of one kind of source. */
struct account {
	struct names addresses, bounces, reporters;
	struct names keys;   /* selectors */
	struct names others; /* in whose name alone mail of the domain passed SPF or DKIM */
};

/* Of one domain. */
struct sent_domain {
	struct account log, reports;
	struct ipaddr addresses[2 * NAMES_MAX]; /* as an order has them, */
	const char *bounces[NAMES_MAX];         /* and these */
};

struct sent {
	struct cli_lesson *lesson;
	struct sent_domain *domains; /* as many as the lesson has */
	bool has_fault, has_found;   /* in what is read */
	struct expansion expansion;
};

struct sent *
sent_new(struct cli_lesson *lesson)
{
	struct sent *sent = calloc(1, sizeof *sent);

	if (sent == NULL)
		return NULL;
	sent->lesson = lesson;
	sent->expansion = expansion_of_run();
	sent->domains = calloc(lesson->domain_count, sizeof *sent->domains);
	if (sent->domains != NULL)
		return sent;
	sent_free(sent);
	return NULL;
}

void
sent_free(struct sent *sent)
{
	if (sent == NULL)
		return;
	free(sent->domains);
	free(sent);
}

/* Names. */

/* The place of a name: its own, else a free one, else that of the rarest if it is rarer; NULL: there is none.
 */
static struct name *
place_for(struct names *names, const char *text, const char *of, uint64_t messages)
{
	struct name *rarest = names->items;

	for (struct name *name = names->items; name < names->items + names->count; name++) {
		if (strcmp(name->text, text) == 0 && strcmp(name->of, of) == 0)
			return name;
		if (name->messages < rarest->messages)
			rarest = name;
	}
	if (names->count < NAMES_MAX)
		return &names->items[names->count++];
	names->has_more = true;
	if (rarest->messages >= messages)
		return NULL;
	rarest->messages = 0;
	return rarest;
}

/* Where there is no room for all, those with the most messages stay: a stranger's report may have any number
 * of names. */
static void
count_name_of(struct names *names, const char *text, const char *of, uint64_t messages)
{
	struct name *name = place_for(names, text, of, messages);

	if (name == NULL)
		return;
	(void)snprintf(name->text, sizeof name->text, "%s", text);
	(void)snprintf(name->of, sizeof name->of, "%s", of);
	name->messages += messages < UINT64_MAX - name->messages ? messages : UINT64_MAX - name->messages;
}

static void
count_name(struct names *names, const char *text, uint64_t messages)
{
	count_name_of(names, text, "", messages);
}

static int
compare(const void *a, const void *b)
{
	const struct name *one = a, *other = b;

	return one->messages != other->messages ? (one->messages < other->messages ? 1 : -1)
						: strcmp(one->text, other->text);
}

static void
sort(struct names *names)
{
	qsort(names->items, names->count, sizeof names->items[0], compare);
}

/* Only what others see: that of a network of one's own is another behind its router. */
static void
count_address(struct names *names, const struct ipaddr *address, uint64_t messages)
{
	char text[IPADDR_TEXT_SIZE];

	if (ipaddr_scope(address) <= SCOPE_EXAMPLE)
		count_name(names, ipaddr_format(address, text), messages);
}

/* Logs. */

/* The domain of the lesson itself, else the first that the sender's concerns; NULL: there is none. */
static struct sent_domain *
domain_of_sender(struct sent *sent, const char *sender)
{
	const struct cli_lesson *lesson = sent->lesson;

	for (size_t i = 0; i < lesson->domain_count; i++)
		if (strcmp(lesson->domains[i], sender) == 0)
			return &sent->domains[i];
	for (size_t i = 0; i < lesson->domain_count; i++)
		if (doctor_key_concerns(sender, lesson->domains[i]))
			return &sent->domains[i];
	return NULL;
}

/* Mail to a domain of one's own may have come from anybody. */
static void
take_delivery(void *context, const struct refusal *refusal)
{
	struct sent *sent = context;
	char sender[DOMAIN_SIZE], recipient[DOMAIN_SIZE];
	struct sent_domain *domain;

	if (!domain_normalize(domain_of_address(refusal->sender), sender)
	    || !domain_normalize(domain_of_address(refusal->recipient), recipient)
	    || domain_of_sender(sent, recipient) != NULL)
		return;
	domain = domain_of_sender(sent, sender);
	if (domain == NULL)
		return;
	sent->has_found = true;
	count_name(&domain->log.bounces, sender, 1);
	count_address(&domain->log.addresses, &refusal->client, 1);
}

/* Reports. */

static void
take_signatures(struct sent_domain *domain, const char *author, const struct aggregate_row *row)
{
	char name[DOMAIN_SIZE], selector[DOMAIN_SIZE];

	for (size_t i = 0; i < row->dkim_count; i++) {
		const struct aggregate_result *dkim = &row->dkim[i];

		if (strcmp(dkim->result, "pass") != 0 || !domain_normalize(span_of(dkim->domain), name)
		    || !domain_normalize(span_of(dkim->selector), selector)
		    || !doctor_key_concerns(name, author))
			continue;
		count_name_of(&domain->reports.keys, selector, name, row->count);
	}
}

/* By SPF; the name of HELO, which passes for mail without a return address, is no envelope domain. */
static void
take_envelope(struct sent_domain *domain, const char *author, const struct aggregate_row *row)
{
	const struct span name = span_of(row->spf.domain), envelope = span_of(row->envelope_from);
	char bounces[DOMAIN_SIZE];

	if (strcmp(row->spf.result, "pass") != 0 || !domain_normalize(name, bounces)
	    || !doctor_key_concerns(bounces, author))
		return;
	count_address(&domain->reports.addresses, &row->source, row->count);
	if (envelope.length == 0 || span_equals_nocase(envelope, name))
		count_name(&domain->reports.bounces, bounces, row->count);
}

/* The domain other than the author's that `result` passed for; false: there is none. */
static bool
passes_as_other(const struct aggregate_result *result, const char *author, char name[DOMAIN_SIZE])
{
	return strcmp(result->result, "pass") == 0 && domain_normalize(span_of(result->domain), name)
	       && !doctor_key_concerns(name, author);
}

/* A service that sends for the domain without its keys, or somebody who uses its name. */
static void
take_other(struct sent_domain *domain, const char *author, const struct aggregate_row *row)
{
	char name[DOMAIN_SIZE];

	for (size_t i = 0; i < row->dkim_count; i++)
		if (passes_as_other(&row->dkim[i], author, name)) {
			count_name(&domain->reports.others, name, row->count);
			return;
		}
	if (passes_as_other(&row->spf, author, name))
		count_name(&domain->reports.others, name, row->count);
}

static void
take_row(void *context, const struct aggregate_report *report, const struct aggregate_row *row)
{
	struct sent *sent = context;
	const struct cli_lesson *lesson = sent->lesson;
	const char *given = row->header_from[0] != '\0' ? row->header_from : report->domain;
	char author[DOMAIN_SIZE];
	size_t number = 0;

	if (!domain_normalize(span_of(given), author))
		return;
	while (number < lesson->domain_count && strcmp(lesson->domains[number], author) != 0)
		number++;
	if (number == lesson->domain_count)
		return;
	if (!row->is_dkim_aligned && !row->is_spf_aligned) {
		take_other(&sent->domains[number], author, row);
		return;
	}
	sent->has_found = true;
	count_name(&sent->domains[number].reports.reporters,
		   report->organization[0] != '\0' ? report->organization : "an unnamed receiver",
		   row->count);
	if (row->is_dkim_aligned)
		take_signatures(&sent->domains[number], author, row);
	if (row->is_spf_aligned)
		take_envelope(&sent->domains[number], author, row);
}

/* Reading. */

static void
pass_over_refusal(void *context, const struct refusal *refusal)
{
	(void)context;
	(void)refusal;
}

/* It need not have a refusal in it. */
static bool
pass_over_words(void *context, const struct refusal *refusal)
{
	pass_over_refusal(context, refusal);
	return true;
}

static void
tell_fault(void *context, struct span file, const char *reason)
{
	(void)context;
	cli_tell_unread("doctor", file, reason);
}

static bool
read_given(struct sent *sent, const char *path, struct log_reader *logs, const char *expected)
{
	const struct given_taker taker = { .refusal = pass_over_refusal,
					   .words = pass_over_words,
					   .aggregate = logs == NULL ? take_row : NULL,
					   .logs = logs,
					   .fault = tell_fault,
					   .context = sent,
					   .expansion = &sent->expansion };
	bool is_read;

	sent->has_found = false;
	is_read = given_read(path, &taker);
	if (is_read && !sent->has_found)
		output_put(output_errors(), "heloscope doctor: no %s was found there\n", expected);
	return is_read || sent->has_found;
}

bool
sent_read_log(struct sent *sent, const char *path)
{
	struct log_reader *logs = log_reader_new(0, take_delivery, sent);
	const bool is_read =
		logs != NULL && read_given(sent, path, logs, "mail that these domains sent to others");

	if (logs == NULL)
		output_put(output_errors(), "heloscope doctor: out of memory\n");
	log_reader_free(logs);
	return is_read;
}

/* There is room for some keys: in turn each domain's with the most messages, so that neither a report with
 * many selectors, which anybody can write, nor one domain takes it from others. */
static void
learn_selectors(struct sent *sent)
{
	for (size_t rank = 0; rank < NAMES_MAX; rank++)
		for (size_t i = 0; i < sent->lesson->domain_count; i++) {
			const struct names *names = &sent->domains[i].reports.keys;

			if (rank < names->count)
				cli_learn_selector(sent->lesson, names->items[rank].text,
						   names->items[rank].of, LESSON_REPORTS);
		}
}

bool
sent_read_reports(struct sent *sent, const char *path)
{
	const bool is_read = read_given(sent, path, NULL, "mail of these domains that passed DMARC");

	for (size_t i = 0; i < sent->lesson->domain_count; i++)
		sort(&sent->domains[i].reports.keys);
	learn_selectors(sent);
	return is_read;
}

/* What came of it. */

static size_t
add_addresses(struct sent_domain *domain, const struct names *names, size_t count)
{
	for (size_t i = 0; i < names->count; i++)
		count += ipaddr_parse(span_of(names->items[i].text), &domain->addresses[count]);
	return count;
}

/* "; addresses A, B and others" */
static void
add_names(struct strbuf *line, const char *kind, const char *plural, const struct names *names)
{
	if (names->count == 0)
		return;
	strbuf_printf(line, "%s %s%s", line->text[line->length - 1] == ':' ? "" : ";", kind,
		      names->count > 1 ? plural : "");
	for (size_t i = 0; i < names->count && i < NAMES_TOLD; i++)
		strbuf_printf(line, "%s %s", i > 0 ? "," : "", names->items[i].text);
	if (names->count > NAMES_TOLD)
		strbuf_add(line, " and others");
}

/* "the reports of "google.com" and 3 others", in quotes, for anybody can call himself anything. */
static const char *
reporters(const struct names *names, struct arena *arena)
{
	const size_t others = names->count - 1;
	char memory[LINE_MAX];
	struct strbuf line = STRBUF_OVER(memory);

	strbuf_add(&line, "the reports of \"");
	strbuf_add_escaped(&line, span_of(names->items[0].text), REPORTER_MAX);
	strbuf_add_char(&line, '"');
	if (others > 0)
		strbuf_printf(&line, " and %s%zu other%s", names->has_more ? "more than " : "", others,
			      others > 1 ? "s" : "");
	return arena_string(arena, memory);
}

/* What was taken of the log; nothing when nothing was. */
static void
add_log(struct strbuf *text, const struct account *account, bool takes_addresses, const char *bounces)
{
	char memory[LINE_MAX];
	struct strbuf line = STRBUF_OVER(memory);
	size_t beginning;

	strbuf_add(&line, "the mail log:");
	beginning = line.length;
	if (takes_addresses)
		add_names(&line, "address", "es", &account->addresses);
	if (bounces != NULL)
		strbuf_printf(&line, "%s bounce domain %s", line.length > beginning ? ";" : "", bounces);
	if (line.length > beginning)
		strbuf_printf(text, "%s%s", text->length > 0 ? "\n" : "", memory);
}

/* Nobody can tell from reports whose they are; who reads this can. */
static void
add_others(struct strbuf *text, const struct names *others, const char *author)
{
	char memory[LINE_MAX];
	struct strbuf line = STRBUF_OVER(memory);

	if (others->count == 0)
		return;
	strbuf_add(&line, "other mail in its name passes SPF or DKIM only as");
	for (size_t i = 0; i < others->count && i < NAMES_TOLD; i++)
		strbuf_printf(&line, "%s %s (%" PRIu64 ")", i > 0 ? "," : "", others->items[i].text,
			      others->items[i].messages);
	strbuf_printf(&line, "%s: have each of these that sends for you sign with DKIM for %s",
		      others->count > NAMES_TOLD ? " and others" : "", author);
	strbuf_printf(text, "%s%s", text->length > 0 ? "\n" : "", memory);
}

static void
sort_account(struct account *account)
{
	sort(&account->others);
	sort(&account->addresses);
	sort(&account->bounces);
	sort(&account->reporters);
}

/* The envelope domain that a log shows: anybody can send with one below the domain through a server that
 * forwards, so that the domain itself comes first. */
static const char *
bounces_of_log(const struct names *names, const char *domain)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i].text, domain) == 0)
			return domain;
	return names->count > 0 ? names->items[0].text : NULL;
}

void
sent_fill(struct sent *sent, size_t number, struct doctor_order *order, struct arena *arena)
{
	struct sent_domain *domain = &sent->domains[number];
	const bool takes_addresses = order->address_count == 0, takes_bounces = order->bounces == NULL;
	const struct names *reported = &domain->reports.bounces;
	const char *logged;
	char memory[3 * LINE_MAX];
	struct strbuf text = STRBUF_OVER(memory);

	sort_account(&domain->log);
	sort_account(&domain->reports);
	logged = takes_bounces && reported->count == 0
			 ? bounces_of_log(&domain->log.bounces, sent->lesson->domains[number])
			 : NULL;
	if (takes_addresses) {
		const size_t sure = add_addresses(domain, &domain->log.addresses, 0);

		order->addresses = domain->addresses;
		order->address_count = add_addresses(domain, &domain->reports.addresses, sure);
		order->reported_count = order->address_count - sure;
	}
	if (takes_bounces) {
		order->bounces = logged;
		order->reported_bounces = domain->bounces;
		order->reported_bounces_count = reported->count;
		for (size_t i = 0; i < reported->count; i++)
			domain->bounces[i] = reported->items[i].text;
	}
	add_log(&text, &domain->log, takes_addresses, logged);
	if (domain->reports.reporters.count > 0) /* what is taken from them is told by the examination */
		order->reported_by = reporters(&domain->reports.reporters, arena);
	add_others(&text, &domain->reports.others, sent->lesson->domains[number]);
	order->taken_from = arena_string(arena, memory);
}
