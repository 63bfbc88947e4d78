"""DMARC behind a real Postfix, with nsd behind the resolver: authors that are vouched for, forged, or not to be told."""
import base64
import hashlib
import unittest

from lab import RECORDED, LabTest, Smtp, module_lab
from readback import with_property
from scenario import txt
from signer import RSA_8192, dkim, make_rsa, public_of

OWN, OTHER, NAMELESS = "198.51.100.54", "198.51.100.66", "198.51.100.7"
CONFIG = RECORDED + """
mode enforce
resolver { servers 127.0.0.1@{nsd} timeout 8s }
trust { networks { 127.0.0.0/8, ::1/128 } }
enable { dkim, dmarc }
recipients apart
exceptions { accept when recipient = "postmaster@*" }
policy {
    reject when from = several
    reject when dmarc.policy = reject and iprev != pass
    tag "forged" when dmarc.policy in { quarantine, reject }
}
policy for "audit.test" { otherwise accept }
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

FIRST, VICTIM = b"From: <first@other.example>\r\n", b"From: <admin@bank.example>\r\n"
ENCODED = b"=?utf-8?B?" + base64.b64encode(b"<admin@bank.example>") + b"?="

# The server's side of "Composition Kills" (Chen, Paxson, Jiang; USENIX Security 2020): 19 ways in which the owner of
# other.example, for whom SPF passes, poses as bank.example. Sender, From fields, signing domain and selector.
COMPOSITION = {
    "A1 a subdomain that does not exist": ("<any@nothing.bank.example>", VICTIM, None),
    "A2 an empty sender for some readers": ("<(any@bank.example>", VICTIM, None),
    "A3 NUL in the selector": (None, VICTIM, (b"bank.example", b"k._domainkey.other.example.\0.any")),
    "A4 a quote in the signing domain": (None, VICTIM, (b"bank.example'a.other.example", b"k")),
    "A5 a parenthesis in the sender": ("<any@bank.example(a.other.example>", VICTIM, None),
    "A6 two at signs in the sender": ("<any@bank.example'@any.other.example>", VICTIM, None),
    "A7 a route in the sender": ("<@bank.example,@any.example:'any@other.example>", VICTIM, None),
    "A8 two From": (None, FIRST + VICTIM, None),
    "A9 two From, the first behind a blank": (None, b" " + FIRST + VICTIM, None),
    "A10 two From, a blank behind the second": (None, FIRST + VICTIM.replace(b":", b" :"), None),
    "A11 two From, the first folded": (None, FIRST.replace(b":", b"\r\n :") + VICTIM, None),
    "A12 Sender": (None, FIRST.replace(b":", b"\r\n :") + b"Sender: <admin@bank.example>\r\n", None),
    "A13 Resent-From": (None, FIRST.replace(b":", b"\r\n :") + b"Resent-" + VICTIM, None),
    "A14 two addresses": (None, b"From: <first@other.example>, <admin@bank.example>\r\n", None),
    "A15 an encoded address": (None, b"From: " + ENCODED + b",<second@other.example>\r\n", None),
    "A16 a route": (None, b"From: <@other.example,@any.example:admin@bank.example>\r\n", None),
    "A17 a quoted pair": (None, b"From: <admin@bank.example>\\,<second@other.example>\r\n", None),
    "A18 with and without brackets": (None, b"From: admin@bank.example,<second@other.example>\r\n", None),
    "A19 an address behind the brackets": (None, b"From: <any@other.example>admin@bank.example\r\n", None),
}

lab = None


def setUpModule():
    global lab, running, port, key
    with module_lab() as lab:
        path, public = make_rsa(lab.folder)
        key = path.read_bytes()
        ZONES["example"] += "".join(f"k._domainkey.{domain} TXT {txt('v=DKIM1; k=rsa; p=' + public)}\n" for domain in ("bank", "other"))
        # Three keys of which none is that of the signature: each stranger's signature costs as much as is done for a whole message.
        ZONES["example"] += f"long._domainkey.bank TXT {txt('v=DKIM1; k=rsa; p=' + public_of(RSA_8192))}\n"
        costly = public_of(RSA_8192)
        for end in ("A", "B", "C"):
            ZONES["example"] += f"k._domainkey.stranger TXT {txt(f'v=DKIM1; k=rsa; n={end}; p={costly}')}\n"
        lab.nsd(ZONES, {"lame.bank.example": "no zone, so that it is SERVFAIL\n"})
        running = lab.heloscope(CONFIG)
        # XCLIENT comes too late for Postfix to leave the header of a strange client as it is.
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", extra="local_header_rewrite_clients =")


def tearDownModule():
    running.stop()  # its records are read, written and judged again


def header(author):
    return b"From: " + author + b"\r\nTo: user@in.test\r\nSubject: test\r\n"


MESSAGE = header(b"a@bank.example") + b"\r\nHi.\r\n"
EMPTY_HASH = base64.b64encode(hashlib.sha256(b"").digest())


def signed(text):
    return dkim.sign(text, b"k", b"bank.example", key, include_headers=[b"from", b"subject"]) + text


class Dmarc(LabTest):
    def send(self, text, client=OTHER, sender="<a@other.example>", to="user@in.test"):
        """The reply at the end of the message."""
        with Smtp(port) as smtp:
            smtp.pose_as(client)
            smtp.expect("EHLO mail.test", "250")
            smtp.expect(f"MAIL FROM:{sender}", "250")
            smtp.expect(f"RCPT TO:<{to}>", "250")
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
        self.assertIn("in the TXT record at _dmarc.bank.example", reply)
        message = self.receive(header(b"a@bank.example") + b"\r\nHi.")
        self.assertIn("policy.dmarc=reject", self.check(message, "fail", "bank.example"))

    def send_to(self, *recipients):
        """A message with a forged author. The codes of the recipients' replies, and of its end; what is delivered."""
        with Smtp(port) as smtp:
            smtp.pose_as(NAMELESS)
            smtp.expect("EHLO mail.test", "250")
            smtp.expect("MAIL FROM:<a@other.example>", "250")
            replies = [smtp.send(f"RCPT TO:<{to}>") for to in recipients]
            smtp.expect("DATA", "354")
            end = smtp.send(header(b"a@bank.example") + b"\r\nHi.\r\n.")
        delivered = len(lab.take_messages(sum(reply.startswith("250") for reply in replies))) if end.startswith("250") else 0
        for reply in replies:
            self.assertRegex(reply, r"^(250|452[- ]4\.5\.3 The content of this mail decides)")
        return [int(reply[:3]) for reply in replies], int(end[:3]), delivered

    def test_J1_nobody_gets_past_a_refusal_by_adding_postmaster(self):
        user, master = "user@in.test", "postmaster@in.test"
        for recipients, expected in (
            ((user, master), ([250, 452], 550, 0)),
            ((master, user, "other@in.test"), ([250, 452, 452], 250, 1)),
            ((user, "other@in.test", master, "user@audit.test"), ([250, 250, 452, 452], 550, 0)),
            (("user@audit.test", master, user), ([250, 250, 452], 250, 2)),
            ((master,), ([250], 250, 1)),  # in a transaction of its own
            ((user,), ([250], 550, 0)),
        ):
            with self.subTest(recipients):
                self.assertEqual(self.send_to(*recipients), expected)
                verdicts = running.last_record()["verdicts"]
                self.assertEqual(sum(verdict.get("apart", False) for verdict in verdicts), expected[0].count(452))
                self.assertNotIn("overruled", str(verdicts))
        lab.logs_mention("heloscope", r"verdict=apart\*2,accept|verdict=apart\*2")

    def test_J1_many_recipients_apart_get_through_a_Postfix_as_it_is_by_default(self):
        """It counts a 452 as an error: the tenth costs a second, the twentieth the connection."""
        impatient = lab.postfix(f"inet:127.0.0.1:{running.port}", name="impatient", patience="")
        for others in (5, 9, 10, 19, 20, 30):
            left, transactions = ["postmaster@in.test"] + [f"user{i}@in.test" for i in range(others)], []
            with self.subTest(others), Smtp(impatient) as smtp:
                smtp.pose_as(OWN)
                smtp.expect("EHLO mail.bank.example", "250")
                while left:  # as RFC 5321 has it: those who get a 4xx are sent to again
                    smtp.expect("MAIL FROM:<a@bank.example>", "250")
                    apart = [to for to in left if not smtp.send(f"RCPT TO:<{to}>").startswith("250")]
                    smtp.expect("DATA", "354")
                    self.assertRegex(smtp.send(header(b"a@bank.example") + b"\r\nHi.\r\n."), "^250")
                    transactions.append(len(left) - len(apart))
                    left = apart
                self.assertEqual(transactions, [1 + max(others - 9, 0), min(others, 9)])
            lab.take_messages(1 + others)

    def test_a_key_of_8192_bits_passes(self):
        """Its record needs TCP."""
        text = dkim.sign(MESSAGE, b"long", b"bank.example", RSA_8192.read_bytes(), include_headers=[b"from", b"subject"]) + MESSAGE
        told = self.check(self.receive(text), "pass", "bank.example")
        self.assertIn("header.s=long", told)
        self.assertIn("8192-bit key", told)

    def test_strangers_do_not_use_up_the_work_for_the_author(self):
        """A hundred of their signatures on top, each of which costs more than half of what is done."""
        stranger = b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=stranger.example; s=k; h=from; bh=%s; b=%s\r\n" % (EMPTY_HASH, b"A" * 40)
        told = self.check(self.receive(stranger * 100 + signed(MESSAGE)), "pass", "bank.example")
        self.assertIn("too much work", told)
        self.assertIn("dkim=pass", told)

    def test_an_author_whose_signatures_take_too_much_work_is_not_known(self):
        """Neither pass nor fail: no policy applies, and what would refuse for it defers, so that nobody gains by making work."""
        own = dkim.sign(MESSAGE, b"long", b"bank.example", RSA_8192.read_bytes(), include_headers=[b"from", b"subject"])
        costly = own.replace(b"h=from", b"h=from" + b":x" * 900)
        reply = self.send(costly * 9 + signed(MESSAGE), client=NAMELESS)
        self.assertRegex(reply, r"^451-4\.7\.1 To verify the DKIM signatures of this mail takes more work")
        told = self.check(self.receive(costly * 9 + signed(MESSAGE), to="user@audit.test"), "temperror", "bank.example")
        self.assertNotIn("policy.dmarc", told)
        record = running.last_record()["checks"]["dmarc"]
        self.assertEqual((record["withheld"], record["policy"]), ("too-much-work", "reject"))

    def test_J4_a_broken_name_below_the_author_opens_no_way(self):
        """What can be read there is nothing: the forged message is deferred, and refused as soon as that cannot count."""
        body = base64.b64encode(hashlib.sha256(b"Hi.\r\n").digest())
        signature = b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=k; h=from; bh=%s; b=AAAA\r\n"
        forged = header(b"a@bank.example") + b"\r\nHi."
        for name, text, sender, code in (
            ("signed below", signature % (b"lame.bank.example", body) + forged, "<a@other.example>", "451"),
            ("signed with a selector", signature.replace(b"s=k", b"s=k.lame") % (b"bank.example", body) + forged, "<a@other.example>", "550"),
            ("sent from below", forged, "<a@lame.bank.example>", "451"),
            ("another body", signature % (b"lame.bank.example", EMPTY_HASH) + forged, "<a@other.example>", "550"),
            ("of its own", signature % (b"lame.other.example", body) + forged, "<a@other.example>", "550"),
        ):
            with self.subTest(name):
                reply = self.send(text, client=NAMELESS, sender=sender)
                self.assertRegex(reply, f"^{code}")
                if code == "451":
                    self.assertIn("Whether the sender of this mail is genuine cannot be checked now", reply)
                    self.assertEqual(running.last_record()["checks"]["dmarc"]["withheld"], "chosen-name")
                    lab.logs_mention("heloscope", "withheld=chosen-name")

    def test_J4_an_author_below_a_broken_name_opens_no_way(self):
        for author in (b"a@lame.bank.example", b"a@x.y.lame.bank.example"):
            with self.subTest(author):
                self.assertRegex(self.send(header(author) + b"\r\nHi.", client=NAMELESS, sender="<a@other.example>"), "^451")
                self.assertEqual(running.last_record()["checks"]["dmarc"]["withheld"], "chosen-name")

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

    def test_nobody_poses_as_another_by_composition(self):
        """What is taken at all does not pass, and not only for want of somebody to see through it."""
        seen = set()
        for name, (sender, fields, signer) in COMPOSITION.items():
            with self.subTest(name):
                text = fields + b"To: user@in.test\r\nSubject: test\r\n\r\nHi.\r\n"
                if signer:
                    text = dkim.sign(text, signer[1], signer[0], key, include_headers=[b"from"]) + text
                results = self.results_of(text, sender or "<any@other.example>")
                seen.update(results)
                self.assertNotIn("pass", [result for result, author in results])
        self.assertIn(("fail", "bank.example"), seen)

    def results_of(self, text, sender):
        """DMARC's result and author of what was delivered; nothing when it was refused."""
        with Smtp(port) as smtp:
            smtp.pose_as(OTHER)
            smtp.expect("EHLO mail.other.example", "250")
            if smtp.send(f"MAIL FROM:{sender}")[:3] != "250" or smtp.send("RCPT TO:<user@in.test>")[:3] != "250":
                return []
            smtp.expect("DATA", "354")
            if smtp.send(text + b".")[:3] != "250":
                return []
        return [(one["result"], one["properties"].get("header.from", "")) for one in with_property(lab.take_messages()[0], "mx.lab.test", "dmarc")]

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
        check = running.last_record()["checks"]["dmarc"]
        self.assertEqual(check["result"], "fail")
        self.assertEqual(check["domain"], "bank.example")
        self.assertEqual(check["organizational-domain"], "bank.example")
        self.assertIs(check["exists"], False)
        self.assertEqual((check["published"], check["policy"]), ("reject", "reject"))
        self.assertEqual([one["domain"] for one in check["lookups"]], ["none.bank.example", "bank.example", "example"])
        self.assertEqual(check["identifiers"], [{"method": "spf", "domain": "other.example", "passed": True, "alignment": "none"}])


if __name__ == "__main__":
    unittest.main(verbosity=2)
