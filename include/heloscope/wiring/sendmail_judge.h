/*
 * sendmail_judge: what is wrong with how a Sendmail is joined to the filter.
 */
#ifndef HELOSCOPE_WIRING_SENDMAIL_JUDGE_H
#define HELOSCOPE_WIRING_SENDMAIL_JUDGE_H

#include "heloscope/wiring/judge.h"
#include "heloscope/wiring/sendmail.h"

/* All but the socket. Whether another filter is defined comes back. */
bool wiring_judge_sendmail(struct wiring *wiring, const struct sendmail *sendmail);

#endif
