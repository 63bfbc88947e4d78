#include "heloscope/review/template.h"

#include <string.h>

#include "heloscope/base/base64.h"
#include "heloscope/dkim/hasher.h"

/* The hash of what stands between two lines, with the line end behind the first. */
static bool
hash_element(const struct template *template, const char *begin, const char *end, struct strbuf *hash)
{
	struct dkim_mark whole = { .at = UINT64_MAX };
	struct dkim_hasher hasher;
	bool is_within = false;

	dkim_hasher_init(&hasher, &whole, 1);
	for (size_t i = 0; i < template->count; i++) {
		is_within = is_within && strcmp(template->lines[i], end) != 0;
		if (is_within)
			dkim_hasher_add_span(&hasher, span_of(template->lines[i]));
		if (strcmp(template->lines[i], begin) == 0) {
			is_within = true;
			dkim_hasher_add(&hasher, '\n');
		}
	}
	dkim_hasher_finish(&hasher);
	base64_add(hash, whole.hash, sizeof whole.hash);
	dkim_hasher_clear(&hasher);
	return !hasher.has_failed;
}

bool
template_hash_style(const struct template *template, struct strbuf *hash)
{
	return hash_element(template, "<style>\n", "</style>\n", hash);
}

bool
template_hash_script(const struct template *template, struct strbuf *hash)
{
	return hash_element(template, "<script>\n", "</script>\n", hash);
}

/* "@CONTENT@"; style sheets have lines that only begin so. */
static bool
is_mark(struct span line)
{
	return line.length > 2 && line.at[0] == '@' && line.at[line.length - 2] == '@';
}

void
template_put(const struct template *template, struct output *out,
	     void (*fill)(const char *mark, struct output *out, const void *context), const void *context)
{
	for (size_t i = 0; i < template->count; i++) {
		if (is_mark(span_of(template->lines[i])))
			fill(template->lines[i], out, context);
		else
			output_lines(out, span_of(template->lines[i]));
	}
}
