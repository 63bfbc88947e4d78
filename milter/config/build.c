#include "heloscope/config/build.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/nearest.h"

/* Complaints. */

void
config_complain(struct config_reader *reader, struct place place, const char *format, ...)
{
	char message[CONFIG_MESSAGE_SIZE], masked[CONFIG_MESSAGE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	output_put(reader->reading->messages, "%s:%d:%d: %s\n", reader->shown, place.line, place.column,
		   config_mask(reader->config, message, masked, sizeof masked));
	reader->reading->errors++;
}

void
config_warn(struct output *messages, const char *place, const char *format, ...)
{
	va_list arguments;

	output_put(messages, "%s: warning: ", place);
	va_start(arguments, format);
	output_arguments(messages, format, arguments);
	va_end(arguments);
	output_put(messages, "\n");
}

void
config_add_nearest(struct strbuf *message, const char *word, const char *const *known, size_t count)
{
	const char *nearest = nearest_word(word, known, count);

	if (nearest != NULL)
		strbuf_printf(message, "; did you mean \"%s\"?", nearest);
}

/* "unknown REGARD "word"; expected "a", "b" or "c"; did you mean "b"?" */
static void
complain_of_word(struct config_reader *reader, const char *regard, struct word word, const char *const *known,
		 size_t count)
{
	char memory[600];
	struct strbuf message;

	strbuf_init(&message, memory, sizeof memory);
	strbuf_printf(&message, "unknown %s \"%.60s\"; expected ", regard, word.text);
	for (size_t i = 0; i < count; i++)
		strbuf_printf(&message, "%s\"%s\"", i == 0 ? "" : i + 1 == count ? " or " : ", ", known[i]);
	config_add_nearest(&message, word.text, known, count);
	config_complain(reader, word.place, "%s", memory);
}

size_t
config_known_word(struct config_reader *reader, const char *regard, struct word word,
		  const char *const *known, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(known[i], word.text) == 0)
			return i;
	complain_of_word(reader, regard, word, known, count);
	return count;
}

/* Sets. */

void
config_add_text(struct config_reader *reader, struct text_set *set, const char *text)
{
	const char **items = arena_grow(&reader->config->arena, set->items, set->count, sizeof *items);

	if (items == NULL)
		return;
	set->items = items;
	set->items[set->count++] = text;
}

void
config_add_value(struct config_reader *reader, struct value_set *set, enum value_kind kind, struct word value)
{
	struct word *items = arena_grow(&reader->config->arena, set->items, set->count, sizeof *items);

	if (items == NULL)
		return;
	if (set->count == 0)
		set->kind = kind;
	set->items = items;
	set->items[set->count++] = value;
}

struct text_set
config_texts(struct config_reader *reader, const struct value_set *values)
{
	struct text_set texts = { 0 };

	for (size_t i = 0; i < values->count; i++)
		config_add_text(reader, &texts, values->items[i].text);
	return texts;
}

void
config_once(struct config_reader *reader, const char *name, struct place place)
{
	struct text_set *said = &reader->reading->said;

	for (size_t i = 0; i < said->count; i++) {
		if (strcmp(said->items[i], name) == 0) {
			config_complain(reader, place, "\"%s\" is said twice; expected it once", name);
			return;
		}
	}
	config_add_text(reader, said, name);
}

/* Settings. */

void
config_set_authserv_id(struct config_reader *reader, struct word id, const struct value_set *also)
{
	char name[DOMAIN_SIZE];
	struct text_set others;

	if (!domain_normalize(span_of(id.text), name))
		config_complain(reader, id.place,
				"the authserv-id \"%.80s\" is no domain name; expected one like "
				"\"mx.example.org\"",
				id.text);
	reader->config->authserv_id = id.text;
	config_add_text(reader, &reader->config->own_ids, id.text);
	others = config_patterns(reader, PATTERN_OWN_ID, also);
	for (size_t i = 0; i < others.count; i++)
		config_add_text(reader, &reader->config->own_ids, others.items[i]);
}

