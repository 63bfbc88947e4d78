/* doctor_tags: records of tags (RFC 6376, 3.2), each tag held against what it may hold, and the record as it
 * should be. */
#include "heloscope/doctor/tags.h"

#include <string.h>

#include "heloscope/base/nearest.h"
#include "heloscope/wire/taglist.h"

#define STRING_MAX 255  /* octets of one string of a TXT record */
#define RECORD_MAX 8192 /* octets of a record that is proposed */
#define QUOTED_MAX 80   /* octets of others' text in a sentence */
#define PROBLEMS_MAX 8  /* that are told of one record */
#define RULES_MAX 16

const char *
exam_txt(struct exam *exam, const char *name, const char *text)
{
	char memory[RECORD_MAX * 2]; /* with what is escaped */
	struct strbuf record = STRBUF_OVER(memory);
	size_t octets = 0;

	strbuf_printf(&record, "%s. TXT \"", name);
	for (; *text != '\0'; text++) {
		const bool is_printable = *text >= ' ' && *text <= '~';

		if (octets > 0 && octets % STRING_MAX == 0)
			strbuf_add(&record, "\" \"");
		if (!is_printable)
			strbuf_printf(&record, "\\%03u", (unsigned)(unsigned char)*text);
		if (*text == '"' || *text == '\\')
			strbuf_add_char(&record, '\\');
		if (is_printable)
			strbuf_add_char(&record, *text);
		octets++;
	}
	strbuf_add_char(&record, '"');
	return record.is_cut ? NULL : arena_string(exam->arena, memory);
}

/* A record under repair. */
struct repair {
	struct exam *exam;
	const struct exam_tag_form *form;
	bool is_seen[RULES_MAX];
	struct span seen[RULES_MAX]; /* the values of those */
	bool is_unsure;              /* which of two values is meant is not known */
	bool is_list;                /* the tag before is a list */
	bool is_changed;
	struct doctor_finding problems[PROBLEMS_MAX];
	size_t count;
	struct strbuf right;
};

static void
add_problem(struct repair *repair, enum doctor_severity severity, const char *what, const char *consequence)
{
	if (repair->count < PROBLEMS_MAX)
		repair->problems[repair->count++] =
			(struct doctor_finding){ .problem = PROBLEM_RECORD_FAULT,
						 .row = repair->form->row,
						 .subject = doctor_row_record(repair->form->row),
						 .severity = severity,
						 .what = what,
						 .consequence = consequence };
}

static const char *
quote(struct repair *repair, struct span text)
{
	if (text.length > QUOTED_MAX)
		text.length = QUOTED_MAX;
	return arena_copy(repair->exam->arena, text);
}

static void
add_right(struct repair *repair, struct span text)
{
	if (repair->right.length > 0)
		strbuf_add(&repair->right, "; ");
	strbuf_add_span(&repair->right, text);
}

/* The number of the rule for a tag of that name; `rule_count` when there is none. */
static size_t
find_rule(const struct exam_tag_form *form, struct span name)
{
	size_t i = 0;

	while (i < form->rule_count && !span_equals(span_of(form->rules[i].name), name))
		i++;
	return i;
}

static bool
takes(const struct exam_tag_rule *rule, struct span value)
{
	if (rule->takes != NULL)
		return rule->takes(value);
	for (size_t i = 0; i < rule->word_count; i++)
		if (span_equals_nocase(value, span_of(rule->words[i])))
			return true;
	return rule->words == NULL && (value.length > 0 || rule->historic != NULL);
}

/* A stretch of text without "=": the end of a list that was cut with ";" instead of ",", or nothing known. */
static void
judge_no_tag(struct repair *repair, const struct tag *tag)
{
	const bool is_rest = repair->is_list && memchr(tag->text.at, ':', tag->text.length) != NULL;

	repair->is_changed = true;
	if (tag->text.length == 0)
		add_problem(repair, DOCTOR_NOTE,
			    arena_printf(repair->exam->arena, "%s has a \";\" with nothing before it.",
					 repair->form->subject),
			    "Some receivers take the record for broken.");
	else
		add_problem(repair, DOCTOR_WARNING,
			    arena_printf(repair->exam->arena, "%s has \"%s\", which is no tag: %s.",
					 repair->form->subject, quote(repair, tag->text),
					 is_rest ? "a list has \",\" between its parts"
						 : "there is no \"=\" in it"),
			    "Receivers pass over it, or over the whole record.");
	if (is_rest) {
		strbuf_add_char(&repair->right, ',');
		strbuf_add_span(&repair->right, tag->text);
	}
}

