#include "unit.h"

#include "visit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config_text.h"
#include "heloscope/records/record.h"

void
visit_begin(struct visit *visit, const struct fake_row *rows, size_t count, const char *config,
	    struct check_table checks)
{
	struct error error;
	char text[4096];

	*visit = (struct visit){ .path = "/tmp/heloscope-visit.XXXXXX" };
	(void)close(mkstemp(visit->path));
	(void)snprintf(text, sizeof text, "authserv-id \"mx.test\" records \"%s\" %s", visit->path, config);
	fake_dns_init(&visit->dns, rows, count);
	visit->runtime = runtime_new(config_from_text(text, NULL), NULL, &error);
	assert_non_null(visit->runtime);
	runtime_use(visit->runtime, checks, &visit->dns.interface);
	visit->session = session_new(visit->runtime);
}

void
visit_connect(struct visit *visit, const char *address, const char *helo, const char *tls_version)
{
	struct sockaddr_in client = { .sin_family = AF_INET };

	assert_int_equal(inet_pton(AF_INET, address, &client.sin_addr), 1);
	session_connect(visit->session, (const struct sockaddr *)&client);
	session_helo(visit->session, helo, tls_version);
}

static void
expect_same_when_read(const char *line)
{
	const struct span whole = { line, strcspn(line, "\n") };
	struct record_reading reading;
	char *again;

	assert_true(record_read(whole, &reading));
	again = record_make(&reading.record, RECORD_WHOLE);
	assert_non_null(again);
	if (!span_equals(whole, span_of(again)))
		fail_msg("%s is read back from %s", again, line);
	free(again);
	record_release(&reading);
}

void
visit_leave(struct visit *visit)
{
	FILE *file;
	size_t length = 0;

	session_free(visit->session);
	runtime_unref(visit->runtime);
	(void)fake_dns_deliver(&visit->dns);
	file = fopen(visit->path, "r");
	assert_non_null(file);
	while (fgets(visit->records + length, (int)(sizeof visit->records - length), file) != NULL) {
		expect_same_when_read(visit->records + length);
		length += strlen(visit->records + length);
	}
	(void)fclose(file);
	(void)unlink(visit->path);
}
