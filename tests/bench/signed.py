"""signed: messages with a DKIM signature, verified by heloscope and by its peers."""
import base64
import contextlib
import random
import re
import statistics
import subprocess
import textwrap

from signer import dkim

import filters
import world

CHECKS = ["spf", "dkim", "dmarc"]
SIZES = {"1 kB": 1000, "10 kB": 10000, "100 kB": 100000, "1 MB": 1000000}  # of a body
MESSAGES = {1: {"1 kB": 1500, "10 kB": 1500, "100 kB": 800, "1 MB": 200}, 32: {"1 kB": 4000, "10 kB": 4000, "100 kB": 1600, "1 MB": 320}}
HELD = 1000        # sessions in the middle of a message
TEXT = 5000        # octets of a body are words; beyond that it is an attachment
SIGNED_FIELDS = [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"MIME-Version", b"Content-Type", b"List-Unsubscribe", b"Reply-To"]

HEADER = """Received: from app-7.{domain} (app-7.{domain} [10.20.30.7])
	(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)
	 key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)
	(No client certificate requested)
	by out.{domain} (Postfix) with ESMTPS id 4gXyz01234z9sQ
	for <user0@in.test>; Tue, 24 Nov 2026 12:00:00 +0000 (UTC)
Received: by app-7.{domain} (Postfix, from userid 1001)
	id 8F2C31A0042; Tue, 24 Nov 2026 11:59:59 +0000 (UTC)
From: "Anna of {domain}" <anna@{domain}>
Reply-To: replies+f81d4fae7dec11d0a76500a0c91e6bf6@{domain}
To: "A Recipient" <user0@in.test>
Subject: Minutes of the meeting on Tuesday, with what was decided and who does what
Date: Tue, 24 Nov 2026 12:00:00 +0000
Message-ID: <f81d4fae-7dec-11d0-a765-00a0c91e6bf6@app-7.{domain}>
In-Reply-To: <07cf5ae2-9a8b-4f0e-b1b5-3ac1f0f0ad11@in.test>
References: <e3b0c442-98fc-1c14-9afb-f4c8996fb924@app-7.{domain}>
	<07cf5ae2-9a8b-4f0e-b1b5-3ac1f0f0ad11@in.test>
MIME-Version: 1.0
Content-Type: {type}
Content-Transfer-Encoding: 7bit
List-Unsubscribe: <https://lists.{domain}/leave/f81d4fae7dec11d0a76500a0c91e6bf6>,
	<mailto:leave+f81d4fae7dec11d0a76500a0c91e6bf6@{domain}>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
X-Mailer: mailer 4.2 (production; build 20261101)
X-Report-Abuse: <https://www.{domain}/abuse?id=f81d4fae7dec11d0a76500a0c91e6bf6>
Feedback-ID: 4711:minutes:{domain}

"""


