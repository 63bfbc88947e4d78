/* smtp_reader, peer, peer_store, tls_look, and which addresses the look-back leaves alone. */
#include "unit.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/ipaddr_scope.h"
#include "heloscope/peer/memory.h"
#include "heloscope/peer/shared.h"
#include "heloscope/peer/store.h"
#include "heloscope/peer/look_back.h"
#include "heloscope/peer/tls_look.h"
#include "heloscope/wire/smtp_reader.h"

#define NOW 1700000000
#define HOUR 3600
#define HOUR_MS 3600000U
#define NAME(literal)                                                                                        \
	{                                                                                                    \
		(literal), sizeof(literal) - 1                                                               \
	} /* a struct span, NUL octets and all */

static void
smtp_reader_tells_replies_from_the_rest(void **state)
{
	static const struct {
		const char *octets;
		enum smtp_progress expected;
		unsigned code;
	} cases[] = {
		{ "220 mx.test ESMTP\r\n", SMTP_DONE, 220 },
		{ "220 bare line feed\n", SMTP_DONE, 220 },
		{ "220\r\n", SMTP_DONE, 220 },
		{ "250-mx.test\r\n250-SIZE\r\n250 HELP\r\n", SMTP_DONE, 250 },
		{ "250-mx.test\r\n", SMTP_LINE, 250 },
		{ "220 no end", SMTP_MORE, 0 },
		{ "250-mx.test\r\n220 other\r\n", SMTP_NO_SMTP, 250 },
		{ "199 low\r\n", SMTP_NO_SMTP, 0 },
		{ "600 high\r\n", SMTP_NO_SMTP, 0 },
		{ "2200 long\r\n", SMTP_NO_SMTP, 0 },
		{ "22\r\n", SMTP_NO_SMTP, 0 },
		{ "\r\n", SMTP_NO_SMTP, 0 },
		{ "HTTP/1.1 400", SMTP_NO_SMTP, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct smtp_reader reader = { .length = 0 };
		enum smtp_progress progress = SMTP_MORE;

		for (const char *at = cases[i].octets;
		     *at != '\0' && (progress == SMTP_MORE || progress == SMTP_LINE); at++)
			progress = smtp_reader_take(&reader, *at);
		if (progress != cases[i].expected || reader.code != cases[i].code)
			fail_msg("\"%s\" ends with %d, code %u", cases[i].octets, (int)progress, reader.code);
	}
}

static void
F48_smtp_reader_is_bounded(void **state)
{
	struct smtp_reader reader = { .length = 0 };
	enum smtp_progress progress = SMTP_MORE;
	size_t octets = 0;

	(void)state;
	for (; progress == SMTP_MORE && octets < 100000; octets++)
		progress = smtp_reader_take(&reader, octets < 3 ? '2' : '-');
	assert_int_equal(progress, SMTP_TOO_MUCH);
	assert_true(octets <= SMTP_LINE_MAX + 1);
	reader = (struct smtp_reader){ .length = 0 };
	progress = SMTP_LINE;
	for (octets = 0; (progress == SMTP_MORE || progress == SMTP_LINE) && octets < 100000; octets++)
		progress = smtp_reader_take(&reader, "220-\n"[octets % 5]);
	assert_int_equal(progress, SMTP_TOO_MUCH);
	assert_int_equal(octets, 5 * (SMTP_LINES_MAX + 1));
}

static void
peer_host_name_takes_host_names_only(void **state)
{
	static const struct {
		const char *line, *expected;
	} cases[] = {
		{ "mx.test ESMTP", "mx.test" },
		{ "MX.Test.", "mx.test" },
		{ "localhost", "" },
		{ "", "" },
		{ " mx.test", "" },
		{ "[192.0.2.1]", "" },
		{ "192.0.2.1", "" },
		{ "mx_1.test x", "" },
		{ "\\x1b[31m.test", "" },
		{ "***********************", "" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		char name[254];

		peer_host_name(cases[i].line, name);
		assert_string_equal(name, cases[i].expected);
	}
}

static void
look_back_leaves_special_addresses_alone(void **state)
{
	static const char *const special[] = {
		"0.1.2.3",      "10.0.0.1",    "100.64.0.1",  "127.0.0.1",   "169.254.1.1",
		"172.31.0.1",   "192.0.0.1",   "192.0.2.1",   "192.168.1.1", "198.19.0.1",
		"198.51.100.1", "203.0.113.1", "224.0.0.1",   "240.0.0.1",   "255.255.255.255",
		"::",           "::1",         "fc00::1",     "fe80::1",     "ff02::1",
		"2001:db8::1",  "2001::1",     "2002:a00::1", "64:ff9b::1",  "3fff::1"
	};
	static const char *const general[] = { "8.8.8.8",       "100.128.0.1", "172.32.0.1",   "198.20.0.1",
					       "223.255.255.1", "2a00::1",     "2001:4860::1", "2003::1" };
	struct ipaddr address;

	(void)state;
	for (size_t i = 0; i < ROWS(special); i++) {
		assert_true(ipaddr_parse(span_of(special[i]), &address));
		if (ipaddr_scope(&address) == SCOPE_WORLD)
			fail_msg("%s", special[i]);
	}
	for (size_t i = 0; i < ROWS(general); i++) {
		assert_true(ipaddr_parse(span_of(general[i]), &address));
		if (ipaddr_scope(&address) != SCOPE_WORLD)
			fail_msg("%s", general[i]);
	}
}

static struct ipaddr
address_of(unsigned number)
{
	return ipaddr_from_ipv4(0xc6336400U + number);
}

/* A success is believed for a day, a failure for an hour at least; a clock that was set back adds an hour at
 * most. */
static void
F43_peer_store_forgets_in_time(void **state)
{
	static const struct {
		enum peer_outcome outcome;
		int64_t ttl_s;
	} cases[] = { { PEER_ANSWERS, 24 * HOUR },
		      { PEER_BUSY, HOUR },
		      { PEER_CLOSED, HOUR },
		      { PEER_REFUSED, 12 * HOUR },
		      { PEER_READ_TIMEOUT, 4 * HOUR } };
	const struct ipaddr address = address_of(1);

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct peer_store *store = peer_store_new(4);
		struct peer peer = { .outcome = cases[i].outcome, .looked_at = NOW };

		peer_store_put(store, &address, &peer);
		assert_true(peer_store_get(store, &address, NOW + cases[i].ttl_s - 1, &peer));
		assert_false(peer_store_get(store, &address, NOW + cases[i].ttl_s, &peer));
		assert_true(peer_store_get(store, &address, NOW - HOUR + 1, NULL));
		assert_false(peer_store_get(store, &address, NOW - HOUR, NULL));
		peer_store_free(store);
	}
}

/* Who remembers for less time forgets sooner, and not what is believed for even less. */
static void
peer_memory_forgets_in_time(void **state)
{
	static const struct {
		int64_t stays_s, age_s;
		bool is_known;
	} cases[] = {
		{ 0, 24 * HOUR - 1, true },
		{ 0, 24 * HOUR, false },
		{ BOUND_PAGE_FINDING_S, BOUND_PAGE_FINDING_S - 1, true },
		{ BOUND_PAGE_FINDING_S, BOUND_PAGE_FINDING_S, false },
		{ 48 * HOUR, 24 * HOUR - 1, true },
		{ 48 * HOUR, 24 * HOUR, false },
	};
	const struct ipaddr address = address_of(1);
	const struct peer peer = { .outcome = PEER_ANSWERS, .looked_at = NOW };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct peer_memory *memory = peer_memory_new(cases[i].stays_s);
		struct peer found = { .looked_at = 0 };

		assert_non_null(memory);
		peer_store_put(peer_memory_store(memory), &address, &peer);
		assert_int_equal(peer_memory_get(memory, &address, NOW + cases[i].age_s, &found),
				 cases[i].is_known);
		assert_int_equal(found.looked_at, cases[i].is_known ? NOW : 0);
		peer_memory_free(memory);
	}
}

