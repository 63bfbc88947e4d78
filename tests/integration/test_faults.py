"""Every check under every fault of the DNS: temperror, the mail is accepted, and the deadline is kept."""
import collections
import concurrent.futures
import contextlib
import email.message
import os
import re
import sys
import time
import unittest

import dns.message
import dns.rdatatype

from dns_server import DnsServer, respond
from lab import RECORDED, Lab, free_port, wait_until
from raw_milter import Client, fields
from readback import results

# A world for each number: a client and domains in which all is well, so that no answer is in a cache.
ROLES = {
    "ptr": (r"(?P<d>\d+)\.(?P<c>\d+)\.18\.198\.in-addr\.arpa", "PTR", "out.c{n}.example."),
    "ptr-address": (r"out\.c(?P<n>\d+)\.example", "A", "{client}"),
    "helo-address": (r"helo\.c(?P<n>\d+)\.example", "A", "{client}"),
    "helo-spf": (r"helo\.c(?P<n>\d+)\.example", "TXT", '"v=spf1 a:out.c{n}.example -all"'),
    "spf": (r"c(?P<n>\d+)\.example", "TXT", '"v=spf1 a:spf.c{n}.example -all"'),
    "spf-address": (r"spf\.c(?P<n>\d+)\.example", "A", "{client}"),
    "mx": (r"c(?P<n>\d+)\.example", "MX", "10 out.c{n}.example."),
    "block-list": (r"(?P<d>\d+)\.(?P<c>\d+)\.18\.198\.bl\.test", "A", "127.0.0.2"),
    "block-list-text": (r"(?P<d>\d+)\.(?P<c>\d+)\.18\.198\.bl\.test", "TXT", '"listed"'),
    "allow-list": (r"(?P<d>\d+)\.(?P<c>\d+)\.18\.198\.wl\.test", "A", "127.0.0.2"),
    "domain-list": (r"c(?P<n>\d+)\.example\.dbl\.test", "A", "127.0.0.2"),
}

WELL = {
    "iprev": "pass", "x-helo": "pass", "spf smtp.mailfrom": "pass", "spf smtp.helo": "pass", "x-sender": "pass",
    "x-dnsbl bl.test": "fail", "x-dnsbl dbl.test": "fail", "dnswl wl.test": "pass",
}

# What fails when a role's answers do. The text of a listing is only words.
HURTS = {
    "ptr": ["iprev"],
    "ptr-address": ["iprev", "spf smtp.helo", "x-sender"],
    "helo-address": ["x-helo"],
    "helo-spf": ["spf smtp.helo"],
    "spf": ["spf smtp.mailfrom"],
    "spf-address": ["spf smtp.mailfrom"],
    "mx": ["x-sender"],
    "block-list": ["x-dnsbl bl.test"],
    "block-list-text": [],
    "allow-list": ["dnswl wl.test"],
    "domain-list": ["x-dnsbl dbl.test"],
}

FAULTS = ["drop", "servfail", "refused", "formerr", "notimp", "yxdomain", "wrongid", "wrongname", "garbage", "empty", "short",
          "overrun", "tcpreset", "cnameloop", "late9000"]
HARMLESS = ["", "late100", "truncated"]
ALIASES = ["cnameloop"]  # an alias is one for every type, and a resolver that knows of it asks for none of them (RFC 1034, 3.6.2)

# Nothing but the truth is accepted: a fault that is taken for an answer refuses the mail.
CONFIG = RECORDED + """
mode enforce
resolver { servers 127.0.0.1@{scripted} timeout 5s }
dnsbl "bl.test" test-entries none
dnswl "wl.test" test-entries none
domain-dnsbl "dbl.test" on { sender } test-entries none
policy {
    reject when iprev in { none, fail, permerror } or helo in { none, fail, permerror }
    reject when spf in { none, neutral, fail, softfail, permerror } or spf-helo in { none, neutral, fail, softfail, permerror }
    reject when sender in { none, fail, permerror } or dnsbl > 2
    reject when dnsbl = none or dnswl = none or dnsbl = 0
}
"""

lab = None


def met_by(fault, role):
    """The roles whose questions meet the fault when `role` does: of an alias, all that ask for that name."""
    return [other for other in ROLES if ROLES[other][0] == ROLES[role][0]] if fault in ALIASES else [role]


class World:
    """A name server that is right about everything but questions of one role, which meet one fault."""

    def __init__(self, fault):
        self.fault = fault
        self.kind, digits = re.match(r"([a-z]*)(\d*)", fault).groups()
        self.number = int(digits or 0)
        self.port = free_port()
        self.role = None
        self.asked = collections.Counter()

    def answer(self, packet, is_tcp):
        query = dns.message.from_wire(packet, ignore_trailing=True)
        name = query.question[0].name.to_text().rstrip(".").lower()
        kind = dns.rdatatype.to_text(query.question[0].rdtype)
        for role, (pattern, rdtype, rdata) in ROLES.items():
            match = re.fullmatch(pattern, name)
            if match and kind == rdtype:
                groups = match.groupdict()
                n = int(groups["n"]) if "n" in groups else int(groups["c"]) * 256 + int(groups["d"])
                self.asked[role] += 1
                is_met = self.role == "*" or self.role and role in met_by(self.fault, self.role)
                return respond(query, is_tcp, self.kind if is_met else "", self.number, [rdata.format(n=n, client=f"198.18.{n // 256}.{n % 256}")])
        return respond(query, is_tcp, "cnameloop" if name.startswith("cnameloop") else "nxdomain", 0, [])


