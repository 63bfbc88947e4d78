#include "heloscope/words/resolver_words.h"

#include <string.h>

#include "heloscope/base/log.h"
#include "heloscope/dns/resolver.h"

#define LISTS_SHOWN 4
#define UPDATE "(Debian: apt-get install --only-upgrade dns-root-data)"

/* A letter behind $ stands for a value: Servers, Lists, File, Keys, Ms. */
static const char *const sentences[RESOLVER_FINDINGS] = {
	[RESOLVER_SILENT] =
		"The $S did not answer, so whatever needs the DNS is temperror, and no list can be queried. Look at the network, at the firewall (port 53, UDP and TCP), and at " RESOLVER_SERVERS_TEXT
		".",
	[RESOLVER_PARTLY_SILENT] =
		"The $S did not answer, but others did: time is lost with each query that goes there. Repair that server, or remove it from the configuration (\"system\": from /etc/resolv.conf).",
	[RESOLVER_REFUSED] =
		"The $S answered even a query for the root zone with SERVFAIL or REFUSED, so lookups there are temperror. See the log of that server, and whether it allows queries from this host (Unbound: access-control; BIND: allow-recursion).",
	[RESOLVER_OWN_DNSSEC] =
		"DNSSEC validation fails in the $S: even the root zone is SERVFAIL there, so lookups are temperror. The trust anchor of that server lacks the key with which the root zone is signed since 2026-10-11 (38696), or its clock is wrong. Update the trust anchor there " UPDATE
		" and restart that server.",
	[RESOLVER_SLOW] =
		"The quickest answer took $M ms, more than a quarter of the time that a message has for all its lookups (\"timeout\" in \"resolver\"), so checks that need several answers are temperror. Use name servers close to this host, or resolver { servers recursive }.",
	[RESOLVER_IS_PUBLIC] =
		"Queries go through a public resolver ($S), and most DNS lists refuse such queries. Lists in the configuration: $L. Have the filter resolve names itself: resolver { servers recursive }.",
	[RESOLVER_LOST_LARGE] =
		"UDP answers of more than 512 octets did not arrive from the $S, so long SPF records and DKIM keys are late or temperror. Let the firewall pass UDP from port 53 with up to 1232 octets (EDNS).",
	[RESOLVER_NO_TCP] =
		"The $S did not answer over TCP, so whatever is too large for UDP, such as long SPF records and DKIM keys, is temperror. Let the firewall pass TCP to port 53, and have that server listen there.",
	[RESOLVER_NO_AAAA] =
		"No IPv6 addresses (AAAA records) are found, but IPv4 addresses are, so clients that connect over IPv6 do not pass iprev. Look for a setting of the name server that leaves these records out (dnsmasq: filter-AAAA; BIND: filter-aaaa).",
	[RESOLVER_NO_WAY] =
		"This host has a route for IPv6, but the $S did not answer over it, so many lookups wait in vain before IPv4 is tried. Repair IPv6 in the network of this host, or turn it off.",
	[RESOLVER_INVENTED] =
		"A name that does not exist was answered with an address: a DNS filter, or the name server itself, answers in place of the root zone. So domains that do not exist pass as existing, and lists seem to list everything. Turn that off, or have the filter resolve names itself: resolver { servers recursive }.",
	[RESOLVER_UNSIGNED] =
		"The $S left out the DNSSEC signatures of the root zone, so every signed name is temperror. Turn on DNSSEC there (dnsmasq: dnssec), have the filter resolve names itself (resolver { servers recursive }), or remove \"trust-anchor\" from the configuration.",
	[RESOLVER_BOGUS] =
		"DNSSEC validation of the root zone fails, so every signed name is temperror. See whether the clock of this host is right (timedatectl), and whether something on the way to the name servers changes answers.",
	[RESOLVER_LACKS_KEY] =
		"The trust anchor $F lacks the key with which the root is signed ($K): every signed name is temperror. Update it " UPDATE
		" and restart heloscope-milter.",
	[RESOLVER_LACKS_NEW_KEY] =
		"The trust anchor $F lacks a key that the root zone publishes ($K). When the root is signed with that key, every signed name will be temperror: heloscope-milter does not take new keys by itself (RFC 5011). Update it " UPDATE
		" and restart heloscope-milter.",
};

static void
add_value(struct strbuf *text, char letter, const struct resolver_values *values)
{
	switch (letter) {
	case 'S':
		strbuf_add(text, values->servers);
		break;
	case 'L':
		strbuf_add(text, values->lists);
		break;
	case 'F':
		strbuf_add(text, values->file);
		break;
	case 'K':
		strbuf_add(text, values->keys);
		break;
	default:
		strbuf_printf(text, "%u", values->ms);
		break;
	}
}

