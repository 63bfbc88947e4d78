#include "heloscope/daemon/rights.h"

#include <grp.h>
#include <unistd.h>

void
rights_of_process(struct rights *rights)
{
	rights->user_id = geteuid();
	rights->group_count = getgroups(RIGHTS_GROUPS_MAX, rights->groups);
}

bool
rights_of_account(const struct service_account *account, struct rights *rights)
{
	rights->user_id = account->user_id;
	rights->group_count = RIGHTS_GROUPS_MAX;
	if (getgrouplist(account->name, account->group_id, rights->groups, &rights->group_count) >= 0)
		return true;
	rights->group_count = RIGHTS_GROUPS_MAX;
	return false;
}

static bool
is_member(const struct rights *rights, gid_t group)
{
	for (int i = 0; i < rights->group_count; i++)
		if (rights->groups[i] == group)
			return true;
	return false;
}

bool
rights_allow(const struct rights *rights, const struct stat *status, unsigned wanted)
{
	unsigned shift = 0;

	if (rights->user_id == 0)
		return true;
	if (status->st_uid == rights->user_id)
		shift = 6;
	else if (is_member(rights, status->st_gid))
		shift = 3;
	return (status->st_mode >> shift & wanted) == wanted;
}
