/* Any octets as From fields, a NUL between them: one domain, or a finding; and a comment changes nothing. */
#include "fuzz.h"

#include "heloscope/base/bounds.h"
#include "heloscope/wire/author.h"

static void
check_one(const struct author *author, struct span value)
{
	char name[DOMAIN_SIZE], *longer = malloc(value.length + 4);
	struct author again = { .fields = 0 };

	PROMISE(domain_normalize(span_of(author->domain), name) && strcmp(name, author->domain) == 0);
	PROMISE(author->fields == 1 && author->addresses > 0 && author->other[0] == '\0');
	PROMISE(longer != NULL);
	memcpy(longer, "(c)", 3);
	memcpy(longer + 3, value.at, value.length);
	if (value.length + 3 <= BOUND_AUTHOR_OCTETS) {
		author_add(&again, SPAN("From"), (struct span){ longer, value.length + 3 });
		PROMISE(author_judge(&again) == AUTHOR_ONE && strcmp(again.domain, name) == 0);
	}
	free(longer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1); /* not terminated: spans are not */
	struct span rest = { copy, size }, value = { copy, 0 };
	struct author author = { .fields = 0 };
	enum author_finding finding;

	PROMISE(copy != NULL);
	memcpy(copy, data, size);
	for (bool is_last = false; !is_last;) {
		const char *end = rest.length > 0 ? memchr(rest.at, '\0', rest.length) : NULL;

		is_last = end == NULL;
		value = (struct span){ rest.at, is_last ? rest.length : (size_t)(end - rest.at) };
		rest = span_from(rest, value.length + 1);
		author_add(&author, SPAN("From"), value);
	}
	finding = author_judge(&author);
	PROMISE(finding > AUTHOR_UNCHECKED && finding < AUTHOR_FINDINGS && finding != AUTHOR_NO_FIELD);
	PROMISE(author.addresses <= BOUND_AUTHOR_ADDRESSES);
	if (finding == AUTHOR_ONE)
		check_one(&author, value);
	free(copy);
	return 0;
}
