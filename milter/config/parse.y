/* The grammar of heloscope.conf(5). What a setting means is judged in config/settings.c and its neighbours. */
%code requires {
#include "heloscope/config/catalogue.h"
#include "heloscope/config/lists.h"
#include "heloscope/config/rules.h"
#include "heloscope/config/kinds.h"
#include "heloscope/config/refusals.h"
}

%code {
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"

#include "heloscope/base/nearest.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/config/comparison.h"
#include "heloscope/config/expected.h"
#include "heloscope/config/misplaced.h"
#include "heloscope/config/settings.h"
#include "heloscope/config/words.h"

static void config_yyerror(struct place *place, struct config_reader *reader, const char *message);

#define YYLLOC_DEFAULT(current, rhs, n) \
	((current) = (n) > 0 ? YYRHSLOC(rhs, 1) : YYRHSLOC(rhs, 0))

/* After a syntax error within so many braces: go on with the next line, or end with the file. */
#define RECOVER(reader, depth) \
	do { \
		if (yychar == END) \
			YYABORT; \
		yyerrok; \
		if (skips_rest((reader), (depth))) \
			yyclearin; \
		(reader)->forgiven = (reader)->serial; \
		(reader)->awaited = NULL; \
	} while (0)

/*
 * Whether the offending token goes, and the rest of its line. It stays when it begins a line and was not blamed
 * twice, for then the line before it was broken off, and when it closes the block in which the error is.
 */
static bool
skips_rest(struct config_reader *reader, int depth)
{
	const int inner = reader->open_braces - depth;
	const bool is_next = reader->is_first_on_line && reader->forgiven != reader->serial;

	if (inner < 0)
		return false;
	reader->open_braces = depth;
	if (is_next)
		return false;
	reader->line_to_skip = reader->last.line;
	reader->skipped_braces = inner;
	return true;
}

/* What is nested deeper ends the reading of a file; statements and lists do not nest. */
#define YYMAXDEPTH 2000

static const struct word nothing = { NULL, { 0, 0 } };
#define AT(value, where) ((struct word){ (value), (where) })

static struct value_set
alone(struct config_reader *reader, enum value_kind kind, struct word value)
{
	struct value_set set = { 0 };

	config_add_value(reader, &set, kind, value);
	return set;
}
}

%define api.pure full
%define api.prefix {config_yy}
%define api.location.type {struct place}
%define parse.error custom
%define parse.lac full
%locations
%define api.push-pull push
%parse-param { struct config_reader *reader }

%code provides {
/* The token for the name of a setting. */
int config_setting_token(const struct setting *setting);
}

%union {
	const char *text;
	const struct setting *setting;
	struct word word;
	struct value_set values;
	struct list_options options;
	struct list_entry entry;
	struct answer_set answers;
	struct test_entry_set test_entries;
	struct condition *condition;
	struct rule rule;
	struct operator_entry host;
	struct refusal_draft refusal;
	struct { struct rule_set rules; struct rule otherwise; } block;
	struct { struct word name; bool is_negated; } side;
	enum action action;
	enum compare compare;
	bool flag;
}

%token END 0 "end of file"
%token <text> WORD "word" STRING "text in quotes" NUMBER "number" DURATION "duration like 5s"
%token <text> SIZE "size like 8MB" PERCENT "percentage"
%token <text> ADDRESS "address" CODES "codes like 5xx or 5.7.x" XCODE "enhanced code"
%token <text> BARE "text without quotes"
%token <text> ACCEPT "accept" AND "and" ANSWERS "answers" AUDIT "audit" AUTHENTICATED "authenticated"
%token <text> CONTAINS "contains" DEFAULT "default" DEFER "defer" DNSBL "dnsbl" DNSWL "dnswl"
%token <text> DOMAIN_DNSBL "domain-dnsbl" ERRORS "errors" EXCEPTIONS "exceptions" FOR "for" IN "in"
%token <text> INCLUDE "include" IPV6 "ipv6" KEY "key" KEY_FILE "key-file" KIND "kind" LIST "list"
%token <text> LISTED "listed" NOT "not" ON "on" OPERATOR "operator" OR "or" OTHERWISE "otherwise"
%token <text> PAGE "page" POLICY "policy" TEST_ENTRIES "test-entries" QUARANTINE "quarantine" REJECT "reject" SPF "spf"
%token <text> STATUS "status" TAG "tag" TAKES "takes" TERMS "terms" UNLISTED "unlisted" WEIGHT "weight"
%token <text> WHEN "when"
%token <text> CATEGORY "category" CODE "code" DOMAINS "domains" ELSEWHERE "elsewhere" EXAMPLE "example" FRAME "frame" LINKS "links" MEANING "meaning"
%token <text> PARTY "party" PERMANENT "permanent" REFUSAL "refusal" REMEDY "remedy" SAMPLES "samples" SERVER "server" SERVERS "servers"
%token <text> SIGN "sign" TEXT "text"
/* Names of settings (config/settings.c), by what stands behind them; HEAD: and a block may follow. */
%token <setting> SET_STRING SET_STRINGS SET_WORD SET_DURATION SET_SIZE SET_NUMBER SET_NETWORKS SET_CHECKS SET_SERVERS
%token <setting> SET_ZONE SET_BLOCK SET_SHARE HEAD_STRING HEAD_WORD
%token BREAK "new line"
%token DIFFERENT "!=" AT_MOST "<=" AT_LEAST ">="
/* What comes before all else, and says which statements there are. */
%token OF_SETTINGS OF_REFUSALS

