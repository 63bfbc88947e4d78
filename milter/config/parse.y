/* The grammar of heloscope.conf(5). What a setting means is judged in config/settings.c and its neighbours. */
%code requires {
#include "heloscope/config/catalogue.h"
#include "heloscope/config/lists.h"
#include "heloscope/config/rules.h"
#include "heloscope/config/settings.h"
}

%code {
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"

#include "heloscope/base/strbuf.h"

#include <string.h>

static void config_yyerror(struct place *place, struct config_reader *reader, const char *message);

#define YYLLOC_DEFAULT(current, rhs, n) \
	((current) = (n) > 0 ? YYRHSLOC(rhs, 1) : YYRHSLOC(rhs, 0))

/*
 * After a syntax error: go on with the next line. The offending token stays when it begins a
 * line and was not blamed twice, for then the line before it was broken off.
 */
#define RECOVER(reader) \
	do { \
		if (yychar == END) \
			YYABORT; \
		yyerrok; \
		if (!((reader)->is_first_on_line && (reader)->forgiven != (reader)->serial)) { \
			(reader)->line_to_skip = (reader)->last_line; \
			(reader)->skipped_braces = 0; \
			yyclearin; \
		} \
		(reader)->forgiven = (reader)->serial; \
	} while (0)

/* What is nested deeper ends the reading of a file; statements and lists do not nest. */
#define YYMAXDEPTH 2000

static const struct word nothing = { NULL, { 0, 0 } };
#define AT(value, where) ((struct word){ (value), (where) })
}

%define api.pure full
%define api.prefix {config_yy}
%define api.location.type {struct place}
%define parse.error custom
%define parse.lac full
%locations
%define api.push-pull push
%parse-param { struct config_reader *reader }

%union {
	const char *text;
	struct word word;
	struct value_set values;
	struct list_options options;
	struct list_entry entry;
	struct answer_set answers;
	struct probe_set probes;
	struct condition *condition;
	struct rule rule;
	struct { struct rule_set rules; struct rule otherwise; } block;
	enum action action;
	enum compare compare;
	bool flag;
}

%token END 0 "end of file"
%token <text> WORD "word" STRING "string" NUMBER "number" DURATION "duration like 5s"
%token <text> SIZE "size like 8MB" PERCENT "percentage"
%token <text> ADDRESS "address" XCODE "enhanced code"
%token <text> ACCEPT "accept" ALSO "also" AND "and" ANSWERS "answers" AUDIT "audit"
%token <text> AUTHENTICATED "authenticated" AT_A_TIME "at-a-time" AUTHSERV_ID "authserv-id" CACHE "cache" CONTACT "contact"
%token <text> CONTAINS "contains"
%token <text> DEFAULT "default" DEFER "defer" DISABLE "disable" DNSBL "dnsbl" DNSWL "dnswl"
%token <text> DOMAIN_DNSBL "domain-dnsbl" ENFORCE "enforce" ENGINE "engine" ERRORS "errors"
%token <text> EHLO_NAME "ehlo-name" FILE_WORD "file" PER_MINUTE "per-minute" PORT "port"
%token <text> EXCEPTIONS "exceptions" EXPLANATION "explanation" FOR "for" GROUP "group" IN "in" INCLUDE "include" IPV6 "ipv6"
%token <text> KEEP_RESULTS "keep-results" KEY "key" KEY_FILE "key-file" KIND "kind" LEVEL "level" LIST "list"
%token <text> LISTED "listed" LISTEN "listen" LOG "log" MODE "mode" NETWORKS "networks" NOT "not" ON "on"
%token <text> OPERATOR "operator" OR "or" OTHERWISE "otherwise" OWNER "owner" PAGE "page" POLICY "policy"
%token <text> PROBE "probe" PROBES "probe yes" PROBE_INTERVAL "probe-interval" QUARANTINE "quarantine"
%token <text> RECEIVED_SPF "received-spf" REJECT "reject" RESOLVER "resolver" SERVERS "servers" SPF "spf"
%token <text> STATUS "status" TAG "tag" TAKES "takes" TERMS "terms" TIMEOUT "timeout" TRUST "trust"
%token <text> TRUST_ANCHOR "trust-anchor" UNLISTED "unlisted" USER "user" WEIGHT "weight" WHEN "when"
%token <text> ZONE "zone"
%token BREAK "new line"
%token DIFFERENT "!=" AT_MOST "<=" AT_LEAST ">="

