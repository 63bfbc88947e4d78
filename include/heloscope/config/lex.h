/*
 * config_lex: the words of heloscope.conf(5). Tokens carry their text, kept in the configuration's arena.
 */
#ifndef HELOSCOPE_CONFIG_LEX_H
#define HELOSCOPE_CONFIG_LEX_H

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/config/reader.h"
#include "config/parse.h"

/* A scanner of `text`, which stays until config_lex_close(); NULL when memory ran out. */
void *config_lex_open(struct config_reader *reader, struct span text) MUST_USE;
void config_lex_close(void *scanner);

/* The next token, with its value and its place; 0 at the end. */
int config_yylex(CONFIG_YYSTYPE *value, struct place *place, void *scanner);

#endif
