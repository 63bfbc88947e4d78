"""Generated messages, signed and verified by python3-dkim, and by us: each difference is one that a row of a table explains."""
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from signer import dkim, make_ed25519, make_rsa  # noqa: E402

MESSAGES = 3000
SECONDS = 90  # and no more messages are made after that
SEED = int(os.environ.get("HELOSCOPE_LAB_SEED") or 6376)

# Where python3-dkim and we differ: by our reason and whether python3-dkim takes it; and who is right.
KNOWN = {
    ("unsigned-octets", True): "l= leaves octets unsigned: valid by RFC 6376, not taken here (8.2)",
    ("body-shorter-than-signed", True): "l= beyond the body, which RFC 6376, 3.5 does not allow",
    ("rsa-sha1", True): "RFC 8301, 3.1: it must not be taken",
    ("from-not-signed", True): "RFC 6376, 6.1.1: permanent failure",
    ("key-hash", True): "h= of the key has no sha256 (RFC 6376, 3.6.1)",
    ("key-identity", True): "t=s, and i= is of a subdomain (RFC 6376, 3.6.1)",
    ("key-version", True): "v= does not come first (RFC 6376, 3.6.1)",
    ("blanks at an end without CRLF", False): "they are ignored like those of other lines (RFC 6376, 3.4.4); none comes by SMTP",
    ("several From", False): "one of two From fields is signed: not a matter of DKIM, but of the author (RFC 9989, 11.5)",
}

# What must stand in the message or the key record where we give such a reason and python3-dkim takes it: a reason that is
# wrong does not explain itself.
SHOWS = {
    "unsigned-octets": (rb"\bl=\d", rb""),
    "body-shorter-than-signed": (rb"\bl=\d", rb""),
    "rsa-sha1": (rb"a=rsa-sha1;", rb""),
    "key-hash": (rb"", rb"h=sha1;"),
    "key-identity": (rb"i=@b\.a\.test", rb"t=s;"),
    "key-version": (rb"", rb"; v=DKIM1$"),
}

scratch = tempfile.TemporaryDirectory(prefix="heloscope-dkimpy.")
chance = random.Random(SEED)


def blanks():
    return chance.choice([b"", b" ", b"  ", b"\t", b" \t ", b"\r\n ", b" \r\n\t"])


def words(count):
    return b"".join(chance.choice([b"word", b"x", b"\xc3\xa9t\xc3\xa9", b"a=b;", b"\"q\"", b"(c)", b"=20", b".", b"<y@z.test>"]) + blanks() for _ in range(count))


def make_field(name):
    spelled = chance.choice([name, name.upper(), name.lower()])
    return spelled + chance.choice([b":", b": ", b":\t", b":\r\n "]) + (words(chance.randrange(1, 5)).strip() or b"x") + chance.choice([b"", b" ", b" \t"])


def make_line():
    pieces = [chance.choice([b"text", b" ", b"\t", b"  ", b"=C3", b"\xff", b".", b"x" * 1000 if chance.random() < .02 else b"y"]) for _ in range(chance.randrange(0, 8))]
    if chance.random() < .02:
        pieces.append(chance.choice([b"\rz", b"z\r"]))
    return b"".join(pieces)


def make_body():
    lines = [make_line() for _ in range(chance.randrange(0, 9))] + [b""] * chance.choice([0, 0, 0, 1, 3])
    return b"".join(line + b"\r\n" for line in lines)


def make_message():
    fields = [b"From:" + chance.choice([b" ", b"", b"\r\n\t"]) + b"Joe <joe@a.test>"]
    fields += [make_field(chance.choice([b"Subject", b"To", b"Cc", b"X-One", b"X-Two", b"Received"])) for _ in range(chance.randrange(0, 8))]
    chance.shuffle(fields)
    return b"".join(field + b"\r\n" for field in fields) + b"\r\n" + make_body()


def sign(message, keys):
    algorithm, private, public = chance.choices(keys, (10, 10, 1))[0]
    canon = chance.choice([b"simple", b"relaxed"]), chance.choice([b"simple", b"relaxed"])
    names = [name for name in (b"subject", b"to", b"cc", b"x-one", b"x-two", b"missing") if chance.random() < .5]
    include = chance.choice([None, [b"from"] + names, [b"from", b"from"] + names + names[:1]])
    identity = chance.choice([None, None, b"joe@a.test", b"@b.a.test"])
    field = dkim.sign(message, b"k", b"a.test", private, identity=identity, canonicalize=canon, signature_algorithm=algorithm,
                      include_headers=include, length=chance.random() < .2)
    record = b"v=DKIM1; " + (b"k=ed25519; " if b"ed25519" in algorithm else chance.choice([b"", b"k=rsa; "])) + b"p=" + public
    return field + message, record


def change_message(message):
    """Something happens on the way."""
    head, _, body = message.partition(b"\r\n\r\n")
    return chance.choice([
        lambda: head + b"\r\n\r\n" + body + b"-- \r\nlist\r\n",
        lambda: head + b"\r\n\r\n" + body + b"\r\n\r\n",
        lambda: head + b"\r\n\r\n" + body + b" \t\r\n",
        lambda: head + b"\r\n\r\n" + body[:-2],
        lambda: head + b"\r\n\r\n" + body.replace(b" ", b"  ", 1),
        lambda: head + b"\r\n\r\n" + body.replace(b" ", b"\t", 1),
        lambda: head + b"\r\nSubject: another\r\n\r\n" + body,
        lambda: b"Subject: another\r\n" + message,
        lambda: head + b"\r\nX-Three: other\r\n\r\n" + body,
        lambda: head.replace(b"Joe <", b"Joe  <") + b"\r\n\r\n" + body,
        lambda: head.replace(b"Joe <", b"Eve <") + b"\r\n\r\n" + body,
        lambda: b"From: eve@b.test\r\n" + message,
        lambda: head + b"\r\nReceived: by x\r\n\r\n" + body,
    ])()


