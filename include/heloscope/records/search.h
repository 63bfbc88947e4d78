/*
 * record_search: finds the last records in a log of records by what people know of a message when they lack
 * its reference: all of the log is read. For a reference there is heloscope/records/find.h.
 */
#ifndef HELOSCOPE_RECORDS_SEARCH_H
#define HELOSCOPE_RECORDS_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/records/scan.h"

enum record_wanted {
	RECORD_ANY,
	RECORD_OF_QUEUE_ID,
	RECORD_OF_MAILBOX, /* sender, in any of its readings, or recipient; letters in any case, and so below
			    */
	RECORD_OF_CLIENT,  /* the IP address */
	RECORD_OF_HOST,    /* the client's verified name, or the one it gave as HELO */
};

#define RECORD_MATCHES_MAX 1000 /* that can be asked for */

struct record_matches {
	char *lines[RECORD_MATCHES_MAX]; /* the last ones, in the order of the log */
	size_t count;
	size_t total; /* that there are */
};

/*
 * Keep the last `most` records, at least 1, of the log at `path` and its rotated files that are as wanted;
 * `text` is NULL for RECORD_ANY. `matches` is for record_matches_clear() in any case, and holds what was
 * found although `reading` has a fault.
 */
void record_search(const char *path, enum record_wanted wanted, const char *text, size_t most,
		   struct record_matches *matches, struct record_log_reading *reading);
void record_matches_clear(struct record_matches *matches);

#endif
