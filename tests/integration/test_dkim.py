"""DKIM with real signers (opendkim, python3-dkim) and a real Postfix before the filter."""
import pathlib
import re
import unittest

from lab import RECORDED, LabTest, Smtp, accepts, free_port, main, module_lab, wait_until
from raw_milter import ALL_STEPS, LEADING_BLANKS, Client, fields
from readback import with_property
from scenario import txt
from signer import dkim, make_ed25519, make_rsa

CLIENT = "198.51.100.54"
CONFIG = RECORDED + """
mode enforce
resolver { servers 127.0.0.1@{nsd} timeout 8s }
trust { networks { 127.0.0.0/8, ::1/128 } }
enable { dkim }
policy { tag "signed" when dkim.domain in { "signed.example", "*.signed.example" } }
policy for "strict.test" { reject when dkim != pass }
"""

lab = None


def setUpModule():
    global lab, running, port, keys
    with module_lab() as lab:
        keys, records = {}, []
        for name, bits in (("k2048", 2048), ("k1024", 1024), ("k512", 512), ("k4096", 4096)):
            keys[name], public = make_rsa(lab.folder, bits)
            records.append(f"{name}._domainkey.signed TXT {txt('v=DKIM1; k=rsa; p=' + public)}")
        keys["ed"], public = make_ed25519(lab.folder)
        records.append(f"ed._domainkey.signed TXT {txt('v=DKIM1; k=ed25519; p=' + public)}")
        records.append('revoked._domainkey.signed TXT "v=DKIM1; p="')
        records.append("signed MX 10 mail.signed\nmail.signed A 198.51.100.54")
        lab.nsd({"example": "\n".join(records)})
        running = lab.heloscope(CONFIG)
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", extra="message_size_limit = 40000000")


def tearDownModule():
    running.stop()


MESSAGE = (
    b"From: Joe <joe@signed.example>\r\nTo: user@in.test\r\nSubject: =?utf-8?q?=C3=A9t=C3=A9?=\r\n folded\r\n\r\n"
    b"Dear  user,\t\r\n\r\n.\r\n..dots\r\n\xc3\xa9t\xc3\xa9 " + b"x" * 900 + b" \r\n\r\n\r\n"
)


def sign(message=MESSAGE, selector="k2048", algorithm=b"rsa-sha256", canon=b"relaxed/relaxed", key=None, **more):
    private = keys[key or selector]
    if isinstance(private, pathlib.Path):
        private = private.read_bytes()
    return dkim.sign(message, selector.encode(), b"signed.example", private, canonicalize=tuple(canon.split(b"/")),
                     signature_algorithm=algorithm, **more) + message


def send(message, recipients=("user@in.test",), to=None):
    """By SMTP, octet by octet; the reply to the message."""
    with Smtp(to or port) as smtp:
        if to is None:
            smtp.pose_as(CLIENT)
        smtp.expect("EHLO mail.signed.example", "250")
        smtp.expect("MAIL FROM:<joe@signed.example> BODY=8BITMIME", "250")
        for recipient in recipients:
            smtp.expect(f"RCPT TO:<{recipient}>", "250")
        smtp.expect("DATA", "354")
        return smtp.send(re.sub(rb"(?m)^\.", b"..", message) + b".")


