#include "heloscope/mails/source.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/regular_file.h"
#include "heloscope/mails/utf16.h"

#define BLOCK                                                                                                \
	262144 /* octets that are read at a time: they stay in the second cache while they are looked at */

struct source {
	struct archive *archive;
	int fd;           /* -1: octets in memory */
	int64_t size;     /* octets as they stand there; 0: not known */
	time_t changed;   /* or 0 */
	int64_t expanded; /* octets handed out or shown so far, */
	int64_t excess;   /* and how many of them were beyond proportion */
	struct expansion *expansion;
	char *block;         /* of a pipe: what was read last */
	size_t held;         /* how much of it was looked at, and is to be handed over */
	struct span member;  /* its name */
	struct utf16 *utf16; /* the member is such text; else NULL */
	struct span raw;     /* octets of the archive that are not converted yet */
	bool is_begun;       /* something of the member was read */
	struct span pending; /* octets that were read, and not handed out */
	char *beginning;     /* SOURCE_BEGINNING octets; NULL until they are wanted */
	size_t begun;        /* how many of those are to be handed out */
	bool is_over;        /* the member */
	struct error fault;
	bool has_fault;
};

static void
set_fault(struct source *source, const char *words)
{
	if (!source->has_fault)
		error_set(&source->fault, "%s", words);
	source->has_fault = true;
}

/* What libarchive complains about. Its own numbers are those of damaged files. */
static void
set_archive_fault(struct source *source)
{
	const int fault = archive_errno(source->archive);

	set_fault(source, fault == EIO || fault == ENOMEM || fault == EISDIR ? strerror(fault)
									     : "it is damaged, or was cut");
}

/* Opening. */

#define MAGIC_SIZE 10

/* By the first octets, with zeros behind the end: as much of them as the format fixes, since nothing is said
 * of what is taken for one and is none. */

/* RFC 1952, 2.3: deflate, and no flag that is reserved. */
static bool
is_gzip(const char magic[MAGIC_SIZE])
{
	return memcmp(magic, "\x1f\x8b\x08", 3) == 0 && ((unsigned char)magic[3] & 0xe0) == 0;
}

/* Behind the size of blocks comes the first of them, or the end. */
static bool
is_bzip2(const char magic[MAGIC_SIZE])
{
	return memcmp(magic, "BZh", 3) == 0 && magic[3] >= '1' && magic[3] <= '9'
	       && (memcmp(magic + 4, "1AY&SY", 6) == 0 || memcmp(magic + 4, "\x17rE8P\x90", 6) == 0);
}

/* RFC 8878, 3.1.1. */
static bool
is_zstd(const char magic[MAGIC_SIZE])
{
	return memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0;
}

static bool
is_xz(const char magic[MAGIC_SIZE])
{
	return memcmp(magic, "\3757zXZ", 6) == 0;
}

/* How it may be compressed. */
static const struct {
	bool (*is)(const char magic[MAGIC_SIZE]);
	int filter;
	bool is_of_attachments;
} filters[] = {
	{ is_gzip, ARCHIVE_FILTER_GZIP, true },
	{ is_bzip2, ARCHIVE_FILTER_BZIP2, true },
	{ is_zstd, ARCHIVE_FILTER_ZSTD, true },
	{ is_xz, ARCHIVE_FILTER_XZ, false }, /* could ask for memory without end */
};

/*
 * Formats and filters are named one by one: others may run programs. Of filters there is at most one, that of
 * the first octets: one within another may expand to something for hours that itself expands to nothing.
 */
static bool
allow_formats(struct archive *archive, struct span beginning, bool is_file)
{
	bool is_allowed = archive_read_support_format_zip(archive) == ARCHIVE_OK
			  && archive_read_support_format_raw(archive) == ARCHIVE_OK
			  && archive_read_support_format_empty(archive) == ARCHIVE_OK;
	char magic[MAGIC_SIZE] = "";

	if (beginning.length > 0)
		memcpy(magic, beginning.at, beginning.length < MAGIC_SIZE ? beginning.length : MAGIC_SIZE);
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
		if ((is_file || filters[i].is_of_attachments) && filters[i].is(magic))
			is_allowed = is_allowed
				     && archive_read_append_filter(archive, filters[i].filter) == ARCHIVE_OK;
	return is_allowed;
}

static struct source *
make_source(struct expansion *expansion)
{
	struct source *source = calloc(1, sizeof *source);

	if (source == NULL)
		return NULL;
	source->fd = -1;
	source->expansion = expansion;
	source->archive = archive_read_new();
	if (source->archive != NULL)
		return source;
	source_free(source);
	return NULL;
}

/* Take note of what the file is. */
static void
take_status(struct source *source)
{
	struct stat status;

	if (fstat(source->fd, &status) == 0 && S_ISREG(status.st_mode)) {
		source->size = status.st_size;
		source->changed = status.st_mtime;
	}
}

