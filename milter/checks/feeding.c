/* The header and the body of a message, which pass by once. */
#include "heloscope/base/clock.h"
#include "heloscope/checks/inquiry.h"
#include "heloscope/checks/keeping.h"
#include "heloscope/checks/running.h"

/* Hand a piece of the message to all checks that are fed. */
static void
feed_checks(struct inquiry *inquiry, const struct piece *piece)
{
	inquiry->reading = &inquiry->facts;
	inquiry->reading_index = 0;
	for (size_t i = 0; i < inquiry->needs.table.count; i++) {
		const struct check *check = inquiry->needs.table.checks[i];

		inquiry->running = i;
		if (check->feed != NULL && inquiry_wants(inquiry, check) && keeping_is_whole(inquiry))
			check->feed(inquiry, piece);
	}
}

/* A piece has come. The inquiry is locked. */
static void
feed(struct inquiry *inquiry, const struct piece *piece)
{
	struct kept *kept = inquiry_kept(inquiry);

	if (kept == NULL)
		return;
	keeping_take(kept, piece);
	feed_checks(inquiry, piece);
	if (piece->kind == PIECE_END_OF_HEADER)
		dkim_bodies_begin(&kept->bodies);
}

static bool
feeds_any(const struct inquiry *inquiry)
{
	for (size_t i = 0; i < inquiry->needs.table.count; i++)
		if (inquiry->needs.table.checks[i]->feed != NULL
		    && inquiry_wants(inquiry, inquiry->needs.table.checks[i]))
			return true;
	return false;
}

/* A piece has come, which belongs behind the end of `stage`. */
static void
take_piece(struct inquiry *inquiry, enum stage stage, const struct piece *piece)
{
	if (!feeds_any(inquiry))
		return;
	inquiry_lock(inquiry);
	if (inquiry->stage == stage && !inquiry->is_over && keeping_begin(inquiry)) {
		feed(inquiry, piece);
		inquiry->is_complete = false; /* an answer that was asked for runs the check */
	}
	inquiry_unlock(inquiry);
}

/* All has come that belongs to `stage`. What is asked from now on has a deadline of its own. */
static void
reach(struct inquiry *inquiry, enum stage stage)
{
	inquiry_lock(inquiry);
	if (inquiry->stage == stage - 1 && !inquiry->is_over) {
		inquiry->stage = stage;
		inquiry->entered_ms[stage] = (uint32_t)clock_now_ms();
		inquiry->has_expired = false;
		inquiry->is_complete = false;
		inquiry_run(inquiry);
	}
	inquiry_unlock(inquiry);
}

void
inquiry_header_field(struct inquiry *inquiry, const char *name, const char *value)
{
	take_piece(inquiry, STAGE_MAIL, &(struct piece){ PIECE_FIELD, span_of(name), span_of(value) });
}

void
inquiry_end_of_header(struct inquiry *inquiry)
{
	take_piece(inquiry, STAGE_MAIL, &(struct piece){ .kind = PIECE_END_OF_HEADER });
	reach(inquiry, STAGE_HEADER);
}

void
inquiry_body(struct inquiry *inquiry, struct span octets)
{
	take_piece(inquiry, STAGE_HEADER, &(struct piece){ .kind = PIECE_BODY, .value = octets });
}

void
inquiry_end_of_body(struct inquiry *inquiry)
{
	take_piece(inquiry, STAGE_HEADER, &(struct piece){ .kind = PIECE_END_OF_BODY });
	reach(inquiry, STAGE_BODY);
}