/* How many visits to addresses of a /24 begin. */
static unsigned
begin_visits(struct peer_memory *memory, unsigned network, uint64_t now_ms)
{
	unsigned count = 0;

	for (unsigned i = 0; i < 256; i++) {
		const struct ipaddr address = ipaddr_from_ipv4(0xc6000000U + (network << 8) + i);

		count += peer_memory_take_share(memory, &address, now_ms);
	}
	return count;
}

/* A network is visited so often in an hour, whoever begins it: what one has used another does not have. */
static void
peer_memory_has_so_many_visits_for_a_network(void **state)
{
	struct peer_memory *memory = peer_memory_new(0), *next = peer_memory_new(0);

	(void)state;
	assert_int_equal(begin_visits(memory, 1, 8 * HOUR_MS), BOUND_PEER_VISITS_OF_NETWORK);
	assert_int_equal(begin_visits(memory, 1, 9 * HOUR_MS), 0);
	assert_int_equal(begin_visits(memory, 2, 9 * HOUR_MS), BOUND_PEER_VISITS_OF_NETWORK);
	peer_memory_take(next, memory);
	assert_int_equal(begin_visits(next, 1, 9 * HOUR_MS), 0);
	assert_int_equal(begin_visits(next, 1, 9 * HOUR_MS + 1), BOUND_PEER_VISITS_OF_NETWORK);
	peer_memory_free(memory);
	peer_memory_free(next);
}

