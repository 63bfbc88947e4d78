/*
 * template: pages of HTML as make writes them of NAME.html, a string for each line. A line that begins with
 * "@" stands for what is filled in; it ends with "\n" as all do.
 *
 * A page has one style sheet and one script at most, each between lines of their own; their hashes are for a
 * content security policy, which allows nothing else. Any thread.
 */
#ifndef HELOSCOPE_REVIEW_TEMPLATE_H
#define HELOSCOPE_REVIEW_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"

#define TEMPLATE_HASH_SIZE 64 /* octets of a hash in base64 */

struct template
{
	const char *const *lines;
	size_t count;
};

/* Add the hash, SHA-256 in base64, of the style sheet or of the script. False when memory ran out. */
bool template_hash_style(const struct template *template, struct strbuf *hash) MUST_USE;
bool template_hash_script(const struct template *template, struct strbuf *hash) MUST_USE;

/* Write it; `fill` writes what a line stands for, as "@CONTENT@\n". */
void template_put(const struct template *template, struct output *out,
		  void (*fill)(const char *mark, struct output *out, const void *context),
		  const void *context);

#endif
