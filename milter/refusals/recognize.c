#include "heloscope/refusals/recognize.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/domain.h"
#include "heloscope/base/hash.h"
#include "heloscope/refusals/gist.h"
#include "heloscope/refusals/named_server.h"
#include "heloscope/refusals/normal.h"
#include "heloscope/refusals/place.h"

#define OWNERS_MAX 4
#define SHORT_OCTETS 8 /* of the words of an operator */
#define OWN_OCTETS 19  /* of words that few servers use */

/* Of what was learned. Where nothing else speaks, of what is less far ahead half is wrong; against few words
 * of anybody what is as far ahead as that is right more often than they. */
#define LEAD_OF_TRUST 300
#define LEAD_OF_DOUBT 200

struct recognizer {
	const struct catalogue *catalogue;
	unsigned *found;    /* of each entry: how many of its fragments stand in the text */
	unsigned *complete; /* entries of which all do; those that ask for none come first, and stay */
	size_t complete_count, without_count;
	unsigned char *has; /* of each fragment: enum sight */
	char memory[BOUND_REFUSAL_TEXT + 1];
	struct place_text text; /* normal, in that memory */
	size_t words;           /* octets of the plain words in it */
};

struct recognizer *
recognizer_new(const struct catalogue *catalogue)
{
	struct recognizer *recognizer = calloc(1, sizeof *recognizer);

	if (recognizer == NULL)
		return NULL;
	recognizer->catalogue = catalogue;
	recognizer->found = calloc(catalogue->entry_count + 1, sizeof *recognizer->found);
	recognizer->complete = calloc(catalogue->entry_count + 1, sizeof *recognizer->complete);
	recognizer->has = calloc(catalogue->fragment_count + 1, sizeof *recognizer->has);
	if (recognizer->found == NULL || recognizer->complete == NULL || recognizer->has == NULL) {
		recognizer_free(recognizer);
		return NULL;
	}
	for (size_t i = 0; i < catalogue->entry_count; i++)
		if (catalogue->wanted[i] == 0)
			recognizer->complete[recognizer->without_count++] = (unsigned)i;
	return recognizer;
}

void
recognizer_free(struct recognizer *recognizer)
{
	if (recognizer == NULL)
		return;
	free(recognizer->found);
	free(recognizer->complete);
	free(recognizer->has);
	free(recognizer);
}

/* Who refused. */

/* Operators to whom a host belongs, or a domain; those that are nearer first. */
struct owners {
	const struct operator_entry *items[OWNERS_MAX];
	size_t count;
};

static void
add_owners(const struct catalogue *catalogue, struct span name, bool is_below, enum owned owned,
	   struct owners *owners)
{
	const struct table_link *link = table_first(&catalogue->names, hash_of_nocase(name));

	for (; link != NULL && owners->count < OWNERS_MAX; link = table_next(link)) {
		const struct owner_name *known = (const struct owner_name *)link;

		if (known->is_below == is_below && known->owned == owned
		    && span_equals_nocase(span_of(known->name), name))
			owners->items[owners->count++] = known->owner;
	}
}

static struct owners
owners_of(const struct catalogue *catalogue, struct span name, enum owned owned)
{
	struct owners owners = { .count = 0 };
	const char *dot;

	if (name.length == 0 || name.length >= DOMAIN_SIZE)
		return owners;
	add_owners(catalogue, name, false, owned, &owners);
	while ((dot = memchr(name.at, '.', name.length)) != NULL) {
		name = span_from(name, (size_t)(dot - name.at) + 1);
		add_owners(catalogue, name, true, owned, &owners);
	}
	return owners;
}

/* Which entry. */

/* What is known of a refusal while an entry is looked for. */
struct search {
	const struct catalogue *catalogue;
	struct recognizer *recognizer;
	const struct recognition *known;
	struct owners of_server, of_recipient;
	enum refusal_stage stage;
};

/* How a fragment was found; what tells more is greater. */
enum sight { SIGHT_NONE, SIGHT_DENIED, SIGHT_PLAIN };

