"""
Addresses and names from hell: for each the required results, in tables. What is written must be read the
same by both strict parsers, and nothing hostile may reach a field, the log or a reply unescaped.
"""
import contextlib
import random
import re
import sys
import unittest

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from dns_server import DnsServer
from lab import RECORDED, Lab, free_port, wait_until
from raw_milter import Client, fields
from readback import read_fields

lab = None
CLIENT = "198.51.100.80"

# MAIL FROM as typed, by an MTA that does not say what it makes of it (so the worst reading counts) -> domain
# that may be named (None: none at all), spf, x-sender. Every *.ok.test has SPF and MX.
SENDERS = {
    "E01 domain that does not exist": (b"<x@absent.test>", "absent.test", "none", "fail"),
    "E02 comment for an address": (b"<(any@legit.ok.test>", "legit.ok.test", "pass", "pass"),
    "E03 null sender": (b"<>", None, None, "none"),
    "E03 blank null sender": (b"< >", None, None, "none"),
    "E03 local part alone": (b"<postmaster>", None, "none", "none"),
    "E03 no brackets": (b"a@b.ok.test", "b.ok.test", "pass", "pass"),
    "E03 not closed": (b"<a@b.ok.test", "b.ok.test", "pass", "pass"),
    "E03 nothing": (b"", None, "none", "permerror"),
    "E05 comment in the domain": (b"<any@legit.ok.test(a.attack.ok.test>", "legit.ok.test", "pass", "pass"),
    "E06 quote before the second @": (b"<any@legit.ok.test'@any.attack.ok.test>", None, "none", "permerror"),
    "E07 route": (b"<@legit.ok.test,@any.ok.test:'any@attack.ok.test>", "attack.ok.test", "pass", "pass"),
    "E07 route without end": (b"<@legit.ok.test,@any.ok.test>", "any.ok.test", "pass", "pass"),
    "E08 result in the local part": (b'<"a b;spf=pass smtp.mailfrom=x"@b.ok.test>', "b.ok.test", "pass", "pass"),
    "E08 quoted quote and @": (b'<"a\\"@evil.test"@b.ok.test>', "evil.test", "none", "fail"),
    "E08 percent": (b"<a%c.test@b.ok.test>", "c.test", "none", "fail"),
    "E08 bang path": (b"<host.test!user@b.ok.test>", "host.test", "none", "fail"),
    "E08 two @": (b"<a@c.test@b.ok.test>", "c.test", "none", "fail"),
    "E08 quote that does not end": (b'<"a@b.ok.test>', None, "none", "permerror"),
    "E09 control octets": (b'<"a\x01\x1b[31m\r\n\x7f"@b.ok.test>', "b.ok.test", "pass", "pass"),
    "E09 control octets in the domain": (b"<a@b\x1b[31m.ok.test>", None, "none", "permerror"),
    "E09 8 bit": (b"<j\xc3\xbcrg@b.ok.test>", "b.ok.test", "pass", "pass"),
    "E09 invalid UTF-8 in the domain": (b"<a@b\xff.ok.test>", None, "none", "permerror"),
    "R8616 U-label": ("<a@bücher.ok.test>".encode(), "xn--bcher-kva.ok.test", "pass", "pass"),
    "E11 upper case and a final dot": (b"<a@B.OK.TEST.>", "b.ok.test", "pass", "pass"),
    "E11 single label": (b"<a@localhost>", "localhost", "none", None),
    "E11 address literal": (b"<a@[198.51.100.80]>", None, "none", None),
    "E11 literal that is none": (b"<a@[300.1.1.1]>", "300.1.1.1", "none", None),
    "E11 empty label": (b"<a@b..ok.test>", None, "none", "permerror"),
    "E12 local part of 64": (b"<" + b"l" * 64 + b"@b.ok.test>", "b.ok.test", "pass", "pass"),
    "E12 local part of 65": (b"<" + b"l" * 65 + b"@b.ok.test>", "b.ok.test", "pass", "pass"),
    "E12 500 octets": (b"<a@" + b"d" * 500 + b".ok.test>", None, "none", "permerror"),
    "E12 3000 octets": (b"<" + b"a" * 3000 + b"@b.ok.test>", "b.ok.test", "pass", "pass"),
    "E13 parameters": (b"<a@b.ok.test> SIZE=1 BODY=8BITMIME AUTH=<x@evil.test> unknown=1", "evil.test", "none", "fail"),
}

