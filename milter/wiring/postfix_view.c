#include "heloscope/wiring/postfix_view.h"

#include <string.h>

static enum attachment
attachment_of(const struct postfix_view *view, size_t item)
{
	return attached_compare(view->items[item].address, view->wiring->config->listen, &view->vantage);
}

/* Find ours: the first that leads to the filter, else the first that is meant to. */
static void
find_ours(struct postfix_view *view)
{
	view->ours = view->count;
	view->attachment = ATTACHMENT_OTHER;
	for (size_t i = 0; i < view->count && view->attachment != ATTACHMENT_OURS; i++) {
		const enum attachment attachment = attachment_of(view, i);

		if (attachment == ATTACHMENT_OURS
		    || (attachment != ATTACHMENT_OTHER && view->attachment == ATTACHMENT_OTHER)) {
			view->ours = i;
			view->attachment = attachment;
		}
	}
}

struct postfix_view
postfix_view_of(struct wiring *wiring, const struct postfix *postfix, const struct postfix_service *service,
		const char *name)
{
	struct postfix_view view = { .wiring = wiring, .postfix = postfix, .service = service, .name = name };

	view.vantage = (struct vantage){
		.directory = postfix_value(postfix, NULL, "queue_directory", NULL),
		.is_chrooted = service != NULL && postfix_is_chrooted(postfix, service),
	};
	view.list = postfix_value(postfix, service, name, &view.place);
	if (!attached_read(postfix->arena, view.list, &view.items, &view.count))
		view.count = 0; /* with which Postfix does not start */
	find_ours(&view);
	return view;
}

bool
postfix_view_has_ours(const struct postfix_view *view)
{
	return view->ours < view->count;
}

bool
postfix_view_is_another(const struct postfix_view *view, size_t item)
{
	return item != view->ours && attachment_of(view, item) != ATTACHMENT_OURS;
}

bool
postfix_view_has_another(const struct postfix_view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (postfix_view_is_another(view, i))
			return true;
	return false;
}

struct wiring_finding *
postfix_view_find(const struct postfix_view *view, enum finding_kind kind, const char *place,
		  struct span found)
{
	struct wiring_findings *findings = &view->wiring->findings;

	if (!view->is_stressed)
		return wiring_find(findings, kind, place, found);
	if (wiring_is_found(findings, kind, place))
		return NULL;
	return wiring_find(findings, kind, arena_printf(view->postfix->arena, "%s under stress", place),
			   found);
}

/* Cures. */

void
postfix_view_cure_setting(const struct postfix_view *view, struct wiring_finding *finding, const char *name,
			  const char *place, const char *value)
{
	struct wiring_findings *findings = &view->wiring->findings;

	if (strlen(value) >= POSTFIX_VALUE_SIZE) /* a line that loses a filter mends nothing */
		return;
	if (strcmp(name, place) == 0) {
		wiring_cure(findings, finding, CURE_MAIN_CF, "%s =%s%s", name, value[0] != '\0' ? " " : "",
			    value);
		return;
	}
	if (strpbrk(value, " \t{") != NULL)
		wiring_cure(findings, finding, CURE_MASTER_CF, "-o { %s = %s }", name, value);
	else
		wiring_cure(findings, finding, CURE_MASTER_CF, "-o %s=%s", name, value);
	if (finding != NULL)
		finding->cures[finding->cure_count - 1].below = view->service->key;
}

void
postfix_view_add_item(struct strbuf *list, struct span item)
{
	strbuf_add(list, list->length > 0 ? ", " : "");
	strbuf_add_span(list, item);
}

void
postfix_view_add_others(const struct postfix_view *view, struct strbuf *list)
{
	for (size_t i = 0; i < view->count; i++)
		if (postfix_view_is_another(view, i))
			postfix_view_add_item(list, view->items[i].whole);
}

void
postfix_view_cure_list(const struct postfix_view *view, struct wiring_finding *finding, struct span ours,
		       size_t position)
{
	char memory[POSTFIX_VALUE_SIZE];
	struct strbuf list = STRBUF_OVER(memory);
	size_t at = 0;

	if (view->usual != NULL) {
		postfix_view_cure_setting(view, finding, view->name, view->place, view->usual);
		return;
	}
	for (size_t i = 0; i < view->count; i++) {
		if (!postfix_view_is_another(view, i))
			continue;
		if (at++ == position)
			postfix_view_add_item(&list, ours);
		postfix_view_add_item(&list, view->items[i].whole);
	}
	if (at <= position)
		postfix_view_add_item(&list, ours);
	if (!list.is_cut) /* a line that loses a filter mends nothing */
		postfix_view_cure_setting(view, finding, view->name, view->place, memory);
}

void
postfix_view_respell(const struct postfix_view *view, struct span address, struct strbuf *ours)
{
	const struct attached *entry = &view->items[view->ours];
	const bool is_braced = entry->whole.at[0] == '{';

	strbuf_add(ours, is_braced ? "{ " : "");
	strbuf_add_span(ours, address);
	if (is_braced) {
		strbuf_add_span(ours, entry->settings);
		strbuf_add(ours, " }");
	}
}

void
postfix_view_cure_chroot(const struct postfix_view *view, struct wiring_finding *finding)
{
	struct arena *arena = view->postfix->arena;
	const struct span queue = view->vantage.directory;

	wiring_cure_socket(
		view->wiring, finding,
		arena_printf(arena, "unix:%.*s/heloscope/milter.sock", (int)queue.length, queue.at),
		arena_copy(arena, postfix_value(view->postfix, NULL, "mail_owner", NULL)));
	postfix_view_cure_list(view, finding, SPAN("unix:heloscope/milter.sock"),
			       postfix_view_has_ours(view) ? view->ours : 0);
	wiring_cure_by_restart(view->wiring, finding);
}
