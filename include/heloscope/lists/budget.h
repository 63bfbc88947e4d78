/*
 * list_budget: how many questions a list is asked for the sake of one client and of its network.
 *
 * Who makes up names without end could have a list refuse our queries, and so take it from everybody. There
 * is a budget for each list and client (an IPv4 address, or a /64), BOUND_LIST_QUESTIONS, and one for each
 * list and network (/24 or /48), which is larger, so that one client cannot spend what its neighbours need.
 * Both are filled again with time, and by messages that are accepted: busy servers of good mail never reach
 * an end. Answers that are there already cost nothing. BOUND_LIST_BUDGETS are remembered; beyond that the
 * fullest of a few makes room. What nobody asks for is no reason to accept: policy defers what would rest on
 * it. Thread safe.
 */
#ifndef HELOSCOPE_LISTS_BUDGET_H
#define HELOSCOPE_LISTS_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/ipaddr.h"
#include "heloscope/dns/dns.h"

struct list_budget;

struct list_budget *list_budget_new(void) MUST_USE; /* NULL when memory ran out */
void list_budget_free(struct list_budget *budget);  /* NULL is allowed */

/*
 * Take one question to the list with this number for this client: DNS_NOERROR, or whose budget is empty. A
 * client without an address is no stranger, and has no budget. `now_ms`: on any clock that only moves on.
 */
enum dns_status list_budget_take(struct list_budget *budget, const struct ipaddr *client, size_t list,
				 uint64_t now_ms) MUST_USE;

/* Give back a question that was taken: the message for which it was asked was accepted. */
void list_budget_give_back(struct list_budget *budget, const struct ipaddr *client, size_t list);

#endif
