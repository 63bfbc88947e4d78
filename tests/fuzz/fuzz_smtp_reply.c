/*
 * What a mail server sends: whatever it is, the reader comes to an end within its bounds, takes for a
 * reply only what is one, and what is kept of it can stand in a header.
 */
#include "fuzz.h"
#include "heloscope/base/domain.h"
#include "heloscope/peer/peer.h"
#include "heloscope/wire/smtp_reader.h"
#include "heloscope/base/strbuf.h"

static void
check_reply(const struct smtp_reader *reader)
{
	const struct span text = smtp_reader_text(reader);
	char shown[PEER_LINE_SIZE], name[DOMAIN_SIZE];
	struct strbuf kept;

	PROMISE(reader->code >= 200 && reader->code <= 599);
	PROMISE(reader->lines >= 1 && reader->lines <= SMTP_LINES_MAX);
	PROMISE(text.length <= SMTP_LINE_MAX && memchr(text.at, '\n', text.length) == NULL);
	strbuf_init(&kept, shown, sizeof shown);
	strbuf_add_escaped(&kept, text, sizeof shown);
	for (size_t i = 0; i < kept.length; i++)
		PROMISE(shown[i] >= ' ' && shown[i] <= '~');
	peer_host_name(shown, name);
	PROMISE(name[0] == '\0' || (domain_is_host_name(span_of(name)) && domain_has_dot(span_of(name))));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_reader reader = { .length = 0 };

	for (size_t i = 0; i < size; i++) {
		const enum smtp_progress progress = smtp_reader_take(&reader, (char)data[i]);

		PROMISE(reader.length <= SMTP_LINE_MAX && reader.octets <= SMTP_OCTETS_MAX + 1);
		if (progress == SMTP_NO_SMTP || progress == SMTP_TOO_MUCH)
			return 0;
		if (progress == SMTP_MORE)
			continue;
		check_reply(&reader);
		if (progress == SMTP_DONE)
			smtp_reader_next(&reader);
	}
	PROMISE(size <= SMTP_OCTETS_MAX);
	return 0;
}
