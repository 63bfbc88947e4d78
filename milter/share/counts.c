#include "heloscope/share/counts.h"

struct share_counts share_counts;

const char *const share_asked_words[SHARE_ASKED_STATES] = {
	[SHARE_ASKED_KNOWN] = "known",
	[SHARE_ASKED_UNKNOWN] = "unknown",
	[SHARE_ASKED_LATE] = "late",
	[SHARE_ASKED_DOWN] = "down",
};
