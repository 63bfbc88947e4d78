"""
heloscope check and explain, on mail that a real filter judged. What they say is compared with tests/golden, in
which references and times are ID and TIME; UPDATE_GOLDEN=yes writes it anew, to be read by eye.
"""
import collections
import contextlib
import datetime
import gzip
import json
import os
import pathlib
import pty
import re
import socket
import subprocess
import sys
import unittest

import dns.message
import dns.rdatatype

from browser import start_browser
from dns_server import DnsServer, respond
from lab import SCHEMA, Lab, free_port, wait_until
from raw_milter import Client
from scenario import CONFIG, DKIM_KEYS, LISTS, ZONES, addresses, txt

lab = None
GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"

# What a client does: name of the golden text -> client, HELO, sender, recipients.
MAILS = {
    "good": ("good", "smtpout.yodel.example", "<anna@yodel.example>", ["<user@in.test>"]),
    "good6": ("good6", "smtpout.yodel.example", "<anna@yodel.example>", ["<user@in.test>"]),
    "listed": ("listed", "mail.bulk.example", "<offers@bulk.example>", ["<user@in.test>"]),
    "allowed": ("allowed", "mail.allowed.example", "<x@allowed.example>", ["<user@in.test>"]),
    "mismatch": ("mismatch", "mail.rented.example", "<carol@yodel.example>", ["<user@in.test>"]),
    "nameless": ("nameless", "pc-17.isp.example", "<bob@deep.example>", ["<user@in.test>", "<postmaster@in.test>"]),
    "null-sender": ("good", "smtpout.yodel.example", "<>", ["<user@in.test>"]),
    "broken-record": ("neutral", "mail.plain.example", "<x@broken.example>", ["<user@strict.test>", "<user@audit.test>"]),
    "softfail": ("neutral", "mail.plain.example", "<x@softfail.example>", ["<user@strict.test>"]),
    "voids": ("neutral", "mail.plain.example", "<x@voids.example>", ["<user@in.test>"]),
    "hostile": ("hostile", "h\x1b[31m\"(;x", "<\"a b\x07\"@nowhere.example>", ["<user@in.test>"]),
    "no-bounces": ("neutral", "mail.plain.example", "<x@nullmx.example>", ["<user@in.test>"]),
}


def setUpModule():
    global lab, stack, running
    with contextlib.ExitStack() as started:
        lab = started.enter_context(Lab())
        lab.nsd(ZONES)
        lab.rbldnsd(LISTS)
        running = lab.heloscope(CONFIG.replace("mode audit", "mode enforce"))
        for client, helo, sender, recipients in MAILS.values():
            send(addresses[client], helo, sender, recipients)
        wait_until("records", lambda: len(running.records()) >= len(MAILS))
        stack = started.pop_all()


def tearDownModule():
    try:
        running.stop()
    finally:
        stack.__exit__(*sys.exc_info())


def send(client, helo, sender, recipients):
    with Client(running.port) as connection:
        connection.start(client, helo.encode())
        connection.ask(b"M", sender.encode() + b"\0")
        replies = [connection.ask(b"R", recipient.encode() + b"\0")[-1] for recipient in recipients]
        if any(command == b"c" for command, _ in replies):
            connection.ask(b"E")
        else:
            connection.socket.sendall(b"\0\0\0\1A")
            connection.ask(b"M", b"<>\0")


def run(*arguments, locale="C.UTF-8", **environment):
    done = lab.tool(*arguments, **{"LC_ALL": locale, **environment})
    return done.returncode, done.stdout, done.stderr


def shown_on_terminal(stream, command, **options):
    """What a program writes to a terminal that is its standard output or standard error."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **{stream: theirs}, **options)
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):  # EIO at the end
        while chunk := os.read(ours, 4096):
            text += chunk
    os.close(ours)
    process.wait(60)
    return text


def record_of(name):
    client, helo, sender, _ = MAILS[name]
    return next(record for record in running.records() if record["mail-from"].encode().decode("unicode_escape") == sender
                and record["client"]["ip"] == addresses[client])


def anonymous(text):
    text = re.sub(r'^(\s*"host": ").*?(",?)$', r"\1HOST\2", text, flags=re.M)
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{12}", "ID" + " " * 27, text)
    return re.sub(r" +$", "", re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text.replace("ID" + " " * 27, "ID")), flags=re.M)


def check_arguments(name):
    client, helo, sender, recipients = MAILS[name]
    return ["check", "-c", running.config, "--ip", addresses[client], "--helo", helo, "--from", sender,
            *(word for recipient in recipients for word in ("--rcpt", recipient))]


def would_be(text):
    """What explain says of a message that was sent, as check says it of one that nobody sent."""
    begin, decided = text.split(" What was decided ", 1)
    begin = re.sub(r"^Accepted, but in mode enforce it would have been", "This mail would be accepted in mode audit; in mode enforce it would be", begin)
    begin = re.sub(r"^(Rejected|Accepted|Deferred|Quarantined)", lambda found: f"This mail would be {found[1].lower()}", begin)
    decided = re.sub(r"(<\S*>): would be: (accept|reject|defer|quarantine)", r"\1: \2", decided)
    return f"{begin} What would be decided {decided}".replace("The sender was told", "The sender would be told")


class Stories(unittest.TestCase):
    maxDiff = None

    def compare(self, name, text):
        path = GOLDEN / f"{name}.txt"
        if os.environ.get("UPDATE_GOLDEN") == "yes":
            path.write_text(text)
        self.assertEqual(text, path.read_text(), name)

    def test_explain(self):
        for name in MAILS:
            with self.subTest(name):
                record = record_of(name)
                status, text, messages = run("explain", "-c", running.config, record["id"])
                self.assertEqual(messages, "")
                refused = any(verdict["action"] in ("reject", "defer") for verdict in record["verdicts"])
                self.assertEqual(status, 1 if refused else 0)
                self.compare(name, anonymous(text))
                for verdict in record["verdicts"]:
                    self.assertIn(verdict["recipient"], text)
                    if "reply" in verdict:
                        self.assertIn(verdict["reply"], " ".join(text.split()))

    def test_N17_a_rule_is_told_by_its_text_while_it_stands_there(self):
        """Below its place, of what decided and of notes; not when the line holds another, and not without a configuration."""
        record = record_of("listed")
        text = run("explain", "-c", running.config, record["id"])[1]
        rule = r": reject, by heloscope\.conf line \d+\n      reject when .*dnsbl.*\n    The sender was told:"
        self.assertRegex(text, rule)
        shifted = lab.folder / "shifted.conf"
        shifted.write_text("# an edit\n" + running.config.read_text())
        for arguments in (["-c", shifted], ["--log", running.records_path]):
            with self.subTest(arguments):
                text = run("explain", *arguments, record["id"])[1]
                self.assertNotRegex(text, rule)
                self.assertRegex(text, r": reject, by heloscope\.conf line \d+\n    The sender was told:")

    def test_explain_for_sender(self):
        for name in ("mismatch", "listed", "good", "nameless", "broken-record"):
            with self.subTest(name):
                status, text, _ = run("explain", "-c", running.config, "--for-sender", record_of(name)["id"])
                self.compare(f"{name}-for-sender", anonymous(text))
                self.assertNotRegex(text, r"heloscope\.conf|weight|score")

    def test_check_tells_the_same_story_now(self):
        for name in MAILS:
            with self.subTest(name):
                _, then, _ = run("explain", "-c", running.config, record_of(name)["id"])
                status, now, messages = run(*check_arguments(name))
                self.assertEqual(messages, "")
                self.assertEqual(re.sub(r"\s+", " ", anonymous(now)), would_be(re.sub(r"\s+", " ", anonymous(then))))

    def test_what_is_told_of_records_in_error_that_nobody_sent_from(self):
        """Both of two SPF records, which stand among more TXT records than a record of the log keeps; the term that closes a loop."""
        log = lab.folder / "in-error.jsonl"
        for name, sender in (("two-spf-records", "<x@two.example>"), ("spf-loop", "<x@loop.example>")):
            with self.subTest(name):
                record = json.loads(run("check", "-c", running.config, "--ip", addresses["neutral"], "--helo", "mail.plain.example", "--from", sender, "--json")[1])
                log.write_text(json.dumps(record) + "\n")
                self.compare(name, re.sub(r"  Host .*\n", "", anonymous(run("explain", "--log", log, record["id"])[1])))
                self.compare(f"{name}-for-sender", anonymous(run("explain", "--log", log, "--for-sender", record["id"])[1]))

    def test_a_term_that_says_nothing_is_told_where_the_record_is_proposed_with_it(self):
        story = run("check", "-c", running.config, "--ip", addresses["neutral"], "--helo", "mail.plain.example", "--from", "<x@slip.example>")[1]
        self.assertIn("include=two.example -all", story)
        self.assertIn('Receivers pass over "include=two.example" in it', re.sub(r"\s+", " ", story))
        story = run("check", "-c", running.config, "--ip", addresses["neutral"], "--helo", "mail.plain.example", "--from", "<x@softfail.example>")[1]
        self.assertNotIn("Receivers pass over", story)

    def test_the_rule_that_would_have_refused_is_told_of_what_is_accepted_for_a_fault(self):
        """With what it needs and could not have: by check, and by explain from the record, with the rule's text or without; not to the sender."""
        config, log = lab.folder / "undecided.conf", lab.folder / "undecided.jsonl"
        config.write_text(re.sub(r"(?s)policy {.*", "", running.config.read_text()) + 'dnswl "gone.test"\npolicy {\n    reject when iprev = pass and not dnswl\n}\n')
        line = config.read_text().count("\n") - 1
        arguments = ["check", "-c", config, "--ip", addresses["good"], "--helo", "smtpout.yodel.example", "--from", "<anna@yodel.example>"]
        record = json.loads(run(*arguments, "--json")[1])
        SCHEMA.validate(record)
        self.assertEqual(record["verdicts"][0]["undecided"], {"rule": f"undecided.conf:{line}", "action": "reject", "checks": ["dnswl"]})
        log.write_text(json.dumps(record) + "\n")
        told = f"It is not known whether undecided.conf line {line} applies, which would reject it, because dnswl (gone.test) could not be completed."
        decided = f"undecided.conf line {line} would reject it, if it applies; that is not known, because dnswl (gone.test) could not be completed"
        for command, accepted, has_text in ((arguments, "This mail would be accepted.", True), (["explain", "--log", log, record["id"]], "Accepted.", False)):
            with self.subTest(command[0]):
                text = " ".join(run(*command)[1].split())
                self.assertTrue(text.startswith(f"{accepted} {told}"), text)
                self.assertIn(decided, text)
                self.assertEqual("reject when iprev = pass and not dnswl" in text, has_text)
        self.assertNotIn("undecided.conf", run("explain", "--log", log, "--for-sender", record["id"])[1])

    def test_P0_check_and_replay_judge_an_address_of_too_many_readings(self):
        """As the filter does (tests/unit/daemon): what it may come to besides is not known, so that a rule that rests on it defers, and no other."""
        config, log = lab.folder / "readings.conf", lab.folder / "check-readings.jsonl"
        many = "<a%b.test%c.test%d.test%e.test%f.test%g.test%h.test%i.test@in.test>"
        head = 'authserv-id "mx.test"\nmode enforce\ndisable { iprev, helo, spf, spf-helo, sender }\nresolver { servers 127.0.0.1@9 timeout 100ms }\n'
        rule = 'reject when mail-from = "*@bad.test"'
        for exception, sender, recipient, action, withheld in (
            ("", many, "u@x.test", "defer", "sender-unread"),
            ("accept when client in { 198.51.100.0/24 } ", many, "u@x.test", "accept", None),
            ('reject when recipient = "x@bad.test" ', "<a@in.test>", many, "defer", "recipient-unread"),
            ("", "<a@in.test>", many, "accept", None),
        ):
            with self.subTest(exception=exception, sender=sender):
                config.write_text(f"{head}policy {{ {exception}{rule} }}\n")
                status, record, _ = run("check", "-c", config, "--ip", "198.51.100.7", "--from", sender, "--rcpt", recipient, "--json")
                verdict = json.loads(record)["verdicts"][0]
                self.assertEqual((verdict["action"], verdict.get("withheld"), status), (action, withheld, 0 if action == "accept" else 1))
                log.write_text(json.dumps(json.loads(record)) + "\n")
                found = json.loads(run("replay", "-c", config, "--log", log, "--json")[1])
                self.assertEqual((found["recipients"], found["changed"], found["unknown"]), (1, 0, 0))

    def test_check_json_is_the_record(self):
        for name in MAILS:
            with self.subTest(name):
                _, text, _ = run(*check_arguments(name), "--json")
                now, then = json.loads(text), record_of(name)
                SCHEMA.validate(now)
                for record in (now, then):
                    for key in ("id", "time", "waited-ms"):
                        record.pop(key)
                    record["client"].pop("port")
                    for verdict in record["verdicts"]:
                        verdict["reply"] = anonymous(verdict.get("reply", ""))
                without_ttl = lambda record: re.sub(r'"ttl": \d+', "", json.dumps(record, sort_keys=True))  # noqa: E731
                self.assertEqual(without_ttl(now), without_ttl(then))

    def test_text_fits_and_has_the_locales_characters(self):
        for name in MAILS:
            for locale in ("C", "C.UTF-8"):
                with self.subTest(name, locale=locale):
                    _, text, _ = run("explain", "-c", running.config, record_of(name)["id"], locale=locale)
                    for line in text.splitlines():
                        self.assertTrue(len(line) <= 80 or " " not in line.strip(), line)
                    self.assertEqual(text.isascii(), locale == "C")
                    self.assertNotIn("\033", text)

    def test_how_far_it_is_stands_on_one_line_of_a_terminal_if_it_takes_long(self):
        command = [lab.builddir / "milter/heloscope", "report", "-c", running.config]
        self.assertRegex(shown_on_terminal("stderr", command, stdout=subprocess.DEVNULL), rb"\A(\r +\rheloscope report: \d+ [kM]B read \(\d+ %\))*(\r +\r)?\Z")

    def test_colour_only_on_a_terminal_and_never_with_NO_COLOR(self):
        command = [lab.builddir / "milter/heloscope", "explain", "-c", running.config, record_of("listed")["id"]]
        for environment, has_colour in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)):
            with self.subTest(environment):
                plain = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
                text = shown_on_terminal("stdout", command, env={**plain, "TERM": "xterm", **environment})
                self.assertEqual(b"\033[" in text, has_colour)


