#include "heloscope/config/contact.h"

#include <string.h>

#include "heloscope/base/ident.h"
#include "heloscope/config/config.h"

bool
contact_is_good(const char *contact)
{
	size_t length = 0;

	for (const char *at = contact; *at != '\0'; at++) {
		if (!ascii_is_printable(*at))
			return false;
		length += at[0] == '%' && at[1] == 'r' ? IDENT_SIZE - 1 : 1;
		if (*at == '%' && !ascii_is_among(*++at, "r%"))
			return false;
	}
	return length > 0 && length <= CONFIG_CONTACT_MAX;
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
