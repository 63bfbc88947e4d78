/* session and service: a whole mail by calling functions. The resolver's server does not exist. */
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <pwd.h>
#include <unistd.h>

#include "config_text.h"
#include "heloscope/base/bounds.h"
#include "heloscope/base/log.h"
#include "heloscope/daemon/agreed.h"
#include "heloscope/daemon/listener.h"
#include "heloscope/daemon/session.h"

/* Port 9 of loopback: nobody answers, so every lookup fails fast or at the timeout. */
#define NO_DNS "authserv-id \"mx.test\" resolver { servers 127.0.0.1@9 timeout 100ms } "

/* In place of that of the C library. */
static atomic_uint trims;

int
malloc_trim(size_t pad)
{
	(void)pad;
	trims++;
	return 0;
}

static struct runtime *
runtime_from(const char *text)
{
	struct error error;
	struct runtime *runtime = runtime_new(config_from_text(text, NULL), NULL, &error);

	assert_non_null(runtime);
	return runtime;
}

static void
connect_from(struct session *session, const char *client)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

	assert_int_equal(inet_pton(AF_INET, client, &address.sin_addr), 1);
	session_connect(session, (const struct sockaddr *)&address);
}

static void
mail(struct session *session, const char *path, const char *auth_name)
{
	const struct mail_command said = { .sender = { .typed = path }, .auth_name = auth_name };

	session_mail(session, &said);
}

static const struct edit *
find_edit(const struct message_end *edits, const char *name, unsigned index)
{
	for (size_t i = 0; i < edits->count; i++)
		if (strcmp(edits->edits[i].name, name) == 0 && edits->edits[i].index == index)
			return &edits->edits[i];
	return NULL;
}

/* A fault of DNS accepts, and says so in the header. */
static void
F01_session_accepts_without_dns_and_says_so(void **state)
{
	struct runtime *runtime =
		runtime_from(NO_DNS "mode enforce policy { reject when spf != pass or iprev != pass }");
	struct session *session = session_new(runtime);
	struct message_end edits;
	const struct edit *field;

	(void)state;
	connect_from(session, "198.51.100.7");
	session_helo(session, "h.test", NULL);
	mail(session, "<joe@yodel.example>", NULL);
	assert_null(session_rcpt(session, &(struct envelope_address){ "<user@in.test>", NULL }));
	edits = session_end_of_message(session, "QID");
	assert_true(edits.is_whole);
	field = find_edit(&edits, "Authentication-Results", 0);
	assert_non_null(field);
	assert_non_null(strstr(field->value, "iprev=temperror"));
	assert_non_null(strstr(field->value, "spf=temperror smtp.mailfrom=yodel.example"));
	session_free(session);
	runtime_unref(runtime);
}

/* C19, M02, C20: callbacks in odd orders, no address, no HELO, no MAIL. */
static void
C19_C20_session_survives_any_order(void **state)
{
	struct runtime *runtime = runtime_from(NO_DNS "mode enforce");
	struct session *session = session_new(runtime);
	struct message_end edits;

	(void)state;
	session_abort(session);
	session_header(session, "Authentication-Results", " mx.test; x=y");
	session_abort(session);
	session_helo(session, "h", NULL);
	assert_non_null(session_rcpt(
		session, &(struct envelope_address){ "<a@b>", NULL })); /* RCPT without MAIL: deferred */
	session_free(session);
	session = session_new(runtime);
	session_connect(session, NULL);
	mail(session, "<>", NULL);
	assert_null(session_rcpt(session, &(struct envelope_address){ "<user@in.test>", NULL }));
	edits = session_end_of_message(session, NULL);
	assert_true(edits.is_whole);
	assert_int_equal(edits.count, 0); /* local: nothing to say */
	session_connect(session, NULL);
	mail(session, "", NULL);
	session_free(session);
	session = session_new(runtime);
	connect_from(session, "198.51.100.7");
	session_helo(session, "first.test", NULL);
	mail(session, "<joe@yodel.example>", "joe");
	session_helo(session, "second.test",
		     NULL); /* in the middle of a message, which still has the first */
	assert_null(session_rcpt(session, &(struct envelope_address){ "<user@in.test>", NULL }));
	assert_true(session_end_of_message(session, NULL).is_whole);
	session_free(session);
	session_free(NULL);
	runtime_unref(runtime);
}