/* Octets of a pipe, as read(2) has them. */
static ssize_t
read_pipe(const struct source *source, char *octets, size_t room)
{
	ssize_t count;

	do
		count = read(source->fd, octets, room);
	while (count < 0 && errno == EINTR);
	return count;
}

/* The same for libarchive, those first that were looked at. */
static la_ssize_t
hand_over(struct archive *archive, void *context, const void **octets)
{
	struct source *source = context;
	ssize_t count = (ssize_t)source->held;

	*octets = source->block;
	source->held = 0;
	if (count == 0)
		count = read_pipe(source, source->block, BLOCK);
	if (count < 0)
		archive_set_error(archive, errno, "%s", strerror(errno));
	return count;
}

/* Open a pipe, of which the first octets have to be kept. */
static int
open_pipe(struct source *source)
{
	ssize_t count = 1;

	source->block = malloc(BLOCK);
	while (source->block != NULL && source->held < MAGIC_SIZE && count > 0) {
		count = read_pipe(source, source->block + source->held, BLOCK - source->held);
		source->held += count > 0 ? (size_t)count : 0;
	}
	if (source->block == NULL
	    || !allow_formats(source->archive, (struct span){ source->block, source->held }, true))
		return ARCHIVE_FATAL;
	return archive_read_open(source->archive, source, NULL, hand_over, NULL);
}

static int
open_file(struct source *source)
{
	char magic[MAGIC_SIZE];
	const off_t place = lseek(source->fd, 0, SEEK_CUR);
	const ssize_t count = place >= 0 ? pread(source->fd, magic, sizeof magic, place) : -1;

	if (place < 0)
		return open_pipe(source);
	if (!allow_formats(source->archive, (struct span){ magic, count > 0 ? (size_t)count : 0 }, true))
		return ARCHIVE_FATAL;
	return archive_read_open_fd(source->archive, source->fd, BLOCK);
}

/* What was opened, as the first look at its octets went; what is damaged there libarchive takes to be empty.
 */
static struct source *
opened(struct source *source, int result, struct error *reason)
{
	const bool is_good = result == ARCHIVE_OK || result == ARCHIVE_WARN;

	if (is_good && (archive_filter_count(source->archive) == 1 || archive_errno(source->archive) == 0))
		return source;
	set_archive_fault(source);
	error_set(reason, "%s", source->fault.text);
	source_free(source);
	return NULL;
}

struct source *
source_open(const char *path, struct expansion *expansion, struct error *reason)
{
	struct source *source = make_source(expansion);

	if (source == NULL) {
		error_set(reason, "out of memory");
		return NULL;
	}
	source->fd = regular_file_open_input(path, LINKS_FOLLOWED, reason);
	if (source->fd < 0) {
		source_free(source);
		return NULL;
	}
	take_status(source);
	return opened(source, open_file(source), reason);
}

struct source *
source_open_octets(struct span octets, struct expansion *expansion, struct error *reason)
{
	struct source *source = make_source(expansion);

	if (source == NULL) {
		error_set(reason, "out of memory");
		return NULL;
	}
	source->size = (int64_t)octets.length;
	return opened(source,
		      allow_formats(source->archive, octets, false)
			      ? archive_read_open_memory(source->archive, octets.at, octets.length)
			      : ARCHIVE_FATAL,
		      reason);
}

void
source_free(struct source *source)
{
	if (source == NULL)
		return;
	(void)archive_read_free(source->archive);
	if (source->fd >= 0)
		(void)close(source->fd);
	utf16_free(source->utf16);
	free(source->beginning);
	free(source->block);
	free(source);
}

/* Reading. */

struct expansion
expansion_of_run(void)
{
	return (struct expansion){ BOUND_EXPANDED_FREELY };
}

/* Whether so much may come of the file, and is to be had in this run. */
static bool
may_expand(struct source *source)
{
	/* Of a pipe what libarchive has used; the block that it looks at is not yet among that. */
	const int64_t read =
		source->size > 0 ? source->size : archive_filter_bytes(source->archive, -1) + BLOCK;
	const int64_t excess = source->expanded - BOUND_EXPANDED_RATIO * read;

	if (excess <= source->excess)
		return true;
	if (excess - source->excess > source->expansion->left)
		return false;
	source->expansion->left -= excess - source->excess;
	source->excess = excess;
	return true;
}

/* The next octets of the archive, one or more; false at the end of the member, and where a fault is. */
static bool
read_raw(struct source *source, struct span *octets)
{
	const void *block = NULL;
	size_t length = 0;
	int64_t offset;
	int result = ARCHIVE_OK;

	while (!source->is_over && !source->has_fault && length == 0) {
		result = archive_read_data_block(source->archive, &block, &length, &offset);
		if (result == ARCHIVE_EOF)
			source->is_over = true;
		else if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
			set_archive_fault(source);
	}
	if (source->is_over || source->has_fault)
		return false;
	source->expanded += (int64_t)length;
	if (!may_expand(source)) {
		set_fault(source, "it expands to far more than it is, as only bombs do");
		return false;
	}
	*octets = (struct span){ block, length };
	return true;
}

