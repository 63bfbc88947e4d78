"""The look back at hosts that send mail: real Postfixes, and servers that do what no server should, in a namespace."""
import calendar
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest
import urllib.request

import peers
from lab import DEADLINE_S, RECORDED, enter_namespace, free_port, module_lab, wait_until
from raw_milter import Client, fields

# One name a host: its address, what plays there, and the results that x-banner and x-tls (of the peer) come to.
SCRIPTS = {
    "well": (peers.well, "pass", "fail"),
    "late": (peers.late, "pass", "fail"),
    "silent": (peers.silent, "none", "none"),
    "tarpit": (peers.tarpit, "none", "none"),
    "endless": (peers.endless, "none", "none"),
    "lines": (peers.many_lines, "none", "none"),
    "binary": (peers.binary, "fail", "none"),
    "http": (peers.web, "fail", "none"),
    "hostile": (peers.hostile, "fail", "fail"),
    "busy": (peers.busy, "temperror", "temperror"),
    "declines": (peers.declines, "pass", "none"),
    "helo": (peers.only_helo, "pass", "fail"),
    "reset": (peers.reset, "none", "none"),
    "torn": (peers.close_in_greeting, "none", "none"),
    "greets": (peers.close_after_greeting, "none", "none"),
    "leaves": (peers.close_after_ehlo, "pass", "fail"),
    "half": (peers.half_open, "none", "none"),
    "refuses": (peers.refuses_starttls, "pass", "fail"),
    "drops": (peers.close_after_starttls, "pass", "fail"),
    "alert": (peers.alert, "pass", "fail"),
    "frozen": (peers.never_shakes_hands, "pass", "fail"),
    "injects": (peers.injects, "pass", "neutral"),
    "ends": (peers.close_in_tls, "pass", "neutral"),
    "floods": (peers.floods, "pass", "neutral"),
}
OUTCOMES = {
    "silent": "read-timeout", "tarpit": "read-timeout", "endless": "too-much", "lines": "too-much",
    "binary": "not-smtp", "http": "not-smtp", "busy": "busy", "declines": "declines", "reset": "closed",
    "torn": "closed", "greets": "closed", "half": "closed", "nobody": "refused",
}

# Servers of which one relays when it is asked in the right spelling, one takes every local part, one puts off, one wants TLS, and two hang up on
# who is refused often: the first relays in the last but one spelling, to the last sender; the other is closed.
def turns_away(talk):
    """As 1&1 and others greet whom they do not like: the reason stands in the third line."""
    talk.say("554-mx.away.test (mxeue012) Nemesis ESMTP Service not available", "554-No SMTP service", "554-IP address 203.0.113.9 is block listed", "554 see https://away.test/why")


def turns_EHLO_away(talk):
    talk.say(f"220 {talk.script.name} ESMTP")
    for _ in range(2):
        talk.hear()
        talk.say("550-5.7.1 not from there", "550 5.7.1 your network is on our own list")


def later_for_you(talk):
    talk.say("451-4.7.1 greylisted", "451 4.7.1 come back in 300 s")


def refuses_senders(talk):
    talk.greet()
    while not talk.hear().upper().startswith("QUIT"):
        talk.say("554 5.7.1 Service unavailable; client host blocked")
    talk.say("221 bye")


def masked(talk):
    """Behind a firewall that inspects SMTP and lets no TLS pass."""
    talk.say("220 ****************")
    talk.hear()
    talk.say(f"250-{talk.script.name}", "250-SIZE 1000", "250 XXXXXXXA")
    talk.end_well()


TURNING_AWAY = {"away554": turns_away, "awayehlo": turns_EHLO_away, "away451": later_for_you, "awaymail": refuses_senders, "masked": masked}

RELAYS = {
    "hack": peers.takes(lambda path, _: "%" in path and path.endswith("@hacked.peers.test>")),
    "all": peers.takes(lambda path, _: not path.endswith("@mx.lab.test>")),
    "grey": peers.takes(lambda *_: False, "451 4.7.1 greylisted"),
    "wary": peers.takes(lambda *_: False, mail="530 5.7.0 Must issue a STARTTLS command first"),
    "hasty": peers.takes(lambda path, _: path.startswith("<mx.lab.test!") and path.endswith("@hurried.peers.test>"), patience=4),
    "curt": peers.takes(lambda *_: False, patience=3),
}

# Postfixes: the name with which they greet, the certificate, and the results.
POSTFIXES = {
    "plain": (None, None, "pass", "fail"),
    "trusted": (None, "trusted", "pass", "pass"),
    "othername": (None, "trusted", "pass", "neutral"),
    "expired": (None, "expired", "pass", "neutral"),
    "ancient": (None, "ancient", "pass", "neutral"),  # from before 1970: its records are read all the same, which stop() sees
    "self": (None, "self", "pass", "neutral"),
    "dane": (None, "self", "pass", "pass"),
    "danebad": (None, "self", "pass", "fail"),
    "anchor": (None, "anchor", "pass", "pass"),  # DANE-TA(2)
    "anchored": (None, "anchor", "pass", "fail"),  # as well, but the name counts there (RFC 7672, 3.1.2)
    "cousin": ("mx.cousin.peers.test", "self", "neutral", "neutral"),
    "foreign": ("mail.elsewhere.example", "self", "fail", "neutral"),
}
NETWORKS = ("198.51.100.", "203.0.113.", "192.0.2.", "198.18.7.", "198.19.7.", "198.18.9.")
ADDRESSES = {name: f"{NETWORKS[number // 9]}{100 + number % 9}" for number, name in enumerate([*SCRIPTS, *POSTFIXES, "nobody", "relay", *RELAYS, *TURNING_AWAY])}
CROWD = [f"2001:db8:5::{number:x}" for number in range(1, 14)]

