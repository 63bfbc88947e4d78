#include "heloscope/dkim/header.h"

#include <string.h>

#include "heloscope/base/hash.h"
#include "heloscope/dkim/tags.h"

void
dkim_header_init(struct dkim_header *header, struct arena *arena, size_t octets)
{
	*header = (struct dkim_header){ .arena = arena, .octets_max = octets };
}

/* Fields by name. */

static struct dkim_field_name **
head_of(struct dkim_header *header, uint64_t hash)
{
	return &header->heads[hash % DKIM_HEADS];
}

static struct dkim_field_name *
find_name(struct dkim_field_name *entry, uint64_t hash)
{
	while (entry != NULL && entry->hash != hash)
		entry = entry->next;
	return entry;
}

static struct dkim_field_name *
entry_named(struct dkim_header *header, struct span name)
{
	const uint64_t hash = hash_of_nocase(name);

	return find_name(*head_of(header, hash), hash);
}

static struct dkim_field_name *
name_for(struct dkim_header *header, struct span name)
{
	const uint64_t hash = hash_of_nocase(span_trim(name));
	struct dkim_field_name **head = head_of(header, hash), *entry = find_name(*head, hash);

	if (entry != NULL)
		return entry;
	entry = arena_alloc(header->arena, sizeof *entry);
	if (entry == NULL)
		return NULL;
	*entry = (struct dkim_field_name){ .next = *head, .hash = hash };
	*head = entry;
	return entry;
}

const struct dkim_field *
dkim_header_add(struct dkim_header *header, struct span name, struct span value)
{
	const size_t octets = sizeof(struct dkim_field) + name.length + value.length;
	const size_t counted = octets + sizeof(struct dkim_field_name);
	struct dkim_field_name *entry;
	struct dkim_field *field;
	char *text;

	header->is_cut = header->is_cut || counted > header->octets_max - header->octets;
	if (header->is_cut)
		return NULL;
	header->octets += counted;
	field = arena_alloc(header->arena, octets);
	entry = field != NULL ? name_for(header, name) : NULL;
	header->is_cut = entry == NULL;
	if (entry == NULL)
		return NULL;
	text = (char *)(field + 1);
	memcpy(text, name.at, name.length);
	memcpy(text + name.length, value.at, value.length);
	*field = (struct dkim_field){ .above = entry->lowest,
				      .name = { text, name.length },
				      .value = { text + name.length, value.length } };
	entry->lowest = field;
	return field;
}

/* Canonical forms. */

/* How far the value of a field is relaxed: it begins, and blanks are held back that may end it. */
struct relaxed {
	struct dkim_hasher *hasher;
	bool has_begun, has_blank;
};

static void
add_relaxed(struct relaxed *relaxed, struct span text)
{
	for (size_t i = 0; i < text.length; i++) {
		const char c = text.at[i];

		if (c == '\n' || (c == '\r' && i + 1 < text.length && text.at[i + 1] == '\n'))
			continue; /* unfolded */
		if (c == ' ' || c == '\t') {
			relaxed->has_blank = relaxed->has_begun;
			continue;
		}
		if (relaxed->has_blank)
			dkim_hasher_add(relaxed->hasher, ' ');
		dkim_hasher_add(relaxed->hasher, c);
		relaxed->has_blank = false;
		relaxed->has_begun = true;
	}
}

/* As it is, with CRLF where the MTA gives LF. */
static void
add_simple(struct dkim_hasher *hasher, struct span text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] == '\n' && (i == 0 || text.at[i - 1] != '\r'))
			dkim_hasher_add(hasher, '\r');
		dkim_hasher_add(hasher, text.at[i]);
	}
}

static void
add_name(struct dkim_hasher *hasher, enum dkim_canon canon, struct span name)
{
	if (canon == DKIM_SIMPLE) {
		dkim_hasher_add_span(hasher, name);
		return;
	}
	name = span_trim(name);
	for (size_t i = 0; i < name.length; i++)
		dkim_hasher_add(hasher, ascii_lower(name.at[i]));
}

void
dkim_field_add(struct dkim_hasher *hasher, enum dkim_canon canon, struct span name, struct span value,
	       struct span without)
{
	const size_t before = without.length > 0 ? (size_t)(without.at - value.at) : value.length;
	const struct span parts[] = { { value.at, before }, span_from(value, before + without.length) };
	struct relaxed relaxed = { .hasher = hasher };

	add_name(hasher, canon, name);
	dkim_hasher_add(hasher, ':');
	for (int i = 0; i < 2; i++) {
		if (canon == DKIM_RELAXED)
			add_relaxed(&relaxed, parts[i]);
		else
			add_simple(hasher, parts[i]);
	}
}