/* "PORT" or "PORT@HOST". */
static bool
is_port_and_host(struct span text)
{
	const char *at = memchr(text.at, '@', text.length);
	unsigned port;

	if (at != NULL && span_from(text, (size_t)(at - text.at) + 1).length == 0)
		return false;
	return span_to_number((struct span){ text.at, at != NULL ? (size_t)(at - text.at) : text.length }, 1,
			      65535, &port);
}

void
config_set_listen(struct config_reader *reader, struct word where)
{
	static const struct {
		const char *prefix;
		bool is_port;
	} forms[] = { { "inet:", true }, { "inet6:", true }, { "unix:", false }, { "local:", false } };

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		const size_t length = strlen(forms[i].prefix);
		const struct span rest = span_from(span_of(where.text), length);

		if (strncmp(where.text, forms[i].prefix, length) == 0
		    && (forms[i].is_port ? is_port_and_host(rest) : rest.length > 0)) {
			reader->config->listen = where.text;
			return;
		}
	}
	config_complain(reader, where.place,
			"cannot listen on \"%.80s\"; expected \"inet:PORT@ADDRESS\", \"inet6:PORT@ADDRESS\" "
			"with a port "
			"from 1 to 65535, or \"unix:/PATH\"",
			where.text);
}

void
config_set_socket_mode(struct config_reader *reader, struct word mode)
{
	char *end;
	const unsigned long value = strtoul(mode.text, &end, 8);

	if (*end != '\0' || value > 0777)
		config_complain(reader, mode.place,
				"the mode %.20s is no file mode; expected an octal number like 0660",
				mode.text);
	else
		reader->config->socket_mode = (unsigned)value;
}

void
config_set_mode(struct config_reader *reader, struct word mode)
{
	reader->config->mode = strcmp(mode.text, "enforce") == 0 ? MODE_ENFORCE : MODE_AUDIT;
}

void
config_set_log(struct config_reader *reader, struct word target, struct word level)
{
	reader->config->log_target =
		(enum log_target)(CONFIG_KNOWN(reader, "log target", target, config_log_targets) & 1);
	if (level.text != NULL)
		reader->config->log_level =
			(enum log_level)(CONFIG_KNOWN(reader, "log level", level, config_log_levels) & 3);
}

void
config_set_audit_log(struct config_reader *reader, struct word path)
{
	if (path.text[0] != '/')
		config_complain(reader, path.place,
				"the audit log \"%.80s\"; expected a path that begins with a slash",
				path.text);
	reader->config->audit_log = path.text;
}

/* "192.0.2.53" or "192.0.2.53@5353". */
static bool
is_server(const char *text)
{
	const struct span whole = span_of(text);
	const char *at = strchr(text, '@');
	const size_t length = at != NULL ? (size_t)(at - text) : whole.length;
	struct ipaddr address;
	unsigned port;

	return ipaddr_parse((struct span){ text, length }, &address)
	       && (at == NULL || span_to_number(span_from(whole, length + 1), 1, 65535, &port));
}

/* Whether it is one; complains when not. */
static bool
check_server(struct config_reader *reader, struct word server)
{
	if (is_server(server.text))
		return true;
	config_complain(reader, server.place,
			"\"%.60s\" is no name server; expected an address like 192.0.2.53 or 192.0.2.53@5353",
			server.text);
	return false;
}

void
config_set_servers(struct config_reader *reader, const struct value_set *servers)
{
	static const char *const modes[] = { "system", "recursive" };

	if (servers->kind == VALUE_WORD) {
		if (CONFIG_KNOWN(reader, "kind of servers", servers->items[0], modes) == 1)
			reader->config->resolver.mode = RESOLVER_RECURSIVE;
		return;
	}
	reader->config->resolver.mode = RESOLVER_SERVERS;
	for (size_t i = 0; i < servers->count; i++)
		if (check_server(reader, servers->items[i]))
			config_add_text(reader, &reader->config->servers, servers->items[i].text);
}

