#include "heloscope/checks/sender.h"

#include <string.h>

#include "heloscope/base/bounds.h"
#include "heloscope/dns/mail_way.h"

static bool
finish(struct facts *facts, enum sender_finding finding)
{
	facts->results[METHOD_SENDER] = sender_words(finding)->result;
	facts->sender.finding = finding;
	return true;
}

static bool
fault(struct facts *facts, enum dns_status status)
{
	facts->sender.status = status;
	return finish(facts, SENDER_UNKNOWN);
}

/* "MX 0 .": this domain takes no mail (RFC 7505). */
static bool
is_null_mx(const struct dns_answer *answer)
{
	return answer->count == 1 && answer->records[0].name[0] == '\0';
}

/* By both addresses of a host, which are asked for at once. */
static enum mail_way
way_to(struct inquiry *inquiry, const char *host, enum dns_status *status)
{
	const struct network_set *near = &inquiry_config(inquiry)->trusted;
	const enum mail_way ipv4 =
		mail_way_by_answer(inquiry_ask(inquiry, STAGE_MAIL, host, DNS_A), near, status);

	if (ipv4 == MAIL_WAY_OPEN)
		return ipv4;
	return mail_way_better(
		ipv4, mail_way_by_answer(inquiry_ask(inquiry, STAGE_MAIL, host, DNS_AAAA), near, status));
}

/* What there is to be told of a way that is not open: the host, unless it is the domain itself, and the first
 * address that it has. Every answer has come. */
static void
note_way(struct inquiry *inquiry, const char *host, bool is_private)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA };
	struct sender_facts *sender = &inquiry_facts(inquiry)->sender;

	if (host != NULL)
		sender->host = host;
	for (size_t i = 0; is_private && i < 2; i++) {
		const struct dns_answer *answer =
			inquiry_ask(inquiry, STAGE_MAIL, host != NULL ? host : sender->domain, types[i]);

		if (answer != NULL && answer->count > 0 && sender->address.length == 0)
			sender->address = answer->records[0].address;
	}
}

static bool
is_dead_end(enum mail_way way)
{
	return way < MAIL_WAY_UNKNOWN;
}

/* The best way there is decides. */
static bool
judge_way(struct facts *facts, enum mail_way way, enum dns_status status, bool has_mx)
{
	switch (way) {
	case MAIL_WAY_OPEN:
		return finish(facts, has_mx ? SENDER_MX : SENDER_ADDRESS);
	case MAIL_WAY_AWAITED:
		return false;
	case MAIL_WAY_UNKNOWN:
		return fault(facts, status);
	case MAIL_WAY_PRIVATE:
		return finish(facts, has_mx ? SENDER_MX_PRIVATE : SENDER_ADDRESS_PRIVATE);
	case MAIL_WAY_NO_HOST:
		return finish(facts, SENDER_MX_NO_HOST);
	default:
		return finish(facts, has_mx ? SENDER_MX_NO_ADDRESS : SENDER_NO_MX);
	}
}

/*
 * All hosts are asked for at once. Those beyond the bound do not count, good or bad: they come after several
 * with a better preference, and who delivers a bounce does not try all of very many either.
 */
static bool
judge_mx(struct inquiry *inquiry, struct facts *facts, const struct dns_answer *answer)
{
	enum dns_status status = DNS_NOERROR;
	enum mail_way best = MAIL_WAY_NO_ADDRESS;
	const char *host = answer->records[0].name;
	size_t asked = 0;

	for (size_t i = 0; i < answer->count && asked < BOUND_SENDER_HOSTS && best < MAIL_WAY_OPEN; i++) {
		enum mail_way way = mail_way_by_mx(&answer->records[i]);

		if (way == MAIL_WAY_AWAITED) {
			way = way_to(inquiry, answer->records[i].name, &status);
			asked++;
		}
		host = way > best ? answer->records[i].name : host;
		best = mail_way_better(best, way);
	}
	if (is_dead_end(best))
		note_way(inquiry, host, best == MAIL_WAY_PRIVATE);
	return judge_way(facts, best, status, true);
}

/* Without MX records mail goes to the domain's own addresses. */
static bool
judge_addresses(struct inquiry *inquiry, struct facts *facts)
{
	enum dns_status status = DNS_NOERROR;
	const enum mail_way way = way_to(inquiry, facts->sender.domain, &status);

	if (way == MAIL_WAY_PRIVATE)
		note_way(inquiry, NULL, true);
	return judge_way(facts, way, status, false);
}

static bool
run(struct inquiry *inquiry)
{
	struct facts *facts = inquiry_facts(inquiry);
	const struct dns_answer *answer;

	if (!config_wants(inquiry_config(inquiry), METHOD_SENDER))
		return true;
	if (facts->sender.mailbox.form == MAILBOX_UNREAD)
		return fault(facts, inquiry_lack_reading(inquiry)->status);
	if (facts->sender.mailbox.form == MAILBOX_MALFORMED)
		return finish(facts, SENDER_MALFORMED);
	if (facts->sender.mailbox.form != MAILBOX_ADDRESS)
		return finish(facts, SENDER_NO_DOMAIN);
	if (mail_way_is_localhost(facts->sender.domain))
		return finish(facts, SENDER_LOCALHOST);
	answer = inquiry_ask(inquiry, STAGE_MAIL, facts->sender.domain, DNS_MX);
	if (answer == NULL)
		return false;
	if (dns_status_is_fault(answer->status))
		return fault(facts, answer->status);
	if (answer->status == DNS_NXDOMAIN)
		return finish(facts, SENDER_NO_SUCH_DOMAIN);
	if (answer->status == DNS_NODATA)
		return judge_addresses(inquiry, facts);
	return is_null_mx(answer) ? finish(facts, SENDER_NULL_MX) : judge_mx(inquiry, facts, answer);
}

const struct check check_sender = { .stage = STAGE_MAIL, .run = run, .method = METHOD_SENDER };
