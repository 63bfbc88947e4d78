/*
 * Both SPF engines over a DNS that the input invents: its lines are the texts of TXT records and
 * the names of MX and PTR records; which a question gets follows from the question alone. When
 * answers come late the outcome is the same, and the trace tells of known steps only.
 */
#include "fuzz.h"
#include "heloscope/base/bounds.h"
#include "heloscope/spf/spf.h"

#define LINES_MAX 32
#define ANSWERS_MAX 400

struct world {
	struct span lines[LINES_MAX];
	size_t line_count;
	struct {
		char name[1200];
		enum dns_type type;
		struct dns_answer *answer;
	} known[ANSWERS_MAX];
	size_t count;
	bool is_slow; /* answers come when they are asked for again */
};

static uint32_t
hash(const char *name, enum dns_type type)
{
	uint32_t value = 2166136261U ^ (uint32_t)type;

	for (; *name != '\0'; name++)
		value = (value ^ (unsigned char)*name) * 16777619U;
	return value ^ value >> 15;
}

static void
set_record(struct dns_record *record, enum dns_type type, struct span line, char *name)
{
	switch (type) {
	case DNS_A:
		*record = (struct dns_record){ .address = ipaddr_from_ipv4(0xc0000201) };
		break;
	case DNS_AAAA:
		*record =
			(struct dns_record){ .address = { .octets = { 0x20, 1, 0xd, 0xb8 }, .length = 16 } };
		break;
	case DNS_TXT:
		*record = (struct dns_record){ .text = line };
		break;
	default:
		*record = (struct dns_record){ .name = name, .is_host_name = domain_normalize(line, name) };
		break;
	}
}

static const struct dns_answer *
ask(void *context, const char *name, enum dns_type type)
{
	struct world *world = context;
	const uint32_t value = hash(name, type);
	const size_t records = value % 5 == 0 ? 0 : 1 + value / 5 % 12 % 3;
	struct dns_answer *answer;
	char *names;

	for (size_t i = 0; i < world->count; i++)
		if (world->known[i].type == type && strcmp(world->known[i].name, name) == 0)
			return world->known[i].answer;
	PROMISE(world->count < ANSWERS_MAX); /* the limits of RFC 7208, 4.6.4, keep it far below */
	PROMISE(strlen(name) < sizeof world->known[0].name);
	answer = calloc(1, sizeof *answer + records * (sizeof answer->records[0] + DOMAIN_SIZE));
	PROMISE(answer != NULL);
	answer->status = records > 0 ? DNS_NOERROR : value % 2 == 0 ? DNS_NXDOMAIN : DNS_NODATA;
	answer->count = records;
	names = (char *)&answer->records[records];
	for (size_t i = 0; i < records; i++)
		set_record(&answer->records[i], type, world->lines[(value / 60 + i) % world->line_count],
			   names + i * DOMAIN_SIZE);
	(void)memcpy(world->known[world->count].name, name, strlen(name) + 1);
	world->known[world->count].type = type;
	world->known[world->count++].answer = answer;
	return world->is_slow ? NULL : answer;
}

static void
forget_answers(struct world *world)
{
	for (size_t i = 0; i < world->count; i++)
		free(world->known[i].answer);
	world->count = 0;
}

static void
check_trace(const struct spf_trace *trace)
{
	PROMISE(trace->step_count <= SPF_STEPS_MAX && trace->lookup_count <= SPF_LOOKUPS_MAX);
	PROMISE(trace->terms <= SPF_TERMS_MAX + 1 && trace->voids <= SPF_VOIDS_MAX + 1);
	for (size_t i = 0; i < trace->lookup_count; i++)
		PROMISE(trace->lookups[i].step < trace->step_count && trace->lookups[i].answer != NULL);
	for (size_t i = 1; i < trace->step_count; i++)
		PROMISE(trace->steps[i].depth <= trace->steps[i - 1].depth + 1);
}

static enum result
evaluate(struct world *world, spf_engine *engine, const char *helo)
{
	struct workspace work = { .state = NULL };
	const struct spf_source source = { ask, world, &work };
	const struct spf_query query = {
		.client = ipaddr_from_ipv4(0xc6336407),
		.domain = "a.test",
		.local = world->lines[world->line_count - 1],
		.sender_domain = "a.test",
		.helo = helo,
		.receiver = "mx.test",
	};
	struct spf_outcome outcome = { .result = RESULT_UNCHECKED };
	struct arena arena;

	arena_init(&arena, 1U << 20);
	arena_init(&work.memory, BOUND_SPF_WORK_OCTETS);
	while (!engine(&query, &source, &arena, &outcome))
		PROMISE(world->is_slow);
	PROMISE(work.state == NULL && work.memory.used == 0);
	PROMISE(outcome.result != RESULT_UNCHECKED && outcome.result != RESULT_POLICY);
	for (const char *at = outcome.explanation; at != NULL && *at != '\0'; at++)
		PROMISE(*at >= ' ' && *at <= '~');
	check_trace(&outcome.trace);
	arena_clear(&arena);
	return outcome.result;
}

static void
evaluate_fast_and_slowly(struct world *world, spf_engine *engine, const char *helo)
{
	enum result fast;

	world->is_slow = false;
	fast = evaluate(world, engine, helo);
	forget_answers(world);
	world->is_slow = true;
	PROMISE(evaluate(world, engine, helo) == fast);
	forget_answers(world);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	char helo[256] = "";

	world.line_count = world.count = 0;
	for (size_t start = 0, i = 0; i <= size && world.line_count < LINES_MAX; i++) {
		if (i < size && data[i] != '\n')
			continue;
		world.lines[world.line_count++] = (struct span){ (const char *)data + start, i - start };
		start = i + 1;
	}
	for (size_t i = 0; i < world.lines[0].length && i < sizeof helo - 1 && world.lines[0].at[i] != '\0';
	     i++)
		helo[i] = world.lines[0].at[i];
	evaluate_fast_and_slowly(&world, spf_native_evaluate, helo);
	if (spf_engines[SPF_ENGINE_LIBSPF2] != NULL)
		evaluate_fast_and_slowly(&world, spf_engines[SPF_ENGINE_LIBSPF2], helo);
	return 0;
}
