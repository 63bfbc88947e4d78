#include "heloscope/config/open.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include "heloscope/base/regular_file.h"

#define ACCOUNT_MEMORY 16384 /* octets: a line of passwd(5) */

static void
add_access_advice(const char *path, struct error *reason)
{
	const struct error plain = *reason;
	char memory[ACCOUNT_MEMORY];
	struct passwd user, *found = NULL;

	if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 || errno != EACCES
	    || getpwuid_r(geteuid(), &user, memory, sizeof memory, &found) != 0 || found == NULL)
		return;
	error_set(
		reason,
		"%s; for the user \"%.40s\" to read it, let it belong to a group of that user, with mode 0640",
		plain.text, found->pw_name);
}

FILE *
config_open_file(const char *path, struct stat *status, struct error *reason)
{
	FILE *file = regular_file_open(path, LINKS_FOLLOWED, status, reason);

	if (file == NULL)
		add_access_advice(path, reason);
	return file;
}
