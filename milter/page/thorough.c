#include "heloscope/page/thorough.h"

#include "heloscope/base/bounds.h"

void
thorough_init(struct thorough *thorough)
{
	*thorough = (struct thorough){ .is_taken = false };
	(void)pthread_mutex_init(&thorough->lock, NULL);
}

void
thorough_clear(struct thorough *thorough)
{
	(void)pthread_mutex_destroy(&thorough->lock);
}

bool
thorough_begin(struct thorough *thorough, uint64_t now_ms)
{
	bool may;

	(void)pthread_mutex_lock(&thorough->lock);
	may = !thorough->is_taken && now_ms >= thorough->free_ms;
	if (may) {
		thorough->is_taken = true;
		thorough->began_ms = now_ms;
	}
	(void)pthread_mutex_unlock(&thorough->lock);
	return may;
}

void
thorough_end(struct thorough *thorough, uint64_t now_ms)
{
	(void)pthread_mutex_lock(&thorough->lock);
	thorough->is_taken = false;
	thorough->free_ms = now_ms + BOUND_PAGE_REST * (now_ms - thorough->began_ms);
	(void)pthread_mutex_unlock(&thorough->lock);
}
