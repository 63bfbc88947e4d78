#include "heloscope/checks/dmarc.h"

#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/checks/dkim.h"
#include "heloscope/checks/spf.h"

/* What is kept of the message, beside what is kept for all checks. */
struct seen {
	size_t fields; /* of the author, that were read */
	struct dmarc_memo memo;
};

/* NULL when there is no memory. */
static struct seen *
seen_of(struct inquiry *inquiry)
{
	struct seen *seen = inquiry_fed_state(inquiry, sizeof *seen);

	if (seen != NULL)
		seen->memo.memory = &inquiry_fed(inquiry)->memory;
	return seen;
}

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	return inquiry_ask(context, STAGE_HEADER, name, type);
}

/* Ask for what is needed whatever the rest of the message is. */
static void
prepare(struct inquiry *inquiry, struct seen *seen, const char *domain)
{
	const struct dmarc_source source = { ask, inquiry, &seen->memo };

	inquiry_allow(inquiry, BOUND_ANSWER_OCTETS_MUCH);
	if (domain[0] != '\0')
		dmarc_prepare(&source, domain);
}

static void
feed(struct inquiry *inquiry, const struct piece *piece)
{
	const struct author *author = &inquiry_kept(inquiry)->author;
	struct seen *seen = seen_of(inquiry);

	if (seen == NULL || piece->kind != PIECE_FIELD || author->fields == seen->fields)
		return;
	seen->fields = author->fields;
	prepare(inquiry, seen, author_domain(author));
}

/* What authenticates the message. */
struct identifiers {
	struct dmarc_identifier items[DMARC_IDENTIFIERS_MAX];
	enum dns_status withheld[DMARC_IDENTIFIERS_MAX]; /* why one is not known, or DNS_NOERROR */
	size_t count;
};

/* `fault`: of the lookup that made it temperror. */
static void
add(struct identifiers *identifiers, const char *domain, bool is_spf, enum result result,
    enum dns_status fault)
{
	if ((result != RESULT_PASS && result != RESULT_TEMPERROR) || domain[0] == '\0'
	    || identifiers->count == DMARC_IDENTIFIERS_MAX)
		return;
	identifiers->withheld[identifiers->count] =
		result == RESULT_TEMPERROR ? dns_status_of_chosen(fault) : DNS_NOERROR;
	identifiers->items[identifiers->count++] = (struct dmarc_identifier){
		.domain = domain, .is_spf = is_spf, .has_passed = result == RESULT_PASS
	};
}

/* One that takes more work than is done is neither good nor bad; who makes so many must gain nothing. */
static void
add_signature(struct identifiers *identifiers, const struct dkim_finding *signature)
{
	if (signature->evidence.reason == DKIM_WORK)
		add(identifiers, signature->domain, false, RESULT_TEMPERROR, DNS_TOO_MUCH_WORK);
	else
		add(identifiers, signature->domain, false, signature->result,
		    dkim_evidence_fault(&signature->evidence));
}

/* Only of MAIL FROM (4.4.2); of "<>" that is postmaster at the name of HELO (RFC 7208, 2.4). */
static void
add_spf(struct identifiers *identifiers, const struct facts *facts)
{
	const bool is_null = facts->sender.mailbox.form == MAILBOX_NULL;
	const struct spf_facts *spf = &facts->spf[is_null ? SPF_HELO : SPF_MAILFROM];

	if (spf->domain != NULL)
		add(identifiers, spf->domain, true, facts->results[is_null ? METHOD_SPF_HELO : METHOD_SPF],
		    spf->problem.status);
}

/*
 * Those of the author first, for which others must leave room. Signatures that nobody could look at might
 * have been the author's.
 */
static void
add_signatures(struct identifiers *identifiers, const struct facts *facts, const char *author)
{
	for (int alignment = DKIM_SAME_DOMAIN; alignment >= DKIM_UNALIGNED; alignment--)
		for (size_t i = 0; i < facts->dkim.count; i++)
			if ((int)facts->dkim.signatures[i].alignment == alignment)
				add_signature(identifiers, &facts->dkim.signatures[i]);
	if (facts->dkim.count == 0)
		add(identifiers, author, false,
		    facts->results[METHOD_DKIM] == RESULT_TEMPERROR ? RESULT_TEMPERROR : RESULT_NONE,
		    DNS_NO_MEMORY);
}

/* One policy record of several, or the only one; NULL: not so many. */
static const char *
nth_record(const struct dns_answer *answer, size_t n)
{
	for (size_t i = 0; i < answer->count; i++)
		if (dmarc_record_is_one(answer->records[i].text) && n-- == 0)
			return answer->records[i].text.at;
	return NULL;
}

/* What stands at a name that was looked up, but for the record that applies, which is told elsewhere. */
static struct dmarc_looked_up
looked_up(const struct dmarc_outcome *outcome, const struct dmarc_lookup *lookup)
{
	const bool applies =
		outcome->record_domain != NULL && strcmp(outcome->record_domain, lookup->domain) == 0;

	return (struct dmarc_looked_up){
		.domain = lookup->domain,
		.status = lookup->answer->status,
		.records = lookup->records,
		.record = applies ? NULL : nth_record(lookup->answer, 0),
		.second = applies ? NULL : nth_record(lookup->answer, 1),
	};
}

