#include "heloscope/checks/inquiry.h"
#include "heloscope/doctor/examiner.h"

#include <stdlib.h>

#include "heloscope/checks/table.h"
#include "heloscope/lists/watcher.h"
#include "heloscope/dns/resolver.h"

struct examiner {
	struct config *config;
	struct dns_resolver *resolver;
	struct list_health *health;
	struct list_watcher *watcher;
	struct look_back *peers; /* NULL: nothing is looked at */
	struct inquiry *inquiry; /* of the last message */
};

/* What it finds is not kept: the file is the filter's. */
static struct look_back *
new_look_back(const struct config *config, struct dns_resolver *resolver, struct peer_memory *memory,
	      struct error *error)
{
	struct look_back_settings settings = config->look_back;

	settings.file = NULL;
	settings.memory = memory;
	return look_back_new(&settings, resolver, NULL, error);
}

struct examiner *
examiner_new(struct config *config, bool looks_back, struct peer_memory *peers, struct error *error)
{
	struct examiner *examiner = calloc(1, sizeof *examiner);

	error_set(error, "out of memory");
	if (examiner == NULL)
		return NULL;
	examiner->config = config_ref(config);
	examiner->health = list_health_new(config, NULL, NULL);
	if (examiner->health != NULL)
		examiner->resolver = resolver_new(&config->resolver, error);
	if (examiner->resolver != NULL)
		examiner->watcher = list_watcher_new(examiner->health, examiner->resolver, error);
	if (examiner->watcher != NULL && looks_back && config->looks_back)
		examiner->peers = new_look_back(config, examiner->resolver, peers, error);
	if (examiner->watcher == NULL || (looks_back && config->looks_back && examiner->peers == NULL)) {
		examiner_free(examiner);
		return NULL;
	}
	list_watcher_settle(examiner->watcher, config->timeout_ms);
	return examiner;
}

void
examiner_free(struct examiner *examiner)
{
	if (examiner == NULL)
		return;
	inquiry_close(examiner->inquiry);
	look_back_free(examiner->peers);
	list_watcher_free(examiner->watcher);
	resolver_free(examiner->resolver);
	list_health_unref(examiner->health);
	config_unref(examiner->config);
	free(examiner);
}

const struct facts *
examiner_look(struct examiner *examiner, const struct examiner_mail *mail)
{
	const struct inquiry_needs needs = { .table = checks_table(),
					     .resolver = examiner->resolver,
					     .config = examiner->config,
					     .health = examiner->health,
					     .peers = examiner->peers != NULL
							      ? look_back_source(examiner->peers)
							      : NULL };
	const struct facts *facts;

	inquiry_close(examiner->inquiry);
	examiner->inquiry = inquiry_new(&needs, &mail->client);
	if (examiner->inquiry == NULL)
		return NULL;
	if (mail->helo != NULL)
		inquiry_helo(examiner->inquiry, mail->helo);
	inquiry_mail(examiner->inquiry, &mail->sender, NULL, NULL);
	facts = inquiry_wait(examiner->inquiry, examiner->config->timeout_ms);
	if (examiner->peers == NULL || facts == NULL || facts->peer.peer != NULL)
		return facts;
	look_back_settle(examiner->peers,
			 examiner->config->look_back.timeout_ms + examiner->config->timeout_ms);
	inquiry_mail(examiner->inquiry, &mail->sender, NULL, NULL);
	return inquiry_wait(examiner->inquiry, examiner->config->timeout_ms);
}

struct inquiry *
examiner_inquiry(const struct examiner *examiner)
{
	return examiner->inquiry;
}

const struct facts *
examiner_end_message(struct examiner *examiner)
{
	inquiry_end_of_body(examiner->inquiry);
	return inquiry_wait(examiner->inquiry, examiner->config->timeout_ms);
}
