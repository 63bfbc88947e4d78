#include "heloscope/spf/record.h"

#include <string.h>

#define WIDE_IPV4 8 /* bits: the shortest prefix of a network that one organization has */
#define WIDE_IPV6 16
#define TERMS_MAX 1024 /* a record of 64 kB could hold thirty times that */

/* Shorthand for the many places that say what is wrong. */
static bool
fail(struct spf_fault *fault, size_t at, enum spf_fault_kind kind)
{
	*fault = (struct spf_fault){ .at = at, .kind = kind };
	return false;
}

bool
spf_record_is_one(struct span text)
{
	const size_t length = sizeof SPF_VERSION - 1;

	return span_starts_with_nocase(text, SPAN(SPF_VERSION))
	       && (text.length == length || text.at[length] == ' ');
}

void
spf_record_add_address(struct strbuf *text, const struct ipaddr *address)
{
	char memory[IPADDR_TEXT_SIZE];

	strbuf_printf(text, " %s:%s", address->length == 4 ? "ip4" : "ip6", ipaddr_format(address, memory));
}

void
spf_record_extend(struct strbuf *text, const char *record, const struct ipaddr *address)
{
	strbuf_add(text, SPF_VERSION);
	spf_record_add_address(text, address);
	strbuf_add(text, record + sizeof SPF_VERSION - 1);
}

/* Macros (section 7.1). */

static size_t
skip_delimiters(struct span text, size_t at)
{
	while (at < text.length && ascii_is_among(text.at[at], ".-+,/_="))
		at++;
	return at;
}

static bool
read_digits(struct span text, size_t *at, unsigned *keep, struct spf_fault *fault)
{
	const size_t start = *at;

	*keep = 0;
	while (*at < text.length && ascii_is_digit(text.at[*at])) {
		if (*keep < 1000)
			*keep = *keep * 10 + (unsigned)(text.at[*at] - '0');
		++*at;
	}
	if (*at > start && *keep == 0)
		return fail(fault, start, SPF_FAULT_MACRO_KEEPS_NONE);
	return true;
}

bool
spf_macro_read(struct span text, size_t *at, bool is_text, char *literal, struct spf_macro *macro,
	       struct spf_fault *fault)
{
	const char *letters = is_text ? "slodiphcrtv" : "slodiphv";
	size_t i = *at + 1, delimiters;

	if (i < text.length && ascii_is_among(text.at[i], "%_-")) {
		*literal = text.at[i] == '_' ? ' ' : text.at[i];
		*at = i + 1;
		return true;
	}
	if (i + 1 >= text.length || text.at[i] != '{')
		return fail(fault, *at, SPF_FAULT_PERCENT);
	i++;
	macro->letter = ascii_lower(text.at[i]);
	macro->is_escaped = text.at[i] != macro->letter;
	if (!ascii_is_among(macro->letter, letters))
		return fail(fault, i, is_text ? SPF_FAULT_MACRO_LETTER : SPF_FAULT_MACRO_LETTER_HERE);
	i++;
	if (!read_digits(text, &i, &macro->keep, fault))
		return false;
	macro->is_reversed = i < text.length && ascii_lower(text.at[i]) == 'r';
	i += macro->is_reversed ? 1 : 0;
	delimiters = skip_delimiters(text, i);
	macro->delimiters = delimiters > i ? (struct span){ text.at + i, delimiters - i } : SPAN(".");
	if (delimiters >= text.length || text.at[delimiters] != '}')
		return fail(fault, delimiters, SPF_FAULT_MACRO_OPEN);
	*literal = '\0';
	*at = delimiters + 1;
	return true;
}

/*
 * Check a macro-string. `*last_macro` becomes where the last macro-expand ends, 0 without one:
 * a domain-spec may end there in place of a top label.
 */
static bool
check_macro_string(struct span text, size_t offset, size_t *last_macro, struct spf_fault *fault)
{
	*last_macro = 0;
	for (size_t at = 0; at < text.length;) {
		struct spf_macro macro;
		char literal;

		if (text.at[at] != '%') {
			if (text.at[at] < 0x21 || text.at[at] > 0x7e)
				return fail(fault, offset + at, SPF_FAULT_OCTET);
			at++;
			continue;
		}
		if (!spf_macro_read(text, &at, false, &literal, &macro, fault)) {
			fault->at += offset;
			return false;
		}
		*last_macro = at;
	}
	return true;
}

/* toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum ) */
static bool
is_top_label(struct span label)
{
	bool has_letter_or_hyphen = false;

	if (label.length == 0 || !ascii_is_alnum(label.at[0]) || !ascii_is_alnum(label.at[label.length - 1]))
		return false;
	for (size_t i = 0; i < label.length; i++) {
		if (!ascii_is_alnum(label.at[i]) && label.at[i] != '-')
			return false;
		has_letter_or_hyphen = has_letter_or_hyphen || !ascii_is_digit(label.at[i]);
	}
	return has_letter_or_hyphen;
}

/* domain-spec = macro-string domain-end; `offset` is where `spec` lies in the record. */
static bool
check_domain_spec(struct span spec, size_t offset, struct spf_fault *fault)
{
	size_t last_macro, end = spec.length, start;

	if (spec.length == 0)
		return fail(fault, offset, SPF_FAULT_DOMAIN_MISSING);
	if (!check_macro_string(spec, offset, &last_macro, fault))
		return false;
	if (last_macro == spec.length)
		return true;
	if (spec.at[end - 1] == '.')
		end--;
	for (start = end; start > last_macro && spec.at[start - 1] != '.';)
		start--;
	if (start == 0 || spec.at[start - 1] != '.')
		return fail(fault, offset, SPF_FAULT_ONE_LABEL);
	if (!is_top_label((struct span){ spec.at + start, end - start }))
		return fail(fault, offset + start, SPF_FAULT_TOP_LABEL);
	return true;
}

/* Prefix lengths. */

/* Digits without a leading zero, up to `max`. */
static bool
read_prefix(struct span digits, size_t offset, unsigned max, unsigned *prefix, struct spf_fault *fault)
{
	if (digits.length == 0 || digits.length > 3 || (digits.at[0] == '0' && digits.length > 1)
	    || !span_to_number(digits, 0, max, prefix))
		return fail(fault, offset, max == 32 ? SPF_FAULT_IPV4_PREFIX : SPF_FAULT_IPV6_PREFIX);
	return true;
}

/* How many octets at the end of `text` are a "/" and digits; 0 for none. */
static size_t
trailing_prefix(struct span text)
{
	size_t at = text.length;

	while (at > 0 && ascii_is_digit(text.at[at - 1]))
		at--;
	return at > 0 && text.at[at - 1] == '/' ? text.length - at + 1 : 0;
}

/* Take dual-cidr-length off the end of `*value`. */
static bool
take_dual_prefix(struct span *value, size_t offset, struct spf_term *term, struct spf_fault *fault)
{
	size_t tail = trailing_prefix(*value);

	if (tail > 0 && tail < value->length && value->at[value->length - tail - 1] == '/') {
		if (!read_prefix(span_from(*value, value->length - tail + 1),
				 offset + value->length - tail + 1, 128, &term->prefix6, fault))
			return false;
		value->length -= tail + 1;
		tail = trailing_prefix(*value);
	}
	if (tail > 0) {
		if (!read_prefix(span_from(*value, value->length - tail + 1),
				 offset + value->length - tail + 1, 32, &term->prefix4, fault))
			return false;
		value->length -= tail;
	}
	return true;
}

/* Mechanisms: each reads what stands behind its name, with the ":" or "/". */

typedef bool read_value(struct span value, size_t offset, struct spf_term *term, struct spf_fault *fault);

static bool
read_nothing(struct span value, size_t offset, struct spf_term *term, struct spf_fault *fault)
{
	(void)term;
	if (value.length > 0)
		return fail(fault, offset, SPF_FAULT_ALL_WITH_VALUE);
	return true;
}

static bool
read_domain(struct span value, size_t offset, struct spf_term *term, struct spf_fault *fault)
{
	if (value.length == 0 || value.at[0] != ':')
		return fail(fault, offset, SPF_FAULT_NO_DOMAIN_BEHIND);
	term->domain_spec = span_from(value, 1);
	return check_domain_spec(term->domain_spec, offset + 1, fault);
}

