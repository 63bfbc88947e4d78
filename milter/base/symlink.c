#include "heloscope/base/symlink.h"

#include <sys/types.h>
#include <unistd.h>

#define TARGET_SHOWN 200 /* octets */

bool
symlink_tell(const char *path, struct strbuf *text)
{
	char target[TARGET_SHOWN + 1]; /* one more than is shown: then it is seen to be longer */
	const ssize_t length = readlink(path, target, sizeof target);

	if (length < 0)
		return false;
	strbuf_add(text, "a symbolic link to ");
	strbuf_add_escaped(text, (struct span){ target, (size_t)length }, TARGET_SHOWN);
	return true;
}
