#include "heloscope/daemon/macros.h"

#include <libmilter/mfapi.h>

/* The macros of a stage; of a method, those that only it looks at. */
static const struct {
	int stage;
	enum method method; /* METHODS: all */
	const char *names;
} macros[] = {
	{ SMFIM_CONNECT, METHODS, "j" },
	{ SMFIM_HELO, METHODS, "{tls_version}" },
	{ SMFIM_ENVFROM, METHODS, "i {auth_authen} {mail_addr} {tls_version}" },
	{ SMFIM_ENVFROM, METHOD_TLS, "{cipher} {cipher_bits} {verify} {cert_subject}" },
	{ SMFIM_ENVRCPT, METHODS, "i {rcpt_addr}" },
	{ SMFIM_EOM, METHODS, "i" },
};

void
macros_add(const struct config *config, int stage, struct strbuf *names)
{
	for (size_t i = 0; i < sizeof macros / sizeof macros[0]; i++)
		if (macros[i].stage == stage
		    && (macros[i].method == METHODS || config_wants(config, macros[i].method))) {
			strbuf_add(names, names->length > 0 ? " " : "");
			strbuf_add(names, macros[i].names);
		}
}