def words(octets):
    """Lines of words, so many octets."""
    chance = random.Random(octets)
    text = " ".join("".join(chance.choice("etaoinshrdlu") for _ in range(chance.randint(1, 10))) for _ in range(octets // 5))
    return "\n".join(textwrap.wrap(text, 72))[:octets - 1] + "\n"


def attached(octets):
    """A part of words and an attachment, so many octets together."""
    text = f"--edge\nContent-Type: text/plain; charset=utf-8\n\n{words(TEXT)}--edge\nContent-Type: application/pdf; name=\"minutes.pdf\"\n" \
           "Content-Disposition: attachment; filename=\"minutes.pdf\"\nContent-Transfer-Encoding: base64\n\n"
    lines = base64.encodebytes(random.Random(octets).randbytes(octets * 3 // 4)).decode()
    return text + lines[:octets - len(text) - lines.count("\n") - 20].rstrip("\n") + "\n--edge--\n"


def letter(octets, number, key):
    """A message of domain(number) as it arrives, signed."""
    is_short = octets <= 2 * TEXT
    kind = "text/plain; charset=utf-8" if is_short else 'multipart/mixed; boundary="edge"'
    text = HEADER.format(domain=world.domain(number), type=kind) + (words(octets) if is_short else attached(octets))
    message = text.replace("\n", "\r\n").encode()
    signature = dkim.sign(message, world.SELECTOR.encode(), world.domain(number).encode(), key, canonicalize=(b"relaxed", b"relaxed"),
                          include_headers=SIGNED_FIELDS)
    return signature + message


def letters(bench, size):
    """A file of each signer's, made once."""
    folder, key = bench.lab.subfolder("letters"), bench.key.read_bytes()
    for number in range(world.SIGNERS):
        path = folder / f"{SIZES[size]}-{number}"
        if not path.exists():
            path.write_bytes(letter(SIZES[size], number, key))
        yield path


def cases(bench, size, checks):
    paths = list(letters(bench, size))
    lines = (world.case(number, world.expected(number, checks), letter=paths[number % world.SIGNERS]) for number in range(world.CLIENTS))
    return bench.file(f"signed-{SIZES[size]}-{'-'.join(checks)}", lambda: "\n".join(lines) + "\n")


def openssl_us(bench, size):
    """What OpenSSL alone needs for the hash of such a body and the signature."""
    found = subprocess.run([bench.lab.builddir / "tests/bench/dkim_cost", str(SIZES[size])], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"OpenSSL alone +([0-9.]+) us", found).group(1))


def without(lab):
    """As it was before there were such checks."""
    running = filters.heloscope(lab, "-without")
    running.name = "without DKIM"
    return running


def peers(bench, stack):
    for name, programs, start in (("opendkim+opendmarc", ("opendkim", "opendmarc"), filters.opendkim_and_opendmarc),
                                  ("rspamd", ("rspamd",), lambda lab: filters.rspamd(lab, checks=CHECKS))):
        if all(map(filters.installed, programs)):
            yield stack.enter_context(bench.filter(start))
        else:
            bench.remarks.append(f"{name} is not installed, and so left out")


def signed(bench):
    """Signed messages, RSA-2048, relaxed/relaxed, answers at hand: heloscope with DKIM and DMARC, without, a filter that takes all and does nothing, peers."""
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(bench.filter(lambda lab: filters.heloscope(lab, "-signed", enable=("dkim", "dmarc")))),
                   stack.enter_context(bench.filter(without)),
                   stack.enter_context(bench.filter(lambda lab: filters.noop(lab, "-signed", takes_body=True)))]
        if not bench.is_quick:
            running += peers(bench, stack)
        for one in running:
            bench.load(one, cases(bench, "1 kB", one.checks), connections=32, messages=1000)
        for size in ("10 kB",) if bench.is_quick else SIZES:
            for connections in (32,) if bench.is_quick else MESSAGES:
                measure(bench, running, size, connections)
    with bench.filter(lambda lab: filters.heloscope(lab, "-held", enable=("dkim", "dmarc"))) as held:
        bench.load(held, cases(bench, "1 kB", held.checks), connections=32, messages=1000)
        held.forget_peak()
        with bench.held(held, cases(bench, "1 MB", held.checks), HELD, "body"):
            bench.results[f"{HELD} sessions in the middle of a signed message of 1 MB"] = {"memory, MB": held.status("VmRSS") / 1024, "peak, MB": held.peak_mb()}
            bench.goal(f"memory, {HELD} connections in the middle of a signed message", held.peak_mb(), 60, unit="MB")


def share(running, messages):
    """Slow peers get less of the same."""
    return messages // {"opendkim+opendmarc": 4, "rspamd": 2}.get(running.name, 1)


def measure(bench, running, size, connections):
    rounds, costs = [], []
    for _ in range(bench.rounds):
        costs.append(openssl_us(bench, size))
        rounds.append([bench.load(one, cases(bench, size, one.checks), connections=connections, messages=share(one, MESSAGES[connections][size]))
                       for one in running])
    found = bench.medians(rounds)
    beyond = statistics.median((each[0]["cpu_us"] - each[1]["cpu_us"]) / cost for each, cost in zip(rounds, costs))
    found["OpenSSL alone"] = {"cpu_us": statistics.median(costs)}
    bench.results[f"signed, {size}, {connections}"] = found
    where = f"signed, {size}, {connections} connections"
    bench.goal(f"CPU of DKIM and DMARC, {where}, of OpenSSL's hash and verify", beyond, 1.3)
    for peer, limit in (("opendkim+opendmarc", 3), ("rspamd", 2.5)):
        if connections == 32 and peer in found:
            bench.goal(f"messages a second, {where}, of {peer}'s", 1 / found[peer]["per_s_ratio"], limit, True)
