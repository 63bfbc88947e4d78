#include "heloscope/lists/exam.h"

struct list_exam
list_exam_begin(const struct list *list, enum list_part part, struct lookup *lookup, struct arena *arena)
{
	struct list_exam exam = { .list = list, .part = part, .count = list_round_size(list, part) };

	exam.questions = arena_alloc(arena, exam.count * sizeof *exam.questions);
	if (exam.questions == NULL)
		exam.count = 0;
	for (size_t i = 0; i < exam.count; i++) {
		exam.questions[i] = list_round_question(list, part, i);
		if (exam.questions[i].name[0] != '\0')
			lookup_want(lookup, exam.questions[i].name, DNS_A);
	}
	return exam;
}

static void
take_answer(struct list_exam *exam, const struct list_question *question, struct lookup *lookup)
{
	const struct dns_answer *answer = lookup_get(lookup, question->name, DNS_A);
	const struct list_proof proof = { *question, answer->status, dnslist_read(exam->list, answer) };
	const enum list_trouble trouble = list_proof_judge(&proof);
	const unsigned took_ms = lookup_took_ms(lookup, question->name, DNS_A);

	if (trouble > exam->trouble) {
		exam->trouble = trouble;
		exam->proof = proof;
	}
	if (trouble != LIST_NO_ANSWER && took_ms > exam->slowest_ms)
		exam->slowest_ms = took_ms;
}

void
list_exam_end(struct list_exam *exam, struct lookup *lookup)
{
	exam->trouble = exam->count > 0 ? LIST_WELL : LIST_UNCHECKED;
	for (size_t i = 0; i < exam->count; i++)
		if (exam->questions[i].name[0] != '\0')
			take_answer(exam, &exam->questions[i], lookup);
}
