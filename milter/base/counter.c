#include "heloscope/base/counter.h"

const unsigned histogram_bounds_ms[HISTOGRAM_BUCKETS] = { 1,   2,   5,    10,   25,   50,   100,
							  250, 500, 1000, 2500, 5000, 10000 };

void
histogram_note(struct histogram *histogram, uint64_t ms)
{
	size_t i = 0;

	while (i < HISTOGRAM_BUCKETS && ms > histogram_bounds_ms[i])
		i++;
	counter_add(&histogram->buckets[i], 1);
	counter_add(&histogram->sum_ms, ms);
}

struct histogram_reading
histogram_read(const struct histogram *histogram)
{
	struct histogram_reading reading = { .sum_ms = counter_value(&histogram->sum_ms) };

	for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++) {
		reading.buckets[i] = counter_value(&histogram->buckets[i]);
		reading.count += reading.buckets[i];
	}
	return reading;
}

void
histogram_reading_add(struct histogram_reading *sum, const struct histogram_reading *more)
{
	for (size_t i = 0; i <= HISTOGRAM_BUCKETS; i++)
		sum->buckets[i] += more->buckets[i];
	sum->count += more->count;
	sum->sum_ms += more->sum_ms;
}

uint64_t
histogram_quantile_ms(const struct histogram_reading *reading, unsigned percent)
{
	const uint64_t rank = (reading->count * percent + 99) / 100;
	uint64_t before = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS && rank > 0; i++) {
		const uint64_t below_ms = i > 0 ? histogram_bounds_ms[i - 1] : 0;

		if (before + reading->buckets[i] >= rank)
			return below_ms
			       + (histogram_bounds_ms[i] - below_ms) * (rank - before) / reading->buckets[i];
		before += reading->buckets[i];
	}
	return rank > 0 ? histogram_bounds_ms[HISTOGRAM_BUCKETS - 1] : 0;
}