class Check(unittest.TestCase):
    def test_exit_statuses(self):
        self.assertEqual(run(*check_arguments("good"))[0], 0)
        self.assertEqual(run(*check_arguments("listed"))[0], 1)
        dead = lab.folder / "dead.conf"
        dead.write_text("resolver { servers 127.0.0.1@9 timeout 200ms }\n")
        status, text, _ = run("check", "-c", dead, "--ip", "198.51.100.7", "--helo", "h.example", "--from", "a@b.example")
        self.assertEqual(status, 3)
        self.assertIn("temperror", text)

    def test_each_cause_whose_fix_is_enough_is_among_what_can_be_done(self):
        """Also one that is no failure: a missing SPF record, where a rule asks for one."""
        plain = ["--ip", addresses["neutral"], "--helo", "mail.plain.example", "--from", "dave@plain.example"]
        message = lab.folder / "author.eml"
        message.write_text("From: eve@yodel.example\nSubject: x\n\nx\n")
        for rule, options, expected in (
            ("reject when spf != pass and iprev = pass", [], [r"\* .*plain\.example.* SPF .*"]),
            ("reject when dmarc.policy = reject and spf != pass", ["--message", message],
             ["Fixing either is enough:", r"\* yodel\.example, the domain in From, does not vouch for this message: ", r"\* .*plain\.example.* SPF .*"]),
        ):
            with self.subTest(rule):
                config = lab.folder / "causes.conf"
                config.write_text(f"{re.sub(r'(?s)policy {.*', '', running.config.read_text())}\nenable {{ dkim, dmarc }}\npolicy {{ {rule} }}\n")
                status, text, messages = run("check", "-c", config, *plain, *options)
                self.assertEqual(status, 1, text + messages)
                done = " ".join(text.split("What can be done", 1)[1].split())
                for part in expected:
                    self.assertRegex(done, part)

    def test_trusted_clients_are_accepted_by_the_rule(self):
        status, text, _ = run("check", "-c", running.config, "--ip", "192.0.2.9")
        self.assertEqual(status, 0)
        self.assertIn("192.0.2.9, trusted", text)

    def test_without_names(self):
        status, text, _ = run("check", "-c", running.config, "--ip", addresses["good"])
        self.assertIn("(none)", text)
        self.assertIn("<someone@mx.lab.test>", text)

    def test_wrong_usage_says_what_was_expected(self):
        for arguments, message in (
            (["check"], "no --ip was given"),
            (["check", "--ip", "mail.example.org"], "is not an address; expected one like 198.51.100.7"),
            (["check", "--ip", "192.0.2.1", "extra"], 'unexpected argument "extra"'),
            (["check", "--wrong"], 'unknown option "--wrong"; try "heloscope check --help"'),
            (["doctor", "--slector", "s1", "a.test"], 'unknown option "--slector" (did you mean "--selector"?); try'),
            (["check", "--form=a@b.test"], 'unknown option "--form=a@b.test" (did you mean "--from"?)'),
            (["explain", "--jsno", "x"], '(did you mean "--json"?)'),
            (["replay", "--confg", "x"], '(did you mean "--config"?)'),
            (["report", "--sine", "7d"], '(did you mean "--since"?)'),
            (["lists", "--hepl"], '(did you mean "--help"?)'),
            (["explain"], "no ID was given"),
            (["explain", "hello"], "is not a reference; expected one like 20261124T125000Z-4f2a91c07be3"),
            (["explain", "2026"], "a queue id, a mail address, or a client's IP address or host name"),
            (["explain", "--last", "0"], 'is no number from 1 to 1000'),
            (["explain", "--last", "1001", "a@b.test"], 'is no number from 1 to 1000'),
            (["explain", "--last", "2", "20261124"], "--last and a reference exclude each other"),
            (["explain", "20261124", "20261125"], "more than one ID"),
            (["chekc"], 'unknown command "chekc"; did you mean "check"?'),
            (["foo"], 'unknown command "foo"; try "heloscope --help"'),
            (["--json", "doctor"], '"--json" comes before the command; options go after it; try'),
            (["-V", "doctor"], 'unexpected argument "doctor"'),
            (["--version", "--help"], 'unexpected argument "--help"'),
            (["-h", "check", "more"], 'unexpected argument "more"'),
            (["--help", "bogus"], 'unknown command "bogus"'),
            ([], "no command was given"),
        ):
            with self.subTest(arguments):
                status, text, messages = run(*arguments)
                self.assertEqual((status, text), (2, ""))
                self.assertIn(message, messages)
                self.assertRegex(messages, r"try \"heloscope( check| explain| doctor| replay| report| lists)? --help\"")

    def test_help_of_each_command_has_an_example_and_fits(self):
        status, text, _ = run("--help")
        self.assertEqual(status, 0)
        self.assertIn("-V, --version", text)
        self.assertEqual(run("help"), (status, text, ""))
        self.assertEqual(run("help", "explain"), run("explain", "--help"))
        self.assertEqual(run("-h", "explain"), run("explain", "--help"))
        self.assertEqual(run("help", "help"), run("help"))
        for command in re.findall(r"^  (\w+) ", text, re.M):
            with self.subTest(command):
                status, text, messages = run(command, "--help")
                self.assertEqual((status, messages), (0, ""))
                self.assertIn(f"Example: heloscope {command} ", text)
                usual = re.sub(r"/\S*/heloscope/", "/etc/heloscope/", text)  # wherever it is configured to be
                self.assertLess(max(len(line) for line in usual.splitlines()), 91)
        self.assertEqual(run("--version")[1].split()[0], "heloscope")


class Scripts(unittest.TestCase):
    """The scripts of the source tree, which install packages when they are let."""

    def test_help_is_told_and_options_that_there_are_not_are_refused(self):
        tree = pathlib.Path(__file__).resolve().parents[2]
        for name in ("tests/run", "tests/coverage.sh", "contrib/demo", "contrib/package", "contrib/setup"):
            for option, status in (("--help", 0), ("-h", 0), ("--hepl", 2), ("-j2", 2)):
                with self.subTest(name, option=option):
                    done = subprocess.run(["sh", tree / name, option], capture_output=True, text=True, timeout=60)
                    self.assertEqual(done.returncode, status)
                    self.assertRegex(done.stderr if status else done.stdout, f"^usage: {name}( |\n)")
                    self.assertEqual(done.stdout if status else done.stderr, "")


