"""heloscope why: the catalogue as it is shipped, and what is made of bounces, logs and reports."""
import gzip
import json
import os
import pathlib
import pty
import re
import select
import socket
import subprocess
import tempfile
import time
import unittest

from asked import BUILT, CATALOGUE, DEADLINE_S, SCHEMA, SOURCES, first_of_each, refusals_in, why
from dns_server import DnsServer, answering
from lab import free_port
from scenario import RSA_2048, txt

TRAPS = SOURCES / "tests/integration/refusal_traps.tsv"
VARIANTS = SOURCES / "tests/integration/refusals.tsv"


class Catalogue(unittest.TestCase):
    def test_every_entry_recognizes_its_example_and_no_other_does_better(self):
        done = subprocess.run([BUILT, "why", "-t", "-c", CATALOGUE], capture_output=True, text=True, timeout=DEADLINE_S)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_every_entry_has_an_example(self):
        entries = re.split(r"^(?=refusal|frame|operator|#)", CATALOGUE.read_text(), flags=re.M)
        refusals = [entry for entry in entries if entry.startswith("refusal")]
        self.assertGreater(len(refusals), 600)
        self.assertEqual([entry.split('"')[1] for entry in refusals if "\n    example " not in entry], [])

    def test_no_entry_of_it_overrules_another(self):
        names = re.findall(r'^(?:refusal|frame) "([^"]*)"', CATALOGUE.read_text(), re.M)
        self.assertEqual(len(names), len(set(names)), sorted(name for name in set(names) if names.count(name) > 1))

    def test_a_file_of_ones_own_adds_to_it_and_overrules(self):
        with tempfile.TemporaryDirectory() as scratch:
            own = pathlib.Path(scratch) / "own.conf"
            own.write_text(f'include "{CATALOGUE}"\n'
                           'operator "Ours" { servers { "*.ours.test" } }\n'
                           'refusal "ours" {\n'
                           '    operator "Ours" sign "[OURS-17]"\n'
                           '    category policy party receiver permanent no\n'
                           '    meaning "It is " "Friday." remedy "Wait."\n'
                           '    example "550 [OURS-17]"\n'
                           '}\n')
            self.assertEqual(why("", "-t", catalogue=own)[0], 0)
            told = refusals_in("host mx.ours.test[192.0.2.1] said: 550 5.7.1 no [ours-17]", catalogue=own)[0]
            self.assertEqual([told[key] for key in ("operator", "entry", "meaning", "is-permanent", "server")],
                             ["Ours", "ours", "It is Friday.", False, "mx.ours.test"])

    def test_the_example_of_the_manual_is_right(self):
        """What somebody copies from heloscope-refusals(5) is in order, and recognizes its own reply."""
        manual = (SOURCES / "milter/heloscope-refusals.5").read_text()
        example = re.search(r"(?ms)^\.Bd -literal -offset indent\n(.*?)^\.Ed", manual)[1]
        with tempfile.TemporaryDirectory() as scratch:
            own = pathlib.Path(scratch) / "mine.conf"
            own.write_text(example.replace('"refusals.conf"', f'"{CATALOGUE}"'))
            self.assertEqual(why("", "-t", catalogue=own), (0, "", ""))
            told = refusals_in("host mx.partner.example[192.0.2.1] said: 552 larger than we take", catalogue=own)[0]
            self.assertEqual((told["operator"], told["entry"]), ("Partner", "partner-size"))

    def test_what_is_wrong_in_it_is_told_with_its_place(self):
        with tempfile.TemporaryDirectory() as scratch:
            own = pathlib.Path(scratch) / "own.conf"
            own.write_text('refusal "a" {\n  txet "x"\n}\n')
            for words, status in ((("-t",), 1), ((), 3)):
                done = why("550 x", *words, catalogue=own)
                self.assertEqual(done[:2], (status, ""))
                self.assertIn(f'{own}:2:3: found "txet"; did you mean "text"?', done[2])


class Wordings(unittest.TestCase):
    def test_replies_in_other_wordings_are_told_apart(self):
        rows = [line.split("\t") for line in VARIANTS.read_text().splitlines() if not line.startswith("#")]
        wrong = []
        for (category, operator, text), mine in zip(rows, first_of_each([row[2] for row in rows])):
            if mine["category"] not in category.split("|") or (operator and mine["operator"] not in operator.split("|")):
                wrong.append(f"{mine}, not {operator}, {category}: {text[:150]}")
        self.assertLessEqual(len(wrong), 0.02 * len(rows), "\n".join(wrong))


    def test_words_of_other_refusals_mislead_nobody(self):
        rows = [line.split("\t") for line in TRAPS.read_text().splitlines() if not line.startswith("#")]
        wrong = [f"{mine['entry']}, {mine['category']}, not {categories}: {text}"
                 for (categories, text), mine in zip(rows, first_of_each([row[1] for row in rows]))
                 if mine["category"] not in ("unknown", *categories.split("|"))]
        self.assertEqual(wrong, [])


