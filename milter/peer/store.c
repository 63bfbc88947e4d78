#include "heloscope/peer/store.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "heloscope/base/document.h"
#include "heloscope/base/hash.h"
#include "heloscope/base/new_file.h"
#include "heloscope/base/regular_file.h"
#include "heloscope/base/table.h"

#define CODE_MAX 599
#define BITS_MAX 65536
#define CLOCK_SLACK_S 3600
#define SWEEP_EVERY_S 60
#define FILE_MODE 0640 /* who sends mail here is not everybody's business */

struct entry {
	struct table_link link; /* first; by address */
	TAILQ_ENTRY(entry) age; /* the oldest first */
	struct ipaddr address;
	size_t length;
	char packed[];
};

TAILQ_HEAD(entry_list, entry);

struct peer_store {
	pthread_mutex_t saving; /* one reads or writes the file at a time; guards `is_unread` */
	bool is_unread;         /* the file holds what could not be read yet */
	pthread_mutex_t lock;   /* guards what follows */
	struct entry_list entries;
	struct table table;
	size_t limit;
	size_t octets; /* of all that is packed */
	int64_t swept_at;
	bool has_changed; /* since it was loaded or saved */
};

/* Packed: what stands in front of the texts as it is, then the texts, each with its NUL. */

#define HEAD_SIZE offsetof(struct peer, name)
#define PACKED_MAX sizeof(struct peer)

static const size_t texts[] = {
	offsetof(struct peer, name),       offsetof(struct peer, greeting),
	offsetof(struct peer, ehlo),       offsetof(struct peer, tls_version),
	offsetof(struct peer, cipher),     offsetof(struct peer, quoted),
	offsetof(struct peer, cert_names), offsetof(struct peer, issuer),
	offsetof(struct peer, key_digest),
};

/* Returns the length. */
static size_t
pack(const struct peer *peer, char packed[PACKED_MAX])
{
	size_t length = HEAD_SIZE;

	memcpy(packed, peer, HEAD_SIZE);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char *text = (const char *)peer + texts[i];
		const size_t size = strlen(text) + 1;

		memcpy(packed + length, text, size);
		length += size;
	}
	return length;
}

/* Returns the length. */
static size_t
unpack(const char *packed, struct peer *peer)
{
	size_t length = HEAD_SIZE;

	memset(peer, 0, sizeof *peer);
	memcpy(peer, packed, HEAD_SIZE);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const size_t size = strlen(packed + length) + 1;

		memcpy((char *)peer + texts[i], packed + length, size);
		length += size;
	}
	return length;
}

struct peer_store *
peer_store_new(size_t limit)
{
	struct peer_store *store = calloc(1, sizeof *store);

	if (store == NULL)
		return NULL;
	if (!table_init(&store->table)) {
		free(store);
		return NULL;
	}
	store->limit = limit;
	TAILQ_INIT(&store->entries);
	(void)pthread_mutex_init(&store->lock, NULL);
	(void)pthread_mutex_init(&store->saving, NULL);
	return store;
}

static uint64_t
hash_of_address(const struct ipaddr *address)
{
	return hash_of((struct span){ (const char *)address->octets, address->length });
}

static struct entry *
find(const struct peer_store *store, const struct ipaddr *address)
{
	struct entry *entry = (struct entry *)table_first(&store->table, hash_of_address(address));

	while (entry != NULL && !ipaddr_equals(&entry->address, address))
		entry = (struct entry *)table_next(&entry->link);
	return entry;
}

static void
drop(struct peer_store *store, struct entry *entry)
{
	table_remove(&store->table, &entry->link);
	TAILQ_REMOVE(&store->entries, entry, age);
	store->octets -= entry->length;
	free(entry);
}

void
peer_store_free(struct peer_store *store)
{
	struct entry *entry;

	if (store == NULL)
		return;
	while ((entry = TAILQ_FIRST(&store->entries)) != NULL)
		drop(store, entry);
	(void)pthread_mutex_destroy(&store->lock);
	(void)pthread_mutex_destroy(&store->saving);
	table_clear(&store->table);
	free(store);
}

/* What a clock that was set back has put into the future is not believed for much longer than it should be.
 */
