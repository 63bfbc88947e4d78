#include "heloscope/records/table.h"

const struct codec *
codec_of(enum method method)
{
	static const struct codec *const codecs[METHODS] = {
#define ROW(NAME, name, ...) [METHOD_##NAME] = &codec_##name,
		METHOD_ROWS(ROW)
#undef ROW
	};

	return codecs[method];
}
