#include "heloscope/wiring/postfix.h"

#include <string.h>

#define COLUMNS 8 /* of master.cf */

enum { COLUMN_NAME, COLUMN_TYPE, COLUMN_CHROOT = 4, COLUMN_COMMAND = 7 };

static bool
complain(struct span line, const char *kind, struct error *error)
{
	error_set(error, "postconf printed \"%.*s\", which is no %s",
		  (int)(line.length < 100 ? line.length : 100), line.at, kind);
	return false;
}

/* Settings. */

/* "submission/inet/smtpd_milters", of which the last part is the parameter. */
static void
split_key(struct span key, struct postfix_setting *setting)
{
	size_t start = key.length;

	while (start > 0 && key.at[start - 1] != '/')
		start--;
	setting->name = span_from(key, start);
	setting->service = (struct span){ key.at, start > 0 ? start - 1 : 0 };
}

/* "name = value", "name =". An administrator's own name may be any word ("na-me"): Postfix warns of it at
 * most. */
static bool
split_setting(struct span line, struct postfix_setting *setting)
{
	struct span rest = line;
	const struct span key = span_word(&rest, ASCII_BLANKS), sign = span_word(&rest, ASCII_BLANKS);

	split_key(key, setting);
	setting->value = span_trim(rest);
	return key.at == line.at && span_equals(sign, SPAN("=")) && setting->name.length > 0;
}

bool
postfix_read_settings(struct postfix *postfix, struct span text, struct error *error)
{
	while (text.length > 0) {
		const struct span line = span_until(&text, '\n');
		struct postfix_setting read, *grown;

		if (!split_setting(line, &read))
			return complain(line, "parameter", error);
		grown = arena_grow(postfix->arena, postfix->settings, postfix->setting_count, sizeof *grown);
		if (grown == NULL) {
			error_set(error, "out of memory");
			return false;
		}
		postfix->settings = grown;
		grown[postfix->setting_count++] = read;
	}
	return true;
}

/* Services. */

static bool
add_service(struct postfix *postfix, const struct span *columns, struct error *error)
{
	const struct span name = columns[COLUMN_NAME], type = columns[COLUMN_TYPE];
	struct postfix_service *grown =
		arena_grow(postfix->arena, postfix->services, postfix->service_count, sizeof *grown);

	error_set(error, "out of memory");
	if (grown == NULL)
		return false;
	postfix->services = grown;
	grown[postfix->service_count++] = (struct postfix_service){
		.key = arena_printf(postfix->arena, "%.*s/%.*s", (int)name.length, name.at, (int)type.length,
				    type.at),
		.name = name,
		.type = type,
		.chroot = columns[COLUMN_CHROOT],
		.command = columns[COLUMN_COMMAND],
	};
	return !postfix->arena->has_failed;
}

bool
postfix_read_services(struct postfix *postfix, struct span text, struct error *error)
{
	while (text.length > 0) {
		const struct span line = span_until(&text, '\n');
		struct span rest = line, columns[COLUMNS];

		for (size_t i = 0; i < COLUMNS; i++)
			columns[i] = span_word(&rest, ASCII_BLANKS);
		if (columns[COLUMNS - 1].length == 0)
			return complain(line, "service", error);
		if (!add_service(postfix, columns, error))
			return false;
	}
	return true;
}

/* From postconf. */

/* The parameters that are looked at; those that a Postfix does not know it leaves out. */
#define NAMES                                                                                                \
	"compatibility_level", "config_directory", "inet_protocols", "mail_owner", "mail_version",           \
		"milter_command_timeout", "milter_connect_timeout", "milter_content_timeout",                \
		"milter_default_action", "milter_protocol", "myhostname", "non_smtpd_milters",               \
		"postscreen_upstream_proxy_protocol", "queue_directory", "receive_override_options",         \
		"smtpd_authorized_xclient_hosts", "smtpd_hard_error_limit", "smtpd_milter_maps",             \
		"smtpd_milters", "smtpd_proxy_filter", "smtpd_upstream_proxy_protocol"

#define WORDS_MAX 40 /* of a question, beside what a service sets */

/* Whose settings are asked for. */
struct view {
	const char *directory; /* NULL: what postconf says */
	bool is_stressed;
	const struct postfix_service *service; /* whose own settings count; NULL: main.cf alone */
};

/* Add "-o", "name=value" for each setting of the service. Returns the new count. */
static size_t
add_own(const struct postfix *postfix, const struct postfix_service *service, const char **arguments,
	size_t count)
{
	for (size_t i = 0; i < postfix->setting_count; i++) {
		const struct postfix_setting *own = &postfix->settings[i];

		if (service == NULL || !span_equals(own->service, span_of(service->key)))
			continue;
		arguments[count++] = "-o";
		arguments[count++] = arena_printf(postfix->arena, "%.*s=%.*s", (int)own->name.length,
						  own->name.at, (int)own->value.length, own->value.at);
	}
	return count;
}

/* What postconf prints with these words; before them comes what the view adds. */
static enum program_state
ask(struct postfix *postfix, const struct view *view, const char *const *words, struct span *text,
    struct error *error)
{
	static const char *const programs[] = { "/usr/sbin/postconf", "/usr/local/sbin/postconf" };
	const size_t most = WORDS_MAX + 2 * postfix->setting_count;
	const char **arguments = arena_alloc(postfix->arena, most * sizeof *arguments);
	char **copies = arena_alloc(postfix->arena, most * sizeof *copies);
	enum program_state state = PROGRAM_MISSING;
	size_t count = 1;

