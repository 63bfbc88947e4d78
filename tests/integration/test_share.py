"""Many hosts over a real Redis: one log of all their records, one visit to a sender's server; and mail goes on whatever becomes of Redis."""
import contextlib
import itertools
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import threading
import time
import unittest

import peers
from lab import DEADLINE_S, RECORDED, LabTest, SANITIZER, enter_namespace, free_port, module_lab, wait_until
from raw_milter import Client

RECORDS = "heloscope:hs1:records"
ADDRESSES = {name: f"198.51.100.{10 + number}" for number, name in enumerate(("good", "bad", "forged", "garbage", "endless", "other", "spare"))}
CONFIG = RECORDED + """
control "inet:{control}@127.0.0.1"
share redis "unix:{socket}"
resolver { servers 127.0.0.1@{nsd} }
look-back yes {
    networks { 198.51.100.0/24 }
    timeout 10s
    per-minute 6000
}
policy { reject when banner = fail }
"""
ASK_MS = 250  # SHARE_ASK_MS
SOURCE = pathlib.Path(__file__).resolve().parents[2]


def host(name):
    return f"{name}.peers.test"


def well_with_tls(talk):
    talk.greet("STARTTLS")
    talk.hear()
    talk.say("220 go ahead")
    talk.start_tls()
    talk.hear()
    talk.say(f"250 {talk.script.name}")
    talk.end_well()


class Redis:
    """A server of its own, on a unix socket."""

    def __init__(self, name, *options, login=()):
        """`options` of redis-server, and those of redis-cli with which to log in."""
        self.name, self.folder, self.options, self.login = name, lab.subfolder(f"redis-{name}"), options, login
        self.socket = self.folder / "redis.sock"
        self.start()

    def start(self, *options, is_up=True):
        self.process = lab.start(f"redis-{self.name}", ["redis-server", "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "777", "--save", "", "--dir", self.folder,
                                                        *self.options, *options])
        if is_up:
            wait_until("redis", lambda: self.run("PING") == "PONG", process=self.process)

    def run(self, *words, stdin=None):
        done = subprocess.run(["redis-cli", "-s", self.socket, *self.login, *(["-x"] if stdin is not None else []), *words], input=stdin, capture_output=True, timeout=DEADLINE_S)
        return done.stdout.decode("latin-1").strip()

    def end(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait(DEADLINE_S)
        lab.processes.remove(self.process)

    def add(self, *members):
        """Append an entry; `bytes` as they are."""
        last = members[-1] if isinstance(members[-1], bytes) else members[-1].encode()
        return self.run("XADD", RECORDS, "*", *members[:-1], stdin=last)


class Odd:
    """What says that it is a Redis server, and goes on for ever: with what is to be taken over, or with an answer."""

    def __init__(self, name, claimed, entries):
        self.claimed, self.entries, self.reads = claimed, entries, 0
        folder = lab.subfolder(f"odd-{name}")
        self.config = folder / "collect.conf"
        self.config.write_text(f'share redis "unix:{folder}/sock"\n')
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / "sock"))
        self.listener.listen(5)
        unittest.addModuleCleanup(self.listener.close)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection, contextlib.suppress(OSError):
                    while (question := connection.recv(4096)):
                        self.answer(connection, question)

    def answer(self, connection, question):
        if b"XAUTOCLAIM" in question:
            connection.sendall(self.claimed)
        elif b"XREADGROUP" not in question:
            connection.sendall(b"$-1\r\n")
        else:
            self.reads += 1
            for piece in self.entries:
                connection.sendall(piece)
                time.sleep(0.2 if len(piece) == 1 else 0)


class Old(Odd):
    """A server of version 5, where nothing was ever appended."""

    has_group = False

    def answer(self, connection, question):
        if b"ENTRIESREAD" in question:
            connection.sendall(b"-ERR Unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.\r\n")
        elif b"XGROUP" in question:
            self.has_group = True
            connection.sendall(b"+OK\r\n")
        elif b"XREADGROUP" in question:
            connection.sendall(b"*-1\r\n" if self.has_group else b"-NOGROUP No such key 'heloscope:hs1:records' or consumer group 'collect' in XREADGROUP with GROUP option\r\n")
        else:
            connection.sendall(b"$-1\r\n" if b"GET" in question else b"-ERR unknown command\r\n")


def start_filter(name, redis, text=CONFIG, uts="mx.lab.test"):
    """A filter that thinks to be on the host of that name."""
    subprocess.run(["hostname", uts], check=True)
    running = lab.heloscope(text.replace("{socket}", str(redis.socket)).replace("{control}", str(free_port())), name=name)
    stopping.append(running)
    return running


def send(running, count, client="192.0.2.1"):
    """So many messages; each has its answer."""
    with Client(running.port) as connection:
        connection.start(client, b"client.test")
        for number in range(count):
            assert connection.message(b"<u%d@sender.test>" % number)[-1][0] in b"ca"


def first_line(redis, running):
    """The first record of a filter, once Redis has it."""
    send(running, 1)
    line = wait_until("a record", lambda: lines_of(running.records_path))[0]
    wait_until("the record", lambda: redis.run("XLEN", RECORDS) == "1")
    return line


def status(running):
    return json.loads(lab.tool("status", "-c", running.config, "--json").stdout)["share"]


def collect(redis, log, *words):
    """heloscope collect --once."""
    config = redis.folder / "collect.conf"
    config.write_text(f'share redis "unix:{redis.socket}"\n')
    subprocess.run(["hostname", "mx.lab.test"], check=True)
    done = lab.tool("collect", "-c", config, "--log", log, "--stderr", *(words or ["--once"]))
    assert not SANITIZER.search(done.stderr), done.stderr
    return done


