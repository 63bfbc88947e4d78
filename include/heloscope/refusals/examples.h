/*
 * examples: whether a catalogue keeps its word: each entry has to recognize the reply that it gives as an
 * example.
 */
#ifndef HELOSCOPE_REFUSALS_EXAMPLES_H
#define HELOSCOPE_REFUSALS_EXAMPLES_H

#include "heloscope/base/output.h"
#include "heloscope/refusals/catalogue.h"

/*
 * Whether each entry recognizes its own example, alone and at the first server of its operator, and no other
 * entry does so as well. Returns how many do not; each is told on `messages`, a line each. An entry without
 * example proves nothing.
 */
size_t recognize_examples(const struct catalogue *catalogue, struct output *messages);

#endif
