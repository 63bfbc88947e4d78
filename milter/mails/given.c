#include "heloscope/mails/given.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/regular_file.h"
#include "heloscope/mails/mail_kind.h"
#include "heloscope/mails/mbox.h"
#include "heloscope/mails/reply.h"
#include "heloscope/mails/source.h"
#include "heloscope/mails/text.h"
#include "heloscope/refusals/codes.h"

#define CONTROLS_MAX 8 /* octets in text, be it hostile, besides those in proportion */

/* A file that is read. */
struct job {
	const struct given_taker *taker;
	struct source *source;
	struct report_taker reports;
	struct span file;   /* as refusals name it */
	int64_t told;       /* octets of it */
	bool is_of_several; /* in a directory */
	bool has_fault;
	bool has_refusal, has_other; /* of copied text: what was found in it */
};

static void
tell_fault(struct job *job, const char *reason)
{
	job->taker->fault(job->taker->context, job->file, reason);
	job->has_fault = true;
}

static void
take_aggregate(void *context, const struct aggregate_report *report, const struct aggregate_row *row)
{
	const struct job *job = context;

	if (job->taker->aggregate != NULL)
		job->taker->aggregate(job->taker->context, report, row);
}

static void
take_tls(void *context, const struct tls_report *report, const struct tls_row *row)
{
	const struct job *job = context;

	if (job->taker->tls != NULL)
		job->taker->tls(job->taker->context, report, row);
}

static void
take_fault(void *context, const char *reason)
{
	tell_fault(context, reason);
}

static struct message_taker
message_taker_of(const struct job *job)
{
	return (struct message_taker){ .refusal = job->taker->refusal,
				       .context = job->taker->context,
				       .file = job->file,
				       .line = 1,
				       .reports = &job->reports,
				       .is_alone = !job->is_of_several };
}

/* How far the file was read. */
static void
tell_octets(struct job *job)
{
	const int64_t taken = source_taken(job->source);

	if (job->taker->octets != NULL)
		job->taker->octets(job->taker->context, taken - job->told);
	job->told = taken;
}

static bool
read_octets(struct job *job, struct span *octets)
{
	tell_octets(job);
	return source_read(job->source, octets) == SOURCE_OCTETS;
}

static void
read_mail(struct job *job, bool is_mbox)
{
	const struct message_taker taker = message_taker_of(job);
	struct mbox mbox;
	struct span octets;

	mbox_init(&mbox, is_mbox, &taker);
	while (read_octets(job, &octets))
		mbox_add(&mbox, octets);
	(void)mbox_finish(&mbox);
	if (mbox.has_failed)
		tell_fault(job, "out of memory");
	mbox_clear(&mbox);
}

/* What the reader of notices makes of one refusal. */
struct account {
	const struct given_taker *taker;
	const struct refusal *raw;
	unsigned reply; /* the code that stands in it */
	bool is_told;
};

static void
take_account(void *context, const struct refusal *refusal)
{
	struct account *account = context;
	struct refusal told = *refusal;
	const unsigned reply = codes_find(refusal->text).reply;

	if (account->is_told || reply == 0 || (account->reply != 0 && reply != account->reply))
		return;
	told.line = account->raw->line;
	account->is_told = true;
	account->taker->refusal(account->taker->context, &told);
}

/* One of the refusals in a text: without what a program wrote around it, where that is known; else as it is.
 */
static void
take_reply(const struct given_taker *taker, const struct refusal *refusal, unsigned reply)
{
	struct account account = { taker, refusal, reply, false };
	const struct message_taker reader = {
		.refusal = take_account, .context = &account, .file = refusal->file, .is_alone = true
	};

	if (message_read_text(refusal->text, &reader) == 0 || !account.is_told) {
		const struct refusal bare = reply_bare(refusal);

		taker->refusal(taker->context, &bare);
	}
}

static void
take_text(void *context, const struct refusal *refusal)
{
	struct job *job = context;
	const struct codes codes = codes_find(refusal->text);

	if (codes.reply != 0 || codes.enhanced.class != 0) {
		take_reply(job->taker, refusal, codes.reply);
		job->has_refusal = true;
	} else if (reply_is_logged(refusal->text)) {
		const struct refusal bare = reply_bare(refusal);

		job->taker->refusal(job->taker->context, &bare);
		job->has_refusal = true;
	} else if (job->taker->words(job->taker->context, refusal)) {
		job->has_refusal = true;
	} else {
		job->has_other = true;
	}
}

/* Of refusals those with a code. */
static void
count_codes(void *context, const struct refusal *refusal)
{
	*(size_t *)context += codes_find(refusal->text).reply != 0;
}

/* Whether the whole text is one notice: by its look, or because as such it tells all replies that are in it.
 */
static bool
is_notice(struct span text)
{
	size_t told = 0, parts = 0;
	const struct message_taker taker = { .refusal = count_codes, .context = &told, .is_alone = true };
	struct text_reader reader;

	if (text_is_notice(text))
		return true;
	text_reader_init(&reader, SPAN(""), count_codes, &parts);
	text_reader_add(&reader, text);
	text_reader_finish(&reader);
	return parts > 0 && message_read_text(text, &taker) > 0 && told >= parts;
}

