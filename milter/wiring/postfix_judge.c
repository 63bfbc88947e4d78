#include "heloscope/wiring/postfix_judge.h"

#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/wiring/postfix_entry.h"

/* Services. */

enum role {
	ROLE_NONE,       /* it takes no mail by SMTP */
	ROLE_OUTSIDE,    /* port 25, or behind postscreen */
	ROLE_SUBMISSION, /* of users */
	ROLE_LOOPBACK,   /* of programs of this host */
	ROLE_OTHER,      /* of another port */
};

static enum role
role_of(const struct postfix *postfix, const struct postfix_service *service)
{
	struct span host = service->name, port;

	if (!span_equals(service->command, SPAN("smtpd")))
		return ROLE_NONE;
	if (span_equals(service->type, SPAN("pass")))
		return ROLE_OUTSIDE;
	while (host.length > 0 && host.at[host.length - 1] != ':')
		host.length--;
	port = span_from(service->name, host.length);
	host.length -= host.length > 0 ? 1 : 0;
	if (wiring_is_for_users(port)
	    || span_equals(postfix_value(postfix, service, "smtpd_tls_wrappermode", NULL), SPAN("yes")))
		return ROLE_SUBMISSION;
	if (wiring_is_on_loopback(host))
		return ROLE_LOOPBACK;
	return span_equals(port, SPAN("smtp")) || span_equals(port, SPAN("25")) ? ROLE_OUTSIDE : ROLE_OTHER;
}

static bool
has_outside(const struct postfix *postfix)
{
	for (size_t i = 0; i < postfix->service_count; i++)
		if (role_of(postfix, &postfix->services[i]) == ROLE_OUTSIDE)
			return true;
	return false;
}

/* In audit mode nobody is answered 452, so the limits that Postfix has by itself are right. */
static bool
judge_hard_errors(const struct postfix_view *view, const struct postfix *postfix, enum finding_kind kind)
{
	const char *place;
	const struct span value = postfix_value(postfix, view->service, "smtpd_hard_error_limit", &place);
	const struct config *config = view->wiring->config;
	unsigned limit;

	if (config->mode != MODE_ENFORCE || config->recipients != RECIPIENTS_APART
	    || !span_to_number(value, 0, 999999999, &limit) || limit > BOUND_RECIPIENTS_APART)
		return false;
	postfix_view_cure_setting(view, wiring_find(&view->wiring->findings, kind, place, value),
				  "smtpd_hard_error_limit", place, "20");
	return true;
}

/* The words of a list of options but this one, of which `is_there` says whether it has it. */
static void
words_without(struct span list, struct span option, struct strbuf *rest, bool *is_there)
{
	*is_there = false;
	for (struct span word = span_word(&list, ", \t"); word.length > 0; word = span_word(&list, ", \t")) {
		if (span_equals_nocase(word, option))
			*is_there = true;
		else
			postfix_view_add_item(rest, word);
	}
}

/* What keeps mail, or its content, from the filters that are attached. */
static void
judge_bypass(const struct postfix_view *view)
{
	char memory[POSTFIX_VALUE_SIZE];
	struct strbuf rest = STRBUF_OVER(memory);
	const char *place;
	struct span value = postfix_value(view->postfix, view->service, "receive_override_options", &place);
	bool is_off;

	words_without(value, SPAN("no_milters"), &rest, &is_off);
	if (is_off)
		postfix_view_cure_setting(view, postfix_view_find(view, FINDING_NO_MILTERS, place, value),
					  "receive_override_options", place, memory);
	value = postfix_value(view->postfix, view->service, "smtpd_milter_maps", &place);
	if (span_starts_with_nocase(value, SPAN("static:")))
		postfix_view_cure_setting(view, postfix_view_find(view, FINDING_MAP_FOR_ALL, place, value),
					  "smtpd_milter_maps", place, "");
	else if (value.length > 0)
		(void)postfix_view_find(view, FINDING_MILTER_MAP, place, value);
	value = postfix_value(view->postfix, view->service, "smtpd_proxy_filter", &place);
	if (value.length > 0)
		(void)postfix_view_find(view, FINDING_PROXY_FILTER, place, value);
}

