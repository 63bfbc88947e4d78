#include "heloscope/config/settings.h"

#include <string.h>
#include <sys/stat.h>

#include "heloscope/config/contact.h"
#include "heloscope/config/words.h"
#include "heloscope/base/strbuf.h"

#define STATE_PATH_MAX 400 /* octets: others are made from it, with more behind */

/* What texts are good. */

static bool
is_domain(const char *text)
{
	char name[DOMAIN_SIZE];

	return domain_normalize(span_of(text), name);
}

static bool
is_host_name(const char *text)
{
	return domain_is_host_name(span_of(text)) && domain_has_dot(span_of(text));
}

static bool
is_path(const char *text)
{
	return text[0] == '/';
}

/* A FIFO would hold up the records until somebody reads it. */
static bool
is_path_of_records(const char *text)
{
	struct stat status;

	return is_path(text) && (stat(text, &status) != 0 || !S_ISFIFO(status.st_mode));
}

static bool
is_path_of_state(const char *text)
{
	return is_path(text) && strlen(text) <= STATE_PATH_MAX;
}

static bool
is_built_engine(size_t engine)
{
	return spf_engines[engine] != NULL;
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

static bool
is_socket(const char *text)
{
	static const struct {
		const char *prefix;
		bool is_port;
	} forms[] = { { "inet:", true }, { "inet6:", true }, { "unix:", false }, { "local:", false } };

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		const struct span rest = span_from(span_of(text), strlen(forms[i].prefix));

		if (strncmp(text, forms[i].prefix, strlen(forms[i].prefix)) == 0
		    && (forms[i].is_port ? is_port_and_host(rest) : rest.length > 0))
			return true;
	}
	return false;
}

/* One that nobody reaches but this host: a unix socket, or a port of loopback. */
static bool
is_socket_of_this_host(const char *text)
{
	const char *at = strchr(text, '@');
	struct ipaddr address;

	if (!is_socket(text))
		return false;
	if (strncmp(text, "inet", 4) != 0)
		return strchr(text, ':')[1] == '/';
	return at != NULL && ipaddr_parse(span_of(at + 1), &address) && ipaddr_is_loopback(&address);
}

static bool
is_control_a_file(const struct config *config)
{
	return config->control != NULL && strncmp(config->control, "inet", 4) != 0;
}

static bool
is_socket_a_file(const struct config *config)
{
	return strncmp(config->listen, "inet", 4) != 0;
}

static bool
can_share(const struct config *config)
{
	(void)config;
	return share_is_built();
}

static bool
is_share_server(const char *text)
{
	struct share_server server;

	return share_server_parse(text, &server);
}

/* The settings. */

#define FIELD(member)                                                                                        \
	.offset = offsetof(struct config, member), .size = sizeof(((struct config *)NULL)->member)
#define LIKE(member) .is_like = true, .like = offsetof(struct config, member)
#define WORDS(table) .words = (table), .word_count = sizeof(table) / sizeof((table)[0])
#define FLAG .kind = KIND_WORD, WORDS(config_flags), .before = "word"
#define OF_A_FILE                                                                                            \
	.has_effect = is_socket_a_file,                                                                      \
	.no_effect = "has no effect on a port; expected it only with listen \"unix:/PATH\""
#define OF_A_CONTROL_FILE                                                                                    \
	.has_effect = is_control_a_file,                                                                     \
	.no_effect = "has no effect on a port; expected it only with control \"unix:/PATH\""
#define SECOND 1000UL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define KB (1UL << 10)
#define MB (1UL << 20)
#define GB (1UL << 30)

