#include "heloscope/base/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/nearest.h"
#include "heloscope/base/output.h"

#define FIRST_OPTION 256 /* beyond the letters, so that long forms are told from them */

void
option_complain(const char *program, const char *command, const char *format, va_list arguments)
{
	struct output *out = output_errors();
	const char *blank = command != NULL ? " " : "";

	command = command != NULL ? command : "";
	output_put(out, "%s%s%s: ", program, blank, command);
	output_arguments(out, format, arguments);
	output_put(out, "; try \"%s%s%s --help\"\n", program, blank, command);
}

static int complain(const struct option_syntax *syntax, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int
complain(const struct option_syntax *syntax, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	option_complain(syntax->program, syntax->command, format, arguments);
	va_end(arguments);
	return OPTIONS_USAGE;
}

/* The long and the short forms, as getopt_long(3) wants them; -h stands in front. */
static void
fill_forms(const struct option_row *options, struct option *names, char *letters)
{
	*names++ = (struct option){ "help", no_argument, NULL, 'h' };
	*letters++ = ':'; /* a missing argument is told from an option that there is not */
	*letters++ = 'h';
	for (int i = 0; i < OPTIONS_MAX && options[i].name != NULL; i++) {
		const bool has_argument = options[i].flag == NULL;

		*names++ = (struct option){ options[i].name, has_argument ? required_argument : no_argument,
					    NULL, FIRST_OPTION + i };
		if (options[i].letter == 0)
			continue;
		*letters++ = options[i].letter;
		if (has_argument)
			*letters++ = ':';
	}
	*names = (struct option){ NULL, 0, NULL, 0 };
	*letters = '\0';
}

/* The option that getopt_long(3) has found, or NULL. */
static const struct option_row *
found_option(const struct option_row *options, int found)
{
	for (int i = 0; i < OPTIONS_MAX && options[i].name != NULL; i++)
		if (found == FIRST_OPTION + i || (found != 0 && found == options[i].letter))
			return &options[i];
	return NULL;
}

/* The name of the option that another one excludes, when both were given; NULL when none are. */
static const char *
excluded(const struct option_syntax *syntax, const bool *given, const char **by)
{
	for (int i = 0; syntax->options[i].name != NULL; i++)
		for (int j = 0;
		     given[i] && syntax->options[i].excludes != NULL && syntax->options[j].name != NULL; j++)
			if (given[j] && strcmp(syntax->options[i].excludes, syntax->options[j].name) == 0) {
				*by = syntax->options[i].name;
				return syntax->options[j].name;
			}
	return NULL;
}

/* What getopt(3) complains of, as it was written. */
static const char *
blamed_option(char *const *argv, char letter[3])
{
	if (optopt <= 0 || optopt >= FIRST_OPTION)
		return argv[optind - 1];
	letter[0] = '-';
	letter[1] = (char)optopt;
	letter[2] = '\0';
	return letter;
}

static int
complain_of_unknown(const struct option_syntax *syntax, const char *option)
{
	const char *names[OPTIONS_MAX + 1] = { "help" }, *nearest = NULL;
	const size_t length = strcspn(option, "=");
	char name[60] = "";
	size_t count = 1;

	for (; count <= OPTIONS_MAX && syntax->options[count - 1].name != NULL; count++)
		names[count] = syntax->options[count - 1].name;
	if (strncmp(option, "--", 2) == 0 && length - 2 < sizeof name) {
		memcpy(name, option + 2, length - 2);
		nearest = nearest_word(name, names, count);
	}
	if (nearest == NULL)
		return complain(syntax, "unknown option \"%.60s\"", option);
	return complain(syntax, "unknown option \"%.60s\" (did you mean \"--%s\"?)", option, nearest);
}

/* An option, with what getopt(3) has for it; `is_given`: it was there before. */
static int
take_option(const struct option_syntax *syntax, const struct option_row *option, bool *is_given)
{
	const bool is_again = *is_given;

	*is_given = true;
	if (is_again && !option->is_repeatable)
		return complain(syntax, "--%s was given twice", option->name);
	if (option->flag != NULL) {
		*option->flag = true;
		return -1;
	}
	if (option->take != NULL)
		return option->take(syntax->context, optarg);
	if (optarg[0] == '\0')
		return complain(syntax, "--%s needs an argument that is not empty", option->name);
	*option->text = optarg;
	return -1;
}

int
options_read(int argc, char **argv, const struct option_syntax *syntax)
{
	struct option names[OPTIONS_MAX + 2];
	char letters[2 * OPTIONS_MAX + 3];
	bool given[OPTIONS_MAX] = { false };
	const char *other, *by = NULL;
	char letter[3];
	int found, status = -1;

	fill_forms(syntax->options, names, letters);
	opterr = 0; /* getopt(3) would print what it was given as it is */
	while (status < 0 && (found = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		const struct option_row *option = found_option(syntax->options, found);

		if (found == 'h') {
			output_lines(output_standard(), span_of(syntax->help));
			return EXIT_SUCCESS;
		}
		if (found == ':')
			return complain(syntax, "option \"%.60s\" wants an argument",
					blamed_option(argv, letter));
		if (option == NULL)
			return complain_of_unknown(syntax, blamed_option(argv, letter));
		status = take_option(syntax, option, &given[option - syntax->options]);
	}
	other = status < 0 ? excluded(syntax, given, &by) : NULL;
	return other == NULL ? status : complain(syntax, "--%s and --%s exclude each other", by, other);
}

int
options_read_all(int argc, char **argv, const struct option_syntax *syntax)
{
	const int status = options_read(argc, argv, syntax);

	if (status < 0 && optind < argc)
		return complain(syntax, "unexpected argument \"%.60s\"", argv[optind]);
	return status;
}