static void
count_for(struct recognizer *recognizer, unsigned entry)
{
	if (++recognizer->found[entry] == recognizer->catalogue->wanted[entry])
		recognizer->complete[recognizer->complete_count++] = entry;
}

static void
note_fragment(void *context, unsigned id, struct span place)
{
	struct recognizer *recognizer = context;
	const struct catalogue *catalogue = recognizer->catalogue;
	const struct fragment_users *users = &catalogue->users[id];
	const unsigned char before = recognizer->has[id];
	unsigned char now;

	if (before == SIGHT_PLAIN || !place_is_own(&recognizer->text, place))
		return;
	now = users->can_be_denied && place_is_denied(recognizer->text.text, place) ? SIGHT_DENIED
										    : SIGHT_PLAIN;
	if (now <= before)
		return;
	recognizer->has[id] = now;
	for (size_t i = 0; i < users->count; i++) {
		const bool is_of_plain =
			config_refusal_has(catalogue->entries[users->entries[i]]->category, TRAIT_PRESENT);

		if (is_of_plain ? now == SIGHT_PLAIN : before == SIGHT_NONE)
			count_for(recognizer, users->entries[i]);
	}
}

static void
find_fragments(struct recognizer *recognizer, struct span text, unsigned reply)
{
	const struct catalogue *catalogue = recognizer->catalogue;
	struct strbuf normal = STRBUF_OVER(recognizer->memory);

	memset(recognizer->found, 0, catalogue->entry_count * sizeof *recognizer->found);
	memset(recognizer->has, 0, catalogue->fragment_count);
	recognizer->complete_count = recognizer->without_count;
	normal_add(&normal, text, reply);
	normal_blot_addresses(&normal);
	place_text_init(&recognizer->text, (struct span){ normal.text, normal.length });
	recognizer->words = normal_words(recognizer->text.text);
	if (catalogue->automaton != NULL)
		automaton_scan(catalogue->automaton, recognizer->text.text, note_fragment, recognizer);
}

static bool
is_among(const char *name, const struct owners *owners)
{
	for (size_t i = 0; i < owners->count; i++)
		if (strcmp(owners->items[i]->name, name) == 0)
			return true;
	return false;
}

/* Whether an operator's words come from its own servers alone, by which those of others can be told apart. */
static bool
has_servers(const struct catalogue *catalogue, const char *name)
{
	for (size_t i = 0; i < catalogue->with_servers.count; i++)
		if (strcmp(catalogue->with_servers.items[i], name) == 0)
			return true;
	return false;
}

static size_t
octets_of(const struct text_set *texts)
{
	size_t octets = 0;

	for (size_t i = 0; i < texts->count; i++)
		octets += strlen(texts->items[i]);
	return octets;
}

/* Whether an entry's words could be of anybody: they are few, and nothing else shows who wrote them. */
static bool
is_short(const struct refusal_entry *entry)
{
	return octets_of(&entry->signs) + octets_of(&entry->texts) < SHORT_OCTETS;
}

/* Whether who refused may be the owner of an entry: no server is known, or it is his, or he has none that are
 * known. The words of others are passed on by servers of nobody, but not where they are few. */
static bool
owner_fits(const struct search *search, const struct refusal_entry *entry)
{
	if (entry->owner == NULL || search->known->host.length == 0
	    || is_among(entry->owner, &search->of_server) || !has_servers(search->catalogue, entry->owner))
		return true;
	return search->of_server.count == 0 && !is_short(entry);
}

static bool
server_fits(const struct search *search, const struct refusal_entry *entry)
{
	const struct text_set *servers = &entry->servers;
	bool fits = servers->count == 0;

	for (size_t i = 0; i < servers->count && !fits; i++)
		fits = domain_matches(search->known->host, span_of(servers->items[i]));
	return fits && owner_fits(search, entry);
}

static bool
says_anything(enum refusal_category category)
{
	return !config_refusal_has(category, TRAIT_VAGUE);
}

static bool
is_telling(enum refusal_category category)
{
	return config_refusal_has(category, TRAIT_TELLING);
}