# HELO -> result, and the name or text that stands behind smtp.helo= (octets that are no word are %HH).
HELOS = {
    "E04 address literal of the client": (b"[198.51.100.80]", "pass", "[198.51.100.80]"),
    "E04 address literal of another": (b"[198.51.100.81]", "fail", "[198.51.100.81]"),
    "E04 single label": (b"localhost", "permerror", "localhost"),
    "E09 control octets": (b"h\x01\x1b[31m;a=b(c\"", "permerror", 'h%01%1b[31m;a=b(c%22'),
    "E10 words": (b"h.ok.test more words here", "permerror", "h.ok.test more words here"),
    "E10 2000 octets": (b"h" * 2000 + b".test", "permerror", None),
    "E10 64000 octets": (b"h" * 64000, "permerror", None),
    "E11 final dot and upper case": (b"H.OK.Test.", "pass", "H.OK.Test."),
    "E11 underscore": (b"under_score.ok.test", "permerror", "under_score.ok.test"),
    "E11 leading hyphen": (b"-h.ok.test", "permerror", "-h.ok.test"),
    "E11 all numbers": (b"123.456", "permerror", "123.456"),
    "E11 address without brackets": (b"198.51.100.80", "permerror", "198.51.100.80"),
    "E11 label of 63": (b"a" * 63 + b".ok.test", "pass", "a" * 63 + ".ok.test"),
    "E11 label of 64": (b"a" * 64 + b".ok.test", "permerror", "a" * 64 + ".ok.test"),
    "E11 254 octets": ((b"a" * 61 + b".") * 4 + b"ok.test", "permerror", None),
    "E11 U-label": ("bücher.ok.test".encode(), "permerror", "b%c3%bccher.ok.test"),
    "E11 invalid A-label": (b"xn--\xff.test", "permerror", "xn--%ff.test"),
    "E11 IPv6 literal of another": (b"[IPv6:2001:db8::1]", "fail", "[IPv6:2001:db8::1]"),
    "E11 IPv6 literal without its tag": (b"[::1]", "permerror", "[::1]"),
    "E11 IPv6 literal with a zone": (b"[IPv6:fe80::1%eth0]", "permerror", "[IPv6:fe80::1%25eth0]"),
    "E11 short IPv4 literal": (b"[127.1]", "permerror", "[127.1]"),
    "E09 NUL": (b"h.ok.test\0evil", "pass", "h.ok.test"),
    "E10 empty": (b"", "none", None),
    "A21 end of the field": (b"h;\r\n none\r\nX-Evil: y", "permerror", "h;%0d%0a none%0d%0aX-Evil: y"),
    "A21 quotes and backslashes": (b'"h\\"', "permerror", "%22h%5c%22"),
    "A21 percent": (b"%s%n%41", "permerror", "%25s%25n%2541"),
}

# Labels of the PTR name that the client's reverse DNS gives (each client has its own), whose forward lookup
# leads back to it -> whether it is a name at all. Verified are names only.
POINTERS = {
    "F11 name": ([b"n", b"ok", b"test"], True),
    "F11 control octets": ([b"a\x00\x01\x1b[31m", b"ok", b"test"], False),
    "F11 CR LF": ([b"a\r\nX-Evil: y", b"ok", b"test"], False),
    "C25 dot in a label": ([b"a.b", b"ok", b"test"], False),
    "C25 quotes": ([b'a";b=c', b"ok", b"test"], False),
    "C25 percent": ([b"%s%n%%", b"ok", b"test"], False),
    "C25 comment": ([b"a(b)c\\", b"ok", b"test"], False),
    "C25 script": ([b"<script>", b"ok", b"test"], False),
    "C25 UTF-8": (["bücher".encode(), b"ok", b"test"], False),
    "C08 one octet": ([b"a"], True),
    "C08 255 octets": ([b"x" * 63, b"y" * 63, b"z" * 63, b"w" * 54, b"ok"], True),
    "F12 localhost": ([b"localhost"], False),
}

# TXT strings of a sender's domain -> spf.
TEXTS = {
    "F13 terminal sequence": ([b"v=spf1 \x1b[31m -all"], "permerror"),
    "F13 CR LF": ([b"v=spf1 -all\r\n250 ok"], "permerror"),
    "F13 NUL": ([b"v=spf1 +all\0 -all"], "permerror"),
    "F13 8 bit": (["v=spf1 a:bücher.ok.test -all".encode()], "permerror"),
    "F13 many strings": ([b"v=spf1 ip4:198.51", b".100.80 -all"] + [b""] * 100, "pass"),
    "F13 60 kB": ([b"v=spf1"] + [b" ip4:192.0.2.%d" % (n % 250) for n in range(900)] + [b" ip4:198.51.100.80 -all"] + [b" " * 255] * 170, "temperror"),  # more than a check may hold
    "F13 60 kB of noise": ([b"x" * 255] * 235, "temperror"),
    "F13 two records": ([b"v=spf1 +all"], "permerror"),
    "F13 60 records": ([b"v=spf1 ip4:198.51.100.80 -all"], "permerror"),
    "F13 60 large records": ([b"v=spf1 ip4:198.51.100.80 -all"] + [b" ip4:192.0.2.%d" % (n % 250) for n in range(60)], "temperror"),  # as 60 kB
    "F13 600 records": ([b"v=spf1 -all"], "temperror"),  # more than are read
    "C18 backslash and digits": ([b"v=spf1 ip4:198.51.100.80\\010 -all"], "permerror"),
    "F13 nothing": ([b""], "none"),
    "C25 explanation": ([b"v=spf1 exp=evil.ok.test -all"], "fail"),
}

