"""demo: eight messages, first in audit mode and then enforced; some stories, a sender's domains and its refusals. Run by contrib/demo,
in a network namespace of its own, where the senders' addresses have mail servers of their own."""
import os
import re
import subprocess
import sys

import demo_why
import peers
from lab import Lab, enter_namespace, swaks, wait_until
from scenario import CONFIG, LISTS, ZONES, addresses, txt
from signer import dkim, make_rsa

MESSAGES = [
    ("a good sender", dict(client=addresses["good"], helo="smtpout.yodel.example", sender="anna@yodel.example", more=("--tls",))),
    ("a client without reverse DNS",
     dict(client=addresses["nameless"], helo="pc-17.isp.example", sender="bob@plain.example")),
    ("SPF fail, from a host whose reverse DNS name has another address",
     dict(client=addresses["mismatch"], helo="mail.rented.example", sender="carol@yodel.example")),
    ("a listed client", dict(client=addresses["listed"], helo="mail.bulk.example", sender="offers@bulk.example")),
    ("a forged Authentication-Results field",
     dict(client=addresses["neutral"], helo="mail.plain.example", sender="dave@plain.example",
          headers=["Authentication-Results: mx.lab.test; spf=pass smtp.mailfrom=bank.example"])),
    ("forwarded: SPF fails, the author's signature is good",
     dict(client=addresses["neutral"], helo="mail.plain.example", sender="anna@yodel.example")),
    ("a forged author",
     dict(client=addresses["neutral"], helo="mail.plain.example", sender="eve@plain.example")),
    ("a mailing list changed it and sealed that the author was good (ARC); the list is trusted",
     dict(client=addresses["neutral"], helo="mail.plain.example", sender="list-bounces@plain.example")),
]
SIGNED, FORGED, SEALED = (0, 5), 6, 7
EXPLAINED = (5, FORGED, SEALED)

# Mail of a domain that asks for rejection is refused when nothing else speaks for it, but not what a list that is trusted vouches for.
AUTHOR = """
enable { dkim, dmarc, arc }
trust { arc-sealers { "plain.example" } }
"""
RULES = """    accept when dmarc = fail and arc.sealer = trusted
    reject when from != one
    reject when dmarc.policy = reject and spf != pass
"""

LOOK_BACK = """
look-back yes { networks { 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32 } timeout 10s }
"""

SHOWN = ("authentication-results", "x-heloscope", "received")


def bold(text):
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def show_sent(transcript):
    """How the client introduced itself, its commands, and what the server said to them."""
    lines = transcript.splitlines()
    helo = [line for line in lines if re.search("> (EHLO|HELO) ", line)]
    print("  " + helo[-1].rstrip())
    start = max(i for i, line in enumerate(lines) if "> MAIL FROM:" in line)
    for line in lines[start:]:
        if line[:3].strip() and not line.startswith("==="):
            print("  " + line.rstrip())


def show_header(message):
    print("  what arrived:")
    for name, value in message.items():
        if name.lower() in SHOWN:
            print("    " + f"{name}: {value}".replace("\n", "\n    "))


def make_key(lab):
    """A key of yodel.example and of a list at plain.example, in their zone from now on."""
    path, public = make_rsa(lab.folder)
    for domain in ("yodel", "plain"):
        ZONES["example"] += f"k1._domainkey.{domain} TXT {txt('v=DKIM1; k=rsa; p=' + public)}\n"
    return path.read_bytes()


def seal(message, key):
    """What the list makes of a message: a List-Id, a footer, and an ARC set that tells what it had found."""
    found = b"Authentication-Results: mail.plain.example; dmarc=pass header.from=yodel.example\r\n"
    changed = found + b"List-Id: Friends of Anna <friends.plain.example>\r\n" + message + b"-- \r\nfriends@plain.example\r\n"
    return b"".join(dkim.arc_sign(changed, b"k1", b"plain.example", key, b"mail.plain.example")) + changed