static const struct setting settings[] = {
	{ .name = "authserv-id",
	  .section = SECTION_TOP,
	  .kind = KIND_TEXT,
	  FIELD(authserv_id),
	  .is_good = is_domain,
	  .before = "the authserv-id ",
	  .after = " is not a domain name",
	  .expected = "one like \"mx.example.org\"" },
	{ .name = "also",
	  .section = SECTION_TOP,
	  .behind = "authserv-id",
	  .kind = KIND_PATTERNS,
	  FIELD(also),
	  .pattern = PATTERN_OWN_ID },
	{ .name = "listen",
	  .section = SECTION_TOP,
	  .opens = SECTION_SOCKET,
	  .kind = KIND_TEXT,
	  FIELD(listen),
	  .preset_text = "inet:8891@127.0.0.1",
	  .effect = EFFECT_RESTART,
	  .is_good = is_socket,
	  .before = "cannot listen on ",
	  .expected =
		  "\"inet:PORT@ADDRESS\", \"inet6:PORT@ADDRESS\" with a port from 1 to 65535, or \"unix:/PATH\"" },
	{ .name = "owner",
	  .section = SECTION_SOCKET,
	  OF_A_FILE,
	  .kind = KIND_TEXT,
	  FIELD(socket_owner),
	  .effect = EFFECT_RESTART },
	{ .name = "group",
	  .section = SECTION_SOCKET,
	  OF_A_FILE,
	  .kind = KIND_TEXT,
	  FIELD(socket_group),
	  .effect = EFFECT_RESTART },
	{ .name = "mode",
	  .section = SECTION_SOCKET,
	  OF_A_FILE,
	  .full_name = "socket mode",
	  .kind = KIND_FILE_MODE,
	  FIELD(socket_mode),
	  .preset = 0660,
	  .effect = EFFECT_RESTART },
	{ .name = "control",
	  .section = SECTION_TOP,
	  .opens = SECTION_CONTROL,
	  .kind = KIND_TEXT,
	  FIELD(control),
	  .effect = EFFECT_RESTART,
	  .is_good = is_socket_of_this_host,
	  .before = "the control socket ",
	  .expected =
		  "\"unix:/PATH\", or a port of loopback like \"inet:8892@127.0.0.1\", because anyone who can connect to it sees how much mail comes in, and can make the filter forget findings" },
	{ .name = "owner",
	  .section = SECTION_CONTROL,
	  OF_A_CONTROL_FILE,
	  .full_name = "control owner",
	  .kind = KIND_TEXT,
	  FIELD(control_owner),
	  .effect = EFFECT_RESTART },
	{ .name = "group",
	  .section = SECTION_CONTROL,
	  OF_A_CONTROL_FILE,
	  .full_name = "control group",
	  .kind = KIND_TEXT,
	  FIELD(control_group),
	  .effect = EFFECT_RESTART },
	{ .name = "mode",
	  .section = SECTION_CONTROL,
	  OF_A_CONTROL_FILE,
	  .full_name = "control mode",
	  .kind = KIND_FILE_MODE,
	  FIELD(control_mode),
	  .preset = 0660,
	  .effect = EFFECT_RESTART },
	{ .name = "user",
	  .section = SECTION_TOP,
	  .kind = KIND_TEXT,
	  FIELD(user),
	  .preset_text = "heloscope",
	  .effect = EFFECT_RESTART },
	{ .name = "group",
	  .section = SECTION_TOP,
	  .behind = "user",
	  .full_name = "user group",
	  .kind = KIND_TEXT,
	  FIELD(group),
	  .effect = EFFECT_RESTART },
	{ .name = "mode",
	  .section = SECTION_TOP,
	  .kind = KIND_WORD,
	  WORDS(config_modes),
	  FIELD(mode),
	  .preset = MODE_AUDIT },
	{ .name = "recipients",
	  .section = SECTION_TOP,
	  .kind = KIND_WORD,
	  WORDS(config_recipients),
	  FIELD(recipients),
	  .preset = RECIPIENTS_TOGETHER },
	{ .name = "log",
	  .section = SECTION_TOP,
	  .kind = KIND_WORD,
	  WORDS(config_log_targets),
	  .before = "log target",
	  FIELD(log_target),
	  .preset = LOG_TARGET_SYSLOG },
	{ .name = "level",
	  .section = SECTION_TOP,
	  .behind = "log",
	  .kind = KIND_WORD,
	  WORDS(config_log_levels),
	  .before = "log level",
	  FIELD(log_level),
	  .preset = LOG_LEVEL_INFO },
	{ .name = "records",
	  .section = SECTION_TOP,
	  .kind = KIND_TEXT,
	  FIELD(records),
	  .is_good = is_path_of_records,
	  .before = "the log of records ",
	  .expected = "a path that begins with a slash, of a file and no FIFO" },
	{ .name = "share", .section = SECTION_TOP, .kind = KIND_BLOCK, .opens = SECTION_SHARE },
	{ .name = "redis",
	  .section = SECTION_SHARE,
	  .opens = SECTION_REDIS,
	  .kind = KIND_TEXT,
	  FIELD(share.server),
	  .effect = EFFECT_SHARE,
	  .has_effect = can_share,
	  .no_effect =
		  "has no effect, because this heloscope was built without hiredis; expected no \"share\"",
	  .is_good = is_share_server,
	  .before = "the Redis server ",
	  .expected =
		  "\"unix:/PATH\", or an address and a port like \"192.0.2.10:6379\" or \"[2001:db8::10]:6379\"" },
	{ .name = "password-file",
	  .section = SECTION_REDIS,
	  .kind = KIND_FILE,
	  FIELD(share.password_file),
	  .effect = EFFECT_SHARE,
	  .before = "the password-file " },
	{ .name = "prefix",
	  .section = SECTION_REDIS,
	  .kind = KIND_TEXT,
	  FIELD(share.prefix),
	  .preset_text = "heloscope:",
	  .effect = EFFECT_SHARE,
	  .is_good = share_prefix_is_good,
	  .before = "the prefix ",
	  .expected = "at most 60 letters, digits, dots, hyphens, underscores and colons" },
	{ .name = "stream-length",
	  .section = SECTION_REDIS,
	  .kind = KIND_NUMBER,
	  FIELD(share.stream_length),
	  .min = 1000,
	  .max = 10000000,
	  .preset = 100000,
	  .effect = EFFECT_SHARE,
	  .before = "a stream-length of " },
	{ .name = "contact",
	  .section = SECTION_TOP,
	  .kind = KIND_TEXT,
	  FIELD(contact),
	  .tell_fault = contact_tell_fault,
	  .before = "the contact ",
	  .expected =
		  "1 to 120 characters of printable ASCII, for it is put whole at the end of refusals; after a % only %r, which is the reference of 29 characters, or %%, a percent sign",
	  .effect = EFFECT_LOOK_BACK },
	{ .name = "resolver", .section = SECTION_TOP, .kind = KIND_BLOCK, .opens = SECTION_RESOLVER },
	{ .name = "servers",
	  .section = SECTION_RESOLVER,
	  .kind = KIND_SERVERS,
	  WORDS(config_server_modes),
	  .effect = EFFECT_RESOLVER },
	{ .name = "zone", .section = SECTION_RESOLVER, .kind = KIND_ZONES, .effect = EFFECT_RESOLVER },
	{ .name = "timeout",
	  .section = SECTION_RESOLVER,
	  .kind = KIND_DURATION,
	  FIELD(timeout_ms),
	  .min = 100,
	  .max = CONFIG_TIMEOUT_MAX_MS,
	  .preset = 5 * SECOND,
	  .before = "a timeout of ",
	  .expected = ", because an MTA waits 10 s for a filter" },
	{ .name = "cache",
	  .section = SECTION_RESOLVER,
	  .kind = KIND_SIZE,
	  FIELD(cache_octets),
	  .min = 256 * KB,
	  .max = 64 * GB,
	  .preset = 8 * MB,
	  .effect = EFFECT_RESOLVER,
	  .before = "a cache of " },
	{ .name = "trust-anchor",
	  .section = SECTION_RESOLVER,
	  .kind = KIND_FILE,
	  FIELD(resolver.trust_anchor),
	  .effect = EFFECT_RESOLVER,
	  .before = "the trust-anchor " },
	{ .name = "trust", .section = SECTION_TOP, .kind = KIND_BLOCK, .opens = SECTION_TRUST },
	{ .name = "networks",
	  .section = SECTION_TRUST,
	  .kind = KIND_NETWORKS,
	  FIELD(trusted),
	  .effect = EFFECT_LOOK_BACK },
	{ .name = "gateways", .section = SECTION_TRUST, .kind = KIND_NETWORKS, FIELD(gateways) },
	{ .name = "authenticated",
	  .section = SECTION_TRUST,
	  FLAG,
	  FIELD(trusts_authenticated),
	  .preset = true },
	{ .name = "arc-sealers",
	  .section = SECTION_TRUST,
	  .kind = KIND_PATTERNS,
	  FIELD(arc_sealers),
	  .pattern = PATTERN_SIGNER },
	{ .name = "keep-results", .section = SECTION_TRUST, FLAG, FIELD(keeps_trusted_results) },
	{ .name = "spf", .section = SECTION_TOP, .kind = KIND_BLOCK, .opens = SECTION_SPF },
	{ .name = "engine",
	  .section = SECTION_SPF,
	  .kind = KIND_WORD,
	  WORDS(config_spf_engines),
	  .is_built = is_built_engine,
	  .before = "SPF engine",
	  FIELD(spf_engine),
	  .preset = SPF_ENGINE_NATIVE },
	{ .name = "explanation", .section = SECTION_SPF, FLAG, FIELD(shows_spf_explanation) },
	{ .name = "received-spf", .section = SECTION_TOP, FLAG, FIELD(adds_received_spf) },
	{ .name = "look-back",
	  .section = SECTION_TOP,
	  .opens = SECTION_LOOK_BACK,
	  FLAG,
	  FIELD(looks_back),
	  .effect = EFFECT_LOOK_BACK },
	{ .name = "ehlo-name",
	  .section = SECTION_LOOK_BACK,
	  .kind = KIND_TEXT,
	  FIELD(look_back.ehlo_name),
	  LIKE(authserv_id),
	  .effect = EFFECT_LOOK_BACK,
	  .is_good = is_host_name,
	  .before = "the ehlo-name ",
	  .after = " is not a host name",
	  .expected = "one like \"mx.example.org\"" },
	{ .name = "port",
	  .section = SECTION_LOOK_BACK,
	  .kind = KIND_NUMBER,
	  FIELD(look_back.port),
	  .min = 1,
	  .max = 65535,
	  .preset = 25,
	  .effect = EFFECT_LOOK_BACK,
	  .before = "the port " },
	{ .name = "at-a-time",
	  .section = SECTION_LOOK_BACK,
	  .kind = KIND_NUMBER,
	  FIELD(look_back.at_a_time),
	  .min = 1,
	  .max = 1000,
	  .preset = 20,
	  .effect = EFFECT_LOOK_BACK,
	  .before = "at-a-time " },
	{ .name = "per-minute",
	  .section = SECTION_LOOK_BACK,
	  .kind = KIND_NUMBER,
	  FIELD(look_back.per_minute),
	  .min = 1,
	  .max = 6000,
	  .preset = 60,
	  .effect = EFFECT_LOOK_BACK,
	  .before = "per-minute " },
	{ .name = "file",
	  .section = SECTION_LOOK_BACK,
	  .kind = KIND_TEXT,
	  FIELD(look_back.file),
	  .effect = EFFECT_LOOK_BACK,
	  .is_good = is_path_of_state,
	  .before = "the file ",
	  .expected = "an absolute path like \"/var/lib/heloscope/peers\"" },
	{ .name = "networks",
	  .section = SECTION_LOOK_BACK,
	  .kind = KIND_NETWORKS,
	  FIELD(look_back.allowed),
	  .effect = EFFECT_LOOK_BACK },
	{ .name = "timeout",
	  .section = SECTION_LOOK_BACK,
	  .full_name = "look-back timeout",
	  .kind = KIND_DURATION,
	  FIELD(look_back.timeout_ms),
	  .min = 1 * SECOND,
	  .max = 5 * MINUTE,
	  .preset = 60 * SECOND,
	  .effect = EFFECT_LOOK_BACK,
	  .before = "a timeout of ",
	  .after = " for a visit",
	  .expected = ", because greetings come late on purpose" },
	{ .name = "enable",
	  .section = SECTION_TOP,
	  .kind = KIND_CHECKS,
	  FIELD(enabled),
	  .places = offsetof(struct config, enabled_at),
	  .needs = SWITCH_ENABLE,
	  .before = "check" },
	{ .name = "disable",
	  .section = SECTION_TOP,
	  .kind = KIND_CHECKS,
	  FIELD(disabled),
	  .places = offsetof(struct config, disabled_at),
	  .before = "check" },
	{ .name = "test-interval",
	  .section = SECTION_TOP,
	  .kind = KIND_DURATION,
	  FIELD(test_interval_ms),
	  .min = 1 * SECOND,
	  .max = 24 * HOUR,
	  .preset = 5 * MINUTE,
	  .before = "a test-interval of " },
};

