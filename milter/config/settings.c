#include "heloscope/config/settings.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/regular_file.h"
#include "heloscope/config/patterns.h"
#include "heloscope/config/words.h"

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
config_set_probe(struct config_reader *reader, struct word value)
{
	config_set_flag(reader, &reader->config->probes, value);
}

void
config_set_probe_name(struct config_reader *reader, struct word name)
{
	if (!domain_is_host_name(span_of(name.text)) || !domain_has_dot(span_of(name.text)))
		config_complain(
			reader, name.place,
			"the ehlo-name \"%.80s\" is no host name; expected one like \"mx.example.org\"",
			name.text);
	reader->config->probe.ehlo_name = name.text;
}

void
config_set_probe_file(struct config_reader *reader, struct word path)
{
	if (path.text[0] != '/' || strlen(path.text) > 400)
		config_complain(reader, path.place,
				"the file \"%.80s\"; expected an absolute path like "
				"\"/var/lib/heloscope/peers\"",
				path.text);
	reader->config->probe.file = path.text;
}

/* A number from `min` to `max` for what `regard` names. */
static unsigned
read_number(struct config_reader *reader, const char *regard, struct word number, unsigned min, unsigned max)
{
	unsigned value = min;

	if (!span_to_number(span_of(number.text), min, max, &value))
		config_complain(reader, number.place, "%s %.20s; expected a number from %u to %u", regard,
				number.text, min, max);
	return value;
}

void
config_set_probe_port(struct config_reader *reader, struct word port)
{
	reader->config->probe.port = (uint16_t)read_number(reader, "the port", port, 1, 65535);
}

void
config_set_probe_count(struct config_reader *reader, struct word count)
{
	reader->config->probe.at_a_time = read_number(reader, "at-a-time", count, 1, 1000);
}

void
config_set_probe_rate(struct config_reader *reader, struct word rate)
{
	reader->config->probe.per_minute = read_number(reader, "per-minute", rate, 1, 6000);
}

void
config_set_probe_timeout(struct config_reader *reader, struct word duration)
{
	const unsigned long value = config_measure(duration.text);

	if (value < 1000 || value > 300000)
		config_complain(reader, duration.place,
				"a timeout of %.20s for a probe; expected 1s to 5m, because greetings come "
				"late on purpose",
				duration.text);
	else
		reader->config->probe.timeout_ms = (unsigned)value;
}

void
config_set_trust_anchor(struct config_reader *reader, struct word path)
{
	struct error reason;
	FILE *file = regular_file_open(path.text, NULL, &reason);

	reader->config->resolver.trust_anchor = path.text;
	if (file == NULL)
		config_complain(reader, path.place, "the trust-anchor \"%.200s\" cannot be read: %s",
				path.text, reason.text);
	else
		(void)fclose(file);
}
