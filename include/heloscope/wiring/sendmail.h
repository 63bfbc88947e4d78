/*
 * sendmail: what a sendmail.cf says of filters: those that are defined (X), those that are attached, the
 * ports, and the macros for them.
 */
#ifndef HELOSCOPE_WIRING_SENDMAIL_H
#define HELOSCOPE_WIRING_SENDMAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "heloscope/base/arena.h"
#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"

#define SENDMAIL_STAGES 5 /* connect, HELO, MAIL, RCPT, end of message */

/* Xheloscope, S=inet:8891@127.0.0.1, F=T, T=C:5s;S:10s;R:20s;E:1m */
struct sendmail_filter {
	struct span name, address, flags, timeouts; /* of flags and timeouts given twice: both */
};

/* O DaemonPortOptions=Port=587, Name=MSA, M=E */
struct sendmail_port {
	struct span whole, name, port, address;
	bool has_filters; /* of its own */
	struct span filters;
};

struct sendmail {
	struct arena *arena;
	struct span version;       /* "8.17.1.9"; empty when it is not said */
	struct span input_filters; /* of ports that have none of their own */
	struct span user;          /* as whom it connects to filters */
	mode_t unsafe;             /* modes of a directory below which it takes no socket */
	struct span macros[SENDMAIL_STAGES];
	struct sendmail_filter *filters;
	size_t filter_count;
	struct sendmail_port *ports;
	size_t port_count;
};

/* Nothing, yet; what is read goes to `arena`. */
void sendmail_init(struct sendmail *sendmail, struct arena *arena);

/* Take a line, which was joined with those that continue it, and stays where it is. False for want of memory.
 */
bool sendmail_take(struct sendmail *sendmail, struct span line) MUST_USE;

/* Read a file. */
bool sendmail_load(struct sendmail *sendmail, const char *path, struct error *error) MUST_USE;

/* The next name of a list of filters, which becomes the rest; empty at its end. */
struct span sendmail_next(struct span *list);

/* What the last piece of `text` says for a key: of "C:5s;R:20s" with ';' and ':' for "R" it is "20s". */
bool sendmail_piece(struct span text, char separator, char sign, const char *key, struct span *value);

/* Seconds of a time as Sendmail writes it: "30s", "1h30m", "30". False when it is none. */
bool sendmail_read_seconds(struct span text, unsigned *seconds) MUST_USE;

#endif
