/* what a look at the peer found, in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

/* The object of a result that rests on a look at the peer. */
json_t *
codec_put_peer(const struct facts *facts, enum method method)
{
	const struct peer_facts *peer = &facts->peer;
	json_t *object = record_result(facts->results[method]);

	record_set_text(object, "outcome", facts_peer_outcome(peer));
	if (peer->peer != NULL) {
		record_set_time(object, "looked-at", peer->peer->looked_at);
		record_set_time(object, "believed-until", peer->peer->looked_at + peer_ttl_s(peer->peer));
	}
	return object;
}