	error_set(error, "out of memory");
	if (arguments == NULL || copies == NULL)
		return PROGRAM_FAULT;
	if (view->directory != NULL) {
		arguments[count++] = "-c";
		arguments[count++] = view->directory;
	}
	if (view->is_stressed) {
		arguments[count++] = "-o";
		arguments[count++] = "stress=yes";
	}
	count = add_own(postfix, view->service, arguments, count);
	while (*words != NULL)
		arguments[count++] = *words++;
	for (size_t i = 0; i < sizeof programs / sizeof programs[0] && state == PROGRAM_MISSING; i++) {
		arguments[0] = programs[i];
		memcpy(copies, arguments, (count + 1) * sizeof *copies); /* which nothing changes */
		state = program_read(copies, postfix->arena, text, error);
	}
	return state;
}

/* Parameters as main.cf has them, or, with a service, as they are for that one. */
static enum program_state
load_settings(struct postfix *postfix, const struct view *view, const char *const *words, struct error *error)
{
	struct span text;
	const enum program_state state = ask(postfix, view, words, &text, error);

	if (state != PROGRAM_READ)
		return state;
	return postfix_read_settings(postfix, text, error) ? PROGRAM_READ : PROGRAM_FAULT;
}

static bool
has_own(const struct postfix *postfix, const struct postfix_service *service)
{
	for (size_t i = 0; i < postfix->setting_count; i++)
		if (span_equals(postfix->settings[i].service, span_of(service->key)))
			return true;
	return false;
}

/*
 * Of a service that sets something of its own: every parameter as it is for it. What it sets may be used by
 * others of main.cf ("milter_default_action = $own"), which only Postfix itself can tell.
 */
static enum program_state
load_own(struct postfix *postfix, const struct view *view, const char *const *words, struct error *error)
{
	const struct postfix read = *postfix;

	for (size_t i = 0; i < postfix->service_count; i++) {
		const struct view own = { view->directory, view->is_stressed, &postfix->services[i] };
		const size_t before = postfix->setting_count;
		enum program_state state;

		if (!has_own(&read, own.service))
			continue;
		state = load_settings(postfix, &own, words, error);
		if (state != PROGRAM_READ)
			return state;
		for (size_t j = before; j < postfix->setting_count; j++)
			postfix->settings[j].service = span_of(own.service->key);
	}
	return PROGRAM_READ;
}

enum program_state
postfix_load(struct postfix *postfix, const char *directory, bool is_stressed, struct error *error)
{
	static const char *const names[] = { "-x", NAMES, NULL }, *const own[] = { "-P", NULL },
				 *const services[] = { "-M", NULL };
	const struct view view = { directory, is_stressed, NULL };
	struct span text;
	enum program_state state = ask(postfix, &view, services, &text, error);

	if (state == PROGRAM_READ && !postfix_read_services(postfix, text, error))
		state = PROGRAM_FAULT;
	if (state == PROGRAM_READ)
		state = load_settings(postfix, &view, names, error);
	if (state == PROGRAM_READ)
		state = load_settings(postfix, &view, own, error);
	return state == PROGRAM_READ ? load_own(postfix, &view, names, error) : state;
}

/* What it says. */

struct span
postfix_value(const struct postfix *postfix, const struct postfix_service *service, const char *name,
	      const char **place)
{
	const struct postfix_setting *of_main = NULL, *own = NULL;
	size_t own_count = 0; /* as it stands there, and as it is for the service */
	bool is_own;

	for (size_t i = 0; i < postfix->setting_count; i++) {
		const struct postfix_setting *setting = &postfix->settings[i];

		if (!span_equals(setting->name, span_of(name)))
			continue;
		if (setting->service.length == 0) {
			of_main = of_main != NULL ? of_main : setting;
		} else if (service != NULL && span_equals(setting->service, span_of(service->key))) {
			own = setting;
			own_count++;
		}
	}
	is_own = own_count > 1
		 || (own != NULL && (of_main == NULL || !span_equals(own->value, of_main->value)));
	if (place != NULL)
		*place = is_own ? arena_printf(postfix->arena, "%s/%s", service->key, name) : name;
	return own != NULL ? own->value : of_main != NULL ? of_main->value : SPAN("");
}

bool
postfix_is_chrooted(const struct postfix *postfix, const struct postfix_service *service)
{
	const struct span level = postfix_value(postfix, NULL, "compatibility_level", NULL);

	if (!span_equals(service->chroot, SPAN("-")))
		return span_equals(service->chroot, SPAN("y"));
	return level.length == 0 || level.at[0] == '0'; /* what master(5) takes where nothing is said */
}

bool
postfix_read_seconds(struct span text, unsigned *seconds)
{
	static const struct {
		char letter;
		unsigned seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	const char last = text.length > 0 ? text.at[text.length - 1] : '\0';
	unsigned unit = 1, number;
	struct span digits = text;

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (units[i].letter == last) {
			unit = units[i].seconds;
			digits.length--;
		}
	if (!span_to_number(digits, 0, 4000000000U / unit < 999999999U ? 4000000000U / unit : 999999999U,
			    &number))
		return false;
	*seconds = number * unit;
	return true;
}
