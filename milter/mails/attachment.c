#include "heloscope/mails/attachment.h"

#include <stdlib.h>
#include <zlib.h>

#include "heloscope/base/bounds.h"
#include "heloscope/mails/mail_kind.h"

static void
read_aggregate(struct source *source, const struct report_taker *taker)
{
	struct aggregate *aggregate = aggregate_new(taker->aggregate, taker->context);
	struct span octets;
	struct error reason;

	if (aggregate == NULL) {
		taker->fault(taker->context, "out of memory");
		return;
	}
	while (source_read(source, &octets) == SOURCE_OCTETS && aggregate_add(aggregate, octets))
		;
	if (!aggregate_finish(aggregate, &reason))
		taker->fault(taker->context, reason.text);
	aggregate_free(aggregate);
}

/* Read what is left of the member, at most an octet more than a report may have. */
static size_t
collect(struct source *source, char *memory)
{
	size_t length = 0;
	struct span octets;

	while (length <= BOUND_PART_OCTETS && source_read(source, &octets) == SOURCE_OCTETS) {
		const size_t left = BOUND_PART_OCTETS + 1 - length;
		const size_t part = octets.length < left ? octets.length : left;

		memcpy(memory + length, octets.at, part);
		length += part;
	}
	return length;
}

static void
read_tls(struct source *source, const struct report_taker *taker)
{
	char *memory = malloc(BOUND_PART_OCTETS + 1);
	struct error reason;

	if (memory == NULL) {
		taker->fault(taker->context, "out of memory");
		return;
	}
	if (!tls_report_read((struct span){ memory, collect(source, memory) }, taker->tls, taker->context,
			     &reason))
		taker->fault(taker->context, reason.text);
	free(memory);
}

bool
attachment_read_member(struct source *source, const struct report_taker *taker)
{
	switch (mail_kind_of(source_beginning(source))) {
	case MAIL_KIND_AGGREGATE:
		read_aggregate(source, taker);
		return true;
	case MAIL_KIND_TLS_REPORT:
		read_tls(source, taker);
		return true;
	case MAIL_KIND_MESSAGE:
	case MAIL_KIND_MBOX:
	case MAIL_KIND_NONE:
		break;
	}
	return false;
}

/* By its name (RFC 7489, 7.2.1.1; RFC 8460, 5.1): most that is packed and attached to mail is something else.
 */
static bool
is_named_as_report(struct span name)
{
	return span_ends_with_nocase(name, SPAN(".xml")) || span_ends_with_nocase(name, SPAN(".json"));
}

static size_t
read_members(struct span octets, const struct report_taker *taker)
{
	struct error reason;
	struct source *source = source_open_octets(octets, taker->expansion, &reason);
	size_t count = 0;

	while (source != NULL && source_next(source))
		count += attachment_read_member(source, taker) ? 1 : 0;
	if (source != NULL && source_fault(source) != NULL
	    && (count > 0 || is_named_as_report(source_member(source))))
		taker->fault(taker->context, source_fault(source));
	source_free(source);
	return count;
}

/* A stream of zlib that somebody has named gzip. */
static size_t
read_zlib(struct span octets, const struct report_taker *taker)
{
	const int64_t most = BOUND_EXPANDED_RATIO * (int64_t)octets.length + taker->expansion->left;
	uLongf length = most < BOUND_MAIL_OCTETS ? (uLongf)most : BOUND_MAIL_OCTETS;
	Bytef *memory = malloc(length);
	size_t count = 0;
	int64_t excess;
	int result;

	if (memory == NULL)
		return 0;
	result = uncompress(memory, &length, (const Bytef *)octets.at, octets.length);
	excess = (int64_t)length - BOUND_EXPANDED_RATIO * (int64_t)octets.length;
	if (excess > 0)
		taker->expansion->left -= excess;
	if (result == Z_OK)
		count = read_members((struct span){ (const char *)memory, length }, taker);
	free(memory);
	return count;
}

size_t
attachment_read(struct span octets, const struct report_taker *taker)
{
	static const struct span magics[] = {
		{ "\x1f\x8b", 2 }, { "PK", 2 }, { "BZh", 3 }, { "\x28\xb5\x2f\xfd", 4 }
	};

	if (octets.length < 8)
		return 0;
	if (octets.at[0] == 'x'
	    && ((unsigned char)octets.at[0] * 256 + (unsigned char)octets.at[1]) % 31 == 0)
		return read_zlib(octets, taker);
	for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++)
		if (memcmp(octets.at, magics[i].at, magics[i].length) == 0)
			return read_members(octets, taker);
	switch (mail_kind_of(octets)) {
	case MAIL_KIND_AGGREGATE:
	case MAIL_KIND_TLS_REPORT:
		return read_members(octets, taker);
	default:
		return 0;
	}
}
