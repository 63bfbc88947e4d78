"""signed_messages: generated messages with a DKIM signature each, and the records of their keys; some are changed on their way."""
import os
import pathlib
import random
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from signer import dkim, make_ed25519, make_rsa  # noqa: E402

KEY_NAME = "k._domainkey.a.test"  # of all of them
SEED = int(os.environ.get("HELOSCOPE_LAB_SEED") or 6376)

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


def make_keys(folder):
    path, public = make_rsa(folder, 1024)
    private, edwards = make_ed25519(folder)
    rsa = path.read_bytes(), public.encode()
    return [(b"rsa-sha256", *rsa), (b"ed25519-sha256", private, edwards.encode()), (b"rsa-sha1", *rsa)]


def make_case(keys):
    """A message, and the record of its key."""
    message, record = sign(make_message(), keys)
    kind = chance.random()
    if .3 < kind < .7:
        message = change_message(message)
    elif kind >= .85:
        record = change_record(record)
    elif kind >= .7:
        message = change_signature(message)
    return message, record