/* What may be as it should. */
static void
note(const struct postfix_view *view)
{
	static const struct {
		const char *name;
		enum finding_kind kind;
	} notes[] = {
		{ "postscreen_upstream_proxy_protocol", FINDING_PROXY },
		{ "smtpd_upstream_proxy_protocol", FINDING_PROXY },
		{ "smtpd_authorized_xclient_hosts", FINDING_XCLIENT },
	};

	for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
		const char *place;
		const struct span value = postfix_value(view->postfix, view->service, notes[i].name, &place);

		if (value.length > 0)
			(void)postfix_view_find(view, notes[i].kind, place, value);
	}
}

/*
 * What is another under stress, as "${stress?{}:{inet:...}}". `view` is what is usual, in which the filter is
 * attached. A list is mended by the usual one.
 */
static void
judge_stress(const struct postfix_view *view, const struct postfix *stressed)
{
	struct postfix_view then = postfix_view_of(view->wiring, stressed, view->service, view->name);

	then.is_stressed = true;
	then.usual = arena_copy(view->postfix->arena, view->list);
	note(&then);
	judge_bypass(&then);
	if (postfix_view_has_ours(&then))
		postfix_judge_entry(&then);
	else
		postfix_view_cure_setting(view,
					  wiring_find(&view->wiring->findings, FINDING_NOT_ATTACHED_STRESSED,
						      view->place, then.list),
					  view->name, view->place, then.usual);
}

static void
judge_outside(const struct postfix_view *view, const struct postfix *stressed)
{
	note(view);
	judge_bypass(view);
	if (!judge_hard_errors(view, view->postfix, FINDING_HARD_ERRORS))
		(void)judge_hard_errors(view, stressed, FINDING_HARD_ERRORS_STRESSED);
	if (!postfix_view_has_ours(view)) {
		postfix_judge_absence(view);
		return;
	}
	postfix_judge_entry(view);
	judge_stress(view, stressed);
}

/* Whether a service asks none of its filters, as the one behind a content filter should. */
static bool
is_without_filters(const struct postfix_view *view)
{
	char memory[POSTFIX_VALUE_SIZE];
	struct strbuf rest = STRBUF_OVER(memory);
	bool is_off = false;

	if (view->service != NULL)
		words_without(postfix_value(view->postfix, view->service, "receive_override_options", NULL),
			      SPAN("no_milters"), &rest, &is_off);
	return is_off;
}

/* Where it should not be. */
static void
judge_needless(const struct postfix_view *view, enum finding_kind kind)
{
	char memory[POSTFIX_VALUE_SIZE];
	struct strbuf others = STRBUF_OVER(memory);
	const char *place = view->service != NULL ? arena_printf(view->postfix->arena, "%s/%s",
								 view->service->key, view->name)
						  : view->name;
	struct wiring_finding *finding;

	if (!postfix_view_has_ours(view) || is_without_filters(view))
		return;
	postfix_view_add_others(view, &others);
	finding = wiring_find(&view->wiring->findings, kind, place, view->list);
	if (!others.is_cut)
		postfix_view_cure_setting(view, finding, view->name, place, memory);
}

bool
wiring_judge_postfix(struct wiring *wiring, const struct postfix *postfix, const struct postfix *stressed)
{
	const bool is_outside_told = has_outside(postfix);
	struct postfix_view view = postfix_view_of(wiring, postfix, NULL, "non_smtpd_milters");
	bool has_others = false, is_judged = false;

	judge_needless(&view, FINDING_NON_SMTPD);
	for (size_t i = 0; i < postfix->service_count; i++) {
		const enum role role = role_of(postfix, &postfix->services[i]);

		if (role == ROLE_NONE || (role == ROLE_OTHER && is_outside_told))
			continue;
		view = postfix_view_of(wiring, postfix, &postfix->services[i], "smtpd_milters");
		if (role == ROLE_SUBMISSION) {
			judge_needless(&view, FINDING_ON_SUBMISSION);
		} else if (role == ROLE_LOOPBACK && is_outside_told) {
			judge_needless(&view, FINDING_ON_LOOPBACK);
		} else {
			judge_outside(&view, stressed);
			has_others = has_others || postfix_view_has_another(&view);
			is_judged = true;
		}
	}
	if (!is_judged) {
		view = postfix_view_of(wiring, postfix, NULL, "smtpd_milters");
		judge_outside(&view, stressed);
	}
	return has_others;
}