/*
 * Whether a frame is an answer only where little else is said: so if what it says is a guess. A word that
 * stands for one thing, as SPF does, is one wherever it stands.
 */
static bool
is_guess(const struct refusal_entry *entry)
{
	return entry->is_frame && config_refusal_has(entry->category, TRAIT_SHORT);
}

/* Whether half of the words in the reply are its own, by their octets. */
static bool
is_most_of_it(const struct search *search, const struct refusal_entry *entry)
{
	return 2 * octets_of(&entry->texts) >= search->recognizer->words;
}

/*
 * Whether a reply can be about the recipient: before RCPT the server knows none, and where the enhanced code
 * is one of the sender's address (RFC 3463, 3.2: x.1.7, x.1.8) it is about that.
 */
static bool
knows_recipient(const struct search *search)
{
	const struct enhanced_code *code = &search->known->codes.enhanced;

	return (search->stage == REFUSAL_STAGE_NONE || search->stage >= REFUSAL_STAGE_RCPT)
	       && !(code->class != 0 && code->subject == 1 && (code->detail == 7 || code->detail == 8));
}

/* Whether a refusal of anybody can be of a category, as far as it is about the recipient. */
static bool
category_fits(const struct search *search, const struct refusal_entry *entry)
{
	return entry->owner != NULL || !config_refusal_has(entry->category, TRAIT_RECIPIENT)
	       || knows_recipient(search);
}

/* Whether an entry fits whose fragments all stand in the text. */
static bool
entry_fits(const struct search *search, const struct refusal_entry *entry)
{
	const enum code_fit code = codes_fit(&search->known->codes, &entry->code);

	return (!entry->is_frame || entry->meaning != NULL) && code != CODE_DIFFERS && code != CODE_NOT_KNOWN
	       && (!is_guess(entry) || is_most_of_it(search, entry)) && category_fits(search, entry)
	       && server_fits(search, entry);
}

/* How well an entry fits: what counts first stands first. */
struct rank {
	unsigned parts[4];
};

#define TIER_OF_OPERATOR 3

/* Text of the operator whose server it was is as good as a sign of another's, and its signs are better. */
static unsigned
tier_of(const struct refusal_entry *entry, bool is_of_server)
{
	if (entry->texts.count + entry->signs.count == 0)
		return 0;
	if (entry->is_frame)
		return 1;
	if (entry->owner == NULL && entry->signs.count == 0)
		return 2;
	return TIER_OF_OPERATOR + (unsigned)(entry->signs.count > 0) + (unsigned)is_of_server;
}

static struct rank
rank_of(const struct search *search, const struct refusal_entry *entry)
{
	const bool is_of_server = entry->owner != NULL && is_among(entry->owner, &search->of_server);
	const bool is_own =
		is_of_server || (entry->owner != NULL && is_among(entry->owner, &search->of_recipient));

	return (struct rank){ { tier_of(entry, is_of_server), is_own,
				(unsigned)(octets_of(&entry->texts) + octets_of(&entry->signs)),
				(unsigned)(entry->code.reply_min != 0) + entry->code.has_enhanced
					+ (entry->servers.count > 0) } };
}

static bool
is_better(struct rank rank, struct rank than)
{
	for (size_t i = 0; i < sizeof rank.parts / sizeof rank.parts[0]; i++)
		if (rank.parts[i] != than.parts[i])
			return rank.parts[i] > than.parts[i];
	return false;
}

/* The best of the entries that fit, or of those of such categories. */
struct choice {
	const struct refusal_entry *entry, *rival; /* NULL: none */
	struct rank rank;
};

static struct choice
choose(const struct search *search, bool (*is_of)(enum refusal_category category))
{
	struct choice best = { .entry = NULL };

	for (size_t i = 0; i < search->recognizer->complete_count; i++) {
		const struct refusal_entry *entry =
			search->catalogue->entries[search->recognizer->complete[i]];
		struct rank rank;

		if ((is_of != NULL && !is_of(entry->category)) || !entry_fits(search, entry))
			continue;
		rank = rank_of(search, entry);
		if (best.entry == NULL || is_better(rank, best.rank))
			best = (struct choice){ entry, NULL, rank };
		else if (!is_better(best.rank, rank))
			best.rival = entry;
	}
	return best;
}

