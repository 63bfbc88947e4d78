#include "heloscope/dkim/reason.h"

static const struct {
	const char *word;
	enum result result;
} reasons[DKIM_REASONS] = {
#define ROW(NAME, word, result) [DKIM_##NAME] = { word, RESULT_##result },
	DKIM_REASON_ROWS(ROW)
#undef ROW
};

const char *
dkim_reason_word(enum dkim_reason reason)
{
	return reasons[reason].word;
}

enum result
dkim_reason_result(enum dkim_reason reason)
{
	return reasons[reason].result;
}
