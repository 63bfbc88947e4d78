/*
 * finding: what is wrong with the way in which the MTA is joined to the filter, and the lines that mend it.
 *
 * A finding is a row of one table (FINDING_ROWS), with the place where it was found, the value there, and
 * lines to paste, each with the file into which it goes. What is found twice at one place is told once. One
 * thread.
 */
#ifndef HELOSCOPE_WIRING_FINDING_H
#define HELOSCOPE_WIRING_FINDING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/output.h"

enum severity {
	SEVERITY_WRONG,   /* mail is not checked, or is lost or held up */
	SEVERITY_WARNING, /* it will be, or something is checked that should not be */
	SEVERITY_NOTE,    /* it may be as it should; nothing needs to be done */
	SEVERITIES
};

/* Each: name, token, severity, what it means. */
/* clang-format off */
#define FINDING_ROWS(ROW) \
	ROW(NOT_ATTACHED, "not-attached", WRONG, \
	    "No mail from outside is passed to this filter here, so the filter checks nothing.") \
	ROW(NOT_ATTACHED_STRESSED, "not-attached-under-stress", WRONG, \
	    "Under stress, Postfix passes no mail from outside to this filter here, so the filter checks nothing as long as that lasts.") \
	ROW(NO_MILTERS, "no-milters", WRONG, \
	    "This says no_milters, so no mail is passed to any filter here, whatever smtpd_milters lists.") \
	ROW(MAP_FOR_ALL, "milter-map-for-all", WRONG, \
	    "This gives every client other filters, or none (DISABLE), than smtpd_milters lists.") \
	ROW(PROXY_FILTER, "proxy-filter", WRONG, \
	    "This service gives each message to that program before a filter of smtpd_milters could look at it: header and body never reach this filter, so it writes no field and checks neither DKIM nor DMARC. Have that program take the mail behind the queue (content_filter), or as a milter.") \
	ROW(OTHER_ADDRESS, "other-address", WRONG, \
	    "This seems to mean this filter, but the filter listens on another address.") \
	ROW(SPELLING, "spelling", WRONG, \
	    "This is not how the MTA spells the address of a filter, so it cannot reach the filter. Postfix knows only inet:HOST:PORT and unix:PATH; Sendmail only inet:PORT@HOST, inet6:PORT@HOST, unix:PATH and local:PATH.") \
	ROW(OTHER_FAMILY, "inet-protocols", WRONG, \
	    "Postfix uses only this version of IP, also to connect to filters, and the address of this filter is of the other one. So it cannot reach the filter.") \
	ROW(OUTSIDE_CHROOT, "socket-outside-chroot", WRONG, \
	    "This service runs in a chroot, the queue directory of Postfix, where this is not the path of the filter's socket.") \
	ROW(SOCKET_MISSING, "socket-missing", WRONG, \
	    "The socket of the filter does not exist: the filter is not running, or could not create it. Its log says why.") \
	ROW(SOCKET_CLOSED, "socket-no-access", WRONG, \
	    "The user that Postfix runs as may not connect to this socket.") \
	ROW(SOCKET_UNSAFE, "socket-unsafe", WRONG, \
	    "Sendmail takes no socket below a directory that its group or others may write, and does not start with one.") \
	ROW(NOBODY_LISTENS, "nobody-listens", WRONG, \
	    "Nobody listens on the address of the filter: the filter is not running. Its log says why.") \
	ROW(SOCKET_UNSEEN, "socket-not-seen", NOTE, \
	    "You may not look at the socket of the filter, so whether the MTA can connect was not checked. Run this as root.") \
	ROW(DEFAULT_TEMPFAIL, "default-tempfail", WRONG, \
	    "While the filter is down, all mail gets a temporary error (451), so no mail comes in until the filter is back.") \
	ROW(DEFAULT_REJECT, "default-reject", WRONG, \
	    "While the filter is down, all mail is refused for good, so mail is lost to you.") \
	ROW(DEFAULT_QUARANTINE, "default-quarantine", WRONG, \
	    "While the filter is down, all mail goes to the hold queue and stays there until you release it (postsuper -H).") \
	ROW(DEFAULT_SHUTDOWN, "default-shutdown", WRONG, \
	    "While the filter is down, all clients are disconnected (421), so no mail comes in until the filter is back.") \
	ROW(CONNECT_TIMEOUT, "connect-timeout", WARNING, \
	    "The MTA gives up connecting to the filter so early that a busy moment is enough to lose it.") \
	ROW(COMMAND_TIMEOUT, "command-timeout", WRONG, \
	    "The MTA gives the filter up before the timeout of its DNS lookups has passed: what a slow name server delays is then treated as if the filter were down.") \
	ROW(CONTENT_TIMEOUT, "content-timeout", WRONG, \
	    "At the end of a message, the MTA gives the filter up before the timeout of its DNS lookups has passed: what a slow name server delays is then treated as if the filter were down.") \
	ROW(NO_TIME, "no-time", WRONG, \
	    "This is no time as the MTA reads it (30s, 5m): Postfix takes no mail with it, and Sendmail does not start.") \
	ROW(PROTOCOL, "protocol", WRONG, \
	    "The filter needs version 6 of the protocol between MTA and filters. With an older one it sees header fields changed.") \
	ROW(MACROS, "macros", WRONG, \
	    "The filter cannot ask for macros here, and these that it needs are not sent by themselves.") \
	ROW(ON_SUBMISSION, "on-submission", WARNING, \
	    "The filter is attached to a service on which your own users submit mail. They connect from home and mobile networks, which checks of mail servers are not made for.") \
	ROW(ON_LOOPBACK, "on-loopback", WARNING, \
	    "The filter is also attached to a service on loopback. Mail comes there from programs of this host and was checked before, if it came from outside.") \
	ROW(NON_SMTPD, "non-smtpd", WARNING, \
	    "The filter is attached to mail that is submitted on this host itself. That mail has no client to check, and if it is refused it stays in the queue.") \
	ROW(NOT_FIRST, "not-first", WARNING, \
	    "Another filter comes before this one, so it cannot use what this one writes, and mail that this one would refuse has already cost its work.") \
	ROW(TWICE, "attached-twice", WARNING, \
	    "The filter is attached here more than once, so it judges each message as often, and removes the fields that it wrote before as forged.") \
	ROW(DEFINED_TWICE, "defined-twice", WRONG, \
	    "A filter of this name is defined before, in upper or lower case. Sendmail does not start with two: remove one.") \
	ROW(SECOND_WRITER, "second-writer", WARNING, \
	    "Another filter writes Authentication-Results with the same authserv-id. This filter removes such fields as forged if the other comes first; else a message has two, and many programs read only one.") \
	ROW(HARD_ERRORS, "hard-error-limit", WARNING, \
	    "\"recipients apart\" answers up to 9 recipients of a session with 452, which count as errors. Postfix disconnects honest servers at this limit.") \
	ROW(HARD_ERRORS_STRESSED, "hard-error-limit-under-stress", WARNING, \
	    "Under stress, Postfix has this limit and disconnects honest servers at it: \"recipients apart\" answers up to 9 recipients of a session with 452, which count as errors. Their mail must come again.") \
	ROW(TRIAL_REFUSED, "test-message-refused", WRONG, \
	    "The MTA did not accept the test message.") \
	ROW(TRIAL_UNSEEN, "test-message-not-seen", WRONG, \
	    "The MTA accepted the test message, but the filter has counted no session meanwhile: mail from there does not pass the filter.") \
	ROW(TRIAL_UNKNOWN, "test-message-not-known", WARNING, \
	    "The MTA accepted the test message. It is not known whether the filter saw it: the filter does not answer on \"control\", or has other sessions at the same time. Give --mailbox with a mailbox of that address, where the message shows it.") \
	ROW(TRIAL_LATE, "test-message-not-arrived", WARNING, \
	    "The test message was not found in this mailbox in time. The log of the MTA says where it is.") \
	ROW(TRIAL_FORGED, "forged-field-kept", WRONG, \
	    "The test message brought a field that only this filter may write, and it still has it: it did not pass the filter, or the filter runs with another authserv-id.") \
	ROW(MTA_LACKS, "mta-lacks", WARNING, \
	    "The running filter has missed this from the MTA. \"heloscope status\" says what it is for and what to do.") \
	ROW(PROXY, "proxy-protocol", NOTE, \
	    "A proxy in front tells Postfix the client's address, which the filter then sees. That is right as long as the proxy alone can reach this port.") \
	ROW(MILTER_MAP, "milter-map", NOTE, \
	    "Clients that are found in these tables have other filters, or none (DISABLE), than smtpd_milters lists. That is right if these are the clients that you mean.") \
	ROW(XCLIENT, "xclient", NOTE, \
	    "These hosts may tell Postfix another client's address by XCLIENT, which the filter then believes. That is right for your own gateways and for nobody else.")

