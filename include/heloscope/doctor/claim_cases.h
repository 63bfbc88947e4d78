/*
 * claim_cases: whose domains and which addresses refusals of one kind are about, so that each of them is
 * tested and told once.
 *
 * Bounded by BOUND_CLAIM_CASES; what is beyond is counted as one. One thread.
 */
#ifndef HELOSCOPE_DOCTOR_CLAIM_CASES_H
#define HELOSCOPE_DOCTOR_CLAIM_CASES_H

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/table.h"
#include "heloscope/doctor/claim_subject.h"

struct claim_case {
	struct table_link link;
	struct claim_case *next; /* in the order in which they came */
	unsigned long kind;
	struct claim_subject subject;
	unsigned long count;
};

struct claim_cases {
	struct arena arena;
	struct table table;
	struct claim_case *first, **end;
	unsigned long beyond; /* refusals for whose subjects there was no room */
};

/* Begin. False when memory ran out; claim_cases_clear() is allowed all the same. */
bool claim_cases_init(struct claim_cases *cases) MUST_USE;
void claim_cases_clear(struct claim_cases *cases);

/* Count a refusal of that kind, a number of the caller's, about that subject. */
void claim_cases_add(struct claim_cases *cases, unsigned long kind, const struct claim_subject *subject);

/* The first of a kind behind `before`; NULL: the first of all, and when there is none. */
const struct claim_case *claim_cases_next(const struct claim_cases *cases, unsigned long kind,
					  const struct claim_case *before);

#endif
