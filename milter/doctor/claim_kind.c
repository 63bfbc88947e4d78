#include "heloscope/doctor/claim_kind.h"

#include <string.h>

#define ROW CLAIM_ROW
#define SPF_ROWS (ROW(SPF_RECORD) | ROW(SPF_LIMITS) | ROW(SPF_PASS))

static const struct claim_kind nothing = { .about = CLAIM_ABOUT_NOTHING };

/* Of one category the first counts whose words the reply has. */
static const struct claim_kind kinds[] = {
	{ .about = CLAIM_ABOUT_DOMAIN,
	  .category = CATEGORY_SPF,
	  .rows = SPF_ROWS,
	  .least = DOCTOR_WARNING,
	  .well = ROW(SPF_PASS),
	  .needs_address = true,
	  .lead = "",
	  .otherwise = "SPF passes now for mail of %d from %a.",
	  .shown = " TXT v=spf1",
	  .instead =
		  "See which address the receiver names, and what its Authentication-Results field says of other mail." },
	{ .about = CLAIM_ABOUT_ADDRESS,
	  .category = CATEGORY_PTR,
	  .rows = ROW(REVERSE_DNS),
	  .least = DOCTOR_WARNING,
	  .well = ROW(REVERSE_DNS),
	  .needs_address = true,
	  .lead = "",
	  .otherwise = "%a has a reverse DNS (PTR) record now, and its name resolves to it.",
	  .shown = " PTR ",
	  .instead = "See which address the receiver names, and look at its PTR record." },
	{ .about = CLAIM_ABOUT_DOMAIN,
	  .category = CATEGORY_DMARC,
	  .words = { "dmarc record" },
	  .rows = ROW(DMARC),
	  .least = DOCTOR_WARNING,
	  .note = PROBLEM_DMARC_MISSING,
	  .well = ROW(DMARC),
	  .is_of_author = true,
	  .lead = "",
	  .otherwise = "There is a DMARC record for %d now.",
	  .shown = " TXT v=DMARC1",
	  .instead = "Look at the TXT record at _dmarc.%d." },
	{ .about = CLAIM_ABOUT_DOMAIN,
	  .category = CATEGORY_DMARC,
	  .words = { "dmarc polic", "dmarc fail", "owner dmarc", "dmarc check", "dmarc validation",
		     "by dmarc", "pass dmarc", "due to dmarc", "of dmarc", "does not vouch for this",
		     "action set by dmarc", "is not accepted due to" },
	  .rows = SPF_ROWS | ROW(SPF_ALIGNMENT),
	  .least = DOCTOR_WARNING,
	  .well = ROW(SPF_PASS),
	  .is_of_author = true,
	  .is_of_policy = true,
	  .lead = "DMARC of %d asks for SPF or DKIM to pass. ",
	  .otherwise =
		  "SPF passes now for mail of %s from %a, which is enough for DMARC where the author's address (From) is of %d.",
	  .shown = " TXT v=",
	  .instead =
		  "Send a message to a mailbox elsewhere, and see what its Authentication-Results field says of SPF, DKIM and DMARC." },
	{ .about = CLAIM_ABOUT_DOMAIN,
	  .category = CATEGORY_DKIM,
	  .rows = ROW(DKIM),
	  .least = DOCTOR_ERROR,
	  .well = ROW(DKIM),
	  .needs_key = true,
	  .lead = "",
	  .otherwise = "The key at %k can be used now.",
	  .shown = "._domainkey.",
	  .instead =
		  "Store a message as it arrives elsewhere, and give it to heloscope doctor --message FILE: it looks at the signature and its key." },
	{ .about = CLAIM_ABOUT_ADDRESS,
	  .category = CATEGORY_HELO,
	  .rows = ROW(HELO),
	  .least = DOCTOR_WARNING,
	  .well = ROW(HELO),
	  .opposite = { "not found", "fully", "fqdn", "resolve", "match", "invalid", "its own", "localhost" },
	  .needs_address = true,
	  .needs_helo = true,
	  .lead = "",
	  .otherwise = "The HELO name %h resolves to %a or is its reverse DNS name.",
	  .shown = " PTR ",
	  .instead =
		  "See which name your server gives (Postfix: smtp_helo_name; Sendmail: confDOMAIN_NAME); some receivers refuse names that look like those of dial-up lines, or their own." },
	{ .about = CLAIM_ABOUT_DOMAIN,
	  .category = CATEGORY_SENDER_DOMAIN,
	  .words = { "dns", "not resolv", "must resolve", "should resolve", "unresolvable", "no mx",
		     "valid mx", "domain not found", "not exist", "verify sender domain", "nullmx",
		     "no records", "not accept mail", "unable to look up", "neither" },
	  .is_of_named = true,
	  .rows = ROW(MX) | ROW(BOUNCES),
	  .least = DOCTOR_ERROR,
	  .well = ROW(MX),
	  .lead = "",
	  .otherwise = "%d exists and can be sent mail now.",
	  .shown = " MX ",
	  .instead = "See which sender address the receiver names." },
	{ .about = CLAIM_ABOUT_ADDRESS,
	  .category = CATEGORY_IP_LISTED,
	  .rows = ROW(ADDRESS_LISTS),
	  .least = DOCTOR_ERROR,
	  .needs_address = true,
	  .is_of_list = true,
	  .lead = "",
	  .otherwise = "%l does not list %a now.",
	  .instead = "Look %a up at the page that the reply or the list names." },
	{ .about = CLAIM_ABOUT_DOMAIN,
	  .category = CATEGORY_DOMAIN_LISTED,
	  .words = { "mailfrom", "mail from", "sender domain", "sending domain", "is a domain", "from domain",
		     "sender address" },
	  .is_of_named = true,
	  .rows = ROW(DOMAIN_LISTS),
	  .least = DOCTOR_ERROR,
	  .is_of_list = true,
	  .lead = "",
	  .otherwise = "%l does not list %d now.",
	  .instead = "Look %d up at the page that the reply or the list names." },
};

bool
claim_has_word(const char *const *words, const char *text)
{
	if (words[0] == NULL)
		return true;
	for (size_t i = 0; i < CLAIM_WORDS_MAX && words[i] != NULL; i++)
		if (strstr(text, words[i]) != NULL)
			return true;
	return false;
}

bool
claim_has_kind(enum refusal_category category)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].category == category)
			return true;
	return false;
}

const struct claim_kind *
claim_kind_of(const struct recognition *known, const char *text)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && known->entry != NULL; i++)
		if (kinds[i].category == known->category && claim_has_word(kinds[i].words, text))
			return &kinds[i];
	return &nothing;
}