def setUpModule():
    global lab, worlds, filters, stack
    worlds, filters = {}, {}
    with contextlib.ExitStack() as started:
        lab = started.enter_context(Lab())
        for fault in FAULTS + HARMLESS:
            worlds[fault] = World(fault)
            started.enter_context(DnsServer(worlds[fault].port, worlds[fault].answer))
            lab.servers["scripted"] = worlds[fault].port
            filters[fault] = lab.heloscope(CONFIG, name=f"filter-{fault or 'well'}")
        stack = started.pop_all()


def tearDownModule():
    try:
        for running in filters.values():
            running.begin_to_stop()
        for running in filters.values():
            running.stop()  # fails when a sanitizer found a leak
    finally:
        stack.__exit__(*sys.exc_info())


def send(port, n):
    """One message from client and domains number `n`; the reply to RCPT, and results by method."""
    with Client(port) as client:
        client.start(f"198.18.{n // 256}.{n % 256}", b"helo.c%d.example" % n)
        client.ask(b"M", b"<joe@c%d.example>\0" % n)
        (command, text), = client.ask(b"R", b"<user@in.test>\0")
        if command != b"c":
            return text.decode(), {}
        value = fields(client.ask(b"E"))[0][1]
    message = email.message.Message()
    message["Authentication-Results"] = value
    found = {}
    for method, result, properties in results(message, "mx.lab.test"):
        detail = properties.get("dns.zone") or (next(name for name in properties if name.startswith("smtp.")) if method == "spf" else "")
        found[f"{method} {detail}".strip()] = result
    return "", found


def expected(fault, role):
    """The results when the questions of a role meet a fault."""
    hurt = [method for met in met_by(fault, role) for method in HURTS[met]] if fault in FAULTS else []
    return {**WELL, **dict.fromkeys(hurt, "temperror")}


def send_in_time(port, numbers, wanted):
    """
    What comes of a message when no answer is late but those that the test holds back. A machine that has much to do
    can be late with any: then a result more is temperror, and nothing else differs. That is tried again.
    """
    for number in numbers:
        reply, found = send(port, number)
        late = {method for method, result in found.items() if result == "temperror" != wanted.get(method)}
        if not late or found != {**wanted, **dict.fromkeys(late, "temperror")}:
            break
    return reply, found


def meet(fault):
    """A message for each role; what came of it, and the seconds that it took."""
    outcomes = {}
    for number, role in enumerate(ROLES, 1):
        worlds[fault].role = role
        start = time.monotonic()
        outcomes[role] = (*send_in_time(filters[fault].port, range(number, number + 200, 20), expected(fault, role)), time.monotonic() - start)
    return outcomes


def for_all(task):
    """The result of a task for each fault, some at a time: most of it is waiting for what does not come."""
    faults = FAULTS + HARMLESS
    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        return dict(zip(faults, pool.map(task, faults)))


def descriptors(running):
    return len(os.listdir(f"/proc/{running.process.pid}/fd"))


class Faults(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.outcomes = for_all(meet)

    def check(self, fault):
        for role, (reply, found, seconds) in self.outcomes[fault].items():
            with self.subTest(fault=fault, role=role):
                self.assertEqual(reply, "", "refused")
                self.assertLess(seconds, 10 * 40, "the deadline is 5 seconds, and a message is sent ten times at most")
                self.assertEqual(found, expected(fault, role))
                self.assertGreater(worlds[fault].asked[role], 0)

    def test_R7208_8_what_was_answered_before_stays_known(self):
        """The cached answer, once the name server has nothing more to say."""
        worlds["refused"].role = None
        for _ in range(10):  # until all is known
            if send(filters["refused"].port, 300) == ("", WELL):
                break
        for role in ROLES:
            worlds["refused"].role = role
            self.assertEqual(send(filters["refused"].port, 300), ("", WELL))

    def test_F56_all_lookups_slow_at_once_cost_one_deadline(self):
        for fault in ("drop", "late9000", "servfail"):
            with self.subTest(fault):
                worlds[fault].role = "*"
                start = time.monotonic()
                reply, found = send(filters[fault].port, 500)
                self.assertEqual(reply, "")
                self.assertEqual(set(found.values()), {"temperror"})
                self.assertLess(time.monotonic() - start, 40, "the deadline is 5 seconds, the sum of all lookups 50")

    def test_nothing_stays_open(self):
        for_all(lambda fault: send(filters[fault].port, 400))
        for fault, running in filters.items():
            wait_until(f"closed sockets after {fault}", lambda: descriptors(running) < 40, process=running.process)


def add_tests():
    """F01 to F10 and F56: a test for each fault."""
    for fault in FAULTS + HARMLESS:
        name = f"test_F02_F03_F05_F07_F08_F10_{fault}" if fault else "test_without_fault"
        setattr(Faults, name, lambda self, fault=fault: self.check(fault))


add_tests()

if __name__ == "__main__":
    unittest.main(verbosity=2)
