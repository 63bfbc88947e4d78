"""The resolver against real and scripted name servers: nsd, nsd with a signed zone, and one that misbehaves."""
import contextlib
import itertools
import re
import resource
import socket
import subprocess
import time
import unittest

import dns.message
import dns.rrset

from dns_server import ODD_LABELS, DnsServer
from lab import DEADLINE_S, HEAD, SANITIZER, Lab, accepts, free_port, main, wait_until
from raw_milter import Client, connect_packet

WAIT_MS = 1000 * DEADLINE_S  # for what is answered in the end
PATIENCE_MS = 1500           # for what is not

ZONE = """
host A 192.0.2.1
host AAAA 2001:db8::1
six AAAA 2001:db8::6
mail MX 10 host
alias CNAME host
short 30 A 192.0.2.9
alias2 20 CNAME short
text TXT "one " "string"
*.wild A 192.0.2.77
gone DNAME plain.test.
"""


def escaped(label):
    """A label as the resolver shows it: what has no place in a host name as \\DDD."""
    return "".join(chr(octet) if re.match(r"[a-z0-9_-]", chr(octet)) else f"\\{octet:03}" for octet in label)


class Base(unittest.TestCase):
    def setUp(self):
        self.lab = Lab()
        self.lab.__enter__()
        self.addCleanup(self.lab.__exit__, None, None, None)

    def resolve(self, port, questions, wait_ms=WAIT_MS, anchor=None):
        """Ask all at once. Returns {(name, type): [status, ttl, security, count, first record]}."""
        return self.resolve_by(f"127.0.0.1@{port}", questions, wait_ms, [anchor] if anchor else [])

    def resolve_by(self, servers, questions, wait_ms=WAIT_MS, more=(), prefix=()):
        done = subprocess.run(
            [*prefix, self.lab.builddir / "tests/integration/resolve", servers, str(wait_ms), *more],
            input="".join(f"{name} {kind}\n" for name, kind in questions), capture_output=True, text=True, timeout=4 * DEADLINE_S,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        self.assertIsNone(SANITIZER.search(done.stderr), done.stderr[-3000:])
        return {tuple(fields[:2]): fields[2:] for fields in (line.split(" ", 6) for line in done.stdout.splitlines())}


class Streams(Base):
    """Name servers that say over UDP that their answer needs TCP, and over TCP nothing: each of an address of its own."""

    SERVERS = 264  # libunbound alone has 10 streams for all; with none free it sends what waits to a wrong server

    def test_who_is_silent_over_TCP_keeps_no_others_from_it(self):
        port = free_port()
        _, hard = limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        addresses = [f"127.0.{77 + number // 200}.{1 + number % 200}" for number in range(self.SERVERS)]
        listeners = [socket.create_server((address, port)) for address in addresses]
        udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in addresses]
        for end, address in zip(udp, addresses):
            end.bind((address, port))
        for end in (*listeners, *udp):
            end.setblocking(False)
            self.addCleanup(end.close)
        self.lab.servers["scripted"] = port
        running = self.lab.heloscope(
            HEAD + "\npolicy { reject when spf = fail }\nresolver { servers 127.0.0.1@{scripted} timeout 1s\n"
            + "".join(f'zone "z{number}.test" servers {address}@{{scripted}}\n' for number, address in enumerate(addresses)) + "}\n")
        streams = [[] for _ in addresses]

        def is_open(stream):
            with contextlib.suppress(BlockingIOError):
                while stream.recv(4096):
                    pass
                return False
            return True

        def all_are_reached():
            for end in udp:
                with contextlib.suppress(BlockingIOError):
                    while True:
                        question, asker = end.recvfrom(4096)
                        end.sendto(question[:2] + b"\x87\x80" + question[4:6] + bytes(6) + question[12:question.index(b"\0", 12) + 5], asker)
            for listener, accepted in zip(listeners, streams):
                with contextlib.suppress(BlockingIOError):
                    accepted.append(listener.accept()[0])
                    accepted[-1].setblocking(False)
                    self.addCleanup(accepted[-1].close)
            return all(any(is_open(stream) for stream in accepted) for accepted in streams)

        with Client(running.port) as client:
            client.start("198.51.100.1")
            for number in range(self.SERVERS):
                client.ask(b"M", f"<a@x.z{number}.test>\0".encode())
            wait_until("a stream to each server at once", all_are_reached)
        running.kill()


