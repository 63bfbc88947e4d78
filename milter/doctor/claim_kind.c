#include "heloscope/doctor/claim_kind.h"

#define ROW CLAIM_ROW
#define SPF_ROWS (ROW(SPF_RECORD) | ROW(SPF_LIMITS) | ROW(SPF_PASS))

static const struct claim_kind kinds[CATEGORIES] = {
	[CATEGORY_SPF] = { CLAIM_ABOUT_DOMAIN, SPF_ROWS, ROW(SPF_PASS), true,
			   "SPF passes now for mail of %d from %a.", " TXT v=spf1",
			   "See which address the receiver names, and what its Authentication-Results field says of other mail." },
	[CATEGORY_PTR] = { CLAIM_ABOUT_ADDRESS, ROW(REVERSE_DNS), ROW(REVERSE_DNS), true,
			   "%a has a reverse DNS (PTR) record now, and its name resolves to it.", " PTR ",
			   "See which address the receiver names, and look at its PTR record." },
};

const struct claim_kind *
claim_kind_of(const struct recognition *known)
{
	return known->entry != NULL ? &kinds[known->category] : &kinds[CATEGORY_UNKNOWN];
}