%type <values> a_string a_word a_duration a_size a_number zone texts values servers value_list text_list network_list names name_list strings
%type <word> percent code xcode reply_text name name_word value reserved listed_value range one_code
%type <setting> heading share block words_setting words_heading servers_setting networks_setting checks_setting
%type <options> list_options
%type <entry> entry_settings
%type <host> operator_settings
%type <refusal> refusal_settings
%type <answers> answers errors answer_list
%type <test_entries> test_entries entries_of_test
%type <condition> condition test
%type <rule> rule acting otherwise_action
%type <block> rules
%type <action> verb
%type <compare> compare
%type <flag> negated
%type <side> compared listing

%left "or"
%left "and"
%precedence "not"

%%

file: OF_SETTINGS statements | OF_REFUSALS entries ;

statements:
	%empty
	| statements statement { reader->config->has_statements = true; }
	| statements BREAK
	| statements error { reader->section = SECTION_TOP; RECOVER(reader, 0); }
	;

statement:
	setting
	| heading
	| heading '{' { reader->section = $1->opens; } settings '}' { reader->section = SECTION_TOP; }
	| block '{' settings '}' { reader->section = SECTION_TOP; }
	| share
	| share '{' { reader->section = $1->opens; } settings '}' { reader->section = SECTION_TOP; }
	| spf '{' settings '}' { reader->section = SECTION_TOP; }
	| spf setting { reader->section = SECTION_TOP; }
	| "include" STRING { reader->reading->include(reader, AT($2, @2)); }
	| "list" STRING '{' entry_settings '}' { config_add_entry(reader, AT($2, @2), $4); }
	| "dnsbl" STRING list_options { config_add_list(reader, LIST_CLIENT, false, AT($2, @2), &$3); }
	| "dnswl" STRING list_options { config_add_list(reader, LIST_CLIENT, true, AT($2, @2), &$3); }
	| "domain-dnsbl" STRING list_options { config_add_list(reader, LIST_SENDER, false, AT($2, @2), &$3); }
	| "exceptions" '{' rules '}' { config_add_exceptions(reader, @1, &$3.rules, &$3.otherwise); }
	| "policy" '{' rules '}' { config_add_policy(reader, @1, NULL, &$3.rules, &$3.otherwise); }
	| "policy" "for" texts '{' rules '}' { config_add_policy(reader, @1, &$3, &$5.rules, &$5.otherwise); }
	;

/*
 * The name of a setting and its value. What the value means, and whether it is a good one, is the business of
 * config/kinds.c. Each rule is complete with its last token: what the next token is depends on the section.
 */
setting:
	SET_STRING a_string { config_take(reader, $1, @1, &$2); }
	| SET_STRINGS texts { config_take(reader, $1, @1, &$2); }
	| words_setting a_word { config_take(reader, $1, @1, &$2); }
	| SET_DURATION a_duration { config_take(reader, $1, @1, &$2); }
	| SET_SIZE a_size { config_take(reader, $1, @1, &$2); }
	| SET_NUMBER a_number { config_take(reader, $1, @1, &$2); }
	| networks_setting '{' network_list '}' { config_take(reader, $1, @1, &$3); }
	| checks_setting '{' value_list '}' { config_take(reader, $1, @1, &$3); }
	| servers_setting servers { config_take(reader, $1, @1, &$2); }
	| SET_ZONE zone { config_take(reader, $1, @1, &$2); }
	;

/* A setting behind which a block of others may follow. */
heading:
	HEAD_STRING a_string { $$ = $1; config_take(reader, $1, @1, &$2); }
	| words_heading a_word { $$ = $1; config_take(reader, $1, @1, &$2); }
	;

/* The names of settings that take words, which mean nothing else until one is there; or certain values. */
words_setting: SET_WORD { reader->awaited = $$ = $1; } ;
words_heading: HEAD_WORD { reader->awaited = $$ = $1; } ;
servers_setting: SET_SERVERS { reader->awaited = $$ = $1; } ;
networks_setting: SET_NETWORKS { reader->awaited = $$ = $1; } ;
checks_setting: SET_CHECKS { $$ = $1; config_offer_checks(reader, $1); } ;

