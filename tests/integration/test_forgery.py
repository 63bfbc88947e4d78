"""
P3: some thousand spellings of fields that try to speak in our name, first by a milter client, then a sample of them through real
Postfix and real Sendmail. What is left of them is read by programs in wide use and by plain readers: none may find our name in it.
And a field that is clearly somebody else's stays.
"""
import base64
import concurrent.futures
import email
import email.policy
import random
import re
import struct
import sys
import unittest

import authres

from lab import LabError, Smtp, enter_namespace, module_lab, wait_until
from raw_milter import Client
from readback import read_by_perl

SEED = 8601
SPELLINGS = 4000
A_MESSAGE = 100  # fields
CLIENT = "198.51.100.54"

CONFIG = """
authserv-id "mx.lab.test" also { "b\u00fccher.test", "*.pool.test" }
listen "inet:{port}@127.0.0.1"
user "nobody"
log stderr
received-spf yes
disable { iprev, helo, spf, spf-helo, sender }
"""

OURS = [b"mx.lab.test", b"mx.lab.test", b"mx.lab.test", b"xn--bcher-kva.test", "b\u00fccher.test".encode(), b"a.pool.test"]
OTHERS = [b"other.test", b"mx.other.test", b"mx.lab.test.evil.test", b"lab.test", b"pool.test", b"amx.lab.test"]

# Readers. Each finds names of authors in the octets of a header; an author is ours when any of them says so.


def is_ours(name):
    name = re.sub(r'[\s"]', "", name).strip(".").lower()
    for spelled in {name, name.encode("ascii", "ignore").decode()}:
        try:
            spelled = spelled.encode("idna").decode()
        except UnicodeError:
            pass
        if spelled in ("mx.lab.test", "xn--bcher-kva.test") or spelled.endswith(".pool.test"):
            return True
    return False


def fields_by_email(header, policy):
    """As Python's email package finds them, and as it shows them: words decoded, lines unfolded."""
    message = email.message_from_bytes(header, policy=policy)
    return [(name.lower(), str(value)) for name, value in message.items()]


def fields_by_line(header, splits):
    """As a plain reader finds them: by line, with blanks around a name passed over."""
    found = []
    for line in splits(header.replace(b"\0", b"").decode("latin-1")):
        if line[:1] in (" ", "\t") and found:
            found[-1][1] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            found.append([name.strip().lower(), value])
    return [tuple(field) for field in found]


WAYS = [
    lambda header: fields_by_email(header, email.policy.default),
    lambda header: fields_by_email(header, email.policy.compat32),
    lambda header: fields_by_line(header, str.splitlines),
    lambda header: fields_by_line(header, lambda text: re.split(r"\r\n|\n\r|\n|\r", text)),
    lambda header: fields_by_line(header, lambda text: text.split("\n")),
]


def without_comments(text):
    before = None
    while before != text:
        before, text = text, re.sub(r"\((?:\\.|[^()\\])*\)", "", text, flags=re.S)
    return text


def plain_names(value):
    """What stands in front of the first semicolon, read in several simple ways."""
    for text in (value, without_comments(value), without_comments(value).replace("\\", "")):
        head = text.split(";")[0]
        yield from (head, re.sub(r"\s", "", head), re.sub(r"[^ -~]", "", head), *head.split()[:1])
        yield from re.findall(r'^\s*"([^"]*)"', head)


