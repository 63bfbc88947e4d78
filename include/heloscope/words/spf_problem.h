/*
 * words_spf_problem: why SPF could not be evaluated, in words.
 */
#ifndef HELOSCOPE_WORDS_SPF_PROBLEM_H
#define HELOSCOPE_WORDS_SPF_PROBLEM_H

#include "heloscope/spf/problem.h"

#define SPF_PROBLEM_SIZE 1024 /* room for the sentence of any evaluation */

/*
 * The sentence of a problem, raw (it names domains), without a final dot; "" for SPF_PROBLEM_NONE. Lies in
 * `memory`, and is returned. Any thread.
 */
const char *spf_problem_text(const struct spf_problem *problem, char memory[SPF_PROBLEM_SIZE]);

/* What is wrong with a term: "an unknown mechanism". Any thread. */
const char *spf_fault_text(enum spf_fault_kind fault);

#endif