/* What is shared stands behind "share", which opens no block of its own. */
share: of_share heading { $$ = $2; reader->section = SECTION_TOP; } ;

of_share: SET_SHARE { reader->section = $1->opens; } ;

block: SET_BLOCK { $$ = $1; reader->section = $1->opens; } ;

/* A word that begins another thing elsewhere. */
spf: "spf" { reader->section = SECTION_SPF; } ;

settings:
	%empty
	| settings setting
	| settings BREAK
	| settings error { RECOVER(reader, 1); }
	;

a_string: STRING { $$ = alone(reader, VALUE_STRING, AT($1, @1)); } ;
a_word: WORD { $$ = alone(reader, VALUE_WORD, AT($1, @1)); } ;
a_duration: DURATION { $$ = alone(reader, VALUE_WORD, AT($1, @1)); } ;
a_size: SIZE { $$ = alone(reader, VALUE_WORD, AT($1, @1)); } ;
a_number: NUMBER { $$ = alone(reader, VALUE_WORD, AT($1, @1)); } ;

zone:
	STRING SET_SERVERS network_list {
		$$ = alone(reader, VALUE_STRING, AT($1, @1));
		for (size_t i = 0; i < $3.count; i++)
			config_add_value(reader, &$$, VALUE_ADDRESS, $3.items[i]);
	}
	;

servers: a_word | network_list ;

/* One string, or several in braces. */
texts:
	a_string
	| '{' text_list '}' { $$ = $2; }
	;

text_list:
	a_string
	| text_list ',' STRING { $$ = $1; config_add_value(reader, &$$, VALUE_STRING, AT($3, @3)); }
	;

network_list:
	ADDRESS { $$ = alone(reader, VALUE_ADDRESS, AT($1, @1)); }
	| network_list ',' ADDRESS { $$ = $1; config_add_value(reader, &$$, VALUE_ADDRESS, AT($3, @3)); }
	;

entry_settings:
	%empty { config_begin_options(reader); $$ = (struct list_entry){ 0 }; }
	| entry_settings "operator" STRING { $$ = $1; config_once_here(reader, "operator", @2); $$.operator = $3; }
	| entry_settings "page" STRING { $$ = $1; config_once_here(reader, "page", @2); $$.page = $3; }
	| entry_settings "terms" STRING { $$ = $1; config_once_here(reader, "terms", @2); $$.terms = $3; }
	| entry_settings "kind" { CONFIG_OFFER(reader, config_list_kinds); } WORD { $$ = $1; config_once_here(reader, "kind", @2); config_set_kind(reader, &$$, AT($4, @4)); }
	| entry_settings "takes" { CONFIG_OFFER(reader, config_list_takes); } WORD { $$ = $1; config_once_here(reader, "takes", @2); config_set_takes(reader, &$$, AT($4, @4)); }
	| entry_settings "ipv6" { CONFIG_OFFER(reader, config_list_ipv6); } WORD { $$ = $1; config_once_here(reader, "ipv6", @2); config_set_ipv6(reader, &$$, AT($4, @4)); }
	| entry_settings "status" { CONFIG_OFFER(reader, config_list_states); } WORD reply_text {
		$$ = $1;
		config_once_here(reader, "status", @2);
		config_set_status(reader, &$$, AT($4, @4), $5.text);
	}
	| entry_settings "contains" texts { $$ = $1; config_once_here(reader, "contains", @2); config_set_contained(reader, &$$, &$3); }
	| entry_settings answers { $$ = $1; config_once_here(reader, "answers", @2); $$.answers = $2; }
	| entry_settings errors { $$ = $1; config_once_here(reader, "errors", @2); $$.errors = $2; }
	| entry_settings test_entries { $$ = $1; config_once_here(reader, "test-entries", @2); $$.test_entries = $2; }
	| entry_settings BREAK
	| entry_settings error { $$ = $1; RECOVER(reader, 1); }
	;

answers: "answers" '{' answer_list '}' { $$ = $3; } ;
errors: "errors" '{' answer_list '}' { $$ = $3; } ;

/* What is asked of a list to see whether it is well. */
test_entries:
	start_of_test_entries WORD { $$ = (struct test_entry_set){ 0 }; config_set_no_test_entries(reader, &$$, AT($2, @2)); }
	| start_of_test_entries '{' entries_of_test '}' { $$ = $3; }
	;

start_of_test_entries: "test-entries" { CONFIG_OFFER(reader, config_no_test_entries); } ;

entries_of_test:
	"listed" texts { $$ = (struct test_entry_set){ 0 }; config_add_test_entries(reader, &$$, true, &$2); }
	| "unlisted" texts { $$ = (struct test_entry_set){ 0 }; config_add_test_entries(reader, &$$, false, &$2); }
	| entries_of_test "listed" texts { $$ = $1; config_add_test_entries(reader, &$$, true, &$3); }
	| entries_of_test "unlisted" texts { $$ = $1; config_add_test_entries(reader, &$$, false, &$3); }
	;

