#include "heloscope/mails/mbox.h"

#include <stdlib.h>

#include "heloscope/base/bounds.h"

void
mbox_init(struct mbox *mbox, bool is_mbox, const struct message_taker *taker)
{
	*mbox = (struct mbox){ .taker = *taker, .is_mbox = is_mbox, .is_behind_empty = true };
	mbox->taker.line = 1;
	mbox->taker.is_alone = !is_mbox;
}

void
mbox_clear(struct mbox *mbox)
{
	free(mbox->memory);
	mbox->memory = NULL;
	mbox->length = mbox->room = 0;
}

/* Make room for so many octets more. */
static bool
grow(struct mbox *mbox, size_t more)
{
	size_t room = mbox->room > 0 ? mbox->room : 65536;
	char *memory;

	if (mbox->length + more <= mbox->room)
		return true;
	while (room < mbox->length + more)
		room *= 2;
	memory = realloc(mbox->memory, room);
	if (memory == NULL) {
		mbox->has_failed = true;
		return false;
	}
	mbox->memory = memory;
	mbox->room = room;
	return true;
}

/* Keep octets of the message, within its bounds. */
static void
keep(struct mbox *mbox, struct span octets)
{
	const size_t left = BOUND_MAIL_OCTETS - mbox->length;

	if (octets.length > left)
		octets.length = left;
	if (octets.length == 0 || mbox->lines_kept >= BOUND_MAIL_LINES || !grow(mbox, octets.length))
		return;
	memcpy(mbox->memory + mbox->length, octets.at, octets.length);
	mbox->length += octets.length;
}

/* The message is complete. */
static void
tell(struct mbox *mbox)
{
	if (mbox->length > 0) {
		mbox->refusals += message_read((struct span){ mbox->memory, mbox->length }, &mbox->taker);
		mbox->messages++;
	}
	mbox->length = 0;
	mbox->lines_kept = 0;
}

/* Whether a line parts messages: "From ", whoever it was, and a time of day. */
static bool
parts(const struct mbox *mbox)
{
	if (!mbox->is_mbox || !mbox->is_behind_empty || mbox->line_length < 10
	    || memcmp(mbox->line, "From ", 5) != 0)
		return false;
	for (size_t i = 6; i + 2 < mbox->line_length; i++)
		if (mbox->line[i] == ':' && ascii_is_digit(mbox->line[i - 1])
		    && ascii_is_digit(mbox->line[i + 1]))
			return true;
	return false;
}

/* The beginning of a line is there, to its end or to as much as is looked at. */
static void
take_beginning(struct mbox *mbox)
{
	if (parts(mbox)) {
		tell(mbox);
		mbox->taker.line = mbox->lines + 1;
	} else {
		keep(mbox, (struct span){ mbox->line, mbox->line_length });
	}
}

static void
end_line(struct mbox *mbox)
{
	const size_t length = mbox->line_length;

	mbox->is_behind_empty = !mbox->is_inside && (length == 1 || (length == 2 && mbox->line[0] == '\r'));
	mbox->is_inside = false;
	mbox->line_length = 0;
	mbox->lines++;
	mbox->lines_kept++;
}

/* Take what is the line's off `octets`. */
static void
take_line(struct mbox *mbox, struct span *octets)
{
	const char *end = memchr(octets->at, '\n', octets->length);
	const size_t left = mbox->is_inside ? octets->length : MBOX_LINE - mbox->line_length;
	size_t length = end != NULL ? (size_t)(end - octets->at) + 1 : octets->length;

	if (length > left) {
		length = left;
		end = NULL;
	}
	if (mbox->is_inside) {
		keep(mbox, (struct span){ octets->at, length });
	} else {
		memcpy(mbox->line + mbox->line_length, octets->at, length);
		mbox->line_length += length;
		if (end != NULL || mbox->line_length == MBOX_LINE) {
			take_beginning(mbox);
			mbox->is_inside = end == NULL;
		}
	}
	*octets = span_from(*octets, length);
	if (end != NULL)
		end_line(mbox);
}

void
mbox_add(struct mbox *mbox, struct span octets)
{
	while (octets.length > 0)
		take_line(mbox, &octets);
}

size_t
mbox_finish(struct mbox *mbox)
{
	if (mbox->line_length > 0 && !mbox->is_inside)
		take_beginning(mbox);
	tell(mbox);
	return mbox->refusals;
}