class Nsd(Base):
    def test_statuses_ttl_and_records(self):
        port = self.lab.nsd({"plain.test": ZONE})
        expected = {
            ("host.plain.test", "A"): "NOERROR 300 insecure 1 192.0.2.1",
            ("HOST.plain.test", "A"): "NOERROR 300 insecure 1 192.0.2.1",
            ("host.plain.test", "AAAA"): "NOERROR 300 insecure 1 2001:db8::1",
            ("six.plain.test", "A"): "NODATA 60 insecure 0 ",
            ("absent.plain.test", "A"): "NXDOMAIN 60 insecure 0 ",
            ("mail.plain.test", "MX"): "NOERROR 300 insecure 1 host.plain.test",
            ("alias.plain.test", "A"): "NOERROR 300 insecure 1 192.0.2.1",
            ("alias2.plain.test", "A"): "NOERROR 20 insecure 1 192.0.2.9",
            ("text.plain.test", "TXT"): "NOERROR 300 insecure 1 10 octets",
            ("any.wild.plain.test", "A"): "NOERROR 300 insecure 1 192.0.2.77",
            ("host.gone.plain.test", "A"): "NOERROR 300 insecure 1 192.0.2.1",
            ("1.2.0.192.in-addr.arpa", "PTR"): "NXDOMAIN 60 insecure 0 ",
        }
        made_from_dname = [("host.gone.plain.test", "A")]  # what a cache makes of it may have no time to live
        found = self.resolve(port, expected)
        for question, text in expected.items():
            with self.subTest(question):
                status, ttl, *rest = found[question]
                wanted_status, wanted_ttl, *wanted = text.split(" ", 4)
                self.assertEqual([status, *rest], [wanted_status, *wanted])
                least = 0 if question in made_from_dname else int(wanted_ttl) - DEADLINE_S
                self.assertTrue(least <= int(ttl) <= int(wanted_ttl), ttl)

    def test_F16_dnssec_secure_and_bogus(self):
        folder = self.lab.subfolder("keys")
        origin = "$ORIGIN signed.test.\n$TTL 300\n@ SOA ns.lab.test. hostmaster.lab.test. 1 3600 900 86400 60\n@ NS ns.lab.test.\n"
        (folder / "zone").write_text(origin + "good A 192.0.2.1\nbad A 192.0.2.2\n")
        key = subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "signed.test"], cwd=folder, check=True, capture_output=True, text=True)
        subprocess.run(["ldns-signzone", "-n", "-o", "signed.test", "zone", key.stdout.strip()], cwd=folder, check=True, capture_output=True)
        signed = (folder / "zone.signed").read_text()
        signed, changed = re.subn(r"(?m)^(bad\.signed\.test\.\s+\d+\s+IN\s+A\s+)192\.0\.2\.2", r"\g<1>192.0.2.3", signed)
        self.assertEqual(changed, 1)
        # lab.nsd writes an SOA and NS of its own, so the signed zone is served as it is.
        port = self.lab.nsd({"plain.test": ZONE}, files={"signed.test": signed})
        found = self.resolve(
            port, [("good.signed.test", "A"), ("absent.signed.test", "A"), ("bad.signed.test", "A"), ("host.plain.test", "A")],
            anchor=folder / (key.stdout.strip() + ".key"),
        )
        self.assertEqual(found["good.signed.test", "A"][0::2], ["NOERROR", "secure", "192.0.2.1"])
        self.assertEqual(found["absent.signed.test", "A"][0::2][:2], ["NXDOMAIN", "secure"])
        self.assertEqual(found["bad.signed.test", "A"][0], "BOGUS")
        self.assertEqual(found["host.plain.test", "A"][0::2], ["NOERROR", "insecure", "192.0.2.1"])


