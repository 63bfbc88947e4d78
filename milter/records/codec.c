#include "heloscope/records/codec.h"

const struct codec *
codec_of(enum method method)
{
	static const struct codec *const codecs[METHODS] = {
		[METHOD_IPREV] = &codec_iprev,   [METHOD_HELO] = &codec_helo,
		[METHOD_SPF] = &codec_spf,       [METHOD_SPF_HELO] = &codec_spf_helo,
		[METHOD_SENDER] = &codec_sender, [METHOD_DNSBL] = &codec_dnsbl,
		[METHOD_DNSWL] = &codec_dnswl,   [METHOD_BANNER] = &codec_banner,
		[METHOD_TLS] = &codec_tls,       [METHOD_PEER_TLS] = &codec_peer_tls,
	};

	return codecs[method];
}
