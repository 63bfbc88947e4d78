#include "heloscope/mails/exim_log.h"

#include "heloscope/mails/said.h"
#include "heloscope/refusals/pieces.h"

/* Errors of Exim that say that a delivery was not tried: retry times. */
#define NOT_TRIED_FIRST (-54)
#define NOT_TRIED_LAST (-51)

/* What a line has behind its time. */
struct entry {
	struct span id, flag, address, sender, words;
	struct refusal refusal;
	bool is_not_tried;
};

/* Ids: 6-6-2 or 6-11-4 letters and digits. */
static bool
take_id(struct span *text, struct span *id)
{
	static const size_t middles[] = { 13, 18 }, lengths[] = { 16, 23 };

	for (size_t i = 0; i < 2; i++) {
		const size_t length = lengths[i];

		if (text->length <= length || text->at[6] != '-' || text->at[middles[i]] != '-'
		    || text->at[length] != ' ' || !ascii_is_alnum(text->at[0])
		    || !ascii_is_alnum(text->at[length - 1]))
			continue;
		*id = (struct span){ text->at, length };
		*text = span_from(*text, length + 1);
		return true;
	}
	return false;
}

/* "[123] ", which is in front of the id with some settings. */
static void
skip_process(struct span *text)
{
	struct span rest = *text;

	if (!log_take(&rest, SPAN("[")))
		return;
	rest = span_from(rest, span_digits(rest));
	if (log_take(&rest, SPAN("] ")))
		*text = rest;
}

static bool
take_head(struct span *text, struct entry *entry)
{
	skip_process(text);
	if (!take_id(text, &entry->id) || text->length < 3 || text->at[2] != ' ')
		return false;
	entry->flag = (struct span){ text->at, 2 };
	*text = span_from(*text, 3);
	return true;
}

/* The next word; blanks in quotes and in <> are part of it. */
static struct span
take_word(struct span *text)
{
	const char *at = text->at;
	size_t length = 0;
	char end = '\0';
	struct span word;

	for (; length < text->length && (end != '\0' || at[length] != ' '); length++) {
		if (end != '\0' && at[length] == end)
			end = '\0';
		else if (end == '"' && at[length] == '\\')
			length++;
		else if (end == '\0' && at[length] == '"')
			end = '"';
		else if (end == '\0' && at[length] == '<')
			end = '>';
	}
	word = (struct span){ at, length < text->length ? length : text->length };
	*text = span_from(*text, word.length);
	log_skip_blanks(text);
	return word;
}

/* Take the colon that ends the fields off a word. */
static bool
cut_colon(struct span *word)
{
	if (word->length == 0 || word->at[word->length - 1] != ':')
		return false;
	word->length--;
	return true;
}

static struct span
without_brackets(struct span address)
{
	if (address.length >= 2 && address.at[0] == '<' && address.at[address.length - 1] == '>')
		return (struct span){ address.at + 1, address.length - 2 };
	return address;
}

/* A word behind the address: "F=<a@b.example>", "H=mx.example" or a part of another. */
static void
read_word(struct span word, struct entry *entry)
{
	struct refusal *refusal = &entry->refusal;
	struct ipaddr address;

	if (log_take(&word, SPAN("F=<")))
		entry->sender = word.length > 1 ? (struct span){ word.at, word.length - 1 } : SPAN("<>");
	else if (log_take(&word, SPAN("H=")))
		refusal->host = word;
	else if (log_take(&word, SPAN("I=")) && text_take_ip(&word, &address))
		refusal->client = address;
	else if (word.length > 0 && word.at[0] == '[' && refusal->address.length == 0
		 && text_take_ip(&word, &address))
		refusal->address = address;
	else if (word.length > 0 && word.at[0] == '<' && memchr(word.at, '@', word.length) != NULL
		 && memchr(entry->address.at, '@', entry->address.length) == NULL)
		entry->address = without_brackets(word);
}

/* "(-44)" behind "defer". */
static void
read_error(struct span word, struct entry *entry)
{
	unsigned number;

	if (log_take(&word, SPAN("(-")) && span_to_number(span_until(&word, ')'), 1, 999, &number))
		entry->is_not_tried = -(int)number >= NOT_TRIED_FIRST && -(int)number <= NOT_TRIED_LAST;
}

