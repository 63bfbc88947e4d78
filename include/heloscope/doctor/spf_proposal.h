/*
 * spf_proposal: the SPF record that a domain is told to publish.
 *
 * There is one for all that is found of the present one, so that no two findings contradict each other, and
 * it is evaluated before it is shown: it is not in error, lets the addresses pass that are known to send, and
 * no stranger. For doctor/ only.
 */
#ifndef HELOSCOPE_DOCTOR_SPF_PROPOSAL_H
#define HELOSCOPE_DOCTOR_SPF_PROPOSAL_H

#include "heloscope/base/must_use.h"
#include "heloscope/doctor/exam.h"
#include "heloscope/spf/spf.h"

/* What the present record gives to an address that nobody has. */
struct spf_outcome exam_spf_stranger(struct exam *exam);

/* The next word of a record; false at the end. */
bool exam_spf_next_word(struct span *rest, struct span *word);

/* Whether what it says of strangers is nothing, by its own "all" or because it has none. */
bool exam_spf_is_neutral_at_end(const struct spf_outcome *outcome);

/*
 * The record that was meant by text that is none to receivers: "v=spf1;", " v=spf1", "v=spf2", "spf1 ...".
 * NULL: it is not meant as one, or that cannot be known, or it is not to be published. As a line of a zone.
 */
const char *exam_spf_meant(struct exam *exam, struct span text);

/* A record for a domain that has none, by its MX and addresses, as such a line. NULL: none is known. */
const char *exam_spf_new(struct exam *exam) MUST_USE;

/*
 * The record in place of the present one or ones, for which `outcome` is of exam_spf_stranger(), as such a
 * line: with what is misspelt corrected, several merged, closed where it lets everybody pass or says nothing
 * of them, and with the addresses that it lacks. NULL: that cannot be known, or nothing is to be changed.
 */
const char *exam_spf_proposal(struct exam *exam, const struct spf_outcome *outcome);

#endif