class Arguments(unittest.TestCase):
    def test_B23_what_is_meant_is_understood_or_told(self):
        """Addresses, domains, names, selectors, mail addresses, times of every command: exit 2 and what is wanted, or what can only be meant."""
        check, doctor = ["check", "--ip", "198.51.100.54"], ["doctor", "--no-connect"]
        for arguments, message in (
            (["check", "--ip", "[198.51.100.54]"], "is not an address; expected one like 198.51.100.7"),
            (["check", "--ip", "198.51.100.0/24"], "is not an address"),
            (["check", "--ip", ""], "is not an address"),
            (["check", "--ip", "yodel.example"], "is not an address"),
            (["check", "--ip", "198.51.100.54", "--ip", "198.51.100.55"], "--ip was given twice"),
            (["explain", "-c", "a.conf", "-l", "a.jsonl", "20261124"], "--config and --log exclude each other"),
            (["explain", "--for-sender", "--json", "20261124"], "--for-sender and --json exclude each other"),
            (["explain", "-c"], 'option "-c" wants an argument'),
            (["report", "--json", "--html", "a.html"], "--html and --json exclude each other"),
            (["doctor", "--no-connect", "--relay-test", "p.example"], "--no-connect and --relay-test exclude each other"),
            (["lists", "--json", "--json"], "--json was given twice"),
            (["why", "--test", "--json"], "--test and --json exclude each other"),
            (["why", "--test", "bounce.txt"], "-t reads the catalogue alone"),
            (["help", "bogus"], 'unknown command "bogus"'),
            (["help", "check", "more"], 'unexpected argument "more"'),
            ([*check, "--from", "anna"], "expected one like anna@example.org, or <> for the null sender"),
            ([*check, "--from", "Anna"], "is not a mail address"),
            ([*check, "--from", "a b@p.example"], "is not a mail address"),
            ([*check, "--from", "a@p.example, c@p.example"], "is not a mail address"),
            ([*check, "--from", "Anna <a@p.example>, Carol <c@p.example>"], "is not a mail address"),
            ([*check, "--from", "Anna <anna>"], "is not a mail address"),
            ([*check, "--from", "<a@p.example>\r\nRCPT TO:<x@p.example>"], "is not a mail address"),
            ([*check, "--from", "a" * 2000 + "@p.example"], "is not a mail address"),
            ([*check, "--rcpt", "bob"], None),
            ([*check, "--rcpt", ""], "is not a mail address; expected one like bob@example.net"),
            ([*check, "--rcpt", "<>"], "is not a recipient"),
            ([*check, "--helo", ""], "--helo needs a name"),
            ([*check, "--helo", "a\nb"], "--helo needs a name"),
            ([*check, "-c", ""], "--config needs an argument that is not empty"),
            ([*doctor, "198.51.100.91"], "is an address; expected a domain like example.org (addresses from which mail goes out are given with --ip)"),
            ([*doctor, "2001:db8::1"], "is an address"),
            ([*doctor, "[198.51.100.91]"], "is an address"),
            ([*doctor, "300.1.2.3"], "is not a domain"),
            ([*doctor, "anna@yodel.example"], "is a mail address; its domain is yodel.example"),
            ([*doctor, "_dmarc.yodel.example"], "is the name of a record; expected the domain it is about"),
            ([*doctor, "s1._domainkey.yodel.example"], "is the name of a record"),
            ([*doctor, "https://yodel.example/"], "is not a domain"),
            ([*doctor, "yodel.example."], None),
            ([*doctor, "*.yodel.example"], "is not a domain"),
            ([*doctor, "yodel..example"], "is not a domain"),
            ([*doctor, "--", "yodel.1"], "is not a domain"),
            ([*doctor, ""], "is not a domain"),
            ([*doctor, "--helo", "198.51.100.91", "yodel.example"], "or the address in brackets: [198.51.100.91]"),
            ([*doctor, "--helo", "2001:db8::1", "yodel.example"], "or the address in brackets: [IPv6:2001:db8::1]"),
            ([*doctor, "--helo", "mail server", "yodel.example"], "is not a name; expected one like mail.example.org"),
            ([*doctor, "--bounces", "bounce@b.example", "yodel.example"], "is a mail address; its domain is b.example"),
            ([*doctor, "--bounces", "198.51.100.91", "yodel.example"], "is an address"),
            ([*doctor, "--selector", "s1;", "yodel.example"], "is not a selector; expected one like s1"),
            ([*doctor, "--selector", "", "yodel.example"], "is not a selector"),
            ([*doctor, "--selector", "s1._domainkey.other.example", "yodel.example"], None),
            (["report", "--since", "24"], "is not a time; expected one like 24h, 7d or"),
            (["report", "--since", " 24h"], "is not a time"),
            (["report", "--since", "-24h"], "is not a time"),
            (["report", "--since", "24 h"], "is not a time"),
            (["report", "--since", "0h"], "is not a time"),
            (["report", "--since", "24hours"], "is not a time"),
            (["report", "--since", "2026-02-30T00:00:00Z"], "is not a time"),
            (["report", "--since", "2026-02-03T00:00:00Zebra"], "is not a time"),
            (["report", "--since", "2026-02-03"], "is not a time"),
            (["replay", "--config", running.config, "--since", "99999999999d"], "is not a time"),
        ):
            with self.subTest(arguments):
                status, text, messages = run(*arguments, *(["-c", running.config] if message is None and "-c" not in arguments else []))
                if message is None:
                    self.assertNotEqual(status, 2, messages)
                else:
                    self.assertEqual((status, text), (2, ""))
                    self.assertIn(message, messages)

    def test_B23_what_is_understood_is_the_same(self):
        def record(*arguments):
            found = json.loads(run("check", "--json", "-c", running.config, "--ip", addresses["good"], *arguments)[1])
            return found["mail-from"], found["verdicts"][0]["recipient"]

        for given, path in (("a@p.example", "<a@p.example>"), ("Anna <a@p.example>", "<a@p.example>"), ('"A, <b>" <a@p.example>', None), ("<a@p.example>", "<a@p.example>"),
                            ("", "<>"), ("<>", "<>"), ("<not an address", "<not an address")):
            if path is None:
                self.assertEqual(run("check", "--ip", "198.51.100.54", "--from", given)[0], 2)
            else:
                self.assertEqual(record("--from", given)[0], path)
        self.assertEqual(record("--rcpt", "Bob <bob@in.test>")[1], "<bob@in.test>")
        for selector in ("s1", "S1", "s1._domainkey", "s1._domainkey.yodel.example", "s1._domainkey.yodel.example."):
            _, text, _ = run("doctor", "--no-connect", "-c", running.config, "--json", "--selector", selector, "yodel.example")
            self.assertEqual(json.loads(text)[0]["cells"]["dkim"], "good", selector)


