/*
 * stage: how far a mail had come when it was refused, from the command that programs name beside a reply.
 *
 * Text only; any thread.
 */
#ifndef HELOSCOPE_REFUSALS_STAGE_H
#define HELOSCOPE_REFUSALS_STAGE_H

#include "heloscope/refusals/refusal.h"

/* Of a command as programs write it: "RCPT TO", "end of data", "EHLO mx.example", "initial connection". NONE:
 * it is none of those. */
enum refusal_stage stage_of_command(struct span command);

/* Take "(in reply to RCPT TO command)" off `text`, and what stands behind it. Of several it is the last,
 * which is Postfix's: those before it are the server's words. NONE: there is none. */
enum refusal_stage stage_take(struct span *text);

#endif
