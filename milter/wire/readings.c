#include "heloscope/wire/readings.h"

#include <string.h>

#include "heloscope/wire/meant.h"

#define TRIES (8 * BOUND_READINGS) /* most of them come to readings that are there already */
#define SCRATCH_A_TRY (1U << 20)

static const struct mailbox unreadable = { MAILBOX_MALFORMED, "", "", "", false };
static const struct mailbox unread = { MAILBOX_UNREAD, "", "", "", false };
static const struct mailbox null_path = { MAILBOX_NULL, "", "", "", false };

static bool
has_domain(const struct mailbox *mailbox)
{
	return mailbox->domain[0] != '\0';
}

static bool
same_local(const struct mailbox *a, const struct mailbox *b)
{
	return span_equals_nocase(span_of(a->local), span_of(b->local));
}

static bool
is_among(const struct readings *readings, const struct mailbox *mailbox)
{
	for (size_t i = 0; i < readings->count; i++)
		if (readings->items[i].form == mailbox->form && same_local(&readings->items[i], mailbox)
		    && strcmp(readings->items[i].domain, mailbox->domain) == 0)
			return true;
	return false;
}

static void
add_reading(struct readings *readings, struct mailbox mailbox)
{
	if (is_among(readings, &mailbox))
		return;
	if (readings->count >= BOUND_READINGS)
		mailbox = unread;
	if (!is_among(readings, &mailbox))
		readings->items[readings->count++] = mailbox;
}

/* Guesses at what an MTA that does not tell may make of what was typed. */

struct guesses {
	struct readings *readings;
	const struct meant *meant;
	size_t tries, domains; /* of them all, and of those with a local part and a domain */
	bool is_again;         /* read again, without the quotes */
	bool may_lack_local;   /* a domain alone will do */
	struct arena *arena;
};

/* What may stand between a local part and a domain; a quote hides none from an MTA that reads again. */
static bool
is_joint(const struct meant *meant, size_t at)
{
	return ascii_is_among(meant->octets[at], "@%!");
}

/* What ends an address. */
static bool
is_end(const struct meant *meant, size_t at)
{
	return meant->is_plain[at] && ascii_is_among(meant->octets[at], "<>:,;");
}

/* What some pass over, and what ends a word for others. */
static bool
is_gap(const struct meant *meant, size_t at)
{
	return meant_is_blank_at(meant, at)
	       || (meant->is_plain[at] && ascii_is_among(meant->octets[at], "()"));
}

static bool
is_gap_or_joint(const struct meant *meant, size_t at)
{
	return is_gap(meant, at) || is_joint(meant, at);
}

static bool
is_gap_or_bang(const struct meant *meant, size_t at)
{
	return is_gap(meant, at) || meant->octets[at] == '!';
}

/* All but "!": a route with that goes on to the right. */
static bool
is_joint_to_the_right(const struct meant *meant, size_t at)
{
	return ascii_is_among(meant->octets[at], "@%");
}

typedef bool mark(const struct meant *meant, size_t at);

/* The part of a stretch up to the first mark, or from behind the last one. */
static struct stretch
up_to(const struct meant *meant, struct stretch in, mark *is_mark)
{
	size_t end = in.begin;

	while (end < in.end && !is_mark(meant, end))
		end++;
	return (struct stretch){ in.begin, end };
}

static struct stretch
from_behind(const struct meant *meant, struct stretch in, mark *is_mark)
{
	size_t begin = in.end;

	while (begin > in.begin && !is_mark(meant, begin - 1))
		begin--;
	return (struct stretch){ begin, in.end };
}

static struct stretch
without(const struct meant *meant, struct stretch in, mark *is_mark)
{
	while (in.begin < in.end && is_mark(meant, in.begin))
		in.begin++;
	while (in.begin < in.end && is_mark(meant, in.end - 1))
		in.end--;
	return in;
}

static bool
is_empty(struct stretch stretch)
{
	return stretch.begin == stretch.end;
}

static struct mailbox
make(const struct guesses *guesses, struct stretch local, struct stretch domain, struct arena *arena)
{
	const char *left = meant_copy(guesses->meant, local, arena);
	const char *right = meant_copy(guesses->meant, domain, arena);

	return left != NULL && right != NULL ? mailbox_make(left, span_of(right), arena) : unreadable;
}