/* C09, A15, A18, A20: forged fields go, from the last to the first; others stay. */
static void
C09_session_removes_forged_fields_from_the_last_on(void **state)
{
	static const char *const values[] = { "other.test; spf=pass", "mx.test; spf=pass",
					      " MX.TEST 1 ; none",    "third.test; none",
					      "(x) mx.test; a=b",     "mx.test.evil; none" };
	static const char *const clients[] = { "198.51.100.7", "127.0.0.1" };
	struct runtime *runtime = runtime_from(NO_DNS);

	(void)state;
	for (size_t client = 0; client < ROWS(clients); client++) {
		struct session *session = session_new(runtime);
		struct message_end edits;

		connect_from(session, clients[client]);
		mail(session, "<joe@yodel.example>", client == 0 ? "joe" : NULL);
		assert_null(session_rcpt(session, &(struct envelope_address){ "<user@in.test>", NULL }));
		for (size_t i = 0; i < ROWS(values); i++)
			session_header(session,
				       i % 2 == 0 ? "AUTHENTICATION-results" : "Authentication-Results",
				       values[i]);
		session_header(session, "X-heloscope", "id=1; would=accept");
		session_header(session, "Received-SPF", "pass (mx.test: x)"); /* stays: we write none */
		edits = session_end_of_message(session, NULL);
		assert_true(edits.count >= 3);
		assert_int_equal(edits.edits[0].index, 1);
		assert_string_equal(edits.edits[0].name, "X-Heloscope");
		assert_int_equal(edits.edits[1].index, 5);
		assert_int_equal(edits.edits[2].index, 3);
		assert_int_equal(edits.edits[2].count, 2); /* and the second */
		if (client == 0)
			assert_string_equal(find_edit(&edits, "Authentication-Results", 0)->value,
					    "mx.test;\n    auth=pass");
		else
			assert_null(find_edit(&edits, "Authentication-Results", 0));
		session_free(session);
	}
	runtime_unref(runtime);
}

/* P19: whatever number of them comes, no mail is deferred for want of memory, and no forged field stays. */
static void
P19_session_removes_forged_fields_without_end(void **state)
{
	struct runtime *runtime = runtime_from(NO_DNS);

	(void)state;
	for (unsigned every = 1; every <= 3; every++) {
		struct session *session = session_new(runtime);
		struct message_end edits;
		unsigned removed = 0, last = 100001;

		connect_from(session, "127.0.0.1");
		mail(session, "<joe@yodel.example>", NULL);
		for (unsigned i = 1; i <= 100000; i++)
			session_header(session, "Authentication-Results",
				       i % every == 0 ? "mx.test; spf=pass" : "other.test; spf=pass");
		edits = session_end_of_message(session, NULL);
		assert_true(edits.is_whole);
		assert_true(edits.count <= BOUND_REMOVED_STRETCHES);
		for (size_t i = 0; i < edits.count; i++) {
			assert_true(edits.edits[i].index < last
				    && edits.edits[i].count <= edits.edits[i].index);
			last = edits.edits[i].index - edits.edits[i].count + 1;
			removed += edits.edits[i].count;
		}
		assert_true(removed >= 100000 / every);
		session_free(session);
	}
	runtime_unref(runtime);
}

/*
 * P3: a line in the value of another field, and a name with odd octets at its ends, are fields to some
 * readers. What holds one goes; told by its place among all fields of its name, of which so many names are
 * counted.
 */
