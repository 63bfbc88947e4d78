#include "heloscope/refusals/refusal.h"

struct refusal
refusal_of_text(struct span text)
{
	const struct span nothing = { "", 0 };

	return (struct refusal){
		.text = text,
		.host = nothing,
		.sender = nothing,
		.recipient = nothing,
		.queue_id = nothing,
		.time = REFUSAL_NO_TIME,
		.file = nothing,
	};
}

const char *
refusal_status_token(enum refusal_status status)
{
	static const char *const tokens[REFUSAL_STATUSES] = {
		[REFUSAL_DELIVERED] = "delivered",
		[REFUSAL_DEFERRED] = "deferred",
		[REFUSAL_REFUSED] = "refused",
		[REFUSAL_EXPIRED] = "expired",
	};

	return tokens[status];
}

const char *
refusal_stage_token(enum refusal_stage stage)
{
	static const char *const tokens[REFUSAL_STAGES] = {
		[REFUSAL_STAGE_CONNECT] = "connect",
		[REFUSAL_STAGE_GREETING] = "greeting",
		[REFUSAL_STAGE_HELO] = "helo",
		[REFUSAL_STAGE_MAIL] = "mail",
		[REFUSAL_STAGE_RCPT] = "rcpt",
		[REFUSAL_STAGE_DATA] = "data",
		[REFUSAL_STAGE_END_OF_DATA] = "end-of-data",
	};

	return tokens[stage];
}
