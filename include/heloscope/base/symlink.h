/*
 * symlink: names that lead elsewhere.
 *
 * Whoever may write in a directory can make of a name in it a link to any file. A command for root that
 * follows it, as chown(1), chmod(1) and install(1) do, would give that file away: of a link it is said that
 * it is one, and no such command is proposed. Any thread.
 */
#ifndef HELOSCOPE_BASE_SYMLINK_H
#define HELOSCOPE_BASE_SYMLINK_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/strbuf.h"

/* Add "a symbolic link to /etc/passwd" when `path` is one; false, with `text` as it was, when it is none. */
bool symlink_tell(const char *path, struct strbuf *text) MUST_USE;

#endif