class Find(unittest.TestCase):
    """explain in logs made for it."""

    def log(self, name, ids, torn=()):
        path = lab.folder / f"{name}.jsonl"
        template = json.dumps({**running.records()[0], "id": "ID"}).replace('"v": 1, "id": "ID"', '"v":1,"id":"ID"')
        with open(path, "w") as out:
            for number, ident in enumerate(ids):
                line = template.replace('"ID"', f'"{ident}"')
                out.write(line[: len(line) // 2] + "\n" if number in torn else line + "\n")
        return path

    @staticmethod
    def ident(seconds, number):
        return f"20261124T{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}Z-{number:012x}"

    def find(self, log, ident):
        status, text, messages = run("explain", "--log", log, "--json", ident)
        return json.loads(text)["id"] if text else messages

    def test_in_a_long_log(self):
        """A day of mail: messages take up to half an hour, so their order is not quite that of their references."""
        ids = sorted((self.ident(number * 4 % 86400, number) for number in range(20000)),
                     key=lambda ident: (int(ident[9:11]) * 3600 + int(ident[11:13]) * 60 + int(ident[13:15]) + int(ident[-3:], 16) % 1800))
        log = self.log("long", ids, torn=(7, 10000, 19990))
        for number in (0, 1, 100, 5000, 9999, 12345, 19999):
            ident = ids[number]
            with self.subTest(ident):
                self.assertEqual(self.find(log, ident), ident)
                self.assertEqual(self.find(log, ident[:-2]), ident)
        self.assertIn("no record of", self.find(log, self.ident(40000, 0xabcdef)))
        self.assertIn("no record of", self.find(log, "20251124"))
        self.assertIn("no record of", self.find(log, "20271124"))

    def test_a_log_that_another_program_wrote_again(self):
        """With blanks after commas and around colons, and in another order of members."""
        ids = [self.ident(number, number) for number in range(500)]
        record = {**running.records()[0], "subject": 'a "id":"b" and "id" : "c"'}
        for number, form in enumerate(({}, {"separators": (" , ", " : ")}, {"separators": (",", ":")}, {"sort_keys": True})):
            log = lab.folder / f"again{number}.jsonl"
            lead = " " if number == 1 else ""
            log.write_text("".join(lead + json.dumps({**record, "id": ident}, **form) + "\n" for ident in ids))
            with self.subTest(form):
                self.assertEqual(self.find(log, ids[321]), ids[321])

    def test_records_out_of_order(self):
        """A message that took hours, where the halving looks; a clock that was set back, or forth and back. Nothing is said to be absent."""
        ordered = [self.ident(number * 20, number) for number in range(3000)]
        late = self.ident(60, 0xa)
        logs = {
            "late": ordered[:1500] + [late] + ordered[1500:],
            "back": ordered[1500:] + ordered[:1500],
            "forth": ordered[:1000] + ordered[2000:] + ordered[1000:2000],
        }
        for name, ids in logs.items():
            log = self.log(name, ids)
            for number in (0, 700, 1499, 1500, 1501, 2300, 2999):
                with self.subTest(name, number=number):
                    self.assertEqual(self.find(log, ids[number]), ids[number])
            self.assertIn("no record of", self.find(log, self.ident(40000, 0xabcdef)))
        # Standard input can be read but once.
        early = self.log("early", [self.ident(50000, 1)] + ordered[:9]).read_text()
        done = subprocess.run([lab.builddir / "milter/heloscope", "explain", "--log", "-", "--json", ordered[0]], input=early, capture_output=True, text=True, check=False)
        self.assertEqual(json.loads(done.stdout or "{}").get("id"), ordered[0], done.stderr)

    def test_ambiguous_beginnings_name_two(self):
        log = self.log("ambiguous", [self.ident(60, 0x10), self.ident(60, 0x11), self.ident(90, 0x12)])
        self.assertRegex(self.find(log, self.ident(60, 0x10)[:-1]), "is the beginning of several references, such as .*10 and .*11")
        self.assertIn("several", self.find(log, "20261124T00"))
        self.assertEqual(self.find(log, "20261124T000130Z"), self.ident(90, 0x12))

    def test_rotated_logs(self):
        log = self.log("rotated", [self.ident(7200, 1)])
        self.log("rotated.jsonl-20261123", [])
        (lab.folder / "rotated.jsonl.1").write_text(self.log("other", [self.ident(60, 2)]).read_text())
        self.assertEqual(self.find(log, self.ident(60, 2)), self.ident(60, 2))
        self.assertEqual(self.find(log, self.ident(7200, 1)), self.ident(7200, 1))

    def test_compressed_rotated_logs(self):
        """They are expanded from their beginning; one that was written last before the message only when it is nowhere else."""
        log = self.log("zipped", [self.ident(80000, 1)])
        for hour, suffix in ((4, ".3.gz"), (8, ".2.gz"), (12, ".1")):
            rotated = log.with_name(log.name + suffix)
            text = self.log("rotating", [self.ident(hour * 3600, 16 * hour + number) for number in range(9)]).read_bytes()
            rotated.write_bytes(gzip.compress(text) if suffix.endswith(".gz") else text)
            self.set_time(rotated, hour)
            self.assertEqual(self.find(log, self.ident(hour * 3600, 16 * hour + 4)), self.ident(hour * 3600, 16 * hour + 4))
        damaged = log.with_name(log.name + ".3.gz")
        damaged.write_bytes(damaged.read_bytes()[:-20])
        self.set_time(damaged, 4)
        self.assertIn("zipped.jsonl.3.gz cannot be read to its end: it is damaged, or was cut", self.find(log, self.ident(4 * 3600, 7)))
        self.assertEqual(self.find(log, self.ident(8 * 3600, 8 * 16)), self.ident(8 * 3600, 8 * 16), "the damaged file is too old to matter")
        self.assertIn("no record of", self.find(log, self.ident(8 * 3600, 7)), "nor makes it a search doubtful, though a clock may have been ahead")
        damaged.rename(log.with_name(log.name + ".3.xz"))
        self.assertIn("no record of", self.find(log, self.ident(8 * 3600, 7)))
        self.assertIn("only plain files and those of gzip", self.find(log, self.ident(4 * 3600, 7)))

    def test_compressed_records_of_a_host_whose_clock_was_ahead(self):
        """In the log of a site: they are younger than the file in which they are."""
        log = self.log("ahead", [self.ident(80000, 1)])
        late = [self.ident((4 if number % 2 else 20) * 3600 + number, 16 + number) for number in range(20)]
        rotated = log.with_name(log.name + ".1.gz")
        rotated.write_bytes(gzip.compress(self.log("of-two-hosts", late).read_bytes()))
        self.set_time(rotated, 4)
        for ident in late:
            self.assertEqual(self.find(log, ident), ident)
        self.assertIn("no record of", self.find(log, self.ident(20 * 3600, 7)))

    @staticmethod
    def set_time(path, hour):
        seconds = datetime.datetime(2026, 11, 24, hour, 0, 30, tzinfo=datetime.timezone.utc).timestamp()
        os.utime(path, (seconds, seconds))

    def test_a_line_without_end_is_passed_over(self):
        """P5: what is longer than a record may be is not held, and said where the record is not found."""
        log = self.log("endless", [self.ident(60, 1)])
        with log.open("a") as file:
            file.write('{"v":1,"id":"' + self.ident(61, 2) + '","time":"' + 70000 * "x" + '"}\n')
            file.write(self.log("behind", [self.ident(62, 3)]).read_text())
        self.assertEqual(self.find(log, self.ident(62, 3)), self.ident(62, 3))
        self.assertIn("endless.jsonl has a line of more than 65536 octets, which is passed over", self.find(log, self.ident(61, 2)))

    def test_P4_what_the_filters_user_put_there_is_not_followed(self):
        """Neither a FIFO, for which a reader would wait, nor a link to a file of somebody else, be it the log or beside it."""
        for name, plant, reason in (("linked", lambda path: path.symlink_to(self.log("elsewhere", [self.ident(60, 1)])), "it is a symbolic link"),
                                    ("waited", os.mkfifo, "it is a FIFO; expected a file")):
            for suffix in ("", ".1"):
                with self.subTest(name + suffix):
                    log = self.log(name + "-log" + suffix, [self.ident(80000, 2)]) if suffix else lab.folder / f"{name}.jsonl"
                    planted = log.with_name(log.name + suffix)
                    plant(planted)
                    self.assertIn(f"{planted}: {reason}", self.find(log, self.ident(60, 1)))
                    status, _, messages = run("report", "--log", log, "--since", "36500d")
                    self.assertEqual(status, 3)
                    self.assertIn(f"{planted}: {reason}", messages)

    def test_missing_and_empty_logs(self):
        self.assertIn("no such file", self.find(lab.folder / "absent.jsonl", "20261124"))
        self.assertIn("no record of", self.find(self.log("empty", []), "20261124"))
        other = lab.folder / "nolog.conf"
        other.write_text("")
        status, _, messages = run("explain", "-c", other, "20261124")
        self.assertEqual(status, 3)
        self.assertIn('has no "records"; expected one, or --log', messages)


class Search(unittest.TestCase):
    """explain by what people know of a message when they have no reference."""

    @classmethod
    def setUpClass(cls):
        cls.log = lab.folder / "search.jsonl"
        template = json.dumps({**running.records()[0], "id": "ID", "queue-id": "QUEUE"}, separators=(",", ":"))
        lines = [template.replace('"ID"', f'"{Find.ident(number, number)}"').replace('"QUEUE"', f'"4X2Q{number}"') for number in range(30)]
        cls.log.write_text("".join(line + "\n" for line in lines[20:]))
        cls.log.with_name("search.jsonl.1").write_text("".join(line + "\n" for line in lines[10:20]))
        cls.log.with_name("search.jsonl.2.gz").write_bytes(gzip.compress("".join(line + "\n" for line in lines[:10]).encode()))
        for age, name in enumerate(("search.jsonl", "search.jsonl.1", "search.jsonl.2.gz")):
            os.utime(cls.log.with_name(name), (1000000 - age, 1000000 - age))

    def test_N15_one_that_is_found_is_explained(self):
        for number in (3, 15, 29):
            with self.subTest(number):
                _, text, messages = run("explain", "--log", self.log, f"4X2Q{number}")
                self.assertEqual(messages, "")
                self.assertIn(f"Message {Find.ident(number, number)}", text)
        self.assertIn(f"Message {Find.ident(29, 29)}", run("explain", "--log", self.log, "--last", "1")[1])

    def test_N15_several_are_listed_the_last_ones(self):
        record = json.loads(self.log.read_text().splitlines()[0])
        sender, recipient = record["mail-from"].strip("<>"), record["verdicts"][0]["recipient"].strip("<>")
        for what in (sender, sender.upper(), recipient, record["client"]["ip"], record["helo"], record["helo"].upper(), None):
            for last in (None, 2, 1000):
                with self.subTest(what, last=last):
                    arguments = [*(["--last", str(last)] if last else []), *([what] if what else [])]
                    if not arguments:
                        continue
                    status, text, messages = run("explain", "--log", self.log, *arguments)
                    count = min(last or 10, 30)
                    self.assertEqual([line.split()[0] for line in text.splitlines()], [Find.ident(number, number) for number in range(30 - count, 30)])
                    self.assertEqual(status, 0)
                    self.assertIn(f"the last {count} of 30; give one of the references", messages)
        self.assertRegex(text.splitlines()[0], rf"^\S+  \S+Z  {re.escape(record['client']['ip'])}  <{re.escape(sender)}> -> <{re.escape(recipient)}>  accept$")

    def test_N15_what_is_not_there(self):
        for what in ("nobody@example.org", "in.test", "192.0.2.200", "no.example", "ABC123456"):
            with self.subTest(what):
                status, text, messages = run("explain", "--log", self.log, what)
                self.assertEqual((status, text), (3, ""))
                self.assertIn("no such message in", messages)


NOT_REJECTED = [{"from": "reject", "to": "accept", "count": 1}]


class Replay(unittest.TestCase):
    """replay of the same records under other configurations."""

    maxDiff = None

    def replay(self, change, *options, log=None):
        new = lab.folder / "new.conf"
        new.write_text(change(running.config.read_text()))
        status, text, messages = run("replay", "--config", new, "--log", log or running.records_path, *options)
        return status, text, messages

    def counts(self, change, *options, **more):
        status, text, messages = self.replay(change, "--json", *options, **more)
        found = json.loads(text)
        self.assertEqual(status, 1 if found["changed"] else 0)
        return found

    def test_nothing_changes_under_the_same_configuration(self):
        status, text, _ = self.replay(lambda old: old)
        self.assertEqual(status, 0)
        recipients = sum(len(record["verdicts"]) for record in running.records())
        self.assertRegex(text, rf"{recipients} recipients: 0 verdicts change, {recipients} stay, 0 unknown")

    def test_text(self):
        change = lambda old: old.replace("policy {", "policy {\n reject when iprev = pass and helo = pass", 1)  # noqa: E731
        Stories.compare(self, "replay", anonymous(self.replay(change)[1]))
        Stories.compare(self, "replay-json", anonymous(json.dumps(self.counts(change), indent=2) + "\n"))

    def test_likely_mistakes_come_first(self):
        found = self.counts(lambda old: old.replace("policy {", "policy {\n reject when iprev = pass and helo = pass", 1))
        self.assertGreater(found["changed"], 2)
        self.assertEqual({(row["sender"], row["why"]) for row in found["mistakes"]},
                         {("anna@yodel.example", "passes"), ("x@allowed.example", "allow-list")})
        for row in found["changes"]:
            self.assertEqual((row["from"], row["to"], row["rule"].split(":")[0], sorted(row)), ("accept", "reject", "new.conf", ["count", "from", "rule", "text", "to"]))
        _, text, _ = self.replay(lambda old: old.replace("policy {", "policy {\n reject when iprev = pass and helo = pass", 1))
        self.assertLess(text.index("Likely mistakes"), text.index("Changes"))
        self.assertIn(record_of("good")["id"], text)
        self.assertTrue(all(len(line) <= 80 or re.match(r"\S+\. (TXT|MX|A|AAAA|PTR|TLSA) ", line) for line in text.splitlines()))

    def test_weights_and_answers_are_those_of_the_new_configuration(self):
        found = self.counts(lambda old: old.replace("weight 4", "weight 1").replace("weight 2 ", "weight 1 "))
        self.assertEqual(found["changes"], NOT_REJECTED)
        found = self.counts(lambda old: old.replace('dnsbl "bl.test" weight 4', 'dnsbl "bl.test" weight 4 answers { 127.0.0.9 }'))
        self.assertEqual(found["changes"], NOT_REJECTED)

    def test_what_was_not_asked_then_is_unknown_when_it_matters(self):
        found = self.counts(lambda old: old.replace("policy {", 'dnsbl "more.test" weight 9\npolicy {', 1))
        self.assertEqual(found["changed"], 0)
        self.assertGreater(found["unknown"], 3)
        self.assertLess(found["unknown"], found["recipients"], "mail to postmaster and refused mail is the same in any case")
        found = self.counts(lambda old: old.replace("policy {", 'dnsbl "more.test" weight 1\npolicy {', 1).replace("dnsbl >= 5", "dnsbl >= 50"))
        self.assertEqual((found["unknown"], found["changes"]), (0, NOT_REJECTED))

    def test_a_check_that_was_not_made_then_is_unknown(self):
        log = lab.folder / "without-spf.jsonl"
        records = [{**record, "checks": {key: check for key, check in record["checks"].items() if key != "spf"}} for record in running.records()]
        log.write_text("".join(json.dumps(record) + "\n" for record in records))
        found = self.counts(lambda old: old, log=log)
        self.assertGreater(found["unknown"], 3)
        found = self.counts(lambda old: old + "\ndisable { spf }\n", log=log)
        self.assertEqual(found["unknown"], 0)

    def refusals(self, rule, more=lambda text: text):
        """How many accepted recipients are refused when this rule stands first, in a configuration with other settings, too."""
        found = self.counts(lambda old: more(old.replace("accept when trusted", f"reject when {rule}", 1)))
        return sum(row["count"] for row in found["changes"] if (row["from"], row["to"]) == ("accept", "reject"))

    def test_what_is_trusted_or_not_wanted_now_is_judged_without_what_was_found_then(self):
        for rule, setting in (("helo = pass", "helo"), ('client-name in { "*.yodel.example" }', "iprev")):
            with self.subTest(rule):
                self.assertGreater(self.refusals(rule), 0)
                self.assertEqual(self.refusals(rule, lambda old: old.replace("192.0.2.0/24 }", "192.0.2.0/24, 0.0.0.0/0, ::/0 }", 1)), 0)
                self.assertEqual(self.refusals(rule, lambda old: f"{old}\ndisable {{ {setting} }}\n"), 0)

    def test_each_reading_of_a_trusted_sender_is_judged(self):
        log = lab.folder / "readings.jsonl"
        log.write_text(json.dumps({
            **record_of("good"), "client": {"ip": "192.0.2.9", "port": 25, "trusted": True, "authenticated": False}, "mail-from": r"<\\@bad.example>",
            "sender": '"@bad.example"', "checks": {}, "other-readings": [{"sender": "@bad.example", "checks": {}}]}) + "\n")
        found = self.counts(lambda old: old.replace("accept when trusted", 'reject when mail-from in { "*@bad.example" }', 1), log=log)
        self.assertEqual(found["changed"], 1)

    def test_live_asks_now_for_what_the_records_lack(self):
        def with_list(old):
            """A list that was not asked then; it lists one of the clients."""
            return old.replace("policy {", 'dnsbl "more.test" weight 9 test-entries none\npolicy {', 1)

        before, found = self.counts(with_list), self.counts(with_list, "--live")
        self.assertGreater(before["unknown"], 3)
        self.assertEqual((found["unknown"], found["domains"]), (0, [{"domain": "nullmx.example", "count": 1}, {"domain": "voids.example", "count": 1}]))
        self.assertGreater(found["asked-now"], 3)
        text = self.replay(with_list, "--live")[1]
        self.assertRegex(text, r"0 unknown\nFor \d+ messages something had to be looked up in the DNS now")

    def test_live_leaves_unknown_what_no_server_tells(self):
        found = self.counts(lambda old: old.replace("policy {", 'dnsbl "silent.test" weight 9 test-entries none\npolicy {', 1)
                            .replace("resolver {", f'resolver {{ zone "silent.test" servers 127.0.0.1@{free_port()}\n', 1), "--live")
        self.assertEqual((found["changed"], found["unknown"]), (0, self.counts(lambda old: old.replace("policy {", 'dnsbl "silent.test" weight 9\npolicy {', 1))["unknown"]))

    def test_live_makes_the_checks_that_were_not_made(self):
        log = lab.folder / "without-checks.jsonl"
        lacking = [{**record, "checks": {key: check for key, check in record["checks"].items() if key not in ("spf", "iprev")}} for record in running.records()]
        log.write_text("".join(json.dumps(record) + "\n" for record in lacking))
        self.assertGreater(self.counts(lambda old: old, log=log)["unknown"], 3)
        found = self.counts(lambda old: old, "--live", log=log)
        self.assertEqual((found["changed"], found["unknown"]), (0, 0))

    def test_a_name_that_was_not_looked_up_is_not_guessed(self):
        log = lab.folder / "without-iprev.jsonl"
        record = {**record_of("good"), "checks": {key: check for key, check in record_of("good")["checks"].items() if key != "iprev"}}
        log.write_text(json.dumps(record) + "\n")
        found = self.counts(lambda old: old.replace("policy {", 'policy {\n reject when client-name in { "*.yodel.example" }', 1), log=log)
        self.assertEqual(found["unknown"], 1)

    def test_old_acquaintances_are_named(self):
        log = lab.folder / "weeks.jsonl"
        record = {**record_of("softfail"), "verdicts": [{**record_of("softfail")["verdicts"][0], "recipient": "<u@in.test>", "action": "accept", "rule": ""}]}
        lines = [{**record, "time": "2026-11-01T00:00:00Z"}, {**record, "time": "2026-11-24T00:00:00Z"}]
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))
        found = self.counts(lambda old: old.replace("policy {", "policy {\n reject when spf = softfail", 1), log=log)
        self.assertEqual([row["why"] for row in found["mistakes"]], ["known-host"])
        found = self.counts(lambda old: old.replace("policy {", "policy {\n reject when spf = softfail", 1), "--since", "2026-11-20T00:00:00Z", log=log)
        self.assertEqual((found["messages"], [row["why"] for row in found["mistakes"]]), (1, ["known-host"]))

    def test_torn_lines_are_passed_over_with_a_word(self):
        log = lab.folder / "torn.jsonl"
        log.write_text(running.records_path.read_text() + '{"v":1,"id":"2026')
        status, text, messages = self.replay(lambda old: old, log=log)
        self.assertEqual(status, 0)
        self.assertIn("1 line of ", messages)

    def test_wrong_usage(self):
        for arguments, status, message in (
            (["replay"], 2, "no --config was given"),
            (["replay", "--config", running.config, "--since", "yesterday"], 2, '"yesterday" is not a time; expected one like 24h'),
            (["replay", "--config", running.config, "--log", "/nonexistent"], 3, "/nonexistent: no such file"),
            (["replay", "--config", "/nonexistent"], 3, "cannot be read"),
            (["replay", "--config", running.config, "extra"], 2, "unexpected argument"),
        ):
            with self.subTest(arguments):
                self.assertEqual(run(*arguments)[0], status)
                self.assertIn(message, run(*arguments)[2])


