#include "heloscope/records/counts.h"

struct record_counts record_counts;
