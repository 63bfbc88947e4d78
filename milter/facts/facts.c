#include "heloscope/facts/facts.h"

#include <string.h>

const char *
list_subject_word(enum list_subject subject)
{
	static const char *const subjects[LIST_SUBJECTS] = {
		[LIST_CLIENT] = "client",
		[LIST_PTR] = "ptr",
		[LIST_HELO] = "helo",
		[LIST_SENDER] = "sender",
	};

	return subjects[subject];
}

static const struct sender_words senders[SENDER_FINDINGS] = {
	[SENDER_UNCHECKED] = { "", RESULT_UNCHECKED },
	[SENDER_MX] = { "mx", RESULT_PASS },
	[SENDER_ADDRESS] = { "address", RESULT_PASS },
	[SENDER_NO_DOMAIN] = { "no-domain", RESULT_NONE },
	[SENDER_MALFORMED] = { "malformed", RESULT_PERMERROR },
	[SENDER_NO_SUCH_DOMAIN] = { "no-such-domain", RESULT_FAIL },
	[SENDER_NO_MX] = { "no-mx", RESULT_FAIL },
	[SENDER_NULL_MX] = { "null-mx", RESULT_FAIL },
	[SENDER_LOCALHOST] = { "localhost", RESULT_FAIL },
	[SENDER_MX_NO_HOST] = { "mx-no-host", RESULT_FAIL },
	[SENDER_MX_NO_ADDRESS] = { "mx-no-address", RESULT_FAIL },
	[SENDER_MX_PRIVATE] = { "mx-private", RESULT_FAIL },
	[SENDER_ADDRESS_PRIVATE] = { "address-private", RESULT_FAIL },
	[SENDER_UNKNOWN] = { "unknown", RESULT_TEMPERROR },
};

const struct sender_words *
sender_words(enum sender_finding finding)
{
	return &senders[finding];
}

enum sender_finding
sender_finding_from_word(const char *word)
{
	for (int finding = 0; finding < SENDER_FINDINGS; finding++)
		if (strcmp(senders[finding].word, word) == 0)
			return (enum sender_finding)finding;
	return SENDER_UNCHECKED;
}

static void
set_reading(struct sender_facts *sender, const struct envelope_address *address,
	    const struct readings *readings, size_t index)
{
	const struct mailbox *mailbox = &readings->items[index];

	*sender = (struct sender_facts){
		.given = address->typed,
		.used = address->used,
		.mailbox = *mailbox,
		.domain = mailbox->form == MAILBOX_ADDRESS ? mailbox->domain : "",
	};
}

void
facts_set_sender(struct facts *facts, const struct envelope_address *sender, struct arena *arena)
{
	const struct envelope_address kept = {
		.typed = arena_string(arena, sender->typed),
		.used = sender->used != NULL ? arena_string(arena, sender->used) : NULL,
	};
	const struct readings readings = mailbox_readings(&kept, arena);

	for (size_t i = 0; i < readings.count && facts != NULL; i++) {
		set_reading(&facts->sender, &kept, &readings, i);
		facts->other = i + 1 < readings.count ? arena_alloc(arena, sizeof *facts->other) : NULL;
		facts = facts->other;
	}
}

bool
facts_is_behind_gateway(const struct facts *facts)
{
	return facts->client.gateway.address.length > 0;
}

bool
facts_lacks_client(const struct facts *facts)
{
	return facts->client.gateway.fault != GATEWAY_FAULT_NONE;
}

bool
facts_withholds_client(const struct facts *facts)
{
	const enum gateway_fault fault = facts->client.gateway.fault;

	return fault == GATEWAY_UNREADABLE || fault == GATEWAY_TOO_MUCH;
}

bool
facts_escapes_rules(const struct facts *facts)
{
	return facts_lacks_client(facts) && !facts_withholds_client(facts);
}

bool
facts_lacks_ground(const struct facts *facts, enum method method)
{
	return facts_lacks_client(facts) && (method == METHOD_DMARC || method_words(method)->rests_on_client);
}