/* What is forgotten may be looked at again at once, and all else stays; also in the file. */
static void
peer_memory_forgets_whom_it_is_told_to(void **state)
{
	struct peer_memory *memory = peer_memory_new(0);
	struct peer_store *store = peer_memory_store(memory);
	const struct peer peer = { .outcome = PEER_DECLINES, .looked_at = NOW };
	const struct ipaddr one = ipaddr_from_ipv4(0xc6336401), other = ipaddr_from_ipv4(0xc0000201);

	(void)state;
	peer_store_put(store, &one, &peer);
	peer_store_put(store, &other, &peer);
	assert_int_equal(peer_store_count(store), 2);
	while (peer_memory_take_share(memory, &one, 1000) && peer_memory_take_share(memory, &other, 1000))
		continue;
	assert_int_equal(peer_memory_forget(memory, &one), 1);
	assert_false(peer_memory_get(memory, &one, NOW, NULL));
	assert_true(peer_memory_get(memory, &other, NOW, NULL));
	assert_true(peer_memory_take_share(memory, &one, 1000));
	assert_int_equal(peer_memory_forget(memory, &one), 0);
	assert_int_equal(peer_memory_forget(memory, NULL), 1);
	assert_int_equal(peer_store_count(store), 0);
	assert_true(peer_memory_take_share(memory, &other, 1000));
	assert_int_equal(peer_memory_forget(memory, NULL), 0);
	peer_memory_free(memory);
}

/* At a rate of one a minute the second waits a minute; without a rate none does. */
static void
peer_memory_has_so_many_turns_in_a_minute(void **state)
{
	struct peer_memory *memory = peer_memory_new(0);

	(void)state;
	assert_true(peer_memory_take_turn(memory, 1, HOUR_MS));
	assert_false(peer_memory_take_turn(memory, 1, HOUR_MS + 59999));
	assert_true(peer_memory_take_turn(memory, 1, HOUR_MS + 60000));
	for (unsigned i = 0; i < 1000; i++)
		assert_true(peer_memory_take_turn(memory, 0, HOUR_MS + 60000));
	peer_memory_free(memory);
}

static void
peer_store_keeps_the_newest(void **state)
{
	struct peer_store *store = peer_store_new(4);
	struct peer peer = { .outcome = PEER_ANSWERS, .looked_at = NOW };

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		const struct ipaddr address = address_of(i), first = address_of(6);

		peer.code = 200 + i;
		peer_store_put(store, &address, &peer);
		if (i > 6)
			peer_store_put(store, &first, &peer);
	}
	for (unsigned i = 0; i < 10; i++) {
		const struct ipaddr address = address_of(i);

		assert_int_equal(peer_store_get(store, &address, NOW, &peer), i >= 6);
	}
	peer_store_free(store);
}

