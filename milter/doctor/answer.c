#include "heloscope/doctor/answer.h"

#include <string.h>

#define CLAUSES_MAX 3 /* reasons that are told; the others stand below */
#define NAMES_MAX 3   /* domains that are named with one */

/* The answer under way. */
struct answer {
	const struct doctor_report *reports;
	size_t count;   /* of domains */
	size_t passing; /* of them */
	size_t told;    /* reasons */
	struct strbuf *out;
};

const char *
doctor_state_token(const struct doctor_report *report)
{
	static const char *const tokens[DOCTOR_COSTS] = {
		[DOCTOR_COST_REFUSED] = "fails",
		[DOCTOR_COST_SOME] = "passes-in-part",
		[DOCTOR_COST_UNKNOWN] = "unknown",
		[DOCTOR_COST_HYGIENE] = "passes",
	};
	enum doctor_cost worst = DOCTOR_COST_HYGIENE;

	for (size_t i = 0; i < report->finding_count; i++) {
		const enum doctor_cost cost =
			doctor_cost_of(report->findings[i].row, report->findings[i].severity);

		worst = cost < worst ? cost : worst;
	}
	return tokens[worst];
}

/* Domains and their reasons. */

static bool
is_of(const struct doctor_group *group, size_t number)
{
	for (size_t i = 0; i < group->domain_count; i++)
		if (group->domains[i] == number)
			return true;
	return false;
}

/* The reason why a domain does not pass: the costliest of its findings. */
static const struct doctor_group *
reason_of(const struct doctor_groups *groups, size_t number)
{
	for (size_t i = 0; i < groups->count; i++)
		if (is_of(&groups->items[i], number))
			return groups->items[i].cost < DOCTOR_COST_HYGIENE ? &groups->items[i] : NULL;
	return NULL;
}

/* The domains for which this is the reason. */
static size_t
count_for(const struct doctor_groups *groups, const struct doctor_group *group)
{
	size_t count = 0;

	for (size_t i = 0; i < group->domain_count; i++)
		count += reason_of(groups, group->domains[i]) == group;
	return count;
}

static void
add_names(struct answer *answer, const struct doctor_groups *groups, const struct doctor_group *group)
{
	const size_t count = count_for(groups, group);
	size_t named = 0;

	for (size_t i = 0; i < group->domain_count && named < NAMES_MAX; i++) {
		if (reason_of(groups, group->domains[i]) != group)
			continue;
		strbuf_printf(answer->out, "%s%s",
			      named == 0           ? ""
			      : named + 1 == count ? " and "
						   : ", ",
			      answer->reports[group->domains[i]].domain);
		named++;
	}
	if (named < count)
		strbuf_printf(answer->out, " and %zu more", count - named);
}

/* "because its SPF record has an error", of one domain or of several. */
static void
add_because(struct answer *answer, const struct doctor_group *group, size_t count)
{
	const char *reason = doctor_problem_words(group->finding->problem)->reason;

	strbuf_add(answer->out, count > 1 && strncmp(reason, "it", 2) == 0 ? "each because " : "because ");
	doctor_add_filled(answer->out, reason, group->finding->subject);
}

/* "broken.example does not, because ..." */
static void
add_clause(struct answer *answer, const struct doctor_groups *groups, const struct doctor_group *group)
{
	static const struct {
		const char *one, *several;
	} words[DOCTOR_COSTS] = {
		[DOCTOR_COST_REFUSED] = { " does not, ", " do not, " },
		[DOCTOR_COST_SOME] = { " passes only in part, ", " pass only in part, " },
		[DOCTOR_COST_UNKNOWN] = { " may pass or not, ", " may pass or not, " },
	};
	const size_t count = count_for(groups, group);

	add_names(answer, groups, group);
	strbuf_add(answer->out, answer->passing == 0 ? " "
				: count == 1         ? words[group->cost].one
						     : words[group->cost].several);
	add_because(answer, group, count);
}

