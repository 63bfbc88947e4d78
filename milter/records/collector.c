#include "heloscope/records/collector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/records/appender.h"
#include "heloscope/records/recent.h"
#include "heloscope/records/record.h"

#define APART_SHOWN 2000 /* octets of what is none of ours */
#define APART_LINE_SIZE (4 * APART_SHOWN + 100)

struct collector {
	char *path, *apart_path;
	struct appender log, apart;
	struct recent *recent;
	struct collector_counts counts;
};

/* Beside the log, under a name that is not one of a rotated log. */
static char *
path_of_apart(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	char *apart;

	return asprintf(&apart, "%.*sapart-%s", (int)(name - path), path, name) < 0 ? NULL : apart;
}

struct collector *
collector_new(const char *path)
{
	struct collector *collector = calloc(1, sizeof *collector);

	if (collector == NULL)
		return NULL;
	collector->path = strdup(path);
	collector->apart_path = path_of_apart(path);
	collector->recent = recent_new();
	appender_init(&collector->log, collector->path);
	appender_init(&collector->apart, collector->apart_path);
	if (collector->path != NULL && collector->apart_path != NULL && collector->recent != NULL) {
		recent_load(collector->recent, path);
		return collector;
	}
	collector_free(collector);
	return NULL;
}

void
collector_free(struct collector *collector)
{
	if (collector == NULL)
		return;
	appender_close(&collector->log);
	appender_close(&collector->apart);
	recent_free(collector->recent);
	free(collector->path);
	free(collector->apart_path);
	free(collector);
}

/* Records have no other octets, and line ends would make two lines of one. */
static bool
is_a_line(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!ascii_is_printable(text.at[i]))
			return false;
	return true;
}

/* Whether it is a record of this version, and of a host that says who it is. */
static bool
is_record(struct span text)
{
	struct record_reading reading;
	bool has_host;

	if (text.at == NULL || text.length > BOUND_RECORD || !is_a_line(text) || !record_read(text, &reading))
		return false;
	has_host = reading.record.host != NULL && reading.record.host[0] != '\0';
	record_release(&reading);
	return has_host;
}

static bool
has_room_apart(const struct collector *collector)
{
	struct stat status;

	return stat(collector->apart_path, &status) != 0 || status.st_size < COLLECTOR_APART_MAX;
}

/* False when that is not possible; no record waits for it. */
static bool
write_apart(struct collector *collector, const char *id, struct span text)
{
	char memory[APART_LINE_SIZE];
	struct strbuf line = STRBUF_OVER(memory);

	if (!has_room_apart(collector) || appender_open(&collector->apart) != 0)
		return false;
	strbuf_add_escaped(&line, span_of(id), APART_SHOWN);
	strbuf_add_char(&line, ' ');
	if (text.at != NULL)
		strbuf_add_escaped(&line, text, APART_SHOWN);
	else
		strbuf_add(&line, "(no record, or too large for one)");
	if (appender_append(&collector->apart, (struct span){ memory, line.length }) == 0)
		return true;
	appender_close(&collector->apart);
	return false;
}

static void
put_apart(struct collector *collector, const char *id, struct span text)
{
	if (write_apart(collector, id, text))
		collector->counts.apart++;
	else
		collector->counts.dropped++;
}

bool
collector_take(struct collector *collector, const char *id, struct span record, struct error *error)
{
	int fault;

	if (!is_record(record)) {
		put_apart(collector, id, record);
		return true;
	}
	if (recent_has(collector->recent, record)) {
		collector->counts.again++;
		return true;
	}
	fault = appender_open(&collector->log);
	if (fault == 0)
		fault = appender_append(&collector->log, record);
	if (fault != 0) {
		error_set(error, "%s cannot be written: %s", collector->path, appender_reason(fault));
		return false;
	}
	recent_add(collector->recent, record);
	collector->counts.written++;
	return true;
}

struct collector_counts
collector_counts(const struct collector *collector)
{
	return collector->counts;
}
