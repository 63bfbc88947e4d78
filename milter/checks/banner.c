#include "heloscope/checks/banner.h"

#include <string.h>

#include "heloscope/checks/iprev.h"

/* How one name agrees with the client's. */
static enum banner_agreement
agreement_of(const struct facts *facts, const char *name)
{
	enum banner_agreement best = BANNER_UNKNOWN;

	if (name[0] == '\0')
		return BANNER_INVALID;
	for (size_t i = 0; i < facts->iprev.count; i++) {
		const struct iprev_name *pointer = &facts->iprev.names[i];

		if (!pointer->is_verified)
			continue;
		if (strcmp(pointer->name, name) == 0)
			return BANNER_EQUALS_PTR;
		if (domain_same_organization(pointer->name, name))
			best = BANNER_SAME_ORGANIZATION;
		else if (best == BANNER_UNKNOWN)
			best = BANNER_FOREIGN;
	}
	if (facts->helo.form != HELO_NAME)
		return best;
	if (strcmp(facts->helo.name, name) == 0)
		return BANNER_EQUALS_HELO;
	if (domain_same_organization(facts->helo.name, name))
		return BANNER_SAME_ORGANIZATION;
	return best == BANNER_SAME_ORGANIZATION ? best : BANNER_FOREIGN;
}

static enum result
result_of(const struct facts *facts)
{
	switch (facts->peer.agreement) {
	case BANNER_EQUALS_PTR:
	case BANNER_EQUALS_HELO:
		return RESULT_PASS;
	case BANNER_SAME_ORGANIZATION:
		return RESULT_NEUTRAL;
	default:
		break;
	}
	/* A name that could not be looked up may be the very one. */
	if (facts->results[METHOD_IPREV] == RESULT_TEMPERROR)
		return RESULT_TEMPERROR;
	return facts->peer.agreement == BANNER_UNKNOWN ? RESULT_NEUTRAL : RESULT_FAIL;
}

/* The better of two names counts: servers behind one address, and old software, give one of them only. */
static void
judge_names(struct inquiry *inquiry, struct facts *facts)
{
	struct arena *arena = inquiry_arena(inquiry, STAGE_MAIL);
	const struct peer *peer = facts->peer.peer;
	enum banner_agreement other;
	char name[DOMAIN_SIZE];

	peer_host_name(peer->greeting, name);
	facts->peer.greeting_name = arena_string(arena, name);
	facts->peer.agreement = agreement_of(facts, name);
	peer_host_name(peer->ehlo, name);
	facts->peer.ehlo_name = arena_string(arena, name);
	other = agreement_of(facts, name);
	if (other > facts->peer.agreement)
		facts->peer.agreement = other;
	facts->results[METHOD_BANNER] = result_of(facts);
}

static bool
run(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);
	const struct config *config = inquiry_config(inquiry);

	if (!config_wants(config, METHOD_BANNER) && !config_wants(config, METHOD_PEER_TLS))
		return true;
	if (!inquiry_look_at_peer(inquiry, &check_banner, &check_iprev))
		return false;
	if (!config_wants(config, METHOD_BANNER))
		return true;
	if (facts->peer.peer == NULL)
		facts->results[METHOD_BANNER] = facts_unknown_peer_result(&facts->peer);
	else if (facts->peer.peer->outcome == PEER_BUSY)
		facts->results[METHOD_BANNER] = RESULT_TEMPERROR;
	else if (peer_is_server(facts->peer.peer))
		judge_names(inquiry, facts);
	else
		facts->results[METHOD_BANNER] =
			facts->peer.peer->outcome == PEER_NOT_SMTP ? RESULT_FAIL : RESULT_NONE;
	return true;
}

const struct check check_banner = {
	.stage = STAGE_MAIL, .run = run, .method = METHOD_BANNER, .needs = CHECK_NEEDS(&check_iprev)
};
