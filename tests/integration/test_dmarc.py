"""DMARC behind a real Postfix, with nsd behind the resolver: authors that are vouched for, forged, or not to be told."""
import sys
import unittest

from lab import Lab, LabTest, Smtp
from readback import with_property
from scenario import txt
from signer import dkim, make_rsa

OWN, OTHER, NAMELESS = "198.51.100.54", "198.51.100.66", "198.51.100.7"
CONFIG = """
authserv-id "mx.lab.test"
listen "inet:{port}@127.0.0.1"
user "nobody"
log stderr
records "{records}"
mode enforce
resolver { servers 127.0.0.1@{nsd} timeout 8s }
trust { networks { 127.0.0.0/8, ::1/128 } }
enable { dkim, dmarc }
policy {
    reject when from = several
    reject when dmarc.policy = reject and iprev != pass
    tag "forged" when dmarc.policy in { quarantine, reject }
}
"""
ZONES = {
    "example": """
bank MX 10 mail.bank
mail.bank A 198.51.100.54
bank TXT "v=spf1 ip4:198.51.100.54 -all"
_dmarc.bank TXT "v=DMARC1; p=reject; sp=quarantine; np=reject"
real.bank A 198.51.100.54
mail.other A 198.51.100.66
other MX 10 mail.other
other TXT "v=spf1 ip4:198.51.100.66 -all"
_dmarc.trial TXT "v=DMARC1; p=reject; t=y"
trial A 198.51.100.54
""",
    "100.51.198.in-addr.arpa": "54 PTR mail.bank.example.\n66 PTR mail.other.example.\n",
}

lab = None


def setUpModule():
    global lab, running, port, key
    lab = Lab().__enter__()
    try:
        path, public = make_rsa(lab.folder)
        key = path.read_bytes()
        ZONES["example"] += f"k._domainkey.bank TXT {txt('v=DKIM1; k=rsa; p=' + public)}\n"
        lab.nsd(ZONES)
        running = lab.heloscope(CONFIG)
        # XCLIENT comes too late for Postfix to leave the header of a strange client as it is.
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", extra="local_header_rewrite_clients =")
    except BaseException:
        lab.__exit__(*sys.exc_info())
        raise


def tearDownModule():
    try:
        running.stop()  # its records are read, written and judged again
    finally:
        lab.__exit__(None, None, None)


def header(author):
    return b"From: " + author + b"\r\nTo: user@in.test\r\nSubject: test\r\n"


def signed(text):
    return dkim.sign(text, b"k", b"bank.example", key, include_headers=[b"from", b"subject"]) + text


class Dmarc(LabTest):
    def send(self, text, client=OTHER, sender="<a@other.example>"):
        """The reply at the end of the message."""
        with Smtp(port) as smtp:
            smtp.pose_as(client)
            smtp.expect("EHLO mail.test", "250")
            smtp.expect(f"MAIL FROM:{sender}", "250")
            smtp.expect("RCPT TO:<user@in.test>", "250")
            smtp.expect("DATA", "354")
            return smtp.send(text + b"\r\n.")

    def receive(self, text, **more):
        self.assertRegex(self.send(text, **more), "^250")
        return lab.take_messages()[0]

    def check(self, message, result, author=None):
        properties = {"header_from": author} if author else {}
        found = with_property(message, "mx.lab.test", "dmarc", **properties)
        self.assertEqual([one["result"] for one in found], [result], message["Authentication-Results"])
        return " ".join(message["Authentication-Results"].split())

    def test_an_author_for_whom_SPF_passes(self):
        message = self.receive(header(b"Bank <a@Bank.example>") + b"\r\nHi.", client=OWN, sender="<a@bank.example>")
        self.assertIn("SPF for bank.example, same domain", self.check(message, "pass", "bank.example"))

    def test_a_forwarded_message_whose_signature_passes(self):
        message = self.receive(signed(header(b"a@real.bank.example") + b"\r\nHi."), client=NAMELESS, sender="<a@bank.example>")
        told = self.check(message, "pass", "real.bank.example")
        self.assertIn("DKIM for bank.example, same organization", told)
        self.assertIn("spf=fail", told)

    def test_a_forged_author_is_refused_when_more_speaks_against_it(self):
        reply = self.send(header(b"a@bank.example") + b"\r\nHi.", client=NAMELESS)
        self.assertRegex(reply, r"^550-5\.7\.26 ")
        self.assertIn("published at _dmarc.bank.example", reply)
        message = self.receive(header(b"a@bank.example") + b"\r\nHi.")
        self.assertIn("policy.dmarc=reject", self.check(message, "fail", "bank.example"))

    def test_a_changed_message_fails(self):
        text = signed(header(b"a@bank.example") + b"\r\nHi.\r\n") + b"-- list footer"
        self.assertIn("dkim=fail", self.check(self.receive(text), "fail", "bank.example"))

    def test_policies_of_subdomains_and_trials(self):
        for author, policy in ((b"real.bank.example", "quarantine"), (b"none.bank.example", "reject"), (b"trial.example", "quarantine")):
            with self.subTest(author):
                message = self.receive(header(b"a@" + author) + b"\r\nHi.")
                self.assertIn(f"policy.dmarc={policy}", self.check(message, "fail", author.decode()))

    def test_a_domain_without_policy(self):
        self.check(self.receive(header(b"a@other.example") + b"\r\nHi."), "none", "other.example")

    def test_several_authors_are_refused_though_SPF_passes(self):
        for text in (
            header(b"a@bank.example") + b"From: b@other.example\r\n",
            header(b"a@bank.example, b@other.example"),
            header(b"a@bank.example (<b@other.example>)"),
            header(b"<@other.example:a@bank.example>"),
            b"From: a@bank.example\r\nfrom: a@bank.example\r\n",
        ):
            with self.subTest(text):
                reply = self.send(text + b"\r\nHi.", client=OWN, sender="<a@bank.example>")
                self.assertRegex(reply, "^550")
                self.assertIn("exactly one From field", reply.replace("\n550-5.7.1", ""))

    def test_no_author_and_malformed_ones_are_permerror(self):
        for text in (b"Subject: test\r\n", header(b"<a@bank.example"), header(b"a@bank@bank.example"), header(b"root"),
                     header(b"\"a\" a@\xff.example")):
            with self.subTest(text):
                message = self.receive(text + b"\r\nHi.", client=OWN, sender="<a@bank.example>")
                self.check(message, "permerror")

    def test_a_blank_before_the_colon_never_passes(self):
        reply = self.send(b"From : a@bank.example\r\nSubject: test\r\n\r\nHi.", client=OWN, sender="<a@bank.example>")
        self.assertRegex(reply, "^250")
        self.assertIn("dmarc=permerror", " ".join(lab.take_messages()[0]["Authentication-Results"].split()))

    def test_the_record_tells_what_it_rests_on(self):
        self.receive(header(b"a@none.bank.example") + b"\r\nHi.")
        check = [one for one in running.records() if one["checks"]["dmarc"].get("from") == "none.bank.example"][-1]["checks"]["dmarc"]
        self.assertEqual(check["result"], "fail")
        self.assertEqual(check["domain"], "bank.example")
        self.assertEqual(check["organizational-domain"], "bank.example")
        self.assertIs(check["exists"], False)
        self.assertEqual((check["published"], check["policy"]), ("reject", "reject"))
        self.assertEqual([one["domain"] for one in check["lookups"]], ["none.bank.example", "bank.example", "example"])
        self.assertEqual(check["identifiers"], [{"method": "spf", "domain": "other.example", "passed": True, "alignment": "none"}])


if __name__ == "__main__":
    unittest.main(verbosity=2)
