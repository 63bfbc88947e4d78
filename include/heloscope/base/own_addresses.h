/*
 * own_addresses: whether an address is one of this host's. They come and go, so they are read again now
 * and then. Thread safe.
 */
#ifndef HELOSCOPE_BASE_OWN_ADDRESSES_H
#define HELOSCOPE_BASE_OWN_ADDRESSES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heloscope/base/ipaddr.h"

struct own_addresses {
	pthread_mutex_t lock; /* guards all below */
	struct ipaddr *items;
	size_t count;
	uint64_t read_ms; /* of clock_now_ms(); 0: never */
};

void own_addresses_init(struct own_addresses *own);
void own_addresses_clear(struct own_addresses *own);

/* As of a minute ago at the earliest. False, too, when the system does not tell. */
bool own_addresses_contain(struct own_addresses *own, const struct ipaddr *address);

#endif
