"""The filter behind a real Sendmail, in a network namespace: clients connect from their own addresses."""
import importlib.util
import json
import pwd
import re
import socket
import unittest

from lab import Lab, LabError, LabTest, Smtp, enter_namespace, free_port, main, module_lab
from peers import Authority
from readback import with_property
from scenario import CONFIG, LISTS, ZONES, addresses, txt

lab = None


def setUpModule():
    global lab, running, chains, keys
    with module_lab() as lab:
        keys = {}
        if importlib.util.find_spec("dkim"):  # without it importing signer skips all
            from signer import make_ed25519, make_rsa
            path, rsa = make_rsa(lab.folder)
            keys["ed"], ed25519 = make_ed25519(lab.folder)
            keys["rsa"] = path.read_bytes()
            for selector, kind, public in (("rsa", "rsa", rsa), ("ed", "ed25519", ed25519)):
                ZONES["example"] += f"{selector}._domainkey.yodel TXT {txt(f'v=DKIM1; k={kind}; p={public}')}\n"
        lab.nsd(ZONES)
        lab.rbldnsd(LISTS)
        # "look-back yes" for x-tls; servers at documentation addresses are not looked at.
        running = lab.heloscope(CONFIG.replace("mode audit", "mode enforce\nlook-back yes"))
        folder = lab.subfolder("tls")
        authority = Authority(folder)
        chains = {
            "known": authority.make("known", "/O=Lab/CN=client (one)", issuer="ca"),
            "unknown": authority.make("unknown", "/CN=nobody knows me"),
        }
        authority.make("server", "/CN=mx.lab.test", issuer="ca", names=["mx.lab.test"])
        options = {"SERVER_CERT": "server.crt", "SERVER_KEY": "server.key", "CACERT": "ca.crt", "CACERT_PATH": ""}
        extra = "".join(f"define(`conf{key}', `{folder}/{file}')dnl\n" for key, file in options.items())
        lab.sendmail(f"inet:{running.port}@127.0.0.1", extra=extra + test_address())


def tearDownModule():
    running.stop()


def test_address():
    """Lines of the .mc file: aliases are looked up, and test@in.test is a test address, whose answers come into the folder `answers`."""
    reflector, state, answers = lab.install_reflector(), lab.subfolder("reflect", 0o700, "nobody"), lab.subfolder("answers", owner="nobody")
    taker = lab.folder / "taker"
    taker.write_text(f'#!/bin/sh\ncat >{answers}/new && mv {answers}/new {answers}/"$5"\n')
    taker.chmod(0o755)
    aliases = lab.folder / "aliases"
    aliases.write_text(f'test: "|{reflector} --from test@in.test --state {state}/state --sendmail {taker}"\n')
    return (f"define(`ALIAS_FILE', `stab:{aliases}')dnl\ndefine(`confDEF_USER_ID', `{pwd.getpwnam('nobody').pw_uid}:{pwd.getpwnam('nobody').pw_gid}')dnl\n"
            "MODIFY_MAILER_FLAGS(`LOCAL', `+A|')dnl\n")


class SendmailTest(LabTest):
    def connect(self, client, server="127.0.0.1"):
        return Smtp(25, server, addresses[client])

    def send(self, client, helo, sender, recipients=("user@in.test",), header=b"Subject: test\r\n"):
        server = "::1" if ":" in addresses[client] else "127.0.0.1"
        with self.connect(client, server) as smtp:
            smtp.expect(f"EHLO {helo}", "250")
            return smtp.message(sender, recipients, header)

    def check(self, message, method, result, **properties):
        found = with_property(message, "mx.lab.test", method, **properties)
        self.assertTrue(found, f"{method} {properties} in {message['Authentication-Results']}")
        self.assertEqual(found[0]["result"], result)


