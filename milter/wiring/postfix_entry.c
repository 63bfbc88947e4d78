#include "heloscope/wiring/postfix_entry.h"

#include <string.h>

#define CONNECT_SECONDS 5 /* within which a busy filter has taken a connection */

/* The address, and its place in the list. */

static void
judge_address(const struct postfix_view *view)
{
	static const enum finding_kind kinds[] = {
		[ATTACHMENT_SPELLING] = FINDING_SPELLING,
		[ATTACHMENT_OUTSIDE] = FINDING_OUTSIDE_CHROOT,
		[ATTACHMENT_AWAY] = FINDING_OTHER_ADDRESS,
	};
	char address_memory[POSTFIX_VALUE_SIZE], memory[POSTFIX_VALUE_SIZE];
	struct strbuf address = STRBUF_OVER(address_memory), ours = STRBUF_OVER(memory);
	struct wiring_finding *finding;

	if (view->attachment == ATTACHMENT_OURS)
		return;
	finding = postfix_view_find(view, kinds[view->attachment], view->place, view->list);
	if (!attached_spell(view->wiring->config->listen, &view->vantage, &address)) {
		postfix_view_cure_chroot(view, finding);
		return;
	}
	postfix_view_respell(view, span_of(address_memory), &ours);
	postfix_view_cure_list(view, finding, span_of(memory), view->ours);
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
judge_ip_version(const struct postfix_view *view)
{
	const unsigned needed = attached_ip_version(view->items[view->ours].address);
	const char *listen = view->wiring->config->listen, *place;
	const struct span used = postfix_value(view->postfix, view->service, "inet_protocols", &place);
	char address_memory[POSTFIX_VALUE_SIZE], moved_memory[POSTFIX_VALUE_SIZE], memory[POSTFIX_VALUE_SIZE];
	struct strbuf address = STRBUF_OVER(address_memory), moved = STRBUF_OVER(moved_memory),
		      ours = STRBUF_OVER(memory);
	struct wiring_finding *finding;

	if (view->attachment != ATTACHMENT_OURS || needed == 0 || used.length == 0
	    || has_word(used, SPAN("all")) || has_word(used, needed == 6 ? SPAN("ipv6") : SPAN("ipv4")))
		return;
	finding = postfix_view_find(view, FINDING_OTHER_FAMILY, place, used);
	if (!attached_spell_loopback(listen, needed == 6 ? 4 : 6, &address, &moved))
		return;
	if (moved.length > 0) {
		wiring_cure(&view->wiring->findings, finding, CURE_FILTER, "listen \"%s\"", moved_memory);
		wiring_cure_by_restart(view->wiring, finding);
	}
	postfix_view_respell(view, span_of(address_memory), &ours);
	postfix_view_cure_list(view, finding, span_of(memory), view->ours);
}

void
postfix_judge_absence(const struct postfix_view *view)
{
	struct wiring_finding *finding =
		wiring_find(&view->wiring->findings, FINDING_NOT_ATTACHED, view->place, view->list);
	char memory[POSTFIX_VALUE_SIZE];
	struct strbuf ours = STRBUF_OVER(memory);

	if (attached_spell(view->wiring->config->listen, &view->vantage, &ours))
		postfix_view_cure_list(view, finding, span_of(memory), 0);
	else
		postfix_view_cure_chroot(view, finding);
}

static void
judge_order(const struct postfix_view *view)
{
	if (view->ours > 0)
		postfix_view_cure_list(view,
				       postfix_view_find(view, FINDING_NOT_FIRST, view->place, view->list),
				       view->items[view->ours].whole, 0);
}

static void
judge_repetition(const struct postfix_view *view)
{
	size_t others = 0;

	for (size_t i = 0; i < view->count; i++)
		others += postfix_view_is_another(view, i) ? 1 : 0;
	if (others + 1 < view->count)
		postfix_view_cure_list(view, postfix_view_find(view, FINDING_TWICE, view->place, view->list),
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
setting_of(const struct postfix_view *view, const char *name)
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
cure_own(const struct postfix_view *view, struct wiring_finding *finding, const char *name, const char *value)
{
	const struct attached *entry = &view->items[view->ours];
	char memory[POSTFIX_VALUE_SIZE];
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
				postfix_view_add_item(&ours, rest[i].whole);
		}
	strbuf_printf(&ours, ", %s=%s }", name, value);
	postfix_view_cure_list(view, finding, span_of(memory), view->ours);
}

static void
find_setting(const struct postfix_view *view, enum finding_kind kind, const struct setting *setting,
	     const char *value)
{
	struct wiring_finding *finding = postfix_view_find(view, kind, setting->place, setting->value);

	if (setting->is_own)
		cure_own(view, finding, setting->name, value);
	else
		postfix_view_cure_setting(view, finding, setting->parameter, setting->place, value);
}

static void
judge_default_action(const struct postfix_view *view)
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
judge_timeouts(const struct postfix_view *view)
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
judge_protocol(const struct postfix_view *view)
{
	const struct setting setting = setting_of(view, "protocol");
	const struct span digits = { setting.value.at, span_digits(setting.value) };
	unsigned version;

	if (!span_to_number(digits, 0, 999, &version) || version >= 6)
		return;
	find_setting(view, FINDING_PROTOCOL, &setting, "6");
}

void
postfix_judge_entry(const struct postfix_view *view)
{
	judge_address(view);
	judge_ip_version(view);
	judge_order(view);
	judge_repetition(view);
	judge_default_action(view);
	judge_timeouts(view);
	judge_protocol(view);
}