static bool
is_fresh(const struct peer *peer, int64_t now)
{
	const int64_t age = now - peer->looked_at;

	return age < peer_ttl_s(peer) && age > -CLOCK_SLACK_S;
}

bool
peer_store_get(struct peer_store *store, const struct ipaddr *address, int64_t now, struct peer *peer)
{
	const struct entry *entry;
	struct peer found;
	bool is_known;

	(void)pthread_mutex_lock(&store->lock);
	entry = find(store, address);
	is_known = entry != NULL;
	if (is_known)
		(void)unpack(entry->packed, &found);
	(void)pthread_mutex_unlock(&store->lock);
	is_known = is_known && is_fresh(&found, now);
	if (is_known && peer != NULL)
		*peer = found;
	return is_known;
}

/* The store is locked. False when memory ran out. */
static bool
put_packed(struct peer_store *store, const struct ipaddr *address, const char *packed, size_t length)
{
	struct entry *entry = find(store, address);

	if (entry != NULL)
		drop(store, entry);
	else if (store->table.count == store->limit)
		drop(store, TAILQ_FIRST(&store->entries));
	entry = malloc(sizeof *entry + length);
	if (entry == NULL)
		return false;
	*entry = (struct entry){ .address = *address, .length = length };
	memcpy(entry->packed, packed, length);
	table_add(&store->table, &entry->link, hash_of_address(address));
	TAILQ_INSERT_TAIL(&store->entries, entry, age);
	store->octets += length;
	store->has_changed = true;
	return true;
}

/* The store is locked. False when memory ran out. */
static bool
put(struct peer_store *store, const struct ipaddr *address, const struct peer *peer)
{
	char packed[PACKED_MAX];

	return put_packed(store, address, packed, pack(peer, packed));
}

void
peer_store_put(struct peer_store *store, const struct ipaddr *address, const struct peer *peer)
{
	(void)pthread_mutex_lock(&store->lock);
	(void)put(store, address, peer);
	(void)pthread_mutex_unlock(&store->lock);
}

void
peer_store_take(struct peer_store *store, struct peer_store *other)
{
	const struct entry *entry;

	(void)pthread_mutex_lock(&store->lock);
	(void)pthread_mutex_lock(&other->lock);
	for (entry = TAILQ_FIRST(&other->entries); entry != NULL; entry = TAILQ_NEXT(entry, age))
		(void)put_packed(store, &entry->address, entry->packed, entry->length);
	(void)pthread_mutex_unlock(&other->lock);
	(void)pthread_mutex_unlock(&store->lock);
}

/* Drop what is too old. The store is locked. */
static void
sweep(struct peer_store *store, int64_t now)
{
	struct entry *entry, *next;
	struct peer peer;

	store->swept_at = now;
	for (entry = TAILQ_FIRST(&store->entries); entry != NULL; entry = next) {
		next = TAILQ_NEXT(entry, age);
		(void)unpack(entry->packed, &peer);
		if (!is_fresh(&peer, now))
			drop(store, entry);
	}
}

size_t
peer_store_forget(struct peer_store *store, const struct ipaddr *address)
{
	struct entry *entry;
	size_t count = 0;

	(void)pthread_mutex_lock(&store->lock);
	while ((entry = address != NULL ? find(store, address) : TAILQ_FIRST(&store->entries)) != NULL) {
		drop(store, entry);
		count++;
	}
	store->has_changed = store->has_changed || count > 0;
	(void)pthread_mutex_unlock(&store->lock);
	return count;
}

size_t
peer_store_count(struct peer_store *store)
{
	size_t count;

	(void)pthread_mutex_lock(&store->lock);
	count = store->table.count;
	(void)pthread_mutex_unlock(&store->lock);
	return count;
}

bool
peer_store_is_full(struct peer_store *store, int64_t now)
{
	bool is_full;

	(void)pthread_mutex_lock(&store->lock);
	if (store->table.count == store->limit && llabs(now - store->swept_at) >= SWEEP_EVERY_S)
		sweep(store, now);
	is_full = store->table.count == store->limit;
	(void)pthread_mutex_unlock(&store->lock);
	return is_full;
}

/* The file: JSON, a line for the format and one for each server. */

