/*
 * bounds: what a stranger can make us hold, write or ask, and where it ends.
 *
 * A stranger is whoever connects, whoever runs the name servers of the names that he says, and who wrote
 * what arrives. Each line here stands in the table of heloscope-milter(8), section LIMITS, too, and has a
 * test that floods it, in tests/bounds; tests/check-bounds.sh holds the three together. Not here: what a
 * format allows (those stand with its reader), and what an administrator sets.
 */
#ifndef HELOSCOPE_BASE_BOUNDS_H
#define HELOSCOPE_BASE_BOUNDS_H

/* Questions to the DNS that one stage of a message (connect, HELO, MAIL, header, body) may ask; RFC 7208's
 * own limits come first. */
#define BOUND_QUESTIONS_A_STAGE 256

/*
 * Questions that are on their way at a time for all: to lists, and to others; together they stay below the
 * 4,096 for which libunbound has sockets. Of one half of each a client may have so many times as many as are
 * left to others, of what is left of that to its network, and so on. The other half is for who has few: so it
 * takes half of them by few different providers, 40 of others and 16 of lists, before somebody who has less
 * is not served. A provider is a /16, or of IPv6 a /32: whoever has one of those has all networks in it. What
 * is beyond them is not asked.
 */
#define BOUND_UNDER_WAY_OF_LISTS 1024
#define BOUND_UNDER_WAY_OF_OTHERS 2560
#define BOUND_UNDER_WAY (BOUND_UNDER_WAY_OF_LISTS + BOUND_UNDER_WAY_OF_OTHERS)
#define BOUND_UNDER_WAY_SHARE 2
#define BOUND_UNDER_WAY_FEW 32

/* Readings of an address that are judged, where the MTA does not tell what it makes of it. Of others nothing
 * is known, so that a rule that would refuse by the address defers. */
#define BOUND_READINGS 8

/* MX hosts of a sender's domain whose addresses are looked up. */
#define BOUND_SENDER_HOSTS 4

/*
 * Octets of questions and answers that a check may hold, beyond which an answer counts as too large; those
 * that ask much (SPF and lists) hold more. And what an evaluation of SPF may hold of its own while it is
 * under way.
 */
#define BOUND_ANSWER_OCTETS 16384
#define BOUND_ANSWER_OCTETS_MUCH 40960
#define BOUND_SPF_WORK_OCTETS 49152

/*
 * Octets of a session's answers, of what was found in them and of the evaluations under way, beyond which no
 * answer is held. With what is then found in the last of them a session stays below 256 kB.
 */
#define BOUND_SESSION_OCTETS 196608

/*
 * Questions to one list for the sake of one client (an IPv4 address, or a /64) and of its network (/24 or
 * /48), at once, and a minute of each client in the long run; of a network ten times as many. Those of
 * messages that were accepted do not count. And how many such budgets, of a client or network and a list, are
 * remembered.
 */
#define BOUND_LIST_QUESTIONS 600
#define BOUND_LIST_QUESTIONS_OF_NETWORK 6000
#define BOUND_LIST_QUESTIONS_A_MINUTE 60
#define BOUND_LIST_BUDGETS 65536

/* Octets of a From field that is read, and addresses in it. */
#define BOUND_AUTHOR_OCTETS 8192
#define BOUND_AUTHOR_ADDRESSES 100

/* Received fields that are read to find the client of a message behind a gateway, and octets of its header
 * that are held until it is found. Beyond them it is not known. */
#define BOUND_GATEWAY_HOPS 20
#define BOUND_GATEWAY_HELD 65536

/* Octets that a check keeps of the header and the body of a message that it is fed. */
#define BOUND_FED_OCTETS 196608

/* Octets, within those, of the fields of a header that are kept to verify its signatures, and signatures of a
 * message that are looked at. */
#define BOUND_HEADER_KEPT 131072
#define BOUND_SIGNATURES 10

/* Keys of a chain of ARC that are asked for; one that needs more fails. It may have 50 sets (RFC
 * 8617, 4.2.1), each with two signatures, and a sealer has one key for both. */
#define BOUND_ARC_KEYS 50

/*
 * Work of verifying the DKIM signatures of a message, and its ARC chain, in verifications by an RSA key of
 * 2048 bits, which take about 30 us: a longer key counts 4 up to 4096 bits (the longest that has to be taken:
 * RFC 8301, 3.2), 16 beyond, Ed25519 4, and each 8 kB of a header or 64 names in h= 1. So ten signatures, and
 * a whole chain of 50 sets, may have 4096 bits.
 */
#define BOUND_DKIM_WORK 80
#define BOUND_ARC_WORK 256

/*
 * Stretches of forged fields that are remembered one by one; beyond it all up to the last of the name go.
 * Names of fields that are counted: beyond it, our own fields' names apart, a message is deferred when a
 * forged field hides in a field whose place among those of its name is not known.
 */
#define BOUND_REMOVED_STRETCHES 512
#define BOUND_FIELD_NAMES 256

/* Recipients of a message that its record names; all are judged and counted. */
#define BOUND_RECIPIENTS_RECORDED 500

/* Recipients whose verdict may wait for the end of the message, in mode audit. */
#define BOUND_RECIPIENTS_POSTPONED 100

/* Recipients whose verdict may wait for the end of the message because it rests on its header or body. */
#define BOUND_RECIPIENTS_PENDING 1000

