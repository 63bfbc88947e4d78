#include "heloscope/peer/counts.h"

struct peer_counts peer_counts;
