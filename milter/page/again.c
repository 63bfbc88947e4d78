#include "heloscope/page/again.h"

#include <errno.h>
#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/config/words.h"
#include "heloscope/doctor/trial.h"
#include "heloscope/records/record.h"
#include "heloscope/words/answer.h"
#include "heloscope/words/explain.h"

#define AUTHOR_SIZE (DOMAIN_SIZE + 16)

/* The content. */

/* Of the message only its author is known: with that DMARC is tested, as far as SPF alone can pass it. */
static bool
write_author(void *author, struct inquiry *inquiry, struct error *error)
{
	(void)error;
	inquiry_header_field(inquiry, "From", author);
	inquiry_end_of_header(inquiry);
	return true;
}

/* Whether it can be known only of a message. */
static bool
is_of_content(const struct reason *reason)
{
	const enum method method =
		reason->kind == CONDITION_WORD ? config_subject_method(reason->subject) : reason->method;

	return method < METHODS && method_words(method)->stage >= STAGE_HEADER;
}

static bool
rests_on_content(const struct record_verdict *verdict)
{
	for (size_t i = 0; i < verdict->reasons.count; i++)
		if (is_of_content(&verdict->reasons.items[i]))
			return true;
	return false;
}

/* The trial. */

static const char *
author_domain_of(const struct facts *facts)
{
	return facts->author.domain != NULL && facts->author.domain[0] != '\0' ? facts->author.domain
									       : facts->sender.domain;
}

static void
add_refused(const struct message_record *record, struct trial_order *order)
{
	for (size_t i = 0; i < record->recipient_count && order->recipient_count < TRIAL_RECIPIENTS_MAX; i++)
		if (explain_was_told(&record->verdicts[record->recipients[i].verdict]))
			order->recipients[order->recipient_count++] = record->recipients[i].address.typed;
}

char *
again_make(struct config *config, const char *line, struct peer_memory *peers, struct error *error)
{
	struct record_reading reading;
	char author[AUTHOR_SIZE];
	char *made;

	error_set(error, "the record cannot be read");
	if (!record_read(span_of(line), &reading))
		return NULL;
	{
		const struct facts *facts = reading.record.facts;
		struct trial_order order = {
			.config = config,
			.client = { .address = facts->client.address,
				    .port = facts->client.port,
				    .gateway = facts->client.gateway },
			.helo = facts->helo.given,
			.sender = facts->sender.given != NULL ? facts->sender.given : "<>",
			.peers = peers,
			.read = write_author,
			.context = author,
		};

		(void)snprintf(author, sizeof author, "postmaster@%s", author_domain_of(facts));
		if (author[strlen(author) - 1] == '@')
			order.read = NULL;
		order.client.is_trusted = config_trusts_client(config, &order.client);
		add_refused(&reading.record, &order);
		made = trial_make(&order, error);
	}
	record_release(&reading);
	return made;
}

/* What came of it. */

static bool
has_unknown(const struct facts *facts)
{
	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] == RESULT_TEMPERROR)
			return true;
	return false;
}

static bool
wants_content(const struct config *config)
{
	for (int method = 0; method < METHODS; method++)
		if (method_words((enum method)method)->stage >= STAGE_HEADER
		    && config_wants(config, (enum method)method))
			return true;
	return false;
}

static void
put_outcome(const char *class, const char *sign, const char *words, struct output *out)
{
	output_put(out,
		   "<p class=\"outcome %s\"><span aria-hidden=\"true\">%s</span> <strong>%s</strong></p>\n",
		   class, sign, words);
}

static void
put_cause(const struct record_verdict *verdict, struct output *out)
{
	char found_memory[ANSWER_SIZE], remedy_memory[ANSWER_SIZE];
	struct strbuf found = STRBUF_OVER(found_memory), remedy = STRBUF_OVER(remedy_memory);

	answer_first_cause(verdict, &found, &remedy);
	answer_more_causes(verdict, NULL, &remedy);
	output_put(out, "<p>%s %s</p>\n", found_memory, remedy_memory);
}

static void
put_refused(const struct record_verdict *verdict, struct output *out)
{
	const bool is_deferred = verdict->action == ACTION_DEFER;

	if (rests_on_content(verdict))
		put_outcome("unknown", "?",
			    "Only a new message can show whether it passes: it needs a signature (DKIM) "
			    "that is valid, or SPF for the domain in From.",
			    out);
	else
		put_outcome("bad", "\xe2\x9c\x97",
			    is_deferred ? "The next mail would be deferred."
					: "The next mail would still be refused.",
			    out);
	put_cause(verdict, out);
}

static void
put_accepted(const struct facts *facts, const struct config *config, struct output *out)
{
	put_outcome("good", "\xe2\x9c\x93", "The next mail would pass.", out);
	if (has_unknown(facts))
		output_put(out, "<p>Not everything could be looked up just now.</p>\n");
	if (wants_content(config))
		output_put(
			out,
			"<p>What only a new message can show was not tested: its signatures (DKIM, ARC) and its content.</p>\n");
}

void
again_put(const char *line, const struct config *config, struct output *out)
{
	struct record_reading reading;
	const struct record_verdict *worst;
	char time[CLOCK_TEXT_SIZE];

	if (!record_read(span_of(line), &reading)) {
		out->fault = ENOMEM; /* what was just made can be read */
		return;
	}
	worst = answer_worst_of(&reading.record);
	if (worst != NULL && explain_was_told(worst))
		put_refused(worst, out);
	else
		put_accepted(reading.record.facts, config, out);
	output_put(out,
		   "<p class=\"faint\">Tested at %s, as if the same server sent the same mail again.</p>\n",
		   clock_format(reading.record.time_s, time));
	explain_again(&reading.record, out);
	record_release(&reading);
}
