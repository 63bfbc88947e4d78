#include "heloscope/config/comparison.h"

#include <string.h>

#include "heloscope/config/words.h"

/* Names. */

static const struct {
	const char *name;
	unsigned takes;
} others[] = {
	{ "trusted", STANDS_ALONE },  { "authenticated", STANDS_ALONE }, { "looks-forwarded", STANDS_ALONE },
	{ "client", TAKES_NETWORKS }, { "listed", TAKES_ZONES },
};

#define OTHERS (sizeof others / sizeof others[0])

static unsigned
taken_by_subject(enum subject subject)
{
	return (config_subject_words[subject][0] != NULL ? TAKES_WORDS : 0)
	       | (subject != SUBJECT_DMARC_POLICY ? TAKES_PATTERNS : 0);
}

unsigned
config_takes(const char *name)
{
	unsigned takes = method_from_word(name) != METHODS ? TAKES_RESULTS : 0;

	for (size_t i = 0; i < QUANTITIES; i++)
		if (strcmp(config_quantities[i], name) == 0)
			takes |= TAKES_NUMBER | STANDS_ALONE;
	for (size_t i = 0; i < SUBJECTS; i++)
		if (strcmp(config_subjects[i], name) == 0)
			takes |= taken_by_subject((enum subject)i);
	for (size_t i = 0; i < OTHERS; i++)
		if (strcmp(others[i].name, name) == 0)
			takes |= others[i].takes;
	return takes;
}

/* Values. */

static void
expect_results(struct expected *expected, const char *name)
{
	const unsigned results = method_words(method_from_word(name))->results;

	for (int result = RESULT_NONE; result < RESULTS; result++)
		if ((results & 1U << result) != 0)
			config_expect_word(expected, result_word((enum result)result));
}

static void
expect_words(struct expected *expected, const char *name)
{
	for (size_t i = 0; i < SUBJECTS; i++)
		for (size_t j = 0; strcmp(config_subjects[i], name) == 0 && j < CONFIG_SUBJECT_WORDS_MAX
				   && config_subject_words[i][j] != NULL;
		     j++)
			config_expect_word(expected, config_subject_words[i][j]);
}

static struct expected
values_of(const char *name)
{
	const unsigned takes = config_takes(name);
	struct expected expected = { .count = 0 };

	if ((takes & TAKES_NUMBER) != 0)
		config_expect_value(&expected, "number");
	if ((takes & (TAKES_PATTERNS | TAKES_ZONES)) != 0)
		config_expect_value(&expected, "text in quotes");
	if ((takes & TAKES_NETWORKS) != 0)
		config_expect_value(&expected, "network like 192.0.2.0/24");
	if ((takes & TAKES_RESULTS) != 0)
		expect_results(&expected, name);
	if ((takes & TAKES_WORDS) != 0)
		expect_words(&expected, name);
	return expected;
}

void
config_offer_values(struct config_reader *reader, const char *name)
{
	reader->offered = values_of(name);
}

void
config_offer_words(struct config_reader *reader, const char *const *words, size_t count)
{
	reader->offered = (struct expected){ .count = 0 };
	for (size_t i = 0; i < count; i++)
		config_expect_word(&reader->offered, words[i]);
}

/* Forms. */

/* How it can be compared: an example. */
static void
add_example(struct strbuf *message, const char *name)
{
	const unsigned takes = config_takes(name);
	const struct expected values = values_of(name);

	if ((takes & TAKES_NUMBER) != 0)
		strbuf_printf(message, "\"%s >= 2\"", name);
	else if ((takes & TAKES_RESULTS) != 0)
		strbuf_printf(message, "\"%s = fail\"", name);
	else if ((takes & TAKES_NETWORKS) != 0)
		strbuf_printf(message, "%s in { 192.0.2.0/24 }", name);
	else if ((takes & TAKES_ZONES) != 0)
		strbuf_printf(message, "%s in { \"zen.spamhaus.org\" }", name);
	else if ((takes & TAKES_PATTERNS) == 0)
		strbuf_printf(message, "\"%s = %s\"", name, values.names[0]);
	else
		strbuf_printf(message, "%s in { \"%sexample.org\" }", name,
			      strcmp(name, config_subjects[SUBJECT_RECIPIENT]) == 0
					      || strcmp(name, config_subjects[SUBJECT_MAIL_FROM]) == 0
				      ? "*@"
				      : "*.");
}

