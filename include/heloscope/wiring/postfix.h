/*
 * postfix: what postconf(1) says of a Postfix: parameters of main.cf, with "$name" replaced, services of
 * master.cf, and the parameters that these set for themselves.
 *
 * Read strictly: a line of another form is an error, not a parameter that is not there. One thread.
 */
#ifndef HELOSCOPE_WIRING_POSTFIX_H
#define HELOSCOPE_WIRING_POSTFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/wiring/program.h"

#define POSTFIX_MEMORY (8U << 20) /* octets of an arena that holds all of it */

struct postfix_setting {
	struct span service; /* "submission/inet"; empty: of main.cf */
	struct span name, value;
};

struct postfix_service {
	const char *key; /* "submission/inet" */
	struct span name, type, chroot, command;
};

struct postfix {
	struct arena *arena;
	struct postfix_setting *settings;
	size_t setting_count;
	struct postfix_service *services;
	size_t service_count;
};

/* Add what `postconf -x` and `postconf -P` print, and what `postconf -M` does; false with the line at fault.
 */
bool postfix_read_settings(struct postfix *postfix, struct span text, struct error *error) MUST_USE;
bool postfix_read_services(struct postfix *postfix, struct span text, struct error *error) MUST_USE;

/* Both, of the configuration in `directory`, or NULL: the one that Postfix uses; as they are usually, or
 * under stress (STRESS_README of Postfix). */
enum program_state postfix_load(struct postfix *postfix, const char *directory, bool is_stressed,
				struct error *error) MUST_USE;

/* The value of a parameter for a service (NULL: main.cf), and where it stands, unless `place` is NULL; ""
 * when nobody set it. */
struct span postfix_value(const struct postfix *postfix, const struct postfix_service *service,
			  const char *name, const char **place);

/* Whether programs of that service run in the chroot. */
bool postfix_is_chrooted(const struct postfix *postfix, const struct postfix_service *service);

/* Seconds of a time as Postfix writes it: "30s", "5m", "30". False when it is none. */
bool postfix_read_seconds(struct span text, unsigned *seconds) MUST_USE;

#endif