void
config_add_zone(struct config_reader *reader, struct word zone, const struct value_set *servers)
{
	struct zone_set *zones = &reader->config->zones;
	char name[DOMAIN_SIZE];

	if (!domain_normalize(span_of(zone.text), name)) {
		config_complain(reader, zone.place, "\"%.80s\" is no zone; expected a domain name",
				zone.text);
		return;
	}
	for (size_t i = 0; i < servers->count; i++) {
		struct resolver_zone *items =
			arena_grow(&reader->config->arena, zones->items, zones->count, sizeof *items);

		if (items == NULL || !check_server(reader, servers->items[i]))
			return;
		zones->items = items;
		items[zones->count++] = (struct resolver_zone){ arena_string(&reader->config->arena, name),
								servers->items[i].text };
	}
}

unsigned long
config_measure(const char *text)
{
	static const struct {
		const char *unit;
		unsigned long factor;
	} units[] = { { "ms", 1 },         { "s", 1000 },       { "m", 60000 },     { "h", 3600000 },
		      { "kB", 1UL << 10 }, { "MB", 1UL << 20 }, { "GB", 1UL << 30 } };
	char *unit;
	const unsigned long value = strtoul(text, &unit, 10);

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strcmp(units[i].unit, unit) == 0)
			return value <= ULONG_MAX / units[i].factor ? value * units[i].factor : ULONG_MAX;
	return ULONG_MAX;
}

void
config_set_cache(struct config_reader *reader, struct word size)
{
	const unsigned long value = config_measure(size.text);

	if (value < CONFIG_CACHE_MIN || value > CONFIG_CACHE_MAX)
		config_complain(reader, size.place, "a cache of %.20s; expected 256kB to 64GB", size.text);
	else
		reader->config->cache_octets = value;
}

void
config_set_timeout(struct config_reader *reader, struct word duration)
{
	const unsigned long value = config_measure(duration.text);

	if (value < 100 || value > CONFIG_TIMEOUT_MAX_MS)
		config_complain(reader, duration.place,
				"a timeout of %.20s; expected 100ms to 8s, because an MTA waits "
				"10 s for a filter",
				duration.text);
	else
		reader->config->timeout_ms = (unsigned)value;
}

void
config_set_probe_interval(struct config_reader *reader, struct word duration)
{
	const unsigned long value = config_measure(duration.text);

	if (value < 1000 || value > 24UL * 3600 * 1000)
		config_complain(reader, duration.place, "a probe-interval of %.20s; expected 1s to 24h",
				duration.text);
	else
		reader->config->probe_interval_ms = (unsigned)value;
}

void
config_set_spf(struct config_reader *reader, struct word engine)
{
	const size_t index = CONFIG_KNOWN(reader, "SPF engine", engine, config_spf_engines);

	if (index <= SPF_ENGINE_LIBSPF2)
		reader->config->spf_engine = (enum spf_engine_name)index;
}

void
config_set_flag(struct config_reader *reader, bool *flag, struct word value)
{
	*flag = CONFIG_KNOWN(reader, "word", value, config_flags) == 1;
}

void
config_disable(struct config_reader *reader, const struct value_set *methods)
{
	const char *known[METHODS];

	for (int i = 0; i < METHODS; i++)
		known[i] = method_words((enum method)i)->policy_word;
	for (size_t i = 0; i < methods->count; i++)
		reader->config->disabled |= 1U << CONFIG_KNOWN(reader, "check", methods->items[i], known);
}

void
config_add_networks(struct config_reader *reader, struct network_set *networks,
		    const struct value_set *values)
{
	for (size_t i = 0; i < values->count; i++) {
		struct network *items =
			arena_grow(&reader->config->arena, networks->items, networks->count, sizeof *items);
		const char *reason;

		if (items == NULL)
			return;
		networks->items = items;
		if (network_parse(span_of(values->items[i].text), &items[networks->count], &reason))
			networks->count++;
		else
			config_complain(reader, values->items[i].place,
					"\"%.60s\" %s; expected a network like 192.0.2.0/24 or 2001:db8::/32",
					values->items[i].text, reason);
	}
	network_set_sort(networks);
}
