#include "heloscope/words/refusal.h"

#include "heloscope/base/domain.h"
#include "heloscope/base/prose.h"

#define QUOTED_MAX 400 /* octets of a reply that are shown */
#define INDENT 17      /* columns: of what stands behind a heading */

/* What a code says, when that is all there is: "The code says that ...". A row of CODE_ROWS without its words
 * does not compile. */
/* clang-format off */
#define WORDS_MAILBOX_BAD "The code says that the receiver has no mailbox of this name."
#define WORDS_SYSTEM_BAD "The code says that the recipient's domain does not exist or does not accept mail."
#define WORDS_MAILBOX_SYNTAX "The code says that the recipient's address is not written correctly."
#define WORDS_MAILBOX_AMBIGUOUS "The code says that the recipient's address fits several mailboxes."
#define WORDS_MAILBOX_MOVED "The code says that the mailbox has moved and that mail is not forwarded."
#define WORDS_SENDER_SYNTAX "The code says that the sender's address is not written correctly."
#define WORDS_SENDER_SYSTEM "The code says that the domain of the sender's address does not exist in the DNS, or cannot receive mail."
#define WORDS_NULL_MX "The code says that the recipient's domain does not accept mail: its MX record is \".\"."
#define WORDS_MAILBOX_OTHER "The code says that something is wrong with the mailbox, but not what."
#define WORDS_MAILBOX_DISABLED "The code says that the mailbox exists but does not accept mail."
#define WORDS_MAILBOX_FULL "The code says that the mailbox is full."
#define WORDS_MESSAGE_TOO_LONG "The code says that the message is larger than this mailbox allows."
#define WORDS_LIST_EXPANSION "The code says that a mailing list could not be expanded."
#define WORDS_SYSTEM_OTHER "The code says that something is wrong with the receiver's server, but not what."
#define WORDS_SYSTEM_FULL "The code says that the receiver's server has no room left."
#define WORDS_SYSTEM_NOT_NOW "The code says that the receiver's server does not accept mail at this time."
#define WORDS_SYSTEM_INCAPABLE "The code says that the receiver's server lacks something that the message needs."
#define WORDS_SYSTEM_TOO_BIG "The code says that the message is larger than the receiver's server allows."
#define WORDS_SYSTEM_CONFIG "The code says that the receiver's server is not configured correctly."
#define WORDS_NO_ANSWER "The code says that the receiver's server did not answer."
#define WORDS_BAD_CONNECTION "The code says that the connection broke or timed out."
#define WORDS_NO_DIRECTORY "The code says that a directory, such as the DNS, could not be queried."
#define WORDS_NO_ROUTE "The code says that no server was found that takes mail for the recipient's domain."
#define WORDS_CONGESTION "The code says that the receiver's server has too much to do."
#define WORDS_LOOP "The code says that the message went round in a loop."
#define WORDS_EXPIRED "The code says that delivery was tried for too long; why it failed is not in it."
#define WORDS_PROTOCOL_OTHER "The code says that something went wrong in the SMTP dialogue, but not what."
#define WORDS_COMMAND_INVALID "The code says that an SMTP command came at the wrong time or is not supported."
#define WORDS_COMMAND_SYNTAX "The code says that an SMTP command could not be understood."
#define WORDS_RECIPIENTS_MANY "The code says that the message has too many recipients at once."
#define WORDS_ARGUMENTS_INVALID "The code says that an SMTP command had an argument that is not valid."
#define WORDS_PROTOCOL_VERSION "The code says that the two servers speak versions of SMTP that do not fit."
#define WORDS_EXCHANGE_TOO_LONG "The code says that a line of the log-in was too long."
#define WORDS_CONTENT_OTHER "The code says that something is wrong with the content, but not what."
#define WORDS_MEDIA "The code says that the receiver does not accept content of this kind."
#define WORDS_CONVERSION_BARRED "The code says that the content had to be converted, which was not allowed."
#define WORDS_CONVERSION_MISSING "The code says that the content had to be converted, which was not possible."
#define WORDS_NOT_ASCII "The code says that addresses that are not ASCII are not accepted there."
#define WORDS_UTF8_REPLY "The code says that the reply needs UTF-8, which the sending server did not allow."
#define WORDS_UTF8_HEADER "The code says that a header with UTF-8 cannot be passed on there."
#define WORDS_POLICY_OTHER "The code says that a local policy of the receiver is against it, but not which."
#define WORDS_NOT_AUTHORIZED "The code says that the receiver does not allow this delivery, but not why."
#define WORDS_LIST_BARRED "The code says that this sender may not write to the mailing list."
#define WORDS_SECURITY_MISSING "The code says that a security feature is missing or not supported."
#define WORDS_CRYPTO_FAILED "The code says that encryption or a certificate failed."
#define WORDS_CREDENTIALS_BAD "The code says that user name or password is wrong."
#define WORDS_MECHANISM_WEAK "The code says that this way of logging in is too weak for the server."
#define WORDS_ENCRYPTION_NEEDED "The code says that the connection must be encrypted."
#define WORDS_ENCRYPTION_FOR_AUTH "The code says that logging in needs an encrypted connection."
#define WORDS_PASSWORD_OLD "The code says that the password must be changed first."
#define WORDS_ACCOUNT_DISABLED "The code says that the user's account has been disabled."
#define WORDS_TRUST_NEEDED "The code says that the two servers must know each other first."
#define WORDS_PRIORITY_LOW "The code says that only mail of higher priority is accepted now."
#define WORDS_PRIORITY_TOO_BIG "The code says that the message is too large for its priority."
#define WORDS_MAILBOX_OWNER_NEW "The code says that the mailbox belongs to somebody else now."
#define WORDS_DOMAIN_OWNER_NEW "The code says that the domain belongs to somebody else now."
#define WORDS_RRVS_FAILED "The code says that it cannot be checked whether the mailbox still has its owner."
#define WORDS_DKIM_NONE_PASSES "The code says that no DKIM signature of the message is valid."
#define WORDS_DKIM_NONE_TAKEN "The code says that the receiver accepts none of the message's DKIM signatures."
#define WORDS_DKIM_NOT_AUTHORS "The code says that no valid DKIM signature belongs to the author's domain (From)."
#define WORDS_SPF_FAILS "The code says that SPF fails: the sender's domain does not list the sending IP address."
#define WORDS_SPF_ERROR "The code says that SPF could not be evaluated."
#define WORDS_PTR_FAILS "The code says that the reverse DNS (PTR) of the sending IP address is missing or wrong."
#define WORDS_SEVERAL_FAIL "The code says that several checks of the sender failed: SPF, DKIM or DMARC."
#define WORDS_SENDER_NULL_MX "The code says that the sender's domain does not accept mail: its MX record is \".\"."
#define WORDS_FLOOD "The code says that too much mail came from this sender."
#define WORDS_ARC_FAILS "The code says that the chain of ARC seals of a forwarder is not valid."
#define WORDS_REQUIRETLS "The code says that encryption was demanded all the way and is missing on the next step."
#define WORDS_CLOSING "The server ended the connection; the code does not say why."
#define WORDS_MAILBOX_BUSY "The code says that the mailbox cannot be reached now, but not why."
#define WORDS_LOCAL_ERROR "The code says that the receiver's server had an error of its own."
#define WORDS_STORAGE_SHORT "The code says that the receiver's server is short of storage."
#define WORDS_TLS_NOT_NOW "The code says that encryption or log-in does not work at the moment."
#define WORDS_SYNTAX_COMMAND "The code says that an SMTP command could not be understood."
#define WORDS_SYNTAX_ARGUMENTS "The code says that an SMTP command had an argument that is not valid."
#define WORDS_NOT_IMPLEMENTED "The code says that the server does not know an SMTP command."
#define WORDS_BAD_SEQUENCE "The code says that SMTP commands came in the wrong order."
#define WORDS_BAD_PARAMETER "The code says that a parameter of an SMTP command is not supported."
#define WORDS_NO_MAIL_HOST "The code says that this host does not accept mail at all."
#define WORDS_AUTH_WANTED "The code says that the sending server must log in first."
#define WORDS_AUTH_FAILED "The code says that logging in failed."
#define WORDS_ENCRYPTION_WANTED "The code says that logging in needs an encrypted connection."
#define WORDS_MAILBOX_UNAVAILABLE "The code only says that it was refused permanently."
#define WORDS_NOT_LOCAL "The code says that the recipient has no mailbox there."
#define WORDS_STORAGE_EXCEEDED "The code says that something is too large or full, but not what."
#define WORDS_NAME_NOT_ALLOWED "The code says that an address is not allowed there, but not which."
#define WORDS_FAILED "The code only says that it was refused permanently."
#define WORDS_PARAMETERS_UNKNOWN "The code says that a parameter of an SMTP command is not supported."
#define WORDS_DOMAIN_NO_MAIL "The code says that the recipient's domain does not accept mail."

