/*
 * F34: memory runs out at each allocation of a whole session, one after the other, and for good
 * from each on. Nothing crashes, nothing leaks (ask AddressSanitizer), no mail is lost, and no half of
 * a header is written. Our own allocations are wrapped by the linker; libraries' are not.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "config_text.h"
#include "fake_dns.h"
#include "heloscope/base/log.h"
#include "heloscope/daemon/session.h"
#include "staged_checks.h"

/* The allocator: fails at the chosen call, and behind it as well when told so. */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

static _Thread_local bool is_armed; /* only for the thread under test */
static _Thread_local bool is_under_test;
static size_t calls, failing;
static bool fails_for_good;

static bool
fails_now(void)
{
	if (!is_armed)
		return false;
	calls++;
	return calls == failing || (fails_for_good && calls > failing);
}

void *
__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	return fails_now() ? NULL : __real_realloc(memory, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails_now() ? NULL : __real_strdup(text);
}

/* The resolver of sessions: this one stands in for that of resolver.c, and answers within ask(). */

static const struct fake_row rows[] = {
	{ "54.100.51.198.in-addr.arpa", DNS_PTR, DNS_NOERROR, "out.yodel.example|liar.example" },
	{ "out.yodel.example", DNS_A, DNS_NOERROR, "198.51.100.54" },
	{ "liar.example", DNS_A, DNS_NOERROR, "192.0.2.1" },
	{ "out.yodel.example", DNS_TXT, DNS_NOERROR, "v=spf1 a -all" },
	{ "yodel.example", DNS_TXT, DNS_NOERROR, "v=spf1 include:inc.example exp=why.example -all" },
	{ "inc.example", DNS_TXT, DNS_NOERROR, "v=spf1 mx exists:%{ir}.%{l}.x ?all" },
	{ "inc.example", DNS_MX, DNS_NOERROR, "10 mx.yodel.example" },
	{ "54.100.51.198.joe.x", DNS_A, DNS_NXDOMAIN, NULL },
	{ "why.example", DNS_TXT, DNS_NOERROR, "%{i} is not welcome" },
	{ "yodel.example", DNS_MX, DNS_NOERROR, "10 mx.yodel.example" },
	{ "mx.yodel.example", DNS_A, DNS_NOERROR, "192.0.2.9" },
	{ "mx.yodel.example", DNS_AAAA, DNS_NODATA, NULL },
	{ "54.100.51.198.s3krit.bl.test", DNS_A, DNS_NOERROR, "127.0.0.2" },
	{ "54.100.51.198.s3krit.bl.test", DNS_TXT, DNS_NOERROR, "see s3krit" },
	{ "54.100.51.198.wl.test", DNS_A, DNS_NXDOMAIN, NULL },
	/* what rounds ask of lists */
	{ "*.127.s3krit.bl.test", DNS_A, DNS_NXDOMAIN, NULL },
	{ "*.0.0.0.s3krit.bl.test", DNS_A, DNS_NXDOMAIN, NULL },
	{ "*.127.wl.test", DNS_A, DNS_NXDOMAIN, NULL },
	{ "*.0.0.0.wl.test", DNS_A, DNS_NXDOMAIN, NULL },
};

/* Questions of the session that wait for deliver(). */
static struct {
	char name[256];
	enum dns_type type;
	dns_callback *callback;
	void *context;
} pending[64];
static size_t pending_count;

static bool
ask(struct dns_resolver *resolver, const char *name, enum dns_type type, dns_callback *callback,
    void *context)
{
	(void)resolver;
	if (!is_under_test) { /* the thread that asks lists for their test entries */
		callback(context, dns_answer_empty(DNS_NXDOMAIN, 60));
		return true;
	}
	if (fails_now()) /* resolver.c would have to allocate here */
		return false;
	assert_true(pending_count < ROWS(pending));
	(void)snprintf(pending[pending_count].name, sizeof pending[0].name, "%s", name);
	pending[pending_count].type = type;
	pending[pending_count].callback = callback;
	pending[pending_count++].context = context;
	return true;
}

static void
after_answers(struct dns_resolver *resolver, void (*run)(void *context), void *context)
{
	(void)resolver;
	run(context);
}

