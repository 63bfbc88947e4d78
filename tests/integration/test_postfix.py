"""The filter behind a real Postfix, with nsd and rbldnsd behind the resolver. Clients pose by XCLIENT."""
import concurrent.futures
import email.utils
import json
import os
import re
import socket
import time
import unittest

from built import HAS_LIBSPF2
from lab import Lab, LabError, LabTest, Smtp, module_lab, swaks, wait_until
from readback import results, with_property
from scenario import CONFIG, LISTS, ZONES, addresses

lab = None


def setUpModule():
    global lab, audit, enforce, audit_port, enforce_port
    with module_lab() as lab:
        lab.nsd(ZONES)
        lab.rbldnsd(LISTS)
        audit = lab.heloscope(CONFIG, name="audit")
        enforce = lab.heloscope(CONFIG.replace("mode audit", "mode enforce"), name="enforce")
        audit_port = lab.postfix(f"inet:127.0.0.1:{audit.port}", name="postfix-audit")
        enforce_port = lab.postfix(f"inet:127.0.0.1:{enforce.port}", name="postfix-enforce")


def tearDownModule():
    audit.stop()
    enforce.stop()


class Base(LabTest):
    maxDiff = None

    def setUp(self):
        self.taken = False

    def receive(self, client="good", port=None, helo="smtpout.yodel.example", sender="anna@yodel.example", **more):
        """Send in audit mode; the one message that arrives."""
        status, transcript = swaks(port or audit_port, addresses.get(client, client), helo, sender, **more)
        self.assertEqual(status, 0, transcript)
        return lab.take_messages()[0]

    def refuse(self, client, **more):
        """Send in enforce mode; the reply with which it is refused, on one line."""
        status, transcript = swaks(enforce_port, addresses.get(client, client), **more)
        self.assertNotEqual(status, 0, transcript)
        lines = re.findall(r"^<\*\* (\d{3})[- ](.*)$", transcript, re.M)
        self.assertTrue(lines, transcript)
        for code, text in lines:
            self.assertEqual(code, lines[0][0])
            self.assertLess(len(text) + 4, 510)  # RFC 5321, 4.5.3.1.5
        self.assertLessEqual(len(lines), 3)
        return lines[0][0] + " " + " ".join(text for _, text in lines)

    def check(self, message, method, result, **properties):
        found = with_property(message, "mx.lab.test", method, **properties)
        self.assertTrue(found, f"{method} {properties} in {message['Authentication-Results']}")
        self.assertEqual(found[0]["result"], result, message["Authentication-Results"])
        return found[0]