MANY = {"F13 60 records": 60, "F13 60 large records": 60, "F13 600 records": 600}  # of such a row, each another

CONFIG = RECORDED + """
mode audit
received-spf yes
spf { explanation yes }
resolver { servers 127.0.0.1@{scripted} timeout 8s }
dnsbl "evil.test" test-entries none
policy {
    tag "t" when spf in { none, neutral, pass, fail, softfail, permerror }
    reject when dnsbl
}
"""


def numbered(table, prefix):
    """Row number, as in an address, by name."""
    return {name: f"{prefix}.{number}" for number, name in enumerate(table, 1)}


POINTER_CLIENTS = numbered(POINTERS, "203.0.113")
TEXT_DOMAINS = {name: f"t{number}.txt.test" for number, name in enumerate(TEXTS, 1)}


def answer(packet, is_tcp):
    query = dns.message.from_wire(packet)
    question = query.question[0]
    name = question.name.to_text().rstrip(".").lower()
    kind = dns.rdatatype.to_text(question.rdtype)
    response = dns.message.make_response(query)

    def give(*texts):
        response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))

    rows = {client.split(".")[3]: POINTERS[row][0] for row, client in POINTER_CLIENTS.items()}
    back = [client for row, client in POINTER_CLIENTS.items() if question.name == dns.name.Name([*POINTERS[row][0], b""])]
    if match := re.fullmatch(r"(\d+)\.113\.0\.203\.in-addr\.arpa", name):
        give(dns.name.Name([*rows[match.group(1)], b""]).to_text())
    elif back and kind == "A":
        give(back[0])
    elif kind == "TXT" and name in TEXT_DOMAINS.values():
        row = next(row for row, domain in TEXT_DOMAINS.items() if domain == name)
        for text in [TEXTS[row][0] + ([b" x=%d" % number] if row in MANY else []) for number in range(2 if row == "F13 two records" else MANY.get(row, 1))]:
            escaped = " ".join('"%s"' % "".join(f"\\{octet:03}" for octet in part) for part in text)
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, escaped))
        if row == "F13 two records":
            give('"v=spf1 -all"', '"v=spf1 +all"')
    elif name == "evil.ok.test" and kind == "TXT":
        give('"%{i}\\027[31m\\013\\010250 ok"')
    elif name.endswith(".evil.test") and not name.endswith(".127.evil.test"):
        if kind == "A":
            give("127.0.0.2")
        else:
            give('"\\027]0;title\\007 see \\013\\010250 ok %s \\"; x=y (( \\200"')
    elif re.search(r"(^|\.)(ok|txt)\.test$", name):
        if kind == "A":
            give(CLIENT)
        elif kind == "MX":
            give("10 mx.ok.test.")
        elif kind == "TXT":
            give(f'"v=spf1 ip4:{CLIENT} -all"')
    else:
        response.set_rcode(3)
    wire = response.to_wire(max_size=65535)
    if not is_tcp and len(wire) > 1200:
        response.answer = []
        response.flags |= dns.flags.TC
        return response.to_wire()
    return wire


def setUpModule():
    global lab, running, stack
    with contextlib.ExitStack() as started:
        lab = started.enter_context(Lab())
        lab.servers["scripted"] = free_port()
        started.enter_context(DnsServer(lab.servers["scripted"], answer))
        running = lab.heloscope(CONFIG)
        stack = started.pop_all()


def tearDownModule():
    try:
        running.stop()
    finally:
        stack.__exit__(*sys.exc_info())


def send(client=CLIENT, helo=b"h.ok.test", sender=b"<a@b.ok.test>"):
    """All fields of one message, the topmost first."""
    with Client(running.port) as connection:
        connection.start(client, helo)
        connection.ask(b"M", sender + b"\0")
        connection.ask(b"R", b"<user@in.test>\0")
        return fields(connection.ask(b"E"))