/* Whether all words of an entry stand within those of another, which says the same, and more. */
static bool
is_part_of(const struct refusal_entry *entry, const struct refusal_entry *whole)
{
	for (size_t i = 0; i < entry->texts.count; i++) {
		bool is_in = false;

		for (size_t k = 0; k < whole->texts.count && !is_in; k++)
			is_in = strstr(whole->texts.items[k], entry->texts.items[i]) != NULL;
		if (!is_in)
			return false;
	}
	return entry->texts.count > 0;
}

static void
find_entry(const struct search *search, struct recognition *known)
{
	struct choice best = choose(search, NULL), telling;

	if (best.entry != NULL && config_refusal_has(best.entry->category, TRAIT_VAGUE)) {
		telling = choose(search, best.entry->is_frame ? says_anything : is_telling);
		if (telling.entry != NULL && !is_part_of(telling.entry, best.entry)
		    && (tier_of(telling.entry, false) == tier_of(best.entry, false)
			|| (best.entry->is_frame && is_telling(telling.entry->category))))
			best = telling; /* of lower tier: a code that says what the words do not */
	}
	known->entry = best.entry;
	known->is_known = best.entry != NULL;
	known->rival = best.rival;
}

/* All of it. */

static struct codes
codes_of(const struct refusal *refusal, struct span text)
{
	struct codes codes = codes_find(text);

	if (codes.reply == 0 && refusal->code >= 400)
		codes.reply = refusal->code;
	if (codes.enhanced.class == 0)
		codes.enhanced = refusal->enhanced;
	return codes;
}

/* An entry knows better than the first digit, as of "421 ... permanently deferred"; but what is refused for
 * now only it calls permanent that has asked for such a code: words alone are said of both. */
static bool
is_entrys_to_say(const struct refusal_entry *entry, unsigned class)
{
	return class != 4 || !entry->is_permanent || entry->code.reply_min / 100 == 4
	       || (entry->code.has_enhanced && entry->code.parts[0] == 4);
}

static enum permanence
permanence_of(const struct recognition *known, enum refusal_status status)
{
	const unsigned class = codes_class(&known->codes);

	if (known->entry != NULL && is_entrys_to_say(known->entry, class))
		return known->entry->is_permanent ? PERMANENCE_YES : PERMANENCE_NO;
	if (class == 4 || class == 5)
		return class == 5 ? PERMANENCE_YES : PERMANENCE_NO;
	return status == REFUSAL_REFUSED                                 ? PERMANENCE_YES
	       : status == REFUSAL_DEFERRED || status == REFUSAL_EXPIRED ? PERMANENCE_NO
									 : PERMANENCE_UNKNOWN;
}

/* Who has the pages to which the reply points; who has servers himself goes before lists. NULL: nobody known,
 * or several lists. */
static const char *
owner_of_links(const struct search *search)
{
	const struct place_text *text = &search->recognizer->text;
	const char *list = NULL;
	bool is_one = true;
	struct span host;

	for (size_t at = 0; (host = place_next_host(text, &at)).length > 0;) {
		const struct owners owners = owners_of(search->catalogue, host, OWNED_LINK);

		if (owners.count == 0)
			continue;
		if (owners.items[0]->servers.count > 0)
			return owners.items[0]->name;
		is_one = is_one && (list == NULL || strcmp(list, owners.items[0]->name) == 0);
		list = owners.items[0]->name;
	}
	return is_one ? list : NULL;
}

/* Whose words stand in the reply, of frames that say nothing else. */
static const char *
owner_of_frame(const struct search *search)
{
	const struct recognizer *recognizer = search->recognizer;

	for (size_t i = 0; i < recognizer->complete_count; i++) {
		const struct refusal_entry *entry = search->catalogue->entries[recognizer->complete[i]];

		if (entry->is_frame && entry->meaning == NULL && entry->owner != NULL)
			return entry->owner;
	}
	return NULL;
}

