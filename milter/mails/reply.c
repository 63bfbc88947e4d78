#include "heloscope/mails/reply.h"

#include "heloscope/mails/said.h"

struct refusal
reply_bare(const struct refusal *refusal)
{
	const struct said said = said_read(refusal->text);
	struct refusal bare = *refusal;

	if (said.address.length == 0 || said.text.length == 0)
		return bare;
	bare.text = said.text;
	bare.host = said.host;
	bare.address = said.address;
	bare.stage = said.stage;
	return bare;
}
