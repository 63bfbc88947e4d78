#include "heloscope/wiring/trial.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/regular_file.h"
#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/peer/smtp_dialogue.h"
#include "heloscope/wire/stored.h"

#define PATIENCE_MS 30000 /* of the SMTP session */
#define LOOK_MS 200       /* from one look at the mailbox to the next */
#define FORGED "forged-by-heloscope-wiring.invalid"
#define PATH_SIZE 4096
#define SEEN_MAX 4000 /* octets of a field that are kept */

/* Sending. */

/* The whole message with the dot that ends it; the line end behind that is the client's. */
static const char *
compose(const struct trial *trial, const struct trial_order *order, struct arena *arena)
{
	const char *to = order->path + 1; /* behind "<" */
	const int length = (int)strcspn(to, ">");
	char date[40];
	struct tm parts;

	if (gmtime_r(&trial->begun, &parts) == NULL
	    || strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &parts) == 0)
		date[0] = '\0';
	return arena_printf(
		arena,
		"Authentication-Results: %s; spf=pass smtp.mailfrom=" FORGED "\r\n"
		"From: %.*s\r\nTo: %.*s\r\nSubject: test message of \"heloscope wiring\"\r\nDate: %s\r\n"
		"Message-ID: <%s@heloscope-wiring.invalid>\r\nAuto-Submitted: auto-generated\r\n\r\n"
		"This message shows whether mail passes the filter. You can delete it.\r\n.",
		order->own_id, length, to, length, to, date, trial->token);
}

static bool
say_all(struct smtp_dialogue *dialogue, const struct trial_order *order, const char *message)
{
	return smtp_dialogue_begin(dialogue, &order->server, order->port, "localhost.localdomain")
	       && smtp_dialogue_say(dialogue, "MAIL FROM:", order->path) == 250
	       && smtp_dialogue_say(dialogue, "RCPT TO:", order->path) / 100 == 2
	       && smtp_dialogue_say(dialogue, "DATA", "") == 354
	       && smtp_dialogue_say(dialogue, message, "") == 250;
}

void
trial_send(struct trial *trial, const struct trial_order *order, struct arena *arena)
{
	const struct smtp_reader *reply;
	struct smtp_dialogue dialogue;

	*trial = (struct trial){ .begun = time(NULL), .reply = "" };
	ident_make(trial->token);
	smtp_dialogue_init(&dialogue, PATIENCE_MS);
	trial->is_sent = say_all(&dialogue, order, compose(trial, order, arena));
	reply = smtp_dialogue_reply(&dialogue);
	if (reply != NULL)
		trial->reply =
			arena_printf(arena, "%u %s", reply->code, arena_copy(arena, smtp_reader_text(reply)));
	smtp_dialogue_end(&dialogue);
	smtp_dialogue_free(&dialogue);
}

/* Looking. */

struct look {
	struct trial *trial;
	struct arena *arena;
};

/* A field that the filter writes, on one line. */
static void
take_field(void *context, const char *name, const char *value)
{
	const struct look *look = context;
	struct trial *trial = look->trial;
	const struct span field = span_of(name);
	char memory[SEEN_MAX];
	struct strbuf line = STRBUF_OVER(memory);

	if (!span_equals_nocase(field, SPAN("Authentication-Results"))
	    && !span_equals_nocase(field, SPAN("X-Heloscope")))
		return;
	trial->is_forged = trial->is_forged || strstr(value, FORGED) != NULL;
	strbuf_printf(&line, "%s:", name);
	for (; *value != '\0'; value++)
		if (*value != '\n')
			strbuf_add_char(&line, *value == '\t' ? ' ' : *value);
	if (trial->field_count < TRIAL_FIELDS_MAX)
		trial->fields[trial->field_count++] = arena_string(look->arena, memory);
}

/* Where the message begins in which an octet lies: behind the line that parts it from the one before. */
static const char *
beginning_of(const char *text, const char *at)
{
	while (at > text && !(at[-1] == '\n' && strncmp(at, "From ", 5) == 0))
		at--;
	return at;
}