/* What is too old makes room, whenever it came. */
static void
peer_store_is_full_of_what_is_fresh(void **state)
{
	struct peer_store *store = peer_store_new(3);
	const struct peer peer = { .outcome = PEER_ANSWERS, .looked_at = NOW },
			  brief = { .outcome = PEER_BUSY, .looked_at = NOW };
	const struct ipaddr addresses[] = { address_of(1), address_of(2), address_of(3) };

	(void)state;
	peer_store_put(store, &addresses[0], &peer);
	peer_store_put(store, &addresses[1], &brief);
	assert_false(peer_store_is_full(store, NOW));
	peer_store_put(store, &addresses[2], &peer);
	assert_true(peer_store_is_full(store, NOW));
	assert_true(peer_store_is_full(store, NOW + HOUR - 1));
	assert_false(peer_store_is_full(store, NOW + 2 * HOUR));
	for (size_t i = 0; i < ROWS(addresses); i++)
		assert_int_equal(peer_store_get(store, &addresses[i], NOW + 2 * HOUR, NULL), i != 1);
	peer_store_free(store);
}

static void
peer_store_reads_back_what_it_wrote(void **state)
{
	const struct peer peer = { .outcome = PEER_DECLINES,
				   .code = 554,
				   .name = "mx.test",
				   .greeting = "mx.test \\x1b \"quoted\"",
				   .ehlo = "e",
				   .starttls = STARTTLS_WORKS,
				   .injects = true,
				   .tls_version = "TLSv1.3",
				   .cipher = "C",
				   .cipher_bits = 256,
				   .problem = PEER_PROBLEM_UNTRUSTED,
				   .quoted = "self-signed \\x1b",
				   .is_trusted = true,
				   .is_named = true,
				   .cert_names = "n",
				   .issuer = "i",
				   .key_digest = "00ff",
				   .not_after = NOW + 5,
				   .dane = DANE_UNUSABLE,
				   .looked_at = NOW };
	const struct ipaddr address = address_of(3);
	struct peer_store *store = peer_store_new(4), *other = peer_store_new(4);
	char path[] = "test-peers-XXXXXX";
	struct peer read;
	struct error error;
	struct stat status;
	mode_t before;

	(void)state;
	assert_true(mkstemp(path) >= 0);
	peer_store_put(store, &address, &peer);
	before = umask(0);
	assert_true(peer_store_save(store, path, NOW, &error));
	(void)umask(before);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_true(peer_store_load(other, path, NOW, &error));
	assert_true(peer_store_get(other, &address, NOW, &read));
	assert_memory_equal(&read, &peer, sizeof peer);
	peer_store_free(other);
	other = peer_store_new(4);
	assert_true(peer_store_load(other, path, NOW + 13 * HOUR, &error));
	assert_false(peer_store_get(other, &address, NOW, NULL));
	assert_true(peer_store_load(other, "no-such-file", NOW, &error));
	peer_store_put(store, &address, &peer);
	assert_false(peer_store_save(store, "/no/such/folder/peers", NOW, &error));
	assert_non_null(strstr(error.text, "/no/such/folder/peers cannot be written: No such file"));
	(void)unlink(path);
	peer_store_free(store);
	peer_store_free(other);
}

/* A broken file is set aside with all that it holds; a line is named. P20: numbers and texts that were never
 * written are broken, too. */
