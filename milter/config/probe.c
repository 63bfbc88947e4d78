/* config_probe: `probe yes { ... }`, the look back at hosts that send mail. */
#include "heloscope/config/build.h"

#include <string.h>

void
config_set_probe(struct config_reader *reader, struct word value)
{
	config_set_flag(reader, &reader->config->probes, value);
}

void
config_set_probe_name(struct config_reader *reader, struct word name)
{
	if (!domain_is_host_name(span_of(name.text)) || !domain_has_dot(span_of(name.text)))
		config_complain(
			reader, name.place,
			"the ehlo-name \"%.80s\" is no host name; expected one like \"mx.example.org\"",
			name.text);
	reader->config->probe.ehlo_name = name.text;
}

void
config_set_probe_file(struct config_reader *reader, struct word path)
{
	if (path.text[0] != '/' || strlen(path.text) > 400)
		config_complain(reader, path.place,
				"the file \"%.80s\"; expected an absolute path like "
				"\"/var/lib/heloscope/peers\"",
				path.text);
	reader->config->probe.file = path.text;
}

/* A number from `min` to `max` for what `regard` names. */
static unsigned
read_number(struct config_reader *reader, const char *regard, struct word number, unsigned min, unsigned max)
{
	unsigned value = min;

	if (!span_to_number(span_of(number.text), min, max, &value))
		config_complain(reader, number.place, "%s %.20s; expected a number from %u to %u", regard,
				number.text, min, max);
	return value;
}

void
config_set_probe_port(struct config_reader *reader, struct word port)
{
	reader->config->probe.port = (uint16_t)read_number(reader, "the port", port, 1, 65535);
}

void
config_set_probe_count(struct config_reader *reader, struct word count)
{
	reader->config->probe.at_a_time = read_number(reader, "at-a-time", count, 1, 1000);
}

void
config_set_probe_rate(struct config_reader *reader, struct word rate)
{
	reader->config->probe.per_minute = read_number(reader, "per-minute", rate, 1, 6000);
}

void
config_set_probe_timeout(struct config_reader *reader, struct word duration)
{
	const unsigned long value = config_measure(duration.text);

	if (value < 1000 || value > 300000)
		config_complain(reader, duration.place,
				"a timeout of %.20s for a probe; expected 1s to 5m, because greetings come "
				"late on purpose",
				duration.text);
	else
		reader->config->probe.timeout_ms = (unsigned)value;
}
