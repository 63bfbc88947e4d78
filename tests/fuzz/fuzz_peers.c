/* A findings file, whatever wrote it: it is taken as a whole, or set aside; what is taken is printable. */
#include <stdio.h>
#include <unistd.h>

#include "fuzz.h"
#include "heloscope/peer/store.h"

#define NOW 1790000000

static void
check_text(const char *text, size_t size)
{
	PROMISE(memchr(text, '\0', size) != NULL);
	for (; *text != '\0'; text++)
		PROMISE(*text >= ' ' && *text <= '~');
}

static void
check_peer(const struct peer *peer)
{
	PROMISE(peer->outcome < PEER_OUTCOMES && peer->code <= 599);
	check_text(peer->name, sizeof peer->name);
	check_text(peer->greeting, sizeof peer->greeting);
	PROMISE(peer->problem < PEER_PROBLEMS);
	check_text(peer->quoted, sizeof peer->quoted);
	check_text(peer->cert_names, sizeof peer->cert_names);
}

/* The input is what stands behind the line of the format. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ipaddr address = { { 198, 51, 100, 1 }, 4 };
	char path[64], broken[80];
	struct peer_store *store = peer_store_new(8);
	struct peer peer;
	struct error error;
	FILE *file;

	(void)snprintf(path, sizeof path, "/tmp/heloscope-fuzz-peers.%ld", (long)getpid());
	(void)snprintf(broken, sizeof broken, "%s.broken", path);
	file = fopen(path, "w");
	PROMISE(store != NULL && file != NULL);
	(void)fputs("heloscope-peers-3\n", file);
	(void)fwrite(data, 1, size, file);
	(void)fclose(file);
	if (!peer_store_load(store, path, NOW, &error))
		PROMISE(error.text[0] != '\0');
	if (peer_store_get(store, &address, NOW, &peer))
		check_peer(&peer);
	peer_store_free(store);
	(void)unlink(path);
	(void)unlink(broken);
	return 0;
}
