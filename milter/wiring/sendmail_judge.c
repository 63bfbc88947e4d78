#include "heloscope/wiring/sendmail_judge.h"

#include <libmilter/mfapi.h>
#include <stdio.h>
#include <string.h>

#include "heloscope/wiring/attached.h"

#define VALUE_SIZE 2000
#define CONNECT_SECONDS 3 /* within which a busy filter has taken a connection */
#define TIMEOUTS "C:5s;S:10s;R:20s;E:1m"

/* The filter as Sendmail has it. */
struct view {
	struct wiring *wiring;
	const struct sendmail *sendmail;
	const struct sendmail_filter *ours; /* NULL: it is not defined */
	enum attachment attachment;
	const char *place; /* "Xheloscope" */
};

static struct view
view_of(struct wiring *wiring, const struct sendmail *sendmail)
{
	struct view view = { .wiring = wiring, .sendmail = sendmail, .place = "X" };

	for (size_t i = 0; i < sendmail->filter_count && view.attachment != ATTACHMENT_OURS; i++) {
		const struct sendmail_filter *filter = &sendmail->filters[i];
		const enum attachment attachment =
			attached_compare_sendmail(filter->address, wiring->config->listen);

		if (attachment == ATTACHMENT_OURS || (attachment != ATTACHMENT_OTHER && view.ours == NULL)) {
			view.ours = filter;
			view.attachment = attachment;
		}
	}
	if (view.ours != NULL)
		view.place = arena_printf(sendmail->arena, "X%.*s", (int)view.ours->name.length,
					  view.ours->name.at);
	return view;
}

/* Whether a name is that of the filter, or of another definition that leads to it. Sendmail's table of names
 * knows no case. */
static bool
is_ours(const struct view *view, struct span name)
{
	if (view->ours == NULL)
		return false;
	if (span_equals_nocase(name, view->ours->name))
		return true;
	for (size_t i = 0; i < view->sendmail->filter_count; i++) {
		const struct sendmail_filter *filter = &view->sendmail->filters[i];

		if (span_equals_nocase(name, filter->name))
			return attached_compare_sendmail(filter->address, view->wiring->config->listen)
			       == ATTACHMENT_OURS;
	}
	return false;
}

/* Whether more than one name of a list is. */
static bool
is_there_twice(const struct view *view, struct span list)
{
	size_t count = 0;

	for (struct span name = sendmail_next(&list); name.length > 0; name = sendmail_next(&list))
		count += is_ours(view, name) ? 1 : 0;
	return count > 1;
}

/* Where ours stands among the names of a list. */
enum position { POSITION_NONE, POSITION_FIRST, POSITION_LATER };

static enum position
position_in(const struct view *view, struct span list)
{
	struct span name = sendmail_next(&list);

	if (is_ours(view, name))
		return POSITION_FIRST;
	for (name = sendmail_next(&list); name.length > 0; name = sendmail_next(&list))
		if (is_ours(view, name))
			return POSITION_LATER;
	return POSITION_NONE;
}

/* Cures. */

/* The line that defines and attaches the filter as it should be. */
static void
cure_definition(const struct view *view, struct wiring_finding *finding)
{
	const struct span name = view->ours != NULL ? view->ours->name : SPAN("heloscope");
	const char *listen = view->wiring->config->listen, *host = "";

	if (strncmp(listen, "inet", 4) == 0 && memchr(listen, '@', strlen(listen)) == NULL)
		host = listen[4] == '6' ? "@::1" : "@127.0.0.1";
	wiring_cure(&view->wiring->findings, finding, CURE_SENDMAIL_MC,
		    "INPUT_MAIL_FILTER(`%.*s', `S=%s%s, T=" TIMEOUTS "')dnl", (int)name.length, name.at,
		    listen, host);
}

static void
add_others(const struct view *view, struct span list, char separator, struct strbuf *text)
{
	for (struct span name = sendmail_next(&list); name.length > 0; name = sendmail_next(&list))
		if (!is_ours(view, name)) {
			if (text->length > 0)
				strbuf_add_char(text, separator);
			strbuf_add_span(text, name);
		}
}

/* The list with ours as the first. */
static void
cure_list(const struct view *view, struct wiring_finding *finding, struct span list)
{
	char memory[VALUE_SIZE];
	struct strbuf text = STRBUF_OVER(memory);

	strbuf_add_span(&text, view->ours->name);
	add_others(view, list, ',', &text);
	wiring_cure(&view->wiring->findings, finding, CURE_SENDMAIL_MC,
		    "define(`confINPUT_MAIL_FILTERS', `%s')dnl", memory);
}