%type <values> also texts values servers value_list text_list network_list
%type <word> level percent code xcode reply_text group name mode_word value listed_value range
%type <options> list_options
%type <entry> entry_settings
%type <answers> answers errors answer_list
%type <probes> probe probe_entries
%type <condition> condition test
%type <rule> rule acting otherwise_action
%type <block> rules
%type <action> verb
%type <compare> compare
%type <flag> negated

%left "or"
%left "and"
%precedence "not"

%%

file: statements ;

statements:
	%empty
	| statements statement
	| statements BREAK
	| statements error { RECOVER(reader); }
	;

statement:
	"authserv-id" STRING also {
		config_once(reader, "authserv-id", @1);
		config_set_authserv_id(reader, AT($2, @2), &$3);
	}
	| "listen" STRING {
		config_once(reader, "listen", @1);
		config_set_listen(reader, AT($2, @2));
	} socket
	| "mode" mode_word {
		config_once(reader, "mode", @1);
		config_set_mode(reader, $2);
	}
	| "user" STRING group {
		config_once(reader, "user", @1);
		reader->config->user = $2;
		reader->config->group = $3.text;
	}
	| "log" WORD level { config_once(reader, "log", @1); config_set_log(reader, AT($2, @2), $3); }
	| "audit" "log" STRING {
		config_once(reader, "audit log", @1);
		config_set_audit_log(reader, AT($3, @3));
	}
	| "contact" STRING { config_once(reader, "contact", @1); reader->config->contact = $2; }
	| "resolver" '{' resolver_settings '}'
	| "trust" '{' trust_settings '}'
	| "spf" '{' spf_settings '}'
	| "spf" spf_setting
	| "received-spf" WORD { config_set_flag(reader, &reader->config->adds_received_spf, AT($2, @2)); }
	| "disable" '{' value_list '}' { config_disable(reader, &$3); }
	| "probe-interval" DURATION {
		config_once(reader, "probe-interval", @1);
		config_set_probe_interval(reader, AT($2, @2));
	}
	| "probe yes" WORD probe_settings {
		config_once(reader, "probe", @1);
		config_set_probe(reader, AT($2, @2));
	}
	| "include" STRING { reader->reading->include(reader, AT($2, @2)); }
	| "list" STRING '{' entry_settings '}' { config_add_entry(reader, AT($2, @2), $4); }
	| "dnsbl" STRING list_options { config_add_list(reader, LIST_CLIENT, false, AT($2, @2), &$3); }
	| "dnswl" STRING list_options { config_add_list(reader, LIST_CLIENT, true, AT($2, @2), &$3); }
	| "domain-dnsbl" STRING list_options { config_add_list(reader, LIST_SENDER, false, AT($2, @2), &$3); }
	| "exceptions" '{' rules '}' { config_add_exceptions(reader, @1, &$3.rules, &$3.otherwise); }
	| "policy" '{' rules '}' { config_add_policy(reader, @1, NULL, &$3.rules, &$3.otherwise); }
	| "policy" "for" texts '{' rules '}' { config_add_policy(reader, @1, &$3, &$5.rules, &$5.otherwise); }
	;

also:
	%empty { $$ = (struct value_set){ 0 }; }
	| "also" texts { $$ = $2; }
	;

/* One string, or several in braces. */
texts:
	STRING {
		$$ = (struct value_set){ 0 };
		config_add_value(reader, &$$, VALUE_STRING, AT($1, @1));
	}
	| '{' text_list '}' { $$ = $2; }
	;

text_list:
	STRING { $$ = (struct value_set){ 0 }; config_add_value(reader, &$$, VALUE_STRING, AT($1, @1)); }
	| text_list ',' STRING { $$ = $1; config_add_value(reader, &$$, VALUE_STRING, AT($3, @3)); }
	;

socket: %empty | '{' socket_options '}' ;

