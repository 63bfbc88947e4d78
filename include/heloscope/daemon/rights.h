/*
 * rights: what a user may do with a file, by its owner, group and mode alone: a service may be shut in
 * further.
 */
#ifndef HELOSCOPE_DAEMON_RIGHTS_H
#define HELOSCOPE_DAEMON_RIGHTS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "heloscope/daemon/service.h"

#define RIGHTS_GROUPS_MAX 256

enum { MAY_READ = 4, MAY_WRITE = 2, MAY_ENTER = 1 }; /* as in the last digit of a mode */

/* Who wants to. */
struct rights {
	uid_t user_id;
	gid_t groups[RIGHTS_GROUPS_MAX];
	int group_count;
};

/* Those of this process. */
void rights_of_process(struct rights *rights);

/* Those of an account, and of the groups that its user is in. False when it is in more than there is room
 * for, of which the first count then. */
bool rights_of_account(const struct service_account *account, struct rights *rights);

/* Whether all of `wanted` (MAY_) is allowed; root may do everything. */
bool rights_allow(const struct rights *rights, const struct stat *status, unsigned wanted);

#endif
