/*
 * record_log_read: all records of a log of records, on as many threads as there are processors.
 *
 * Most of the work is what is made of a line, so a log is taken in blocks: each block's records go into a
 * part of the sum, and the parts are put together in the order of the log. What depends on what stood before
 * is found out then. A part is of no more than about a megabyte of lines, and there are no more parts at a
 * time than threads.
 */
#ifndef HELOSCOPE_RECORDS_SCAN_H
#define HELOSCOPE_RECORDS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/span.h"
#include "heloscope/records/file.h"

/* Takes a line. Returns false when it is no record: then it is counted as passed over. */
typedef bool record_log_take(void *part, struct span line);

/* Who reads. */
struct record_log_reader {
	record_log_take *take; /* on any thread, but on one for a part */
	void *context;
	void *(*begin_part)(void *context); /* NULL: all is read in order, and the part is `context` */
	void (*end_part)(void *context, void *part); /* in the order of the log, one at a time; frees it */
	/* How many more octets of the files were read, now and then, on any thread; or NULL. */
	void (*tell)(void *told, int64_t octets);
	void *told;
};

struct record_log_reading {
	size_t passed_over; /* lines that are no record, or too long for one */
	bool has_fault;     /* a file could not be read, or not to its end, or memory ran out; */
	struct error fault; /* the first that was so, and why */
};

/* Read all records of `files`, from the first to the last. */
void record_log_read(const struct record_files *files, const struct record_log_reader *reader,
		     struct record_log_reading *reading);

#endif
