/*
 * page_listen: the socket on which the site's web server finds the page: a unix socket, or a port of
 * loopback, so that nobody else reaches it.
 */
#ifndef HELOSCOPE_PAGE_LISTEN_H
#define HELOSCOPE_PAGE_LISTEN_H

#include "heloscope/base/must_use.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/daemon/listener.h"

/* Turn "unix:/PATH" or "ADDRESS:PORT" into what listener_make() takes. False with the reason for anything
 * else. */
bool page_listen_read(const char *listen, struct strbuf *out, struct error *error) MUST_USE;

/* Listen there, with listener_make(), which needs `account`; the descriptor, or -1 with the reason. Once. */
int page_listen(const char *listen, const struct service_account *account, struct error *error) MUST_USE;

#endif
