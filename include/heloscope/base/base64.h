/*
 * base64: octets as text (RFC 4648, 4). Any thread; no allocation.
 */
#ifndef HELOSCOPE_BASE_BASE64_H
#define HELOSCOPE_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "heloscope/base/must_use.h"
#include "heloscope/base/span.h"
#include "heloscope/base/strbuf.h"

/*
 * Decode text that may have blanks and line ends anywhere, and may lack its padding (as RFC 6376, 3.2 allows
 * both). False, with `length` as it was, when other octets stand in it, when it ends within an octet, or when
 * there are more than `size` of them.
 */
bool base64_decode(struct span text, unsigned char *octets, size_t size, size_t *length) MUST_USE;

/* Add octets, padded, in one line. */
void base64_add(struct strbuf *out, const unsigned char *octets, size_t length);

#endif
