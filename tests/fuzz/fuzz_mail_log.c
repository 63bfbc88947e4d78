/* Any octets as a log, cut anywhere: the same refusals, each within what was read. The first octet says where
 * it is cut. */
#include "fuzz.h"
#include "heloscope/mails/log_reader.h"

/* What was handed over, so that it can be compared. */
struct told {
	uint64_t hash;
	size_t count;
};

static void
mix(struct told *told, struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		told->hash = (told->hash ^ (unsigned char)text.at[i]) * 1099511628211U;
	told->hash = (told->hash ^ text.length) * 1099511628211U;
}

static void
take(void *context, const struct refusal *refusal)
{
	struct told *told = context;

	PROMISE(refusal->text.length <= BOUND_REFUSAL_TEXT && refusal->line > 0);
	PROMISE(refusal_status_token(refusal->status) != NULL);
	told->count++;
	mix(told, refusal->text);
	mix(told, refusal->host);
	mix(told, refusal->sender);
	mix(told, refusal->recipient);
	mix(told, refusal->queue_id);
	told->hash += (uint64_t)refusal->time + refusal->line + refusal->enhanced.detail;
}

static struct told
read_log(struct span log, size_t piece)
{
	struct told told = { .hash = 0 };
	struct log_reader *reader = log_reader_new(0, take, &told);

	PROMISE(reader != NULL);
	log_reader_begin(reader, SPAN("log"), 1795860000);
	while (log.length > 0) {
		const struct span part = { log.at, piece < log.length ? piece : log.length };

		log_reader_add(reader, part);
		log = span_from(log, part.length);
	}
	log_reader_end(reader);
	log_reader_free(reader);
	return told;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span log = { size > 0 ? (const char *)data + 1 : "", size > 0 ? size - 1 : 0 };
	const struct told whole = read_log(log, log.length + 1),
			  cut = read_log(log, size > 0 ? data[0] + 1U : 1);

	PROMISE(whole.hash == cut.hash && whole.count == cut.count);
	PROMISE(log_guess(log) <= LOG_SENDMAIL);
	return 0;
}
