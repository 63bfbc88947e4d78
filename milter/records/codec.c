#include "heloscope/records/codec.h"

static const char *const statuses[] = {
	[DNS_NOERROR] = "answered",
	[DNS_NODATA] = "no such record",
	[DNS_NXDOMAIN] = "NXDOMAIN",
	[DNS_SERVFAIL] = "SERVFAIL",
	[DNS_TIMEOUT] = "timeout",
	[DNS_BOGUS] = "DNSSEC bogus",
	[DNS_MALFORMED] = "malformed answer",
	[DNS_TOO_LARGE] = "too large an answer",
	[DNS_NO_SERVER] = "no name server answers",
	[DNS_TOO_MANY] = "not asked: too many lookups",
	[DNS_NO_TIME] = "not asked: no time was left",
	[DNS_NO_MEMORY] = "not asked: out of memory",
};
const struct tokens codec_statuses = TOKENS(statuses);

static const char *const overruled[] = {
	[OVERRULED_BY_ACCEPTANCE] = "others-accept",
	[OVERRULED_BY_DEFERRAL] = "others-defer",
};
const struct tokens codec_overruled = TOKENS(overruled);

static const char *const stages[] = { [STAGE_HEADER] = "header", [STAGE_BODY] = "body" };
const struct tokens codec_stages = TOKENS(stages);

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
