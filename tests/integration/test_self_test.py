"""The resolver's self-test: nsd with a signed root zone, unbound in front of it, and name servers with a fault each."""
import contextlib
import json
import socket
import struct
import subprocess
import time
import unittest

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from dns_server import DnsServer
from lab import HEAD, LabTest, Unix, accepts, free_port, module_lab, schema_of, wait_until
from raw_milter import Client

SCHEMA = schema_of("status")

ROOT_IPV6 = "2001:503:ba3e::2:30"
ROOT = """$ORIGIN .
$TTL 300
@ SOA ns.lab.test. hostmaster.lab.test. 1 3600 900 86400 60
@ NS a.root-servers.net.
a.root-servers.net. A 198.41.0.4
a.root-servers.net. AAAA 2001:503:ba3e::2:30
test. NS a.root-servers.net.
"""
TESTS = ["servers", "speed", "public", "large-answers", "tcp", "ipv6", "absent-names", "dnssec", "trust-anchor"]
PUBLIC = "9.9.9.9"
LISTED = ":127.0.0.2:listed\n127.0.0.2\n"
REFUSING = "127.0.0.2 :127.255.255.254:refused\n"

lab = None


def setUpModule():
    global lab, root
    with module_lab() as lab:
        lab.subfolder("control", owner="nobody")
        root = SignedRoot()
        root.port = root.serve("127.0.0.1")
        lab.rbldnsd({"bl.test": ("ip4set", LISTED), "no.test": ("ip4set", REFUSING)})