answer_list:
	range { $$ = (struct answer_set){ 0 }; config_add_answer(reader, &$$, $1, NULL); }
	| range STRING { $$ = (struct answer_set){ 0 }; config_add_answer(reader, &$$, $1, $2); }
	| answer_list ',' range { $$ = $1; config_add_answer(reader, &$$, $3, NULL); }
	| answer_list ',' range STRING { $$ = $1; config_add_answer(reader, &$$, $3, $4); }
	;

range: ADDRESS { $$ = AT($1, @1); } ;

list_options:
	%empty { config_begin_options(reader); $$ = (struct list_options){ 0 }; }
	| list_options "weight" NUMBER { $$ = $1; config_once_here(reader, "weight", @2); $$.weight = AT($3, @3); }
	| list_options answers { $$ = $1; config_once_here(reader, "answers", @2); $$.answers = $2; }
	| list_options test_entries { $$ = $1; config_once_here(reader, "test-entries", @2); $$.test_entries = $2; }
	| list_options "key" STRING { $$ = $1; config_once_here(reader, "key", @2); $$.key = AT($3, @3); }
	| list_options "key-file" STRING { $$ = $1; config_once_here(reader, "key-file", @2); $$.key_file = AT($3, @3); }
	| list_options "on" { config_offer_subjects(reader); } '{' value_list '}' { $$ = $1; config_once_here(reader, "on", @2); $$.on = $5; $$.has_on = true; }
	;

/* The catalogue of refusals: another language, with the words of this one. */
entries:
	%empty
	| entries entry { reader->config->has_statements = true; }
	| entries BREAK
	| entries error { RECOVER(reader, 0); }
	;

entry:
	"include" STRING { reader->reading->include(reader, AT($2, @2)); }
	| "operator" STRING '{' operator_settings '}' { config_add_operator(reader, AT($2, @2), $4); }
	| "refusal" STRING '{' refusal_settings '}' { config_add_refusal(reader, AT($2, @2), &$4); }
	| "frame" STRING '{' refusal_settings '}' { config_add_frame(reader, AT($2, @2), &$4); }
	| "samples" { CONFIG_OFFER(reader, config_refusal_categories); } WORD { CONFIG_OFFER(reader, config_refusal_parties); } WORD '{' name_list '}' {
		config_add_samples(reader, AT($3, @3), AT($5, @5), &$7);
	}
	;

operator_settings:
	%empty { config_begin_options(reader); $$ = (struct operator_entry){ 0 }; }
	| operator_settings "servers" names {
		$$ = $1;
		config_once_here(reader, "servers", @2);
		$$.servers = config_patterns(reader, PATTERN_CLIENT_NAME, &$3);
	}
	| operator_settings "domains" names {
		$$ = $1;
		config_once_here(reader, "domains", @2);
		$$.domains = config_patterns(reader, PATTERN_CLIENT_NAME, &$3);
	}
	| operator_settings "links" names {
		$$ = $1;
		config_once_here(reader, "links", @2);
		$$.links = config_patterns(reader, PATTERN_CLIENT_NAME, &$3);
	}
	| operator_settings "elsewhere" { CONFIG_OFFER(reader, config_flags); } WORD {
		$$ = $1;
		config_once_here(reader, "elsewhere", @2);
		$$.is_elsewhere = CONFIG_KNOWN(reader, "word", AT($4, @4), config_flags) == 1;
	}
	| operator_settings BREAK
	| operator_settings error { $$ = $1; RECOVER(reader, 1); }
	;

