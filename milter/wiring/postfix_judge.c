#include "heloscope/wiring/postfix_judge.h"

#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/wiring/attached.h"

#define VALUE_SIZE 4000
#define CONNECT_SECONDS 5 /* within which a busy filter has taken a connection */

/* What is judged: a list of filters, and where it stands. */
struct view {
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

static enum attachment
attachment_of(const struct view *view, size_t item)
{
	return attached_compare(view->items[item].address, view->wiring->config->listen, &view->vantage);
}

/* Find ours: the first that leads to the filter, else the first that is meant to. */
static void
find_ours(struct view *view)
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

static struct view
view_of(struct wiring *wiring, const struct postfix *postfix, const struct postfix_service *service,
	const char *name)
{
	struct view view = { .wiring = wiring, .postfix = postfix, .service = service, .name = name };

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

static bool
has_ours(const struct view *view)
{
	return view->ours < view->count;
}

/* Whether it is another one than the filter, which may be there twice. */
static bool
is_another(const struct view *view, size_t item)
{
	return item != view->ours && attachment_of(view, item) != ATTACHMENT_OURS;
}

static bool
has_another(const struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		if (is_another(view, i))
			return true;
	return false;
}

/* Find something. Under stress only what is not found anyhow, at a place that says so. */
static struct wiring_finding *
find(const struct view *view, enum finding_kind kind, const char *place, struct span found)
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

/* The line that sets a parameter where `place` says that it is set. */
static void
cure_setting(const struct view *view, struct wiring_finding *finding, const char *name, const char *place,
	     const char *value)
{
	struct wiring_findings *findings = &view->wiring->findings;

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

static void
add_item(struct strbuf *list, struct span item)
{
	strbuf_add(list, list->length > 0 ? ", " : "");
	strbuf_add_span(list, item);
}

/* The list without ours. */
static void
add_others(const struct view *view, struct strbuf *list)
{
	for (size_t i = 0; i < view->count; i++)
		if (is_another(view, i))
			add_item(list, view->items[i].whole);
}

/* The list with `ours` at its place, or where there is none, as the first. */
static void
cure_list(const struct view *view, struct wiring_finding *finding, struct span ours, size_t position)
{
	char memory[VALUE_SIZE];
	struct strbuf list = STRBUF_OVER(memory);
	size_t at = 0;

	if (view->usual != NULL) {
		cure_setting(view, finding, view->name, view->place, view->usual);
		return;
	}
	for (size_t i = 0; i < view->count; i++) {
		if (!is_another(view, i))
			continue;
		if (at++ == position)
			add_item(&list, ours);
		add_item(&list, view->items[i].whole);
	}
	if (at <= position)
		add_item(&list, ours);
	if (!list.is_cut) /* a line that loses a filter mends nothing */
		cure_setting(view, finding, view->name, view->place, memory);
}

/* Ours with another address, and the settings that it has for itself. */
static void
respell(const struct view *view, struct span address, struct strbuf *ours)
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

/* Where the filter should listen so that a service in the chroot sees it. */
static void
cure_chroot(const struct view *view, struct wiring_finding *finding)
{
	struct arena *arena = view->postfix->arena;
	const struct span queue = view->vantage.directory;

	wiring_cure_socket(
		view->wiring, finding,
		arena_printf(arena, "unix:%.*s/heloscope/milter.sock", (int)queue.length, queue.at),
		arena_copy(arena, postfix_value(view->postfix, NULL, "mail_owner", NULL)));
	cure_list(view, finding, SPAN("unix:heloscope/milter.sock"), has_ours(view) ? view->ours : 0);
	wiring_cure_by_restart(view->wiring, finding);
}

/* The address, and its place in the list. */

static void
judge_address(const struct view *view)
{
	static const enum finding_kind kinds[] = {
		[ATTACHMENT_SPELLING] = FINDING_SPELLING,
		[ATTACHMENT_OUTSIDE] = FINDING_OUTSIDE_CHROOT,
		[ATTACHMENT_AWAY] = FINDING_OTHER_ADDRESS,
	};
	char address_memory[VALUE_SIZE], memory[VALUE_SIZE];
	struct strbuf address = STRBUF_OVER(address_memory), ours = STRBUF_OVER(memory);
	struct wiring_finding *finding;

	if (view->attachment == ATTACHMENT_OURS)
		return;
	finding = find(view, kinds[view->attachment], view->place, view->list);
	if (!attached_spell(view->wiring->config->listen, &view->vantage, &address)) {
		cure_chroot(view, finding);
		return;
	}
	respell(view, span_of(address_memory), &ours);
	cure_list(view, finding, span_of(memory), view->ours);
}

/* Whether a word stands in a list of them. */
static bool
has_word(struct span list, struct span wanted)
{
	struct span word = span_word(&list, ", \t");

	while (word.length > 0 && !span_equals_nocase(word, wanted))
		word = span_word(&list, ", \t");
	return word.length > 0;
}

/* An address of IPv6 where Postfix uses IPv4 alone, or the reverse. */
static void
judge_ip_version(const struct view *view)
{
	const unsigned needed = attached_ip_version(view->items[view->ours].address);
	const char *listen = view->wiring->config->listen, *place;
	const struct span used = postfix_value(view->postfix, view->service, "inet_protocols", &place);
	char address_memory[VALUE_SIZE], moved_memory[VALUE_SIZE], memory[VALUE_SIZE];
	struct strbuf address = STRBUF_OVER(address_memory), moved = STRBUF_OVER(moved_memory),
		      ours = STRBUF_OVER(memory);
	struct wiring_finding *finding;

	if (view->attachment != ATTACHMENT_OURS || needed == 0 || used.length == 0
	    || has_word(used, SPAN("all")) || has_word(used, needed == 6 ? SPAN("ipv6") : SPAN("ipv4")))
		return;
	finding = find(view, FINDING_OTHER_FAMILY, place, used);
	if (!attached_spell_loopback(listen, needed == 6 ? 4 : 6, &address, &moved))
		return;
	if (moved.length > 0) {
		wiring_cure(&view->wiring->findings, finding, CURE_FILTER, "listen \"%s\"", moved_memory);
		wiring_cure_by_restart(view->wiring, finding);
	}
	respell(view, span_of(address_memory), &ours);
	cure_list(view, finding, span_of(memory), view->ours);
}

static void
judge_absence(const struct view *view)
{
	struct wiring_finding *finding =
		wiring_find(&view->wiring->findings, FINDING_NOT_ATTACHED, view->place, view->list);
	char memory[VALUE_SIZE];
	struct strbuf ours = STRBUF_OVER(memory);

	if (attached_spell(view->wiring->config->listen, &view->vantage, &ours))
		cure_list(view, finding, span_of(memory), 0);
	else
		cure_chroot(view, finding);
}

static void
judge_order(const struct view *view)
{
	if (view->ours > 0)
		cure_list(view, find(view, FINDING_NOT_FIRST, view->place, view->list),
			  view->items[view->ours].whole, 0);
}

static void
judge_repetition(const struct view *view)
{
	size_t others = 0;

	for (size_t i = 0; i < view->count; i++)
		others += is_another(view, i) ? 1 : 0;
	if (others + 1 < view->count)
		cure_list(view, find(view, FINDING_TWICE, view->place, view->list),
			  view->items[view->ours].whole, view->ours);
}

/* Settings that a filter may have for itself, or that main.cf or the service has for all. */

struct setting {
	const char *name, *parameter; /* "default_action", "milter_default_action" */
	const char *place;
	bool is_own; /* it stands in braces with the filter's address */
	struct span value;
};

static struct setting
setting_of(const struct view *view, const char *name)
{
	struct setting setting = {
		.name = name,
		.parameter = arena_printf(view->postfix->arena, "milter_%s", name),
		.place = view->place,
	};

	setting.is_own = attached_setting(&view->items[view->ours], name, &setting.value);
	if (!setting.is_own)
		setting.value =
			postfix_value(view->postfix, view->service, setting.parameter, &setting.place);
	return setting;
}

/* Ours with a setting of another value; that it has twice counts once. */
static void
cure_own(const struct view *view, struct wiring_finding *finding, const char *name, const char *value)
{
	const struct attached *entry = &view->items[view->ours];
	char memory[VALUE_SIZE];
	struct strbuf ours = STRBUF_OVER(memory);
	struct attached *rest;
	size_t count;
	struct span old;

	strbuf_add(&ours, "{ ");
	strbuf_add_span(&ours, entry->address);
	if (attached_read(view->postfix->arena, entry->settings, &rest, &count))
		for (size_t i = 0; i < count; i++) {
			const struct attached one = { .settings = rest[i].whole };

			if (!attached_setting(&one, name, &old))
				add_item(&ours, rest[i].whole);
		}
	strbuf_printf(&ours, ", %s=%s }", name, value);
	cure_list(view, finding, span_of(memory), view->ours);
}

static void
find_setting(const struct view *view, enum finding_kind kind, const struct setting *setting,
	     const char *value)
{
	struct wiring_finding *finding = find(view, kind, setting->place, setting->value);

	if (setting->is_own)
		cure_own(view, finding, setting->name, value);
	else
		cure_setting(view, finding, setting->parameter, setting->place, value);
}

static void
judge_default_action(const struct view *view)
{
	static const struct {
		const char *word;
		enum finding_kind kind;
	} actions[] = {
		{ "reject", FINDING_DEFAULT_REJECT },
		{ "quarantine", FINDING_DEFAULT_QUARANTINE },
		{ "shutdown", FINDING_DEFAULT_SHUTDOWN },
	};
	const struct setting setting = setting_of(view, "default_action");
	enum finding_kind kind = FINDING_DEFAULT_TEMPFAIL;

	if (span_equals_nocase(setting.value, SPAN("accept")))
		return;
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (span_equals_nocase(setting.value, span_of(actions[i].word)))
			kind = actions[i].kind;
	find_setting(view, kind, &setting, "accept");
}

static void
judge_timeouts(const struct view *view)
{
	const unsigned patience = wiring_patience(view->wiring->config);
	const struct {
		const char *name, *usual;
		enum finding_kind kind;
		unsigned seconds; /* at least */
	} timeouts[] = {
		{ "connect_timeout", "30s", FINDING_CONNECT_TIMEOUT, CONNECT_SECONDS },
		{ "command_timeout", "30s", FINDING_COMMAND_TIMEOUT, patience },
		{ "content_timeout", "300s", FINDING_CONTENT_TIMEOUT, patience },
	};

	for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
		const struct setting setting = setting_of(view, timeouts[i].name);
		unsigned seconds;

		if (setting.value.length == 0 && !setting.is_own) /* a Postfix that does not know it */
			continue;
		if (!postfix_read_seconds(setting.value, &seconds))
			find_setting(view, FINDING_NO_TIME, &setting, timeouts[i].usual);
		else if (seconds < timeouts[i].seconds)
			find_setting(view, timeouts[i].kind, &setting, timeouts[i].usual);
	}
}

/* Macros the filter can ask for in any version, of a Postfix whose postconf knows -P (2.11). */
static void
judge_protocol(const struct view *view)
{
	const struct setting setting = setting_of(view, "protocol");
	const struct span digits = { setting.value.at, span_digits(setting.value) };
	unsigned version;

	if (!span_to_number(digits, 0, 999, &version) || version >= 6)
		return;
	find_setting(view, FINDING_PROTOCOL, &setting, "6");
}

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
judge_hard_errors(const struct view *view, const struct postfix *postfix, enum finding_kind kind)
{
	const char *place;
	const struct span value = postfix_value(postfix, view->service, "smtpd_hard_error_limit", &place);
	const struct config *config = view->wiring->config;
	unsigned limit;

	if (config->mode != MODE_ENFORCE || config->recipients != RECIPIENTS_APART
	    || !span_to_number(value, 0, 999999999, &limit) || limit > BOUND_RECIPIENTS_APART)
		return false;
	cure_setting(view, wiring_find(&view->wiring->findings, kind, place, value), "smtpd_hard_error_limit",
		     place, "20");
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
			add_item(rest, word);
	}
}

/* What keeps mail, or its content, from the filters that are attached. */
static void
judge_bypass(const struct view *view)
{
	char memory[VALUE_SIZE];
	struct strbuf rest = STRBUF_OVER(memory);
	const char *place;
	struct span value = postfix_value(view->postfix, view->service, "receive_override_options", &place);
	bool is_off;

	words_without(value, SPAN("no_milters"), &rest, &is_off);
	if (is_off)
		cure_setting(view, find(view, FINDING_NO_MILTERS, place, value), "receive_override_options",
			     place, memory);
	value = postfix_value(view->postfix, view->service, "smtpd_milter_maps", &place);
	if (span_starts_with_nocase(value, SPAN("static:")))
		cure_setting(view, find(view, FINDING_MAP_FOR_ALL, place, value), "smtpd_milter_maps", place,
			     "");
	else if (value.length > 0)
		(void)find(view, FINDING_MILTER_MAP, place, value);
	value = postfix_value(view->postfix, view->service, "smtpd_proxy_filter", &place);
	if (value.length > 0)
		(void)find(view, FINDING_PROXY_FILTER, place, value);
}

/* What may be as it should. */
static void
note(const struct view *view)
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
			(void)find(view, notes[i].kind, place, value);
	}
}

