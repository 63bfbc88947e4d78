"""ARC: messages sealed by python3-dkim, changed, sealed again, and received by a real Postfix before the filter."""
import json
import re
import unittest

from lab import RECORDED, LabTest, Smtp, module_lab
from readback import with_property
from scenario import txt
from signer import dkim, make_rsa

LIST, NAMELESS = "198.51.100.54", "198.51.100.66"
CONFIG = RECORDED + """
mode enforce
resolver { servers 127.0.0.1@{nsd} timeout 8s }
trust {
    networks { 127.0.0.0/8, ::1/128 }
    arc-sealers { "lists.example", "*.relay.example" }
}
enable { dkim, dmarc, arc }
policy {
    accept when dmarc = fail and arc.sealer = trusted
    tag "untrusted chain" when arc.sealer = untrusted
    reject when dmarc.policy = reject
}
policy for "strict.test" { reject when arc = fail tag "list" when arc.sealer in { "lists.example" } otherwise accept }
policy for "audit.test" { otherwise accept }
"""
ZONE = """
bank MX 10 mail.bank
mail.bank A 198.51.100.99
bank TXT "v=spf1 ip4:198.51.100.99 -all"
_dmarc.bank TXT "v=DMARC1; p=reject"
mail.lists A 198.51.100.54
lists MX 10 mail.lists
lists TXT "v=spf1 ip4:198.51.100.54 -all"
"""
SEALERS = ("lists", "b.relay", "mallory")

lab = None


def setUpModule():
    global lab, running, port, key
    with module_lab() as lab:
        path, public = make_rsa(lab.folder)
        key = path.read_bytes()
        records = "".join(f"k._domainkey.{name} TXT {txt('v=DKIM1; k=rsa; p=' + public)}\n" for name in SEALERS)
        lab.nsd({"example": ZONE + records, "100.51.198.in-addr.arpa": "54 PTR mail.lists.example.\n"}, {"down.example": "no zone, so that it is SERVFAIL\n"})
        running = lab.heloscope(CONFIG)
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", extra="local_header_rewrite_clients =")


def tearDownModule():
    running.stop()  # its records are read, written and judged again


MESSAGE = b"From: Joe <joe@bank.example>\r\nTo: list@lists.example\r\nSubject: hello\r\nDate: Fri, 27 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@bank.example>\r\n\r\nHello.\r\n"


def seal(message=MESSAGE, domain="lists.example", results=b"dmarc=pass header.from=bank.example", selector=b"k", **more):
    """The message as a forwarder seals it that found `results`; it has added them itself."""
    name = b"mx." + domain.encode()
    message = b"Authentication-Results: " + name + b"; " + results + b"\r\n" + message
    return b"".join(dkim.arc_sign(message, selector, domain.encode(), key, name, **more)) + message


