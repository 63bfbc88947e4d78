/*
 * spf_libspf2: the engine of libspf2, behind callbacks of ours.
 *
 * libspf2 alone passes half of the RFC 7208 suite, counts its limits anew in each include, and
 * can be crashed from outside by explanation text. So it never sees a record that our grammar
 * has not accepted nor one that its buffers would cut, every lookup comes through our source
 * and is counted here, and explanations are fetched and expanded by our own code.
 */
#include "heloscope/spf/common.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* libspf2's own headers do not compile under our warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#include <spf2/spf.h>
#include <spf2/spf_dns.h>
#pragma GCC diagnostic pop

/* A compiled mechanism, modifier or record beyond these is cut or overruns: half of libspf2's. */
#define TERM_MAX 240
#define RECORD_MAX 450

#define SCRATCH_OCTETS (2U << 20) /* of one run */

/* What hangs on the DNS layer of one evaluation. */
struct engine {
	struct spf_evaluation evaluation;
	const char *record;      /* raw, of the first domain */
	const char *explanation; /* name of the exp= TXT record in force, or NULL */
	unsigned records;        /* fetched so far */
	enum result failure;     /* none, temperror or permerror found here; else RESULT_UNCHECKED */
	const char *names[SPF_NAMES_MAX * SPF_TERMS_MAX]; /* of mx and ptr: their addresses are no terms */
	size_t name_count;
};

static void
set_failure(struct engine *engine, enum result result, enum spf_problem_kind problem)
{
	if (engine->failure != RESULT_UNCHECKED)
		return;
	engine->failure = result;
	if (problem != SPF_PROBLEM_NONE)
		spf_set_problem(&engine->evaluation, problem);
}

/* Count a term (4.6.4). */
static bool
counts_term(struct engine *engine)
{
	if (engine->failure != RESULT_UNCHECKED)
		return false;
	if (++engine->evaluation.terms <= SPF_TERMS_MAX)
		return true;
	set_failure(engine, RESULT_PERMERROR, SPF_PROBLEM_TERM_LIMIT);
	return false;
}

static bool
is_name_of_earlier_answer(const struct engine *engine, const char *name)
{
	for (size_t i = 0; i < engine->name_count; i++)
		if (strcmp(engine->names[i], name) == 0)
			return true;
	return false;
}

static enum dns_type
dns_type_of(ns_type type)
{
	switch (type) {
	case ns_t_a:
		return DNS_A;
	case ns_t_aaaa:
		return DNS_AAAA;
	case ns_t_mx:
		return DNS_MX;
	case ns_t_ptr:
		return DNS_PTR;
	default:
		return DNS_TXT;
	}
}

/* Copy one record into libspf2's answer. */
static bool
copy_record(SPF_dns_rr_t *rr, const struct dns_record *record, ns_type type)
{
	const int index = rr->num_rr;
	size_t length = type == ns_t_a ? 4 : type == ns_t_aaaa ? 16 : 0;

	if (length == 0) {
		if (!record->is_host_name)
			return true;
		length = strlen(record->name) + 1;
	} else if (record->address.length != length) {
		return true; /* an IPv4-mapped address in an AAAA record */
	}
	if (SPF_dns_rr_buf_realloc(rr, index, length > 16 ? length : 16) != SPF_E_SUCCESS)
		return false;
	if (type == ns_t_a)
		memcpy(&rr->rr[index]->a, record->address.octets, 4);
	else if (type == ns_t_aaaa)
		memcpy(&rr->rr[index]->aaaa, record->address.octets, 16);
	else
		memcpy(rr->rr[index]->mx, record->name, length); /* the ptr member lies in the same place */
	rr->num_rr = index + 1;
	return true;
}

/* Bits at the front that an answer's address nearest to the client shares with it; -1: there is none. */
static int
nearness(const struct ipaddr *client, const struct dns_answer *answer)
{
	int nearest = -1;

	for (size_t i = 0; i < answer->count; i++)
		while (nearest < 8 * client->length
		       && ipaddr_matches(client, &answer->records[i].address, (unsigned)(nearest + 1)))
			nearest++;
	return nearest;
}

/*
 * How soon libspf2 shall come to an MX host: it takes them one by one, while a match of any counts before a
 * fault, and that before what is not there, as in spf_native.c.
 */
static int
rank_of(struct engine *engine, const struct dns_record *host)
{
	const struct dns_answer *answer = spf_ask_host(&engine->evaluation, host);

	if (answer == NULL || dns_status_is_void(answer->status))
		return -2;
	return dns_status_is_fault(answer->status) ? -1 : nearness(&engine->evaluation.query->client, answer);
}

