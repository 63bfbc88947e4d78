/* TLS of the session and of the peer in words: see telling.h. */
#include "heloscope/words/telling.h"

#include "heloscope/base/prose.h"
#include "heloscope/checks/tls.h"
#include "heloscope/words/peer.h"

/* Of the session. */

static void
say_tls(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	const struct tls_facts *tls = &facts->tls;

	(void)time_s;
	if (facts->results[METHOD_TLS] == RESULT_NONE) {
		strbuf_add(said, "the mail came in plain text");
		return;
	}
	strbuf_add(said, "the mail came with ");
	telling_add(said, tls->version);
	strbuf_add(said, tls->cipher != NULL && tls->cipher[0] != '\0' ? ", " : "");
	telling_add(said, tls->cipher);
	if (facts->results[METHOD_TLS] == RESULT_NEUTRAL)
		strbuf_add(said, ", a version that is out of use");
}

static void
refuse_tls(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const enum result result = facts->results[METHOD_TLS];

	(void)config;
	strbuf_add(text, "The server at the connecting IP address ");
	telling_add_client(text, facts);
	if (result == RESULT_NONE || facts->tls.version == NULL) {
		strbuf_add(text, " sent this mail without encryption (TLS). ");
	} else {
		strbuf_add(text, " sent this mail with ");
		telling_add_value(text, facts->tls.version);
		strbuf_add(text, result == RESULT_PASS ? ". " : ", which is too old. ");
	}
	if (result == RESULT_PASS)
		telling_add_policy(text);
	else if (result == RESULT_NONE || facts->tls.version == NULL)
		strbuf_add(
			text, TELLING_ADMINISTRATOR
			"turn on TLS 1.2 or 1.3 (STARTTLS) for outgoing mail (in Postfix: \"smtp_tls_security_level = may\"). ");
	else
		strbuf_add(
			text, TELLING_ADMINISTRATOR
			"turn on TLS 1.2 or 1.3 for outgoing mail (in Postfix: \"smtp_tls_protocols = >=TLSv1.2\"), with a newer TLS library if necessary. ");
}

/* "Encryption Needed" of the registry of RFC 5248. */
static const char *
tls_detail(const struct facts *facts)
{
	(void)facts;
	return "7.10";
}

static void
report_tls(const struct facts *facts, struct authres *authres)
{
	const struct tls_facts *tls = &facts->tls;

	if (facts->results[METHOD_TLS] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(METHOD_TLS)->method, facts->results[METHOD_TLS]);
	if (tls->version == NULL) {
		authres_comment(authres, "plain text");
		return;
	}
	authres_property(authres, method_words(METHOD_TLS)->property, span_of(tls->version));
	if (tls->cipher != NULL)
		authres_property(authres, "policy.cipher", span_of(tls->cipher));
	if (tls->bits != NULL)
		authres_property(authres, "policy.bits", span_of(tls->bits));
	if (tls->cert_subject != NULL)
		authres_property(authres, "policy.cert-subject", span_of(tls->cert_subject));
	if (tls->verify != NULL)
		authres_property(authres, "policy.verify", span_of(tls->verify));
}

const struct telling tell_tls = {
	.title = "TLS",
	.rank = RANK_LAST,
	.report = report_tls,
	.say = say_tls,
	.refuse = refuse_tls,
	.detail = tls_detail,
};

/* Of the peer. */

static void
say_starttls(const struct peer *peer, struct strbuf *said)
{
	if (peer->starttls != STARTTLS_WORKS) {
		strbuf_printf(said, "STARTTLS at its server: %s%s%s", peer_starttls_text(peer->starttls),
			      peer->problem != PEER_PROBLEM_NONE ? ": " : "", peer_problem_text(peer));
		return;
	}
	strbuf_printf(said, "its server takes mail with %s, certificate for %s, issued by %s",
		      peer->tls_version, peer->cert_names, peer->issuer);
	if (peer->dane == DANE_MATCH)
		strbuf_add(said, ", which DANE confirms");
	else if (peer->dane == DANE_MISMATCH)
		strbuf_add(said, ", which is not the one that DANE names");
	else if (!peer->is_trusted)
		strbuf_printf(said, ", not trusted: %s", peer_problem_text(peer));
	else if (!peer->is_named)
		strbuf_add(said, ", not for the client's name");
}

static void
say_peer_tls(const struct facts *facts, int64_t time_s, struct strbuf *said)
{
	if (!peer_say_outcome(facts, METHOD_PEER_TLS, said))
		say_starttls(facts->peer.peer, said);
	peer_say_when(facts, time_s, said);
}

static void
add_peer_name(const struct peer *peer, struct strbuf *text)
{
	telling_add_value(text, peer != NULL && peer->name[0] != '\0' ? peer->name : "its host name");
}

static void
add_dane_remedy(const struct peer *peer, struct strbuf *text)
{
	strbuf_add(
		text,
		" has a certificate that does not match its TLSA records (DANE). If this is your mail server and it has a new certificate, ask whoever manages the DNS of ");
	add_peer_name(peer, text);
	strbuf_add(text, " to replace all TLSA records of _25._tcp.");
	add_peer_name(peer, text);
	strbuf_printf(
		text,
		" with this one TLSA record: \"3 1 1 %s\". If the server should have another certificate, ask its administrator to install that one. ",
		peer->key_digest[0] != '\0' ? peer->key_digest : "(SHA-256 of its key)");
}