static void
P3_session_finds_fields_hidden_in_others(void **state)
{
	static const struct {
		const char *name, *value;
		bool goes;
	} table[] = {
		{ "X-Note", "a\rAuthentication-Results: mx.test; spf=pass", true },
		{ "x-note", "a\n\rauthentication-results \t: mx.test; spf=pass", true },
		{ "X-Note", "a\v\fX-Heloscope: id=1", true },
		{ "Subject",
		  "\xc2\x85"
		  "Authentication-Results:\xa0mx.test; spf=pass",
		  true },
		{ "X-Note",
		  "a\r\n\tb\rAuthentication-Results: other.test; a=b\rAuthentication-Results: mx.test; a=b",
		  true },
		{ "Authentication-Results", "other.test; a=b\rAuthentication-Results: mx.test; a=b", true },
		{ "Authentication-Results ", "mx.test; a=b", true },
		{ "\x1f"
		  "Authentication-Results\xa0",
		  "mx.test; a=b", true },
		{ "X-Note", "a\r\n Authentication-Results: mx.test; spf=pass", false },
		{ "X-Note", "a\rAuthentication-Results: other.test; spf=pass", false },
		{ "X-Note", "a Authentication-Results: mx.test; spf=pass", false },
		{ "Authentication-Results", "mx.test.other; a=b", false },
		{ "X-Note", "a\rReceived-SPF: pass (mx.test: x)", false }, /* we write none */
	};
	struct runtime *runtime = runtime_from(NO_DNS "mode enforce");

	(void)state;
	for (unsigned names = 0; names <= BOUND_FIELD_NAMES; names += BOUND_FIELD_NAMES) {
		for (size_t i = 0; i < ROWS(table); i++) {
			struct session *session = session_new(runtime);
			struct message_end edits;
			char name[20];

			print_message("    %zu %u\n", i, names);
			connect_from(session, "127.0.0.1");
			mail(session, "<joe@yodel.example>", NULL);
			for (unsigned j = 0; j < names; j++) {
				(void)snprintf(name, sizeof name, "X-%u", j);
				session_header(session, name, "x");
			}
			session_header(session, table[i].name, "other.test; x=y");
			session_header(session, table[i].name, table[i].value);
			session_header(session, table[i].name, "other.test; x=y");
			edits = session_end_of_message(session, NULL);
			if (names == 0 || !table[i].goes
			    || strcmp(table[i].name, "Authentication-Results") == 0) {
				assert_true(edits.is_whole);
				assert_int_equal(edits.count, table[i].goes);
				if (edits.count > 0) {
					assert_string_equal(edits.edits[0].name, table[i].name);
					assert_int_equal(edits.edits[0].index, 2);
					assert_int_equal(edits.edits[0].count, 1);
				}
			} else {
				assert_false(edits.is_whole);
			}
			session_free(session);
		}
	}
	runtime_unref(runtime);
}

/* P3: in mode audit nobody is refused or deferred, whatever is beyond a bound or cannot be had. */
static void
P3_session_refuses_nothing_in_mode_audit(void **state)
{
	static const char many[] = "<a%b.test%c.test%d.test%e.test%f.test%g.test%h.test%i.test@in.test>";

	(void)state;
	for (int is_audit = 0; is_audit < 2; is_audit++) {
		struct runtime *runtime = runtime_from(
			is_audit ? NO_DNS
				"mode audit policy { reject when mail-from = \"x@y.test\" or recipient = \"x@y.test\" }"
				 : NO_DNS
				"mode enforce policy { reject when mail-from = \"x@y.test\" or recipient = \"x@y.test\" }");
		struct session *session = session_new(runtime);
		const struct envelope_address plain = { "<user@in.test>", NULL }, odd = { many, NULL };
		char name[20];

		connect_from(session, "127.0.0.1");
		/* without memory for a message, as without MAIL */
		assert_int_equal(session_rcpt(session, &plain) == NULL, is_audit);
		assert_int_equal(session_end_of_message(session, NULL).is_whole, is_audit);
		mail(session, many, NULL);
		assert_int_equal(session_rcpt(session, &plain) == NULL, is_audit);
		mail(session, "<joe@yodel.example>", NULL);
		assert_int_equal(session_rcpt(session, &odd) == NULL, is_audit);
		for (unsigned i = 0; i < BOUND_FIELD_NAMES; i++) {
			(void)snprintf(name, sizeof name, "X-%u", i);
			session_header(session, name, "x");
		}
		session_header(session, "X-Note", "a\rAuthentication-Results: mx.test; spf=pass");
		assert_int_equal(session_end_of_message(session, NULL).is_whole, is_audit);
		session_free(session);
		runtime_unref(runtime);
	}
}

/* N10: fields in the name of the MTA are as good as ours to who reads its mail. */
static void
N10_session_removes_fields_in_the_name_of_the_mta(void **state)
{
	struct runtime *runtime = runtime_from(NO_DNS);
	struct session *session = session_new(runtime);
	struct message_end edits;

	(void)state;
	session_set_mta_name(session, "mx.newbie.example");
	connect_from(session, "198.51.100.7");
	mail(session, "<joe@yodel.example>", NULL);
	session_header(session, "Authentication-Results", "MX.Newbie.Example; spf=pass");
	session_header(session, "Authentication-Results", "mx.test; spf=pass");
	session_header(session, "Authentication-Results", "other.example; spf=pass");
	edits = session_end_of_message(session, NULL);
	assert_int_equal(edits.edits[0].index, 2);
	assert_int_equal(edits.edits[0].count, 2);
	session_free(session);
	runtime_unref(runtime);
}