#define SETTINGS (sizeof settings / sizeof settings[0])

const struct setting *
config_settings(size_t *count)
{
	*count = SETTINGS;
	return settings;
}

static bool
stands_behind(const struct setting *setting, const struct setting *other)
{
	return setting->behind != NULL && other != NULL && setting->section == other->section
	       && strcmp(setting->behind, other->name) == 0;
}

const struct setting *
config_find_setting(enum config_section section, const char *name, const struct setting *last)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *setting = &settings[i];

		if (setting->section == section && strcmp(setting->name, name) == 0
		    && (setting->behind == NULL || stands_behind(setting, last)))
			return setting;
	}
	return NULL;
}

void
config_preset(struct config *config)
{
	for (size_t i = 0; i < SETTINGS; i++)
		config_preset_value(&settings[i], config);
}

void
config_settle(struct config *config)
{
	for (size_t i = 0; i < SETTINGS; i++)
		config_settle_value(&settings[i], config);
}

/* Writing. */

/* What stands around the settings of a block. */
static const struct {
	const char *begin, *before, *end;
	bool has_lines;    /* one for each setting */
	const char *owner; /* behind the name of a setting that is spoken of */
} blocks[SECTIONS] = {
	[SECTION_TOP] = { "", "", "", true, "" },
	[SECTION_SOCKET] = { " {", " ", " }", false, " of the socket" },
	[SECTION_CONTROL] = { " {", " ", " }", false, " of the control socket" },
	[SECTION_RESOLVER] = { " {", "    ", "}", true, " of the resolver" },
	[SECTION_TRUST] = { " {", "    ", "}", true, " of trusted clients" },
	[SECTION_SPF] = { " {", " ", " }", false, " of SPF" },
	[SECTION_LOOK_BACK] = { " {", "    ", "}", true, " of the look back" },
	[SECTION_SHARE] = { "", " ", "", false, " that is shared" },
	[SECTION_REDIS] = { " {", " ", " }", false, " of what is shared" },
};

