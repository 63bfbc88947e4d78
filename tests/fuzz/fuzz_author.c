/* Any octets as a From field: one domain, which is a name, or a reason why not. */
#include "fuzz.h"
#include "heloscope/base/domain.h"
#include "heloscope/wire/author.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct author author = AUTHOR_BEGIN;
	char again[DOMAIN_SIZE];
	struct arena arena;

	arena_init(&arena, 1U << 12);
	author_add(&author, (struct span){ (const char *)data, size }, &arena);
	PROMISE(author.fields == 1 && author.form != AUTHOR_NONE && author.form != AUTHOR_UNREAD);
	PROMISE((author.form == AUTHOR_ONE) == (author_domain(&author)[0] != '\0'));
	for (size_t i = 0; i < author.domain_count; i++)
		PROMISE(domain_normalize(span_of(author.domains[i]), again)
			&& strcmp(again, author.domains[i]) == 0);
	arena_clear(&arena);
	return 0;
}
