/* Any octets as a TLS report, and as any attachment. */
#include "fuzz.h"
#include "heloscope/mails/attachment.h"

static void
take_tls(void *context, const struct tls_report *report, const struct tls_row *row)
{
	size_t *octets = context;
	const struct span texts[] = { report->organization, report->id,       row->policy_type,
				      row->domain,          row->result_type, row->information };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		for (size_t j = 0; j < texts[i].length; j++)
			*octets += (unsigned char)texts[i].at[j];
}

static void
take_aggregate(void *context, const struct aggregate_report *report, const struct aggregate_row *row)
{
	(void)report;
	*(size_t *)context += row->dkim_count;
}

static void
take_fault(void *context, const char *reason)
{
	*(size_t *)context += strlen(reason);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = { size > 0 ? (const char *)data : "", size };
	size_t octets = 0;
	struct expansion expansion = expansion_of_run();
	const struct report_taker taker = { take_aggregate, take_tls, take_fault, &octets, &expansion };
	struct error reason;

	(void)!tls_report_read(text, take_tls, &octets, &reason);
	(void)!attachment_read(text, &taker);
	return 0;
}