class Sendmail(SendmailTest):
    def test_A21_M16_good_sender_and_field_on_top_of_Received(self):
        replies = self.send("good", "smtpout.yodel.example", "<anna@yodel.example>")
        self.assertTrue(replies[0].startswith("250"), replies)
        message = lab.take_messages()[0]
        names = [name.lower() for name in message.keys()]
        self.assertLess(names.index("authentication-results"), names.index("received"))
        self.assertFalse(message["Authentication-Results"].startswith(" "))  # M18
        self.check(message, "iprev", "pass", policy_iprev="198.51.100.54")
        self.check(message, "x-helo", "pass", smtp_helo="smtpout.yodel.example")
        self.check(message, "spf", "pass", smtp_mailfrom="yodel.example")
        self.check(message, "x-dnsbl", "none")

    def test_a_test_address_answers_by_an_alias(self):
        """`heloscope reflect`, run by Sendmail, which tells it no queue id: it takes that of the first Received field."""
        before = set((lab.folder / "answers").iterdir())
        for author in ("anna@yodel.example", "bert@alphorn.example"):
            self.send("good", "smtpout.yodel.example", "<anna@yodel.example>", ["test@in.test"], f"From: {author}\r\nMessage-ID: <{author}>\r\n".encode())
        lab.logs_mention("reflect", "is answered")
        lab.logs_mention("reflect", "is not answered: neither SPF nor DKIM passed")
        answer, = set((lab.folder / "answers").iterdir()) - before
        self.assertEqual(answer.name, "anna@yodel.example")
        text = answer.read_text()
        self.assertIn("In-Reply-To: <anna@yodel.example>", text)
        self.assertIn("Your message of", text)
        self.assertRegex(text, r"SPF +pass +the record of yodel\.example allows")

    def test_ipv6_client(self):
        self.send("good6", "smtpout.yodel.example", "<anna@yodel.example>")
        message = lab.take_messages()[0]
        self.check(message, "iprev", "pass", policy_iprev="2001:db8::54")
        self.check(message, "spf", "pass", smtp_mailfrom="yodel.example")

    def test_C09_forged_fields_are_removed_and_others_stay(self):
        header = b"".join(
            b"Authentication-Results: %s; spf=pass\r\n" % owner
            for owner in (b"other.test", b"mx.lab.test", b"MX.lab.test 1", b"third.test", b'"mx.lab.test"', b"(x) mx.lab.test", b"fourth.test", b"mx.lab.test")
        ) + b"X-Heloscope: id=1\r\nSubject: x\r\n"
        self.send("good", "smtpout.yodel.example", "<anna@yodel.example>", header=header)
        message = lab.take_messages()[0]
        fields = message.get_all("Authentication-Results")
        self.assertEqual([re.match(r"[a-z.]+", field).group(0) for field in fields], ["mx.lab.test", "other.test", "third.test", "fourth.test"])
        self.assertNotIn("X-Heloscope", message)

    def test_tls_of_the_session(self):
        """With a verified certificate, one that nobody knows, none, and without TLS. Sendmail writes odd octets of a subject as +XX."""
        for chain, verify, subject in (
            ("known", "OK", {"policy.cert-subject": "/O=Lab/CN=client+20+28one+29"}),
            ("unknown", "FAIL", {"policy.cert-subject": "/CN=nobody+20knows+20me"}),
            (None, "NO", {}),
        ):
            with self.subTest(chain), self.connect("good") as smtp:
                smtp.expect("EHLO smtpout.yodel.example", "250")
                smtp.start_tls(chains.get(chain))
                version, (cipher, _, bits) = smtp.socket.version(), smtp.socket.cipher()
                smtp.expect("EHLO smtpout.yodel.example", "250")
                smtp.message("<anna@yodel.example>", ["user@in.test"])
                found = with_property(lab.take_messages()[0], "mx.lab.test", "x-tls", policy_verify=None)[0]
                properties = {"policy.tls": version, "policy.cipher": cipher, "policy.bits": str(bits), "policy.verify": verify, **subject}
                self.assertEqual(found, {"method": "x-tls", "result": "pass", "properties": properties})
        self.send("good", "smtpout.yodel.example", "<anna@yodel.example>")
        self.assertIn("x-tls=none (plain text)", " ".join(lab.take_messages()[0]["Authentication-Results"].split()))

    def test_refusals_arrive_whole(self):
        for client, helo, sender, expected in (
            ("nameless", "pc-17.isp.example", "<bob@plain.example>", r"550[- ]5\.7\.25 (<user@in\.test>\.\.\. )?\(1\) The connecting IP address 198\.51\.100\.7 has no reverse DNS \(PTR\) record"),
            ("mismatch", "mail.rented.example", "<carol@yodel.example>", r"550[- ]5\.7\.26 "),
            ("listed", "mail.bulk.example", "<offers@bulk.example>", r"550[- ]5\.7\.1 (<user@in\.test>\.\.\. )?The connecting IP address 198\.51\.100\.66 is on the blocklist bl\.test"),
        ):
            with self.subTest(client):
                replies = self.send(client, helo, sender)
                self.assertRegex(replies[0], expected)
                self.assertIn("quote reference ", replies[0])
                self.assertTrue(all(re.match(r"550[- ]5\.7\.\d+ ", line) for line in replies[0].splitlines()), replies)

    def test_M20_percent_in_own_text(self):
        replies = self.send("nameless", "pc.isp.example", "<bob@plain.example>", ["user@strict.test"])
        self.assertRegex(replies[0], r"^554[- ]5\.7\.25 Please give %\{i\} a reverse DNS name")

    def test_recipients_have_different_policies(self):
        replies = self.send("neutral", "mail.plain.example", "<joe@softfail.example>", ["a@in.test", "b@strict.test", "postmaster@in.test"])
        self.assertEqual([reply[:3] for reply in replies], ["250", "550", "250"])
        lab.take_messages(2)  # Sendmail delivers to each recipient by itself

    def test_M14_messages_in_one_connection(self):
        with self.connect("good") as smtp:
            smtp.expect("EHLO smtpout.yodel.example", "250")
            for _ in range(3):
                replies = smtp.message("<x@softfail.example>", ["b@strict.test"])
                self.assertEqual(replies[0][:3], "550", replies)
                smtp.expect("RSET", "250")
                smtp.message("<anna@yodel.example>", ["user@in.test"])
        for message in lab.take_messages(3):
            self.check(message, "spf", "pass", smtp_mailfrom="yodel.example")

    def test_null_sender_and_odd_addresses(self):
        self.send("good", "smtpout.yodel.example", "<>")
        message = lab.take_messages()[0]
        self.assertFalse(with_property(message, "mx.lab.test", "spf", smtp_mailfrom=None))
        self.send("good", "smtpout.yodel.example", '<"a b;spf=pass"@yodel.example> SIZE=100 BODY=8BITMIME')
        self.check(lab.take_messages()[0], "spf", "pass", smtp_mailfrom="yodel.example")
        self.assertNotIn("does not send the macro", running.log_text())

    def test_trusted_client_gets_no_field(self):
        with Smtp(25) as smtp:
            smtp.expect("EHLO lab.test", "250")
            smtp.message("<joe@yodel.example>", ["user@in.test"])
        self.assertNotIn("Authentication-Results", lab.take_messages()[0])

    def test_F30_client_and_mta_drop_the_line(self):
        for stage in range(5):
            with self.connect("good") as smtp:
                for line in ["EHLO smtpout.yodel.example", "MAIL FROM:<anna@yodel.example>", "RCPT TO:<user@in.test>", "DATA"][:stage]:
                    smtp.send(line)
        self.send("good", "smtpout.yodel.example", "<anna@yodel.example>")
        lab.take_messages()


