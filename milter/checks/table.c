#include "heloscope/checks/table.h"

#include <pthread.h>

#define ROW(NAME, name, ...) extern const struct check check_##name;
METHOD_ROWS(ROW)
#undef ROW

static const struct check *const of_methods[METHODS] = {
#define ROW(NAME, name, ...) [METHOD_##NAME] = &check_##name,
	METHOD_ROWS(ROW)
#undef ROW
};

static const struct check *checks[INQUIRY_CHECKS_MAX];
static size_t count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool
is_in_table(const struct check *check)
{
	for (size_t i = 0; i < count; i++)
		if (checks[i] == check)
			return true;
	return false;
}

/* The checks that it needs go before it. */
static void
add(const struct check *check)
{
	if (is_in_table(check))
		return;
	for (size_t i = 0; check->needs != NULL && check->needs[i] != NULL; i++)
		add(check->needs[i]);
	if (count < INQUIRY_CHECKS_MAX) /* test_checks says when it is too small */
		checks[count++] = check;
}

static void
fill(void)
{
	for (int method = 0; method < METHODS; method++)
		add(of_methods[method]);
}

struct check_table
checks_table(void)
{
	(void)pthread_once(&once, fill);
	return (struct check_table){ checks, count };
}
