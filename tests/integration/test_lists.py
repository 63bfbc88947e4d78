"""Lists that go wrong while the filter runs, behind a scripted name server: none may ever hurt mail."""
import collections
import contextlib
import email.message
import json
import re
import sys
import threading
import time
import unittest
import unittest.mock

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from dns_server import DnsServer
from lab import HEAD, Lab, free_port, wait_until
from raw_milter import Client, fields, packet
from readback import results

lab = None
filters = []

# What a list may say. Each gets the name below its zone, such as "2.0.0.127"; returns an answer, or None for none.
TEST_ENTRIES = {"2.0.0.127": True, "1.0.0.127": False, "test": True, "invalid": False}


def is_random_entry(name):
    """What a round asks beside the test entries: nobody knows it beforehand."""
    return re.fullmatch(r"1\.\d+\.\d+\.127|1\.0(\.[0-9a-f]){4}\.f\.7\.f\.f\.f\.f(\.0){20}|[a-z]{16}\.invalid", name) is not None


def lists_some(name):
    """Right test entries, and clients whose last octet is 66 or more."""
    if name in TEST_ENTRIES:
        return "127.0.0.2" if TEST_ENTRIES[name] else None
    first = name.split(".")[0]
    return "127.0.0.2" if first.isdigit() and int(first) >= 66 else None


def lists_names(name):
    """Right test entries, all below listed.example, addresses below 2001:db8:66::/48, and clients from 200 on."""
    if name in TEST_ENTRIES:
        return "127.0.0.2" if TEST_ENTRIES[name] else None
    first = name.split(".")[0]
    is_high = len(name.split(".")) == 4 and first.isdigit() and int(first) >= 200
    return "127.0.0.2" if is_high or name.endswith(("listed.example", ".6.6.0.0.8.b.d.0.1.0.0.2")) else None


MODES = {
    "names": lists_names,
    "well": lists_some,
    "everything": lambda name: "127.0.0.2",
    "nothing": lambda name: None,
    "refuses": lambda name: "127.255.255.254",
    "parked": lambda name: "192.0.2.80",
    "filtered": lambda name: "127.0.0.1",
    "world": lambda name: lists_some(name) if name in TEST_ENTRIES else "127.0.0.2",
    "far below": lambda name: lists_names(".".join(name.split(".")[:-4])),  # of zones of six labels
    "blocked": lambda name: lists_some(name) if name in TEST_ENTRIES else "127.0.0.255",
}

# The timeout is long, for a machine that has much to do: here only what a test keeps silent may be too late.
CONFIG = HEAD + """
mode enforce
resolver { servers 127.0.0.1@{lists} timeout 8s }
disable { iprev, helo, spf, spf-helo, sender }
test-interval 1s
"""


class ListServer:
    """Name server of all lists: zone -> mode, or "silent". Nothing may be kept in a cache: TTL 0."""

    def __init__(self):
        self.modes = collections.defaultdict(lambda: "well")
        self.asked = collections.Counter()  # real questions by zone
        self.names = collections.defaultdict(set)  # what they asked for: a resolver asks again when it has to wait
        self.lock = threading.Lock()
        self.port = free_port()

    def answer(self, packet, is_tcp):
        query = dns.message.from_wire(packet)
        question = query.question[0]
        labels = question.name.to_text().rstrip(".").split(".")
        zone, name = ".".join(labels[-2:]), ".".join(labels[:-2])
        name = name.replace("s3krit0123456789abcdef", "").rstrip(".")  # a data query key
        if name not in TEST_ENTRIES and not is_random_entry(name):
            with self.lock:
                self.asked[zone] += 1
                self.names[zone].add(name)
        if self.modes[zone] == "silent" or zone == "slow.example":
            return None
        response = dns.message.make_response(query)
        if zone == "":  # the resolver asks for the root to know whether anybody is there
            return response.to_wire()
        address = MODES[self.modes[zone]](name)
        if address is not None and question.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(question.name, 0, "IN", "A", address))
        else:
            response.set_rcode(dns.rcode.NXDOMAIN if address is None else dns.rcode.NOERROR)
            response.authority.append(dns.rrset.from_text(zone + ".", 0, "IN", "SOA", f"ns.{zone}. h.{zone}. 1 60 60 60 0"))
        return response.to_wire()


def setUpModule():
    global lab, server, stack
    with contextlib.ExitStack() as started:
        lab = started.enter_context(Lab())
        server = ListServer()
        lab.servers["lists"] = server.port
        started.enter_context(DnsServer(server.port, server.answer))
        stack = started.pop_all()


