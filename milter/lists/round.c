#include "heloscope/lists/round.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#define RANDOM_LETTERS 16
#define QUESTIONS_MIN 4 /* of a round: that all of so many get lost under load is rare */

/* What is told of each trouble. */
static const struct {
	enum list_fault fault; /* NONE: answers count */
	const char *advice;    /* for the administrator; %s: the zone */
} troubles[LIST_TROUBLES] = {
	[LIST_WELL] = { LIST_FAULT_NONE, NULL },
	[LIST_UNCHECKED] = { LIST_FAULT_UNCHECKED, NULL },
	[LIST_UNANSWERED] = { LIST_FAULT_UNANSWERED, NULL },
	[LIST_DOUBTED] = { LIST_FAULT_DOUBTED, NULL },
	[LIST_NO_ANSWER] = { LIST_FAULT_NO_ANSWER,
			     "it does not answer. See whether this host's resolver reaches it (dig 2.0.0.127.%s)" },
	[LIST_LISTS_NONE] = { LIST_FAULT_LISTS_NONE,
			      "it does not list its own test entry: it is empty or closed, the zone is mistyped, a DNS filter answers in its place, or it has other test entries (test { ... }). Look at the operator's page for %s" },
	[LIST_STRANGE] = { LIST_FAULT_LISTS_STRANGE,
			   "it answers with addresses outside 127.0.0.0/8: its domain has lapsed or been sold, or the resolver or a DNS filter replaces answers. Remove the line if %s is closed" },
	[LIST_LISTS_ALL] = { LIST_FAULT_LISTS_ALL,
			     "it lists what must not be listed, and so perhaps everything: it is closed, or its domain has lapsed. Remove the line if %s is closed" },
	[LIST_FILTERED] = { LIST_FAULT_FILTERED,
			    "every name is answered 127.0.0.1, which no list says: a DNS filter between this host and %s answers in its place. Ask through a resolver without one: `resolver { servers recursive }`" },
	[LIST_REFUSES] = { LIST_FAULT_REFUSES, NULL },
};

/* What the common codes of RFC 5782's successors in practice mean, and what to do. */
static const struct {
	uint32_t answer;
	const char *advice; /* %s: the zone */
} refusals[] = {
	{ 0x7ffffffc, "it says that the zone is mistyped. Correct \"%s\"" },
	{ 0x7ffffffe,
	  "%s refuses queries through this public or unnamed resolver: use `resolver { servers recursive }`, or a data query key" },
	{ 0x7fffffff,
	  "%s refuses queries of this many or of unregistered users: ask its operator for access or a data query key" },
};

enum list_fault
list_trouble_fault(enum list_trouble trouble)
{
	return troubles[trouble].fault;
}

void
list_trouble_advise(const struct list *list, enum list_trouble trouble, uint32_t answer, struct strbuf *text)
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

/* Parts. */

bool
list_has_part(const struct list *list, enum list_part part)
{
	const bool is_of_addresses = (list->subjects & 1U << LIST_CLIENT) != 0;

	if (part == LIST_PART_NAMES)
		return !is_of_addresses;
	return is_of_addresses && list_takes_family(list, part == LIST_PART_IPV4 ? 4 : 16);
}

enum list_part
list_part_of_address(unsigned char length)
{
	return length == 4 ? LIST_PART_IPV4 : LIST_PART_IPV6;
}

const char *
list_part_mark(enum list_part part)
{
	return part == LIST_PART_IPV6 ? " (IPv6)" : "";
}

/* The part that is asked for a test entry; one that is not of the list's kind goes to its first part. */
static enum list_part
part_of_entry(const struct list *list, const char *entry)
{
	unsigned char octets[16];
	int part = LIST_PART_NAMES;

	if (inet_pton(AF_INET6, entry, octets) == 1)
		part = LIST_PART_IPV6;
	else if (inet_pton(AF_INET, entry, octets) == 1)
		part = LIST_PART_IPV4;
	if (list_has_part(list, (enum list_part)part))
		return (enum list_part)part;
	for (part = 0; part + 1 < LIST_PARTS && !list_has_part(list, (enum list_part)part); part++)
		continue;
	return (enum list_part)part;
}

/* The test entry of `part` with `index` others of it in front; NULL when there are no more. */
static const struct test_entry *
find_entry(const struct list *list, enum list_part part, size_t index)
{
	for (size_t i = 0; i < list->test_entries.count; i++)
		if (part_of_entry(list, list->test_entries.items[i].entry) == part && index-- == 0)
			return &list->test_entries.items[i];
	return NULL;
}

size_t
list_round_size(const struct list *list, enum list_part part)
{
	size_t count = 0;

	if (!list_has_part(list, part))
		return 0;
	while (find_entry(list, part, count) != NULL)
		count++;
	return count + 1 > QUESTIONS_MIN ? count + 1 : QUESTIONS_MIN;
}

bool
list_has_listed_entry(const struct list *list, enum list_part part)
{
	const struct test_entry *test;

	for (size_t i = 0; (test = find_entry(list, part, i)) != NULL; i++)
		if (test->is_listed)
			return true;
	return false;
}

/* The entry that nobody can know; its end is that of RFC 5782's own: 127.0.0.1 is never listed. */
static void
write_random_entry(enum list_part part, char *entry)
{
	unsigned char octets[RANDOM_LETTERS] = { 0 };
	struct strbuf text;

	(void)getentropy(octets, sizeof octets); /* fails for large sizes only */
	octets[0] = (unsigned char)(1 + octets[0] % 254);
	strbuf_init(&text, entry, DOMAIN_SIZE);
	if (part == LIST_PART_IPV4)
		strbuf_printf(&text, "127.%u.%u.1", octets[0], octets[1]);
	else if (part == LIST_PART_IPV6)
		strbuf_printf(&text, "::ffff:7f%02x:%02x01", octets[0], octets[1]);
	for (size_t i = 0; part == LIST_PART_NAMES && i < RANDOM_LETTERS; i++)
		strbuf_add_char(&text, (char)('a' + octets[i] % 26));
	if (part == LIST_PART_NAMES)
		strbuf_add(&text, ".invalid");
}

struct list_question
list_round_question(const struct list *list, enum list_part part, size_t index)
{
	const struct test_entry *test = find_entry(list, part, index);
	struct list_question question = { .part = part, .is_random = test == NULL };

	if (test == NULL)
		write_random_entry(part, question.entry);
	else
		(void)snprintf(question.entry, sizeof question.entry, "%s", test->entry);
	question.is_listed = test != NULL && test->is_listed;
	if (!dnslist_entry_name(list, question.entry, question.name))
		question.name[0] = '\0';
	return question;
}

/* Proofs. */

enum list_trouble
list_proof_judge(const struct list_proof *proof)
{
	switch (proof->reading.says) {
	case LIST_SAYS_NOTHING:
		return LIST_NO_ANSWER;
	case LIST_SAYS_ERROR:
		return LIST_REFUSES;
	case LIST_SAYS_STRANGE:
		return LIST_STRANGE;
	case LIST_SAYS_NO:
		return proof->question.is_listed ? LIST_LISTS_NONE : LIST_WELL;
	default:
		break;
	}
	if (proof->question.is_listed)
		return LIST_WELL;
	return proof->reading.answers[0] == INADDR_LOOPBACK ? LIST_FILTERED : LIST_LISTS_ALL;
}

void
list_proof_describe(const struct list *list, const struct list_proof *proof, struct strbuf *text)
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
