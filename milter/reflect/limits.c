#include "heloscope/reflect/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "heloscope/base/hash.h"
#include "heloscope/base/new_file.h"
#include "heloscope/base/output.h"
#include "heloscope/base/regular_file.h"
#include "heloscope/base/strbuf.h"

#define HOUR_S 3600
#define PATH_SIZE 4096
#define ADDRESS_SIZE 400

struct entry {
	long long time_s;
	unsigned long long hash;
};

/* What the file holds, of the last hour. */
struct state {
	struct hash_key key;
	bool has_key;
	struct entry entries[LIMITS_MAX];
	size_t count;
};

static void
read_line(struct state *state, const char *line, time_t now)
{
	struct entry entry;
	uint64_t first, second;

	if (sscanf(line, "key %16" SCNx64 " %16" SCNx64, &first, &second) == 2) {
		state->key = (struct hash_key){ first, second };
		state->has_key = true;
		return;
	}
	if (sscanf(line, "%18lld %16llx", &entry.time_s, &entry.hash) != 2 || state->count == LIMITS_MAX)
		return;
	if (entry.time_s > (long long)now) /* the clock was set back */
		entry.time_s = (long long)now;
	if (entry.time_s > (long long)now - HOUR_S)
		state->entries[state->count++] = entry;
}

static bool
read_state(const char *path, time_t now, struct state *state, struct error *error)
{
	struct error reason;
	struct file_lines lines;
	enum line_state ended;
	FILE *file = regular_file_open(path, LINKS_REFUSED, NULL, &reason);

	*state = (struct state){ .count = 0 };
	if (file == NULL && errno != ENOENT) {
		error_set(error, "%s: %s", path, reason.text);
		return false;
	}
	if (file != NULL) {
		file_lines_init(&lines, file);
		while ((ended = file_lines_next(&lines)) <= LINE_TOO_LONG)
			if (ended == LINE_READ)
				read_line(state, lines.line.at, now);
		if (ended == LINES_FAULT)
			error_set(error, "%s: %s", path, file_lines_reason(&lines));
		file_lines_clear(&lines);
		(void)fclose(file);
		if (ended == LINES_FAULT)
			return false;
	}
	if (!state->has_key && getrandom(&state->key, sizeof state->key, 0) != sizeof state->key) {
		error_set(error, "no random numbers: %s", strerror(errno));
		return false;
	}
	return true;
}

static bool
put_state(FILE *file, const void *context)
{
	const struct state *state = context;
	struct output out = { .file = file };

	output_put(&out, "key %016llx %016llx\n", (unsigned long long)state->key.first,
		   (unsigned long long)state->key.second);
	for (size_t i = 0; i < state->count; i++)
		output_put(&out, "%lld %016llx\n", state->entries[i].time_s, state->entries[i].hash);
	if (output_flush(&out))
		return true;
	errno = out.fault;
	return false;
}

static bool
write_state(const char *path, const struct state *state, struct error *error)
{
	const int fault = new_file_write(path, 0600, put_state, state);

	if (fault != 0)
		error_set(error, "%s: %s", path, strerror(fault));
	return fault == 0;
}

/* Wait until nobody else has the file. The lock ends with close(2); -1 with the reason. */
static int
lock(const char *path, struct error *error)
{
	char memory[PATH_SIZE];
	struct strbuf name = STRBUF_OVER(memory);
	int fd;

	strbuf_printf(&name, "%s.lock", path);
	fd = name.is_cut ? -1 : open(memory, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (name.is_cut)
		errno = ENAMETOOLONG;
	if (fd >= 0 && flock(fd, LOCK_EX) == 0)
		return fd;
	error_set(error, "%s: %s", memory, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static unsigned long long
hash_of_address(const struct state *state, const char *address)
{
	char lower[ADDRESS_SIZE];
	size_t length = 0;

	for (; length < sizeof lower && address[length] != '\0'; length++)
		lower[length] = ascii_lower(address[length]);
	return hash_under(&state->key, (struct span){ lower, length });
}

/* Where the last answer to that stands, or `count`. */
static size_t
find(const struct state *state, unsigned long long hash)
{
	for (size_t i = state->count; i-- > 0;)
		if (state->entries[i].hash == hash)
			return i;
	return state->count;
}

static enum limits_state
take(const char *path, struct state *state, const char *address, unsigned per_hour, time_t now,
     struct error *error)
{
	const unsigned long long hash = hash_of_address(state, address);

	if (find(state, hash) < state->count)
		return LIMITS_ADDRESS;
	if (state->count >= per_hour || state->count == LIMITS_MAX)
		return LIMITS_ALL;
	state->entries[state->count++] = (struct entry){ (long long)now, hash };
	return write_state(path, state, error) ? LIMITS_TAKEN : LIMITS_FAULT;
}

enum limits_state
limits_take(const char *path, const char *address, unsigned per_hour, time_t now, struct error *error)
{
	const int fd = lock(path, error);
	struct state state;
	enum limits_state taken = LIMITS_FAULT;

	if (fd < 0)
		return taken;
	if (read_state(path, now, &state, error))
		taken = take(path, &state, address, per_hour, now, error);
	(void)close(fd);
	return taken;
}

bool
limits_give_back(const char *path, const char *address, time_t now, struct error *error)
{
	const int fd = lock(path, error);
	struct state state;
	bool is_done = fd >= 0 && read_state(path, now, &state, error);

	if (is_done) {
		const size_t at = find(&state, hash_of_address(&state, address));

		if (at < state.count)
			state.entries[at] = state.entries[--state.count];
		is_done = write_state(path, &state, error);
	}
	if (fd >= 0)
		(void)close(fd);
	return is_done;
}