#define CODE_SENTENCE(NAME, ...) [CODE_##NAME] = WORDS_##NAME,
static const char *const sentences[CODE_WORDS] = { CODE_ROWS(CODE_SENTENCE) };
/* clang-format on */

static const char *
code_sentence(enum code_word word)
{
	if (word == CODE_WORDS)
		return "Neither its words nor a code in it are known here.";
	return sentences[word];
}

/* What is done about a reply of which only the code is known. */
static const char *
code_remedy(const struct recognition *known)
{
	if (known->permanence == PERMANENCE_NO)
		return "Wait: the sending server tries again. If it goes on for hours, read the words of the reply, "
		       "and ask the receiver's postmaster.";
	return "Read the words of the reply; when they do not help, ask the receiver's postmaster, and "
	       "quote it.";
}

/* What words bear of which only their gist is known (refusals/gist.h): "Its words say that ...". */
static const struct {
	const char *meaning, *remedy;
} gists[CATEGORIES] = {
	[CATEGORY_AUTH_REQUIRED] = { "Its words say that the sending server has to log in first.",
				     "Set user name and password for this server in the sending program, or send through the server that "
				     "is meant for you." },
	[CATEGORY_CONTENT] = { "Its words say that the message looks like spam, or has content that is not accepted.",
			       "Send a short plain message to compare; then look at links, attachments and wording, and whether SPF, "
			       "DKIM and DMARC pass." },
	[CATEGORY_DKIM] = { "Its words say that the DKIM signature is missing or not valid.",
			    "Sign with DKIM, and publish the public key in the TXT record at SELECTOR._domainkey of the domain." },
	[CATEGORY_DMARC] = { "Its words say that the message fails DMARC.",
			     "Sign with DKIM in the name of the From domain (d=), or let SPF pass with a return address in that "
			     "domain." },
	[CATEGORY_DOMAIN_LISTED] = { "Its words say that a domain of the sender is on a blocklist.",
				     "Find out which list and which domain are meant, remove the cause, and ask the list to remove the "
				     "domain." },
	[CATEGORY_DNS_FAULT_RECEIVER] = { "Its words say that a DNS lookup failed at the receiver's server.",
					  "Wait: the sending server tries again. If it goes on for a day, see whether the name servers "
					  "of both domains answer, and tell the receiver's postmaster." },
	[CATEGORY_DYNAMIC_IP] = { "Its words say that the sending IP address is one of those that change, as homes have them.",
				  "Send through the mail server of your provider, or from an address that stays, and have "
				  "its provider set a PTR record that names your server." },
	[CATEGORY_GREYLIST] = { "Its words say that the receiver lets unknown senders wait (greylisting).",
				"Wait: the sending server tries again, and the next attempt is usually accepted." },
	[CATEGORY_HELO] = { "Its words say that the name is wrong with which the sending server introduces itself "
			    "(HELO/EHLO).",
			    "Have the server introduce itself with its full host name, whose A record is the sending IP address "
			    "(in Postfix: myhostname)." },
	[CATEGORY_IP_LISTED] = { "Its words say that the sending IP address is blocked or on a blocklist.",
				 "Look the IP address up in blocklists, remove the cause of the listing, and ask for removal where the "
				 "reply says." },
	[CATEGORY_LOOP] = { "Its words say that the message goes round in a loop.",
			    "Look for forwarding that sends mail back to the same server, and for an MX record that names a server "
			    "which does not take the domain's mail." },
	[CATEGORY_MAILBOX_DISABLED] = { "Its words say that the mailbox exists but does not accept mail.",
					"Reach the recipient in another way; do not write to this address again until that is settled." },
	[CATEGORY_MAILBOX_FULL] = { "Its words say that the mailbox is full.",
				    "Tell the recipient in another way; send the mail again when there is room." },
	[CATEGORY_MAILBOX_UNKNOWN] = { "Its words say that there is no such mailbox.",
				       "Check the spelling of the recipient's address; remove it from your lists when it no longer exists." },
	[CATEGORY_POLICY] = { "Its words say that a local policy of the receiver, or of the recipient, is against it.",
			      "Ask the recipient or the receiver's postmaster, and quote the reply." },
	[CATEGORY_PROTOCOL] = { "Its words say that the message or its header is not written as the standards ask.",
				"Correct the program that writes the message; the reply says which part is meant." },
	[CATEGORY_PTR] = { "Its words say that the reverse DNS (PTR) of the sending IP address is missing or wrong.",
			   "Ask the provider of the IP address to set its PTR record to the server's host name; the A record of "
			   "that name must be the IP address." },
	[CATEGORY_RATE] = { "Its words say that too much came from this sender at once.",
			    "Send more slowly and over fewer connections; find out whether somebody abuses the server." },
	[CATEGORY_RECEIVER_FAULT] = { "Its words say that the receiver's server has a fault of its own.",
				      "Wait: the sending server tries again. If it goes on for a day, tell the receiver's postmaster." },
	[CATEGORY_RELAY] = { "Its words say that this server does not pass on mail to the recipient's domain.",
			     "Check that the MX record of the recipient's domain names the right server. If this is your own "
			     "outgoing server, log in before you send." },
	[CATEGORY_REPUTATION] = { "Its words say that the sending IP address or domain has a bad reputation.",
				  "Find out whether the server sends spam; send only what is wanted, evenly, with SPF and DKIM that "
				  "pass. Reputation comes back slowly." },
	[CATEGORY_SENDER_DOMAIN] = { "Its words say that the domain of the sender's address does not exist in the DNS, "
				     "or cannot receive mail.",
				     "Use a sender's address whose domain has an MX or A record, or publish that record." },
	[CATEGORY_SENDER_UNKNOWN] = { "Its words say that the sender's address does not exist.",
				      "Create the sender's mailbox, or use a sender's address that exists." },
	[CATEGORY_SIZE] = { "Its words say that the message is too large.",
			    "Send a smaller message, or a link to a place from which the files can be fetched." },
	[CATEGORY_SPF] = { "Its words say that SPF fails: the sender's domain does not list the sending IP address.",
			   "If this is your mail server, add its IP address to the SPF record (the TXT record at the sender's "
			   "domain that begins with v=spf1); if not, send through your usual server." },
	[CATEGORY_TLS] = { "Its words say that encryption (TLS) is missing or failed.",
			   "Let the sending server use STARTTLS, with current software and valid certificates." },
	[CATEGORY_URL] = { "Its words say that a link in the message is on a blocklist or not wanted.",
			   "Look the domains of all links up in domain blocklists, and leave out those that are listed." },
	[CATEGORY_VIRUS] = { "Its words say that the message contains a virus or a forbidden file.",
			     "Scan the sending computer; leave out the attachment, or hand it over in another way." },
};