/* A port with a list of its own: of its options all but that, and the list behind them. */
static void
cure_port(const struct view *view, struct wiring_finding *finding, const struct sendmail_port *port,
	  const char *list)
{
	char memory[VALUE_SIZE];
	struct strbuf options = STRBUF_OVER(memory);
	struct span rest = port->whole;

	if (span_equals(port->name, SPAN("MSA")))
		wiring_cure(&view->wiring->findings, finding, CURE_SENDMAIL_MC,
			    "FEATURE(`no_default_msa')dnl");
	while (rest.length > 0) {
		const struct span option = span_trim(span_until(&rest, ','));
		struct span unused;

		if (!sendmail_piece(option, ',', '=', "InputMailFilters", &unused)) {
			strbuf_add_span(&options, option);
			strbuf_add(&options, ", ");
		}
	}
	wiring_cure(&view->wiring->findings, finding, CURE_SENDMAIL_MC,
		    "DAEMON_OPTIONS(`%sInputMailFilters=%s')dnl", memory, list);
}

/* Ports. */

/* Where users submit. */
static void
judge_users(const struct view *view, const struct sendmail_port *port, struct span list)
{
	char memory[VALUE_SIZE];
	struct strbuf others = STRBUF_OVER(memory);
	struct wiring_finding *finding;

	if (position_in(view, list) == POSITION_NONE)
		return;
	finding = wiring_find(&view->wiring->findings, FINDING_ON_SUBMISSION,
			      arena_printf(view->sendmail->arena, "O DaemonPortOptions=%.*s",
					   (int)port->whole.length, port->whole.at),
			      list);
	add_others(view, list, ';', &others);
	cure_port(view, finding, port, memory);
}

/* Where mail comes from outside. */
static void
judge_outside(const struct view *view, const struct sendmail_port *port, struct span list)
{
	const bool is_own = port != NULL && port->has_filters;
	const enum position position = position_in(view, list);
	const char *place = is_own ? arena_printf(view->sendmail->arena, "O DaemonPortOptions=%.*s",
						  (int)port->whole.length, port->whole.at)
				   : "O InputMailFilters";
	static const enum finding_kind kinds[] = { [POSITION_NONE] = FINDING_NOT_ATTACHED,
						   [POSITION_FIRST] = FINDING_TWICE,
						   [POSITION_LATER] = FINDING_NOT_FIRST };
	struct wiring_finding *finding;
	char memory[VALUE_SIZE];
	struct strbuf text = STRBUF_OVER(memory);

	if (position == POSITION_FIRST && !is_there_twice(view, list))
		return;
	finding = wiring_find(&view->wiring->findings, kinds[position], place, list);
	if (view->ours == NULL) {
		cure_definition(view, finding);
	} else if (is_own) {
		strbuf_add_span(&text, view->ours->name);
		add_others(view, list, ';', &text);
		cure_port(view, finding, port, memory);
	} else {
		cure_list(view, finding, list);
	}
}

static void
judge_ports(const struct view *view)
{
	const struct sendmail *sendmail = view->sendmail;
	bool is_judged = false;

	for (size_t i = 0; i < sendmail->port_count; i++) {
		const struct sendmail_port *port = &sendmail->ports[i];
		const struct span list = port->has_filters ? port->filters : sendmail->input_filters;

		if (wiring_is_on_loopback(port->address))
			continue;
		if (wiring_is_for_users(port->port)) {
			judge_users(view, port, list);
		} else {
			judge_outside(view, port, list);
			is_judged = true;
		}
	}
	if (!is_judged)
		judge_outside(view, NULL, sendmail->input_filters);
}

/* The definition. */

static void
judge_address(const struct view *view)
{
	if (view->attachment != ATTACHMENT_OURS)
		cure_definition(view,
				wiring_find(&view->wiring->findings,
					    view->attachment == ATTACHMENT_SPELLING ? FINDING_SPELLING
										    : FINDING_OTHER_ADDRESS,
					    view->place, view->ours->address));
}

static void
judge_flags(const struct view *view)
{
	static const struct {
		char letter;
		enum finding_kind kind;
	} flags[] = {
		{ 'T', FINDING_DEFAULT_TEMPFAIL },
		{ 'R', FINDING_DEFAULT_REJECT },
		{ '4', FINDING_DEFAULT_SHUTDOWN },
	};

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (view->ours->flags.length > 0
		    && memchr(view->ours->flags.at, flags[i].letter, view->ours->flags.length) != NULL)
			cure_definition(view,
					wiring_find(&view->wiring->findings, flags[i].kind,
						    arena_printf(view->sendmail->arena, "%s F", view->place),
						    view->ours->flags));
}

