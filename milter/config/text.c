#include "heloscope/config/text.h"

#include "heloscope/config/lex.h"

bool
config_parse_text(struct config_reader *reader, struct span text)
{
	void *scanner = config_lex_open(reader, text);
	config_yypstate *grammar = config_yypstate_new();
	const bool has_memory = scanner != NULL && grammar != NULL;
	const int language = reader->reading->refusals != NULL ? OF_REFUSALS : OF_SETTINGS;
	CONFIG_YYSTYPE none = { 0 };
	struct place start = { 1, 1 };
	int status = has_memory ? config_yypush_parse(grammar, language, &none, &start, reader) : 2;

	while (status == YYPUSH_MORE) {
		CONFIG_YYSTYPE value = { 0 };
		struct place place = { 1, 1 };
		const int token = config_yylex(&value, &place, scanner);

		status = config_yypush_parse(grammar, token, &value, &place, reader);
	}
	config_yypstate_delete(grammar);
	if (scanner != NULL)
		config_lex_close(scanner);
	return has_memory; /* what the grammar could not take has been complained of */
}
