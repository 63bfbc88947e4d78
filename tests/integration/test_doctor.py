"""
heloscope doctor in worlds of a few records each: what each record must say, what is told of one that does not, and
that what is proposed is right, loses nothing and stops no mail.
"""
import base64
import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import dns.message
import dns.name
import dns.rdata

from dns_server import DnsServer, answering, respond
from lab import COMMAND_SCHEMAS, Lab, free_port
from scenario import DKIM_KEYS, ED25519, RSA_2048, txt

lab = None
ADDRESS = "198.51.100.9"
GOLDEN = pathlib.Path(__file__).parent.parent / "golden"

# A domain in which all is well. None: there are no such records.
WELL = {
    "well.example MX": ["10 out.well.example."],
    "out.well.example A": [ADDRESS],
    "9.100.51.198.in-addr.arpa PTR": ["out.well.example."],
    "well.example TXT": ['"v=spf1 a:out.well.example -all"'],
    "_dmarc.well.example TXT": ['"v=DMARC1; p=reject; rua=mailto:dmarc@well.example"'],
    "s1._domainkey.well.example TXT": [txt(f"v=DKIM1; k=rsa; p={RSA_2048}")],
}

# B16: changes after which no bounce can arrive, and what is said.
NOWHERE = (
    ({"well.example MX": ["10 localhost."]}, "localhost is not a name by which others can find a host"),
    ({"well.example MX": ["10 local.well.example."], "local.well.example A": ["127.0.0.1"]}, "only addresses that nobody else can reach"),
    ({"well.example MX": ["10 local.well.example."], "local.well.example A": ["0.0.0.0"]}, "only addresses that nobody else can reach"),
    ({"well.example MX": ["10 local.well.example."], "local.well.example A": ["10.1.1.1", "169.254.1.1"],
      "local.well.example AAAA": ["::1", "fe80::1", "fd00::1"]}, "only addresses that nobody else can reach"),
    ({"well.example MX": ["10 localhost.", "20 local.well.example."], "local.well.example A": ["224.0.0.1"]}, "only addresses that nobody else can reach"),
    ({"well.example MX": ["10 127.0.0.1."]}, "The MX record has the address 127.0.0.1 instead of a host name"),
    ({"well.example MX": None, "well.example A": ["127.0.0.1"]}, "only addresses that nobody else can reach"),
    ({"well.example MX": None, "well.example AAAA": ["::"]}, "only addresses that nobody else can reach"),
)


def domain(name, **changes):
    """A domain at the same server in which all is well, but for the records that are given; None: not there."""
    records = {"MX": ["10 out.well.example."], "TXT": ['"v=spf1 a:out.well.example -all"'], "_dmarc TXT": [f'"v=DMARC1; p=reject; rua=mailto:dmarc@{name}"']}
    records.update({key.replace("dmarc", "_dmarc TXT").upper().replace("_DMARC", "_dmarc"): value for key, value in changes.items()})
    return {f"{key.split()[0]}.{name} {key.split()[1]}" if " " in key else f"{name} {key}": value for key, value in records.items()}


KEY = "s1._domainkey.well.example TXT"
MANY = " ".join(f"a:n{number}.well.example" for number in range(12))
NAMES = {f"n{number}.well.example A": ["192.0.2.1"] for number in range(12)}
LISTS = 'dnsbl "bl.test" test-entries none\n'

# What is different from WELL, further domains, options, configuration.
SCENES = (
    ("all is well", {}, [], ["--selector", "s1"], ""),
    ("four domains of which one fails", {**domain("a.example"), **domain("b.example", TXT=['"v=spf1 ip4:192.0.2.1 -all"']), **domain("c.example")},
     ["a.example", "b.example", "c.example"], [], ""),
    ("the same for three of four", {**domain("a.example", TXT=None), **domain("b.example", TXT=None), **domain("c.example", TXT=None)},
     ["a.example", "b.example", "c.example"], [], ""),
    ("no SPF record", {"well.example TXT": None}, [], [], ""),
    ("two SPF records", {"well.example TXT": ['"v=spf1 a:out.well.example -all"', '"v=spf1 include:other.example ~all"'],
                         "other.example TXT": ['"v=spf1 ip4:192.0.2.1 -all"']}, [], [], ""),
    ("two SPF records at an included domain", {"well.example TXT": ['"v=spf1 a:out.well.example include:other.example -all"'],
                                               "other.example TXT": ['"v=spf1 ip4:192.0.2.1 -all"', '"v=spf1 -all"']}, [], [], ""),
    ("an SPF record in a loop", {"well.example TXT": ['"v=spf1 include:other.example -all"'], "other.example TXT": ['"v=spf1 redirect=well.example"']}, [], [], ""),
    ("too many lookups", {**NAMES, "well.example TXT": [txt(f"v=spf1 {MANY} a:out.well.example -all")]}, [], [], ""),
    ("null MX", {"well.example MX": ["0 ."]}, [], [], ""),
    ("null MX beside another", {"well.example MX": ["0 .", "10 out.well.example."]}, [], [], ""),
    ("no such domain", {"well.example MX": None, "well.example TXT": None, "_dmarc.well.example TXT": None, "out.well.example A": None, KEY: None}, [], [], ""),
    ("no PTR record", {"9.100.51.198.in-addr.arpa PTR": None}, [], [], ""),
    ("PTR record of another", {"9.100.51.198.in-addr.arpa PTR": ["old.well.example."], "old.well.example A": ["192.0.2.1"]}, [], [], ""),
    ("HELO name of another", {"other.well.example A": ["192.0.2.1"]}, [], ["--helo", "other.well.example"], ""),
    ("no DKIM key", {KEY: None}, [], ["--selector", "s1"], ""),
    ("revoked DKIM key", {KEY: ['"v=DKIM1; p="']}, [], ["--selector", "s1"], ""),
    ("short DKIM key", {KEY: [txt(DKIM_KEYS["weak"])]}, [], ["--selector", "s1"], ""),
    ("DKIM key with a tag twice", {KEY: [txt(f"v=DKIM1; k=rsa; k=rsa; p={RSA_2048}")]}, [], ["--selector", "s1"], ""),
    ("no DMARC record", {"_dmarc.well.example TXT": None}, [], [], ""),
    ("DMARC record with a fault", {"_dmarc.well.example TXT": ['"v=DMARC1; p=rejct"']}, [], [], ""),
    ("listed", {"9.100.51.198.bl.test A": ["127.0.0.2"]}, [], [], LISTS),
    ("no answer", {"well.example TXT": "servfail"}, [], [], ""),
    ("B14 no answer for TLS", {"_smtp._tls.well.example TXT": "servfail", "_mta-sts.well.example TXT": "servfail"}, [], [], ""),
    ("B14 no answer for DMARC and the key", {"_dmarc.well.example TXT": "servfail", KEY: "servfail"}, [], ["--selector", "s1"], ""),
    ("B17 MX to an address", {"well.example MX": [f"10 {ADDRESS}."]}, [], [], ""),
    ("B17 MX to an address without a name", {"well.example MX": ["10 192.0.2.7."]}, [], [], ""),
    ("B17 MX to an alias", {"well.example MX": ["10 mx.well.example."], "mx.well.example CNAME": ["out.well.example."], "mx.well.example A": [ADDRESS]}, [], [], ""),
    ("B21 MX without final dot", {"well.example MX": ["10 out.well.example.well.example."]}, [], [], ""),
    ("B21 PTR without final dot", {"9.100.51.198.in-addr.arpa PTR": ["out.well.example.100.51.198.in-addr.arpa."]}, [], [], ""),
    ("B21 PTR to localhost", {"9.100.51.198.in-addr.arpa PTR": ["localhost."]}, [], [], ""),
    ("B21 PTR to the root", {"9.100.51.198.in-addr.arpa PTR": ["."]}, [], [], ""),
)


def setUpModule():
    global lab, port
    lab = unittest.enterModuleContext(Lab())
    port = free_port()


def der(tag, content):
    length = len(content)
    size = bytes([length]) if length < 128 else bytes([0x82, length >> 8, length & 255]) if length > 255 else bytes([0x81, length])
    return bytes([tag]) + size + content


