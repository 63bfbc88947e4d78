#include "heloscope/daemon/local_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAITING 128

static int made = -1; /* by listener_make(), which calls back without a context */

static bool
open_socket(const char *place, struct error *error)
{
	const int yes = 1;
	struct listener_address address;

	if (!listener_find_address(place, &address, error))
		return false;
	made = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (made >= 0)
		(void)setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (made >= 0 && bind(made, (const struct sockaddr *)&address.storage, address.length) == 0
	    && listen(made, WAITING) == 0)
		return true;
	error_set(error, "cannot listen on \"%.200s\": %s", place, strerror(errno));
	if (made >= 0)
		(void)close(made);
	made = -1;
	return false;
}

int
local_socket_make(const struct listener_wish *wish, const struct service_account *account,
		  struct error *error)
{
	struct listener_wish whole = *wish;

	made = -1;
	whole.open = open_socket;
	if (listener_make(&whole, account, error))
		return made;
	if (made >= 0) /* but not as it was wished */
		(void)close(made);
	return -1;
}
