#include "heloscope/page/request.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <string.h>
#include <strings.h>

#include "heloscope/base/span.h"

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

/* The last field of that name, and how many there are. */
static const char *
last_field(struct evhttp_request *request, const char *name, unsigned *count)
{
	const struct evkeyvalq *fields = evhttp_request_get_input_headers(request);
	const char *value = NULL;

	*count = 0;
	for (const struct evkeyval *field = fields->tqh_first; field != NULL; field = field->next.tqe_next) {
		if (strcasecmp(field->key, name) != 0)
			continue;
		value = field->value;
		++*count;
	}
	return value;
}

struct ipaddr
page_request_visitor(struct evhttp_request *request)
{
	struct ipaddr address;
	unsigned count;
	const char *value = last_field(request, "X-Real-IP", &count);

	return count == 1 && ipaddr_parse(span_trim(span_of(value)), &address) ? address
									       : ipaddr_from_ipv4(0);
}

/* Whether a page of another site had it sent. Of a form on ours browsers say in Origin "null", for our pages
 * tell nobody where one comes from; those that send Sec-Fetch-Site say it there. */
static bool
is_foreign(struct evhttp_request *request)
{
	unsigned count;
	const char *site = last_field(request, "Sec-Fetch-Site", &count);
	const char *origin = last_field(request, "Origin", &count);
	const char *host = last_field(request, "Host", &count);
	const char *begin = origin != NULL ? strstr(origin, "://") : NULL;

	if (site != NULL)
		return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
	return begin != NULL && (host == NULL || strcasecmp(begin + 3, host) != 0);
}

/* Whether two readers of it could see another end of its body: a web server in front, and this one. */
static bool
has_odd_body(struct evhttp_request *request)
{
	unsigned count;

	if (last_field(request, "Transfer-Encoding", &count) != NULL)
		return true;
	(void)last_field(request, "Content-Length", &count);
	return count > 1;
}

bool
page_request_is_good(struct evhttp_request *request, enum view_kind *kind)
{
	const enum evhttp_cmd_type type = evhttp_request_get_command(request);

	*kind = VIEW_METHOD;
	if (type != EVHTTP_REQ_GET && type != EVHTTP_REQ_HEAD && type != EVHTTP_REQ_POST)
		return false;
	*kind = VIEW_BAD;
	if (has_odd_body(request))
		return false;
	*kind = VIEW_FOREIGN;
	return type != EVHTTP_REQ_POST || !is_foreign(request);
}