refusal_settings:
	%empty { config_begin_options(reader); $$ = (struct refusal_draft){ .errors_before = reader->reading->errors }; }
	| refusal_settings "operator" STRING { $$ = $1; config_once_here(reader, "operator", @2); $$.entry.owner = $3; }
	| refusal_settings "code" one_code { $$ = $1; config_set_code(reader, &$$, $3); }
	| refusal_settings "code" one_code one_code { $$ = $1; config_set_code(reader, &$$, $3); config_set_code(reader, &$$, $4); }
	| refusal_settings "text" strings { $$ = $1; config_once_here(reader, "text", @2); $$.entry.texts = config_fragments(reader, &$3); }
	| refusal_settings "sign" strings { $$ = $1; config_once_here(reader, "sign", @2); $$.entry.signs = config_fragments(reader, &$3); }
	| refusal_settings "server" names {
		$$ = $1;
		config_once_here(reader, "server", @2);
		$$.entry.servers = config_patterns(reader, PATTERN_CLIENT_NAME, &$3);
	}
	| refusal_settings "category" { CONFIG_OFFER(reader, config_refusal_categories); } WORD { $$ = $1; config_once_here(reader, "category", @2); config_set_category(reader, &$$, AT($4, @4)); }
	| refusal_settings "party" { CONFIG_OFFER(reader, config_refusal_parties); } WORD { $$ = $1; config_once_here(reader, "party", @2); config_set_party(reader, &$$, AT($4, @4)); }
	| refusal_settings "permanent" { CONFIG_OFFER(reader, config_flags); } WORD { $$ = $1; config_once_here(reader, "permanent", @2); config_set_permanent(reader, &$$, AT($4, @4)); }
	| refusal_settings "meaning" strings { $$ = $1; config_once_here(reader, "meaning", @2); $$.entry.meaning = config_joined(reader, &$3); }
	| refusal_settings "remedy" strings { $$ = $1; config_once_here(reader, "remedy", @2); $$.entry.remedy = config_joined(reader, &$3); }
	| refusal_settings "page" strings { $$ = $1; config_once_here(reader, "page", @2); $$.entry.page = config_joined(reader, &$3); }
	| refusal_settings "example" strings { $$ = $1; config_once_here(reader, "example", @2); $$.entry.example = config_joined(reader, &$3); }
	| refusal_settings BREAK
	| refusal_settings error { $$ = $1; RECOVER(reader, 1); }
	;

one_code: NUMBER { $$ = AT($1, @1); } | CODES { $$ = AT($1, @1); } | XCODE { $$ = AT($1, @1); } ;

/* Several strings side by side. */
strings:
	a_string
	| strings STRING { $$ = $1; config_add_value(reader, &$$, VALUE_STRING, AT($2, @2)); }
	;

/* Several strings, side by side or in braces, there with commas or without. */
names:
	strings
	| '{' name_list '}' { $$ = $2; }
	;

name_list:
	a_string
	| name_list STRING { $$ = $1; config_add_value(reader, &$$, VALUE_STRING, AT($2, @2)); }
	| name_list ',' STRING { $$ = $1; config_add_value(reader, &$$, VALUE_STRING, AT($3, @3)); }
	;

rules:
	%empty { config_begin_options(reader); $$.rules = (struct rule_set){ 0 }; $$.otherwise = (struct rule){ .action = ACTION_ACCEPT, .percent = 100 }; }
	| rules rule { $$ = $1; config_add_rule(reader, &$$.rules, &$2); }
	| rules "otherwise" otherwise_action { $$ = $1; $$.otherwise = $3; config_once_here(reader, "otherwise", @2); }
	| rules BREAK
	| rules error { $$ = $1; RECOVER(reader, 1); }
	;

rule:
	acting
	| "audit" acting { $$ = $2; $$.is_audit = true; }
	;

acting:
	verb percent code xcode reply_text "when" condition {
		$$ = config_rule(reader, @1, $1, $2, $3, $4, $5, $7);
	}
	;

verb:
	"accept" { $$ = ACTION_ACCEPT; }
	| "reject" { $$ = ACTION_REJECT; }
	| "defer" { $$ = ACTION_DEFER; }
	| "quarantine" { $$ = ACTION_QUARANTINE; }
	| "tag" { $$ = ACTION_TAG; }
	;

percent: %empty { $$ = nothing; } | PERCENT { $$ = AT($1, @1); } ;
code: %empty { $$ = nothing; } | NUMBER { $$ = AT($1, @1); } ;
xcode: %empty { $$ = nothing; } | XCODE { $$ = AT($1, @1); } ;
reply_text: %empty { $$ = nothing; } | STRING { $$ = AT($1, @1); } ;

otherwise_action:
	verb { $$ = config_rule(reader, @1, $1, nothing, nothing, nothing, nothing, NULL); }
	| "default" { $$ = config_rule(reader, @1, ACTION_DEFAULT, nothing, nothing, nothing, nothing, NULL); }
	;

condition:
	condition "or" condition { $$ = config_condition(reader, @2, CONDITION_OR, $1, $3); }
	| condition "and" condition { $$ = config_condition(reader, @2, CONDITION_AND, $1, $3); }
	| "not" condition { $$ = config_condition(reader, @1, CONDITION_NOT, $2, NULL); }
	| '(' condition ')' { $$ = $2; }
	| test
	;

test:
	name { $$ = config_flag_condition(reader, $1); }
	| name compare NUMBER { $$ = config_number_condition(reader, $1, $2, AT($3, @3)); }
	| compared NUMBER {
		$$ = config_number_condition(reader, $1.name, $1.is_negated ? COMPARE_DIFFERENT : COMPARE_EQUAL, AT($2, @2));
	}
	| compared value {
		const struct value_set one = alone(reader, VALUE_WORD, $2);

		$$ = config_set_condition(reader, $1.name, $1.is_negated, &one);
	}
	| compared ADDRESS {
		const struct value_set one = alone(reader, VALUE_ADDRESS, AT($2, @2));

		$$ = config_set_condition(reader, $1.name, $1.is_negated, &one);
	}
	| compared a_string { $$ = config_set_condition(reader, $1.name, $1.is_negated, &$2); }
	| listing values '}' { $$ = config_set_condition(reader, $1.name, $1.is_negated, &$2); }
	;