def tearDownModule():
    for running in filters:
        running.stop()
    stack.__exit__(*sys.exc_info())


class Base(unittest.TestCase):
    count = 0

    def start(self, lines):
        """A filter with these lists, and policy lines."""
        Base.count += 1
        self.filter = lab.heloscope(CONFIG + lines, name=f"lists{Base.count}")
        filters.append(self.filter)
        self.addCleanup(self.filter.begin_to_stop)

    def send(self, client="198.51.100.66", sender=b"<a@in.example>"):
        """One message from a client: the reply to RCPT ("" when taken), and the field that was written."""
        with Client(self.filter.port) as connection:
            connection.start(client)
            connection.ask(b"M", sender + b"\0")
            (command, text), = connection.ask(b"R", b"<user@in.test>\0")
            if command != b"c":
                return text.decode(), ""
            written = fields(connection.ask(b"E"))
        self.assertEqual(written[0][0], "Authentication-Results")
        return "", written[0][1]

    def ask(self, *client):
        """The results of a message that must be taken: zone -> (result, comment); None stands for all lists."""
        reply, value = self.send(*client)
        self.assertEqual(reply, "")
        message = email.message.Message()
        message["Authentication-Results"] = value
        comments = {zone: comment for zone, comment in re.findall(r"dns\.zone=(\S+)[^;]*?\(([^)]*)\)", value)}
        found = results(message, "mx.lab.test")
        self.assertTrue(found, value)
        return {(zone := properties.get("dns.zone")): (result, comments.get(zone)) for _, result, properties in found}

    def assert_result(self, zone, result, comment):
        self.assertEqual(self.ask()[zone], (result, comment))

    def wait_for_log(self, pattern):
        return wait_until(pattern, lambda: re.search(pattern, self.filter.log_text()), process=self.filter.process).group(0)