/* What was found on port 25 of the client, behind "the mail server ...", and what to do about it. */
static void
add_starttls(const struct facts *facts, struct strbuf *text)
{
	const struct peer *peer = facts->peer.peer;

	if (peer == NULL || peer->outcome != PEER_ANSWERS || peer->starttls == STARTTLS_UNKNOWN) {
		strbuf_add(text, " could not be checked (");
		strbuf_add(text, peer_look_text(&facts->peer));
		strbuf_add(
			text,
			"). " TELLING_ADMINISTRATOR
			"make sure that it answers on port 25 and offers STARTTLS, and send the mail again. ");
	} else if (peer->starttls == STARTTLS_NOT_OFFERED || peer->starttls == STARTTLS_REFUSED) {
		strbuf_add(
			text,
			peer->starttls == STARTTLS_REFUSED
				? " offers STARTTLS, but refuses it. "
				: " does not offer encryption (STARTTLS) for incoming mail, and the receiving site accepts mail only from servers that offer it. ");
		strbuf_add(
			text, TELLING_ADMINISTRATOR
			"set up TLS for incoming mail (in Postfix: \"smtpd_tls_security_level = may\", and \"smtpd_tls_chain_files\" with the files of its key and certificate). ");
	} else if (peer->starttls == STARTTLS_BROKEN) {
		strbuf_add(text, " offers STARTTLS, but the TLS handshake fails (");
		telling_add_value(text, peer_problem_text(peer));
		strbuf_add(text, "). " TELLING_ADMINISTRATOR "check its certificate, key and protocols. ");
	} else if (peer->dane == DANE_MISMATCH) {
		add_dane_remedy(peer, text);
	} else {
		strbuf_add(text, " uses ");
		if (tls_is_old(peer->tls_version)) {
			telling_add_value(text, peer->tls_version);
			strbuf_add(text, ", which is too old, and ");
		}
		strbuf_add(text, "a certificate for ");
		telling_add_value(text, peer->cert_names);
		strbuf_add(text, peer->is_named ? "" : " (not its host name)");
		strbuf_add(text,
			   peer->is_trusted ? ". " : " that no known certificate authority has signed. ");
	}
}

/* What to do about a server whose TLS works, and could be better. */
static void
add_peer_tls_remedy(const struct peer *peer, struct strbuf *text)
{
	const bool is_certificate = peer == NULL || !peer->is_trusted || !peer->is_named;
	const bool is_old = peer != NULL && tls_is_old(peer->tls_version);

	strbuf_add(text, TELLING_ADMINISTRATOR);
	if (is_certificate) {
		strbuf_add(text, "install a certificate from a public certificate authority for ");
		add_peer_name(peer, text);
	}
	if (is_certificate && is_old)
		strbuf_add(text, ", and ");
	strbuf_add(text, is_old ? "turn on TLS 1.2 or 1.3. " : ". ");
}

static void
refuse_peer_tls(const struct config *config, const struct facts *facts, struct strbuf *text)
{
	const struct peer *peer = facts->peer.peer;
	const enum result result = facts->results[METHOD_PEER_TLS];

	(void)config;
	strbuf_add(text, "The mail server on port 25 of the connecting IP address ");
	telling_add_client(text, facts);
	add_starttls(facts, text);
	if (result == RESULT_PASS) {
		telling_add_policy(text);
	} else if (result == RESULT_NEUTRAL) {
		add_peer_tls_remedy(peer, text);
	}
}

static void
advise_peer_tls(const struct facts *facts, int64_t time_s, struct output *out)
{
	const struct peer *peer = facts->peer.peer;
	char ip[IPADDR_TEXT_SIZE], more[PEER_PATIENCE_SIZE];

	if (facts->results[METHOD_PEER_TLS] != RESULT_FAIL)
		return;
	(void)telling_client(facts, ip);
	(void)peer_patience(facts, time_s, more);
	if (peer != NULL && peer->dane == DANE_MISMATCH)
		prose_bullet(
			out,
			"The certificate of the server at %s does not match its TLSA records (DANE): replace one of the two. Until then senders that check DANE deliver nothing to it.%s",
			ip, more);
	else
		prose_bullet(out, "Set up STARTTLS on the server at %s, for incoming mail.%s", ip, more);
}

static const char *
peer_comment(const struct peer_facts *facts)
{
	const struct peer *peer = facts->peer;

	if (peer == NULL || peer->outcome != PEER_ANSWERS)
		return peer_look_text(facts);
	switch (peer->starttls) {
	case STARTTLS_NOT_OFFERED:
		return "no STARTTLS";
	case STARTTLS_REFUSED:
		return "STARTTLS refused";
	case STARTTLS_BROKEN:
		return peer_problem_text(peer);
	case STARTTLS_UNKNOWN:
		return "STARTTLS not tried";
	default:
		break;
	}
	if (peer->dane == DANE_MATCH)
		return "DANE matches";
	if (peer->dane == DANE_MISMATCH)
		return "DANE does not match";
	if (!peer->is_trusted)
		return peer_problem_text(peer);
	return peer->is_named ? "trusted certificate" : "certificate for another name";
}

static void
report_peer_tls(const struct facts *facts, struct authres *authres)
{
	const struct peer *peer = facts->peer.peer;

	if (facts->results[METHOD_PEER_TLS] == RESULT_UNCHECKED)
		return;
	authres_result(authres, method_words(METHOD_PEER_TLS)->method, facts->results[METHOD_PEER_TLS]);
	authres_property(authres, method_words(METHOD_PEER_TLS)->property,
			 peer != NULL && peer->starttls == STARTTLS_WORKS ? span_of(peer->tls_version)
									  : SPAN("none"));
	authres_comment(authres, peer_comment(&facts->peer));
}

const struct telling tell_peer_tls = {
	.title = "Server TLS",
	.rank = RANK_LAST,
	.report = report_peer_tls,
	.say = say_peer_tls,
	.refuse = refuse_peer_tls,
	.advise = advise_peer_tls,
};
