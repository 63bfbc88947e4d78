#include "heloscope/reflect/judge.h"

#include <string.h>
#include <strings.h>

/* The message. */

/* Programs and roles that answer or are answered by programs (RFC 3834, 2; RFC 5230, 4.6). */
static bool
is_robot(const char *local)
{
	static const char *const names[] = {
		"mailer-daemon", "postmaster", "no_reply", "donotreply", "do-not-reply", "nobody", "listserv",
		"majordomo",     "mailman",    "daemon",   "hostmaster", "abuse",        "root",
	};
	const struct span text = span_of(local);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_equals_nocase(text, span_of(names[i])))
			return true;
	return span_starts_with_nocase(text, SPAN("owner-")) || span_ends_with_nocase(text, SPAN("-owner"))
	       || span_ends_with_nocase(text, SPAN("-request"))
	       || span_starts_with_nocase(text, SPAN("bounce"))
	       || span_starts_with_nocase(text, SPAN("noreply"))
	       || span_starts_with_nocase(text, SPAN("no-reply"));
}

static enum silence
judge_author(const struct letter *letter, const char *own)
{
	char address[LETTER_ADDRESS_SIZE];

	if (author_judge(&letter->author) != AUTHOR_ONE || letter->author.addresses != 1)
		return SILENCE_AUTHOR;
	if (!letter_address(letter, address))
		return SILENCE_ADDRESS;
	if (strcasecmp(address, own) == 0)
		return SILENCE_ITSELF;
	return is_robot(letter->author.local) ? SILENCE_ROBOT : SILENCE_NONE;
}

enum silence
judge_letter(const struct letter *letter, const char *own)
{
	const enum silence author = judge_author(letter, own);

	if (letter->mark != SILENCE_NONE)
		return letter->mark;
	if (author != SILENCE_NONE)
		return author;
	if (!letter->has_results)
		return SILENCE_UNSEEN;
	return letter->queue_id[0] == '\0' ? SILENCE_QUEUE_ID : SILENCE_NONE;
}

/* The record. */

/* In every reading of the sender. */
static bool
has_aligned_spf(const struct facts *facts, const char *author)
{
	for (; facts != NULL; facts = facts->other)
		if (facts->results[METHOD_SPF] != RESULT_PASS
		    || !domain_same_organization(facts->spf[SPF_MAILFROM].domain, author))
			return false;
	return true;
}

static bool
has_aligned_signature(const struct dkim_facts *dkim, const char *author)
{
	for (size_t i = 0; i < dkim->count; i++)
		if (dkim->signatures[i].result == RESULT_PASS
		    && domain_same_organization(dkim->signatures[i].domain, author))
			return true;
	return false;
}

static bool
is_authenticated(const struct facts *facts, const char *author)
{
	const enum result dmarc = facts_worst(facts, METHOD_DMARC)->results[METHOD_DMARC];

	if (dmarc == RESULT_PASS || dmarc == RESULT_FAIL)
		return dmarc == RESULT_PASS;
	return has_aligned_spf(facts, author) || has_aligned_signature(&facts->dkim, author);
}

/* The DMARC check is about the author who was recorded, so that without one its result tells nothing. */
static bool
is_recorded_author(const struct facts *facts, const char *author)
{
	if (facts->author.finding == AUTHOR_UNCHECKED)
		return facts->results[METHOD_DMARC] == RESULT_UNCHECKED && facts->dkim.count == 0;
	return facts->author.finding == AUTHOR_ONE && strcmp(facts->author.domain, author) == 0;
}

enum silence
judge_record(const struct letter *letter, const struct message_record *record)
{
	const struct facts *facts = record->facts;
	const char *author = author_domain(&letter->author);

	if (record->queue_id == NULL || strcmp(record->queue_id, letter->queue_id) != 0)
		return SILENCE_NO_RECORD;
	if (letter->reference[0] != '\0' && strcmp(letter->reference, record->ident) != 0)
		return SILENCE_OTHER_REFERENCE;
	for (const struct facts *reading = facts; reading != NULL; reading = reading->other)
		if (reading->sender.mailbox.form == MAILBOX_NULL)
			return SILENCE_NULL_SENDER;
	if (author[0] == '\0' || !is_recorded_author(facts, author))
		return SILENCE_OTHER_AUTHOR;
	return is_authenticated(facts, author) ? SILENCE_NONE : SILENCE_UNAUTHENTICATED;
}