/* MX and PTR names of one answer, those first that libspf2 shall see first. */
struct host_list {
	const struct dns_record *hosts[SPF_NAMES_MAX];
	int ranks[SPF_NAMES_MAX];
	size_t count;
};

static void
insert_host(struct host_list *list, const struct dns_record *host, int rank)
{
	size_t at = list->count++;

	for (; at > 0 && list->ranks[at - 1] < rank; at--) {
		list->hosts[at] = list->hosts[at - 1];
		list->ranks[at] = list->ranks[at - 1];
	}
	list->hosts[at] = host;
	list->ranks[at] = rank;
}

/* Take note of the names, and give libspf2 those that it shall see. */
static bool
copy_hosts(struct engine *engine, SPF_dns_rr_t *rr, const struct dns_answer *answer, ns_type type)
{
	struct host_list list = { .count = 0 };

	if (type == ns_t_mx && answer->count > SPF_NAMES_MAX)
		set_failure(engine, RESULT_PERMERROR, SPF_PROBLEM_MX_LIMIT);
	for (size_t i = 0; i < answer->count && i < SPF_NAMES_MAX; i++) {
		const struct dns_record *host = &answer->records[i];

		if (engine->name_count < sizeof engine->names / sizeof engine->names[0])
			engine->names[engine->name_count++] = host->name;
		insert_host(&list, host, type == ns_t_mx ? rank_of(engine, host) : 0);
	}
	for (size_t i = 0; i < list.count; i++)
		if (!copy_record(rr, list.hosts[i], type))
			return false;
	return true;
}

static bool
copy_answer(struct engine *engine, SPF_dns_rr_t *rr, const struct dns_answer *answer, ns_type type)
{
	if (type == ns_t_mx || type == ns_t_ptr)
		return copy_hosts(engine, rr, answer, type);
	for (size_t i = 0; i < answer->count; i++)
		if (!copy_record(rr, &answer->records[i], type))
			return false;
	return true;
}

/* TRY_AGAIN, which makes libspf2 end with temperror; what we found ourselves counts instead. */
static SPF_dns_rr_t *
give_up(SPF_dns_server_t *layer, const char *domain, ns_type type)
{
	return SPF_dns_rr_new_init(layer, domain, type, 0, TRY_AGAIN);
}

static SPF_dns_rr_t *
look_up(SPF_dns_server_t *layer, const char *domain, ns_type type, int should_cache)
{
	struct engine *engine = layer->hook;
	const struct dns_answer *answer;
	SPF_dns_rr_t *rr;

	(void)should_cache;
	if (engine->failure != RESULT_UNCHECKED
	    || (!is_name_of_earlier_answer(engine, domain) && !counts_term(engine)))
		return give_up(layer, domain, type);
	if (!spf_is_name(domain)) /* what cannot be looked up does not exist (4.8) */
		return SPF_dns_rr_new_init(layer, domain, type, 0, HOST_NOT_FOUND);
	answer = spf_ask(&engine->evaluation, domain, dns_type_of(type));
	if (answer == NULL)
		return give_up(layer, domain, type);
	if (dns_status_is_fault(answer->status)) {
		set_failure(engine, RESULT_TEMPERROR, SPF_PROBLEM_LOOKUP_FAULT);
		return give_up(layer, domain, type);
	}
	if (dns_status_is_void(answer->status) && ++engine->evaluation.voids > SPF_VOIDS_MAX) {
		set_failure(engine, RESULT_PERMERROR, SPF_PROBLEM_VOID_LIMIT);
		return give_up(layer, domain, type);
	}
	rr = SPF_dns_rr_new_init(layer, domain, type, 0,
				 answer->status == DNS_NXDOMAIN ? HOST_NOT_FOUND
				 : answer->count == 0           ? NO_DATA
								: NETDB_SUCCESS);
	if (rr != NULL)
		(void)copy_answer(engine, rr, answer, type);
	return rr;
}

/* A record that libspf2's compiler would cut. */
static bool
is_too_long(const struct spf_record *record, struct span text)
{
	if (text.length > RECORD_MAX || record->redirect.length > TERM_MAX
	    || record->explanation.length > TERM_MAX)
		return true;
	for (size_t i = 0; i < record->count; i++)
		if (record->terms[i].text.length > TERM_MAX)
			return true;
	return false;
}

