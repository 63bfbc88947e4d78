#include "heloscope/mails/bounce.h"

#include "heloscope/mails/notice.h"
#include "heloscope/mails/status_report.h"
#include "heloscope/refusals/pieces.h"

void
bounce_init(struct bounce *bounce, struct arena *arena)
{
	*bounce = (struct bounce){ .sender = SPAN(""),
				   .recipient = SPAN(""),
				   .time = REFUSAL_NO_TIME,
				   .is_nameless_wanted = true,
				   .file = SPAN("") };
	findings_init(&bounce->findings, arena);
}

void
bounce_read_status(struct bounce *bounce, struct span text)
{
	bounce->findings.is_complete = status_report_read(text, &bounce->findings) > 0;
}

void
bounce_read_text(struct bounce *bounce, struct span text)
{
	bounce_read_returned(bounce, notice_read(text, &bounce->findings));
}

struct span
bounce_address(struct span value)
{
	struct span behind = value;

	for (size_t i = value.length; i > 0; i--)
		if (value.at[i - 1] == '<') {
			behind = span_from(value, i);
			break;
		}
	return text_address(behind);
}

void
bounce_read_returned(struct bounce *bounce, struct span header)
{
	struct span line, author = SPAN("");
	bool has_field = false;

	while (bounce->sender.length == 0 && text_next_line(&header, &line)) {
		if (text_skip(&line, "Return-Path:") || text_skip(&line, "Envelope-From:"))
			bounce->sender = bounce_address(line);
		else if (author.length == 0 && text_skip(&line, "From:"))
			author = bounce_address(line);
		has_field = has_field || author.length > 0;
		if (has_field && text_trim(line).length == 0)
			break;
	}
	if (bounce->sender.length == 0)
		bounce->sender = author;
}

size_t
bounce_tell(struct bounce *bounce, enum worth at_least, refusal_taker *taker, void *context)
{
	size_t count = 0;

	for (size_t i = 0; i < bounce->findings.count; i++) {
		struct refusal refusal = bounce->findings.items[i].refusal;

		if (refusal.recipient.length == 0)
			refusal.recipient = bounce->recipient;
		if (bounce->findings.items[i].worth < at_least
		    || (refusal.recipient.length == 0 && !bounce->is_nameless_wanted))
			continue;
		refusal.sender = bounce->sender;
		if (refusal.time == REFUSAL_NO_TIME)
			refusal.time = bounce->time;
		if (refusal.status == REFUSAL_STATUS_NONE)
			refusal.status = bounce->status;
		if (refusal.status == REFUSAL_REFUSED && text_reply_code(refusal.text) / 100 == 4)
			refusal.status = REFUSAL_EXPIRED;
		refusal.file = bounce->file;
		refusal.line = bounce->line;
		taker(context, &refusal);
		count++;
	}
	return count;
}
