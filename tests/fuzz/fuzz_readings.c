/* Two lines of any octets: an address as it was typed, and as the MTA uses it. */
#include "fuzz.h"
#include "heloscope/wire/readings.h"

static void
check_mailbox(const struct mailbox *mailbox)
{
	PROMISE(mailbox->form != MAILBOX_ADDRESS || mailbox->domain[0] != '\0');
	PROMISE((mailbox->form != MAILBOX_NULL && mailbox->form != MAILBOX_LOCAL_ONLY)
		|| mailbox->domain[0] == '\0');
	PROMISE(mailbox->form != MAILBOX_ADDRESS || strlen(mailbox->domain) < DOMAIN_SIZE);
	for (const char *at = mailbox->domain; mailbox->form == MAILBOX_ADDRESS && *at != '\0'; at++)
		PROMISE(ascii_is_alnum(*at) || strchr("-_.", *at) != NULL);
}

/* What is written of an address is read as the same one: no spelling but the first matters. */
static void
check_again(const struct mailbox *mailbox, struct arena *arena)
{
	const struct mailbox again = mailbox_read(span_of(mailbox->text), arena);

	if (mailbox->form != MAILBOX_ADDRESS)
		return;
	PROMISE(again.form == MAILBOX_ADDRESS);
	PROMISE(strcmp(again.domain, mailbox->domain) == 0);
	PROMISE(strcmp(again.local, mailbox->local) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *typed = malloc(size + 1), *line_end;
	struct envelope_address address = { typed, NULL };
	struct arena arena;
	struct readings readings;

	PROMISE(typed != NULL);
	memcpy(typed, data, size);
	typed[size] = '\0';
	line_end = strchr(typed, '\n');
	if (line_end != NULL) {
		*line_end = '\0';
		address.used = line_end + 1;
	}
	arena_init(&arena, 16U << 20); /* for all readings of 4 kB, and each read again */
	readings = mailbox_readings(&address, &arena);
	PROMISE(readings.count > 0 && readings.count <= READINGS_MAX);
	PROMISE(readings.items[0].form != MAILBOX_UNREAD);
	for (size_t i = 0; i < readings.count; i++) {
		if (readings.items[i].form == MAILBOX_UNREAD)
			continue;
		check_mailbox(&readings.items[i]);
		check_again(&readings.items[i], &arena);
	}
	PROMISE(!arena.has_failed);
	arena_clear(&arena);
	free(typed);
	return 0;
}