static void
judge_timeouts(const struct view *view)
{
	const unsigned patience = wiring_patience(view->wiring->config);
	const struct {
		const char *key;
		enum finding_kind kind;
		unsigned usual, seconds; /* by default, and at least */
	} timeouts[] = {
		{ "C", FINDING_CONNECT_TIMEOUT, 300, CONNECT_SECONDS },
		{ "S", FINDING_COMMAND_TIMEOUT, 10, 0 },
		{ "R", FINDING_COMMAND_TIMEOUT, 10, patience },
		{ "E", FINDING_CONTENT_TIMEOUT, 300, patience },
	};

	for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
		unsigned seconds = timeouts[i].usual;
		struct span value;
		const bool is_no_time =
			sendmail_piece(view->ours->timeouts, ';', ':', timeouts[i].key, &value)
			&& value.length > 0 && !sendmail_read_seconds(value, &seconds);

		if (is_no_time || seconds < timeouts[i].seconds)
			cure_definition(view,
					wiring_find(&view->wiring->findings,
						    is_no_time ? FINDING_NO_TIME : timeouts[i].kind,
						    arena_printf(view->sendmail->arena, "%s T", view->place),
						    view->ours->timeouts));
	}
}

/* Macros. */

/* Before 8.14 filters cannot ask for macros. */
static bool
is_old(struct span version)
{
	struct span minor = span_from(version, 2);
	unsigned number;

	if (version.length < 3 || memcmp(version.at, "8.", 2) != 0)
		return false;
	minor.length = span_digits(minor);
	return span_to_number(minor, 0, 999, &number) && number < 14;
}

static void
judge_macros(const struct view *view)
{
	static const struct {
		const char *option, *name;
		int stage;
	} stages[SENDMAIL_STAGES] = {
		{ "O Milter.macros.connect", "CONNECT", SMFIM_CONNECT },
		{ "O Milter.macros.helo", "HELO", SMFIM_HELO },
		{ "O Milter.macros.envfrom", "ENVFROM", SMFIM_ENVFROM },
		{ "O Milter.macros.envrcpt", "ENVRCPT", SMFIM_ENVRCPT },
		{ "O Milter.macros.eom", "EOM", SMFIM_EOM },
	};

	for (size_t i = 0; i < SENDMAIL_STAGES && is_old(view->sendmail->version); i++) {
		const struct span list = view->sendmail->macros[i];
		char memory[VALUE_SIZE];
		struct strbuf missing = STRBUF_OVER(memory);

		wiring_add_missing_macros(view->wiring->config, stages[i].stage, view->sendmail->macros,
					  i + 1, &missing);
		if (missing.length == 0)
			continue;
		for (char *c = memory; *c != '\0'; c++)
			*c = *c == ' ' ? ',' : *c;
		wiring_cure(&view->wiring->findings,
			    wiring_find(&view->wiring->findings, FINDING_MACROS, stages[i].option, list),
			    CURE_SENDMAIL_MC, "define(`confMILTER_MACROS_%s', `%.*s%s%s')dnl", stages[i].name,
			    (int)list.length, list.at, list.length > 0 ? "," : "", memory);
	}
}

/* Filters that are defined again. */
static void
judge_names(const struct view *view)
{
	const struct sendmail *sendmail = view->sendmail;

	for (size_t i = 0; i < sendmail->filter_count; i++)
		for (size_t j = 0; j < i; j++)
			if (span_equals_nocase(sendmail->filters[i].name, sendmail->filters[j].name))
				(void)wiring_find(&view->wiring->findings, FINDING_DEFINED_TWICE,
						  arena_printf(sendmail->arena, "X%.*s",
							       (int)sendmail->filters[i].name.length,
							       sendmail->filters[i].name.at),
						  sendmail->filters[i].address);
}

bool
wiring_judge_sendmail(struct wiring *wiring, const struct sendmail *sendmail)
{
	const struct view view = view_of(wiring, sendmail);

	judge_names(&view);
	judge_ports(&view);
	if (view.ours == NULL)
		return sendmail->filter_count > 0;
	judge_address(&view);
	judge_flags(&view);
	judge_timeouts(&view);
	judge_macros(&view);
	return sendmail->filter_count > 1;
}