class Suspension(Base):
    def test_F20_F21_F22_F23_F24_each_trouble_is_noticed_told_and_forgotten(self):
        cases = {
            "everything": ("it lists what must not be listed.*Remove the line if everything.test is closed",
                           "suspended: it lists everything"),
            "nothing": ("it does not list its own test entry", "suspended: it does not list its test entry"),
            "refuses": (r"refuses.test refuses queries through this resolver, because it is public or has no reverse DNS name of its own: use `resolver \{ servers recursive \}`, "
                        r"or a data query key \(answer 127.255.255.254\)", "suspended: it refuses queries"),
            "parked": (r"it answers with addresses outside 127.0.0.0/8.*\(answer 192.0.2.80\)",
                       "suspended: it answers outside 127.0.0.0/8"),
            "silent": ("it does not answer. See whether this host's resolver reaches it", "suspended: it does not answer"),
        }
        # Were any of them believed, or any fault counted as one, the message would be refused.
        self.start("".join(f'dnsbl "{mode}.test" weight 9\n' for mode in cases) + "policy { reject when dnsbl >= 50 }\n")
        listed = {f"{mode}.test": ("fail", "score 9") for mode in cases}
        self.assertEqual(self.ask(), listed)
        # A server that is silent for one list is asked less often for all: that comes last.
        for some in ([mode for mode in cases if mode != "silent"], ["silent"]):
            for mode in some:
                server.modes[f"{mode}.test"] = mode
            for mode in some:
                self.wait_for_log(f"list {mode}.test suspended: .*{cases[mode][0]}")
            before = {mode: server.asked[f"{mode}.test"] for mode in some}
            for mode in some:
                self.assert_result(f"{mode}.test", "temperror", cases[mode][1])
            self.assertEqual({mode: server.asked[f"{mode}.test"] for mode in some}, before, "suspended lists are not asked")
        for mode in cases:
            server.modes[f"{mode}.test"] = "well"
        for mode in cases:
            self.wait_for_log(f"list {mode}.test is trusted again")
        self.assertEqual(self.ask(), listed)
        log = self.filter.log_text()
        for mode in cases:
            self.assertEqual(log.count(f"list {mode}.test suspended"), 1, log)

    def test_F21_a_list_that_is_bad_from_the_start_never_counts(self):
        server.modes["bad.test"] = "everything"
        server.modes["badwl.test"] = "everything"
        self.start('dnsbl "bad.test" weight 9\ndnswl "badwl.test" policy { reject when dnsbl }\n')
        self.assertEqual([result for result, _ in self.ask("198.51.100.1").values()], ["temperror", "temperror"])
        self.assertIn('rules that ask "not dnswl" do not decide', self.wait_for_log("list badwl.test suspended.*"))

    def test_R5782_5_domain_lists_have_their_own_test_entries(self):
        server.modes["dom.test"] = "well"
        self.start('domain-dnsbl "dom.test" on { sender }\npolicy { reject when dnsbl }\n')
        self.assertEqual(self.ask(), {None: ("none", None)})
        server.modes["dom.test"] = "everything"
        self.wait_for_log("list dom.test suspended: it lists what must not be listed")
        self.assert_result("dom.test", "temperror", "suspended: it lists everything")

    def test_F23_query_errors_of_an_allow_list_in_real_answers(self):
        """dnswl.org tells a blocked resolver that everybody is good; its test entries may come from a cache."""
        server.modes["wl.test"] = "blocked"
        self.start('list "wl.test" { kind allow errors { 127.0.0.255 "wl.test refuses queries: subscribe" } }\n'
                   'dnswl "wl.test" policy { accept when dnswl  reject when not trusted }\n')
        for number in range(4):  # neither accepted as good nor refused for good: undecided
            self.assertRegex(self.send(f"198.51.100.{number}")[0], "^45")
        self.wait_for_log(r"list wl.test suspended: wl.test refuses queries: subscribe \(answer 127.0.0.255\)")

    def test_a_list_that_begins_to_list_the_world_behind_good_test_entries(self):
        """What must not be listed, and cannot be known beforehand, shows it."""
        self.start('dnsbl "world.test"\ndomain-dnsbl "names.test" on { sender }\npolicy { reject when dnsbl > 2 }\n')
        self.assert_result("world.test", "fail", "score 1")
        server.modes["world.test"] = server.modes["names.test"] = "world"
        self.wait_for_log(r"list world.test suspended: it lists what must not be listed.*Found: 127\.\d+\.\d+\.1, made up at random, "
                          r"asked as 1\.\d+\.\d+\.127\.world\.test, is answered 127\.0\.0\.2")
        self.wait_for_log(r"list names.test suspended: it lists what must not be listed.*Found: [a-z]+\.invalid, made up at random")
        self.assert_result("world.test", "temperror", "suspended: it lists everything")
        server.modes["world.test"] = server.modes["names.test"] = "well"
        self.wait_for_log("list world.test is trusted again")
        self.wait_for_log("list names.test is trusted again")
        self.assert_result("world.test", "fail", "score 1")

    def test_D4_IPv4_and_IPv6_stand_for_themselves(self):
        """No list is suspended because it lacks IPv6 test entries; one whose IPv6 half is bad keeps the other."""
        self.start('list "half.test" { ipv6 yes } list "bad.test" { ipv6 yes test-entries { listed { "127.0.0.2", "::ffff:7f00:2" } } }\n'
                   'dnsbl "half.test"\ndnsbl "bad6.test" test-entries { listed { "127.0.0.2", "::ffff:7f00:2" } }\npolicy { reject when dnsbl > 3 }\n')
        self.wait_for_log(r"list bad6.test \(IPv6\) suspended: it does not list its own test entry.*Found: ::ffff:7f00:2, asked as 2\.0\.")
        self.assertEqual(self.ask(), {"half.test": ("fail", "score 1"), "bad6.test": ("fail", "score 1")})
        self.assertEqual(self.ask("2001:db8::1"), {"bad6.test": ("temperror", "suspended: it does not list its test entry")})
        self.assertNotIn("list bad6.test suspended", self.filter.log_text())
        self.assertNotIn("list half.test", self.filter.log_text())

    def test_B15_a_DNS_filter_that_answers_127_0_0_1_for_every_name(self):
        server.modes["filtered.test"] = "filtered"
        self.start('dnsbl "filtered.test"\npolicy { reject when dnsbl }\n')
        self.wait_for_log(r"list filtered.test suspended: every name is answered 127.0.0.1, which no list says: a DNS filter")
        self.assert_result("filtered.test", "temperror", "suspended: every name is answered 127.0.0.1, as a DNS filter does")

    def test_F52_starts_while_the_lists_are_out_of_reach_and_heals_alone(self):
        server.modes["late.test"] = "silent"
        self.start('dnsbl "late.test"\npolicy { reject when dnsbl > 1 }\n')
        self.assertEqual(self.ask()["late.test"][0], "temperror")
        server.modes["late.test"] = "well"
        wait_until("trust", lambda: self.ask()["late.test"][0] == "fail", process=self.filter.process)

    def test_reload_keeps_what_is_known_and_checks_what_is_new_first(self):
        server.modes["kept.test"] = "everything"
        self.start('dnsbl "kept.test"\npolicy { reject when dnsbl > 3 }\n')
        self.wait_for_log("list kept.test suspended")
        text = self.filter.config.read_text()
        self.assertEqual(self.filter.reload(text + 'dnsbl "new.test"\n'), "configuration read again")
        self.assertEqual(self.ask(), {"kept.test": ("temperror", "suspended: it lists everything"), "new.test": ("fail", "score 1")})