class Arc(LabTest):
    def send(self, message, recipients=("user@in.test",), client=LIST):
        with Smtp(port) as smtp:
            smtp.pose_as(client)
            smtp.expect("EHLO mail.lists.example", "250")
            smtp.expect("MAIL FROM:<bounces@lists.example>", "250")
            for recipient in recipients:
                smtp.expect(f"RCPT TO:<{recipient}>", "250")
            smtp.expect("DATA", "354")
            return smtp.send(re.sub(rb"(?m)^\.", b"..", message) + b".")

    def receive(self, message, recipients=("user@strict.test",), **more):
        reply = self.send(message, recipients, **more)
        self.assertTrue(reply.startswith("250"), reply)
        return lab.take_messages()[0]

    def check(self, message, result, comment):
        found = with_property(message, "mx.lab.test", "arc")
        self.assertEqual([each["result"] for each in found], [result], message["Authentication-Results"])
        self.assertIn(comment, " ".join(message["Authentication-Results"].split()))

    def record(self):
        return running.last_record()["checks"]["arc"]

    def test_a_sealed_message_of_a_trusted_list_is_accepted_though_DMARC_fails(self):
        self.assertRegex(self.send(MESSAGE), r"(?s)^550.*DMARC")
        message = self.receive(seal(), ["user@in.test"])
        self.assertIn("dmarc=fail", " ".join(message["Authentication-Results"].split()))
        self.check(message, "pass", f"arc=pass header.oldest-pass=0 smtp.remote-ip={LIST} (valid chain, 1 set, sealed by lists.example; trusted: dmarc=pass at lists.example)")
        self.assertNotIn("untrusted", str(message["X-Heloscope"]))
        self.assertEqual(self.record(), {
            "result": "pass", "instances": 1, "oldest-pass": 0,
            "sealers": [{"domain": "lists.example", "selector": "k", "dmarc-pass": True, "signs-from": True, "trusted": True}]})

    def test_nobody_is_believed_who_is_not_trusted(self):
        for sealed in (seal(domain="mallory.example"), seal(results=b"dmarc=fail header.from=bank.example"), seal(results=b"spf=pass smtp.mailfrom=bank.example")):
            reply = self.send(sealed)
            self.assertRegex(reply, r"(?s)^550.*DMARC")
        self.check(self.receive(seal(domain="mallory.example")), "pass", "sealed by mallory.example)")

    def test_a_second_hop_that_changes_the_message(self):
        first = seal()
        changed = first.replace(b"Subject: hello", b"Subject: [list] hello") + b"-- \r\nfooter\r\n"
        second = seal(changed, "b.relay.example", b"arc=pass; dmarc=fail header.from=bank.example; spf=pass smtp.mailfrom=lists.example")
        message = self.receive(second, ["user@strict.test"])
        self.check(message, "pass", "arc=pass header.oldest-pass=2 ")
        self.check(message, "pass", "2 sets, sealed by b.relay.example; trusted: dmarc=pass at lists.example")
        self.assertIn("list", message["X-Heloscope"])
        self.receive(second, ["user@in.test"])

    def test_who_sealed_before_the_one_who_vouches_need_not_be_trusted(self):
        first = seal(domain="mallory.example")
        self.receive(seal(first, "lists.example", b"arc=pass; dmarc=pass header.from=bank.example"), ["user@in.test"])
        self.assertRegex(self.send(seal(seal(), "mallory.example", b"arc=pass; dmarc=pass header.from=bank.example")), "^550")

    def test_changes_behind_the_seal(self):
        sealed = seal()
        for message, comment, why in (
            (sealed + b"footer\r\n", "the body was changed after it was signed", "body-hash"),
            (sealed.replace(b"Subject: hello", b"Subject: [x] hello"), "the signature does not match", "signature"),
        ):
            with self.subTest(why):
                self.check(self.receive_failed(message), "fail", comment)
                self.assertEqual((self.record()["reason"], self.record()["why"]), ("message-signature", why))
        broken = re.sub(rb"(ARC-Authentication-Results: i=1; mx\.lists\.example;\s+)dmarc=pass", rb"\1dmarc=none", sealed)
        self.assertNotEqual(broken, sealed)
        self.check(self.receive_failed(broken), "fail", "seal of set 1, lists.example: the signature does not match")
        self.assertEqual(self.record()["reason"], "seal")

    def receive_failed(self, message):
        """For a recipient whose policy refuses nothing."""
        return self.receive(message, ["user@audit.test"])

    def test_a_chain_that_is_not_whole(self):
        sealed = seal()
        for name, comment in ((b"ARC-Seal", "set 1 is not complete"), (b"ARC-Message-Signature", "set 1 is not complete"), (b"ARC-Authentication-Results", "set 1 is not complete")):
            with self.subTest(name):
                message = re.sub(rb"(?ms)^" + name + rb":.*?\r\n(?![ \t])", b"", sealed, count=1)
                self.check(self.receive_failed(message), "fail", comment)
        failed = seal(sealed + b"x\r\n", "b.relay.example", b"arc=fail; dmarc=pass header.from=bank.example")
        self.check(self.receive_failed(failed), "fail", "cv=fail")

    def test_keys(self):
        self.check(self.receive_failed(seal(selector=b"gone")), "fail", "no key is published")
        self.assertEqual(self.record()["key"]["status"], "nxdomain")
        reply = self.send(seal(selector=b"gone"), ["user@strict.test"])
        self.assertRegex(reply, r"(?s)^550-5\.7\.29 .*no TXT record at gone\._domainkey\.lists\.example")

    def test_a_key_that_cannot_be_looked_up_is_a_fault_and_no_failure(self):
        """The header says fail, as RFC 8617, 5.2.1 wants it; no rule takes it for that."""
        message = self.receive(seal(domain="down.example"))
        self.check(message, "fail", "the key could not be looked up")
        self.assertEqual((self.record()["result"], self.record()["reason"], self.record()["why"]), ("temperror", "message-signature", "key-lookup"))

    def test_explain_tells_the_chain(self):
        changed = seal().replace(b"Subject: hello", b"Subject: [list] hello")
        self.receive(seal(changed, "b.relay.example", b"arc=pass; spf=pass smtp.mailfrom=lists.example"), ["user@in.test"])
        record = running.last_record()
        story = " ".join(lab.tool("explain", record["id"], "--log", running.records_path).stdout.split())
        for text in ("set 2: sealed by b.relay.example (trusted); its results do not say dmarc=pass for the From domain; its signature covers From",
                     "set 1: sealed by lists.example (trusted); its results say dmarc=pass for the From domain",
                     "the message was changed before it was sealed in set 2", "trusted sealers vouch for the message",
                     "(ARC), and lists.example vouches that DMARC passed before. Nothing needs to be done."):
            self.assertIn(text, story)
        for_sender = " ".join(lab.tool("explain", record["id"], "--for-sender", "--log", running.records_path).stdout.split())
        self.assertIn("set 2: sealed by b.relay.example; its results", for_sender)
        self.assertNotIn("(trusted)", for_sender)

    def test_replay_judges_by_those_whom_a_new_configuration_trusts(self):
        self.receive(seal(), ["user@in.test"], client=NAMELESS)
        new = lab.folder / "new.conf"
        for sealers, after in (('"lists.example"', "accept"), ('"other.example"', "reject")):
            with self.subTest(sealers):
                new.write_text(running.config.read_text().replace('"lists.example", "*.relay.example"', sealers))
                log = lab.folder / "one.jsonl"
                log.write_text(running.records_path.read_text().splitlines()[-1] + "\n")
                found = json.loads(lab.tool("replay", "--config", new, "--log", log, "--json").stdout)
                self.assertEqual([change["to"] for change in found["changes"]], [] if after == "accept" else [after], found)
                self.assertEqual([mistake["why"] for mistake in found["mistakes"]], [] if after == "accept" else ["trusted-seal"])

    def test_without_chain(self):
        self.check(self.receive(MESSAGE), "none", "(not sealed)")


if __name__ == "__main__":
    unittest.main(verbosity=2)
