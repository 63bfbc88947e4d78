/*
 * web_request: what a request says of itself, read with care. No state; any thread.
 */
#ifndef HELOSCOPE_WEB_REQUEST_H
#define HELOSCOPE_WEB_REQUEST_H

#include <stdbool.h>

struct evhttp_request;

/* The last field of that name, or NULL, and how many there are. */
const char *web_request_field(struct evhttp_request *request, const char *name, unsigned *count);

/* Whether a page of another site had it sent, as far as the browser says so. */
bool web_request_is_foreign(struct evhttp_request *request);

/* Whether two readers of it could see another end of its body: a server in front, and this one. */
bool web_request_has_odd_body(struct evhttp_request *request);

#endif