class Adversary(Base):
    """P1, P2: whatever a client does, a list that answers stays in force, and says the same of others."""

    LISTS = ('dnsbl "addresses.test"\ndomain-dnsbl "domains.test" on { sender, helo }\n'
             'policy { reject when dnsbl }\n')

    def start(self, lines, interval="5m"):
        for zone in ("addresses.test", "domains.test"):
            server.modes[zone] = "names"
        text = CONFIG.replace("test-interval 1s", f"test-interval {interval}").replace(", spf-helo, sender }", ", spf-helo }")
        with unittest.mock.patch.dict(globals(), CONFIG=text):
            super().start(lines)

    def assert_in_force(self):
        self.assertRegex(self.send("192.0.2.200")[0], "^55", "a listed client")
        self.assertRegex(self.send("192.0.2.3", b"<a@x.listed.example>")[0], "^55", "a listed domain")
        self.assertEqual(self.send("192.0.2.3")[0], "", "a good client")
        self.assertNotIn("suspended", self.filter.log_text())

    def test_P1_one_connection_with_a_slow_domain_a_reset_and_ten_EHLOs(self):
        self.start(self.LISTS)
        with Client(self.filter.port) as connection:
            connection.start("192.0.2.7")
            for turn in range(3):
                connection.ask(b"M", b"<a@slow.example>\0")
                connection.ask(b"R", b"<user@in.test>\0")
                connection.socket.sendall(packet(b"A"))
                for number in range(12):
                    connection.ask(b"H", f"x{turn}-{number}.in.example\0".encode())
        self.assert_in_force()

    def test_P2_95_connections_from_one_listed_network_and_a_thousand_after_them(self):
        self.start(self.LISTS, "1s")
        for number in range(300):
            self.assertRegex(self.send(f"2001:db8:66::{number + 1:x}")[0], "^55")
        self.assert_in_force()

    def test_P2_96_senders_below_one_listed_domain_on_one_connection(self):
        self.start(self.LISTS, "1s")
        with Client(self.filter.port) as connection:
            connection.start("192.0.2.7")
            for number in range(200):
                connection.ask(b"M", f"<a@s{number}.listed.example>\0".encode())
                self.assertEqual(connection.ask(b"R", b"<user@in.test>\0")[0][0], b"y")
                connection.socket.sendall(packet(b"A"))
        self.assert_in_force()

    def test_names_without_end_are_asked_of_no_list(self):
        """Nobody can have us refused by a list for the number of our questions; what is not asked stands in the log."""
        self.start(self.LISTS)
        before, began = len(server.names["domains.test"]), time.monotonic()
        with Client(self.filter.port) as connection:
            connection.start("192.0.2.7")
            for number in range(700):
                connection.ask(b"M", f"<a@n{number}.in.example>\0".encode())
                connection.ask(b"R", b"<user@in.test>\0")
                connection.socket.sendall(packet(b"A"))
        most = 600 + time.monotonic() - began + 1
        self.assertLessEqual(len(server.names["domains.test"]) - before, most)
        # What is not asked is no way past the list, of whoever had it asked too much; nobody else pays for it.
        self.assertRegex(self.send("192.0.2.7", b"<a@x.listed.example>")[0], r"^451[- ]4\.7\.1 Mail from the connecting IP address 192\.0\.2\.7 that was not accepted needed too many lookups ")
        self.assertRegex(self.send("192.0.2.9", b"<a@y.listed.example>")[0], "^55", "a neighbour")
        self.assertRegex(self.send("198.51.100.3", b"<a@z.listed.example>")[0], "^55", "another network")
        self.assertEqual(self.send("192.0.2.9", b"<a@another.in.example>")[0], "")
        self.assertRegex(self.filter.log_text(), "for clients like 192.0.2.7 the list domains.test was queried too often.*trust { networks }")
        self.assertRegex(self.filter.log_text(), r"client=192\.0\.2\.7 .*from=<a@x\.listed\.example> to=\S+ verdict=defer\(\S+\) .*withheld=budget-of-client not-asked=[12] ")

    def test_P8_a_name_too_long_for_the_list_is_asked_for_without_its_first_labels(self):
        self.start(self.LISTS)
        labels = ".".join(["a" * 60] * 3 + ["b" * (253 - 3 * 61 - len(".listed.example"))])
        sender = f"{labels}.listed.example"
        self.assertEqual(len(sender), 253)
        self.assertRegex(self.send("192.0.2.3", f"<a@{sender}>".encode())[0], "^55")


