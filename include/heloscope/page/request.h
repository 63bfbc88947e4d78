/*
 * page_request: what a request to the page asks for, and who sends it, as the site's own web server tells.
 * No state; any thread.
 */
#ifndef HELOSCOPE_PAGE_REQUEST_H
#define HELOSCOPE_PAGE_REQUEST_H

#include <stdbool.h>

#include "heloscope/base/ident.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/page/view.h"

struct evhttp_request;

/* Whether it is one that can be answered; else with what, in `kind`. */
bool page_request_is_good(struct evhttp_request *request, enum view_kind *kind);

/* The reference: the last part of the path. False, with `ident` one that nobody has, when it is none. */
bool page_request_ident(const char *uri, char ident[IDENT_SIZE]);

/*
 * The visitor's address: X-Real-IP, which the web server sets, and nothing else: of two fields one could be
 * the visitor's own. 0.0.0.0 without it, or with several.
 */
struct ipaddr page_request_visitor(struct evhttp_request *request);

#endif