static const char *
stage_sentence(enum refusal_stage stage)
{
	if (stage == REFUSAL_STAGE_HELO)
		return "It was refused at EHLO, before any address was named: the reason is the name with which the "
		       "sending server introduces itself, or its IP address.";
	return "It was refused as soon as the connection was made: the reason can only be the sending IP address, "
	       "its reverse DNS or a blocklist.";
}

const char *
refusal_meaning(const struct recognition *known)
{
	if (known->stage != REFUSAL_STAGE_NONE)
		return stage_sentence(known->stage);
	if (known->is_gist)
		return gists[known->category].meaning;
	return known->entry != NULL ? known->entry->meaning : code_sentence(known->word);
}

static const char *
stage_remedy(enum refusal_stage stage)
{
	if (stage == REFUSAL_STAGE_HELO)
		return "Have the server introduce itself with its full host name, whose A record is the sending IP "
		       "address; then look that address up in blocklists.";
	return "Look the sending IP address up in blocklists, and check its PTR record; when both are in order, ask "
	       "the receiver's postmaster.";
}

static const char *
remedy_of(const struct recognition *known)
{
	if (known->stage != REFUSAL_STAGE_NONE)
		return stage_remedy(known->stage);
	if (known->is_gist)
		return gists[known->category].remedy;
	return known->entry != NULL ? known->entry->remedy : code_remedy(known);
}

