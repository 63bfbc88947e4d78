/* received: the client that a Received field names, by the spelling of each kind of server. */
#include "unit.h"

#include "heloscope/wire/received.h"

/* NULL as address: unreadable; "": from inside the writer's own system; PROGRAM: from a program of its host.
 */
#define PROGRAM "-"

struct row {
	const char *value, *address, *helo, *tls;
};

static void
expect(const struct row *row)
{
	const struct received received = received_read(span_of(row->value));
	char text[IPADDR_TEXT_SIZE] = "";

	if (received.address.length > 0)
		(void)ipaddr_format(&received.address, text);
	if (row->address == NULL || strcmp(row->address, PROGRAM) == 0) {
		if (received.finding != (row->address == NULL ? RECEIVED_UNREADABLE : RECEIVED_NO_CLIENT)
		    || received.helo.length > 0)
			fail_msg("\"%s\" is read as of %s", row->value, text);
		return;
	}
	if (received.finding != (row->address[0] != '\0' ? RECEIVED_CLIENT : RECEIVED_INSIDE)
	    || strcmp(text, row->address) != 0)
		fail_msg("\"%s\" is not of %s, but \"%s\"", row->value, row->address, text);
	if (!span_equals(received.helo, span_of(row->helo)))
		fail_msg("\"%s\" has not the HELO name %s, but %.*s", row->value, row->helo,
			 (int)received.helo.length, received.helo.at);
	if (strcmp(received.tls_version, row->tls != NULL ? row->tls : "") != 0)
		fail_msg("\"%s\" has TLS \"%s\"", row->value, received.tls_version);
}

