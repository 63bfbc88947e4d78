#include "heloscope/words/withheld.h"

#include "heloscope/words/telling.h"

#define SLOWLY "If this is your mail server, send more slowly and from fewer sender domains. "
#define TRUST " If it is a host of your own, name it in trust { networks }."
#define SOON " More can be looked up as answers come, within seconds."
#define REFILLED " Some more lookups are allowed every minute."

/* What the sender is told ($C stands for the client's address), and what is told here. */
static const struct {
	const char *refusal, *code, *explanation;
} rows[DNS_STATUSES] = {
	[DNS_SENDER_UNREAD] = {
		"The sender address can be read in too many ways, so that this mail cannot be checked. Send with a plain address, like name@example.com. ",
		"4.1.7",
		"The sender address is written so that mail servers can read it as more addresses than are judged, or than could be looked up in time. Whether the rule is true for one of the others is not known.",
	},
	[DNS_RECIPIENT_UNREAD] = {
		"The recipient address can be read in too many ways. Write the address plainly, like name@example.com. ",
		"4.1.3",
		"The recipient address is written so that mail servers can read it as more addresses than are judged. Whether the rule is true for one of the others is not known.",
	},
	[DNS_CLIENT_UNREAD] = {
		"The mail gateway of this site has written down where this mail came from in a form that cannot be read, so that it cannot be checked. If this is your mail server, see that it introduces itself (HELO/EHLO) with its host name and nothing else. ",
		"4.7.1",
		"The Received field of the gateway cannot be read, or too much comes before it. A sender can cause that, for example by a long HELO name, so the message is not accepted unchecked. If this is so for all mail from that gateway, its form is not known here: let it use XCLIENT, see heloscope.conf(5).",
	},
	[DNS_TOO_MANY_OF_MESSAGE] = {
		"This mail needs more lookups of domain names than are made for one message, so that it cannot be checked. If this is your mail server, use fewer names: in its reverse DNS, and in the SPF records of your domains. ",
		"4.7.1",
		"For one message no more names are looked up.",
	},
	[DNS_TOO_MANY_OF_CLIENT] = {
		"Too many domain names are being looked up for the connecting IP address $C, so that this mail cannot be checked now. " SLOWLY,
		"4.7.1",
		"For this client too many names were being looked up at that time." SOON TRUST,
	},
	[DNS_TOO_MANY_OF_NETWORK] = {
		"Too many domain names are being looked up for the network of the connecting IP address $C, so that this mail cannot be checked now. " SLOWLY,
		"4.7.1",
		"For the network of this client (its /24 or /48) too many names were being looked up at that time, mostly for its neighbours." SOON TRUST,
	},
	[DNS_TOO_MANY_OF_PROVIDER] = {
		"Too many domain names are being looked up for the networks around the connecting IP address $C, so that this mail cannot be checked now. " SLOWLY,
		"4.7.1",
		"For the networks around this client (its /16 or /32) too many names were being looked up at that time, mostly for other networks." SOON TRUST,
	},
	[DNS_TOO_MANY_OF_ALL] = {
		"The receiving server waits for too many answers of the DNS, mostly for other clients, so that this mail cannot be checked now. Nothing is known to be wrong with it. ",
		"4.3.2",
		"Too many names were being looked up at that time, mostly for other clients. Either the resolver was slow, or somebody sent much mail from domains whose name servers are silent; the log says when that began." SOON,
	},
	[DNS_BUDGET_OF_CLIENT] = {
		"Mail from the connecting IP address $C that was not accepted needed too many lookups on a list that this site uses, so that this mail cannot be checked now. " SLOWLY,
		"4.7.1",
		"For mail of this client that was not accepted a list was queried too often." REFILLED TRUST,
	},
	[DNS_BUDGET_OF_NETWORK] = {
		"Mail from the network of the connecting IP address $C that was not accepted needed too many lookups on a list that this site uses, so that this mail cannot be checked now. " SLOWLY,
		"4.7.1",
		"For mail from the network of this client (its /24 or /48) that was not accepted a list was queried too often." REFILLED TRUST,
	},
	[DNS_NO_ROOM] = {
		"The answers of the DNS about this mail are together larger than what is kept for one connection, so that it cannot be checked. If this is your mail server, send from fewer sender domains over one connection, and keep their DNS records short. ",
		"4.7.1",
		"The answers in this session were together larger than what is kept of them.",
	},
	[DNS_HELD_UP] = {
		"Name servers of the domains in this mail answered so late that too little time was left for other lookups, so that it cannot be checked now. If this is your mail server, see that the name servers of your domains answer quickly, above all those with the keys of your DKIM signatures. ",
		"4.7.1",
		"This is looked up after other names of the message, whose answers came so late that too little time was left. A sender can cause that, so it does not count as a fault of the DNS.",
	},
	[DNS_TOO_MUCH_WORK] = {
		"To verify the DKIM signatures of this mail takes more work than is done here, so that it cannot be checked. If this is your mail server, sign once, with a key of 2048 bits. ",
		"4.7.1",
		"The signatures of the author's domain take more work to verify than is done for one message. Whether one of them is good is not known.",
	},
	[DNS_CHOSEN_NAME] = {
		"Whether the sender of this mail is genuine cannot be checked now, for DNS lookups failed at a name in its DKIM or ARC signatures or its sender address. If this is your mail server, see that the name servers of these names answer, above all those with the keys. ",
		"4.7.1",
		"A lookup failed at a name in the signatures or the sender address. A sender can choose a name for which lookups always fail, so the rule does not take it for a fault of the DNS.",
	},
};

void
withheld_refuse(enum dns_status status, const struct facts *facts, struct strbuf *text)
{
	char client[IPADDR_TEXT_SIZE];

	telling_fill(text, rows[status].refusal,
		     &(struct telling_values){ { ['C' - 'A'] = telling_client(facts, client) } });
}

const char *
withheld_code(enum dns_status status)
{
	return rows[status].code;
}

const char *
withheld_explanation(enum dns_status status)
{
	return rows[status].explanation;
}
