/*
 * judge: what is wrong with how an MTA is joined to a filter of this configuration.
 */
#ifndef HELOSCOPE_WIRING_JUDGE_H
#define HELOSCOPE_WIRING_JUDGE_H

#include "heloscope/base/strbuf.h"
#include "heloscope/config/config.h"
#include "heloscope/wiring/finding.h"
#include "heloscope/wiring/reach.h"
#include "heloscope/wiring/trial.h"

struct wiring {
	const struct config *config;
	struct wiring_findings findings; /* what was found so far */
};

/* Seconds that the MTA must give the filter for a reply: those of its lookups, and two more. */
unsigned wiring_patience(const struct config *config);

/* Whether a port of an MTA, by number or name, is one on which users submit mail. */
bool wiring_is_for_users(struct span port);

/* Whether an address that an MTA listens on is one of loopback; in brackets, as Postfix has those of IPv6, or
 * behind "IPv6:", as Sendmail has them. */
bool wiring_is_on_loopback(struct span host);

/* Add those macros that the filter asks for at a stage (libmilter's SMFIM_) and that are in none of the
 * lists: of this stage, and of those before it. */
void wiring_add_missing_macros(const struct config *config, int stage, const struct span *lists, size_t count,
			       struct strbuf *missing);

/* The lines by which the filter listens on the unix socket `listen`, "unix:/PATH", whose directory is made
 * for it and for the group of `user`, who connects. */
void wiring_cure_socket(struct wiring *wiring, struct wiring_finding *finding, const char *listen,
			const char *user);

/* The line after which the filter listens where its configuration says. */
void wiring_cure_by_restart(struct wiring *wiring, struct wiring_finding *finding);

/* Whether somebody answers where the filter listens, and the MTA may connect. */
void wiring_judge_reach(struct wiring *wiring, const struct caller *caller);

/* What the filter's count of sessions says of a test message. */
enum trial_trace {
	TRACE_UNKNOWN, /* it does not tell, or has others */
	TRACE_NONE,    /* it has had none */
	TRACE_COUNTED, /* it has had one just then */
};

/* What became of a test message. `mailbox`: where it should have come, or NULL: nobody looked. */
void wiring_judge_trial(struct wiring *wiring, const struct trial *trial, enum trial_trace trace,
			const char *mailbox);

#endif
