/* wiring: what postconf prints is read strictly; lists of filters, addresses; programs that are run. */
#include "unit.h"

#include <stdlib.h>

#include "heloscope/base/strbuf.h"
#include "heloscope/wiring/attached.h"
#include "heloscope/wiring/judge.h"
#include "heloscope/wiring/postfix.h"
#include "heloscope/wiring/program.h"
#include "heloscope/wiring/sendmail.h"

/* postconf. */

static struct postfix
postfix_in(struct arena *arena)
{
	arena_init(arena, POSTFIX_MEMORY);
	return (struct postfix){ .arena = arena };
}

static void
settings_are_read(void **state)
{
	static const char text[] =
		"smtpd_milters = inet:127.0.0.1:8891, unix:x\nnon_smtpd_milters =\nmail_owner = "
		"postfix\nsubmission/inet/smtpd_milters =\n[::1]:25/inet/mail_owner = a = b\n"
		"smtp/inet/na-me = x\nsmtp/inet/1.\303\251+ =\n";
	struct arena arena;
	struct postfix postfix = postfix_in(&arena);
	const struct postfix_service submission = { .key = "submission/inet" },
				     other = { .key = "[::1]:25/inet" };
	const char *place;
	struct error error;

	(void)state;
	assert_true(postfix_read_settings(&postfix, span_of(text), &error));
	assert_int_equal(postfix.setting_count, 7);
	assert_true(span_equals(postfix_value(&postfix, NULL, "smtpd_milters", &place),
				SPAN("inet:127.0.0.1:8891, unix:x")));
	assert_string_equal(place, "smtpd_milters");
	assert_int_equal(postfix_value(&postfix, &submission, "smtpd_milters", &place).length, 0);
	assert_string_equal(place, "submission/inet/smtpd_milters");
	assert_true(span_equals(postfix_value(&postfix, &submission, "mail_owner", &place), SPAN("postfix")));
	assert_string_equal(place, "mail_owner");
	assert_true(span_equals(postfix_value(&postfix, &other, "mail_owner", &place), SPAN("a = b")));
	assert_int_equal(postfix_value(&postfix, NULL, "milter_protocol", &place).length, 0);
	arena_clear(&arena);
}

static void
lines_of_another_form_are_errors(void **state)
{
	static const char *const settings[] = { "name", "name=value", " name = value", "name value = x", "\n",
						"= x",  "a/ = x",     "na me = x",     "good = x\nbad\n" },
				 *const services[] = { "smtp inet n - n - -", "\n", "smtp",
						       "smtp inet n - n - - smtpd\nsmtp inet\n" };
	struct error error;

	(void)state;
	for (size_t i = 0; i < ROWS(settings); i++) {
		struct arena arena;
		struct postfix postfix = postfix_in(&arena);

		assert_false(postfix_read_settings(&postfix, span_of(settings[i]), &error));
		assert_non_null(strstr(error.text, "which is no parameter"));
		arena_clear(&arena);
	}
	for (size_t i = 0; i < ROWS(services); i++) {
		struct arena arena;
		struct postfix postfix = postfix_in(&arena);

		assert_false(postfix_read_services(&postfix, span_of(services[i]), &error));
		assert_non_null(strstr(error.text, "which is no service"));
		arena_clear(&arena);
	}
}

static void
services_are_read(void **state)
{
	static const char text[] =
		"smtp       inet  n       -       y       -       -       smtpd -o a=b -o {c=d e}\n"
		"smtpd pass - - - - - smtpd\npickup unix n - n 60 1 pickup";
	struct arena arena;
	struct postfix postfix = postfix_in(&arena);
	struct error error;

	(void)state;
	assert_true(postfix_read_services(&postfix, span_of(text), &error));
	assert_int_equal(postfix.service_count, 3);
	assert_string_equal(postfix.services[0].key, "smtp/inet");
	assert_true(span_equals(postfix.services[0].command, SPAN("smtpd")));
	assert_true(postfix_is_chrooted(&postfix, &postfix.services[0]));
	assert_true(postfix_is_chrooted(&postfix, &postfix.services[1])); /* no level is 0 */
	assert_false(postfix_is_chrooted(&postfix, &postfix.services[2]));
	assert_true(postfix_read_settings(&postfix, SPAN("compatibility_level = 3.6\n"), &error));
	assert_false(postfix_is_chrooted(&postfix, &postfix.services[1]));
	arena_clear(&arena);
}

