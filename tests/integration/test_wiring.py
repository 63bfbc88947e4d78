"""heloscope wiring, on configurations of a real Postfix with one fault each; the lines that it proposes are pasted, and then all is right."""
import contextlib
import json
import os
import pathlib
import pwd
import re
import socket
import shutil
import subprocess
import sys
import threading
import unittest

from lab import HEAD, LabTest, Smtp, free_port, module_lab, wait_until, write_settled
from raw_milter import Client

lab = None

SOURCE = pathlib.Path(__file__).resolve().parents[2]
# What there is to find, as the table of findings has it.
FINDINGS = set(re.findall(r'^\tROW\(\w+, "([a-z-]+)"', (SOURCE / "include/heloscope/wiring/finding.h").read_text(), re.MULTILINE))

MASTER = """smtp inet n - n - - smtpd
submission inet n - n - - smtpd
  -o smtpd_milters=
cleanup unix n - n - 0 cleanup
"""


def setUpModule():
    global lab
    with module_lab() as lab:
        pass


def tearDownModule():
    """Each finding was set on a real MTA, and found: not one of the table is forgotten here."""
    if len(sys.argv) == 1:  # all tests ran
        assert found_here == FINDINGS, f"never found: {sorted(FINDINGS - found_here)}; not in the table: {sorted(found_here - FINDINGS)}"


@contextlib.contextmanager
def listener(path=None, mode=0o666, address="127.0.0.1"):
    """Somebody who listens: on a port, which is the value, or on a unix socket."""
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET6 if ":" in address else socket.AF_INET) as listening:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            listening.bind(str(path))
            path.chmod(mode)
        else:
            listening.bind((address, 0))
        listening.listen()
        yield None if path else listening.getsockname()[1]


class Postfix:
    """The configuration of one."""

    def __init__(self, name, milters, main="", master=MASTER):
        self.folder = lab.subfolder(name)
        self.queue = lab.subfolder(f"{name}-queue")
        self.main = {
            "compatibility_level": "3.6", "queue_directory": str(self.queue), "mail_owner": "postfix", "myhostname": "mx.lab.test",
            "smtpd_milters": milters, "milter_default_action": "accept",
        }
        self.set(main)
        self.master = master
        self.commands = []

    def set(self, lines):
        self.main.update(re.split(" *= *", line, maxsplit=1) for line in lines.splitlines())

    def write(self):
        write_settled(self.folder / "main.cf", "".join(f"{name} = {value}\n" for name, value in self.main.items()))
        (self.folder / "master.cf").write_text(self.master)

    def paste(self, cure):
        """What an administrator does with a proposed line."""
        if cure["file"] == "main.cf":
            self.set(cure["line"])
        elif cure["file"] == "master.cf":
            name, kind = cure["below"].split("/")
            lines = self.master.splitlines()
            at = next(i for i, line in enumerate(lines) if line.split()[:2] == [name, kind])
            parameter = re.search(r"[a-z_]+(?= *=)", cure["line"])[0]
            end = next((i for i in range(at + 1, len(lines)) if not lines[i].startswith(" ")), len(lines))
            own = [line for line in lines[at + 1:end] if not re.match(rf"\s+-o \{{? ?{parameter}\b", line)]
            self.master = "\n".join([*lines[:at + 1], "  " + cure["line"], *own, *lines[end:]]) + "\n"
        else:
            self.commands.append((cure["file"], cure["line"]))


found_here = set()  # the findings of all reports
told = set()  # those of which the text for people was seen


def kinds_of(report):
    kinds = {finding["finding"] for finding in report["findings"]}
    found_here.update(kinds)
    return kinds


def look(*words):
    """The report as JSON; what is told to people has the same, and the exit status says whether something is wrong."""
    done = lab.tool(*words, "--json")
    assert done.stderr == "", done.stderr
    report = json.loads(done.stdout)
    kinds = kinds_of(report)
    bad = [finding for finding in report["findings"] if finding["severity"] != "note"]
    assert done.returncode == (1 if bad else 0), done
    if not kinds <= told or not told:
        told.update(kinds or {"none"})
        text = lab.tool(*words)
        assert (text.stderr, text.returncode, "All is right." in text.stdout) == ("", done.returncode, not bad), text
        for finding in report["findings"]:
            lines = [finding["place"], *(f"\n      {cure['line']}\n" for cure in finding["cures"])]
            assert all(line in text.stdout for line in lines), (lines, text.stdout)
        files = {cure["file"] for finding in report["findings"] for cure in finding["cures"]}
        assert ("postfix reload" in text.stdout) == bool(files & {"main.cf", "master.cf"}), text.stdout
    return report


