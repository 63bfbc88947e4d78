/*
 * config_reader: what is read, where, and what is wrong with it.
 *
 * For the modules that read a configuration only. Each function that takes a word or a value judges it and
 * stores it, or complains with its place; reading goes on after a complaint, so that all errors of a file are
 * seen at once.
 */
#ifndef HELOSCOPE_CONFIG_READER_H
#define HELOSCOPE_CONFIG_READER_H

#include <sys/types.h>

#include "heloscope/base/strbuf.h"
#include "heloscope/config/config.h"
#include "heloscope/config/expected.h"

struct place {
	int line, column; /* from 1; columns count octets */
};

/* Braces that are open at a time: no statement has more, and of what has the outer ones are known. */
#define CONFIG_BRACES_MAX 8

struct brace {
	struct place place;
	bool is_told; /* that it is not closed */
};

/* A text as the file had it, and where. */
struct word {
	const char *text;
	struct place place;
};

struct config_reader;

/* Where a setting stands: at the top of a file, or within a block. */
enum config_section {
	SECTION_TOP,
	SECTION_SOCKET,  /* listen ... { } */
	SECTION_CONTROL, /* control ... { } */
	SECTION_RESOLVER,
	SECTION_TRUST,
	SECTION_SPF, /* with braces or without */
	SECTION_LOOK_BACK,
	SECTION_SHARE,    /* without braces: what is behind "share" */
	SECTION_REDIS,    /* share redis ... { } */
	SECTION_REFUSALS, /* a file of refusals, which has no settings */
	SECTIONS
};

struct setting;
struct refusal_set;

/* What all files of a configuration share. */
struct config_reading {
	struct config *config;
	struct output *messages;
	unsigned errors;
	size_t files, octets;         /* read so far */
	struct refusal_set *refusals; /* where they go; NULL: settings are read, which are another language */

	/* Read the file at `path` in the place of the statement; complain when that cannot be. */
	void (*include)(struct config_reader *reader, struct word path);
};

/* One file being read. */
struct config_reader {
	struct config_reading *reading;
	struct config *config; /* reading->config */
	const char *path;      /* as it was given, or found from its includer: to open it, and in messages */
	const char *shown; /* as the includer wrote it, the first one without its directory: in rule places */
	const struct config_reader *includer; /* or NULL */
	dev_t device;                         /* with `inode`: which file it is, whatever it is called */
	ino_t inode;

	/* The scanner's: the token that the parser looks at. */
	void *scanner;
	const char *lexeme;
	unsigned serial;       /* counts tokens */
	unsigned blamed;       /* serial of the token last complained of by the parser */
	unsigned excused;      /* serial of the token whose meaning was complained of */
	unsigned forgiven;     /* serial of the token that was left to be the next line's */
	bool is_first_on_line; /* the token began its line */
	struct place last;     /* where the token ends */
	struct place before;   /* where the one before it ends */
	int broken_line;       /* line whose first word was announced */
	const char *announced; /* that word */
	int line_to_skip;      /* rest of a broken line is passed over; 0: none */
	int skipped_braces;
	struct brace braces[CONFIG_BRACES_MAX];
	int open_braces; /* may be more than are kept */

	struct said_set
		said_here; /* options of the block or the list being read that may be said only once */

	/* The grammar's, for the scanner: which settings there are here. */
	enum config_section section;
	const struct setting *setting; /* the one that was read last, if what comes may stand behind it */
	unsigned end_of_last;          /* serial of its last token */
	const struct setting *awaited; /* that whose value comes next, or NULL */

	/* For what a syntax error says. */
	struct word tested;      /* the name of the test that was read last */
	struct expected offered; /* what can stand where a value comes next */
};

/* So many errors are shown, and how many there are besides: a file of another kind has one a line. */
#define CONFIG_ERRORS_SHOWN 20

void config_complain(struct config_reader *reader, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "PATH:LINE", by which an editor finds a statement; kept by the configuration. */
const char *config_where(struct config_reader *reader, struct place place);

/* "WHERE: warning: ..."; what is warned of does not keep a configuration from being used. */
void config_warn(struct output *messages, const char *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Take note of a token: whether it is a brace that opens, or one that closes. */
void config_count_brace(struct config_reader *reader, struct place place, const char *text);

/* The brace that was opened last and is not closed, or NULL. */
struct brace *config_open_brace(struct config_reader *reader);

/* Add `found "WORD"`; of a text in quotes `found the text "..."`. */
void config_add_found(struct strbuf *message, const char *found);

/* The index of `word` in `known`, or `count` after a complaint: "unknown REGARD ...", or without one "found
 * ...". */
size_t config_known_word(struct config_reader *reader, const char *regard, struct word word,
			 const char *const *known, size_t count);

#define CONFIG_KNOWN(reader, regard, word, table)                                                            \
	config_known_word((reader), (regard), (word), (table), sizeof(table) / sizeof((table)[0]))

/* Where `name` was said before, or NULL: then it is said at `place` from now on. */
const char *config_said_before(struct config_reader *reader, const char *name, struct place place);

/* Complain when the setting named `name` was said before. */
void config_once(struct config_reader *reader, const char *name, struct place place);

/* A block, or a list with its options, begins; complain when an option of it was said before. */
void config_begin_options(struct config_reader *reader);
void config_once_here(struct config_reader *reader, const char *name, struct place place);

void config_add_text(struct config_reader *reader, struct text_set *set, const char *text);

#endif