static void
P20_peer_store_takes_only_what_it_could_have_written(void **state)
{
	static const struct {
		const char *from, *to; /* what is changed in a good file of two servers; "": at its end */
		int line;
	} cases[] = { { "heloscope-peers-3", "heloscope-peers-2", 1 },
		      { "\"starttls\":\"unknown\"", "\"starttls\":0", 2 },
		      { "\"starttls\":\"unknown\"", "\"starttls\":\"not offered\"", 2 },
		      { "\"dane\":\"none\"", "\"dane\":0", 2 },
		      { "\"answers\"", "\"no way there\"", 2 },
		      { "\"problem\":\"none\"", "\"problem\":\"certificate has expired\"", 2 },
		      { "\"quoted\":\"\"", "\"quoted\":\"\\u001b[2J\"", 2 },
		      { "\"code\":220", "\"code\":\"x\"", 2 },
		      { "\"answers\"", "\"sings\"", 2 },
		      { "\"looked-at\":1", "\"looked-at\":-9223372036854775808,\"x\":1", 2 },
		      { "\"looked-at\":1", "\"looked-at\":9223372036854775807,\"x\":1", 2 },
		      { "\"not-after\":0", "\"not-after\":-9223372036854775808", 2 },
		      { "\"code\":220", "\"code\":4294967516", 2 },
		      { "\"bits\":0", "\"bits\":2147483647", 2 },
		      { "\"ehlo\":\"", "\"ehlo\":\"\\u001b[2J", 2 },
		      { "198.51.100.1\"", "198.51.100\"", 3 },
		      { "", "{}\n", 4 },
		      { "", "{\"ip\":", 4 } };
	const struct peer peer = { .outcome = PEER_ANSWERS, .code = 220, .looked_at = NOW };
	const struct ipaddr addresses[] = { address_of(2), address_of(1) };

	(void)state;
	for (size_t i = 0; i < ROWS(cases); i++) {
		struct peer_store *store = peer_store_new(4), *other = peer_store_new(4);
		char folder[] = "test-peers-XXXXXX", path[40], broken[50], expected[40], text[4096] = "", *at;
		struct error error;
		FILE *file;

		assert_non_null(mkdtemp(folder));
		(void)snprintf(path, sizeof path, "%s/peers", folder);
		(void)snprintf(broken, sizeof broken, "%s.broken", path);
		(void)snprintf(expected, sizeof expected, "is broken at line %d and", cases[i].line);
		peer_store_put(store, &addresses[0], &peer);
		peer_store_put(store, &addresses[1], &peer);
		assert_true(peer_store_save(store, path, NOW, &error));
		file = fopen(path, "r+e");
		assert_non_null(file);
		assert_true(fread(text, 1, sizeof text - 1, file) > 0);
		at = cases[i].from[0] != '\0' ? strstr(text, cases[i].from) : text + strlen(text);
		assert_non_null(at);
		(void)fseek(file, at - text, SEEK_SET);
		(void)fprintf(file, "%s%s", cases[i].to, at + strlen(cases[i].from));
		(void)fclose(file);
		(void)truncate(path, (off_t)(strlen(text) - strlen(cases[i].from) + strlen(cases[i].to)));
		assert_false(peer_store_load(other, path, NOW, &error));
		if (strstr(error.text, expected) == NULL || strstr(error.text, broken) == NULL)
			fail_msg("%s", error.text);
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(unlink(broken), 0);
		(void)rmdir(folder);
		peer_store_free(store);
		peer_store_free(other);
	}
}

/*
 * F48: what keeps us from reading says nothing of the file: it is neither set aside nor written over, and
 * read once that goes. The first octet of /proc/self/mem cannot be read (EIO); a link is not followed.
 */
