/*
 * submit: hands a message to the mail server by its sendmail(1): no shell, no environment but PATH, the null
 * sender, and one recipient as an argument behind "--".
 *
 * For heloscope(1) alone.
 */
#ifndef HELOSCOPE_REFLECT_SUBMIT_H
#define HELOSCOPE_REFLECT_SUBMIT_H

#include <stdbool.h>

#include "heloscope/base/error.h"
#include "heloscope/base/must_use.h"
#include "heloscope/base/output.h"

enum submit_state {
	SUBMIT_DONE,
	SUBMIT_REFUSED, /* the recipient or the message is not taken, and never will be */
	SUBMIT_FAULT,   /* it may be later, for the reason that `error` says */
};

/*
 * Run `program -i -f <> -- recipient` with what `put` writes. When that returns false, the program is ended
 * before it has all of a message. SIGPIPE is ignored from then on. Waits for its end.
 */
enum submit_state submit(const char *program, const char *recipient,
			 bool (*put)(const void *context, struct output *out), const void *context,
			 struct error *error) MUST_USE;

#endif