def lines_of(log):
    return log.read_text().splitlines() if log.exists() else []


def records_of(log):
    return [json.loads(line) for line in lines_of(log)]


def setUpModule():
    global lab, scripts, stopping
    stopping = []
    with module_lab() as lab:
        authority = peers.Authority(lab.subfolder("ca"))
        authority.make("self", "/CN=self", names=[host("good")])
        chain = authority.folder / "self.pem"
        zone = "".join(f"{name} A {address}\n" for name, address in ADDRESSES.items())
        reverse = "".join(f"{address.rpartition('.')[2]} PTR {host(name)}.\n" for name, address in ADDRESSES.items())
        lab.nsd({"peers.test": zone, "100.51.198.in-addr.arpa": reverse, "test": ""})
        scripts = {name: peers.Script(address, well_with_tls, "mail.elsewhere.example" if name == "bad" else host(name), chain)
                   for name, address in ADDRESSES.items()}


def tearDownModule():
    for running in stopping:
        if running.process.poll() is None:
            running.stop()
    for script in scripts.values():
        script.stop()


class Records(LabTest):
    """heloscope collect."""

    def test_the_records_of_two_hosts_are_one_log_each_once(self):
        redis, log = Redis("two"), lab.folder / "site.jsonl"
        filters = [start_filter(name, redis, uts=f"{name}.lab.test") for name in ("mx1", "mx2")]
        for running in filters:
            send(running, 30)
        wait_until("records", lambda: redis.run("XLEN", RECORDS) == "60")
        self.assertEqual(collect(redis, log).returncode, 0)
        own = [line for running in filters for line in lines_of(running.records_path)]
        self.assertEqual(sorted(lines_of(log)), sorted(own))
        self.assertEqual(redis.run("XLEN", RECORDS), "0", "what was written need not stay")
        self.assertEqual((collect(redis, log).returncode, len(lines_of(log))), (0, 60))
        found = json.loads(lab.tool("report", "--log", log, "--json").stdout)
        self.assertEqual([(row["host"], row["messages"]) for row in found["receivers"]], [("mx1.lab.test", 30), ("mx2.lab.test", 30)])
        record = records_of(log)[-1]
        self.assertRegex(lab.tool("explain", "--log", log, record["id"]).stdout, rf"(?m)^  Host    {record['host']}$")
        share = status(filters[0])
        self.assertEqual((share["connected"], share["records"], share["dropped"], share["waiting"]), (True, 30, 0, 0))

    def test_a_collector_that_is_killed_again_and_again_loses_and_doubles_nothing(self):
        redis, log = Redis("kill"), lab.folder / "killed.jsonl"
        running = start_filter("kill", redis)
        config = redis.folder / "collect.conf"
        config.write_text(f'share redis "unix:{redis.socket}"\n')
        sender = threading.Thread(target=lambda: [send(running, 100, "127.0.0.1") for _ in range(10)])  # trusted: each has its record
        sender.start()
        for turn in range(8):
            process = lab.start("collector", [lab.builddir / "milter/heloscope", "collect", "-c", config, "--log", log, "--stderr"])
            before = len(lines_of(log))
            wait_until("some lines", lambda: len(lines_of(log)) > before or not sender.is_alive(), process=process)
            if turn == 4:  # as logrotate does
                log.rename(log.with_name("killed.jsonl.1"))
            process.kill()
            process.wait()
            lab.processes.remove(process)
        sender.join()
        wait_until("records", lambda: status(running)["records"] == 1000)
        done = collect(redis, log)
        # What was killed between deleting and acknowledging may have written or not: the next one cannot know.
        self.assertTrue(done.returncode == 0 or "either their records are in the log" in done.stderr, done.stderr)
        lines = lines_of(log) + lines_of(log.with_name("killed.jsonl.1"))
        whole = [line for line in lines if line.startswith("{") and line.endswith("}")]
        self.assertEqual(sorted(whole), sorted(lines_of(running.records_path)))

    def test_what_was_written_and_not_acknowledged_is_not_written_again(self):
        redis, log = Redis("ack"), lab.folder / "ack.jsonl"
        running = start_filter("ack", redis)
        send(running, 5)
        lines = wait_until("records", lambda: len(found := lines_of(running.records_path)) == 5 and found)
        wait_until("records", lambda: redis.run("XLEN", RECORDS) == "5")
        self.assertEqual(collect(redis, log).returncode, 0)
        for line in lines:  # as a host sends again what was not answered
            redis.add("r", line)
        redis.run("XREADGROUP", "GROUP", "collect", "mx.lab.test", "COUNT", "3", "STREAMS", RECORDS, ">")
        done = collect(redis, log)
        self.assertEqual(done.returncode, 0)
        self.assertIn("0 records written, 5 came again", done.stderr)
        self.assertEqual(sorted(lines_of(log)), sorted(lines))
        self.assertEqual(redis.run("XLEN", RECORDS), "0")

    def test_what_a_collector_that_is_gone_had_taken_is_collected_by_another(self):
        redis, log = Redis("gone"), lab.folder / "gone.jsonl"
        running = start_filter("gone", redis)
        send(running, 5)
        wait_until("records", lambda: redis.run("XLEN", RECORDS) == "5")
        redis.run("XGROUP", "CREATE", RECORDS, "collect", "0")
        redis.run("XREADGROUP", "GROUP", "collect", "gone.test", "COUNT", "3", "STREAMS", RECORDS, ">")
        ids = [line for line in redis.run("XPENDING", RECORDS, "collect", "-", "+", "10", "gone.test").split() if re.fullmatch(r"\d+-\d+", line)]
        self.assertEqual(len(ids), 3)
        redis.run("XCLAIM", RECORDS, "collect", "gone.test", "0", *ids[:2], "IDLE", "3700000", "JUSTID")
        done = collect(redis, log)
        self.assertEqual((done.returncode, len(lines_of(log))), (0, 4))  # but not the third, which may be in good hands
        self.assertEqual(redis.run("XLEN", RECORDS), "1")
        process = lab.start("goes-on", [lab.builddir / "milter/heloscope", "collect", "-c", redis.folder / "collect.conf", "--log", log, "--stderr"])
        time.sleep(0.3)
        self.assertEqual(len(lines_of(log)), 4)
        redis.run("XCLAIM", RECORDS, "collect", "gone.test", "0", ids[2], "IDLE", "3700000", "JUSTID")
        wait_until("the last one", lambda: len(lines_of(log)) == 5, process=process)
        process.terminate()
        self.assertEqual(process.wait(DEADLINE_S), 0)

    def test_what_is_taken_over_may_be_much(self):
        redis, log = Redis("much"), lab.folder / "much.jsonl"
        running = start_filter("much", redis)
        record = json.loads(first_line(redis, running))
        for number in range(300):
            redis.add("r", json.dumps({**record, "id": f"20261124T120000Z-{number:012x}"}))
        redis.run("XGROUP", "CREATE", RECORDS, "collect", "0")
        redis.run("XREADGROUP", "GROUP", "collect", "gone.test", "COUNT", "301", "STREAMS", RECORDS, ">")
        ids = re.findall(r"\d{10,}-\d+", redis.run("XPENDING", RECORDS, "collect", "-", "+", "301", "gone.test"))
        redis.run("XCLAIM", RECORDS, "collect", "gone.test", "0", *ids, "IDLE", "3700000", "JUSTID")
        self.assertEqual((len(ids), collect(redis, log).returncode, len(lines_of(log))), (301, 0, 301))

    @staticmethod
    def fill(redis, record, count, start):
        """So many records of a host whose stream-length is 1000; how many of them are there."""
        line = json.dumps({**record, "id": "20261124T120000Z-REFERENCE"}, separators=(",", ":"))
        redis.run("EVAL", "for i = 1, ARGV[1] do local line = string.gsub(ARGV[3], 'REFERENCE', string.format('%012x', ARGV[2] + i))"
                          " redis.call('XADD', KEYS[1], 'MAXLEN', '~', 1000, '*', 'r', line) end", "1", RECORDS, str(count), str(start), line)
        return int(redis.run("XLEN", RECORDS))

    def test_records_that_redis_drops_before_they_are_collected_are_told_once(self):
        redis, log = Redis("dropped"), lab.folder / "dropped.jsonl"
        running = start_filter("dropped", redis)
        record = json.loads(first_line(redis, running))

        def check(written, lost):
            done = collect(redis, log)
            self.assertEqual(done.returncode, 1 if lost else 0, done.stderr)
            self.assertIn(f"{written} records written, 0 came again, 0 kept apart, {lost} lost", done.stderr)
            self.assertEqual(re.findall(r"(\d+) records are lost: nobody had collected them", done.stderr), [str(lost)] if lost else [])

        there = self.fill(redis, record, 2999, 0)
        self.assertLess(there, 2000)
        check(there, 3000 - there)  # before a collector ever came
        check(0, 0)
        self.assertEqual(self.fill(redis, record, 10, 3000), 10)
        check(10, 0)
        there = self.fill(redis, record, 3000, 4000)
        check(there, 3000 - there)
        # What another collector was given, and has not written yet, is not lost; nor once it has.
        self.fill(redis, record, 100, 8000)
        redis.run("XREADGROUP", "GROUP", "collect", "other.test", "COUNT", "60", "STREAMS", RECORDS, ">")
        check(40, 0)
        ids = re.findall(r"\d{10,}-\d+", redis.run("XPENDING", RECORDS, "collect", "-", "+", "60", "other.test"))
        redis.run("XACK", RECORDS, "collect", *ids)
        redis.run("XDEL", RECORDS, *ids)
        check(0, 0)
        self.assertGreater(int(redis.run("PTTL", "heloscope:hs1:lost")), 0, "no name stays for ever")
        # One that goes on says so, too, and its log has an end.
        process = lab.start("goes-on-losing", [lab.builddir / "milter/heloscope", "collect", "-c", redis.folder / "collect.conf", "--log", log, "--stderr"])
        process.send_signal(signal.SIGSTOP)
        there = self.fill(redis, record, 3000, 9000)
        process.send_signal(signal.SIGCONT)
        wait_until("all that is there", lambda: redis.run("XLEN", RECORDS) == "0", process=process)
        process.terminate()
        self.assertEqual(process.wait(DEADLINE_S), 1)
        lab.logs_mention("goes-on-losing", f"0 kept apart, {3000 - there} lost")

    def test_a_server_that_does_not_count_is_no_fault(self):
        """As before Redis 7, or where its administrator forbids to ask."""
        redis, log = Redis("silent", "--rename-command", "XINFO", ""), lab.folder / "silent.jsonl"
        running = start_filter("silent", redis)
        send(running, 5)
        wait_until("records", lambda: redis.run("XLEN", RECORDS) == "5")
        done = collect(redis, log)
        self.assertEqual((done.returncode, len(lines_of(log))), (0, 5), done.stderr)
        self.assertIn("0 lost", done.stderr)
        old = Old("old", None, None)
        done = lab.tool("collect", "-c", old.config, "--log", lab.folder / "old.jsonl", "--stderr", "--once")
        self.assertEqual((done.returncode, old.has_group), (0, True), done.stderr)

    def test_a_loss_that_cannot_be_taken_note_of_is_told_once(self):
        redis, log = Redis("unnoted", "--rename-command", "SETEX", ""), lab.folder / "unnoted.jsonl"
        running = start_filter("unnoted", redis)
        record = json.loads(first_line(redis, running))
        lost = 3000 - self.fill(redis, record, 2999, 0)
        config = redis.folder / "collect.conf"
        config.write_text(f'share redis "unix:{redis.socket}"\n')
        process = lab.start("unnoted-collector", [lab.builddir / "milter/heloscope", "collect", "-c", config, "--log", log, "--stderr"])
        for start in (3000, 4000):
            wait_until("all that is there", lambda: redis.run("XLEN", RECORDS) == "0", process=process)
            redis.run("CLIENT", "KILL", "TYPE", "normal")
            self.fill(redis, record, 10, start)
        wait_until("the last ones", lambda: redis.run("XLEN", RECORDS) == "0", process=process)
        process.terminate()
        self.assertEqual(process.wait(DEADLINE_S), 1)
        lab.logs_mention("unnoted-collector", f"0 kept apart, {lost} lost")

    def test_a_stream_that_nobody_collects_is_told_before_it_is_full(self):
        redis = Redis("filling")
        running = start_filter("filling", redis, CONFIG.replace('"unix:{socket}"', '"unix:{socket}" { stream-length 1000 }'))
        record = json.loads(first_line(redis, running))
        self.assertEqual(status(running)["stream-length"], 1000)
        for count, is_told in ((498, False), (1, True)):
            self.fill(redis, record, count, count)
            redis.run("CLIENT", "KILL", "TYPE", "normal")  # a new connection asks at once
            wait_until("it is asked", lambda: status(running)["stream"] == int(redis.run("XLEN", RECORDS)), process=running.process)
            text = " ".join(lab.tool("status", "-c", running.config).stdout.split())
            self.assertEqual("records that nobody has collected, and drops the oldest when there are more than about 1000" in text, is_told, text)
            self.assertIn(f"not yet collected: {redis.run('XLEN', RECORDS)};", text)

    def test_a_server_that_is_full_is_emptied(self):
        redis, log = Redis("brimful"), lab.folder / "brimful.jsonl"
        running = start_filter("brimful", redis)
        send(running, 5)
        wait_until("records", lambda: redis.run("XLEN", RECORDS) == "5")
        redis.run("CONFIG", "SET", "maxmemory", "1")
        done = collect(redis, log)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("OOM command not allowed", done.stderr)  # nobody has collected yet: there is no place for the group
        redis.run("CONFIG", "SET", "maxmemory", "0")
        redis.run("XGROUP", "CREATE", RECORDS, "collect", "0")
        redis.run("CONFIG", "SET", "maxmemory", "1")
        done = collect(redis, log)
        self.assertEqual((done.returncode, len(lines_of(log)), redis.run("XLEN", RECORDS)), (0, 5, "0"), done.stderr)

    def test_no_server_keeps_it_from_ending(self):
        """One that has always more to take over, and one that sends its answer octet by octet."""
        servers = {name: Odd(name, claimed, entries) for name, claimed, entries in (
            ("endless", b"*3\r\n$3\r\n5-5\r\n*0\r\n*0\r\n", [b"*-1\r\n"]),
            ("dripping", b"*3\r\n$3\r\n0-0\r\n*0\r\n*0\r\n", itertools.chain([b"$100\r\n"], itertools.repeat(b"x"))))}
        processes = {name: lab.start(name, [lab.builddir / "milter/heloscope", "collect", "-c", server.config, "--log", lab.folder / f"{name}.jsonl", "--stderr"])
                     for name, server in servers.items()}
        for name, server in servers.items():
            wait_until(f"questions to {name}", lambda: server.reads > 0, process=processes[name])
            processes[name].terminate()
        for name, process in processes.items():
            self.assertEqual(process.wait(30), 0, name)

    def start_collector(self, redis, log, name):
        config = redis.folder / "collect.conf"
        config.write_text(f'share redis "unix:{redis.socket}"\n')
        subprocess.run(["hostname", "mx.lab.test"], check=True)
        return lab.start(name, [lab.builddir / "milter/heloscope", "collect", "-c", config, "--log", log, "--stderr"])

    def add_records(self, redis, record, count, start):
        for number in range(start, start + count):
            redis.add("r", json.dumps({**record, "id": f"20261124T120000Z-{number:012x}"}, separators=(",", ":")))

    def test_what_is_written_does_not_stay_in_redis_without_being_told_again(self):
        """However the connection ends between the two commands, or what of them is forbidden."""
        redis, log = Redis("between"), lab.folder / "between.jsonl"
        record = json.loads(first_line(redis, start_filter("between", redis)))
        redis.run("ACL", "SETUSER", "default", "-xdel")
        done = collect(redis, log)
        self.assertEqual((done.returncode, "xdel" in done.stderr), (3, True), done.stderr)
        self.assertEqual((redis.run("XPENDING", RECORDS, "collect").split()[0], redis.run("XLEN", RECORDS)), ("1", "1"))
        redis.run("ACL", "SETUSER", "default", "+xdel", "-xack")
        process = self.start_collector(redis, log, "between-collector")
        lab.logs_mention("between-collector", "xack")
        self.assertEqual(redis.run("XLEN", RECORDS), "0")
        redis.run("ACL", "SETUSER", "default", "+xack")
        self.add_records(redis, record, 2, 1)
        wait_until("the next", lambda: len(lines_of(log)) == 3 and redis.run("XPENDING", RECORDS, "collect").split()[0] == "0", process=process)
        process.terminate()
        self.assertEqual(process.wait(DEADLINE_S), 0, "what it deleted itself is not told as missing")

    def test_what_was_taken_and_then_dropped_is_told(self):
        redis, log = Redis("trimmed"), lab.folder / "trimmed.jsonl"
        record = json.loads(first_line(redis, start_filter("trimmed", redis)))
        self.assertEqual(collect(redis, log).returncode, 0)
        self.add_records(redis, record, 20, 1)
        redis.run("XREADGROUP", "GROUP", "collect", "mx.lab.test", "COUNT", "10", "STREAMS", RECORDS, ">")
        redis.run("XTRIM", RECORDS, "MAXLEN", "5")
        done = collect(redis, log)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("5 records written, 0 came again, 0 kept apart, 5 lost", done.stderr)
        self.assertIn("10 entries that were being collected are no longer in the stream", done.stderr)
        self.assertEqual(collect(redis, log).returncode, 0)

    def test_what_another_took_over_while_the_log_could_not_be_written_is_left_to_it(self):
        redis, log = Redis("over"), lab.folder / "over.jsonl"
        record = json.loads(first_line(redis, start_filter("over", redis)))
        self.add_records(redis, record, 4, 1)
        log.mkdir()
        process = self.start_collector(redis, log, "over-collector")
        lab.logs_mention("over-collector", "over.jsonl cannot be written: Is a directory")
        ids = re.findall(r"\d{10,}-\d+", redis.run("XPENDING", RECORDS, "collect", "-", "+", "10", "mx.lab.test"))
        self.assertEqual(len(ids), 5)
        redis.run("XCLAIM", RECORDS, "collect", "other.test", "0", *ids, "JUSTID")
        self.add_records(redis, record, 1, 5)
        log.rmdir()
        wait_until("the record", lambda: lines_of(log), process=process)
        process.terminate()
        self.assertEqual(process.wait(DEADLINE_S), 0)
        self.assertEqual([entry["id"] for entry in records_of(log)], [f"20261124T120000Z-{5:012x}"])

    def test_what_is_kept_apart_or_dropped_is_told_when_it_happens(self):
        redis, log = Redis("newer"), lab.folder / "newer.jsonl"
        record = json.loads(first_line(redis, start_filter("newer", redis)))
        redis.run("EVAL", "for i = 1, 2000 do redis.call('XADD', KEYS[1], '*', 'r', string.gsub(ARGV[1], '\"v\":1', '\"v\":2', 1) .. string.rep(' ', 2000)) end",
                  "1", RECORDS, json.dumps(record, separators=(",", ":")))
        process = self.start_collector(redis, log, "newer-collector")
        for told in ("entries are not records of this version; they are kept apart", "entries that are not records of this version were dropped"):
            lab.logs_mention("newer-collector", told)
        process.terminate()
        self.assertEqual(process.wait(DEADLINE_S), 1)

    def test_while_the_log_cannot_be_written_nothing_is_acknowledged(self):
        redis, log = Redis("disk"), lab.folder / "disk.jsonl"
        running = start_filter("disk", redis)
        send(running, 5)
        wait_until("records", lambda: redis.run("XLEN", RECORDS) == "5")
        (redis.folder / "full").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=777", "tmpfs", redis.folder / "full"], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", redis.folder / "full"], check=True)
        (redis.folder / "full/other").write_bytes(bytes(4096))
        os.mkfifo(redis.folder / "fifo")
        for path, reason in ((redis.folder / "full/log", "No space left on device"), (redis.folder / "fifo", "it is a FIFO, device or socket; expected a file"),
                             ("/dev/full", "it is a FIFO, device or socket; expected a file")):
            done = collect(redis, path)
            self.assertEqual(done.returncode, 3)
            self.assertIn(f"{path} cannot be written: {reason}\n", done.stderr)
        process = self.start_collector(redis, redis.folder / "fifo", "waits")  # and a signal ends the wait
        lab.logs_mention("waits", "expected a file")
        process.terminate()
        self.assertEqual(process.wait(DEADLINE_S), 0)
        self.assertEqual((collect(redis, log).returncode, sorted(lines_of(log))), (0, sorted(lines_of(running.records_path))))

    def test_hostile_entries_are_kept_apart_and_counted(self):
        redis, log = Redis("hostile"), lab.folder / "hostile.jsonl"
        running = start_filter("hostile", redis)
        line = first_line(redis, running)
        record = json.loads(line)

        def changed(**members):
            return json.dumps({**record, **members}, separators=(",", ":"))

        bad = [
            ("r", "garbage \x1b[2J"), ("r", "{}"), ("r", ""), ("r", b"\0\xff\n"), ("x", "y"), ("r", line, "x", "y"), ("R", line),
            ("r", changed(v=2)), ("r", changed(host="")), ("r", json.dumps({key: value for key, value in record.items() if key != "host"})),
            ("r", line.replace(",", ",\n", 1)), ("r", line + "\n" + line), ("r", line + " " * 20000), ("r", b"x" * (12 << 20)), ("r", "[" * 10000),
        ]
        for members in bad:
            redis.add(*members)
        good = changed(id="20261124T120000Z-000000000001", host="mx9.lab.test")
        redis.add("r", good)
        done = collect(redis, log)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(f"2 records written, 0 came again, {len(bad)} kept apart", done.stderr)
        self.assertEqual(lines_of(log), [line, good])
        apart = lines_of(log.with_name("apart-hostile.jsonl"))
        self.assertEqual(len(apart), len(bad))
        self.assertTrue(all(re.fullmatch(r"\d+-\d+ [ -~]{0,8100}", entry) for entry in apart), apart)
        self.assertEqual(redis.run("XLEN", RECORDS), "0")

    def test_what_is_kept_apart_has_an_end(self):
        redis, log = Redis("apart"), lab.folder / "bounded.jsonl"
        redis.run("EVAL", "for i = 1, 2000 do redis.call('XADD', KEYS[1], '*', 'r', string.rep('\\0', 2000)) end", "1", RECORDS)
        done = collect(redis, log)
        told = re.search(r"(\d+) kept apart.*\n.*collect: (\d+) more entries that are no records of this version were dropped", done.stderr)
        self.assertEqual((done.returncode, sum(map(int, told.groups())) if told else done.stderr), (1, 2000))
        self.assertLess(log.with_name("apart-bounded.jsonl").stat().st_size, (1 << 20) + 10000)

    def test_a_name_of_another_type_is_told_and_harms_nothing(self):
        redis, log = Redis("type"), lab.folder / "type.jsonl"
        redis.run("SET", RECORDS, "x")
        done = collect(redis, log)
        self.assertEqual(done.returncode, 3)
        self.assertIn("WRONGTYPE", done.stderr)
        running = start_filter("type", redis)
        send(running, 5)
        wait_until("the reason", lambda: "WRONGTYPE" in running.log_text(), process=running.process)
        send(running, 5)
        redis.run("DEL", RECORDS)
        wait_until("records", lambda: redis.run("XLEN", RECORDS) == "10")

    def test_usage(self):
        config = lab.folder / "unshared.conf"
        config.write_text("mode audit\n")
        own = lab.folder / "own.conf"
        own.write_text('records "/var/own.jsonl"\nshare redis "127.0.0.1:1"\n')
        for words, expected, message in (
            ([], 2, "no --log was given"),
            (["--log", "x", "-c", config], 3, 'has no "share redis"'),
            (["--log", "/var/own.jsonl", "-c", own], 3, "is the log that the filter here writes"),
            (["--log", lab.folder / "refused.jsonl", "-c", own, "--once", "--stderr"], 3, "Connection refused"),
        ):
            done = lab.tool("collect", *words)
            self.assertEqual((done.returncode, message in done.stderr), (expected, True), done.stderr)