static void
end_line(bool is_wanted, struct output *out)
{
	if (is_wanted)
		output_put(out, "\n");
}

static void show_section(enum config_section section, const struct config *config, struct output *out);

static size_t count_of(const struct setting *setting, const struct config *config);

static bool
holds_any(enum config_section section, const struct config *config)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (settings[i].section == section && count_of(&settings[i], config) > 0)
			return true;
	return false;
}

/* How often a setting is written; a block is when there is something in it. */
static size_t
count_of(const struct setting *setting, const struct config *config)
{
	if (setting->has_effect != NULL && !setting->has_effect(config))
		return 0;
	if (setting->kind != KIND_BLOCK)
		return config_count(setting, config);
	return holds_any(setting->opens, config) ? 1 : 0;
}

/* What may stand behind a setting: others, and a block. */
static void
show_what_follows(const struct setting *setting, const struct config *config, struct output *out)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		if (!stands_behind(&settings[i], setting) || config_count(&settings[i], config) == 0)
			continue;
		output_put(out, " %s ", settings[i].name);
		config_put_value(&settings[i], config, 0, out);
	}
	if (setting->opens == SECTION_TOP || !holds_any(setting->opens, config))
		return;
	output_put(out, "%s", blocks[setting->opens].begin);
	end_line(blocks[setting->opens].has_lines, out);
	show_section(setting->opens, config, out);
	output_put(out, "%s", blocks[setting->opens].end);
}

