/*
 * list_budget: how many questions a list is asked for the sake of one network of clients.
 *
 * Who makes up names without end could have a list refuse our queries, and so take it from everybody. A
 * budget is for one list and one /24 or /48; it holds BOUND_LIST_QUESTIONS and is filled again at
 * BOUND_LIST_QUESTIONS_A_MINUTE. Answers that are there already cost nothing. BOUND_LIST_BUDGETS of them are
 * remembered; beyond that the fullest of a few makes room. Thread safe.
 */
#ifndef HELOSCOPE_LIST_BUDGET_H
#define HELOSCOPE_LIST_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/ipaddr.h"

struct list_budget;

struct list_budget *list_budget_new(void);         /* NULL when memory ran out */
void list_budget_free(struct list_budget *budget); /* NULL is allowed */

/*
 * Take one question to the list with this number for this client; false when none is left. A client without
 * an address is no stranger: always true. `now_ms`: on any clock that only moves on.
 */
bool list_budget_take(struct list_budget *budget, const struct ipaddr *client, size_t list, uint64_t now_ms);

#endif
