/*
 * results: what came of the tests from the page, by reference: a fixed number of them. One thread, that of
 * the loop; a test that goes on is not forgotten before it has ended.
 */
#ifndef HELOSCOPE_PAGE_RESULTS_H
#define HELOSCOPE_PAGE_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/ident.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/base/must_use.h"

#define RESULT_STAYS_MS 60000 /* no new test of that reference, and it is remembered */

struct outcome {
	char ident[IDENT_SIZE]; /* "": free */
	struct ipaddr client;   /* of which the test is */
	bool is_running;
	char *line; /* the record that came of it; NULL: none did */
	uint64_t begun_ms;
};

/* All zero at first. */
struct results {
	struct outcome items[BOUND_PAGE_RESULTS];
	size_t running;
};

void results_clear(struct results *results);

/* That of a reference, or NULL. */
struct outcome *results_find(struct results *results, const char *ident);

/* Whether a test of the reference is under way, or was begun less than a minute ago: no other is begun then.
 */
bool results_has_new(struct results *results, const char *ident, uint64_t now_ms) MUST_USE;

/* Whether a test of the client, or of another in its network (/24 or /48), is under way: one that lasts, for
 * its servers do not answer, is to leave room to others. */
bool results_is_testing(const struct results *results, const struct ipaddr *client) MUST_USE;

/* Begin a test, in a place of its own. NULL when as many are running as may, or one of that network is, none
 * can be forgotten, or one of this reference is too new. */
struct outcome *results_begin(struct results *results, const char *ident, const struct ipaddr *client,
			      uint64_t now_ms) MUST_USE;

/* It has ended; takes `line`, which may be NULL. */
void results_end(struct results *results, struct outcome *result, char *line);

#endif
