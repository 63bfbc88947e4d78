/* x-tls and x-peer-tls in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static json_t *
tls_of(const struct facts *facts)
{
	const struct tls_facts *tls = &facts->tls;
	json_t *object = record_result(facts->results[METHOD_TLS]);

	record_set_text(object, "version", tls->version);
	record_set_text(object, "cipher", tls->cipher);
	record_set_text(object, "bits", tls->bits);
	record_set_text(object, "verify", tls->verify);
	record_set_text(object, "subject", tls->cert_subject);
	return object;
}

static json_t *
peer_tls_of(const struct facts *facts)
{
	const struct peer *peer = facts->peer.peer;
	json_t *object = codec_put_peer(facts, METHOD_PEER_TLS);

	if (peer == NULL)
		return object;
	record_set_text(object, "starttls", peer_starttls_word(peer->starttls));
	record_set_escaped(object, "problem", peer->problem);
	if (peer->starttls != STARTTLS_WORKS)
		return object;
	record_set_text(object, "version", peer->tls_version);
	record_set_text(object, "cipher", peer->cipher);
	record_set_number(object, "bits", peer->cipher_bits);
	record_set_flag(object, "trusted", peer->is_trusted);
	record_set_flag(object, "named", peer->is_named);
	record_set_escaped(object, "names", peer->cert_names);
	record_set_escaped(object, "issuer", peer->issuer);
	record_set_time(object, "not-after", peer->not_after);
	record_set_text(object, "dane", peer_dane_word(peer->dane));
	return object;
}

const struct codec codec_tls = { "x-tls", tls_of };
const struct codec codec_peer_tls = { "x-peer-tls", peer_tls_of };