class Faults(LabTest):
    """Mail goes on while Redis does not; and what was recorded meanwhile comes when it does."""

    COUNT = 20

    def begin(self, name, text=CONFIG, options=()):
        redis = Redis(name, *options)
        running = start_filter(name, redis, text)
        send(running, 1)
        return redis, running

    def flow(self, running):
        """So many messages that each would be told by the time if it had waited for an answer."""
        before = time.monotonic()
        send(running, self.COUNT)
        self.assertLess(time.monotonic() - before, self.COUNT * ASK_MS / 1000)
        self.assertTrue(all(check["result"] != "temperror" for record in running.records() for check in record["checks"].values()))

    def test_killed_paused_full_loading_slow_and_without_its_password(self):
        """All at once: each with a server and a filter of its own."""
        faults = ("killed", "paused", "full", "loading", "slow", "password", "absent")
        there = {name: self.begin(name) for name in faults}
        for name, (redis, running) in there.items():
            wait_until(f"the first record of {name}", lambda: redis.run("XLEN", RECORDS) == "1")
        redis, _ = there["killed"]
        redis.end()
        redis, _ = there["absent"]
        redis.end(signal.SIGTERM)  # which removes its socket
        there["paused"][0].process.send_signal(signal.SIGSTOP)
        there["full"][0].run("CONFIG", "SET", "maxmemory-policy", "noeviction")
        there["full"][0].run("CONFIG", "SET", "maxmemory", "1")
        there["slow"][0].run("CLIENT", "PAUSE", "5000", "ALL")
        redis, _ = there["password"]
        redis.run("CONFIG", "SET", "requirepass", "secret")
        subprocess.run(["redis-cli", "-s", redis.socket, "-a", "secret", "CLIENT", "KILL", "TYPE", "normal"], capture_output=True)
        redis, _ = there["loading"]
        redis.run("EVAL", "for i = 1, 3000 do redis.call('SETEX', 'key' .. i, 1000, i) end", "0")
        redis.run("SAVE")
        redis.end()
        redis.start("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024", is_up=False)
        for name, (_, running) in there.items():
            with self.subTest(name):
                self.flow(running)
        reasons = {"killed": "closed|refused|reset|EOF", "absent": "No such file|closed", "full": "OOM", "password": "NOAUTH", "loading": "LOADING|closed|refused|reset"}
        for name, reason in reasons.items():
            wait_until(f"the reason of {name}", lambda: re.search(rf"share redis \S+: .*({reason}).*mail goes on", there[name][1].log_text()), process=there[name][1].process)
        there["killed"][0].start()
        there["absent"][0].start()
        there["paused"][0].process.send_signal(signal.SIGCONT)
        there["full"][0].run("CONFIG", "SET", "maxmemory", "0")
        subprocess.run(["redis-cli", "-s", there["password"][0].socket, "-a", "secret", "CONFIG", "SET", "requirepass", ""], capture_output=True)
        for name, (redis, running) in there.items():
            with self.subTest(name):
                self.flow(running)
                lost = 1 if name in ("killed", "absent") else 0  # the first one, which Redis had taken
                log = redis.folder / "site.jsonl"
                expected = lambda: sorted(lines_of(running.records_path)[lost:])
                wait_until(f"all records of {name}", lambda: status(running)["waiting"] == 0 and status(running)["records"] >= 2 * self.COUNT + 1, process=running.process)
                self.assertEqual(collect(redis, log).returncode, 0)
                self.assertEqual(sorted(lines_of(log)), expected())
                self.assertEqual(status(running)["dropped"], 0)

    def test_a_wrong_password_is_told_and_a_right_one_is_taken_without_a_word(self):
        file = lab.folder / "password"
        file.write_text("wrong\n")
        redis = Redis("auth")
        redis.run("CONFIG", "SET", "requirepass", "right")
        running = start_filter("auth", redis, CONFIG.replace('"unix:{socket}"', f'"unix:{{socket}}" {{ password-file "{file}" prefix "site-a:" }}'))
        self.flow(running)
        wait_until("the reason", lambda: "WRONGPASS" in running.log_text(), process=running.process)
        self.assertNotIn("wrong\n", running.log_text())
        self.assertRegex(status(running)["last-reason"], "WRONGPASS")
        file.write_text("right\n")
        wait_until("records", lambda: status(running)["records"] == self.COUNT, process=running.process)
        answer = subprocess.run(["redis-cli", "-s", redis.socket, "-a", "right", "XLEN", "site-a:hs1:records"], capture_output=True, text=True).stdout
        self.assertEqual(answer.strip(), str(self.COUNT))
        log = running.log_text()
        self.assertLessEqual(len(re.findall("mail goes on without it", log)), 2, "told once a minute")

    def test_what_no_server_takes_has_an_end_and_is_counted(self):
        text = CONFIG.replace("unix:{socket}", f"127.0.0.1:{free_port()}")
        running = start_filter("nobody", type("None", (), {"socket": "none"}), text)
        self.flow(running)
        share = status(running)
        self.assertEqual((share["connected"], share["waiting"], share["records"]), (False, self.COUNT, 0))
        done = lab.tool("status", "-c", running.config)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(" ".join(done.stdout.split()), r"Redis server 127.0.0.1:\d+ that hosts share is not connected \(Connection refused\). Mail goes on")
        stopping.remove(running)
        self.assertIn(f"it did not take the last {self.COUNT} records of this host: they are not in the site's log", running.stop())

    def test_at_the_end_it_is_tried_once_more(self):
        redis, running = self.begin("last")
        wait_until("the first record", lambda: redis.run("XLEN", RECORDS) == "1")
        redis.end(signal.SIGTERM)
        self.flow(running)
        time.sleep(4)  # the next attempt is seconds away
        redis.start()
        stopping.remove(running)
        log = running.stop()
        self.assertEqual(redis.run("XLEN", RECORDS), str(self.COUNT), log)  # the first one was in memory
        self.assertNotIn("did not take", log)

    def test_a_reload_takes_another_server_and_none(self):
        first, second = Redis("first"), Redis("second")
        running = start_filter("moved", first)
        send(running, 3)
        wait_until("records", lambda: first.run("XLEN", RECORDS) == "3")
        text = running.config.read_text()
        running.reload(text.replace(str(first.socket), str(second.socket)))
        send(running, 3)
        wait_until("records", lambda: second.run("XLEN", RECORDS) == "3")
        running.reload(re.sub("share redis .*", "", text))
        send(running, 3)
        self.assertIsNone(status(running))
        self.assertEqual((first.run("XLEN", RECORDS), second.run("XLEN", RECORDS)), ("3", "3"))