static void
F48_peer_store_leaves_a_file_alone_that_it_cannot_read(void **state)
{
	const struct peer peer = { .outcome = PEER_ANSWERS, .code = 220, .looked_at = NOW };
	const struct peer newer = { .outcome = PEER_ANSWERS, .code = 221, .looked_at = NOW };
	const struct ipaddr first = address_of(1), second = address_of(2);
	struct peer_store *before = peer_store_new(4), *store = peer_store_new(4), *after = peer_store_new(4);
	char folder[] = "test-peers-XXXXXX", path[40], good[50];
	struct error error;
	struct peer read;

	(void)state;
	assert_false(peer_store_load(store, "/proc/self/mem", NOW, &error));
	assert_string_equal(
		error.text,
		"/proc/self/mem cannot be read to its end, and stays as it is: Input/output error");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/peers", folder);
	(void)snprintf(good, sizeof good, "%s.good", path);
	peer_store_put(before, &first, &peer);
	peer_store_put(before, &second, &peer);
	assert_true(peer_store_save(before, good, NOW, &error));
	assert_int_equal(symlink("peers.good", path), 0);
	assert_false(peer_store_load(store, path, NOW, &error));
	assert_non_null(strstr(error.text, "cannot be read, and stays as it is: it is a symbolic link"));
	peer_store_put(store, &second, &newer);
	assert_false(peer_store_save(store, path, NOW, &error));
	assert_int_equal(rename(good, path), 0); /* the passing fault passes */
	assert_true(peer_store_save(store, path, NOW, &error));
	assert_true(peer_store_load(after, path, NOW, &error));
	assert_true(peer_store_get(after, &first, NOW, NULL));
	assert_true(peer_store_get(after, &second, NOW, &read));
	assert_int_equal(read.code, 221); /* what is known by now stands */
	(void)unlink(path);
	(void)rmdir(folder);
	peer_store_free(before);
	peer_store_free(store);
	peer_store_free(after);
}

/* A line without end is not held: it is no line of ours. */
static void
P20_peer_store_holds_no_line_without_end(void **state)
{
	struct peer_store *store = peer_store_new(4);
	char folder[] = "test-peers-XXXXXX", path[40], broken[50];
	struct error error;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/peers", folder);
	(void)snprintf(broken, sizeof broken, "%s.broken", path);
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fprintf(file, "heloscope-peers-3\n%0*d\n", BOUND_LINE_READ + 1, 0);
	(void)fclose(file);
	assert_false(peer_store_load(store, path, NOW, &error));
	assert_non_null(strstr(error.text, "is broken at line 2 and was set aside"));
	assert_int_equal(unlink(broken), 0);
	(void)rmdir(folder);
	peer_store_free(store);
}

/* A certificate of a key, signed with it, until `not_after`, with this common name. */
static X509 *
make_certificate(EVP_PKEY *key, const char *not_after, struct span name)
{
	X509 *certificate = X509_new();
	X509_NAME *subject;
	ASN1_TIME *end = ASN1_TIME_new();

	assert_non_null(certificate);
	subject = X509_get_subject_name(certificate);
	assert_int_equal(ASN1_TIME_set_string(end, not_after), 1);
	assert_int_equal(X509_set1_notAfter(certificate, end), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(certificate), 0));
	assert_int_equal(X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_UTF8STRING,
						    (const unsigned char *)name.at, (int)name.length, -1, 0),
			 1);
	assert_int_equal(X509_set_issuer_name(certificate, subject), 1);
	assert_int_equal(X509_set_pubkey(certificate, key), 1);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	ASN1_TIME_free(end);
	return certificate;
}

/* What tls_look() finds at a server with that certificate: both sides in one thread. */
static void
look_at_certificate(EVP_PKEY *key, X509 *certificate, struct peer *peer)
{
	SSL_CTX *server_context = SSL_CTX_new(TLS_server_method());
	SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
	SSL *server, *client;
	BIO *near, *far;
	int done = 0;

	SSL_CTX_set_security_level(server_context, 0);
	assert_int_equal(SSL_CTX_use_certificate(server_context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server_context, key), 1);
	server = SSL_new(server_context);
	client = SSL_new(client_context);
	assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);
	SSL_set_bio(server, near, near);
	SSL_set_bio(client, far, far);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	for (int turn = 0; turn < 20 && done != 1; turn++) {
		done = SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	assert_int_equal(done, 1);
	tls_look(client, peer);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(client_context);
	SSL_CTX_free(server_context);
}