/* Fields as far as a word that ends with a colon; what is behind it are words for people. */
static void
read_fields(struct span text, struct entry *entry)
{
	bool is_last = false, is_error = false;
	struct span word = take_word(&text);

	is_last = cut_colon(&word);
	entry->address = without_brackets(word);
	while (!is_last && text.length > 0) {
		word = take_word(&text);
		is_last = cut_colon(&word);
		if (is_error)
			read_error(word, entry);
		is_error = span_equals(word, SPAN("defer"));
		read_word(word, entry);
	}
	if (is_last)
		entry->words = text;
}

/* "\n", as Exim writes the ends of lines, as such; `memory` has BOUND_REFUSAL_TEXT octets. */
static struct span
with_line_ends(struct span text, char *memory)
{
	size_t length = 0;

	for (size_t i = 0; i < text.length && length < BOUND_REFUSAL_TEXT; i++) {
		const bool is_end = text.at[i] == '\\' && i + 1 < text.length && text.at[i + 1] == 'n';

		memory[length++] = is_end ? '\n' : text.at[i];
		i += is_end ? 1 : 0;
	}
	return (struct span){ memory, length };
}

static void
set_answer(struct refusal *refusal, struct span words)
{
	const struct said said = said_read(words);

	refusal->text = said.text;
	refusal->stage = said.stage;
	if (said.address.length == 0)
		return;
	refusal->host = said.host;
	refusal->address = said.address;
}

static enum refusal_status
status_of(const struct entry *entry)
{
	if (entry->flag.at[0] == '=' && entry->flag.at[1] == '=')
		return REFUSAL_DEFERRED;
	if (entry->flag.at[0] != '*')
		return REFUSAL_DELIVERED;
	return span_starts_with_nocase(entry->words, SPAN("retry timeout exceeded")) ? REFUSAL_EXPIRED
										     : REFUSAL_REFUSED;
}

static void
hand_over(struct log_state *state, const struct log_line *line, struct entry *entry)
{
	char memory[BOUND_REFUSAL_TEXT];
	struct refusal *refusal = &entry->refusal;

	refusal->status = status_of(entry);
	refusal->queue_id = entry->id;
	refusal->recipient = entry->address;
	refusal->sender = entry->sender;
	if (refusal->status == REFUSAL_DELIVERED && !log_is_away(refusal, span_of("")))
		return;
	if (refusal->status != REFUSAL_DELIVERED)
		set_answer(refusal, with_line_ends(entry->words, memory));
	log_state_hand_over(state, line, refusal);
}

static bool
is_flag(struct span flag)
{
	static const char flags[][3] = { "<=", "=>", "->", ">>", "**", "==" };

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (memcmp(flag.at, flags[i], 2) == 0)
			return true;
	return false;
}

bool
exim_log_take(struct log_state *state, const struct log_line *line, struct span text)
{
	struct entry entry = { .sender = SPAN(""), .words = SPAN(""), .refusal = refusal_of_text(SPAN("")) };
	struct log_line own = *line;

	if (log_clock_read(&state->clock, &text, &own.time) && text.length == 0)
		return false;
	if (!take_head(&text, &entry) || !is_flag(entry.flag))
		return false;
	if (entry.flag.at[0] == '<') {
		struct span sender = take_word(&text);

		log_queue_note(&state->queue, LOG_NOTE_SENDER, line->host, entry.id, sender);
		return true;
	}
	read_fields(text, &entry);
	if (!entry.is_not_tried)
		hand_over(state, &own, &entry);
	return true;
}

bool
exim_log_is_line(struct span text)
{
	struct entry entry = { .words = SPAN(""), .refusal = refusal_of_text(SPAN("")) };
	struct log_clock clock;

	log_clock_init(&clock, 0);
	if (!log_clock_read(&clock, &text, NULL) || !take_head(&text, &entry) || !is_flag(entry.flag))
		return false;
	read_fields(text, &entry);
	return !entry.is_not_tried;
}