class PostfixTest(LabTest):
    name = 0

    def look(self, postfix, listen, more="", *options):
        """The findings for a filter that listens there."""
        postfix.write()
        config = lab.folder / "wiring.conf"
        config.write_text(f'listen "{listen}"\n{more}')
        words = "wiring", "-c", config, "--postfix", postfix.folder, *options
        report = look(*words)
        self.assertEqual((report["mta"], report["mta-configuration"], report["listen"]), ("Postfix", str(postfix.folder), listen))
        return report["findings"]

    def right(self, port, main="", master=MASTER, milters=None):
        PostfixTest.name += 1
        return Postfix(f"wiring{PostfixTest.name}", milters or f"inet:127.0.0.1:{port}", main, master)

    def expect(self, token, main="", master=MASTER, milters=None, place=None, found=None, more="", heals=True):
        """One fault, and nothing else; what is proposed mends it."""
        with listener() as port:
            milters = milters and milters.replace("PORT", str(port))
            postfix = self.right(port, main.replace("PORT", str(port)), master.replace("PORT", str(port)), milters)
            listen = f"inet:{port}@127.0.0.1"
            findings = self.look(postfix, listen, more)
            self.assertEqual([finding["finding"] for finding in findings], [token])
            finding, = findings
            if place:
                self.assertEqual(finding["place"], place)
            if found is not None:
                self.assertEqual(finding["found"], found.replace("PORT", str(port)))
            for cure in finding["cures"]:
                postfix.paste(cure)
            if heals:
                self.assertEqual(self.look(postfix, listen, more), [])
            return postfix, str(port)

    def test_all_is_right(self):
        with listener() as port:
            self.assertEqual(self.look(self.right(port), f"inet:{port}@127.0.0.1"), [])
            self.assertEqual(self.look(self.right(port), f"inet:{port}"), [])
            self.assertEqual(self.look(self.right(port, milters=f"inet:localhost:{port}"), f"inet:{port}@localhost"), [])
            self.assertEqual(self.look(self.right(port, master=MASTER.replace("smtp inet n", "smtp inet n - n - 1 postscreen\nsmtpd pass -")),
                                       f"inet:{port}@127.0.0.1"), [])

    def test_not_attached(self):
        self.expect("not-attached", milters=" ", place="smtpd_milters", found="")

    def test_not_attached_under_stress(self):
        self.expect("not-attached-under-stress", milters="${stress?{}:{inet:127.0.0.1:PORT}}", place="smtpd_milters", found="")
        self.expect("not-attached-under-stress", master=MASTER.replace("submission", "  -o { smtpd_milters = ${stress?{unix:x}:{inet:127.0.0.1:PORT}} }\nsubmission"),
                    place="smtp/inet/smtpd_milters", found="unix:x")
        with listener() as port:
            postfix = self.right(port, milters="${stress?{inet:localhost:%d}:{inet:127.0.0.1:%d, unix:x}}" % (port, port))
            self.assertEqual(self.look(postfix, f"inet:{port}@127.0.0.1"), [])

    def test_settings_under_stress(self):
        """Each may be another then; what is wrong anyhow is told once."""
        ours = "inet:127.0.0.1:PORT"
        for token, name, bad, good in (("default-tempfail", "milter_default_action", "tempfail", "accept"), ("command-timeout", "milter_command_timeout", "1s", "30s"),
                                       ("no-time", "milter_content_timeout", "x", "300s"), ("connect-timeout", "milter_connect_timeout", "1s", "30s"),
                                       ("protocol", "milter_protocol", "2", "6"), ("no-milters", "receive_override_options", "no_milters", ""),
                                       ("milter-map-for-all", "smtpd_milter_maps", "static:DISABLE", "")):
            with self.subTest(token):
                self.expect(token, f"{name} = ${{stress?{{{bad}}}:{{{good}}}}}", place=f"{name} under stress", found=bad)
                self.expect(token, f"{name} = {bad}", place=name, found=bad)
        place = "smtpd_milters under stress"
        self.expect("default-reject", milters="${stress?{{ %s, default_action=reject }}:{%s}}" % (ours, ours), place=place)
        self.expect("spelling", milters="${stress?{tcp:127.0.0.1:PORT}:{%s}}" % ours, place=place)
        self.expect("not-first", milters="${stress?{unix:x, %s}:{%s}}" % (ours, ours), place=place, found="unix:x, inet:127.0.0.1:PORT")
        self.expect("attached-twice", milters="${stress?{%s, %s}:{%s}}" % (ours, ours, ours), place=place)
        with listener() as port:
            finding, = self.look(self.right(port, "smtpd_proxy_filter = ${stress?{127.0.0.1:10025}:{}}"), f"inet:{port}@127.0.0.1")
            self.assertEqual((finding["finding"], finding["place"]), ("proxy-filter", "smtpd_proxy_filter under stress"))
            postfix = self.right(port, "milter_default_action = ${stress?{reject}:{tempfail}}")
            self.assertEqual([(finding["finding"], finding["place"]) for finding in self.look(postfix, f"inet:{port}@127.0.0.1")],
                             [("default-tempfail", "milter_default_action"), ("default-reject", "milter_default_action under stress")])

    def test_not_attached_beside_others(self):
        postfix, port = self.expect("not-attached", milters="inet:127.0.0.1:1, { unix:other, default_action=accept }")
        self.assertEqual(postfix.main["smtpd_milters"], f"inet:127.0.0.1:{port}, inet:127.0.0.1:1, {{ unix:other, default_action=accept }}")

    def test_a_filter_of_another_host_at_the_same_port_is_another(self):
        """And stays in the list."""
        with listener() as port:
            postfix = self.right(port, milters=f"inet:192.0.2.1:{port}")
            finding, = self.look(postfix, f"inet:{port}")
            self.assertEqual((finding["finding"], [cure["line"] for cure in finding["cures"]]), ("not-attached", [f"smtpd_milters = inet:127.0.0.1:{port}, inet:192.0.2.1:{port}"]))

    def test_not_attached_by_the_service(self):
        self.expect("not-attached", master=MASTER.replace("submission", "  -o smtpd_milters=\nsubmission"), place="smtp/inet/smtpd_milters")

    def test_what_a_service_sets_is_used_by_parameters_of_main_cf(self):
        """Their values for that service only Postfix itself can tell."""
        self.expect("not-attached", "own_filters = inet:127.0.0.1:PORT", MASTER.replace("submission", "  -o own_filters=\nsubmission"), "$own_filters",
                    place="smtp/inet/smtpd_milters")
        self.expect("default-tempfail", "own_action = accept\nmilter_default_action = $own_action", MASTER.replace("submission", "  -o own_action=tempfail\nsubmission"),
                    place="smtp/inet/milter_default_action")
        with listener() as port:
            postfix = self.right(port, f"own_filters = inet:127.0.0.1:{port}", MASTER.replace("submission", "  -o own_action=tempfail\nsubmission"), "$own_filters")
            self.assertEqual(self.look(postfix, f"inet:{port}@127.0.0.1"), [])

    def test_names_that_an_administrator_made_up(self):
        """Postfix takes any word as one, and warns at most."""
        for name in ("na-me", "a.b", "1+", "\u00e9", "a/b"):
            with listener() as port, self.subTest(name):
                postfix = self.right(port, f"{name} = x", MASTER.replace("submission", f"  -o {name}=x\nsubmission"))
                self.assertEqual(self.look(postfix, f"inet:{port}@127.0.0.1"), [])

    def test_of_settings_that_are_there_twice_the_last_counts(self):
        self.expect("default-tempfail", milters="{ inet:127.0.0.1:PORT, default_action=accept, default_action=tempfail }", place="smtpd_milters")
        with listener() as port:
            self.assertEqual(self.look(self.right(port, milters=f"{{ inet:127.0.0.1:{port}, default_action=tempfail, default_action=accept }}"), f"inet:{port}@127.0.0.1"), [])

    def test_on_submission_by_main_cf(self):
        for name in ("submission", "587", "[::1]:submissions", "smtps", "465", "2525 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n#"):
            with self.subTest(name):
                key = name.split()[0]
                self.expect("on-submission", master=f"smtp inet n - n - - smtpd\n{name} inet n - n - - smtpd\n", place=f"{key}/inet/smtpd_milters")

    def test_on_submission_keeps_other_filters(self):
        postfix, _ = self.expect("on-submission", master=MASTER.replace("smtpd_milters=", "smtpd_milters=inet:127.0.0.1:1,inet:127.0.0.1:PORT,unix:x"))
        self.assertIn("\n  -o { smtpd_milters = inet:127.0.0.1:1, unix:x }\n", postfix.master)

    def test_on_loopback(self):
        for address in ("127.0.0.1", "127.0.0.2", "[127.0.0.1]", "[::1]", "localhost"):
            with self.subTest(address):
                self.expect("on-loopback", master=MASTER + f"{address}:10025 inet n - n - - smtpd\n", place=f"{address}:10025/inet/smtpd_milters")

    def test_behind_a_content_filter_no_milters_is_enough(self):
        for name in ("127.0.0.1:10025", "submission"):
            with self.subTest(name), listener() as port:
                master = f"smtp inet n - n - - smtpd\n{name} inet n - n - - smtpd\n  -o content_filter= -o receive_override_options=no_milters\n"
                self.assertEqual(self.look(self.right(port, "", master), f"inet:{port}@127.0.0.1"), [])

    def test_spelling(self):
        for wrong in ("tcp:127.0.0.1:PORT", "inet:PORT@127.0.0.1", "inet6:localhost:PORT", "127.0.0.1:PORT",
                      "{ tcp:127.0.0.1:PORT, default_action=accept }"):
            with self.subTest(wrong):
                postfix, port = self.expect("spelling", milters=wrong, found=wrong)
                self.assertIn(f"inet:127.0.0.1:{port}", postfix.main["smtpd_milters"])

    def test_inet_protocols(self):
        """Postfix leaves addresses of the other version of IP out."""
        with listener(address="::") as port:
            for listen, moved in ((f"inet6:{port}@::1", [f'listen "inet:{port}@127.0.0.1"', "systemctl restart heloscope-milter"]), (f"inet6:{port}", [])):
                postfix = self.right(port, "inet_protocols = ipv4", milters=f"{{ inet:[::1]:{port}, default_action=accept }}, unix:x")
                finding, = self.look(postfix, listen)
                self.assertEqual((finding["finding"], finding["place"], finding["found"]), ("inet-protocols", "inet_protocols", "ipv4"))
                self.assertEqual([cure["line"] for cure in finding["cures"]], [*moved, f"smtpd_milters = {{ inet:127.0.0.1:{port}, default_action=accept }}, unix:x"])
                postfix.paste(finding["cures"][-1])
                self.assertEqual(self.look(postfix, f"inet:{port}@127.0.0.1" if moved else listen), [])
            for protocols in ("all", "ipv6", "ipv4, ipv6"):
                self.assertEqual(self.look(self.right(port, f"inet_protocols = {protocols}", milters=f"inet:[::1]:{port}"), f"inet6:{port}@::1"), [])
        with listener() as port:
            finding, = self.look(self.right(port, "inet_protocols = ipv6"), f"inet:{port}@127.0.0.1")
            self.assertEqual((finding["finding"], finding["cures"][0]["line"]), ("inet-protocols", f'listen "inet6:{port}@::1"'))
            self.assertEqual(self.look(self.right(port, "inet_protocols = ipv6", milters=f"inet:localhost:{port}"), f"inet:{port}@127.0.0.1"), [])  # as it resolves

    def test_other_address(self):
        with listener() as port:
            postfix = self.right(port, milters="unix:heloscope/milter.sock")
            finding, = self.look(postfix, f"inet:{port}@127.0.0.1")
            self.assertEqual(finding["finding"], "other-address")
            self.assertEqual(finding["cures"], [{"file": "main.cf", "line": f"smtpd_milters = inet:127.0.0.1:{port}"}])

    def test_nobody_listens(self):
        port = free_port()
        finding, = self.look(self.right(port), f"inet:{port}@127.0.0.1")
        self.assertEqual((finding["finding"], finding["found"]), ("nobody-listens", f"inet:{port}@127.0.0.1: Connection refused"))

    def test_default_action(self):
        for action in ("tempfail", "reject", "quarantine"):
            with self.subTest(action):
                self.expect(f"default-{action}", f"milter_default_action = {action}", place="milter_default_action", found=action)
                self.expect(f"default-{action}", milters="{ inet:127.0.0.1:PORT, default_action=%s, command_timeout=20s }" % action, place="smtpd_milters")
                self.expect(f"default-{action}", master=MASTER.replace("submission", f"  -o milter_default_action={action}\nsubmission"),
                            place="smtp/inet/milter_default_action")

    def test_timeouts(self):
        for name, value in (("connect", "4s"), ("command", "5"), ("content", "1s")):
            with self.subTest(name):
                self.expect(f"{name}-timeout", f"milter_{name}_timeout = {value}", place=f"milter_{name}_timeout", found=value)
        self.expect("command-timeout", milters="{ inet:127.0.0.1:PORT, command_timeout=5s }")

    def test_times_that_are_none(self):
        """With one smtpd ends at once: "bad time value or unit"."""
        for name, value in (("connect", "abc"), ("command", "5x"), ("content", "1m30s")):
            with self.subTest(name):
                self.expect("no-time", f"milter_{name}_timeout = {value}", place=f"milter_{name}_timeout", found=value)
                self.expect("no-time", milters="{ inet:127.0.0.1:PORT, %s_timeout=%s }" % (name, value), place="smtpd_milters")

    def test_timeouts_are_compared_with_the_filters(self):
        with listener() as port:
            postfix = self.right(port, "milter_command_timeout = 8s")
            for timeout, tokens in ((6000, []), (6001, ["command-timeout"])):
                findings = self.look(postfix, f"inet:{port}@127.0.0.1", f"resolver {{ timeout {timeout}ms }}\n")
                self.assertEqual([finding["finding"] for finding in findings], tokens)

    def test_not_first(self):
        postfix, port = self.expect("not-first", milters="inet:127.0.0.1:1, unix:x, inet:127.0.0.1:PORT")
        self.assertEqual(postfix.main["smtpd_milters"], f"inet:127.0.0.1:{port}, inet:127.0.0.1:1, unix:x")

    def test_attached_twice(self):
        other = "{ unix:x, default_action=accept }"
        postfix, port = self.expect("attached-twice", milters=f"inet:127.0.0.1:PORT, {other}, inet:localhost:PORT", place="smtpd_milters")
        self.assertEqual(postfix.main["smtpd_milters"], f"inet:127.0.0.1:{port}, {other}")
        postfix, port = self.expect("on-submission", master=MASTER.replace("smtpd_milters=", "smtpd_milters=inet:127.0.0.1:PORT,unix:x,inet:localhost:PORT"))
        self.assertIn("\n  -o smtpd_milters=unix:x\n", postfix.master)
        with listener() as port:  # what it was called before, and what it is called now
            self.assertEqual(self.look(self.right(port, milters=f"inet:127.0.0.1:{port}, unix:heloscope/milter.sock"), f"inet:{port}@127.0.0.1"), [])

    def test_behind_many(self):
        """A Postfix takes as many filters as one likes."""
        many = ", ".join(f"unix:other{number}" for number in range(40))
        postfix, port = self.expect("not-first", milters=f"{many}, inet:127.0.0.1:PORT")
        self.assertEqual(postfix.main["smtpd_milters"], f"inet:127.0.0.1:{port}, {many}")
        postfix, port = self.expect("not-attached", milters=many)
        self.assertEqual(postfix.main["smtpd_milters"], f"inet:127.0.0.1:{port}, {many}")
        with listener() as port:
            long = ", ".join("unix:" + 200 * str(number % 10) for number in range(40))
            finding, = self.look(self.right(port, milters=long), f"inet:{port}@127.0.0.1")
            self.assertEqual((finding["finding"], finding["cures"]), ("not-attached", []))  # rather than a line that loses one of them
            finding, = self.look(self.right(port, milters="${stress?{}:{inet:127.0.0.1:%d, %s}}" % (port, long)), f"inet:{port}@127.0.0.1")
            self.assertEqual((finding["finding"], finding["cures"]), ("not-attached-under-stress", []))

    def test_non_smtpd(self):
        postfix, _ = self.expect("non-smtpd", "non_smtpd_milters = inet:127.0.0.1:1, inet:127.0.0.1:PORT")
        self.assertEqual(postfix.main["non_smtpd_milters"], "inet:127.0.0.1:1")
        self.expect("non-smtpd", "non_smtpd_milters = $smtpd_milters")

    def test_protocol(self):
        """The filter asks for the macros that it needs, whatever lists are set, with an older protocol, too: see TrialTest."""
        self.expect("protocol", "milter_protocol = 2\nmilter_rcpt_macros = i\nmilter_mail_macros =", place="milter_protocol", found="2")
        self.expect("protocol", milters="{ inet:127.0.0.1:PORT, protocol=4 }", place="smtpd_milters", found="4")

    def test_hard_error_limit(self):
        self.expect("hard-error-limit", "smtpd_hard_error_limit = 9", more="mode enforce\nrecipients apart\n")
        with listener() as port:
            for limit, more in ((10, "mode enforce\nrecipients apart\n"), (1, "mode enforce\nrecipients together\n"), (1, "mode audit\nrecipients apart\n")):
                self.assertEqual(self.look(self.right(port, f"smtpd_hard_error_limit = {limit}"), f"inet:{port}@127.0.0.1", more), [])

    def test_hard_error_limit_under_stress(self):
        """Postfix's default is 20, and 1 under stress."""
        self.expect("hard-error-limit-under-stress", "smtpd_hard_error_limit = ${stress?{1}:{20}}", more="mode enforce\nrecipients apart\n")
        with listener() as port:
            for more in ("", "recipients apart\n"):  # a fresh install, beside a fresh Postfix
                self.assertEqual(self.look(self.right(port, "smtpd_hard_error_limit = ${stress?{1}:{20}}"), f"inet:{port}@127.0.0.1", more), [])

    def test_no_milters(self):
        self.expect("no-milters", "receive_override_options = no_address_mappings, no_milters")
        self.expect("milter-map-for-all", "smtpd_milter_maps = static:DISABLE")
        with listener() as port:
            postfix = self.right(port, "", MASTER.replace("smtp inet n - n - - smtpd\n", "smtp inet n - n - - smtpd\n  -o receive_override_options=no_milters\n"))
            finding, = self.look(postfix, f"inet:{port}@127.0.0.1")
            self.assertEqual((finding["finding"], finding["place"], finding["cures"][0]["line"]),
                             ("no-milters", "smtp/inet/receive_override_options", "-o receive_override_options="))
            postfix.paste(finding["cures"][0])
            self.assertEqual(self.look(postfix, f"inet:{port}@127.0.0.1"), [])

    def test_proxy_filter(self):
        """Postfix passes no header and no body to milters then."""
        with listener() as port:
            at_port = "smtp inet n - n - - smtpd\n  -o smtpd_proxy_filter=127.0.0.1:10025\n"
            for line, master in (("smtpd_proxy_filter = 127.0.0.1:10025", MASTER), ("", MASTER.replace("smtp inet n - n - - smtpd\n", at_port))):
                finding, = self.look(self.right(port, line, master), f"inet:{port}@127.0.0.1")
                self.assertEqual((finding["finding"], finding["severity"], finding["found"], finding["cures"]), ("proxy-filter", "wrong", "127.0.0.1:10025", []))
            own = MASTER.replace("smtp inet n - n - - smtpd\n", "smtp inet n - n - - smtpd\n  -o smtpd_proxy_filter=\n")
            self.assertEqual(self.look(self.right(port, "smtpd_proxy_filter = 127.0.0.1:10025", own), f"inet:{port}@127.0.0.1"), [])

    def test_notes(self):
        for token, line in (("milter-map", "smtpd_milter_maps = cidr:/etc/postfix/milter_maps"),
                            ("proxy-protocol", "smtpd_upstream_proxy_protocol = haproxy"), ("proxy-protocol", "postscreen_upstream_proxy_protocol = haproxy"),
                            ("xclient", "smtpd_authorized_xclient_hosts = 192.0.2.0/24")):
            with listener() as port, self.subTest(line):
                finding, = self.look(self.right(port, line), f"inet:{port}@127.0.0.1")
                self.assertEqual((finding["finding"], finding["severity"], finding["cures"]), (token, "note", []))

    # Unix sockets.

    def unix(self, path, milters, chroot="n", mode=0o666, listens=True):
        postfix = self.right(0, milters=milters, master=MASTER.replace("smtp inet n - n", f"smtp inet n - {chroot}"))
        path = postfix.queue / path if path else lab.folder / f"run{self.name}" / "heloscope.sock"
        with listener(path, mode) if listens else contextlib.nullcontext():
            postfix.main["smtpd_milters"] = milters.replace("PATH", str(path))
            yield postfix, path

    def test_unix_sockets_that_are_right(self):
        for path, milters, chroot in (("heloscope/milter.sock", "unix:heloscope/milter.sock", "y"), ("heloscope/milter.sock", "unix:heloscope/milter.sock", "n"),
                                      ("heloscope/milter.sock", "unix:/heloscope/milter.sock", "y"), ("heloscope/milter.sock", "unix:PATH", "n"),
                                      (None, "unix:PATH", "n")):
            with self.subTest((path, milters, chroot)):
                for postfix, path in self.unix(path, milters, chroot):
                    self.assertEqual(self.look(postfix, f"unix:{path}"), [])
                    self.assertEqual(self.look(postfix, f"local:{path}"), [])

    def test_socket_spelled_as_sendmail_does(self):
        for postfix, path in self.unix("heloscope/milter.sock", "local:PATH"):
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual(finding["finding"], "spelling")
            self.assertEqual(finding["cures"], [{"file": "main.cf", "line": "smtpd_milters = unix:heloscope/milter.sock"}])

    def test_socket_outside_chroot(self):
        for postfix, path in self.unix(None, "unix:PATH", "y"):
            finding, = self.look(postfix, f"unix:{path}")
            inside = postfix.queue / "heloscope/milter.sock"
            self.assertEqual(finding["finding"], "socket-outside-chroot")
            self.assertEqual([tuple(cure.values()) for cure in finding["cures"]],
                             [("command", f"install -d -o heloscope -g postfix -m 2750 {inside.parent}"),
                              ("heloscope.conf", f'listen "unix:{inside}" {{ mode 0660 }}'), ("main.cf", "smtpd_milters = unix:heloscope/milter.sock"),
                              ("command", "systemctl restart heloscope-milter")])
            postfix.paste(finding["cures"][2])
            with listener(inside):
                self.assertEqual(self.look(postfix, f"unix:{inside}"), [])

    def test_socket_outside_chroot_that_is_closed_or_missing(self):
        """It is to be made elsewhere: what would open it, or make it, where it is now would contradict that."""
        for postfix, path in self.unix(None, "unix:PATH", "y", mode=0o600):
            self.assertEqual([finding["finding"] for finding in self.look(postfix, f"unix:{path}")], ["socket-outside-chroot"])
            path.unlink()
            self.assertEqual([finding["finding"] for finding in self.look(postfix, f"unix:{path}")], ["socket-outside-chroot"])

    def test_not_attached_and_socket_outside_chroot(self):
        """What is proposed puts the filter before the others, as elsewhere."""
        for postfix, path in self.unix(None, "unix:other/filter", "y"):
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual((finding["finding"], finding["cures"][2]["line"]),
                             ("not-attached", "smtpd_milters = unix:heloscope/milter.sock, unix:other/filter"))

    def test_path_of_socket_in_chroot_is_not_of_the_chroot(self):
        for postfix, path in self.unix("heloscope/milter.sock", "unix:PATH", "y"):
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual(finding["finding"], "socket-outside-chroot")
            self.assertEqual(finding["cures"], [{"file": "main.cf", "line": "smtpd_milters = unix:heloscope/milter.sock"}])

    def test_chroot_of_old_compatibility_level(self):
        for level, tokens in (("0", ["socket-outside-chroot"]), ("1", [])):
            for postfix, path in self.unix(None, "unix:PATH", "-"):
                postfix.set(f"compatibility_level = {level}")
                self.assertEqual([finding["finding"] for finding in self.look(postfix, f"unix:{path}")], tokens)

    def test_socket_missing(self):
        for postfix, path in self.unix("heloscope/milter.sock", "unix:heloscope/milter.sock", listens=False):
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual((finding["finding"], finding["found"]), ("socket-missing", f"{path.parent}: No such file or directory"))
            self.assertEqual([cure["line"] for cure in finding["cures"]],
                             [f"install -d -o heloscope -g postfix -m 2750 {path.parent}", f'listen "unix:{path}" {{ mode 0660 }}',
                              "systemctl restart heloscope-milter"])
            path.parent.mkdir()
            path.touch()
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual((finding["finding"], finding["found"]), ("socket-missing", f"{path} is not a socket"))
            self.assertEqual([cure["line"] for cure in finding["cures"]], ["systemctl restart heloscope-milter"])

    def test_socket_that_nobody_listens_on(self):
        for postfix, path in self.unix("heloscope/milter.sock", "unix:heloscope/milter.sock", listens=False):
            with listener(path):
                pass
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual(finding["finding"], "nobody-listens")

    def test_socket_that_postfix_may_not_use(self):
        user = pwd.getpwnam("postfix")
        for postfix, path in self.unix("heloscope/milter.sock", "unix:heloscope/milter.sock", mode=0o660):
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual((finding["finding"], finding["found"]), ("socket-no-access", f"{path} srw-rw---- root:root"))
            self.assertEqual(finding["cures"][0]["line"], f"install -d -o heloscope -g postfix -m 2750 {path.parent}")
            os.chown(path, 0, user.pw_gid)
            self.assertEqual(self.look(postfix, f"unix:{path}"), [])
            path.chmod(0o640)
            self.assertEqual(self.look(postfix, f"unix:{path}")[0]["finding"], "socket-no-access")
            os.chown(path, user.pw_uid, 0)
            self.assertEqual(self.look(postfix, f"unix:{path}"), [])
            path.parent.chmod(0o700)
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual((finding["finding"], finding["found"]), ("socket-no-access", f"{path.parent} drwx------ root:root"))

    def test_directory_above_that_postfix_may_not_enter(self):
        """What would open the socket's own directory would not help."""
        for postfix, path in self.unix("heloscope/milter.sock", "unix:heloscope/milter.sock"):
            postfix.queue.chmod(0o700)
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual((finding["finding"], finding["found"]), ("socket-no-access", f"{postfix.queue} drwx------ root:root"))
            self.assertEqual(finding["cures"], [{"file": "command", "line": f"chmod a+x {postfix.queue}"}])
            subprocess.run(finding["cures"][0]["line"].split(), check=True)
            self.assertEqual(self.look(postfix, f"unix:{path}"), [])

    def test_P4_no_command_is_told_that_follows_a_link(self):
        for postfix, path in self.unix("heloscope/milter.sock", "unix:heloscope/milter.sock", mode=0o600):
            path.parent.rename(postfix.queue / "elsewhere")
            path.parent.symlink_to(postfix.queue / "elsewhere")
            finding, = self.look(postfix, f"unix:{path}")
            self.assertEqual((finding["finding"], [cure for cure in finding["cures"] if re.search("chmod|install", cure["line"])]), ("socket-no-access", []))

    def test_paths_are_quoted_in_commands(self):
        """Whoever pastes a command runs that one and no other."""
        for postfix, path in self.unix("a b;$(reboot)/milter.sock", "unix:PATH", mode=0o600):
            postfix.main["smtpd_milters"] = "{ unix:%s }" % path
            finding = next(finding for finding in self.look(postfix, f"unix:{path}") if finding["finding"] == "socket-no-access")
            self.assertEqual(finding["cures"][0]["line"], f"install -d -o heloscope -g postfix -m 2750 '{path.parent}'")

    def test_socket_that_only_root_and_postfix_may_look_at(self):
        """Whoever is not root is told that he does not see it, and not that it is missing or closed."""
        program = shutil.copy(lab.builddir / "milter/heloscope", lab.folder / "heloscope-of-nobody")
        for postfix, path in self.unix("heloscope/milter.sock", "unix:heloscope/milter.sock"):
            os.chown(path.parent, 0, pwd.getpwnam("postfix").pw_gid)
            path.parent.chmod(0o750)
            self.assertEqual(self.look(postfix, f"unix:{path}"), [])
            words = program, "wiring", "-c", lab.folder / "wiring.conf", "--postfix", postfix.folder
            text, report = (subprocess.run([*words, *more], stdin=subprocess.DEVNULL, capture_output=True, text=True, user="nobody", extra_groups=[], check=True).stdout
                            for more in ((), ("--json",)))
            self.assertEqual(kinds_of(json.loads(report)), {"socket-not-seen"})
            finding, = json.loads(report)["findings"]
            self.assertEqual((finding["severity"], finding["found"], finding["cures"]), ("note", f"{path}: Permission denied", []))
            self.assertIn("Run this as root.", " ".join(text.split()))

    def test_D3_socket_in_the_directory_of_others(self):
        """Whoever pastes the cure must not take the directory of others from them."""
        for postfix, path in self.unix("milter.sock", "unix:milter.sock", mode=0o660):
            (postfix.queue / "pid").mkdir()
            finding, = self.look(postfix, f"unix:{path}")
            own = path.parent / "heloscope"
            self.assertEqual([cure["line"] for cure in finding["cures"]][:2],
                             [f"install -d -o heloscope -g postfix -m 2750 {own}", f'listen "unix:{own}/milter.sock" {{ mode 0660 }}'])

    # What cannot be read.

    def test_postfix_that_is_not_there(self):
        config = lab.folder / "wiring.conf"
        config.write_text("")
        done = lab.tool("wiring", "-c", config, "--postfix", lab.folder / "nowhere")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr, "heloscope wiring: postconf: it ended with status 1; run it to see why\n")

    def test_filter_without_configuration(self):
        done = lab.tool("wiring", "-c", lab.folder / "nowhere")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("nowhere", done.stderr)

    def test_nothing_is_changed(self):
        with listener() as port:
            postfix = self.right(port, "milter_default_action = reject", milters="tcp:x")
            self.look(postfix, f"inet:{port}@127.0.0.1")
            before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in postfix.folder.iterdir()}
            self.look(postfix, f"inet:{port}@127.0.0.1")
            self.assertEqual({path: path.read_bytes() for path in postfix.folder.iterdir()}, {path: text for path, (text, _) in before.items()})

    def test_what_the_running_filter_missed(self):
        """It is asked on its control socket, and it need not answer."""
        path = lab.folder / "control.sock"
        status = json.dumps({"mta-lacks": [{"what": "macro-i", "count": 3, "last": "2026-11-24T12:00:00Z"}]})
        with listener() as port, socket.socket(socket.AF_UNIX) as control:
            postfix, listen, more = self.right(port), f"inet:{port}@127.0.0.1", f'control "unix:{path}"\n'
            self.assertEqual(self.look(postfix, listen, more), [])
            control.bind(str(path))
            control.listen()
            answers = threading.Thread(target=answer_all, args=(control, status), daemon=True)
            answers.start()
            finding, = self.look(postfix, listen, more)
            self.assertEqual((finding["finding"], finding["place"], finding["severity"]), ("mta-lacks", "macro-i", "warning"))


    def test_real_filter_behind_a_real_postfix(self):
        running = lab.heloscope(HEAD)
        port = lab.postfix(f"inet:127.0.0.1:{running.port}", name="running", default_action="accept")
        words = "wiring", "-c", running.config, "--postfix", lab.folder / "running"
        self.assertEqual([finding["finding"] for finding in look(*words)["findings"]], ["xclient"])
        with Smtp(port) as smtp:
            smtp.expect("HELO client.test", "250")
            smtp.message("<>", ["user@in.test"])
        lab.logs_mention("heloscope", r"client=\S*127\.0\.0\.1")
        running.stop()
        self.assertEqual([finding["finding"] for finding in look(*words)["findings"]], ["xclient", "nobody-listens"])

    def test_second_writer(self):
        """Of the same name, which is the MTA's or the host's where none is said, and unless it only signs."""
        other = lab.folder / "opendkim.conf"
        more = 'authserv-id "mx.lab.test"\n'
        for text, found in (("AuthservID  MX.lab.test\n", "MX.lab.test"), ("# x\nMode\tsv\n", "the name of the MTA"), ("", "the name of the MTA"),
                            ("authservid mx.lab.test\nMode v\n", "mx.lab.test"), ("Mode s\n", None), ("AuthservID other.test\n", None),
                            ("AuthservID mx.lab.test # of this host\nMode sv# both\n", "mx.lab.test"), ("AuthservID \"mx.lab.test\"\r\n", "mx.lab.test"),
                            ("Mode s # and no v\n", None), ("#AuthservID other.test\n", "the name of the MTA"),
                            ("AuthservID HOSTNAME\n", "HOSTNAME")):
            with listener() as port, self.subTest(text):
                other.write_text(text)
                if found == "HOSTNAME":
                    more = f'authserv-id "{socket.gethostname()}"\n'
                postfix, listen = self.right(port, milters=f"inet:127.0.0.1:{port}, inet:127.0.0.1:1"), f"inet:{port}@127.0.0.1"
                findings = self.look(postfix, listen, more, "--filter", other)
                self.assertEqual([(finding["finding"], finding["place"], finding["found"]) for finding in findings],
                                 [("second-writer", str(other), found)] if found else [])
                if found:
                    cure, = findings[0]["cures"]
                    self.assertRegex(cure["line"], "^AuthservID opendkim\\.")
                    other.write_text(cure["line"])
                    self.assertEqual(self.look(postfix, listen, more, "--filter", other), [])