/* Whose server signed the reply. NULL: nobody known. */
static const char *
owner_of_signature(const struct search *search, struct span text)
{
	const struct span signer = named_signer_in(text);
	const struct owners owners = owners_of(search->catalogue, signer, OWNED_SERVER);

	return owners.count > 0 ? owners.items[0]->name : NULL;
}

/* Whose the recipient is that the reply itself names, where it is about one. */
static const char *
owner_of_named_recipient(const struct search *search, const struct recognition *known, struct span text)
{
	const char *at = memchr(text.at, '@', text.length);
	struct owners owners;

	if (at == NULL || !config_refusal_has(known->category, TRAIT_RECIPIENT))
		return NULL;
	owners = owners_of(search->catalogue,
			   place_name_at(span_from(text, (size_t)(at - text.at) + 1), NULL), OWNED_DOMAIN);
	return owners.count > 0 ? owners.items[0]->name : NULL;
}

/* Whether a fragment has what is no letter nor blank, as numbers of reasons have: "ofr_415". */
static bool
has_token(const struct text_set *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strpbrk(texts->items[i], "0123456789_[/") != NULL)
			return true;
	return false;
}

/* Whether an operator's entry shows that it was he: words may be anybody's where they are few, or came from a
 * server that is not his, but for a sign or a number of a reason, unless it was his server or his recipient.
 * Of whom no servers are known nothing else can tell. */
static bool
shows_owner(const struct search *search, const struct refusal_entry *entry)
{
	return entry->signs.count > 0 || has_token(&entry->texts) || entry->code.has_enhanced
	       || (octets_of(&entry->texts) >= OWN_OCTETS && search->known->host.length == 0)
	       || !has_servers(search->catalogue, entry->owner) || is_among(entry->owner, &search->of_server)
	       || is_among(entry->owner, &search->of_recipient);
}

/* Who refused: whose words they are; else whose server it was, or signed; else whose pages or recipients the
 * reply names. */
static const char *
owner_of(const struct search *search, const struct recognition *known, struct span text)
{
	const char *owner;

	if (known->entry != NULL && known->entry->owner != NULL && shows_owner(search, known->entry))
		return known->entry->owner;
	if (search->of_server.count > 0)
		return search->of_server.items[0]->name;
	owner = owner_of_frame(search);
	if (owner == NULL)
		owner = owner_of_signature(search, text);
	if (owner == NULL)
		owner = owner_of_links(search);
	if (owner != NULL || known->host.length > 0)
		return owner;
	return search->of_recipient.count > 0 ? search->of_recipient.items[0]->name
					      : owner_of_named_recipient(search, known, text);
}

/* What the stage bears: nothing was said before it but the address, or that and a name. */
static void
judge_by_stage(struct recognition *known, enum refusal_stage stage)
{
	if ((stage != REFUSAL_STAGE_GREETING && stage != REFUSAL_STAGE_HELO)
	    || known->permanence != PERMANENCE_YES || known->entry != NULL
	    || known->category != CATEGORY_UNKNOWN)
		return;
	known->stage = stage;
	known->category = stage == REFUSAL_STAGE_HELO ? CATEGORY_HELO : CATEGORY_POLICY;
	known->party = PARTY_SENDING_SERVER_ADMIN;
}

/* Whether an entry says no more than that there was a refusal, or a rule, and the reply says more. */
static bool
is_empty(const struct search *search, const struct refusal_entry *entry)
{
	return entry == NULL
	       || (entry->is_frame && !says_anything(entry->category) && !is_most_of_it(search, entry));
}

/* Whether an entry asks for no words. */
static bool
is_of_code(const struct refusal_entry *entry)
{
	return entry->texts.count + entry->signs.count == 0;
}

static bool
is_of_sender(enum refusal_category category)
{
	return category == CATEGORY_SENDER_UNKNOWN || category == CATEGORY_SENDER_DOMAIN;
}

