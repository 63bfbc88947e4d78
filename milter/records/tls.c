/* x-tls and x-peer-tls in a record: see codec.h. */
#include "heloscope/records/codec.h"

#include "heloscope/records/value.h"

static const struct tokens starttls = TOKENS(peer_starttls_tokens), danes = TOKENS(peer_dane_tokens),
			   problems = TOKENS(peer_problem_tokens);

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
	record_set_token(object, "starttls", &starttls, (int)peer->starttls);
	if (peer->problem != PEER_PROBLEM_NONE)
		record_set_token(object, "problem", &problems, (int)peer->problem);
	record_set_escaped(object, "quoted", peer->quoted);
	if (peer->starttls != STARTTLS_WORKS)
		return object;
	record_set_escaped(object, "version", peer->tls_version);
	record_set_escaped(object, "cipher", peer->cipher);
	record_set_number(object, "bits", peer->cipher_bits);
	record_set_flag(object, "trusted", peer->is_trusted);
	record_set_flag(object, "named", peer->is_named);
	record_set_escaped(object, "names", peer->cert_names);
	record_set_escaped(object, "issuer", peer->issuer);
	record_set_time(object, "not-after", peer->not_after);
	record_set_token(object, "dane", &danes, (int)peer->dane);
	return object;
}

static void
take_tls(struct taking *taking, const struct node *check, struct facts *facts)
{
	facts->tls = (struct tls_facts){
		.is_told = true,
		.version = take_text(taking, check, "version"),
		.cipher = take_text(taking, check, "cipher"),
		.bits = take_text(taking, check, "bits"),
		.verify = take_text(taking, check, "verify"),
		.cert_subject = take_text(taking, check, "subject"),
	};
}

static void
take_peer_tls(struct taking *taking, const struct node *check, struct facts *facts)
{
	struct peer *peer = codec_take_peer(taking, check, facts);

	if (peer == NULL)
		return;
	peer->starttls =
		(enum peer_starttls)take_token(taking, check, "starttls", &starttls, STARTTLS_UNKNOWN);
	peer->problem = (enum peer_problem)take_token(taking, check, "problem", &problems, PEER_PROBLEM_NONE);
	take_escaped(taking, check, "quoted", peer->quoted, sizeof peer->quoted);
	take_escaped(taking, check, "version", peer->tls_version, sizeof peer->tls_version);
	take_escaped(taking, check, "cipher", peer->cipher, sizeof peer->cipher);
	peer->cipher_bits = take_number(check, "bits");
	peer->is_trusted = take_flag(check, "trusted");
	peer->is_named = take_flag(check, "named");
	take_escaped(taking, check, "names", peer->cert_names, sizeof peer->cert_names);
	take_escaped(taking, check, "issuer", peer->issuer, sizeof peer->issuer);
	peer->not_after = take_time(taking, check, "not-after");
	peer->dane = (enum peer_dane)take_token(taking, check, "dane", &danes, DANE_NONE);
}

const struct codec codec_tls = { "x-tls", tls_of, take_tls };
const struct codec codec_peer_tls = { "x-peer-tls", peer_tls_of, take_peer_tls };
