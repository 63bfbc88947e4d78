/*
 * tags: records that consist of tags, such as those of DMARC, DKIM and MTA-STS (RFC 6376, 3.2).
 */
#ifndef HELOSCOPE_DOCTOR_TAGS_H
#define HELOSCOPE_DOCTOR_TAGS_H

#include "heloscope/base/must_use.h"
#include "heloscope/doctor/exam.h"

/* A TXT record to publish, in strings of 255 octets as the DNS has them (RFC 1035, 3.3.14), with what a zone
 * file needs escaped. */
const char *exam_txt(struct exam *exam, const char *name, const char *text);

/* What a tag may hold. */
struct exam_tag_rule {
	const char *name;
	const char *const *words; /* the only values, whatever their case; or NULL */
	size_t word_count;
	bool (*takes)(struct span value); /* or this says; NULL: anything but nothing */
	const char *expected;             /* in words */
	/* Adds the value that is meant by a wrong one; false when that cannot be known. NULL: the nearest
	 * word. */
	bool (*repair)(struct exam *exam, struct span value, struct strbuf *right);
	enum doctor_severity severity; /* of a wrong value */
	const char *consequence;       /* of that, a sentence */
	const char *required;          /* "p=none": the tag must be there, and this is proposed; or NULL */
	bool is_list;                  /* of items with "," between them */
	bool is_vital;                 /* of two that differ none is proposed: which is meant is not known */
	const char *historic;          /* nobody looks at it any more: what to know of that; or NULL */
};

struct exam_tag_form {
	enum doctor_row row;
	const char *subject; /* "The DMARC record" */
	const struct exam_tag_rule *rules;
	size_t rule_count;
	enum doctor_severity twice; /* how bad it is that a tag stands there twice */
	const char *twice_consequence;
	/* What is proposed, for a record that is `present` now, made harmless; NULL: it is as it is. */
	const char *(*adjust)(struct exam *exam, const char *proposed, struct span present);
};

/*
 * Judge each tag of a record, which begins as it must, and tell what is wrong, with the record as it should
 * be, for `name`: all that is right stands in it as it stood. True when nothing was wrong.
 */
bool exam_judge_tags(struct exam *exam, const struct exam_tag_form *form, const char *name,
		     struct span record);

/* Without what people paste along with a record: quotes, backslashes, blanks at its ends. */
struct span exam_clean(struct exam *exam, struct span text);

/*
 * The record that somebody meant whose text begins almost as it must: pasted quotes and backslashes left off,
 * and "v=..." as in `version`. NULL when it is none of the kind: when it does not hold `version`, whatever
 * its case.
 */
const char *exam_meant_record(struct exam *exam, struct span text, const char *version) MUST_USE;

#endif
