#include "heloscope/page/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/page/again.h"
#include "heloscope/review/template.h"
#include "heloscope/words/explain.h"

static const char *const page_lines[] = {
#include "page/visitor_page.h"
};

static const struct template template = { page_lines, sizeof page_lines / sizeof page_lines[0] };

static const struct view_words words[VIEWS] = {
	[VIEW_NOTHING] = { 404, "Not Found", "There is nothing here",
			   "No refusal is known under this reference. Check that the link is whole: it ends with a "
			   "reference like 20261124T125000Z-4f2a91c07be3. What is shown here is kept only for a while; "
			   "if your refusal is old, send the mail again." },
	[VIEW_METHOD] = { 405, "Method Not Allowed", "This cannot be done here",
			  "This page can only be viewed, and its button pressed." },
	[VIEW_BAD] = { 400, "Bad Request", "This was not understood",
		       "The request is not one of a browser." },
	[VIEW_FOREIGN] = { 403, "Forbidden", "This came from another site",
			   "A test can only be started with the button on this page." },
	[VIEW_WAIT] = { 429, "Too Many Requests", "Please wait a little",
			"This page was requested very often. Try again in a minute or two." },
	[VIEW_BUSY] = { 503, "Service Unavailable", "Please wait a little",
			"This page is very busy just now. Go back and try again in a minute." },
	[VIEW_TESTING] = { 503, "Service Unavailable", "Please wait a little",
			   "Another test of the same mail server, or of one in its network, is under way. Go back and "
			   "try again in a minute." },
	[VIEW_LATER] = { 503, "Service Unavailable", "Please try again later",
			 "This reference is not among the newest, and older ones are looked for one at a time. Others "
			 "are being looked for just now. Try again in some minutes." },
	[VIEW_FAULT] = { 503, "Service Unavailable", "This does not work just now",
			 "Something is wrong at this site. Try again in some minutes." },
};

const struct view_words *
view_words(enum view_kind kind)
{
	return &words[kind];
}

struct page {
	const struct view_words *words;     /* of other pages; NULL: */
	const struct view_refusal *refusal; /* of a refusal */
};

/* The test. */

static void
put_test_button(const struct page *page, struct output *out)
{
	output_put(
		out,
		"<p>When something was changed, see whether the next mail would pass. The same checks are made "
		"again, now, with what the DNS says now. Your name server's old answers may still be in use "
		"for as long as the old record may be kept (TTL).</p>\n"
		"<form method=\"post\" action=\"%s\"><button type=\"submit\">Test again now</button></form>\n",
		page->refusal->record->ident);
}

static void
put_test_outcome(const struct view_refusal *refusal, struct output *out)
{
	output_put(out, "<div role=\"status\">\n");
	if (refusal->is_testing)
		output_put(
			out,
			"<p class=\"outcome\"><strong>The test is running.</strong> This page shows by itself what comes of it, in some seconds.</p>\n");
	else if (refusal->was_tested && refusal->tested != NULL)
		again_put(refusal->tested, refusal->config, out);
	else if (refusal->was_tested)
		output_put(
			out,
			"<p class=\"outcome unknown\"><span aria-hidden=\"true\">?</span> <strong>The test could not be made.</strong> Something is wrong on our side; try again in some minutes.</p>\n");
	output_put(out, "</div>\n");
}

static void
put_test(const struct page *page, struct output *out)
{
	output_put(
		out,
		"<section class=\"test\" id=\"test\" aria-labelledby=\"test-title\">\n<h2 id=\"test-title\">Test again</h2>\n");
	put_test_outcome(page->refusal, out);
	if (!page->refusal->is_testing)
		put_test_button(page, out);
	output_put(out, "</section>\n");
}

/* The page. */

static const char *
title_of(const struct page *page)
{
	return page->words != NULL ? page->words->title : "Your mail was refused";
}

static void
put_content(const struct page *page, struct output *out)
{
	const bool is_tested =
		page->refusal != NULL && (page->refusal->is_testing || page->refusal->was_tested);

	output_put(out, "<main>\n<h1>%s</h1>\n", title_of(page));
	if (page->words != NULL) {
		output_put(out, "<p>%s</p>\n</main>\n", page->words->text);
		return;
	}
	if (is_tested) /* what came of it is what the visitor wants to see now */
		put_test(page, out);
	if (is_tested)
		output_put(out, "<h2>When it was refused</h2>\n");
	explain_refusal(page->refusal->record, !is_tested, out);
	if (!is_tested)
		put_test(page, out);
	explain_refusal_found(page->refusal->record, out);
	output_put(out, "</main>\n<footer><p>Reference: %s</p></footer>\n", page->refusal->record->ident);
}

static void
fill(const char *mark, struct output *out, const void *context)
{
	const struct page *page = context;
	struct output content = { .file = out->file, .is_utf8 = true, .is_markup = true };

	if (strcmp(mark, "@TITLE@\n") == 0)
		output_put(&content, "<title>%s</title>\n", title_of(page));
	else if (strcmp(mark, "@CONTENT@\n") == 0)
		put_content(page, &content);
	else if (page->refusal != NULL && page->refusal->is_testing)
		output_put(&content, "<meta http-equiv=\"refresh\" content=\"2\">\n");
	out->fault = out->fault != 0 ? out->fault : content.fault;
}

static char *
make(const struct page *page, size_t *length)
{
	char *text = NULL;
	struct output out = { .file = open_memstream(&text, length) };

	if (out.file == NULL)
		return NULL;
	template_put(&template, &out, fill, page);
	if (output_close(&out))
		return text;
	free(text);
	return NULL;
}

char *
view_make(enum view_kind kind, size_t *length)
{
	return make(&(struct page){ .words = &words[kind] }, length);
}

bool
view_is_refusal(const struct message_record *record)
{
	for (size_t i = 0; i < record->recipient_count; i++)
		if (explain_was_told(&record->verdicts[record->recipients[i].verdict]))
			return true;
	return false;
}

char *
view_make_refusal(const struct view_refusal *refusal, size_t *length)
{
	return make(&(struct page){ .refusal = refusal }, length);
}

bool
view_add_policy(struct strbuf *policy)
{
	strbuf_add(policy, "default-src 'none'; style-src 'sha256-");
	if (!template_hash_style(&template, policy))
		return false;
	strbuf_add(policy, "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
	return true;
}
