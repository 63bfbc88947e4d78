#include "heloscope/doctor/claim.h"

#include <stdlib.h>
#include <string.h>

#include "heloscope/base/clock.h"
#include "heloscope/base/document.h"
#include "heloscope/dns/name_servers.h"
#include "heloscope/dns/resolver.h"
#include "heloscope/doctor/claim_tell.h"
#include "heloscope/doctor/doctor.h"
#include "heloscope/refusals/normal.h"

#define NAME_SERVERS_MS 3000
#define EXAMS_MEMORY (64U << 20)
#define TEXT_MAX 2000 /* octets of a finding */
#define NAME_MIN 5    /* octets of a name that is not a part of some word by chance */

/* Examinations. */

struct claim_exam {
	struct claim_subject subject;
	struct doctor_report report;
};

struct claims {
	struct config *config;
	struct claim_subject given;
	struct dns_resolver *resolver; /* NULL until something is asked */
	struct lookup *lookup;
	struct arena arena;
	struct claim_exam exams[BOUND_CLAIM_EXAMS];
	size_t count;
	unsigned left_ms;            /* for all examinations to come */
	const char *failure;         /* why nothing can be asked; NULL: it can, or was not tried yet */
	void (*tell)(void *context); /* that something was examined; or NULL */
	void *context;
	char text[TEXT_MAX]; /* of the last finding */
};

struct claims *
claims_new(struct config *config, const struct claim_subject *given)
{
	struct claims *claims = calloc(1, sizeof *claims);

	if (claims == NULL)
		return NULL;
	claims->config = config_ref(config);
	claims->given = *given;
	claims->left_ms = DOCTOR_TOTAL_MS;
	arena_init(&claims->arena, EXAMS_MEMORY);
	return claims;
}

void
claims_free(struct claims *claims)
{
	if (claims == NULL)
		return;
	resolver_free(claims->resolver);
	lookup_free(claims->lookup);
	arena_clear(&claims->arena);
	config_unref(claims->config);
	free(claims);
}

void
claims_watch(struct claims *claims, void (*tell)(void *context), void *context)
{
	claims->tell = tell;
	claims->context = context;
}

/* Why the DNS cannot be asked; NULL when it can. */
static const char *
open_resolver(struct claims *claims)
{
	char memory[400];
	struct strbuf named = STRBUF_OVER(memory);
	struct error error;

	claims->resolver = resolver_new(&claims->config->resolver, &error);
	if (claims->resolver == NULL)
		return arena_string(&claims->arena, error.text);
	claims->lookup = lookup_new(claims->resolver, claims->config->timeout_ms);
	if (claims->lookup == NULL)
		return "Memory ran out.";
	if (name_servers_look(&claims->config->resolver, NAME_SERVERS_MS, &named) != NAME_SERVERS_ANSWER)
		return arena_printf(&claims->arena, "The name servers of this host do not answer (%s).",
				    memory);
	return NULL;
}

static void
examine(struct claims *claims, struct claim_exam *exam)
{
	const uint64_t begin_ms = clock_now_ms();
	const struct claim_subject *subject = &exam->subject;
	struct doctor_key key = { .is_learned = true };
	struct doctor_order order = {
		.addresses = &subject->address,
		.address_count = subject->address.length > 0,
		.helo = subject->helo[0] != '\0' ? subject->helo : NULL,
		.keys = &key,
		.key_count = subject->selector[0] != '\0',
		.bounces = subject->bounces[0] != '\0' ? subject->bounces : NULL,
		.resolver = claims->resolver,
		.end_ms = begin_ms + claims->left_ms,
	};
	uint64_t took_ms;

	(void)memcpy(key.selector, subject->selector, DOMAIN_SIZE);
	(void)memcpy(key.domain, subject->signer, DOMAIN_SIZE);
	if (subject->kind->about == CLAIM_ABOUT_ADDRESS)
		doctor_examine_addresses(subject->domain, &order, claims->config, claims->lookup,
					 &claims->arena, &exam->report);
	else
		doctor_examine(subject->domain, &order, claims->config, claims->lookup, &claims->arena,
			       &exam->report);
	took_ms = clock_now_ms() - begin_ms;
	claims->left_ms -= took_ms < claims->left_ms ? (unsigned)took_ms : claims->left_ms;
}

/* The examination of that subject; NULL, with the reason, when none can be made any more. */
static const struct doctor_report *
examine_once(struct claims *claims, const struct claim_subject *subject, const char **reason)
{
	struct claim_exam *exam = claims->exams + claims->count;

	for (size_t i = 0; i < claims->count; i++)
		if (claim_subject_equals(&claims->exams[i].subject, subject))
			return &claims->exams[i].report;
	if (claims->resolver == NULL && claims->failure == NULL)
		claims->failure = open_resolver(claims);
	*reason = claims->failure;
	if (*reason == NULL && claims->count == BOUND_CLAIM_EXAMS)
		*reason = "So many different domains and addresses are not tested in one run.";
	if (*reason == NULL && (claims->left_ms == 0 || claims->arena.has_failed))
		*reason = "The tests before it took all the time or memory that there is for them.";
	if (*reason != NULL)
		return NULL;
	exam->subject = *subject;
	claims->count++;
	examine(claims, exam);
	if (claims->tell != NULL)
		claims->tell(claims->context);
	return &exam->report;
}

