#include "heloscope/dkim/bodies.h"

enum { FORMS = DKIM_RELAXED + 1 };

static uint64_t
mark_of(const struct dkim_signature *signature)
{
	return signature->has_length ? signature->length : UINT64_MAX;
}

static bool
has_mark(const struct dkim_form *form, uint64_t at)
{
	for (size_t i = 0; i < form->mark_count; i++)
		if (form->marks[i].at == at)
			return true;
	return false;
}

/* Put it in its place. */
static void
add_mark(struct dkim_form *form, uint64_t at)
{
	size_t i = form->mark_count;

	for (; i > 0 && form->marks[i - 1].at > at; i--)
		form->marks[i] = form->marks[i - 1];
	form->marks[i] = (struct dkim_mark){ .at = at };
	form->mark_count++;
}

void
dkim_bodies_want(struct dkim_bodies *bodies, const struct dkim_signature *signature, struct arena *arena)
{
	struct dkim_form *form = &bodies->forms[signature->body_canon];
	const uint64_t at = mark_of(signature);
	struct dkim_mark *marks;

	if (form->body == NULL)
		form->body = arena_alloc(arena, sizeof *form->body);
	if (has_mark(form, at))
		return;
	marks = arena_grow(arena, form->marks, form->mark_count, sizeof *marks);
	if (marks == NULL)
		return;
	form->marks = marks;
	add_mark(form, at);
}

void
dkim_bodies_begin(struct dkim_bodies *bodies)
{
	for (int canon = 0; canon < FORMS; canon++) {
		struct dkim_form *form = &bodies->forms[canon];

		form->is_begun = form->body != NULL;
		if (form->is_begun)
			dkim_body_init(form->body, (enum dkim_canon)canon, form->marks, form->mark_count);
	}
}

void
dkim_bodies_clear(struct dkim_bodies *bodies)
{
	for (int canon = 0; canon < FORMS; canon++)
		if (bodies->forms[canon].is_begun)
			dkim_body_clear(bodies->forms[canon].body);
}

void
dkim_bodies_add(struct dkim_bodies *bodies, struct span octets)
{
	for (int canon = 0; canon < FORMS; canon++)
		if (bodies->forms[canon].is_begun)
			dkim_body_add(bodies->forms[canon].body, octets);
}

void
dkim_bodies_finish(struct dkim_bodies *bodies)
{
	for (int canon = 0; canon < FORMS; canon++)
		if (bodies->forms[canon].is_begun)
			bodies->forms[canon].octets = dkim_body_finish(bodies->forms[canon].body);
}

const struct dkim_mark *
dkim_bodies_hash(const struct dkim_bodies *bodies, const struct dkim_signature *signature)
{
	const struct dkim_form *form = &bodies->forms[signature->body_canon];

	for (size_t i = 0; i < form->mark_count; i++)
		if (form->marks[i].at == mark_of(signature))
			return &form->marks[i];
	return NULL;
}

uint64_t
dkim_bodies_octets(const struct dkim_bodies *bodies, const struct dkim_signature *signature)
{
	return bodies->forms[signature->body_canon].octets;
}