/* Whether what was found comes back from the file, and is the same. */
static bool
is_kept(const struct peer *peer)
{
	const struct ipaddr address = address_of(1);
	struct peer_store *store = peer_store_new(1), *other = peer_store_new(1);
	char folder[] = "test-peers-XXXXXX", path[40];
	struct error error;
	struct peer read;
	bool is_there;

	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof path, "%s/peers", folder);
	peer_store_put(store, &address, peer);
	assert_true(peer_store_save(store, path, NOW, &error));
	is_there = peer_store_load(other, path, NOW, &error) && peer_store_get(other, &address, NOW, &read)
		   && read.not_after == peer->not_after && strcmp(read.cert_names, peer->cert_names) == 0
		   && strcmp(read.issuer, peer->issuer) == 0;
	(void)unlink(path);
	(void)snprintf(path, sizeof path, "%s/peers.broken", folder);
	(void)unlink(path);
	(void)rmdir(folder);
	peer_store_free(store);
	peer_store_free(other);
	return is_there;
}

/* A server makes up its certificate. Whatever stands in it, the finding can be kept, and no name looks like
 * another: one that ended at a NUL would. */
static void
P20_tls_look_finds_nothing_that_cannot_be_kept(void **state)
{
	static const struct {
		const char *not_after;
		struct span name;
		int64_t seconds;
		const char *shown;
	} cases[] = {
		{ "20301231235959Z", NAME("mx.test"), 1924991999, "mx.test" },
		{ "00000101000000Z", NAME("mx.test\0.evil.test"), PEER_TIME_MIN, "mx.test\\x00.evil.test" },
		{ "19600101000000Z", NAME("\0"), PEER_TIME_MIN, "\\x00" },
		{ "19700101000000Z", NAME("\x1b[2J\r\n"), PEER_TIME_MIN, "\\x1b[2J\\x0d\\x0a" },
		{ "99991231235959Z", NAME("\xc3\xbc"), PEER_TIME_MAX, "\\xc3\\xbc" },
	};
	EVP_PKEY *key = EVP_EC_gen("P-256");

	(void)state;
	assert_non_null(key);
	for (size_t i = 0; i < ROWS(cases); i++) {
		X509 *certificate = make_certificate(key, cases[i].not_after, cases[i].name);
		struct peer peer = { .outcome = PEER_ANSWERS, .looked_at = NOW };

		look_at_certificate(key, certificate, &peer);
		assert_string_equal(peer.cert_names, cases[i].shown);
		assert_string_equal(peer.issuer, cases[i].shown);
		if (peer.not_after != cases[i].seconds || !is_kept(&peer))
			fail_msg("%s: %lld", cases[i].not_after, (long long)peer.not_after);
		X509_free(certificate);
	}
	EVP_PKEY_free(key);
}

/* A finding of another host, and what is to be taken of it: nothing by which a check fails. */
static void
shared_takes_what_no_check_fails_by(void **state)
{
	static const struct {
		const char *ip, *host;
		struct peer peer;
		int64_t ttl_ms;
		bool is_shared, is_taken;
	} table[] = {
#define GOOD .outcome = PEER_ANSWERS, .starttls = STARTTLS_WORKS
		{ "198.51.100.7", "a.test", { GOOD, .greeting = "a.test ESMTP" }, 3600000, true, true },
		{ "198.51.100.7",
		  "a.test",
		  { GOOD, .greeting = "x", .ehlo = "A.test hello" },
		  5000,
		  true,
		  true },
		{ "198.51.100.7",
		  "a.test",
		  { GOOD, .greeting = "a.test", .dane = DANE_MATCH },
		  5000,
		  true,
		  true },
		{ "198.51.100.8", "a.test", { GOOD, .greeting = "a.test" }, 5000, true, false },
		{ "198.51.100.7", "b.test", { GOOD, .greeting = "a.test" }, 5000, false, false },
		{ "198.51.100.7", "", { GOOD, .greeting = "" }, 5000, false, false },
		{ "198.51.100.7",
		  "a.test",
		  { GOOD, .greeting = "a.test", .injects = true },
		  5000,
		  false,
		  false },
		{ "198.51.100.7",
		  "a.test",
		  { GOOD, .greeting = "a.test", .dane = DANE_MISMATCH },
		  5000,
		  false,
		  false },
		{ "198.51.100.7",
		  "a.test",
		  { .outcome = PEER_ANSWERS, .greeting = "a.test" },
		  5000,
		  false,
		  false },
		{ "198.51.100.7",
		  "a.test",
		  { .outcome = PEER_BUSY, .greeting = "a.test" },
		  5000,
		  false,
		  false },
#undef GOOD
	};
	const struct ipaddr asked = ipaddr_from_ipv4(0xc6336407);

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++) {
		struct peer peer = { .code = 7 };
		struct ipaddr address;
		char *value, *forged;

		print_message("    %zu\n", i);
		assert_true(ipaddr_parse(span_of(table[i].ip), &address));
		value = shared_make(&address, table[i].host, &table[i].peer);
		assert_int_equal(value != NULL, table[i].is_shared);
		forged = peer_store_line(&address, &table[i].peer); /* whoever shares what we would not */
		assert_int_equal(
			shared_take(span_of(forged), table[i].ttl_ms, &asked, table[i].host, NOW, &peer),
			table[i].is_taken);
		assert_int_equal(peer.code == 7, !table[i].is_taken);
		if (table[i].is_taken) /* it is believed for as long as the server says, whatever the other's
					  clock */
			assert_int_equal(peer.looked_at + peer_ttl_s(&peer), NOW + table[i].ttl_ms / 1000);
		free(value);
		free(forged);
	}
}