/* Subjects. */

/* Whether a list of the configuration can say it. */
static bool
can_be_asked(const struct list *list, const struct claim_subject *subject)
{
	const bool is_of_addresses = (list->subjects & 1U << LIST_CLIENT) != 0;

	return !list->is_allow && !list->is_left_out
	       && is_of_addresses == (subject->kind->about == CLAIM_ABOUT_ADDRESS)
	       && (!is_of_addresses || list_takes_family(list, subject->address.length));
}

/* `name`, whose letters are lowered, in the text, which is normalized. */
static bool
is_named(const char *text, const char *name)
{
	char lower[DOMAIN_SIZE];
	size_t length = 0;

	for (; name[length] != '\0' && length + 1 < sizeof lower; length++)
		lower[length] = ascii_lower(name[length]);
	lower[length] = '\0';
	return length >= NAME_MIN && strstr(text, lower) != NULL;
}

/* The list that the reply names by its zone, else the first of an operator whom it names. */
static const char *
find_list(const struct claims *claims, const char *text, const struct claim_subject *subject)
{
	const struct list_set *lists = &claims->config->lists;
	const char *of_operator = NULL;

	for (size_t i = 0; i < lists->count; i++) {
		const struct list *list = &lists->items[i];

		if (!can_be_asked(list, subject))
			continue;
		if (is_named(text, list->shown))
			return list->shown;
		if (of_operator == NULL && is_named(text, list->operator))
			of_operator = list->shown;
	}
	return of_operator;
}

bool
claims_find_subject(const struct claims *claims, const struct refusal *refusal,
		    const struct recognition *known, struct claim_subject *subject)
{
	const struct claim_kind *kind;
	char memory[BOUND_REFUSAL_TEXT + 1];
	struct strbuf said = STRBUF_OVER(memory);

	normal_add(&said, refusal->text, known->codes.reply);
	kind = claim_kind_of(known, memory);
	*subject = claim_subject_of(refusal, kind, memory, &claims->given);
	if (kind->is_of_list)
		subject->list = find_list(claims, memory, subject);
	return kind->about != CLAIM_ABOUT_NOTHING;
}

struct claim
claims_test(struct claims *claims, const struct claim_subject *subject)
{
	struct claim_subject asked = *subject;
	const struct doctor_report *report;
	const char *reason;
	struct claim claim;
	struct strbuf text;

	strbuf_init(&text, claims->text, sizeof claims->text);
	claim_subject_reduce(&asked);
	if (claim_is_untestable(&asked, &text, &claim))
		return claim;
	report = examine_once(claims, &asked, &reason);
	return report != NULL ? claim_judge(report, &asked, &text)
			      : (struct claim){ CLAIM_NOT_TESTED, reason, NULL };
}

/* Differences. */

#define COMPARED_MAX 2 /* domains that pass, which are looked at beside one that is refused */

static json_t *
json_of_row(const struct claim_row *row, const struct claim_subject *subject)
{
	const struct doctor_finding *finding = row->finding;
	json_t *object = json_object();

	document_set_text(object, "row", doctor_row_token(row->row));
	document_set_text(object, "refused", doctor_severity_token(row->refused));
	document_set_text(object, "delivered", doctor_severity_token(row->delivered));
	document_set_flag(object, "is-named", row->is_named);
	document_put(object, "finding", document_text(span_of(finding->what)));
	document_put(object, "records",
		     claim_records_json(claim_rests_on_reply(subject, finding) ? NULL : finding->publish));
	return object;
}

/* All of a domain, for whatever the refusal was; NULL when there is nothing to ask or no time any more. */
static const struct doctor_report *
examine_domain(struct claims *claims, const struct claim_subject *subject, const char *domain)
{
	static const struct claim_kind whole = { .about = CLAIM_ABOUT_DOMAIN };
	struct claim_subject other = *subject;
	const char *reason;

	other.kind = &whole;
	other.bounces[0] = other.selector[0] = other.signer[0] = '\0';
	if (other.is_helo_of_reply)
		other.helo[0] = '\0';
	other.is_helo_of_reply = false;
	if (!claim_read_domain(span_of(domain), other.domain))
		return NULL;
	return examine_once(claims, &other, &reason);
}

json_t *
claims_compare(struct claims *claims, const struct claim_subject *subject, const char *const *domains,
	       size_t count)
{
	const struct doctor_report *refused = examine_domain(
		claims, subject, subject->sender[0] != '\0' ? subject->sender : subject->domain);
	const struct doctor_report *delivered[COMPARED_MAX];
	struct claim_row rows[DOCTOR_ROWS];
	size_t examined = 0, found;
	json_t *array;

	for (size_t i = 0; i < count && examined < COMPARED_MAX && refused != NULL; i++) {
		delivered[examined] = examine_domain(claims, subject, domains[i]);
		examined += delivered[examined] != NULL;
	}
	if (examined == 0)
		return json_null();
	array = json_array();
	found = claim_compare(refused, delivered, examined, subject->kind, rows);
	for (size_t i = 0; i < found; i++)
		document_append(array, json_of_row(&rows[i], subject));
	return array;
}
