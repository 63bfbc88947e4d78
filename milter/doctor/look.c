/* doctor_look: the filter's own checks, for what the filter judges, too: one implementation of each. */
#include "heloscope/doctor/look.h"

#include "heloscope/checks/banner.h"
#include "heloscope/checks/helo.h"
#include "heloscope/checks/iprev.h"
#include "heloscope/checks/sender.h"
#include "heloscope/checks/spf.h"

/* Lists are asked on their own: those that a filter has suspended, too, and about all addresses at once. */
static const struct check *const table[] = {
	&check_iprev, &check_helo, &check_spf, &check_sender, &check_banner,
};

/* A source of one peer, which was looked at already. */

static struct exam *
exam_of(struct peer_source *source)
{
	return (struct exam *)((char *)source - offsetof(struct exam, source));
}

static bool
known(struct peer_source *source, const struct ipaddr *address, struct peer *peer)
{
	(void)address;
	*peer = *exam_of(source)->peer;
	return true;
}

static bool
want(struct peer_source *source, const struct ipaddr *address, const char *name)
{
	(void)source;
	(void)address;
	(void)name;
	return true;
}

const struct facts *
exam_look(struct exam *exam, const struct ipaddr *address, const char *helo, const struct peer *peer)
{
	const struct client_facts client = { .address = *address };
	const struct inquiry_needs needs = {
		.table = { table, sizeof table / sizeof table[0] },
		.resolver = exam->order->resolver,
		.config = exam->config,
		.peers = peer != NULL ? &exam->source : NULL,
	};
	const char *path =
		exam->bounces[0] != '\0' ? arena_printf(exam->arena, "<postmaster@%s>", exam->bounces) : "<>";
	const struct envelope_address sender = { path, NULL };

	inquiry_close(exam->inquiry);
	exam->source = (struct peer_source){ .known = known, .want = want };
	exam->peer = peer;
	exam->inquiry = inquiry_new(&needs, &client);
	if (exam->inquiry == NULL)
		return NULL;
	if (helo != NULL)
		inquiry_helo(exam->inquiry, helo);
	inquiry_mail(exam->inquiry, &sender, NULL, NULL);
	return inquiry_wait(exam->inquiry, exam_left_ms(exam, exam->config->timeout_ms));
}
