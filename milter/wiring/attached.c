#include "heloscope/wiring/attached.h"

#include <string.h>

#include "heloscope/base/ipaddr.h"
#include "heloscope/base/own_addresses.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/daemon/listener.h"

#define SEPARATORS ", \t\r\n"
#define PATH_SIZE 1024

/* Lists. */

/* The next item of a list, which becomes the rest; what is in braces is one. False when one has no partner.
 */
static bool
next_item(struct span *list, struct span *item)
{
	size_t start = 0, depth = 0, end;

	while (start < list->length && ascii_is_among(list->at[start], SEPARATORS))
		start++;
	for (end = start; end < list->length; end++) {
		if (depth == 0 && ascii_is_among(list->at[end], SEPARATORS))
			break;
		depth += list->at[end] == '{' ? 1 : 0;
		if (list->at[end] == '}' && depth-- == 0)
			return false;
	}
	*item = (struct span){ list->at + start, end - start };
	*list = span_from(*list, end);
	return depth == 0;
}

/* Without braces around it. */
static struct span
bare(struct span text)
{
	if (text.length > 1 && text.at[0] == '{' && text.at[text.length - 1] == '}')
		return span_trim((struct span){ text.at + 1, text.length - 2 });
	return text;
}

bool
attached_read(struct arena *arena, struct span list, struct attached **items, size_t *count)
{
	struct span item;

	*items = NULL;
	*count = 0;
	for (;;) {
		struct attached *grown, *next;

		if (!next_item(&list, &item))
			return false;
		if (item.length == 0)
			return true;
		grown = arena_grow(arena, *items, *count, sizeof *grown);
		if (grown == NULL)
			return false;
		*items = grown;
		next = &grown[*count];
		*next = (struct attached){ .whole = item, .settings = bare(item) };
		if (!next_item(&next->settings, &next->address))
			return false;
		++*count;
	}
}

bool
attached_setting(const struct attached *attached, const char *name, struct span *value)
{
	struct span rest = attached->settings, item;
	bool is_there = false;

	while (next_item(&rest, &item) && item.length > 0) { /* the last one counts */
		const char *sign = memchr(item.at, '=', item.length);
		const struct span inner = bare(item);

		if (sign == NULL
		    || !span_equals(span_trim((struct span){ inner.at, (size_t)(sign - inner.at) }),
				    span_of(name)))
			continue;
		*value = span_trim(span_from(inner, (size_t)(sign - inner.at) + 1));
		is_there = true;
	}
	return is_there;
}

/* Addresses. */

struct place {
	bool is_unix, is_sendmail; /* spelled PORT@HOST */
	struct span transport;     /* "inet"; empty when there is none */
	struct span path, host, port;
};

static bool
is_unix_word(struct span word)
{
	return span_equals(word, SPAN("unix")) || span_equals(word, SPAN("local"));
}

/* "PORT@HOST", "HOST:PORT", "PORT". */
static void
split_host(struct span text, struct place *place)
{
	size_t at = 0, colon = text.length;

	while (at < text.length && text.at[at] != '@')
		at++;
	while (colon > 0 && text.at[colon - 1] != ':')
		colon--;
	place->is_sendmail = at < text.length;
	if (place->is_sendmail) {
		place->port = (struct span){ text.at, at };
		place->host = span_from(text, at + 1);
	} else {
		place->port = span_from(text, colon);
		place->host = (struct span){ text.at, colon > 0 ? colon - 1 : 0 };
	}
	if (place->host.length > 1 && place->host.at[0] == '[')
		place->host = (struct span){ place->host.at + 1, place->host.length - 2 };
}

static struct place
read_place(struct span text)
{
	struct place place = { .path = SPAN(""), .host = SPAN(""), .port = SPAN("") };
	size_t length = 0;

	while (length < text.length && ascii_is_alnum(text.at[length]))
		length++;
	if (length == text.length || text.at[length] != ':')
		length = 0;
	place.transport = (struct span){ text.at, length };
	if (length > 0)
		text = span_from(text, length + 1);
	place.is_unix =
		is_unix_word(place.transport) || (length == 0 && text.length > 0 && text.at[0] == '/');
	if (place.is_unix)
		place.path = text;
	else
		split_host(text, &place);
	return place;
}