class Header(Base):
    def test_A21_M16_field_is_on_top_of_Received(self):
        message = self.receive()
        names = [name.lower() for name in message.keys()]
        self.assertLess(names.index("authentication-results"), names.index("received"))
        self.assertEqual(names.count("authentication-results"), 1)

    def test_good_sender_passes_everything(self):
        message = self.receive()
        self.check(message, "iprev", "pass", policy_iprev="198.51.100.54")
        self.check(message, "x-helo", "pass", smtp_helo="smtpout.yodel.example")
        self.check(message, "spf", "pass", smtp_mailfrom="yodel.example")
        self.check(message, "spf", "pass", smtp_helo="smtpout.yodel.example")
        self.check(message, "x-sender", "pass", smtp_mailfrom="yodel.example")
        self.check(message, "x-dnsbl", "none")
        self.check(message, "dnswl", "none")
        self.assertNotIn("X-Heloscope", message)

    def test_R5782_2_4_ipv6_client(self):
        message = self.receive("good6")
        self.check(message, "iprev", "pass", policy_iprev="2001:db8::54")
        self.check(message, "spf", "pass", smtp_mailfrom="yodel.example")
        message = self.receive("2001:db8:bad::1")
        self.check(message, "x-dnsbl", "fail", dns_zone="bl6.test", policy_ip="127.0.0.2")

    def test_iprev_of_all_kinds(self):
        for client, expected in (("nameless", "permerror"), ("mismatch", "fail"), ("hostile", "fail"), ("many", "fail")):
            with self.subTest(client):
                self.check(self.receive(client), "iprev", expected, policy_iprev=addresses[client])

    def test_helo_of_all_kinds(self):
        for helo, expected in (
            ("smtpout.yodel.example", "pass"),
            ("[198.51.100.54]", "pass"),
            ("[192.0.2.1]", "fail"),
            ("mail.bulk.example", "fail"),
            ("localhost", "permerror"),
            ("198.51.100.54", "permerror"),
            ("a_b.example", "permerror"),
        ):
            with self.subTest(helo):
                self.check(self.receive(helo=helo), "x-helo", expected, smtp_helo=helo)

    def test_spf_of_all_kinds(self):
        for domain, expected in (
            ("yodel.example", "fail"),
            ("softfail.example", "softfail"),
            ("neutral.example", "neutral"),
            ("plain.example", "none"),
            ("absent.example", "none"),
            ("broken.example", "permerror"),
            ("twice.example", "permerror"),
            ("deep.example", "permerror"),  # C17: 12 terms over two includes
            ("voids.example", "permerror"),
            ("big.example", "pass"),
            ("bomb.example", "fail"),  # C15: crafted explanation text
            ("xn--bcher-kva.example", "pass"),
        ):
            with self.subTest(domain):
                message = self.receive("neutral", helo="mail.plain.example", sender=f"joe@{domain}")
                self.check(message, "spf", expected, smtp_mailfrom=domain)

    def test_sender_of_all_kinds(self):
        for domain, expected in (("nullmx.example", "fail"), ("deaf.example", "fail"), ("absent.example", "fail"), ("plain.example", "pass")):
            with self.subTest(domain):
                message = self.receive(sender=f"joe@{domain}")
                self.check(message, "x-sender", expected, smtp_mailfrom=domain)
                self.assertEqual("X-Heloscope" in message, expected == "fail" or domain == "absent.example")

    def test_lists_of_all_kinds(self):
        message = self.receive("listed", helo="mail.bulk.example", sender="offers@bulk.example")
        self.check(message, "x-dnsbl", "fail", dns_zone="bl.test", policy_ip="127.0.0.2")
        self.check(message, "x-dnsbl", "fail", dns_zone="dbl.test", policy_ip="127.0.1.2", smtp_mailfrom="bulk.example")
        message = self.receive("allowed", helo="mail.allowed.example", sender="joe@allowed.example")
        self.check(message, "x-dnsbl", "fail", dns_zone="bl.test")
        self.check(message, "dnswl", "pass", dns_zone="wl.test", policy_ip="127.0.5.1")
        self.assertNotIn("X-Heloscope", message)

    def test_null_sender_and_internationalized_address(self):
        message = self.receive(sender="<>")
        self.assertFalse(with_property(message, "mx.lab.test", "spf", smtp_mailfrom=None))
        self.check(message, "spf", "pass", smtp_helo="smtpout.yodel.example")
        with Smtp(audit_port) as client:
            client.pose_as(addresses["neutral"])
            client.expect("EHLO mail.plain.example", "250")
            client.message("<j\u00fcrgen@b\u00fccher.example> SMTPUTF8", ["user@in.test"])
        self.check(lab.take_messages()[0], "spf", "pass", smtp_mailfrom="xn--bcher-kva.example")

    def test_M09_no_helo(self):
        with Smtp(audit_port) as client:
            client.pose_as(addresses["good"])
            client.message("<anna@yodel.example>", ["user@in.test"])
        self.check(lab.take_messages()[0], "x-helo", "none")

    def test_E_hostile_words_come_out_quoted(self):
        for sender in ('<"a b;spf=pass smtp.mailfrom=x"@yodel.example>', '<"a\\"@evil"@yodel.example>', "<any@legit.test'@yodel.example>"):
            with self.subTest(sender), Smtp(audit_port) as client:
                client.pose_as(addresses["good"])
                client.expect(b'EHLO h\x01\x1b[31m;a=b(c"', "250")
                client.message(sender, ["user@in.test"])
                message = lab.take_messages()[0]
                self.check(message, "spf", "pass", smtp_mailfrom="yodel.example")
                self.check(message, "x-helo", "permerror")
                self.assertNotIn("\x1b", message["Authentication-Results"])

    def test_P0_E02_a_spelling_is_judged_as_what_postfix_makes_of_it(self):
        with Smtp(audit_port) as client:
            client.pose_as(addresses["good"])
            client.expect("EHLO smtpout.yodel.example", "250")
            replies = client.message("<a\\ny(x)@yodel.example>", ["user@in.test"])
            self.assertTrue(replies[0].startswith("250"), replies)
        found = with_property(lab.take_messages()[0], "mx.lab.test", "spf", smtp_mailfrom="yodel.example")
        self.assertTrue(found)

    def test_trusted_client_costs_no_lookup_and_gets_no_field(self):
        message = self.receive("192.0.2.77")
        self.assertNotIn("Authentication-Results", message)
        self.assertNotIn("X-Heloscope", message)

    def test_E17_authenticated_client_gets_no_verdict(self):
        with Smtp(enforce_port) as client:
            client.expect("EHLO lab.test", "250")
            client.expect("XCLIENT LOGIN=joe ADDR=%s NAME=[UNAVAILABLE]" % addresses["nameless"], "220")
            client.expect("EHLO pc.test", "250")
            replies = client.message("<bob@yodel.example>", ["user@in.test"], b"Authentication-Results: mx.lab.test; spf=pass\r\n")
            self.assertTrue(replies[0].startswith("250"), replies)
        message = lab.take_messages()[0]
        self.assertEqual(message.get_all("Authentication-Results"), ["mx.lab.test;\n    auth=pass"])

    def test_audit_field_tells_reply_and_rule(self):
        message = self.receive("mismatch", helo="mail.rented.example", sender="carol@yodel.example")
        field = " ".join(message["X-Heloscope"].split())
        self.assertRegex(field, r'^id=\d{8}T\d{6}Z-[0-9a-f]{12}; would=reject; rule="audit.conf:\d+"; reply="550 5.7.26 ')
        self.assertIn("mail.rented.example, but that name resolves to 198.51.100.10", field)

    def test_tag_is_written(self):
        message = self.receive(helo="localhost")
        self.assertRegex(message["X-Heloscope"], r'id=[^;]+;\s+tag=helo-syntax;\s+rule="audit.conf:\d+"')