class Findings(LabTest):
    """What one host has found at a sender's server spares others the visit, and decides nothing."""

    @staticmethod
    def look(running, name):
        """A message, and what is known of its client once it was looked at: the results of a second one."""
        send(running, 1, ADDRESSES[name])
        wait_until(f"a finding about {name}", lambda: (json.loads(lab.tool("status", "-c", running.config, "--json").stdout)["look-back"]["findings"] > 0) or None,
                   process=running.process)

        def result():
            send(running, 1, ADDRESSES[name])
            found = running.last_record()["checks"].get("x-banner", {"outcome": "unknown"})
            return found if found.get("outcome", "unknown") not in ("unknown",) else None
        return wait_until(f"the result of {name}", result, process=running.process)

    @staticmethod
    def keys(redis):
        return {key: int(redis.run("PTTL", key)) for key in redis.run("KEYS", "*").split()}

    def test_one_visit_for_a_site_if_all_is_well_there(self):
        redis = Redis("findings")
        first, second = start_filter("one", redis), start_filter("other", redis)
        before = scripts["good"].connections
        self.assertEqual(self.look(first, "good")["result"], "pass")
        wait_until("the finding", lambda: any(":peer:" in key for key in self.keys(redis)))
        self.assertEqual(self.look(second, "good")["result"], "pass")
        self.assertEqual(scripts["good"].connections - before, 1)
        self.assertEqual(status(second)["visits-spared"], 1)
        for key, ttl_ms in self.keys(redis).items():
            self.assertRegex(key, r"^heloscope:hs1:(records|peer:[0-9a-f]{32})$")
            self.assertGreater(ttl_ms, 0, "no name stays for ever")

    def test_what_is_bad_each_host_sees_with_its_own_eyes(self):
        redis = Redis("bad")
        first, second = start_filter("bad1", redis), start_filter("bad2", redis)
        before = scripts["bad"].connections
        for running in (first, second):
            self.assertEqual(self.look(running, "bad")["result"], "fail")
        self.assertEqual(scripts["bad"].connections - before, 2)
        self.assertFalse([key for key in self.keys(redis) if ":peer:" in key])

    def test_hostile_values_are_as_none(self):
        redis, source = Redis("values"), Redis("source")
        teller = start_filter("teller", source)
        self.look(teller, "good")
        key = wait_until("the finding", lambda: next((key for key in self.keys(source) if ":peer:" in key), None))
        value = json.loads(source.run("GET", key))
        running = start_filter("asking", redis)
        # The name under which each is looked for: as of one who has looked there.
        names = {}
        for name in ("forged", "garbage", "endless", "other", "spare"):
            known = set(self.keys(source))
            self.look(teller, name)
            names[name] = wait_until("the finding", lambda: next((key for key in set(self.keys(source)) - known if ":peer:" in key), None))
        values = {
            "forged": json.dumps({**value, "ip": ADDRESSES["forged"], "greeting": "mail.elsewhere.example ESMTP", "ehlo": "mail.elsewhere.example"}),
            "garbage": "\0\xff{",
            "endless": json.dumps({**value, "ip": ADDRESSES["endless"]}) + " " * 1000000,
            "other": json.dumps(value),  # of another address
        }
        for name, text in values.items():
            redis.run("SET", names[name], stdin=text.encode("latin-1"))
            redis.run("EXPIRE", names[name], "1000")
        spare = json.loads(source.run("GET", names["spare"]))
        redis.run("SET", names["spare"], json.dumps(spare))  # good, but without an end
        for name in names:
            with self.subTest(name):
                before = scripts[name].connections
                self.assertEqual(self.look(running, name)["result"], "pass")
                self.assertEqual(scripts[name].connections - before, 1, "an own visit")
        self.assertEqual(status(running)["visits-spared"], 0)

    @staticmethod
    def documented_users(path):
        """The commands there that add users to redis.conf: of the administrator, and the user "default"."""
        text = (SOURCE / path).read_text().replace(r"\(ti", "~")
        return [" ".join(command.split()) for command in re.findall(r'echo "user .*', re.sub(r"\\e?\n", " ", text))]

    def test_the_documented_commands_are_those_that_are_needed(self):
        commands = self.documented_users("README")
        self.assertEqual(commands, self.documented_users("milter/heloscope.conf.5"))
        users, log, password = (lab.folder / name for name in ("acl.conf", "acl.jsonl", "acl-password"))
        users.write_text("requirepass secret\n")
        for command in commands:
            subprocess.run(["sh", "-c", command.replace("/etc/redis/redis.conf", shlex.quote(str(users)))], check=True)
        password.write_text("PASSWORD\n")
        redis = Redis("acl", "--include", users, login=("--user", "admin", "--pass", "ANOTHER_PASSWORD"))
        self.assertEqual(redis.run("CONFIG", "RESETSTAT"), "OK")
        shared = f'share redis "unix:{redis.socket}" {{ password-file "{password}" }}\n'
        first, second = (start_filter(name, redis, re.sub("share redis .*\n", shared, CONFIG)) for name in ("acl-one", "acl-two"))
        self.look(first, "good")
        wait_until("the finding", lambda: any(":peer:" in key for key in self.keys(redis)))
        self.look(second, "good")
        self.assertEqual(status(second)["visits-spared"], 1)
        wait_until("the length", lambda: status(second)["stream"] is not None and "cmdstat_xlen" in redis.run("INFO", "commandstats"))
        redis.add("r", b"x" * (12 << 20))  # of which the number alone is asked
        config = redis.folder / "collect.conf"
        config.write_text(shared)
        done = lab.tool("collect", "-c", config, "--log", log, "--stderr", "--once")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("1 kept apart, 0 lost", done.stderr)
        self.assertEqual(sorted(lines_of(log)), sorted(line for running in (first, second) for line in lines_of(running.records_path)))
        self.assertEqual(redis.run("ACL", "LOG"), "", "nothing was denied")
        used = set(re.findall(r"cmdstat_(\S+?):calls=[1-9]", redis.run("INFO", "commandstats")))
        allowed = set(re.findall(r'\+([^\s"]+)', commands[-1]))
        self.assertEqual(allowed - used, set(), "nothing is allowed that is not needed")

    def test_two_versions_side_by_side_do_not_read_each_other(self):
        redis = Redis("versions")
        for key in ("heloscope:hs2:peer:00", "heloscope:peer:00"):
            redis.run("SETEX", key, "1000", "x")
        redis.run("XADD", "heloscope:hs2:records", "*", "q", "x")
        running = start_filter("version", redis)
        send(running, 3)
        wait_until("records", lambda: redis.run("XLEN", RECORDS) == "3")
        log = redis.folder / "site.jsonl"
        self.assertEqual((collect(redis, log).returncode, len(lines_of(log))), (0, 3))
        self.assertEqual((redis.run("XLEN", "heloscope:hs2:records"), redis.run("GET", "heloscope:hs2:peer:00")), ("1", "x"))


if __name__ == "__main__":
    enter_namespace(ADDRESSES.values())
    unittest.main(verbosity=2)
