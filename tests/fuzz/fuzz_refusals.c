/*
 * The catalogue of refusals and a reply, with a NUL between them: whatever both are, what is read is
 * compared, and what is recognized is one of its entries, whose fragments all stand in the reply.
 */
#include <stdio.h>

#include "fuzz.h"
#include "heloscope/config/file.h"
#include "heloscope/config/text.h"
#include "heloscope/refusals/normal.h"
#include "heloscope/refusals/recognize.h"

static struct catalogue *
read_catalogue(struct span text)
{
	struct refusal_set set = { 0 };
	struct output out = { .file = NULL };
	struct config *config = config_new();
	struct config_reading reading = {
		.config = config, .messages = &out, .include = config_include, .refusals = &set
	};
	struct config_reader reader = { .reading = &reading,
					.config = config,
					.path = "/nonexistent/fuzz.conf",
					.shown = "fuzz.conf",
					.section = SECTION_REFUSALS };

	PROMISE(config != NULL);
	PROMISE(config_parse_text(&reader, text));
	if (reading.errors == 0)
		return catalogue_new(config, &set);
	config_unref(config);
	return NULL;
}

static bool
stands_in(const char *fragment, struct span reply, unsigned code)
{
	char memory[BOUND_REFUSAL_TEXT + 1], wanted[BOUND_REFUSAL_TEXT + 1];
	struct strbuf text = STRBUF_OVER(memory), word = STRBUF_OVER(wanted);

	normal_add(&text, reply, code);
	normal_add(&word, span_of(fragment), 0);
	return memmem(text.text, text.length, word.text, word.length) != NULL;
}

static void
check(const struct catalogue *catalogue, struct span reply)
{
	struct recognizer *recognizer = recognizer_new(catalogue);
	const struct refusal refusal = refusal_of_text(reply);
	struct recognition known;

	PROMISE(recognizer != NULL);
	known = recognize(recognizer, &refusal);
	PROMISE(known.category < CATEGORIES && known.party < PARTIES && known.word <= CODE_WORDS);
	for (size_t i = 0; known.entry != NULL && i < known.entry->texts.count; i++)
		PROMISE(stands_in(known.entry->texts.items[i], reply, known.codes.reply));
	for (size_t i = 0; known.entry != NULL && i < known.entry->signs.count; i++)
		PROMISE(stands_in(known.entry->signs.items[i], reply, known.codes.reply));
	recognizer_free(recognizer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span all = { (const char *)data, size };
	const char *nul = size > 0 ? memchr(data, 0, size) : NULL;
	const size_t length = nul != NULL ? (size_t)(nul - all.at) : size;
	struct catalogue *catalogue = size < 4096 ? read_catalogue((struct span){ all.at, length }) : NULL;

	if (catalogue != NULL)
		check(catalogue, span_from(all, length + 1));
	catalogue_free(catalogue);
	return 0;
}
