#include "heloscope/records/recent.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "heloscope/base/hash.h"
#include "heloscope/records/file.h"

#define SLOTS (1U << 20) /* of each half: more than twice as many as there are lines in it */

/* Two halves: once the first is full, what is in the second is forgotten, and they change places. */
struct recent {
	uint64_t *slots[2]; /* 0: free */
	size_t count;       /* in the first */
};

struct recent *
recent_new(void)
{
	struct recent *recent = calloc(1, sizeof *recent);

	if (recent == NULL)
		return NULL;
	for (int half = 0; half < 2; half++)
		recent->slots[half] = calloc(SLOTS, sizeof(uint64_t));
	if (recent->slots[0] != NULL && recent->slots[1] != NULL)
		return recent;
	recent_free(recent);
	return NULL;
}

void
recent_free(struct recent *recent)
{
	if (recent == NULL)
		return;
	free(recent->slots[0]);
	free(recent->slots[1]);
	free(recent);
}

static uint64_t
hash_of_line(struct span line)
{
	const uint64_t hash = hash_of(line);

	return hash != 0 ? hash : 1;
}

/* Where the hash is, or would be. */
static uint64_t *
slot_of(uint64_t *slots, uint64_t hash)
{
	size_t at = hash % SLOTS;

	while (slots[at] != 0 && slots[at] != hash)
		at = (at + 1) % SLOTS;
	return &slots[at];
}

bool
recent_has(const struct recent *recent, struct span line)
{
	const uint64_t hash = hash_of_line(line);

	return *slot_of(recent->slots[0], hash) == hash || *slot_of(recent->slots[1], hash) == hash;
}

void
recent_add(struct recent *recent, struct span line)
{
	const uint64_t hash = hash_of_line(line);
	uint64_t *slot;

	if (recent->count == RECENT_LINES) {
		uint64_t *full = recent->slots[0];

		recent->slots[0] = recent->slots[1];
		recent->slots[1] = full;
		memset(recent->slots[0], 0, SLOTS * sizeof(uint64_t));
		recent->count = 0;
	}
	slot = slot_of(recent->slots[0], hash);
	recent->count += *slot == 0 ? 1 : 0;
	*slot = hash;
}

/* What stands behind the first `skipped` octets of a file. */
static void
load_file(struct recent *recent, const struct record_file *file, size_t skipped)
{
	FILE *opened = record_file_open(file, NULL);
	struct file_lines lines;
	enum line_state state;

	if (opened == NULL)
		return;
	file_lines_init(&lines, opened);
	if (skipped > 0)
		file_lines_seek(&lines, (off_t)skipped); /* within a line, of which the rest does no harm */
	while ((state = file_lines_next(&lines)) <= LINE_TOO_LONG)
		if (state == LINE_READ)
			recent_add(recent, lines.line);
	file_lines_clear(&lines);
	(void)fclose(opened);
}

void
recent_load(struct recent *recent, const char *path)
{
	size_t left = RECENT_OCTETS_LOADED, first;
	struct record_files files;

	if (record_files_find(path, &files, NULL)) {
		for (first = files.count; first > 0 && left > files.items[first - 1].size; first--)
			left -= files.items[first - 1].size;
		if (first > 0 && files.items[first - 1].is_seekable)
			load_file(recent, &files.items[first - 1], files.items[first - 1].size - left);
		for (size_t i = first; i < files.count; i++)
			if (files.items[i].is_seekable)
				load_file(recent, &files.items[i], 0);
	}
	record_files_clear(&files);
}