/*
 * What an entry of anybody says of a reply, and what the same words, and others beside them, say nearer: a
 * link that is listed is no address that is, and a quota of mails sent is no mailbox.
 */
static bool
says_nearer(const struct gist *gist, enum refusal_category entry)
{
	static const struct {
		enum refusal_category entry, gist;
		bool is_of_strong; /* of a gist that leaves little doubt alone */
	} pairs[] = {
		{ CATEGORY_IP_LISTED, CATEGORY_URL, false },
		{ CATEGORY_IP_LISTED, CATEGORY_DOMAIN_LISTED, false },
		{ CATEGORY_IP_LISTED, CATEGORY_DYNAMIC_IP, false },
		{ CATEGORY_MAILBOX_FULL, CATEGORY_RATE, false },
		{ CATEGORY_IP_LISTED, CATEGORY_HELO, false },
		{ CATEGORY_MAILBOX_UNKNOWN, CATEGORY_REPUTATION, false },
		{ CATEGORY_MAILBOX_UNKNOWN, CATEGORY_MAILBOX_DISABLED, false },
		{ CATEGORY_SENDER_UNKNOWN, CATEGORY_SENDER_DOMAIN, false },
		{ CATEGORY_AUTH_REQUIRED, CATEGORY_RELAY, false },
		{ CATEGORY_AUTH_REQUIRED, CATEGORY_SPF, false },
		{ CATEGORY_AUTH_REQUIRED, CATEGORY_DMARC, false },
		{ CATEGORY_IP_LISTED, CATEGORY_CONTENT, true },
		{ CATEGORY_CONTENT, CATEGORY_URL, false },
		{ CATEGORY_CONTENT, CATEGORY_VIRUS, false },
		{ CATEGORY_DKIM, CATEGORY_SPF, false },
		{ CATEGORY_IP_LISTED, CATEGORY_POLICY, false },
		{ CATEGORY_RATE, CATEGORY_MAILBOX_FULL, false },
		{ CATEGORY_RATE, CATEGORY_SIZE, false },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (pairs[i].entry == entry && pairs[i].gist == gist->category)
			return gist->is_strong || !pairs[i].is_of_strong;
	return config_refusal_has(entry, TRAIT_RECIPIENT) && is_of_sender(gist->category);
}

/* Whether both are of the recipient, or both of the sender: an enhanced code tells them apart better than a
 * word. */
static bool
is_of_one_kind(enum refusal_category a, enum refusal_category b)
{
	return (config_refusal_has(a, TRAIT_RECIPIENT) && config_refusal_has(b, TRAIT_RECIPIENT))
	       || (is_of_sender(a) && is_of_sender(b));
}

/* Whether the gist of the words says more than a code, and an entry that has nothing else: an enhanced code
 * that names a check that failed does not leave that open. */
static bool
is_better_than_code(const struct recognition *known, const struct gist *gist)
{
	if (known->codes.enhanced.class == 0)
		return true;
	return !is_telling(known->category)
	       && (gist->is_strong || !is_of_one_kind(gist->category, known->category));
}

/* Whether the gist of the words says more than entry and code. */
static bool
is_gist_better(const struct search *search, const struct recognition *known, const struct gist *gist)
{
	if (gist->category == CATEGORY_UNKNOWN || gist->category == known->category)
		return false;
	if (known->entry == NULL)
		return is_better_than_code(known, gist);
	if (is_of_code(known->entry))
		return !gist->is_weak && is_better_than_code(known, gist);
	if (is_empty(search, known->entry))
		return !gist->is_weak || (known->category == CATEGORY_UNKNOWN && known->entry->owner == NULL);
	if (says_anything(known->category))
		return !gist->is_weak && says_nearer(gist, known->category);
	return !gist->is_weak && says_anything(gist->category) && octets_of(&known->entry->texts) < OWN_OCTETS
	       && !is_most_of_it(search, known->entry);
}

/* Who has words of his own, and signs, knows what they mean. */
static bool
is_of_anybody(const struct refusal_entry *entry)
{
	return entry->owner == NULL && entry->signs.count == 0;
}

static void
take_gist(struct recognition *known, enum refusal_category category, enum refusal_party party)
{
	known->entry = NULL;
	known->is_gist = true;
	known->category = category;
	known->party = party;
}

/* Whether an entry's words are few, of anybody, and may be said of other things: "blacklisted" of a file. */
static bool
is_doubtful(const struct search *search, const struct refusal_entry *entry)
{
	return is_of_anybody(entry) && !is_of_code(entry) && octets_of(&entry->texts) < OWN_OCTETS
	       && !is_telling(entry->category) && !is_most_of_it(search, entry);
}

/* How far ahead what was learned of other replies has to be; more than it can be where it is not asked. */
static unsigned
lead_wanted(const struct search *search, const struct recognition *known)
{
	if (known->category == CATEGORY_UNKNOWN && is_empty(search, known->entry)
	    && (known->entry == NULL || known->entry->owner == NULL))
		return LEAD_OF_TRUST;
	return known->entry != NULL && is_doubtful(search, known->entry) ? LEAD_OF_DOUBT : LEAD_MAX + 1;
}

/* What was learned is believed where nothing else speaks, or nothing but a few words. */
static void
judge_by_learned(const struct search *search, struct recognition *known, const struct sights *sights)
{
	const unsigned wanted = lead_wanted(search, known);
	struct features features;
	struct learned_view view;

	if (wanted > LEAD_MAX)
		return;
	features_find(&search->recognizer->text, sights, &known->codes, search->stage, &features);
	view = learned_view(search->catalogue->learned, &features, codes_class(&known->codes));
	if (view.category != CATEGORY_UNKNOWN && view.category != known->category && view.lead >= wanted)
		take_gist(known, view.category, view.party);
}

static void
judge_by_words(const struct search *search, struct recognition *known)
{
	struct sights sights = { .count = 0 };
	struct gist gist;

	if (!is_empty(search, known->entry) && !is_of_anybody(known->entry))
		return;
	notions_find(search->catalogue->notions, &search->recognizer->text, &sights);
	gist = gist_of(&sights, search->stage, &known->codes);
	if (is_gist_better(search, known, &gist))
		take_gist(known, gist.category, gist.party);
	judge_by_learned(search, known, &sights);
}

static void
judge(const struct search *search, struct recognition *known, enum refusal_status status)
{
	const struct code_meaning meaning = codes_meaning(&known->codes);

	if (known->codes.enhanced.class != 0 && says_anything(meaning.category)
	    && is_empty(search, known->entry))
		known->entry = NULL;
	known->word = meaning.word;
	known->category = known->entry != NULL ? known->entry->category : meaning.category;
	known->party = known->entry != NULL ? known->entry->party : meaning.party;
	judge_by_words(search, known);
	known->permanence = permanence_of(known, status);
}

struct recognition
recognize(struct recognizer *recognizer, const struct refusal *refusal)
{
	const struct catalogue *catalogue = recognizer->catalogue;
	const struct span text = { refusal->text.at, refusal->text.length < BOUND_REFUSAL_TEXT
							     ? refusal->text.length
							     : BOUND_REFUSAL_TEXT };
	struct recognition known = {
		.host = refusal->host.length > 0 ? refusal->host : named_server_in(text),
		.codes = codes_of(refusal, text),
	};
	struct search search = {
		.catalogue = catalogue,
		.recognizer = recognizer,
		.known = &known,
		.stage = refusal->stage,
		.of_server = owners_of(catalogue, known.host, OWNED_SERVER),
		.of_recipient = owners_of(catalogue, domain_of_address(refusal->recipient), OWNED_DOMAIN),
	};

	find_fragments(recognizer, text, known.codes.reply);
	find_entry(&search, &known);
	judge(&search, &known, refusal->status);
	known.owner = owner_of(&search, &known, text);
	known.is_used = known.owner != NULL && !has_servers(search.catalogue, known.owner);
	judge_by_stage(&known, refusal->stage);
	return known;
}