static json_t *
to_json(const struct ipaddr *ip, const struct peer *peer)
{
	char address[IPADDR_TEXT_SIZE];
	json_t *object = json_object();

	document_set_text(object, "ip", ipaddr_format(ip, address));
	document_set_number(object, "looked-at", peer->looked_at);
	document_set_number(object, "code", peer->code);
	document_set_text(object, "outcome", peer_outcome_tokens[peer->outcome]);
	document_set_text(object, "name", peer->name);
	document_set_text(object, "greeting", peer->greeting);
	document_set_text(object, "ehlo", peer->ehlo);
	document_set_text(object, "starttls", peer_starttls_tokens[peer->starttls]);
	document_set_text(object, "dane", peer_dane_tokens[peer->dane]);
	document_set_flag(object, "injects", peer->injects);
	document_set_text(object, "tls", peer->tls_version);
	document_set_text(object, "cipher", peer->cipher);
	document_set_number(object, "bits", peer->cipher_bits);
	document_set_text(object, "problem", peer_problem_tokens[peer->problem]);
	document_set_text(object, "quoted", peer->quoted);
	document_set_flag(object, "trusted", peer->is_trusted);
	document_set_flag(object, "named", peer->is_named);
	document_set_text(object, "names", peer->cert_names);
	document_set_text(object, "issuer", peer->issuer);
	document_set_number(object, "not-after", peer->not_after);
	document_set_text(object, "key", peer->key_digest);
	return object;
}

/* A text as we write it: printable, and no longer than there is room for. */
static bool
copy(char *to, size_t size, const char *from)
{
	for (const char *at = from; *at != '\0'; at++)
		if (!ascii_is_printable(*at))
			return false;
	return (size_t)snprintf(to, size, "%s", from) < size;
}

/* Within the years 1 to 9999: nothing that is reckoned from it overflows. */
static bool
is_time(json_int_t seconds)
{
	return seconds >= -62135596800LL && seconds <= 253402300799LL;
}

/* The number of a token; `count` when it is none. */
static int
token_of(const char *const *tokens, int count, const char *text)
{
	int number = 0;

	while (number < count && strcmp(tokens[number], text) != 0)
		number++;
	return number;
}

static bool
from_json(json_t *object, struct ipaddr *address, struct peer *peer)
{
	const char *ip, *outcome, *name, *greeting, *ehlo, *starttls, *dane, *tls, *cipher, *problem, *quoted,
		*names, *issuer, *key;
	json_int_t looked_at, not_after, code, bits;
	int injects, is_trusted, is_named;

	if (json_unpack(object, "{ss sI sI ss ss ss ss ss ss sb ss ss sI ss ss sb sb ss ss sI ss}", "ip", &ip,
			"looked-at", &looked_at, "code", &code, "outcome", &outcome, "name", &name,
			"greeting", &greeting, "ehlo", &ehlo, "starttls", &starttls, "dane", &dane, "injects",
			&injects, "tls", &tls, "cipher", &cipher, "bits", &bits, "problem", &problem,
			"quoted", &quoted, "trusted", &is_trusted, "named", &is_named, "names", &names,
			"issuer", &issuer, "not-after", &not_after, "key", &key)
		    != 0
	    || !ipaddr_parse(span_of(ip), address)
	    || token_of(peer_outcome_tokens, PEER_OUTCOMES, outcome) == PEER_OUTCOMES
	    || token_of(peer_starttls_tokens, STARTTLS_STATES, starttls) == STARTTLS_STATES
	    || token_of(peer_dane_tokens, DANE_STATES, dane) == DANE_STATES
	    || token_of(peer_problem_tokens, PEER_PROBLEMS, problem) == PEER_PROBLEMS || code < 0
	    || code > CODE_MAX || bits < 0 || bits > BITS_MAX || !is_time(looked_at) || !is_time(not_after))
		return false;
	*peer = (struct peer){
		.outcome = (enum peer_outcome)token_of(peer_outcome_tokens, PEER_OUTCOMES, outcome),
		.code = (unsigned)code,
		.starttls = (enum peer_starttls)token_of(peer_starttls_tokens, STARTTLS_STATES, starttls),
		.injects = injects != 0,
		.cipher_bits = (unsigned)bits,
		.is_trusted = is_trusted != 0,
		.is_named = is_named != 0,
		.not_after = not_after,
		.dane = (enum peer_dane)token_of(peer_dane_tokens, DANE_STATES, dane),
		.problem = (enum peer_problem)token_of(peer_problem_tokens, PEER_PROBLEMS, problem),
		.looked_at = looked_at
	};
	return copy(peer->name, sizeof peer->name, name)
	       && copy(peer->greeting, sizeof peer->greeting, greeting)
	       && copy(peer->ehlo, sizeof peer->ehlo, ehlo)
	       && copy(peer->tls_version, sizeof peer->tls_version, tls)
	       && copy(peer->cipher, sizeof peer->cipher, cipher)
	       && copy(peer->quoted, sizeof peer->quoted, quoted)
	       && copy(peer->cert_names, sizeof peer->cert_names, names)
	       && copy(peer->issuer, sizeof peer->issuer, issuer)
	       && copy(peer->key_digest, sizeof peer->key_digest, key);
}