def answer_all(control, text):
    """HTTP to whoever comes, until the socket goes."""
    with contextlib.suppress(OSError):
        while True:
            connection, _ = control.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode())


class TrialTest(LabTest):
    """A message that is sent through a running Postfix."""

    @classmethod
    def setUpClass(cls):
        lab.subfolder("control", owner="nobody")
        cls.filter = cls.watched("heloscope")
        cls.ports = {name: lab.postfix(f"inet:127.0.0.1:{cls.filter.port}" if milters else "", name=name, default_action="accept",
                                          extra="smtpd_sender_restrictions = check_sender_access inline:{no@in.test=REJECT, held@in.test=HOLD}")
                     for name, milters in (("attached", True), ("alone", False))}

    @staticmethod
    def watched(name):
        return lab.heloscope(f'{HEAD}\ncontrol "unix:{lab.folder}/control/{name}.sock"\nresolver {{ servers 127.0.0.1@{free_port()} timeout 1s }}\n', name=name)

    def send(self, name, *words, recipient="me@in.test"):
        done = lab.tool("wiring", "-c", self.filter.config, "--postfix", lab.folder / name, "--send", recipient, "--server", f"127.0.0.1@{self.ports[name]}", *words,
                        "--json")
        self.assertEqual(done.stderr, "")
        report = json.loads(done.stdout)
        return report["sent"], kinds_of(report)

    def test_message_that_passes_the_filter(self):
        sent, findings = self.send("attached", "--mailbox", lab.mail)
        self.assertRegex(sent["reply"], r"^250 2\.0\.0 Ok: queued as ")
        self.assertEqual((sent["is-accepted"], sent["is-arrived"], [field for field in sent["fields"] if "forged" in field]), (True, True, []))
        self.assertFalse({finding for finding in findings if "test-message" in finding or "forged" in finding})

    def test_message_that_does_not(self):
        sent, findings = self.send("alone", "--mailbox", lab.mail)
        self.assertEqual((sent["is-accepted"], sent["is-arrived"], len(sent["fields"])), (True, True, 1))
        self.assertRegex(sent["fields"][0], r"^Authentication-Results: \S+; spf=pass smtp.mailfrom=forged-by-heloscope-wiring.invalid$")
        self.assertEqual(findings & {"test-message-not-seen", "forged-field-kept"}, {"test-message-not-seen", "forged-field-kept"})

    def test_it_is_not_known_whether_the_filter_saw_it(self):
        """Who does not answer, or counts other sessions all the time, does not say that all is right."""
        before, silent = len(list(lab.mail.glob("new/*"))), lab.folder / "silent.conf"
        silent.write_text(re.sub("control .*", "", self.filter.config.read_text()))
        stop = threading.Event()

        def others():
            while not stop.is_set():
                with Client(self.filter.port) as client:
                    client.start("192.0.2.1", b"client.test")

        for config, has_others in ((silent, False), (self.filter.config, True)):
            thread = threading.Thread(target=others)
            if has_others:
                thread.start()
            done = lab.tool("wiring", "-c", config, "--postfix", lab.folder / "alone", "--send", "me@in.test", "--server", f"127.0.0.1@{self.ports['alone']}", "--json")
            stop.set()
            if has_others:
                thread.join()
            self.assertIn("test-message-not-known", kinds_of(json.loads(done.stdout)), done.stdout)
            self.assertEqual(done.returncode, 1)
            stop.clear()
        done = lab.tool("wiring", "-c", silent, "--postfix", lab.folder / "attached", "--send", "me@in.test", "--server", f"127.0.0.1@{self.ports['attached']}",
                        "--mailbox", lab.mail, "--json")
        self.assertNotIn("test-message-not-known", kinds_of(json.loads(done.stdout)), done.stdout)
        wait_until("all messages", lambda: len(list(lab.mail.glob("new/*"))) >= before + 3)

    def test_mailbox_with_links(self):
        """Whoever owns a mailbox leads root nowhere else."""
        mailbox, elsewhere = lab.subfolder("linked"), lab.subfolder("elsewhere")
        (mailbox / "new").symlink_to(elsewhere)
        (mailbox / "cur").mkdir()
        for name in ("a", "b"):
            os.mkfifo(elsewhere / name)
        before = elsewhere.stat().st_atime_ns
        for message in lab.mail.glob("new/*"):
            message.unlink()
        done = subprocess.Popen([lab.builddir / "milter/heloscope", "wiring", "-c", self.filter.config, "--postfix", lab.folder / "attached", "--send", "me@in.test",
                                 "--server", f"127.0.0.1@{self.ports['attached']}", "--mailbox", mailbox], stdout=subprocess.PIPE, text=True)
        wait_until("the message", lambda: any(lab.mail.glob("new/*")))
        message, = lab.mail.glob("new/*")
        message.replace(mailbox / "cur/message")
        self.assertIn("It arrived", done.communicate(timeout=60)[0])
        self.assertEqual(elsewhere.stat().st_atime_ns, before)

    def test_message_that_is_refused(self):
        sent, findings = self.send("attached", recipient="no@in.test")
        self.assertEqual((sent["is-accepted"], sent["is-arrived"], sent["fields"]), (False, False, []))
        self.assertIn("test-message-refused", findings)

    def test_old_protocol_takes_no_macro_from_the_filter(self):
        """Behind such a Postfix the running filter has missed none of a client whom it judges."""
        own = self.watched("own")
        port = lab.postfix(f"inet:127.0.0.1:{own.port}", name="old", default_action="accept",
                           extra="milter_protocol = 2\nmilter_connect_macros =\nmilter_mail_macros =\nmilter_rcpt_macros =\nmilter_end_of_data_macros =")
        with Smtp(port) as smtp:
            smtp.pose_as("192.0.2.1")
            smtp.expect("EHLO client.test", "250")
            self.assertEqual([reply[:3] for reply in smtp.message("<me@in.test>", ["me@in.test"])], ["250"])
        findings = look("wiring", "-c", own.config, "--postfix", lab.folder / "old")["findings"]
        self.assertEqual({finding["finding"] for finding in findings}, {"protocol", "xclient"})
        own.stop()
        self.assertIn("client=192.0.2.1 queue=", own.log_text())

    def test_message_that_does_not_arrive(self):
        """Postfix takes it, the filter sees it, and then it lies in the hold queue."""
        sent, findings = self.send("attached", "--mailbox", lab.mail, recipient="held@in.test")
        self.assertEqual((sent["is-accepted"], sent["is-arrived"], sent["fields"]), (True, False, []))
        self.assertEqual({finding for finding in findings if "message" in finding}, {"test-message-not-arrived"})
        self.assertEqual(len([path for path in (lab.folder / "attached-queue/hold").rglob("*") if path.is_file()]), 1)

    def test_nobody_takes_it(self):
        done = lab.tool("wiring", "-c", self.filter.config, "--postfix", lab.folder / "attached", "--send", "me@in.test", "--server", f"127.0.0.1@{free_port()}")
        self.assertRegex(done.stdout, r"Wrong: --send = no answer\n  The MTA did not accept the test message\.")

    def test_options_that_need_others(self):
        for words, expected in ((("--mailbox", "/x"), "of use only with --send"), (("--send", "me@in.test", "--server", "localhost"), "is not a server"),
                                (("--send", "<>"), "is not a recipient")):
            done = lab.tool("wiring", *words)
            self.assertEqual(done.returncode, 2)
            self.assertIn(expected, done.stderr)


