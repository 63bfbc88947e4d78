/*
 * config_kinds: what can be done with a setting: take its value, show it, compare it, set its default.
 *
 * A setting is a row, struct setting; the rows stand in config/settings.c. Its kind says what is written
 * behind its name, and knows how to do all of this. Any thread, but for what changes a configuration.
 */
#ifndef HELOSCOPE_CONFIG_KINDS_H
#define HELOSCOPE_CONFIG_KINDS_H

#include "heloscope/config/patterns.h"
#include "heloscope/config/values.h"

enum setting_kind {
	KIND_BLOCK,    /* nothing, but the block that it opens */
	KIND_TEXT,     /* a string */
	KIND_FILE,     /* the path of a file that can be read */
	KIND_PATTERNS, /* a string, or several in braces */
	KIND_WORD,     /* one of `words` */
	KIND_DURATION, /* kept in milliseconds */
	KIND_SIZE,     /* kept in octets */
	KIND_NUMBER,
	KIND_FILE_MODE, /* octal, from 0 to 0777 */
	KIND_NETWORKS,  /* said several times: all of them; so for checks and zones */
	KIND_CHECKS,    /* kept as bits 1 << enum method */
	KIND_SERVERS,   /* see config/servers.h, as for zones; they know their own fields */
	KIND_ZONES,
	SETTING_KINDS
};

/* When a value that was changed takes effect at a reload. */
enum setting_effect {
	EFFECT_AT_ONCE,
	EFFECT_RESOLVER,  /* with a new resolver */
	EFFECT_LOOK_BACK, /* with a new look-back */
	EFFECT_SHARE,     /* with a new connection to what is shared */
	EFFECT_RESTART,   /* not before the filter is started again */
};

struct setting {
	const char *name;            /* as it is written */
	enum config_section section; /* where it stands */
	enum config_section opens;   /* the block behind its value, SECTION_TOP for none */
	const char *behind;          /* the setting directly behind which alone it may stand, or NULL */
	const char *full_name;       /* in messages, when `name` alone would not do; or NULL */
	enum setting_kind kind;
	enum setting_effect effect;
	size_t offset, size; /* of its field in struct config */

	/* What is allowed, by kind. */
	const char *const *words; /* in the order of their enum */
	size_t word_count;
	bool (*is_built)(size_t index); /* whether this build has what the word names; NULL: it has all */
	unsigned long min, max;
	bool (*is_good)(const char *text); /* NULL: any text */
	/* In place of it: what is wrong with a text, said as AFTER; nothing: it is good. */
	void (*tell_fault)(const char *text, struct strbuf *fault);
	enum config_pattern pattern;
	enum method_switch needs; /* of checks: those that need it alone; SWITCH_NONE: all */
	size_t places;            /* of checks: offset of the array with where each was said */

	/* What is said of a bad value: BEFORE value AFTER "; expected " EXPECTED. Of a word `before` is what
	 * it is, NULL: "found "WORD"". Of a range MIN and MAX stand in front of `expected`, which gives the
	 * reason. */
	const char *before, *after, *expected;

	/* Whether it does something beside what was said before it; NULL: always. Else what is said of it. */
	bool (*has_effect)(const struct config *config);
	const char *no_effect;

	/* The default; none of these: 0, or no value. */
	unsigned long preset;
	const char *preset_text;
	bool is_like;
	size_t like; /* offset of the text that it has, too, if `is_like` */
};

/* Take a value, or complain of it. `place`: of the setting's name. */
void config_take(struct config_reader *reader, const struct setting *setting, struct place place,
		 const struct value_set *values);

/* What comes next are names of checks: a syntax error will say which. */
void config_offer_checks(struct config_reader *reader, const struct setting *setting);

/* How often it is written: 0 when there is no value. */
size_t config_count(const struct setting *setting, const struct config *config);

/* Write the value that is the `index`th of these, without the name. */
void config_put_value(const struct setting *setting, const struct config *config, size_t index,
		      struct output *out);

/* Whether both have the same value. */
bool config_same_value(const struct setting *setting, const struct config *a, const struct config *b);

/* Give it the value that it has when nothing is said. */
void config_preset_value(const struct setting *setting, struct config *config);

/* Once all is read: the value that it has because another has it (`like`). */
void config_settle_value(const struct setting *setting, struct config *config);

#endif
