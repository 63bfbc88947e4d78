#include "heloscope/dns/public_resolvers.h"

#include <stddef.h>

/* Of each provider the networks that hold nothing else. */
static const char *const networks[] = {
	/* Google */
	"8.8.8.0/24", "8.8.4.0/24", "2001:4860:4860::/48",
	/* Cloudflare */
	"1.1.1.0/24", "1.0.0.0/24", "2606:4700:4700::/48",
	/* Quad9 */
	"9.9.9.0/24", "149.112.112.0/24", "2620:fe::/48",
	/* OpenDNS */
	"208.67.222.0/24", "208.67.220.0/24", "2620:119:35::/48", "2620:119:53::/48",
	/* AdGuard */
	"94.140.14.0/24", "94.140.15.0/24", "2a10:50c0::/32",
	/* Level 3 */
	"4.2.2.0/29", "209.244.0.3/32", "209.244.0.4/32",
	/* Vercara */
	"64.6.64.6/32", "64.6.65.6/32", "156.154.70.0/24", "156.154.71.0/24", "2610:a1:1018::/48",
	"2610:a1:1019::/48",
	/* CleanBrowsing */
	"185.228.168.0/24", "185.228.169.0/24", "2a0d:2a00:1::/48", "2a0d:2a00:2::/48",
	/* Comodo */
	"8.26.56.26/32", "8.20.247.20/32",
	/* Yandex */
	"77.88.8.0/24", "2a02:6b8::feed:0/112",
	/* Hurricane Electric */
	"74.82.42.42/32", "2001:470:20::2/128",
	/* Control D */
	"76.76.2.0/24", "76.76.10.0/24", "2606:1a40::/32",
	/* DNS4EU */
	"86.54.11.0/24",
	/* DNS.SB */
	"185.222.222.222/32", "45.11.45.11/32",
	/* AliDNS, 114DNS, DNSPod */
	"223.5.5.5/32", "223.6.6.6/32", "2400:3200::/32", "114.114.114.0/24", "114.114.115.0/24",
	"119.29.29.29/32"
};

bool
public_resolvers_have(const struct ipaddr *address)
{
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
		struct network network;
		const char *reason;

		if (network_parse(span_of(networks[i]), &network, &reason)
		    && network_contains(&network, address))
			return true;
	}
	return false;
}
