/*
 * site: the configuration under which the page answers, and the log of records that it looks into. It is read
 * again when its file has changed; with errors the one before stays in use. One thread, that of the loop.
 */
#ifndef HELOSCOPE_PAGE_SITE_H
#define HELOSCOPE_PAGE_SITE_H

#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/config/config.h"

struct site;

/* `path` of the configuration and `log`, that of another log of records or NULL, must stay. NULL, with the
 * reason in the log, when there are errors, or no log is named. */
struct site *site_new(const char *path, const char *log) MUST_USE;
void site_free(struct site *site); /* NULL is allowed */

/* Look, now and then, whether the file has changed; it is clock_now_ms(). */
void site_look(struct site *site, uint64_t now_ms);

/* Read it again, whether or not it has. */
void site_reload(struct site *site);

/* Good until the next two of above; who needs it longer takes a reference. */
struct config *site_config(const struct site *site);

/* The log of records, likewise good as long as that configuration. */
const char *site_log(const struct site *site);

#endif
