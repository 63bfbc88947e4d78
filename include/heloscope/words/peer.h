/*
 * words_peer: a look at the server at the client's address, in words: what those of banner and of TLS say
 * alike, and doctor. Any thread.
 *
 * `time_s`: when the message came, in seconds since 1970.
 */
#ifndef HELOSCOPE_WORDS_PEER_H
#define HELOSCOPE_WORDS_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "heloscope/base/strbuf.h"
#include "heloscope/facts/facts.h"

/* "answers", "connection refused" and so on. */
const char *peer_outcome_text(enum peer_outcome outcome);
const char *peer_starttls_text(enum peer_starttls starttls);

/* What is wrong with TLS: as OpenSSL says it, or else in our words; "" when nothing is. */
const char *peer_problem_text(const struct peer *peer);

/* What came of the look: its outcome, or why there is none. */
const char *peer_look_text(const struct peer_facts *facts);

/* Why there is nothing more to say; false when there is. */
bool peer_say_outcome(const struct facts *facts, enum method method, struct strbuf *said);

/* When the look was, if it was before the mail came. */
void peer_say_when(const struct facts *facts, int64_t time_s, struct strbuf *said);

#define PEER_PATIENCE_SIZE 160

/* What to add to advice, in `memory`, for those who have followed it and are still refused; or "". */
const char *peer_patience(const struct facts *facts, int64_t time_s, char memory[PEER_PATIENCE_SIZE]);

#endif
