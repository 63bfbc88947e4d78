/*
 * again: the checks of a message that was refused, made again now: whether the next one like it would pass,
 * as far as that can be seen without its content.
 */
#ifndef HELOSCOPE_PAGE_AGAIN_H
#define HELOSCOPE_PAGE_AGAIN_H

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/output.h"
#include "heloscope/config/config.h"
#include "heloscope/peer/memory.h"

/*
 * Make them for the client, name, sender and author of the record in `line`, under `config`, and decide for
 * its recipients who were refused. The client's server is looked at within what `peers` allows. Returns the
 * record of that, for free(3), or NULL with the reason. Waits for the DNS; any thread.
 */
char *again_make(struct config *config, const char *line, struct peer_memory *peers,
		 struct error *error) MUST_USE;

/* What came of it, as HTML, of the record that again_make() made: the first sentence, then the rest. Under
 * `config` it was made. `out` has a fault when memory ran out. */
void again_put(const char *line, const struct config *config, struct output *out);

#endif
