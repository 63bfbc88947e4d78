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

static bool
is_name(struct span text)
{
	size_t good = 0;

	while (good < text.length && (ascii_is_alnum(text.at[good]) || text.at[good] == '_'))
		good++;
	return good == text.length && good > 0;
}

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

/* "name = value", "name =". */
static bool
split_setting(struct span line, struct postfix_setting *setting)
{
	struct span rest = line;
	const struct span key = span_word(&rest, ASCII_BLANKS), sign = span_word(&rest, ASCII_BLANKS);

	split_key(key, setting);
	setting->value = span_trim(rest);
	return key.at == line.at && span_equals(sign, SPAN("=")) && is_name(setting->name);
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
	"compatibility_level", "config_directory", "mail_owner", "mail_version", "milter_command_timeout",   \
		"milter_connect_macros", "milter_connect_timeout", "milter_content_timeout",                 \
		"milter_default_action", "milter_end_of_data_macros", "milter_helo_macros",                  \
		"milter_mail_macros", "milter_protocol", "milter_rcpt_macros", "myhostname",                 \
		"non_smtpd_milters", "postscreen_upstream_proxy_protocol", "queue_directory",                \
		"receive_override_options", "smtpd_authorized_xclient_hosts", "smtpd_hard_error_limit",      \
		"smtpd_milter_maps", "smtpd_milters", "smtpd_upstream_proxy_protocol"

/* What postconf prints with these options and the names; before them come those of all questions. */
static enum program_state
ask(struct postfix *postfix, const char *directory, bool is_stressed, const char *const *words,
    struct span *text, struct error *error)
{
	static const char *const programs[] = { "/usr/sbin/postconf", "/usr/local/sbin/postconf" };
	const char *arguments[40] = { NULL };
	enum program_state state = PROGRAM_MISSING;
	size_t count = 1;

	if (directory != NULL) {
		arguments[count++] = "-c";
		arguments[count++] = directory;
	}
	if (is_stressed) {
		arguments[count++] = "-o";
		arguments[count++] = "stress=yes";
	}
	while (*words != NULL)
		arguments[count++] = *words++;
	for (size_t i = 0; i < sizeof programs / sizeof programs[0] && state == PROGRAM_MISSING; i++) {
		char *copies[sizeof arguments / sizeof arguments[0]];

		arguments[0] = programs[i];
		memcpy(copies, arguments, sizeof copies); /* which nothing changes */
		state = program_read(copies, postfix->arena, text, error);
	}
	return state;
}

enum program_state
postfix_load(struct postfix *postfix, const char *directory, bool is_stressed, struct error *error)
{
	static const char *const main_cf[] = { "-x", NAMES, NULL }, *const own[] = { "-x", "-P", NULL },
				 *const services[] = { "-M", NULL };
	static const struct {
		const char *const *words;
		bool (*read)(struct postfix *postfix, struct span text, struct error *error);
	} steps[] = {
		{ main_cf, postfix_read_settings },
		{ own, postfix_read_settings },
		{ services, postfix_read_services },
	};

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct span text;
		const enum program_state state =
			ask(postfix, directory, is_stressed, steps[i].words, &text, error);

		if (state != PROGRAM_READ)
			return state;
		if (!steps[i].read(postfix, text, error))
			return PROGRAM_FAULT;
	}
	return PROGRAM_READ;
}

/* What it says. */

struct span
postfix_value(const struct postfix *postfix, const struct postfix_service *service, const char *name,
	      const char **place)
{
	const struct postfix_setting *found = NULL;

	for (size_t i = 0; i < postfix->setting_count; i++) {
		const struct postfix_setting *setting = &postfix->settings[i];
		const bool is_own = setting->service.length > 0;

		if (!span_equals(setting->name, span_of(name))
		    || (is_own && (service == NULL || !span_equals(setting->service, span_of(service->key)))))
			continue;
		if (is_own || found == NULL)
			found = setting;
	}
	if (place != NULL)
		*place = found != NULL && found->service.length > 0
				 ? arena_printf(postfix->arena, "%s/%s", service->key, name)
				 : name;
	return found != NULL ? found->value : SPAN("");
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
