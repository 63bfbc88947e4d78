#include "heloscope/dkim/hasher.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>

/* Looked up once: to do so for each hash takes longer than to make one. NULL when memory ran out then. */
static EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void
dkim_hasher_init(struct dkim_hasher *hasher, struct dkim_mark *marks, size_t count)
{
	(void)pthread_once(&once, fetch);
	hasher->length = hasher->used = hasher->mark = 0;
	hasher->marks = marks;
	hasher->mark_count = count;
	hasher->context = EVP_MD_CTX_new();
	hasher->has_failed =
		hasher->context == NULL
		|| EVP_DigestInit_ex2(hasher->context, sha256 != NULL ? sha256 : EVP_sha256(), NULL) != 1;
}

void
dkim_hasher_clear(struct dkim_hasher *hasher)
{
	EVP_MD_CTX_free(hasher->context);
	hasher->context = NULL;
}

static void
update(struct dkim_hasher *hasher, const unsigned char *octets, size_t length)
{
	hasher->length += length;
	if (!hasher->has_failed && EVP_DigestUpdate(hasher->context, octets, length) != 1)
		hasher->has_failed = true;
}

void
dkim_hasher_init_from(struct dkim_hasher *hasher, struct dkim_hasher *from, struct dkim_mark *marks,
		      size_t count)
{
	dkim_hasher_flush(from);
	dkim_hasher_init(hasher, marks, count);
	hasher->length = from->length;
	hasher->has_failed = hasher->has_failed || from->has_failed
			     || EVP_MD_CTX_copy_ex(hasher->context, from->context) != 1;
}

/* The hash of what has come so far; more may come. */
static void
reach(struct dkim_hasher *hasher, struct dkim_mark *mark)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();

	mark->is_reached = copy != NULL && !hasher->has_failed
			   && EVP_MD_CTX_copy_ex(copy, hasher->context) == 1
			   && EVP_DigestFinal_ex(copy, mark->hash, NULL) == 1;
	EVP_MD_CTX_free(copy);
	hasher->has_failed = hasher->has_failed || !mark->is_reached;
	hasher->mark++;
}

/* Take octets, and stop at each mark within them. */
static void
take(struct dkim_hasher *hasher, const unsigned char *octets, size_t length)
{
	while (hasher->mark < hasher->mark_count
	       && hasher->marks[hasher->mark].at - hasher->length <= length) {
		const size_t part = (size_t)(hasher->marks[hasher->mark].at - hasher->length);

		update(hasher, octets, part);
		octets += part;
		length -= part;
		reach(hasher, &hasher->marks[hasher->mark]);
	}
	update(hasher, octets, length);
}

void
dkim_hasher_flush(struct dkim_hasher *hasher)
{
	take(hasher, hasher->pending, hasher->used);
	hasher->used = 0;
}

void
dkim_hasher_add_span(struct dkim_hasher *hasher, struct span octets)
{
	if (octets.length > DKIM_HASHER_OCTETS - hasher->used)
		dkim_hasher_flush(hasher);
	if (octets.length > DKIM_HASHER_OCTETS) {
		take(hasher, (const unsigned char *)octets.at, octets.length);
		return;
	}
	memcpy(hasher->pending + hasher->used, octets.at, octets.length);
	hasher->used += octets.length;
}

void
dkim_hasher_finish(struct dkim_hasher *hasher)
{
	dkim_hasher_flush(hasher);
	for (size_t i = hasher->mark; i < hasher->mark_count; i++)
		if (hasher->marks[i].at == UINT64_MAX)
			reach(hasher, &hasher->marks[i]);
}
