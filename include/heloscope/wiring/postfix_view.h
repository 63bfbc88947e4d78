/*
 * postfix_view: a list of filters of a Postfix, as one service has it, with ours among them; and the lines
 * that mend what is found there.
 *
 * For postfix_judge.h and postfix_entry.h. Texts go to the arena of the Postfix. One thread.
 */
#ifndef HELOSCOPE_WIRING_POSTFIX_VIEW_H
#define HELOSCOPE_WIRING_POSTFIX_VIEW_H

#include "heloscope/base/strbuf.h"
#include "heloscope/wiring/attached.h"
#include "heloscope/wiring/judge.h"
#include "heloscope/wiring/postfix.h"

#define POSTFIX_VALUE_SIZE 4000 /* of a value in a line to paste */

/* What is judged: a list of filters, and where it stands. */
struct postfix_view {
	struct wiring *wiring;
	const struct postfix *postfix;
	const struct postfix_service *service; /* NULL: main.cf */
	const char *usual;                     /* of what is under stress: the list as it is else; or NULL */
	bool is_stressed;
	struct vantage vantage;
	const char *name, *place; /* of the list */
	struct span list;
	struct attached *items;
	size_t count, ours; /* ours == count: it is not among them */
	enum attachment attachment;
};

/* The list `name` of a service. */
struct postfix_view postfix_view_of(struct wiring *wiring, const struct postfix *postfix,
				    const struct postfix_service *service, const char *name);

bool postfix_view_has_ours(const struct postfix_view *view);

/* Whether an item, or any, is another filter; ours may be there twice. */
bool postfix_view_is_another(const struct postfix_view *view, size_t item);
bool postfix_view_has_another(const struct postfix_view *view);

/* Find something. Under stress only what is not found anyhow, at a place that says so. */
struct wiring_finding *postfix_view_find(const struct postfix_view *view, enum finding_kind kind,
					 const char *place, struct span found);

/* Add an item to a list, with a comma; or all filters but ours. */
void postfix_view_add_item(struct strbuf *list, struct span item);
void postfix_view_add_others(const struct postfix_view *view, struct strbuf *list);

/* Add ours, which is in the list, with another address and the settings that it has for itself. */
void postfix_view_respell(const struct postfix_view *view, struct span address, struct strbuf *ours);

/* The line that sets a parameter where `place` says that it is set. */
void postfix_view_cure_setting(const struct postfix_view *view, struct wiring_finding *finding,
			       const char *name, const char *place, const char *value);

/* The line with the list, `ours` at that position among the others; under stress the list as it is else. None
 * that would lose a filter for want of room. */
void postfix_view_cure_list(const struct postfix_view *view, struct wiring_finding *finding, struct span ours,
			    size_t position);

/* The lines by which the filter listens where a service in the chroot sees it. */
void postfix_view_cure_chroot(const struct postfix_view *view, struct wiring_finding *finding);

#endif