/* A17: only when asked to, and only from trusted clients. */
static void
A17_session_keeps_results_of_trusted_hosts_when_told(void **state)
{
	struct runtime *runtime =
		runtime_from(NO_DNS "trust { networks { 198.51.100.0/24 } keep-results yes }");
	struct session *session = session_new(runtime);

	(void)state;
	connect_from(session, "198.51.100.7");
	mail(session, "<joe@yodel.example>", NULL);
	session_header(session, "Authentication-Results", "mx.test; spf=pass");
	assert_int_equal(session_end_of_message(session, NULL).count, 0);
	connect_from(session, "203.0.113.7");
	mail(session, "<joe@yodel.example>", NULL);
	session_header(session, "Authentication-Results", "mx.test; spf=pass");
	assert_int_equal(session_end_of_message(session, NULL).edits[0].index, 1);
	session_free(session);
	runtime_unref(runtime);
}

/* M13, M14, M23: verdicts are of the message at hand. */
static void
M14_session_judges_each_message_and_recipient_alone(void **state)
{
	struct runtime *runtime = runtime_from(
		NO_DNS
		"mode enforce contact \"c%%s\" policy { reject 550 5.7.1 \"no\" when mail-from = \"bad@x.test\" quarantine \"held\" when mail-from = \"q@x.test\" } policy for \"open.test\" { accept when client in { 0.0.0.0/0 } }");
	struct session *session = session_new(runtime);
	const struct smtp_reply *reply;
	struct message_end edits;

	(void)state;
	connect_from(session, "127.0.0.1");
	for (int i = 0; i < 1000; i++) {
		mail(session, "<bad@x.test>", NULL);
		reply = session_rcpt(session, &(struct envelope_address){ "<user@in.test>", NULL });
		assert_non_null(reply);
		assert_int_equal(reply->code, 550);
		assert_null(session_rcpt(session, &(struct envelope_address){ "<user@open.test>", NULL }));
		session_abort(session);
		session_abort(session);
		mail(session, "<good@x.test>", NULL);
		assert_null(session_rcpt(session, &(struct envelope_address){ "<user@in.test>", NULL }));
		assert_null(session_end_of_message(session, NULL).quarantine);
	}
	mail(session, "<q@x.test>", NULL);
	assert_null(session_rcpt(session, &(struct envelope_address){ "<user@in.test>", NULL }));
	edits = session_end_of_message(session, NULL);
	assert_string_equal(edits.quarantine, "held");
	session_free(session);
	runtime_unref(runtime);
}

static void
runtime_new_keeps_a_resolver_that_is_asked_in_the_same_way(void **state)
{
	struct runtime *first = runtime_from(NO_DNS), *second;
	struct error error;

	(void)state;
	second = runtime_new(config_from_text(NO_DNS "mode enforce", NULL), first, &error);
	assert_non_null(second);
	runtime_unref(first); /* the resolver goes on */
	assert_int_equal(runtime_config(second)->mode, MODE_ENFORCE);
	runtime_unref(second);
}

/* J8: what a resolver held is given back when it goes, not some time later. */
static void
J8_runtime_unref_gives_back_what_a_resolver_held(void **state)
{
	struct runtime *first = runtime_from(NO_DNS), *second, *third;
	struct error error;
	const unsigned before = trims;

	(void)state;
	second = runtime_new(config_from_text(NO_DNS "mode enforce", NULL), first, &error);
	runtime_unref(first);
	assert_int_equal(trims, before); /* it is in use */
	third = runtime_new(config_from_text("resolver { servers 127.0.0.1@7 }", NULL), second, &error);
	assert_non_null(third);
	runtime_unref(second);
	assert_int_equal(trims, before + 1);
	runtime_unref(third);
	assert_int_equal(trims, before + 2);
}

static bool
does_not_open(const char *where, struct error *error)
{
	error_set(error, "opened %s", where);
	return false;
}

/* Make a socket there, all but the last step; returns the complaint. */
static const char *
complaint_of(const char *where)
{
	static struct error error;
	const struct listener_wish wish = { .listen = where, .mode = 0660, .open = does_not_open };

	error_set(&error, "none");
	assert_false(listener_make(&wish, NULL, &error));
	return error.text;
}

static void
expect_complaint(const char *where, const char *expected)
{
	if (strstr(complaint_of(where), expected) == NULL)
		fail_msg("%s: %s", where, complaint_of(where));
}