static void
add_clauses(struct answer *answer, const struct doctor_groups *groups)
{
	size_t domains = 0;

	for (size_t i = 0; i < groups->count; i++) {
		const struct doctor_group *group = &groups->items[i];
		const size_t count = count_for(groups, group);

		if (group->cost == DOCTOR_COST_HYGIENE || count == 0 || answer->told == CLAUSES_MAX)
			continue;
		strbuf_add(answer->out, answer->told == 0 && answer->passing == 0 ? ": " : "; ");
		add_clause(answer, groups, group);
		answer->told++;
		domains += count;
	}
	if (domains < answer->count - answer->passing)
		strbuf_printf(answer->out, "; for %zu more the reasons are below",
			      answer->count - answer->passing - domains);
}

/* Of several domains. */

static const struct doctor_group *
only_reason(const struct answer *answer, const struct doctor_groups *groups)
{
	const struct doctor_group *reason = reason_of(groups, 0);

	for (size_t i = 1; i < answer->count; i++)
		if (reason_of(groups, i) != reason)
			return NULL;
	return reason;
}

static void
add_ward(struct answer *answer, const struct doctor_groups *groups)
{
	const struct doctor_group *only = only_reason(answer, groups);

	if (answer->passing > 0)
		strbuf_printf(answer->out, "%zu of your %zu domains %s", answer->passing, answer->count,
			      answer->passing == 1 ? "passes" : "pass");
	else
		strbuf_printf(answer->out, "None of your %zu domains passes%s", answer->count,
			      groups->items[0].cost == DOCTOR_COST_REFUSED ? "" : " fully");
	if (only != NULL) {
		strbuf_add(answer->out, ", ");
		add_because(answer, only, answer->count);
		answer->told = 1;
	} else {
		add_clauses(answer, groups);
	}
	strbuf_add(answer->out, ".");
}

/* Of one. */

static void
add_single(struct answer *answer, const struct doctor_group *reason)
{
	static const char *const words[DOCTOR_COSTS] = {
		[DOCTOR_COST_REFUSED] = "%s does not pass, ",
		[DOCTOR_COST_SOME] = "%s passes only in part, ",
		[DOCTOR_COST_UNKNOWN] = "Whether %s passes is not known, ",
	};

	doctor_add_filled(answer->out, words[reason->cost], answer->reports[0].domain);
	add_because(answer, reason, 1);
	strbuf_add(answer->out, ".");
	answer->told = 1;
}

static void
add_good(struct answer *answer, const struct doctor_groups *groups)
{
	const bool is_well = groups->count == 0;

	strbuf_add(answer->out, is_well ? "All is well: " : "");
	if (answer->count == 1)
		strbuf_printf(answer->out, "%s passes", answer->reports[0].domain);
	else
		strbuf_printf(answer->out, "%s %zu domains pass", is_well ? "your" : "Your", answer->count);
	strbuf_add(answer->out,
		   is_well ? ", and there is nothing to do." : ". What could be better is below.");
}

/* What to do first, and that there is more. */
static void
add_next(struct answer *answer, const struct doctor_groups *groups)
{
	size_t more = 0;

	for (size_t i = 0; i < groups->count; i++)
		more += groups->items[i].cost <= DOCTOR_COST_SOME
			&& !doctor_problem_words(groups->items[i].finding->problem)->repeats;
	strbuf_add(answer->out, " ");
	if (answer->told > 1) {
		strbuf_add(answer->out, "What to do is below, the most serious first.");
		return;
	}
	doctor_add_remedy(answer->out, &groups->items[0]);
	if (more == 2)
		strbuf_add(answer->out, " Then see to the other finding below that costs mail.");
	else if (more > 2)
		strbuf_printf(answer->out, " Then see to the %zu other findings below that cost mail.",
			      more - 1);
}

void
doctor_answer(const struct doctor_report *reports, size_t count, const struct doctor_groups *groups,
	      struct strbuf *out)
{
	struct answer answer = { reports, count, 0, 0, out };

	for (size_t i = 0; i < count; i++)
		answer.passing += reason_of(groups, i) == NULL;
	if (answer.passing == count) {
		add_good(&answer, groups);
		return;
	}
	if (count == 1)
		add_single(&answer, &groups->items[0]);
	else
		add_ward(&answer, groups);
	add_next(&answer, groups);
}