def write_messages(lab):
    """Those of anna@yodel.example are signed; one only says that it is of her."""
    key = make_key(lab)
    text = b"From: Anna <anna@yodel.example>\r\nTo: user@in.test\r\nSubject: hello\r\n\r\nHello.\r\n"
    signed = dkim.sign(text, b"k1", b"yodel.example", key, include_headers=[b"from", b"to", b"subject"]) + text
    messages = {**{number: signed for number in SIGNED}, FORGED: text, SEALED: seal(signed, key)}
    for number, data in messages.items():
        (lab.folder / f"{number}.eml").write_bytes(data)
        options = MESSAGES[number][1]
        options["more"] = (*options.get("more", ()), "--data", f"@{lab.folder}/{number}.eml")


def start_peers(lab):
    """The senders' own mail servers: one as it should be, one that is not."""
    authority = peers.Authority(lab.subfolder("ca"))
    os.environ["SSL_CERT_FILE"] = str(authority.bundle)
    good = authority.make("good", "/CN=good", issuer="ca", names=["smtpout.yodel.example"])
    expired = authority.make("expired", "/CN=expired", issuer="ca", names=["mail.plain.example"], years=(2020, 2020))
    services = peers.postfix_service(addresses["good"], "smtpout.yodel.example", good, "-o smtpd_tls_protocols=>=TLSv1.2")
    services += peers.postfix_service(addresses["good6"], "smtpout.yodel.example", good, "-o smtpd_tls_protocols=>=TLSv1.2")
    services += peers.postfix_service(addresses["neutral"], "localhost.localdomain", expired)
    lab.postfix("", name="postfix-peers", services=services)


def look_back(lab, running, port):
    """A host's first message comes before its server has been looked at: send until that is done."""
    def has_banner(options):
        status, _ = swaks(port, **options)
        if status == 0:
            lab.take_messages()
        checks = [record["checks"] for record in running.records() if record["client"]["ip"] == options["client"]]
        return bool(checks) and checks[-1]["x-banner"].get("outcome") != "unknown"
    for options in {options["client"]: options for _, options in MESSAGES}.values():
        wait_until("a look at a server", lambda options=options: has_banner(options))


def run(lab, mode):
    print(bold(f"\n===== mode {mode} ====="))
    config = CONFIG.replace("mode audit", f"mode {mode}").replace("    audit reject", RULES + "    audit reject", 1)
    running = lab.heloscope(config + LOOK_BACK + AUTHOR, name=f"heloscope-{mode}")
    port = lab.postfix(f"inet:127.0.0.1:{running.port}", lab.certificate(), name=f"postfix-{mode}")
    print("(The filter checks the senders' servers in the background; earlier messages, not shown, made it do so.)")
    print("(-> the client says, <- the server answers; ~> and <~ the same over TLS; <** it refuses.)")
    look_back(lab, running, port)
    told = []
    for number, (title, options) in enumerate(MESSAGES, 1):
        print(bold(f"\n{number}. {title}: {options['sender']} from {options['client']}"))
        status, transcript = swaks(port, **options)
        show_sent(transcript)
        for field in options.get("headers", ()):
            print(f"  its header had this field, which is removed below:\n    {field}")
        if status == 0:
            show_header(lab.take_messages()[0])
        else:
            print("  nothing arrived: the message was refused")
        told.append(transcript)
    if mode == "enforce":
        for number in EXPLAINED:
            reference = re.search(r"(?<=queued as )\w+|\d{8}T\d{6}Z-[0-9a-f]{12}", told[number]).group(0)
            print(bold(f"\n===== {number + 1}. {MESSAGES[number][0]}: heloscope explain {reference} =====\n"), flush=True)
            subprocess.run([lab.builddir / "milter/heloscope", "explain", "-c", running.config, reference], check=False)
        sender = ["--ip", addresses["good"], "--helo", "smtpout.yodel.example", "yodel.example", "broken.example", "plain.example"]
        print(bold(f"\n===== heloscope doctor {' '.join(sender)} =====\n"), flush=True)
        subprocess.run([lab.builddir / "milter/heloscope", "doctor", "-c", running.config, *sender], check=False)
    running.stop()


def main():
    with Lab(sys.argv[1]) as lab:
        write_messages(lab)
        lab.nsd(ZONES)
        lab.rbldnsd(LISTS)
        start_peers(lab)
        run(lab, "audit")
        run(lab, "enforce")
        demo_why.show(lab, bold)
    print(bold("\nThat was all; nothing is left running."))


enter_namespace([*(addresses[name] for name in ("good", "good6", "neutral")), *demo_why.HOSTS.values()], demo_why.HOSTS)
main()