def change_signature(message):
    """A tag is changed; most of these cannot verify any more."""
    return chance.choice([
        lambda: message.replace(b"; d=a.test;", b"; d=b.test;", 1),
        lambda: message.replace(b" d=a.test;", b" d=a.test; d=a.test;", 1),
        lambda: message.replace(b"v=1;", b"v=2;", 1),
        lambda: message.replace(b"v=1; ", b"", 1),
        lambda: message.replace(b"q=dns/txt; ", b"q=http; ", 1),
        lambda: re.sub(rb"bh=[^;]*;", b"bh=AAAA;", message, count=1),
        lambda: re.sub(rb"; t=\d+", b"; t=99999999999", message, count=1),
        lambda: message.replace(b"a=rsa-sha256", b"a=rsa-sha512", 1),
        lambda: message.replace(b"; s=k;", b"; s=other;", 1),
        lambda: re.sub(rb"; l=\d+", b"; l=99999", message, count=1),
    ])()


def change_record(record):
    return chance.choice([
        record.replace(b"v=DKIM1; ", b""),
        record.replace(b"v=DKIM1; ", b"") + b"; v=DKIM1",
        record.replace(b"DKIM1", b"DKIM2"),
        re.sub(b"p=.*", b"p=", record),
        record + b"; p=AAAA",
        record + b"; k=rsa",
        record.replace(b"p=", b"h=sha1; p="),
        record.replace(b"p=", b"h=sha1:sha256; p="),
        record.replace(b"p=", b"t=s; p="),
        record.replace(b"p=", b"t=y; p="),
        record.replace(b"p=", b"s=email; p="),
        record.replace(b"p=", b"s=tlsrpt; p="),
        record.replace(b"p=", b"k=dsa; p="),
        record.replace(b"p=", b"n=note; g=*; p="),
        record + b";",
        record[:-20],
    ])


def ask_dkimpy(message, record):
    def txt(name, timeout=5):
        return record if name.rstrip(b".") == b"k._domainkey.a.test" else None
    try:
        return bool(dkim.DKIM(message).verify(dnsfunc=txt))
    except (dkim.DKIMException, ValueError, KeyError, IndexError, TypeError):
        return False


class Dkimpy(unittest.TestCase):
    def test_differences_are_explained(self):
        folder = pathlib.Path(scratch.name)
        path, public = make_rsa(folder, 1024)
        private, edwards = make_ed25519(folder)
        keys = [(b"rsa-sha256", path.read_bytes(), public.encode()), (b"ed25519-sha256", private, edwards.encode())]
        keys += [(b"rsa-sha1", *keys[0][1:])]
        cases, end = [], time.monotonic() + SECONDS
        while len(cases) < MESSAGES and time.monotonic() < end:
            message, record = sign(make_message(), keys)
            kind = chance.random()
            if .3 < kind < .7:
                message = change_message(message)
            elif kind >= .85:
                record = change_record(record)
            elif kind >= .7:
                message = change_signature(message)
            cases.append((message, record, ask_dkimpy(message, record)))
        self.assertGreater(len(cases), 300)
        said = self.check(cases)
        differing, passes = {}, 0
        for (message, record, theirs), ours in zip(cases, said):
            result, reason = ours.split(":")
            passes += result == "pass" and theirs
            if result == "pass" and message[-1:] in b" \t":
                reason = "blanks at an end without CRLF"
            elif result == "pass" and len(re.findall(rb"^from[ \t]*:", message.partition(b"\r\n\r\n")[0], re.M | re.I)) > 1:
                reason = "several From"
            if (result == "pass") != theirs:
                differing.setdefault((reason, theirs), []).append((message, record))
                for pattern, text in zip(SHOWS.get(reason, ()), (message, record)):
                    self.assertTrue(re.search(pattern, text), (reason, message, record))
        print(f"{len(cases)} messages, seed {SEED}: {passes} pass by both;",
              ", ".join(f"{len(items)} {'ours' if not theirs else 'theirs'} alone ({reason})" for (reason, theirs), items in sorted(differing.items())))
        unknown = {key: items for key, items in differing.items() if key not in KNOWN}
        for key, items in unknown.items():
            print(key, *items[0], sep="\n")
        self.assertEqual(sorted(unknown), [])
        self.assertGreater(passes, len(cases) // 4)

    @staticmethod
    def check(cases):
        """Ours, a line each."""
        data = b"".join(
            b"K k._domainkey.a.test %d\n%sM %d %d\n%s" % (len(record), record, len(message), chance.choice([1, 2, 3, 7, 64, 65536]), message)
            for message, record, _ in cases
        )
        program = pathlib.Path(os.environ.get("builddir", ".")) / "tests/conformance/dkim_check"
        lines = subprocess.run([program], input=data, capture_output=True, check=True).stdout.decode().splitlines()
        assert len(lines) == len(cases), (len(lines), len(cases))
        return lines


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2)
    finally:
        scratch.cleanup()