CONFIG = RECORDED + """
contact "https://mx.lab.test/why"
resolver {
    servers 127.0.0.1@{nsd}
    trust-anchor "ANCHOR"
}
trust { networks { 203.0.113.250/32 } }
look-back yes {
    networks { 198.51.100.0/24, 203.0.113.0/24, 192.0.2.0/24, 198.18.7.0/24, 198.19.7.0/24, 2001:db8:5::/48, 2001:db8:6::/48 }
    timeout 10s
    at-a-time 50
    per-minute 6000
    file "PEERS"
}
policy {
    reject when banner = fail
    audit reject when peer-tls = fail
    tag "plain" when tls = none
}
"""


SIX = "2001:db8:6::25"
OWN, UNASSIGNED = "3000::25", "3000::26"  # no special ones, and nobody's: the namespace has the first
POLICIES, POLICIES6 = "192.0.2.200", "2001:db8:6::200"
POLICY = "version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 604800\r\n"

# Domains for the doctor: the host that takes their mail, and what they publish.
DOMAINS = """
allwell MX 10 trusted
_mta-sts.allwell TXT "v=STSv1; id=1"
_smtp._tls.allwell TXT "v=TLSRPTv1; rua=mailto:tls@allwell.peers.test"
strict MX 10 expired
_mta-sts.strict TXT "v=STSv1; id=2"
_smtp._tls.strict TXT "v=TLSRPTv1;"
torn MX 10 danebad
_mta-sts.torn TXT "v=STSv1; id=3"
mute MX 10 nobody
plainly MX 10 plain
bare MX 10 second
second A {second}
misnamed MX 10 othername
strange MX 10 foreign
broken MX 10 alert
injected MX 10 injects
open MX 10 relay
hacked MX 10 hack
catchall MX 10 all
later MX 10 grey
tlsonly MX 10 wary
hurried MX 10 hasty
closed MX 10 curt
away MX 10 away
away A 203.0.113.77
unusable MX 10 self
nomail MX 0 .
_mta-sts.nomail TXT "v=STSv1; id=4"
"""
DOMAINS += "".join(f"d{name} MX 10 {name}\n" for name in ("away554", "awayehlo", "away451", "awaymail", "masked"))

# The policy host of each has an address that answers, and others that do not: dead, or without any way there.
POLICY_HOSTS = {
    "hostfirst": (["A 192.0.2.201", "A 192.0.2.200"], "trusted"),
    "hostlast": (["A 192.0.2.200", "A 192.0.2.201"], "trusted"),
    "hostsix": (["A 192.0.2.201", "AAAA 2001:db8:6::200"], "trusted"),
    "hostfour": (["AAAA 2001:db8:6::201", "A 192.0.2.200"], "trusted"),
    "hostnone": (["A 192.0.2.201", "AAAA 2001:db8:6::201"], "trusted"),
    "inside": (["A 127.0.0.1"], "trusted"),  # there is a policy, too
    "both": (["A 127.0.0.1", "A 192.0.2.200"], "trusted"),
}
for _name, (_addresses, _mx) in POLICY_HOSTS.items():
    DOMAINS += f'{_name} MX 10 {_mx}\n_mta-sts.{_name} TXT "v=STSv1; id=1"\n' + "".join(f"mta-sts.{_name} {address}\n" for address in _addresses)


def host(name):
    return f"{name}.peers.test"


# What the golden texts show, and by which domains.
SCENES = (
    ("all is well with the server, DANE, MTA-STS and TLS reports among it", ["allwell"]),
    ("no TLS, though TLSA records ask for it", ["plainly"]),
    ("an expired certificate, and MTA-STS that does not match", ["strict"]),
    ("a certificate of another name", ["misnamed"]),
    ("one server by the names that two domains have for it", ["bare", "strict"]),
)
GOLDEN = pathlib.Path(__file__).parent.parent / "golden"
stopping = []