/* Only what is new takes memory that stays. */
static void
guess(struct guesses *guesses, struct stretch local, struct stretch domain)
{
	struct arena scratch;
	struct mailbox mailbox;

	if (guesses->tries++ >= TRIES) {
		add_reading(guesses->readings, unread);
		return;
	}
	arena_init(&scratch, SCRATCH_A_TRY);
	mailbox = make(guesses, local, domain, &scratch);
	if (!is_among(guesses->readings, &mailbox))
		add_reading(guesses->readings, make(guesses, local, domain, guesses->arena));
	arena_clear(&scratch);
}

/* An address of two sides of a joint, each as a whole and as the word that is next to the joint. */
static void
guess_all_of(struct guesses *guesses, const struct stretch locals[2], const struct stretch domains[2])
{
	for (size_t i = 0; i < 2; i++) {
		const struct stretch domain = without(guesses->meant, domains[i], is_gap_or_joint);

		for (size_t j = 0; j < 2; j++) {
			const struct stretch local = without(guesses->meant, locals[j], is_gap_or_joint);

			if (is_empty(domain) || (is_empty(local) && !guesses->may_lack_local))
				continue;
			guesses->domains += is_empty(local) ? 0 : 1;
			guess(guesses, local, domain);
		}
	}
}

/* At a "@" or "%": the domain stands behind it. */
static void
guess_at(struct guesses *guesses, struct stretch left, struct stretch right)
{
	const struct meant *meant = guesses->meant;
	const struct stretch words = without(meant, up_to(meant, right, is_joint), is_gap);
	const struct stretch locals[] = { left, from_behind(meant, without(meant, left, is_gap_or_joint),
							    is_gap_or_bang) };
	const struct stretch domains[] = { words, up_to(meant, words, is_gap) };

	guess_all_of(guesses, locals, domains);
}

/* At a "!": the domain stands before it. */
static void
guess_at_bang(struct guesses *guesses, struct stretch left, struct stretch right)
{
	const struct meant *meant = guesses->meant;
	const struct stretch after = without(meant, right, is_gap_or_joint);
	const struct stretch words = without(meant, from_behind(meant, left, is_joint), is_gap);
	const struct stretch locals[] = { up_to(meant, after, is_joint_to_the_right),
					  up_to(meant, after, is_gap_or_joint) };
	const struct stretch domains[] = { words, from_behind(meant, words, is_gap) };

	guess_all_of(guesses, locals, domains);
}

/* Whether an octet that is syntax stands there. */
static bool
has(const struct meant *meant, size_t at, char octet)
{
	return at < meant->length && meant->is_plain[at] && meant->octets[at] == octet;
}

/* Whether a stretch is the parameters of the command, behind a path in brackets. */
static bool
is_parameters(const struct meant *meant, struct stretch stretch)
{
	return stretch.begin > 0 && has(meant, stretch.begin - 1, '>')
	       && meant_find_first(meant, stretch, '=') < stretch.end;
}

/* A stretch in which no domain was found: a local part alone, unless it is a route or the name of a person.
 */
static void
guess_local(struct guesses *guesses, struct stretch stretch)
{
	const struct meant *meant = guesses->meant;
	const struct stretch local = without(meant, stretch, is_gap_or_joint);
	const bool is_in_brackets =
		stretch.begin > 0 && has(meant, stretch.begin - 1, '<') && has(meant, stretch.end, '>');

	if (is_empty(local) && is_in_brackets)
		add_reading(guesses->readings, null_path);
	else if (!is_empty(local) && !has(meant, without(meant, stretch, is_gap).begin, '@')
		 && !has(meant, stretch.end, '<') && !is_parameters(meant, stretch))
		guess(guesses, local, (struct stretch){ 0, 0 });
}

static void
guess_at_joints(struct guesses *guesses, struct stretch stretch)
{
	for (size_t i = stretch.begin; i < stretch.end; i++) {
		const struct stretch left = { stretch.begin, i }, right = { i + 1, stretch.end };

		if (guesses->meant->octets[i] == '!')
			guess_at_bang(guesses, left, right);
		else if (is_joint(guesses->meant, i))
			guess_at(guesses, left, right);
	}
}

/* Quotes hide what is not an address, as in "last, first"@example: then a local part alone is none. */
static void
guess_stretch(struct guesses *guesses, struct stretch stretch)
{
	const struct meant *meant = guesses->meant;
	const size_t before = guesses->is_again ? 0 : guesses->domains;
	const bool is_route = has(meant, stretch.end, ':') || has(meant, stretch.end, ',');

	guess_at_joints(guesses, stretch);
	guesses->may_lack_local = guesses->domains == before && !is_route;
	if (guesses->may_lack_local)
		guess_at_joints(guesses, stretch);
	guesses->may_lack_local = false;
	if (guesses->domains == before)
		guess_local(guesses, stretch);
}

