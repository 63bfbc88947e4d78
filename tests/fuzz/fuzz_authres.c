/*
 * Any octets as an arriving field, and as a value of ours: what we write names us, is printable, and
 * neither ends its value nor its line by itself.
 */
#include "fuzz.h"
#include "heloscope/wire/authres.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const ids[] = { "mx.example", "*.mx.example" };
	static char memory[16384];
	char *text = calloc(1, size + 1);
	struct strbuf value;
	struct authres authres;
	size_t quotes = 0, depth = 0;

	PROMISE(text != NULL);
	memcpy(text, data, size);
	(void)authres_author((struct span){ text, size }, ids, 2);
	strbuf_init(&value, memory, sizeof memory);
	authres_begin(&authres, &value, "mx.example");
	authres_result(&authres, "spf", RESULT_FAIL);
	authres_property(&authres, "smtp.mailfrom", (struct span){ text, size });
	authres_comment(&authres, text);
	authres_end(&authres);
	PROMISE(!value.is_cut && authres_author(span_of(memory), ids, 2) == AUTHRES_OURS);
	for (size_t i = 0; i < value.length; i++) {
		PROMISE((memory[i] >= ' ' && memory[i] <= '~')
			|| (memory[i] == '\n' && memory[i + 1] == ' '));
		quotes += memory[i] == '"' && depth == 0 ? 1 : 0;
		depth += quotes % 2 == 0 && memory[i] == '(' ? 1 : 0;
		depth -= quotes % 2 == 0 && memory[i] == ')' ? 1 : 0;
		PROMISE(depth <= 1 && memory[i] != '\\');
	}
	PROMISE(quotes % 2 == 0 && quotes <= 2 && depth == 0);
	free(text);
	return 0;
}
