#include "heloscope/cli/control.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/strbuf.h"
#include "heloscope/cli/cli.h"
#include "heloscope/daemon/listener.h"

#define ANSWER_MAX (64U << 20) /* octets */
#define TIMEOUT_MS 10000L
#define URL_SIZE 200

static size_t
take_text(char *data, size_t size, size_t count, void *context)
{
	struct control_answer *answer = context;
	const size_t length = size * count;
	char *longer = length <= ANSWER_MAX - answer->length
			       ? realloc(answer->text, answer->length + length + 1)
			       : NULL;

	if (longer == NULL)
		return 0; /* which ends the transfer */
	memcpy(longer + answer->length, data, length);
	answer->text = longer;
	answer->length += length;
	longer[answer->length] = '\0';
	return length;
}

/* The URL at a port, "inet:8892@127.0.0.1"; of a unix socket the host does not matter. */
static void
write_url(const char *control, const char *path, struct strbuf *url)
{
	const char *port = strchr(control, ':') + 1;
	const int length = (int)strcspn(port, "@");
	const bool is_ipv6 = strncmp(control, "inet6:", 6) == 0;

	if (listener_path(control) != NULL)
		strbuf_printf(url, "http://localhost%s", path);
	else
		strbuf_printf(url, is_ipv6 ? "http://[%s]:%.*s%s" : "http://%s:%.*s%s", port + length + 1,
			      length, port, path);
}

/* What keeps us from the filter. */
static void
explain(CURL *transfer, CURLcode result, const char *control, struct error *error)
{
	long reason = 0;

	(void)curl_easy_getinfo(transfer, CURLINFO_OS_ERRNO, &reason);
	if (result != CURLE_COULDNT_CONNECT)
		error_set(error, "%s: %s", control, curl_easy_strerror(result));
	else if (reason == EACCES)
		error_set(
			error,
			"%s may not be used by you: become root, or the user that the filter runs as, or a member of the group of the socket",
			control);
	else if (reason == ENOENT || reason == ECONNREFUSED)
		error_set(
			error,
			"nobody answers on %s: heloscope-milter does not run, or was started before its configuration had this line, or could not make the socket, which its log says then",
			control);
	else
		error_set(error, "%s cannot be reached: %s", control,
			  reason != 0 ? strerror((int)reason) : curl_easy_strerror(result));
}

static void
set_options(CURL *transfer, const char *control, const char *url, const char *body,
	    struct control_answer *answer)
{
	(void)curl_easy_setopt(transfer, CURLOPT_URL, url);
	(void)curl_easy_setopt(transfer, CURLOPT_PROTOCOLS_STR, "http");
	(void)curl_easy_setopt(transfer, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(transfer, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
	(void)curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, take_text);
	(void)curl_easy_setopt(transfer, CURLOPT_WRITEDATA, answer);
	if (listener_path(control) != NULL)
		(void)curl_easy_setopt(transfer, CURLOPT_UNIX_SOCKET_PATH, listener_path(control));
	if (body != NULL)
		(void)curl_easy_setopt(transfer, CURLOPT_POSTFIELDS, body);
}

bool
control_ask(const char *control, const char *path, const char *body, struct control_answer *answer,
	    struct error *error)
{
	CURL *transfer = curl_easy_init();
	struct control_answer came = { .text = calloc(1, 1) };
	char memory[URL_SIZE];
	struct strbuf url = STRBUF_OVER(memory);
	CURLcode result = CURLE_OUT_OF_MEMORY;

	error_set(error, "out of memory");
	write_url(control, path, &url);
	if (transfer != NULL && came.text != NULL) {
		set_options(transfer, control, memory, body, &came);
		result = curl_easy_perform(transfer);
		(void)curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &came.code);
		if (result != CURLE_OK)
			explain(transfer, result, control, error);
	}
	curl_easy_cleanup(transfer);
	if (result == CURLE_OK)
		*answer = came;
	else
		free(came.text);
	return result == CURLE_OK;
}

bool
control_ask_filter(const char *command, const char *config, const char *path, const char *body,
		   struct control_answer *answer)
{
	struct config *read = cli_config_of_filter(config);
	struct error error;
	bool is_answered = false;

	if (read == NULL)
		return false;
	if (read->control == NULL)
		error_set(
			&error,
			"the configuration %s does not say control; add the line: control \"unix:/run/heloscope/control.sock\", and restart heloscope-milter",
			config);
	else
		is_answered = control_ask(read->control, path, body, answer, &error);
	if (is_answered && answer->code != 200) {
		error_set(&error, "%.400s", answer->text);
		error.text[strcspn(error.text, "\n")] = '\0';
		free(answer->text);
		is_answered = false;
	}
	if (!is_answered)
		output_put(output_errors(), "heloscope %s: %s\n", command, error.text);
	config_unref(read);
	return is_answered;
}
