/*
 * surroundings: whether this host has what a configuration names: users, groups, directories, files, and
 * whether the filter's user may use them.
 *
 * What is judged is what is there now; nothing is made or opened. Any thread.
 */
#ifndef HELOSCOPE_DAEMON_SURROUNDINGS_H
#define HELOSCOPE_DAEMON_SURROUNDINGS_H

#include <stdbool.h>

#include "heloscope/config/config.h"

/*
 * Write a line for each thing that is missing or out of reach to `messages`, with what can be done about it,
 * and the line of the setting that names it: "PATH:LINE: ...", "PATH:LINE: warning: ..." for what would not
 * keep the filter from starting, or may be made until then. `path` is the configuration's. When it
 * `is_filter` that looks, at its start or when it reads its configuration again, the process is its user
 * already, and sees what its sandbox lets it do; else the one whom it would become is judged, and what the
 * package makes may still be missing: the user "heloscope" and the directories of its service. Returns false
 * when the filter would not start.
 */
bool surroundings_check(const struct config *config, const char *path, bool is_filter,
			struct output *messages);

#endif
