/*
 * config_build: what the grammar does with what it has read.
 *
 * For config_parse.y, config_lex.l and config.c only. Each function takes one setting, judges
 * its value and stores it, or complains with the place of the value; reading goes on after a
 * complaint, so that all errors of a file are seen at once.
 */
#ifndef HELOSCOPE_CONFIG_BUILD_H
#define HELOSCOPE_CONFIG_BUILD_H

#include <sys/types.h>

#include "heloscope/config/config.h"

struct place {
	int line, column; /* from 1; columns count octets */
};

/* What all files of a configuration share. */
struct config_reading {
	struct config *config;
	struct output *messages;
	unsigned errors;
	struct text_set said; /* settings that may be said only once */
	size_t files, octets; /* read so far */
};

/* One file being read. */
struct config_reader {
	struct config_reading *reading;
	struct config *config;                /* reading->config */
	const char *path;                     /* to open it and to find what it includes */
	const char *shown;                    /* in messages and rule places */
	const struct config_reader *includer; /* or NULL */
	dev_t device;                         /* with `inode`: which file it is, whatever it is called */
	ino_t inode;

	/* The scanner's: the token that the parser looks at. */
	void *scanner;
	const char *lexeme;
	unsigned serial;       /* counts tokens */
	unsigned blamed;       /* serial of the token last complained of by the parser */
	unsigned forgiven;     /* serial of the token that was left to be the next line's */
	bool is_first_on_line; /* the token began its line */
	int last_line;         /* of the token */
	int broken_line;       /* line whose first word was announced */
	int line_to_skip;      /* rest of a broken line is passed over; 0: none */
	int skipped_braces;
};

/* A text as the file had it, and where. */
struct word {
	const char *text;
	struct place place;
};

/* A value of a setting as it appeared: the kinds that sets of a condition may hold. */
enum value_kind { VALUE_WORD, VALUE_STRING, VALUE_ADDRESS };

struct value_set {
	enum value_kind kind; /* of the first */
	struct word *items;
	size_t count;
};

/* The words that stand for values, in the order of their enums. */
extern const char *const config_log_targets[2],
	*const config_log_levels[4], *const config_spf_engines[2],
					     *const config_flags[2],
						     *const config_list_states[3],

							     *const config_quantities[QUANTITIES],
								     *const config_subjects[SUBJECTS];

/* These begin with the second value: the first stands for what is not said. */
extern const char *const config_list_kinds[2], *const config_list_takes[3], *const config_list_ipv6[3];

/* Options behind a list's zone. */
struct list_options {
	struct word weight, key, key_file; /* text NULL: not said */
	struct answer_set answers;
	struct probe_set probes;
	struct value_set on;
	bool has_on;
};

