/*
 * html: the text of a page that a program has sent, in lines. No allocation; any thread.
 */
#ifndef HELOSCOPE_MAILS_HTML_H
#define HELOSCOPE_MAILS_HTML_H

#include "heloscope/base/span.h"

/*
 * Write what is read of `html` into `out`, which takes as many octets as that has: tags go, blocks begin a
 * line, scripts and styles are left out. Returns how many octets there are.
 */
size_t html_read(struct span html, char *out) MUST_USE;

#endif
