/* The values of a log line: whatever they are, and wherever they are cut, each reads back as what was said.
 */
#include "../log_line.h"
#include "fuzz.h"
#include "heloscope/base/log_pairs.h"

#define ROOM 200

static void
check_pair(const char **at, const char *name, struct span said)
{
	struct log_pair pair;

	PROMISE(log_line_next(at, &pair));
	PROMISE(strcmp(pair.name, name) == 0);
	PROMISE(pair.is_cut ? pair.length < said.length : pair.length == said.length);
	PROMISE(memcmp(pair.value, said.at, pair.length) == 0);
}

/* The first octet says how much of the rest is the first value. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span whole = { (const char *)data, size };
	const size_t split = size > 0 ? data[0] : 0;
	const struct span rest = span_from(whole, 1), second = span_from(rest, split),
			  first = { rest.at, rest.length - second.length };
	char memory[4 * ROOM], bracketed[4100] = "<";
	const char *at = memory;
	struct strbuf line;

	if (size > 4096)
		return 0;
	memcpy(bracketed + 1, second.at, second.length);
	bracketed[second.length + 1] = '>';
	strbuf_init(&line, memory, sizeof memory);
	log_pairs_add(&line, "a", first, ROOM);
	log_pairs_add_address(&line, "b", second, ROOM);
	log_pairs_add(&line, "verdict", SPAN("accept"), ROOM);
	PROMISE(!line.is_cut && line.length <= 2 * ROOM + 30);
	check_pair(&at, "a", first);
	check_pair(&at, "b", (struct span){ bracketed, second.length + 2 });
	check_pair(&at, "verdict", SPAN("accept"));
	PROMISE(*at == '\0');
	return 0;
}
