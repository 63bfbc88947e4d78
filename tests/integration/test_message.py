"""heloscope check --message: stored messages, judged as a real Postfix and the filter would judge them; and check without it."""
import json
import pathlib
import re
import resource
import subprocess
import sys
import unittest

from lab import COMMAND_SCHEMAS, RECORDED, SCHEMA, LabTest, Smtp, module_lab, wait_until
from raw_milter import Client, packet
from scenario import txt
from signer import dkim, make_rsa

CLIENT, STRANGER = "198.51.100.54", "198.51.100.66"
CONFIG = RECORDED + """
mode enforce
resolver { servers 127.0.0.1@{nsd} timeout 8s }
trust { networks { 127.0.0.0/8, ::1/128 } }
enable { dkim, dmarc, arc }
policy {
    reject when spf = fail and iprev != pass
    audit reject when dmarc = fail
}
policy for "strict.test" { reject when dkim != pass }
policy for "forwarding.test" { reject when spf = fail and not looks-forwarded }
policy for "audit.test" { defer when dmarc = fail }
policy for "held.test" { quarantine "looks forged" when dmarc.policy in { quarantine, reject } }
"""

lab = None


def setUpModule():
    global lab, running, port, key
    with module_lab() as lab:
        key, public = make_rsa(lab.folder)
        records = ["signed MX 10 mail.signed", "mail.signed A 198.51.100.54", 'signed TXT "v=spf1 ip4:198.51.100.54 -all"',
                   '_dmarc.signed TXT "v=DMARC1; p=reject"', f"s._domainkey.signed TXT {txt('v=DKIM1; k=rsa; p=' + public)}",
                   "mail.other A 198.51.100.66", '_dmarc TXT "v=DMARC1; p=none; psd=y"']
        lab.nsd({"example": "\n".join(records), "100.51.198.in-addr.arpa": "54 PTR mail.signed.example.\n66 PTR mail.other.example.\n"})
        running = lab.heloscope(CONFIG)
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", extra="message_size_limit = 40000000")


def tearDownModule():
    running.stop()


MESSAGE = (b"From: Joe <joe@signed.example>\r\nTo: user@in.test\r\nSubject: folded\r\n  and\r\n\tmore \r\n\r\n"
           b"Dear  user,\t\r\n\r\n.\r\n..dots\r\n>From \xc3\xa9t\xc3\xa9 " + b"x" * 3000 + b" \r\n\r\n\r\n")


def sign(message=MESSAGE, canon=b"relaxed/relaxed", **more):
    return dkim.sign(message, b"s", b"signed.example", key.read_bytes(), canonicalize=tuple(canon.split(b"/")), **more) + message


def check(message, *words, ip=CLIENT, sender="<joe@signed.example>", helo="mail.signed.example", path=None, config=None):
    """(status, standard output, standard error) of heloscope check; `message`: octets, given by file, or by `path`."""
    if path is None:
        path = lab.folder / "stored.eml"
        path.write_bytes(message)
    arguments = [] if path is False else ["--message", path]
    done = subprocess.run([lab.builddir / "milter/heloscope", "check", "--ip", ip, "--helo", helo, "--from", sender, "-c", config or running.config,
                           *arguments, *words], input=message if path == "-" else b"", capture_output=True, timeout=60)
    return done.returncode, re.sub(r"\s+", " ", done.stdout.decode()), re.sub(r"\s+", " ", done.stderr.decode())


def record_of(message, *words, **more):
    status, out, err = check(message, "--json", *words, **more)
    record = json.loads(out)
    SCHEMA.validate(record)
    return record


def actions(record):
    return {verdict["recipient"].strip("<>"): (verdict["action"], verdict["enforced"]) for verdict in record["verdicts"]}


def alike(found):
    """What dkim and dmarc found, without what rests on the time."""
    for signature in found["dkim"]["signatures"]:
        signature.pop("signed", None)
    return {name: found[name] for name in ("dkim", "dmarc")}


