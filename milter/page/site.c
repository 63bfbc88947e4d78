#include "heloscope/page/site.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "heloscope/base/log.h"
#include "heloscope/config/told.h"

#define LOOK_EVERY_MS 2000

struct site {
	const char *path, *log;
	struct config *config;
	struct stat seen; /* what the file was like when it was read last */
	uint64_t looked_ms;
};

/* What can be used, or NULL with the reason in the log. */
static struct config *
read_config(const char *path, const char *log)
{
	char *text;
	struct config *config = config_read_told(path, &text);

	config_log_told(text, config != NULL);
	if (config == NULL || log != NULL || config->records != NULL)
		return config;
	log_error("page: %s has no \"records\"; expected one, or --log", path);
	config_unref(config);
	return NULL;
}

struct site *
site_new(const char *path, const char *log)
{
	struct site *site = calloc(1, sizeof *site);

	if (site == NULL)
		return NULL;
	site->path = path;
	site->log = log;
	(void)stat(path, &site->seen);
	site->config = read_config(path, log);
	if (site->config == NULL) {
		free(site);
		return NULL;
	}
	return site;
}

void
site_free(struct site *site)
{
	if (site == NULL)
		return;
	config_unref(site->config);
	free(site);
}

void
site_reload(struct site *site)
{
	struct config *next;

	(void)stat(site->path, &site->seen);
	next = read_config(site->path, site->log);
	if (next == NULL || !next->has_statements) {
		log_error("page: %s cannot be used; the old configuration stays", site->path);
		config_unref(next);
		return;
	}
	config_unref(site->config);
	site->config = next;
	log_info("page: configuration read again");
}

static bool
is_same(const struct stat *one, const struct stat *other)
{
	return one->st_ino == other->st_ino && one->st_size == other->st_size
	       && one->st_mtim.tv_sec == other->st_mtim.tv_sec
	       && one->st_mtim.tv_nsec == other->st_mtim.tv_nsec;
}

void
site_look(struct site *site, uint64_t now_ms)
{
	struct stat status;

	if (now_ms - site->looked_ms < LOOK_EVERY_MS)
		return;
	site->looked_ms = now_ms;
	if (stat(site->path, &status) == 0 && !is_same(&status, &site->seen))
		site_reload(site);
}

struct config *
site_config(const struct site *site)
{
	return site->config;
}

const char *
site_log(const struct site *site)
{
	return site->log != NULL ? site->log : site->config->records;
}
