"""heloscope reflect: a test address behind a real Postfix (pipe(8), and local(8)'s alias), that answers whom it may and nobody else."""
import concurrent.futures
import email.policy
import json
import re
import subprocess
import sys
import time
import unittest

from lab import RECORDED, LabTest, Smtp, module_lab, wait_until

CONFIG = RECORDED + """
mode audit
resolver { servers 127.0.0.1@{nsd} timeout 8s }
trust { networks { 127.0.0.0/8, ::1/128 } }
enable { dkim, dmarc }
policy { audit reject when spf = fail }
"""
GOOD, STRANGER = "198.51.100.54", "198.51.100.66"
RECORDS = """one MX 10 mail.one
mail.one A 198.51.100.54
one TXT "v=spf1 ip4:198.51.100.54 -all"
_dmarc.one TXT "v=DMARC1; p=reject"
other TXT "v=spf1 ip4:198.51.100.66 -all"
facing TXT "v=spf1 ip4:198.51.100.54 -all"
"""
# What takes answers as sendmail(1) does: into the same Postfix, by SMTP, so that no queue outside of the lab is touched.
SENDMAIL = """#!{python}
import smtplib, sys
assert sys.argv[1:5] == ["-i", "-f", "<>", "--"] and len(sys.argv) == 6, sys.argv
with smtplib.SMTP("127.0.0.1", int(open("{port_file}").read())) as smtp:
    smtp.sendmail("", [sys.argv[5]], sys.stdin.buffer.read())
"""

UNAUTHENTICATED = "neither SPF nor DKIM passed in the name of its author's domain"

lab = None


def setUpModule():
    global lab, running, port
    with module_lab() as lab:
        lab.nsd({"example": RECORDS, "100.51.198.in-addr.arpa": "54 PTR mail.one.example.\n66 PTR mail.other.example.\n"})
        running = lab.heloscope(CONFIG)
        state = lab.subfolder("reflect", owner="nobody")
        program = lab.folder / "send"
        program.write_text(SENDMAIL.format(python=sys.executable, port_file=lab.folder / "port"))
        program.chmod(0o755)
        lab.install_reflector()
        port = lab.postfix(
            f"inet:127.0.0.1:{running.port}",
            extra="\n".join([
                "relay_domains = reflect.test, facing.example",
                "transport_maps = inline:{ {reflect.test = reflect:} {facing.example = facing:} {alias.test = local:} }",
                "virtual_mailbox_domains = one.example, other.example",
                "mydestination = alias.test", "local_recipient_maps =", "default_privs = nobody",
                f"alias_maps = texthash:{lab.folder}/aliases",
            ]),
            services="".join(
                f"{name} unix - n n - 5 pipe\n  flags=Rq user=nobody argv={command(address, name)} --queue-id ${{queue_id}}\n"
                for name, address in (("reflect", "test@reflect.test"), ("facing", "test@facing.example"))
            ) + "local unix - n n - - local\nshowq unix n - n - - showq\n",
        )
        (lab.folder / "aliases").write_text(f'test "|{command("test@alias.test", "alias")}"\n')
        (lab.folder / "port").write_text(str(port))
        state.chmod(0o700)


def tearDownModule():
    running.stop()


def command(address, name):
    return f"{lab.folder}/reflector --from {address} --state {lab.folder}/reflect/{name} --sendmail {lab.folder}/send"


class Base(LabTest):
    def setUp(self):
        self.mail_log = lab.folder / "postfix-mail.log"
        self.forget()

    @staticmethod
    def forget():
        """As if nobody had been answered."""
        for path in (lab.folder / "reflect").iterdir():
            path.unlink()

    def send(self, author="joe@one.example", to="test@reflect.test", sender=None, client=GOOD, fields=()):
        """Send a message and wait until it was delivered, which a reflector does whether it answers or not."""
        before = len(self.mail_log.read_text())
        header = "".join(f"{field}\r\n" for field in (f"From: {author}", f"To: {to}", "Message-ID: <m1@one.example>", "Subject: test", *fields))
        with Smtp(port) as smtp:
            smtp.pose_as(client)
            smtp.expect("EHLO mail.one.example", "250")
            smtp.message(f"<{author.split('<')[-1].rstrip('>') if sender is None else sender}>", [to], header=header.encode())
        pattern = rf"to=<{re.escape(to)}>.*status=(\w+)"
        status = wait_until("delivery", lambda: re.search(pattern, self.mail_log.read_text()[before:]))
        self.assertEqual(status.group(1), "sent", self.mail_log.read_text()[before:])

    def answers(self):
        """All that came into the mailbox, once the queue is empty."""
        wait_until("an empty queue", lambda: self.queue() == "")
        new = lab.mail / "new"
        found = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in new.iterdir()] if new.is_dir() else []
        for path in list(new.iterdir()) if new.is_dir() else []:
            path.unlink()
        return found

    @staticmethod
    def queue():
        return subprocess.run(["postqueue", "-c", lab.folder / "postfix", "-j"], check=True, capture_output=True, text=True).stdout

    def assert_one_answer(self, own="test@reflect.test", to="joe@one.example"):
        answers = self.answers()
        self.assertEqual(len(answers), 1, answers)
        answer = answers[0]
        self.assertEqual((answer["From"], answer["To"], answer["Return-Path"]), (own, to, "<>"))
        self.assertEqual((answer["Auto-Submitted"], answer["In-Reply-To"], answer["References"]), ("auto-replied", "<m1@one.example>", "<m1@one.example>"))
        self.assertEqual((answer.get_content_type(), answer.get_content_charset()), ("text/plain", "utf-8"))
        return re.sub(r"\s+", " ", answer.get_content())


