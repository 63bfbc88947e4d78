#include "heloscope/config/written.h"

#include <string.h>

#include "heloscope/config/secrets.h"

void
config_put_string(struct output *out, const char *text)
{
	output_put(out, "\"");
	for (;;) {
		const size_t length = strcspn(text, "\"\\");

		output_span(out, (struct span){ text, length });
		text += length;
		if (*text == '\0')
			break;
		output_put(out, "\\%c", *text++);
	}
	output_put(out, "\"");
}

void
config_put_zone(struct output *out, const struct config *config, const char *zone)
{
	char masked[CONFIG_MESSAGE_SIZE];

	config_put_string(out, config_mask(config, zone, masked, sizeof masked));
}

void
config_put_option(struct output *out, const char *word, const char *text)
{
	if (text == NULL)
		return;
	output_put(out, " %s ", word);
	config_put_string(out, text);
}

void
config_put_texts(struct output *out, const struct text_set *texts)
{
	output_put(out, "{ ");
	for (size_t i = 0; i < texts->count; i++) {
		output_put(out, "%s", i > 0 ? ", " : "");
		config_put_string(out, texts->items[i]);
	}
	output_put(out, " }");
}

void
config_put_networks(struct output *out, const struct network_set *networks)
{
	char text[IPADDR_TEXT_SIZE];

	output_put(out, "{ ");
	for (size_t i = 0; i < networks->count; i++)
		output_put(out, "%s%s/%u", i > 0 ? ", " : "",
			   ipaddr_format(&networks->items[i].address, text), networks->items[i].prefix);
	output_put(out, " }");
}

void
config_put_bits(struct output *out, unsigned bits, const char *(*word)(unsigned index), unsigned count)
{
	const char *between = "{ ";

	for (unsigned i = 0; i < count; i++) {
		if ((bits & 1U << i) == 0)
			continue;
		output_put(out, "%s%s", between, word(i));
		between = ", ";
	}
	output_put(out, " }");
}