#define FINDING_ENUM(NAME, token, SEVERITY, text) FINDING_##NAME,
enum finding_kind { FINDING_ROWS(FINDING_ENUM) FINDING_KINDS };
/* clang-format on */

/* Into which file a line goes. */
enum cure_file {
	CURE_MAIN_CF,
	CURE_MASTER_CF,
	CURE_SENDMAIL_MC,
	CURE_FILTER,
	CURE_SHELL,
	CURE_OTHER_FILTER,
	CURE_FILES
};

#define CURES_MAX 4

struct cure {
	enum cure_file file;
	const char *below; /* of master.cf: the service below which it stands; else NULL */
	const char *line;
};

struct wiring_finding {
	enum finding_kind kind;
	const char *place, *found; /* `found` may be empty */
	struct cure cures[CURES_MAX];
	size_t cure_count;
};

struct wiring_findings {
	struct arena *arena;
	struct wiring_finding *items;
	size_t count;
};

/* Add one; the texts are copied. NULL when that was found there before, or memory ran out (see the arena). */
struct wiring_finding *wiring_find(struct wiring_findings *findings, enum finding_kind kind,
				   const char *place, struct span found);

/* Whether that was found there. */
bool wiring_is_found(const struct wiring_findings *findings, enum finding_kind kind, const char *place);

/* Add a line that mends it; `finding` may be NULL. */
void wiring_cure(struct wiring_findings *findings, struct wiring_finding *finding, enum cure_file file,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* How many there are of a severity. */
size_t wiring_count(const struct wiring_findings *findings, enum severity severity);

/* For people, the worst first; and as an array for programs. */
void wiring_put(const struct wiring_findings *findings, struct output *out);
json_t *wiring_json(const struct wiring_findings *findings);

#endif
