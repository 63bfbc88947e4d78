#include "heloscope/examiner.h"

#include <stdlib.h>

#include "heloscope/checks.h"
#include "heloscope/list_prober.h"
#include "heloscope/resolver.h"

struct examiner {
	struct config *config;
	struct dns_resolver *resolver;
	struct list_health *health;
	struct list_prober *prober;
	struct inquiry *inquiry; /* of the last message */
};

struct examiner *
examiner_new(struct config *config, struct error *error)
{
	struct examiner *examiner = calloc(1, sizeof *examiner);

	error_set(error, "out of memory");
	if (examiner == NULL)
		return NULL;
	examiner->config = config_ref(config);
	examiner->health = list_health_new(config, NULL);
	if (examiner->health != NULL)
		examiner->resolver = resolver_new(&config->resolver, error);
	if (examiner->resolver != NULL)
		examiner->prober = list_prober_new(examiner->health, examiner->resolver, error);
	if (examiner->prober == NULL) {
		examiner_free(examiner);
		return NULL;
	}
	list_prober_settle(examiner->prober, config->timeout_ms);
	return examiner;
}

void
examiner_free(struct examiner *examiner)
{
	if (examiner == NULL)
		return;
	inquiry_close(examiner->inquiry);
	list_prober_free(examiner->prober);
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
					     .health = examiner->health };

	inquiry_close(examiner->inquiry);
	examiner->inquiry = inquiry_new(&needs, &mail->client);
	if (examiner->inquiry == NULL)
		return NULL;
	if (mail->helo != NULL)
		inquiry_helo(examiner->inquiry, mail->helo);
	inquiry_mail(examiner->inquiry, mail->path, NULL, &(struct tls_facts){ .version = NULL });
	return inquiry_wait(examiner->inquiry, examiner->config->timeout_ms);
}