bool
facts_is_groundless(const struct facts *facts, enum method method)
{
	return facts->results[method] == RESULT_NONE && facts_lacks_ground(facts, method)
	       && (method != METHOD_DMARC || facts->dmarc.record_domain != NULL);
}

unsigned
facts_awaited(const struct facts *facts)
{
	unsigned awaited = 0;

	for (int stage = 0; stage < STAGES; stage++)
		awaited |= facts->awaited[stage];
	return awaited;
}

bool
facts_rests_on_sender(enum method method)
{
	return method_words(method)->rests_on_sender;
}

static void
forget_result(struct facts *facts, enum method method)
{
	facts->results[method] = RESULT_UNCHECKED;
	facts->withheld[method] = DNS_NOERROR;
}

static const struct dmarc_facts no_dmarc = { .policy = DMARC_ABSENT, .evaluated = DMARC_ABSENT };

static void
forget_sender(struct facts *facts)
{
	for (int method = 0; method < METHODS; method++)
		if (facts_rests_on_sender((enum method)method))
			forget_result(facts, (enum method)method);
	facts->spf[SPF_MAILFROM] = (struct spf_facts){ 0 };
	facts->lists[LIST_SENDER] = (struct list_facts){ 0 };
	facts->dmarc = no_dmarc;
}

void
facts_take_over(struct facts *other, const struct facts *facts)
{
	const struct facts before = *other;

	*other = *facts;
	other->sender = before.sender;
	other->other = before.other;
	forget_sender(other);
}

void
facts_set_helo(struct helo_facts *helo, const char *name, struct arena *arena)
{
	char normalized[DOMAIN_SIZE];

	*helo = (struct helo_facts){ .given = name != NULL ? arena_string(arena, name) : NULL };
	helo->form = domain_helo_form(span_of(name), normalized, &helo->literal, &helo->fault);
	helo->name = arena_string(arena, normalized);
}

/* How bad a result is for the sender: what may hide worse is worse. */
static int
badness(enum result result)
{
	static const enum result order[] = { RESULT_PASS,     RESULT_UNCHECKED, RESULT_NONE,
					     RESULT_NEUTRAL,  RESULT_POLICY,    RESULT_TEMPERROR,
					     RESULT_SOFTFAIL, RESULT_PERMERROR, RESULT_FAIL };
	int rank = 0;

	while (rank + 1 < RESULTS && order[rank] != result)
		rank++;
	return rank;
}

const struct facts *
facts_worst(const struct facts *facts, enum method method)
{
	const struct facts *worst = facts;

	for (const struct facts *other = facts->other; other != NULL; other = other->other)
		if (badness(other->results[method]) > badness(worst->results[method]))
			worst = other;
	return worst;
}

void
facts_set_unchecked(struct facts *facts, const struct client_facts *client, const char *helo,
		    const struct envelope_address *sender, struct arena *arena)
{
	facts->client = *client;
	facts_set_helo(&facts->helo, helo, arena);
	facts_set_sender(facts, sender, arena);
	for (; facts->other != NULL; facts = facts->other)
		facts_take_over(facts->other, facts);
}

enum result
facts_unknown_peer_result(const struct peer_facts *facts)
{
	return facts->is_left_out ? RESULT_NONE : RESULT_TEMPERROR;
}

static const char *
copy_text(struct arena *arena, const char *text)
{
	return text != NULL ? arena_string(arena, text) : NULL;
}

struct tls_facts
facts_copy_tls(const struct tls_facts *tls, struct arena *arena)
{
	if (tls == NULL)
		return (struct tls_facts){ .is_told = false };
	return (struct tls_facts){
		.is_told = true,
		.version = copy_text(arena, tls->version),
		.cipher = copy_text(arena, tls->cipher),
		.bits = copy_text(arena, tls->bits),
		.verify = copy_text(arena, tls->verify),
		.cert_subject = copy_text(arena, tls->cert_subject),
	};
}

