/*
 * cli_argument: what people give to the commands of heloscope(1), read strictly: addresses, domains, HELO
 * names, selectors, mail addresses, times.
 *
 * Each reader returns -1 to go on, or CLI_USAGE once it has said on standard error, for `command`, what is
 * wanted instead; the output is untouched then. Where only one thing can be meant, that is understood: a
 * display name before an address, a selector with the name of its record. Any thread.
 */
#ifndef HELOSCOPE_CLI_ARGUMENT_H
#define HELOSCOPE_CLI_ARGUMENT_H

#include <stdbool.h>
#include <time.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/domain.h"
#include "heloscope/base/ipaddr.h"

#define CLI_PATH_SIZE 1024 /* octets of a path with its brackets, and a NUL */

int cli_read_address(const char *command, const char *text, struct ipaddr *address) MUST_USE;

/* A domain that sends mail, normalized, in DOMAIN_SIZE octets: no address, no mail address, no record's name.
 */
int cli_read_domain(const char *command, const char *text, char *name) MUST_USE;

/* A HELO name that a server may give: a host name, normalized, or an address literal in brackets; `helo`:
 * DOMAIN_SIZE octets. */
int cli_read_helo(const char *command, const char *text, char *helo) MUST_USE;

/*
 * A DKIM selector, normalized: "s1"; also the name of its record, "s1._domainkey" or
 * "s1._domainkey.example.org", whose domain stands in `domain` then, else "". Both: DOMAIN_SIZE octets.
 */
int cli_read_selector(const char *command, const char *text, char *selector, char *domain) MUST_USE;

/*
 * A mail address as a path of SMTP, with its brackets, in CLI_PATH_SIZE octets: "a@p.example", or what stands
 * in the brackets behind a display name. What begins with "<" is taken as it is: so a client may say
 * anything. A sender may be empty or "<>"; a recipient "postmaster" needs no domain (RFC 5321, 4.5.1).
 */
int cli_read_sender(const char *command, const char *text, char *path) MUST_USE;
int cli_read_recipient(const char *command, const char *text, char *path) MUST_USE;

/* A point in time as text: 2026-11-24T12:00:00Z, with the final NUL. */
#define CLI_TIME_SIZE 24

/* Read such a text; 0 when it is none, or no day of the calendar. */
time_t cli_read_time(const char *text);

/* "24h", "7d" or such a time, as such a time in `since`. */
int cli_read_since(const char *command, const char *text, char *since) MUST_USE;

#endif
