/*
 * dane: what TLSA records say of a mail server's certificate (RFC 6698, RFC 7672), with OpenSSL.
 */
#ifndef HELOSCOPE_PEER_DANE_H
#define HELOSCOPE_PEER_DANE_H

#include <openssl/ssl.h>

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"
#include "heloscope/peer/peer.h"

/*
 * Before the handshake: let `tls` judge by `tlsa`, for the host `name`. Returns DANE_MISMATCH when the
 * handshake will tell, else what is already certain.
 */
enum peer_dane dane_begin(SSL *tls, const char *name, const struct dns_answer *tlsa) MUST_USE;

/* After the handshake, when dane_begin() returned DANE_MISMATCH. */
enum peer_dane dane_end(const SSL *tls);

/* The name at which the records stand: "_25._tcp.mail.example". False when it is too long for the DNS. */
bool dane_record_name(const char *host, unsigned port, char *name);

#endif