/* The filter, which is in the list, and its settings. */
static void
judge_entry(const struct view *view)
{
	judge_address(view);
	judge_ip_version(view);
	judge_order(view);
	judge_repetition(view);
	judge_default_action(view);
	judge_timeouts(view);
	judge_protocol(view);
}

/*
 * What is another under stress, as "${stress?{}:{inet:...}}". `view` is what is usual, in which the filter is
 * attached. A list is mended by the usual one.
 */
static void
judge_stress(const struct view *view, const struct postfix *stressed)
{
	struct view then = view_of(view->wiring, stressed, view->service, view->name);

	then.is_stressed = true;
	then.usual = arena_copy(view->postfix->arena, view->list);
	note(&then);
	judge_bypass(&then);
	if (has_ours(&then))
		judge_entry(&then);
	else
		cure_setting(view,
			     wiring_find(&view->wiring->findings, FINDING_NOT_ATTACHED_STRESSED, view->place,
					 then.list),
			     view->name, view->place, then.usual);
}

static void
judge_outside(const struct view *view, const struct postfix *stressed)
{
	note(view);
	judge_bypass(view);
	if (!judge_hard_errors(view, view->postfix, FINDING_HARD_ERRORS))
		(void)judge_hard_errors(view, stressed, FINDING_HARD_ERRORS_STRESSED);
	if (!has_ours(view)) {
		judge_absence(view);
		return;
	}
	judge_entry(view);
	judge_stress(view, stressed);
}