/* Whether `found` is a word that the test takes. */
static bool
is_word_of(const char *name, const char *found)
{
	const struct expected values = values_of(name);

	for (int i = 0; i < values.count; i++)
		if (values.are_words[i] && strcmp(values.names[i], found) == 0)
			return true;
	return false;
}

/* The comparison that is meant, where `found` is a value for it. */
static bool
add_comparison(struct strbuf *message, const char *name, const char *found)
{
	const unsigned takes = config_takes(name);
	struct network network;
	const char *reason;
	unsigned number;

	if ((takes & TAKES_NUMBER) != 0 && span_to_number(span_of(found), 0, UINT32_MAX, &number))
		strbuf_printf(message, "; write \"%s >= %s\"", name, found);
	else if (is_word_of(name, found))
		strbuf_printf(message, "; write \"%s = %s\"", name, found);
	else if (((takes & (TAKES_PATTERNS | TAKES_ZONES)) != 0 && found[0] == '"')
		 || ((takes & TAKES_NETWORKS) != 0 && network_parse(span_of(found), &network, &reason)))
		strbuf_printf(message, "; write %s in { %.60s }", name, found);
	else
		return false;
	return true;
}

/* Complaints. */

static bool
add_nearest(struct strbuf *message, const char *name)
{
	const char *known[METHODS + QUANTITIES + SUBJECTS + OTHERS];
	size_t count = 0;

	for (int i = 0; i < METHODS; i++)
		known[count++] = method_words((enum method)i)->policy_word;
	known[count++] = config_quantities[QUANTITY_DNSBL_OPERATORS];
	for (size_t i = 0; i < SUBJECTS; i++)
		known[count++] = config_subjects[i];
	for (size_t i = 0; i < OTHERS; i++)
		known[count++] = others[i].name;
	return config_add_nearest(message, name, known, count);
}

void
config_complain_of_test(struct config_reader *reader, struct word name, const char *expected)
{
	char memory[300];
	struct strbuf message;

	strbuf_init(&message, memory, sizeof memory);
	if (config_takes(name.text) != 0 || !add_nearest(&message, name.text))
		strbuf_printf(&message, "; expected %s", expected);
	config_complain(reader, name.place, "there is no test \"%.40s\" of this form%s", name.text, memory);
}

void
config_complain_of_bare_test(struct config_reader *reader, struct word name)
{
	char memory[120];
	struct strbuf expected;

	strbuf_init(&expected, memory, sizeof memory);
	if (config_takes(name.text) == 0) {
		strbuf_add(&expected, "\"trusted\", \"authenticated\", or a comparison like \"spf = fail\"");
	} else {
		strbuf_add(&expected, "a comparison like ");
		add_example(&expected, name.text);
	}
	config_complain_of_test(reader, name, memory);
}

void
config_complain_of_comparison(struct config_reader *reader, struct place place, const char *found)
{
	const char *name = reader->tested.text;
	const unsigned takes = config_takes(name);
	char memory[400];
	struct strbuf message;

	if (takes == 0) {
		config_complain_of_bare_test(reader, reader->tested);
		return;
	}
	strbuf_init(&message, memory, sizeof memory);
	config_add_found(&message, found);
	if (!add_comparison(&message, name, found)) {
		strbuf_add(&message, "; expected ");
		strbuf_add(&message, (takes & STANDS_ALONE) != 0 ? "\"and\", \"or\" or " : "");
		strbuf_add(&message, takes == STANDS_ALONE ? "the next rule" : "a comparison like ");
		if (takes != STANDS_ALONE)
			add_example(&message, name);
	}
	config_complain(reader, place, "%s", memory);
}
