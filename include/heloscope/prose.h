/*
 * prose: text for people, on lines of 80 columns.
 */
#ifndef HELOSCOPE_PROSE_H
#define HELOSCOPE_PROSE_H

#include <stddef.h>
#include <stdio.h>

/*
 * Write `words`, broken between words, and a line end. The first line goes on at `column`, each
 * further one stands behind `indent` blanks. A word that is too long for a line gets one of its own.
 */
void prose_wrap(FILE *out, const char *words, size_t column, size_t indent);

#endif
