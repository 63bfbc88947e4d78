/* what a look at the peer found, in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

/* How a look ended; or why there is none, behind those. */
enum { NOT_KNOWN_YET = PEER_OUTCOMES, LEFT_OUT };

static const char *const outcome_words[] = {
	PEER_OUTCOME_TOKENS,
	[NOT_KNOWN_YET] = "unknown",
	[LEFT_OUT] = "left-out",
};
static const struct tokens outcomes = TOKENS(outcome_words);

json_t *
codec_put_peer(const struct facts *facts, enum method method)
{
	const struct peer_facts *peer = &facts->peer;
	json_t *object = record_result(facts->results[method]);

	record_set_token(object, "outcome", &outcomes,
			 peer->peer != NULL  ? (int)peer->peer->outcome
			 : peer->is_left_out ? LEFT_OUT
					     : NOT_KNOWN_YET);
	if (peer->peer != NULL) {
		record_set_time(object, "looked-at", peer->peer->looked_at);
		record_set_time(object, "believed-until", peer->peer->looked_at + peer_ttl_s(peer->peer));
	}
	return object;
}

/* Several checks tell of the same look, each its part. */
struct peer *
codec_take_peer(struct taking *taking, const struct node *check, struct facts *facts)
{
	const int outcome = take_token(taking, check, "outcome", &outcomes, NOT_KNOWN_YET);
	struct peer *peer;

	facts->peer.is_left_out = outcome == LEFT_OUT;
	if (outcome >= PEER_OUTCOMES)
		return NULL;
	peer = take_room(taking, 1, sizeof *peer);
	if (peer == NULL)
		return NULL;
	if (facts->peer.peer != NULL)
		*peer = *facts->peer.peer;
	peer->outcome = (enum peer_outcome)outcome;
	peer->looked_at = take_time(taking, check, "looked-at");
	facts->peer.peer = peer;
	return peer;
}