class Message(LabTest):
    def test_replay_defers_where_the_filter_did_not_wait_for_a_refusal(self):
        """
        By one reading of the recipient it is deferred at RCPT, by the other the message would be refused at its end, to which it comes
        for another recipient; stop() replays it.
        """
        rules = 'policy for "audit.test" { defer when spf != pass }'
        own = lab.heloscope(CONFIG.replace('policy for "audit.test" { defer when dmarc = fail }', rules), name="two-ways")
        with Client(own.port) as client:
            client.start(STRANGER, b"mail.other.example")
            client.ask(b"M", b"<joe@signed.example>\0")
            self.assertIn(b"451", client.ask(b"R", b"<user%strict.test@audit.test>\0")[-1][1])
            client.ask(b"R", b"<user@in.test>\0")
            client.socket.sendall(packet(b"L", b"From\0joe@other.example\0") + packet(b"N") + packet(b"B", b"x\r\n"))
            client.ask(b"E")
        record = wait_until("the record", own.records)[0]
        self.assertEqual(actions(record), {"user%strict.test@audit.test": ("defer", True), "user@in.test": ("accept", True)})
        own.stop()

    def test_dkim_and_dmarc_pass(self):
        found = record_of(sign())["checks"]
        self.assertEqual((found["dkim"]["result"], found["dmarc"]["result"]), ("pass", "pass"))
        signature = found["dkim"]["signatures"][0]
        self.assertEqual((signature["domain"], signature["selector"], signature["algorithm"], signature["aligned"], signature["unsigned-octets"]),
                         ("signed.example", "s", "rsa-sha256", True, 0))
        self.assertEqual((found["dmarc"]["from"], found["dmarc"]["domain"], found["dmarc"]["organizational-domain"], found["dmarc"]["record"]),
                         ("signed.example",) * 3 + ("v=DMARC1; p=reject",))
        self.assertEqual((found["dmarc"]["published"], found["dmarc"]["policy"]), ("reject", "reject"))
        status, out, err = check(sign())
        self.assertEqual((status, err), (0, ""))
        for text in ("This mail would be accepted", "signed.example: good signature, 2048-bit key", "the author's domain (From) is signed.example"):
            self.assertIn(text, out)

    def test_lf_crlf_and_mbox_are_one_message(self):
        for canon in (b"relaxed/relaxed", b"simple/simple"):
            message = sign(canon=canon)
            lines = message.replace(b"\r\n", b"\n")
            quoted = re.sub(rb"(?m)^(>*From )", rb">\1", lines)
            for name, stored in (("CRLF", message), ("LF", lines), ("mbox", b"From joe Fri Nov 27 12:00:00 2026\n" + quoted + b"\n"),
                                 ("delivered", b"Return-Path: <joe@signed.example>\nReceived: from a\n\tby b\n" + lines)):
                with self.subTest(name, canon=canon):
                    self.assertEqual(record_of(stored)["checks"]["dkim"]["result"], "pass")

    def test_the_first_of_an_mbox_is_judged(self):
        status, out, err = check(b"From joe Fri Nov 27 12:00:00 2026\n" + re.sub(rb"(?m)^(>*From )", rb">\1", sign().replace(b"\r\n", b"\n"))
                                 + b"\nFrom x Fri Nov 27 12:00:00 2026\nFrom: x@signed.example\n\n")
        self.assertEqual(status, 0)
        self.assertIn("an mbox with several messages; the first one is read", err)
        self.assertIn("good signature", out)

    def test_doctor_judges_a_message(self):
        """Its signatures, and what large receivers ask of a message."""
        form = b"Date: Fri, 27 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@signed.example>\r\n"
        way = b"List-Unsubscribe: <mailto:u@signed.example>,\r\n <https://signed.example/u?1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        short = MESSAGE.replace(b"x" * 3000, b"x")
        whole = form + way + short
        fields = [b"from", b"list-unsubscribe", b"list-unsubscribe-post"]
        good = sign(whole, include_headers=fields)
        for name, message, dkim, found, verdict in (
                ("all is well", good, "met", None, None), ("changed", good + b"x\r\n", "not-met", None, "unsubscribe-unsigned"),
                ("not signed", whole, "not-met", None, "unsubscribe-unsigned"), ("no Date", sign(form[39:] + way + short), "met", "no-date", "unsubscribe-unsigned"),
                ("two Message-ID", sign(form + form[39:] + short), "met", "no-message-id", "no-list-unsubscribe"),
                ("two From", b"From: joe@signed.example\r\n" + good, None, None, None),
                ("a long line", sign(form + way + MESSAGE), "met", "long-line", "unsubscribe-unsigned"),
                ("no https", sign(form + way.replace(b"https", b"http") + short), "met", None, "no-list-unsubscribe"),
                ("no click", sign(form + way.replace(b"One-Click", b"Yes") + short), "met", None, "no-one-click")):
            with self.subTest(name):
                path = lab.folder / "own.eml"
                path.write_bytes(message)
                done = lab.tool("doctor", "--no-connect", "--json", "-c", running.config, "--ip", CLIENT, "--message", path, "signed.example")
                report, = json.loads(done.stdout)
                demands = {demand["demand"]: demand for demand in report["demands"]}
                if dkim is None:
                    self.assertIn("From does not name exactly one domain", done.stderr)
                    self.assertEqual(demands["message-form"]["state"], "not-testable")
                    continue
                self.assertEqual(demands["dkim"]["state"], dkim)
                self.assertEqual("dkim-message-fails" in [one["problem"] for one in report["findings"]], name == "changed", report["findings"])
                for demand, fault in (("message-form", found), ("one-click-unsubscribe", verdict)):
                    self.assertEqual((demands[demand]["state"], demands[demand].get("message")), ("not-met" if fault else "met", fault))
                    self.assertNotIn("instead", demands[demand])
        path.write_bytes(good + b"x\r\n")
        out = " ".join(lab.tool("doctor", "--no-connect", "-c", running.config, "--ip", CLIENT, "--message", path, "signed.example").stdout.split())
        self.assertIn("of signed.example, does not verify: the body was changed after it was signed", out)
        self.assertIn("not met for signed.example, because no good DKIM signature of the message covers List-Unsubscribe", out)

    def test_doctor_reads_rotated_records(self):
        log = lab.folder / "rotated.jsonl"
        (lab.folder / "rotated.jsonl.1").write_text(json.dumps(record_of(sign()), separators=(",", ":")) + "\n")
        log.write_text("")
        done = lab.tool("doctor", "--no-connect", "--json", "-c", running.config, "--ip", CLIENT, "--from-records", log, "signed.example")
        self.assertEqual((json.loads(done.stdout)[0]["cells"]["dkim"], done.stderr), ("good", ""))

    def test_doctor_learns_selectors_from_what_passed(self):
        """From records: what did not pass may have been made up by anybody, and is passed over."""
        forged = b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=signed.example; s=decoy; h=from; bh=AAAA; b=AAAA\r\n"
        log = lab.folder / "learned.jsonl"
        for messages, selectors in (((sign(), forged + MESSAGE), ["s"]), ((forged + MESSAGE, sign() + b"footer\r\n"), []), ((sign(), sign(), forged + sign()), ["s"])):
            lines = [json.dumps(record_of(message), separators=(",", ":")) for message in messages]
            log.write_text("\n".join([*lines, "torn"]) + "\n")
            done = subprocess.run([lab.builddir / "milter/heloscope", "doctor", "--no-connect", "--json", "-c", running.config, "--ip", CLIENT, "--from-records", log,
                                   "signed.example"], capture_output=True, text=True, timeout=60)
            report, = reports = json.loads(done.stdout)
            COMMAND_SCHEMAS["doctor"].validate(reports)
            self.assertEqual([record.split(".")[0] for record in report["records"] if "_domainkey" in record], selectors, done.stderr)
            self.assertEqual((report["cells"]["dkim"], report["cells"]["dkim-alignment"]), ("good",) * 2 if selectors else ("not-asked",) * 2)
            self.assertEqual("no DKIM signature of these domains was found" in done.stderr, not selectors)
            self.assertIn("1 line of", done.stderr)

    def test_standard_input(self):
        status, out, err = check(sign(), path="-")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("good signature", out)

    def test_what_was_changed_is_told(self):
        status, out, err = check(sign() + b"footer\r\n", ip=STRANGER, helo="mail.other.example", sender="<a@other.example>")
        for text in ("the body was changed after it was signed", "body hash claimed:", "body hash computed:", "only the body was changed"):
            self.assertIn(text, out)

    def test_a_field_that_was_added_is_named(self):
        """The signer names To once more than there are."""
        message = sign(include_headers=[b"from", b"to", b"to", b"subject"])
        self.assertEqual(record_of(message)["checks"]["dkim"]["result"], "pass")
        added = message.replace(b"Subject:", b"To: other@in.test\r\nSubject:")
        self.assertEqual(record_of(added)["checks"]["dkim"]["signatures"][0]["filled"], "to")
        self.assertIn("so that one may have been added: to", check(added)[1])

    def test_each_name_of_the_walk_is_told_with_its_answer(self):
        found = record_of(sign())["checks"]["dmarc"]
        self.assertEqual([(one["domain"], one.get("record")) for one in found["lookups"]], [("signed.example", None), ("example", "v=DMARC1; p=none; psd=y")])
        status, out, err = check(sign())
        for text in ("_dmarc.signed.example: a policy record", "_dmarc.example: v=DMARC1; p=none; psd=y", "the policy record of signed.example applies: v=DMARC1; p=reject"):
            self.assertIn(text, out)

    def test_what_could_not_be_carried_out_is_told(self):
        """Three recipients under three policies, and a real Postfix: in reply, header, record and log."""
        def deliver(*recipients):
            with Smtp(port) as smtp:
                smtp.pose_as(STRANGER, "mail.other.example")
                smtp.expect("EHLO mail.other.example", "250")
                smtp.expect("MAIL FROM:<a@other.example> BODY=8BITMIME", "250")
                for recipient in recipients:
                    smtp.expect(f"RCPT TO:<{recipient}>", "250")
                smtp.expect("DATA", "354")
                return smtp.send(re.sub(rb"(?m)^\.", b"..", MESSAGE) + b".")
        self.assertRegex(deliver("user@strict.test"), "^550")
        self.assertRegex(deliver("user@strict.test", "user@audit.test"), "^45")
        self.assertRegex(deliver("user@strict.test", "user@audit.test", "user@in.test"), "^250")
        arrived = lab.take_messages(3)[0]
        told = " ".join(" ".join(arrived.get_all("X-Heloscope")).split())
        self.assertRegex(told, 'would=reject; rule="heloscope.conf:[0-9]+"; reply="550')
        self.assertRegex(told, 'would=defer; rule="heloscope.conf:[0-9]+"; reply="451')
        record = running.last_record()
        self.assertEqual({verdict["recipient"]: (verdict["action"], verdict.get("overruled"), verdict["enforced"]) for verdict in record["verdicts"]},
                         {"<user@strict.test>": ("reject", "others-accept", False), "<user@audit.test>": ("defer", "others-accept", False),
                          "<user@in.test>": ("accept", None, True)})
        line = next(line for line in running.log_text().splitlines() if record["id"] in line)
        for word in ("would-reject(heloscope.conf:", "would-defer(heloscope.conf:", ",accept ", "overruled=others-accept"):
            self.assertIn(word, line)
        self.assertIn("another recipient was to have it", re.sub(r"\s+", " ", lab.tool("explain", record["id"], "--log", running.records_path).stdout))

    def test_the_policy_that_is_shipped_for_dmarc(self):
        """etc/heloscope.conf with what it proposes for enable { dkim, dmarc }: RFC 9989, 7.4."""
        source = pathlib.Path(__file__).resolve().parents[2] / "etc"
        block = re.search(r'(?s)    # With "enable { dkim, dmarc }" above.*?\n\n', text := (source / "heloscope.conf").read_text()).group()
        text = text.replace(block, re.sub(r"(?m)^    #(?=[a-z])", "    ", block)).replace("#enable { dkim, dmarc, arc }", "enable { dkim, dmarc, arc }")
        text = text.replace("    reject when spf = fail and iprev != pass and not dnswl\n", "").replace("mode audit", "mode enforce")
        text = text.replace("servers system", f"servers 127.0.0.1@{lab.servers['nsd']}").replace("#authserv-id", 'authserv-id "mx.lab.test" #')
        config = lab.folder / "shipped.conf"
        config.write_text(text)
        (lab.folder / "lists.conf").write_text((source / "lists.conf").read_text())
        nameless = dict(ip="198.51.100.7", helo="mail.signed.example", config=config)
        named = dict(ip=STRANGER, helo="mail.other.example", sender="<a@other.example>", config=config)
        for name, message, more, action in (
                ("forwarded without reverse DNS, and signed", sign(), nameless, "accept"), ("forged, without reverse DNS", MESSAGE, nameless, "reject"),
                ("another sender, without reverse DNS", MESSAGE, {**nameless, "sender": "<a@other.example>"}, "reject"),
                ("p=reject alone", MESSAGE, named, "quarantine"), ("a list changed it", sign() + b"footer\r\n", named, "quarantine"),
                ("signed, sent by another", sign(), named, "accept"), ("two authors", b"From: a@other.example\r\n" + MESSAGE, named, "reject")):
            with self.subTest(name):
                verdict = record_of(message, **more)["verdicts"][0]
                self.assertEqual(verdict["action"], action)
                if action == "quarantine":
                    self.assertEqual([note["audit"] for note in verdict["notes"]], ["reject"])

    def test_what_looks_forwarded(self):
        """SPF fails, at a host with good names; only the author's signature makes it so."""
        forwarded = dict(ip=STRANGER, helo="mail.other.example", sender="<joe@signed.example>")
        rcpt = ("--rcpt", "user@forwarding.test")
        record = record_of(sign(), *rcpt, **forwarded)
        self.assertIs(record["looks-forwarded"], True)
        self.assertEqual((record["checks"]["spf"]["result"], actions(record)), ("fail", {"user@forwarding.test": ("accept", True)}))
        self.assertIn("the mail looks forwarded: the author's domain has signed it", check(sign(), *rcpt, **forwarded)[1])
        out = " ".join(check(sign(), *rcpt, **forwarded)[1].partition("\n\n")[0].split())
        self.assertIn("It looks forwarded, and SPF cannot pass for a forwarder that keeps the sender address", out)
        self.assertNotIn("tell the sender", out)
        listed = b"List-ID : <x.example>\r\n"
        self.assertNotIn("list-id", record["checks"]["dkim"])
        self.assertIs(record_of(listed + sign(), *rcpt, **forwarded)["checks"]["dkim"]["list-id"], True)
        self.assertIn("looks forwarded by a mailing list (it has a List-Id field): the author", check(listed + sign(), *rcpt, **forwarded)[1])
        out = check(listed + MESSAGE, *rcpt, **forwarded)[1]
        self.assertIn("a List-Id field says that a mailing list sent the mail on; anybody can write one", out)
        self.assertIn("mailing lists often change what was signed", out)
        for name, message, more in (("unsigned", listed + MESSAGE, {}), ("changed", sign() + b"footer\r\n", {}),
                                    ("other names", sign(), {"helo": "mail.signed.example"})):
            with self.subTest(name):
                record = record_of(message, *rcpt, **{**forwarded, **more})
                self.assertNotIn("looks-forwarded", record)
                self.assertEqual(actions(record), {"user@forwarding.test": ("reject", True)})

    def test_it_is_what_the_filter_finds_behind_postfix(self):
        """Octet by octet through a real Postfix, and the same file by hand."""
        long = sign(MESSAGE.replace(b"To:", b"X-Long: " + b"\r\n ".join([b"y" * 900] * 60) + b"\r\nTo:"))
        head, _, body = sign().partition(b"\r\n\r\n")
        for name, message in (("signed", sign()), ("simple", sign(canon=b"simple/simple")), ("no end", sign().rstrip()),
                              ("bare CR", sign(MESSAGE.replace(b"Dear  ", b"Dear\rx"))), ("CR CR LF", sign(canon=b"simple/simple") + b"a\r\r\nb\r\n"), ("CRs in a field", sign(canon=b"simple/simple").replace(b"folded", b"f\rd\r")),
                              ("NUL in the body", sign() + b"a\0b\r\n"), ("NUL in a field", sign().replace(b"folded", b"fo\0ed")),
                              ("long field", long), ("no empty line", head + b"\r\n" + body), ("no body", head + b"\r\n\r\n"),
                              ("no body and no empty line", head + b"\r\n"), ("blank line", head + b"\r\n \r\n\r\n" + body),
                              ("blanks before the colon", sign().replace(b"Subject:", b"Subject \t:")), ("8 bits", sign().replace(b"Joe", b"J\xf6\xc3\xa9")),
                              ("mailbox line", MESSAGE + b"\r\nFrom x\r\n>From y\r\n"), ("a name of 8 bits", sign().replace(b"Subject:", b"Subj\xe9ct:"))):
            with self.subTest(name):
                with Smtp(port) as smtp:
                    smtp.pose_as(CLIENT)
                    smtp.expect("EHLO mail.signed.example", "250")
                    smtp.expect("MAIL FROM:<joe@signed.example> BODY=8BITMIME", "250")
                    smtp.expect("RCPT TO:<user@in.test>", "250")
                    smtp.expect("DATA", "354")
                    ended = b"" if message.endswith(b"\r\n") else b"\r\n"
                    smtp.expect(re.sub(rb"(?m)^\.", b"..", message) + ended + b".", "250")
                seen = running.last_record()["checks"]
                lab.take_messages()
                self.assertEqual(alike(record_of(message)["checks"]), alike(seen))

    def test_the_answer_is_one_for_all(self):
        """Recipients under three policies: as the filter at the end of the message, in one reply."""
        rcpt = [word for one in ("strict", "audit", "held") for word in ("--rcpt", f"user@{one}.test")]
        forged = dict(ip=STRANGER, helo="mail.other.example", sender="<a@other.example>")
        record = record_of(MESSAGE, *rcpt, **forged)
        self.assertEqual(actions(record), {"user@strict.test": ("reject", False), "user@audit.test": ("defer", False), "user@held.test": ("quarantine", True)})
        record = record_of(MESSAGE, *rcpt[:4], **forged)
        self.assertEqual(actions(record), {"user@strict.test": ("reject", False), "user@audit.test": ("defer", True)})
        status, out, err = check(MESSAGE, *rcpt[:2], "--rcpt", "user@in.test", **forged)
        self.assertEqual(status, 0)
        self.assertIn("would be accepted because of another recipient (there is one reply for all); otherwise it would be rejected for 1 of 2", out)
        self.assertIn("another recipient is to have it", out)
        self.assertEqual(actions(record_of(MESSAGE, *rcpt[:2], **forged)), {"user@strict.test": ("reject", True)})
        status, out, err = check(MESSAGE, *rcpt[:2], **forged)
        self.assertEqual(status, 1)
        self.assertIn("This mail has no DKIM signature", out)

    def test_what_rcpt_decides_stays(self):
        """Refused at RCPT, so that nobody is there at the end; the message is told nevertheless."""
        nameless = dict(ip="198.51.100.7", helo="mail.signed.example")
        record = record_of(sign(), "--rcpt", "user@in.test", "--rcpt", "user@strict.test", **nameless)
        self.assertEqual(actions(record), {"user@in.test": ("reject", True), "user@strict.test": ("accept", True)})
        self.assertEqual(record["checks"]["dkim"]["result"], "pass")
        record = record_of(MESSAGE, "--rcpt", "user@in.test", "--rcpt", "user@strict.test", **nameless)
        self.assertEqual(actions(record)["user@strict.test"], ("reject", True))

    def test_without_the_message_rules_that_need_it_are_told(self):
        status, out, err = check(None, "--rcpt", "user@strict.test", path=False)
        self.assertEqual(status, 3)
        self.assertIn("What becomes of this mail depends on its content (use --message) because of ", out)
        self.assertIn("A rule needs the body of the message: give it with --message.", out)
        status, out, err = check(None, "--rcpt", "user@in.test", path=False)  # which an audit rule alone waits for
        self.assertEqual(status, 0)
        self.assertIn("This mail would be accepted.", out)
        self.assertIn("A rule needs the body of the message: give it with --message.", out)

    def test_checks_that_are_not_enabled_are_named(self):
        config = lab.folder / "without.conf"
        config.write_text('authserv-id "mx.lab.test"\nresolver { servers 127.0.0.1@%d timeout 8s }\n' % lab.servers["nsd"])
        status, out, err = check(sign(), config=config)
        self.assertEqual(status, 0)
        self.assertIn(f"not checked, because {config} does not enable it: dkim, dmarc, arc; add enable {{ dkim, dmarc, arc }}", err)
        self.assertNotIn("DKIM", out)

    def test_a_large_message_costs_no_memory(self):
        def peak_kb(message):
            path = lab.folder / "large.eml"
            path.write_bytes(message)
            code = ("import resource, subprocess, sys\n"
                    "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
                    "print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
            done = subprocess.run([sys.executable, "-c", code, lab.builddir / "milter/heloscope", "check", "--ip", CLIENT, "--helo", "mail.signed.example",
                                   "--from", "joe@signed.example", "-c", running.config, "--message", path], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.stdout.split()[0], "0", done.stderr)
            return int(done.stdout.split()[1])
        small = peak_kb(sign(MESSAGE + b"line of text\r\n" * 1000))
        self.assertLess(peak_kb(sign(MESSAGE + b"line of text with some blanks in it\r\n" * 800000)), small * 2)

    def test_what_is_no_message(self):
        for octets, text in ((b"", "it is empty; expected a message"), (b"\0\1\2", "it does not begin with a field"), (b"hello\nworld\n", "does not begin with a field"),
                             (b"\nFrom: a@signed.example\n\n", "does not begin with a field")):
            with self.subTest(octets):
                status, out, err = check(octets)
                self.assertEqual((status, out), (3, ""))
                self.assertIn(f"heloscope check: {lab.folder}/stored.eml: ", err)
                self.assertIn(text, err)
        for path, text in ((lab.folder, "it is a directory; expected a file"), (lab.folder / "none.eml", "No such file"), ("/dev/zero", "it is a device")):
            with self.subTest(path):
                status, out, err = check(None, path=path)
                self.assertEqual((status, out), (3, ""))
                self.assertIn(f"{path}: {text}", err)
        status, out, err = check(b"", path="-")
        self.assertIn("standard input: it is empty", err)

    def test_the_address_is_needed(self):
        done = lab.tool("check", "--message", "x.eml", "-c", running.config)
        self.assertEqual(done.returncode, 2)
        self.assertIn("the topmost Received field that your own mail server wrote", re.sub(r"\s+", " ", done.stderr))


if __name__ == "__main__":
    unittest.main(verbosity=2)
