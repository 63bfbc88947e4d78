#include "heloscope/base/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL 1008     /* octets, with which a whole KB is taken */
#define CHUNK_MIN 240  /* octets; behind the first one */
#define CHUNK_MAX 4080 /* octets; unless more is asked for at once */
#define GROWTH 3       /* a chunk has that part of what is used, so that no more of it lies idle */
#define ALIGNMENT 8    /* of pointers and the largest numbers, as ARENA_ALIGNED; nothing here needs more */

struct arena_chunk {
	struct arena_chunk *next;
	uint32_t used, size;
	_Alignas(ALIGNMENT) char memory[];
};

void
arena_init(struct arena *arena, size_t limit)
{
	arena_init_for(arena, USUAL, limit);
}

void
arena_init_for(struct arena *arena, size_t usual, size_t limit)
{
	*arena = (struct arena){ .usual = (uint32_t)usual,
				 .limit = limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX };
}

void
arena_init_over(struct arena *arena, char *memory, size_t size, size_t limit)
{
	struct arena_chunk *lent = (struct arena_chunk *)(void *)memory;

	arena_init(arena, limit);
	*lent = (struct arena_chunk){ .size = (uint32_t)(size - sizeof *lent) };
	arena->chunks = arena->lent = lent;
}

static void
free_chunks(struct arena_chunk *chunk, const struct arena_chunk *lent)
{
	struct arena_chunk *next;

	for (; chunk != NULL; chunk = next) {
		next = chunk->next;
		if (chunk != lent)
			free(chunk);
	}
}

/* All but `chunks`, which are what is left, is as at first. */
static void
start_anew(struct arena *arena, struct arena_chunk *chunks)
{
	uint32_t *total = arena->total;

	if (total != NULL)
		*total -= arena->used;
	arena_init_for(arena, arena->usual, arena->limit);
	arena->total = total;
	arena->chunks = chunks;
}

void
arena_clear(struct arena *arena)
{
	free_chunks(arena->chunks, arena->lent);
	start_anew(arena, NULL);
}

void
arena_empty(struct arena *arena)
{
	struct arena_chunk *kept = arena->chunks;

	if (kept == NULL || kept == arena->lent || kept->size > CHUNK_MAX) {
		arena_clear(arena);
		return;
	}
	free_chunks(kept->next, arena->lent);
	kept->next = NULL;
	kept->used = 0;
	start_anew(arena, kept);
}

void
workspace_clear(struct workspace *workspace)
{
	if (workspace->state != NULL && workspace->release != NULL)
		workspace->release(workspace->state);
	arena_clear(&workspace->memory);
	workspace->state = NULL;
	workspace->release = NULL;
}

static size_t
usual_room(const struct arena *arena)
{
	const size_t room = arena->used / GROWTH / ALIGNMENT * ALIGNMENT;

	if (arena->chunks == NULL)
		return arena->usual < CHUNK_MAX ? arena->usual : CHUNK_MAX;
	if (room < CHUNK_MIN)
		return CHUNK_MIN;
	return room < CHUNK_MAX ? room : CHUNK_MAX;
}

/* What is larger than usual lies behind the first chunk, where there is still room for what is small. */
static struct arena_chunk *
add_chunk(struct arena *arena, size_t size)
{
	const size_t usual = usual_room(arena);
	struct arena_chunk **place =
		arena->chunks != NULL && size >= usual ? &arena->chunks->next : &arena->chunks;
	struct arena_chunk *chunk = malloc(sizeof *chunk + (size > usual ? size : usual));

	if (chunk == NULL)
		return NULL;
	*chunk = (struct arena_chunk){ .next = *place, .size = (uint32_t)(size > usual ? size : usual) };
	*place = chunk;
	return chunk;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	void *memory;

	if (size > arena->limit - arena->used)
		goto refused;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (size > arena->limit - arena->used)
		goto refused;
	if (chunk == NULL || chunk->size - chunk->used < size)
		chunk = add_chunk(arena, size);
	if (chunk == NULL)
		goto refused;
	memory = chunk->memory + chunk->used;
	chunk->used += (uint32_t)size;
	arena->used += (uint32_t)size;
	if (arena->total != NULL)
		*arena->total += (uint32_t)size;
	return memset(memory, 0, size);
refused:
	arena->has_failed = true;
	return NULL;
}

void *
arena_grow(struct arena *arena, void *items, size_t count, size_t size)
{
	void *larger;

	if (count > 0 && (count & (count - 1)) != 0) /* full only at powers of two */
		return items;
	larger = arena_alloc(arena, (count == 0 ? 1 : count * 2) * size);
	if (larger != NULL && count > 0)
		memcpy(larger, items, count * size);
	return larger;
}

const char *
arena_copy(struct arena *arena, struct span text)
{
	char *copy = arena_alloc(arena, text.length + 1);

	if (copy == NULL)
		return "";
	memcpy(copy, text.at, text.length);
	return copy;
}

const char *
arena_string(struct arena *arena, const char *text)
{
	return arena_copy(arena, span_of(text));
}

const char *
arena_printf(struct arena *arena, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length >= 0)
		text = arena_alloc(arena, (size_t)length + 1);
	if (text == NULL)
		return "";
	va_start(arguments, format);
	(void)vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}