class Forgery(Base):
    def test_C09_A01_forged_fields_are_removed_and_others_stay(self):
        forged = [
            "Authentication-Results: mx.lab.test; spf=pass",
            "AUTHENTICATION-results: MX.Lab.Test 1; none",
            'Authentication-Results: "mx.lab.test"; spf=pass',
            "Authentication-Results: (c(d)) mx.lab.test (e); spf=pass",
            "Authentication-Results: other.test 2; spf=pass",
            "X-Heloscope: id=1; would=accept",
        ]
        kept = ["Authentication-Results: other.test; spf=pass", "Authentication-Results: mx.lab.test.evil; none", "ARC-Authentication-Results: i=1; mx.lab.test; none"]
        headers = [forged[0], kept[0], forged[1], forged[2], kept[1], forged[3], kept[2], forged[4], forged[5]]
        message = self.receive(headers=headers)
        fields = message.get_all("Authentication-Results")
        self.assertEqual(len(fields), 3)
        self.assertTrue(fields[0].startswith("mx.lab.test;\n"))
        self.assertEqual(fields[1:], [field.split(": ", 1)[1] for field in kept[:2]])
        self.assertEqual(message.get_all("ARC-Authentication-Results"), [kept[2].split(": ", 1)[1]])
        self.assertNotIn("X-Heloscope", message)

    def test_A05_folded_and_long(self):
        with Smtp(audit_port) as client:
            client.pose_as(addresses["good"])
            client.expect("EHLO smtpout.yodel.example", "250")
            header = b"Authentication-Results:\r\n\t" + b"(x)\r\n " * 5000 + b"mx.lab.test\r\n ; spf=pass\r\nSubject: x\r\n"
            client.message("<anna@yodel.example>", ["user@in.test"], header)
        self.assertEqual(len(lab.take_messages()[0].get_all("Authentication-Results")), 1)

    def test_A15_a_thousand_fields(self):
        with Smtp(audit_port) as client:
            client.pose_as(addresses["good"])
            client.expect("EHLO smtpout.yodel.example", "250")
            header = b"".join(
                b"Authentication-Results: %s; spf=pass\r\n" % (b"mx.lab.test" if n % 3 else b"other.test") for n in range(1000)
            )
            client.message("<anna@yodel.example>", ["user@in.test"], header)
        fields = lab.take_messages()[0].get_all("Authentication-Results")
        self.assertEqual(len(fields), 1 + 334)
        self.assertEqual(sum(field.startswith("mx.lab.test") for field in fields), 1)