socket_options:
	%empty
	| socket_options socket_option
	| socket_options BREAK
	| socket_options error { RECOVER(reader); }
	;

socket_option:
	"owner" STRING { config_once(reader, "owner", @1); reader->config->socket_owner = $2; }
	| "group" STRING { config_once(reader, "group", @1); reader->config->socket_group = $2; }
	| "mode" NUMBER { config_once(reader, "socket mode", @1); config_set_socket_mode(reader, AT($2, @2)); }
	;

mode_word:
	"audit" { $$ = AT($1, @1); }
	| "enforce" { $$ = AT($1, @1); }
	;

group: %empty { $$ = nothing; } | "group" STRING { $$ = AT($2, @2); } ;
level: %empty { $$ = nothing; } | "level" WORD { $$ = AT($2, @2); } ;

resolver_settings:
	%empty
	| resolver_settings resolver_setting
	| resolver_settings BREAK
	| resolver_settings error { RECOVER(reader); }
	;

resolver_setting:
	"servers" servers { config_once(reader, "servers", @1); config_set_servers(reader, &$2); }
	| "zone" STRING "servers" network_list { config_add_zone(reader, AT($2, @2), &$4); }
	| "timeout" DURATION { config_once(reader, "timeout", @1); config_set_timeout(reader, AT($2, @2)); }
	| "cache" SIZE { config_once(reader, "cache", @1); config_set_cache(reader, AT($2, @2)); }
	| "trust-anchor" STRING {
		config_once(reader, "trust-anchor", @1);
		config_set_trust_anchor(reader, AT($2, @2));
	}
	;

servers:
	WORD { $$ = (struct value_set){ 0 }; config_add_value(reader, &$$, VALUE_WORD, AT($1, @1)); }
	| network_list
	;

network_list:
	ADDRESS { $$ = (struct value_set){ 0 }; config_add_value(reader, &$$, VALUE_ADDRESS, AT($1, @1)); }
	| network_list ',' ADDRESS { $$ = $1; config_add_value(reader, &$$, VALUE_ADDRESS, AT($3, @3)); }
	;

probe_settings: %empty | '{' probe_options '}' ;

probe_options:
	%empty
	| probe_options probe_option
	| probe_options BREAK
	| probe_options error { RECOVER(reader); }
	;

probe_option:
	"ehlo-name" STRING { config_once(reader, "ehlo-name", @1); config_set_probe_name(reader, AT($2, @2)); }
	| "port" NUMBER { config_once(reader, "port", @1); config_set_probe_port(reader, AT($2, @2)); }
	| "at-a-time" NUMBER { config_once(reader, "at-a-time", @1); config_set_probe_count(reader, AT($2, @2)); }
	| "per-minute" NUMBER { config_once(reader, "per-minute", @1); config_set_probe_rate(reader, AT($2, @2)); }
	| "timeout" DURATION {
		config_once(reader, "probe timeout", @1); /* the resolver has another */
		config_set_probe_timeout(reader, AT($2, @2));
	}
	| "file" STRING { config_once(reader, "file", @1); config_set_probe_file(reader, AT($2, @2)); }
	| "networks" '{' network_list '}' { config_add_networks(reader, &reader->config->probe.allowed, &$3); }
	;

trust_settings:
	%empty
	| trust_settings trust_setting
	| trust_settings BREAK
	| trust_settings error { RECOVER(reader); }
	;

trust_setting:
	"networks" '{' network_list '}' { config_add_networks(reader, &reader->config->trusted, &$3); }
	| "authenticated" WORD {
		config_once(reader, "authenticated", @1);
		config_set_flag(reader, &reader->config->trusts_authenticated, AT($2, @2));
	}
	| "keep-results" WORD { config_set_flag(reader, &reader->config->keeps_trusted_results, AT($2, @2)); }
	;

spf_settings:
	%empty
	| spf_settings spf_setting
	| spf_settings BREAK
	| spf_settings error { RECOVER(reader); }
	;

spf_setting:
	"engine" WORD { config_once(reader, "engine", @1); config_set_spf(reader, AT($2, @2)); }
	| "explanation" WORD {
		config_once(reader, "explanation", @1);
		config_set_flag(reader, &reader->config->shows_spf_explanation, AT($2, @2));
	}
	;

