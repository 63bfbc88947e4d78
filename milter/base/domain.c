#include "heloscope/base/domain.h"

#include <idn2.h>
#include <libpsl.h>
#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63 /* octets, RFC 1035, 2.3.4 */

static struct span
without_final_dot(struct span text)
{
	if (text.length > 1 && text.at[text.length - 1] == '.')
		text.length--;
	return text;
}

static bool
is_ascii(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] >= 0x80)
			return false;
	return true;
}

/* Labels of 1 to 63 octets; the whole at most 253. `extra`: octets allowed beside letters and digits. */
static bool
has_labels(struct span text, const char *extra)
{
	size_t label = 0;

	if (text.length == 0 || text.length >= DOMAIN_SIZE)
		return false;
	for (size_t i = 0; i <= text.length; i++) {
		const char c = i < text.length ? text.at[i] : '.';

		if (c == '.') {
			if (label == 0 || label > LABEL_MAX)
				return false;
			label = 0;
		} else if (ascii_is_alnum(c) || ascii_is_among(c, extra)) {
			label++;
		} else {
			return false;
		}
	}
	return true;
}

/* U-labels to A-labels. `text` and the result are terminated; false when it is no such name. */
static bool
to_a_labels(struct span text, char *name)
{
	char copy[DOMAIN_SIZE * 4]; /* UTF-8 takes up to four octets a character */
	char *converted = NULL;
	bool fits;

	if (text.length >= sizeof copy || memchr(text.at, '\0', text.length) != NULL)
		return false;
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	if (idn2_to_ascii_8z(copy, &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
		return false;
	fits = has_labels(span_of(converted), "-");
	if (fits)
		memcpy(name, converted, strlen(converted) + 1);
	idn2_free(converted);
	return fits;
}

bool
domain_normalize(struct span text, char *name)
{
	name[0] = '\0';
	text = without_final_dot(text);
	if (!is_ascii(text)) {
		if (!to_a_labels(text, name)) {
			name[0] = '\0';
			return false;
		}
		text = (struct span){ name, strlen(name) };
	} else if (!has_labels(text, "-_")) {
		return false;
	}
	for (size_t i = 0; i < text.length; i++)
		name[i] = ascii_lower(text.at[i]);
	name[text.length] = '\0';
	return true;
}

bool
domain_is_host_name(struct span text)
{
	text = without_final_dot(text);
	if (!has_labels(text, "-"))
		return false;
	for (size_t i = 0; i < text.length; i++) {
		const bool begins = i == 0 || text.at[i - 1] == '.';
		const bool ends = i + 1 == text.length || text.at[i + 1] == '.';

		if (text.at[i] == '-' && (begins || ends))
			return false;
	}
	return true;
}

struct span
domain_of_address(struct span address)
{
	const char *at = address.length > 0 ? memrchr(address.at, '@', address.length) : NULL;

	return at != NULL ? span_from(address, (size_t)(at - address.at) + 1) : SPAN("");
}

bool
domain_has_dot(struct span text)
{
	text = without_final_dot(text);
	return memchr(text.at, '.', text.length) != NULL;
}

bool
domain_is_within(struct span name, struct span parent)
{
	if (!span_ends_with_nocase(name, parent))
		return false;
	return name.length == parent.length || name.at[name.length - parent.length - 1] == '.';
}

bool
domain_without_zone(const char *name, const char *owner, char meant[DOMAIN_SIZE])
{
	for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
		const struct span zone = span_of(dot + 1), front = { name, (size_t)(dot - name) };

		if (!domain_has_dot(zone) || !domain_is_within(span_of(owner), zone))
			continue;
		(void)snprintf(meant, DOMAIN_SIZE, "%.*s", (int)front.length, front.at);
		return domain_has_dot(front);
	}
	return false;
}

bool
domain_matches(struct span name, struct span pattern)
{
	if (span_equals(pattern, SPAN("*")))
		return true;
	if (span_starts_with_nocase(pattern, SPAN("*."))) {
		pattern = span_from(pattern, 2);
		return name.length > pattern.length && domain_is_within(name, pattern);
	}
	return span_equals_nocase(name, pattern);
}

bool
domain_same_organization(const char *a, const char *b)
{
	const psl_ctx_t *list = psl_builtin();
	const char *domain_a, *domain_b;

	if (list == NULL)
		return strcmp(a, b) == 0;
	domain_a = psl_registrable_domain(list, a);
	domain_b = psl_registrable_domain(list, b);
	return domain_a != NULL && domain_b != NULL && strcmp(domain_a, domain_b) == 0;
}

const char *
domain_organization(const char *name)
{
	const psl_ctx_t *list = psl_builtin();
	const char *organization = list != NULL ? psl_registrable_domain(list, name) : NULL;

	return organization != NULL ? organization : name;
}

bool
domain_is_registered(const char *name)
{
	const psl_ctx_t *list = psl_builtin();

	return list == NULL ? domain_has_dot(span_of(name)) : psl_registrable_domain(list, name) != NULL;
}

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]" (RFC 5321, 4.1.3). */
static bool
parse_literal(struct span text, struct ipaddr *address)
{
	struct span inner;

	if (text.length < 3 || text.at[0] != '[' || text.at[text.length - 1] != ']')
		return false;
	inner = (struct span){ text.at + 1, text.length - 2 };
	if (!span_starts_with_nocase(inner, SPAN("IPv6:")))
		return memchr(inner.at, ':', inner.length) == NULL && ipaddr_parse(inner, address);
	inner = span_from(inner, 5);
	return memchr(inner.at, ':', inner.length) != NULL && ipaddr_parse(inner, address);
}

static bool
last_label_is_numeric(struct span text)
{
	for (size_t i = text.length; i-- > 0 && text.at[i] != '.';)
		if (!ascii_is_digit(text.at[i]))
			return false;
	return true;
}

/* Why `text`, which is neither absent nor begins like a literal, is not a name to give with HELO. */
static enum helo_fault
what_is_wrong(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
			return HELO_FAULT_CONTROL_OCTETS;
	if (!is_ascii(text))
		return HELO_FAULT_NOT_ASCII;
	if (!domain_is_host_name(text))
		return memchr(text.at, '_', text.length) != NULL ? HELO_FAULT_UNDERSCORE
								 : HELO_FAULT_NO_HOST_NAME;
	if (!domain_has_dot(text))
		return HELO_FAULT_NOT_QUALIFIED;
	return last_label_is_numeric(without_final_dot(text)) ? HELO_FAULT_BARE_ADDRESS : HELO_FAULT_NONE;
}

enum helo_form
domain_helo_form(struct span text, char *name, struct ipaddr *address, enum helo_fault *fault)
{
	name[0] = '\0';
	*fault = HELO_FAULT_NONE;
	if (text.length == 0)
		return HELO_ABSENT;
	if (text.at[0] == '[') {
		if (parse_literal(text, address))
			return HELO_LITERAL;
		*fault = HELO_FAULT_BAD_LITERAL;
	} else {
		*fault = what_is_wrong(text);
		if (*fault == HELO_FAULT_NONE && domain_normalize(text, name))
			return HELO_NAME;
		if (*fault == HELO_FAULT_NONE)
			*fault = HELO_FAULT_NO_HOST_NAME;
	}
	return HELO_INVALID;
}

bool
domain_is_helo_name(const char *text)
{
	enum helo_fault fault;
	char name[DOMAIN_SIZE];
	struct ipaddr address;

	return domain_helo_form(span_of(text), name, &address, &fault) == HELO_NAME;
}

bool
domain_is_address(const char *name)
{
	return last_label_is_numeric(without_final_dot(span_of(name)));
}