class Refusal(Base):
    def test_no_reverse_dns_says_so(self):
        reply = self.refuse("nameless", helo="pc-17.isp.example", sender="bob@plain.example")
        self.assertRegex(reply, r"^550 5\.7\.25 \(1\) The connecting IP address 198\.51\.100\.7 has no reverse DNS \(PTR\) record\. .* set its PTR record to .*reference \S+")

    def test_spf_and_iprev_fail(self):
        reply = self.refuse("mismatch", helo="mail.rented.example", sender="carol@yodel.example")
        self.assertTrue(reply.startswith("550 5.7.26 "), reply)

    def test_listed_names_list_meaning_and_page(self):
        reply = self.refuse("listed", helo="mail.bulk.example", sender="offers@bulk.example")
        self.assertTrue(reply.startswith("550 5.7.1 The connecting IP address 198.51.100.66 is on the blocklist bl.test (reason: a source of spam). "), reply)

    def test_M20_own_text_with_percent(self):
        reply = self.refuse("nameless", helo="pc.isp.example", sender="bob@plain.example", to=["user@strict.test"])
        self.assertRegex(reply, r"^554 5\.7\.25 Please give %\{i\} a reverse DNS name\. .*reference ")

    def test_reference_stands_in_the_log(self):
        reply = self.refuse("mismatch", helo="mail.rented.example", sender="carol@yodel.example")
        reference = re.search(r"reference (\S+)\.", reply).group(1)
        lab.logs_mention("enforce", re.escape(f"id={reference} client=198.51.100.9 ") + r".*verdict=reject\(enforce\.conf:\d+\)")

    def test_R5321_4_5_1_postmaster_is_exempt(self):
        status, transcript = swaks(enforce_port, addresses["listed"], "mail.bulk.example", "offers@bulk.example", to=["postmaster@in.test"])
        self.assertEqual(status, 0, transcript)
        lab.take_messages()

    def test_recipients_have_different_policies(self):
        with Smtp(enforce_port) as client:
            client.pose_as(addresses["neutral"])
            client.expect("EHLO mail.plain.example", "250")
            replies = client.message("<joe@softfail.example>", ["a@in.test", "b@strict.test", "c@audit.test", "postmaster@in.test"])
        self.assertEqual([reply[:3] for reply in replies], ["250", "550", "250", "250"])
        self.assertIn("5.7.23", replies[1])
        lab.take_messages(3)

    def test_defer_is_a_temporary_refusal(self):
        reply = self.refuse("deferred", helo="mail.deferred.example", sender="joe@plain.example")
        self.assertRegex(reply, r"^451 4\.7\.1 .*reference ")

    def test_accept_goes_before_what_stands_behind_it(self):
        status, transcript = swaks(enforce_port, addresses["deferred"], "mail.deferred.example", "joe@plain.example", to=["abuse@in.test"])
        self.assertEqual(status, 0, transcript)
        lab.take_messages()

    def test_tag_is_only_said(self):
        status, transcript = swaks(enforce_port, addresses["good"], "localhost", "anna@yodel.example")
        self.assertEqual(status, 0, transcript)
        self.assertIn('tag=helo-syntax', lab.take_messages()[0]["X-Heloscope"])

    def test_quarantine_holds_the_message(self):
        with Smtp(enforce_port) as client:
            client.pose_as(addresses["neutral"])
            client.expect("EHLO mail.plain.example", "250")
            replies = client.message("<joe@broken.example>", ["a@strict.test"])
        self.assertTrue(replies[0].startswith("250"), replies)
        lab.logs_mention("postfix-enforce-mail", r"milter-hold: .*triggers HOLD action|quarantine")

    def test_M14_several_messages_and_RSET_in_one_connection(self):
        with Smtp(enforce_port) as client:
            client.pose_as(addresses["good"])
            client.expect("EHLO smtpout.yodel.example", "250")
            for _ in range(3):
                client.expect("MAIL FROM:<anna@yodel.example>", "250")
                client.expect("RCPT TO:<user@in.test>", "250")
                client.expect("RSET", "250")
                replies = client.message("<x@softfail.example>", ["b@strict.test"])
                self.assertTrue(re.match("550[ -]5.7.23", replies[0]), replies)
                client.expect("RSET", "250")
                client.message("<anna@yodel.example>", ["user@in.test"])
        for message in lab.take_messages(3):
            self.check(message, "spf", "pass", smtp_mailfrom="yodel.example")

    def test_M09_helo_again_counts(self):
        with Smtp(audit_port) as client:
            client.pose_as(addresses["good"])
            client.expect("EHLO localhost", "250")
            client.message("<anna@yodel.example>", ["user@in.test"])
            client.expect("EHLO smtpout.yodel.example", "250")
            client.message("<anna@yodel.example>", ["user@in.test"])
        first, second = lab.take_messages(2)
        self.check(first, "x-helo", "permerror")
        self.check(second, "x-helo", "pass")