/* Where it should not be. */
static void
judge_needless(const struct view *view, enum finding_kind kind)
{
	char memory[VALUE_SIZE];
	struct strbuf others = STRBUF_OVER(memory);
	const char *place = view->service != NULL ? arena_printf(view->postfix->arena, "%s/%s",
								 view->service->key, view->name)
						  : view->name;
	struct wiring_finding *finding;

	if (!has_ours(view))
		return;
	add_others(view, &others);
	finding = wiring_find(&view->wiring->findings, kind, place, view->list);
	if (!others.is_cut)
		cure_setting(view, finding, view->name, place, memory);
}

bool
wiring_judge_postfix(struct wiring *wiring, const struct postfix *postfix, const struct postfix *stressed)
{
	const bool is_outside_told = has_outside(postfix);
	struct view view = view_of(wiring, postfix, NULL, "non_smtpd_milters");
	bool has_others = false, is_judged = false;

	judge_needless(&view, FINDING_NON_SMTPD);
	for (size_t i = 0; i < postfix->service_count; i++) {
		const enum role role = role_of(postfix, &postfix->services[i]);

		if (role == ROLE_NONE || (role == ROLE_OTHER && is_outside_told))
			continue;
		view = view_of(wiring, postfix, &postfix->services[i], "smtpd_milters");
		if (role == ROLE_SUBMISSION) {
			judge_needless(&view, FINDING_ON_SUBMISSION);
		} else if (role == ROLE_LOOPBACK && is_outside_told) {
			judge_needless(&view, FINDING_ON_LOOPBACK);
		} else {
			judge_outside(&view, stressed);
			has_others = has_others || has_another(&view);
			is_judged = true;
		}
	}
	if (!is_judged) {
		view = view_of(wiring, postfix, NULL, "smtpd_milters");
		judge_outside(&view, stressed);
	}
	return has_others;
}
