#include "heloscope/page/request.h"

#include <event2/http.h>
#include <string.h>

#include "heloscope/base/span.h"
#include "heloscope/web/request.h"

bool
page_request_ident(const char *uri, char ident[IDENT_SIZE])
{
	const size_t length = strcspn(uri, "?#");
	size_t begin = length;

	while (begin > 0 && uri[begin - 1] != '/')
		begin--;
	if (length - begin == IDENT_SIZE - 1) {
		memcpy(ident, uri + begin, IDENT_SIZE - 1);
		ident[IDENT_SIZE - 1] = '\0';
		if (ident_is_beginning(ident, IDENT_SIZE - 1))
			return true;
	}
	/* It is looked for all the same: a visitor does not see, not even by the time that it takes, why
	 * nothing is found. */
	ident_make(ident);
	return false;
}

struct ipaddr
page_request_visitor(struct evhttp_request *request)
{
	struct ipaddr address;
	unsigned count;
	const char *value = web_request_field(request, "X-Real-IP", &count);

	return count == 1 && ipaddr_parse(span_trim(span_of(value)), &address) ? address
									       : ipaddr_from_ipv4(0);
}

bool
page_request_is_good(struct evhttp_request *request, enum view_kind *kind)
{
	const enum evhttp_cmd_type type = evhttp_request_get_command(request);

	*kind = VIEW_METHOD;
	if (type != EVHTTP_REQ_GET && type != EVHTTP_REQ_HEAD && type != EVHTTP_REQ_POST)
		return false;
	*kind = VIEW_BAD;
	if (web_request_has_odd_body(request))
		return false;
	*kind = VIEW_FOREIGN;
	return type != EVHTTP_REQ_POST || !web_request_is_foreign(request);
}