entry_settings:
	%empty { $$ = (struct list_entry){ 0 }; }
	| entry_settings "operator" STRING { $$ = $1; $$.operator = $3; }
	| entry_settings "page" STRING { $$ = $1; $$.page = $3; }
	| entry_settings "terms" STRING { $$ = $1; $$.terms = $3; }
	| entry_settings "kind" WORD { $$ = $1; config_set_kind(reader, &$$, AT($3, @3)); }
	| entry_settings "takes" WORD { $$ = $1; config_set_takes(reader, &$$, AT($3, @3)); }
	| entry_settings "ipv6" WORD { $$ = $1; config_set_ipv6(reader, &$$, AT($3, @3)); }
	| entry_settings "status" WORD reply_text {
		$$ = $1;
		config_set_status(reader, &$$, AT($3, @3), $4.text);
	}
	| entry_settings "contains" texts { $$ = $1; config_set_contained(reader, &$$, &$3); }
	| entry_settings answers { $$ = $1; $$.answers = $2; }
	| entry_settings errors { $$ = $1; $$.errors = $2; }
	| entry_settings probe { $$ = $1; $$.probes = $2; }
	| entry_settings BREAK
	| entry_settings error { $$ = $1; RECOVER(reader); }
	;

answers: "answers" '{' answer_list '}' { $$ = $3; } ;
errors: "errors" '{' answer_list '}' { $$ = $3; } ;

/* What is asked of a list to see whether it is well. */
probe:
	"probe" WORD { $$ = (struct probe_set){ 0 }; config_set_no_probes(reader, &$$, AT($2, @2)); }
	| "probe" '{' probe_entries '}' { $$ = $3; }
	;

probe_entries:
	"listed" texts { $$ = (struct probe_set){ 0 }; config_add_probes(reader, &$$, true, &$2); }
	| "unlisted" texts { $$ = (struct probe_set){ 0 }; config_add_probes(reader, &$$, false, &$2); }
	| probe_entries "listed" texts { $$ = $1; config_add_probes(reader, &$$, true, &$3); }
	| probe_entries "unlisted" texts { $$ = $1; config_add_probes(reader, &$$, false, &$3); }
	;

answer_list:
	range { $$ = (struct answer_set){ 0 }; config_add_answer(reader, &$$, $1, NULL); }
	| range STRING { $$ = (struct answer_set){ 0 }; config_add_answer(reader, &$$, $1, $2); }
	| answer_list ',' range { $$ = $1; config_add_answer(reader, &$$, $3, NULL); }
	| answer_list ',' range STRING { $$ = $1; config_add_answer(reader, &$$, $3, $4); }
	;

range: ADDRESS { $$ = AT($1, @1); } ;

list_options:
	%empty { $$ = (struct list_options){ 0 }; }
	| list_options "weight" NUMBER { $$ = $1; $$.weight = AT($3, @3); }
	| list_options answers { $$ = $1; $$.answers = $2; }
	| list_options probe { $$ = $1; $$.probes = $2; }
	| list_options "key" STRING { $$ = $1; $$.key = AT($3, @3); }
	| list_options "key-file" STRING { $$ = $1; $$.key_file = AT($3, @3); }
	| list_options "on" '{' value_list '}' { $$ = $1; $$.on = $4; $$.has_on = true; }
	;

rules:
	%empty { $$.rules = (struct rule_set){ 0 }; $$.otherwise = (struct rule){ .action = ACTION_ACCEPT, .percent = 100 }; }
	| rules rule { $$ = $1; config_add_rule(reader, &$$.rules, &$2); }
	| rules "otherwise" otherwise_action { $$ = $1; $$.otherwise = $3; }
	| rules BREAK
	| rules error { $$ = $1; RECOVER(reader); }
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
	| name negated NUMBER {
		$$ = config_number_condition(reader, $1, $2 ? COMPARE_DIFFERENT : COMPARE_EQUAL, AT($3, @3));
	}
	| name negated value {
		struct value_set one = { 0 };

		config_add_value(reader, &one, VALUE_WORD, $3);
		$$ = config_set_condition(reader, $1, $2, &one);
	}
	| name negated STRING {
		struct value_set one = { 0 };

		config_add_value(reader, &one, VALUE_STRING, AT($3, @3));
		$$ = config_set_condition(reader, $1, $2, &one);
	}
	| name "in" '{' values '}' { $$ = config_set_condition(reader, $1, false, &$4); }
	| name "not" "in" '{' values '}' { $$ = config_set_condition(reader, $1, true, &$5); }
	;