/*
 * Recipients who are told to come in a transaction of their own, in a session since its last accepted
 * message. Postfix counts each as an error of the client: the tenth costs a second, the twentieth the
 * connection.
 */
#define BOUND_RECIPIENTS_APART 9

/* Different verdicts of one message that log and record tell apart. */
#define BOUND_VERDICTS 16

/* Octets of a record; what is cut is said in it. */
#define BOUND_RECORD 16384

/* Octets of a line that is read from a log of records or from the findings about mail servers, with room for
 * what other versions wrote. */
#define BOUND_LINE_READ 65536

/* Domains of senders at receivers that are compared, and servers and domains of recipients whose receiver is
 * remembered; others are counted, and told to be left out. */
#define BOUND_COMPARED 16384

/* What is compressed may expand to so many times what it is, and beyond that all of a run together
 * to so many octets. */
#define BOUND_EXPANDED_FREELY 67108864
#define BOUND_EXPANDED_RATIO 250

/* Octets of another server's refusal that are kept and looked at. */
#define BOUND_REFUSAL_TEXT 4096

/* Examinations of senders' domains and addresses by one run of heloscope why: whose they are, strangers say.
 */
#define BOUND_CLAIM_EXAMS 50

/* Domains and addresses that are told apart as those of which refusals are, for each kind of refusal. */
#define BOUND_CLAIM_CASES 1000

/* Kinds of refusals that are told apart, where many are read. */
#define BOUND_REFUSAL_KINDS 1000

/* Octets of log and records that a network may cause at once, and again in an hour; that it may cause for
 * each octet of SMTP that it sends; that all together may cause in a second; and networks that are told
 * apart. */
#define BOUND_WRITTEN_BURST 131072
#define BOUND_WRITTEN_AN_OCTET 3
#define BOUND_WRITTEN_A_SECOND 4194304
#define BOUND_WRITTEN_NETWORKS 4096

/* Octets of a line in the log that tells of a message. */
#define BOUND_LOG_LINE 2048

/* Mail servers of which findings are kept, and which wait to be looked at. */
#define BOUND_PEERS 100000
#define BOUND_PEERS_WAITING 1000

/* Visits to the servers of a network (/24 or /48) that begin within an hour. */
#define BOUND_PEER_VISITS_OF_NETWORK 10

/* Records, and octets of them, that wait for the disk of the log of records. */
#define BOUND_RECORD_QUEUE_LINES 10000
#define BOUND_RECORD_QUEUE_OCTETS 8388608

/* Records, and octets of them, that wait for the server that hosts share (share redis), and what is asked of
 * it. */
#define BOUND_SHARE_RECORDS 10000
#define BOUND_SHARE_OCTETS 8388608
#define BOUND_SHARE_ASKED 1000

/*
 * Of what is read as mail: octets and lines of a message, beyond which the rest is passed over; parts that
 * are looked at, their depth (and that of messages in messages), and octets of one that are decoded to be
 * read; and recipients of a bounce that are told.
 */
#define BOUND_MAIL_OCTETS 16777216
#define BOUND_MAIL_LINES 250000
#define BOUND_MAIL_PARTS 1000
#define BOUND_MAIL_DEPTH 20
#define BOUND_PART_OCTETS 1048576
#define BOUND_BOUNCE_RECIPIENTS 1000

/*
 * The page behind the reference: connections at a time, and milliseconds that one lasts at most; octets of
 * the header and of the body of a request; references that wait to be looked up.
 */
#define BOUND_PAGE_CONNECTIONS 200
#define BOUND_PAGE_CONNECTION_MS 30000
#define BOUND_PAGE_HEADER 8192
#define BOUND_PAGE_BODY 1024
#define BOUND_PAGE_WAITING 64

/*
 * Looks at a reference by a visitor (an IPv4 address, or a /64) at once, and again in a minute, of which one
 * in vain counts 10; by all together, at once and in ten seconds; and in vain by all together, at once and in
 * a minute: beyond it only those are looked up who come from a network (/16, or /32) that has not looked in
 * vain within minutes. And places for what is remembered of visitors, twice.
 */
#define BOUND_PAGE_LOOKS 60
#define BOUND_PAGE_MISS_COSTS 10
#define BOUND_PAGE_LOOKS_OF_ALL 100
#define BOUND_PAGE_MISSES_OF_ALL 60
#define BOUND_PAGE_VISITORS 16384

/* Times as long as one look through the whole log took, for which no other begins. */
#define BOUND_PAGE_REST 3

/* Tests from that page at a time, of which one of a client's network (/24 or /48); in a minute; and whose
 * result is remembered; of one reference one a minute. */
#define BOUND_PAGE_TESTS 4
#define BOUND_PAGE_TESTS_A_MINUTE 30
#define BOUND_PAGE_RESULTS 128

/* Seconds for which a test from that page takes what another found at the client's own server: no sooner is
 * it looked at again, and that within the limits of the look-back, which the page keeps for itself. */
#define BOUND_PAGE_FINDING_S 900

/*
 * The control socket of the filter: connections at a time, and milliseconds that one lasts at most; octets of
 * the header and of the body of a request.
 */
#define BOUND_CONTROL_CONNECTIONS 16
#define BOUND_CONTROL_CONNECTION_MS 10000
#define BOUND_CONTROL_HEADER 4096
#define BOUND_CONTROL_BODY 256

/* Octets of what is noted of the reports of receivers. */
#define BOUND_SUMMARY_OCTETS 33554432

#endif
