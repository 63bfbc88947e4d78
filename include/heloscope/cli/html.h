/*
 * html: a page of HTML that loads nothing from the network, written to a file.
 *
 * A page is a template, in lines, as make makes them of milter/review/NAME.html: the line @CONTENT@ stands
 * for what the command has to say, @POLICY@ for the content security policy, which allows the page's own
 * style sheet and script by their hashes and nothing else. One thread.
 */
#ifndef HELOSCOPE_CLI_HTML_H
#define HELOSCOPE_CLI_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/output.h"
#include "heloscope/review/template.h"

struct html {
	struct template template; /* @CONTENT@ stands for what the command has to say */
	bool is_markup;           /* the content is HTML in printable UTF-8, else what a script reads */
	void (*put)(struct output *out, const void *context);
	const void *context;
};

/* False when the file could not be written whole: then it is as it was, and the reason was told in the name
 * of `command`. */
bool html_write(const char *command, const char *path, const struct html *page) MUST_USE;

#endif