char *
peer_store_line(const struct ipaddr *address, const struct peer *peer)
{
	json_t *object = to_json(address, peer);
	char *line = document_line(object);

	json_decref(object);
	return line;
}

bool
peer_store_read_line(struct span line, struct ipaddr *address, struct peer *peer)
{
	json_t *object = json_loadb(line.at, line.length, JSON_REJECT_DUPLICATES, NULL);
	struct ipaddr read_address;
	struct peer read_peer;
	const bool is_read = object != NULL && from_json(object, &read_address, &read_peer);

	json_decref(object);
	if (!is_read)
		return false;
	*address = read_address;
	*peer = read_peer;
	return true;
}

/* What reading came to. */
struct reading {
	size_t line;    /* the last that was read, */
	bool is_broken; /* and whether it is none that we write */
	int fault;      /* errno of what kept us from reading on, which says nothing of the file; or 0 */
};

/*
 * One line of the file. What is known of a server by now is newer. The store is locked.
 */
static void
read_line(struct peer_store *store, struct span line, int64_t now, struct reading *reading)
{
	json_error_t error;
	json_t *object = json_loadb(line.at, line.length, 0, &error);
	struct ipaddr address;
	struct peer peer;

	if (object == NULL && json_error_code(&error) == json_error_out_of_memory)
		reading->fault = ENOMEM;
	else if (object == NULL || !from_json(object, &address, &peer))
		reading->is_broken = true;
	else if (is_fresh(&peer, now) && find(store, &address) == NULL && !put(store, &address, &peer))
		reading->fault = ENOMEM;
	json_decref(object);
}

/* The store is locked. */
static void
read_lines(struct peer_store *store, struct file_lines *lines, int64_t now, struct reading *reading)
{
	enum line_state state;

	while (reading->fault == 0 && !reading->is_broken && (state = file_lines_next(lines)) != LINES_END) {
		reading->line++;
		if (state == LINES_FAULT)
			reading->fault = lines->fault;
		else if (state == LINE_TOO_LONG || !lines->has_end)
			reading->is_broken = true;
		else if (reading->line > 1)
			read_line(store, lines->line, now, reading);
		else
			reading->is_broken = !span_equals(lines->line, SPAN(PEER_STORE_FORMAT));
	}
	if (reading->line == 0) /* an empty file */
		*reading = (struct reading){ .line = 1, .is_broken = true };
}

static void
set_aside(const char *path, size_t line, struct error *error)
{
	char *broken;

	if (asprintf(&broken, "%s.broken", path) < 0) {
		error_set(error, "%s is broken at line %zu", path, line);
		return;
	}
	if (rename(path, broken) == 0)
		error_set(error, "%s is broken at line %zu and was set aside as %s", path, line, broken);
	else
		error_set(error, "%s is broken at line %zu and cannot be set aside: %s", path, line,
			  strerror(errno));
	free(broken);
}

static struct reading
read_file(struct peer_store *store, FILE *file, int64_t now)
{
	struct reading reading = { .line = 0 };
	struct file_lines lines;

	bool had_changed;

	file_lines_init(&lines, file);
	(void)pthread_mutex_lock(&store->lock);
	had_changed = store->has_changed;
	read_lines(store, &lines, now, &reading);
	store->has_changed = had_changed || reading.is_broken;
	(void)pthread_mutex_unlock(&store->lock);
	file_lines_clear(&lines);
	return reading;
}

