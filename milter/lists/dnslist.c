#include "heloscope/lists/dnslist.h"

#include <arpa/inet.h>
#include <string.h>

#include "heloscope/base/ipaddr_scope.h"
#include "heloscope/base/strbuf.h"

#define LISTED_MIN 0x7f000002U /* without named answers: 127.0.0.2 on (RFC 5782, 2.1), */
#define LISTED_MAX 0x7ffffeffU /* but not 127.255.255.0/24 */

bool
dnslist_address_name(const struct list *list, const struct ipaddr *address, char *name)
{
	return ipaddr_list_name(address, list->zone, name, DOMAIN_SIZE);
}

/* `domain` without its first label; NULL when no list could say anything of what is left. */
static const char *
without_first_label(const char *domain)
{
	const char *dot = strchr(domain, '.');

	return dot != NULL && domain_is_registered(dot + 1) ? dot + 1 : NULL;
}

const char *
dnslist_domain_name(const struct list *list, const char *domain, char *name)
{
	struct strbuf text;

	for (; domain != NULL; domain = without_first_label(domain)) {
		strbuf_init(&text, name, DOMAIN_SIZE);
		strbuf_printf(&text, "%s.%s", domain, list->zone);
		if (!text.is_cut)
			return domain;
	}
	return NULL;
}

bool
dnslist_entry_name(const struct list *list, const char *entry, char *name)
{
	struct ipaddr address = { .length = 16 };

	if (inet_pton(AF_INET6, entry, address.octets) == 1 || ipaddr_parse(span_of(entry), &address))
		return dnslist_address_name(list, &address, name);
	return dnslist_domain_name(list, entry, name) == entry;
}

bool
dnslist_is_private(const struct ipaddr *address)
{
	return ipaddr_scope(address) >= SCOPE_NETWORK;
}

/* The range that holds `answer`, or NULL. */
static const struct answer_range *
find_range(const struct answer_set *answers, uint32_t answer)
{
	for (size_t i = 0; i < answers->count; i++)
		if (answer >= answers->items[i].first && answer <= answers->items[i].last)
			return &answers->items[i];
	return NULL;
}

static bool
is_query_error(const struct list *list, uint32_t answer)
{
	return answer >> 8 == 0x7fffff
	       || (list->entry != NULL && find_range(&list->entry->errors, answer) != NULL);
}

static bool
counts_as_listed(const struct list *list, uint32_t answer)
{
	if (list->answers.count > 0)
		return find_range(&list->answers, answer) != NULL;
	return answer >= LISTED_MIN && answer <= LISTED_MAX;
}

static enum list_says
read_one(const struct list *list, uint32_t answer)
{
	if (is_query_error(list, answer))
		return LIST_SAYS_ERROR;
	if (answer >> 24 != 127)
		return LIST_SAYS_STRANGE;
	return counts_as_listed(list, answer) ? LIST_SAYS_YES : LIST_SAYS_OTHER;
}

bool
dnslist_counts(const struct list *list, uint32_t answer)
{
	return read_one(list, answer) == LIST_SAYS_YES;
}

/* Of several answers the one that says more: an error spoils all, a listing is enough. */
static bool
says_more(enum list_says a, enum list_says b)
{
	static const int weight[] = {
		[LIST_SAYS_NO] = 0,  [LIST_SAYS_STRANGE] = 1, [LIST_SAYS_OTHER] = 2,
		[LIST_SAYS_YES] = 3, [LIST_SAYS_ERROR] = 4,   [LIST_SAYS_NOTHING] = 5,
	};

	return weight[a] > weight[b];
}

struct list_reading
dnslist_read(const struct list *list, const struct dns_answer *answer)
{
	struct list_reading reading = { .says = LIST_SAYS_NO };

	if (dns_status_is_fault(answer->status))
		reading.says = LIST_SAYS_NOTHING;
	for (size_t i = 0; i < answer->count; i++) {
		const uint32_t value = ipaddr_to_ipv4(&answer->records[i].address);
		const enum list_says says = read_one(list, value);

		if (says_more(says, reading.says)) {
			reading.says = says;
			reading.count = 0;
		}
		if (says != reading.says || reading.count >= LIST_ANSWERS_MAX
		    || (says != LIST_SAYS_YES && reading.count > 0))
			continue;
		reading.answers[reading.count++] = value;
	}
	return reading;
}

const char *
dnslist_meaning(const struct list *list, uint32_t answer)
{
	const struct answer_range *own = find_range(&list->answers, answer);
	const struct answer_range *known =
		list->entry != NULL ? find_range(&list->entry->answers, answer) : NULL;

	if (own != NULL && own->meaning != NULL)
		return own->meaning;
	return known != NULL ? known->meaning : NULL;
}

const char *
dnslist_error_meaning(const struct list *list, uint32_t answer)
{
	const struct answer_range *known =
		list->entry != NULL ? find_range(&list->entry->errors, answer) : NULL;

	return known != NULL ? known->meaning : NULL;
}

const char *
dnslist_without_key(struct arena *arena, struct span text, const char *key)
{
	char memory[600];
	struct strbuf masked;
	const struct span secret = span_of(key);

	if (secret.length == 0)
		return arena_copy(arena, text);
	strbuf_init(&masked, memory, sizeof memory);
	while (text.length > 0) {
		const bool is_key = span_starts_with_nocase(text, secret);

		if (is_key)
			strbuf_add(&masked, "***");
		else
			strbuf_add_char(&masked, text.at[0]);
		text = span_from(text, is_key ? secret.length : 1);
	}
	return arena_string(arena, memory);
}

const char *
dnslist_page(struct arena *arena, const struct list *list, const char *asked)
{
	const char *page = list->entry != NULL ? list->entry->page : NULL;
	const char *mark = page != NULL ? strstr(page, "%s") : NULL;

	if (mark == NULL)
		return page;
	return arena_printf(arena, "%.*s%s%s", (int)(mark - page), page, asked, mark + 2);
}