# What an MTA may change on its way to a filter.
HARD = (
    b"Received: from a.example by b.example;\r\n\tFri, 27 Nov 2026 12:00:00 +0000\r\nFrom:   Anna <anna@yodel.example>\r\n"
    b"To:user@in.test\r\nSubject:\tfolded \r\n  and  more\r\n\tof it\t\r\nX-Eight: \xc3\xa9t\xc3\xa9 \xe9\r\nX-Empty:\r\nX-Blank: \r\nX-Folded-First:\r\n value\r\n"
    b"Date: Fri, 27 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@yodel.example>\r\nX-Long: " + b"y" * 900 + b"\r\n " + b"z" * 900 + b"\r\n\r\n"
    b"Dear  user,\t\r\n\r\n.\r\n..dots\r\n.one\r\n>From there\r\nFrom here\r\n\xc3\xa9t\xc3\xa9 \xe9 " + b"x" * 3000 + b" \r\n\r\n\r\n"
)


class Signed(SendmailTest):
    """DKIM, DMARC and ARC find what they find behind Postfix (test_dkim.py, test_dmarc.py, test_arc.py)."""

    @classmethod
    def setUpClass(cls):
        if not keys:
            raise unittest.SkipTest("python3-dkim is missing (Debian package: python3-dkim)")
        cls.before = running.config.read_text()
        running.reload(cls.before.replace("\npolicy {", "\ntrust { arc-sealers { \"yodel.example\" } }\nenable { dkim, dmarc, arc }\npolicy {", 1))

    @classmethod
    def tearDownClass(cls):
        running.reload(cls.before)

    def sign(self, message=HARD, canon="simple/simple", selector="rsa", **more):
        from signer import dkim
        return dkim.sign(message, selector.encode(), b"yodel.example", keys[selector], canonicalize=tuple(canon.encode().split(b"/")),
                         signature_algorithm=b"ed25519-sha256" if selector == "ed" else b"rsa-sha256", **more) + message

    def receive(self, message, client="neutral"):
        """What was delivered of a message that comes from a host for which SPF does not pass."""
        with self.connect(client) as smtp:
            smtp.expect("EHLO mail.plain.example", "250")
            smtp.expect("MAIL FROM:<anna@softfail.example> BODY=8BITMIME", "250")
            smtp.expect("RCPT TO:<user@in.test>", "250")
            smtp.expect("DATA", "354")
            reply = smtp.send(re.sub(rb"(?m)^\.", b"..", message) + b".")
        self.assertTrue(reply.startswith("250"), reply)
        return lab.take_messages()[0]

    def test_signatures_of_every_form_pass(self):
        for canon in ("simple/simple", "relaxed/relaxed", "simple/relaxed", "relaxed/simple"):
            for selector in ("rsa", "ed"):
                with self.subTest(canon, selector=selector):
                    message = self.receive(self.sign(canon=canon, selector=selector))
                    self.check(message, "dkim", "pass", header_d="yodel.example", header_s=selector)
                    self.check(message, "dmarc", "pass", header_from="yodel.example")

    def test_each_field_alone_passes(self):
        """As it stands there: blanks behind the colon, folding, eight bits."""
        for name in ("to", "subject", "x-eight", "x-empty", "x-blank", "x-folded-first", "x-long"):
            with self.subTest(name):
                self.check(self.receive(self.sign(include_headers=[b"from", name.encode()])), "dkim", "pass", header_d="yodel.example")

    def test_changes_fail(self):
        signed = self.sign()
        for changed in (signed.replace(b"From:   Anna", b"From: Anna"), signed.replace(b"To:user", b"To: user"), signed.replace(b"..dots", b".dots"), signed + b"footer\r\n"):
            with self.subTest(len(changed)):
                message = self.receive(changed)
                self.check(message, "dkim", "fail", header_d="yodel.example")
                self.check(message, "dmarc", "fail", header_from="yodel.example")

    def test_a_sealed_chain_passes(self):
        from signer import dkim
        message = b"Authentication-Results: mx.yodel.example; dmarc=pass header.from=yodel.example\r\n" + HARD
        sealed = b"".join(dkim.arc_sign(message, b"rsa", b"yodel.example", keys["rsa"], b"mx.yodel.example")) + message
        arrived = self.receive(sealed)
        self.check(arrived, "arc", "pass")
        self.assertIn("trusted: dmarc=pass at yodel.example", " ".join(arrived["Authentication-Results"].split()))
        self.check(self.receive(sealed + b"footer\r\n"), "arc", "fail")

    def test_two_authors(self):
        message = self.receive(HARD.replace(b"To:user", b"From: other@plain.example\r\nTo:user"))
        self.check(message, "dmarc", "permerror")


