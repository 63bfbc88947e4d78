#include "heloscope/dkim/body.h"

void
dkim_body_init(struct dkim_body *body, enum dkim_canon canon, struct dkim_mark *marks, size_t count)
{
	body->canon = canon;
	body->holds = body->has_blank = body->has_cr = false;
	body->lines = 0;
	dkim_hasher_init(&body->hasher, marks, count);
}

void
dkim_body_clear(struct dkim_body *body)
{
	dkim_hasher_clear(&body->hasher);
}

/* More of the line comes, so that all that was held back counts. */
static void
release(struct dkim_body *body)
{
	for (; body->lines > 0; body->lines--) {
		dkim_hasher_add(&body->hasher, '\r');
		dkim_hasher_add(&body->hasher, '\n');
	}
	if (body->has_blank)
		dkim_hasher_add(&body->hasher, ' ');
	if (body->has_cr)
		dkim_hasher_add(&body->hasher, '\r');
	body->holds = body->has_blank = body->has_cr = false;
}

static void
end_line(struct dkim_body *body)
{
	body->lines++;
	body->has_blank = body->has_cr = false;
}

/* An octet that may be held back. */
static void
take(struct dkim_body *body, char c)
{
	const bool ends_line = c == '\n' && body->has_cr;

	if (body->has_cr && !ends_line)
		release(body);
	if (ends_line)
		end_line(body);
	else if (c == '\r')
		body->has_cr = true;
	else if (body->canon == DKIM_RELAXED && (c == ' ' || c == '\t'))
		body->has_blank = true;
	else {
		release(body);
		dkim_hasher_add(&body->hasher, c);
		return;
	}
	body->holds = true;
}

void
dkim_body_add(struct dkim_body *body, struct span octets)
{
	for (size_t i = 0; i < octets.length; i++) {
		const char c = octets.at[i];

		if ((unsigned char)c <= ' ') {
			take(body, c);
			continue;
		}
		if (body->holds)
			release(body);
		dkim_hasher_add(&body->hasher, c);
	}
}

/* What ends the last line that is not empty is there once; a body without any is one empty line when it is
 * taken as it is. */
uint64_t
dkim_body_finish(struct dkim_body *body)
{
	if (body->has_cr)
		release(body);
	if (dkim_hasher_length(&body->hasher) > 0 || body->canon == DKIM_SIMPLE)
		dkim_hasher_add_span(&body->hasher, SPAN("\r\n"));
	dkim_hasher_finish(&body->hasher);
	return dkim_hasher_length(&body->hasher);
}