class Counting(Base):
    def test_contained_lists_count_once_and_closed_ones_are_not_asked(self):
        self.start('list "outer.test" { operator "O" contains { "inner.test" } } list "inner.test" { operator "O" }\n'
                   'list "closed.test" { status closed "since 2024" }\n'
                   'dnsbl "outer.test" weight 4\ndnsbl "inner.test" weight 3\ndnsbl "closed.test" weight 9\n'
                   "policy { reject when dnsbl >= 5  reject when dnsbl.operators >= 2  tag \"four\" when dnsbl = 4 }\n")
        self.assertEqual(self.ask(), {"outer.test": ("fail", "score 4"), "inner.test": ("fail", "score 3")})
        self.assertEqual(server.asked["closed.test"], 0)
        log = self.filter.log_text()
        self.assertIn('warning: the list "inner.test" is contained in "outer.test"', log)
        self.assertIn('warning: the list "closed.test" is closed: since 2024', log)

    def test_a_list_of_ipv4_only_is_not_asked_for_ipv6(self):
        self.start('list "four.test" { ipv6 no }\ndnsbl "four.test"\npolicy { reject when dnsbl }\n')
        self.assertEqual(self.send("2001:db8::66")[0], "")
        self.assertEqual(server.asked["four.test"], 0)

    def test_F26_a_key_shows_nowhere_when_a_list_is_suspended(self):
        key = "s3krit0123456789abcdef"
        key_file = lab.folder / "key"
        key_file.write_text(key + "\n")
        server.modes["keyed.test"] = "refuses"
        self.start(f'dnsbl "keyed.test" key-file "{key_file}"\npolicy {{ reject when dnsbl }}\n')
        self.wait_for_log("list keyed.test suspended: keyed.test refuses")
        reply, value = self.send()
        self.assertIn("x-dnsbl=temperror dns.zone=keyed.test", " ".join(value.split()))
        self.assertNotIn(key, value)
        self.assertNotIn(key, self.filter.log_text())


class Field(Base):
    def test_P18_of_very_many_lists_a_field_tells_whole_results_and_how_many_it_lacks(self):
        """All readers read it; the list that decided, the heaviest, and as many others as there is room for stand in it."""
        zones = [f"z{number}.{'x' * 60}.{'y' * 60}.{'z' * 40}.many.test" for number in range(66)]
        server.modes["many.test"] = "far below"
        lists = "".join(f'domain-dnsbl "{zone}" on {{ sender }} weight {2 if zone is zones[50] else 1}\n' for zone in zones)
        self.start(f'{lists}policy {{ accept when listed in {{ "{zones[63]}" }} }}\n')
        value = wait_until("answers of all lists", lambda: (lambda value: "temperror" not in value and value)(self.send(sender=b"<a@sender.listed.example>")[1]))
        self.assertEqual([line for line in value.split("\n") if len(line) > 998 or not line.strip()], [])
        message = email.message.Message()
        message["Authentication-Results"] = value
        found = results(message, "mx.lab.test")
        self.assertEqual({(method, result) for method, result, _ in found}, {("x-dnsbl", "fail")})
        told = [properties["dns.zone"] for _, _, properties in found]
        self.assertGreater(len(told), 50, value)
        self.assertTrue({zones[50], zones[63]} <= set(told) <= set(zones))
        self.assertTrue(value.endswith(f"(+{len(zones) - len(told)} results left out)"), value[-200:])


def written_config(lines, timeout):
    """
    A configuration for programs that ask once. All lists stand behind one name server, and one that is silent for
    one of them is asked less often for all: where a list is silent, the others only have to be there.
    """
    return lab.fill_in(CONFIG.replace("{port}", "1").replace("timeout 8s", f"timeout {timeout}") + lines, 1)