class Answered(Base):
    def test_author_gets_one_answer_with_the_finding_and_none_within_the_hour(self):
        self.send()
        text = self.assert_one_answer()
        reference = re.search(r"whose reference is (\S+)\.", text).group(1)
        self.assertEqual([record["recipients"] for record in running.records() if record["id"] == reference], [1])
        self.assertIn("It came from 198.51.100.54, which introduced itself (HELO/EHLO) as \"mail.one.example\"", text)
        self.assertIn("What was found", text)
        self.assertIn("\u2713 SPF pass", text)
        self.assertIn("What large receivers ask for", text)
        self.assertRegex(text, r"\u2713 SPF passes \(Gmail\*, .*?\): met\.")
        self.assertRegex(text, r"\u2717 DKIM passes \(Gmail\*, .*?\): not met\.")
        self.assertNotIn("nsubscribe", text)
        self.send()
        self.assertEqual(self.answers(), [])
        self.send(author="Joe <JOE@One.example>")
        self.assertEqual(self.answers(), [])

    def test_alias_of_local_finds_the_queue_id_by_itself(self):
        self.send(to="test@alias.test")
        self.assert_one_answer(own="test@alias.test")

    def test_record_is_told_and_not_what_the_header_claims(self):
        self.send(fields=("Authentication-Results: mx.lab.test; dkim=pass header.d=forged.example", "X-Heloscope: id=20260101T000000Z-000000000000"))
        self.assertNotIn("forged", self.assert_one_answer())


class Silent(Base):
    def assert_silent(self, reason, **mail):
        before = len(self.log())
        self.send(**mail)
        answers = self.answers()
        self.forget()
        self.assertEqual(answers, [])
        self.assertIn(f"is not answered: {reason}", self.log()[before:])

    @staticmethod
    def log():
        return (lab.folder / "reflect.log").read_text()

    def test_forged_authors_get_nothing(self):
        for mail in (
            {"client": STRANGER},
            {"client": STRANGER, "sender": "x@other.example"},
            {"client": STRANGER, "sender": "x@other.example", "fields": ("Authentication-Results: mx.lab.test; spf=pass smtp.mailfrom=one.example; dmarc=pass",)},
            {"sender": "joe@one.example", "author": "joe@other.example"},
        ):
            with self.subTest(mail):
                self.assert_silent(UNAUTHENTICATED, **mail)
        self.assert_silent("it has no Authentication-Results field of this filter", client="127.0.0.1")  # trusted: nothing was looked up

    def test_queue_id_of_another_message_helps_no_forger(self):
        self.send(to="joe@one.example")
        lab.take_messages()
        queue_id = next(record["queue-id"] for record in reversed(running.records()) if record["sender"] == "joe@one.example")
        self.assert_silent(UNAUTHENTICATED, to="test@alias.test", client=STRANGER, sender="x@other.example",
                           fields=(f"Received: from mail.one.example\r\n\tby mx.lab.test (Postfix) with ESMTP id {queue_id}\r\n\tfor <test@alias.test>; now",))

    def test_several_authors_and_unanswerable_ones_get_nothing(self):
        for reason, author in (
            ("From does not name exactly one author", "a@one.example, b@one.example"),
            ("the address of its author has a form that is not answered", '"a b"@one.example'),
            ("the address of its author is that of a program or a role", "postmaster@one.example"),
            ("the address of its author is that of a program or a role", "no-reply@one.example"),
            ("its author is this test address", "test@reflect.test"),
        ):
            with self.subTest(author):
                self.assert_silent(reason, author=author, sender="joe@one.example")
        self.assert_silent("From does not name exactly one author", fields=("From: eve@one.example",))

    def test_null_sender_lists_programs_and_bounces_get_nothing(self):
        self.assert_silent("its sender is null", sender="")
        for reason, field in (
            ("a program has sent it", "Auto-Submitted: auto-generated"),
            ("it is bulk mail", "Precedence: bulk"),
            ("it has a field of mailing lists", "List-Id: <l.one.example>"),
            ("it has a field of mailing lists", "List-Unsubscribe: <https://one.example/>"),
            ("it is a bounce or another report", "Content-Type: multipart/report; boundary=x"),
            ("it has a field that asks for no automatic answer", "X-Loop: x"),
        ):
            with self.subTest(field):
                self.assert_silent(reason, fields=(field,))

    def test_two_test_addresses_do_not_answer_each_other(self):
        self.send(author="test@facing.example")
        self.assertEqual(self.answers(), [])
        log = self.mail_log.read_text()
        self.assertEqual(len(re.findall(r"to=<test@facing\.example>.*status=sent", log)), 1, log)

    def test_per_hour_is_of_all_authors(self):
        self.send(author="a@one.example")
        self.assertEqual(len(self.answers()), 1)
        lines = (lab.folder / "reflect/reflect").read_text().splitlines()
        now = int(time.time())
        (lab.folder / "reflect/reflect").write_text("\n".join([lines[0], *(f"{now} {number:016x}" for number in range(60))]) + "\n")
        self.assert_silent("the answers of an hour are used up", author="b@one.example")


