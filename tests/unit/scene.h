/*
 * scene: an inquiry over a fake DNS, for unit tests of checks.
 *
 * What is begun must be left.
 */
#ifndef TESTS_UNIT_SCENE_H
#define TESTS_UNIT_SCENE_H

#include "fake_dns.h"
#include "heloscope/checks/inquiry.h"

struct scene {
	struct fake_dns dns;
	struct config *config;
	struct list_health *health;
	struct inquiry *inquiry;
	const struct facts *facts; /* as of the last wait */
};

/* Read the configuration; no list is trusted yet. */
void scene_configure(struct scene *scene, const char *config);

/* Begin the inquiry with these checks and peers, for `client`; the rest of `needs` is the scene's. */
void scene_start(struct scene *scene, struct inquiry_needs needs, const struct client_facts *client);

/* All of it, for the client 198.51.100.54. */
void scene_begin(struct scene *scene, const struct fake_row *rows, size_t count, const char *config,
		 struct check_table table);

/* The body in pieces of `size` octets, and its end. */
void scene_say_body(struct scene *scene, const char *body, size_t size);

/* Take what is found by now, or with scene_judge() when all answers have come. */
void scene_wait(struct scene *scene);
void scene_judge(struct scene *scene);

/* Answers that are late find nobody. */
void scene_leave(struct scene *scene);

#endif
