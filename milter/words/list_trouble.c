#include "heloscope/words/list_trouble.h"

#include <string.h>

#include "heloscope/words/telling.h"
#include "heloscope/base/log.h"

/* What is told of each trouble. */
static const struct {
	const char *advice; /* for the administrator; %s: the zone; NULL: nothing by itself */
} troubles[LIST_TROUBLES] = {
	[LIST_NO_ANSWER] = { "it does not answer. See whether this host's resolver reaches it (dig 2.0.0.127.%s)" },
	[LIST_LISTS_NONE] = { "it does not list its own test entry: it is empty or closed, the zone is mistyped, a DNS filter answers in its place, or it has other test entries (test-entries { ... }). Look at the operator's page for %s" },
	[LIST_STRANGE] = { "it answers with addresses outside 127.0.0.0/8: its domain has lapsed or been sold, or the resolver or a DNS filter replaces answers. Remove the line if %s is closed" },
	[LIST_LISTS_ALL] = { "it lists what must not be listed, and so perhaps everything: it is closed, or its domain has lapsed. Remove the line if %s is closed" },
	[LIST_FILTERED] = { "every name is answered 127.0.0.1, which no list says: a DNS filter between this host and %s answers in its place. Ask through a resolver without one: `resolver { servers recursive }`" },
};

/* What the common codes of RFC 5782's successors in practice mean, and what to do. */
static const struct {
	uint32_t answer;
	const char *advice; /* %s: the zone */
} refusals[] = {
	{ 0x7ffffffc, "it says that the zone is mistyped. Correct \"%s\"" },
	{ 0x7ffffffe,
	  "%s refuses queries through this resolver, because it is public or has no reverse DNS name of its own: use `resolver { servers recursive }`, or a data query key" },
	{ 0x7fffffff,
	  "%s refuses queries of this many or of unregistered users: ask its operator for access or a data query key" },
};

const char *
list_part_word(enum list_part part)
{
	static const char *const words[LIST_PARTS] = { "ipv4", "ipv6", "names" };

	return words[part];
}

const char *
list_part_mark(enum list_part part)
{
	return part == LIST_PART_IPV6 ? " (IPv6)" : "";
}

static void
advise(const struct list *list, enum list_trouble trouble, uint32_t answer, struct strbuf *text)
{
	const struct ipaddr address = ipaddr_from_ipv4(answer);
	const char *meaning = dnslist_error_meaning(list, answer), *advice = troubles[trouble].advice;
	char shown[IPADDR_TEXT_SIZE];
	const char *mark;

	for (size_t i = 0; trouble == LIST_REFUSES && i < sizeof refusals / sizeof refusals[0]; i++)
		if (refusals[i].answer == answer)
			advice = refusals[i].advice;
	if (trouble == LIST_REFUSES && meaning != NULL)
		advice = meaning;
	else if (advice == NULL)
		advice = "it refuses queries. Read the terms of use of %s";
	mark = strstr(advice, "%s");
	if (mark == NULL)
		strbuf_add(text, advice);
	else
		strbuf_printf(text, "%.*s%s%s", (int)(mark - advice), advice, list->shown, mark + 2);
	if (answer != 0)
		strbuf_printf(text, " (answer %s)", ipaddr_format(&address, shown));
	if (list->is_allow)
		strbuf_add(text, ". Until then rules that ask \"not dnswl\" do not decide");
}

static void
describe_proof(const struct list *list, const struct list_proof *proof, struct strbuf *text)
{
	const struct list_question *question = &proof->question;
	const size_t length = strlen(question->name), zone = strlen(list->zone);
	char shown[IPADDR_TEXT_SIZE];

	strbuf_printf(text, "%s%s, asked as %.*s%s, is answered ", question->entry,
		      question->is_random ? ", made up at random" : "",
		      length > zone ? (int)(length - zone) : 0, question->name, list->shown);
	if (proof->reading.count == 0)
		strbuf_add(text, dns_status_word(proof->status));
	for (size_t i = 0; i < proof->reading.count; i++) {
		const struct ipaddr address = ipaddr_from_ipv4(proof->reading.answers[i]);

		strbuf_printf(text, "%s%s", i > 0 ? ", " : "", ipaddr_format(&address, shown));
	}
}

void
list_exam_tell(const struct list_exam *exam, struct strbuf *text)
{
	if (exam->trouble == LIST_UNCHECKED)
		strbuf_add(text, "out of memory");
	if (exam->trouble <= LIST_UNCHECKED)
		return;
	describe_proof(exam->list, &exam->proof, text);
	strbuf_add(text, ": ");
	advise(exam->list, exam->trouble, exam->proof.reading.count > 0 ? exam->proof.reading.answers[0] : 0,
	       text);
}

void
list_trouble_log(const struct list *list, enum list_part part, enum list_trouble trouble, uint32_t answer,
		 const struct list_proof *proof)
{
	char advice[600], found[400];
	struct strbuf advice_text = STRBUF_OVER(advice), found_text = STRBUF_OVER(found);

	if (trouble == LIST_WELL) {
		log_info("list %s%s is trusted again", list->shown, list_part_mark(part));
		return;
	}
	advise(list, trouble, answer, &advice_text);
	if (proof != NULL)
		describe_proof(list, proof, &found_text);
	log_warning("list %s%s suspended: %s%s%s", list->shown, list_part_mark(part), advice,
		    proof != NULL ? ". Found: " : "", found);
}
