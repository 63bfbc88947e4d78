#include "unit.h"

#include <stdlib.h>

#include "fake_dns.h"

struct fake_query {
	struct fake_query *next;
	dns_callback *callback;
	void *context;
	enum dns_type type;
	char name[1100];
};

const struct fake_row *
fake_dns_find(const struct fake_row *rows, size_t count, const char *name, enum dns_type type)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].type == type
		    && (strcmp(rows[i].name, name) == 0
			|| domain_matches(span_of(name), span_of(rows[i].name))))
			return &rows[i];
	fail_msg("unexpected question: %s %s", name, dns_type_word(type));
	return NULL;
}

static void
set_record(struct dns_record *record, enum dns_type type, const char *text)
{
	struct span span = span_of(text);

	if (type == DNS_A || type == DNS_AAAA) {
		assert_true(ipaddr_parse(span, &record->address));
	} else if (type == DNS_TXT) {
		record->text = span;
	} else {
		if (type == DNS_MX) {
			record->preference = (uint16_t)atoi(text);
			text = strchr(text, ' ') + 1;
		}
		record->name = text;
		record->is_host_name = text[0] != '\0' && strchr(text, '\\') == NULL;
	}
}

static size_t
count_records(const char *records)
{
	size_t count = records != NULL ? 1 : 0;

	for (; records != NULL && *records != '\0'; records++)
		count += *records == '|';
	return count;
}

struct dns_answer *
fake_dns_answer(const struct fake_row *row)
{
	const size_t length = row->records != NULL ? strlen(row->records) : 0;
	const size_t most = count_records(row->records);
	const size_t octets = sizeof(struct dns_answer) + most * sizeof(struct dns_record) + length + 1;
	struct dns_answer *answer = calloc(1, octets);
	char *rest = (char *)&answer->records[most];

	answer->status = row->status;
	answer->ttl_s = 300;
	answer->octets = (uint32_t)octets;
	if (row->records == NULL)
		return answer;
	memcpy(rest, row->records, length + 1);
	while (rest != NULL) {
		char *text = rest, *bar = strchr(rest, '|');

		rest = bar != NULL ? bar + 1 : NULL;
		if (bar != NULL)
			*bar = '\0';
		assert_true(answer->count < most);
		set_record(&answer->records[answer->count++], row->type, text);
	}
	answer->count = dns_records_order(answer->records, answer->count, row->type);
	return answer;
}

static bool
ask(struct dns_resolver *resolver, const char *name, enum dns_type type, dns_callback *callback,
    void *context)
{
	struct fake_dns *fake = (struct fake_dns *)resolver;
	struct fake_query *query = calloc(1, sizeof *query);

	*query = (struct fake_query){
		.next = fake->queries, .callback = callback, .context = context, .type = type
	};
	(void)snprintf(query->name, sizeof query->name, "%s", name);
	fake->queries = query;
	fake->asked++;
	return true;
}

static void
after_answers(struct dns_resolver *resolver, void (*run)(void *context), void *context)
{
	(void)resolver;
	run(context);
}

void
fake_dns_init(struct fake_dns *fake, const struct fake_row *rows, size_t count)
{
	*fake = (struct fake_dns){ .interface = { .ask = ask, .after_answers = after_answers },
				   .rows = rows,
				   .row_count = count };
}

static struct fake_query *
take(struct fake_dns *fake, const char *name)
{
	for (struct fake_query **at = &fake->queries; *at != NULL; at = &(*at)->next) {
		struct fake_query *query = *at;

		if (name == NULL || strcmp(query->name, name) == 0) {
			*at = query->next;
			return query;
		}
	}
	return NULL;
}

static size_t
deliver(struct fake_dns *fake, const char *name)
{
	struct fake_query *query;
	size_t count = 0;

	while ((query = take(fake, name)) != NULL) {
		query->callback(query->context, fake_dns_answer(fake_dns_find(fake->rows, fake->row_count,
									      query->name, query->type)));
		free(query);
		count++;
	}
	return count;
}

size_t
fake_dns_deliver(struct fake_dns *fake)
{
	return deliver(fake, NULL);
}

size_t
fake_dns_deliver_name(struct fake_dns *fake, const char *name)
{
	return deliver(fake, name);
}