void config_complain(struct config_reader *reader, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "PLACE: warning: ..."; what is warned of does not keep a configuration from being used. */
void config_warn(struct output *messages, const char *place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The index of `word` in `known`, or `count` after a complaint: "unknown REGARD ...". */
size_t config_known_word(struct config_reader *reader, const char *regard, struct word word,
			 const char *const *known, size_t count);

#define CONFIG_KNOWN(reader, regard, word, table)                                                            \
	config_known_word((reader), (regard), (word), (table), sizeof(table) / sizeof((table)[0]))

/* Add the known word nearest to `word`, as `; did you mean "x"?`, when one is near. */
void config_add_nearest(struct strbuf *message, const char *word, const char *const *known, size_t count);

/* Read the file at `path`, called `shown` in messages, and what it includes. Complains when it cannot. */
void config_read_file(struct config_reading *reading, const char *path, const char *shown);

/* Scan and parse `text`; complaints are counted in `reader`. False when memory ran out. */
bool config_parse_text(struct config_reader *reader, struct span text);

void config_add_value(struct config_reader *reader, struct value_set *set, enum value_kind kind,
		      struct word value);

void config_set_authserv_id(struct config_reader *reader, struct word id, const struct value_set *also);
void config_set_listen(struct config_reader *reader, struct word where);
void config_set_socket_mode(struct config_reader *reader, struct word mode);
void config_set_mode(struct config_reader *reader, struct word mode);
void config_set_log(struct config_reader *reader, struct word target, struct word level);
void config_set_audit_log(struct config_reader *reader, struct word path);
void config_set_servers(struct config_reader *reader, const struct value_set *servers);
void config_add_zone(struct config_reader *reader, struct word zone, const struct value_set *servers);
void config_set_probe_interval(struct config_reader *reader, struct word duration);
void config_set_timeout(struct config_reader *reader, struct word duration);
/* A number with a unit: milliseconds, or octets. ULONG_MAX when that is more than fits. */
unsigned long config_measure(const char *text);

void config_set_cache(struct config_reader *reader, struct word size);
void config_set_spf(struct config_reader *reader, struct word engine);
void config_set_flag(struct config_reader *reader, bool *flag, struct word value);
void config_disable(struct config_reader *reader, const struct value_set *methods);
void config_set_probe(struct config_reader *reader, struct word value);
void config_set_probe_name(struct config_reader *reader, struct word name);
void config_set_probe_file(struct config_reader *reader, struct word path);
void config_set_probe_port(struct config_reader *reader, struct word port);
void config_set_probe_count(struct config_reader *reader, struct word count);
void config_set_probe_rate(struct config_reader *reader, struct word rate);
void config_set_probe_timeout(struct config_reader *reader, struct word duration);
/* Copies of the texts. */
struct text_set config_texts(struct config_reader *reader, const struct value_set *values);
void config_add_text(struct config_reader *reader, struct text_set *set, const char *text);

/* What a pattern is compared with. */
enum config_pattern {
	PATTERN_RECIPIENT,
	PATTERN_MAIL_FROM,
	PATTERN_HELO_NAME,
	PATTERN_CLIENT_NAME,
	PATTERN_DOMAIN, /* of recipients: `policy for` */
	PATTERN_OWN_ID, /* of Authentication-Results fields */
	PATTERN_ZONE,   /* of lists */
};

/* Copies of patterns, their domains in the form that the DNS has; complains of those that fit nothing. */
struct text_set config_patterns(struct config_reader *reader, enum config_pattern kind,
				const struct value_set *values);

void config_add_networks(struct config_reader *reader, struct network_set *networks,
			 const struct value_set *values);
void config_include(struct config_reader *reader, struct word path);
void config_set_trust_anchor(struct config_reader *reader, struct word path);

/* Complain when the setting named `name` was said before. */
void config_once(struct config_reader *reader, const char *name, struct place place);

/* Lists and their catalogue. */

#define KEY_LENGTH_MIN 20 /* a first label as long as this, in no catalogue, is taken for a key */

/* What is a key, though the configuration does not say so again: copied. NULL and "" are allowed. */
void config_add_secret(struct config *config, struct span secret);

/*
 * Copy `text` into `memory` of `size` octets, with "***" for each key in it: those that were said, what
 * stands in front of a zone that the catalogue has as "*.ZONE", and words of KEY_LENGTH_MIN letters and
 * digits. What does not fit is cut. Returns `memory`.
 */
const char *config_mask(const struct config *config, const char *text, char *memory, size_t size);

#define CONFIG_MESSAGE_SIZE 2048 /* octets of a message, with its NUL */

void config_add_answer(struct config_reader *reader, struct answer_set *answers, struct word range,
		       const char *meaning);
void config_add_probes(struct config_reader *reader, struct probe_set *probes, bool is_listed,
		       const struct value_set *entries);
void config_set_no_probes(struct config_reader *reader, struct probe_set *probes, struct word none);
void config_set_kind(struct config_reader *reader, struct list_entry *entry, struct word kind);
void config_set_takes(struct config_reader *reader, struct list_entry *entry, struct word takes);
void config_set_ipv6(struct config_reader *reader, struct list_entry *entry, struct word ipv6);
void config_set_status(struct config_reader *reader, struct list_entry *entry, struct word status,
		       const char *text);
void config_set_contained(struct config_reader *reader, struct list_entry *entry,
			  const struct value_set *zones);
void config_add_list(struct config_reader *reader, enum list_subject subject, bool is_allow, struct word zone,
		     const struct list_options *options);
void config_add_entry(struct config_reader *reader, struct word zone, struct list_entry entry);

/* Once all files are read: join lists with their entries, and warn of what makes no sense. */
void config_resolve_lists(struct config *config, struct output *messages);

/* Conditions and rules. `left` becomes part of what comes back, or is it; `right` is NULL for NOT. */
struct condition *config_condition(struct config_reader *reader, struct place place, enum condition_kind kind,
				   struct condition *left, const struct condition *right);
struct condition *config_flag_condition(struct config_reader *reader, struct word name);
struct condition *config_number_condition(struct config_reader *reader, struct word name,
					  enum compare compare, struct word number);
struct condition *config_set_condition(struct config_reader *reader, struct word name, bool is_negated,
				       const struct value_set *values);

struct rule config_rule(struct config_reader *reader, struct place place, enum action action,
			struct word percent, struct word code, struct word xcode, struct word text,
			const struct condition *condition);
void config_add_rule(struct config_reader *reader, struct rule_set *rules, const struct rule *rule);
void config_add_exceptions(struct config_reader *reader, struct place place, const struct rule_set *rules,
			   const struct rule *otherwise);
void config_add_policy(struct config_reader *reader, struct place place, const struct value_set *domains,
		       const struct rule_set *rules, const struct rule *otherwise);

/* Complain of rules that name a list which is not asked; once all files are read. Returns how many. */
unsigned config_check_policies(struct config *config, struct output *messages);

#endif
