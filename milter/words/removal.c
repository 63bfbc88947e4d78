#include "heloscope/words/removal.h"

#include "heloscope/base/span.h"
#include "heloscope/words/telling.h"

#define MAIL_SERVER "If this is your mail server, first "
#define DOMAIN "If this is your domain, first "
#define THEN ", then "
#define HOME_INSTEAD "If you send from a home or office connection, use your provider's mail server instead. "

/* What to do about a listing: around how to be taken off. */
struct remedy {
	const char *before, *behind;
};

static const struct remedy home_line = {
	"If this is a home or office connection, send through your provider's mail server. If it is a mail server with a fixed IP address, ",
	". ",
};
static const struct remedy without_name = {
	MAIL_SERVER TELLING_PROVIDER
	"to set its reverse DNS (PTR) record to your server's own host name" THEN,
	". " HOME_INSTEAD,
};
static const struct remedy infected = {
	MAIL_SERVER
	"find and clean what is infected or abused at this IP address (a computer, a website, an open proxy, a stolen password)" THEN,
	". " HOME_INSTEAD,
};
static const struct remedy bouncing = {
	MAIL_SERVER
	"set it to reject mail for unknown recipients while the sender is connected, and not to send bounces for it later" THEN,
	". ",
};
static const struct remedy network = {
	"The list means the whole network around this IP address. Ask the provider of this IP address to stop the spam from it, and to ",
	"; until then send through another mail server. ",
};
static const struct remedy spamming = {
	MAIL_SERVER
	"stop the mail that was reported as spam (from a stolen password, an infected device, or to people who did not subscribe)" THEN,
	". " HOME_INSTEAD,
};
static const struct remedy other_address = {
	MAIL_SERVER "stop the cause (an infected device, a stolen password, an open relay)" THEN,
	". " HOME_INSTEAD,
};
static const struct remedy abused_domain = {
	DOMAIN
	"remove what others have placed on its website or server, and change the passwords that they know" THEN,
	". ",
};
static const struct remedy new_domain = {
	"Domains are on this list while they are new. If this is your domain, send again in some days, or ",
	". ",
};
static const struct remedy other_domain = {
	DOMAIN "stop the cause (spam that names it, a stolen password, a hacked website)" THEN,
	". ",
};

struct remedy_row {
	const char *phrase;
	const struct remedy *remedy;
};

/* By what the catalogue says of an answer (etc/lists.conf): the first that stands in it; the last: any. */
static const struct remedy_row of_addresses[] = {
	{ "directly", &home_line },  { "dynamic", &home_line }, { "reverse DNS", &without_name },
	{ "infected", &infected },   { "abused", &infected },   { "proxy", &infected },
	{ "passwords", &infected },  { "attack", &infected },   { "bounces", &bouncing },
	{ "network", &network },     { "provider", &network },  { "spam", &spamming },
	{ "reputation", &spamming }, { "", &other_address },
};
static const struct remedy_row of_domains[] = {
	{ "registered", &new_domain },  { "first seen", &new_domain }, { "abused", &abused_domain },
	{ "phishing", &abused_domain }, { "malware", &abused_domain }, { "botnet", &abused_domain },
	{ "", &other_domain },
};

static const struct remedy *
remedy_for(const struct remedy_row *rows, const char *meaning)
{
	while (!span_contains_nocase(span_of(meaning != NULL ? meaning : ""), span_of(rows->phrase)))
		rows++;
	return rows->remedy;
}

/* How to be taken off. The list's own words only where there is no page: one link will do. */
static void
add_request(const struct list_finding *finding, bool has_page, struct strbuf *text)
{
	if (has_page) {
		strbuf_add(text, "go to ");
		strbuf_add_escaped(text, span_of(finding->page), 2 * TELLING_VALUE_MAX);
		strbuf_add(text, " and request removal");
	} else {
		strbuf_add(text, "ask the operator of the list (");
		telling_add_value(text, finding->operator);
		strbuf_add(text, ") for removal");
	}
}

void
removal_add(const struct list_finding *finding, enum list_subject subject, struct strbuf *text)
{
	const bool has_page = finding->page != NULL && finding->page[0] != '\0';
	const struct remedy *remedy =
		remedy_for(subject == LIST_CLIENT ? of_addresses : of_domains, finding->meaning);

	strbuf_add(text, remedy->before);
	add_request(finding, has_page, text);
	strbuf_add(text, remedy->behind);
	if (!has_page && finding->text != NULL && finding->text[0] != '\0')
		telling_add_quote(text, "The list says", finding->text);
}