/* What expired has waited too long for what a wait would have mended; what was refused for now has not. */
void
refusal_add_remedy(const struct recognition *known, enum refusal_status status, struct strbuf *out)
{
	const bool is_over = status == REFUSAL_EXPIRED;

	if (!is_over && known->permanence == PERMANENCE_NO && known->entry != NULL
	    && known->entry->is_permanent)
		strbuf_add(out,
			   "The sending server tries again. If the mail is still not accepted after some "
			   "hours: ");
	strbuf_add(out, is_over && known->permanence == PERMANENCE_NO && known->entry == NULL
				? "Read the words of the reply, and ask the receiver's postmaster."
				: remedy_of(known));
	if (is_over)
		strbuf_add(out, " Then send the mail again, since the sending server does not try again.");
}

static const char *
party_words(enum refusal_party party)
{
	static const char *const words[PARTIES] = {
		[PARTY_UNKNOWN] = "not known from this reply",
		[PARTY_SENDERS_DOMAIN_OWNER] =
			"the owner of the sender's domain, who can change its DNS records",
		[PARTY_SENDING_SERVER_ADMIN] = "the administrator of the sending server",
		[PARTY_IP_OPERATOR] =
			"the operator of the sending IP address, usually the hosting or internet provider",
		[PARTY_LIST_OPERATOR] = "the operator of the blocklist",
		[PARTY_RECEIVER] = "the administrator of the receiving server",
		[PARTY_RECIPIENT] = "the recipient, or whoever wrote the address",
		[PARTY_NOBODY_WAIT] = "nobody: wait, the sending server tries again by itself",
	};

	return words[party];
}