/* What says that it is good for longer than findings are is good for as long as they are; and garbage is not.
 */
static void
shared_takes_no_garbage_and_nothing_for_ever(void **state)
{
	static const char *const bad[] = { "", "x", "{}", "[]", "{\"ip\":\"198.51.100.7\"}" };
	const struct peer good = { .outcome = PEER_ANSWERS,
				   .starttls = STARTTLS_WORKS,
				   .greeting = "a.test" };
	const struct ipaddr asked = ipaddr_from_ipv4(0xc6336407), other = ipaddr_from_ipv4(0xc6336408);
	char *value = shared_make(&asked, "a.test", &good), first[SHARED_NAME_SIZE], second[SHARED_NAME_SIZE];
	struct peer peer;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_false(shared_take(span_of(bad[i]), 5000, &asked, "a.test", NOW, &peer));
	assert_false(shared_take((struct span){ NULL, 0 }, 5000, &asked, "a.test", NOW, &peer));
	assert_true(shared_take(span_of(value), INT64_MAX, &asked, "a.test", NOW, &peer));
	assert_int_equal(peer.looked_at, NOW);
	free(value);
	assert_true(shared_name(&asked, 25, first));
	assert_null(strstr(first, "198"));
	assert_true(shared_name(&other, 25, second));
	assert_string_not_equal(first, second);
	assert_true(shared_name(&asked, 26, second));
	assert_string_not_equal(first, second);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(smtp_reader_tells_replies_from_the_rest),
		cmocka_unit_test(F48_smtp_reader_is_bounded),
		cmocka_unit_test(peer_host_name_takes_host_names_only),
		cmocka_unit_test(shared_takes_what_no_check_fails_by),
		cmocka_unit_test(shared_takes_no_garbage_and_nothing_for_ever),
		cmocka_unit_test(look_back_leaves_special_addresses_alone),
		cmocka_unit_test(F43_peer_store_forgets_in_time),
		cmocka_unit_test(peer_memory_forgets_in_time),
		cmocka_unit_test(peer_memory_has_so_many_visits_for_a_network),
		cmocka_unit_test(peer_memory_forgets_whom_it_is_told_to),
		cmocka_unit_test(peer_memory_has_so_many_turns_in_a_minute),
		cmocka_unit_test(peer_store_keeps_the_newest),
		cmocka_unit_test(peer_store_is_full_of_what_is_fresh),
		cmocka_unit_test(peer_store_reads_back_what_it_wrote),
		cmocka_unit_test(P20_peer_store_takes_only_what_it_could_have_written),
		cmocka_unit_test(P20_peer_store_holds_no_line_without_end),
		cmocka_unit_test(F48_peer_store_leaves_a_file_alone_that_it_cannot_read),
		cmocka_unit_test(P20_tls_look_finds_nothing_that_cannot_be_kept),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