class Hostile(unittest.TestCase):
    maxDiff = None

    def results(self, written):
        """Method -> list of (result, properties), from the fields that were written, which must all be clean."""
        self.assertEqual(written[0][0], "Authentication-Results")
        for name, value in written:
            self.assertRegex(value, r"\A[\n -~]*\Z", name)
            self.assertNotRegex(value, r"\n[^ ]", name)
            self.assertTrue(all(len(line) < 998 for line in value.split("\n")), name)
        (owner, found), = read_fields([written[0][1]])
        self.assertEqual(owner, "mx.lab.test")
        by_method = {}
        for method, result, properties in found:
            by_method.setdefault(method, []).append((result, properties))
        return by_method

    def check_log(self):
        self.assertNotRegex(running.log_text(), r"[^\n -~]")

    def test_senders(self):
        for row, (sender, domain, spf, x_sender) in SENDERS.items():
            with self.subTest(row):
                written = send(sender=sender)
                found = self.results(written)
                by_mail = [(result, properties.get("smtp.mailfrom")) for result, properties in found["spf"] if "smtp.helo" not in properties]
                self.assertEqual(by_mail, [] if spf is None else [(spf, domain)])
                if x_sender is not None:
                    self.assertEqual([result for result, _ in found.get("x-sender", [("none", {})])], [x_sender])
                if domain is None:
                    self.assertNotIn("smtp.mailfrom=", written[0][1].replace("smtp.mailfrom=\"\"", ""))
                for never in {"legit", "evil.test"} - {name for name in ("legit", "evil.test") if name in (domain or "")}:
                    self.assertNotIn(never, written[0][1].replace("x-dnsbl=fail dns.zone=evil.test", ""))
        self.check_log()

    def test_helo_names(self):
        for row, (helo, result, shown) in HELOS.items():
            with self.subTest(row):
                (found, properties), = self.results(send(helo=helo))["x-helo"]
                self.assertEqual(found, result)
                if shown is not None:
                    self.assertEqual(properties["smtp.helo"], shown)
                self.assertLess(len(properties.get("smtp.helo", "")), 300)
        self.check_log()

    def test_reverse_names(self):
        for row, (labels, is_name) in POINTERS.items():
            with self.subTest(row):
                written = send(client=POINTER_CLIENTS[row])
                (result, properties), = self.results(written)["iprev"]
                self.assertEqual(result, "pass" if is_name else "fail")
                self.assertEqual(properties["policy.iprev"], POINTER_CLIENTS[row])
                self.assertNotIn("X-Evil", [name for name, _ in written])
        self.check_log()

    def test_texts(self):
        for row, (_, spf) in TEXTS.items():
            with self.subTest(row):
                written = send(sender=b"<a@" + TEXT_DOMAINS[row].encode() + b">")
                (result, _), = [entry for entry in self.results(written)["spf"] if "smtp.mailfrom" in entry[1]]
                self.assertEqual(result, spf)
        self.check_log()

    def test_C25_a_lists_text_is_words_only(self):
        written = send()
        self.results(written)
        would = next(value for name, value in written if name == "X-Heloscope" and "would=reject" in value)
        self.assertIn("see x0dx0a250 ok %s", " ".join(would.split()).replace("\\", ""))
        self.check_log()

    def test_random_words(self):
        """What a fuzzer would say, always the same: every field is read back by both parsers."""
        words = [b"a", b"@", b"<", b">", b"(", b")", b'"', b"\\", b";", b"=", b" ", b"\t", b"\r\n", b"\x1b", b"\xff", "ü".encode(), b"%",
                 b".", b"..", b"ok.test", b"[", b"]", b"IPv6:", b"::1", b"127.0.0.1", b"spf=pass", b"x" * 70, b",", b":", b"mx.lab.test"]
        generator = random.Random(5321)

        def phrase():
            return b"".join(generator.choice(words) for _ in range(generator.randrange(12)))

        values = []
        for _ in range(400):
            written = send(helo=phrase(), sender=generator.choice([b"<%s>", b"%s", b"<%s@b.ok.test>", b"<a@%s>"]) % phrase())
            values.append(written[0][1])
            for name, value in written:
                self.assertRegex(value, r"\A[\n -~]*\Z", name)
        for value, (owner, found) in zip(values, read_fields(values)):
            self.assertEqual(owner, "mx.lab.test", value)
            self.assertTrue({method for method, _, _ in found} <= {"iprev", "x-helo", "spf", "x-sender", "x-dnsbl"}, value)
        self.check_log()


if __name__ == "__main__":
    unittest.main(verbosity=2)
