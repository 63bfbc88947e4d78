#include "heloscope/refusals/stage.h"

#include "heloscope/refusals/pieces.h"

enum refusal_stage
stage_of_command(struct span command)
{
	static const struct {
		const char *words;
		enum refusal_stage stage;
	} stages[] = {
		{ "end of data", REFUSAL_STAGE_END_OF_DATA },
		{ "sending message body", REFUSAL_STAGE_END_OF_DATA },
		{ "pipelined end of data", REFUSAL_STAGE_END_OF_DATA },
		{ "pipelined", REFUSAL_STAGE_NONE }, /* the command follows */
		{ "initial connection", REFUSAL_STAGE_GREETING },
		{ "receiving the initial server greeting", REFUSAL_STAGE_GREETING },
		{ "performing the", REFUSAL_STAGE_HELO }, /* ... EHLO handshake */
		{ "end-of-message", REFUSAL_STAGE_END_OF_DATA },
		{ "ehlo", REFUSAL_STAGE_HELO },
		{ "helo", REFUSAL_STAGE_HELO },
		{ "lhlo", REFUSAL_STAGE_HELO },
		{ "mail", REFUSAL_STAGE_MAIL },
		{ "sending mail from", REFUSAL_STAGE_MAIL },
		{ "rcpt", REFUSAL_STAGE_RCPT },
		{ "sending rcpt to", REFUSAL_STAGE_RCPT },
		{ "data", REFUSAL_STAGE_DATA },
		{ "sending data command", REFUSAL_STAGE_DATA },
		{ "bdat", REFUSAL_STAGE_END_OF_DATA },
		{ "sending end of data", REFUSAL_STAGE_END_OF_DATA },
	};

	for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
		if (text_skip(&command, stages[i].words) && stages[i].stage != REFUSAL_STAGE_NONE)
			return stages[i].stage;
	return REFUSAL_STAGE_NONE;
}

enum refusal_stage
stage_take(struct span *text)
{
	struct span rest = *text, before, behind;
	enum refusal_stage stage = REFUSAL_STAGE_NONE;

	while (text_find(rest, "(in reply to", &before, &behind)) {
		text->length = (size_t)(before.at + before.length - text->at);
		stage = stage_of_command(text_trim(behind));
		rest = behind;
	}
	return stage;
}