/* See what the member is, of which `block` comes first, and take the mark off it that says so. */
static void
begin_member(struct source *source, struct span *block)
{
	const struct span mark = SPAN("\xef\xbb\xbf"); /* of UTF-8 */

	source->is_begun = true;
	if (utf16_is_marked(*block)) {
		source->utf16 = utf16_new(*block);
		if (source->utf16 == NULL)
			set_fault(source, "out of memory");
		*block = span_from(*block, UTF16_MARK);
	} else if (block->length >= mark.length && memcmp(block->at, mark.at, mark.length) == 0) {
		*block = span_from(*block, mark.length);
	}
}

/* The same as read_raw(), as UTF-8 where it is UTF-16. */
static bool
read_block(struct source *source, struct span *octets)
{
	octets->length = 0;
	while (octets->length == 0) {
		if (source->raw.length == 0 && !read_raw(source, &source->raw))
			return false;
		if (!source->is_begun)
			begin_member(source, &source->raw);
		if (source->has_fault)
			return false;
		if (source->utf16 != NULL) {
			*octets = utf16_read(source->utf16, &source->raw);
		} else {
			*octets = source->raw;
			source->raw.length = 0;
		}
	}
	return true;
}

/*
 * Whether a member of a zip archive is compressed in a way that needs no more memory than we would give it:
 * LZMA and others take as much as its header says, up to 4 GB. libarchive tells how in words: "ZIP 2.0
 * (deflation)".
 */
static bool
is_compressed_modestly(struct archive *archive)
{
	static const struct span known[] = { { "(uncompressed)", 14 },
					     { "(deflation)", 11 },
					     { "(bzip)", 6 } };
	const char *format = archive_format_name(archive);

	if ((archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_ZIP || format == NULL)
		return true;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (span_ends_with_nocase(span_of(format), known[i]))
			return true;
	return false;
}

/* Take note of the member that comes next. False, with a fault, when it cannot be read. */
static bool
take_entry(struct source *source, struct archive_entry *entry)
{
	source->member = archive_format(source->archive) == ARCHIVE_FORMAT_RAW
				 ? span_of(NULL)
				 : span_of(archive_entry_pathname(entry));
	if (archive_entry_is_encrypted(entry))
		set_fault(source, "it is encrypted");
	else if (!is_compressed_modestly(source->archive))
		set_fault(
			source,
			"it is a zip archive with a compression other than deflate and bzip2, which can ask for gigabytes of memory");
	return !source->has_fault;
}

bool
source_next(struct source *source)
{
	struct archive_entry *entry;
	int result = ARCHIVE_OK;

	source->pending.length = source->raw.length = source->begun = 0;
	source->is_over = source->is_begun = false;
	source->member = span_of(NULL);
	utf16_free(source->utf16);
	source->utf16 = NULL;
	while (!source->has_fault
	       && (result = archive_read_next_header(source->archive, &entry)) != ARCHIVE_EOF) {
		if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
			set_archive_fault(source);
		} else if (archive_entry_filetype(entry) != AE_IFDIR) {
			return take_entry(source, entry);
		}
	}
	return false;
}

struct span
source_member(const struct source *source)
{
	return source->member;
}

struct span
source_beginning(struct source *source)
{
	if (source->beginning == NULL && (source->beginning = malloc(SOURCE_BEGINNING)) == NULL)
		set_fault(source, "out of memory");
	while (source->beginning != NULL && source->begun < SOURCE_BEGINNING
	       && (source->pending.length > 0 || read_block(source, &source->pending))) {
		const size_t room = SOURCE_BEGINNING - source->begun;
		const size_t part = source->pending.length < room ? source->pending.length : room;

		memcpy(source->beginning + source->begun, source->pending.at, part);
		source->begun += part;
		source->pending = span_from(source->pending, part);
	}
	return source->beginning != NULL ? (struct span){ source->beginning, source->begun } : span_of(NULL);
}

enum source_state
source_read(struct source *source, struct span *octets)
{
	if (source->begun > 0) {
		*octets = (struct span){ source->beginning, source->begun };
		source->begun = 0;
		return SOURCE_OCTETS;
	}
	if (source->pending.length > 0) {
		*octets = source->pending;
		source->pending.length = 0;
		return SOURCE_OCTETS;
	}
	if (read_block(source, octets))
		return SOURCE_OCTETS;
	return source->has_fault ? SOURCE_FAULT : SOURCE_END;
}

const char *
source_fault(const struct source *source)
{
	return source->has_fault ? source->fault.text : NULL;
}

time_t
source_changed(const struct source *source)
{
	return source->changed != 0 ? source->changed : time(NULL);
}

int64_t
source_taken(const struct source *source)
{
	return archive_filter_bytes(source->archive, -1);
}