/* The message, if it is in the file. */
static bool
find_in(const struct look *look, const char *text)
{
	const struct stored_handler handler = { .field = take_field, .context = (void *)look };
	const char *at = strstr(text, look->trial->token);
	struct stored *stored = at != NULL ? malloc(sizeof *stored) : NULL;
	bool is_read;

	if (stored == NULL)
		return false;
	stored_init(stored, &handler);
	stored_add(stored, span_of(beginning_of(text, at)));
	is_read = stored_finish(stored) == STORED_GOOD;
	free(stored);
	return is_read;
}

/* Read the end of a file into `size` octets, and end it with a NUL; those in it are blanks. */
static bool
read_tail(int fd, off_t length, char *text, size_t size)
{
	const ssize_t count =
		pread(fd, text, size - 1, length < (off_t)size ? 0 : length - (off_t)(size - 1));

	for (ssize_t i = 0; i < count; i++)
		text[i] = text[i] != '\0' ? text[i] : ' ';
	text[count > 0 ? count : 0] = '\0';
	return count > 0;
}

/* Whoever owns a mailbox decides what lies there: links are not followed. */
static bool
look_at_file(const struct look *look, const char *path)
{
	struct error unused;
	struct stat status;
	const int fd = regular_file_open_fd(path, LINKS_REFUSED, &status, &unused);
	char *text = fd >= 0 && status.st_mtime >= look->trial->begun ? malloc(ARRIVAL_TAIL) : NULL;
	const bool is_found =
		text != NULL && read_tail(fd, status.st_size, text, ARRIVAL_TAIL) && find_in(look, text);

	free(text);
	if (fd >= 0)
		(void)close(fd);
	return is_found;
}

/* Open a directory, but not where a link to another lies, or comes to lie meanwhile. */
static DIR *
open_directory(const char *path)
{
	struct stat named, opened;
	DIR *directory = lstat(path, &named) == 0 && S_ISDIR(named.st_mode) ? opendir(path) : NULL;

	if (directory == NULL
	    || (fstat(dirfd(directory), &opened) == 0 && opened.st_dev == named.st_dev
		&& opened.st_ino == named.st_ino))
		return directory;
	(void)closedir(directory);
	return NULL;
}

/* In the directory that was opened, so that no path leads elsewhere: it is somebody's who may be no friend of
 * root. */
static bool
look_at_directory(const struct look *look, const char *path)
{
	DIR *here = opendir("."), *directory = here != NULL ? open_directory(path) : NULL;
	bool is_found = false;

	if (directory != NULL && fchdir(dirfd(directory)) == 0) {
		for (const struct dirent *entry; !is_found && (entry = readdir(directory)) != NULL;)
			is_found = entry->d_name[0] != '.' && look_at_file(look, entry->d_name);
		is_found = fchdir(dirfd(here)) == 0 && is_found;
	}
	if (directory != NULL)
		(void)closedir(directory);
	if (here != NULL)
		(void)closedir(here);
	return is_found;
}

static bool
look_at_mailbox(const struct look *look, const char *path)
{
	static const char *const below[] = { "new", "cur" };
	struct stat status;
	char memory[PATH_SIZE];

	if (stat(path, &status) != 0)
		return false;
	if (!S_ISDIR(status.st_mode))
		return look_at_file(look, path);
	for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
		if (snprintf(memory, sizeof memory, "%s/%s", path, below[i]) < (int)sizeof memory
		    && look_at_directory(look, memory))
			return true;
	return false;
}

void
trial_await(struct trial *trial, const char *path, unsigned patience_ms, struct arena *arena)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
	const uint64_t end_ms = clock_now_ms() + patience_ms;
	const struct look look = { trial, arena };

	for (;;) {
		trial->is_arrived = look_at_mailbox(&look, path);
		if (trial->is_arrived || clock_now_ms() >= end_ms)
			return;
		(void)nanosleep(&pause, NULL);
	}
}
