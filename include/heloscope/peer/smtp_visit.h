/*
 * smtp_visit: looks at one mail server: connects, reads the greeting, says EHLO, tries STARTTLS, says
 * EHLO again, tells why with NOOP, and QUIT. Never MAIL, RCPT or DATA, and never a second address.
 *
 * A conversation of smtp_client, with its loop, thread and bounds. Plain text that a server sends behind its
 * reply to STARTTLS is thrown away (the class of CVE-2011-0411).
 */
#ifndef HELOSCOPE_PEER_SMTP_VISIT_H
#define HELOSCOPE_PEER_SMTP_VISIT_H

#include <openssl/ssl.h>

#include "heloscope/base/must_use.h"
#include "heloscope/dns/dns.h"
#include "heloscope/peer/peer.h"
#include "heloscope/peer/smtp_client.h"

struct smtp_visit;

struct smtp_visit_order {
	struct smtp_client_order to;
	const char *name;        /* its host name, for SNI, the certificate and DANE, or "" */
	struct dns_answer *tlsa; /* _port._tcp.name, or NULL: not asked */
	const char *ehlo_name;   /* who we are */
	const char *why;         /* said with NOOP; printable, without line ends */
	int tls_max;             /* newest version to offer, as TLS1_1_VERSION; 0: any */
	SSL_CTX *tls;            /* of smtp_visit_tls() */
};

/* Called once, from the event loop; `peer` is good until it returns. */
typedef void smtp_visit_callback(void *context, const struct peer *peer);

/* A TLS client that takes old versions and any certificate, to tell of them, with the system's authorities.
 */
SSL_CTX *smtp_visit_tls(void);

/* Begin. Strings are copied, the answer and `tls` counted. NULL when memory or descriptors ran out. */
struct smtp_visit *smtp_visit_new(struct event_base *base, const struct smtp_visit_order *order,
				  smtp_visit_callback *callback, void *context) MUST_USE;

/* End it wherever it is, without a callback; not from within its callback. NULL is allowed. */
void smtp_visit_free(struct smtp_visit *visit);

#endif
