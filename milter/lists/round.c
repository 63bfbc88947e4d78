#include "heloscope/lists/round.h"

#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>

#define RANDOM_LETTERS 16
#define QUESTIONS_MIN 4 /* of a round: that all of so many get lost under load is rare */

enum list_fault
list_trouble_fault(enum list_trouble trouble)
{
	static const enum list_fault faults[LIST_TROUBLES] = {
		[LIST_WELL] = LIST_FAULT_NONE,
		[LIST_UNCHECKED] = LIST_FAULT_UNCHECKED,
		[LIST_UNANSWERED] = LIST_FAULT_UNANSWERED,
		[LIST_DOUBTED] = LIST_FAULT_DOUBTED,
		[LIST_NO_ANSWER] = LIST_FAULT_NO_ANSWER,
		[LIST_LISTS_NONE] = LIST_FAULT_LISTS_NONE,
		[LIST_STRANGE] = LIST_FAULT_LISTS_STRANGE,
		[LIST_LISTS_ALL] = LIST_FAULT_LISTS_ALL,
		[LIST_FILTERED] = LIST_FAULT_FILTERED,
		[LIST_REFUSES] = LIST_FAULT_REFUSES,
	};

	return faults[trouble];
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