/* libspf2 counts unknown modifiers against its buffers and has no use for them: leave them out. */
static const char *
rewrite_record(struct engine *engine, const struct spf_record *record)
{
	char memory[RECORD_MAX * 2];
	struct strbuf text;

	strbuf_init(&text, memory, sizeof memory);
	strbuf_add(&text, "v=spf1");
	for (size_t i = 0; i < record->count; i++) {
		strbuf_add_char(&text, ' ');
		strbuf_add_span(&text, record->terms[i].text);
		if (record->terms[i].mechanism == SPF_ALL) /* nothing behind it counts (5.1) */
			break;
	}
	if (record->has_redirect && !record->has_all) {
		strbuf_add(&text, " redirect=");
		strbuf_add_span(&text, record->redirect);
	}
	if (record->has_explanation) {
		strbuf_add(&text, " exp=");
		strbuf_add_span(&text, record->explanation);
	}
	return arena_string(engine->evaluation.scratch, memory);
}

static enum result
fetch_record(struct engine *engine, const char *domain, struct spf_record *record, struct span *text)
{
	struct spf_evaluation *evaluation = &engine->evaluation;
	const size_t step = spf_begin_record(evaluation, arena_string(evaluation->scratch, domain));
	const enum result result = spf_read_record(evaluation, domain, evaluation->scratch, record, text);

	spf_end_record(evaluation, step, result, *text);
	return result;
}

static SPF_errcode_t
get_spf(SPF_server_t *server, SPF_request_t *request, SPF_response_t *response, SPF_record_t **compiled)
{
	struct engine *engine = server->resolver->hook;
	struct spf_record record;
	struct span text = { "", 0 };
	enum result result;

	*compiled = NULL;
	if (engine->records++ > 0 && !counts_term(engine))
		return SPF_E_BIG_DNS;
	engine->evaluation.depth = engine->records > 1 ? 1 : 0;
	result = fetch_record(engine, request->cur_dom, &record, &text);
	if (engine->records == 1 && text.length > 0)
		engine->record = text.at;
	if (result == RESULT_PASS && is_too_long(&record, text)) {
		spf_set_problem(&engine->evaluation, SPF_PROBLEM_RECORD_TOO_LONG);
		result = RESULT_PERMERROR;
	}
	if (result == RESULT_PASS)
		return SPF_record_compile(server, response, compiled, rewrite_record(engine, &record));
	response->result = SPF_RESULT_NONE;
	if (result == RESULT_NONE && engine->records == 1)
		return SPF_E_NOT_SPF;
	if (result == RESULT_NONE)
		spf_set_problem(&engine->evaluation, SPF_PROBLEM_NEXT_WITHOUT_RECORD);
	set_failure(engine, result == RESULT_NONE ? RESULT_PERMERROR : result, SPF_PROBLEM_NONE);
	return result == RESULT_PERMERROR ? SPF_E_SYNTAX : SPF_E_DNS_ERROR;
}

/* Called when the result is fail: remember where the text is, and give none to libspf2. */
static SPF_errcode_t
get_exp(SPF_server_t *server, const char *domain, char **text, size_t *size)
{
	struct engine *engine = server->resolver->hook;

	engine->explanation = arena_string(engine->evaluation.scratch, domain);
	if (*text == NULL || *size == 0) {
		*text = malloc(1);
		*size = 1;
	}
	if (*text == NULL)
		return SPF_E_NO_MEMORY;
	(*text)[0] = '\0';
	return SPF_E_SUCCESS;
}

static bool
fill_request(SPF_request_t *request, const struct spf_query *query, struct arena *arena)
{
	const struct ipaddr *client = &query->client;
	const char *sender =
		arena_printf(arena, "%.*s@%s", (int)query->local.length, query->local.at, query->domain);
	struct in_addr ipv4;
	struct in6_addr ipv6;

	memcpy(&ipv4, client->octets, sizeof ipv4);
	memcpy(&ipv6, client->octets, sizeof ipv6);
	if ((client->length == 4 ? SPF_request_set_ipv4(request, ipv4) : SPF_request_set_ipv6(request, ipv6))
	    != SPF_E_SUCCESS)
		return false;
	return SPF_request_set_helo_dom(request, query->helo[0] != '\0' ? query->helo : "unknown")
		       == SPF_E_SUCCESS
	       && SPF_request_set_env_from(request, sender) == 0;
}

