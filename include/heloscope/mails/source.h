/*
 * source: what a command was given to read, as plain octets: a file or standard input, as it is or
 * compressed once (gzip, bzip2, zstd, xz), or the files of a zip archive; or an attachment that is in memory.
 * Text in UTF-16 with a byte order mark, as Windows saves it, becomes UTF-8; the mark goes, also that of
 * UTF-8.
 *
 * Reads in blocks as they come and holds none but the last, so that 10 GB take no more memory than 10 kB.
 * What expands to far more than it is, a bomb, ends with a fault, and so does a member of a zip archive that
 * is compressed by what may ask for gigabytes (LZMA, PPMd); what came before it was handed out. A thousand
 * small bombs are no better than a large one, so that what they may expand to is that of a run. One thread at
 * a time.
 */
#ifndef HELOSCOPE_MAILS_SOURCE_H
#define HELOSCOPE_MAILS_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

/* Octets of a beginning that source_beginning() shows. */
#define SOURCE_BEGINNING 65536

/* What compressed octets may yet expand to beyond their proportion, all of a run together. */
struct expansion {
	int64_t left;
};

struct expansion expansion_of_run(void);

struct source;

enum source_state {
	SOURCE_OCTETS,
	SOURCE_END,   /* of this member */
	SOURCE_FAULT, /* then for ever; see source_fault() */
};

/*
 * Open the file at `path`, or "-", standard input. NULL with the reason, without the path. It stands before
 * the first member. `expansion` outlives it.
 */
struct source *source_open(const char *path, struct expansion *expansion, struct error *reason) MUST_USE;

/* The same for octets, which must outlive the source: those of an attachment, decoded. */
struct source *source_open_octets(struct span octets, struct expansion *expansion,
				  struct error *reason) MUST_USE;

void source_free(struct source *source); /* NULL is allowed */

/*
 * Go to the next member, whatever is left of this one: an archive may have many, all else has one, and what
 * is empty none. Directories are passed over. False at the end, and where a fault is.
 */
bool source_next(struct source *source) MUST_USE;

/* The name that an archive gives the member, also one that is a fault, of any octets; else empty. Good until
 * source_next(). */
struct span source_member(const struct source *source);

/* The first octets of the member, SOURCE_BEGINNING or all; before the first source_read(), which hands them
 * out again. */
struct span source_beginning(struct source *source);

/* The next octets of the member, one or more, which are good until the next call. */
enum source_state source_read(struct source *source, struct span *octets) MUST_USE;

/* Why reading failed, as "it is damaged, or was cut"; NULL when it did not. */
const char *source_fault(const struct source *source);

/* When it was written last, as far as is known; else now. */
time_t source_changed(const struct source *source);

/* How many octets of it were taken, as they stand there, compressed or not. */
int64_t source_taken(const struct source *source);

#endif