/* What a signature covers. */

/* The next field of a name from below that is neither taken nor `own`; NULL when there is none. */
static const struct dkim_field *
take_field(struct dkim_header *header, struct dkim_field_name *entry, const struct dkim_field *own)
{
	const struct dkim_field *field;

	if (entry->round != header->round) {
		entry->round = header->round;
		entry->left = entry->lowest;
		entry->named = entry->taken = 0;
	}
	field = entry->left;
	if (field == own && field != NULL)
		field = field->above;
	entry->left = field != NULL ? field->above : NULL;
	entry->named++;
	entry->taken += field != NULL ? 1 : 0;
	return field;
}

static void
add_field(struct dkim_hasher *hasher, enum dkim_canon canon, const struct dkim_field *field)
{
	dkim_field_add(hasher, canon, field->name, field->value, SPAN(""));
	dkim_hasher_add_span(hasher, SPAN("\r\n"));
}

static void
add_covered(struct dkim_header *header, struct dkim_hasher *hasher, const struct dkim_field *own,
	    const struct dkim_signature *signature)
{
	struct span rest = signature->field_names, name;

	while (dkim_next_item(&rest, &name)) {
		struct dkim_field_name *entry = entry_named(header, name);
		const struct dkim_field *field = entry != NULL ? take_field(header, entry, own) : NULL;

		if (field != NULL) /* else the null string (5.4.2) */
			add_field(hasher, signature->header_canon, field);
	}
}

/* Note a name once. */
static void
note(struct strbuf *list, struct span name)
{
	if (list->length > 0 && dkim_list_has(span_of(list->text), name))
		return;
	strbuf_add(list, list->length > 0 ? ":" : "");
	strbuf_add_span(list, name);
}

/* Whether a name is signed several times, and all that are named were there. */
static bool
is_filled(const struct dkim_field_name *entry)
{
	return entry->taken > 1 && entry->taken == entry->named;
}

/* What is left of each name when the signature has taken what it covers. Lists that are full are cut. */
static void
note_coverage(struct dkim_header *header, const struct dkim_field *own,
	      const struct dkim_signature *signature, struct dkim_coverage *coverage)
{
	struct span rest = signature->field_names, name;

	while (dkim_next_item(&rest, &name)) {
		const struct dkim_field_name *entry = entry_named(header, name);
		const bool is_own_alone = entry != NULL && entry->lowest == own && own->above == NULL;

		if ((entry == NULL || is_own_alone) && !coverage->missing.is_cut)
			note(&coverage->missing, name);
		else if (entry != NULL && entry->left != NULL && entry->left != own
			 && !coverage->uncovered.is_cut)
			note(&coverage->uncovered, name);
		if (entry != NULL && !coverage->filled.is_cut && is_filled(entry))
			note(&coverage->filled, name);
	}
}

/* The end of what is signed: the signature's own field. */
static bool
finish_hash(struct dkim_hasher *hasher, const struct dkim_mark *mark, const struct dkim_field *own,
	    const struct dkim_signature *signature, unsigned char *hash)
{
	dkim_field_add(hasher, signature->header_canon, own->name, own->value, signature->value_of_b);
	dkim_hasher_finish(hasher);
	dkim_hasher_clear(hasher);
	memcpy(hash, mark->hash, DKIM_HASH_OCTETS);
	return mark->is_reached;
}

void
dkim_header_add_sealed(struct dkim_hasher *sealed, const struct dkim_field *field)
{
	add_field(sealed, DKIM_RELAXED, field);
}

bool
dkim_header_hash_sealed(struct dkim_hasher *sealed, const struct dkim_field *own,
			const struct dkim_signature *seal, unsigned char hash[DKIM_HASH_OCTETS])
{
	struct dkim_mark mark = { .at = UINT64_MAX };
	struct dkim_hasher hasher;

	dkim_hasher_init_from(&hasher, sealed, &mark, 1);
	return finish_hash(&hasher, &mark, own, seal, hash);
}

bool
dkim_header_hash(struct dkim_header *header, const struct dkim_field *own,
		 const struct dkim_signature *signature, struct dkim_coverage *coverage,
		 unsigned char hash[DKIM_HASH_OCTETS])
{
	struct dkim_mark mark = { .at = UINT64_MAX };
	struct dkim_hasher hasher;

	dkim_hasher_init(&hasher, &mark, 1);
	header->round++;
	add_covered(header, &hasher, own, signature);
	note_coverage(header, own, signature, coverage);
	coverage->octets = dkim_hasher_length(&hasher) + own->value.length;
	return finish_hash(&hasher, &mark, own, signature, hash);
}