class SignedRoot:
    """A root zone, keys of it, and name servers that have it."""

    def __init__(self):
        self.folder = lab.subfolder("root")
        self.keys = [self.make_key() for _ in range(3)]  # the second is published, the third is not
        published = (self.folder / f"{self.keys[1]}.key").read_text()
        (self.folder / "zone").write_text(ROOT + published)
        subprocess.run(["ldns-signzone", "-o", ".", "zone", self.keys[0]], cwd=self.folder, check=True, capture_output=True)
        self.zone = (self.folder / "zone.signed").read_text()

    def make_key(self):
        done = subprocess.run(["ldns-keygen", "-a", "RSASHA256", "-b", "2048", "-k", "."], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def anchor(self, *numbers):
        """A file with these of the keys."""
        path = lab.folder / f"anchor{''.join(map(str, numbers))}"
        path.write_text("".join((self.folder / f"{self.keys[number]}.key").read_text() for number in numbers))
        path.chmod(0o644)
        return path

    def tag(self, number):
        return int(self.keys[number].rpartition("+")[2])

    def serve(self, address, port=None):
        port = port or free_port()
        folder = lab.folder / f"nsd-{port}"
        config = lab.nsd_config(f"{address}@{port}", {}, {".": self.zone})
        text = config.read_text().replace(str(config.parent), str(folder))
        config.parent.rename(folder)
        (folder / "nsd.conf").write_text(text)
        process = lab.start(f"nsd-{port}", ["nsd", "-d", "-c", folder / "nsd.conf"])
        wait_until("nsd", lambda: accepts(port, address), process=process)
        return port

    def unbound(self, name, lines):
        """A resolver that asks the root zone's server, with these lines in its configuration. Returns its port."""
        port = free_port()
        path = lab.folder / f"{name}.unbound"
        path.write_text(f"""server:
            interface: 127.0.0.1@{port}
            username: ""
            chroot: ""
            pidfile: ""
            use-syslog: no
            do-daemonize: no
            do-not-query-localhost: no
            {lines}
        remote-control:
            control-enable: no
        forward-zone:
            name: "."
            forward-addr: 127.0.0.1@{self.port}
        """)
        process = lab.start(name, ["unbound", "-d", "-c", path])
        wait_until(name, lambda: answers(port), process=process)
        return port


def exchange(packet, port, is_tcp):
    """What the server on that port answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM if is_tcp else socket.SOCK_DGRAM) as end:
        end.settimeout(5)
        end.connect(("127.0.0.1", port))
        end.sendall(struct.pack("!H", len(packet)) * is_tcp + packet)
        if not is_tcp:
            return end.recv(65535)
        with end.makefile("rb") as stream:
            return stream.read(struct.unpack("!H", stream.read(2))[0])


def answers(port):
    with contextlib.suppress(OSError):
        return exchange(dns.message.make_query(".", "NS").to_wire(), port, False)
    return None


def relay(packet, is_tcp):
    return exchange(packet, root.port, is_tcp)


# Name servers with a fault: they relay to the one with the root zone, but for what a function makes of it.

def drops_large(packet, is_tcp):
    answer = relay(packet, is_tcp)
    return answer if is_tcp or len(answer) <= 512 else None


def cuts_all(packet, is_tcp):
    if is_tcp:
        return False
    response = dns.message.make_response(dns.message.from_wire(packet))
    response.flags |= dns.flags.TC
    return response.to_wire()


def is_late(packet, is_tcp):
    time.sleep(0.4)
    return relay(packet, is_tcp)


def invents(packet, is_tcp):
    answer = dns.message.from_wire(relay(packet, is_tcp))
    if answer.rcode() != dns.rcode.NXDOMAIN:
        return answer.to_wire()
    question = answer.question[0]
    response = dns.message.make_response(dns.message.from_wire(packet))
    response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", "192.0.2.80"))
    return response.to_wire()


def leaves_out_signatures(packet, is_tcp):
    query = dns.message.from_wire(packet)
    return relay(dns.message.make_query(query.question[0].name, query.question[0].rdtype, id=query.id).to_wire(), is_tcp)


def leaves_out_aaaa(packet, is_tcp):
    query = dns.message.from_wire(packet)
    return dns.message.make_response(query).to_wire() if query.question[0].rdtype == dns.rdatatype.AAAA else relay(packet, is_tcp)


def refuses(packet, is_tcp):
    response = dns.message.make_response(dns.message.from_wire(packet))
    response.set_rcode(dns.rcode.REFUSED)
    return response.to_wire()


def is_silent(packet, is_tcp):
    return False if is_tcp else None


def has_ipv6(test):
    """Let this host have a way to the root's server over IPv6, until the test ends."""
    subprocess.run(["ip", "address", "add", f"{ROOT_IPV6}/128", "dev", "lo", "nodad"], check=True)
    test.addCleanup(subprocess.run, ["ip", "address", "del", f"{ROOT_IPV6}/128", "dev", "lo"], check=True)


class SelfTest(LabTest):
    def run_filter(self, name, servers, lists='dnsbl "bl.test"', zones="", anchor=None, timeout="5s", test_interval="24h"):
        """A filter; of the lists bl.test has a server of its own."""
        zones += 'zone "bl.test" servers 127.0.0.1@{rbldnsd}\n'
        anchored = f'trust-anchor "{anchor}"\n' if anchor else ""
        text = (f'{HEAD}\ncontrol "unix:{self.socket(name)}"\nresolver {{ servers {servers}\ntimeout {timeout}\n{zones}{anchored}}}\n'
                f"test-interval {test_interval}\n{lists}\n")
        running = lab.heloscope(text, name=name)
        self.addCleanup(self.end, running)
        return running

    @staticmethod
    def end(running):
        if running.process in lab.processes:
            running.stop()

    @staticmethod
    def socket(name):
        return lab.folder / "control" / f"{name}.sock"

    def get(self, name, path):
        with contextlib.closing(Unix(self.socket(name))) as connection:
            connection.request("GET", path)
            return connection.getresponse().read().decode()

    def resolver(self, name):
        status = json.loads(self.get(name, "/status"))
        SCHEMA.validate(status)
        return status["resolver"]

    def findings(self, name):
        """What each test found, once they are done."""
        resolver = wait_until("the self-test", lambda: (now := self.resolver(name)).get("tested") and now)
        self.assertEqual([test["test"] for test in resolver["tests"]], TESTS)
        return {test["test"]: test for test in resolver["tests"]}

    def told(self, running):
        """Lines of the log, up to the one that sums up."""
        wait_until("the summary", lambda: "resolver self-test: " in running.log_text())
        return [line for line in running.log_text().splitlines() if "resolver self-test" in line]

    def expect(self, running, **expected):
        """These faults, and no other, in status, log, metrics and the command's text. Returns the results and the lines of the log."""
        name = running.config.stem
        faults = {test.replace("_", "-"): finding for test, finding in expected.items()}
        found = self.findings(name)
        self.assertEqual({test: result["finding"] for test, result in found.items() if result["fault"]}, faults)
        lines = self.told(running)
        self.assertEqual([line.partition("self-test, ")[2].partition(":")[0] for line in lines if "self-test, " in line],
                         [test for test in TESTS if test in faults], lines)
        metrics = self.get(name, "/metrics")
        for test in TESTS:
            self.assertIn(f'\nheloscope_resolver_fault{{test="{test}"}} {int(test in faults)}\n', metrics)
        done = lab.tool("status", "-c", running.config)
        self.assertEqual(done.returncode, 1 if faults else 0, done.stdout)
        for test, finding in faults.items():
            self.assertRegex(done.stdout, rf"(?m)^  {test} +{finding}$")
        return found, lines, " ".join(done.stdout.split())


class Well(SelfTest):
    def test_all_is_well(self):
        has_ipv6(self)
        running = self.run_filter("well", f"127.0.0.1@{root.port}", anchor=root.anchor(0, 1))
        found, lines, text = self.expect(running)
        self.assertEqual({result["finding"] for result in found.values()}, {"well"})
        self.assertEqual(len(lines), 1)
        self.assertRegex(lines[0], rf"name server 127\.0\.0\.1 port {root.port} \(\d+ ms\): no fault; the list answers: bl\.test$")
        self.assertIn(f"Resolver name server 127.0.0.1 port {root.port}, tested 20", text)
        self.assertIn("well servers, speed, public, large-answers, tcp, ipv6, absent-names, dnssec, trust-anchor", text)

    def test_who_has_no_trust_anchor_is_not_told_to_have_one(self):
        running = self.run_filter("plain", f"127.0.0.1@{root.unbound('unbound-plain', '')}", lists="")
        found, lines, text = self.expect(running)
        self.assertEqual([found[test]["finding"] for test in ("ipv6", "dnssec", "trust-anchor")], ["off", "off", "off"])
        self.assertRegex(lines[0], "no fault; no list is configured$")
        self.assertIn("off ipv6, dnssec, trust-anchor", text)

    def test_it_is_made_again_at_a_reload(self):
        running = self.run_filter("again", f"127.0.0.1@{root.port}")
        self.told(running)
        for text in (running.config.read_text(), running.config.read_text().replace("timeout 5s", "timeout 5s cache 1MB")):
            before = running.log_text().count("resolver self-test: ")
            self.assertEqual(running.reload(text), "configuration read again")
            wait_until("the test", lambda: running.log_text().count("resolver self-test: ") == before + 1)


class Servers(SelfTest):
    def test_a_dead_DNS_holds_up_neither_start_nor_mail(self):
        port = free_port()
        with DnsServer(port, is_silent):
            begin = time.monotonic()
            running = self.run_filter("dead", f"127.0.0.1@{port}", lists="", timeout="8s")
            with Client(running.port) as client:
                client.start("127.0.0.1")
                client.message()
            self.assertNotIn("tested", self.resolver("dead"))
            self.assertLess(time.monotonic() - begin, 6)  # the test takes twelve
            begin = time.monotonic()
            running.stop()
            self.assertLess(time.monotonic() - begin, 6)
        self.assertNotIn("self-test", running.log_text())

    def test_silence_is_told_and_its_end(self):
        port = free_port()
        running = self.run_filter("silent", f"127.0.0.1@{port}", timeout="1s", test_interval="1s")
        found, lines, text = self.expect(running, servers="silent")
        self.assertEqual({result["finding"] for test, result in found.items() if test in ("speed", "tcp", "large-answers", "absent-names")}, {"unknown"})
        self.assertEqual(found["servers"]["servers"], [{"address": "127.0.0.1", "port": port}])
        self.assertIn(f"The name server 127.0.0.1 port {port} did not answer, so whatever needs the DNS is temperror, and no list can be queried.", lines[0])
        self.assertIn(f"The name server 127.0.0.1 port {port} did not answer", text)
        with DnsServer(port, relay):
            lab.logs_mention("silent", "resolver self-test, servers: the fault is gone")
            wait_until("the metric", lambda: 'heloscope_resolver_fault{test="servers"} 0' in self.get("silent", "/metrics"))
        self.assertEqual(running.log_text().count("self-test, servers: The name server"), 1)

    def test_one_of_two_is_silent(self):
        port = free_port()
        running = self.run_filter("partly", f"127.0.0.1@{root.port}, 127.0.0.1@{port}")
        found, lines, _ = self.expect(running, servers="partly-silent")
        self.assertEqual(found["servers"]["servers"], [{"address": "127.0.0.1", "port": port}])
        self.assertIn(f"The name server 127.0.0.1 port {port} did not answer, but others did", lines[0])

    def test_it_refuses(self):
        port = free_port()
        with DnsServer(port, refuses):
            self.expect(self.run_filter("refused", f"127.0.0.1@{port}"), servers="refused")

    def test_its_own_validation_fails(self):
        """An unbound with a trust anchor that is too old: everything is SERVFAIL, unless it is asked not to validate."""
        port = root.unbound("unbound-old", f'trust-anchor-file: "{root.anchor(2)}"\nmodule-config: "validator iterator"')
        _, lines, _ = self.expect(self.run_filter("own", f"127.0.0.1@{port}"), servers="own-dnssec")
        self.assertIn("DNSSEC validation fails in the name server 127.0.0.1", lines[0])

    def test_it_is_slow(self):
        port = free_port()
        with DnsServer(port, is_late):
            found, lines, _ = self.expect(self.run_filter("slow", f"127.0.0.1@{port}", timeout="1500ms"), speed="slow")
        self.assertGreaterEqual(found["speed"]["ms"], 400)
        self.assertRegex(lines[0], r"The quickest answer took \d+ ms")

    def test_it_has_no_TCP(self):
        port = root.unbound("unbound-udp", "do-tcp: no")
        _, lines, _ = self.expect(self.run_filter("udp", f"127.0.0.1@{port}"), tcp="no-tcp")
        self.assertIn(f"The name server 127.0.0.1 port {port} did not answer over TCP", lines[0])

    def test_it_cuts_all_and_has_no_TCP(self):
        port = free_port()
        with DnsServer(port, cuts_all):
            self.expect(self.run_filter("cut", f"127.0.0.1@{port}", timeout="1s"), tcp="no-tcp")

    def test_large_answers_get_lost(self):
        port = free_port()
        with DnsServer(port, drops_large):
            _, lines, _ = self.expect(self.run_filter("large", f"127.0.0.1@{port}"), large_answers="lost")
        self.assertIn("UDP answers of more than 512 octets did not arrive", lines[0])

    def test_it_invents_addresses(self):
        port = free_port()
        with DnsServer(port, invents):
            self.expect(self.run_filter("invents", f"127.0.0.1@{port}"), absent_names="invented")
            found, _, _ = self.expect(self.run_filter("lies", f"127.0.0.1@{port}", anchor=root.anchor(0, 1)), dnssec="bogus")
        self.assertEqual(found["absent-names"]["finding"], "unknown")

    def test_it_finds_no_IPv6_addresses(self):
        port = free_port()
        with DnsServer(port, leaves_out_aaaa):
            found, _, _ = self.expect(self.run_filter("v4", f"127.0.0.1@{port}"))
            self.assertEqual(found["ipv6"]["finding"], "off")
            has_ipv6(self)
            self.expect(self.run_filter("aaaa", f"127.0.0.1@{port}"), ipv6="no-aaaa")


class Lists(SelfTest):
    @classmethod
    def setUpClass(cls):
        subprocess.run(["ip", "address", "add", f"{PUBLIC}/32", "dev", "lo"], check=True)
        cls.port = root.serve(PUBLIC)

    def test_a_public_resolver_matters_for_lists_that_are_asked_there(self):
        running = self.run_filter("public", f"{PUBLIC}@{self.port}", lists='dnsbl "zen.example" dnsbl "dbl.example"\n')
        _, lines, text = self.expect(running, public="is-public")
        self.assertIn("and most DNS lists refuse such queries. Lists in the configuration: zen.example, dbl.example.", lines[0])
        self.assertIn(f"Queries go through a public resolver (name server {PUBLIC} port {self.port})", text)

    def test_without_such_lists_it_does_not(self):
        found, lines, _ = self.expect(self.run_filter("nobody", f"{PUBLIC}@{self.port}"))
        self.assertEqual((found["public"]["finding"], found["public"]["fault"]), ("is-public", False))
        self.assertEqual(len(lines), 1)

    def test_the_summary_says_which_lists_cannot_be_used(self):
        zones = 'zone "no.test" servers 127.0.0.1@{rbldnsd}\nzone "none.test" servers 127.0.0.1@9\n'
        running = self.run_filter("lists", f"127.0.0.1@{root.port}", lists='dnsbl "bl.test" dnsbl "no.test" dnsbl "none.test"', zones=zones)
        line = self.told(running)[-1]
        self.assertIn(": no fault; lists that refuse queries and are not used: no.test; lists that do not answer and are not used: none.test", line)
        self.assertEqual(self.findings("lists")["servers"]["fault"], False)


class Anchors(SelfTest):
    def test_it_lacks_the_key_of_the_root(self):
        anchor = root.anchor(2)
        running = self.run_filter("old", f"127.0.0.1@{root.port}", anchor=anchor)
        found, lines, text = self.expect(running, trust_anchor="lacks-key")
        self.assertEqual((found["trust-anchor"]["keys"], found["dnssec"]["finding"]), ([root.tag(0)], "unknown"))
        self.assertIn(f"The trust anchor {anchor} lacks the key with which the root is signed ({root.tag(0)})", lines[0])
        self.assertIn("apt-get install --only-upgrade dns-root-data", text)
        self.assertIn("heloscope_trust_anchor_root_key_missing 1", self.get("old", "/metrics"))

    def test_it_lacks_a_key_that_is_published(self):
        running = self.run_filter("new", f"127.0.0.1@{root.port}", anchor=root.anchor(0))
        found, lines, _ = self.expect(running, trust_anchor="lacks-new-key")
        self.assertEqual((found["trust-anchor"]["keys"], found["dnssec"]["finding"]), ([root.tag(1)], "well"))
        self.assertIn(f"lacks a key that the root zone publishes ({root.tag(1)})", lines[0])
        self.assertIn("heloscope_trust_anchor_root_key_missing 0", self.get("new", "/metrics"))

    def test_signatures_are_left_out(self):
        port = free_port()
        with DnsServer(port, leaves_out_signatures):
            _, lines, _ = self.expect(self.run_filter("unsigned", f"127.0.0.1@{port}", anchor=root.anchor(0, 1)), dnssec="signatures-lost")
        self.assertIn(f"The name server 127.0.0.1 port {port} left out the DNSSEC signatures", lines[0])

    def test_the_file_alone_is_judged_by_t(self):
        config = lab.folder / "t.conf"
        anchor = lab.folder / "2017"
        anchor.write_text(". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n")
        config.write_text(f'resolver {{\n trust-anchor "{anchor}" }}\n')
        told = self.check_config(config)
        self.assertRegex(told, r"t\.conf:2: warning: The trust anchor \S+ lacks the key with which the root is signed \(38696\)")
        anchor.write_text(anchor.read_text() + ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n")
        self.assertNotIn("38696", self.check_config(config))

    @staticmethod
    def check_config(config):
        return subprocess.run([lab.builddir / "milter/heloscope-milter", "-t", "-c", config], capture_output=True, text=True, check=False).stderr


class Recursive(SelfTest):
    """From the root down: its servers are an nsd of ours."""

    def test_IPv6_that_leads_nowhere_is_told_and_none_at_all_is_not(self):
        hints = "198.41.0.4 170.247.170.2 199.9.14.201 192.33.4.12 199.7.91.13 192.203.230.10 192.5.5.241 192.112.36.4 198.97.190.53 192.36.148.17 " \
            "192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33"
        for address in hints.split():
            subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
        root.serve("0.0.0.0", 53)
        found, lines, _ = self.expect(self.run_filter("recursive", "recursive", lists=""))
        self.assertEqual({test: result["finding"] for test, result in found.items()},
                         {test: "off" if test in ("ipv6", "dnssec", "trust-anchor") else "well" for test in TESTS})
        self.assertIn("root servers 198.41.0.4, 2001:503:ba3e::2:30 (", lines[0])
        has_ipv6(self)
        _, lines, _ = self.expect(self.run_filter("half", "recursive", lists=""), ipv6="no-way")
        self.assertIn(f"This host has a route for IPv6, but the root server {ROOT_IPV6} did not answer over it", lines[0])


if __name__ == "__main__":
    unittest.main(verbosity=2)