#define EXPECTED                                                                                             \
	"expected a bounce, a mail log, a report of a receiver, or the text of a refusal with its code, "    \
	"such as 550 5.7.1"

/* Whether it is not text at all: of a program or a document. */
static bool
is_binary(struct span beginning)
{
	const struct span pdf = SPAN("%PDF-");
	size_t controls = 0;

	for (size_t i = 0; i < beginning.length; i++)
		controls += (beginning.at[i] >= 0 && beginning.at[i] < ' '
			     && !ascii_is_among(beginning.at[i], "\t\n\f\r\x1b"));
	return span_starts_with_nocase(beginning, pdf) || controls > CONTROLS_MAX + beginning.length / 20;
}

/* Text that somebody has copied: a notice, which is short enough to be seen as a whole, or any refusals. */
static void
read_text(struct job *job, struct span beginning)
{
	const struct message_taker taker = message_taker_of(job);
	struct text_reader reader;
	struct span octets;

	if (beginning.length < SOURCE_BEGINNING && is_notice(beginning)
	    && message_read_text(beginning, &taker) > 0)
		return;
	if (is_binary(beginning)) {
		if (!job->is_of_several)
			tell_fault(job, "it is not text; " EXPECTED);
		return;
	}
	job->has_refusal = job->has_other = false;
	text_reader_init(&reader, job->file, take_text, job);
	while (read_octets(job, &octets))
		text_reader_add(&reader, octets);
	text_reader_finish(&reader);
	if (job->has_other && !job->has_refusal && !job->is_of_several)
		tell_fault(job, "there is no refusal in it; " EXPECTED);
}

static void
read_log(struct job *job)
{
	struct log_reader *logs = job->taker->logs;
	struct span octets = SPAN("");

	log_reader_begin(logs, job->file, source_changed(job->source));
	while (read_octets(job, &octets))
		log_reader_add(logs, octets);
	log_reader_end(logs);
}

static void
read_member(struct job *job)
{
	const struct span beginning = source_beginning(job->source);

	switch (mail_kind_of(beginning)) {
	case MAIL_KIND_AGGREGATE:
	case MAIL_KIND_TLS_REPORT:
		if (!attachment_read_member(job->source, &job->reports))
			read_text(job, beginning);
		break;
	case MAIL_KIND_MESSAGE:
		read_mail(job, false);
		break;
	case MAIL_KIND_MBOX:
		read_mail(job, true);
		break;
	case MAIL_KIND_NONE:
		if (job->taker->logs != NULL && log_guess(beginning) != LOG_NONE)
			read_log(job);
		else
			read_text(job, beginning);
		break;
	}
}

static bool
read_file(const char *path, const struct given_taker *taker, bool is_of_several)
{
	struct job job = { .taker = taker,
			   .file = regular_file_is_input(path) ? SPAN("") : span_of(path),
			   .reports = { take_aggregate, take_tls, take_fault, &job, taker->expansion },
			   .is_of_several = is_of_several };
	struct error reason;

	job.source = source_open(path, taker->expansion, &reason);
	if (job.source == NULL) {
		tell_fault(&job, reason.text);
		return false;
	}
	while (source_next(job.source))
		read_member(&job);
	tell_octets(&job);
	if (source_fault(job.source) != NULL)
		tell_fault(&job, source_fault(job.source));
	source_free(job.source);
	return !job.has_fault;
}

/* Read the files in a directory, but not those in directories there. */
static bool
read_directory(DIR *directory, const char *path, const struct given_taker *taker)
{
	const struct dirent *entry;
	bool is_good = true;

	while ((entry = readdir(directory)) != NULL) {
		char name[4096];
		const int length = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);

		if (entry->d_name[0] != '.' && entry->d_type != DT_DIR && length > 0
		    && (size_t)length < sizeof name)
			is_good = read_file(name, taker, true) && is_good;
	}
	(void)closedir(directory);
	return is_good;
}

/* Read one of the directories of a Maildir; `is_there`: whether it is one. */
static bool
read_subdirectory(const char *path, const char *name, const struct given_taker *taker, bool *is_there)
{
	char whole[4096];
	const int length = snprintf(whole, sizeof whole, "%s/%s", path, name);
	DIR *directory = length > 0 && (size_t)length < sizeof whole ? opendir(whole) : NULL;

	*is_there = directory != NULL;
	return directory == NULL || read_directory(directory, whole, taker);
}

bool
given_read(const char *path, const struct given_taker *taker)
{
	DIR *directory = regular_file_is_input(path) ? NULL : opendir(path);
	bool has_new = false, has_cur = false, is_good;

	if (directory == NULL)
		return read_file(path, taker, false);
	is_good = read_subdirectory(path, "new", taker, &has_new);
	is_good = read_subdirectory(path, "cur", taker, &has_cur) && is_good;
	if (!has_new && !has_cur)
		return read_directory(directory, path, taker);
	(void)closedir(directory);
	return is_good;
}

int64_t
given_size(const char *path)
{
	struct stat status;
	const int result = regular_file_is_input(path) ? fstat(STDIN_FILENO, &status) : stat(path, &status);

	return result == 0 && S_ISREG(status.st_mode) ? status.st_size : 0;
}
