#include "heloscope/spf/trace.h"

#include <string.h>

size_t
spf_trace_begin(struct spf_trace *trace, struct arena *arena, const struct spf_step *step)
{
	struct spf_step *steps;

	if (trace->step_count >= SPF_STEPS_MAX) {
		trace->is_cut = true;
		return SPF_STEPS_MAX;
	}
	steps = arena_grow(arena, trace->steps, trace->step_count, sizeof *steps);
	if (steps == NULL)
		return SPF_STEPS_MAX;
	trace->steps = steps;
	steps[trace->step_count] = *step;
	return trace->step_count++;
}

void
spf_trace_end(struct spf_trace *trace, size_t step, enum spf_match match)
{
	if (step < trace->step_count)
		trace->steps[step].match = match;
}

void
spf_trace_lookup(struct spf_trace *trace, struct arena *arena, const struct spf_lookup *lookup)
{
	struct spf_lookup *lookups;
	size_t size;

	for (size_t i = trace->lookup_count; i-- > 0 && trace->lookups[i].step == lookup->step;)
		if (trace->lookups[i].type == lookup->type
		    && strcmp(trace->lookups[i].name, lookup->name) == 0)
			return;
	size = strlen(lookup->name) + 1;
	if (trace->lookup_count >= SPF_LOOKUPS_MAX || lookup->step >= trace->step_count
	    || size > SPF_NAMES_OCTETS_MAX - trace->name_octets) {
		trace->is_cut = true;
		return;
	}
	lookups = arena_grow(arena, trace->lookups, trace->lookup_count, sizeof *lookups);
	if (lookups == NULL)
		return;
	trace->lookups = lookups;
	trace->name_octets += size;
	lookups[trace->lookup_count] = *lookup;
	lookups[trace->lookup_count++].name = arena_string(arena, lookup->name);
}

static void *
copy(struct arena *arena, const void *items, size_t count, size_t size)
{
	void *to = count > 0 ? arena_alloc(arena, count * size) : NULL;

	if (to != NULL)
		memcpy(to, items, count * size);
	return to;
}

struct spf_trace
spf_trace_copy(const struct spf_trace *trace, struct arena *arena)
{
	struct spf_trace kept = *trace;
	const char *from = NULL, *to = NULL; /* steps of one record share its domain */

	kept.steps = copy(arena, trace->steps, trace->step_count, sizeof *kept.steps);
	kept.lookups = copy(arena, trace->lookups, trace->lookup_count, sizeof *kept.lookups);
	if (kept.steps == NULL)
		kept.step_count = 0;
	if (kept.lookups == NULL)
		kept.lookup_count = 0;
	for (size_t i = 0; i < kept.step_count; i++) {
		if (kept.steps[i].domain != from) {
			from = kept.steps[i].domain;
			to = arena_string(arena, from);
		}
		kept.steps[i].domain = to;
	}
	for (size_t i = 0; i < kept.lookup_count; i++)
		kept.lookups[i].name = arena_string(arena, kept.lookups[i].name);
	return kept;
}
