#include "heloscope/checks/iprev.h"

#include <stdlib.h>
#include <string.h>

#define ADDRESSES_SHOWN 4

/* The names of a PTR answer that are followed: the first, as answers are in order. */
struct name_list {
	const struct dns_record *records;
	size_t count;
};

static const char *
addresses_shown(const struct dns_answer *answer, struct arena *arena)
{
	char memory[(IPADDR_TEXT_SIZE + 2) * ADDRESSES_SHOWN + 4], text[IPADDR_TEXT_SIZE];
	struct strbuf shown;

	strbuf_init(&shown, memory, sizeof memory);
	for (size_t i = 0; i < answer->count && i < ADDRESSES_SHOWN; i++)
		strbuf_printf(&shown, "%s%s", i > 0 ? ", " : "",
			      ipaddr_format(&answer->records[i].address, text));
	if (answer->count > ADDRESSES_SHOWN)
		strbuf_add(&shown, "...");
	return arena_string(arena, memory);
}

/* Ask for all names. Returns false while one in front of the first verified name is awaited. */
static bool
ask_names(struct inquiry *inquiry, const struct name_list *names, const struct dns_answer **answers)
{
	static const struct dns_answer no_host_name = { .status = DNS_MALFORMED };
	const struct ipaddr *client = &inquiry_facts(inquiry)->client.address;
	const enum dns_type type = dns_address_type(client);

	for (size_t i = 0; i < names->count; i++)
		answers[i] = names->records[i].is_host_name
				     ? inquiry_ask(inquiry, STAGE_CONNECT, names->records[i].name, type)
				     : &no_host_name;
	for (size_t i = 0; i < names->count; i++) {
		if (answers[i] == NULL)
			return false;
		if (dns_answer_holds(answers[i], client))
			return true;
	}
	return true;
}

static void
write_names(struct inquiry *inquiry, const struct name_list *names, const struct dns_answer *const *answers)
{
	struct facts *facts = inquiry_facts(inquiry);
	struct arena *arena = inquiry_arena(inquiry, STAGE_CONNECT);
	bool is_uncertain = false;

	facts->iprev.names = arena_alloc(arena, names->count * sizeof *facts->iprev.names);
	for (size_t i = 0; facts->iprev.names != NULL && i < names->count && answers[i] != NULL; i++) {
		struct iprev_name *name = &facts->iprev.names[facts->iprev.count++];

		name->name = arena_string(arena, names->records[i].name);
		name->status = answers[i]->status;
		name->is_verified = dns_answer_holds(answers[i], &facts->client.address);
		name->addresses = addresses_shown(answers[i], arena);
		if (name->is_verified && facts->iprev.verified == NULL)
			facts->iprev.verified = name->name;
		is_uncertain =
			is_uncertain || (dns_status_is_fault(name->status) && name->status != DNS_MALFORMED);
	}
	facts->results[METHOD_IPREV] = facts->iprev.verified != NULL ? RESULT_PASS
				       : is_uncertain                ? RESULT_TEMPERROR
								     : RESULT_FAIL;
}

static bool
run(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);
	const struct ipaddr *client = &facts->client.address;
	const struct dns_answer *pointers, *answers[IPREV_NAMES_MAX];
	struct name_list names;
	char reverse[IPADDR_REVERSE_SIZE];

	if (client->length == 0 || !config_wants(inquiry_config(inquiry), METHOD_IPREV))
		return true;
	pointers = inquiry_ask(inquiry, STAGE_CONNECT, ipaddr_reverse_name(client, reverse), DNS_PTR);
	if (pointers == NULL)
		return false;
	names = (struct name_list){ pointers->records,
				    pointers->count < IPREV_NAMES_MAX ? pointers->count : IPREV_NAMES_MAX };
	if (!ask_names(inquiry, &names, answers))
		return false;
	facts->iprev = (struct iprev_facts){ .status = pointers->status,
					     .total = pointers->count + pointers->left_out };
	if (names.count > 0)
		write_names(inquiry, &names, answers);
	else
		facts->results[METHOD_IPREV] =
			dns_status_is_fault(pointers->status) ? RESULT_TEMPERROR : RESULT_PERMERROR;
	return true;
}

const struct check check_iprev = { .stage = STAGE_CONNECT, .run = run, .method = METHOD_IPREV };