/* Whether the filter listens on all addresses of this host. */
static bool
is_any(struct span host)
{
	return host.length == 0 || span_equals(host, SPAN("0.0.0.0")) || span_equals(host, SPAN("::"));
}

/* Whether who listens on all addresses of this host is met at that one; what a name comes to only the MTA
 * knows. */
static bool
is_met_at(struct span named)
{
	struct own_addresses own;
	struct ipaddr address;
	bool is_own;

	if (!ipaddr_parse(named, &address) || is_any(named))
		return true;
	own_addresses_init(&own);
	is_own = own_addresses_contain(&own, &address);
	own_addresses_clear(&own);
	return is_own || span_starts_with_nocase(named, SPAN("127."));
}

/* Whether a host that the MTA names is where the filter listens; an empty one stands for all of this host. */
static bool
is_same_host(struct span named, struct span listens)
{
	struct ipaddr a, b;
	const bool is_address = ipaddr_parse(listens, &b);
	const bool is_loopback = span_equals(listens, SPAN("127.0.0.1")) || span_equals(listens, SPAN("::1"))
				 || span_equals_nocase(listens, SPAN("localhost"));

	if (span_equals_nocase(named, listens))
		return true;
	if (is_any(listens))
		return is_met_at(named);
	if (is_loopback
	    && (named.length == 0 || span_equals_nocase(named, SPAN("localhost"))
		|| (!is_address && span_equals(named, SPAN("127.0.0.1")))))
		return true;
	return is_address && ipaddr_parse(named, &a) && ipaddr_equals(&a, &b);
}

static bool
is_own_host(struct span named)
{
	return is_same_host(named, SPAN("127.0.0.1")) || is_same_host(named, SPAN("::1"))
	       || span_equals(named, SPAN("0.0.0.0"));
}

static bool
has_our_name(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (span_starts_with_nocase(span_from(text, i), SPAN("heloscope")))
			return true;
	return false;
}

static bool
is_ipv6(struct span host)
{
	struct ipaddr address;

	return ipaddr_parse(host, &address) && address.length == 16;
}

/* Whoever listens on "::" is met by IPv4, too. */
static bool
is_inet6(const struct place *place)
{
	return span_equals_nocase(place->transport, SPAN("inet6"));
}

static enum attachment
compare_ports(const struct place *named, const struct place *listens)
{
	if (!span_equals(named->port, listens->port))
		return ATTACHMENT_OTHER;
	if (is_same_host(named->host, listens->host) && (is_inet6(listens) || !is_ipv6(named->host)))
		return ATTACHMENT_OURS;
	/* That port of another host is another filter's, which has the port from the same manual. */
	return is_own_host(named->host) || (is_any(listens->host) && is_met_at(named->host))
		       ? ATTACHMENT_AWAY
		       : ATTACHMENT_OTHER;
}

/* What a path comes to outside of the chroot. */
static void
add_whole_path(struct span path, const struct vantage *vantage, struct strbuf *whole)
{
	const bool is_absolute = path.length > 0 && path.at[0] == '/';

	if (!is_absolute || vantage->is_chrooted) {
		strbuf_add_span(whole, vantage->directory);
		strbuf_add(whole, is_absolute ? "" : "/");
	}
	strbuf_add_span(whole, path);
}

static enum attachment
compare_paths(struct span path, struct span listens, const struct vantage *vantage)
{
	char memory[PATH_SIZE];
	struct strbuf whole = STRBUF_OVER(memory);

	add_whole_path(path, vantage, &whole);
	if (!whole.is_cut && span_equals(span_of(memory), listens))
		return ATTACHMENT_OURS;
	if (span_equals(path, listens))
		return ATTACHMENT_OUTSIDE;
	return has_our_name(path) ? ATTACHMENT_AWAY : ATTACHMENT_OTHER;
}