static void
show_setting(const struct setting *setting, const struct config *config, struct output *out)
{
	const size_t count = count_of(setting, config);

	for (size_t i = 0; i < count; i++) {
		output_put(out, "%s%s", blocks[setting->section].before, setting->name);
		if (setting->kind != KIND_BLOCK) {
			output_put(out, " ");
			config_put_value(setting, config, i, out);
		}
		show_what_follows(setting, config, out);
		end_line(blocks[setting->section].has_lines, out);
	}
}

static void
show_section(enum config_section section, const struct config *config, struct output *out)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (settings[i].section == section && settings[i].behind == NULL)
			show_setting(&settings[i], config, out);
}

void
config_show_settings(const struct config *config, struct output *out)
{
	show_section(SECTION_TOP, config, out);
}

/* Comparing. */

bool
config_same(const struct config *a, const struct config *b, enum setting_effect effect)
{
	for (size_t i = 0; i < SETTINGS; i++)
		if (settings[i].effect == effect && !config_same_value(&settings[i], a, b))
			return false;
	return true;
}

void
config_tell_changes(const struct config *a, const struct config *b, enum setting_effect effect,
		    void (*tell)(const char *setting))
{
	for (size_t i = 0; i < SETTINGS; i++) {
		const struct setting *setting = &settings[i];
		char memory[80];
		struct strbuf name;

		if (setting->effect != effect || config_same_value(setting, a, b))
			continue;
		strbuf_init(&name, memory, sizeof memory);
		strbuf_add(&name, setting->name);
		if (setting->behind != NULL)
			strbuf_printf(&name, " of the %s", setting->behind);
		strbuf_add(&name, blocks[setting->section].owner);
		tell(memory);
	}
}