void
refusal_add_servers(const struct refusal_group *group, struct strbuf *out)
{
	char common[DOMAIN_SIZE];

	strbuf_add_escaped(out, group->known.host, 100);
	if (!group->is_of_several_servers)
		return;
	strbuf_add(out, " and other servers");
	if (domain_normalize(group->common, common) && domain_is_registered(common))
		strbuf_printf(out, " of %s", common);
}

/* "Gmail (mx1.gmail.test)", "mx1.a.example (which uses heloscope)" */
static void
add_who(const struct refusal_group *group, struct strbuf *words)
{
	const struct recognition *known = &group->known;
	const bool has_host = known->host.length > 0;

	if (known->owner != NULL && !known->is_used)
		strbuf_add(words, known->owner);
	else if (has_host)
		refusal_add_servers(group, words);
	else
		strbuf_add(words, "A server");
	if (known->owner != NULL && known->is_used) {
		strbuf_printf(words, has_host ? " (which use%s %s)" : " that use%s %s",
			      has_host && group->is_of_several_servers ? "" : "s", known->owner);
	} else if (known->owner != NULL && has_host) {
		strbuf_add(words, " (");
		refusal_add_servers(group, words);
		strbuf_add(words, ")");
	}
}

/* "Gmail refused this mail permanently." */
static void
put_answer(const struct refusal_group *group, struct output *out)
{
	static const char *const deeds[] = {
		[PERMANENCE_UNKNOWN] = "did not accept this mail",
		[PERMANENCE_NO] = "did not accept this mail for now",
		[PERMANENCE_YES] = "refused this mail permanently",
	};
	const struct recognition *known = &group->known;
	char memory[400 + DOMAIN_SIZE];
	struct strbuf words = STRBUF_OVER(memory);

	add_who(group, &words);
	strbuf_printf(&words, " %s%s.", deeds[known->permanence],
		      group->refusal.status == REFUSAL_EXPIRED ? ", and the sending server gave up" : "");
	output_set_colour(out, known->permanence == PERMANENCE_YES ? OUTPUT_RED : OUTPUT_YELLOW);
	prose_wrap(out, memory, 0, 2);
	output_set_colour(out, OUTPUT_PLAIN);
}

