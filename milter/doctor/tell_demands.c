#include "heloscope/doctor/tell_demands.h"

#include "heloscope/base/document.h"
#include "heloscope/base/prose.h"
#include "heloscope/doctor/demand.h"
#include "heloscope/doctor/group.h"
#include "heloscope/words/explain.h"

#define TEXT_MAX 24576 /* octets of a demand: the reasons of all domains */

/* A demand, as it is told. */
struct telling_demand {
	const struct doctor_report *reports;
	size_t count; /* of domains */
	enum doctor_demand demand;
	size_t in_state[DEMAND_STATES];
	struct strbuf *out;
};

static const char signs[][2] = {
	[SENDERS_NONE] = "", [SENDERS_ALL] = "", [SENDERS_BULK] = "*", [SENDERS_MUCH] = "+"
};

/* "SPF passes (Gmail*, Yahoo+): " */
static void
add_title(struct telling_demand *telling)
{
	const struct doctor_demand_words *words = doctor_demand_words(telling->demand);
	const char *separator = " (";

	strbuf_add(telling->out, words->title);
	for (int receiver = 0; receiver < DOCTOR_RECEIVERS; receiver++) {
		if (words->asked[receiver] == SENDERS_NONE)
			continue;
		strbuf_printf(telling->out, "%s%s%s", separator,
			      doctor_receiver_title((enum doctor_receiver)receiver),
			      signs[words->asked[receiver]]);
		separator = ", ";
	}
	strbuf_add(telling->out, "): ");
}

/* The words of the finding, and where it stands. */
static void
add_reason(struct telling_demand *telling, const struct doctor_finding *why, enum doctor_message_fault fault)
{
	if (fault != MESSAGE_GOOD)
		strbuf_printf(telling->out, ", because %s", doctor_message_words(fault));
	if (why == NULL)
		return;
	strbuf_add(telling->out, ", because ");
	doctor_add_filled(telling->out, doctor_problem_words(why->problem)->reason, why->subject);
	strbuf_printf(telling->out, " (see %s above)", doctor_row_title(why->row));
}

/* Domains in that state, by name where not all are in it, or a reason is told. */
static void
add_domains(struct telling_demand *telling, enum demand_state state, const char *words)
{
	const bool is_split = telling->in_state[state] < telling->count;
	const struct doctor_finding *why;
	bool is_first = true;

	if (telling->in_state[state] == 0)
		return;
	strbuf_add(telling->out, words);
	for (size_t i = 0; i < telling->count; i++) {
		const enum doctor_message_fault fault =
			doctor_demand_fault(&telling->reports[i], telling->demand);

		if (doctor_demand_judge(&telling->reports[i], telling->demand, &why) != state)
			continue;
		if (is_split || why != NULL || fault != MESSAGE_GOOD)
			strbuf_printf(telling->out, "%s%s",
				      is_first                               ? " for "
				      : why != NULL || fault != MESSAGE_GOOD ? "; for "
									     : ", ",
				      telling->reports[i].domain);
		add_reason(telling, why, fault);
		is_first = false;
	}
	strbuf_add(telling->out, ".");
}

static void
count_states(struct telling_demand *telling)
{
	const struct doctor_finding *why;

	for (size_t i = 0; i < telling->count; i++) {
		const enum demand_state state =
			doctor_demand_judge(&telling->reports[i], telling->demand, &why);

		telling->in_state[state]++;
	}
}

static void
add_demand(struct telling_demand *telling)
{
	const struct doctor_demand_words *words = doctor_demand_words(telling->demand);
	const char *instead = doctor_demand_instead(telling->reports, telling->count, telling->demand);
	const bool has_unmet = telling->in_state[DEMAND_NOT_MET] > 0;

	add_title(telling);
	add_domains(telling, DEMAND_NOT_MET, "not met");
	add_domains(telling, DEMAND_NOT_TESTABLE,
		    has_unmet ? " Not testable from here" : "not testable from here");
	if (instead != NULL)
		strbuf_printf(telling->out, " %s", instead);
	add_domains(telling, DEMAND_MET, telling->in_state[DEMAND_MET] < telling->count ? " Met" : "met");
	if (telling->in_state[DEMAND_MET] > 0 && words->caveat != NULL)
		strbuf_printf(telling->out, " %s", words->caveat);
}

static enum explain_mark
mark_of(const struct telling_demand *telling)
{
	return telling->in_state[DEMAND_NOT_MET] > 0        ? EXPLAIN_BAD
	       : telling->in_state[DEMAND_NOT_TESTABLE] > 0 ? EXPLAIN_NEITHER
							    : EXPLAIN_GOOD;
}

static void
put_demand(const struct doctor_report *reports, size_t count, enum doctor_demand demand, struct output *out)
{
	char memory[TEXT_MAX];
	struct strbuf text = STRBUF_OVER(memory);
	struct telling_demand telling = {
		.reports = reports, .count = count, .demand = demand, .out = &text
	};

	count_states(&telling);
	add_demand(&telling);
	output_put(out, "\n  ");
	explain_put_mark(mark_of(&telling), out);
	output_put(out, " ");
	prose_wrap(out, memory, 4, 4);
}

void
doctor_put_demands(const struct doctor_report *reports, size_t count, unsigned left_out, struct output *out)
{
	output_put(out, "\nWhat large receivers ask for\n\n  ");
	prose_wrap(
		out,
		"No mark: required of everybody; *: of those who send them 5,000 messages a day or more; +: of bulk senders, without a published number.",
		2, 2);
	for (int demand = 0; demand < DOCTOR_DEMANDS; demand++)
		if ((left_out & 1U << demand) == 0)
			put_demand(reports, count, (enum doctor_demand)demand, out);
}

/* JSON. */

static json_t *
asked_json(const struct doctor_demand_words *words)
{
	json_t *asked = json_object();

	for (int receiver = 0; receiver < DOCTOR_RECEIVERS; receiver++)
		document_set_text(asked, doctor_receiver_token((enum doctor_receiver)receiver),
				  doctor_senders_token(words->asked[receiver]));
	return asked;
}

static json_t *
reason_json(const struct doctor_finding *why)
{
	json_t *reason = json_object();

	document_set_text(reason, "row", doctor_row_token(why->row));
	document_set_text(reason, "problem", doctor_problem_words(why->problem)->token);
	if (why->subject[0] != '\0')
		document_set_text(reason, "subject", why->subject);
	return reason;
}

static json_t *
demand_json(const struct doctor_report *report, enum doctor_demand demand)
{
	const struct doctor_demand_words *words = doctor_demand_words(demand);
	const struct doctor_finding *why;
	const enum demand_state state = doctor_demand_judge(report, demand, &why);
	json_t *object = json_object();

	document_set_text(object, "demand", words->token);
	document_set_text(object, "state", demand_state_token(state));
	document_put(object, "asked-by", asked_json(words));
	if (why != NULL)
		document_put(object, "because", reason_json(why));
	document_set_text(object, "message", doctor_message_token(doctor_demand_fault(report, demand)));
	document_set_text(object, "instead", doctor_demand_instead(report, 1, demand));
	return object;
}

json_t *
doctor_demands_json(const struct doctor_report *report)
{
	json_t *array = json_array();

	for (int demand = 0; demand < DOCTOR_DEMANDS; demand++)
		document_append(array, demand_json(report, (enum doctor_demand)demand));
	return array;
}
