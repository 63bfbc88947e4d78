/* What is kept of a message as it comes: by each check, and for all of them. */
#include "heloscope/checks/keeping.h"

#include <time.h>

#include "heloscope/base/bounds.h"

struct workspace *
inquiry_fed(struct inquiry *inquiry)
{
	return &inquiry->fed[inquiry->running];
}

static struct workspace *
fed_of_all(const struct inquiry *inquiry)
{
	return &inquiry->fed[inquiry->needs.table.count];
}

struct kept *
inquiry_kept(struct inquiry *inquiry)
{
	return fed_of_all(inquiry)->state;
}

/* What is held of OpenSSL. */
static void
release_kept(void *state)
{
	struct kept *kept = state;

	dkim_bodies_clear(&kept->bodies);
}

static void
begin_keeping(struct workspace *of_all)
{
	struct kept *kept = arena_alloc(&of_all->memory, sizeof *kept);

	if (kept == NULL)
		return;
	kept->now = (int64_t)time(NULL);
	dkim_header_init(&kept->header, &of_all->memory, BOUND_HEADER_KEPT);
	of_all->state = kept;
	of_all->release = release_kept;
}

const struct dkim_field *
inquiry_keep_field(struct inquiry *inquiry, const struct piece *piece)
{
	struct kept *kept = inquiry_kept(inquiry);

	if (!kept->has_field)
		kept->field = dkim_header_add(&kept->header, piece->name, piece->value);
	kept->has_field = true;
	return kept->field;
}

void
inquiry_want_body(struct inquiry *inquiry, const struct dkim_signature *signature)
{
	struct workspace *of_all = fed_of_all(inquiry);

	dkim_bodies_want(&inquiry_kept(inquiry)->bodies, signature, &of_all->memory);
}

struct author_facts
inquiry_author(struct inquiry *inquiry)
{
	const struct author *author = &inquiry_kept(inquiry)->author;

	return (struct author_facts){ author_judge(author), author_domain(author) };
}

void
keeping_take(struct kept *kept, const struct piece *piece)
{
	kept->has_field = false;
	if (piece->kind == PIECE_FIELD)
		author_add(&kept->author, piece->name, piece->value);
	else if (piece->kind == PIECE_BODY)
		dkim_bodies_add(&kept->bodies, piece->value);
	else if (piece->kind == PIECE_END_OF_BODY)
		dkim_bodies_finish(&kept->bodies);
}

bool
keeping_is_whole(const struct inquiry *inquiry)
{
	return !inquiry->fed[inquiry->running].memory.has_failed && !fed_of_all(inquiry)->memory.has_failed;
}

void *
inquiry_fed_state(struct inquiry *inquiry, size_t size)
{
	struct workspace *fed = inquiry_fed(inquiry);

	if (fed->state == NULL)
		fed->state = arena_alloc(&fed->memory, size);
	return fed->state;
}

bool
keeping_begin(struct inquiry *inquiry)
{
	const size_t count = inquiry->needs.table.count + 1;

	if (inquiry->fed != NULL)
		return true;
	inquiry->fed = arena_alloc(&inquiry->stages[STAGE_HEADER].arena, count * sizeof *inquiry->fed);
	if (inquiry->fed == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		arena_init(&inquiry->fed[i].memory, BOUND_FED_OCTETS);
	begin_keeping(fed_of_all(inquiry));
	return true;
}