class Running(Base):
    def test_F30_mta_drops_the_line_in_the_middle(self):
        for stage in range(5):
            for _ in range(5):
                with Smtp(audit_port) as client:
                    client.pose_as(addresses["good"])
                    lines = ["EHLO smtpout.yodel.example", "MAIL FROM:<anna@yodel.example>", "RCPT TO:<user@in.test>", "DATA"]
                    for line in lines[:stage]:
                        client.send(line)
        self.receive()

    def test_C22_garbage_at_the_filters_port(self):
        for data in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\xff\xff\xff\xff", b"\0\0\0\0", os.urandom(4000), b"\0\0\0\x0dO\0\0\0\6\0\0\1\xff\0\1\xff\xff"):
            with socket.create_connection(("127.0.0.1", audit.port), timeout=10) as connection:
                connection.sendall(data)
        self.receive()

    def test_F38_reload_under_traffic(self):
        text = enforce.config.read_text()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            mails = [pool.submit(swaks, enforce_port, addresses["good"], "smtpout.yodel.example", "anna@yodel.example") for _ in range(16)]
            for _ in range(8):
                self.assertIn("read again", enforce.reload(text))
            for mail in mails:
                self.assertEqual(mail.result()[0], 0)
        lab.take_messages(16)

    def test_F39_broken_configuration_is_told_and_the_old_one_stays(self):
        text = enforce.config.read_text()
        self.assertIn("stays", enforce.reload("mode enfroce\n"))
        self.assertIn('enforce.conf:1:6: found "enfroce"; did you mean "enforce"? Expected "audit" or "enforce"', enforce.log_text())
        self.refuse("nameless", helo="pc-17.isp.example", sender="bob@plain.example")
        self.assertIn("read again", enforce.reload(text))

    def test_F38_sessions_keep_the_configuration_they_began_with(self):
        text = audit.config.read_text()
        with Smtp(audit_port) as client:
            client.pose_as(addresses["nameless"])
            client.expect("EHLO pc-17.isp.example", "250")
            self.assertIn("read again", audit.reload(text.replace("mode audit", "mode enforce")))
            replies = client.message("<bob@plain.example>", ["user@in.test"])
            self.assertTrue(replies[0].startswith("250"), replies)
        with Smtp(audit_port) as client:
            client.pose_as(addresses["nameless"])
            client.expect("EHLO pc-17.isp.example", "250")
            replies = client.message("<bob@plain.example>", ["user@in.test"])
            self.assertEqual(replies[0][:3], "550", replies)
        self.assertIn("read again", audit.reload(text))
        lab.take_messages()


