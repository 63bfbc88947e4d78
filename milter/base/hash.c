#include "heloscope/base/hash.h"

#include <endian.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define PIECE 64 /* octets that are made lower case at a time */

/* Rounds for each block, and at the end. */
enum { BLOCK_ROUNDS = 1, LAST_ROUNDS = 3 };

struct state {
	uint64_t a, b, c, d;
};

static uint64_t
rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void
mix(struct state *state, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		state->a += state->b;
		state->c += state->d;
		state->b = rotate(state->b, 13) ^ state->a;
		state->d = rotate(state->d, 16) ^ state->c;
		state->a = rotate(state->a, 32);
		state->c += state->b;
		state->a += state->d;
		state->b = rotate(state->b, 17) ^ state->c;
		state->d = rotate(state->d, 21) ^ state->a;
		state->c = rotate(state->c, 32);
	}
}

static void
take_block(struct state *state, uint64_t block)
{
	state->d ^= block;
	mix(state, BLOCK_ROUNDS);
	state->a ^= block;
}

/* Up to 8 octets, the first of them lowest. */
static uint64_t
block_from(const char *at, size_t length)
{
	uint64_t block = 0;

	memcpy(&block, at, length);
	return le64toh(block);
}

uint64_t
hash_under(const struct hash_key *key, struct span text)
{
	struct state state = { key->first ^ 0x736f6d6570736575U, key->second ^ 0x646f72616e646f6dU,
			       key->first ^ 0x6c7967656e657261U, key->second ^ 0x7465646279746573U };
	size_t at = 0;

	for (; text.length - at >= 8; at += 8)
		take_block(&state, block_from(text.at + at, 8));
	take_block(&state, block_from(text.at + at, text.length - at) | (uint64_t)text.length << 56);
	state.c ^= 0xff;
	mix(&state, LAST_ROUNDS);
	return state.a ^ state.b ^ state.c ^ state.d;
}

static struct hash_key own_key;

static void
draw_own_key(void)
{
	if (getrandom(&own_key, sizeof own_key, 0) != sizeof own_key) /* never, says getrandom(2) */
		own_key = (struct hash_key){ (uint64_t)time(NULL), (uint64_t)clock() };
}

uint64_t
hash_of(struct span text)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, draw_own_key);
	return hash_under(&own_key, text);
}

uint64_t
hash_of_nocase(struct span text)
{
	struct {
		uint64_t before;
		char text[PIECE];
	} piece = { 0 };

	do {
		const size_t length = text.length < PIECE ? text.length : PIECE;

		for (size_t i = 0; i < length; i++)
			piece.text[i] = ascii_lower(text.at[i]);
		piece.before = hash_of((struct span){ (const char *)&piece, sizeof piece.before + length });
		text = span_from(text, length);
	} while (text.length > 0);
	return piece.before;
}