class Modes(Base):
    """`servers system` and `servers recursive`, in a namespace whose root servers are an nsd of ours."""

    ROOT_SERVERS = """198.41.0.4 170.247.170.2 199.9.14.201 192.33.4.12 199.7.91.13 192.203.230.10 192.5.5.241
        192.112.36.4 198.97.190.53 192.36.148.17 192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33""".split()

    def test_system_and_recursive(self):
        if subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True).returncode != 0:
            self.skipTest("no mount namespace can be made here")
        root = "@ NS a.root-servers.net.\na.root-servers.net. A 198.41.0.4\nexample NS ns.example\nns.example A 198.41.0.4\n"
        zone = "@ NS ns\nns A 198.41.0.4\nhost A 192.0.2.1\n"
        config = self.lab.nsd_config("0.0.0.0", {".": root, "example": zone})
        (self.lab.folder / "resolv.conf").write_text("nameserver 127.0.0.1\nsearch search.example\n")
        host = self.lab.start("host", [
            "unshare", "--net", "--mount", "sh", "-ec",
            f"""ip link set lo up
            for address in {" ".join(self.ROOT_SERVERS)}; do ip address add $address/32 dev lo; done
            mount --bind {self.lab.folder}/resolv.conf /etc/resolv.conf
            echo ready
            exec nsd -d -c {config}""",
        ])
        self.lab.logs_mention("host", "nsd started")
        inside = ["nsenter", "--net", "--mount", "-t", str(host.pid)]
        for servers in ("system", "recursive"):
            with self.subTest(servers):
                found = self.resolve_by(servers, [("host.example", "A"), ("absent.example", "A"), ("host", "A")], prefix=inside)
                self.assertEqual(found["host.example", "A"][0::4], ["NOERROR", "192.0.2.1"])
                self.assertEqual(found["absent.example", "A"][0], "NXDOMAIN")
                self.assertEqual(found["host", "A"][0], "NXDOMAIN")  # F18: no search list


