#include "heloscope/mails/log_queue.h"

#include <stdlib.h>

#include "heloscope/base/hash.h"

#define HEADS 262144 /* a power of two */
#define ID_MAX 100   /* octets of an id, and of a host's name as far as it counts */
#define NOTE_MAX 4096

/* In front of each note. */
struct heading {
	uint64_t hash;
	uint64_t older; /* where the next one of the chain stands, as `written` counted; 0: none */
	uint32_t length;
	uint32_t kind;
};

bool
log_queue_init(struct log_queue *queue)
{
	*queue = (struct log_queue){ .heads = calloc(HEADS, sizeof *queue->heads),
				     .notes = malloc(LOG_QUEUE_OCTETS),
				     .written = sizeof(struct heading) }; /* 0 is nowhere */
	return queue->heads != NULL && queue->notes != NULL;
}

void
log_queue_clear(struct log_queue *queue)
{
	free(queue->heads);
	free(queue->notes);
	queue->heads = NULL;
	queue->notes = NULL;
}

static uint64_t
hash_of_message(enum log_note kind, struct span host, struct span id)
{
	char memory[2 * ID_MAX + 2];
	const size_t host_length = host.length < ID_MAX ? host.length : ID_MAX,
		     id_length = id.length < ID_MAX ? id.length : ID_MAX;

	memory[0] = (char)kind;
	memory[1] = (char)id_length; /* where the id ends, and the host begins */
	memcpy(memory + 2, id.at, id_length);
	memcpy(memory + 2 + id_length, host.at, host_length);
	return hash_of((struct span){ memory, 2 + id_length + host_length });
}

/* Where a note of so many octets begins that is not cut by the end of the ring. */
static uint64_t
begin_of_next(const struct log_queue *queue, size_t length)
{
	const uint64_t left = LOG_QUEUE_OCTETS - queue->written % LOG_QUEUE_OCTETS;

	return left < length ? queue->written + left : queue->written;
}

void
log_queue_note(struct log_queue *queue, enum log_note kind, struct span host, struct span id,
	       struct span note)
{
	const size_t length = (sizeof(struct heading) + note.length + 7) / 8 * 8;
	const uint64_t hash = hash_of_message(kind, host, id), at = begin_of_next(queue, length);
	uint64_t *head = &queue->heads[hash % HEADS];
	const struct heading heading = {
		.hash = hash, .older = *head, .length = (uint32_t)note.length, .kind = kind
	};
	char *place = queue->notes + at % LOG_QUEUE_OCTETS;

	if (note.length > NOTE_MAX)
		return;
	memcpy(place, &heading, sizeof heading);
	memcpy(place + sizeof heading, note.at, note.length);
	*head = at;
	queue->written = at + length;
}

bool
log_queue_find(const struct log_queue *queue, enum log_note kind, struct span host, struct span id,
	       struct span *note)
{
	const uint64_t hash = hash_of_message(kind, host, id);
	uint64_t at = queue->heads[hash % HEADS];

	/* Chains go from new to old, so that the first that was written over ends one. */
	while (at != 0 && at + LOG_QUEUE_OCTETS >= queue->written) {
		const char *place = queue->notes + at % LOG_QUEUE_OCTETS;
		struct heading heading;

		memcpy(&heading, place, sizeof heading);
		if (heading.hash == hash && heading.kind == kind) {
			*note = (struct span){ place + sizeof heading, heading.length };
			return true;
		}
		at = heading.older;
	}
	return false;
}
