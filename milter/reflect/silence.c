#include "heloscope/reflect/silence.h"

static const char *const words[SILENCES] = {
	[SILENCE_NONE] = "it is answered",
	[SILENCE_AUTHOR] = "From does not name exactly one author",
	[SILENCE_ADDRESS] = "the address of its author has a form that is not answered",
	[SILENCE_ROBOT] = "the address of its author is that of a program or a role",
	[SILENCE_ITSELF] = "its author is this test address",
	[SILENCE_AUTOMATIC] = "a program has sent it, says Auto-Submitted",
	[SILENCE_BULK] = "it is bulk mail, says Precedence",
	[SILENCE_LIST] = "it has a field of mailing lists",
	[SILENCE_REPORT] = "it is a bounce or another report",
	[SILENCE_LOOP] = "it has a field that asks for no automatic answer",
	[SILENCE_UNSEEN] = "it has no Authentication-Results field of this filter",
	[SILENCE_QUEUE_ID] = "its queue id was not given and is not in its first Received field",
	[SILENCE_NO_RECORD] = "the log of records has no record of it from the last four hours",
	[SILENCE_OTHER_REFERENCE] = "its X-Heloscope field has a reference other than the record's",
	[SILENCE_NULL_SENDER] = "its sender is null",
	[SILENCE_OTHER_AUTHOR] = "its author is not the one that was recorded",
	[SILENCE_UNAUTHENTICATED] = "neither SPF nor DKIM passed in the name of its author's domain",
	[SILENCE_ONCE_AN_HOUR] = "its author was answered within the last hour",
	[SILENCE_TOO_MANY] = "the answers of an hour are used up (--per-hour)",
	[SILENCE_REFUSED] = "the mail server does not take mail to its author",
};

const char *
silence_words(enum silence silence)
{
	return words[silence];
}