void
facts_forget(struct facts *facts, enum stage stage)
{
	for (int method = 0; method < METHODS; method++)
		if (method_words((enum method)method)->stage >= stage)
			forget_result(facts, (enum method)method);
	forget_sender(facts);
	facts->sender = (struct sender_facts){ 0 };
	facts->other = NULL;
	facts->tls = (struct tls_facts){ 0 };
	facts->peer = (struct peer_facts){ 0 };
	facts->author = (struct author_facts){ .domain = "" };
	facts->dkim = (struct dkim_facts){ 0 };
	facts->dmarc = no_dmarc;
	facts->arc = (struct arc_facts){ 0 };
	if (stage == STAGE_MAIL)
		return;
	facts->helo = (struct helo_facts){ .name = "" };
	facts->spf[SPF_HELO] = (struct spf_facts){ 0 };
	facts->lists[LIST_HELO] = (struct list_facts){ 0 };
	if (stage == STAGE_HELO)
		return;
	facts->iprev = (struct iprev_facts){ 0 };
	facts->lists[LIST_CLIENT] = facts->lists[LIST_PTR] = (struct list_facts){ 0 };
}

/* What tells most of a message comes last: a pass; then what may hide one; then what was processed. */
static int
merit(enum result result)
{
	static const enum result order[] = { RESULT_NONE,   RESULT_PERMERROR, RESULT_NEUTRAL, RESULT_FAIL,
					     RESULT_POLICY, RESULT_TEMPERROR, RESULT_PASS };
	int rank = (int)(sizeof order / sizeof order[0]);

	while (rank > 0 && order[rank - 1] != result)
		rank--;
	return rank;
}

enum result
facts_dkim_result(const struct dkim_facts *dkim)
{
	enum result best = dkim->left_out > 0 ? RESULT_POLICY : RESULT_NONE;

	if (dkim->count > 0)
		best = dkim->signatures[0].result;
	for (size_t i = 1; i < dkim->count; i++)
		if (merit(dkim->signatures[i].result) > merit(best))
			best = dkim->signatures[i].result;
	return best;
}

/* Whether a signature with that result has a domain that fits. */
static bool
has_signature(const struct facts *facts, const char *pattern, enum result result)
{
	for (size_t i = 0; i < facts->dkim.count; i++)
		if (facts->dkim.signatures[i].result == result
		    && domain_matches(span_of(facts->dkim.signatures[i].domain), span_of(pattern)))
			return true;
	return false;
}

bool
facts_is_signed_by(const struct facts *facts, const char *pattern)
{
	return has_signature(facts, pattern, RESULT_PASS);
}

bool
facts_may_be_signed_by(const struct facts *facts, const char *pattern)
{
	return (facts->results[METHOD_DKIM] == RESULT_TEMPERROR && facts->dkim.count == 0)
	       || has_signature(facts, pattern, RESULT_TEMPERROR);
}

/* The set that vouches for the message, if the chain is valid; 0 when none would. */
static size_t
find_vouching_set(const struct arc_facts *arc)
{
	for (size_t instance = arc->count; instance > 0; instance--) {
		const struct arc_sealer *sealer = &arc->sealers[instance - 1];

		if (!sealer->is_trusted || !sealer->covers_from)
			return 0;
		if (sealer->vouches)
			return instance;
	}
	return 0;
}

size_t
facts_vouching_set(const struct facts *facts)
{
	return facts->results[METHOD_ARC] == RESULT_PASS ? find_vouching_set(&facts->arc) : 0;
}

/* What the chain is worth if it is valid. */
static enum arc_standing
best_standing(const struct facts *facts)
{
	return find_vouching_set(&facts->arc) > 0 ? ARC_TRUSTED : ARC_UNTRUSTED;
}

enum arc_standing
facts_arc_standing(const struct facts *facts)
{
	return facts->results[METHOD_ARC] == RESULT_PASS ? best_standing(facts) : ARC_WORTHLESS;
}

unsigned
facts_arc_standings(const struct facts *facts)
{
	if (facts->results[METHOD_ARC] == RESULT_TEMPERROR)
		return 1U << ARC_WORTHLESS | 1U << best_standing(facts);
	return 1U << facts_arc_standing(facts);
}