class Lists(Base):
    """Lists that misbehave, each with a filter of its own behind a Postfix of its own."""

    @classmethod
    def setUpClass(cls):
        text = CONFIG.replace(
            "policy {",
            'dnsbl "errors.test" weight 9 test-entries none\ndnsbl "parked.test" weight 9 test-entries none\n'
            'dnsbl "keyed.test" key "sekrit0123456789abcdefghij" weight 5 test-entries none\n'
            f"received-spf yes\nspf {{ engine {'libspf2' if HAS_LIBSPF2 else 'native'} explanation yes }}\npolicy {{",
            1,
        )
        cls.filter = lab.heloscope(text, name="lists")
        cls.port = lab.postfix(f"inet:127.0.0.1:{cls.filter.port}", name="postfix-lists")

    @classmethod
    def tearDownClass(cls):
        cls.filter.stop()

    def test_F23_F24_errors_are_no_listings(self):
        message = self.receive("good", self.port)
        self.check(message, "x-dnsbl", "temperror", dns_zone="errors.test", policy_ip="127.255.255.254")
        self.check(message, "x-dnsbl", "temperror", dns_zone="parked.test")
        self.assertNotIn("X-Heloscope", message)

    def test_Postfix_tells_what_it_makes_of_addresses(self):
        for sender in ("<>", "anna@yodel.example"):
            self.receive("good", self.port, sender=sender)
        self.assertNotIn("does not send the macro", self.filter.log_text())

    def test_F26_key_shows_nowhere(self):
        message = self.receive("listed", self.port, helo="mail.bulk.example", sender="offers@bulk.example")
        self.check(message, "x-dnsbl", "fail", dns_zone="keyed.test", policy_ip="127.0.0.4")
        self.assertIn("***", message["X-Heloscope"])
        for name, value in message.items():
            self.assertNotIn("sekrit", value, name)
        self.assertNotIn("sekrit", self.filter.log_text())

    def test_R7208_18_received_spf(self):
        message = self.receive("good", self.port, headers=["Received-SPF: pass (mx.lab.test: forged)", "Received-SPF: none (other.test: x)"])
        fields = message.get_all("Received-SPF")
        self.assertEqual(len(fields), 2)
        self.assertTrue(fields[0].startswith("pass (mx.lab.test: yodel.example permits this client)"), fields)
        names = [name.lower() for name in message.keys()]
        self.assertLess(names.index("received-spf"), names.index("received"))

    def test_C15_C27_libspf2_and_explanations(self):
        message = self.receive("good", self.port, sender="joe@bomb.example")
        self.check(message, "spf", "fail", smtp_mailfrom="bomb.example")
        message = self.receive("nameless", self.port, sender="joe@explained.example")
        self.assertIn("The owner of explained.example adds: \\\"198.51.100.7 is not one of explained.example's servers%", " ".join(message["X-Heloscope"].split()))


class Tls(Base):
    @classmethod
    def setUpClass(cls):
        cls.port = lab.postfix(f"inet:127.0.0.1:{audit.port}", lab.certificate(), name="postfix-tls")

    def helo_after_tls(self, helo_again):
        with Smtp(self.port) as client:
            client.pose_as(addresses["good"])
            client.expect("EHLO smtpout.yodel.example", "250")
            client.start_tls()
            if helo_again:
                client.expect("EHLO smtpout.yodel.example", "250")
            client.message("<anna@yodel.example>", ["user@in.test"])
        return lab.take_messages()[0]

    def test_M09_helo_again_after_starttls(self):
        self.check(self.helo_after_tls(True), "x-helo", "pass")

    def test_M10_helo_before_starttls_does_not_count(self):
        message = self.helo_after_tls(False)
        self.check(message, "x-helo", "none")
        self.assertFalse(with_property(message, "mx.lab.test", "spf", smtp_helo=None))


