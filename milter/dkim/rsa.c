#include "heloscope/dkim/rsa.h"

#include <stdint.h>
#include <string.h>

#define EXPONENT_BITS_MAX 17 /* of 65537, which is usual; what a longer one takes, its owner chooses */

/* Tags of DER (X.690, 8.1.2). */
enum { DER_INTEGER = 0x02, DER_BIT_STRING = 0x03, DER_SEQUENCE = 0x30 };

/* rsaEncryption with its NULL (RFC 8017, A.1): all of an AlgorithmIdentifier. */
static const char algorithm[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

static unsigned
octet_at(struct span text, size_t at)
{
	return (unsigned char)text.at[at];
}

/* Take a length of at most two octets, in its shortest form, off `rest`. */
static bool
take_length(struct span *rest, size_t *length)
{
	const size_t first = rest->length > 0 ? octet_at(*rest, 0) : 0xff;
	const size_t more = first < 0x80 ? 0 : first - 0x80;

	if (more > 2 || rest->length < 1 + more || first == 0x80)
		return false;
	*length = more == 0 ? first : 0;
	for (size_t i = 1; i <= more; i++)
		*length = *length << 8 | octet_at(*rest, i);
	*rest = span_from(*rest, 1 + more);
	return *length <= rest->length && (more == 0 || *length >= (more == 1 ? 0x80U : 0x100U));
}

/* Take what has that tag off `rest`. */
static bool
take(struct span *rest, unsigned tag, struct span *value)
{
	size_t length;

	if (rest->length == 0 || octet_at(*rest, 0) != tag)
		return false;
	*rest = span_from(*rest, 1);
	if (!take_length(rest, &length))
		return false;
	*value = (struct span){ rest->at, length };
	*rest = span_from(*rest, length);
	return true;
}

/* A positive number in its shortest form. */
static bool
take_number(struct span *rest, struct span *number)
{
	if (!take(rest, DER_INTEGER, number) || number->length == 0 || octet_at(*number, 0) >= 0x80)
		return false;
	if (octet_at(*number, 0) != 0)
		return true;
	*number = span_from(*number, 1);
	return number->length > 0 && octet_at(*number, 0) >= 0x80;
}

static unsigned
bits_of(struct span number)
{
	unsigned bits = (unsigned)(number.length - 1) * 8;

	for (unsigned first = octet_at(number, 0); first != 0; first >>= 1)
		bits++;
	return bits;
}

/* The bits of both are odd; an exponent is 3 or more. */
static bool
is_sane(const struct dkim_rsa *key)
{
	const struct span n = key->modulus, e = key->exponent;

	return (octet_at(n, n.length - 1) & 1) != 0 && (octet_at(e, e.length - 1) & 1) != 0
	       && (e.length > 1 || octet_at(e, 0) >= 3);
}

static bool
read_bare(struct span octets, struct dkim_rsa *key)
{
	struct span inside;

	if (!take(&octets, DER_SEQUENCE, &inside) || octets.length > 0)
		return false;
	if (!take_number(&inside, &key->modulus) || !take_number(&inside, &key->exponent)
	    || inside.length > 0)
		return false;
	key->bits = bits_of(key->modulus);
	key->has_long_exponent = bits_of(key->exponent) > EXPONENT_BITS_MAX;
	return !key->has_long_exponent && is_sane(key);
}

bool
dkim_rsa_read(struct span octets, struct dkim_rsa *key)
{
	struct span rest = octets, inside, identifier, bits;

	key->has_long_exponent = false;
	if (!take(&rest, DER_SEQUENCE, &inside) || rest.length > 0)
		return false;
	if (!take(&inside, DER_SEQUENCE, &identifier))
		return read_bare(octets, key);
	if (!span_equals(identifier, SPAN(algorithm)) || !take(&inside, DER_BIT_STRING, &bits))
		return false;
	if (inside.length > 0 || bits.length == 0 || octet_at(bits, 0) != 0)
		return false;
	return read_bare(span_from(bits, 1), key);
}
