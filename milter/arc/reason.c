#include "heloscope/arc/reason.h"

static const struct {
	const char *word;
	enum result result;
} reasons[ARC_REASONS] = {
#define ROW(NAME, word, result) [ARC_##NAME] = { word, RESULT_##result },
	ARC_REASON_ROWS(ROW)
#undef ROW
};

const char *
arc_reason_word(enum arc_reason reason)
{
	return reasons[reason].word;
}

enum result
arc_reason_result(enum arc_reason reason)
{
	return reasons[reason].result;
}