def public_key(bits, exponent):
    """An RSA public key of this form, as it stands in p=; nobody has the private one."""
    modulus = der(2, ((1 << bits - 1) + 1).to_bytes(bits // 8 + 1, "big"))
    return base64.b64encode(der(0x30, modulus + der(2, exponent.to_bytes(exponent.bit_length() // 8 + 1, "big")))).decode()


def private_key():
    """The form of an RSA private key (RFC 8017, A.1.2), of numbers that nobody can sign with."""
    numbers = (0, (1 << 1023) + 1, 65537, *((1 << 511) + n for n in range(1, 7)))
    return base64.b64encode(der(0x30, b"".join(der(2, n.to_bytes(n.bit_length() // 8 + 1, "big")) for n in numbers))).decode()


class Doctor(unittest.TestCase):
    maxDiff = None

    def look(self, changes, *arguments, domain="well.example", config="", base=None, status=None):
        """The report for a world that differs from WELL by `changes`."""
        path = lab.folder / "doctor.conf"
        path.write_text(f"resolver {{ servers 127.0.0.1@{port} timeout 8s }}\n{config}")
        world = {key: value for key, value in {**(WELL if base is None else base), **changes}.items() if value is not None}
        with DnsServer(port, answering(world)):
            done = lab.tool("doctor", "--no-connect", "-c", path, "--json", *arguments, domain)
        self.assertEqual(done.stderr, "")
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout)
        report = json.loads(done.stdout)[0]
        self.check_marks(report)
        return report

    def check_marks(self, report):
        """B02: each cell shows its worst finding; what is worse than good has one; nothing is found in a row that shows nothing."""
        order = ["not-asked", "good", "note", "unknown", "warning", "error"]
        for row, severity in report["cells"].items():
            found = [finding["severity"] for finding in report["findings"] if finding["row"] == row]
            if order.index(severity) > 1 or found:
                worst = max(found, key=order.index, default="nothing")
                self.assertTrue(worst == severity or (severity == "good" and worst == "nothing"), (row, severity, report["findings"]))

    def found(self, report, row):
        return [finding for finding in report["findings"] if finding["row"] == row]

    def proposal(self, report, row, owner):
        """The TXT record that is proposed, put together as the DNS does; None without one. Each string has at most 255 octets."""
        publish = [line for finding in self.found(report, row) for line in finding.get("publish", ())]
        if not publish:
            return None
        self.assertEqual(len(publish), 1, publish)
        name, strings = re.fullmatch(r'(\S+)\. TXT ("(?:[^"\\]|\\.)*"(?: "(?:[^"\\]|\\.)*")*)', publish[0]).groups()
        self.assertEqual(name, owner)
        parts = [re.sub(r"\\(.)", r"\1", part) for part in re.findall(r'"((?:[^"\\]|\\.)*)"', strings)]
        self.assertTrue(all(len(part) <= 255 for part in parts))
        return "".join(parts)

    def test_golden_texts(self):
        """What people read, as it is: the answer first, records whole and at the start of a line, then the table and the evidence."""
        path, texts = lab.folder / "doctor.conf", []
        for title, changes, others, arguments, config in SCENES:
            path.write_text(f"resolver {{ servers 127.0.0.1@{port} timeout 8s }}\n{config}")
            helo = [] if "--helo" in arguments else ["--helo", "out.well.example"]
            with DnsServer(port, answering({key: value for key, value in {**WELL, **changes}.items() if value is not None})):
                done = lab.tool("doctor", "--no-connect", "-c", path, "--ip", ADDRESS, *helo, *arguments, "well.example", *others)
            self.assertEqual(done.stderr, "")
            for line in done.stdout.splitlines():
                owner = re.match(r"(\S+\.) (TXT|MX|A|AAAA|PTR) ", line)
                if owner:
                    dns.rdata.from_text("IN", owner[2], line[owner.end():], origin=dns.name.root)  # as a zone file has it
                else:
                    self.assertTrue(len(line) <= 80 or " " not in line.strip(), line)
            texts.append(f"===== {title}\n\n{done.stdout}")
        text, golden = "\n".join(texts), GOLDEN / "doctor-scenes.txt"
        if os.environ.get("UPDATE_GOLDEN") == "yes":
            golden.write_text(text)
        self.assertEqual(text, golden.read_text())

    def test_the_records_of_many_domains_are_all_there(self):
        """However many domains need the same: each has its record, whole."""
        names = [f"a-rather-long-name-{number}.example" for number in range(18)]
        path = lab.folder / "doctor.conf"
        path.write_text(f"resolver {{ servers 127.0.0.1@{port} timeout 8s }}\n")
        world = {key: value for key, value in {**WELL, **{key: value for name in names for key, value in domain(name, dmarc=None).items()}}.items() if value is not None}
        with DnsServer(port, answering(world)):
            done = lab.tool("doctor", "--no-connect", "-c", path, "--ip", ADDRESS, "--helo", "out.well.example", *names)
        records = [line for line in done.stdout.splitlines() if line.startswith("_dmarc.")]
        self.assertEqual(records, [f'_dmarc.{name}. TXT "v=DMARC1; p=none; rua=mailto:dmarc@{name}"' for name in names])

    def test_a_name_that_no_name_in_the_DNS_can_be_does_not_exist(self):
        """RFC 1035, 2.3.4: of a domain with 250 octets there is no _dmarc, and nobody has to be asked for it."""
        name = "a." * 119 + "well.example"
        report = self.look(domain(name, dmarc=None), "--ip", ADDRESS, "--helo", "out.well.example", domain=name)
        self.assertEqual([finding["subject"] for finding in report["findings"] if finding["problem"] == "lookup-failed"], [])

    def test_all_is_well(self):
        report = self.look({}, "--ip", ADDRESS, "--helo", "out.well.example", "--selector", "s1", status=0)
        self.assertEqual(report["findings"], [])

    def check_record(self, row, owner, rows, *arguments):
        """Rows: the record, the severity, words of a finding, the record that is proposed (None: none). What is proposed is right."""
        for record, severity, words, right in rows:
            with self.subTest(record):
                records = [record] if isinstance(record, str) else record
                report = self.look({f"{owner} TXT": [txt(each.replace("\\", "\\\\").replace('"', '\\"')) for each in records]}, *arguments)
                said = " ".join(finding["what"] + " " + finding.get("consequence", "") for finding in self.found(report, row))
                self.assertEqual(report["cells"][row], severity, said)
                self.assertIn(words, said)
                self.assertEqual(self.proposal(report, row, owner), right)
                if right is not None:
                    again = self.look({f"{owner} TXT": [txt(right)]}, *arguments)
                    self.assertIn(again["cells"][row], ("good", "note"), right)
                    self.assertEqual(self.proposal(again, row, owner), None)

    def test_B04_each_tag_of_DMARC_is_read_strictly(self):
        rua = "rua=mailto:dmarc@well.example"
        self.check_record("dmarc", "_dmarc.well.example", (
            (f"v=DMARC1; p=reject; {rua}", "good", "", None),
            (f"v=DMARC1;p=Quarantine;{rua};", "good", "", None),
            (f"v = DMARC1 ; sp=reject; np=none; adkim=s; aspf=R; fo=1:d:s; psd=n; t=n; p = none; {rua},mailto:x@y.well.example!10m; ruf=mailto:f@well.example", "good", "", None),
            (f"v=DMARC1; p=quarentine; {rua}", "warning", '"p=quarentine"; expected none, quarantine or reject', f"v=DMARC1; p=quarantine; {rua}"),
            (f"v=DMARC1; p=rejct; {rua}; fo=1", "warning", '"p=rejct"', f"v=DMARC1; p=reject; {rua}; fo=1"),
            (f"v=DMARC1; p=; {rua}", "warning", 'empty "p="', f"v=DMARC1; p=none; {rua}"),
            (f"v=DMARC1; p=yes; {rua}", "warning", '"p=yes"', f"v=DMARC1; p=none; {rua}"),
            (f"v=DMARC1; {rua}", "warning", 'has no "p="', f"v=DMARC1; p=none; {rua}"),
            (f"v=DMARC1; P=reject; {rua}", "warning", '"p" is meant', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; sp=rejekt; {rua}", "warning", '"sp=rejekt"', f"v=DMARC1; p=reject; sp=reject; {rua}"),
            (f"v=DMARC1; p=reject; sp=maybe; {rua}", "warning", '"sp=maybe"', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; np=; {rua}", "warning", 'empty "np="', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; adkim=strict; {rua}", "warning", '"adkim=strict"; expected r or s', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; aspf=relaxed; {rua}", "warning", '"aspf=relaxed"', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; aspf=s; aspf=r; {rua}", "warning", '"aspf=" twice', f"v=DMARC1; p=reject; aspf=s; {rua}"),
            (f"v=DMARC1; p=reject; apsf=s; {rua}", "warning", '"apsf"; "aspf" is meant', f"v=DMARC1; p=reject; aspf=s; {rua}"),
            (f"v=DMARC1; p=reject; fo=0:1; {rua}", "warning", '"fo=0:1"', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; fo=1,d; {rua}", "warning", '"fo=1,d"', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; psd=x; {rua}", "warning", '"psd=x"', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; t=1; {rua}", "warning", '"t=1"', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; t=y; {rua}", "note", "t=y", None),
            (f"v=DMARC1; p=reject; t=yes; {rua}", "warning", '"t=yes"', f"v=DMARC1; p=reject; t=y; {rua}"),
            (f"v=DMARC1; p=reject; t=No; {rua}", "warning", '"t=No"', f"v=DMARC1; p=reject; t=n; {rua}"),
            (f"v=DMARC1; p=reject; p=none; {rua}", "warning", '"p=" twice', None),  # which is meant is not known
            (f"v=DMARC1; p=reject; p=reject; {rua}", "warning", '"p=" twice', f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; p=reject; psd=y; {rua}", "note", "psd=y", None),
            (f"v=DMARC1; p=reject; pct=50; {rua}", "note", "historic", None),
            (f"v=DMARC1; p=reject; rf=afrf; ri=3600; {rua}", "note", "historic", None),
            (f"v=DMARC1; p=reject; rf=; ri=; pct=; {rua}", "note", "historic", None),
            (f"v=DMARC1; p=reject; x-own=1; {rua}", "note", "nobody knows", None),
            ("v=DMARC1; p=reject; rua=", "warning", 'empty "rua="', "v=DMARC1; p=reject; rua=mailto:dmarc@well.example"),
            ("v=DMARC1; p=reject; rua=dmarc@well.example", "warning", "mailto:", "v=DMARC1; p=reject; rua=mailto:dmarc@well.example"),
            ("v=DMARC1; p=reject; rua=mailto:a@x.example, b@y.example!5m", "warning", "mailto:", "v=DMARC1; p=reject; rua=mailto:a@x.example,mailto:b@y.example"),
            ("v=DMARC1; p=reject; rua=mailto:a@x.example;mailto:b@y.example", "warning", "a list has", "v=DMARC1; p=reject; rua=mailto:a@x.example,mailto:b@y.example"),
            ("v=DMARC1; p=reject; rua=mailto:a@x.example mailto:b@y.example", "warning", "expected addresses", "v=DMARC1; p=reject; rua=mailto:dmarc@well.example"),
            ("v=DMARC1; p=reject; ruf=mailto:; rua=mailto:a@x.example", "warning", '"ruf=mailto:"', "v=DMARC1; p=reject; ruf=mailto:dmarc@well.example; rua=mailto:a@x.example"),
            ("v=DMARC1; p=reject; rua=mailto:<a@x.example>", "warning", "expected addresses", "v=DMARC1; p=reject; rua=mailto:dmarc@well.example"),
            ("v=DMARC1; p=reject; rua=https://x.example/r", "good", "", None),
            ("v=DMARC1; p=reject; rua=maito:a@x.example!5m,mailto:b@y.example", "warning", "expected addresses", "v=DMARC1; p=reject; rua=mailto:a@x.example!5m,mailto:b@y.example"),
            (f"v=DMARC1; p=reject;; {rua}", "note", "nothing before it", f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1; reject; {rua}", "warning", "no tag", f"v=DMARC1; p=none; {rua}"),
            ("v=DMARC1", "warning", 'has no "p="', "v=DMARC1; p=none"),
            # Near misses: no record to anybody.
            (f"v=dmarc1; p=reject; {rua}", "warning", "is not a DMARC record", f"v=DMARC1; p=reject; {rua}"),
            (f"V=DMARC1; p=reject; {rua}", "warning", "is not a DMARC record", f"v=DMARC1; p=reject; {rua}"),
            (f" v=DMARC1; p=reject; {rua}", "warning", "is not a DMARC record", f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1, p=reject; {rua}", "warning", "is not a DMARC record", f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1 p=reject; {rua}", "warning", "is not a DMARC record", f"v=DMARC1; p=reject; {rua}"),
            (f"p=reject; v=DMARC1; {rua}", "warning", "is not a DMARC record", f"v=DMARC1; p=reject; {rua}"),
            (f'"v=DMARC1; p=reject; {rua}"', "warning", "is not a DMARC record", f"v=DMARC1; p=reject; {rua}"),
            (f"v=DMARC1\\; p=reject\\; {rua}", "warning", "is not a DMARC record", f"v=DMARC1; p=reject; {rua}"),
            (f"DMARC1; p=reject; {rua}", "warning", "is not a DMARC record", f"v=DMARC1; p=reject; {rua}"),
            ("something else", "note", "no DMARC record for this domain or any above it", "v=DMARC1; p=none; rua=mailto:dmarc@well.example"),
            ([f"v=DMARC1; p=reject; {rua}", "something else"], "good", "", None),
            ([f"v=DMARC1; p=reject; {rua}", "v=DMARC1; p=none"], "error", "several", None),
        ))

    def test_a_policy_that_is_not_in_force_begins_with_none_while_mail_does_not_pass(self):
        """It would have all mail of the domain refused: none of what its own servers send passes SPF."""
        rua, fails = "rua=mailto:dmarc@well.example", {"well.example TXT": ['"v=spf1 ip4:203.0.113.1 -all"']}
        for record, right in (
            (f"v=DMARC1 p=reject; {rua}", f"v=DMARC1; p=none; {rua}"),
            (f"V=DMARC1; p=none; sp=quarantine; np=reject; {rua}", f"v=DMARC1; p=none; sp=none; np=none; {rua}"),
            (f"v=DMARC1; p=rejct; {rua}", f"v=DMARC1; p=none; {rua}"),
            (f"v=DMARC1; P=reject; {rua}", f"v=DMARC1; p=none; {rua}"),
            (f"v=DMARC1; p=reject; sp=rejekt; aspf=x; {rua}", f"v=DMARC1; p=reject; sp=none; {rua}"),  # what is in force stays
        ):
            with self.subTest(record):
                report = self.look({**fails, "_dmarc.well.example TXT": [txt(record)]}, "--ip", ADDRESS)
                self.assertEqual(self.proposal(report, "dmarc", "_dmarc.well.example"), right)
        self.assertIn('so begin with the policy "none"', json.dumps(self.look({**fails, "_dmarc.well.example TXT": ['"DMARC1; p=reject"']}, "--ip", ADDRESS)["findings"]).replace("\\", ""))

    def test_B04_each_tag_of_MTA_STS_and_TLS_reporting_is_read_strictly(self):
        for row, owner, rows in (
            ("mta-sts", "_mta-sts.well.example", (
                ("v=STSv1; id=20261127T000000Z", "not-asked", "", None),  # the policy itself is not fetched here
                ("v=STSv1;id=1;", "not-asked", "", None),
                ("v=STSv1", "warning", 'has no "id="', "v=STSv1; id=1"),
                ("v=STSv1; id=", "warning", 'empty "id="', "v=STSv1; id=1"),
                ("v=stsv1; id=7", "warning", "is not such a record", "v=STSv1; id=7"),
                ("v=STSv1 id=7", "warning", "is not such a record", "v=STSv1; id=7"),
                ("id=7; v=STSv1", "warning", "is not such a record", "v=STSv1; id=7"),
                ("v=STSv1; ID=7", "warning", '"id" is meant', "v=STSv1; id=7"),
                ("v=STSv1; id=7; id=8", "warning", "twice", "v=STSv1; id=7"),
                ("unrelated", "not-asked", "", None),
                (["v=STSv1; id=7", "v=STSv1; id=8"], "warning", "more than one", None),
            )),
            ("tls-reports", "_smtp._tls.well.example", (
                ("v=TLSRPTv1; rua=mailto:tls@well.example", "good", "", None),
                ("v=TLSRPTv1;rua=mailto:tls@well.example,https://x.example/report", "good", "", None),
                ("v=TLSRPTv1; rua=tls@well.example", "warning", "mailto:", "v=TLSRPTv1; rua=mailto:tls@well.example"),
                ("v=TLSRPTv1; rua=http://x.example/report", "warning", "expected", "v=TLSRPTv1; rua=mailto:tls-reports@well.example"),
                ("v=TLSRPTv1; rua=https://x.example/r, tls@well.example", "warning", "expected", "v=TLSRPTv1; rua=https://x.example/r,mailto:tls@well.example"),
                ("v=TLSRPTv1;", "warning", 'has no "rua="', "v=TLSRPTv1; rua=mailto:tls-reports@well.example"),
                ("v=TLSRPT1; rua=mailto:tls@well.example", "not-asked", "", None),
                ("v=tlsrptv1; rua=mailto:tls@well.example", "warning", "is not such a record", "v=TLSRPTv1; rua=mailto:tls@well.example"),
                ("v=TLSRPTv1; ruf=mailto:tls@well.example", "warning", "meant", "v=TLSRPTv1; rua=mailto:tls-reports@well.example"),
            )),
        ):
            with self.subTest(row):
                for record, severity, words, right in rows:
                    report = self.look({f"{owner} TXT": [txt(each) for each in ([record] if isinstance(record, str) else record)]})
                    said = " ".join(finding["what"] for finding in self.found(report, row))
                    self.assertEqual(report["cells"][row], severity, (record, said))
                    self.assertIn(words, said)
                    if record != "v=TLSRPTv1; ruf=mailto:tls@well.example":
                        self.assertEqual(self.proposal(report, row, owner), right)

    def test_B04_the_tags_of_a_DKIM_key_are_read_strictly(self):
        key = f"p={RSA_2048}"
        self.check_record("dkim", "s1._domainkey.well.example", (
            (f"v=DKIM1; k=rsa; {key}", "good", "", None),
            (f"v=DKIM1; n=a note; t=s; h=sha256; s=email; {key};", "good", "", None),
            (f"v=dkim1; {key}", "error", '"v=dkim1"; expected DKIM1', f"v=DKIM1; {key}"),
            (f"v=DKIM1; K=rsa; {key}", "warning", '"k" is meant', f"v=DKIM1; k=rsa; {key}"),
            (f"v=DKIM1; k=rsa; k=rsa; {key}", "error", "counts for nothing", f"v=DKIM1; k=rsa; {key}"),
            (f"v=DKIM1; rsa; {key}", "warning", "no tag", f"v=DKIM1; {key}"),
            (f"{key}; v=DKIM1", "error", "does not come first", None),
            (f"v=DKIM1; g=*; {key}", "note", "historic", None),
            (f"v=DKIM1; g=; {key}", "note", "historic", None),
            (f"v=DKIM1; p=; {key}", "error", '"p=" twice', None),  # revoked, or not
            (f"v=DKIM1; {key}; {key}", "error", '"p=" twice', f"v=DKIM1; {key}"),
            ("v=dkim1; p=", "error", '"v=dkim1"; expected DKIM1', None),  # a key that is revoked is proposed to nobody
            ([f"v=DKIM1; {key}", "unrelated"], "note", "there is another TXT record, which is not a key", None),
        ), "--selector", "s1")

    def test_B26_what_is_wrong_with_a_DKIM_key_is_told(self):
        rsa, record, private = f"p={RSA_2048}", "v=DKIM1; k=rsa; p=", private_key()
        self.check_record("dkim", "s1._domainkey.well.example", (
            (record + public_key(2048, 65537), "good", "", None),
            (record + public_key(1024, 65537), "warning", "has 1024 bits; signers should have 2048", None),
            (record + public_key(512, 65537), "error", "has 512 bits; verifiers take none with less than 1024", None),
            (record + public_key(2048, 131071 * 4 + 1), "error", "exponent of the RSA key is larger than 65537", None),
            (record + "AAAA", "error", "not an RSA public key", None),
            (record + "@@@", "error", "not an RSA public key", None),
            (record, "error", "is empty, which says that it was revoked", None),
            (f'"{record}"', "error", "Quotes or backslashes", None),
            (f"{record}-----BEGIN RSA PRIVATE KEY-----{private}-----END RSA PRIVATE KEY-----", "error", "is a private key: whoever looks it up can sign", None),
            (record + private, "error", "is a private key: whoever looks it up can sign", None),
            (f"v=DKIM1; k=dsa; {rsa}", "error", 'key type is "dsa"', None),
            (f"v=DKIM1; t=y; {rsa}", "note", "still testing", None),
            (f"v=DKIM1; h=sha1; {rsa}", "error", "does not allow sha256", None),
            (f"v=DKIM1; s=tlsrpt; {rsa}", "error", "not for mail", None),
            (f"v=DKIM1; k=ed25519; p={ED25519}", "warning", "No RSA key was found beside the ed25519 key", None),
            (f"v=DKIM1; k=ed25519; {rsa}", "error", "an ed25519 key has 32", None),
            ([f"v=DKIM1; {rsa}", record + public_key(2048, 3)], "error", "several keys", None),
            (f'"v=DKIM1; k=rsa; {rsa}"', "error", "Quotes or backslashes", f"v=DKIM1; k=rsa; {rsa}"),
            (f"v=DKIM1\\; k=rsa\\; {rsa}", "error", "Quotes or backslashes", f"v=DKIM1; k=rsa; {rsa}"),
            (f'v=DKIM1; k=rsa; p={RSA_2048[:200]}" "{RSA_2048[200:]}', "error", "Quotes or backslashes", f"v=DKIM1; k=rsa; p={RSA_2048[:200]} {RSA_2048[200:]}"),
            (f'"p={RSA_2048}"', "error", "Quotes or backslashes", rsa),
            (f'v=DKIM1; n=the \\"key\\" of 2026; {rsa}', "good", "", None),
        ), "--selector", "s1")
        # An ed25519 key beside an RSA key is good, whichever is named first; beside one that is revoked it is not.
        world = {"e1._domainkey.well.example TXT": [txt(f"v=DKIM1; k=ed25519; p={ED25519}")], "r1._domainkey.well.example TXT": ['"v=DKIM1; p="']}
        self.assertEqual(self.look(world, "--selector", "e1", "--selector", "s1")["cells"]["dkim"], "good")
        self.assertEqual(self.look(world, "--selector", "s1", "--selector", "e1")["cells"]["dkim"], "good")
        report = self.look(world, "--selector", "e1", "--selector", "r1")
        self.assertEqual(sorted(finding["problem"] for finding in self.found(report, "dkim")), ["dkim-only-ed25519", "dkim-revoked"])
        report = self.look({KEY: "servfail"}, "--selector", "s1")
        self.assertEqual((report["cells"]["dkim"], report["cells"]["dkim-alignment"]), ("unknown", "good"))

    def test_what_large_receivers_ask_for(self):
        """Each demand, by the zone: met, not met with the finding that says why, or not testable."""
        good = ["--ip", ADDRESS, "--selector", "s1"]
        never = ("tls", "message-form", "one-click-unsubscribe", "spam-rate", "arc-of-forwards")
        rows = (
            ({}, good, {}),
            ({}, ["--ip", ADDRESS], {"dkim": "not-testable"}),
            ({"well.example TXT": ['"v=spf1 ip4:192.0.2.1 -all"']}, good, {"spf": "spf-not-named"}),
            ({"well.example TXT": None}, good, {"spf": "spf-missing"}),
            ({"well.example TXT": "servfail"}, good, {"spf": "lookup-failed"}),
            ({KEY: None}, good, {"dkim": "dkim-missing"}),
            ({KEY: [txt(DKIM_KEYS["small"])]}, good, {}),  # 1024 bits are taken
            ({KEY: [txt(DKIM_KEYS["weak"])]}, good, {"dkim": "dkim-short"}),
            ({KEY: [txt(DKIM_KEYS["ed"])]}, good, {"dkim": "dkim-only-ed25519"}),
            ({KEY: None, "well.example TXT": None}, good, {"spf": "spf-missing", "dkim": "dkim-missing", "spf-or-dkim": "dkim-missing", "alignment": "dkim-missing"}),
            ({"_dmarc.well.example TXT": None}, good, {"dmarc": "dmarc-missing"}),
            ({"_dmarc.well.example TXT": ['"v=DMARC1; p=none"']}, good, {}),
            ({"_dmarc.well.example TXT": ['"v=DMARC1; p=none; rua=nobody"']}, good, {}),
            ({"_dmarc.well.example TXT": ['"v=DMARC1; p=rejct"']}, good, {"dmarc": "record-faulty"}),
            ({"_dmarc.well.example TXT": ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']}, good, {"dmarc": "record-several"}),
            ({"_dmarc.well.example TXT": "servfail"}, good, {"dmarc": "lookup-failed"}),
            ({"9.100.51.198.in-addr.arpa PTR": None}, good, {"reverse-dns": "reverse-missing"}),
            ({"b.example MX": ["10 out.well.example."], "b.example TXT": ['"v=spf1 mx -all"']}, ["--ip", ADDRESS, "--bounces", "b.example"],
             {"dkim": "not-testable", "alignment": "not-testable"}),
            ({"b.example MX": ["10 out.well.example."], "b.example TXT": ['"v=spf1 mx -all"'], "s1._domainkey.b.example TXT": WELL[KEY]},
             ["--ip", ADDRESS, "--bounces", "b.example", "--selector", "s1._domainkey.b.example"], {"alignment": "bounces-unaligned"}),
        )
        for changes, arguments, exceptions in rows:
            with self.subTest(changes, arguments=arguments):
                report = self.look(changes, "--helo", "out.well.example", *arguments)
                for demand in report["demands"]:
                    name, state, why = demand["demand"], demand["state"], demand.get("because", {}).get("problem")
                    expected = exceptions.get(name, "not-testable" if name in never else "met")
                    self.assertIn(expected, (state, why), (demand, report["findings"]))
                    self.assertEqual("instead" in demand, state == "not-testable" and why is None, demand)
                    if expected == "lookup-failed":
                        self.assertEqual(state, "not-testable")
                    elif expected not in ("met", "not-testable"):
                        self.assertEqual(state, "not-met")
        asked = {demand["demand"]: demand["asked-by"] for demand in report["demands"]}
        self.assertEqual(asked["spf"], {"gmail": "bulk-5000", "outlook": "bulk-5000", "yahoo": "bulk", "icloud": "bulk"})
        self.assertEqual(asked["tls"], {"gmail": "all"})

    def learn(self, message, *domains, changes=None, arguments=(), status=None):
        """The reports of domains, and what is said on standard error, with a message on standard input."""
        path = lab.folder / "learn.conf"
        path.write_text(f"resolver {{ servers 127.0.0.1@{port} timeout 8s }}\n")
        with DnsServer(port, answering({key: value for key, value in {**WELL, **(changes or {})}.items() if value is not None})):
            done = subprocess.run([lab.builddir / "milter/heloscope", "doctor", "--no-connect", "-c", path, "--json", "--ip", ADDRESS, "--message", "-",
                                   *arguments, *domains], input=message, capture_output=True, text=True, timeout=60)
        if status is not None:
            self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
        reports = json.loads(done.stdout) if done.stdout else None
        if reports:
            COMMAND_SCHEMAS["doctor"].validate(reports)
        return reports, done.stderr

    def test_selectors_are_learned_from_a_message(self):
        def signature(domain, selector):
            return f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s={selector};\r\n\th=from; bh=AAAA; b=AAAA\r\n"

        author = "From: Anna <anna@well.example>\r\nSubject: s\r\n\r\nbody\r\n"
        sub = {"s1._domainkey.sub.well.example TXT": WELL[KEY]}

        def problems(report):
            return sorted(finding["problem"] for finding in self.found(report, "dkim") + self.found(report, "dkim-alignment"))

        fails = ["dkim-message-fails"]  # none verifies
        for fields, changes, arguments, expected, keys in (
            (signature("well.example", "s1"), {}, (), fails, 1),
            (signature("WELL.example", "S1"), {}, ("--selector", "s1"), fails, 1),  # each once
            (signature("well.example", "s1") + signature("other.example", "x"), {}, (), fails, 1),
            (signature("sub.well.example", "s1"), sub, (), fails, 1),
            (signature("sub.well.example", "s1"), {**sub, "_dmarc.well.example TXT": ['"v=DMARC1; p=none; adkim=s"']}, (), [*fails, "dkim-message-unaligned", "dkim-unaligned"], 1),
            (signature("sub.well.example", "s1"), {**sub, "_dmarc.well.example TXT": ['"v=DMARC1; p=none; adkim=s"']}, ("--selector", "s1"),
             [*fails, "dkim-message-unaligned", "dkim-unaligned"], 2),
            (signature("well.example", "gone"), {}, (), [*fails, "dkim-missing"], 1),
            (signature("other.example", "x"), {}, (), ["dkim-message-unaligned"], 0),
            (signature("notwell.example", "x"), {}, (), ["dkim-message-unaligned"], 0),
            ("", {}, (), ["dkim-unsigned"], 0),
            ("DKIM-Signature: =;;==; d=; s=\r\n" + signature("well.example", "s1"), {}, (), fails * 2, 1),  # one that cannot be read keeps nobody from the other
            (signature("well.example", "a..b") + signature("-.well.example", "s;"), {}, (), [*fails * 2, "dkim-message-unaligned"], 0),
        ):
            with self.subTest(fields, arguments=arguments):
                (report,), said = self.learn(fields + author, "well.example", changes=changes, arguments=arguments)
                self.assertEqual(problems(report), expected)
                self.assertIn("message (standard input)" if {"dkim-unsigned", "dkim-message-unaligned"} & set(expected) else "", json.dumps(report["findings"]))
                self.assertEqual(sum("._domainkey." in record for record in report["records"]), keys, report["records"])
                self.assertEqual("no DKIM signature of these domains was found there" in said, "d=" not in fields or keys == 0, said)
        # Of several domains each has its own; what is not of the author's is told.
        two = signature("well.example", "s1") + signature("b.example", "t")
        reports, said = self.learn(two + author, "well.example", "b.example", changes=domain("b.example"))
        self.assertEqual([[record.split()[0] for record in report["records"] if "_domainkey" in record] for report in reports],
                         [["s1._domainkey.well.example"], ["t._domainkey.b.example"]])
        self.assertEqual(said, "")
        _, said = self.learn(two + author, "b.example", changes=domain("b.example"))
        self.assertIn("its author is of well.example, which is not among the domains that were given", said)
        _, said = self.learn(two + "From: x@other.example\r\n" + author, "well.example")
        self.assertIn("From does not name exactly one domain", said)
        # Whoever fills the header takes no more than its room.
        many = "".join(signature("well.example", f"n{number}") for number in range(500))
        (report,), said = self.learn(many + author, "well.example")
        self.assertEqual(sum("._domainkey." in record for record in report["records"]), 16)
        self.assertIn("more than 16 selectors were found", said)
        for message, words in (("", "it is empty"), ("no header\n", "it does not begin with a field")):
            reports, said = self.learn(message, "well.example", status=3)
            self.assertIn(f"heloscope doctor: standard input: {words}", said)
        _, said = self.learn(author, "well.example", arguments=("--from-records", "-"), status=2)
        self.assertIn("cannot both be standard input", said)

    def test_addresses_bounce_domains_and_selectors_are_taken_from_log_and_reports(self):
        """Mail that passed DMARC at receivers, and what the site's own log says, count; what strangers sent, or wrote in a report, gets into no record."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=lab.folder))
        mine, strange, forged, forwarder = "198.51.100.30", "203.0.113.66", "203.0.113.77", "203.0.113.88"

        def row(address, count, dkim, spf, mfrom, signature, author="well.example", spf_itself=None):
            name, selector, result = signature
            return (f"<record><row><source_ip>{address}</source_ip><count>{count}</count><policy_evaluated><disposition>none</disposition><dkim>{dkim}</dkim><spf>{spf}</spf>"
                    f"</policy_evaluated></row><identifiers><header_from>{author}</header_from></identifiers><auth_results><dkim><domain>{name}</domain><selector>{selector}</selector>"
                    f"<result>{result}</result></dkim><spf><domain>{mfrom}</domain><result>{spf_itself or spf}</result></spf></auth_results></record>")

        def report(name, organization, *rows):
            (folder / name).write_text(f"<?xml version='1.0'?><feedback><report_metadata><org_name>{organization}</org_name><report_id>{name}</report_id></report_metadata>"
                                       f"<policy_published><domain>well.example</domain><p>none</p></policy_published>{''.join(rows)}</feedback>")

        valid, invalid = ("well.example", "s1", "pass"), ("well.example", "forged", "fail")
        report("1.xml", "google.com", row(mine, 50, "pass", "pass", "b.well.example", valid), row(strange, 900, "fail", "fail", "well.example", invalid),
               row(forwarder, 20, "pass", "fail", "well.example", valid), row(strange, 7, "fail", "pass", "strange.example", ("strange.example", "x", "pass")),
               row(strange, 7, "pass", "pass", "other.example", ("other.example", "x", "pass"), "other.example"),
               row(forwarder, 30, "fail", "fail", "list.example", invalid, spf_itself="pass"),
               row("10.0.0.9", 7, "pass", "pass", "b.well.example", valid),
               row(strange, 5, "fail", "fail", "b.well.example", ("well.example", "unaligned", "pass"), spf_itself="pass"),
               row(forwarder, 5, "pass", "fail", "b.well.example", valid, spf_itself="pass"), row(mine, 5, "pass", "pass", "b.well.example", ("well.example", "broken", "fail")))
        report("2.xml", "yahoo.example", row(mine, 2, "fail", "pass", "b.well.example", invalid))
        report("4.xml", "failures.example", row(strange, 2000, "fail", "fail", "well.example", invalid))
        report("3.xml", "made up\nby anybody", row(forged, 40, "pass", "pass", "b.well.example", valid))
        report("5.xml", "forger.example", *(row(mine, 1, "pass", "pass", "b.well.example", ("well.example", name, "pass")) for name in ("gone", "void")))
        bounces = {"b.well.example TXT": [f'"v=spf1 ip4:{mine} -all"'], "void._domainkey.well.example TXT": ['"v=DKIM1; p="']}

        def look(*arguments, changes=None, domains=("well.example",), status=None, text=False):
            path = lab.folder / "sent.conf"
            path.write_text(f"resolver {{ servers 127.0.0.1@{port} timeout 8s }}\n")
            with DnsServer(port, answering({key: value for key, value in {**WELL, **bounces, **(changes or {})}.items() if value is not None})):
                done = lab.tool("doctor", "--no-connect", "-c", path, *([] if text else ["--json"]), *arguments, *domains)
            if status is not None:
                self.assertEqual(done.returncode, status, (done.stdout, done.stderr))
            if text or not done.stdout:
                return done.stdout, done.stderr
            reports = json.loads(done.stdout)
            COMMAND_SCHEMAS["doctor"].validate(reports)
            return (reports[0] if len(reports) == 1 else reports), done.stderr

        read, said = look("--reports", folder)
        self.assertEqual(said, "")
        self.assertEqual((read["addresses"], read["guessed"]), ([mine], False))
        self.assertEqual(read["taken-from"], [
            f"the reports of \"google.com\" and 3 others: bounce domain b.well.example; address {mine}; selector s1",
            "other mail in its name passes SPF or DKIM only as list.example (30): have each of these that sends for you sign with DKIM for well.example",
            f"left out: {forged}, which the SPF record of b.well.example does not allow: anybody can write a report; give with --ip what is yours",
            "left out: gone, void, which are selectors without a key: anybody can write a report; give with --selector what is yours"])
        self.assertEqual(self.found(read, "dkim"), [])
        # A bounce domain without an SPF record, for which SPF cannot have passed, and a selector that no name in the DNS can have, do not exist.
        report("6.xml", "forger.example", row(forged, 10**12, "pass", "pass", "absent.well.example", ("well.example", "a." * 120 + "b", "pass")))
        read, _ = look("--reports", folder)
        self.assertEqual((read["addresses"], read["guessed"]), ([mine], False))
        self.assertIn("left out: absent.well.example, which is a bounce domain without an SPF record: anybody can write a report; give with --bounces what is yours",
                      read["taken-from"])
        self.assertIn("bounce domain b.well.example", str(read["taken-from"]))
        self.assertEqual([finding["subject"] for finding in read["findings"] if "absent" in str(finding) or "a.a.a" in str(finding)], [])
        found, _ = look("--selector", "a." * 115 + "b")
        self.assertEqual([finding["problem"] for finding in self.found(found, "dkim")], ["dkim-missing"])
        (folder / "6.xml").unlink()
        # What is given too, or signs a message, is at fault.
        for more in (("--selector", "gone"), ("--selector", "gone._domainkey.well.example")):
            found, _ = look("--reports", folder, *more)
            self.assertEqual([(finding["problem"], finding["subject"]) for finding in self.found(found, "dkim")], [("dkim-missing", "gone._domainkey.well.example")])
        self.assertEqual([record.split()[0] for record in read["records"] if "_domainkey" in record], ["s1._domainkey.well.example"])
        self.assertIn(f"b.well.example TXT v=spf1 ip4:{mine} -all", " ".join(read["records"]).replace('"', ""))
        for changes in ({"b.well.example TXT": None}, {"b.well.example TXT": ['"v=spf1 ipv4:1 -all"']}, {"b.well.example TXT": ['"v=spf1 -all"']}):
            read, _ = look("--reports", folder, changes=changes)  # even then nothing that others wrote is to be published
            for finding in read["findings"]:
                for address in (strange, forged, forwarder):
                    self.assertNotIn(address, " ".join([*finding.get("publish", ()), finding.get("remedy", "")]))
        text, _ = look("--reports", folder, text=True)
        self.assertIn("taken from the reports of \"google.com\" and 3 others: bounce domain", text)

        # What is given goes before; a single report; reports of others; none.
        read, _ = look("--reports", folder, "--ip", ADDRESS, "--bounces", "well.example", "--selector", "s9")
        self.assertEqual(read["addresses"], [ADDRESS])
        self.assertIn("the reports of \"google.com\" and 3 others: selector s1", read["taken-from"])
        self.assertEqual([record.split()[0] for record in read["records"] if "_domainkey" in record], ["s9._domainkey.well.example", "s1._domainkey.well.example"])
        read, _ = look("--reports", folder / "2.xml")
        self.assertEqual(read["taken-from"], [f"the reports of \"yahoo.example\": bounce domain b.well.example; address {mine}"])
        read, said = look("--reports", folder, domains=["third.example"])
        self.assertIn("no mail of these domains that passed DMARC was found there", said)
        self.assertNotIn("taken-from", read)
        _, said = look("--reports", folder / "missing", status=3)
        self.assertIn("No such file or directory", said)
        _, said = look("--reports", "-", "--log", "-", status=2)
        self.assertIn("--log and --reports cannot both be standard input", said)

        # A log: addresses that it names itself, of mail to others; a sender below the domain does not go before the domain.
        log = folder / "mail.log"

        def delivery(number, sender, recipient, program="postfix-198.51.100.40", relay=strange):
            head = f"Nov 27 10:00:{number:02d} out"
            return (f"{head} postfix/qmgr[1]: 4AB{number:02d}: from=<{sender}>, size=100, nrcpt=1 (queue active)\n"
                    f"{head} {program}/smtp[2]: 4AB{number:02d}: to=<{recipient}>, relay=mx.other.example[{relay}]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 {strange} is yours)\n")

        log.write_text(delivery(1, "a@well.example", "b@other.example") + delivery(2, "x@evil.well.example", "b@other.example") + delivery(3, "x@evil.well.example", "c@other.example")
                       + delivery(4, "x@strange.example", "b@other.example", "postfix-203.0.113.66") + delivery(5, "x@well.example", "c@well.example", "postfix-203.0.113.77")
                       + delivery(6, "a@well.example", "b@other.example", "postfix-10.0.0.1"))
        read, said = look("--log", log)
        self.assertEqual(said, "")
        self.assertEqual((read["addresses"], read["guessed"]), (["198.51.100.40"], False))
        self.assertEqual(read["taken-from"], ["the mail log: address 198.51.100.40; bounce domain well.example"])
        self.assertIn("ip4:198.51.100.40", self.proposal(read, "spf-pass", "well.example"))  # the site's own log may be believed
        log.write_text(delivery(1, "a@bounce.well.example", "b@other.example", "postfix"))
        read, _ = look("--log", log, changes={"bounce.well.example TXT": ['"v=spf1 -all"']})
        self.assertEqual((read["guessed"], read["taken-from"]), (True, ["the mail log: bounce domain bounce.well.example"]))
        # Of several domains each has its own.
        log.write_text(delivery(1, "a@well.example", "b@other.example") + delivery(2, "a@b.example", "b@other.example", "postfix-198.51.100.41"))
        reports, _ = look("--log", log, changes=domain("b.example"), domains=["well.example", "b.example"])
        self.assertEqual([report["addresses"] for report in reports], [["198.51.100.40"], ["198.51.100.41"]])
        # Whoever writes reports takes no more than the room that there is.
        report("1.xml", "google.com", *(row(f"203.0.113.{number}", 9, "pass", "pass", f"n{number}.well.example", ("well.example", f"n{number}", "pass")) for number in range(200)))
        read, said = look("--reports", folder / "1.xml", changes={
            **{f"n{number}.well.example TXT": ['"v=spf1 +all"'] for number in range(200)}, **{f"n{number}._domainkey.well.example TXT": WELL[KEY] for number in range(200)}})
        self.assertEqual(len(read["addresses"]), 8)
        self.assertEqual(sum("._domainkey." in record for record in read["records"]), 16)
        self.assertIn("more than 16 selectors were found", said)
        report("1.xml", "google.com", *(row(f"203.0.113.{number}", 1, "pass", "pass", "b.well.example", valid) for number in range(40)),
               row(mine, 5000, "pass", "pass", "b.well.example", valid))
        read, _ = look("--reports", folder / "1.xml")
        self.assertEqual(read["addresses"], [mine])
        report("1.xml", "google.com", *(row("203.0.113.1", 1, "pass", "pass", "b.well.example", ("well.example", f"n{number}", "pass")) for number in range(20)),
               row(mine, 5000, "pass", "pass", "b.well.example", valid), row("203.0.113.1", 1, "pass", "pass", "b.well.example", ("well.example", "last", "pass")))
        read, _ = look("--reports", folder / "1.xml")
        self.assertTrue(any(record.startswith("s1._domainkey.well.example") for record in read["records"]), read["records"])

    def test_B06_the_id_of_MTA_STS_has_1_to_32_letters_and_digits(self):
        for given, right in (("a+b/c==", "abc"), ("2026 11 27", "20261127"), ("1" * 40, "1" * 32), ("2026-11-27T00:00:00Z", "20261127T000000Z"),
                             ("\u00e9", "1"), ("...", "1")):
            report = self.look({"_mta-sts.well.example TXT": [txt("v=STSv1; id=" + given.encode().decode("latin-1"))]})
            self.assertEqual(report["cells"]["mta-sts"], "warning", given)
            self.assertIn("1 to 32 letters and digits", self.found(report, "mta-sts")[0]["what"])
            self.assertEqual(self.proposal(report, "mta-sts", "_mta-sts.well.example"), f"v=STSv1; id={right}")

    def test_B05_a_null_MX_stands_alone(self):
        for records, severity, words, publish in (
            (["0 .", "10 out.well.example."], "error", "beside other MX", ["well.example. MX 10 out.well.example."]),
            (["10 out.well.example.", "5 .", "20 out.well.example."], "error", "beside other MX",
             ["well.example. MX 10 out.well.example.", "well.example. MX 20 out.well.example."]),
            (["10 ."], "error", "takes no mail", None),
            (["0 .", "10 ."], "error", "takes no mail", None),
            (["0 ."], "error", "takes no mail", None),
        ):
            report = self.look({"well.example MX": records}, "--ip", ADDRESS)
            found = self.found(report, "mx")
            self.assertEqual(report["cells"]["mx"], severity, records)
            self.assertIn(words, " ".join(finding["what"] for finding in found))
            self.assertNotIn("addresses of  ", json.dumps(report))
            if publish:
                self.assertEqual([finding["publish"] for finding in found], [publish])

    def test_B16_where_nobody_else_can_reach_a_host_is_an_error(self):
        for changes, words in NOWHERE:
            with self.subTest(changes):
                report = self.look(changes, "--ip", ADDRESS)
                self.assertEqual([report["cells"][row] for row in ("mx", "bounces")], ["error", "error"])
                found = self.found(report, "mx") + self.found(report, "bounces")
                self.assertIn(words, " ".join(finding["what"] for finding in found))
                self.assertNotRegex(json.dumps(report["findings"]), r"MX \d+ (well|localhost|local)\b")

    def test_B08_proposed_records_have_strings_of_255_octets(self):
        terms = " ".join(f"ip4:192.0.2.{n}" for n in range(40))
        report = self.look({"well.example TXT": [txt(f"v=spf1 {terms} -all")]}, "--ip", ADDRESS)
        self.assertEqual(self.proposal(report, "spf-pass", "well.example"), f"v=spf1 ip4:{ADDRESS} {terms} -all")
        uris = ",".join(f"mailto:reports-{n}@long.well.example" for n in range(20))
        report = self.look({"_dmarc.well.example TXT": [txt(f"v=DMARC1; p=quarentine; rua={uris}")]})
        self.assertEqual(self.proposal(report, "dmarc", "_dmarc.well.example"), f"v=DMARC1; p=quarantine; rua={uris}")

    def test_B10_a_public_suffix_is_of_the_organization_of_itself(self):
        world = {"foo.ck MX": ["10 out.well.example."], "foo.ck TXT": ['"v=spf1 mx -all"']}
        for arguments in ([], ["--bounces", "foo.ck"]):
            for record in (None, ['"v=DMARC1; p=none"'], ['"v=DMARC1; p=none; psd=y"'], ['"v=DMARC1; p=none; aspf=s"']):
                report = self.look({**world, "_dmarc.foo.ck TXT": record}, *arguments, domain="foo.ck")
                self.assertEqual(report["cells"]["spf-alignment"], "good", report)
        self.assertEqual(self.look({**world, "well.example TXT": ['"v=spf1 mx -all"']}, "--bounces", "foo.ck")["cells"]["spf-alignment"], "warning")

    def test_B24_a_subdomain_has_the_policy_of_its_organization(self):
        """And is never told to publish one of its own, which would take its place."""
        base = {"sub.well.example MX": ["10 out.well.example."], "sub.well.example TXT": ['"v=spf1 mx -all"']}
        for own, above, severity, words in (
            (None, "p=reject", "good", "that of well.example applies here, too. Its policy for this domain: reject."),
            (None, "p=reject; sp=quarantine", "good", "policy for this domain: quarantine."),
            (None, "p=reject; np=none", "good", "policy for this domain: reject."),
            (None, "p=none; np=reject", "note", "policy for this domain: none."),
            (None, "p=reject; sp=none", "note", "policy for this domain: none."),
            (None, "p=reject; psd=n", "good", "that of well.example applies here"),
            (None, "p=reject; psd=y", "good", "that of well.example applies here"),
            (None, "p=reject; t=y", "good", "reject, one step weaker while it says t=y"),
            (None, "p=reject; sp=bad", "warning", "none that can be read"),
            (None, "p=reject; sp=bad; rua=mailto:a@well.example", "note", "policy for this domain: none."),
            ("v=DMARC1; p=none", "p=reject", "good", ""),
            ("v=dmarc1; p=none", "p=reject", "warning", "is not a DMARC record"),
            ("unrelated", "p=reject", "good", "that of well.example applies here"),
        ):
            with self.subTest(above, own=own):
                report = self.look({**base, "_dmarc.well.example TXT": [f'"v=DMARC1; {above}"'], "_dmarc.sub.well.example TXT": [f'"{own}"'] if own else None},
                                   domain="sub.well.example")
                said = " ".join(finding["what"] for finding in self.found(report, "dmarc"))
                self.assertEqual(report["cells"]["dmarc"], severity, said)
                self.assertIn(words, said)
                self.assertEqual(self.proposal(report, "dmarc", ""), None)
        report = self.look({**base, "_dmarc.well.example TXT": "servfail"}, domain="sub.well.example")
        self.assertEqual((report["cells"]["dmarc"], self.proposal(report, "dmarc", "")), ("unknown", None))
        deep = "a.b.c.d.e.f.g.h.i.well.example"
        report = self.look({f"{deep} MX": ["10 out.well.example."]}, domain=deep)
        self.assertEqual(report["cells"]["dmarc"], "good")

    def test_reports_go_only_where_they_are_taken(self):
        """RFC 9990, section 4; what cannot be looked up is not held against anybody."""
        there = "well.example._report._dmarc.reports.example"
        for to, changes, faults in (
            ("reports.example", {}, [there]),
            ("reports.example", {f"{there} TXT": ['"v=DMARC1"']}, []),
            ("reports.example", {f"{there} TXT": ['"something else"', '"v=DMARC1; rua=mailto:x@reports.example"']}, []),
            ("reports.example", {f"{there} TXT": ['"v=dmarc1"']}, [there]),
            ("reports.example", {f"{there} TXT": "servfail"}, []),
            ("reports.example", {"_dmarc.reports.example TXT": "servfail"}, []),
            ("sub.well.example", {}, []),
            ("well.example,mailto:b@reports.example!10m", {}, [there]),
            ("reports.example,https://web.example/", {f"{there} TXT": ['"v=DMARC1"']}, []),
        ):
            with self.subTest(to, changes=changes):
                report = self.look({"_dmarc.well.example TXT": [txt(f"v=DMARC1; p=reject; rua=mailto:a@{to}")], **changes})
                found = self.found(report, "dmarc")
                self.assertEqual([finding["subject"] for finding in found], faults)
                self.assertEqual(report["cells"]["dmarc"], "note" if faults else "good")
                for finding in found:
                    self.assertEqual(finding["problem"], "dmarc-reports")
                    self.assertIn(f'Ask whoever takes the reports to publish the TXT record "v=DMARC1" at {there}', finding["remedy"])

    def test_B25_strict_alignment_wants_the_very_same_domain(self):
        world = {"b.well.example MX": ["10 out.well.example."], "b.well.example TXT": ['"v=spf1 mx -all"'], "b.other.example MX": ["10 out.well.example."],
                 "s1._domainkey.b.well.example TXT": WELL["s1._domainkey.well.example TXT"]}
        for tags, bounces, severity in (("", "b.well.example", "good"), ("; aspf=r", "b.well.example", "good"), ("; aspf=s", "b.well.example", "warning"),
                                        ("; adkim=s", "b.well.example", "good"), ("; aspf=s", "well.example", "good"), ("; aspf=r", "b.other.example", "warning")):
            report = self.look({**world, "_dmarc.well.example TXT": [f'"v=DMARC1; p=reject{tags}"']}, "--bounces", bounces)
            self.assertEqual(report["cells"]["spf-alignment"], severity, (tags, bounces, report["findings"]))
        for tags, severity in (("", "good"), ("; adkim=r", "good"), ("; adkim=s", "warning"), ("; aspf=s", "good")):
            world["_dmarc.well.example TXT"] = [f'"v=DMARC1; p=reject{tags}"']
            report = self.look(world, "--selector", "s1._domainkey.b.well.example")
            self.assertEqual((report["cells"]["dkim-alignment"], report["cells"]["dkim"]), (severity, "good"), (tags, report["findings"]))
            report = self.look(world, "--selector", "s1._domainkey.b.well.example", "--selector", "s1")  # one that aligns is enough
            self.assertEqual(report["cells"]["dkim-alignment"], "note" if severity == "warning" else "good", (tags, report["findings"]))
        for changes, row in (({"_dmarc.well.example TXT": "servfail"}, "spf-alignment"), ({"_dmarc.b.well.example TXT": "servfail", "_dmarc.well.example TXT": ['"v=DMARC1; p=none"']}, "spf-alignment")):
            report = self.look({**world, **changes}, "--bounces", "b.well.example")
            self.assertEqual(report["cells"][row], "unknown", report["findings"])

    def test_N06_no_proposal_stops_mail_or_loses_what_stood_there(self):
        """Each SPF record that is proposed lets the addresses pass that are known; none invents "-all" or a host."""
        include = {"other.example TXT": ['"v=spf1 ip4:192.0.2.1 -all"']}
        for record, arguments, row, right in (
            (None, ["--ip", ADDRESS], "spf-record", f"v=spf1 mx ip4:{ADDRESS} ~all"),
            (None, [], "spf-record", f"v=spf1 mx ip4:{ADDRESS} ~all"),
            ("v=spf1 include:other.example -all", ["--ip", ADDRESS], "spf-pass", f"v=spf1 ip4:{ADDRESS} include:other.example -all"),
            ("v=spf1 ipv4:192.0.2.7 include=other.example -all", ["--ip", ADDRESS], "spf-record", f"v=spf1 ip4:{ADDRESS} ip4:192.0.2.7 include:other.example -all"),
            ("v=spf1 mx ip4:192.0.2.7, include:other.example -all", ["--ip", ADDRESS], "spf-record", "v=spf1 mx ip4:192.0.2.7 include:other.example -all"),
            ("v=spf1 incldue:other.example ~all", ["--ip", ADDRESS], "spf-record", f"v=spf1 ip4:{ADDRESS} include:other.example ~all"),
            ("v=spf1 mx redirect:other.example", ["--ip", ADDRESS], "spf-record", "v=spf1 mx redirect=other.example"),
            ("v=spf1 mx include=other.example -all", ["--ip", ADDRESS], "spf-record", "v=spf1 mx include:other.example -all"),
            ("v=spf1 mx everybody -all", ["--ip", ADDRESS], "spf-record", None),
            ("v=spf1 ip4:192.0.2.300 -all", ["--ip", ADDRESS], "spf-record", None),
            ("v=spf2 include:other.example -all", ["--ip", ADDRESS], "spf-record", f"v=spf1 ip4:{ADDRESS} include:other.example -all"),
            ("v=spf1; mx; -all", ["--ip", ADDRESS], "spf-record", "v=spf1 mx -all"),
            (" v=spf1 mx -all", ["--ip", ADDRESS], "spf-record", "v=spf1 mx -all"),
            ("spf1 mx -all", ["--ip", ADDRESS], "spf-record", "v=spf1 mx -all"),
            ("spf2.0/pra mx -all", ["--ip", ADDRESS], "spf-record", f"v=spf1 mx ip4:{ADDRESS} ~all"),
            ("v=spf1 include:other.example +all", ["--ip", ADDRESS], "spf-all", f"v=spf1 ip4:{ADDRESS} include:other.example ~all"),
            ("v=spf1 mx ?all", ["--ip", ADDRESS], "spf-all", "v=spf1 mx ~all"),
            ("v=spf1 mx", ["--ip", ADDRESS], "spf-all", "v=spf1 mx ~all"),
        ):
            with self.subTest(record):
                world = {**include, "well.example TXT": [txt(record)] if record else None}
                report = self.look(world, *arguments)
                self.assertEqual(self.proposal(report, row, "well.example"), right)
                if right:
                    again = self.look({**world, "well.example TXT": [txt(right)]}, *arguments)
                    self.assertEqual((again["cells"]["spf-pass"], again["cells"]["spf-record"]), ("good", "good"))
        for world, arguments in (({"well.example MX": None, "well.example TXT": None}, []), ({"well.example MX": None, "well.example A": None, "well.example TXT": None}, []),
                                 ({"well.example MX": ["0 ."], "well.example TXT": None}, [])):
            report = self.look(world, *arguments)
            self.assertEqual(self.proposal(report, "spf-record", "well.example"), None)
            self.assertNotIn("-all", json.dumps(report["findings"]).replace("~all", "").replace("spf-all", ""))
            self.assertNotRegex(json.dumps(report), r"MX \d+ mail\.")

    def test_N06_no_proposal_lets_strangers_pass_or_stops_unknown_senders(self):
        """What is proposed is evaluated first: it is not in error, nobody else passes by it, one record is proposed for one name, and none where senders are unknown."""
        world = {"esp.test TXT": ['"v=spf1 ip4:203.0.113.0/24 -all"'], "wide.test TXT": ['"v=spf1 ip4:192.0.2.0/24 ip4:203.0.113.0/24 -all"'], "open.test TXT": ['"v=spf1 +all"'], "six.test TXT": ['"v=spf1 ip6:2000::/3 -all"']}
        none, mx, ip = {"well.example MX": None}, {}, ["--ip", ADDRESS]
        address = f"ip4:{ADDRESS}"
        for records, changes, arguments, right in (
            (["mx al"], mx, ip, "mx ~all"),
            (["mx alll"], mx, [], "mx ~all"),
            (["mx all;"], mx, ip, "mx ~all"),
            (["mx +al"], mx, ip, "mx ~all"),
            (["mx -al"], mx, ip, "mx -all"),
            (["mx ?al"], mx, ip, "mx ?all"),
            (["mx al -all"], mx, ip, "mx -all"),
            (["mx -all al"], mx, ip, "mx -all"),
            (["ipv4:203.0.113.1 al"], mx, ip, f"{address} ip4:203.0.113.1 ~all"),
            (["ipv4:203.0.113.1 +all"], mx, ip, f"{address} ip4:203.0.113.1 ~all"),
            (["ipv4:203.0.113.1 al"], none, [], None),
            (["ipv4:0.0.0.0/0 -all"], mx, ip, None),
            (["ipv4:0.0.0.0/1 -all"], mx, ip, None),
            (["include=six.test -all"], mx, ip, None),
            (["al redirect=esp.test"], mx, ip, None),
            (["include=open.test -all"], mx, ip, None),
            (["include=esp.test -all"], mx, ip, f"{address} include:esp.test -all"),
            (["include=esp.test +all"], mx, ip, f"{address} include:esp.test ~all"),
            (["mx -all", "include:open.test -all"], mx, ip, None),
            (["mx -all", "redirect=open.test"], mx, ip, None),
            (["mx -all", "ip4:0.0.0.0/0 -all"], mx, ip, None),
            (["mx -all", "ip6:::/0 -all"], mx, ip, None),
            (["mx -all", "include:gone.test -all"], mx, ip, None),
            (["mx -all", "include:esp.test -all"], mx, ip, "include:esp.test mx -all"),
            (["ip4:0.0.0.0/0 -all"], mx, ip, f"{address} ~all"),
            (["ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all"], mx, ip, f"{address} ~all"),
            (["ip6:::/0 ip4:0.0.0.0/0 mx -all"], mx, ip, "mx ~all"),
            (["all mx"], mx, ip, "mx ~all"),
            (["+all -all"], mx, ip, f"{address} ~all"),
            (["include:open.test include:esp.test -all"], mx, ip, f"{address} include:esp.test ~all"),
            (["include:wide.test -all"], mx, ip, f"{address} ~all"),
            (["include:wide.test -all"], mx, [], None),  # the senders of the other record are not known
            (["?include:wide.test include:esp.test -all"], mx, ip, f"{address} ?include:wide.test include:esp.test -all"),
            (["mx ?include:wide.test -all"], mx, ip, None),
            (["redirect=open.test"], mx, ip, None),
            (["+all"], none, [], None),
            (["+all -all"], none, [], None),
            (["ip4:0.0.0.0/0 -all"], none, [], None),
            (["include:esp.test ?all"], none, [], None),
            (["mx -all"], mx, ip, None),
        ):
            with self.subTest(records, arguments=arguments):
                report = self.look({**world, **changes, "well.example A": None, "well.example TXT": [txt(f"v=spf1 {record}") for record in records]}, *arguments)
                lines = {line for finding in report["findings"] if finding["row"].startswith("spf") for line in finding.get("publish", ())}
                self.assertEqual(lines, {f'well.example. TXT "v=spf1 {right}"'} if right else set(), report["findings"])
        for text, right in (("v=spf1; mx; all", "mx ~all"), ("v=spf2 mx all", "mx ~all"), ("v=spf2 include:open.test -all", f"mx {address} ~all")):
            report = self.look({**world, "well.example TXT": [txt(text)]}, *ip)
            self.assertEqual(self.proposal(report, "spf-record", "well.example"), f"v=spf1 {right}")

    def test_no_address_record_is_proposed_for_the_name_of_another_host(self):
        """Beside the one that is there it would send half of a web site's visitors to the mail server; a PTR record to the host's own name harms nobody."""
        reverse, own, web = "9.100.51.198.in-addr.arpa", "9.100.51.198.in-addr.arpa. PTR out.well.example.", {"web.well.example A": ["192.0.2.80"]}
        for changes, name, publish in (
            ({"well.example A": ["192.0.2.80"]}, "well.example", own),
            (web, "web.well.example", own),
            ({"web.well.example AAAA": ["2001:db8::80"]}, "web.well.example", own),
            ({"web.well.example AAAA": "servfail"}, "web.well.example", own),
            ({}, "bank.test", own),  # nobody here can publish that
            ({}, "new.well.example", f"new.well.example. A {ADDRESS}"),
            ({"new.well.example A": ["198.51.100.10"]}, "new.well.example", f"new.well.example. A {ADDRESS}"),  # of the same sender
        ):
            with self.subTest(name, changes=changes):
                report = self.look({**changes, f"{reverse} PTR": [f"{name}."]}, "--ip", ADDRESS, "--ip", "198.51.100.10", "--helo", "out.well.example")
                found = [finding for finding in self.found(report, "reverse-dns") if finding["subject"] == ADDRESS]
                self.assertEqual([finding["publish"] for finding in found], [[publish]])
                self.assertIn("provider" if publish == own else "Publish the address record", found[0]["remedy"])
        report = self.look({**web, f"{reverse} PTR": ["web.well.example."], "well.example MX": None}, "--ip", ADDRESS)
        self.assertEqual([(finding["problem"], finding.get("publish")) for finding in self.found(report, "reverse-dns")], [("reverse-other-host", None)])
        for changes, helo, publish in ((web, "web.well.example", None), ({}, "bank.test", None), ({}, "new.well.example", [f"new.well.example. A {ADDRESS}"])):
            with self.subTest(helo):
                (finding,) = self.found(self.look(changes, "--ip", ADDRESS, "--helo", helo), "helo")
                self.assertEqual(finding.get("publish"), publish)
                self.assertIn("is not its verified reverse DNS name, out.well.example.", finding["what"])
                self.assertIn("reverse DNS name (Postfix", finding["remedy"])

    def test_B02_an_error_for_one_address_says_why(self):
        """The IPv6 address alone runs into a limit: the cross has its reason, with the address."""
        six = "2001:db8::9"
        world = {"well.example TXT": ['"v=spf1 ip4:198.51.100.9 a:v1.well.example a:v2.well.example a:v3.well.example -all"'],
                 **{f"v{n}.well.example A": ["192.0.2.1"] for n in range(1, 4)},
                 "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR": ["out.well.example."], "out.well.example AAAA": [six]}
        report = self.look(world, "--ip", ADDRESS, "--ip", six)
        self.assertEqual(report["cells"]["spf-pass"], "error")
        self.assertRegex(self.found(report, "spf-pass")[0]["what"], f"Mail from {six} gets spf=permerror: .+")

    def test_B30_doctor_and_filter_judge_alike(self):
        """Names, HELO, SPF and sender of hosts, as the filter judges them and as the doctor tells."""
        results = {"good": ("pass",), "warning": ("fail", "softfail", "neutral"), "error": ("fail", "permerror"), "unknown": ("temperror",), "note": ("pass",), "not-asked": ("none",)}
        many = [f"n{n:02}.well.example." for n in range(12)]
        rows = (
            ({}, "out.well.example"),
            ({}, "OUT.well.example."),
            ({}, "[198.51.100.9]"),
            ({}, "[198.51.100.8]"),
            ({}, "[IPv6:2001:db8::1]"),
            ({}, "other.well.example"),
            ({"other.well.example A": "servfail"}, "other.well.example"),
            ({"out_1.well.example A": [ADDRESS], "9.100.51.198.in-addr.arpa PTR": ["out_1.well.example."]}, "out_1.well.example"),
            ({"out_1.well.example A": [ADDRESS]}, "out_1.well.example"),
            ({"9.100.51.198.in-addr.arpa PTR": None}, "out.well.example"),
            ({"9.100.51.198.in-addr.arpa PTR": "servfail"}, "other.well.example"),
            ({"9.100.51.198.in-addr.arpa PTR": many, "n11.well.example A": [ADDRESS]}, "n11.well.example"),  # the twelfth is not followed
            ({"9.100.51.198.in-addr.arpa PTR": many, "n09.well.example A": [ADDRESS]}, "n09.well.example"),
            ({"9.100.51.198.in-addr.arpa PTR": many[::-1], "n09.well.example A": [ADDRESS]}, "out.well.example"),
            ({"9.100.51.198.in-addr.arpa PTR": ["a\\.b.well.example.", "out.well.example."]}, "out.well.example"),
            ({"9.100.51.198.in-addr.arpa PTR": ["gone.well.example."]}, "out.well.example"),
            ({"9.100.51.198.in-addr.arpa PTR": ["gone.well.example."], "gone.well.example A": "servfail"}, "out.well.example"),
            ({"well.example TXT": ['"v=spf1 ~all"']}, "out.well.example"),
            ({"well.example TXT": ['"v=spf1 -all"']}, "out.well.example"),
            ({"well.example TXT": ['"v=spf1 include:gone.example -all"']}, "out.well.example"),
            ({"well.example TXT": ['"v=spf1 exists:%{h}.e.well.example -all"'], "out.well.example.e.well.example A": ["127.0.0.2"]}, "out.well.example"),
            ({"well.example TXT": "servfail"}, "out.well.example"),
            ({"well.example TXT": None}, "out.well.example"),
            ({"well.example MX": ["0 ."]}, "out.well.example"),
            ({"well.example MX": None, "well.example A": None}, "out.well.example"),
            ({"well.example MX": "servfail"}, "out.well.example"),
            *((changes, "out.well.example") for changes, _ in NOWHERE),
        )
        path = lab.folder / "check.conf"
        path.write_text(f"resolver {{ servers 127.0.0.1@{port} timeout 8s }}\n")
        for changes, helo in rows:
            with self.subTest(changes, helo=helo):
                report = self.look(changes, "--ip", ADDRESS, "--helo", helo)
                world = {key: value for key, value in {**WELL, **changes}.items() if value is not None}
                with DnsServer(port, answering(world)):
                    done = lab.tool("check", "-c", path, "--json", "--ip", ADDRESS, "--helo", helo, "--from", "postmaster@well.example")
                checks = {name: check["result"] for name, check in json.loads(done.stdout)["checks"].items()}
                for row, method in (("reverse-dns", "iprev"), ("helo", "x-helo"), ("spf-pass", "spf"), ("bounces", "x-sender")):
                    self.assertIn(checks[method], results[report["cells"][row]], (row, report["cells"][row], checks[method]))

    def test_B15_a_list_that_is_not_well_proves_nothing(self):
        """Something in between answers 127.0.0.1, or "no such name", for every name of a list; or the list lists all."""
        path = lab.folder / "lists.conf"
        for listed, severity in (("127.0.0.1", "unknown"), (None, "unknown"), ("127.0.0.2", "unknown"), ("192.0.2.1", "unknown"), ("well", "good"), ("lists", "error")):
            def answer(packet, is_tcp):
                query = dns.message.from_wire(packet)
                name = query.question[0].name.to_text(omit_final_dot=True).lower()
                if not name.endswith("bl.test"):
                    return answering(WELL)(packet, is_tcp)
                is_listed = name in ("2.0.0.127.bl.test", "test.dbl.test") or listed == "lists" and name in ("9.100.51.198.bl.test", "well.example.dbl.test")
                found = {"well": "127.0.0.2" if is_listed else None, "lists": "127.0.0.2" if is_listed else None}.get(listed, listed)
                return respond(query, is_tcp, "" if found else "nxdomain", 0, [found] if found else [])

            path.write_text(f'resolver {{ servers 127.0.0.1@{port} timeout 8s }}\ndnsbl "bl.test"\ndomain-dnsbl "dbl.test"\n')
            with DnsServer(port, answer):
                done = lab.tool("doctor", "--no-connect", "-c", path, "--json", "--ip", ADDRESS, "well.example")
            report = json.loads(done.stdout)[0]
            self.check_marks(report)
            for row in ("address-lists", "domain-lists"):
                self.assertEqual(report["cells"][row], severity, (listed, report["findings"]))
                if severity == "unknown":
                    self.assertIn("counts for nothing: the list does not work", self.found(report, row)[0]["what"])

    def test_N09_silent_name_servers_are_not_the_domains_fault(self):
        path = lab.folder / "silent.conf"

        def silent(packet, is_tcp):
            return False if is_tcp else None

        def failing(packet, is_tcp):
            return respond(dns.message.from_wire(packet), is_tcp, "servfail", 0, [])

        for answer, words in ((None, "no name server answers"), (silent, "no name server answers"), (failing, "the name servers fail (SERVFAIL)")):
            path.write_text(f"resolver {{ servers 127.0.0.1@{port} timeout 8s }}\n")
            with DnsServer(port, answer) if answer else contextlib.nullcontext():
                done = lab.tool("doctor", "--no-connect", "-c", path, "well.example")
            self.assertEqual((done.returncode, done.stdout), (3, ""))
            self.assertIn(f"heloscope doctor: {words} (asked: 127.0.0.1 port {port}): this is the fault of this host", done.stderr)
        with DnsServer(port, answering(WELL)):  # one of two answers
            path.write_text(f"resolver {{ servers 127.0.0.1@9, 127.0.0.1@{port} timeout 8s }}\n")
            self.assertEqual(lab.tool("doctor", "--no-connect", "-c", path, "--ip", ADDRESS, "well.example").returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
