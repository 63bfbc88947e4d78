/*
 * words_refusal: what another server's refusal means, for people.
 *
 * The sentences of the catalogue are its own; here are those for what only codes tell, and what stands around
 * both. Any thread.
 */
#ifndef HELOSCOPE_WORDS_REFUSAL_H
#define HELOSCOPE_WORDS_REFUSAL_H

#include "heloscope/base/output.h"
#include "heloscope/base/strbuf.h"
#include "heloscope/refusals/groups.h"

/* What it means: the entry's words, else those of the codes. Never NULL. */
const char *refusal_meaning(const struct recognition *known);

#define REFUSAL_REMEDY_SIZE 2000 /* octets that hold it */

/* Add what to do about it; of mail that the sending server gave up (`status`) also that it has to be sent
 * again. */
void refusal_add_remedy(const struct recognition *known, enum refusal_status status, struct strbuf *out);

/* Which servers refused so: "mx1.a.example", "mx1.a.example and other servers of a.example", "mx1.a.example
 * and other servers"; printable. Nothing when none is known. */
void refusal_add_servers(const struct refusal_group *group, struct strbuf *out);

/* All of one kind, the answer first, on lines of 80 columns; ends with a line end. `settled`: NULL, or what
 * is said in place of what to do, of a reason that is no longer true. */
void refusal_tell(const struct refusal_group *group, const char *settled, struct output *out);

#endif
