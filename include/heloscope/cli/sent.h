/*
 * cli_sent: what mail logs and reports of receivers tell of mail that was sent: from which addresses, with
 * which envelope domains and selectors.
 *
 * Of a log count deliveries to other servers whose sender is of a domain of the lesson, and of those the
 * addresses that the log itself says they left from. Of reports count mail in the name of the domain that
 * passed DMARC: as an address and an envelope domain by SPF, since a signature passes from wherever the mail
 * is forwarded; as a selector by DKIM. What failed there tells only in whose name it passed SPF or DKIM
 * instead: of services that send for the domain, or of strangers. Bounded; what there is no room for is left
 * out. One thread.
 */
#ifndef HELOSCOPE_CLI_SENT_H
#define HELOSCOPE_CLI_SENT_H

#include <stdbool.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/must_use.h"
#include "heloscope/cli/learn.h"

struct sent;

/* Begin, for the domains of `lesson`, which learns the selectors. NULL when memory ran out. */
struct sent *sent_new(struct cli_lesson *lesson) MUST_USE;
void sent_free(struct sent *sent); /* NULL is allowed */

/* Read the log or reports at `path`, a file, "-" for standard input, or a directory. False, with the reason
 * on standard error, when there was a fault and nothing was learned. */
bool sent_read_log(struct sent *sent, const char *path) MUST_USE;
bool sent_read_reports(struct sent *sent, const char *path) MUST_USE;

/* Set in `order` what the lesson's domain with this number has, of what is not set there, and from what it
 * was taken. `sent` must outlive the order. */
void sent_fill(struct sent *sent, size_t number, struct doctor_order *order, struct arena *arena);

#endif