class Dead(Base):
    def test_F01_resolver_down(self):
        text = re.sub(r"resolver \{.*?timeout 8s\n\}", "resolver { servers 127.0.0.1@9 timeout 1s }", CONFIG, flags=re.S)
        running = lab.heloscope(text.replace("mode audit", "mode enforce"), name="dead")
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", name="postfix-dead")
        start = time.monotonic()
        message = self.receive("nameless", port, helo="pc.isp.example", sender="bob@yodel.example")
        self.assertLess(time.monotonic() - start, 30)
        for method in ("iprev", "x-helo", "spf", "x-sender", "x-dnsbl", "dnswl"):
            self.check(message, method, "temperror")
        running.stop()

    def test_what_postfix_refuses_or_discards_is_not_told_as_accepted(self):
        """By header_checks or for its size; or the client gives up. What it takes and discards is not told as refused."""
        running = lab.heloscope(CONFIG.replace("mode audit", "mode enforce"), name="unfinished")
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", name="postfix-unfinished", extra="header_checks = regexp:{{/^Subject: virus/ REJECT}, {/^Subject: worm/ DISCARD}}\nmessage_size_limit = 20000")
        rows = (("news", "Hello.", "250"), ("virus", "Hello.", "550"), ("news", "y" * 30000, "552"), ("worm", "Hello.", "250"), (None, None, None))
        for count, (subject, body, code) in enumerate(rows, 1):
            is_seen = count == 1
            with self.subTest((subject, code)), Smtp(port) as smtp:
                smtp.pose_as(addresses["good"])
                for command in ("EHLO smtpout.yodel.example", "MAIL FROM:<anna@yodel.example>", "RCPT TO:<user@in.test>"):
                    self.assertTrue(smtp.send(command).startswith("250"))
                if subject:
                    smtp.send("DATA")
                    text = "\r\n".join(body[at:at + 70] for at in range(0, len(body), 70))
                    self.assertTrue(smtp.send(f"Subject: {subject}\r\nFrom: anna@yodel.example\r\n\r\n{text}\r\n.").startswith(code))
            record = wait_until("a record", lambda count=count: (lambda found: found[-1] if len(found) == count else None)(running.records()))
            self.assertEqual((record["verdicts"][0]["action"], record.get("unfinished", False)), ("accept", not is_seen), (subject, code))
            done = {option: lab.tool("explain", "-c", running.config, *option, record["id"]) for option in ((), ("--for-sender",))}
            told = {option: " ".join(explained.stdout.split()) for option, explained in done.items()}
            self.assertEqual({option: "or discarded it by a rule of its own" in text for option, text in told.items()},
                             {(): not is_seen, ("--for-sender",): not is_seen})
            self.assertEqual({explained.returncode for explained in done.values()}, {0 if is_seen else 1})
            self.assertIn(f"What was decided <user@in.test>: {'' if is_seen else 'would be: '}accept", told[()])
            self.assertEqual([" unfinished=yes " in line for line in running.log_text().splitlines() if f"id={record['id']} " in line], [not is_seen])
        listed = lab.tool("explain", "-c", running.config, "--last", "5").stdout.splitlines()
        self.assertEqual([line.split("<user@in.test>  ")[1] for line in listed], ["accept"] + 4 * ["unfinished, would be: accept"])
        report = json.loads(lab.tool("report", "-c", running.config, "--json").stdout)
        self.assertEqual((report["messages"], report["unfinished"], {row["action"]: row["count"] for row in report["verdicts"]}),
                         (5, 4, {"accept": 1, "unfinished": 4}))
        self.assertIn("\nthe filter did not see the end of 4 of them", lab.tool("report", "-c", running.config).stdout)
        running.stop()
        lab.take_messages()

    def test_M26_filter_killed(self):
        running = lab.heloscope(CONFIG, name="killed")
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", name="postfix-killed", default_action="accept")
        self.receive("good", port)
        running.process.kill()
        running.process.wait()
        lab.processes.remove(running.process)
        message = self.receive("good", port)
        self.assertNotIn("Authentication-Results", message)


if __name__ == "__main__":
    unittest.main(verbosity=2)
