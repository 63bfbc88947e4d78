#include "heloscope/mails/tls_report.h"

#include <time.h>

#include "heloscope/base/bounds.h"
#include "heloscope/base/tree.h"

static struct span
text_in(const struct node *object, const char *name)
{
	const struct node *member = tree_member(object, name);

	return member != NULL && member->kind == NODE_TEXT
		       ? (struct span){ member->value.text, member->length }
		       : SPAN("");
}

/* The first text of a list, or the text that stands in its place. */
static struct span
first_text_in(const struct node *object, const char *name)
{
	const struct node *first = tree_first(tree_member(object, name));

	if (first != NULL && first->kind == NODE_TEXT)
		return (struct span){ first->value.text, first->length };
	return text_in(object, name);
}

static uint64_t
count_in(const struct node *object, const char *name)
{
	const struct node *member = tree_member(object, name);
	unsigned number;

	if (member != NULL && member->kind == NODE_INTEGER && member->value.number > 0)
		return (uint64_t)member->value.number;
	return span_to_number(text_in(object, name), 0, 999999999, &number) ? number : 0;
}

/* Two or four digits of a date; they are taken, with what stands behind them. */
static bool
take_digits(struct span *text, size_t digits, int *value)
{
	unsigned number;

	if (text->length < digits || !span_to_number((struct span){ text->at, digits }, 0, 9999, &number))
		return false;
	*value = (int)number;
	*text = span_from(*text, digits + 1);
	return true;
}

/* "2026-11-24T00:00:00Z", in seconds since 1970; 0: it is none. */
static int64_t
time_in(const struct node *object, const char *name)
{
	struct span text = text_in(object, name);
	struct tm parts = { .tm_year = 0 };

	if (!take_digits(&text, 4, &parts.tm_year) || !take_digits(&text, 2, &parts.tm_mon)
	    || !take_digits(&text, 2, &parts.tm_mday) || !take_digits(&text, 2, &parts.tm_hour)
	    || !take_digits(&text, 2, &parts.tm_min) || !take_digits(&text, 2, &parts.tm_sec))
		return 0;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	return (int64_t)timegm(&parts);
}

/* One of the registry of RFC 8460, 6.6, perhaps one that is new; "unknown" for what cannot be one. */
static struct span
token_in(const struct node *object, const char *name)
{
	const struct span text = text_in(object, name);

	for (size_t i = 0; i < text.length; i++)
		if (!ascii_is_alnum(text.at[i]) && text.at[i] != '-')
			return SPAN("unknown");
	return text;
}

/* A failure under a policy, of which `row` holds what is said. */
static void
take_failure(const struct node *failure, const struct tls_report *report, struct tls_row row,
	     tls_report_taker *taker, void *context)
{
	row.is_failure = true;
	row.successful = 0;
	row.failed = count_in(failure, "failed-session-count");
	row.result_type = token_in(failure, "result-type");
	row.sending_ip = text_in(failure, "sending-mta-ip");
	row.receiving_mx = text_in(failure, "receiving-mx-hostname");
	row.receiving_ip = text_in(failure, "receiving-ip");
	row.reason = text_in(failure, "failure-reason-code");
	row.information = text_in(failure, "additional-information");
	if (row.result_type.length > 0)
		taker(context, report, &row);
}

static void
take_policy(const struct node *item, const struct tls_report *report, tls_report_taker *taker, void *context)
{
	const struct node *policy = tree_member(item, "policy"), *summary = tree_member(item, "summary");
	const struct node *failures = tree_member(item, "failure-details");
	struct tls_row row = { .is_failure = false };

	if (item->kind != NODE_OBJECT)
		return;
	row.policy_type = text_in(policy, "policy-type");
	row.domain = text_in(policy, "policy-domain");
	row.mx_host = first_text_in(policy, "mx-host");
	row.result_type = row.sending_ip = row.receiving_mx = SPAN("");
	row.receiving_ip = row.reason = row.information = SPAN("");
	row.successful = count_in(summary, "total-successful-session-count");
	row.failed = count_in(summary, "total-failure-session-count");
	taker(context, report, &row);
	if (failures != NULL && failures->kind == NODE_OBJECT)
		take_failure(failures, report, row, taker, context);
	else
		for (const struct node *one = tree_first(failures); one != NULL;
		     one = tree_next(failures, one))
			take_failure(one, report, row, taker, context);
}

bool
tls_report_read(struct span json, tls_report_taker *taker, void *context, struct error *reason)
{
	struct tree tree = { .nodes = NULL };
	const struct node *policies, *range;
	struct tls_report report;

	if (span_starts_with_nocase(json, SPAN("\xef\xbb\xbf")))
		json = span_from(json, 3);
	if (json.length > BOUND_PART_OCTETS) {
		error_set(reason, "the TLS report is too long");
		return false;
	}
	if (!tree_read(json, &tree)) {
		error_set(reason, "the TLS report cannot be read: it is no JSON");
		return false;
	}
	range = tree_member(tree.nodes, "date-range");
	report.organization = text_in(tree.nodes, "organization-name");
	report.id = text_in(tree.nodes, "report-id");
	report.begin = time_in(range, "start-datetime");
	report.end = time_in(range, "end-datetime");
	policies = tree_member(tree.nodes, "policies");
	for (const struct node *item = tree_first(policies); item != NULL; item = tree_next(policies, item))
		take_policy(item, &report, taker, context);
	tree_clear(&tree);
	return true;
}
