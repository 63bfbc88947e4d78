#include "heloscope/doctor/claim_cases.h"

bool
claim_cases_init(struct claim_cases *cases)
{
	*cases = (struct claim_cases){ .end = &cases->first };
	arena_init(&cases->arena, BOUND_CLAIM_CASES * (sizeof(struct claim_case) + 64));
	return table_init(&cases->table);
}

void
claim_cases_clear(struct claim_cases *cases)
{
	table_clear(&cases->table);
	arena_clear(&cases->arena);
}

static struct claim_case *
find(const struct claim_cases *cases, unsigned long kind, const struct claim_subject *subject, uint64_t hash)
{
	for (struct table_link *link = table_first(&cases->table, hash); link != NULL;
	     link = table_next(link)) {
		struct claim_case *one = (struct claim_case *)link;

		if (one->kind == kind && claim_subject_is_same(&one->subject, subject))
			return one;
	}
	return NULL;
}

void
claim_cases_add(struct claim_cases *cases, unsigned long kind, const struct claim_subject *subject)
{
	const uint64_t hash = claim_subject_hash(subject) + kind;
	struct claim_case *one = find(cases, kind, subject, hash);

	if (one == NULL && cases->table.count < BOUND_CLAIM_CASES) {
		one = arena_alloc(&cases->arena, sizeof *one);
		if (one != NULL) {
			*one = (struct claim_case){ .kind = kind, .subject = *subject };
			table_add(&cases->table, &one->link, hash);
			*cases->end = one;
			cases->end = &one->next;
		}
	}
	if (one != NULL)
		one->count++;
	else
		cases->beyond++;
}

const struct claim_case *
claim_cases_next(const struct claim_cases *cases, unsigned long kind, const struct claim_case *before)
{
	const struct claim_case *next = before != NULL ? before->next : cases->first;

	while (next != NULL && next->kind != kind)
		next = next->next;
	return next;
}
