/*
 * page_serve: the page behind the reference, served over HTTP to the site's own web server.
 */
#ifndef HELOSCOPE_PAGE_SERVE_H
#define HELOSCOPE_PAGE_SERVE_H

#include <stdbool.h>

#include "heloscope/base/must_use.h"
#include "heloscope/page/site.h"

/* Serve on the socket `fd`, which is taken, until SIGTERM or SIGINT. False with the reason in the log. Once.
 */
bool page_serve(int fd, struct site *site) MUST_USE;

#endif
