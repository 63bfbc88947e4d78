#include "heloscope/words/table.h"

const struct telling *
telling_of(enum method method)
{
	static const struct telling *const tellings[METHODS] = {
#define ROW(NAME, name, ...) [METHOD_##NAME] = &tell_##name,
		METHOD_ROWS(ROW)
#undef ROW
	};

	return tellings[method];
}
