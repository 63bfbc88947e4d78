#include "heloscope/cli/page.h"

#include <errno.h>
#include <string.h>

#include "heloscope/base/base64.h"
#include "heloscope/base/new_file.h"
#include "heloscope/dkim/hasher.h"

#define PAGE_MODE 0666 /* less the umask, as of any document */
#define HASH_SIZE 64   /* octets of a hash in base64 */

/* The hash of what stands between two lines, "<style>" and "</style>", with the line end behind the first. */
static bool
hash_element(const struct page *page, const char *begin, const char *end, struct strbuf *hash)
{
	struct dkim_mark whole = { .at = UINT64_MAX };
	struct dkim_hasher hasher;
	bool is_within = false;

	dkim_hasher_init(&hasher, &whole, 1);
	for (size_t i = 0; i < page->count; i++) {
		is_within = is_within && strcmp(page->lines[i], end) != 0;
		if (is_within)
			dkim_hasher_add_span(&hasher, span_of(page->lines[i]));
		if (strcmp(page->lines[i], begin) == 0) {
			is_within = true;
			dkim_hasher_add(&hasher, '\n');
		}
	}
	dkim_hasher_finish(&hasher);
	base64_add(hash, whole.hash, sizeof whole.hash);
	dkim_hasher_clear(&hasher);
	return !hasher.has_failed;
}

static void
put_policy(struct output *out, const struct page *page)
{
	char style_memory[HASH_SIZE], script_memory[HASH_SIZE];
	struct strbuf style = STRBUF_OVER(style_memory), script = STRBUF_OVER(script_memory);

	if (!hash_element(page, "<style>\n", "</style>\n", &style)
	    || !hash_element(page, "<script>\n", "</script>\n", &script))
		out->fault = ENOMEM;
	output_put(
		out,
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
		"form-action 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'\">\n",
		style_memory, script_memory);
}

static void
put_content(struct output *out, const struct page *page)
{
	struct output content = { .file = out->file,
				  .is_utf8 = page->is_markup,
				  .is_markup = page->is_markup };

	page->put(&content, page->context);
	out->fault = out->fault != 0 ? out->fault : content.fault;
}

static bool
put_page(FILE *file, const void *context)
{
	const struct page *page = context;
	struct output out = { .file = file };

	for (size_t i = 0; i < page->count; i++) {
		if (strcmp(page->lines[i], "@POLICY@\n") == 0)
			put_policy(&out, page);
		else if (strcmp(page->lines[i], "@CONTENT@\n") == 0)
			put_content(&out, page);
		else
			output_lines(&out, span_of(page->lines[i]));
	}
	errno = output_flush(&out) ? errno : out.fault;
	return out.fault == 0;
}

bool
page_write(const char *command, const char *path, const struct page *page)
{
	const int fault = new_file_write(path, PAGE_MODE, put_page, page);

	if (fault != 0)
		output_put(output_errors(), "heloscope %s: %s: %s\n", command, path,
			   fault == ELOOP ? "it is a symbolic link" : strerror(fault));
	return fault == 0;
}