def counted(rows):
    """Rows as a report has them, of all that it counts."""
    counts = collections.Counter(tuple(row.items()) for row in rows)
    return [{**dict(row), "count": count} for row, count in sorted(counts.items(), key=lambda item: -item[1])]


class Report(unittest.TestCase):
    maxDiff = None

    def test_counts_what_the_records_say(self):
        records = running.records()
        status, text, messages = run("report", "-c", running.config, "--json")
        self.assertEqual((status, messages), (1, ""))
        found = json.loads(text)
        verdicts = [verdict for record in records for verdict in record["verdicts"]]
        self.assertEqual((found["messages"], found["recipients"]), (len(records), len(verdicts)))
        rows = [{"would": not verdict["enforced"], "action": verdict["action"]} for verdict in verdicts]
        self.assertCountEqual(found["verdicts"], counted(rows))
        rows = [{"action": verdict["action"], "audit": False, **({"rule": verdict["rule"]} if verdict.get("rule") else {})} for verdict in verdicts]
        rows += [{"action": note["audit"], "audit": True, "rule": note["rule"]} for verdict in verdicts for note in verdict["notes"] if "audit" in note]
        without_text = [{key: value for key, value in row.items() if key != "text"} for row in found["rules"]]
        self.assertCountEqual(without_text, counted(rows))
        self.assertCountEqual(found["checks"], counted({"result": check["result"], "check": method} for record in records for method, check in record["checks"].items()))
        self.assertEqual([row["sender"] for row in found["mistakes"]], ["offers@bulk.example"])
        refused = [any(verdict["action"] in ("reject", "defer") for verdict in record["verdicts"]) for record in records]
        hours = {}
        for record, is_refused in zip(records, refused):
            hour = hours.setdefault(record["time"][:13], {"time": record["time"][:13], "messages": 0, "refusals": 0})
            hour["messages"] += 1
            hour["refusals"] += is_refused
        self.assertEqual(found["trend"], [hours[hour] for hour in sorted(hours)])

    def test_rules_are_told_by_their_text_where_the_configuration_has_them(self):
        rows = json.loads(run("report", "-c", running.config, "--json")[1])["rules"]
        lines = running.config.read_text().splitlines()
        for row in rows:
            if "rule" in row:
                words = lines[int(row["rule"].split(":")[1]) - 1].split("#")[0].split()
                self.assertEqual(row["text"].split()[:2], [word for word in words if word != "{"][:2], row)
        self.assertIn("text", rows[0] if "rule" in rows[0] else rows[1])
        text = " ".join(run("report", "-c", running.config)[1].split())
        self.assertTrue(all(f"{row['text']} # {row['rule']}" in text for row in rows if "text" in row), text)
        for other in (["--log", running.records_path], ["--log", running.records_path, "-c", self.other()]):
            self.assertFalse([row for row in json.loads(run("report", "--json", *other)[1])["rules"] if "text" in row], "not told of what another configuration says")

    @staticmethod
    def other():
        """A configuration with a rule for another action at each place."""
        path = lab.folder / "other" / running.config.name
        path.parent.mkdir(exist_ok=True)
        path.write_text("policy {\n" + "tag \"x\" when dnsbl\n" * 200 + "}\n")
        return path

    def test_a_host_that_is_refused_again_and_again_is_one_line(self):
        log, bulk = lab.folder / "again.jsonl", next(record for record in running.records() if record["sender"] == "offers@bulk.example")
        other = {**bulk, "id": "20990101T000000Z-000000000000", "client": {**bulk["client"], "ip": "198.51.100.77"}}
        log.write_text("".join(json.dumps(record) + "\n" for record in [other] + 40 * [bulk]))
        status, text, messages = run("report", "--log", log, "-c", running.config, "--json")
        self.assertEqual((status, messages), (1, ""))
        found = json.loads(text)
        self.assertEqual([(row["client"], row["count"], row["id"]) for row in found["mistakes"]],
                         [(bulk["client"]["ip"], 40, bulk["id"]), ("198.51.100.77", 1, other["id"])])
        self.assertEqual(found["likely-mistakes"], 41)
        row, reply = found["mistakes"][0], bulk["verdicts"][0]["reply"]
        self.assertIn(f"{row['what']} {row['remedy']} For help", reply)
        self.assertTrue(reply.split(" ", 2)[2].startswith(row["what"]))
        self.assertRegex(row["what"], r"^[^.]*(\.\w[^.]*)*\.$")
        self.assertNotIn(bulk["id"], row["what"] + row["remedy"])
        text = " ".join(run("report", "--log", log)[1].split())
        self.assertIn(f"{bulk['client']['ip']}: 40 refusals {row['what']} {row['remedy']} Rule: rule at {row['rule']} (reject)", text)

    def test_so_many_hosts_are_told_and_all_are_counted(self):
        log, bulk = lab.folder / "many.jsonl", next(record for record in running.records() if record["sender"] == "offers@bulk.example")
        log.write_text("".join(json.dumps({**bulk, "client": {**bulk["client"], "ip": f"198.51.{n // 256}.{n % 256}"}}) + "\n" for n in range(1100)) * 2)
        found = json.loads(run("report", "--log", log, "--json")[1])
        self.assertEqual((found["likely-mistakes"], len(found["mistakes"]), {row["count"] for row in found["mistakes"]}), (2200, 1000, {2}))
        self.assertIn("and 2180 more", run("report", "--log", log)[1])

    def test_a_refusal_is_explained_by_its_reasons(self):
        log, bulk = lab.folder / "silent.jsonl", next(record for record in running.records() if record["sender"] == "offers@bulk.example")
        verdict = {key: value for key, value in bulk["verdicts"][0].items() if key != "reply"}
        log.write_text(json.dumps({**bulk, "verdicts": [verdict]}) + "\n")
        self.assertIn("is on the blocklist bl.test", run("report", "--log", log)[1])
        verdict["reasons"][0]["test"] = "of a later version"
        log.write_text(json.dumps({**bulk, "verdicts": [verdict]}) + "\n")
        self.assertIn("The record cannot be read in full", run("report", "--log", log)[1])

    def test_a_forged_record_names_no_action_and_no_result_of_its_own(self):
        log, bulk = lab.folder / "tokens.jsonl", next(record for record in running.records() if record["sender"] == "offers@bulk.example")
        log.write_text(json.dumps({**bulk, "checks": {"new check": {"result": "<b>"}},
                                   "verdicts": [{**bulk["verdicts"][0], "action": "Buy now", "notes": [{"audit": "at once\n", "rule": "a\nb"}]}]}) + "\n")
        found = json.loads(run("report", "--log", log, "--json")[1])
        self.assertEqual(found["verdicts"], [{"would": False, "action": "other", "count": 1}])
        self.assertEqual(found["checks"], [{"result": "other", "check": "new check", "count": 1}])
        self.assertEqual({row["action"] for row in found["rules"]}, {"other"})

    def test_P12_P13_records_of_a_hostile_file_are_passed_over_or_told_in_little(self):
        log = lab.folder / "hostile-records.jsonl"
        record = json.loads(json.dumps(next(record for record in running.records() if len(record["checks"].get("spf", {}).get("trace", [])) > 1)))
        for member, value, is_record in (("term", "", True), ("depth", 100000000, False), ("depth", -5, False), ("term", "\x1b[2J\u202e", True)):
            step = record["checks"]["spf"]["trace"][1]
            step.update({"depth": 0, member: value})
            log.write_text(json.dumps(record, separators=(",", ":")) + "\n")
            status, text, messages = run("explain", "--log", log, record["id"])
            self.assertEqual(status == 3, not is_record, messages)
            self.assertLess(len(text), 20000)
            self.assertNotIn("\x1b", text)
            self.assertNotIn("\u202e", text)
            for command in (["report"], ["replay", "-c", running.config]):
                _, text, messages = run(*command, "--log", log)
                self.assertEqual("no record" not in messages, is_record, messages)

    def test_N12_rules_that_only_tell_and_shares_are_counted(self):
        log = lab.folder / "audits-report.jsonl"
        record = json.loads(json.dumps(running.records()[0]))
        record["verdicts"][0]["enforced"] = False
        record["verdicts"][0]["notes"] = [{"audit": "reject", "rule": "a.conf:3"}, {"audit": "defer", "rule": "a.conf:4", "share": 10}]
        log.write_text(2 * (json.dumps(record, separators=(",", ":")) + "\n"))
        found = json.loads(run("report", "--log", log, "--json")[1])
        self.assertIn({"action": "reject", "audit": True, "rule": "a.conf:3", "count": 2}, found["rules"])
        self.assertIn({"action": "defer", "share": 10, "audit": True, "rule": "a.conf:4", "count": 2}, found["rules"])
        self.assertEqual(found["verdicts"], [{"would": True, "action": record["verdicts"][0]["action"], "count": 2}])
        text = " ".join(run("report", "--log", log)[1].split())
        self.assertIn("rule at a.conf:3 (reject): would have decided, but it is an audit rule", text)
        self.assertIn("rule at a.conf:4 (defer): would have decided, but it acts on 10% of networks only", text)
        self.assertIn("acts on 10% of networks, and this", " ".join(run("explain", "--log", log, record["id"])[1].split()))

    def test_a_long_trend_is_by_day(self):
        log = lab.folder / "long-report.jsonl"
        lines = [{**running.records()[0], "time": f"2026-10-{day:02}T{hour:02}:00:00Z"} for day in (1, 2, 3, 4) for hour in range(24)]
        log.write_text("".join(json.dumps(line) + "\n" for line in lines))
        trend = json.loads(run("report", "--log", log, "--json")[1])["trend"]
        self.assertEqual({row["time"]: row["messages"] for row in trend}, {f"2026-10-{day:02}": 24 for day in (1, 2, 3, 4)})

    def test_text(self):
        status, text, _ = run("report", "-c", running.config)
        self.assertEqual(status, 1)
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)
        Stories.compare(self, "report", anonymous(text[:text.index("\nTrend")]))
        found = json.loads(run("report", "-c", running.config, "--json")[1])
        found.pop("trend")
        Stories.compare(self, "report-json", anonymous(json.dumps(found, indent=2) + "\n"))
        self.assertLess(text.index("Refused although SPF and reverse DNS pass, or the mail looks forwarded: 1"), text.index("Verdicts"))
        for title in ("Rules that decided", "Results", "Hosts that were refused", "Domains of senders", "Lists that listed", "Trend"):
            self.assertIn(title, text)

    def test_a_long_log_is_counted_in_pieces_to_the_same_sum(self):
        """Lines cross the borders of pieces."""
        log, small = lab.folder / "pieces.jsonl", running.records_path.read_text()
        times = (10 << 20) // len(small)
        log.write_text(small * times)
        found, once = (json.loads(run("report", "--log", path, "--json")[1]) for path in (log, running.records_path))
        for table in ("mistakes", "verdicts", "rules", "checks", "hosts", "domains", "lists"):
            self.assertEqual(found[table], [{**row, "count": row["count"] * times} for row in once[table]])
        self.assertEqual((found["messages"], found["recipients"]), (once["messages"] * times, once["recipients"] * times))

    def test_N21_since_reads_rotated_logs_and_without_they_are_told(self):
        log, text = lab.folder / "rotated-report.jsonl", running.records_path.read_text()
        log.write_text(text)
        for suffix, changed in ((".1", None), (".2.gz", None), (".3", 1000)):
            rotated = log.with_name(log.name + suffix)
            rotated.write_bytes(gzip.compress(text.encode()) if suffix.endswith(".gz") else text.encode())
            if changed:
                os.utime(rotated, (changed, changed))
        once = len(running.records())
        for since, times in ((["--since", "24h"], 3), ([], 1), (["--since", "36500d"], 4)):
            _, counted, messages = run("report", "--log", log, "--json", *since)
            self.assertEqual(json.loads(counted)["messages"], once * times)
            told = [] if since else [f"heloscope report: 3 rotated files beside {log} not read; --since 7d, say, reads them"]
            self.assertEqual(messages.splitlines(), told)
        log.with_name(log.name + ".2.gz").write_bytes(gzip.compress(text.encode())[:-30])
        status, text, messages = run("report", "--log", log, "--json", "--since", "24h")
        self.assertEqual(status, 3)
        self.assertGreater(json.loads(text)["messages"], 2 * once, "what can be read is counted")
        self.assertIn("rotated-report.jsonl.2.gz cannot be read to its end: it is damaged, or was cut", messages)

    def test_hosts_of_several_logs_are_told_apart(self):
        records = running.records()
        self.assertEqual({record["host"] for record in records}, {socket.gethostname().lower()})
        self.assertNotIn("Your hosts", run("report", "-c", running.config)[1], "one host is not told of")
        logs = []
        for host in ("mx1.test", "mx2.test", None):
            logs += ["--log", lab.folder / f"log-of-{host}.jsonl"]
            own = [{**record, "host": host} if host else {key: value for key, value in record.items() if key != "host"} for record in records]
            logs[-1].write_text("".join(json.dumps(record, separators=(",", ":")) + "\n" for record in (own if host != "mx2.test" else own[:1])))
        refused = sum(any(verdict["action"] in ("reject", "defer") for verdict in record["verdicts"]) for record in records)
        first = any(verdict["action"] in ("reject", "defer") for verdict in records[0]["verdicts"])
        found = json.loads(run("report", "--json", *logs)[1])
        self.assertEqual(found["receivers"], [
            {"messages": len(records), "refusals": refused, "unwritten": 0, "host": ""},
            {"messages": len(records), "refusals": refused, "unwritten": 0, "host": "mx1.test"},
            {"messages": 1, "refusals": first, "unwritten": 0, "host": "mx2.test"}])
        self.assertEqual((found["messages"], found["mistakes"][0]["host"], found["mistakes"][0]["count"]), (2 * len(records) + 1, "mx1.test", 2))
        text = run("report", *logs)[1]
        self.assertRegex(text, rf"(?m)^First: |^ +{len(records)} +{refused}  mx1.test$\n +1 +{first:d}  mx2.test$")
        self.assertRegex(" ".join(text.split()), r"First: \S+ from offers@bulk.example, on host mx1.test ")
        page = lab.folder / "several.html"
        self.assertEqual(run("report", *logs, "--html", page)[0], 1)
        self.assertIn(f'["mx1.test",{len(records)},{refused}]', page.read_text())
        self.assertIn('"host":"mx1.test"', page.read_text())
        found = json.loads(run("report", "--json", *logs[2:4])[1])
        self.assertEqual([row["host"] for row in found["receivers"]], ["mx2.test"])
        for arguments, message in (
            ([*logs, *logs[:2]], f'--log "{logs[1]}" was given twice'),
            ([word for number in range(101) for word in ("--log", f"/nonexistent/{number}")], "more than 100 logs were given"),
            (["--log", ""], "--log needs an argument that is not empty"),
        ):
            status, _, messages = run("report", *arguments)
            self.assertEqual(status, 2)
            self.assertIn(message, messages)
        self.assertEqual(run("replay", "-c", running.config, *logs)[0], 2)
        for log, host in zip(logs[1::2], ("mx1.test", "mx2.test", None)):
            text = run("explain", "--log", log, records[0]["id"])[1]
            self.assertEqual(re.findall(r"(?m)^  Host    (.*)$", text), [host] if host else [])
        status, text, messages = run("report", "--json", *logs, "--log", "/nonexistent")
        self.assertEqual((status, json.loads(text)["messages"]), (3, 2 * len(records) + 1), "what can be read is counted")
        self.assertIn("/nonexistent: no such file", messages)

    def test_since_and_faults(self):
        _, text, _ = run("report", "--log", running.records_path, "--json", "--since", "2099-01-01T00:00:00Z")
        self.assertEqual(json.loads(text)["messages"], 0)
        _, text, _ = run("report", "--log", running.records_path, "--json", "--since", "36500d")
        self.assertEqual(json.loads(text)["messages"], len(running.records()))
        log = lab.folder / "torn-report.jsonl"
        log.write_text(running.records_path.read_text() + '{"v":1,"id"')
        self.assertIn("1 line of", run("report", "--log", log)[2])
        self.assertEqual(run("report", "--log", "/nonexistent")[0], 3)
        beginning = str(log).removesuffix(".jsonl")  # there is a file whose name begins so, but none of that name
        for since in ([], ["--since", "24h"]):
            self.assertEqual(run("report", "--log", beginning, *since), (3, "", f"heloscope report: {beginning}: no such file\n"))
        self.assertEqual(run("report", "--since", "soon")[0], 2)

    def test_what_was_pending_is_counted_as_such(self):
        """Of a message that was given up before the rule had what it waits for; that rule has decided nothing."""
        line = json.dumps({"v": 1, "id": "20261124T000000Z-000000000001", "time": "2026-11-24T00:00:00Z", "client": {"ip": "198.51.100.7"}, "checks": {},
                           "verdicts": [{"recipient": "<a@in.test>", "action": "accept", "enforced": True, "pending": "body", "rule": "x.conf:1", "notes": []}]})
        done = subprocess.run([lab.builddir / "milter/heloscope", "report", "--json", "--log", "-"], input=line + "\n", capture_output=True, text=True, check=False)
        told = json.loads(done.stdout)
        self.assertEqual([row["action"] for table in ("verdicts", "rules") for row in told[table]], ["pending", "pending"])

    def test_a_log_from_a_pipe(self):
        command = [lab.builddir / "milter/heloscope", "report", "--json", "--log", "-"]
        done = subprocess.run(command, input=running.records_path.read_bytes(), capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (1, b""))
        self.assertEqual(json.loads(done.stdout)["messages"], len(running.records()))