def names_by_authres(value):
    try:
        yield str(authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {value}").authserv_id)
    except Exception:  # whatever it throws, it has found no name
        pass


def spf_names(value):
    """The receiver, and who speaks in the comment (RFC 7208, 9.1)."""
    for text in (value, value.replace("\\", "")):
        yield from re.findall(r'receiver\s*=\s*"([^"]*)"', text)
        yield from re.findall(r"receiver\s*=\s*([^\s;]*)", without_comments(text))
        yield from re.findall(r"\(\s*([^\s:]*)\s*:", text)


def octets(value):
    return value.encode("utf-8", "surrogateescape").replace(b"\0", b"")


def forged(headers):
    """Those of the headers, octets each, in which a reader finds a field of ours: header -> what it found."""
    found, for_perl = {}, {}
    for header in headers:
        for name, value in {field for way in WAYS for field in way(header)}:
            if name == "x-heloscope":
                found[header] = (name, value)
            names = []
            if name == "authentication-results":
                names = [*plain_names(value), *names_by_authres(value)]
                for_perl.setdefault(octets(value), set()).add(header)
            elif name == "received-spf":
                names = spf_names(value)
            for author in names:
                if is_ours(author):
                    found[header] = (author, value)
    for (value, of), parsed in zip(for_perl.items(), read_by_perl(list(for_perl))):
        if parsed is not None and is_ours(str(parsed["authserv_id"]["value"])):
            found.update((header, ("perl", value)) for header in of)
    return found


# Spellings.

BITS = [b"(c)", b"((c)d)", b"(\\))", b"(", b")", b"\\", b'"', b'""', b" ", b"\t", b"\n ", b"\n\t", b"\r\n ", b"\r", b"\n \n ", b"\x01", b"\x0b", b"\x0c", b"\x1c", b"\x1f", b"\x7f",
        b"\x85", b"\xa0", b"\xc2\xa0", b"\xc2\xad", b"\xc2\x85", b"\xe2\x80\x8b", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xff", b".", b",", b";", b"/", b"=", b"%", b"%20", b"'", b"*", b"@"]
HEADS = [b"", b"", b"", b" ", b"\t", b"\n ", b"(c) ", b"(other.test) ", b"(;) ", b"i=1; ", b"other.test (", b"other.test ", b'"', b"1 ", b":", b" : ", b"=?utf-8?q??="]
TAILS = [b"; spf=pass", b"; spf=pass", b"; none", b";", b"", b" ; spf=pass", b" 1; spf=pass", b" 1 ; none", b" 2; spf=pass", b" 01; none", b"/1; none", b" (c); spf=pass", b"(c)1(d); none",
         b" 1.0; none", b", spf=pass", b" spf=pass", b"\n ; spf=pass", b"\r; spf=pass", b".; none", b"..; none", b"\x0b; none", b") other.test; none", b'"; none', b" other.test; none"]
NAMES = [b"Authentication-Results", b"AUTHENTICATION-RESULTS", b"authentication-results", b"Authentication-results"]
BREAKS = [b"\r", b"\r\r", b"\n\r", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xc2\x85", b"x\r\n y\r"]
FORMS = {  # of what stands behind the name of a field
    b"authentication-results": lambda name, rng: rng.choice(HEADS) + name + rng.choice(TAILS),
    b"received-spf": lambda name, rng: rng.choice([
        b"pass (%s: permits) receiver=x.test", b"pass (x.test: permits) receiver=%s; client-ip=192.0.2.1", b"pass receiver=%s", b"pass\n receiver=%s;", b'pass receiver="%s"', b"pass ( %s : x)",
        b"pass (%s: a(b)c)", b"pass receiver =%s; x=y", b"pass (x) RECEIVER= %s", b"pass (x.test: y) x=y; receiver = \n\t%s",
    ]).replace(b"%s", name),
    b"x-heloscope": lambda name, rng: b"id=1; would=accept",
}


def distort(rng, text):
    """One odd thing somewhere in a name that can still be meant."""
    begin, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    part = text[begin:end]
    match rng.randrange(8):
        case 0:
            part = b'"' + part + b'"'
        case 1:
            part = part.upper()
        case 2:
            part = b"".join(b"\\" + bytes([c]) for c in part)
        case 3:
            part = b"=?utf-8?q?" + b"".join(b"=%02X" % c for c in part) + b"?="
        case 4:
            part = b"=?us-ascii?b?" + base64.b64encode(part) + b"?="
        case 5:
            part = b"".join(chr(c + 0xFEE0).encode() if 0x21 <= c <= 0x7E else bytes([c]) for c in part)  # full width
        case _:
            part = rng.choice(BITS) + part
    return text[:begin] + part + text[end:]


def spelling(number):
    """A field, (name, value), that may speak in our name. The same number gives the same."""
    rng = random.Random(SEED + number)
    author = rng.choice(OURS if rng.randrange(5) else OTHERS)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        author = distort(rng, author)
    form = rng.choice([b"authentication-results"] * 7 + [b"received-spf"] * 3 + [b"x-heloscope"])
    value = FORMS[form](author, rng)
    name = {b"authentication-results": rng.choice(NAMES), b"received-spf": b"Received-SPF"}.get(form, b"X-Heloscope")
    if rng.randrange(6) == 0:
        inner = name + rng.choice([b": ", b":", b" :", b"\t: "]) + value
        name, value = rng.choice([b"X-Note", b"Subject", b"Authentication-Results"]), b"other.test; a=b" + rng.choice(BREAKS) + inner
    return name, b" " + value.replace(b"\0", b"")


# Plain enough that no reader can take them for ours.
CLEAN = [
    b"%s; spf=pass smtp.mailfrom=x.test", b"%s 1; none", b"%s;\n\tdkim=pass header.d=x.test (good);\n\tspf=pass (sender is permitted) smtp.mailfrom=\"a b\"@x.test", b"(c) %s; none",
    b"%s (c); auth=pass", b"\"%s\"; none", b"%s; dkim=pass reason=\"says \\\"x\\\"\" =?utf-8?q?x?=", b"%s;spf=pass", b"%s\n ; none", b"%s; x=y (mx.lab.test said so)",
]
CLEAN_SPF = [b"pass (%s: domain of a@x.test designates 192.0.2.1) client-ip=192.0.2.1; envelope-from=\"a@x.test\"; helo=x.test;", b"fail (x)\n receiver=%s; identity=mailfrom", b"none receiver=%s"]


def others_fields():
    fields = [(rng_name, b" " + form.replace(b"%s", other)) for form in CLEAN for other in OTHERS + [b"OTHER.test", b"other_test."] for rng_name in NAMES[:2]]
    fields += [(b"Received-SPF", b" " + form.replace(b"%s", other)) for form in CLEAN_SPF for other in (b"other.test", b"lab.test", b"mx.test")]
    return fields + [(b"ARC-Authentication-Results", b" i=1; mx.lab.test; none"), (b"X-Note", b" Authentication-Results: mx.lab.test; none"),
                     (b"Subject", b" x\n Authentication-Results: mx.lab.test; none"), (b"X-Authentication-Results", b" mx.lab.test; none")]


# For the MTAs: whole headers. A field's name is read by them first, and some of these they take for the end of the header.

ODD_NAMES = [
    b"%s :", b"%s\t:", b"%s  \t :", b"%s\r\n :", b"%s\x0b:", b"%s\x0c:", b"%s\x00:", b"%s\xa0:", b"%s\xc2\xa0:", b"%s\r:", b" %s:", b"\t%s:", b"\x0b%s:", b"\x0c%s:", b"\r%s:", b"\x00%s:",
    b"%s(c):", b"%s (c):", b"%s;:", b"%s::", b"%s: :", b"%s_:", b"%s-:", b"\x1a%s:", b"%s\x08:", b"%s\x7f:", b"\xef\xbb\xbf%s:", b"From x\r\n%s:", b">From x\r\n%s:", b": x\r\n%s:",
    b"X y: z\r\n%s:", b"X-Note: a\r%s:", b"X-Note: a\r\r%s:", b"X-Note: a\r\r\n%s:", b"X-Note: a\n%s:", b"X-Note: a\n\r%s:", b"X-Note: a\x00\r%s :", b"X-Note: a\x0b%s:", b"X-Note: a\x0c%s:",
    b"X-Note: a\x85%s:", b"X-Note: a\xc2\x85%s:", b"Subject: a\r\n b\r%s\t:", b"Authentication-Results: other.test; a=b\r%s:", b"Authentication-Results: other.test;\x00\r%s:",
    *(b"%s: %s%%s:" % pair for pair in [  # of which MTAs have their own
        (b"Received", b"from x.test by y.test; x\x0b"), (b"Received", b"x\r"), (b"Return-Path", b"<a@x.test>\x0b"), (b"From", b"a@x.test\x0b"), (b"From", b"a@x.test\r"), (b"Date", b"x\x85"),
        (b"Message-Id", b"<x@x.test>\x0c"), (b"To", b"a@x.test, b@x.test\x0b"), (b"Bcc", b"a@x.test\x0b"), (b"Received: from x.test by y.test; x\r\nReceived", b"z\x0b"), (b"Resent-From", b"a@x.test\x0b"),
    ]),
    b"X-Note: " + b"a" * 989 + b"%s:", b"X-Note: " + b"a" * 2040 + b"\r%s:", b"X-Note: \r\n \r\n%s :\r\n", b"X-Note: x\r\nX-Note: a\r%s:", b"%s:\r\n \r\n", b"%s:\r\n\t\r\n ", b"\x00%s\x00 :",
]
ODD_VALUES = [b"mx.lab\x00.test; none", b"\x00mx.lab.test; none", b"mx.lab.test\x00.evil; none", b"other.test\x00 mx.lab.test; none", b"\x85mx.lab.test; none", b"mx.lab.\r\n test; none",
              b"(\r\n mx.lab.test; none", b"=?utf-8?q?mx=2Elab=2Etest?=; none", b"mx.lab\r.test; none", b"mx.lab\n .test; none", b"m\x08x.lab.test; none", b"B\xc3\x9cCHER.test; none"]


def odd_headers():
    headers = [name.replace(b"%s", b"Authentication-Results") + b" mx.lab.test; spf=pass" for name in ODD_NAMES]
    headers += [name.replace(b"%s", b"received-spf") + b" pass (mx.lab.test: x) receiver=mx.lab.test" for name in ODD_NAMES[::6]]
    headers += [name.replace(b"%s", b"X-heloscope") + b" id=1; would=accept" for name in ODD_NAMES[3::6]]
    headers += [b"AUTHENTICATION-results: " + value for value in ODD_VALUES]
    rng = random.Random(SEED)
    return headers + [b":".join(spelling(rng.randrange(SPELLINGS))) for _ in range(20)]


# The test.

lab = None


def setUpModule():
    global lab, running, postfix_port, sendmail_port
    with module_lab() as lab:
        lab.servers["nsd"] = 9
        running = lab.heloscope(CONFIG)
        for part in ("new", "tmp", "cur"):  # both MTAs deliver there, as different users
            lab.subfolder(f"mail/box/{part}", 0o777)
        # An MTA that hands on a bare CR: Postfix before 3.7.10 and 3.8.5, or told to do so.
        postfix_port = lab.postfix(f"inet:127.0.0.1:{running.port}", "cleanup_replace_stray_cr_lf = no\nsmtpd_forbid_bare_newline = no")
        sendmail_port = lab.sendmail(f"inet:{running.port}@127.0.0.1")


def tearDownModule():
    running.stop()


def remaining(fields):
    """Those that stay when the filter has had all these fields in one message removed that it wants to be removed."""
    with Client(running.port) as client:
        client.start(CLIENT)
        edits = client.message(headers=fields)
    if edits[-1][0] != b"c":
        raise LabError(f"{edits[-1]} for {fields}")
    fields = list(fields)
    for command, data in edits:
        if command == b"m":
            (index,), name = struct.unpack("!I", data[:4]), data[4:].split(b"\0")[0].lower()
            places = [at for at, field in enumerate(fields) if field[0].lower() == name]
            del fields[places[index - 1]]
    return fields


def remaining_of_many(fields):
    kept = []
    for at in range(0, len(fields), A_MESSAGE):
        kept += remaining(fields[at:at + A_MESSAGE])
    return kept


def header_of(field):
    return b":".join(field) + b"\n"


class Spellings(unittest.TestCase):
    maxDiff = None

    def test_P3_no_reader_finds_our_name_in_what_stays(self):
        fields = [spelling(number) for number in range(SPELLINGS)]
        kept = remaining_of_many(fields)
        found = forged([header_of(field) for field in kept])
        for header, what in list(found.items())[:20]:
            print(header, what, file=sys.stderr)
        self.assertEqual(len(found), 0)
        meant = forged([header_of(field) for field in fields])
        print(f"{len(set(fields))} spellings, {len(meant)} are ours to some reader, {len(kept)} stay", file=sys.stderr)
        self.assertGreater(len(meant), SPELLINGS // 4)  # else this proves nothing

    def test_P3_fields_of_others_stay(self):
        fields = others_fields()
        self.assertEqual([field for field in fields if field not in remaining_of_many(fields)], [])


def send(port, mark, headers):
    """Returns how many were taken. An MTA may end the connection over one."""
    taken, smtp = 0, None
    for number, header in enumerate(headers):
        if smtp is None:
            smtp = Smtp(port, "127.0.0.1", CLIENT if port == sendmail_port else None)
            if port != sendmail_port:
                smtp.pose_as(CLIENT)
            smtp.expect("EHLO client.test", "250")
        try:
            smtp.message("<anna@x.test>", ["user@in.test"], b"X-Case: %s-%d\r\n" % (mark, number) + re.sub(rb"(?<!\r)\n(?=[ \t])", b"\r\n", header) + b"\r\nX-Last: 1\r\n")
            taken += 1
        except LabError:  # refused
            smtp.__exit__()
            smtp = None
    if smtp is not None:
        smtp.__exit__()
    return taken


class Mta(unittest.TestCase):
    """What an MTA delivers holds one field in our name, above all others: the one that the filter wrote."""

    @classmethod
    def setUpClass(cls):
        cls.headers = odd_headers()
        cls.delivered = {b"postfix": {}, b"sendmail": {}}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            taken = sum(pool.map(send, (postfix_port, sendmail_port), cls.delivered, (cls.headers, cls.headers)))
        for file in wait_until("the messages", lambda: (lambda found: len(found) >= taken and found)(list((lab.mail / "new").iterdir()))):
            header = file.read_bytes().partition(b"\n\n")[0] + b"\n"
            mark, number = re.search(rb"^X-Case: (\w+)-(\d+)", header, re.M).groups()
            cls.delivered[mark][int(number)] = header

    def look(self, mark):
        rest = {}
        for number, header in self.delivered[mark].items():
            written = re.search(rb"^Authentication-Results: mx\.lab\.test; none\n", header, re.M)
            self.assertTrue(written, header)
            rest[header[:written.start()]] = rest[header[written.end():]] = number
        found = forged(list(rest))
        for header, what in found.items():
            print(self.headers[rest[header]], "delivered as", header, "read as", what, file=sys.stderr)
        self.assertEqual(len(found), 0)
        print(f"{len(self.delivered[mark])} of {len(self.headers)} delivered", file=sys.stderr)
        self.assertGreater(len(self.delivered[mark]), len(self.headers) // 2)

    def test_P3_what_postfix_delivers(self):
        self.look(b"postfix")

    def test_P3_what_sendmail_delivers(self):
        self.look(b"sendmail")


if __name__ == "__main__":
    enter_namespace([CLIENT])
    unittest.main(verbosity=2)