def make_world():
    """Name server, certificates, Postfixes and scripted servers."""
    global scripts, webs
    authority = peers.Authority(lab.subfolder("ca"))
    authority.make("trusted", "/CN=trusted.peers.test", issuer="ca", names=[host("trusted")])
    authority.make("expired", "/CN=expired", issuer="ca", names=[host("expired")], years=(2020, 2020))
    authority.make("ancient", "/CN=ancient", issuer="ca", names=[host("ancient")], years=(1950, 1960))
    authority.make("self", "/CN=self", names=[host("self"), host("dane")])
    anchor = authority.make("anchor", "/CN=anchor", issuer="ca", names=[host("anchor")])
    anchor.write_text(anchor.read_text() + authority.bundle.read_text())  # the anchor itself must be shown (RFC 7672, 3.1.2)
    os.environ["SSL_CERT_FILE"] = str(authority.bundle)
    records = "".join(f"{name} A {address}\n" for name, address in ADDRESSES.items())
    records += f"_25._tcp.dane TLSA 3 1 1 {authority.digest('self')}\n_25._tcp.danebad TLSA 3 1 1 {'00' * 32}\n"
    records += f"_25._tcp.plain TLSA 3 1 1 {'00' * 32}\n_25._tcp.self TLSA 1 1 1 {authority.digest('self')}\n"
    records += "".join(f"_25._tcp.{name} TLSA 2 1 1 {authority.digest('ca')}\n" for name in ("anchor", "anchored"))
    reverse = {"loose.test": ["@ MX 10 dane.peers.test."],
               "lame.test": ["@ MX 10 m.lame.test.", f"m A {ADDRESSES['plain']}"]}
    for name, address in ADDRESSES.items():
        first, second, third, last = address.split(".")
        reverse.setdefault(f"{third}.{second}.{first}.in-addr.arpa", []).append(f"{last} PTR {host(name)}.")
    records += DOMAINS.replace("{second}", ADDRESSES["expired"]) + f"_25._tcp.trusted TLSA 3 1 1 {authority.digest('trusted')}\nmta-sts.allwell A {POLICIES}\nmta-sts.strict A {POLICIES}\nmta-sts.nomail A {POLICIES}\n"
    folder = lab.subfolder("signed")
    (folder / "zone").write_text(lab.zone_file("peers.test", records))
    key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "peers.test"], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(["ldns-signzone", "-n", "-o", "peers.test", "zone", key], cwd=folder, check=True, capture_output=True)
    lab.nsd({name: "\n".join(lines) for name, lines in reverse.items()}, {"peers.test": (folder / "zone.signed").read_text()})
    services = "".join(
        peers.postfix_service(ADDRESSES[name], greeting or host(name), authority.folder / f"{chain}.pem" if chain else None,
                              "-o smtpd_tls_protocols=>=TLSv1.2 -o smtpd_hard_error_limit=20" if name == "trusted" else "")
        for name, (greeting, chain, *_) in POSTFIXES.items()
    )
    services += peers.postfix_service(ADDRESSES["relay"], host("relay"), None, "-o mynetworks=0.0.0.0/0")
    lab.postfix("", name="postfix-peers", services=services)
    policies = {
        f"mta-sts.{domain}": POLICY.format(mode="enforce", mx=mx)
        for domain, mx in ((host("allwell"), host("trusted")), (host("strict"), "*.else.test"), (host("nomail"), host("trusted")),
                           *((host(name), host("trusted")) for name in POLICY_HOSTS))
    }
    chain = authority.make("web", "/CN=web", issuer="ca", names=list(policies))
    webs = [peers.Web(address, chain, policies) for address in (POLICIES, POLICIES6, "127.0.0.1")]
    plays = {**{name: play for name, (play, *_) in SCRIPTS.items()}, **RELAYS, **TURNING_AWAY}
    scripts = {name: peers.Script(ADDRESSES[name], play, host(name), authority.folder / "self.pem") for name, play in plays.items()}
    return CONFIG.replace("ANCHOR", str(folder / f"{key}.ds"))


def setUpModule():
    global lab, config
    with module_lab() as lab:
        config = make_world()


def tearDownModule():
    for running in stopping:
        running.stop()
    for script in (*webs, *scripts.values()):
        script.stop()


def stop_later(running):
    """Tell it to stop, and look at the end of all tests how it ended: libmilter takes up to five seconds."""
    running.begin_to_stop()
    stopping.append(running)


def send(running, address, helo=b"client.test", tls=None):
    """One message; the fields that it gets, by name."""
    with Client(running.port) as client:
        client.start(address, helo)
        if tls:
            client.macros(b"M", **tls)
        return dict(fields(client.message(b"<>"))).get("Authentication-Results", "")


def result_of(header, method, with_text=""):
    """The result of a method, with its properties and comment, in a header; of several the one with this text."""
    for part in re.sub(r"\n\s*", " ", header).split(";"):
        if part.strip().startswith(f"{method}=") and with_text in part:
            return part.strip()[len(method) + 1:]
    return ""


def looked_at(running, address):
    """The header of a message from this host, once its server has been looked at."""
    def look():
        header = send(running, address)
        return header if "not checked yet" not in header else None
    return wait_until(f"a look at {address}", look)


def known(running, name):
    return looked_at(running, ADDRESSES[name])