static void
deliver(void)
{
	for (size_t i = 0; i < pending_count; i++) { /* it grows meanwhile */
		struct dns_answer *answer;

		is_armed = false;
		answer = fake_dns_answer(fake_dns_find(rows, ROWS(rows), pending[i].name, pending[i].type));
		is_armed = true;
		if (fails_now()) { /* dns_answer_parse() found no memory */
			dns_answer_free(answer);
			answer = NULL;
		}
		pending[i].callback(pending[i].context, answer);
	}
	pending_count = 0;
}

static struct dns_resolver fake_resolver = { .ask = ask, .after_answers = after_answers };

struct dns_resolver *
resolver_new(const struct resolver_settings *settings, struct error *error)
{
	(void)settings;
	(void)error;
	return &fake_resolver;
}

void
resolver_free(struct dns_resolver *resolver)
{
	(void)resolver;
}

/* The session. */

/* Whatever lack of memory could look like must not refuse mail for good. */
#define CONFIG                                                                                               \
	"authserv-id \"mx.test\" mode enforce received-spf yes resolver { servers 127.0.0.1@9 timeout "      \
	"8s }\n"                                                                                             \
	"spf { explanation yes }\n"                                                                          \
	"dnsbl \"bl.test\" key \"s3krit\" test-entries none dnswl \"wl.test\" test-entries none\n"           \
	"policy { reject when helo in { none, fail, permerror } or iprev in { none, fail, permerror }\n"     \
	"reject when spf in { none, pass, permerror } or sender in { none, fail, permerror }\n"              \
	"tag \"t\" when dnsbl audit reject when spf = fail }\n"

static bool
has_edit(const struct message_end *edits, const char *name, unsigned index)
{
	for (size_t i = 0; i < edits->count; i++)
		if (strcmp(edits->edits[i].name, name) == 0 && edits->edits[i].index == index)
			return true;
	return false;
}

/* One mail. Returns whether it was accepted with a whole header; else it was deferred. */
static bool
send_mail(struct runtime *runtime)
{
	const struct mail_command said = { .sender = { .typed = "<joe@yodel.example>" } };
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct session *session = session_new(runtime);
	const struct smtp_reply *reply;
	struct message_end edits = { .is_whole = false };

	if (session == NULL)
		return false;
	(void)inet_pton(AF_INET, "198.51.100.54", &address.sin_addr);
	session_connect(session, (const struct sockaddr *)&address);
	deliver();
	session_helo(session, "out.yodel.example", NULL);
	deliver();
	session_mail(session, &said);
	deliver();
	reply = session_rcpt(session, &(struct envelope_address){ "<user@in.test>", NULL });
	if (reply != NULL) {
		if (reply->code / 100 != 4)
			fail_msg("allocation %zu fails, and mail is refused: %u %s", failing, reply->code,
				 reply->lines[0]);
		session_abort(session);
	} else {
		session_header(session, "Authentication-Results", " other.test; none");
		session_header(session, "Authentication-Results", " mx.test; spf=pass");
		edits = session_end_of_message(session, "QID");
		if (edits.is_whole) {
			if (!has_edit(&edits, "Authentication-Results", 2)
			    || !has_edit(&edits, "Received-SPF", 0))
				fail_msg("allocation %zu fails", failing);
			assert_true(has_edit(&edits, "Authentication-Results", 2));
			assert_true(has_edit(&edits, "Authentication-Results", 0));
			assert_true(has_edit(&edits, "Received-SPF", 0));
			assert_true(has_edit(&edits, "X-Heloscope", 0));
		}
	}
	session_free(session);
	return edits.is_whole;
}

static struct runtime *
new_runtime(void)
{
	struct error error;
	struct runtime *runtime = runtime_new(config_from_text(CONFIG, NULL), NULL, &error);

	assert_non_null(runtime);
	runtime_settle(runtime);
	return runtime;
}

/*
 * Fail the n-th allocation for every n there is. Returns how many there are: fewer when the answers of the
 * mail before are at hand.
 */
static size_t
fail_each(bool for_good, bool has_answers)
{
	struct runtime *runtime = new_runtime();
	size_t deferred = 0;
	bool is_whole;

	for (failing = 1;; failing++) {
		if (!has_answers) {
			runtime_unref(runtime);
			runtime = new_runtime();
		}
		calls = 0;
		fails_for_good = for_good;
		is_armed = true;
		is_whole = send_mail(runtime);
		is_armed = false;
		pending_count = 0;
		if (calls < failing)
			break;
		deferred += is_whole ? 0 : 1;
	}
	runtime_unref(runtime);
	assert_true(is_whole); /* the last time nothing failed */
	assert_true(deferred > 0);
	print_message("    %zu allocations, %zu of them deferred the mail\n", failing - 1, deferred);
	return failing - 1;
}