/* A name that no rule has: a slip of a known one, or one that receivers must ignore. */
static void
judge_unknown(struct repair *repair, const struct tag *tag)
{
	const struct exam_tag_form *form = repair->form;
	const char *names[RULES_MAX], *given = quote(repair, tag->name), *meant = NULL;
	char lower[QUOTED_MAX + 1];
	size_t length = 0;

	for (; given[length] != '\0'; length++)
		lower[length] = ascii_lower(given[length]);
	lower[length] = '\0';
	for (size_t i = 0; i < form->rule_count; i++)
		names[i] = form->rules[i].name;
	if (find_rule(form, span_of(lower)) < form->rule_count)
		meant = arena_string(repair->exam->arena, lower);
	else if (length > 2)
		meant = nearest_word(lower, names, form->rule_count);
	add_problem(repair, meant != NULL ? DOCTOR_WARNING : DOCTOR_NOTE,
		    meant != NULL
			    ? arena_printf(repair->exam->arena, "%s has a tag \"%s\"; \"%s\" is meant.",
					   form->subject, given, meant)
			    : arena_printf(repair->exam->arena, "%s has a tag \"%s\", which nobody knows.",
					   form->subject, given),
		    "Receivers pass over it.");
	if (meant == NULL) {
		add_right(repair, tag->text);
		return;
	}
	repair->is_changed = true;
	add_right(repair, span_of(arena_printf(repair->exam->arena, "%s=%s", meant,
					       arena_copy(repair->exam->arena, tag->value))));
}

/* What was meant by a wrong value, if that can be known. */
static bool
add_meant_value(struct repair *repair, const struct exam_tag_rule *rule, struct span value)
{
	const char *word;

	if (rule->repair != NULL)
		return rule->repair(repair->exam, value, &repair->right);
	word = rule->words != NULL ? nearest_word(quote(repair, value), rule->words, rule->word_count) : NULL;
	if (word != NULL)
		strbuf_add(&repair->right, word);
	return word != NULL;
}

static void
judge_wrong_value(struct repair *repair, const struct exam_tag_rule *rule, const struct tag *tag)
{
	const size_t before = repair->right.length;

	repair->is_changed = true;
	add_problem(repair, rule->severity,
		    tag->value.length > 0
			    ? arena_printf(repair->exam->arena, "%s has \"%s=%s\"; expected %s.",
					   repair->form->subject, rule->name, quote(repair, tag->value),
					   rule->expected)
			    : arena_printf(repair->exam->arena, "%s has an empty \"%s=\"; expected %s.",
					   repair->form->subject, rule->name, rule->expected),
		    rule->consequence);
	add_right(repair, span_of(arena_printf(repair->exam->arena, "%s=", rule->name)));
	if (add_meant_value(repair, rule, tag->value))
		return;
	repair->right.length = before;
	repair->right.text[before] = '\0';
	if (rule->required != NULL)
		add_right(repair, span_of(rule->required));
}

static void
judge_known(struct repair *repair, size_t number, const struct tag *tag)
{
	const struct exam_tag_rule *rule = &repair->form->rules[number];
	const bool is_twice = repair->is_seen[number];

	repair->is_list = rule->is_list && !is_twice;
	if (!is_twice) {
		repair->is_seen[number] = true;
		repair->seen[number] = tag->value;
	} else {
		repair->is_unsure = repair->is_unsure
				    || (rule->is_vital && !span_equals(repair->seen[number], tag->value));
		repair->is_changed = true;
		add_problem(repair, repair->form->twice,
			    arena_printf(repair->exam->arena, "%s has \"%s=\" twice.", repair->form->subject,
					 rule->name),
			    repair->form->twice_consequence);
		return;
	}
	if (!takes(rule, tag->value)) {
		judge_wrong_value(repair, rule, tag);
		return;
	}
	if (rule->historic != NULL)
		add_problem(repair, DOCTOR_NOTE,
			    arena_printf(repair->exam->arena, "%s has \"%s=\", which is historic.",
					 repair->form->subject, rule->name),
			    rule->historic);
	add_right(repair, tag->text);
}

static void
judge_tag(struct repair *repair, const struct tag *tag)
{
	const size_t number = find_rule(repair->form, tag->name);

	if (!tag->has_equals) {
		judge_no_tag(repair, tag);
		return;
	}
	repair->is_list = false;
	if (number < repair->form->rule_count)
		judge_known(repair, number, tag);
	else
		judge_unknown(repair, tag);
}