class LookBack(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.file = lab.subfolder("peers", owner="nobody") / self._testMethodName
        self.config = config.replace("PEERS", str(self.file))
        for script in scripts.values():
            script.lines, script.connections = [], 0

    def findings(self):
        lines = self.file.read_text().splitlines()
        return {finding["ip"]: finding for finding in map(json.loads, lines[1:])}

    def test_mail_does_not_wait(self):
        """Servers that take a minute: the message is through, and tells that nothing is known yet."""
        running = lab.heloscope(self.config.replace("timeout 10s", "timeout 60s"), name="waiting")
        for name in ("silent", "tarpit", "frozen"):
            header = send(running, ADDRESSES[name])
            self.assertEqual(result_of(header, "x-banner"), "temperror (server not checked yet)", name)
            self.assertEqual(result_of(header, "x-tls", "policy.peer-tls"), "temperror policy.peer-tls=none (server not checked yet)", name)
        wait_until("the looks", lambda: all(scripts[name].connections == 1 for name in ("silent", "tarpit", "frozen")))
        stop_later(running)  # in the midst of them

    def test_every_kind_of_server_ends_in_its_own_result(self):
        running = lab.heloscope(self.config, name="looks-back")
        send(running, "10.1.2.3")
        descriptors = len(os.listdir(f"/proc/{running.process.pid}/fd")) + 2  # libunbound's come and go
        names = [name for name in ADDRESSES if name not in RELAYS and name not in TURNING_AWAY]
        for name in names:
            send(running, ADDRESSES[name])
        headers = {name: known(running, name) for name in names}
        wait_until("the end of all looks", lambda: len(os.listdir(f"/proc/{running.process.pid}/fd")) <= descriptors)
        for name, (*_, banner, tls) in {**SCRIPTS, **POSTFIXES, "nobody": ("none", "none")}.items():
            with self.subTest(name):
                self.assertEqual(result_of(headers[name], "x-banner").split()[0], banner, headers[name])
                self.assertEqual(result_of(headers[name], "x-tls", "policy.peer-tls").split()[0], tls, headers[name])
        self.assertIn("policy.banner=trusted.peers.test", headers["trusted"])
        self.assertIn("(DANE matches)", headers["dane"])
        self.assertIn("(DANE matches)", headers["anchor"])
        self.assertIn("(DANE does not match)", headers["anchored"])
        self.assertIn("(DANE does not match)", headers["danebad"])
        self.assertIn("(certificate has expired)", headers["expired"])
        self.assertIn("(certificate for another name)", headers["othername"])
        self.assertNotIn("evil", headers["hostile"])
        log = running.stop()
        found = self.findings()
        for name, outcome in OUTCOMES.items():
            self.assertEqual(found[ADDRESSES[name]]["outcome"], outcome, name)
        looks = dict(re.findall(r"looked at \S+ \((\S+)\), port 25: (.*)", log))
        self.assertEqual(set(looks), {host(name) for name in names})
        self.assertEqual(looks[host("dane")], "answers, STARTTLS works, DANE match")
        self.assertEqual(looks[host("nobody")], "refused")
        self.assertEqual(log.count("looked at "), len(names))
        self.assertTrue(found[ADDRESSES["injects"]]["injects"])
        self.assertNotIn("evil", json.dumps(found[ADDRESSES["injects"]]))
        self.assertLess(scripts["floods"].flooded, 10_000_000, "of 15 million: what the buffers of both sides hold")
        self.assertEqual(found[ADDRESSES["trusted"]]["tls"], "TLSv1.3")
        self.check_policy_and_report(running)
        self.check_manners()
        self.check_restart(headers)

    def check_policy_and_report(self, running):
        """Rules by the banner and by TLS decide, with words; and a report counts them. (That replay judges alike, stop() has seen.)"""
        last = {record["client"]["ip"]: record for record in running.records()}
        foreign, plain = last[ADDRESSES["foreign"]]["verdicts"][0], last[ADDRESSES["plain"]]["verdicts"][0]
        self.assertEqual(foreign["action"], "reject")
        self.assertRegex(foreign["reply"], r"^550 5\.7\.1 The mail server on port 25 of the connecting IP address [0-9.]+ greets as \"mail\.elsewhere\.example\", which is not its name\. If this is your mail server, ask its administrator to set the name in its greeting \(SMTP banner\) to foreign\.peers\.test\.")
        self.assertEqual((plain["action"], [sorted(note) for note in plain["notes"]]), ("accept", [["rule", "tag"], ["audit", "rule"]]))
        done = lab.tool("report", "--json", "--log", running.records_path)
        counted = {(row["check"], row["result"]) for row in json.loads(done.stdout)["checks"]}
        self.assertLessEqual({("x-banner", "fail"), ("x-peer-tls", "pass"), ("x-tls", "none")}, counted)
        self.check_story_of_an_old_finding(last[ADDRESSES["foreign"]], last[ADDRESSES["refuses"]])

    def check_story_of_an_old_finding(self, *records):
        """Who has repaired what was found learns until when it counts."""
        log = lab.folder / "old.jsonl"
        for record in records:
            for check in (record["checks"]["x-banner"], record["checks"]["x-peer-tls"]):
                since, until = (calendar.timegm(time.strptime(check[key], "%Y-%m-%dT%H:%M:%SZ")) for key in ("looked-at", "believed-until"))
                self.assertEqual(until - since, 86400)
                check["looked-at"], check["believed-until"] = "2020-02-03T04:05:06Z", "2020-02-04T04:05:06Z"
            log.write_text(json.dumps(record, separators=(",", ":")) + "\n")
            done = [lab.tool("explain", "--log", log, record["id"], *more) for more in ([], ["--for-sender"])]
            self.assertEqual([each.stderr for each in done], ["", ""])
            story, letter = (" ".join(each.stdout.split()) for each in done)
            fault = "Set up STARTTLS on the server" if record["checks"]["x-peer-tls"]["result"] == "fail" else r"greets on port 25 \(SMTP banner\) to"
            self.assertEqual(story.count("(checked 2020-02-03T04:05:06Z)"), 2, story)
            self.assertRegex(letter, fault + r"[^;]* This was found at 2020-02-03T04:05:06Z and counts until 2020-02-04T04:05:06Z; after that the server is checked again\.")

    def check_manners(self):
        """One connection a host; who we are, and why; no command that has to do with mail."""
        for name, script in ((name, scripts[name]) for name in SCRIPTS):
            self.assertEqual(script.connections, 1, name)
            for line in script.lines:
                self.assertRegex(line, r"^(EHLO mx\.lab\.test|HELO mx\.lab\.test|STARTTLS|QUIT|NOOP checking the greeting and TLS of a host that sent mail to us, see https://mx\.lab\.test/why)$", name)
        self.assertEqual([line.split()[0] for line in scripts["well"].lines], ["EHLO", "NOOP", "QUIT"])
        self.assertEqual([line.split()[0] for line in scripts["injects"].lines], ["EHLO", "STARTTLS", "EHLO", "NOOP", "QUIT"])

    def check_restart(self, headers):
        """What was found is known after a restart, but where its line was deleted; a broken file is set aside, and said."""
        self.file.write_text("".join(line for line in self.file.read_text().splitlines(True) if f'"{ADDRESSES["helo"]}"' not in line))
        again = lab.heloscope(self.config, name="again")
        known(again, "helo")
        self.assertEqual(result_of(send(again, ADDRESSES["dane"]), "x-banner"), result_of(headers["dane"], "x-banner"))
        again.stop()
        self.assertEqual([scripts[name].connections for name in ("well", "helo")], [1, 2])
        text = self.file.read_text()[:-20]
        self.file.write_text(text)
        log = lab.heloscope(self.config, name="broken").stop()
        self.assertRegex(log, r"what was known of mail servers is missing: .* is broken at line \d+ and was set aside as .*\.broken")
        self.assertEqual(pathlib.Path(f"{self.file}.broken").read_text(), text)

    def test_no_more_than_so_many_a_minute(self):
        running = lab.heloscope(self.config.replace("per-minute 6000", "per-minute 1"), name="slowly")
        send(running, ADDRESSES["well"])
        known(running, "well")
        for name in ("declines", "helo"):
            send(running, ADDRESSES[name])
        time.sleep(1)
        self.assertEqual([scripts[name].connections for name in ("well", "declines", "helo")], [1, 0, 0])
        stop_later(running)

    def test_what_is_known_outlives_a_reload(self):
        running = lab.heloscope(self.config, name="reloaded")
        before = result_of(known(running, "well"), "x-banner")
        audit = running.config.read_text()
        for text in (audit, audit.replace("at-a-time 50", "at-a-time 49"), audit.replace("timeout 10s", "timeout 11s")):
            self.assertEqual(running.reload(text), "configuration read again")
            self.assertEqual(result_of(send(running, ADDRESSES["well"]), "x-banner"), before)
        self.assertEqual(running.reload(re.sub("look-back yes", "look-back no", text)), "old configuration stays")  # its rules ask for the banner
        self.assertEqual(scripts["well"].connections, 1)
        running.stop()
        self.assertIn(ADDRESSES["well"], self.findings())

    def test_nobody_is_looked_at_where_what_is_known_would_have_to_be_forgotten(self):
        """100,000 findings, all of them fresh: whose makes room for another would be looked at again within the day."""
        finding = {"looked-at": int(time.time()), "code": 220, "outcome": "answers", "name": "a.example", "greeting": "a.example ESMTP", "ehlo": "a.example",
                   "starttls": "not-offered", "dane": "none", "injects": False, "tls": "", "cipher": "", "bits": 0, "problem": "none", "quoted": "", "trusted": False, "named": False,
                   "names": "", "issuer": "", "not-after": 0, "key": ""}
        line = json.dumps(finding)[1:]
        with self.file.open("w") as file:
            file.write("heloscope-peers-3\n")
            file.writelines(f'{{"ip": "10.{n >> 16}.{n >> 8 & 255}.{n & 255}", {line}\n' for n in range(100000))
        running = lab.heloscope(self.config, name="full")
        self.assertIn("not checked yet", send(running, ADDRESSES["well"]))
        time.sleep(1)
        self.assertIn("not checked yet", send(running, ADDRESSES["well"]))
        self.assertEqual(scripts["well"].connections, 0)
        running.stop()
        self.assertEqual(len(self.findings()), 100000)

    def test_F49_who_only_connects_is_not_looked_at(self):
        """Two filters that look at each other: a look has no MAIL, and so causes none."""
        running = lab.heloscope(self.config, name="loop")
        with Client(running.port) as client:
            client.start(ADDRESSES["greets"])
        send(running, ADDRESSES["well"])
        known(running, "well")
        stop_later(running)
        self.assertEqual(scripts["greets"].connections, 0)

    def test_who_is_never_looked_at(self):
        running = lab.heloscope(self.config.replace("198.18.7.0/24", "198.18.8.0/24"), name="never")
        for address in ("10.1.2.3", "198.18.7.100", "fd00::1", "224.0.0.1", OWN):
            self.assertEqual(result_of(send(running, address), "x-banner"), "none (server not checked)", address)
        self.assertNotEqual(result_of(send(running, UNASSIGNED), "x-banner"), "none (server not checked)")
        self.assertNotIn("x-banner", send(running, "203.0.113.250"))
        stop_later(running)

    def test_a_trusted_host_is_not_looked_at(self):
        running = lab.heloscope(self.config.replace("203.0.113.250/32", f"{ADDRESSES['well']}/32"), name="trusting")
        self.assertNotIn("x-banner", send(running, ADDRESSES["well"]))
        send(running, ADDRESSES["declines"])
        known(running, "declines")
        self.assertEqual([scripts[name].connections for name in ("well", "declines")], [0, 1])
        stop_later(running)

    def test_a_network_is_looked_at_ten_times_an_hour(self):
        running = lab.heloscope(self.config, name="crowd")
        for address in CROWD:
            send(running, address)
        answers = [wait_until("ten looks", lambda: self.count_known(running) >= 10), self.count_known(running)]
        self.assertEqual(answers[-1], 10)
        self.assertEqual(running.reload(running.config.read_text().replace("timeout 10s", "timeout 11s")), "configuration read again")
        self.assertEqual([self.count_known(running) for _ in range(3)], [10] * 3)
        stop_later(running)

    @staticmethod
    def count_known(running):
        return sum("connection refused" in send(running, address) for address in CROWD)

    def test_ipv6(self):
        server = peers.Script(SIX, peers.well, host("six"))
        running = lab.heloscope(self.config, name="six")
        header = looked_at(running, SIX)
        self.assertEqual(result_of(header, "x-banner"), "fail policy.banner=six.peers.test (of another domain)")  # than HELO; it has no other name
        self.assertEqual([line.split()[0] for line in server.lines], ["EHLO", "NOOP", "QUIT"])
        stop_later(running)
        server.stop()

    def test_tls_of_the_session(self):
        running = lab.heloscope(self.config, name="session")
        address = ADDRESSES["plain"]
        self.assertEqual(result_of(send(running, address), "x-tls"), "none (plain text)")
        tls = {"{tls_version}": "TLSv1.3", "{cipher}": "TLS_AES_256_GCM_SHA384", "{cipher_bits}": "256", "{cert_subject}": "/CN=a b", "{verify}": "OK"}
        self.assertEqual(result_of(send(running, address, tls=tls), "x-tls"),
                         'pass policy.tls=TLSv1.3 policy.cipher=TLS_AES_256_GCM_SHA384 policy.bits=256 policy.cert-subject="/CN=a b" policy.verify=OK')
        self.assertEqual(result_of(send(running, address, tls={"{tls_version}": "TLSv1.1"}), "x-tls").split()[0], "neutral")
        stop_later(running)

    def examine(self, *words):
        """heloscope doctor for domains of peers.test: cells and findings of each, and the exit status."""
        path = lab.folder / "doctor.conf"
        path.write_text(lab.fill_in(re.sub(r'(file|records) "[^"]*"', "", self.config), 8891))
        done = lab.tool("doctor", "-c", path, "--json", *words, deadline_s=3 * DEADLINE_S)
        self.assertEqual(done.stderr, "")
        reports = {report["domain"].split(".")[0]: report for report in json.loads(done.stdout)}
        self.assertIn(done.returncode, (0, 1, 3))
        return reports

    def assert_finds(self, report, row, severity, pattern=""):
        self.assertEqual(report["cells"][row], severity, report)
        found = [" ".join([f["what"], f.get("consequence", ""), f.get("remedy", ""), *f.get("publish", ())]) for f in report["findings"] if f["row"] == row]
        if pattern:
            self.assertRegex("\n".join(found), pattern)

    def test_check_looks_and_waits(self):
        path = lab.folder / "check.conf"
        path.write_text(lab.fill_in(self.config.replace("{records}", f"{lab.folder}/records/check"), 8891))
        for name, banner, status in (("dane", "equals reverse DNS", 0), ("late", "equals reverse DNS", 0), ("foreign", "another domain", 1)):
            done = lab.tool("check", "-c", path, "--ip", ADDRESSES[name], "--from", "<>")
            text = " ".join(done.stdout.split())
            self.assertEqual((done.returncode, done.stderr), (status, ""), done.stdout)
            self.assertRegex(text, f"Banner (pass|fail) the client's server greets as .*: {banner} ")
            self.assertIn("Server TLS", text)
            self.assertNotIn("plain text", text)  # nobody said how the mail would come
            self.assertNotIn("looked at", text)  # it was at this very time
        self.assertIn("greets on port 25 (SMTP banner) to foreign.peers.test.", text)
        self.assertRegex(text, r"The mail server on port 25 of the connecting IP address [0-9.]+ greets as \"mail\.elsewhere\.example\", which is not its name\. If this is your mail server, ask its administrator to set the name in its greeting \(SMTP banner\) to foreign\.peers\.test\.")

    def test_golden_texts_of_the_doctor(self):
        """What people read of their servers, as it is."""
        path, texts = lab.folder / "doctor.conf", []
        path.write_text(lab.fill_in(re.sub(r'(file|records) "[^"]*"', "", self.config), 8891))
        for title, domains in SCENES:
            done = lab.tool("doctor", "-c", path, "--ip", ADDRESSES["trusted"], "--helo", host("trusted"), *map(host, domains), deadline_s=3 * DEADLINE_S)
            self.assertEqual(done.stderr, "")
            texts.append(f"===== {title}\n\n" + done.stdout.split("\nWhat the DNS says\n")[0])
        text, golden = "\n".join(texts), GOLDEN / "doctor-servers.txt"
        if os.environ.get("UPDATE_GOLDEN") == "yes":
            golden.write_text(text)
        self.assertEqual(text, golden.read_text())

    def test_doctor_looks_at_the_servers(self):
        domains = ["allwell", "strict", "torn", "mute", "plainly", "strange", "broken", "injected", "away", "unusable", "nomail"]
        reports = self.examine(*map(host, domains), "loose.test")
        for row in ("banner", "starttls", "certificate", "old-tls", "dane", "mta-sts", "tls-reports"):
            self.assert_finds(reports["allwell"], row, "good")
        self.assert_finds(reports["strict"], "certificate", "warning", r"expired\.peers\.test .* expired on 2020-02-01")
        self.assert_finds(reports["strict"], "mta-sts", "error", r"does not name the MX host expired\.peers\.test")
        self.assert_finds(reports["strict"], "mta-sts", "error", "certificate of a mail server is not valid for it")
        self.assert_finds(reports["strict"], "tls-reports", "warning", "has no .rua=")
        self.assert_finds(reports["torn"], "dane", "error", r"_25\._tcp\.danebad\.peers\.test\. TLSA 3 1 1 [0-9a-f]{64}$")
        self.assert_finds(reports["plainly"], "dane", "error", "has TLSA records, but STARTTLS is not offered there")
        self.assert_finds(reports["unusable"], "dane", "warning", r"DANE-EE\(3\).*_25\._tcp\.self\.peers\.test\. TLSA 3 1 1 [0-9a-f]{64}$")
        self.assert_finds(reports["loose"], "dane", "warning", "DNSSEC does not protect every name")
        self.assert_finds(reports["torn"], "mta-sts", "error", r"cannot be fetched: mta-sts\.torn\.peers\.test has no address\.")
        self.assert_finds(reports["nomail"], "mta-sts", "good")  # a null MX is no host
        self.assert_finds(reports["torn"], "certificate", "note", "not trusted")
        self.assert_finds(reports["torn"], "old-tls", "note", r"still takes TLSv1\.1\.")
        self.assert_finds(reports["mute"], "banner", "error", "connection refused")
        self.assert_finds(reports["away"], "banner", "unknown", "away.peers.test .*: cannot be reached.*only this network")
        self.assert_finds(reports["plainly"], "starttls", "warning", "does not offer STARTTLS")
        self.assert_finds(reports["plainly"], "mta-sts", "not-asked")
        self.assert_finds(reports["strange"], "banner", "warning", r"greets with .mail\.elsewhere\.example.*foreign\.peers\.test")
        self.assert_finds(reports["broken"], "starttls", "error", "alert handshake failure")
        self.assert_finds(reports["injected"], "starttls", "error", "CVE-2011-0411")
        self.assert_finds(reports["allwell"], "relay", "not-asked")

    def test_B09_a_server_that_turns_us_away_is_unknown(self):
        reports = self.examine("--relay-test", *map(host, ("daway554", "dawayehlo", "daway451", "dawaymail")))
        for name, row, words in (("daway554", "banner", r"554 .*IP address 203\.0\.113\.9 is block listed"), ("dawayehlo", "banner", "your network is on our own list"),
                                 ("daway451", "banner", "451 .*come back in 300 s"), ("dawaymail", "relay", "554 5.7.1 Service unavailable; client host blocked")):
            self.assert_finds(reports[name], row, "unknown", words)
            self.assertNotIn("are lost", json.dumps(reports[name]))

    def test_B27_a_masked_STARTTLS_is_called_that(self):
        report = self.examine(host("dmasked"))["dmasked"]
        self.assert_finds(report, "starttls", "warning", "a firewall that inspects SMTP, overwrites STARTTLS with XXXXXXXA; turn that inspection off")

    def test_B14b_TLSA_lookups_that_fail_where_nothing_is_signed_are_nothing(self):
        self.config = self.config.replace("trust-anchor", 'zone "_tcp.m.lame.test" servers 127.0.0.1@9\n    trust-anchor')
        report = self.examine("lame.test")["lame"]
        self.assert_finds(report, "dane", "not-asked")

    def test_B07_the_policy_host_is_tried_at_all_its_addresses(self):
        reports = self.examine(*map(host, POLICY_HOSTS))
        for name in POLICY_HOSTS:
            self.assert_finds(reports[name], "mta-sts", "error" if name in ("hostnone", "inside") else "good")
        self.assert_finds(reports["inside"], "mta-sts", "error", r"cannot be fetched: the address of mta-sts\.inside\.peers\.test, 127\.0\.0\.1, is not a public one")

    def test_doctor_tries_to_relay_only_when_told(self):
        reports = self.examine("--relay-test", host("open"), host("allwell"))
        self.assert_finds(reports["open"], "relay", "error", r"MAIL FROM:<heloscope-relay-test@mx\.lab\.test> RCPT TO:<heloscope-relay-test@mx\.lab\.test>")
        self.assert_finds(reports["allwell"], "relay", "good")
        reports = self.examine("--relay-test", *map(host, ("hacked", "catchall", "later", "tlsonly", "hurried", "closed")))
        self.assert_finds(reports["hacked"], "relay", "error", r"RCPT TO:<heloscope-relay-test%mx\.lab\.test@hacked\.peers\.test>")
        self.assert_finds(reports["catchall"], "relay", "good")
        self.assert_finds(reports["later"], "relay", "unknown", "later")
        self.assert_finds(reports["tlsonly"], "relay", "unknown", "STARTTLS or a password")
        self.assert_finds(reports["hurried"], "relay", "error", r"MAIL FROM:<\S+> RCPT TO:<mx\.lab\.test!heloscope-relay-test@hurried\.peers\.test>")
        self.assert_finds(reports["closed"], "relay", "good")
        self.assertEqual(sum(line.startswith("RCPT") for line in set(scripts["curt"].lines)), 11 + 3)
        self.assertEqual(sum(line.startswith("MAIL") for line in set(scripts["curt"].lines)), 4)
        for name in RELAYS:
            self.assertIn("MAIL FROM:<>", scripts[name].lines)
            self.assertEqual([line for line in scripts[name].lines if line.startswith("DATA")], [])
        self.examine("--no-connect", host("well"))
        self.assertEqual(scripts["well"].connections, 0)

    def test_tests_from_the_page_take_what_was_just_found(self):
        running = lab.heloscope(self.config, name="tested")
        known(running, "http")
        record = wait_until("the record", lambda: [each for each in running.records() if each["verdicts"][0]["action"] == "reject"])[0]
        stop_later(running)
        record["mode"] = "enforce"
        record["verdicts"][0].update(enforced=True, reply="550 5.7.1 no")
        idents = [record["id"][:-12] + f"{number:012x}" for number in range(3)]
        log = lab.folder / "refused.jsonl"
        log.write_text("".join(json.dumps({**record, "id": ident}, separators=(",", ":")) + "\n" for ident in idents))
        program, place = lab.folder / "heloscope", free_port()
        shutil.copy(lab.builddir / "milter/heloscope", program)
        page = lab.start("page", [program, "page", "--listen", f"127.0.0.1:{place}", "--user", "nobody", "--stderr", "-c", running.config, "--log", log])
        wait_until("heloscope page", lambda: "page: ready" in (lab.folder / "page.log").read_text(), process=page)
        before = scripts["http"].connections
        found = [self.press(place, ident) for ident in idents]
        page.terminate()
        self.assertEqual(page.wait(DEADLINE_S), 0)
        for body in found:
            self.assertIn("what answers on port 25 does not speak SMTP", body.partition("What was found now")[2].partition("</ul>")[0])
        self.assertEqual(scripts["http"].connections - before, 1)

    @staticmethod
    def press(port, ident):
        """What the page shows once it was tested; each look is another visitor's, and there are few in a second, so that none has to wait."""
        visitors = itertools.count(1)

        def ask(method):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/{ident}", method=method, headers={"X-Real-IP": f"192.0.2.{next(visitors)}"})
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return answer.read().decode()

        ask("POST")

        def body():
            time.sleep(0.3)
            text = ask("GET")
            return text if "Tested at" in text else None
        return wait_until("the test", body)

    def test_off_by_default_there_is_nothing_of_it(self):
        off = re.sub(r"look-back yes \{[^}]*\{[^}]*\}[^}]*\}", "", self.config)
        off = re.sub(r"policy \{.*\}", "", off, flags=re.S)
        running = lab.heloscope(off, name="off")
        header = send(running, ADDRESSES["declines"])
        self.assertNotIn("x-banner", header)
        self.assertNotIn("x-tls", header)
        stop_later(running)
        self.assertEqual(scripts["declines"].connections, 0)


if __name__ == "__main__":
    enter_namespace([*ADDRESSES.values(), *CROWD, SIX, OWN, POLICIES, POLICIES6, "192.0.2.201", "2001:db8:6::201"])
    unittest.main()
