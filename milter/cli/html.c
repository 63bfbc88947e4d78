#include "heloscope/cli/html.h"

#include <errno.h>
#include <string.h>

#include "heloscope/base/new_file.h"

#define PAGE_MODE 0666 /* less the umask, as of any document */

static void
put_policy(struct output *out, const struct html *page)
{
	char style_memory[TEMPLATE_HASH_SIZE], script_memory[TEMPLATE_HASH_SIZE];
	struct strbuf style = STRBUF_OVER(style_memory), script = STRBUF_OVER(script_memory);

	if (!template_hash_style(&page->template, &style) || !template_hash_script(&page->template, &script))
		out->fault = ENOMEM;
	output_put(
		out,
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
		"form-action 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'\">\n",
		style_memory, script_memory);
}

static void
put_content(struct output *out, const struct html *page)
{
	struct output content = { .file = out->file,
				  .is_utf8 = page->is_markup,
				  .is_markup = page->is_markup };

	page->put(&content, page->context);
	out->fault = out->fault != 0 ? out->fault : content.fault;
}

static void
fill(const char *mark, struct output *out, const void *context)
{
	const struct html *page = context;

	if (strcmp(mark, "@POLICY@\n") == 0)
		put_policy(out, page);
	else
		put_content(out, page);
}

static bool
put_page(FILE *file, const void *context)
{
	const struct html *page = context;
	struct output out = { .file = file };

	template_put(&page->template, &out, fill, page);
	errno = output_flush(&out) ? errno : out.fault;
	return out.fault == 0;
}

bool
html_write(const char *command, const char *path, const struct html *page)
{
	const int fault = new_file_write(path, PAGE_MODE, put_page, page);

	if (fault != 0)
		output_put(output_errors(), "heloscope %s: %s: %s\n", command, path,
			   fault == ELOOP ? "it is a symbolic link" : strerror(fault));
	return fault == 0;
}
