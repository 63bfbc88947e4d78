#include "heloscope/doctor/lists.h"

#include "heloscope/base/strbuf.h"
#include "heloscope/lists/dnslist.h"
#include "heloscope/words/list_trouble.h"

/* `name`: under which the list is asked; `subject`: the address or domain, for words. */
typedef void list_question(struct exam *exam, const struct list *list, enum doctor_row row, const char *name,
			   const char *subject);

/* Whether one part of a list is well, asked once. */
struct list_look {
	bool is_begun, is_ended;
	struct list_exam exam;
};

static enum list_part
part_of(const char *address_text)
{
	struct ipaddr address;

	return list_part_of_address(ipaddr_parse(span_of(address_text), &address) ? address.length : 4);
}

static struct list_look *
list_look_of(struct exam *exam, const struct list *list, enum doctor_row row, const char *subject)
{
	const size_t number = (size_t)(list - exam->config->lists.items);
	const enum list_part part = row == DOCTOR_DOMAIN_LISTS ? LIST_PART_NAMES : part_of(subject);

	return exam->list_looks != NULL ? &exam->list_looks[number * LIST_PARTS + part] : NULL;
}

/* What is wrong with the list that says so, or NULL: a list that is not well proves nothing, not even "not
 * listed". */
static const char *
list_fault(struct exam *exam, struct list_look *look)
{
	char memory[500];
	struct strbuf text = STRBUF_OVER(memory);

	if (look == NULL || !look->is_begun)
		return NULL;
	if (!look->is_ended)
		list_exam_end(&look->exam, exam->lookup);
	look->is_ended = true;
	if (look->exam.trouble == LIST_WELL || look->exam.trouble == LIST_UNCHECKED)
		return NULL;
	list_exam_tell(&look->exam, &text);
	return arena_string(exam->arena, memory);
}

static void
examine_list(struct exam *exam, const struct list *list, enum doctor_row row, const char *name,
	     const char *subject)
{
	const struct list_reading reading = dnslist_read(list, lookup_get(exam->lookup, name, DNS_A));
	const char *page = dnslist_page(exam->arena, list, subject);
	const char *meaning = reading.count > 0 ? dnslist_meaning(list, reading.answers[0]) : NULL;

	const char *fault = list_fault(exam, list_look_of(exam, list, row, subject));

	if (fault != NULL)
		exam_add(exam,
			 (struct doctor_finding){
				 .problem = PROBLEM_LIST_UNWELL,
				 .row = row,
				 .subject = list->shown,
				 .severity = DOCTOR_UNKNOWN,
				 .what = arena_printf(
					 exam->arena,
					 "What %s says of %s counts for nothing: the list does not work.",
					 list->shown, subject),
				 .consequence = fault });
	else if (reading.says == LIST_SAYS_NO || reading.says == LIST_SAYS_OTHER)
		exam_set_cell(exam, row, DOCTOR_GOOD);
	else if (reading.says != LIST_SAYS_YES)
		exam_add(exam,
			 (struct doctor_finding){ .problem = PROBLEM_LIST_SILENT,
						  .row = row,
						  .subject = list->shown,
						  .severity = DOCTOR_UNKNOWN,
						  .what = arena_printf(exam->arena,
								       "%s does not say whether it lists %s.",
								       list->shown, subject) });
	else
		exam_add(exam,
			 (struct doctor_finding){
				 .problem = PROBLEM_LISTED,
				 .row = row,
				 .subject = arena_printf(exam->arena, "%s lists %s", list->shown, subject),
				 .severity = DOCTOR_ERROR,
				 .what = arena_printf(exam->arena, "%s lists %s%s%s.", list->shown, subject,
						      meaning != NULL ? ": " : "",
						      meaning != NULL ? meaning : ""),
				 .consequence = arena_printf(
					 exam->arena, "Receivers that use this list refuse your mail.%s%s",
					 page != NULL ? " Its page: " : "", page != NULL ? page : "") });
}

/* Have `act` called for all that lists are asked. */
static void
each_list_question(struct exam *exam, list_question *act)
{
	char name[DOMAIN_SIZE];

	for (size_t i = 0; i < exam->config->lists.count; i++) {
		const struct list *list = &exam->config->lists.items[i];
		const bool is_of_addresses = (list->subjects & 1U << LIST_CLIENT) != 0;

		if (list->is_allow || list->is_left_out)
			continue;
		if (!is_of_addresses && exam->report->domain[0] != '\0'
		    && dnslist_domain_name(list, exam->report->domain, name))
			act(exam, list, DOCTOR_DOMAIN_LISTS, name, exam->report->domain);
		for (size_t j = 0; is_of_addresses && j < exam->report->address_count; j++) {
			const struct ipaddr *address = &exam->report->addresses[j];

			if (list_takes_family(list, address->length) && !dnslist_is_private(address)
			    && dnslist_address_name(list, address, name))
				act(exam, list, DOCTOR_ADDRESS_LISTS, name, exam_address_text(exam, address));
		}
	}
}

/* All are asked at once: a hundred that do not answer are waited for no longer than one. */
static void
want_list(struct exam *exam, const struct list *list, enum doctor_row row, const char *name,
	  const char *subject)
{
	struct list_look *look = list_look_of(exam, list, row, subject);

	lookup_want(exam->lookup, name, DNS_A);
	if (look == NULL || look->is_begun)
		return;
	look->is_begun = true;
	look->exam = list_exam_begin(list, row == DOCTOR_DOMAIN_LISTS ? LIST_PART_NAMES : part_of(subject),
				     exam->lookup, exam->arena);
}

void
exam_want_lists(struct exam *exam)
{
	exam->list_looks = arena_alloc(exam->arena, (exam->config->lists.count * LIST_PARTS + 1)
							    * sizeof *exam->list_looks);
	each_list_question(exam, want_list);
}

void
exam_lists(struct exam *exam)
{
	each_list_question(exam, examine_list);
}