/* What stands before a value, or values. */
compared: name negated { $$.name = $1; $$.is_negated = $2; config_offer_values(reader, $1.text); } ;

listing:
	name "in" '{' { $$.name = $1; $$.is_negated = false; config_offer_values(reader, $1.text); }
	| name "not" "in" '{' { $$.name = $1; $$.is_negated = true; config_offer_values(reader, $1.text); }
	;

name: name_word { reader->tested = $$ = $1; } ;

/* Some names of conditions are words of other settings, too. */
name_word:
	WORD { $$ = AT($1, @1); }
	| BREAK WORD { $$ = AT($2, @2); }
	| "dnsbl" { $$ = AT($1, @1); }
	| "dnswl" { $$ = AT($1, @1); }
	| "spf" { $$ = AT($1, @1); }
	| "authenticated" { $$ = AT($1, @1); }
	| "listed" { $$ = AT($1, @1); }
	;

value: WORD { $$ = AT($1, @1); } | BREAK WORD { $$ = AT($2, @2); } | reserved ;

/* Results and policies that are words of other settings, too. */
reserved:
	"policy" { $$ = AT($1, @1); }
	| "quarantine" { $$ = AT($1, @1); }
	| "reject" { $$ = AT($1, @1); }
	;

negated: '=' { $$ = false; } | "!=" { $$ = true; } ;

compare:
	'<' { $$ = COMPARE_LESS; }
	| "<=" { $$ = COMPARE_AT_MOST; }
	| ">=" { $$ = COMPARE_AT_LEAST; }
	| '>' { $$ = COMPARE_MORE; }
	;

values: value_list | text_list | network_list ;

value_list:
	listed_value { $$ = alone(reader, VALUE_WORD, $1); }
	| value_list ',' listed_value { $$ = $1; config_add_value(reader, &$$, VALUE_WORD, $3); }
	;

/* Some checks are words of other settings, too. */
listed_value:
	value
	| "spf" { $$ = AT($1, @1); }
	| "dnsbl" { $$ = AT($1, @1); }
	| "dnswl" { $$ = AT($1, @1); }
	;

%%

int
config_setting_token(const struct setting *setting)
{
	static const struct {
		int alone, head; /* as it is, and with a block behind it */
	} tokens[SETTING_KINDS] = {
		[KIND_BLOCK] = { 0, SET_BLOCK },
		[KIND_TEXT] = { SET_STRING, HEAD_STRING },
		[KIND_FILE] = { SET_STRING, HEAD_STRING },
		[KIND_PATTERNS] = { SET_STRINGS, 0 },
		[KIND_WORD] = { SET_WORD, HEAD_WORD },
		[KIND_DURATION] = { SET_DURATION, 0 },
		[KIND_SIZE] = { SET_SIZE, 0 },
		[KIND_NUMBER] = { SET_NUMBER, 0 },
		[KIND_FILE_MODE] = { SET_NUMBER, 0 },
		[KIND_NETWORKS] = { SET_NETWORKS, 0 },
		[KIND_CHECKS] = { SET_CHECKS, 0 },
		[KIND_SERVERS] = { SET_SERVERS, 0 },
		[KIND_ZONES] = { SET_ZONE, 0 },
	};

	if (setting->opens == SECTION_SHARE)
		return SET_SHARE;
	return setting->opens != SECTION_TOP ? tokens[setting->kind].head : tokens[setting->kind].alone;
}

/* The names of the settings that have this token here. */
static void
expect_settings(struct expected *expected, yysymbol_kind_t kind, const struct config_reader *reader)
{
	size_t count;
	const struct setting *settings = config_settings(&count);

	for (size_t i = 0; i < count; i++) {
		const char *name = settings[i].name;

		if (YYTRANSLATE(config_setting_token(&settings[i])) == kind
		    && config_find_setting(reader->section, name, reader->setting) == &settings[i])
			config_expect_word(expected, name);
	}
}

/* The words of the setting whose value is missing, if any: they are what "a word" means. */
static void
expect_awaited(struct expected *expected, const struct setting *awaited)
{
	for (size_t i = 0; awaited != NULL && i < awaited->word_count; i++)
		config_expect_word(expected, awaited->words[i]);
}