static void
received_names_the_client_in_the_spelling_of_each_server(void **state)
{
	static const struct row table[] = {
		/* Postfix. */
		{ "from h.test (p.test [192.0.2.1])\n\tby gw.test (Postfix) with ESMTP id 4XyZ\n\tfor <b@o.test>; "
		  "Sat, 28 Nov 2026 12:00:00 +0000 (UTC)",
		  "192.0.2.1", "h.test", NULL },
		{ " from h.test (unknown [IPv6:2001:db8::1]) by gw.test (Postfix) with SMTP id 1",
		  "2001:db8::1", "h.test", NULL },
		{ "from h.test (p.test [192.0.2.1])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 "
		  "bits)\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits))\n\t(Client did not present a "
		  "certificate)\n\tby gw.test (Postfix) with ESMTPS id 1",
		  "192.0.2.1", "h.test", "TLSv1.3" },
		{ "from h.test (p.test [192.0.2.1]) (using TLSv1.2 with cipher X (1/1 bits)) (Client CN \"a "
		  "[198.51.100.9]\", Issuer \"b\" (verified OK)) by gw.test (Postfix) with ESMTPS id 1",
		  "192.0.2.1", "h.test", "TLSv1.2" },
		{ "from h.test (p.test [192.0.2.1]) (Client CN \"a\\) (\", Issuer \"b\" (not verified)) by gw.test "
		  "(Postfix) with ESMTPS id 1",
		  NULL, NULL, NULL },
		{ "from h.test (p.test [192.0.2.1]) (Client CN \"a\\)\", Issuer \"b\" (not verified)) by gw.test "
		  "(Postfix) with ESMTPS id 1",
		  "192.0.2.1", "h.test", NULL },
		/* Sendmail. */
		{ "from h.test (p.test [192.0.2.1])\n\tby gw.test (8.17.1/8.17.1) with ESMTPS id "
		  "1\n\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)\n\tfor <b@o.test>; x",
		  "192.0.2.1", "h.test", "TLSv1.3" },
		{ "from h.test (p.test [192.0.2.1] (may be forged)) by gw.test (8.17.1/8.17.1) with ESMTP id 1",
		  "192.0.2.1", "h.test", NULL },
		{ "from h.test ([192.0.2.1]) by gw.test (8.17.1/8.17.1) with ESMTP id 1", "192.0.2.1",
		  "h.test", NULL },
		{ "from h.test (joe@p.test [192.0.2.1]) by gw.test (8.17.1/8.17.1) with ESMTP id 1",
		  "192.0.2.1", "h.test", NULL },
		{ "from h.test (p.test [IPv6:2001:db8:0:0:0:0:0:1]) by gw.test (8.17.1/8.17.1) with ESMTP id 1",
		  "2001:db8::1", "h.test", NULL },
		/* Exim. */
		{ "from [192.0.2.1] (helo=h.test)\n\tby gw.test with esmtp (Exim 4.96)\n\t(envelope-from "
		  "<a@b.test>)\n\tid 1-2-3\n\tfor b@o.test; x",
		  "192.0.2.1", "h.test", NULL },
		{ "from [192.0.2.1] (port=4711 helo=h.test) by gw.test with esmtps  (TLS1.3) tls "
		  "TLS_AES_256_GCM_SHA384 (Exim 4.96) id 1",
		  "192.0.2.1", "h.test", "TLSv1.3" },
		{ "from p.test ([192.0.2.1] helo=h.test) by gw.test with esmtp (Exim 4.96) id 1", "192.0.2.1",
		  "h.test", NULL },
		{ "from p.test ([192.0.2.1]:4711 helo=h.test ident=joe) by gw.test with esmtp (Exim 4.96) id 1",
		  "192.0.2.1", "h.test", NULL },
		{ "from p.test ([2001:db8::1] helo=[198.51.100.9]) by gw.test with esmtp (Exim 4.96) id 1",
		  "2001:db8::1", "[198.51.100.9]", NULL },
		{ "from p.test ([192.0.2.1]) by gw.test with esmtps (TLS1.2:ECDHE:256) (Exim 4.84) id 1",
		  "192.0.2.1", "p.test", "TLSv1.2" },
		{ "from p.test ([192.0.2.1]) by gw.test with smtp (Exim 4.96) id 1", "192.0.2.1", "p.test",
		  NULL },
		{ "from p.test ([192.0.2.1]) by gw.test with utf8esmtps (TLS1.3) (Exim 4.96) id 1",
		  "192.0.2.1", "p.test", "TLSv1.3" },
		{ "from [192.0.2.1] by gw.test with smtp (Exim 4.96) id 1", "192.0.2.1", "[192.0.2.1]",
		  NULL },
		{ "from [192.0.2.1] by gw.test with esmtp (Exim 4.96) id 1", "192.0.2.1", "[192.0.2.1]",
		  NULL },
		/* Exchange. */
		{ "from h.test (192.0.2.1) by A.mail.protection.outlook.test (10.1.2.3) with Microsoft SMTP Server "
		  "(version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.1 via Frontend Transport; x",
		  "192.0.2.1", "h.test", "TLSv1.3" },
		{ "from A.prod.outlook.test (2001:db8:806::5b)\n by B.outlook.test (2001:db8:806::20) with Microsoft\n "
		  "SMTP Server (version=TLS1_2,\n cipher=TLS_ECDHE) id 15.20.1; x",
		  "2001:db8:806::5b", "A.prod.outlook.test", "TLSv1.2" },
		{ "from A.outlook.test ([fe80::abcd%4]) by B.outlook.test ([fe80::1%4]) with mapi id 15.20.1; x",
		  "fe80::abcd", "A.outlook.test", NULL },
		{ "from [198.51.100.9] (192.0.2.1) by A.outlook.test (2001:db8:302:1::18) with Microsoft SMTP Server "
		  "(version=TLS1_2, cipher=TLS_ECDHE) id 15.20.1 via Frontend Transport; x",
		  "192.0.2.1", "[198.51.100.9]", "TLSv1.2" },
		/* Google. */
		{ "from h.test (p.test. [192.0.2.1])\n        by mx.google.com with ESMTPS id x-2\n        for "
		  "<b@o.test>\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256)",
		  "192.0.2.1", "h.test", NULL },
		{ "from ?IPv6:::ffff:198.51.100.9? ([192.0.2.1]) by smtp.gmail.com with ESMTPSA id 1",
		  "192.0.2.1", "IPv6:::ffff:198.51.100.9", NULL },
		{ "by mail-ed1-f71.google.com with SMTP id 4fb4d7f45d1cf-1; x", "", "", NULL },
		{ "by 2002:a05:6402:1::5 with SMTP id 1csp2; x", "", "", NULL },
		/* Proofpoint, Mimecast, Barracuda. */
		{ "from h.test (p.test [192.0.2.1])\n\tby mx0a-001.pphosted.test (PPS) with ESMTPS id "
		  "1-1\n\t(version=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256 verify=NOT);\n\tx",
		  "192.0.2.1", "h.test", "TLSv1.2" },
		{ "from pps.filterd (m1.ppops.test [127.0.0.1]) by mx0a-001.pphosted.test (8.18.1.2/8.18.1.2) with "
		  "ESMTP id 1",
		  "127.0.0.1", "pps.filterd", NULL },
		{ "from h.test (p.test\n [192.0.2.1]) by relay.mimecast.test with ESMTP with STARTTLS\n "
		  "(version=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384) id\n us-mta-1; x",
		  "192.0.2.1", "h.test", "TLSv1.3" },
		{ "from h.test (p.test [192.0.2.1]) (Using TLS) by relay.mimecast.test with ESMTP id de-mta-1; x",
		  "192.0.2.1", "h.test", NULL },
		{ "from h.test (p.test [192.0.2.1])\n\tby bsf.test (Spam Firewall) with ESMTP\n\tid 1; x",
		  "192.0.2.1", "h.test", NULL },
		{ "from h.test (p.test [192.0.2.1]) by bsf.test with ESMTP id 1 (version=TLSv1.2 cipher=X bits=128 "
		  "verify=NO); x",
		  "192.0.2.1", "h.test", "TLSv1.2" },
		{ "from h.test (p.test [192.0.2.1]) by mx-outbound1-2.us-east-2b.ess.aws.cudaops.test (version=TLSv1.2 "
		  "cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256 verify=NO); x",
		  "192.0.2.1", "h.test", "TLSv1.2" },
		{ "from pps.reinject (localhost [127.0.0.1])\n by mx0a-001.pphosted.test (PPS) with ESMTPS id "
		  "1-1\n (version=TLSv1.2 cipher=X bits=256 verify=NOT);\n x",
		  "127.0.0.1", "pps.reinject", "TLSv1.2" },
		/* Addresses elsewhere: the server's own, and of sender and recipient. */
		{ "from h.test (p.test [192.0.2.1]) by localhost (gw.test [127.0.0.1]) (amavisd-new, port 10024) with "
		  "ESMTP id 1",
		  "192.0.2.1", "h.test", NULL },
		{ "from p.test ([192.0.2.1] helo=h.test) by gw.test with esmtp (Exim 4.96) (envelope-from "
		  "<a@[198.51.100.9]>) id 1 for b@[192.0.2.25]",
		  "192.0.2.1", "h.test", NULL },
		/* Forms of addresses. */
		{ "from h.test (p.test [::ffff:192.0.2.1]) by gw.test with ESMTP id 1", "192.0.2.1", "h.test",
		  NULL },
		{ "from h.test (p.test [IPv6:::ffff:192.0.2.1]) by gw.test with ESMTP id 1", "192.0.2.1",
		  "h.test", NULL },
		{ "from h.test (p.test [ipv6:fe80::1%eth0]) by gw.test with ESMTP id 1", "fe80::1", "h.test",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++)
		expect(&table[i]);
}

static void
received_takes_nothing_that_the_client_says_for_its_address(void **state)
{
	static const struct row table[] = {
		/* HELO names. */
		{ "from [198.51.100.9] (p.test [192.0.2.1]) by gw.test (Postfix) with ESMTP id 1",
		  "192.0.2.1", "[198.51.100.9]", NULL },
		{ "from [198.51.100.9] ([192.0.2.1]) by gw.test with ESMTP id 1", "192.0.2.1",
		  "[198.51.100.9]", NULL },
		{ "from [198.51.100.9](p.test[192.0.2.1])by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from [198.51.100.9] by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from [198.51.100.9] () by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from [198.51.100.9] by gw.test with ESMTP id 1 for <\"(Exim 4)\"@o.test>", NULL, NULL,
		  NULL },
		{ "from h.test by gw.test with ESMTP id 1 for <a(p.test [198.51.100.9])@b.test>", NULL, NULL,
		  NULL },
		{ "from x (y [198.51.100.9]) (p.test [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from x (y [198.51.100.9]) p.test [192.0.2.1] by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from x [198.51.100.9] (p.test [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from p.test (HELO x) ([192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test (by [198.51.100.9]) by gw.test [192.0.2.1] with ESMTP id 1", NULL, NULL,
		  NULL },
		/* The same with blanks, from a server that does not look at them. */
		{ "from x (y [198.51.100.9]) by z (p.test [192.0.2.1]) by gw.test with ESMTP id 1", NULL,
		  NULL, NULL },
		{ "from x (y [198.51.100.9]) by z with ESMTP id 2 (p.test [192.0.2.1]) by gw.test with ESMTP id 1",
		  NULL, NULL, NULL },
		{ "from x (y [198.51.100.9]) by z < (p.test [192.0.2.1]) by gw.test with ESMTP id 1", NULL,
		  NULL, NULL },
		{ "from x (y [198.51.100.9]) by (p.test [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from x (y [198.51.100.9]) by z ( (p.test [192.0.2.1]) by gw.test with ESMTP id 1", NULL,
		  NULL, NULL },
		{ "from p.test (x [198.51.100.9]) by z ( [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from x (y [198.51.100.9]) by z (a)[192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from x (y [198.51.100.9]) by z (a) (p.test [192.0.2.1]) by gw.test with ESMTP id 1", NULL,
		  NULL, NULL },
		{ "from h.test (p.test [192.0.2.1]) (using TLSv1.x with cipher X (256/256 bits)) by gw.test (Postfix) with ESMTPS id 1",
		  "192.0.2.1", "h.test", NULL },
		/* Postfix's "?" for what should not be there is no sign of Google. */
		{ "from ?a? (p.test [192.0.2.1]) by gw.test (Postfix) with ESMTP id 1", "192.0.2.1", "?a?",
		  NULL },
		{ "from ?198.51.100.9? (p.test [192.0.2.1]) by gw.test (Postfix) with ESMTP id 1",
		  "192.0.2.1", "?198.51.100.9?", NULL },
		{ "from ?h.test? (p.test [192.0.2.1]) by mx.google.com with ESMTP id 1", "192.0.2.1",
		  "?h.test?", NULL },
		/* Names in the reverse DNS. */
		{ "from h.test ([198.51.100.9] [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test (p.test [198.51.100.9] [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from h.test (p(.test [198.51.100.9]) [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from h.test ((p.test [198.51.100.9]) [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from h.test (\"p [198.51.100.9]\" [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from h.test (p.test. [192.0.2.1] (x [198.51.100.9])) by gw.test with ESMTP id 1", NULL,
		  NULL, NULL },
		{ "from h.test (p.test \\[198.51.100.9] [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from h.test (198.51.100.9 [192.0.2.1]) by gw.test with ESMTP id 1", "192.0.2.1", "h.test",
		  NULL },
		/* Ident, and what looks like Exim's words. */
		{ "from h.test (joe@[192.0.2.1]) by gw.test (8.17.1/8.17.1) with ESMTP id 1", "192.0.2.1",
		  "h.test", NULL },
		{ "from h.test (IDENT:joe@[192.0.2.1]) by gw.test (8.17.1/8.17.1) with ESMTP id 1",
		  "192.0.2.1", "h.test", NULL },
		{ "from h.test (IDENT:joe@p.test [192.0.2.1] (may be forged)) by gw.test with ESMTP id 1",
		  "192.0.2.1", "h.test", NULL },
		{ "from h.test (@p.test [192.0.2.1]) by gw.test with ESMTP id 1", "192.0.2.1", "h.test",
		  NULL },
		{ "from h.test (x@[198.51.100.9] [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test (x@[198.51.100.9]@[192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test (x @[192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from p.test ([192.0.2.1] helo=h.test ident=x [198.51.100.9]) by gw.test with esmtp (Exim 4.96) id 1",
		  NULL, NULL, NULL },
		{ "from [198.51.100.9] (helo=x) (p.test [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL,
		  NULL },
		{ "from [198.51.100.9] (helo=x [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from [198.51.100.9] (helo=x) by b c (joe@[192.0.2.1]) by gw.test (8.17.1/8.17.1) with ESMTP id 1",
		  NULL, NULL, NULL },
		{ "from x (y [198.51.100.9]) by b c (IDENT:joe@[192.0.2.1]) by gw.test (8.17.1/8.17.1) with ESMTP id 1",
		  NULL, NULL, NULL },
		{ "from x (p.test [198.51.100.9] (may be forged (h.test [192.0.2.1])\n\tby gw.test (Server) with "
		  "ESMTP id 1\n\tfor <\"u)) by z \"@o.test>; x",
		  NULL, NULL, NULL },
		/* Exchange's form from others. */
		{ "from h.test (198.51.100.9) by gw.test (Postfix) with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test (198.51.100.9) (192.0.2.1) by A.test (10.1.2.3) with Microsoft SMTP Server id 1",
		  NULL, NULL, NULL },
		{ "from x([198.51.100.9]) (192.0.2.1) by A.test (10.1.2.3) with Microsoft SMTP Server id 1",
		  NULL, NULL, NULL },
		{ "from x ([198.51.100.9]) (192.0.2.1) by A.test (10.1.2.3) with Microsoft SMTP Server id 1",
		  NULL, NULL, NULL },
		{ "from x ([198.51.100.9]) (joe@[192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from x([198.51.100.9]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		/* No client. */
		{ "by gw.test (Postfix, from userid 1000)\n\tid 1; x", PROGRAM, NULL, NULL },
		{ "by mail.google.com.evil.test with SMTP id 1; x", PROGRAM, NULL, NULL },
		{ "by mail.google.com with HTTP; x", PROGRAM, NULL, NULL },
		{ "(from root@localhost)\n\tby gw.test (8.17.1/8.17.1/Submit) id 1; x", PROGRAM, NULL, NULL },
		{ "(qmail 1 invoked by uid 0); x", PROGRAM, NULL, NULL },
		{ "(qmail 1 invoked for bounce); x", PROGRAM, NULL, NULL },
		{ "(qmail 1 invoked from network); x", NULL, NULL, NULL },
		{ "(gateway 1) by gw.test; x", NULL, NULL, NULL },
		{ "from joe by gw.test with local (Exim 4.96) (envelope-from <a@b.test>) id 1; x", PROGRAM,
		  NULL, NULL },
		{ "from localhost (localhost)\n\tby gw.test (8.17.1/8.17.1) id 1; x", PROGRAM, NULL, NULL },
		/* The same from others. */
		{ "from joe by gw.test with local (Sendmail) id 1", NULL, NULL, NULL },
		{ "from joe by gw.test with smtp (Exim 4.96) id 1", NULL, NULL, NULL },
		{ "from joe by gw.test with local (Exim 4.96) (p.test [192.0.2.1]) by gw.test with ESMTP id 1",
		  NULL, NULL, NULL },
		{ "from localhost (localhost) by gw.test (Postfix) id 1; x", NULL, NULL, NULL },
		{ "from localhost (localhost) by gw.test (8.17.1/8.17.1) with ESMTP id 1; x", NULL, NULL,
		  NULL },
		{ "from h.test (localhost) by gw.test (8.17.1/8.17.1) id 1; x", NULL, NULL, NULL },
		/* From an alias, a queue. */
		{ "by gw.test (Postfix)\n\tid 1; x", "", "", NULL },
		{ "(qmail 1 invoked by alias); x", "", "", NULL },
		{ "by gw.test (Postfix) with HTTP id 1; x", PROGRAM, NULL, NULL },
		{ "by gw.test id 1; x", PROGRAM, NULL, NULL },
		{ "from h.test (unknown [unknown]) by gw.test (Postfix) with ESMTP id 1", NULL, NULL, NULL },
		/* Neither whole nor clean. */
		{ "", NULL, NULL, NULL },
		{ "from", NULL, NULL, NULL },
		{ "from h.test (p.test [192.0.2.1])", NULL, NULL, NULL },
		{ "from h.test (p.test [192.0.2.1]) via gw.test", NULL, NULL, NULL },
		{ "from h.test (p.test [192.0.2.1] by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test (p.test [192.0.2.1) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test (p.test [192.0.2.256]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test (p.test [192.0.2.1%4]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test (p.test [IPv6:]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
		{ "from h.test\x01(p.test [192.0.2.1]) by gw.test with ESMTP id 1", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(table); i++)
		expect(&table[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(received_names_the_client_in_the_spelling_of_each_server),
		cmocka_unit_test(received_takes_nothing_that_the_client_says_for_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