static void
F34_session_survives_the_failure_of_each_allocation(void **state)
{
	(void)state;
	assert_true(fail_each(false, false) > 50);
	assert_true(fail_each(true, false) > 50);
	assert_true(fail_each(false, true) > 10);
	assert_true(fail_each(true, true) > 10);
}

/* A reload that finds no memory says so, and the configuration stays its caller's. */
static void
F34_runtime_survives_the_failure_of_each_allocation(void **state)
{
	struct config *config = config_from_text(CONFIG, NULL);
	struct runtime *runtime = NULL;
	struct error error;

	(void)state;
	for (failing = 1; runtime == NULL; failing++) {
		calls = 0;
		is_armed = true;
		runtime = runtime_new(config, NULL, &error);
		is_armed = false;
		assert_true(runtime != NULL || error.text[0] != '\0');
	}
	assert_true(failing > 4);
	runtime_unref(runtime);
}

/* The TXT record "120", the sum of the octets of "x", when there is memory for it. */
static struct dns_answer *
known_sum(struct dns_resolver *resolver, const char *name, enum dns_type type)
{
	struct dns_answer *answer = calloc(1, sizeof *answer + sizeof answer->records[0]);

	(void)resolver;
	(void)name;
	(void)type;
	if (answer == NULL)
		return NULL;
	answer->octets = sizeof *answer;
	answer->count = 1;
	answer->records[0].text = SPAN("120");
	return answer;
}

static bool
takes_nothing(struct dns_resolver *resolver, const char *name, enum dns_type type, dns_callback *callback,
	      void *context)
{
	(void)resolver;
	(void)name;
	(void)type;
	(void)callback;
	(void)context;
	return false;
}

/* A message that is judged at its end, and that nothing but a fault speaks against. */
static bool
send_to_its_end(struct runtime *runtime)
{
	const struct mail_command said = { .sender = { .typed = "<joe@yodel.example>" } };
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct session *session = session_new(runtime);
	const struct smtp_reply *reply;
	struct message_end end = { .is_whole = false };

	if (session == NULL)
		return false;
	(void)inet_pton(AF_INET, "198.51.100.54", &address.sin_addr);
	session_connect(session, (const struct sockaddr *)&address);
	session_helo(session, "out.yodel.example", NULL);
	session_mail(session, &said);
	reply = session_rcpt(session, &(struct envelope_address){ "<user@in.test>", NULL });
	session_header(session, "From", " a@b.test");
	session_header(session, "X-Keep", " this");
	session_header(session, "X-Seal", " sum.test");
	session_end_of_header(session);
	session_body(session, SPAN("x"));
	if (reply == NULL)
		end = session_end_of_message(session, "QID");
	if ((reply != NULL && reply->code / 100 != 4) || end.reply != NULL)
		fail_msg("allocation %zu fails, and mail is refused", failing);
	session_free(session);
	return end.is_whole;
}

/* A check that is fed and has no memory refuses nothing at the end of the message. */
static void
F34_end_of_message_survives_the_failure_of_each_allocation(void **state)
{
	static struct dns_resolver resolver = { .known = known_sum, .ask = takes_nothing };
	bool is_whole;

	(void)state;
	for (failing = 1;; failing++) {
		struct error error;
		struct runtime *runtime = runtime_new(
			config_from_text(
				"mode enforce policy { reject when not (sender = pass and helo = pass) }",
				NULL),
			NULL, &error);

		runtime_use(runtime, staged_checks(), &resolver);
		calls = 0;
		fails_for_good = failing % 2 == 0;
		is_armed = true;
		is_whole = send_to_its_end(runtime);
		is_armed = false;
		runtime_unref(runtime);
		if (calls < failing)
			break;
	}
	assert_true(is_whole);
	assert_true(failing > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(F34_session_survives_the_failure_of_each_allocation),
		cmocka_unit_test(F34_end_of_message_survives_the_failure_of_each_allocation),
		cmocka_unit_test(F34_runtime_survives_the_failure_of_each_allocation),
	};

	is_under_test = true;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
