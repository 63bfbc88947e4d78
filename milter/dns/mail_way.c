#include "heloscope/dns/mail_way.h"

#include "heloscope/base/ipaddr_scope.h"

enum mail_way
mail_way_better(enum mail_way a, enum mail_way b)
{
	return a > b ? a : b;
}

bool
mail_way_is_localhost(const char *name)
{
	return domain_is_within(span_of(name), SPAN("localhost"));
}

enum mail_way
mail_way_by_mx(const struct dns_record *record)
{
	const bool is_host = record->is_host_name && !domain_is_address(record->name)
			     && !mail_way_is_localhost(record->name);

	return is_host ? MAIL_WAY_AWAITED : MAIL_WAY_NO_HOST;
}

static bool
is_reachable(const struct ipaddr *address, const struct network_set *near)
{
	const enum ipaddr_scope scope = ipaddr_scope(address);

	return scope < SCOPE_NETWORK
	       || (scope == SCOPE_NETWORK && near != NULL && network_set_contains(near, address));
}

enum mail_way
mail_way_by_answer(const struct dns_answer *answer, const struct network_set *near, enum dns_status *fault)
{
	if (answer == NULL)
		return MAIL_WAY_AWAITED;
	for (size_t i = 0; i < answer->count; i++)
		if (is_reachable(&answer->records[i].address, near))
			return MAIL_WAY_OPEN;
	if (!dns_status_is_fault(answer->status))
		return answer->count > 0 ? MAIL_WAY_PRIVATE : MAIL_WAY_NO_ADDRESS;
	*fault = answer->status;
	return MAIL_WAY_UNKNOWN;
}
