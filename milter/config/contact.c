#include "heloscope/config/contact.h"

#include <string.h>

#include "heloscope/base/ident.h"
#include "heloscope/config/config.h"

void
contact_tell_fault(const char *contact, struct strbuf *fault)
{
	const char *at = contact;
	size_t length = 0;
	bool is_wrong = false; /* what stands behind a percent sign, at `at` */

	while (!is_wrong && ascii_is_printable(*at)) {
		length += at[0] == '%' && at[1] == 'r' ? IDENT_SIZE - 1 : 1;
		is_wrong = *at == '%' && !ascii_is_among(*++at, "r%");
		at += is_wrong ? 0 : 1;
	}
	if (is_wrong && *at == '\0')
		strbuf_add(fault, " ends with a single \"%\"");
	else if (is_wrong && ascii_is_printable(*at))
		strbuf_printf(fault, " has \"%%%c\"", *at);
	else if (*at != '\0')
		strbuf_printf(fault, " has the octet 0x%02x", (unsigned)(unsigned char)*at);
	else if (length == 0)
		strbuf_add(fault, " is empty");
	else if (length > CONFIG_CONTACT_MAX)
		strbuf_printf(fault, " has %zu characters", length);
}

bool
contact_has_reference(const char *contact)
{
	for (const char *at = contact; *at != '\0'; at++)
		if (*at == '%' && *++at == 'r')
			return true;
	return false;
}

bool
contact_is_mailbox(const char *contact)
{
	return strchr(contact, '@') != NULL && strstr(contact, "://") == NULL;
}

void
contact_add(struct strbuf *text, const char *contact, const char *ident)
{
	for (const char *at = contact; *at != '\0'; at++) {
		if (*at != '%')
			strbuf_add_char(text, *at);
		else if (*++at == 'r')
			strbuf_add(text, ident);
		else
			strbuf_add_char(text, *at);
	}
}
