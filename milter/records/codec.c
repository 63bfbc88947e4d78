#include "heloscope/records/codec.h"

#include "heloscope/config/words.h"
#include "heloscope/records/record.h"

static const char *const statuses[] = {
	[DNS_NOERROR] = "answered",
	[DNS_NODATA] = "nodata",
	[DNS_NXDOMAIN] = "nxdomain",
	[DNS_SERVFAIL] = "servfail",
	[DNS_TIMEOUT] = "timeout",
	[DNS_BOGUS] = "bogus",
	[DNS_MALFORMED] = "malformed",
	[DNS_TOO_LARGE] = "too-large",
	[DNS_NO_SERVER] = "no-server",
	[DNS_SENDER_UNREAD] = "sender-unread",
	[DNS_RECIPIENT_UNREAD] = "recipient-unread",
	[DNS_CLIENT_UNREAD] = "client-unread",
	[DNS_HELD_UP] = "held-up",
	[DNS_TOO_MUCH_WORK] = "too-much-work",
	[DNS_CHOSEN_NAME] = "chosen-name",
	[DNS_TOO_MANY_OF_MESSAGE] = "too-many-of-message",
	[DNS_TOO_MANY_OF_CLIENT] = "too-many-of-client",
	[DNS_TOO_MANY_OF_NETWORK] = "too-many-of-network",
	[DNS_TOO_MANY_OF_PROVIDER] = "too-many-of-provider",
	[DNS_TOO_MANY_OF_ALL] = "too-many-of-all",
	[DNS_BUDGET_OF_CLIENT] = "budget-of-client",
	[DNS_BUDGET_OF_NETWORK] = "budget-of-network",
	[DNS_NO_ROOM] = "no-room",
	[DNS_NO_TIME] = "no-time",
	[DNS_NO_MEMORY] = "no-memory",
};
const struct tokens codec_statuses = TOKENS(statuses);

const char *
record_status_token(enum dns_status status)
{
	return statuses[status];
}

static const char *const overruled[] = {
	[OVERRULED_BY_ACCEPTANCE] = "others-accept",
	[OVERRULED_BY_DEFERRAL] = "others-defer",
};
const struct tokens codec_overruled = TOKENS(overruled);

static const char *const gateway_faults[GATEWAY_FAULTS] = {
	[GATEWAY_NO_RECEIVED] = "no-received", [GATEWAY_OWN_MAIL] = "own-mail",
	[GATEWAY_UNREADABLE] = "unreadable",   [GATEWAY_INNER_ADDRESS] = "inner-address",
	[GATEWAY_TOO_MUCH] = "too-much",
};
const struct tokens codec_gateway_faults = TOKENS(gateway_faults);

const char *
record_gateway_fault_token(enum gateway_fault fault)
{
	return gateway_faults[fault];
}

static const char *const stages[] = { [STAGE_HEADER] = "header", [STAGE_BODY] = "body" };
const struct tokens codec_stages = TOKENS(stages);

static const char *const tests[CONDITION_KINDS] = {
	[CONDITION_TRUSTED] = "trusted",
	[CONDITION_AUTHENTICATED] = "authenticated",
	[CONDITION_RESULT] = "result",
	[CONDITION_QUANTITY] = "quantity",
	[CONDITION_TEXT] = "text",
	[CONDITION_CLIENT] = "client",
	[CONDITION_LISTED] = "listed",
	[CONDITION_WORD] = "word",
	[CONDITION_LOOKS_FORWARDED] = "looks-forwarded",
};
const struct tokens codec_tests = TOKENS(tests);
const struct tokens codec_quantities = { config_quantities, QUANTITIES };
const struct tokens codec_subjects = { config_subjects, SUBJECTS };
