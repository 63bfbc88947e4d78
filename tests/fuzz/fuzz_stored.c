/* Any octets as a stored message, cut anywhere: the same fields and the same body. The first octet says how.
 */
#include "fuzz.h"
#include "heloscope/wire/stored.h"

/* What was told, so that it can be compared. */
struct told {
	uint64_t hash;
	size_t fields, ends;
};

static void
mix(struct told *told, unsigned char octet)
{
	told->hash = (told->hash ^ octet) * 1099511628211U;
}

static void
take_field(void *context, const char *name, const char *value)
{
	struct told *told = context;

	PROMISE(told->ends == 0 && name[0] != '\0');
	told->fields++;
	for (const char *at = name; *at != '\0'; at++)
		mix(told, (unsigned char)*at);
	mix(told, 0);
	for (const char *at = value; *at != '\0'; at++)
		mix(told, (unsigned char)*at);
	mix(told, 0);
}

static void
take_end_of_header(void *context)
{
	((struct told *)context)->ends++;
}

static void
take_body(void *context, struct span octets)
{
	struct told *told = context;

	PROMISE(told->ends == 1 && octets.length > 0);
	for (size_t i = 0; i < octets.length; i++)
		mix(told, (unsigned char)octets.at[i]);
}

static enum stored_fault
read_message(struct span text, size_t piece, struct told *told)
{
	static struct stored stored;
	const struct stored_handler handler = { take_field, take_end_of_header, take_body, told };

	*told = (struct told){ .hash = 0 };
	stored_init(&stored, &handler);
	while (text.length > 0) {
		const struct span part = { text.at, piece < text.length ? piece : text.length };

		stored_add(&stored, part);
		text = span_from(text, part.length);
	}
	return stored_finish(&stored);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { size > 0 ? (const char *)data + 1 : "", size > 0 ? size - 1 : 0 };
	struct told whole = { .hash = 0 }, cut = { .hash = 0 };
	const enum stored_fault fault = read_message(text, text.length + 1, &whole);

	PROMISE(read_message(text, size > 0 ? data[0] + 1U : 1, &cut) == fault);
	PROMISE(whole.hash == cut.hash && whole.fields == cut.fields && whole.ends == cut.ends);
	PROMISE((fault == STORED_GOOD) == (whole.ends == 1) && (fault == STORED_GOOD || whole.fields == 0));
	return 0;
}