class SocketTest(unittest.TestCase):
    def start(self, **modes):
        """Sendmail with a socket in directories of these modes, of which nobody takes connections, so that it greets; what wiring finds."""
        with Lab() as own:
            folder = own.subfolder("above")
            path = folder / "own/heloscope.sock"
            path.parent.mkdir()
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(path))
            for directory in (folder, path.parent):
                directory.chmod(modes.get(directory.name, 0o755))
            try:
                own.sendmail(f"unix:{path}", port=free_port(), extra="FEATURE(`no_default_msa')dnl\n")
                return []
            except LabError as error:
                self.assertIn("status 71", str(error))
            (own.folder / "x.conf").write_text(f'listen "unix:{path}"\n')
            report = own.tool("wiring", "-c", own.folder / "x.conf", "--sendmail", own.folder / "sendmail/sendmail.cf", "--json")
            return [(finding["finding"], finding["found"].split()[0]) for finding in json.loads(report.stdout)["findings"] if finding["place"] == "listen"]

    def test_unsafe_directories(self):
        """Sendmail does not start with a socket below one, and wiring says which."""
        self.assertEqual(self.start(), [])
        for modes in ({"above": 0o775}, {"above": 0o1777}, {"own": 0o2770}, {"own": 0o777}):
            with self.subTest(modes):
                (token, path), = self.start(**modes)
                self.assertEqual((token, path.rsplit("/", 1)[1]), ("socket-unsafe", *modes))

    def test_a_name_that_is_defined_twice(self):
        """Sendmail does not start with it, whatever its case."""
        with Lab() as own:
            with self.assertRaisesRegex(LabError, "status 70"):
                own.sendmail(f"inet:{free_port()}@127.0.0.1", port=free_port(), extra="MAIL_FILTER(`HELOSCOPE', `S=inet:1@127.0.0.1')dnl\n")
            self.assertIn("duplicate filter definition", (own.folder / "sendmail.log").read_text())


if __name__ == "__main__":
    enter_namespace(addresses.values())
    main(verbosity=2)
