#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sealer.h"

#define TEXT_SIZE (256U << 10)

static char text[TEXT_SIZE], value[TEXT_SIZE];

static const char *
or_usual(const char *given, const char *usual)
{
	return given != NULL ? given : usual;
}

static void
add_field(struct strbuf *out, const char *name, const char *field)
{
	strbuf_printf(out, "%s:%s\r\n", name, field);
}

static const char *
algorithm_of(const struct sealer_set *set)
{
	return set->key == SIGNER_ED25519 ? "ed25519-sha256" : "rsa-sha256";
}

static void
add_message(struct sealer_chain *chain, const struct sealer_set *set)
{
	const unsigned i = chain->count;
	struct strbuf signed_text, field;

	strbuf_init(&signed_text, text, sizeof text);
	strbuf_init(&field, value, sizeof value);
	strbuf_printf(&field, "i=%u; a=%s; d=%s; s=%s; h=%s; %s", i + 1, algorithm_of(set),
		      or_usual(set->domain, "s.test"), or_usual(set->selector, "k"),
		      or_usual(set->names, "from"), or_usual(set->tags, ""));
	strbuf_add(&field, "bh=");
	signer_add_hash(&field, or_usual(set->body, SEALER_BODY));
	strbuf_add(&field, "; b=");
	if (set->names == NULL || strstr(set->names, "from") != NULL)
		add_field(&signed_text, "from", SEALER_FROM);
	strbuf_printf(&signed_text, "arc-message-signature:%s", value);
	signer_add_signature(&field, set->key, "SHA256", text);
	chain->messages[i] = strdup(value);
}

static void
add_seal(struct sealer_chain *chain, const struct sealer_set *set)
{
	const unsigned i = chain->count;
	struct strbuf signed_text, field;

	strbuf_init(&signed_text, text, sizeof text);
	strbuf_init(&field, value, sizeof value);
	strbuf_printf(&field, "i=%u; a=%s; cv=%s; d=%s; s=%s; %sb=", i + 1, algorithm_of(set),
		      or_usual(set->status, i == 0 ? "none" : "pass"), or_usual(set->domain, "s.test"),
		      or_usual(set->selector, "k"), or_usual(set->seal_tags, ""));
	for (unsigned j = 0; j <= i; j++) {
		add_field(&signed_text, "arc-authentication-results", chain->results[j]);
		add_field(&signed_text, "arc-message-signature", chain->messages[j]);
		if (j < i)
			add_field(&signed_text, "arc-seal", chain->seals[j]);
	}
	strbuf_printf(&signed_text, "arc-seal:%s", value);
	signer_add_signature(&field, set->key, "SHA256", text);
	chain->seals[i] = strdup(value);
}

void
sealer_add(struct sealer_chain *chain, const struct sealer_set *set)
{
	(void)snprintf(value, sizeof value, "i=%u; %s", chain->count + 1,
		       or_usual(set->results, "mx.test; dmarc=pass header.from=a.test"));
	chain->results[chain->count] = strdup(value);
	add_message(chain, set);
	add_seal(chain, set);
	chain->count++;
}

void
sealer_clear(struct sealer_chain *chain)
{
	for (unsigned i = 0; i < chain->count; i++) {
		free(chain->results[i]);
		free(chain->messages[i]);
		free(chain->seals[i]);
	}
	chain->count = 0;
}
