#include "heloscope/peer/tls_look.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "heloscope/base/strbuf.h"

#define NAMES_SHOWN 4

/*
 * Add the first part of that kind of a name, escaped as it stands: a server writes into its certificate what
 * it likes, and an octet NUL ends nothing. Returns whether there is one.
 */
static bool
add_part(const X509_NAME *name, int kind, const char *before, struct strbuf *text)
{
	const int at = X509_NAME_get_index_by_NID((X509_NAME *)name, kind, -1);
	const ASN1_STRING *part = at >= 0 ? X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)) : NULL;

	if (part == NULL || ASN1_STRING_length(part) == 0)
		return false;
	strbuf_add(text, before);
	strbuf_add_escaped(
		text,
		(struct span){ (const char *)ASN1_STRING_get0_data(part), (size_t)ASN1_STRING_length(part) },
		PEER_TEXT_SIZE);
	return true;
}

/* The names of a certificate, for people. */
static void
add_names(const X509 *certificate, struct strbuf *names)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int shown = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);

		if (name->type != GEN_DNS)
			continue;
		if (shown++ == NAMES_SHOWN) {
			strbuf_add(names, ", ...");
			break;
		}
		strbuf_add(names, shown > 1 ? ", " : "");
		strbuf_add_escaped(names,
				   (struct span){ (const char *)ASN1_STRING_get0_data(name->d.dNSName),
						  (size_t)ASN1_STRING_length(name->d.dNSName) },
				   PEER_TEXT_SIZE / 2);
	}
	GENERAL_NAMES_free(all);
	if (shown == 0)
		(void)add_part(X509_get_subject_name(certificate), NID_commonName, "", names);
}

/* The issuer's organization and common name, as far as it has them. */
static void
add_issuer(const X509 *certificate, struct strbuf *issuer)
{
	const X509_NAME *name = X509_get_issuer_name(certificate);
	const bool has_organization = add_part(name, NID_organizationName, "", issuer);

	(void)add_part(name, NID_commonName, has_organization ? ", " : "", issuer);
}

/* Within the years that findings and records hold, whatever year the server made up; 0 when it is none. */
static int64_t
seconds_of(const ASN1_TIME *time)
{
	struct tm parts;
	int64_t seconds;

	if (ASN1_TIME_to_tm(time, &parts) != 1)
		return 0;
	seconds = (int64_t)timegm(&parts);
	if (seconds < PEER_TIME_MIN)
		return PEER_TIME_MIN;
	return seconds < PEER_TIME_MAX ? seconds : PEER_TIME_MAX;
}

static void
set_key_digest(const X509 *certificate, struct peer *peer)
{
	struct strbuf text = STRBUF_OVER(peer->key_digest);
	unsigned char *key = NULL, digest[EVP_MAX_MD_SIZE];
	const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
	unsigned digest_length = 0;

	if (length > 0 && EVP_Digest(key, (size_t)length, digest, &digest_length, EVP_sha256(), NULL) == 1)
		for (unsigned i = 0; i < digest_length; i++)
			strbuf_printf(&text, "%02x", digest[i]);
	OPENSSL_free(key);
}

/* Whether the chain leads to an authority of this system: beside DANE, which the session itself judges by. */
static void
judge_chain(SSL *tls, X509 *certificate, struct peer *peer)
{
	X509_STORE_CTX *judge = X509_STORE_CTX_new();
	X509_STORE *authorities = SSL_CTX_get_cert_store(SSL_get_SSL_CTX(tls));

	peer->problem = PEER_PROBLEM_UNTRUSTED;
	if (judge == NULL
	    || X509_STORE_CTX_init(judge, authorities, certificate, SSL_get_peer_cert_chain(tls)) != 1
	    || X509_STORE_CTX_set_default(judge, "ssl_server") != 1) {
		X509_STORE_CTX_free(judge);
		return;
	}
	peer->is_trusted = X509_verify_cert(judge) == 1;
	if (peer->is_trusted) {
		peer->problem = PEER_PROBLEM_NONE;
	} else {
		struct strbuf quoted = STRBUF_OVER(peer->quoted);

		strbuf_add(&quoted, X509_verify_cert_error_string(X509_STORE_CTX_get_error(judge)));
	}
	X509_STORE_CTX_free(judge);
	ERR_clear_error();
}

void
tls_look(SSL *tls, struct peer *peer)
{
	struct strbuf version = STRBUF_OVER(peer->tls_version), cipher = STRBUF_OVER(peer->cipher);
	struct strbuf names = STRBUF_OVER(peer->cert_names), issuer = STRBUF_OVER(peer->issuer);
	X509 *certificate = SSL_get1_peer_certificate(tls);

	strbuf_add(&version, SSL_get_version(tls));
	strbuf_add(&cipher, SSL_get_cipher_name(tls));
	peer->cipher_bits = (unsigned)SSL_get_cipher_bits(tls, NULL);
	if (certificate == NULL) {
		peer->problem = PEER_PROBLEM_NO_CERTIFICATE;
		return;
	}
	add_names(certificate, &names);
	add_issuer(certificate, &issuer);
	set_key_digest(certificate, peer);
	peer->not_after = seconds_of(X509_get0_notAfter(certificate));
	peer->is_named =
		peer->name[0] != '\0'
		&& X509_check_host(certificate, peer->name, 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL)
			   == 1;
	judge_chain(tls, certificate, peer);
	X509_free(certificate);
}

void
tls_look_failure(int error, struct peer *peer)
{
	struct strbuf quoted = STRBUF_OVER(peer->quoted);
	const bool is_closed = error == SSL_ERROR_SYSCALL || error == SSL_ERROR_ZERO_RETURN;
	const unsigned long code = ERR_get_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	peer->problem =
		reason == NULL && is_closed ? PEER_PROBLEM_HANDSHAKE_CLOSED : PEER_PROBLEM_HANDSHAKE_FAILED;
	if (reason != NULL)
		strbuf_add_escaped(&quoted, span_of(reason), PEER_TEXT_SIZE);
	ERR_clear_error();
}