/* Without a record there was nothing to compare by: then only that both are the same domain is certain. */
static void
align_by_name(struct dmarc_facts *facts, const char *author)
{
	for (size_t i = 0; i < facts->identifier_count; i++) {
		struct dmarc_identifier *identifier = &facts->identifiers[i];

		identifier->alignment = strcmp(identifier->domain, author) == 0 ? DMARC_EQUAL : DMARC_UNTOLD;
	}
}

/* Keep what was found. */
static void
keep(struct inquiry *inquiry, const struct identifiers *identifiers, const struct dmarc_outcome *outcome)
{
	struct dmarc_facts *facts = &inquiry_facts(inquiry)->dmarc;
	struct arena *arena = inquiry_arena(inquiry, STAGE_HEADER);
	const struct dmarc_walk *walk = &outcome->walk;

	*facts = (struct dmarc_facts){
		.organization = outcome->organization,
		.record_domain = outcome->record_domain,
		.record = outcome->record,
		.existence = outcome->existence,
		.policy = outcome->policy,
		.evaluated = outcome->evaluated,
		.fault_name = outcome->fault_name,
		.fault = outcome->fault,
		.identifiers = arena_alloc(arena, identifiers->count * sizeof *facts->identifiers + 1),
		.lookups = arena_alloc(arena, walk->lookup_count * sizeof *facts->lookups + 1),
	};
	if (facts->identifiers != NULL && identifiers->count > 0) {
		facts->identifier_count = identifiers->count;
		memcpy(facts->identifiers, identifiers->items,
		       identifiers->count * sizeof *facts->identifiers);
	}
	if (!outcome->has_alignments)
		align_by_name(facts, inquiry_facts(inquiry)->author.domain);
	for (size_t i = 0; facts->lookups != NULL && i < walk->lookup_count; i++)
		facts->lookups[facts->lookup_count++] = looked_up(outcome, &walk->lookups[i]);
}

/*
 * What was withheld of the identifiers is withheld of this, too, of those that count. Where the author's
 * record is known, or one above that asks for something, so is what a lookup could not tell: whoever forges
 * an author chooses its name, or that of the author, below the record's.
 */
static void
note_withheld(struct facts *facts, const struct identifiers *identifiers, const struct dmarc_outcome *outcome)
{
	static const enum method needed[] = { METHOD_SPF, METHOD_SPF_HELO, METHOD_DKIM };
	const bool is_of_chosen =
		outcome->fault_name != NULL && (outcome->record_domain != NULL || outcome->is_below_policy);
	enum dns_status withheld = facts->withheld[METHOD_DMARC];

	for (size_t i = 0; i < identifiers->count && withheld == DNS_NOERROR; i++)
		if (identifiers->items[i].alignment != DMARC_UNALIGNED)
			withheld = identifiers->withheld[i];
	if (withheld == DNS_NOERROR && is_of_chosen)
		withheld = dns_status_of_chosen(outcome->fault);
	for (size_t i = 0; i < sizeof needed / sizeof needed[0] && withheld == DNS_NOERROR; i++)
		if (facts->withheld[needed[i]] != DNS_CHOSEN_NAME) /* of one that does not count */
			withheld = facts->withheld[needed[i]];
	facts->withheld[METHOD_DMARC] = withheld;
}

static bool
finish(struct facts *facts, const struct identifiers *identifiers, const struct dmarc_outcome *outcome)
{
	facts->results[METHOD_DMARC] = outcome->result;
	if (outcome->result == RESULT_FAIL && facts_lacks_ground(facts, METHOD_DMARC))
		facts->results[METHOD_DMARC] = RESULT_NONE;
	if (outcome->result == RESULT_TEMPERROR)
		note_withheld(facts, identifiers, outcome);
	else
		facts->withheld[METHOD_DMARC] = DNS_NOERROR; /* what was not asked would change nothing */
	return true;
}

static bool
run(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);
	struct seen *seen = seen_of(inquiry);
	struct identifiers identifiers = { .count = 0 };
	struct dmarc_outcome outcome = { .result = RESULT_PERMERROR };

	if (seen == NULL || inquiry_stage(inquiry) < STAGE_HEADER)
		return false;
	facts->author = inquiry_author(inquiry);
	if (facts->author.domain[0] == '\0')
		return finish(facts, &identifiers, &outcome);
	if (!inquiry_has_needs(inquiry, &check_dmarc)) {
		/* What was asked with the field may have come too late for the stage before. */
		prepare(inquiry, seen, facts->author.domain);
		return false;
	}
	add_spf(&identifiers, facts);
	add_signatures(&identifiers, facts, facts->author.domain);
	if (!dmarc_judge(&(struct dmarc_source){ ask, inquiry, &seen->memo }, facts->author.domain,
			 identifiers.items, identifiers.count, &outcome))
		return false;
	keep(inquiry, &identifiers, &outcome);
	return finish(facts, &identifiers, &outcome);
}

const struct check check_dmarc = {
	.stage = STAGE_BODY,
	.run = run,
	.method = METHOD_DMARC,
	.feed = feed,
	.needs = CHECK_NEEDS(&check_spf_helo, &check_spf, &check_dkim),
};