void
resolver_words_tell(struct strbuf *text, enum resolver_finding finding, const struct resolver_values *values)
{
	const char *at = sentences[finding] != NULL ? sentences[finding] : "";

	for (; *at != '\0'; at++) {
		if (*at == '$')
			add_value(text, *++at, values);
		else
			strbuf_add_char(text, *at);
	}
}

void
resolver_words_servers(struct strbuf *text, const struct name_server *servers, size_t count,
		       bool is_recursive)
{
	strbuf_printf(text, "%s server%s", is_recursive ? "root" : "name", count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++) {
		strbuf_add(text, i == 0 ? " " : ", ");
		name_server_add_to(&servers[i], text);
	}
}

/* What matters. */

/* Whether the servers of the resolver are asked for it, and not some of its own. */
static bool
is_asked_there(const struct config *config, const struct list *list)
{
	for (size_t i = 0; i < config->zones.count; i++)
		if (domain_is_within(span_of(list->zone), span_of(config->zones.items[i].name)))
			return false;
	return !list->is_left_out;
}

static bool
has_lists_there(const struct config *config)
{
	for (size_t i = 0; i < config->lists.count; i++)
		if (is_asked_there(config, &config->lists.items[i]))
			return true;
	return false;
}

bool
resolver_words_is_fault(const struct resolver_report *report, enum resolver_test test,
			const struct config *config)
{
	const enum resolver_finding finding = report->results[test].finding;

	return resolver_finding_is_fault(finding)
	       && (finding != RESOLVER_IS_PUBLIC || has_lists_there(config));
}

size_t
resolver_words_faults(const struct resolver_report *report, const struct config *config)
{
	size_t count = 0;

	for (int test = 0; test < RESOLVER_TESTS; test++)
		count += resolver_words_is_fault(report, (enum resolver_test)test, config) ? 1 : 0;
	return count;
}

/* Pieces of lines. */

/* Those of the servers whose bits are set. */
static void
add_servers(struct strbuf *text, const struct resolver_report *report, unsigned bits)
{
	struct name_server servers[NAME_SERVERS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < report->server_count; i++)
		if ((bits & 1U << i) != 0)
			servers[count++] = report->servers[i];
	resolver_words_servers(text, servers, count, report->is_recursive);
}

static void
add_keys(struct strbuf *text, const struct key_tags *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		strbuf_printf(text, "%s%u", i > 0 ? ", " : "", keys->items[i]);
}

/* A list is looked at part by part; what is worst counts. */
static enum list_trouble
trouble_of(struct list_health *health, size_t index)
{
	const struct list *list = &list_health_config(health)->lists.items[index];
	enum list_trouble worst = LIST_WELL;

	for (int part = 0; part < LIST_PARTS; part++) {
		const enum list_trouble trouble =
			list_has_part(list, (enum list_part)part)
				? list_health_trouble(health, index, (enum list_part)part)
				: LIST_WELL;

		worst = trouble > worst ? trouble : worst;
	}
	return worst;
}

/* Add the names of those of `set`, a few of them; returns how many there are. */
static size_t
add_lists(struct strbuf *text, struct list_health *health,
	  bool (*is_in)(struct list_health *health, size_t index))
{
	const struct list_set *lists = &list_health_config(health)->lists;
	size_t count = 0;

	for (size_t i = 0; i < lists->count; i++) {
		if (lists->items[i].is_left_out || list_health_is_repeated(health, i) || !is_in(health, i))
			continue;
		if (count++ < LISTS_SHOWN)
			strbuf_printf(text, "%s%s", count > 1 ? ", " : "", lists->items[i].shown);
	}
	if (count > LISTS_SHOWN)
		strbuf_printf(text, " and %zu more", count - LISTS_SHOWN);
	return count;
}

static bool
is_asked_of_servers(struct list_health *health, size_t index)
{
	return is_asked_there(list_health_config(health), &list_health_config(health)->lists.items[index]);
}

static bool
is_any(struct list_health *health, size_t index)
{
	(void)health;
	(void)index;
	return true;
}

static bool
refuses(struct list_health *health, size_t index)
{
	return trouble_of(health, index) == LIST_REFUSES;
}

static bool
is_silent(struct list_health *health, size_t index)
{
	const enum list_trouble trouble = trouble_of(health, index);

	return trouble == LIST_NO_ANSWER || trouble == LIST_UNANSWERED || trouble == LIST_UNCHECKED;
}

