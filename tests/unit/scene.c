#include "unit.h"

#include "config_text.h"
#include "scene.h"

void
scene_configure(struct scene *scene, const char *config)
{
	scene->config = config_from_text(config, NULL);
	scene->health = list_health_new(scene->config, NULL, NULL);
	scene->facts = NULL;
}

void
scene_start(struct scene *scene, struct inquiry_needs needs, const struct client_facts *client)
{
	needs.config = scene->config;
	needs.health = scene->health;
	needs.resolver = &scene->dns.interface;
	scene->inquiry = inquiry_new(&needs, client);
	assert_non_null(scene->inquiry);
}

void
scene_begin(struct scene *scene, const struct fake_row *rows, size_t count, const char *config,
	    struct check_table table)
{
	const struct client_facts client = { .port = 25, .address = ipaddr_from_ipv4(0xc6336436) };

	fake_dns_init(&scene->dns, rows, count);
	scene_configure(scene, config);
	scene_start(scene, (struct inquiry_needs){ .table = table }, &client);
}

void
scene_say_body(struct scene *scene, const char *body, size_t size)
{
	struct span rest = span_of(body);

	while (rest.length > 0) {
		const struct span piece = { rest.at, rest.length < size ? rest.length : size };

		inquiry_body(scene->inquiry, piece);
		rest = span_from(rest, piece.length);
	}
	inquiry_end_of_body(scene->inquiry);
}

void
scene_wait(struct scene *scene)
{
	scene->facts = inquiry_wait(scene->inquiry, 0);
	assert_non_null(scene->facts);
}

void
scene_judge(struct scene *scene)
{
	do /* who waits runs the checks of the body */
		(void)inquiry_is_complete(scene->inquiry);
	while (fake_dns_deliver(&scene->dns) > 0);
	scene_wait(scene);
}

void
scene_leave(struct scene *scene)
{
	inquiry_close(scene->inquiry);
	(void)fake_dns_deliver(&scene->dns);
	list_health_unref(scene->health);
	config_unref(scene->config);
}