/* Whether the sealer of that set, or of one behind it, fits; of set 0 none does. */
static bool
has_sealer(const struct arc_facts *arc, size_t set, const char *pattern)
{
	for (size_t i = set; set > 0 && i <= arc->count; i++)
		if (domain_matches(span_of(arc->sealers[i - 1].domain), span_of(pattern)))
			return true;
	return false;
}

bool
facts_is_sealed_by(const struct facts *facts, const char *pattern)
{
	return has_sealer(&facts->arc, facts_vouching_set(facts), pattern);
}

bool
facts_may_be_sealed_by(const struct facts *facts, const char *pattern)
{
	return facts->results[METHOD_ARC] == RESULT_TEMPERROR
	       && (facts->arc.count == 0 || has_sealer(&facts->arc, find_vouching_set(&facts->arc), pattern));
}

enum dns_status
list_finding_withheld(const struct list_finding *finding)
{
	return finding->fault == LIST_FAULT_LOOKUP && dns_status_is_withheld(finding->status)
		       ? finding->status
		       : DNS_NOERROR;
}

const struct list_finding *
facts_next_finding(struct finding_walk *walk)
{
	for (; walk->subject < LIST_SUBJECTS; walk->subject++, walk->index = 0) {
		const struct list_facts *lists = &walk->facts->lists[walk->subject];

		while (walk->index < lists->count) {
			const struct list_finding *finding = &lists->findings[walk->index++];

			if (finding->is_allow == walk->is_allow)
				return finding;
		}
	}
	return NULL;
}

/* Of the findings before `until` in the same state: the largest weight in its group; its operator. */
static void
find_earlier(const struct facts *facts, const struct list_finding *until, unsigned *weight,
	     bool *has_operator)
{
	struct finding_walk walk = { .facts = facts, .is_allow = until->is_allow };
	const struct list_finding *finding;

	*weight = 0;
	*has_operator = false;
	while ((finding = facts_next_finding(&walk)) != until) {
		if (finding->state != until->state)
			continue;
		if (strcmp(finding->group, until->group) == 0 && finding->weight > *weight)
			*weight = finding->weight;
		*has_operator = *has_operator || strcmp(finding->operator, until->operator) == 0;
	}
}

struct list_tally
facts_tally(const struct facts *facts, bool is_allow)
{
	struct finding_walk walk = { .facts = facts, .is_allow = is_allow };
	struct list_tally tally = { 0 };
	const struct list_finding *finding;

	while ((finding = facts_next_finding(&walk)) != NULL) {
		unsigned counted, added;
		bool has_operator;

		tally.lists++;
		if (finding->state == LIST_NOT_LISTED)
			continue;
		find_earlier(facts, finding, &counted, &has_operator);
		added = finding->weight > counted ? finding->weight - counted : 0;
		if (finding->state == LIST_LISTED) {
			tally.score += added;
			tally.operators += has_operator ? 0 : 1;
		} else {
			tally.unknown_score += added;
			tally.unknown_operators += has_operator ? 0 : 1;
		}
	}
	return tally;
}

const struct list_finding *
facts_listing(const struct facts *facts, const char *zone, enum list_subject *subject)
{
	for (int i = 0; i < LIST_SUBJECTS; i++) {
		const struct list_facts *lists = &facts->lists[i];

		*subject = (enum list_subject)i;
		for (size_t j = 0; j < lists->count; j++)
			if (lists->findings[j].state == LIST_LISTED
			    && strcmp(lists->findings[j].zone, zone) == 0)
				return &lists->findings[j];
	}
	return NULL;
}

enum method
facts_list_method(bool is_allow)
{
	return is_allow ? METHOD_DNSWL : METHOD_DNSBL;
}

enum result
facts_list_result(const struct facts *facts, bool is_allow)
{
	const struct list_tally tally = facts_tally(facts, is_allow);

	if (tally.lists == 0)
		return RESULT_UNCHECKED;
	if (tally.operators > 0)
		return is_allow ? RESULT_PASS : RESULT_FAIL;
	return tally.unknown_operators > 0 ? RESULT_TEMPERROR : RESULT_NONE;
}
