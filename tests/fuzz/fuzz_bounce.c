/* Any octets as a message, as an mbox in pieces, and as pasted text: what is told lies within bounds. */
#include "fuzz.h"
#include "heloscope/mails/mail_kind.h"
#include "heloscope/mails/mbox.h"

static void
take_refusal(void *context, const struct refusal *refusal)
{
	const struct span texts[] = { refusal->text,      refusal->host,     refusal->sender,
				      refusal->recipient, refusal->queue_id, refusal->file };
	size_t *octets = context;

	PROMISE(refusal->code == 0 && refusal->enhanced.subject <= 999 && refusal->enhanced.detail <= 999);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		for (size_t j = 0; j < texts[i].length; j++)
			*octets += (unsigned char)texts[i].at[j];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span all = { (const char *)data, size };
	size_t octets = 0;
	const struct message_taker taker = {
		.refusal = take_refusal, .context = &octets, .file = SPAN("x"), .is_alone = true
	};
	struct mbox mbox;

	(void)mail_kind_of(all);
	PROMISE(message_read_text(all, &taker) <= size);
	mbox_init(&mbox, true, &taker);
	mbox_add(&mbox, (struct span){ all.at, size / 2 });
	mbox_add(&mbox, span_from(all, size / 2));
	PROMISE(mbox_finish(&mbox) <= size);
	mbox_clear(&mbox);
	PROMISE(message_read(all, &taker) <= size);
	return 0;
}