/* F40 */
static void
F40_listener_clears_only_sockets_that_nobody_answers_on(void **state)
{
	char folder[] = "/tmp/heloscope-socket.XXXXXX", path[64], where[80];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/s", folder);
	(void)snprintf(where, sizeof where, "unix:%s", path);
	memcpy(address.sun_path, path, sizeof path);
	expect_complaint(where, "opened"); /* nothing there */
	(void)fclose(fopen(path, "w"));
	expect_complaint(where, "is not a socket");
	assert_int_equal(access(path, F_OK), 0);
	(void)unlink(path);
	assert_int_equal(symlink("/tmp", path), 0);
	expect_complaint(where, "is not a socket");
	(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	expect_complaint(where, "another program listens");
	(void)close(fd);
	expect_complaint(where, "opened"); /* stale */
	assert_int_equal(access(path, F_OK), -1);
	(void)rmdir(folder);
}

/* Whoever pastes the advice may not take /run or /tmp away from root. */
static void
D3_listener_takes_no_directory_away(void **state)
{
	char folder[] = "/tmp/heloscope-XXXXXX", path[64], other[64], below[64];
	char directory[LISTENER_PATH_SIZE];

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/s", folder);
	(void)snprintf(other, sizeof other, "%s/other", folder);
	(void)snprintf(below, sizeof below, "%s/heloscope", folder);
	assert_true(listener_own_directory(path, directory));
	assert_string_equal(directory, folder);
	(void)close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_true(listener_own_directory(path, directory));
	(void)close(open(other, O_CREAT | O_WRONLY, 0600));
	assert_false(listener_own_directory(path, directory));
	assert_string_equal(directory, below);
	(void)unlink(path);
	(void)unlink(other);
	(void)rmdir(folder);
	assert_true(listener_own_directory(path, directory));
	assert_false(listener_own_directory("/s", directory));
	assert_string_equal(directory, "/run/heloscope");
}

/* D3: what libmilter would not say. */
static void
D3_listener_tells_the_true_reason(void **state)
{
	char advice[200];

	(void)state;
	expect_complaint("inet:8891@192.0.2.1",
			 "Cannot assign requested address; expected an address of this host");
	expect_complaint("inet:8891@[192.0.2.1]", "Cannot assign requested address");
	expect_complaint("inet6:8891@2001:db8::1", "Cannot assign requested address");
	(void)snprintf(advice, sizeof advice,
		       "No such file or directory; make its directory: install -d -o %s -g postfix -m 2750 "
		       "/nonexistent/directory",
		       getpwuid(geteuid())->pw_name);
	expect_complaint("unix:/nonexistent/directory/s", advice);
	expect_complaint("unix:/etc/passwd/s", "Not a directory");
	expect_complaint("local:/proc/s", "cannot listen on");
	expect_complaint("inet:8891@name.example", "opened"); /* libmilter looks names up */
}

/* J9: as many as an MTA has connections; those that were used last stay whoever comes. */
static void
J9_agreed_keeps_what_was_agreed_on_apart(void **state)
{
	static const char contexts[500][528], others[100000];
	unsigned long steps = 0;

	(void)state;
	assert_false(agreed_find(contexts[0], &steps));
	for (unsigned i = 0; i < 500; i++)
		agreed_keep(contexts[i], i);
	for (unsigned i = 0; i < 500; i++) {
		assert_true(agreed_find(contexts[i], &steps));
		assert_int_equal(steps, i);
	}
	for (unsigned i = 0; i < sizeof others; i++) {
		agreed_keep(&others[i], 1);
		assert_true(agreed_find(contexts[0], &steps));
		assert_int_equal(steps, 0);
	}
	agreed_keep(contexts[0], 7);
	assert_true(agreed_find(contexts[0], &steps));
	assert_int_equal(steps, 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(F01_session_accepts_without_dns_and_says_so),
		cmocka_unit_test(C19_C20_session_survives_any_order),
		cmocka_unit_test(C09_session_removes_forged_fields_from_the_last_on),
		cmocka_unit_test(P19_session_removes_forged_fields_without_end),
		cmocka_unit_test(P3_session_finds_fields_hidden_in_others),
		cmocka_unit_test(P3_session_refuses_nothing_in_mode_audit),
		cmocka_unit_test(N10_session_removes_fields_in_the_name_of_the_mta),
		cmocka_unit_test(A17_session_keeps_results_of_trusted_hosts_when_told),
		cmocka_unit_test(M14_session_judges_each_message_and_recipient_alone),
		cmocka_unit_test(runtime_new_keeps_a_resolver_that_is_asked_in_the_same_way),
		cmocka_unit_test(J8_runtime_unref_gives_back_what_a_resolver_held),
		cmocka_unit_test(F40_listener_clears_only_sockets_that_nobody_answers_on),
		cmocka_unit_test(D3_listener_takes_no_directory_away),
		cmocka_unit_test(D3_listener_tells_the_true_reason),
		cmocka_unit_test(J9_agreed_keeps_what_was_agreed_on_apart),
	};

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
