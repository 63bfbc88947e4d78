#include "heloscope/base/own_addresses.h"

#include <ifaddrs.h>
#include <stdlib.h>

#include "heloscope/base/clock.h"

#define READ_EVERY_MS 60000

void
own_addresses_init(struct own_addresses *own)
{
	*own = (struct own_addresses){ .items = NULL };
	(void)pthread_mutex_init(&own->lock, NULL);
}

void
own_addresses_clear(struct own_addresses *own)
{
	free(own->items);
	(void)pthread_mutex_destroy(&own->lock);
}

/* Locked. What the system does not tell, or has no room for, leaves things as they are. */
static void
read_again(struct own_addresses *own)
{
	struct ifaddrs *all = NULL;
	struct ipaddr *items;
	size_t count = 0;

	own->read_ms = clock_now_ms();
	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next)
		count++;
	items = calloc(count + 1, sizeof *items);
	count = 0;
	for (const struct ifaddrs *one = all; items != NULL && one != NULL; one = one->ifa_next)
		if (ipaddr_from_sockaddr(one->ifa_addr, &items[count], NULL))
			count++;
	freeifaddrs(all);
	if (items == NULL)
		return;
	free(own->items);
	own->items = items;
	own->count = count;
}

bool
own_addresses_contain(struct own_addresses *own, const struct ipaddr *address)
{
	bool is_own = false;

	(void)pthread_mutex_lock(&own->lock);
	if (own->read_ms == 0 || clock_now_ms() - own->read_ms >= READ_EVERY_MS)
		read_again(own);
	for (size_t i = 0; i < own->count && !is_own; i++)
		is_own = ipaddr_equals(&own->items[i], address);
	(void)pthread_mutex_unlock(&own->lock);
	return is_own;
}