static bool
can_be_in_literal(char octet)
{
	return ascii_is_alnum(octet) || ascii_is_among(octet, ".:-");
}

/* The colons of an address literal are no ends. */
static void
hide_literals(struct meant *meant)
{
	for (size_t i = 0; i < meant->length; i++) {
		size_t end = i + 1;

		while (has(meant, i, '[') && end < meant->length && can_be_in_literal(meant->octets[end]))
			end++;
		for (size_t j = i + 1; j < end && has(meant, end, ']'); j++)
			meant->is_plain[j] = false;
	}
}

static void
guess_in(struct guesses *guesses, struct meant *meant)
{
	struct stretch stretch = { 0, 0 };

	hide_literals(meant);
	guesses->meant = meant;
	while (stretch.begin <= meant->length) {
		stretch = up_to(meant, (struct stretch){ stretch.begin, meant->length }, is_end);
		guess_stretch(guesses, stretch);
		stretch.begin = stretch.end + 1;
	}
}

/* Whether something that could end an address, or a part of it, stands in quotes. */
static bool
hides_mark(const struct meant *meant)
{
	for (size_t i = 0; i < meant->length; i++)
		if (!meant->is_plain[i] && ascii_is_among(meant->octets[i], "@%!<>:,;"))
			return true;
	return false;
}

/* Some take the quotes away and read again what they hid, as often as there is something; each time it is
 * shorter. */
static void
add_guesses(struct readings *readings, struct span text, struct arena *arena)
{
	struct guesses guesses = { .readings = readings, .arena = arena };
	struct meant meant, plain;
	bool is_whole, is_hiding = true;

	while (is_hiding && meant_take_apart(&meant, text, &is_whole, arena)) {
		if (!is_whole && meant_take_as_plain(&plain, text, arena)) {
			add_reading(readings, mailbox_read_plainly(text, arena));
			guess_in(&guesses, &plain);
		}
		is_hiding = hides_mark(&meant);
		guess_in(&guesses, &meant);
		guesses.is_again = true;
		text = (struct span){ meant.octets, meant.length };
	}
}

/* "<name@example.org>", as nearly all are: one "@", and nothing else that anybody takes for more than itself.
 */
static bool
is_beyond_doubt(struct span text)
{
	size_t ats = 0;

	if (text.length < 2 || text.at[0] != '<' || text.at[text.length - 1] != '>')
		return false;
	for (size_t i = 1; i + 1 < text.length; i++) {
		ats += text.at[i] == '@' ? 1 : 0;
		if (!ascii_is_alnum(text.at[i]) && !ascii_is_among(text.at[i], "@.-_+="))
			return false;
	}
	return ats == 1;
}

struct envelope_address
envelope_address_copy(const struct envelope_address *address, struct arena *arena)
{
	return (struct envelope_address){
		.typed = arena_string(arena, address->typed),
		.used = address->used != NULL ? arena_string(arena, address->used) : NULL,
	};
}

struct readings
mailbox_readings(const struct envelope_address *address, struct arena *arena)
{
	const struct span text = span_trim(span_of(address->typed));
	const struct mailbox typed = mailbox_read(text, arena);
	struct readings readings = { .count = 0 };
	struct mailbox used = unreadable;

	if (address->used != NULL)
		used = address->used[0] != '\0' ? mailbox_read(span_of(address->used), arena) : null_path;
	used.is_completed =
		typed.form == MAILBOX_LOCAL_ONLY && has_domain(&used) && same_local(&used, &typed);
	if (has_domain(&used))
		add_reading(&readings, used);
	if (!used.is_completed)
		add_reading(&readings, typed);
	/* An MTA may leave off its own domain, and call the null path by the name of its daemon. */
	if (has_domain(&used)
	    || (address->used != NULL && typed.form != MAILBOX_NULL && same_local(&used, &typed)))
		return readings;
	if (!is_beyond_doubt(text))
		add_guesses(&readings, text, arena);
	if (address->used != NULL && !has_domain(&typed) && !span_equals(text, SPAN("<>")))
		add_reading(&readings, used);
	return readings;
}