static bool
answers_wrongly(struct list_health *health, size_t index)
{
	return trouble_of(health, index) > LIST_NO_ANSWER && !refuses(health, index);
}

/* Lines. */

static void
log_fault(const struct resolver_report *report, enum resolver_test test, struct list_health *health)
{
	const struct resolver_result *result = &report->results[test];
	char servers[600], lists[800], keys[100], said[2000];
	struct strbuf server_text = STRBUF_OVER(servers), list_text = STRBUF_OVER(lists);
	struct strbuf key_text = STRBUF_OVER(keys), text = STRBUF_OVER(said);

	add_servers(&server_text, report, result->servers);
	(void)add_lists(&list_text, health, is_asked_of_servers);
	add_keys(&key_text, &result->keys);
	resolver_words_tell(&text, result->finding,
			    &(struct resolver_values){
				    .servers = servers,
				    .lists = lists,
				    .file = list_health_config(health)->resolver.trust_anchor,
				    .keys = keys,
				    .ms = result->ms,
			    });
	log_warning("resolver self-test, %s: %s", resolver_test_token(test), said);
}

/* "; lists that refuse queries: a.example, b.example". */
static void
add_group(struct strbuf *text, struct list_health *health, const char *what,
	  bool (*is_in)(struct list_health *health, size_t index))
{
	char names[800];
	struct strbuf name_text = STRBUF_OVER(names);
	const size_t count = add_lists(&name_text, health, is_in);

	if (count > 0)
		strbuf_printf(text, "; %s: %s", what, names);
}

/* What it comes to for the lists. Returns whether all of them can be used. */
static bool
add_outcome(struct strbuf *text, struct list_health *health)
{
	char names[800];
	struct strbuf name_text = STRBUF_OVER(names);
	const size_t count = add_lists(&name_text, health, is_any);
	const size_t before = text->length;

	add_group(text, health, "lists that refuse queries and are not used", refuses);
	add_group(text, health, "lists that do not answer and are not used", is_silent);
	add_group(text, health, "lists that answer wrongly and are not used", answers_wrongly);
	if (text->length > before)
		return false;
	strbuf_printf(text,
		      count == 0   ? "; no list is configured"
		      : count == 1 ? "; the list answers: %s"
				   : "; all lists answer: %s",
		      names);
	return true;
}

static void
log_summary(const struct resolver_report *report, struct list_health *health)
{
	const struct resolver_result *speed = &report->results[RESOLVER_TEST_SPEED];
	const size_t faults = resolver_words_faults(report, list_health_config(health));
	char said[4000];
	struct strbuf text = STRBUF_OVER(said);
	bool is_well;

	add_servers(&text, report, ~0U);
	if (speed->finding != RESOLVER_UNKNOWN)
		strbuf_printf(&text, " (%u ms)", speed->ms);
	strbuf_add(&text, faults == 0 ? ": no fault" : ": ");
	if (faults > 0)
		strbuf_printf(&text, "%zu fault%s", faults, faults == 1 ? "" : "s");
	is_well = add_outcome(&text, health) && faults == 0;
	log_line(is_well ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "resolver self-test: %s", said);
}

void
resolver_words_log(const struct resolver_report *report, const struct resolver_report *before,
		   struct list_health *health)
{
	const struct config *config = list_health_config(health);

	for (int i = 0; i < RESOLVER_TESTS; i++) {
		const enum resolver_test test = (enum resolver_test)i;
		const bool was_told =
			before != NULL && before->results[test].finding == report->results[test].finding;

		if (resolver_words_is_fault(report, test, config) && !was_told)
			log_fault(report, test, health);
		else if (before != NULL && report->results[test].finding == RESOLVER_WELL
			 && resolver_words_is_fault(before, test, config))
			log_info("resolver self-test, %s: the fault is gone", resolver_test_token(test));
	}
	if (before == NULL)
		log_summary(report, health);
}

bool
resolver_words_tell_anchor(struct strbuf *text, const char *file)
{
	struct trust_anchor anchor;
	char keys[100];
	struct strbuf key_text = STRBUF_OVER(keys);
	struct resolver_result result;

	if (!trust_anchor_read(file, &anchor))
		return false;
	result = resolver_report_begin(&anchor).results[RESOLVER_TEST_ANCHOR];
	add_keys(&key_text, &result.keys);
	resolver_words_tell(text, result.finding, &(struct resolver_values){ .file = file, .keys = keys });
	return resolver_finding_is_fault(result.finding);
}
