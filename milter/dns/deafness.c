#include "heloscope/dns/deafness.h"

#define FAILURES 3       /* in a row, that are looked into */
#define PATIENCE_MS 2000 /* the same, of a question that waits */
#define OWN_PATIENCE_MS 4000
#define AGAIN_MS 10000      /* between questions of our own while it is deaf */
#define TOLD_AGAIN_MS 60000 /* a name server that comes and goes does not fill the log */

enum deafness_step
deafness_hear(struct deafness *deafness)
{
	const bool was_told = deafness->is_deaf && deafness->is_told;

	deafness->is_deaf = deafness->is_asking = deafness->is_told = false;
	deafness->failures = 0;
	return was_told ? DEAFNESS_ENDS : DEAFNESS_NOTHING;
}

void
deafness_fail(struct deafness *deafness)
{
	if (deafness->failures < FAILURES)
		deafness->failures++;
}

enum deafness_step
deafness_fail_own(struct deafness *deafness, uint64_t now_ms)
{
	if (!deafness->is_asking)
		return DEAFNESS_NOTHING;
	deafness->is_asking = false;
	if (!deafness->is_deaf)
		deafness->begun_ms = now_ms;
	deafness->is_deaf = true;
	if (deafness->is_told || (deafness->told_ms != 0 && now_ms - deafness->told_ms < TOLD_AGAIN_MS))
		return DEAFNESS_NOTHING;
	deafness->is_told = true;
	deafness->told_ms = now_ms;
	return DEAFNESS_BEGINS;
}

void
deafness_forget_own(struct deafness *deafness)
{
	deafness->is_asking = false;
}

static enum deafness_step
ask(struct deafness *deafness, uint64_t now_ms)
{
	deafness->is_asking = true;
	deafness->asked_ms = now_ms;
	return DEAFNESS_ASK;
}

enum deafness_step
deafness_look(struct deafness *deafness, uint64_t waits_ms, uint64_t now_ms)
{
	const uint64_t passed_ms = now_ms - deafness->asked_ms;

	if (deafness->is_asking)
		return passed_ms >= OWN_PATIENCE_MS ? deafness_fail_own(deafness, now_ms) : DEAFNESS_NOTHING;
	if (deafness->is_deaf)
		return passed_ms >= AGAIN_MS ? ask(deafness, now_ms) : DEAFNESS_NOTHING;
	return deafness->failures >= FAILURES || waits_ms >= PATIENCE_MS ? ask(deafness, now_ms)
									 : DEAFNESS_NOTHING;
}