static bool
read_optional_domain(struct span value, size_t offset, struct spf_term *term, struct spf_fault *fault)
{
	return value.length == 0 || read_domain(value, offset, term, fault);
}

static bool
read_domain_and_prefix(struct span value, size_t offset, struct spf_term *term, struct spf_fault *fault)
{
	return take_dual_prefix(&value, offset, term, fault)
	       && read_optional_domain(value, offset, term, fault);
}

/* An IPv4-mapped network stays IPv6 here: no client is that, for such clients are IPv4 (section 5). */
static struct ipaddr
as_ipv6(const struct ipaddr *ipv4)
{
	struct ipaddr mapped = { .octets = { [10] = 0xff, [11] = 0xff }, .length = 16 };

	memcpy(mapped.octets + 12, ipv4->octets, 4);
	return mapped;
}

static bool
read_network(struct span value, size_t offset, struct spf_term *term, struct spf_fault *fault)
{
	const bool is_ipv4 = term->mechanism == SPF_IP4;
	unsigned *prefix = is_ipv4 ? &term->prefix4 : &term->prefix6;
	const char *slash = memchr(value.at, '/', value.length);
	struct span address;

	if (value.length == 0 || value.at[0] != ':')
		return fail(fault, offset, SPF_FAULT_NO_ADDRESS_BEHIND);
	address = span_from(value, 1);
	if (slash != NULL) {
		const size_t length = (size_t)(slash - value.at);

		if (!read_prefix(span_from(value, length + 1), offset + length + 1, is_ipv4 ? 32 : 128,
				 prefix, fault))
			return false;
		address.length = length - 1;
	}
	if ((memchr(address.at, ':', address.length) == NULL) != is_ipv4
	    || !ipaddr_parse(address, &term->address))
		return fail(fault, offset + 1, is_ipv4 ? SPF_FAULT_NO_IPV4 : SPF_FAULT_NO_IPV6);
	if (!is_ipv4 && term->address.length == 4)
		term->address = as_ipv6(&term->address);
	return true;
}

struct mechanism_row {
	const char *name;
	enum spf_mechanism mechanism;
	bool counts; /* against the limit of terms that cause lookups (4.6.4) */
	read_value *read;
};

static const struct mechanism_row mechanisms[] = {
	{ "all", SPF_ALL, false, read_nothing },        { "include", SPF_INCLUDE, true, read_domain },
	{ "a", SPF_A, true, read_domain_and_prefix },   { "mx", SPF_MX, true, read_domain_and_prefix },
	{ "ptr", SPF_PTR, true, read_optional_domain }, { "ip4", SPF_IP4, false, read_network },
	{ "ip6", SPF_IP6, false, read_network },        { "exists", SPF_EXISTS, true, read_domain },
};

/* The mechanism of a directive without its qualifier; NULL: none is called so. `length`: of its name. */
static const struct mechanism_row *
find_mechanism(struct span directive, size_t *length)
{
	*length = 0;
	while (*length < directive.length && !ascii_is_among(directive.at[*length], ":/"))
		++*length;
	for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++)
		if (span_equals_nocase((struct span){ directive.at, *length }, span_of(mechanisms[i].name)))
			return &mechanisms[i];
	return NULL;
}

static enum result
qualifier(char c)
{
	switch (c) {
	case '+':
		return RESULT_PASS;
	case '-':
		return RESULT_FAIL;
	case '~':
		return RESULT_SOFTFAIL;
	case '?':
		return RESULT_NEUTRAL;
	default:
		return RESULT_UNCHECKED;
	}
}

struct span
spf_without_qualifier(struct span term)
{
	return term.length > 0 && qualifier(term.at[0]) != RESULT_UNCHECKED ? span_from(term, 1) : term;
}

/* What is being read. */
struct parser {
	struct arena *arena;
	struct spf_record record;
	struct spf_fault *fault;
};

