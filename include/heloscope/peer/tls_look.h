/*
 * tls_look: what a TLS session tells of the server: version, cipher, and its certificate.
 */
#ifndef HELOSCOPE_PEER_TLS_LOOK_H
#define HELOSCOPE_PEER_TLS_LOOK_H

#include <openssl/ssl.h>

#include "heloscope/peer/peer.h"

/* After a handshake: fill in the part of `peer` that is about TLS, but DANE. Judges names by peer->name. */
void tls_look(SSL *tls, struct peer *peer);

/* After a failed one: say why. `error`: of SSL_get_error(). */
void tls_look_failure(int error, struct peer *peer);

#endif
