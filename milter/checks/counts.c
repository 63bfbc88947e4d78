#include "heloscope/checks/counts.h"

struct check_counts check_counts;

void
check_counts_take(const struct facts *facts)
{
	for (int method = 0; method < METHODS; method++)
		if (facts->results[method] != RESULT_UNCHECKED)
			counter_add(&check_counts.results[method][facts->results[method]], 1);
}