class Command(Base):
    """Without a mail server."""

    SEEN = b"Authentication-Results: mx.lab.test; none\r\nFrom: joe@one.example\r\n\r\n"

    def record(self):
        """The record of a message that may be answered."""
        self.send(to="joe@one.example")
        lab.take_messages()
        return running.last_record()

    @staticmethod
    def taker():
        """A program that takes what is sent."""
        path = lab.folder / "taker"
        path.write_text("#!/bin/sh\ncat >/dev/null\n")
        path.chmod(0o755)
        return path

    def reflect(self, *words, message=b"From: joe@one.example\r\n\r\n"):
        return subprocess.run([lab.builddir / "milter/heloscope", "reflect", "--stderr", *map(str, words)], input=message, capture_output=True, timeout=60)

    def test_status_is_that_of_sysexits(self):
        good = ("--from", "test@reflect.test", "-c", running.config)
        missing = ("--from", "test@reflect.test", "-c", lab.folder / "missing.conf")
        for status, words in ((64, ()), (64, ("--from", "x")), (64, ("--from", "a@b.test\nBcc: x@y.test")), (64, (*good, "--per-hour", "0")),
                              (64, (*good, "--unknown")), (75, missing), (0, good), (0, ("--help",))):
            with self.subTest(words):
                self.assertEqual(self.reflect(*words).returncode, status)

    def test_what_it_may_read_of_any_size_or_form_is_no_fault(self):
        good = ("--from", "test@reflect.test", "-c", running.config)
        for message in (b"", b"\0\xff\n", b"From x\n\nFrom y\n" + b"z" * 5000000, b"From: a@b.test\n" + b"X: " + b"y" * 3000000 + b"\n\n" + b"\0" * 5000000):
            done = self.reflect(*good, message=message)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"not answered", done.stderr)

    def test_faults_that_pass_are_tried_again_and_count_for_nothing(self):
        record = self.record()
        good = ("--from", "test@reflect.test", "-c", running.config, "--queue-id", record["queue-id"], "--state", lab.folder / "reflect/own")
        for words in (("--sendmail", "/nonexistent"), ("--sendmail", "/bin/false"), ("--log", "/nonexistent/records")):
            with self.subTest(words):
                done = self.reflect(*good, *words, message=self.SEEN)
                self.assertEqual(done.returncode, 75, done.stderr)
        done = self.reflect(*good, "--sendmail", self.taker(), message=self.SEEN)
        self.assertEqual(done.returncode, 0)
        self.assertIn(f"is answered, reference {record['id']}".encode(), done.stderr)
        self.assertNotIn("joe", json.dumps((lab.folder / "reflect/own").read_text()))

    def test_one_of_many_at_a_time_answers(self):
        words = ("--from", "test@reflect.test", "-c", running.config, "--queue-id", self.record()["queue-id"], "--state", lab.folder / "reflect/own",
                 "--sendmail", self.taker())
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda _: self.reflect(*words, message=self.SEEN), range(8)))
        self.assertEqual([one.returncode for one in done], [0] * 8)
        self.assertEqual(sum(b"is answered" in one.stderr for one in done), 1)
        self.assertEqual(sum(b"answered within the last hour" in one.stderr for one in done), 7)

    def test_last_record_of_a_queue_id_counts_and_none_of_days_ago(self):
        record = self.record()
        log = lab.folder / "reflect/log.jsonl"
        line = next(line for line in running.records_path.read_text().splitlines() if record["id"] in line)
        old = line.replace(record["id"], "20260101T000000Z-000000000000")
        earlier = line.replace(record["id"][-12:], "0" * 12).replace("joe@one.example", "eve@other.example").replace("one.example", "other.example")
        words = ("--from", "test@reflect.test", "-c", running.config, "--queue-id", record["queue-id"], "--state", lab.folder / "reflect/own",
                 "--sendmail", self.taker(), "--log", log)
        for lines, said in (([old], "has no record of it"), ([earlier], "not the one that was recorded"), ([old, earlier, line], record["id"])):
            with self.subTest(said):
                log.write_text("".join(f"{text}\n" for text in lines))
                self.assertIn(said, self.reflect(*words, message=self.SEEN).stderr.decode())


if __name__ == "__main__":
    unittest.main(verbosity=2)
