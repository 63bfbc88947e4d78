/*
 * words_helo: why a name is none to give with HELO, in words. Any thread.
 */
#ifndef HELOSCOPE_WORDS_HELO_H
#define HELOSCOPE_WORDS_HELO_H

#include "heloscope/base/domain.h"

struct strbuf;

/* Add what goes behind "is", as in "a host name without a domain", of what was given with HELO (NULL: a
 * record does not tell); not longer than HELO_FAULT_SIZE. */
#define HELO_FAULT_SIZE 120
void helo_add_fault(enum helo_fault fault, const char *given, struct strbuf *text);

#endif
