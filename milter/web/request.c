#include "heloscope/web/request.h"

#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

const char *
web_request_field(struct evhttp_request *request, const char *name, unsigned *count)
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

/* Of a form on our page browsers say in Origin "null", for our pages tell nobody where one comes from; those
 * that send Sec-Fetch-Site say it there. */
bool
web_request_is_foreign(struct evhttp_request *request)
{
	unsigned count;
	const char *site = web_request_field(request, "Sec-Fetch-Site", &count);
	const char *origin = web_request_field(request, "Origin", &count);
	const char *host = web_request_field(request, "Host", &count);
	const char *begin = origin != NULL ? strstr(origin, "://") : NULL;

	if (site != NULL)
		return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
	return begin != NULL && (host == NULL || strcasecmp(begin + 3, host) != 0);
}

bool
web_request_has_odd_body(struct evhttp_request *request)
{
	unsigned count;

	if (web_request_field(request, "Transfer-Encoding", &count) != NULL)
		return true;
	(void)web_request_field(request, "Content-Length", &count);
	return count > 1;
}
