/*
 * resolver_words: what the administrator is told of the self-test of the resolver. Any thread; no state.
 */
#ifndef HELOSCOPE_WORDS_RESOLVER_WORDS_H
#define HELOSCOPE_WORDS_RESOLVER_WORDS_H

#include "heloscope/base/strbuf.h"
#include "heloscope/dns/resolver_report.h"
#include "heloscope/lists/health.h"

/* What stands in a sentence. */
struct resolver_values {
	const char *servers; /* "name server 192.0.2.53", see resolver_words_servers() */
	const char *lists;   /* "bl.example, dbl.example" */
	const char *file;    /* the trust anchor */
	const char *keys;    /* "38696" */
	unsigned ms;
};

/* Add who is meant: "name servers 192.0.2.53, 192.0.2.54", or "root server ..." when the resolver begins at
 * the root; of none given, all. */
void resolver_words_servers(struct strbuf *text, const struct name_server *servers, size_t count,
			    bool is_recursive);

/* Add sentences on a fault: what it means and what to do. Nothing for what is none. */
void resolver_words_tell(struct strbuf *text, enum resolver_finding finding,
			 const struct resolver_values *values);

/* The same of an anchor of which only the file is known; false when there is nothing wrong with it. */
bool resolver_words_tell_anchor(struct strbuf *text, const char *file);

/* Whether it matters for this configuration, whose resolver was tested. */
bool resolver_words_is_fault(const struct resolver_report *report, enum resolver_test test,
			     const struct config *config);
size_t resolver_words_faults(const struct resolver_report *report, const struct config *config);

/*
 * Lines in the log: one for each fault, and one that says what that means for the lists. With `before` only
 * what differs from that.
 */
void resolver_words_log(const struct resolver_report *report, const struct resolver_report *before,
			struct list_health *health);

#endif