class Scripted(Base):
    def test_faults(self):
        cases = {
            ("servfail.t.test", "A"): ("SERVFAIL",),  # F05
            ("refused.t.test", "A"): ("SERVFAIL",),
            ("formerr.t.test", "A"): ("SERVFAIL",),
            ("notimp.t.test", "A"): ("SERVFAIL",),
            ("yxdomain.t.test", "A"): ("SERVFAIL",),
            ("nodata.t.test", "A"): ("NODATA",),  # F06
            ("nxdomain.t.test", "A"): ("NXDOMAIN",),
            ("truncated.t.test", "A"): ("NOERROR",),  # F07
            ("tcpreset.t.test", "A"): ("SERVFAIL", "TIMEOUT"),
            ("drop.t.test", "A"): ("SERVFAIL", "TIMEOUT"),  # F02
            ("wrongid.t.test", "A"): ("SERVFAIL", "TIMEOUT"),  # F08
            ("wrongname.t.test", "A"): ("SERVFAIL", "TIMEOUT"),
            ("garbage.t.test", "A"): ("SERVFAIL", "TIMEOUT", "MALFORMED"),
            ("empty.t.test", "A"): ("SERVFAIL", "TIMEOUT"),
            ("short.t.test", "A"): ("SERVFAIL", "TIMEOUT"),
            ("overrun.t.test", "A"): ("SERVFAIL", "TIMEOUT", "MALFORMED"),
            ("cnameloop.t.test", "A"): ("SERVFAIL", "TIMEOUT", "MALFORMED"),  # F10
            ("oddname.t.test", "PTR"): ("NOERROR",),  # F11, C25
            ("big16000.t.test", "TXT"): ("NOERROR",),  # C10, F13
            ("big60000.t.test", "TXT"): ("NOERROR",),
            ("many1000.t.test", "PTR"): ("NOERROR",),  # F09
            ("late300.t.test", "A"): ("NOERROR",),  # F03
            ("good.t.test", "A"): ("NOERROR",),
        }
        # A server that is silent for some names is asked less often for all: what it answers is asked of another one.
        answered = [question for question, statuses in cases.items() if statuses in (("NOERROR",), ("NODATA",), ("NXDOMAIN",))]
        found = {}
        for questions in (answered, [question for question in cases if question not in answered]):
            port = free_port()
            with DnsServer(port):
                found.update(self.resolve(port, questions, 8000))
        for question, statuses in cases.items():
            with self.subTest(question):
                self.assertIn(found[question][0], statuses)
        self.assertEqual(found["big60000.t.test", "TXT"][4], "60000 octets")
        self.assertEqual(found["many1000.t.test", "PTR"][3], "64")
        self.assertEqual(found["oddname.t.test", "PTR"][4], ".".join(escaped(label) for label in ODD_LABELS))

    def test_F01_no_server(self):
        found = self.resolve(9, [("good.t.test", "A")])
        self.assertIn(found["good.t.test", "A"][0], ("SERVFAIL", "NO_SERVER"))

    def test_D2_names_that_nobody_answers_take_nothing_from_others(self):
        """A stranger's silent names, wave upon wave: the forwarder is not taken for dead, it answers for all others."""
        port = free_port()
        questions = [(f"drop.n{n}.w{wave}.test", "A") for wave in range(3) for n in range(20)]
        for wave in (2, 1):
            questions.insert(20 * wave, ("then", "-"))
        with DnsServer(port):
            found = self.resolve(port, [*questions, *((f"{name}.t.test", "A") for name in ("good", "truncated", "late20"))])
        for name in ("good", "truncated", "late20"):
            self.assertEqual(found[f"{name}.t.test", "A"][0], "NOERROR", name)

    def test_N09_no_name_server_answers(self):
        """One line when it begins, one when it ends; meanwhile no name is blamed."""
        port = free_port()
        running = self.lab.heloscope(HEAD + f"\nresolver {{ servers 127.0.0.1@{port} timeout 1s }}\n", name="deaf")
        with Client(running.port) as client:
            client.socket.sendall(connect_packet("198.51.100.7"))
            client.ask(b"H", b"client.test\0")
            client.ask(b"M", b"<a@sender.test>\0")
            client.ask(b"R", b"<user@in.test>\0")
        self.lab.logs_mention("deaf", "no name server answers")
        with DnsServer(port):
            self.lab.logs_mention("deaf", "name servers answer again")
        text = running.log_text()
        self.assertEqual((text.count("no name server answers"), text.count("name servers answer again")), (1, 1), text)
        running.stop()

    def test_a_clock_that_is_set_back_freezes_no_answer(self):
        """libunbound keeps an answer of a second until a time of the wall clock, which may then be a day away."""
        port, told = free_port(), itertools.count(1)

        def answer(packet, is_tcp):
            reply = dns.message.make_response(dns.message.from_wire(packet))
            reply.answer = [dns.rrset.from_text(reply.question[0].name, 1, "IN", "TXT", f'"{"x" * next(told)}"')]
            return reply.to_wire()

        with DnsServer(port, answer):
            found = self.resolve(port, [("n.test", "TXT"), ("then", "-"), ("clock", "-86400"), ("again", "-"), ("n.test", "TXT")])
        self.assertEqual((found["n.test", "TXT"][0], found["n.test", "TXT"][4] != "1 octets"), ("NOERROR", True), found)

    def test_a_clock_that_is_set_takes_no_question_under_way(self):
        port = free_port()
        names = [f"late1200.n{n}.t.test" for n in range(50)]
        with DnsServer(port):
            for set_s in ("-86400", "86400"):
                found = self.resolve(port, [("first.t.test", "A"), ("clock", set_s), *((name, "A") for name in names)])
                self.assertEqual({found[name, "A"][0] for name in names}, {"NOERROR"}, set_s)

    def test_F02_end_with_thousands_in_flight(self):
        """Nobody answers 10,000 questions; the end of the resolver answers each once, and at once."""
        port = free_port()
        with DnsServer(port):
            start = time.monotonic()
            found = self.resolve(port, [(f"drop.n{n}.test", "A") for n in range(10000)], PATIENCE_MS)
            self.assertLess(time.monotonic() - start, DEADLINE_S)
        self.assertEqual(len(found), 10000)
        self.assertEqual({fields[0] for fields in found.values()} - {"TIMEOUT", "SERVFAIL", "NO_SERVER"}, set())

    def test_a_question_among_ten_thousand_that_hang_is_answered(self):
        """
        It has a port of its own: of those behind it many wait for one, and the server is taken for dead in the end. As many
        as stand before it fit into the server's buffer, however slow that is.
        """
        port = free_port()
        with DnsServer(port):
            questions = [(f"drop.n{n}.test", "A") for n in range(10000)]
            questions.insert(100, ("good.t.test", "A"))
            found = self.resolve(port, questions, PATIENCE_MS)
        self.assertEqual(found["good.t.test", "A"][0], "NOERROR")

    def test_thousands_in_flight_are_all_answered(self):
        """By a server that is quick whatever else the machine does: a slow one is given up, which is right."""
        port = free_port()
        config = self.lab.nsd_config(f"127.0.0.1@{port}", {"many.test": "* A 192.0.2.1\n"})
        process = self.lab.start("nsd", ["nsd", "-d", "-c", config])
        wait_until("nsd", lambda: accepts(port), process=process)
        found = self.resolve(port, [(f"n{n}.many.test", "A") for n in range(1000)], 8000)
        self.assertEqual((len(found), {fields[0] for fields in found.values()}), (1000, {"NOERROR"}))


if __name__ == "__main__":
    main(verbosity=2)