/* What a kind of value is called where it stands: not each address is that of one host. */
static const char *
value_name(yysymbol_kind_t kind, const struct setting *awaited)
{
	const bool is_network = kind == YYSYMBOL_ADDRESS && awaited != NULL && awaited->kind == KIND_NETWORKS;

	return is_network ? "address or a network like 192.0.2.0/24" : yysymbol_name(kind);
}

static bool
is_expected(const yypcontext_t *context, yysymbol_kind_t kind)
{
	yysymbol_kind_t kinds[EXPECTED_MAX];
	const int count = yypcontext_expected_tokens(context, kinds, EXPECTED_MAX);

	for (int i = 0; i < count; i++)
		if (kinds[i] == kind)
			return true;
	return false;
}

/* Whether a test begins here. */
static bool
wants_test(const yypcontext_t *context)
{
	return is_expected(context, YYSYMBOL_NOT) && is_expected(context, YYTRANSLATE('('));
}

static void
expect_values_and_words(struct expected *expected, const yysymbol_kind_t *kinds, int count,
			const struct config_reader *reader)
{
	for (int i = 0; i < count; i++)
		if (kinds[i] <= YYSYMBOL_XCODE && (kinds[i] != YYSYMBOL_WORD || reader->awaited == NULL))
			config_expect_value(expected, value_name(kinds[i], reader->awaited));
	for (int i = 0; i < count; i++) {
		if (kinds[i] == YYSYMBOL_WORD)
			expect_awaited(expected, reader->awaited);
		else if (kinds[i] > YYSYMBOL_XCODE && kinds[i] < YYSYMBOL_SET_STRING)
			config_expect_word(expected, yysymbol_name(kinds[i]));
		else if (kinds[i] >= YYSYMBOL_SET_STRING && kinds[i] < YYSYMBOL_BREAK)
			expect_settings(expected, kinds[i], reader);
	}
}

/* Where a value comes next, what was offered says which. */
static struct expected
list_expected(const yypcontext_t *context, const struct config_reader *reader)
{
	yysymbol_kind_t kinds[EXPECTED_MAX];
	const int count = yypcontext_expected_tokens(context, kinds, EXPECTED_MAX);
	const bool has_offer = reader->awaited == NULL && is_expected(context, YYSYMBOL_WORD) && !wants_test(context);
	struct expected expected = { .count = 0 };

	if (has_offer)
		expected = reader->offered;
	if (expected.count == 0)
		expect_values_and_words(&expected, kinds, count, reader);
	for (int i = 0; i < count; i++)
		if (kinds[i] > YYSYMBOL_BREAK) /* which people do not write */
			config_expect_sign(&expected, yysymbol_name(kinds[i]));
	return expected;
}

static bool
is_first(const yypcontext_t *context, const struct config_reader *reader)
{
	return yypcontext_token(context) == YYSYMBOL_BREAK || reader->is_first_on_line;
}

/* Whether a statement breaks off in front of a token that begins a line: that line is not to blame. */
static bool
breaks_off(const yypcontext_t *context, const struct config_reader *reader)
{
	return is_first(context, reader) && reader->before.line > 0 && !is_expected(context, YYSYMBOL_YYEOF)
	       && !is_expected(context, YYTRANSLATE('}'));
}

/* What is to be written in place of `found`, as far as the word for it may stand here; false when it is not known. */
static bool
add_replacement(struct strbuf *message, const yypcontext_t *context, const char *found)
{
	const yysymbol_kind_t token = yypcontext_token(context);
	const bool is_text = found[0] != '\0'
			     && (token == YYSYMBOL_WORD || token == YYSYMBOL_BREAK
				 || token == YYSYMBOL_BARE || token == YYSYMBOL_ADDRESS);
	const bool wants_when = is_expected(context, YYSYMBOL_WHEN);

	if (wants_when && strcmp(found, "if") == 0)
		strbuf_add(message, "; write \"when\"");
	else if (wants_when && token != YYSYMBOL_NUMBER)
		strbuf_add(message, "; expected \"when\" and a condition, as in \"reject when spf = fail\"");
	else if (wants_test(context))
		strbuf_add(message, "; expected a test, as in \"reject when spf = fail\"");
	else if (strcmp(found, "if") == 0 && is_expected(context, YYSYMBOL_REJECT))
		strbuf_add(message,
			   "; a rule begins with what is to be done, as in \"reject when spf = fail\"");
	else if (is_text && is_expected(context, YYSYMBOL_STRING) && !is_expected(context, YYSYMBOL_YYEOF)
		 && !is_expected(context, YYSYMBOL_CATEGORY)) /* where a setting of a refusal may begin */
		strbuf_printf(message, "; write it in quotes, as in \"%s\"", found);
	else
		return false;
	return true;
}

