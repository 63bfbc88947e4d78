#include "heloscope/words/telling.h"

const struct telling *
telling_of(enum method method)
{
	static const struct telling *const tellings[METHODS] = {
		[METHOD_IPREV] = &tell_iprev,   [METHOD_HELO] = &tell_helo,
		[METHOD_SPF] = &tell_spf,       [METHOD_SPF_HELO] = &tell_spf_helo,
		[METHOD_SENDER] = &tell_sender, [METHOD_DNSBL] = &tell_dnsbl,
		[METHOD_DNSWL] = &tell_dnswl,   [METHOD_BANNER] = &tell_banner,
		[METHOD_TLS] = &tell_tls,       [METHOD_PEER_TLS] = &tell_peer_tls,
	};

	return tellings[method];
}