/* `saving` is locked. */
static bool
load(struct peer_store *store, const char *path, int64_t now, struct error *error)
{
	struct error reason;
	struct reading reading;
	FILE *file = regular_file_open(path, LINKS_REFUSED, NULL, &reason);

	store->is_unread = file == NULL && errno != ENOENT;
	if (store->is_unread)
		error_set(error, "%s cannot be read, and stays as it is: %.200s", path, reason.text);
	if (file == NULL)
		return !store->is_unread;
	reading = read_file(store, file, now);
	(void)fclose(file);
	store->is_unread = reading.fault != 0;
	if (store->is_unread)
		error_set(error, "%s cannot be read to its end, and stays as it is: %s", path,
			  strerror(reading.fault));
	else if (reading.is_broken)
		set_aside(path, reading.line, error);
	return !store->is_unread && !reading.is_broken;
}

bool
peer_store_load(struct peer_store *store, const char *path, int64_t now, struct error *error)
{
	bool is_well;

	(void)pthread_mutex_lock(&store->saving);
	is_well = load(store, path, now, error);
	(void)pthread_mutex_unlock(&store->saving);
	return is_well;
}

/* All that is known, the oldest first: address, packed finding, and so on. */
struct copy {
	char *octets; /* for free(3); NULL when memory ran out */
	size_t count;
};

/* So that nobody waits while it is written. */
static struct copy
copy_all(struct peer_store *store)
{
	struct copy copy = { NULL, 0 };
	char *at;

	(void)pthread_mutex_lock(&store->lock);
	at = copy.octets = malloc(store->table.count * sizeof(struct ipaddr) + store->octets + 1);
	for (const struct entry *entry = TAILQ_FIRST(&store->entries); at != NULL && entry != NULL;
	     entry = TAILQ_NEXT(entry, age)) {
		memcpy(at, &entry->address, sizeof entry->address);
		at += sizeof entry->address;
		memcpy(at, entry->packed, entry->length);
		at += entry->length;
		copy.count++;
	}
	(void)pthread_mutex_unlock(&store->lock);
	return copy;
}

static bool
write_all(FILE *file, const void *context)
{
	const struct copy *copy = context;
	bool is_well = fputs(PEER_STORE_FORMAT "\n", file) >= 0;
	const char *at = copy->octets;

	for (size_t i = 0; i < copy->count && is_well; i++) {
		struct ipaddr address;
		struct peer peer;
		char *line;

		memcpy(&address, at, sizeof address);
		at += sizeof address;
		at += unpack(at, &peer);
		line = peer_store_line(&address, &peer);
		is_well = line != NULL && fputs(line, file) >= 0 && fputc('\n', file) != EOF;
		free(line);
	}
	return is_well;
}

/* Set whether there is something to save; returns whether there was. */
static bool
set_changed(struct peer_store *store, bool has_changed)
{
	bool had_changed;

	(void)pthread_mutex_lock(&store->lock);
	had_changed = store->has_changed;
	store->has_changed = has_changed;
	(void)pthread_mutex_unlock(&store->lock);
	return had_changed;
}

/* `saving` is locked. */
static bool
save(struct peer_store *store, const char *path, struct error *error)
{
	int fault = 0;

	if (set_changed(store, false)) {
		const struct copy copy = copy_all(store);

		fault = copy.octets != NULL ? new_file_write(path, FILE_MODE, write_all, &copy) : ENOMEM;
		free(copy.octets);
	}
	if (fault == 0)
		return true;
	error_set(error, "%s cannot be written: %s", path, strerror(fault));
	(void)set_changed(store, true);
	return false;
}

bool
peer_store_save(struct peer_store *store, const char *path, int64_t now, struct error *error)
{
	bool is_well;

	(void)pthread_mutex_lock(&store->saving);
	is_well = !store->is_unread || load(store, path, now, error);
	if (!store->is_unread)
		is_well = save(store, path, error) && is_well;
	(void)pthread_mutex_unlock(&store->saving);
	return is_well;
}