/* Some names of conditions are words of other settings, too. */
name:
	WORD { $$ = AT($1, @1); }
	| BREAK WORD { $$ = AT($2, @2); }
	| "dnsbl" { $$ = AT($1, @1); }
	| "dnswl" { $$ = AT($1, @1); }
	| "spf" { $$ = AT($1, @1); }
	| "authenticated" { $$ = AT($1, @1); }
	| "listed" { $$ = AT($1, @1); }
	;

value: WORD { $$ = AT($1, @1); } | BREAK WORD { $$ = AT($2, @2); } ;

negated: '=' { $$ = false; } | "!=" { $$ = true; } ;

compare:
	'<' { $$ = COMPARE_LESS; }
	| "<=" { $$ = COMPARE_AT_MOST; }
	| ">=" { $$ = COMPARE_AT_LEAST; }
	| '>' { $$ = COMPARE_MORE; }
	;

values: value_list | text_list | network_list ;

value_list:
	listed_value { $$ = (struct value_set){ 0 }; config_add_value(reader, &$$, VALUE_WORD, $1); }
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

#define EXPECTED_MAX 60

/* "expected one of ..." is read by people: words in quotes, kinds of values without. */
static void
add_expected(struct strbuf *message, const yypcontext_t *context, const char *found)
{
	yysymbol_kind_t kinds[EXPECTED_MAX];
	const char *names[EXPECTED_MAX];
	int count = yypcontext_expected_tokens(context, kinds, EXPECTED_MAX);

	for (int i = 0; i < count; i++) /* what people do not write */
		if (kinds[i] == YYSYMBOL_BREAK)
			kinds[i--] = kinds[--count];
	for (int i = 0; i < count; i++) {
		names[i] = yysymbol_name(kinds[i]);
		strbuf_add(message, i == 0 ? "; expected " : i + 1 == count ? " or " : ", ");
		if (!ascii_is_among(names[i][0], "'\"") && kinds[i] > YYSYMBOL_XCODE)
			strbuf_printf(message, "\"%s\"", names[i]);
		else if (kinds[i] == YYSYMBOL_ADDRESS || kinds[i] == YYSYMBOL_YYEOF)
			strbuf_printf(message, "%s%s", kinds[i] == YYSYMBOL_YYEOF ? "the " : "an ", names[i]);
		else if (kinds[i] <= YYSYMBOL_XCODE)
			strbuf_printf(message, "a %s", names[i]);
		else
			strbuf_add(message, names[i]);
	}
	if (count > 0)
		config_add_nearest(message, found, names, (size_t)count);
}

static int
yyreport_syntax_error(const yypcontext_t *context, struct config_reader *reader)
{
	char memory[900];
	struct strbuf message;
	const yysymbol_kind_t token = yypcontext_token(context);

	if (reader->blamed == reader->serial && token != YYSYMBOL_YYEOF)
		return 0;
	reader->blamed = reader->serial;
	strbuf_init(&message, memory, sizeof memory);
	if (token == YYSYMBOL_YYEOF) {
		strbuf_add(&message, "the file ends here");
		add_expected(&message, context, "");
	} else {
		strbuf_add(&message, "found ");
		strbuf_add_escaped(&message, span_of(reader->lexeme), 60);
		add_expected(&message, context, reader->lexeme);
	}
	config_complain(reader, token == YYSYMBOL_YYEOF ? (struct place){ reader->last_line, 1 }
							: *yypcontext_location(context), "%s", memory);
	return 0;
}

/* Called when the parser's stack is full; all other errors come to yyreport_syntax_error(). */
static void
config_yyerror(struct place *place, struct config_reader *reader, const char *message)
{
	(void)message;
	config_complain(reader, *place, "nested too deep; expected fewer parentheses within each other");
}