class Dkim(LabTest):
    def receive(self, message, **more):
        reply = send(message, **more)
        self.assertTrue(reply.startswith("250"), reply)
        return lab.take_messages()[0]

    def check(self, message, result, comment="", **properties):
        found = with_property(message, "mx.lab.test", "dkim", **properties)
        self.assertEqual([each["result"] for each in found], [result], message["Authentication-Results"])
        self.assertIn(comment, re.sub(r"\s+", " ", message["Authentication-Results"]))
        return found[0]["properties"]

    def test_signatures_pass_in_every_form(self):
        for canon in (b"relaxed/relaxed", b"simple/simple", b"relaxed/simple", b"simple/relaxed"):
            for selector, algorithm, bits in (("k2048", b"rsa-sha256", 2048), ("k1024", b"rsa-sha256", 1024), ("ed", b"ed25519-sha256", 256)):
                with self.subTest(canon=canon, selector=selector):
                    message = self.receive(sign(selector=selector, algorithm=algorithm, canon=canon))
                    found = self.check(message, "pass", f"{bits}-bit key", header_d="signed.example", header_s=selector)
                    self.assertEqual(found["header.a"], algorithm.decode())
                    self.assertEqual(len(found["header.b"]), 8)
                    self.assertIn("signed", message["X-Heloscope"])

    def test_a_key_of_4096_bits_passes(self):
        self.check(self.receive(sign(selector="k4096")), "pass", "4096-bit key", header_s="k4096")

    def test_each_signature_has_its_result(self):
        message = sign(sign(), selector="ed", algorithm=b"ed25519-sha256")
        message = self.receive(b"DKIM-Signature: nothing\r\n" + message)
        self.assertEqual([each["result"] for each in with_property(message, "mx.lab.test", "dkim")], ["neutral", "pass", "pass"])

    def test_bad_keys(self):
        for selector, result, comment, key in (("k512", "permerror", "too short", "k512"), ("revoked", "permerror", "revoked", "k2048"),
                                               ("gone", "permerror", "no key is published", "k2048"), ("k1024", "fail", "does not match", "k2048")):
            with self.subTest(selector):
                self.check(self.receive(sign(selector=selector, key=key)), result, comment, header_s=selector)

    def test_sha1_is_not_taken(self):
        self.check(self.receive(sign(algorithm=b"rsa-sha1")), "permerror", "rsa-sha1", header_a="rsa-sha1")

    def test_changes_on_the_way(self):
        head, _, body = sign().partition(b"\r\n\r\n")
        for message, comment in ((head + b"\r\n\r\n" + body + b"-- \r\nlist\r\n", "the body was changed"),
                                 (head.replace(b"folded", b"[list]") + b"\r\n\r\n" + body, "does not match the header")):
            with self.subTest(comment):
                self.check(self.receive(message), "fail", comment, header_d="signed.example")

    def test_octets_that_l_leaves_open_are_never_silent(self):
        message = sign(length=True)
        self.check(self.receive(message), "pass", header_d="signed.example")
        arrived = self.receive(message + b"more\r\n")
        self.check(arrived, "policy", "octets of the body are not signed", header_d="signed.example")
        self.assertNotIn("X-Heloscope", arrived)

    def test_without_signature(self):
        self.check(self.receive(MESSAGE), "none", "(not signed)")

    def test_forged_results_are_removed(self):
        forged = b"Authentication-Results: mx.lab.test; dkim=pass header.d=signed.example\r\n"
        self.check(self.receive(forged + MESSAGE), "none", "(not signed)")

    def test_a_rule_decides_at_the_end(self):
        """Of a recipient that is refused alone the message is; with another that is not, it is not, and that is told."""
        self.assertTrue(send(sign(), ["user@strict.test"]).startswith("250"))
        lab.take_messages()
        reply = send(MESSAGE, ["user@strict.test"])
        self.assertRegex(reply, r"(?s)^550-5\.7\.20 This mail has no DKIM signature.*signed\.example")
        reply = send(sign(selector="gone", key="k2048"), ["user@strict.test"])
        self.assertIn("no TXT record at gone._domainkey.signed.example", reply.replace("\n", " "))
        self.assertTrue(send(MESSAGE, ["user@in.test", "user@strict.test"]).startswith("250"))
        self.assertIn("would=reject", lab.take_messages(2)[0]["X-Heloscope"])

    def test_explain_tells_the_evidence(self):
        self.receive(sign() + b"footer\r\n")
        record = running.last_record()
        signature = record["checks"]["dkim"]["signatures"][0]
        self.assertEqual((signature["reason"], signature["header-verifies"], signature["body-verifies"]), ("body-hash", True, False))
        self.assertEqual((record["checks"]["dkim"]["from"], signature["aligned"], signature["key"]["bits"]), ("signed.example", True, 2048))
        self.assertNotEqual(signature["body-hash"], signature["body-hash-computed"])
        story = re.sub(r"\s+", " ", lab.tool("explain", record["id"], "--log", running.records_path).stdout)
        for text in ("body hash claimed: " + signature["body-hash"], "body hash computed: " + signature["body-hash-computed"],
                     "only the body was changed", "the author's domain (From) is signed.example", "rsa, 2048 bits"):
            self.assertIn(text, story)
        self.assertRegex(story, r"2048 bits: v=DKIM1; [^.]*p=MII[A-Za-z0-9+/]+\.\.\. ", "of a long record it is said that there is more")
        for_sender = re.sub(r"\s+", " ", lab.tool("explain", record["id"], "--for-sender", "--log", running.records_path).stdout)
        self.assertIn("the body was changed after it was signed", for_sender)

    def test_a_large_body_costs_no_memory(self):
        def peak_kb():
            status = pathlib.Path(f"/proc/{running.process.pid}/status").read_text()
            return int(re.search(r"VmHWM:\s+(\d+)", status).group(1))
        self.receive(sign(MESSAGE + b"line of text\r\n" * 1000))
        before = peak_kb()
        self.check(self.receive(sign(MESSAGE + b"line of text with some blanks in it\r\n" * 800000)), "pass", header_d="signed.example")
        if "libasan" not in pathlib.Path(f"/proc/{running.process.pid}/maps").read_text():  # which keeps what was freed
            self.assertLess(peak_kb() - before, 4096)

    def test_odd_headers(self):
        """A field of nearly 60 kB, beyond which Postfix cuts; 900 names in h=; 100 signatures above the good one."""
        long = MESSAGE.replace(b"To:", b"X-Long: " + b"\r\n ".join([b"y" * 900] * 66) + b"\r\nTo:")
        self.check(self.receive(sign(long, include_headers=[b"from", b"x-long"])), "pass", header_d="signed.example")
        many = sign(include_headers=[b"from"] + [b"n%d" % at for at in range(900)])
        self.check(self.receive(many), "pass", header_d="signed.example")
        decoys = b"".join(b"DKIM-Signature: v=1; a=rsa-sha256; d=d%d.example; s=x; h=from; bh=; b=AAAA\r\n" % at for at in range(100))
        message = self.receive(decoys + sign())
        self.check(message, "pass", "91 more signatures were not checked", header_d="signed.example")
        self.assertEqual(len(with_property(message, "mx.lab.test", "dkim")), 10)

    def test_header_and_body_are_asked_for_only_when_needed(self):
        no_body, no_eoh = 0x10, 0x40
        original = running.config.read_text()
        with Client(running.port) as client:
            self.assertEqual(client.steps & (no_body | no_eoh), 0)
        without = original.replace("enable { dkim }", "").replace('tag "signed" when dkim.domain in { "signed.example", "*.signed.example" }', "")
        running.reload(without.replace("reject when dkim != pass", "otherwise default"))
        with Client(running.port) as client:
            self.assertEqual(client.steps & (no_body | no_eoh), no_body | no_eoh)
            client.start(CLIENT)
            self.assertNotIn("dkim=", fields(client.message())[0][1])
        running.reload(original)

    def test_an_MTA_that_takes_leading_blanks_away(self):
        """The filter asks for them; where it does not get them, one blank was there."""
        head, _, body = sign(canon=b"simple/simple").partition(b"\r\n\r\n")
        head = re.sub(rb"\r\n(?=[ \t])", b"\n", head)
        for offered in (ALL_STEPS, ALL_STEPS & ~LEADING_BLANKS):
            with self.subTest(offered=offered), Client(running.port, offered) as client:
                self.assertEqual(client.steps & LEADING_BLANKS, offered & LEADING_BLANKS)
                client.start(CLIENT)
                values = [line.split(b":", 1) for line in head.split(b"\r\n")]
                headers = [(name, value if offered == ALL_STEPS else value.removeprefix(b" ")) for name, value in values]
                self.assertIn("dkim=pass", fields(client.message(headers=headers, body=body))[0][1])

    def test_opendkim_signs(self):
        """Signed by opendkim behind a Postfix that sends, received by another."""
        if not pathlib.Path("/usr/sbin/opendkim").exists():
            self.skipTest("opendkim is missing (Debian package: opendkim)")
        signer_port = free_port()
        config = lab.folder / "opendkim.conf"
        for canon in ("relaxed/relaxed", "simple/simple"):
            config.write_text(f"Mode s\nSocket inet:{signer_port}@127.0.0.1\nDomain signed.example\nSelector k2048\nKeyFile {keys['k2048']}\n"
                              f"Canonicalization {canon}\nRequireSafeKeys no\nInternalHosts 0.0.0.0/0\n")
            signer = lab.start("opendkim", ["/usr/sbin/opendkim", "-f", "-x", config])
            wait_until("opendkim", lambda: accepts(signer_port), process=signer)
            name = "sending-" + canon.partition("/")[0]
            sending = lab.postfix(f"inet:127.0.0.1:{signer_port}", name=name, extra=f"virtual_mailbox_domains =\nrelayhost = [127.0.0.1]:{port}\n"
                                  "smtp_send_xforward_command = no\n")
            lab.mail = lab.folder / "mail/box"
            # The receiving filter trusts loopback: it is told another address by a client of its own.
            self.assertTrue(send(MESSAGE, to=sending).startswith("250"))
            relayed = lab.take_messages()[0]
            lab.end(signer)
            self.assertIn("DKIM-Signature", relayed)
            raw = relayed.as_bytes(policy=relayed.policy.clone(linesep="\r\n", max_line_length=0))
            raw = raw[raw.index(b"DKIM-Signature:"):]
            self.check(self.receive(raw), "pass", header_d="signed.example")


if __name__ == "__main__":
    main(verbosity=2)
