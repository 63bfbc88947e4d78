/*
 * Any octets as an arriving field, and as values of ours: what we write names us, is printable, ends neither
 * its values nor its lines by itself, and is cut only between results, however little room there is; a field
 * in our name goes, whatever field it hides in.
 */
#include "fuzz.h"

#include <stdio.h>

#include "heloscope/daemon/arriving.h"
#include "heloscope/wire/authres.h"

#define LEAST_ROOM 4200 /* for the longest result here */

static const char *ids[] = { "mx.example", "*.mx.example" };

/* Results of any kind, as long as the octets last. */
static void
tell(struct authres *authres, const char *text, size_t size)
{
	for (size_t at = 0; at == 0 || at < size; at += (size_t)((unsigned char)text[at] % 64) + 1) {
		authres_result(authres, at % 3 == 0 ? "spf" : "x-helo",
			       (enum result)(1 + (unsigned char)text[at] % (RESULTS - 1)));
		authres_property(authres, "smtp.mailfrom", span_of(text + at));
		authres_comment(authres, text + at);
	}
}

static void
check_written(const char *value)
{
	bool is_quoted = false, is_comment = false;

	for (; *value != '\0'; value++) {
		PROMISE((*value >= ' ' && *value <= '~') || (*value == '\n' && value[1] == ' '));
		PROMISE(*value != '\\' && (!is_comment || *value != '('));
		is_quoted ^= *value == '"' && !is_comment;
		if (!is_quoted && (*value == '(' || *value == ')'))
			is_comment = *value == '(';
	}
	PROMISE(!is_quoted && !is_comment);
}

static void
hide(const char *text)
{
	struct config config = { .authserv_id = ids[0], .own_ids = { ids, 2 } };
	const struct arriving_owner owner = { &config, NULL };
	struct arriving arriving;
	struct arena arena;
	char *value = calloc(1, strlen(text) + 100);

	PROMISE(value != NULL);
	(void)sprintf(value, "%s\rAuthentication-Results: mx.example; x=y", text);
	arena_init(&arena, 1U << 16);
	arriving_init(&arriving, &arena);
	arriving_take(&arriving, &owner, "X-Note", value);
	PROMISE(arriving.stretches == 1 && !arriving.has_lost);
	arena_clear(&arena);
	free(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char memory[16384];
	char *text = calloc(1, size + 1);
	struct strbuf value;
	struct authres authres;

	PROMISE(text != NULL);
	memcpy(text, data, size);
	(void)authres_author((struct span){ text, size }, ids, 2);
	hide(text);
	strbuf_init(&value, memory, LEAST_ROOM + size * 7 % (sizeof memory - LEAST_ROOM));
	authres_begin(&authres, &value, "mx.example");
	do
		tell(&authres, text, size);
	while (authres_tells_again(&authres));
	authres_end(&authres);
	PROMISE(!value.is_cut && authres.kept > 0 && authres_author(span_of(memory), ids, 2) == AUTHRES_OURS);
	check_written(memory);
	free(text);
	return 0;
}