class Page(unittest.TestCase):
    """report --html, in Chromium."""

    # Rows of a table as the page shows them.
    ROWS = "return [...document.querySelectorAll('#%s tbody tr')].map(row => [...row.cells].slice(0, %d).map(cell => cell.textContent))"

    @classmethod
    def setUpClass(cls):
        cls.log, cls.path = lab.folder / "page.jsonl", lab.folder / "page.html"
        evil = {**record_of("listed"), "sender": "a@</script><script>document.title='evil'</script>&quot;.example"}
        cls.log.write_text(running.records_path.read_text() + json.dumps(evil) + "\n")
        cls.written = run("report", "--log", cls.log, "--html", cls.path)
        cls.report = json.loads(run("report", "--log", cls.log, "--json")[1])
        cls.browser = start_browser(lab.folder / 'chromium')
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.browser.get_log("browser")
        self.browser.get(self.path.as_uri())

    def rows(self, table, columns=2):
        return self.browser.execute_script(self.ROWS % (table, columns))

    def test_shows_what_was_counted(self):
        self.assertEqual(self.written, (1, "", ""))
        for table in ("verdicts", "rules", "checks", "hosts", "domains", "lists"):
            self.assertEqual([int(number) for _, number in self.rows(table)], [row["count"] for row in self.report[table]][:20], table)
        for table, key in (("hosts", "client"), ("domains", "domain"), ("lists", "zone")):
            self.assertEqual([name for name, _ in self.rows(table)], [row[key] for row in self.report[table]][:20])
        self.assertEqual(len(self.browser.find_elements("css selector", "#mistakes details")), len(self.report["mistakes"]))
        self.assertIn(f"{self.report['messages']} messages", self.browser.find_element("id", "summary").text)
        self.assertEqual(len(self.browser.find_elements("css selector", "#trend rect.all")), len(self.report["trend"]))
        self.assertEqual(self.browser.title, "heloscope report")
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_asks_nothing_of_the_network(self):
        self.assertEqual(self.browser.execute_script("return performance.getEntriesByType('resource').length"), 0)
        self.assertNotIn("src=", self.path.read_text())
        self.assertNotIn("unsafe-inline", self.path.read_text())  # what runs, runs by its hash

    def test_filters(self):
        self.browser.find_element("id", "filter").send_keys("BULK")
        self.assertEqual(self.rows("domains"), [["bulk.example", "1"]])
        self.assertEqual(self.rows("verdicts"), [])
        self.assertEqual(len(self.browser.find_elements("css selector", "#mistakes details")), 1)

    def test_a_mistake_unfolds_into_what_can_be_done(self):
        row = next(row for row in self.report["mistakes"] if row["sender"] == "offers@bulk.example")
        details = next(found for found in self.browser.find_elements("css selector", "#mistakes details") if row["client"] in found.text)
        self.assertIn(row["what"], details.text)
        self.assertNotIn(row["remedy"], details.text)
        details.find_element("tag name", "summary").click()
        for text in (row["remedy"], row["rule"], row["sender"], f"heloscope explain {row['id']}"):
            self.assertIn(text, details.text)

    def test_sorts(self):
        def names():
            return [name for name, _ in self.rows("checks")]

        checks = [f"{row['check']}={row['result']}" for row in self.report["checks"]]
        button = self.browser.find_element("css selector", "#checks th button")
        button.click()
        self.assertEqual(names(), sorted(checks))
        button.click()
        self.assertEqual(names(), sorted(checks, reverse=True))

    def test_long_tables_are_shown_whole_on_demand(self):
        log, page = lab.folder / "long-page.jsonl", lab.folder / "long-page.html"
        refused = record_of("listed")
        log.write_text("".join(json.dumps({**refused, "client": {**refused["client"], "ip": f"198.51.100.{n}"}}) + "\n" for n in range(50)))
        run("report", "--log", log, "--html", page)
        self.browser.get(page.as_uri())
        self.assertEqual(len(self.rows("hosts")), 20)
        button = self.browser.find_element("css selector", "#hosts > button")
        self.assertEqual(button.text, "Show all 50")
        button.click()
        self.assertEqual(len(self.rows("hosts")), 50)
        self.assertFalse(button.is_displayed())

    def test_on_a_phone_and_in_the_dark(self):
        emulate = self.browser.execute_cdp_cmd
        emulate("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
        self.addCleanup(emulate, "Emulation.clearDeviceMetricsOverride", {})
        self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), 360)
        grounds = set()
        for scheme in ("light", "dark"):
            emulate("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            grounds.add(self.browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(grounds), 2)

    def test_what_cannot_be_written_is_said(self):
        status, _, messages = run("report", "--log", self.log, "--html", "/nonexistent/page.html")
        self.assertEqual((status, messages), (3, "heloscope report: /nonexistent/page.html: No such file or directory\n"))
        self.assertEqual(run("report", "--log", self.log, "--html", "/dev/full")[0], 3)
        self.assertEqual(run("report", "--log", self.log, "--html", "x", "--json")[0], 2)
        self.assertEqual(run("replay", "--config", running.config, "--html", "x")[0], 2)


class Completion(unittest.TestCase):
    def test_shells_complete_what_each_command_takes(self):
        """All options of --help, and no others; bash by its function, zsh by its text."""
        folder = pathlib.Path(__file__).resolve().parents[2] / "contrib/completion"
        zsh = (folder / "_heloscope").read_text()
        commands = re.findall(r"(?m)^  ([a-z]+) {2,}", run("help")[1])
        self.assertGreater(len(commands), 5)
        for shell in (zsh, (folder / "heloscope").read_text()):
            self.assertTrue(all(re.search(rf"\b{command}\b", shell) for command in commands), commands)
        for command in commands:
            with self.subTest(command):
                taken = set(re.findall(r"(?m)^ +(?:-\w, )?(--[a-z-]+)", run(command, "--help")[1]))
                script = f'. {folder}/heloscope; COMP_WORDS=(heloscope {command} -); COMP_CWORD=2; _heloscope; printf "%s\\n" "${{COMPREPLY[@]}}"'
                offered = set(subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout.split())
                self.assertEqual({word for word in offered if word.startswith("--")}, taken)
                part = re.search(rf"(?ms)^\t{command}\)(.*?)(;;|\Z)", zsh)
                self.assertEqual(set(re.findall(r"--[a-z-]+", part[1])), taken)


class Doctor(unittest.TestCase):
    maxDiff = None

    def look(self, *arguments, config=None):
        return run("doctor", "--no-connect", "-c", config or running.config, *arguments)

    def findings(self, *arguments):
        """(domain, row) -> severity, and the first finding's words."""
        status, text, messages = self.look("--json", *arguments)
        self.assertEqual(messages, "")
        reports = json.loads(text)
        return status, {(report["domain"], row): severity for report in reports for row, severity in report["cells"].items()}, reports

    def test_a_server_of_three_domains_of_which_one_is_broken(self):
        """As the question went: one gets through and another does not."""
        status, text, messages = self.look("--ip", addresses["good"], "--helo", "smtpout.yodel.example", "yodel.example", "broken.example", "plain.example")
        self.assertEqual((status, messages), (1, ""))
        Stories.compare(self, "doctor", text)
        self.assertTrue(all(len(line) <= 80 or re.match(r"\S+\. (TXT|MX|A|AAAA|PTR|TLSA) ", line) for line in text.splitlines()))

    def test_each_row(self):
        for arguments, domain, row, severity in (
            (["yodel.example"], "yodel.example", "mx", "good"),
            (["yodel.example"], "yodel.example", "addresses", "note"),
            (["--ip", addresses["good"], "yodel.example"], "yodel.example", "addresses", "good"),
            (["nullmx.example"], "nullmx.example", "mx", "error"),
            (["nullmx.example"], "nullmx.example", "bounces", "error"),
            (["yodel.example"], "yodel.example", "bounces", "good"),
            (["plain.example"], "plain.example", "bounces", "good"),
            (["halfway.example"], "halfway.example", "bounces", "warning"),
            (["inside.example"], "inside.example", "bounces", "error"),
            (["lost.example"], "lost.example", "bounces", "error"),
            (["--bounces", "yodel.example", "yodel.example"], "yodel.example", "bounces", "good"),
            (["--bounces", "nullmx.example", "yodel.example"], "yodel.example", "bounces", "error"),
            (["--bounces", "absent.example", "yodel.example"], "yodel.example", "bounces", "error"),
            (["--bounces", "elsewhere.example", "yodel.example"], "yodel.example", "spf-alignment", "warning"),
            (["--bounces", "elsewhere.example", "--ip", addresses["good"], "plain.example"], "plain.example", "spf-pass", "good"),
            (["--bounces", "open.example", "yodel.example"], "yodel.example", "spf-all", "error"),
            (["absent.example"], "absent.example", "mx", "error"),
            (["absent.example"], "absent.example", "dmarc", "not-asked"),
            (["plain.example"], "plain.example", "mx", "note"),
            (["--ip", addresses["nameless"], "yodel.example"], "yodel.example", "reverse-dns", "error"),
            (["--ip", addresses["mismatch"], "yodel.example"], "yodel.example", "reverse-dns", "error"),
            (["--ip", addresses["good"], "yodel.example"], "yodel.example", "reverse-dns", "good"),
            (["--ip", addresses["good6"], "yodel.example"], "yodel.example", "reverse-dns", "good"),
            (["--ip", addresses["good"], "--helo", "smtpout.yodel.example", "yodel.example"], "yodel.example", "helo", "good"),
            (["--ip", addresses["good"], "--helo", "SMTPOUT.Yodel.example.", "yodel.example"], "yodel.example", "helo", "good"),
            (["--ip", addresses["good"], "--helo", "other.example", "yodel.example"], "yodel.example", "helo", "warning"),
            (["broken.example"], "broken.example", "spf-record", "error"),
            (["twice.example"], "twice.example", "spf-record", "error"),
            (["spaced.example"], "spaced.example", "mx", "note"),
            (["plain.example"], "plain.example", "spf-record", "warning"),
            (["broken.example"], "broken.example", "spf-pass", "error"),
            (["deep.example"], "deep.example", "spf-limits", "error"),
            (["voids.example"], "voids.example", "spf-limits", "error"),
            (["--ip", addresses["mismatch"], "yodel.example"], "yodel.example", "spf-pass", "error"),
            (["--ip", addresses["neutral"], "open.example"], "open.example", "spf-pass", "good"),
            (["open.example"], "open.example", "spf-all", "error"),
            (["unsure.example"], "unsure.example", "spf-all", "note"),
            (["yodel.example"], "yodel.example", "spf-all", "good"),
            (["yodel.example"], "yodel.example", "dkim", "not-asked"),
            (["--selector", "s1", "yodel.example"], "yodel.example", "dkim", "good"),
            (["--selector", "absent", "yodel.example"], "yodel.example", "dkim", "error"),
            (["yodel.example"], "yodel.example", "dmarc", "good"),
            (["spaced.example"], "spaced.example", "dmarc", "good"),
            (["open.example"], "open.example", "dmarc", "warning"),
            (["unsure.example"], "unsure.example", "dmarc", "error"),
            (["plain.example"], "plain.example", "dmarc", "note"),
            (["--ip", addresses["listed"], "yodel.example"], "yodel.example", "address-lists", "error"),
            (["yodel.example"], "yodel.example", "address-lists", "good"),
            (["bulk.example"], "bulk.example", "domain-lists", "error"),
            (["bücher.example"], "xn--bcher-kva.example", "spf-record", "good"),
        ):
            with self.subTest(arguments, row=row):
                self.assertEqual(self.findings(*arguments)[1][domain, row], severity)

    def test_a_DKIM_key_is_read_as_a_verifier_reads_it(self):
        for selector, severity, words in (
            ("s1", "good", None),
            ("spaced", "good", None),
            ("hashes", "good", None),
            ("ed", "warning", "No RSA key was found beside"),
            ("revoked", "error", "revoked"),
            ("small", "warning", "1024 bits; signers should have 2048"),
            ("weak", "error", "512 bits"),
            ("cut", "error", "not an RSA public key"),
            ("noise", "error", "not an RSA public key"),
            ("wrapped", "error", "44 octets; an ed25519 key has 32"),
            ("dsa", "error", 'type is "dsa"'),
            ("old", "error", "sha256"),
            ("other", "error", "not for mail"),
            ("testing", "note", "t=y"),
            ("version", "error", "expected DKIM1"),
        ):
            with self.subTest(selector):
                _, cells, reports = self.findings("--selector", selector, "yodel.example")
                self.assertEqual(cells["yodel.example", "dkim"], severity)
                found = [finding["what"] for finding in reports[0]["findings"] if finding["row"] == "dkim"]
                self.assertEqual(len(found), 0 if words is None else 1)
                self.assertIn(words or "", "".join(found))

    def test_the_record_to_publish_makes_it_pass(self):
        """Each proposal for SPF, put into a zone of its own, lets the address pass."""
        _, _, reports = self.findings("--ip", addresses["mismatch"], "yodel.example", "plain.example", "explained.example")
        for report in reports:
            publish, = next(finding["publish"] for finding in report["findings"] if finding["row"].startswith("spf") and "publish" in finding)
            owner, record = re.fullmatch(r'(\S+)\. TXT "(.*)"', publish).groups()
            self.assertEqual(owner, report["domain"])
            with Lab() as other:
                other.nsd({"example": f'{owner.split(".")[0]} TXT "{record}"\n{owner.split(".")[0]} MX 10 mail.plain\nmail.plain A 203.0.113.5\n'})
                config = other.folder / "doctor.conf"
                config.write_text(f"resolver {{ servers 127.0.0.1@{other.servers['nsd']} }}\n")
                _, text, _ = self.look("--json", "--ip", addresses["mismatch"], owner, config=config)
                self.assertEqual(json.loads(text)[0]["cells"]["spf-pass"], "good")

    def test_a_fault_of_the_DNS_is_no_finding(self):
        """A domain in which all is well, and each of its answers missing in turn: unknown, never an error."""
        world = {
            ("9.100.51.198.in-addr.arpa", "PTR"): "out.well.example.",
            ("out.well.example", "A"): "198.51.100.9",
            ("well.example", "TXT"): '"v=spf1 a:out.well.example -all"',
            ("_dmarc.well.example", "TXT"): '"v=DMARC1; p=none"',
            ("s1._domainkey.well.example", "TXT"): txt(DKIM_KEYS["s1"]),
            ("9.100.51.198.bl.test", "A"): None,
            ("well.example.dbl.test", "A"): None,
            ("2.0.0.127.bl.test", "A"): "127.0.0.2",
            ("test.dbl.test", "A"): "127.0.1.2",
        }
        ways = ({("well.example", "MX"): "10 out.well.example."}, {("well.example", "MX"): None, ("well.example", "A"): "198.51.100.9"},
                {("well.example", "MX"): None, ("well.example", "A"): None, ("well.example", "AAAA"): "2001:db8::9"})
        config = lab.folder / "faults-doctor.conf"
        for way in ways:
            answers = {**world, **way}
            for failing in (None, *answers):
                def answer(packet, is_tcp):
                    query = dns.message.from_wire(packet)
                    question = query.question[0]
                    asked = (question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype))
                    right = answers.get(asked)
                    return respond(query, is_tcp, "servfail" if asked == failing else "", 0, [right] if right else [])

                port = free_port()
                config.write_text(f'resolver {{ servers 127.0.0.1@{port} timeout 8s }}\ndnsbl "bl.test"\ndomain-dnsbl "dbl.test"\n')
                with self.subTest(way, failing=failing), DnsServer(port, answer):
                    status, text, _ = self.look("--json", "--ip", "198.51.100.9", "--helo", "out.well.example", "--selector", "s1", "well.example",
                                                config=config)
                    cells = json.loads(text)[0]["cells"]
                    self.assertEqual({row for row, severity in cells.items() if severity in ("error", "warning")}, set())
                    self.assertEqual("unknown" in cells.values(), failing is not None)
                    self.assertEqual(status, 0 if failing is None else 3)

    def test_exit_statuses(self):
        self.assertEqual(self.look("--ip", addresses["good"], "--helo", "smtpout.yodel.example", "--selector", "s1", "yodel.example")[0], 0)
        self.assertEqual(self.look("open.example")[0], 1)
        dead = lab.folder / "dead-doctor.conf"
        dead.write_text("resolver { servers 127.0.0.1@9 timeout 200ms }\n")
        status, text, messages = self.look("--ip", addresses["good"], "yodel.example", config=dead)
        self.assertEqual((status, text), (3, ""))
        self.assertIn("no name server answers", messages)

    def test_wrong_usage(self):
        for arguments, message in (
            ([], "no domain was given"),
            (["nodots"], "is not a domain; expected one like example.org"),
            (["--ip", "x", "a.example"], "is not an address"),
            (["--helo", "[192.0.2.1", "a.example"], "is not a name"),
            (["a.example"] * 19, "more than 18 domains"),
            (["--ip", "192.0.2.1"] * 9 + ["a.example"], "more than 8 addresses"),
        ):
            with self.subTest(arguments):
                status, _, messages = run("doctor", *arguments)
                self.assertEqual(status, 2)
                self.assertIn(message, messages)


if __name__ == "__main__":
    unittest.main(verbosity=2)
