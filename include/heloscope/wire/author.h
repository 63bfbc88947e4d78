/*
 * author: whose a message is, by the domain of its From fields (RFC 5322, 3.6.2), as what rests on the author
 * needs it: one domain, or a reason why there is none.
 *
 * What readers of mail may take in different ways is no single author: a second field, a second address, an
 * address in front of the one in brackets, what never ends. Text only; any thread; strings live in the
 * caller's arena.
 */
#ifndef HELOSCOPE_WIRE_AUTHOR_H
#define HELOSCOPE_WIRE_AUTHOR_H

#include "heloscope/base/arena.h"
#include "heloscope/base/span.h"

#define AUTHOR_DOMAINS_MAX 8

enum author_form {
	AUTHOR_UNREAD,    /* the header did not come to anybody who looks */
	AUTHOR_NONE,      /* no field */
	AUTHOR_ONE,       /* one field, and one domain */
	AUTHOR_SEVERAL,   /* several fields or domains */
	AUTHOR_MALFORMED, /* no domain can be read, or what can is not all */
	AUTHOR_FORMS
};

struct author {
	enum author_form form;
	size_t fields;
	const char *domains[AUTHOR_DOMAINS_MAX]; /* different ones, normalized; of many the first */
	size_t domain_count;
	bool has_fault; /* something stands there that is no address */
};

/* Nothing was read yet: to begin with. */
#define AUTHOR_BEGIN                                                                                         \
	{                                                                                                    \
		.form = AUTHOR_NONE                                                                          \
	}

/* Read one more From field, its value as it came. */
void author_add(struct author *author, struct span value, struct arena *arena);

/* The author's domain; "" unless there is exactly one. */
const char *author_domain(const struct author *author);

#endif