/* What is there, WHAT or `found`, and what could be there instead. */
static void
tell_error(const yypcontext_t *context, struct config_reader *reader, struct place place, const char *what,
	   const char *found)
{
	const struct expected expected = list_expected(context, reader);
	char memory[900];
	struct strbuf message;

	strbuf_init(&message, memory, sizeof memory);
	if (what != NULL)
		strbuf_add(&message, what);
	else
		config_add_found(&message, found);
	if (nearest_word(found, expected.names, (size_t)expected.count) != NULL
	    || !add_replacement(&message, context, found))
		config_add_expected(&message, &expected, found);
	config_complain(reader, place, "%s", memory);
}

/* Whether the token begins a rule in a block, but stands within further braces. */
static bool
begins_rule(yysymbol_kind_t token, const struct config_reader *reader)
{
	return reader->open_braces > 1
	       && (token == YYSYMBOL_ACCEPT || token == YYSYMBOL_AUDIT || token == YYSYMBOL_DEFER
		   || token == YYSYMBOL_OTHERWISE || token == YYSYMBOL_QUARANTINE || token == YYSYMBOL_REJECT
		   || token == YYSYMBOL_TAG);
}

/* Whether the token begins a statement, and nothing else that could stand here. */
static bool
begins_statement(const yypcontext_t *context, const struct config_reader *reader, const char *found)
{
	const yysymbol_kind_t token = yypcontext_token(context);

	if (reader->reading->refusals != NULL)
		return token == YYSYMBOL_REFUSAL || token == YYSYMBOL_FRAME || token == YYSYMBOL_SAMPLES
		       || token == YYSYMBOL_INCLUDE;
	if (token == YYSYMBOL_DNSBL || token == YYSYMBOL_DNSWL || token == YYSYMBOL_SPF)
		return !is_expected(context, YYSYMBOL_AND); /* they are tests, too */
	return token == YYSYMBOL_DOMAIN_DNSBL || token == YYSYMBOL_EXCEPTIONS || token == YYSYMBOL_INCLUDE
	       || token == YYSYMBOL_LIST || token == YYSYMBOL_POLICY
	       || config_find_setting(SECTION_TOP, found, NULL) != NULL;
}

/* Complain, once, of a block within which there is what stands outside of all; false when it is another error. */
static bool
complain_of_open_block(const yypcontext_t *context, struct config_reader *reader, struct place place,
		       const char *found)
{
	struct brace *brace = config_open_brace(reader);
	char memory[300];
	struct strbuf message;
	const bool is_end = yypcontext_token(context) == YYSYMBOL_YYEOF;

	if (brace == NULL
	    || !(is_end
		 || (is_first(context, reader)
		     && (begins_statement(context, reader, found)
			 || begins_rule(yypcontext_token(context), reader)))))
		return false;
	if (brace->is_told)
		return true;
	brace->is_told = true;
	strbuf_init(&message, memory, sizeof memory);
	if (!is_end)
		config_add_found(&message, found);
	config_complain(reader, is_end ? reader->last : place,
			is_end ? "the file ends here%s, within the braces that open in line %d; expected their \"}\""
			       : "%s within the braces that open in line %d; is their \"}\" missing?",
			memory, brace->place.line);
	return true;
}

/* Whether it follows from what was complained of already. */
static bool
is_excused(const struct config_reader *reader)
{
	return reader->blamed == reader->serial
	       || (reader->excused + 1 == reader->serial && !reader->is_first_on_line);
}

static int
yyreport_syntax_error(const yypcontext_t *context, struct config_reader *reader)
{
	const yysymbol_kind_t token = yypcontext_token(context);
	const bool is_end = token == YYSYMBOL_YYEOF;
	const char *found = is_end ? "" : token == YYSYMBOL_BREAK ? reader->announced : reader->lexeme;
	const struct place place = *yypcontext_location(context);

	if (!is_end && is_excused(reader))
		return 0;
	reader->blamed = reader->serial;
	if (complain_of_open_block(context, reader, place, found))
		return 0;
	if (is_end)
		tell_error(context, reader, reader->last, "the file ends here", "");
	else if (reader->reading->refusals == NULL && config_complain_of_renamed(reader, place, found))
		return 0;
	else if (breaks_off(context, reader))
		tell_error(context, reader, reader->before, "the line ends here", "");
	else if (is_expected(context, YYTRANSLATE('=')) && is_expected(context, YYSYMBOL_IN))
		config_complain_of_comparison(reader, place, found);
	else if (!is_expected(context, YYSYMBOL_YYEOF) || reader->reading->refusals != NULL
		 || !config_complain_of_misplaced(reader, place, found))
		tell_error(context, reader, place, NULL, found);
	return 0;
}

/* Called when the parser's stack is full; all other errors come to yyreport_syntax_error(). */
static void
config_yyerror(struct place *place, struct config_reader *reader, const char *message)
{
	(void)message;
	config_complain(reader, *place, "nested too deep; expected fewer parentheses within each other");
}
