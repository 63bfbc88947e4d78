#include "heloscope/checks/tls.h"

#include <string.h>

#include "heloscope/checks/banner.h"

bool
tls_is_old(const char *version)
{
	static const char *const old[] = { "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1" };

	for (size_t i = 0; i < sizeof old / sizeof old[0]; i++)
		if (strcmp(old[i], version) == 0)
			return true;
	return false;
}

static enum result
session_result(const struct tls_facts *tls)
{
	if (!tls->is_told)
		return RESULT_UNCHECKED;
	if (tls->version == NULL)
		return RESULT_NONE;
	return tls_is_old(tls->version) ? RESULT_NEUTRAL : RESULT_PASS;
}

/*
 * What a sender's own server offers. That a certificate is not of a known authority is usual among mail
 * servers and counts for nothing; that STARTTLS is missing or broken, or that DANE does not match, is a
 * fault.
 */
static enum result
peer_result(const struct peer_facts *facts)
{
	const struct peer *peer = facts->peer;

	if (peer == NULL)
		return facts_unknown_peer_result(facts);
	if (peer->outcome != PEER_ANSWERS)
		return peer->outcome == PEER_BUSY ? RESULT_TEMPERROR : RESULT_NONE;
	if (peer->starttls == STARTTLS_UNKNOWN)
		return RESULT_TEMPERROR;
	if (peer->starttls != STARTTLS_WORKS || peer->dane == DANE_MISMATCH)
		return RESULT_FAIL;
	if (peer->dane == DANE_MATCH)
		return RESULT_PASS;
	return peer->is_trusted && peer->is_named && !tls_is_old(peer->tls_version) ? RESULT_PASS
										    : RESULT_NEUTRAL;
}

static bool
run(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);

	if (config_wants(inquiry_config(inquiry), METHOD_TLS))
		facts->results[METHOD_TLS] = session_result(&facts->tls);
	return true;
}

static bool
run_peer(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);

	if (!config_wants(inquiry_config(inquiry), METHOD_PEER_TLS))
		return true;
	if (!inquiry_has_needs(inquiry, &check_peer_tls))
		return false;
	facts->results[METHOD_PEER_TLS] = peer_result(&facts->peer);
	return true;
}

const struct check check_tls = { .stage = STAGE_MAIL, .run = run, .method = METHOD_TLS };

/* The check of the banner looks at the peer. */
const struct check check_peer_tls = {
	.stage = STAGE_MAIL, .run = run_peer, .method = METHOD_PEER_TLS, .needs = CHECK_NEEDS(&check_banner)
};