static bool
read_directive(struct parser *parser, struct span text, size_t offset)
{
	struct spf_term term = { .qualifier = qualifier(text.at[0]),
				 .text = text,
				 .domain_spec = { "", 0 },
				 .prefix4 = 32,
				 .prefix6 = 128 };
	const size_t start = term.qualifier == RESULT_UNCHECKED ? 0 : 1;
	size_t length;
	const struct mechanism_row *row = find_mechanism(span_from(text, start), &length);
	const size_t end = start + length;
	struct spf_term *terms;

	if (row == NULL)
		return fail(parser->fault, offset + start, SPF_FAULT_MECHANISM);
	if (term.qualifier == RESULT_UNCHECKED)
		term.qualifier = RESULT_PASS;
	term.mechanism = row->mechanism;
	if (!row->read(span_from(text, end), offset + end, &term, parser->fault))
		return false;
	terms = arena_grow(parser->arena, parser->record.terms, parser->record.count, sizeof *terms);
	if (terms == NULL || parser->record.count == TERMS_MAX)
		return fail(parser->fault, offset, SPF_FAULT_TOO_MANY_TERMS);
	parser->record.terms = terms;
	terms[parser->record.count++] = term;
	parser->record.has_all = parser->record.has_all || term.mechanism == SPF_ALL;
	return true;
}

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ), then "=". Returns its length, 0 for none. */
static size_t
modifier_name_length(struct span text)
{
	size_t length = 0;

	if (text.length == 0 || !ascii_is_alpha(text.at[0]))
		return 0;
	while (length < text.length
	       && (ascii_is_alnum(text.at[length]) || ascii_is_among(text.at[length], "-_.")))
		length++;
	return length < text.length && text.at[length] == '=' ? length : 0;
}

bool
spf_term_counts(struct span term)
{
	const size_t name_length = modifier_name_length(term);
	const struct mechanism_row *row;
	size_t length;

	if (name_length > 0)
		return span_equals_nocase((struct span){ term.at, name_length }, SPAN("redirect"));
	row = term.length > 0 ? find_mechanism(spf_without_qualifier(term), &length) : NULL;
	return row != NULL && row->counts;
}

bool
spf_term_is_slip(struct span term)
{
	const size_t length = modifier_name_length(term);
	size_t found;

	return length > 0 && find_mechanism((struct span){ term.at, length }, &found) != NULL;
}

bool
spf_term_is_wide(const struct spf_term *term)
{
	switch (term->mechanism) {
	case SPF_IP4:
		return term->prefix4 < WIDE_IPV4;
	case SPF_IP6:
		return term->prefix6 < WIDE_IPV6;
	case SPF_A:
	case SPF_MX:
		return term->prefix4 < WIDE_IPV4 || term->prefix6 < WIDE_IPV6;
	default:
		return false;
	}
}

static bool
read_modifier(struct parser *parser, struct span text, size_t offset, size_t name_length)
{
	const struct span name = { text.at, name_length }, value = span_from(text, name_length + 1);
	const bool is_redirect = span_equals_nocase(name, SPAN("redirect"));
	struct spf_record *record = &parser->record;
	size_t last_macro;

	if (!is_redirect && !span_equals_nocase(name, SPAN("exp")))
		return check_macro_string(value, offset + name_length + 1, &last_macro, parser->fault);
	if (is_redirect ? record->has_redirect : record->has_explanation)
		return fail(parser->fault, offset,
			    is_redirect ? SPF_FAULT_SECOND_REDIRECT : SPF_FAULT_SECOND_EXPLANATION);
	if (is_redirect) {
		record->has_redirect = true;
		record->redirect = value;
		record->redirect_text = text;
	} else {
		record->has_explanation = true;
		record->explanation = value;
		record->explanation_text = text;
	}
	return check_domain_spec(value, offset + name_length + 1, parser->fault);
}

bool
spf_record_parse(struct span text, struct arena *arena, struct spf_record *record, struct spf_fault *fault)
{
	struct parser parser = { .arena = arena, .fault = fault };
	size_t at = sizeof SPF_VERSION - 1;

	while (at < text.length) {
		const size_t start = at;
		struct span term;
		size_t name_length;

		if (text.at[at] == ' ') {
			at++;
			continue;
		}
		while (at < text.length && text.at[at] != ' ')
			at++;
		term = (struct span){ text.at + start, at - start };
		name_length = modifier_name_length(term);
		if (name_length > 0 ? !read_modifier(&parser, term, start, name_length)
				    : !read_directive(&parser, term, start))
			return false;
	}
	*record = parser.record;
	return true;
}