/* The right record. */
static const char *
propose(struct repair *repair, const char *name, struct span present)
{
	const struct exam_tag_form *form = repair->form;
	const char *text = repair->right.text;

	if (form->adjust != NULL)
		text = form->adjust(repair->exam, text, present);
	return text != NULL ? exam_txt(repair->exam, name, text) : NULL;
}

/* The findings, with the right record at the worst of them. */
static void
tell(struct repair *repair, const char *name, struct span present)
{
	struct doctor_finding *worst = &repair->problems[0];

	for (size_t i = 1; i < repair->count; i++)
		if (repair->problems[i].severity > worst->severity)
			worst = &repair->problems[i];
	if (repair->is_changed && !repair->is_unsure && !repair->right.is_cut)
		worst->publish = propose(repair, name, present);
	for (size_t i = 0; i < repair->count; i++)
		exam_add(repair->exam, repair->problems[i]);
}

static bool
has_tag(struct span record, const char *name)
{
	struct tag tag;

	while (taglist_next(&record, &tag))
		if (tag.has_equals && span_equals_nocase(tag.name, span_of(name)))
			return true;
	return false;
}

/* Tags that must be there, behind the first. */
static void
add_required(struct repair *repair, struct span record)
{
	for (size_t i = 0; i < repair->form->rule_count; i++) {
		const struct exam_tag_rule *rule = &repair->form->rules[i];

		if (rule->required == NULL || has_tag(record, rule->name))
			continue;
		repair->is_changed = true;
		add_problem(repair, rule->severity,
			    arena_printf(repair->exam->arena, "%s has no \"%s=\".", repair->form->subject,
					 rule->name),
			    rule->consequence);
		add_right(repair, span_of(rule->required));
	}
}

bool
exam_judge_tags(struct exam *exam, const struct exam_tag_form *form, const char *name, struct span record)
{
	char memory[RECORD_MAX];
	struct repair repair = { .exam = exam, .form = form, .right = STRBUF_OVER(memory) };
	struct span rest = record;
	bool is_first = true;
	struct tag tag;

	while (taglist_next(&rest, &tag)) {
		judge_tag(&repair, &tag);
		if (is_first)
			add_required(&repair, record);
		is_first = false;
	}
	if (repair.count > 0)
		tell(&repair, name, record);
	return repair.count == 0;
}

struct span
exam_clean(struct exam *exam, struct span text)
{
	char *cleaned = arena_alloc(exam->arena, text.length + 1);
	size_t length = 0;

	for (size_t i = 0; cleaned != NULL && i < text.length; i++)
		if (text.at[i] != '"' && text.at[i] != '\\' && text.at[i] != '\'')
			cleaned[length++] = text.at[i];
	return cleaned != NULL ? span_trim((struct span){ cleaned, length }) : SPAN("");
}

/* Where `word` stands in `text`, whatever its case; its length when it does not. */
static size_t
find_nocase(struct span text, struct span word)
{
	for (size_t i = 0; i + word.length <= text.length; i++)
		if (span_starts_with_nocase(span_from(text, i), word))
			return i;
	return text.length;
}

/* Without a "v=" at its end. */
static struct span
before_version(struct span text)
{
	static const char *const parts[] = { "=", "v" };

	text = span_trim(text);
	for (size_t i = 0; i < 2; i++)
		if (span_ends_with_nocase(text, span_of(parts[i])))
			text = span_trim((struct span){ text.at, text.length - 1 });
	return text;
}

/* Without marks that stand in place of a ";" at its start. */
static struct span
behind_version(struct span text)
{
	while (text.length > 0 && memchr(" \t,:.", text.at[0], 5) != NULL)
		text = span_from(text, 1);
	return text;
}

static void
add_tag(struct strbuf *record, struct span tag)
{
	if (tag.length == 0)
		return;
	strbuf_add(record, "; ");
	strbuf_add_span(record, tag);
}

const char *
exam_meant_record(struct exam *exam, struct span text, const char *version)
{
	char memory[RECORD_MAX];
	struct strbuf meant = STRBUF_OVER(memory);
	const struct span value = span_from(span_of(version), 2); /* behind "v=" */
	struct span rest = exam_clean(exam, text);
	struct tag tag;

	if (find_nocase(rest, value) == rest.length)
		return NULL;
	strbuf_add(&meant, version);
	while (taglist_next(&rest, &tag)) {
		const size_t at = find_nocase(tag.text, value);

		if (at == tag.text.length) {
			add_tag(&meant, tag.text);
			continue;
		}
		add_tag(&meant, before_version((struct span){ tag.text.at, at }));
		add_tag(&meant, behind_version(span_from(tag.text, at + value.length)));
	}
	return meant.is_cut ? NULL : arena_string(exam->arena, memory);
}