class Input(unittest.TestCase):
    def test_the_status_says_whether_all_is_known(self):
        self.assertEqual(why("550 5.1.1 <x@p.example>: Recipient address rejected: User unknown in local recipient table")[0], 0)
        self.assertEqual(why("550 qwertzuiop")[0], 1)
        status, out, err = why("\n \n")
        self.assertEqual((status, out, err), (3, "No refusal was found.\n", ""))
        self.assertEqual(why("", "--json")[:2], (3, '{"refusals": [], "comparison": null, "reports": []}\n'))
        self.assertEqual(why("", "--nonsense")[0], 2)
        self.assertEqual(why("", "-t", "x")[0], 2)
        for ignored in (("--html", "x"), ("--ip", "198.51.100.7"), ("--from", "p.example"), ("--helo", "mail.p.example"), ("--config", "x")):
            self.assertEqual(why("", "-t", *ignored)[0], 2, ignored)

    def test_words_without_a_code_are_told_of_a_recipient(self):
        told = refusals_in("<u@p.example>: there is no user whose name is that one")[0]
        self.assertEqual([told[key] for key in ("category", "entry", "code")], ["mailbox-unknown", None, None])
        for text in ("there is no user whose name is that one", "<u>: there is no user whose name is that one",
                     "<u@p.example>: hello", "see u@p.example: there is no user whose name is that one"):
            self.assertEqual(why(text + "\n", "--json")[0], 3, text)

    def test_what_is_no_refusal_is_told_so(self):
        for text, reason in (("# A program\n\nThis program sorts pictures by colour.\n\n## Building\n\nRun make.\n", "there is no refusal in it"),
                             ("go away\n", "there is no refusal in it"), (b"%PDF-1.7\n550 0 obj\n", "it is not text")):
            status, out, err = why(text)
            self.assertEqual((status, out), (3, ""))
            self.assertTrue(err.startswith(f"heloscope why: standard input: {reason}; expected a bounce, a mail log, "), err)
            self.assertTrue(err.endswith("such as 550 5.7.1\n"), err)
        told = refusals_in("Hello,\n\nour mail comes back:\n\n550 5.1.1 User unknown\n\nWhat can we do?\n")
        self.assertEqual([refusal["category"] for refusal in told], ["mailbox-unknown"])

    def test_text_of_windows_is_read(self):
        for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"):
            mark = "\ufeff" if encoding.startswith("utf-16-") else ""
            told = refusals_in((mark + "550 5.1.1 User unknown\r\n").encode(encoding))
            self.assertEqual([(refusal["code"], refusal["reply"]) for refusal in told], [("550 5.1.1", "550 5.1.1 User unknown\r")])

    def test_what_cannot_be_read_is_told_and_the_rest_is_read(self):
        with tempfile.TemporaryDirectory() as scratch:
            good = pathlib.Path(scratch) / "good"
            good.write_text("550 qwertzuiop\n")
            status, out, err = why("", str(pathlib.Path(scratch) / "none"), scratch, str(good))
            self.assertEqual(status, 3)
            self.assertIn("2 such refusals", out)  # in the directory, too
            self.assertIn("none: No such file or directory\n", err)

    def test_reports_of_receivers_are_added_up(self):
        seeds = SOURCES / "tests/fuzz/seeds"
        dmarc, tls = str(seeds / "aggregate/rfc7489"), str(seeds / "tls_report/rfc8460")
        status, out, err = why("", "--json", dmarc, dmarc, tls)
        self.assertEqual((status, err), (1, ""))
        answer = json.loads(out)
        SCHEMA.validate(answer)
        self.assertEqual([(row["kind"], row["domain"]) for row in answer["reports"]], [("dmarc", "a.example"), ("tls", "a.example")])
        self.assertEqual([(row["address"], row["owner"], row["messages"], row["passed"]) for row in answer["reports"][0]["sources"]],
                         [("192.0.2.7", "yours", 12, 12), ("2001:db8::7", "unknown", 3, 0)])
        status, out, _ = why("", dmarc, tls)
        self.assertEqual(status, 1)
        for words in ("15 messages: 12 pass DMARC, 3 do not.", "add ip6:2001:db8::7 to the SPF record (TXT at", "certificate has\n    expired"):
            self.assertIn(words, out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_since_leaves_out_reports_whose_period_ended_before(self):
        seeds = SOURCES / "tests/fuzz/seeds"  # which end with 2026-11-24
        files = [str(seeds / name) for name in ("aggregate/rfc7489", "tls_report/rfc8460")]
        for since, kinds in (("2026-11-24T23:59:59Z", ["dmarc", "tls"]), ("2026-11-25T00:00:00Z", [])):
            told = json.loads(why("", "--json", "--since", since, *files)[1])
            self.assertEqual([row["kind"] for row in told["reports"]], kinds, since)
        undated = re.sub(r"<date_range>.*</date_range>", "", (seeds / "aggregate/rfc7489").read_text())
        self.assertEqual(len(json.loads(why(undated, "--json", "--since", "2026-11-25T00:00:00Z")[1])["reports"]), 1)

    def test_a_bounce_is_read_in_whatever_it_comes(self):
        bounce = (SOURCES / "tests/fuzz/seeds/bounce/postfix").read_bytes()
        with tempfile.TemporaryDirectory() as scratch:
            maildir = pathlib.Path(scratch)
            (maildir / "cur").mkdir()
            (maildir / "new").mkdir()
            (maildir / "cur/1:2,S").write_bytes(bounce)
            (maildir / "mbox.gz").write_bytes(gzip.compress((b"From x Tue Nov 24 10:00:00 2026\n" + bounce + b"\n") * 2))
            for data, words, times in ((bounce, (), 1), (b"", (scratch,), 1), (b"", (str(maildir / "mbox.gz"),), 2)):
                told = json.loads(why(data, "--json", *words)[1])["refusals"]
                self.assertEqual([(row["sender"], row["recipient"], row["server"], row["status"]) for row in told],
                                 [("anna@a.example", "bob@b.example", "mx.b.example", "refused"),
                                  ("anna@a.example", "carl@c.example", "mx.c.example", "expired")] * times)

    def test_what_the_sending_server_gave_up_has_to_be_sent_again(self):
        """So it is said wherever a remedy is: to people, to programs and on the page; of a kind of which some waits, too."""
        again = "Then send the mail again, since the sending server does not try again."
        bounce = (SOURCES / "tests/fuzz/seeds/bounce/postfix").read_bytes()
        told = json.loads(why(bounce, "--json")[1])["refusals"]
        self.assertEqual([row["remedy"].endswith(again) for row in told], [row["status"] == "expired" for row in told])
        deferred = "delay=1, delays=1/0/0/0, dsn=4.2.0, status=deferred (host mx.b.test[192.0.2.2] said: 450 4.2.0 <bob@b.test>: Greylisted (in reply to RCPT TO command))"
        lines = []
        for number in range(3):
            head = f"2026-11-20T0{number}:00:00+00:00 mail postfix"
            lines += [f"{head}/qmgr[9]: 4ABCD00009: from=<anna@a.example>, size=9, nrcpt=1 (queue active)", f"{head}/smtp[10]: 4ABCD00009: to=<bob@b.test>, relay=mx.b.test[192.0.2.2]:25, {deferred}"]
        waiting = "\n".join(lines) + "\n"
        given_up = waiting + "2026-11-25T00:00:00+00:00 mail postfix/qmgr[9]: 4ABCD00009: from=<anna@a.example>, status=expired, returned to sender\n"
        with tempfile.TemporaryDirectory() as scratch:
            page = pathlib.Path(scratch) / "page.html"
            for log, times in ((waiting, 0), (given_up, 1)):
                out = why(log, "--html", str(page))[1]
                self.assertEqual(" ".join(out.split()).count(again), times, out)
                self.assertEqual(page.read_text().count(again), 2 * times)  # of the refusals, and of the domain that has them
                told = json.loads(why(log, "--json")[1])
                self.assertEqual([row["reason"]["remedy"].endswith(again) for row in told["comparison"]["domains"]], [times == 1])

    def test_a_notice_is_one_bounce_and_no_text_of_several(self):
        notice = ("This is the mail system at host mail.a.example.\n\nI'm sorry to have to inform you that your message could not\n"
                  "be delivered to one or more recipients.\n\n<user@p.example>: host mx.p.example[192.0.2.1] said: 550 5.1.1\n"
                  "    <user@p.example>: Recipient address rejected: User unknown (in reply to\n    RCPT TO command)\n")
        self.assertEqual([(refusal["server"], refusal["recipient"], refusal["category"], refusal["stage"]) for refusal in refusals_in(notice)],
                         [("mx.p.example", "user@p.example", "mailbox-unknown", "rcpt")])

    def test_what_comes_often_is_told_once(self):
        out = why("550 5.1.1 User unknown\n" * 40 + "552 5.2.2 Mailbox full\n" + "550 5.1.1 User unknown\n")[1]
        self.assertEqual((out.count("The reply:"), out.count("First reply:")), (1, 1))
        self.assertIn("How often:     41 such refusals\n", out)
        self.assertLess(out.index("41 such"), out.index("Mailbox full"))

    def test_hostile_text_stays_text(self):
        reply = b"550 \x1b[2J\x07\x00\xe2\x80\xae\xff nasty\x85 \"quoted\" \\x41"
        for words in ((), ("--json",)):
            status, out, _ = why(reply, *words)
            self.assertEqual(status, 1)
            self.assertRegex(out, r"\A[\n -~]*\Z")

    def test_much_text_costs_little(self):
        status, out, _ = why(b"550 " + b"x" * 10_000_000 + b"\n" + b"550-a\n" * 1_000_000)
        self.assertEqual(status, 1)
        self.assertEqual(out.count("The reply:"), 2)
        self.assertLess(len(out), 5000)

    def test_text_for_people_is_eighty_columns_wide_and_begins_with_the_answer(self):
        status, out, _ = why("host gmail-smtp-in.l.google.com[192.0.2.1] said: 550-5.7.26 The MAIL FROM domain [p.example] has an SPF "
                             "record with a 550-5.7.26 hard fail policy (-all) but it fails to pass SPF checks with the ip: 550-5.7.26 "
                             "[192.0.2.10]. 550 5.7.26 https://support.google.com/mail/answer/81126 - gsmtp (in reply to end of DATA command)")
        self.assertEqual(status, 0)
        self.assertTrue(out.startswith("Gmail/Google Workspace (gmail-smtp-in.l.google.com) refused this mail\n  permanently.\n"), out)
        self.assertLessEqual(max(map(len, out.splitlines())), 80)
        self.assertIn("SPF record", out)


ADDRESS = "198.51.100.9"
BOUND_CLAIM_EXAMS = 50
SPF_REPLY = ("550-5.7.26 The MAIL FROM domain [p.example] has an SPF record with a 550-5.7.26 hard fail policy (-all) but it fails to pass "
             f"SPF checks with the ip: 550-5.7.26 [{ADDRESS}]. 550 5.7.26 https://support.google.com/mail/answer/81126 - gsmtp")
PTR_REPLY = f"550-5.7.25 [{ADDRESS}] This sending address does not have a 550 5.7.25 PTR record"

# What the DNS has of a domain that others refuse: what they say of it is so.
BROKEN = {
    "p.example MX": ["10 out.p.example."],
    "out.p.example A": [ADDRESS],
    "p.example TXT": ['"v=spf1 ip4:192.0.2.1 -all"'],
}
MENDED = {**BROKEN, "p.example TXT": [f'"v=spf1 ip4:192.0.2.1 ip4:{ADDRESS} -all"'], "9.100.51.198.in-addr.arpa PTR": ["out.p.example."],
          "_dmarc.p.example TXT": ['"v=DMARC1; p=reject; rua=mailto:dmarc@p.example"']}


def log_of_three(last=()):
    """Three domains on one server, of which a receiver refuses one; behind them what came `last`."""
    lines = []
    for number, (domain, hour) in enumerate([("good", 8), ("bad", 9), ("fine", 10), ("bad", 11), *last]):
        stamp, queue_id = f"2026-11-20T{hour:02}:00:00+00:00 mail", f"4ABCD{number:05}"
        answer = "status=sent (250 2.0.0 OK)" if domain != "bad" or hour > 11 else (
            "status=bounced (host aspmx.l.google.com[192.0.2.1] said: 550-5.7.26 Your email has been blocked because the sender is "
            "unauthenticated. 550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM. (in reply to end of "
            "DATA command))")
        lines += [f"{stamp} postfix/qmgr[9]: {queue_id}: from=<anna@{domain}.example>, size=9, nrcpt=1 (queue active)",
                  f"{stamp} postfix/smtp[10]: {queue_id}: to=<bob@hosted{number}.example>, relay=aspmx.l.google.com[192.0.2.1]:25, "
                  f"delay=1, delays=1/0/0/0, dsn=5.7.26, {answer}",
                  f"{stamp} postfix/qmgr[9]: {queue_id}: removed"]
    return "\n".join(lines) + "\n"


class Claim(unittest.TestCase):
    """What a refusal says, against what the DNS says now."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.scratch = tempfile.TemporaryDirectory()
        cls.config = pathlib.Path(cls.scratch.name) / "heloscope.conf"

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def ask(self, text, *words, world=None, config=""):
        """Standard output, and how many questions the DNS was asked."""
        self.config.write_text(f"resolver {{ servers 127.0.0.1@{self.port} timeout 8s }}\n{config}")
        with DnsServer(self.port, answering(BROKEN if world is None else world)) as server:
            done = subprocess.run([BUILT, "why", "-c", CATALOGUE, *words], input=text.encode(), capture_output=True, timeout=DEADLINE_S,
                                  env={**os.environ, "LC_ALL": "C.UTF-8"})
            self.assertEqual(done.stderr, b"")
            return done.stdout.decode(), server.questions()

    def tell(self, text, *words, **options):
        """(claim, finding, records) of each refusal."""
        told = json.loads(self.ask(text, "--config", str(self.config), "--json", *words, **options)[0])
        SCHEMA.validate(told)
        return [(row["claim"], row["finding"], [" ".join(record[key] for key in ("name", "type", "value")) for record in row["records"]])
                for row in told["refusals"]]

    def test_SPF_is_confirmed_with_the_record_to_publish_and_not_once_that_is_there(self):
        (claim, finding, records), = self.tell(SPF_REPLY, "--ip", ADDRESS)
        self.assertEqual((claim, records), ("confirmed", [f'p.example. TXT "v=spf1 ip4:{ADDRESS} ip4:192.0.2.1 -all"']))
        self.assertEqual(finding, f'Mail from {ADDRESS} gets spf=fail, by "-all". Publish the record below in place of the one that is there.')
        world = {**BROKEN, "p.example TXT": [records[0].split(" ", 2)[2]]}
        self.assertEqual(self.tell(SPF_REPLY, "--ip", ADDRESS, world=world), [
            ("not-confirmed", f'SPF passes now for mail of p.example from {ADDRESS}. The DNS says: p.example TXT v=spf1 ip4:{ADDRESS} '
             'ip4:192.0.2.1 -all', [])])

    def test_reverse_DNS_is_confirmed_with_the_record_to_publish_and_not_once_that_is_there(self):
        (claim, finding, records), = self.tell(PTR_REPLY, "--from", "anna@p.example", "--ip", ADDRESS)
        self.assertEqual((claim, records), ("confirmed", ["9.100.51.198.in-addr.arpa. PTR out.p.example."]))
        self.assertIn(f"{ADDRESS} has no reverse DNS (PTR) record.", finding)
        self.assertEqual(self.tell(PTR_REPLY, "--ip", ADDRESS)[0][::2], ("confirmed", []))  # nobody says what its name is
        self.assertEqual(self.tell(PTR_REPLY, world=MENDED), [
            ("not-confirmed", f"{ADDRESS} has a reverse DNS (PTR) record now, and its name resolves to it. The DNS says: "
             "9.100.51.198.in-addr.arpa PTR out.p.example", [])])

    def test_who_writes_a_reply_gets_no_address_into_a_record(self):
        hint = f"Only the reply names {ADDRESS}: if it is an address of yours, give it with --ip to be told what to change."
        for reply, what in ((SPF_REPLY, f'Mail from {ADDRESS} gets spf=fail, by "-all".'),
                            (PTR_REPLY, f"{ADDRESS} has no reverse DNS (PTR) record.")):
            self.assertEqual(self.tell(reply, "--from", "anna@p.example"), [("confirmed", f"{what} {hint}", [])])
        without = {**BROKEN, "p.example TXT": ['"v=spf1 ipv4:192.0.2.1 -all"']}  # what is mended is not extended by it, either
        self.assertEqual(self.tell(SPF_REPLY, world=without), [
            ("confirmed", f'The SPF record has an error at "ipv4:192.0.2.1": an unknown mechanism. {hint}', [])])
        self.assertEqual(self.tell(SPF_REPLY, world={**BROKEN, "p.example TXT": []}), [("confirmed", f"There is no SPF record. {hint}", [])])
        (_, finding, records), = self.tell(SPF_REPLY, "--ip", "198.51.100.7")
        self.assertTrue(finding.startswith("Mail from 198.51.100.7 gets spf=fail"), finding)
        self.assertEqual(records, ['p.example. TXT "v=spf1 ip4:198.51.100.7 ip4:192.0.2.1 -all"'])

    def log_of(self, refusals):
        """Of a Postfix that sends from several addresses: (sender, address, reply)."""
        lines = []
        for number, (sender, address, reply) in enumerate(refusals):
            stamp, queue_id = f"2026-11-20T09:{number:02}:00+00:00 mail postfix-{address}", f"4ABCD{number:05}"
            lines += [f"{stamp}/qmgr[9]: {queue_id}: from=<{sender}>, size=9, nrcpt=1 (queue active)",
                      f"{stamp}/smtp[10]: {queue_id}: to=<bob@q.example>, relay=aspmx.l.google.com[192.0.2.1]:25, delay=1, delays=1/0/0/0, "
                      f"dsn=5.7.26, status=bounced (host aspmx.l.google.com[192.0.2.1] said: {reply} (in reply to end of DATA command))"]
        return "\n".join(lines) + "\n"

    def test_each_domain_of_a_kind_is_tested(self):
        world = {**BROKEN, "q.example MX": ["10 out.p.example."], "q.example TXT": ['"v=spf1 ip4:198.51.100.0/24 -all"']}
        log = self.log_of([(sender, address, SPF_REPLY.replace(ADDRESS, address)) for sender, address in (
            ("a@q.example", "198.51.100.7"), ("a@p.example", "198.51.100.7"), ("b@p.example", "198.51.100.7"), ("a@p.example", "198.51.100.8"))])
        out, _ = self.ask(log, "--config", str(self.config), world=world)
        self.assertEqual(out.count("First reply:"), 1)
        told = " ".join(out[out.index("  In the DNS:"):].split())
        self.assertEqual(told, 'In the DNS: q.example from 198.51.100.7 (1 refusal): The reason that was given is no longer true. SPF passes now for mail of q.example from '
                         '198.51.100.7. The DNS says: q.example TXT v=spf1 ip4:198.51.100.0/24 -all '
                         'p.example from 198.51.100.7 (2 refusals): The reason that was given is still true. Mail from 198.51.100.7 gets spf=fail, by "-all". Publish the '
                         'record below in place of the one that is there. '
                         'Publish: p.example. TXT "v=spf1 ip4:198.51.100.7 ip4:192.0.2.1 -all" '
                         'p.example from 198.51.100.8 (1 refusal): The reason that was given is still true. Mail from 198.51.100.8 gets spf=fail, by "-all". Publish the '
                         'record below in place of the one that is there. '
                         'Publish: p.example. TXT "v=spf1 ip4:198.51.100.8 ip4:192.0.2.1 -all"')
        self.assertLessEqual(max(len(line) for line in out.splitlines() if "Publish:" not in line), 80)
        self.assertEqual([row[0] for row in self.tell(log, world=world)], ["not-confirmed", "confirmed", "confirmed", "confirmed"])

    def test_each_address_without_reverse_DNS_is_tested_whoever_sent_from_it(self):
        log = self.log_of([(sender, address, PTR_REPLY.replace(ADDRESS, address)) for sender, address in (
            ("a@p.example", "198.51.100.7"), ("a@q.example", "198.51.100.7"), ("a@p.example", "198.51.100.9"))])
        out, _ = self.ask(log, "--config", str(self.config))
        told = " ".join(out[out.index("  In the DNS:"):].split())
        self.assertTrue(told.startswith("In the DNS: 198.51.100.7 (2 refusals): The reason that was given is still true. 198.51.100.7 has no reverse DNS"), told)
        self.assertIn("198.51.100.9 (1 refusal): The reason that was given is still true. 198.51.100.9 has no reverse DNS", told)

    def test_what_is_not_tested_any_more_is_counted(self):
        log = self.log_of([(f"a@d{number}.example", "198.51.100.7", SPF_REPLY) for number in range(BOUND_CLAIM_EXAMS + 3)])
        out = " ".join(self.ask(log, "--config", str(self.config))[0].split())
        self.assertEqual(out.count("The reason that was given is still true."), BOUND_CLAIM_EXAMS)
        self.assertIn(f"d{BOUND_CLAIM_EXAMS}.example from 198.51.100.7 (1 refusal): Not tested. So many different domains", out)
        self.assertTrue(out.endswith("2 more are not tested, either."), out[-200:])

    def test_the_address_of_a_log_gets_a_record(self):
        log = self.log_of([("anna@p.example", "198.51.100.7", SPF_REPLY)])
        (claim, finding, records), = self.tell(log, "--ip", "198.51.100.8")
        self.assertEqual((claim, records), ("confirmed", ['p.example. TXT "v=spf1 ip4:198.51.100.7 ip4:192.0.2.1 -all"']), finding)

    def verdict(self, reply, *words, **options):
        (claim, finding, records), = self.tell(reply, *words, **options)
        return claim, finding, records

    def test_a_missing_DMARC_record_is_confirmed_with_the_record_and_not_once_it_is_there(self):
        reply = "550 5.7.40 The sending domain p.example doesn't have a DMARC record, or the DMARC record doesn't specify a policy - gsmtp"
        claim, finding, records = self.verdict(reply)
        self.assertEqual((claim, records), ("confirmed", ['_dmarc.p.example. TXT "v=DMARC1; p=none; rua=mailto:dmarc@p.example"']))
        self.assertTrue(finding.startswith("There is no DMARC record for this domain or any above it."), finding)
        self.assertEqual(self.verdict(reply, world=MENDED), (
            "not-confirmed", "There is a DMARC record for p.example now. The DNS says: _dmarc.p.example TXT v=DMARC1; p=reject; "
            "rua=mailto:dmarc@p.example", []))
        claim, finding, records = self.verdict(reply, world={**BROKEN, "_dmarc.p.example TXT": "servfail"})
        self.assertEqual((claim, records), ("not-testable", []))
        self.assertTrue(finding.endswith("Look at the TXT record at _dmarc.p.example."), finding)

    def test_what_fails_DMARC_is_tested_by_its_policy_and_by_SPF(self):
        reply = "550-5.7.26 Unauthenticated email from p.example is not accepted due to domain's DMARC policy. - gsmtp"
        policy = {"_dmarc.p.example TXT": ['"v=DMARC1; p=reject"']}
        claim, finding, records = self.verdict(reply, "--ip", ADDRESS, world={**BROKEN, **policy})
        self.assertEqual((claim, records), ("confirmed", [f'p.example. TXT "v=spf1 ip4:{ADDRESS} ip4:192.0.2.1 -all"']))
        self.assertTrue(finding.startswith(f"DMARC of p.example asks for SPF or DKIM to pass. Mail from {ADDRESS} gets spf=fail"), finding)
        claim, finding, _ = self.verdict(reply, "--ip", ADDRESS, world={**MENDED, **policy})
        self.assertEqual(claim, "not-confirmed")
        self.assertTrue(finding.startswith(f"SPF passes now for mail of p.example from {ADDRESS}, which is enough for DMARC where"), finding)
        claim, finding, _ = self.verdict(reply, "--ip", ADDRESS, world={**BROKEN, "_dmarc.p.example TXT": ['"v=DMARC1; p=none"']})
        self.assertEqual((claim, finding), ("not-confirmed", "The DMARC policy of p.example asks to refuse nothing now. The DNS says: "
                                            "_dmarc.p.example TXT v=DMARC1; p=none"))
        claim, finding, _ = self.verdict(reply, world={**BROKEN, **policy})
        self.assertEqual((claim, "give it with --ip" in finding), ("not-testable", True))

    def test_DMARC_is_of_the_author_whom_the_reply_names_and_SPF_of_the_sender(self):
        reply = "550-5.7.26 Unauthenticated email from a.example is not accepted due to domain's DMARC policy. - gsmtp"
        world = {**MENDED, "_dmarc.a.example TXT": ['"v=DMARC1; p=reject"'], "a.example MX": ["10 out.p.example."]}
        (claim, finding, records), = self.tell(self.log_of([("x@p.example", ADDRESS, reply)]), world=world)
        self.assertEqual((claim, records), ("confirmed", []))
        self.assertTrue(finding.startswith("DMARC of a.example asks for SPF or DKIM to pass. SPF passes now for mail of p.example from "
                                           f"{ADDRESS}, but that does not count: p.example does not align with a.example"), finding)
        self.assertTrue(finding.endswith("or sign them with DKIM for a.example (d=a.example)."), finding)
        (claim, finding, records), = self.tell(self.log_of([("x@p.example", ADDRESS, reply)]), world={**world, "p.example TXT": BROKEN["p.example TXT"]})
        self.assertEqual((claim, records), ("confirmed", []))  # a record of p.example would change nothing
        self.assertIn("p.example does not align with a.example", finding)

    def test_a_domain_that_only_the_reply_names_gets_no_record(self):
        reply = "550 5.7.40 The sending domain a.example doesn't have a DMARC record, or the DMARC record doesn't specify a policy - gsmtp"
        log, world = self.log_of([("x@p.example", ADDRESS, reply)]), {**MENDED, "a.example MX": ["10 out.p.example."]}
        (claim, finding, records), = self.tell(log, world=world)
        self.assertEqual((claim, records), ("confirmed", []))
        self.assertTrue(finding.endswith("Only the reply names a.example: if it is a domain of yours, give it with --from to be told what to "
                                         "change."), finding)
        record = ['_dmarc.a.example. TXT "v=DMARC1; p=none; rua=mailto:dmarc@a.example"']
        self.assertEqual(self.tell(log, "--from", "a.example", world=world)[0][2], record)
        self.assertEqual(self.tell(log.replace("x@p.example", "x@out.a.example"), world=world)[0][2], record)  # of the same organization

    def test_a_key_of_DKIM_that_the_reply_names_is_tested(self):
        reply = "550-5.7.20 The key for the DKIM signature of p.example was not found: there is no TXT record at k1._domainkey.p.example."
        key = "k1._domainkey.p.example TXT"
        for records, claim, finding in (
                ([], "confirmed", "There is no key at k1._domainkey.p.example. Publish the TXT record that your signing software wrote"),
                (['"v=DKIM1; p="'], "confirmed", "The key at k1._domainkey.p.example is empty, which says that it was revoked."),
                ([txt(f"v=DKIM1; k=rsa; p={RSA_2048}")], "not-confirmed", "The key at k1._domainkey.p.example can be used now. The DNS says: "
                 "k1._domainkey.p.example TXT v=DKIM1"),
                ("servfail", "not-testable", "k1._domainkey.p.example cannot be looked up")):
            told = self.verdict(reply, world={**BROKEN, key: records})
            self.assertEqual((told[0], told[2]), (claim, []))
            self.assertTrue(told[1].startswith(finding), told[1])
        told = self.verdict("550 5.7.1 DKIM verification failed", "--from", "anna@p.example")
        self.assertEqual(told[0], "not-testable")
        self.assertTrue(told[1].startswith("The reply does not name the key of the signature. Store a message"), told[1])
        told = self.verdict(reply.replace("k1._domainkey.p", "k1._domainkey.q"), "--from", "anna@p.example")  # whose key is that?
        self.assertEqual(told[0], "not-testable")

    def test_a_HELO_name_is_tested_and_one_of_the_reply_gets_no_record(self):
        reply = "450 4.7.1 <mail.p.example>: Helo command rejected: Host not found"
        told = self.verdict(reply, "--ip", ADDRESS, "--helo", "mail.p.example")
        self.assertEqual((told[0], told[2]), ("confirmed", [f"mail.p.example. A {ADDRESS}"]))
        told = self.verdict(reply, "--ip", ADDRESS)
        self.assertEqual((told[0], told[2]), ("confirmed", []))
        self.assertTrue(told[1].endswith("Only the reply names mail.p.example: if it is the name that your server gives, give it with --helo to "
                                         "be told what to change."), told[1])
        told = self.verdict("504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", "--ip", ADDRESS)
        self.assertEqual((told[0], told[2]), ("confirmed", []))
        self.assertIn("Set the HELO name to the host's full name (Postfix: smtp_helo_name", told[1])
        well = {**MENDED, "mail.p.example A": [ADDRESS]}
        told = self.verdict(reply, "--ip", ADDRESS, world=well)
        self.assertEqual(told[:1], ("not-confirmed",))
        self.assertTrue(told[1].startswith(f"The HELO name mail.p.example resolves to {ADDRESS} or is its reverse DNS name."), told[1])
        told = self.verdict(reply.replace("Host not found", "Access denied"), "--ip", ADDRESS, world=well)  # the DNS cannot say no to this
        self.assertEqual(told[0], "not-testable")
        self.assertEqual(self.verdict(reply)[:1], ("not-testable",))

    def test_a_name_of_a_reply_gets_into_no_PTR_record(self):
        reply = PTR_REPLY + " introduced itself (helo/ehlo) as mail.other.example"
        world = {**BROKEN, "mail.other.example A": [ADDRESS]}
        self.assertEqual(self.verdict(reply, "--ip", ADDRESS, world=world)[2], [])
        self.assertEqual(self.verdict(reply, "--ip", ADDRESS, "--helo", "mail.other.example", world=world)[2],
                         ["9.100.51.198.in-addr.arpa. PTR mail.other.example."])

    def test_a_sender_domain_that_takes_no_mail_is_told(self):
        reply = "450 4.1.8 <anna@p.example>: Sender address rejected: Domain not found"
        for records, claim, finding in (
                ({"p.example MX": []}, "confirmed", "There is neither MX nor address."),
                ({"p.example MX": ["0 ."]}, "confirmed", "The null MX says that this domain takes no mail"),
                ({}, "not-confirmed", "p.example exists and can be sent mail now. The DNS says: p.example MX 10 out.p.example"),
                ({"p.example MX": "servfail"}, "not-testable", "p.example cannot be looked up")):
            told = self.verdict(reply, world={**BROKEN, **records})
            self.assertEqual((told[0], told[2]), (claim, []), told)
            self.assertTrue(told[1].startswith(finding), told[1])
        told = self.verdict(reply, world={})
        self.assertEqual((told[0], told[1][:38]), ("confirmed", "p.example: The domain does not exist. "))
        told = self.tell("554 Message rejected: Email address is not verified. The following identities failed the check: anna@p.example",
                         world={**BROKEN, "p.example MX": []})
        self.assertEqual(told, [("not-tested", None, [])])  # which the DNS has nothing to do with
        told = self.verdict(reply, "--from", "anna@q.example", world={**BROKEN, "q.example MX": ["10 out.p.example."]})
        self.assertIn("p.example exists", told[1])  # it is the one of which the reply speaks

    def test_what_the_reply_says_of_another_address_is_not_answered_by_that_of_the_server(self):
        world = {**MENDED, "p.example TXT": ['"v=spf1 ip4:198.51.100.7 -all"'], "7.100.51.198.in-addr.arpa PTR": ["seven.p.example."],
                 "seven.p.example A": ["198.51.100.7"]}
        for reply in (SPF_REPLY, PTR_REPLY):
            told = self.verdict(reply, "--ip", "198.51.100.7", "--from", "anna@p.example", world=world)
            self.assertEqual(told[0], "not-testable")
            self.assertIn(f" The reply names another address, {ADDRESS}: if that is yours, too, give it with --ip. The DNS says", told[1])

    def test_the_list_that_a_reply_names_is_asked_and_no_other(self):
        reply = f"554 5.7.1 Service unavailable; Client host [{ADDRESS}] blocked using bl.test; see https://bl.test/"
        lists = 'dnsbl "other.test" test-entries none\ndnsbl "bl.test" test-entries none\ndomain-dnsbl "dbl.test" test-entries none\n'
        listed = {"9.100.51.198.bl.test A": ["127.0.0.2"], "bl.test A": [], "other.test A": []}
        for world, claim, finding in (
                (listed, "confirmed", f"bl.test lists {ADDRESS}. Remove the cause first"),
                ({"9.100.51.198.other.test A": ["127.0.0.2"], "bl.test A": []}, "not-confirmed", f"bl.test does not list {ADDRESS} now."),
                ({"9.100.51.198.bl.test A": "servfail", "other.test A": []}, "not-testable",
                 f"bl.test does not say whether it lists {ADDRESS}. Look {ADDRESS} up at the page")):
            told = self.verdict(reply, "--ip", ADDRESS, world={**BROKEN, **world}, config=lists)
            self.assertEqual((told[0], told[2]), (claim, []), told)
            self.assertTrue(told[1].startswith(finding), told[1])
        told = self.verdict(reply, "--ip", ADDRESS, world={**BROKEN, **listed})
        self.assertEqual(told[0], "not-testable")
        self.assertTrue(told[1].startswith("The reply names no DNS list that is in the configuration."), told[1])

    def test_the_list_of_domains_that_a_reply_names_is_asked(self):
        reply = "554 5.7.1 Service unavailable; Sender address [anna@p.example] blocked using dbl.test"
        lists = 'dnsbl "bl.test" test-entries none\ndomain-dnsbl "dbl.test" test-entries none\n'
        for world, claim, finding in (({"p.example.dbl.test A": ["127.0.0.2"]}, "confirmed", "dbl.test lists p.example. Remove the cause"),
                                      ({"dbl.test A": []}, "not-confirmed", "dbl.test does not list p.example now.")):
            told = self.verdict(reply, world={**BROKEN, **world}, config=lists)
            self.assertEqual((told[0], told[2]), (claim, []), told)
            self.assertTrue(told[1].startswith(finding), told[1])
        helo = reply.replace("Sender address [anna@p.example]", "Helo command [mail.p.example]")
        self.assertEqual(self.tell(helo, "--from", "anna@p.example", config=lists), [("not-tested", None, [])])

    def three(self, **records):
        """What the DNS has of three domains that send from one address."""
        world = {"9.100.51.198.in-addr.arpa PTR": ["out.good.example."], "out.good.example A": [ADDRESS]}
        for name in ("bad", "good", "fine"):
            world[f"{name}.example MX"] = ["10 out.good.example."]
            world[f"{name}.example TXT"] = [f'"v=spf1 ip4:{ADDRESS} -all"']
            world[f"_dmarc.{name}.example TXT"] = ['"v=DMARC1; p=reject"']
        return {**world, "bad.example TXT": ['"v=spf1 ip4:192.0.2.1 -all"'], **records}

    def compare(self, log, *words, world):
        told = json.loads(self.ask(log, "--config", str(self.config), "--json", "--ip", ADDRESS, *words, world=world)[0])
        SCHEMA.validate(told)
        difference, = told["comparison"]["differences"]
        return difference

    def test_the_rows_in_which_domains_differ_stand_at_the_top_the_one_that_is_named_first(self):
        world = self.three(**{"_dmarc.bad.example TXT": []})
        difference = self.compare(log_of_three(), world=world)
        record = {"name": "bad.example.", "type": "TXT", "value": f'"v=spf1 ip4:{ADDRESS} ip4:192.0.2.1 -all"'}
        self.assertEqual((difference["claim"], difference["records"]), ("confirmed", [record]))
        self.assertEqual([(row["row"], row["refused"], row["delivered"], row["is-named"]) for row in difference["rows"]],
                         [("spf-pass", "error", "good", True), ("dmarc", "note", "good", False)])
        self.assertEqual(difference["rows"][0]["records"], [record])
        out, _ = self.ask(log_of_three(), "--config", str(self.config), "--ip", ADDRESS, world=world)
        top = " ".join(out[:out.index("Domains of senders")].split())
        self.assertIn(f'In the DNS: The reason that was given is still true. Mail from {ADDRESS} gets spf=fail, by "-all". Publish the record below in place of the one '
                      f'that is there. Publish: bad.example. TXT "v=spf1 ip4:{ADDRESS} ip4:192.0.2.1 -all" '
                      'The accepted domains are better in these checks only: SPF result (fails here, passes there), DMARC (could be better here, passes there). DMARC: There is no DMARC record', top)

    def test_the_address_of_a_reply_gets_no_record_of_a_difference(self):
        log = log_of_three().replace("sender is unauthenticated.", f"sender is unauthenticated [{ADDRESS}].")
        told = json.loads(self.ask(log, "--config", str(self.config), "--json", world=self.three())[0])
        difference, = told["comparison"]["differences"]
        self.assertEqual((difference["claim"], difference["records"]), ("confirmed", []))
        self.assertEqual([(row["row"], row["records"]) for row in difference["rows"]], [("spf-pass", [])])

    def test_a_difference_that_is_mended_is_of_before(self):
        world = self.three(**{"bad.example TXT": [f'"v=spf1 ip4:{ADDRESS} -all"']})
        difference = self.compare(log_of_three(), world=world)
        self.assertEqual((difference["claim"], difference["rows"], difference["is-over"]), ("not-confirmed", [], False))
        out = " ".join(self.ask(log_of_three(), "--config", str(self.config), "--ip", ADDRESS, world=world)[0].split())
        self.assertIn("is accepted. Nothing has to be done: the reason is no longer true. In the DNS: ", out)
        self.assertIn("The reason was: ", out)
        self.assertIn("refused this mail permanently. What to do: Nothing has to be done: the reason is no longer true. What it meant: ", out)
        for gone in ("Why: ", "Who must act", "What it means"):
            self.assertNotIn(gone, out)
        self.assertIn(f"In the DNS: The reason that was given is no longer true. The DNS has probably been corrected since these refusals. SPF passes now for mail of bad.example from {ADDRESS}.", out)
        out = " ".join(self.ask(log_of_three([("bad", 12)]), "--config", str(self.config), "--ip", ADDRESS, world=world)[0].split())
        self.assertTrue(out.startswith("bad.example was refused at Gmail/Google Workspace, where mail of fine.example and good.example is "
                                       "accepted; its mail is accepted now, too. Nothing has to be done: its mail has been accepted since. "), out)
        self.assertNotIn("Who must act", out)
        self.assertIn("In the DNS: The reason that was given is no longer true. The DNS has been corrected since these refusals. SPF passes now", out)
        self.assertIn("Refused 2 times from 2026-11-20T09:00:00Z to 2026-11-20T11:00:00Z; last accepted at 2026-11-20T12:00:00Z.", out)
        self.assertTrue(self.compare(log_of_three([("bad", 12)]), world=world)["is-over"])

    def test_so_many_domains_and_addresses_are_examined_and_no_more(self):
        replies = "\n\n".join(PTR_REPLY.replace(ADDRESS, f"198.51.100.{number}") for number in range(1, 61))
        told = self.tell(f"{replies}\n\n{replies}")
        self.assertEqual([row[0] for row in told], (["confirmed"] * BOUND_CLAIM_EXAMS + ["not-tested"] * (60 - BOUND_CLAIM_EXAMS)) * 2)
        self.assertEqual(told[BOUND_CLAIM_EXAMS][1], "So many different domains and addresses are not tested in one run.")

    def test_who_runs_a_program_or_uses_a_list_is_told_apart_from_it(self):
        """heloscope, or Spamhaus, has refused nothing: a server that uses it has."""
        reply = "550 5.7.25 The connecting IP address 198.51.100.7 has no reverse DNS (PTR) record."
        self.assertTrue(self.ask(reply, "--offline")[0].startswith("A server that uses heloscope refused this mail permanently."))
        bounced = f"<a@q.example>: host mx.q.example[192.0.2.9] said: {reply} (in reply to RCPT TO command)\n"
        self.assertTrue(self.ask(bounced, "--offline")[0].startswith("mx.q.example (which uses heloscope) refused this mail permanently."))

    def test_offline_asks_nothing(self):
        """Whatever else is given: the address, the sender and the HELO name are only not needed then."""
        for words in ((), ("--ip", ADDRESS), ("--from", "anna@p.example"), ("--helo", "out.p.example")):
            out, questions = self.ask(SPF_REPLY, "--offline", *words)
            self.assertEqual(questions, 0)
            self.assertNotIn("In the DNS", out)


class Logs(unittest.TestCase):
    """Three domains on one server, of which a receiver refuses one."""

    def test_the_difference_between_domains_is_the_first_answer(self):
        with tempfile.TemporaryDirectory() as scratch:
            log = pathlib.Path(scratch) / "mail.log.1.gz"
            log.write_bytes(gzip.compress(log_of_three().encode()))
            status, out, err = why("", str(log))
            self.assertEqual((status, err), (0, ""))
            self.assertTrue(out.startswith("bad.example is refused at Gmail/Google Workspace, where mail of fine.example and\n"
                                           "  good.example is accepted.\n  Why: "), out)
            self.assertIn("\n  Refused 2 times from 2026-11-20T09:00:00Z to 2026-11-20T11:00:00Z.\n", out)
            self.assertIn("\n  bad.example                            0         0         2  spf\n", out)
            self.assertLessEqual(max(map(len, out.splitlines())), 80)

    def test_json_has_the_comparison(self):
        status, out, _ = why(log_of_three(), "--json", "--since", "2026-11-20T10:30:00Z")
        told = json.loads(out)
        SCHEMA.validate(told)
        self.assertEqual((status, len(told["refusals"]), told["refusals"][0]["sender"]), (0, 1, "anna@bad.example"))
        self.assertEqual([(row["domain"], row["refused"]) for row in told["comparison"]["domains"]], [("bad.example", 1)])
        told = json.loads(why(log_of_three(), "--json")[1])
        SCHEMA.validate(told)
        [difference] = told["comparison"]["differences"]
        self.assertEqual([difference[key] for key in ("receiver", "refused", "count")], ["Gmail/Google Workspace", "bad.example", 2])
        self.assertEqual([row["domain"] for row in difference["delivered"]], ["fine.example", "good.example"])
        self.assertEqual(difference["reason"]["category"], "spf")
        self.assertEqual((difference["claim"], difference["rows"]), ("not-tested", None))  # offline

    def test_a_log_without_refusals_is_well(self):
        log = "".join(line + "\n" for line in log_of_three().splitlines() if "bounced" not in line)
        status, out, _ = why(log)
        self.assertEqual((status, out.splitlines()[-1]), (0, "No refusal was found."))


class Progress(unittest.TestCase):
    """What is seen on a terminal while something is waited for."""

    def setUp(self):
        self.scratch = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.seen = b""

    def start(self, *words, stdout=subprocess.DEVNULL, stderr=None):
        """heloscope why on a pipe into which nobody writes yet, and our end of its terminal."""
        ours, theirs = pty.openpty()
        process = self.enterContext(subprocess.Popen([BUILT, "why", "-c", CATALOGUE, "--offline", *words, "-"], stdin=subprocess.PIPE,
                                                     stdout=stdout, stderr=stderr or theirs))
        os.close(theirs)
        self.addCleanup(os.close, ours)
        self.addCleanup(process.kill)
        return process, ours

    def read_until(self, terminal, pattern):
        """All that came to a terminal, up to what is looked for; None: to its end."""
        deadline = time.monotonic() + DEADLINE_S
        while pattern is None or not re.search(pattern, self.seen):
            self.assertTrue(select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0], self.seen)
            try:
                more = os.read(terminal, 65536)
            except OSError:  # the other end is closed
                more = b""
            self.seen += more
            if not more:
                self.assertIsNone(pattern, self.seen)
                return self.seen
        return self.seen

    def test_a_terminal_shows_how_far_it_is_and_nobody_else(self):
        piped, _ = self.start(stderr=subprocess.PIPE)
        others = [self.start("--json"), self.start(stdout=subprocess.PIPE)]
        process, terminal = self.start(str(self.scratch / "missing"))
        self.read_until(terminal, rb"heloscope why: 0 kB read")
        log = log_of_three()
        while len(log) < 600_000:  # more than is looked at and read at a time
            log += log_of_three()
        process.stdin.write(log.encode())
        process.stdin.flush()
        self.read_until(terminal, rb"heloscope why: \d+ kB read, \d+ refusals")
        for one in (process, piped, *(other for other, _ in others)):
            one.stdin.close()
        self.read_until(terminal, None)
        self.assertEqual(process.wait(DEADLINE_S), 3)
        self.assertRegex(self.seen, rb"^heloscope why: [^\r\n]*missing: No such file or directory\r\n\r {79}\rheloscope why: 0 kB read")
        self.assertRegex(self.seen, rb"refusals\r {79}\r$")
        self.assertEqual(piped.stderr.read(), b"")
        for _, terminal in others:
            self.seen = b""
            self.assertEqual(self.read_until(terminal, None), b"")

    def test_a_fault_stands_on_a_line_of_its_own(self):
        process, terminal = self.start()
        self.read_until(terminal, rb"heloscope why: 0 kB read")
        process.stdin.write(b"what is no refusal\n")
        process.stdin.close()
        self.read_until(terminal, None)
        self.assertEqual(process.wait(DEADLINE_S), 3)
        self.assertRegex(self.seen, rb"read\r {79}\rheloscope why: standard input: there is no refusal in it[^\r\n]*\r\n$")

    def test_of_files_of_known_size_it_tells_how_much_while_the_DNS_is_waited_for(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:  # a name server that says nothing: for three seconds it is asked
            silent.bind(("127.0.0.1", 0))
            config, log = self.scratch / "heloscope.conf", self.scratch / "mail.log"
            config.write_text(f"resolver {{ servers 127.0.0.1@{silent.getsockname()[1]} timeout 8s }}\n")
            log.write_text(log_of_three())
            ours, theirs = pty.openpty()
            self.addCleanup(os.close, ours)
            with subprocess.Popen([BUILT, "why", "-c", CATALOGUE, "--config", str(config), "--ip", ADDRESS, str(log)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=theirs) as process:
                os.close(theirs)
                self.read_until(ours, rb"heloscope why: 1 kB read \(100 %\), 2 refusals")
                self.read_until(ours, None)
            self.assertRegex(self.seen, rb"\r {79}\r$")
            self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
