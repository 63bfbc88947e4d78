#include "heloscope/doctor/group.h"

#include <stdlib.h>
#include <string.h>

static bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
begins_with(const char *text, const char *with)
{
	return with[0] != '\0' && strncmp(text, with, strlen(with)) == 0;
}

/* Whether both say the same, each of its own subject. */
static bool
says_the_same(const struct doctor_finding *a, const struct doctor_finding *b)
{
	const char *one = a->what, *other = b->what;

	while (*one != '\0' && *other != '\0') {
		if (begins_with(one, a->subject) && begins_with(other, b->subject)) {
			one += strlen(a->subject);
			other += strlen(b->subject);
		} else if (*one++ != *other++) {
			return false;
		}
	}
	return *one == *other;
}

/* A server is the same under each name that a domain has for it. */
static bool
is_of_same_server(const struct doctor_finding *a, const struct doctor_finding *b)
{
	return a->server != NULL && b->server != NULL && strcmp(a->server, b->server) == 0;
}

static bool
is_same(const struct doctor_finding *a, const struct doctor_finding *b)
{
	return a->problem == b->problem && a->row == b->row && a->severity == b->severity
	       && (is_of_same_server(a, b) ? says_the_same(a, b) : is_same_text(a->what, b->what))
	       && is_same_text(a->consequence, b->consequence)
	       && (a->publish == NULL) == (b->publish == NULL);
}

static struct doctor_group *
find(struct doctor_groups *groups, const struct doctor_finding *finding)
{
	for (size_t i = 0; i < groups->count; i++)
		if (is_same(groups->items[i].finding, finding))
			return &groups->items[i];
	return NULL;
}

static struct doctor_group *
add_group(struct doctor_groups *groups, const struct doctor_finding *finding, struct arena *arena)
{
	struct doctor_group *items = arena_grow(arena, groups->items, groups->count, sizeof *items);

	if (items == NULL)
		return NULL;
	groups->items = items;
	items[groups->count] = (struct doctor_group){ .finding = finding,
						      .number = groups->count,
						      .cost = doctor_cost_of(finding->row, finding->severity),
						      .publish = finding->publish };
	return &items[groups->count++];
}

/* Of a host one record is enough: each domain has proposed its own for it. */
static void
add_records(struct doctor_group *group, const struct doctor_finding *finding, struct arena *arena)
{
	if (finding->publish == NULL || doctor_problem_words(finding->problem)->is_of_host
	    || is_same_text(group->publish, finding->publish))
		return;
	group->publish = arena_printf(arena, "%s\n%s", group->publish, finding->publish);
}

static void
add(struct doctor_groups *groups, size_t number, const struct doctor_finding *finding, struct arena *arena)
{
	struct doctor_group *group = find(groups, finding);
	size_t *domains;

	if (group == NULL)
		group = add_group(groups, finding, arena);
	if (group == NULL)
		return;
	add_records(group, finding, arena);
	if (group->domain_count > 0 && group->domains[group->domain_count - 1] == number)
		return;
	domains = arena_grow(arena, (void *)group->domains, group->domain_count, sizeof *domains);
	if (domains == NULL)
		return;
	domains[group->domain_count++] = number;
	group->domains = domains;
}

static int
order(long a, long b)
{
	return (a > b) - (a < b);
}

static int
compare(const void *a, const void *b)
{
	const struct doctor_group *one = a, *other = b;
	int result = order(one->cost, other->cost);

	if (result == 0)
		result = order(doctor_problem_words(one->finding->problem)->repeats,
			       doctor_problem_words(other->finding->problem)->repeats);
	if (result == 0)
		result = order(other->finding->severity, one->finding->severity);
	if (result == 0)
		result = order(one->finding->row, other->finding->row);
	return result != 0 ? result : order((long)one->number, (long)other->number);
}

struct doctor_groups
doctor_group_findings(const struct doctor_report *reports, size_t count, struct arena *arena)
{
	struct doctor_groups groups = { NULL, 0 };

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < reports[i].finding_count; j++)
			add(&groups, i, &reports[i].findings[j], arena);
	if (groups.count > 0)
		qsort(groups.items, groups.count, sizeof groups.items[0], compare);
	return groups;
}

void
doctor_add_filled(struct strbuf *out, const char *text, const char *subject)
{
	const char *place;

	while ((place = strstr(text, "%s")) != NULL) {
		strbuf_add_span(out, (struct span){ text, (size_t)(place - text) });
		strbuf_add(out, subject);
		text = place + 2;
	}
	strbuf_add(out, text);
}

static size_t
count_lines(const char *text)
{
	size_t count = 1;

	while ((text = strchr(text, '\n')) != NULL) {
		text++;
		count++;
	}
	return count;
}

void
doctor_add_remedy(struct strbuf *out, const struct doctor_group *group)
{
	const struct doctor_problem_words *words = doctor_problem_words(group->finding->problem);
	const bool has_record = group->publish != NULL;
	const char *remedy = has_record ? words->remedy_with_record : words->remedy;
	const size_t count = has_record ? count_lines(group->publish) : 0;

	if (remedy != NULL)
		doctor_add_filled(out, remedy, group->finding->subject);
	else if (count == 1)
		strbuf_printf(out, "Publish the record below%s.",
			      words->replaces ? " in place of the one that is there" : "");
	else if (count > 1)
		strbuf_printf(out, "Publish the %zu records below%s.", count,
			      words->replaces ? ", each in place of the one that is there" : "");
}