class Check(unittest.TestCase):
    """heloscope check."""

    def test_B15_what_was_found_wrong_with_a_list_is_told_at_once(self):
        server.modes.update({"filtered.test": "filtered", "none.test": "nothing", "mute.test": "silent", "ok.test": "well"})
        self.assertEqual(self.faults("filtered", "none", "ok"), {
            "filtered.test": "filtered", "none.test": "lists-none"})
        self.assertEqual(self.faults("mute", "ok", timeout="2s"), {"mute.test": "no-answer"})

    def faults(self, *lists, timeout="8s"):
        """zone -> what `heloscope check` tells of these lists, except for good ones."""
        config = lab.folder / "check.conf"
        config.write_text(written_config("".join(f'dnsbl "{zone}.test"\n' for zone in lists), timeout))
        done = lab.tool("check", "-c", config, "--ip", "198.51.100.7", "--from", "a@in.example", "--json")
        return {hit["zone"]: hit["fault"] for hit in json.loads(done.stdout)["checks"]["x-dnsbl"]["hits"]}


class Table(unittest.TestCase):
    """heloscope lists."""

    def look(self, lines, *options, timeout="8s"):
        config = lab.folder / "table.conf"
        config.write_text(written_config(lines, timeout))
        done = lab.tool("lists", "-c", config, *options)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def test_tells_each_state_and_what_to_do(self):
        for mode in ("everything", "nothing", "refuses", "parked", "filtered"):
            server.modes[f"{mode}.test"] = mode
        server.modes["dom.test"] = server.modes["well.test"] = "well"
        status, text = self.look(
            'list "inner.test" { status merged } list "well.test" { contains "inner.test" } list "dead.test" { status closed "since 2024" }\n'
            'dnsbl "well.test" dnswl "good.test" domain-dnsbl "dom.test" dnsbl "everything.test" dnsbl "nothing.test" dnsbl "refuses.test"\n'
            'dnsbl "parked.test" dnsbl "filtered.test" dnsbl "dead.test" dnsbl "inner.test" dnsbl "odd.test" test-entries none\n')
        self.assertEqual(status, 1)
        rows = dict(re.findall(r"^(\S+\.test) +(?:block|allow|domain) +(?:\d+ ms|-)  (.*)$", text, re.M))
        self.assertEqual(rows, {
            "well.test": "works", "good.test": "works", "dom.test": "works", "everything.test": "faulty", "nothing.test": "faulty",
            "refuses.test": "faulty", "parked.test": "faulty", "filtered.test": "faulty",
            "dead.test": "not queried",
            "inner.test": "works", "odd.test": "no test entries"})
        for words in ("it lists what must not be listed", "it does not list its own test entry", "use `resolver { servers recursive }`",
                      "outside 127.0.0.0/8", "closed since 2024", "its data is within well.test"):
            self.assertIn(words, " ".join(text.split()))
        for words in ("127.0.0.2, asked as 2.0.0.127.nothing.test, is answered NXDOMAIN", "asked as 2.0.0.127.refuses.test, is answered 127.255.255.254",
                      "127.0.0.1, asked as 1.0.0.127.everything.test, is answered 127.0.0.2",
                      "127.0.0.1, asked as 1.0.0.127.filtered.test, is answered 127.0.0.1: every name is answered 127.0.0.1"):
            self.assertIn(words, " ".join(text.split()))
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()), text)

    def test_exit_statuses_and_json(self):
        server.modes["well.test"] = "well"
        server.modes["silent.test"] = "silent"
        self.assertEqual(self.look('dnsbl "well.test"\n')[0], 0)
        self.assertEqual(self.look('dnsbl "silent.test"\n', timeout="2s")[0], 3)
        status, text = self.look('dnsbl "silent.test" dnsbl "well.test"\n', timeout="2s")
        self.assertEqual(status, 1)
        self.assertRegex(text, r"(?m)^silent.test +block +\S+  faulty")
        self.assertIn("it does not answer", " ".join(text.split()))
        self.assertIn("uses no lists", self.look("")[1])
        status, text = self.look('dnsbl "well.test" key "s3krit0123456789abcdef"\n', "--json")
        (row,) = json.loads(text)
        self.assertEqual((row["zone"], row["kind"], row["state"]), ("well.test", "block", "well"))
        self.assertNotIn("s3krit", text)


if __name__ == "__main__":
    unittest.main(verbosity=2)