static void
times_are_read(void **state)
{
	static const struct {
		const char *text;
		unsigned seconds; /* 1000000: none */
	} cases[] = {
		{ "30s", 30 },      { "30", 30 },       { "5m", 300 },      { "1h", 3600 },
		{ "0s", 0 },        { "2d", 172800 },   { "", 1000000 },    { "s", 1000000 },
		{ "-1s", 1000000 }, { "1 s", 1000000 }, { "30x", 1000000 }, { "99999999w", 1000000 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		unsigned seconds = 1000000;

		print_message("    \"%s\"\n", cases[i].text);
		assert_int_equal(postfix_read_seconds(span_of(cases[i].text), &seconds),
				 cases[i].seconds != 1000000);
		assert_int_equal(seconds, cases[i].seconds);
	}
}

/* sendmail.cf. */

static void
times_of_Sendmail_add_up(void **state)
{
	static const struct {
		const char *text;
		unsigned seconds; /* 1000000: none */
	} cases[] = {
		{ "30s", 30 },         { "30", 30 },         { "1h30m", 5400 },    { "1m1", 61 },
		{ "1d1h1m1s", 90061 }, { "1m30s", 90 },      { "m", 0 }, /* as Sendmail 8.17 has them */
		{ "1mm", 60 },         { "", 1000000 },      { "1.5m", 1000000 },  { "1H", 1000000 },
		{ "1x", 1000000 },     { "1h-1m", 1000000 }, { "1h 1m", 1000000 }, { "6000w6000w", 1000000 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		unsigned seconds = 1000000;

		print_message("    \"%s\"\n", cases[i].text);
		assert_int_equal(sendmail_read_seconds(span_of(cases[i].text), &seconds),
				 cases[i].seconds != 1000000);
		assert_int_equal(seconds, cases[i].seconds);
	}
}

static void
of_what_a_sendmail_cf_says_twice_the_last_counts_but_flags_and_timeouts_add_up(void **state)
{
	static const char *const lines[] = {
		"Xa, S=inet:1@localhost, F=T, T=C:5s;R:20s, S=inet:2@localhost, F=R, T=R:1m",
		"O DaemonPortOptions=Port=25, Name=MTA, I=one, InputMailFilters=two;three, Port=587",
		"OOPort=465,Name=OLD,I=",
		"O InputMailFilters=one",
		"O InputMailFilters=two",
		"Ob",
		"O",
	};
	struct arena arena;
	struct sendmail sendmail;
	struct span value;

	(void)state;
	arena_init(&arena, POSTFIX_MEMORY);
	sendmail_init(&sendmail, &arena);
	for (size_t i = 0; i < ROWS(lines); i++)
		assert_true(sendmail_take(&sendmail, span_of(lines[i])));
	assert_int_equal(sendmail.filter_count, 1);
	assert_true(span_equals(sendmail.filters[0].address, SPAN("inet:2@localhost")));
	assert_true(span_equals(sendmail.filters[0].flags, SPAN("TR")));
	assert_true(sendmail_piece(sendmail.filters[0].timeouts, ';', ':', "C", &value));
	assert_true(span_equals(value, SPAN("5s")));
	assert_true(sendmail_piece(sendmail.filters[0].timeouts, ';', ':', "R", &value));
	assert_true(span_equals(value, SPAN("1m")));
	assert_int_equal(sendmail.port_count, 2);
	assert_true(span_equals(sendmail.ports[0].filters, SPAN("two;three")));
	assert_true(span_equals(sendmail.ports[0].port, SPAN("587")));
	assert_true(span_equals(sendmail.ports[1].port, SPAN("465")));
	assert_true(span_equals(sendmail.ports[1].name, SPAN("OLD")));
	assert_true(sendmail.ports[1].has_filters && sendmail.ports[1].filters.length == 0);
	assert_true(span_equals(sendmail.input_filters, SPAN("two")));
	arena_clear(&arena);
}

/* Lists. */

static void
lists_are_split(void **state)
{
	static const char list[] =
		" inet:a:1,{ unix:b, default_action = accept,{command_timeout = 3s}, protocol=6 }\tinet:c:2 ,";
	struct attached *items;
	struct span value;
	size_t count;
	struct arena arena;

	(void)state;
	arena_init(&arena, POSTFIX_MEMORY);
	assert_true(attached_read(&arena, span_of(list), &items, &count));
	assert_int_equal(count, 3);
	assert_true(span_equals(items[0].address, SPAN("inet:a:1")));
	assert_true(span_equals(items[1].address, SPAN("unix:b")));
	assert_int_equal(items[1].whole.at[0], '{');
	assert_true(span_equals(items[2].whole, SPAN("inet:c:2")));
	assert_true(attached_setting(&items[1], "command_timeout", &value));
	assert_true(span_equals(value, SPAN("3s")));
	assert_true(attached_setting(&items[1], "protocol", &value));
	assert_true(span_equals(value, SPAN("6")));
	assert_false(attached_setting(&items[1], "content_timeout", &value));
	assert_false(attached_setting(&items[0], "command_timeout", &value));
	assert_true(attached_read(&arena, SPAN(""), &items, &count));
	assert_int_equal(count, 0);
	arena_clear(&arena);
}

static void
lists_that_are_none_are_refused(void **state)
{
	static const char *const lists[] = { "{", "}", "{ a", "a }", "{ a, { b }", "}{", "{ } }" };
	struct attached *items;
	struct arena arena;
	size_t count;

	(void)state;
	arena_init(&arena, POSTFIX_MEMORY);
	for (size_t i = 0; i < ROWS(lists); i++) {
		print_message("    %s\n", lists[i]);
		assert_false(attached_read(&arena, span_of(lists[i]), &items, &count));
	}
	arena_clear(&arena);
	arena_init(&arena, sizeof(struct attached));
	assert_false(attached_read(&arena, SPAN("a b c d"), &items, &count));
	arena_clear(&arena);
}

/* Addresses. */

static void
addresses_are_compared(void **state)
{
	static const struct {
		const char *address, *listen;
		bool is_chrooted;
		enum attachment expected;
	} cases[] = {
		{ "inet:127.0.0.1:8891", "inet:8891@127.0.0.1", false, ATTACHMENT_OURS },
		{ "inet:localhost:8891", "inet:8891@127.0.0.1", false, ATTACHMENT_OURS },
		{ "inet:127.0.0.1:8891", "inet:8891@localhost", false, ATTACHMENT_OURS },
		{ "inet:127.0.0.1:8891", "inet:8891", false, ATTACHMENT_OURS },
		{ "inet:127.8.0.1:8891", "inet:8891@0.0.0.0", false, ATTACHMENT_OURS },
		{ "inet:mx.lab.test:8891", "inet:8891", false, ATTACHMENT_OURS }, /* as the MTA resolves it */
		{ "inet:127.0.0.1:8891", "inet6:8891", false, ATTACHMENT_OURS },
		{ "inet:192.0.2.1:8891", "inet:8891", false, ATTACHMENT_OTHER }, /* not of this host */
		{ "inet:192.0.2.1:8891", "inet6:8891@::", false, ATTACHMENT_OTHER },
		{ "inet:[2001:db8::9]:8891", "inet:8891@0.0.0.0", false, ATTACHMENT_OTHER },
		{ "inet:[::1]:8891", "inet:8891", false, ATTACHMENT_AWAY },
		{ "inet:[::1]:8891", "inet6:8891@::1", false, ATTACHMENT_OURS },
		{ "inet:[0:0::1]:8891", "inet6:8891@[::1]", false, ATTACHMENT_OURS },
		{ "inet:127.0.0.1:8892", "inet:8891@127.0.0.1", false, ATTACHMENT_OTHER },
		{ "inet:192.0.2.2:8891", "inet:8891@192.0.2.1", false, ATTACHMENT_OTHER },
		{ "inet:127.0.0.1:8891", "inet:8891@192.0.2.1", false, ATTACHMENT_AWAY },
		{ "tcp:127.0.0.1:8891", "inet:8891@127.0.0.1", false, ATTACHMENT_SPELLING },
		{ "INET:127.0.0.1:8891", "inet:8891@127.0.0.1", false, ATTACHMENT_SPELLING },
		{ "inet6:[::1]:8891", "inet6:8891@::1", false, ATTACHMENT_SPELLING },
		{ "inet:8891@127.0.0.1", "inet:8891@127.0.0.1", false, ATTACHMENT_SPELLING },
		{ "127.0.0.1:8891", "inet:8891@127.0.0.1", false, ATTACHMENT_SPELLING },
		{ "unix:/q/h/m.sock", "unix:/q/h/m.sock", false, ATTACHMENT_OURS },
		{ "unix:h/m.sock", "unix:/q/h/m.sock", false, ATTACHMENT_OURS },
		{ "unix:h/m.sock", "local:/q/h/m.sock", true, ATTACHMENT_OURS },
		{ "unix:/h/m.sock", "unix:/q/h/m.sock", true, ATTACHMENT_OURS },
		{ "unix:/q/h/m.sock", "unix:/q/h/m.sock", true, ATTACHMENT_OUTSIDE },
		{ "unix:/run/h.sock", "unix:/run/h.sock", true, ATTACHMENT_OUTSIDE },
		{ "local:/run/h.sock", "unix:/run/h.sock", false, ATTACHMENT_SPELLING },
		{ "/run/h.sock", "unix:/run/h.sock", false, ATTACHMENT_SPELLING },
		{ "unix:/run/heloscope/m.sock", "unix:/run/x.sock", false, ATTACHMENT_AWAY },
		{ "unix:/run/heloscope/m.sock", "inet:8891@127.0.0.1", false, ATTACHMENT_AWAY },
		{ "unix:/run/other.sock", "unix:/run/x.sock", false, ATTACHMENT_OTHER },
		{ "inet:127.0.0.1:8891", "unix:/run/x.sock", false, ATTACHMENT_OTHER },
		{ "", "unix:/run/x.sock", false, ATTACHMENT_OTHER },
		{ "", "inet:8891@127.0.0.1", false, ATTACHMENT_OTHER },
		{ "inet:", "inet:8891@127.0.0.1", false, ATTACHMENT_OTHER },
		{ "unix:", "unix:/run/x.sock", false, ATTACHMENT_OTHER },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		const struct vantage vantage = { SPAN("/q"), cases[i].is_chrooted };

		print_message("    %s for %s\n", cases[i].address, cases[i].listen);
		assert_int_equal(attached_compare(span_of(cases[i].address), cases[i].listen, &vantage),
				 cases[i].expected);
	}
}

static void
addresses_are_spelled_for_postfix(void **state)
{
	static const struct {
		const char *listen;
		bool is_chrooted, is_seen;
		const char *text;
	} cases[] = {
		{ "inet:8891@127.0.0.1", true, true, "inet:127.0.0.1:8891" },
		{ "inet:8891", true, true, "inet:127.0.0.1:8891" },
		{ "inet6:8891", true, true, "inet:[::1]:8891" },
		{ "inet6:8891@2001:db8::1", true, true, "inet:[2001:db8::1]:8891" },
		{ "inet:8891@mx.lab.test", true, true, "inet:mx.lab.test:8891" },
		{ "unix:/q/h/m.sock", true, true, "unix:h/m.sock" },
		{ "unix:/run/m.sock", false, true, "unix:/run/m.sock" },
		{ "unix:/run/m.sock", true, false, NULL },
		{ "unix:/qu/m.sock", true, false, NULL },
		{ "unix:/q", true, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		const struct vantage vantage = { SPAN("/q"), cases[i].is_chrooted };
		char memory[200];
		struct strbuf text = STRBUF_OVER(memory);

		print_message("    %s\n", cases[i].listen);
		assert_int_equal(attached_spell(cases[i].listen, &vantage, &text), cases[i].is_seen);
		if (cases[i].is_seen)
			assert_string_equal(memory, cases[i].text);
	}
}

static void
addresses_are_of_one_version_of_IP(void **state)
{
	static const struct {
		const char *address;
		unsigned expected;
	} cases[] = {
		{ "inet:127.0.0.1:1", 4 }, { "inet:[::1]:1", 6 }, { "inet:localhost:1", 0 },
		{ "inet:1", 0 },           { "unix:/x", 0 },      { "", 0 },
	};
	static const struct {
		const char *listen;
		unsigned ip_version;
		const char *text, *moved; /* NULL: no good */
	} moves[] = {
		{ "inet6:1@::1", 4, "inet:127.0.0.1:1", "inet:1@127.0.0.1" },
		{ "inet6:1@[::1]", 4, "inet:127.0.0.1:1", "inet:1@127.0.0.1" },
		{ "inet6:1", 4, "inet:127.0.0.1:1", "" },
		{ "inet6:1@::", 4, "inet:127.0.0.1:1", "" },
		{ "inet:1@127.0.0.1", 6, "inet:[::1]:1", "inet6:1@::1" },
		{ "inet:1", 6, "inet:[::1]:1", "inet6:1@::1" },
		{ "inet6:1@2001:db8::1", 4, NULL, NULL },
		{ "unix:/x", 4, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++)
		assert_int_equal(attached_ip_version(span_of(cases[i].address)), cases[i].expected);
	for (size_t i = 0; i < ROWS(moves); i++) {
		char text_memory[100] = "", moved_memory[100] = "";
		struct strbuf text = STRBUF_OVER(text_memory), moved = STRBUF_OVER(moved_memory);

		print_message("    %s\n", moves[i].listen);
		assert_int_equal(attached_spell_loopback(moves[i].listen, moves[i].ip_version, &text, &moved),
				 moves[i].text != NULL);
		assert_string_equal(text_memory, moves[i].text != NULL ? moves[i].text : "");
		assert_string_equal(moved_memory, moves[i].moved != NULL ? moves[i].moved : "");
	}
}

/* Programs. */

static enum program_state
run(char *first, char *second, char *third, struct arena *arena, struct span *output, struct error *error)
{
	char *const arguments[] = { first, second, third, NULL };

	arena_init(arena, 2 * PROGRAM_OUTPUT_MAX);
	return program_read(arguments, arena, output, error);
}

static void
output_of_programs_is_read_whole(void **state)
{
	char echo[] = "/bin/echo", words[] = "a $HOME `b`; c";
	struct arena arena;
	struct error error;
	struct span output;

	(void)state;
	assert_int_equal(run(echo, words, NULL, &arena, &output, &error), PROGRAM_READ);
	assert_true(span_equals(output, SPAN("a $HOME `b`; c\n")));
	arena_clear(&arena);
}

static void
programs_that_fail_are_told(void **state)
{
	static char shell[] = "/bin/sh", c[] = "-c", fails[] = "echo x; exit 3", dies[] = "kill -9 $$",
		    floods[] = "exec cat /dev/zero", missing[] = "/nonexistent/postconf",
		    nul[] = "printf 'a\\0b'", stays[] = "exec sleep 1000 >&-";
	static const struct {
		char *first, *second, *third;
		enum program_state expected;
		const char *reason;
	} cases[] = {
		{ shell, c, fails, PROGRAM_FAULT, "it ended with status 3; run it to see why" },
		{ shell, c, dies, PROGRAM_FAULT, "signal 9 ended it" },
		{ shell, c, floods, PROGRAM_FAULT, "it prints more than 1048576 octets" },
		{ shell, c, nul, PROGRAM_FAULT, "it prints a NUL" },
		{ shell, c, stays, PROGRAM_FAULT, "it has closed its output and does not end" },
		{ missing, NULL, NULL, PROGRAM_MISSING, "No such file or directory" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct arena arena;
		struct error error;
		struct span output;

		print_message("    %s\n", cases[i].reason);
		assert_int_equal(
			run(cases[i].first, cases[i].second, cases[i].third, &arena, &output, &error),
			cases[i].expected);
		assert_string_equal(error.text, cases[i].reason);
		arena_clear(&arena);
	}
}

/* Where an MTA listens. */

static void
ports_of_users_and_loopback_are_known_as_each_MTA_writes_them(void **state)
{
	static const char *const users[] = { "submission", "submissions", "smtps", "587", "465" },
				 *const others[] = { "smtp", "25", "2525", "" },
				 *const loopback[] = { "127.0.0.1", "127.9.9.9", "[127.0.0.1]",
						       "::1",       "[::1]",     "IPv6:::1",
						       "localhost", "LOCALHOST", "0:0:0:0:0:0:0:1" },
				 *const elsewhere[] = {
					 "",         "0.0.0.0",     "::", "192.0.2.1", "[2001:db8::1]",
					 "IPv6:::2", "mx.lab.test", "[",  "[]"
				 };

	(void)state;
	for (size_t i = 0; i < ROWS(users); i++)
		assert_true(wiring_is_for_users(span_of(users[i])));
	for (size_t i = 0; i < ROWS(others); i++)
		assert_false(wiring_is_for_users(span_of(others[i])));
	for (size_t i = 0; i < ROWS(loopback); i++)
		assert_true(wiring_is_on_loopback(span_of(loopback[i])));
	for (size_t i = 0; i < ROWS(elsewhere); i++)
		assert_false(wiring_is_on_loopback(span_of(elsewhere[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_read),
		cmocka_unit_test(lines_of_another_form_are_errors),
		cmocka_unit_test(services_are_read),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(times_of_Sendmail_add_up),
		cmocka_unit_test(
			of_what_a_sendmail_cf_says_twice_the_last_counts_but_flags_and_timeouts_add_up),
		cmocka_unit_test(lists_are_split),
		cmocka_unit_test(lists_that_are_none_are_refused),
		cmocka_unit_test(addresses_are_compared),
		cmocka_unit_test(addresses_are_spelled_for_postfix),
		cmocka_unit_test(addresses_are_of_one_version_of_IP),
		cmocka_unit_test(output_of_programs_is_read_whole),
		cmocka_unit_test(programs_that_fail_are_told),
		cmocka_unit_test(ports_of_users_and_loopback_are_known_as_each_MTA_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