static void
put_line(const char *heading, const char *words, struct output *out)
{
	output_put(out, "  %-*s", INDENT - 2, heading);
	prose_wrap(out, words, INDENT, INDENT);
}

static void
put_count(unsigned long count, struct output *out)
{
	char memory[60];

	(void)snprintf(memory, sizeof memory, "%lu such refusals", count);
	put_line("How often:", memory, out);
}

/* The words of the receiver, on one line, so far as they are shown. */
static void
put_reply(struct span text, unsigned long count, struct output *out)
{
	char memory[QUOTED_MAX + 8];
	struct strbuf line = STRBUF_OVER(memory);
	bool is_blank = true;

	for (size_t i = 0; i < text.length && line.length < QUOTED_MAX; i++) {
		if (!ascii_is_blank(text.at[i]) && text.at[i] != '\0')
			strbuf_add_char(&line, text.at[i]);
		else if (!is_blank)
			strbuf_add_char(&line, ' ');
		is_blank = ascii_is_blank(text.at[i]) || text.at[i] == '\0';
	}
	if (line.length == QUOTED_MAX)
		strbuf_add(&line, "...");
	put_line(count == 1 ? "The reply:" : "First reply:", memory, out);
	if (count > 1)
		put_count(count, out);
}

static void
put_meaning(const struct recognition *known, const char *heading, struct output *out)
{
	if (known->entry == NULL)
		put_line(heading, "This reply is not in the catalogue.", out);
	put_line(known->entry != NULL ? heading : "", refusal_meaning(known), out);
}

static void
put_remedy(const struct refusal_group *group, struct output *out)
{
	char memory[REFUSAL_REMEDY_SIZE];
	struct strbuf remedy = STRBUF_OVER(memory);

	put_line("Who must act:", party_words(group->known.party), out);
	refusal_add_remedy(&group->known, group->refusal.status, &remedy);
	put_line("What to do:", memory, out);
	if (group->known.entry != NULL && group->known.entry->page != NULL)
		put_line("More:", group->known.entry->page, out);
}

void
refusal_tell(const struct refusal_group *group, const char *settled, struct output *out)
{
	put_answer(group, out);
	if (settled != NULL) {
		put_line("What to do:", settled, out);
		put_meaning(&group->known, "What it meant:", out);
	} else {
		put_meaning(&group->known, "What it means:", out);
		put_remedy(group, out);
	}
	put_reply(group->refusal.text, group->count, out);
}