static enum result
result_of(const SPF_response_t *response, SPF_errcode_t code)
{
	switch (response->result) {
	case SPF_RESULT_NEUTRAL:
		return RESULT_NEUTRAL;
	case SPF_RESULT_PASS:
		return RESULT_PASS;
	case SPF_RESULT_FAIL:
		return RESULT_FAIL;
	case SPF_RESULT_SOFTFAIL:
		return RESULT_SOFTFAIL;
	case SPF_RESULT_NONE:
		return RESULT_NONE;
	case SPF_RESULT_TEMPERROR:
		return RESULT_TEMPERROR;
	case SPF_RESULT_PERMERROR:
		return RESULT_PERMERROR;
	default: /* "(invalid)": the error tells */
		return code == SPF_E_DNS_ERROR || code == SPF_E_NO_MEMORY ? RESULT_TEMPERROR
									  : RESULT_PERMERROR;
	}
}

/* Run libspf2 once over what is known now. */
static enum result
run(struct engine *engine)
{
	SPF_dns_server_t layer = {
		.lookup = look_up, .get_spf = get_spf, .get_exp = get_exp, .name = "heloscope", .hook = engine
	};
	SPF_server_t *server = SPF_server_new_dns(&layer, 0);
	SPF_request_t *request = server != NULL ? SPF_request_new(server) : NULL;
	SPF_response_t *response = NULL;
	enum result result = RESULT_TEMPERROR;

	if (request != NULL && fill_request(request, engine->evaluation.query, engine->evaluation.scratch)) {
		const SPF_errcode_t code = SPF_request_query_mailfrom(request, &response);

		if (response != NULL)
			result = result_of(response, code);
		if (engine->evaluation.problem.kind == SPF_PROBLEM_NONE)
			engine->evaluation.problem =
				(struct spf_problem){ .kind = SPF_PROBLEM_LIBRARY, .code = (unsigned)code };
	}
	if (response != NULL)
		SPF_response_free(response);
	if (request != NULL)
		SPF_request_free(request);
	if (server != NULL)
		SPF_server_free(server);
	if (engine->failure != RESULT_UNCHECKED)
		result = engine->failure;
	return result;
}

/*
 * Whether an answer is still out for which the run before ended: libspf2 begins anew each time, so that this
 * must be seldom.
 */
static bool
still_awaits(const struct spf_source *source)
{
	const struct spf_awaited *awaited = source->work != NULL ? source->work->state : NULL;

	for (size_t i = 0; awaited != NULL && i < awaited->count; i++)
		if (source->ask(source->context, awaited->items[i].name, awaited->items[i].type) == NULL)
			return true;
	return false;
}

/* Note for the next call what this one came to and did not have. */
static void
keep_awaited(const struct spf_awaited *found, struct workspace *work)
{
	struct spf_awaited *awaited;

	if (work == NULL)
		return;
	workspace_clear(work);
	awaited = work->state = arena_alloc(&work->memory, sizeof *awaited);
	for (size_t i = 0; awaited != NULL && i < found->count; i++) {
		awaited->items[i].name = arena_string(&work->memory, found->items[i].name);
		awaited->items[i].type = found->items[i].type;
	}
	if (awaited != NULL)
		awaited->count = found->count;
}

static struct spf_outcome
outcome_of(struct engine *engine, enum result result, const char *told, struct arena *arena)
{
	if (engine->evaluation.scratch->has_failed)
		return spf_out_of_memory;
	return (struct spf_outcome){
		.result = result,
		.record = engine->record,
		.problem = spf_keep_problem(arena, &engine->evaluation.problem, result),
		.explanation = spf_keep(arena, told),
		.trace = spf_keep_trace(&engine->evaluation, arena),
	};
}

bool
spf_libspf2_evaluate(const struct spf_query *query, const struct spf_source *source, struct arena *arena,
		     struct spf_outcome *outcome)
{
	struct arena scratch;
	struct engine engine = { .evaluation = { .query = query, .source = source, .scratch = &scratch },
				 .failure = RESULT_UNCHECKED };
	const char *told = NULL;
	enum result result;
	bool is_done;

	if (still_awaits(source))
		return false;
	arena_init(&scratch, SCRATCH_OCTETS);
	result = run(&engine);
	if (!engine.evaluation.is_pending && result == RESULT_FAIL && engine.explanation != NULL)
		told = spf_explain(&engine.evaluation, engine.explanation, query->domain, &scratch);
	is_done = !engine.evaluation.is_pending || scratch.has_failed;
	if (is_done)
		*outcome = outcome_of(&engine, result, told, arena);
	if (is_done && source->work != NULL)
		workspace_clear(source->work);
	else if (!is_done)
		keep_awaited(&engine.evaluation.awaited, source->work);
	arena_clear(&scratch);
	return is_done;
}
