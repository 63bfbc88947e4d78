#include "heloscope/config/read.h"

#include <unistd.h>

#include "heloscope/base/domain.h"
#include "heloscope/config/catalogue.h"
#include "heloscope/config/contact.h"
#include "heloscope/config/file.h"
#include "heloscope/config/refusals.h"
#include "heloscope/config/rules.h"
#include "heloscope/config/settings.h"

static const char *
host_name(struct arena *arena)
{
	char name[256] = "", normalized[DOMAIN_SIZE];

	if (gethostname(name, sizeof name - 1) != 0 || !domain_normalize(span_of(name), normalized))
		return "localhost";
	return arena_string(arena, normalized);
}

/* As readers compare it; what is not a domain was complained of. */
static const char *
as_compared(const char *id, struct arena *arena)
{
	char normalized[DOMAIN_SIZE];

	return domain_normalize(span_of(id), normalized) ? arena_string(arena, normalized) : id;
}

/* The authserv-id and those beside it. */
static void
set_own_ids(struct config *config)
{
	const size_t count = config->also.count + 1;
	const char **ids = arena_alloc(&config->arena, count * sizeof *ids);

	if (ids == NULL)
		return;
	ids[0] = config->authserv_id;
	for (size_t i = 1; i < count; i++)
		ids[i] = config->also.items[i - 1];
	config->own_ids = (struct text_set){ ids, count };
}

/* What a postmaster is told who asks why. A page of one refusal is none for that. */
static const char *
why_it_looks_back(struct config *config)
{
	char memory[CONFIG_CONTACT_MAX + 1];
	struct strbuf contact = STRBUF_OVER(memory);

	if (config->contact != NULL && !contact_has_reference(config->contact))
		contact_add(&contact, config->contact, "");
	return arena_printf(&config->arena,
			    "checking the greeting and TLS of a host that sent mail to us%s%s",
			    contact.length > 0 ? ", see " : "", memory);
}

static void
finish(struct config *config, struct output *messages)
{
	config->has_default_id = config->authserv_id == NULL;
	config->host = host_name(&config->arena);
	config->authserv_id =
		config->has_default_id ? config->host : as_compared(config->authserv_id, &config->arena);
	config_settle(config);
	set_own_ids(config);
	config->look_back.why = why_it_looks_back(config);
	config->look_back.trusted = config->trusted;
	config->resolver.servers = config->servers.items;
	config->resolver.server_count = config->servers.count;
	config->resolver.zones = config->zones.items;
	config->resolver.zone_count = config->zones.count;
	config_resolve_lists(config, messages);
}

/* What was read, once all is; NULL, with what remains to be said, when there was an error. */
static struct config *
result_of(struct config_reading *reading, const char *name)
{
	struct config *config = reading->config;

	if (config->arena.has_failed) {
		output_put(reading->messages, "%s: out of memory, or too much configuration\n", name);
		reading->errors++;
	}
	if (reading->errors > CONFIG_ERRORS_SHOWN)
		output_put(reading->messages, "%s: and %u more errors, which are not shown\n", name,
			   reading->errors - CONFIG_ERRORS_SHOWN);
	if (reading->errors == 0)
		return config;
	config_unref(config);
	return NULL;
}

struct config *
config_read(const char *path, struct output *messages)
{
	struct config *config = config_new();
	const char *name = path != NULL ? path : "the default configuration";
	struct config_reading reading = { .config = config, .messages = messages, .include = config_include };

	if (config == NULL) {
		output_put(messages, "%s: out of memory\n", name);
		return NULL;
	}
	config_preset(config);
	if (path != NULL)
		config_read_file(&reading, path);
	finish(config, messages);
	reading.errors += config_check_policies(config, messages);
	return result_of(&reading, name);
}

struct config *
config_read_refusals(const char *path, struct refusal_set *set, struct output *messages)
{
	struct refusal_set found = { 0 };
	struct config_reading reading = {
		.config = config_new(), .messages = messages, .include = config_include, .refusals = &found
	};
	struct config *config = reading.config;

	if (config == NULL) {
		output_put(messages, "%s: out of memory\n", path);
		return NULL;
	}
	config_read_file(&reading, path);
	config = result_of(&reading, path);
	if (config != NULL)
		*set = found;
	return config;
}
