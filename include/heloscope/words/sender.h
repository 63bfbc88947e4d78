/*
 * words_sender: whether the domain of a sender can receive bounces, in words. Any thread.
 */
#ifndef HELOSCOPE_WORDS_SENDER_H
#define HELOSCOPE_WORDS_SENDER_H

#include "heloscope/facts/facts.h"

/* What goes behind "the domain: ". */
const char *sender_text(const struct sender_facts *facts);

#endif
