/*
 * postfix_entry: what is wrong with how a list of filters names ours: its address, its place in the list, and
 * the settings that count for it. For postfix_judge.h; one thread.
 */
#ifndef HELOSCOPE_WIRING_POSTFIX_ENTRY_H
#define HELOSCOPE_WIRING_POSTFIX_ENTRY_H

#include "heloscope/wiring/postfix_view.h"

/* Of a list that has ours, and of one that lacks it. */
void postfix_judge_entry(const struct postfix_view *view);
void postfix_judge_absence(const struct postfix_view *view);

#endif