class SendmailTest(LabTest):
    """The .cf files are made by Sendmail's own macros, and what is proposed is pasted into the .mc file."""

    RIGHT = """OSTYPE(`linux')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Port=smtp, Name=MTA')dnl
DAEMON_OPTIONS(`Port=587, Name=MSA, M=E, InputMailFilters=')dnl
INPUT_MAIL_FILTER(`heloscope', `S=inet:PORT@127.0.0.1, T=C:5s;S:10s;R:20s;E:1m')dnl
MAILER(`smtp')dnl
"""

    def look(self, mc, listen, more=""):
        cf, made = lab.SENDMAIL / "usr/share/sendmail/cf", lab.folder / "wiring.cf"
        (lab.folder / "wiring.mc").write_text(mc)
        made.write_bytes(subprocess.run(["m4", f"-D_CF_DIR_={cf}/", cf / "m4/cf.m4", lab.folder / "wiring.mc"], check=True, capture_output=True).stdout)
        config = lab.folder / "wiring.conf"
        config.write_text(f'listen "{listen}"\n{more}')
        report = look("wiring", "-c", config, "--sendmail", made)
        self.assertEqual((report["mta"], report["mta-configuration"], report["listen"]), ("Sendmail", str(made), listen))
        self.assertRegex(report["mta-version"], r"^8\.")
        return report["findings"]

    @staticmethod
    def paste(mc, line):
        """A line in place of those that say the same."""
        key = re.match(r"[A-Za-z_]+\(`[^']*?(Name=\w+|')", line)
        if line.startswith("FEATURE"):
            return line + "\n" + mc
        same = (lambda old: old.startswith("DAEMON_OPTIONS") and key[1] in old) if key[1] != "'" else (lambda old: old.startswith(key[0]))
        rest = [old for old in mc.splitlines() if not same(old)]
        at = next(i for i, old in enumerate(rest) if old.startswith("MAILER("))
        return "\n".join([*rest[:at], line, *rest[at:]]) + "\n"

    def expect(self, token, old, new, place=None, more="", lines=None):
        with listener() as port:
            listen = f"inet:{port}@127.0.0.1"
            self.assertIn(old, self.RIGHT)
            mc = self.RIGHT.replace(old, new).replace("PORT", str(port))
            finding, = self.look(mc, listen, more)
            self.assertEqual(finding["finding"], token)
            if place:
                self.assertEqual(finding["place"], place)
            if lines:
                self.assertEqual([cure["line"].replace(str(port), "PORT") for cure in finding["cures"]], lines)
            for cure in finding["cures"]:
                self.assertEqual(cure["file"], "sendmail.mc")
                mc = self.paste(mc, cure["line"])
            self.assertEqual(self.look(mc, listen, more), [])

    FILTER = "INPUT_MAIL_FILTER(`heloscope', `S=inet:PORT@127.0.0.1, T=C:5s;S:10s;R:20s;E:1m')dnl\n"

    def test_all_is_right(self):
        with listener() as port:
            mc = self.RIGHT.replace("PORT", str(port))
            self.assertEqual(self.look(mc, f"inet:{port}@127.0.0.1"), [])
            self.assertEqual(self.look(mc, f"inet:{port}"), [])
            self.assertEqual(self.look(mc.replace("heloscope", "another"), f"inet:{port}"), [])
        path = lab.folder / "sendmail.sock"
        with listener(path):
            for kind in ("unix", "local"):
                self.assertEqual(self.look(self.RIGHT.replace("inet:PORT@127.0.0.1", f"{kind}:{path}"), f"unix:{path}"), [])

    def test_not_attached(self):
        self.expect("not-attached", self.FILTER, "", "O InputMailFilters", lines=[self.FILTER.strip()])
        self.expect("not-attached", "INPUT_MAIL_FILTER", "MAIL_FILTER", "O InputMailFilters", lines=["define(`confINPUT_MAIL_FILTERS', `heloscope')dnl"])
        self.expect("not-attached", "Name=MTA", "Name=MTA, InputMailFilters=", lines=[
            "DAEMON_OPTIONS(`Port=smtp, Name=MTA, InputMailFilters=heloscope')dnl"])

    def test_socket_that_sendmail_calls_unsafe(self):
        """That it does not start with one is seen in test_sendmail."""
        folder = lab.subfolder("unsafe", 0o755)
        path = folder / "own/heloscope.sock"
        path.parent.mkdir()
        with listener(path):
            right = self.RIGHT.replace("inet:PORT@127.0.0.1", f"unix:{path}")
            for directory, mode in ((folder, 0o775), (path.parent, 0o1777)):
                with self.subTest((directory, oct(mode))):
                    directory.chmod(mode)
                    finding, = self.look(right, f"unix:{path}")
                    self.assertEqual((finding["finding"], finding["place"], [cure["line"] for cure in finding["cures"]]), ("socket-unsafe", "listen", [f"chmod go-w {directory}"]))
                    subprocess.run(finding["cures"][0]["line"], shell=True, check=True)
                    self.assertEqual(self.look(right, f"unix:{path}"), [])
            folder.chmod(0o775)
            bears = right.replace("MAILER", "define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe,GroupWritableAliasFile')dnl\nMAILER")
            self.assertEqual(self.look(bears, f"unix:{path}"), [])
            folder.chmod(0o755)
            path.chmod(0o660)
            other = right.replace("MAILER", "define(`confRUN_AS_USER', `nobody:nogroup')dnl\nMAILER")
            finding, = self.look(other, f"unix:{path}")
            self.assertEqual((finding["finding"], finding["found"]), ("socket-no-access", f"{path} srw-rw---- root:root"))
            self.assertEqual(finding["cures"][0]["line"], f"install -d -o heloscope -g nobody -m 2750 {path.parent}")

    def test_not_first(self):
        other = "INPUT_MAIL_FILTER(`other', `S=inet:1@127.0.0.1')dnl\n"
        self.expect("not-first", self.FILTER, other + self.FILTER, lines=["define(`confINPUT_MAIL_FILTERS', `heloscope,other')dnl"])

    def test_attached_twice(self):
        line = "define(`confINPUT_MAIL_FILTERS', `heloscope,other')dnl"
        more = "INPUT_MAIL_FILTER(`other', `S=inet:1@127.0.0.1')dnl\n"
        self.expect("attached-twice", "MAILER(", more + "define(`confINPUT_MAIL_FILTERS', `heloscope,other,Heloscope')dnl\nMAILER(", "O InputMailFilters", lines=[line])
        self.expect("attached-twice", "MAILER(", more + "INPUT_MAIL_FILTER(`again', `S=inet:PORT@127.0.0.1, T=R:20s')dnl\nMAILER(", "O InputMailFilters", lines=[line])
        self.expect("attached-twice", "Name=MTA", "Name=MTA, InputMailFilters=heloscope;heloscope", lines=["DAEMON_OPTIONS(`Port=smtp, Name=MTA, InputMailFilters=heloscope')dnl"])

    def test_defined_twice(self):
        """That Sendmail does not start with it is seen in test_sendmail."""
        with listener() as port:
            for again in ("heloscope, S=inet:PORT@127.0.0.1", "HeloScope, S=inet:1@127.0.0.1"):
                finding, = self.look((self.RIGHT + f"LOCAL_CONFIG\nX{again}\n").replace("PORT", str(port)), f"inet:{port}@127.0.0.1")
                self.assertEqual((finding["finding"], finding["place"].lower(), finding["cures"]), ("defined-twice", "xheloscope", []))

    def test_on_submission(self):
        users = "DAEMON_OPTIONS(`Port=587, Name=MSA, M=E, InputMailFilters=')dnl"
        self.expect("on-submission", ", InputMailFilters=", "", "O DaemonPortOptions=Port=587, Name=MSA, M=E",
                    lines=["FEATURE(`no_default_msa')dnl", users])
        self.expect("on-submission", ", InputMailFilters=", ", InputMailFilters=heloscope")
        self.expect("on-submission", f"FEATURE(`no_default_msa')dnl\nDAEMON_OPTIONS(`Port=smtp, Name=MTA')dnl\n{users}\n",
                    "DAEMON_OPTIONS(`Port=smtp, Name=MTA')dnl\n")

    def test_spelling(self):
        self.expect("spelling", "inet:PORT@127.0.0.1", "inet:127.0.0.1:PORT", "Xheloscope", lines=[self.FILTER.strip()])
        self.expect("spelling", "inet:PORT@127.0.0.1", "tcp:PORT@127.0.0.1")

    def test_other_address(self):
        self.expect("other-address", "inet:PORT@127.0.0.1", "unix:/run/heloscope/milter.sock", "Xheloscope", lines=[self.FILTER.strip()])

    def test_default_action(self):
        for letter, token in (("T", "default-tempfail"), ("R", "default-reject"), ("4", "default-shutdown")):
            self.expect(token, ", T=", f", F={letter}, T=", "Xheloscope F", lines=[self.FILTER.strip()])

    def test_timeouts(self):
        for old, new, token in (("C:5s", "C:1s", "connect"), ("R:20s", "R:9s", "command"), ("E:1m", "E:5s", "content")):
            self.expect(f"{token}-timeout", old, new, "Xheloscope T", "resolver { timeout 8s }\n", lines=[self.FILTER.strip()])
        with listener() as port:  # Sendmail's own are 10 s and more
            mc = self.RIGHT.replace(", T=C:5s;S:10s;R:20s;E:1m", "").replace("PORT", str(port))
            self.assertEqual(self.look(mc, f"inet:{port}", "resolver { timeout 8s }\n"), [])

    def test_times_that_are_none(self):
        for old, new in (("C:5s", "C:abc"), ("S:10s", "S:5x"), ("R:20s", "R:1h2x"), ("E:1m", "E:1.5m")):
            with self.subTest(new):
                self.expect("no-time", old, new, "Xheloscope T", lines=[self.FILTER.strip()])

    def test_what_stands_there_twice(self):
        """Of the address the last counts, as Sendmail has it, and flags add up."""
        self.expect("not-attached", "S=inet:PORT@127.0.0.1", "S=inet:PORT@127.0.0.1, S=inet:1@127.0.0.1")
        self.expect("default-tempfail", ", T=", ", F=, F=T, F=, T=", "Xheloscope F", lines=[self.FILTER.strip()])
        self.expect("not-attached", "Name=MTA", "Name=MTA, I=heloscope, I=none")
        with listener() as port:
            for old, new in (("S=inet:PORT", "S=inet:1@127.0.0.1, S=inet:PORT"), ("Name=MTA", "Name=MTA, I=none, I=heloscope")):
                self.assertEqual(self.look(self.RIGHT.replace(old, new).replace("PORT", str(port)), f"inet:{port}"), [])

    def test_times_short_forms_and_case_as_sendmail_has_them(self):
        self.expect("command-timeout", "R:20s", "R:0m9s", "Xheloscope T", "resolver { timeout 8s }\n", lines=[self.FILTER.strip()])
        with listener() as port:
            right = self.RIGHT.replace("PORT", str(port))
            self.assertEqual(self.look(right.replace("R:20s", "R:1h1m"), f"inet:{port}", "resolver { timeout 8s }\n"), [])
            self.assertEqual(self.look(right.replace("MAILER(", "define(`confINPUT_MAIL_FILTERS', `HELOSCOPE')dnl\nMAILER("), f"inet:{port}"), [])
            finding, = self.look(right + "LOCAL_CONFIG\nOOPort=465,Name=OLD\n", f"inet:{port}")
            self.assertEqual((finding["finding"], finding["place"]), ("on-submission", "O DaemonPortOptions=Port=465,Name=OLD"))
            self.assertEqual(self.look(right + "LOCAL_CONFIG\nOOPort=465,Name=OLD,I=\n", f"inet:{port}"), [])

    def test_macros_of_an_old_sendmail(self):
        with listener() as port:
            mc = self.RIGHT.replace("PORT", str(port)) + "define(`confMILTER_MACROS_ENVRCPT', `{rcpt_mailer}')dnl\n"
            self.assertEqual(self.look(mc, f"inet:{port}"), [])
            old = (lab.folder / "wiring.cf").read_text()
            old = re.sub("^DZ.*", "DZ8.13.8", old, flags=re.M)
            (lab.folder / "old.cf").write_text(old)
            findings = {finding["place"]: finding for finding in
                        look("wiring", "-c", lab.folder / "wiring.conf", "--sendmail", lab.folder / "old.cf")["findings"]}
            self.assertEqual({finding["finding"] for finding in findings.values()}, {"macros"})
            self.assertEqual(findings["O Milter.macros.envrcpt"]["cures"][0]["line"],
                             "define(`confMILTER_MACROS_ENVRCPT', `{rcpt_mailer},{rcpt_addr}')dnl")

    def test_sendmail_that_is_not_there(self):
        config = lab.folder / "wiring.conf"
        config.write_text("")
        done = lab.tool("wiring", "-c", config, "--sendmail", lab.folder / "nowhere")
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertEqual(done.stderr, f"heloscope wiring: {lab.folder}/nowhere: No such file or directory\n")
        done = lab.tool("wiring", "--postfix", lab.folder, "--sendmail", lab.folder / "nowhere")
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main()