static enum attachment
compare(const struct place *named, const struct place *listens, const struct vantage *vantage)
{
	if (named->is_unix && listens->is_unix)
		return compare_paths(named->path, listens->path, vantage);
	if (!named->is_unix && !listens->is_unix)
		return compare_ports(named, listens);
	return named->is_unix && has_our_name(named->path) ? ATTACHMENT_AWAY : ATTACHMENT_OTHER;
}

/* Of one that is ours, how it is spelled counts. */
static enum attachment
unless(bool is_spelled, enum attachment attachment)
{
	return attachment == ATTACHMENT_OURS && !is_spelled ? ATTACHMENT_SPELLING : attachment;
}

enum attachment
attached_compare(struct span address, const char *listen, const struct vantage *vantage)
{
	const struct place named = read_place(address), listens = read_place(span_of(listen));
	const bool is_spelled = span_equals(named.transport, named.is_unix ? SPAN("unix") : SPAN("inet"))
				&& !named.is_sendmail;

	return unless(is_spelled, compare(&named, &listens, vantage));
}

enum attachment
attached_compare_sendmail(struct span address, const char *listen)
{
	static const struct vantage root = { .directory = { "", 0 } };
	const struct place named = read_place(address), listens = read_place(span_of(listen));
	const bool is_inet =
		span_equals(named.transport, SPAN("inet")) || span_equals(named.transport, SPAN("inet6"));
	const bool is_spelled = named.is_unix || (is_inet && (named.is_sendmail || named.host.length == 0));

	return unless(is_spelled, compare(&named, &listens, &root));
}

bool
attached_spell(const char *listen, const struct vantage *vantage, struct strbuf *text)
{
	const struct place place = read_place(span_of(listen));
	const struct span directory = vantage->directory;
	const bool is_ipv6 = span_equals(place.transport, SPAN("inet6"))
			     || memchr(place.host.at, ':', place.host.length) != NULL;

	if (place.is_unix && directory.length < place.path.length && place.path.at[directory.length] == '/'
	    && memcmp(place.path.at, directory.at, directory.length) == 0) {
		strbuf_add(text, "unix:");
		strbuf_add_span(text, span_from(place.path, directory.length + 1));
		return true;
	}
	strbuf_add(text, place.is_unix ? "unix:" : "inet:");
	if (place.is_unix) {
		strbuf_add_span(text, place.path);
		return !vantage->is_chrooted;
	}
	strbuf_add(text, is_ipv6 ? "[" : "");
	strbuf_add_span(text, !is_any(place.host) ? place.host : is_ipv6 ? SPAN("::1") : SPAN("127.0.0.1"));
	strbuf_add(text, is_ipv6 ? "]:" : ":");
	strbuf_add_span(text, place.port);
	return true;
}

unsigned
attached_ip_version(struct span address)
{
	const struct place place = read_place(address);
	struct ipaddr literal;

	if (place.is_unix || !ipaddr_parse(place.host, &literal))
		return 0;
	return literal.length == 16 ? 6 : 4;
}

bool
attached_spell_loopback(const char *listen, unsigned ip_version, struct strbuf *text, struct strbuf *moved)
{
	const struct place place = read_place(span_of(listen));
	const struct span host = ip_version == 6 ? SPAN("::1") : SPAN("127.0.0.1");
	const bool is_met = is_any(place.host) && (is_inet6(&place) || ip_version == 4);

	if (place.is_unix || !(is_any(place.host) || is_own_host(place.host)))
		return false;
	strbuf_add(text, ip_version == 6 ? "inet:[::1]:" : "inet:127.0.0.1:");
	strbuf_add_span(text, place.port);
	if (is_met)
		return true;
	strbuf_add(moved, ip_version == 6 ? "inet6:" : "inet:");
	strbuf_add_span(moved, place.port);
	strbuf_add_char(moved, '@');
	strbuf_add_span(moved, host);
	return true;
}
