"""demo_why: the sender's side of the demo: a server with three domains sends to two receivers, which refuse one of them, and
`heloscope why` tells from its log which, why, and what to publish; then that is published, and mail passes."""
import os
import pathlib
import re
import signal
import smtplib
import subprocess

import dns.message
import dns.query

from lab import DEADLINE_S, wait_until
from scenario import CONFIG, ZONES, addresses

HOSTS = {"mx.first.test": "203.0.113.25", "mx.second.test": "203.0.113.26"}
DOMAINS = ("yodel.example", "alphorn.example", "chalet.example")
REFUSED = "chalet.example"
SERVER = "smtpout.yodel.example"

# The record of the one that is refused names the address that the server had before. Its TTL is 0, so that receivers see at once what is
# published in its place.
ZONES["example"] += f"""
alphorn MX 10 smtpout.yodel
alphorn TXT "v=spf1 ip4:{addresses['good']} -all"
_dmarc.alphorn TXT "v=DMARC1; p=reject"
chalet MX 10 smtpout.yodel
chalet 0 TXT "v=spf1 ip4:198.51.100.53 -all"
_dmarc.chalet TXT "v=DMARC1; p=reject"
"""

def receiver(lab, name):
    """A Postfix with a filter in front, on its own address. Returns its port."""
    domain = name.partition(".")[2]
    config = CONFIG.replace("mode audit", "mode enforce").replace("mx.lab.test", name)
    running = lab.heloscope(re.sub(r'policy for "(strict|audit)\.test" \{.*?\n\}\n', "", config, flags=re.S).replace(
        "reject when spf = fail and iprev != pass and not dnswl", "reject when spf = fail"), name=f"heloscope-{domain}")
    extra = f"myhostname = {name}\nvirtual_mailbox_domains = {domain}"
    return lab.postfix(f"inet:127.0.0.1:{running.port}", extra, name=f"postfix-{domain}", listen=HOSTS[name])


class Sender:
    """A Postfix that sends for all domains from one address."""

    def __init__(self, lab):
        routes = " ".join(f"{{{name.partition('.')[2]} = smtp:[{name}]:{receiver(lab, name)}}}" for name in HOSTS)
        self.log = lab.folder / "postfix-sender-mail.log"
        self.port = lab.postfix("", f"myhostname = {SERVER}\nsmtp_bind_address = {addresses['good']}\nvirtual_mailbox_domains =\n"
                                f"transport_maps = inline:{{ {routes} }}\ndefault_transport = discard",
                                name="postfix-sender", services="discard unix - - n - - discard\n")

    def outcomes(self):
        """How often the log tells what became of a message at a receiver."""
        return len(re.findall(r"postfix/smtp\[\d+\]: \w+: to=", self.log.read_text())) if self.log.exists() else 0

    def send(self, *domains):
        """A message of each domain to each receiver, and wait for what becomes of them."""
        before = self.outcomes()
        for domain in domains:
            for name in HOSTS:
                with smtplib.SMTP("127.0.0.1", self.port, SERVER) as client:
                    client.sendmail(f"anna@{domain}", [f"user@{name.partition('.')[2]}"], f"From: anna@{domain}\r\nSubject: hello\r\n\r\nHello.\r\n")
        wait_until("deliveries", lambda: self.outcomes() >= before + len(domains) * len(HOSTS))


def published(lab):
    query = dns.message.make_query(REFUSED, "TXT")
    return dns.query.udp(query, "127.0.0.1", port=lab.servers["nsd"], timeout=DEADLINE_S).answer[0].to_text()


def publish(lab):
    """What `why` has told to publish; waits until the name server has it."""
    zone = next(path for path in (lab.folder / "nsd").glob("zone*") if "chalet 0 TXT" in path.read_text())
    text = zone.read_text().replace('chalet 0 TXT "v=spf1 ', f"chalet 0 TXT \"v=spf1 ip4:{addresses['good']} ")
    zone.write_text(text.replace(" 1 3600 900 ", " 2 3600 900 ", 1))
    os.kill(int((lab.folder / "nsd/pid").read_text()), signal.SIGHUP)
    wait_until("the new record", lambda: addresses["good"] in published(lab))


def why(lab, sender, heading):
    config = lab.folder / "heloscope-first.test.conf"
    catalogue = pathlib.Path(__file__).resolve().parents[2] / "etc/refusals.conf"
    print(heading, flush=True)
    subprocess.run([lab.builddir / "milter/heloscope", "why", "--ip", addresses["good"], "--config", config, "-c", catalogue, sender.log],
                   check=False)


def show(lab, bold):
    sender = Sender(lab)
    command = f"heloscope why --ip {addresses['good']} /var/log/mail.log"
    print(bold("\n===== The other side: a server that sends for three domains to two receivers ====="))
    sender.send(*DOMAINS)
    why(lab, sender, bold(f"\n===== {command} =====\n"))
    publish(lab)
    why(lab, sender, bold(f"\n===== The record is published: {command} =====\n"))
    sender.send(REFUSED)
    why(lab, sender, bold(f"\n===== It has sent again: {command} =====\n"))
