#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "config_text.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/config/settings.h"

#define TEXT_SIZE 4096

/* Words for a bad value: place, what was found, what was expected. Whole, for these are read by people. */
static void
each_setting_says_what_it_wants(void **state)
{
	static const struct {
		const char *text, *message;
	} table[] = {
		{ "authserv-id \"a b\"",
		  "test.conf:1:13: the authserv-id \"a b\" is not a domain name; expected one like \"mx.example.org\"\n" },
		{ "listen \"8891\"",
		  "test.conf:1:8: cannot listen on \"8891\"; expected \"inet:PORT@ADDRESS\", \"inet6:PORT@ADDRESS\" with a port from 1 to 65535, or \"unix:/PATH\"\n" },
		{ "listen \"unix:/x\" { mode 999 }",
		  "test.conf:1:25: the mode 999 is not a file mode; expected an octal number like 0660\n" },
		{ "mode enfroce",
		  "test.conf:1:6: found \"enfroce\"; did you mean \"enforce\"? Expected \"audit\" or \"enforce\"\n" },
		{ "log stdout",
		  "test.conf:1:5: unknown log target \"stdout\"; expected \"stderr\" or \"syslog\"\n" },
		{ "log syslog level inof",
		  "test.conf:1:18: unknown log level \"inof\"; did you mean \"info\"? Expected \"error\", \"warning\" or \"info\"\n" },
		{ "records \"x\"",
		  "test.conf:1:9: the log of records \"x\"; expected a path that begins with a slash, of a file and no FIFO\n" },
		{ "resolver { servers sytem }",
		  "test.conf:1:20: unknown kind of servers \"sytem\"; did you mean \"system\"? Expected \"system\" or \"recursive\"\n" },
		{ "resolver { servers 192.0.2.1@99999 }",
		  "test.conf:1:20: \"192.0.2.1@99999\" is not a name server; expected an address like 192.0.2.53 or 192.0.2.53@5353\n" },
		{ "resolver { zone \"a b\" servers 192.0.2.1 }",
		  "test.conf:1:17: \"a b\" is not a zone; expected a domain name\n" },
		{ "resolver { timeout 9s }",
		  "test.conf:1:20: a timeout of 9s; expected 100ms to 8s, because an MTA waits 10 s for a filter\n" },
		{ "resolver { timeout 99ms }",
		  "test.conf:1:20: a timeout of 99ms; expected 100ms to 8s, because an MTA waits 10 s for a filter\n" },
		{ "resolver { cache 255kB }", "test.conf:1:18: a cache of 255kB; expected 256kB to 64GB\n" },
		{ "resolver { cache 65GB }", "test.conf:1:18: a cache of 65GB; expected 256kB to 64GB\n" },
		{ "resolver { trust-anchor \"/nonexistent\" }",
		  "test.conf:1:25: the trust-anchor \"/nonexistent\" cannot be read: No such file or directory\n" },
		{ "trust { networks { 10.0.0.1/8 } }",
		  "test.conf:1:20: \"10.0.0.1/8\" has bits set after its prefix; expected a network like 192.0.2.0/24 or 2001:db8::/32\n" },
		{ "trust { authenticated maybe }",
		  "test.conf:1:23: unknown word \"maybe\"; expected \"no\" or \"yes\"\n" },
#ifndef HAVE_LIBSPF2
		{ "spf engine libspf2",
		  "test.conf:1:12: this heloscope was built without the SPF engine \"libspf2\"; expected another\n" },
#endif
#ifdef HAVE_HIREDIS
		{ "share redis \"redis.test:6379\"",
		  "test.conf:1:13: the Redis server \"redis.test:6379\"; expected \"unix:/PATH\", or an address and a port like \"192.0.2.10:6379\" or \"[2001:db8::10]:6379\"\n" },
		{ "share redis \"unix:/x\" { prefix \"a b\" }",
		  "test.conf:1:32: the prefix \"a b\"; expected at most 60 letters, digits, dots, hyphens, underscores and colons\n" },
		{ "share redis \"unix:/x\" { password-file \"/nonexistent\" }",
		  "test.conf:1:39: the password-file \"/nonexistent\" cannot be read: No such file or directory\n" },
		{ "share redis \"unix:/x\" { stream-length 999 }",
		  "test.conf:1:39: a stream-length of 999; expected a number from 1000 to 10000000\n" },
		{ "redis \"unix:/x\"", "test.conf:1:1: found \"redis\"; it belongs after \"share\"\n" },
#else
		{ "share redis \"unix:/x\"",
		  "test.conf:1:7: \"redis\" has no effect, because this heloscope was built without hiredis; expected no \"share\"\n" },
#endif
		{ "contact \"123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 x\"",
		  "test.conf:1:9: the contact \"123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 \" has 121 characters; expected 1 to 120 characters of printable ASCII, for it is put whole at the end of refusals; after a % only %r, which is the reference of 29 characters, or %%, a percent sign\n" },
		{ "contact \"https://x.test/%20\"",
		  "test.conf:1:9: the contact \"https://x.test/%20\" has \"%2\"; expected 1 to 120 characters of printable ASCII, for it is put whole at the end of refusals; after a % only %r, which is the reference of 29 characters, or %%, a percent sign\n" },
		{ "contact \"https://x.test/%\"",
		  "test.conf:1:9: the contact \"https://x.test/%\" ends with a single \"%\"; expected 1 to 120 characters of printable ASCII, for it is put whole at the end of refusals; after a % only %r, which is the reference of 29 characters, or %%, a percent sign\n" },
		{ "contact \"123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 xx%r\"",
		  "test.conf:1:9: the contact \"123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 \" has 121 characters; expected 1 to 120 characters of printable ASCII, for it is put whole at the end of refusals; after a % only %r, which is the reference of 29 characters, or %%, a percent sign\n" },
		{ "contact \"x%q\"",
		  "test.conf:1:9: the contact \"x%q\" has \"%q\"; expected 1 to 120 characters of printable ASCII, for it is put whole at the end of refusals; after a % only %r, which is the reference of 29 characters, or %%, a percent sign\n" },
		{ "contact \"\"",
		  "test.conf:1:9: the contact \"\" is empty; expected 1 to 120 characters of printable ASCII, for it is put whole at the end of refusals; after a % only %r, which is the reference of 29 characters, or %%, a percent sign\n" },
		{ "contact \"gr\xc3\xbc\xc3\x9f\"", "test.conf:1:9: the contact \"gr\\xc3\\xbc\\xc3\\x9f\" has the octet 0xc3; expected 1 to 120 characters of printable ASCII, for it is put whole at the end of refusals; after a % only %r, which is the reference of 29 characters, or %%, a percent sign\n" },
		{ "spf engine own",
		  "test.conf:1:12: unknown SPF engine \"own\"; expected \"native\" or \"libspf2\"\n" },
		{ "received-spf maybe",
		  "test.conf:1:14: unknown word \"maybe\"; expected \"no\" or \"yes\"\n" },
		{ "test-interval 999ms", "test.conf:1:15: a test-interval of 999ms; expected 1s to 24h\n" },
		{ "test-interval 25h", "test.conf:1:15: a test-interval of 25h; expected 1s to 24h\n" },
		{ "look-back yes { ehlo-name \"mx\" }",
		  "test.conf:1:27: the ehlo-name \"mx\" is not a host name; expected one like \"mx.example.org\"\n" },
		{ "look-back yes { port 65536 }",
		  "test.conf:1:22: the port 65536; expected a number from 1 to 65535\n" },
		{ "look-back yes { at-a-time 0 }",
		  "test.conf:1:27: at-a-time 0; expected a number from 1 to 1000\n" },
		{ "look-back yes { per-minute 6001 }",
		  "test.conf:1:28: per-minute 6001; expected a number from 1 to 6000\n" },
		{ "look-back yes { per-minute 99999999999999999999 }",
		  "test.conf:1:28: per-minute ***; expected a number from 1 to 6000\n" },
		{ "look-back yes { timeout 6m }",
		  "test.conf:1:25: a timeout of 6m for a visit; expected 1s to 5m, because greetings come late on purpose\n" },
		{ "look-back yes { file \"peers\" }",
		  "test.conf:1:22: the file \"peers\"; expected an absolute path like \"/var/lib/heloscope/peers\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char messages[TEXT_SIZE] = "";

		print_message("    %s\n", table[i].text);
		assert_null(config_from_text(table[i].text, messages));
		assert_string_equal(messages, table[i].message);
	}
}

static void
control_is_on_this_host_alone(void **state)
{
	static const char *const bad[] = { "unix:control.sock",   "inet:8892@192.0.2.1", "inet:8892",
					   "inet:8892@localhost", "inet6:8892@::",       "127.0.0.1:8892" };
	static const char *const good[] = { "unix:/x", "local:/x", "inet:8892@127.0.0.1", "inet6:8892@::1" };
	char text[TEXT_SIZE], messages[TEXT_SIZE], expected[TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++) {
		messages[0] = '\0';
		(void)snprintf(text, sizeof text, "control \"%s\"", bad[i]);
		(void)snprintf(
			expected, sizeof expected,
			"test.conf:1:9: the control socket \"%s\"; expected \"unix:/PATH\", or a port of loopback like \"inet:8892@127.0.0.1\", because anyone who can connect to it sees how much mail comes in, and can make the filter forget findings\n",
			bad[i]);
		assert_null(config_from_text(text, messages));
		assert_string_equal(messages, expected);
	}
	for (size_t i = 0; i < ROWS(good); i++) {
		struct config *config;

		(void)snprintf(text, sizeof text, "control \"%s\"", good[i]);
		config = config_from_text(text, NULL);
		assert_string_equal(config->control, good[i]);
		config_unref(config);
	}
	messages[0] = '\0';
	assert_null(config_from_text("control \"inet:8892@127.0.0.1\" { mode 0600 }", messages));
	assert_string_equal(
		messages,
		"test.conf:1:33: \"mode\" has no effect on a port; expected it only with control \"unix:/PATH\"\n");
}

static void
disable_says_which_checks_there_are(void **state)
{
	char messages[TEXT_SIZE] = "", expected[TEXT_SIZE] = "";
	struct strbuf text;

	(void)state;
	strbuf_init(&text, expected, sizeof expected);
	strbuf_add(&text, "test.conf:1:11: unknown check \"everything\"; expected ");
	for (int i = 0; i < METHODS; i++)
		strbuf_printf(&text, "%s\"%s\"",
			      i == 0             ? ""
			      : i + 1 == METHODS ? " or "
						 : ", ",
			      method_words((enum method)i)->policy_word);
	strbuf_add_char(&text, '\n');
	assert_null(config_from_text("disable { everything }", messages));
	assert_string_equal(messages, expected);
}

/* What does not fit the grammar: the settings of this section are named, and the words of this setting. */
static void
a_syntax_error_names_what_could_stand_there(void **state)
{
	static const struct {
		const char *text, *message; /* the first one */
	} table[] = {
		{ "resolver x", "test.conf:1:10: found \"x\"; expected \"{\"\n" },
		{ "resolver { timeout 5 }", "test.conf:1:20: found \"5\"; expected a duration like 5s\n" },
		{ "resolver { cache 5s }", "test.conf:1:18: found \"5s\"; expected a size like 8MB\n" },
		{ "resolver { servers 5 }",
		  "test.conf:1:20: found \"5\"; expected an address, \"recursive\" or \"system\"\n" },
		{ "trust { authenticated 5 }", "test.conf:1:23: found \"5\"; expected \"no\" or \"yes\"\n" },
		{ "trust { networks 192.0.2.1 }", "test.conf:1:18: found \"192.0.2.1\"; expected \"{\"\n" },
		{ "trust { gateways { gw.test } }",
		  "test.conf:1:20: found \"gw.test\"; expected an address or a network like 192.0.2.0/24\n" },
		{ "trust { gateways { 192.0.2.1, \"gw.test\" } }",
		  "test.conf:1:31: found the text \"gw.test\"; expected an address or a network like 192.0.2.0/24\n" },
		{ "resolver { servers 192.0.2.1, ns.test }",
		  "test.conf:1:31: found \"ns.test\"; expected an address\n" },
		{ "share { redis \"unix:/x\" }", "test.conf:1:7: found \"{\"; expected \"redis\"\n" },
		{ "share memcached \"x\"", "test.conf:1:7: found \"memcached\"; expected \"redis\"\n" },
		{ "share", "test.conf:1:6: the file ends here; expected \"redis\"\n" },
		{ "test-entries none",
		  "test.conf:1:1: found \"test-entries\"; it belongs after the zone of a list, or in list \"ZONE\" { ... }\n" },
		{ "look-back yes { port x }", "test.conf:1:22: found \"x\"; expected a number\n" },
		{ "mode 5", "test.conf:1:6: found \"5\"; expected \"audit\" or \"enforce\"\n" },
		{ "listen\nx", "test.conf:1:7: the line ends here; expected a text in quotes\n" },
		{ "policy { reject when 5 }",
		  "test.conf:1:22: found \"5\"; expected a test, as in \"reject when spf = fail\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char messages[TEXT_SIZE] = "";

		print_message("    %s\n", table[i].text);
		assert_null(config_from_text(table[i].text, messages));
		messages[strcspn(messages, "\n") + 1] = '\0';
		assert_string_equal(messages, table[i].message);
	}
}

/* All settings that there are in this place are named, and no others. */
static void
a_syntax_error_names_the_settings_of_its_section(void **state)
{
	static const struct {
		const char *text;
		enum config_section section;
		const char *behind;
	} table[] = {
		{ "x", SECTION_TOP, "" },
		{ "user \"x\" x", SECTION_TOP, "user" },
		{ "log syslog x", SECTION_TOP, "log" },
		{ "authserv-id \"x.test\" x", SECTION_TOP, "authserv-id" },
		{ "listen \"unix:/x\" { x }", SECTION_SOCKET, "" },
		{ "resolver { x }", SECTION_RESOLVER, "" },
		{ "trust { x }", SECTION_TRUST, "" },
		{ "spf { x }", SECTION_SPF, "" },
		{ "spf x", SECTION_SPF, "" },
		{ "look-back yes { x }", SECTION_LOOK_BACK, "" },
#ifdef HAVE_HIREDIS
		{ "share redis \"unix:/x\" { x }", SECTION_REDIS, "" },
#endif
	};
	size_t count;
	const struct setting *settings = config_settings(&count);

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		char messages[TEXT_SIZE] = "";
		unsigned named = 0, quotes = 0;

		assert_null(config_from_text(table[i].text, messages));
		print_message("    %s", messages);
		for (size_t j = 0; j < count; j++) {
			const char *behind = settings[j].behind;
			char name[64];

			if (settings[j].section != table[i].section
			    || (behind != NULL && strcmp(behind, table[i].behind) != 0))
				continue;
			(void)snprintf(name, sizeof name, "\"%s\"", settings[j].name);
			assert_non_null(strstr(messages, name));
			named++;
		}
		for (const char *at = messages; (at = strchr(at, '"')) != NULL; at++)
			quotes++;
		/* What was found, and "}"; at the top statements of other kinds. */
		assert_int_equal(quotes / 2 - named, table[i].section == SECTION_TOP ? 8 : 2);
	}
}

/* All that a row says of its setting, tried on each row. */

static const struct setting *
opener_of(enum config_section section)
{
	size_t count;
	const struct setting *settings = config_settings(&count);

	for (size_t i = 0; i < count; i++)
		if (settings[i].opens == section)
			return &settings[i];
	return NULL;
}

/* Of a KIND_WORD: a word that is not the default, when this build has another. */
static size_t
other_word(const struct setting *setting)
{
	const size_t other = (setting->preset + 1) % setting->word_count;

	return setting->is_built == NULL || setting->is_built(other) ? other : setting->preset;
}

/* Whether this build has what it sets. */
static bool
is_built(const struct setting *setting)
{
	return (setting->section != SECTION_SHARE && setting->section != SECTION_REDIS) || share_is_built();
}

static bool
has_other_value(const struct setting *setting)
{
	return setting->kind != KIND_BLOCK && is_built(setting)
	       && (setting->kind != KIND_WORD || other_word(setting) != setting->preset);
}

/* A value that is not the default. */
static void
add_value(struct strbuf *text, const struct setting *setting, unsigned long number)
{
	static const char *const texts[] = { "mx.other.test", "/etc/passwd", "unix:/x" };
	static const char *const units[SETTING_KINDS] = { [KIND_DURATION] = "ms", [KIND_SIZE] = "kB" };
	char measure[MEASURE_SIZE];
	size_t i = 0;

	switch (setting->kind) {
	case KIND_TEXT:
		while (setting->is_good != NULL && !setting->is_good(texts[i]))
			assert_true(++i < ROWS(texts));
		strbuf_printf(text, "\"%s\"", texts[i]);
		break;
	case KIND_FILE:
		strbuf_add(text, "\"/etc/passwd\"");
		break;
	case KIND_PATTERNS:
		strbuf_add(text, "{ \"a.test\", \"*.b.test\" }");
		break;
	case KIND_WORD:
		strbuf_add(text, setting->words[other_word(setting)]);
		break;
	case KIND_FILE_MODE:
		strbuf_add(text, "0601");
		break;
	case KIND_NETWORKS:
		strbuf_add(text, "{ 192.0.2.0/24, 2001:db8::/32 }");
		break;
	case KIND_CHECKS:
		strbuf_add(text, setting->needs == SWITCH_ENABLE ? "{ dkim }" : "{ helo, dnswl }");
		break;
	case KIND_SERVERS:
		strbuf_add(text, "192.0.2.1, 192.0.2.2@5353");
		break;
	case KIND_ZONES:
		strbuf_add(text, "\"z.test\" servers 192.0.2.3");
		break;
	default:
		strbuf_add(text, config_format_measure(
					 number, units[setting->kind] != NULL ? units[setting->kind] : "",
					 measure));
	}
}

/* The setting with a value, `times` over, where it belongs. */
static void
write_statement(char *memory, const struct setting *setting, unsigned long number, int times)
{
	const struct setting *opener = setting->section != SECTION_TOP ? opener_of(setting->section) : NULL;
	const bool is_shared = setting->section == SECTION_SHARE; /* after "share" alone */
	const bool has_braces = opener != NULL && !is_shared;
	struct strbuf text;

	strbuf_init(&text, memory, TEXT_SIZE);
	if (setting->behind != NULL) {
		const struct setting *front = config_find_setting(setting->section, setting->behind, NULL);

		strbuf_printf(&text, "%s ", front->name);
		add_value(&text, front, number);
		strbuf_add(&text, " ");
	}
	if (setting->section == SECTION_REDIS)
		strbuf_add(&text, "share ");
	if (has_braces)
		strbuf_printf(&text, "%s ", opener->name);
	if (has_braces && opener->kind != KIND_BLOCK)
		add_value(&text, opener, 0);
	for (int i = 0; i < times; i++) {
		strbuf_add(&text, i == 0 && has_braces ? " { " : is_shared ? " share " : " ");
		strbuf_printf(&text, "%s ", setting->name);
		add_value(&text, setting, number);
	}
	strbuf_add(&text, has_braces ? " }" : "");
	print_message("    %s\n", memory);
}

/* The value, as -T writes it, in `memory`. */
static void
shown_value(const struct setting *setting, const struct config *config, char memory[TEXT_SIZE])
{
	struct output out = { .file = fmemopen(memory, TEXT_SIZE, "w") };

	config_put_value(setting, config, 0, &out);
	(void)fclose(out.file);
}

static unsigned restarts;

static void
count_restart(const char *setting)
{
	print_message("        %s\n", setting);
	restarts++;
}

/* -T, which reads back as the same; and a reload, which sees that it is another. */
static void
each_setting_is_read_shown_and_compared(void **state)
{
	size_t count;
	const struct setting *settings = config_settings(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct config *usual = config_from_text("", NULL), *changed, *again;
		char text[TEXT_SIZE] = "", shown[TEXT_SIZE] = "", value[TEXT_SIZE] = "";
		struct output out = { .file = NULL };

		if (!has_other_value(&settings[i])) {
			config_unref(usual);
			continue;
		}
		write_statement(text, &settings[i], settings[i].max, 1);
		changed = config_from_text(text, NULL);
		assert_int_equal(config_count(&settings[i], changed), 1);
		shown_value(&settings[i], changed, value);
		out.file = fmemopen(shown, sizeof shown, "w");
		config_show_settings(changed, &out);
		(void)fclose(out.file);
		assert_non_null(strstr(shown, settings[i].name));
		assert_non_null(strstr(shown, value));
		again = config_from_text(shown, NULL);
		assert_true(config_same_value(&settings[i], changed, again));
		assert_false(config_same_value(&settings[i], usual, changed));
		assert_false(config_same(usual, changed, settings[i].effect));
		restarts = 0;
		config_tell_changes(usual, changed, EFFECT_RESTART, count_restart);
		assert_int_equal(restarts > 0, settings[i].effect == EFFECT_RESTART
						       || settings[i].section == SECTION_SOCKET
						       || (settings[i].behind != NULL
							   && strcmp(settings[i].behind, "user") == 0));
		config_unref(usual);
		config_unref(changed);
		config_unref(again);
	}
}

/* Whether a value is added to the one before it, so that nothing of what was said is lost. */
static bool
adds_up(const struct setting *setting)
{
	return setting->kind == KIND_NETWORKS || setting->kind == KIND_CHECKS;
}

/* What would take the place of what was said before is an error; a setting behind another is misplaced then.
 */
static void
each_setting_is_said_once_unless_it_adds_up(void **state)
{
	size_t count;
	const struct setting *settings = config_settings(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		char text[TEXT_SIZE] = "", messages[TEXT_SIZE] = "";
		struct config *config;

		if (settings[i].kind == KIND_BLOCK)
			continue;
		write_statement(text, &settings[i], settings[i].max, 2);
		config = config_from_text(text, messages);
		assert_int_equal(config != NULL, adds_up(&settings[i]));
		if (config == NULL && settings[i].behind == NULL)
			assert_non_null(strstr(messages, "is given twice, first in "));
		config_unref(config);
	}
}

/* Both ends of a range are allowed; what lies behind is not, and the message names both. */
static void
each_range_has_the_ends_that_its_message_names(void **state)
{
	size_t count;
	const struct setting *settings = config_settings(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const unsigned long step = settings[i].kind == KIND_SIZE ? 1024 : 1;
		const unsigned long good[] = { settings[i].min, settings[i].max };
		const unsigned long bad[] = { settings[i].min - step, settings[i].max + step };
		char text[TEXT_SIZE] = "", messages[TEXT_SIZE] = "";

		if (settings[i].max == 0 || !is_built(&settings[i]))
			continue;
		for (size_t j = 0; j < ROWS(good); j++) {
			write_statement(text, &settings[i], good[j], 1);
			config_unref(config_from_text(text, NULL));
			write_statement(text, &settings[i], bad[j], 1);
			assert_null(config_from_text(text, messages));
			assert_non_null(strstr(messages, "; expected "));
		}
	}
}

/* The section that the grammar is in ends with its last token, whatever stands behind it on the line or
 * below. */
static void
a_section_ends_where_it_ends(void **state)
{
	struct config *config = config_from_text(
		"spf\nengine\n" OTHER_SPF_WORD
		" mode enforce records\n\"/x\" user\n\"u\"\ngroup \"g\" resolver\n{ timeout\n1s } listen \"unix:/x\" { mode 0600 } log\nstderr\nlevel\nerror trust { authenticated no }\n"
		"policy { accept when\nauthenticated }\n",
		NULL);

	(void)state;
	assert_int_equal(config->spf_engine, OTHER_SPF_ENGINE);
	assert_int_equal(config->mode, MODE_ENFORCE);
	assert_string_equal(config->records, "/x");
	assert_string_equal(config->group, "g");
	assert_int_equal(config->timeout_ms, 1000);
	assert_int_equal(config->socket_mode, 0600);
	assert_int_equal(config->log_level, LOG_LEVEL_ERROR);
	assert_false(config->trusts_authenticated);
	config_unref(config);
}

/* `group` and the like are settings directly behind theirs, and nowhere else. */
static void
what_stands_behind_a_setting_stands_directly_behind_it(void **state)
{
	static const char *const wrong[] = {
		"group \"y\"",
		"user \"x\" dnsbl \"a.test\" group \"y\"",
		"user \"x\" resolver { } group \"y\"",
		"user \"x\" spf engine native group \"y\"",
		"user \"x\" group \"y\" group \"z\"",
		"log syslog user \"x\" level error",
		"listen \"unix:/x\" level error",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(wrong); i++) {
		char messages[TEXT_SIZE] = "";

		assert_null(config_from_text(wrong[i], messages));
		assert_non_null(strstr(messages, "; it belongs "));
		assert_non_null(strstr(messages, " after \""));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_setting_says_what_it_wants),
		cmocka_unit_test(control_is_on_this_host_alone),
		cmocka_unit_test(disable_says_which_checks_there_are),
		cmocka_unit_test(a_syntax_error_names_what_could_stand_there),
		cmocka_unit_test(a_syntax_error_names_the_settings_of_its_section),
		cmocka_unit_test(each_setting_is_read_shown_and_compared),
		cmocka_unit_test(each_setting_is_said_once_unless_it_adds_up),
		cmocka_unit_test(each_range_has_the_ends_that_its_message_names),
		cmocka_unit_test(a_section_ends_where_it_ends),
		cmocka_unit_test(what_stands_behind_a_setting_stands_directly_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
