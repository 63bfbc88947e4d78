"""
bench: heloscope, a filter that does nothing, and its peers, under the same load in the same minutes.

bench.py [--quick] [--keep] [SECTION...]
  --quick   the sections that tell of a change, in two to three minutes, beside the figures that were kept
  --keep    keep the ratios found as those to compare with (tests/bench/kept.json)
Writes bench/report.txt and bench/report.json into the build folder. Runs as root, in network and mount
namespaces of its own. README tells what is measured.
"""
import argparse
import contextlib
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

import filters  # noqa: E402
import growth  # noqa: E402
import report  # noqa: E402
import scraped  # noqa: E402
import signed  # noqa: E402
import signer  # noqa: E402
import world  # noqa: E402
from lab import Lab, LabError, free_port, wait_until  # noqa: E402

KEPT = HERE / "kept.json"
ROUNDS = 5
MESSAGES = {1: 3000, 32: 8000, 256: 8000, 1000: 8000}
LATE_MS = 20


def enter_namespace():
    """Run this program again where no other server or network is, and /etc/resolv.conf names 127.0.0.1."""
    if os.environ.get("HELOSCOPE_BENCH_NAMESPACE") != "yes":
        environment = {**os.environ, "HELOSCOPE_BENCH_NAMESPACE": "yes"}
        os.execvpe("unshare", ["unshare", "--net", "--mount", "--", sys.executable, *sys.argv], environment)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{world.client(0)}/32", "dev", "lo"], check=True)


class Bench:
    def __init__(self, lab, is_quick):
        self.lab, self.is_quick = lab, is_quick
        self.results, self.goals, self.remarks = {}, [], []
        self.rounds = 3 if is_quick else ROUNDS
        resolv = lab.folder / "resolv.conf"
        resolv.write_text("nameserver 127.0.0.1\n")
        subprocess.run(["mount", "--bind", resolv, "/etc/resolv.conf"], check=True)
        self.key, public_key = signer.make_rsa(lab.folder)
        zones = {**world.zones(public_key), **world.stranger_zones()}
        self.lab.start("nsd", ["nsd", "-d", "-c", lab.nsd_config("127.0.0.1@53", zones)])
        lab.logs_mention("nsd", "nsd started")
        self.running = []
        self.case_files = {}

    # Servers.

    @contextlib.contextmanager
    def filter(self, start, *arguments, **options):
        """A filter while it is needed."""
        running = start(self.lab, *arguments, **options)
        try:
            yield running
        finally:
            for process in running.processes:
                if running.name != "rspamd":  # which has processes of its own to end
                    process.kill()  # libmilter looks at SIGTERM every five seconds
                self.lab.end(process)
                self.lab.processes.remove(process)

    @contextlib.contextmanager
    def late_server(self, usual_ms, *zones):
        """Port of a server that answers as nsd does, but later."""
        port = free_port()
        process = self.lab.start("delay", [self.lab.builddir / "tests/bench/delay", port, 53, usual_ms, *zones])
        time.sleep(0.2)
        try:
            yield port
        finally:
            self.lab.end(process)
            self.lab.processes.remove(process)

    # Load.

    def cases(self, checks, recipients=1):
        return self.file(f"cases-{'-'.join(checks)}-{recipients}", lambda: world.cases(checks, recipients))

    def strangers(self, first, count, checks=()):
        return self.file(f"strangers-{first}-{count}-{len(checks)}", lambda: world.stranger_cases(first, count, checks))

    def file(self, name, text):
        if name not in self.case_files:
            path = self.lab.folder / name
            path.write_text(text())
            self.case_files[name] = path
        return self.case_files[name]

    def load_command(self, running, cases, **options):
        words = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", str(value))]
        return [str(self.lab.builddir / "tests/bench/load"), *words, str(running.socket), str(cases)]

    def load(self, running, cases, **options):
        """One run; figures of the client and of the filter."""
        before, threads = running.cpu_s(), 0
        client = subprocess.Popen(self.load_command(running, cases, **options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while client.poll() is None:
            threads = max(threads, running.status("Threads"))
            time.sleep(0.25)
        output, messages = client.communicate()
        if not output:
            raise LabError(f"load: {messages}")
        found = json.loads(output)
        found["filter"], found["threads"] = running.name, threads
        found["per_s"] = found["messages"] / found["seconds"]
        found["cpu_us"] = (running.cpu_s() - before) / max(found["messages"], 1) * 1e6
        if found["lost"] or found["mismatches"]:
            self.remarks.append(f"{running.name}: {found['lost']} lost, {found['mismatches']} not as expected: {found['complaints'][:2]}")
        return found

    @contextlib.contextmanager
    def held(self, running, cases, sessions, stage):
        """So many sessions that have come to this stage, and stay there."""
        client = subprocess.Popen(self.load_command(running, cases, connections=sessions, hold=stage), stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        if client.stdout.readline() != "ready\n":
            raise LabError(f"{running.name}: no {sessions} sessions")
        time.sleep(0.5)
        try:
            yield
        finally:
            client.communicate("")

    # Findings.

    def goal(self, what, value, limit, is_at_least=False, unit=""):
        is_met = value >= limit if is_at_least else value <= limit
        self.goals.append({"what": what, "value": round(value, 3), "limit": limit, "at_least": is_at_least, "unit": unit, "met": is_met})

    @staticmethod
    def medians(runs):
        """The median of each figure over rounds, and of its ratio to the first filter's of the same round."""
        names = [run["filter"] for run in runs[0]]
        figures = {"per_s": lambda run: run["per_s"], "cpu_us": lambda run: run["cpu_us"],
                   "p50_ms": lambda run: run["waited"]["p50"] / 1000, "p99_ms": lambda run: run["waited"]["p99"] / 1000,
                   "threads": lambda run: run["threads"]}
        return {
            name: {
                **{key: statistics.median(figure(rounds[place]) for rounds in runs) for key, figure in figures.items()},
                **{f"{key}_ratio": statistics.median(figure(rounds[place]) / max(figure(rounds[0]), 1e-9) for rounds in runs)
                   for key, figure in figures.items() if key != "threads"},
            }
            for place, name in enumerate(names)
        }


# Sections. Each is named after its key in the report.

def warm(bench):
    """Mixed senders whose answers are at hand: nothing, heloscope, peers in turn, round by round."""
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(bench.filter(filters.noop)), stack.enter_context(bench.filter(filters.heloscope))]
        for name, (program, start) in ({} if bench.is_quick else filters.PEERS).items():
            if filters.installed(program):
                running.append(stack.enter_context(bench.filter(start)))
            else:
                bench.remarks.append(f"{name} is not installed, and so left out")
        for one in running:
            bench.load(one, bench.cases(one.checks), connections=32, messages=2000)
        for connections, messages in MESSAGES.items():
            for one in running:
                one.forget_peak()
            rounds = [[bench.load(one, bench.cases(one.checks), connections=connections, messages=share(one, messages)) for one in running]
                      for _ in range(bench.rounds)]
            found = bench.medians(rounds)
            for one in running:
                found[one.name]["peak_mb"] = one.peak_mb()
            bench.results[f"warm {connections}"] = found
        if not bench.is_quick:
            rounds = [[bench.load(one, bench.cases(one.checks), connections=32, messages=16000, per_session=10) for one in running[:2]]
                      for _ in range(bench.rounds)]
            bench.results["warm 32, sessions of 10 messages"] = bench.medians(rounds)
    warm_goals(bench)


def share(running, messages):
    """Slow peers get less of the same."""
    return messages // {"pyspf-milter": 16, "rspamd": 2, "opendmarc": 2}.get(running.name, 1)


def warm_goals(bench):
    for connections, limit in ((1, 0.8), (32, 0.8), (256, 0.9), (1000, 0.9)):
        found = bench.results[f"warm {connections}"]["heloscope"]
        bench.goal(f"messages a second, {connections} connections, of the no-op's", found["per_s_ratio"], limit, True)
        bench.goal(f"CPU a message, {connections} connections, of the no-op's", found["cpu_us_ratio"], 1.5)
        bench.goal(f"99th percentile, {connections} connections, of the no-op's", found["p99_ms_ratio"], 2)
    bench.goal("peak memory, 1000 connections", bench.results["warm 1000"]["heloscope"]["peak_mb"], 40, unit="MB")
    at_32 = bench.results["warm 32"]
    for peer, limit in (("rspamd", 2.5), ("pyspf-milter", 12)):
        if peer in at_32:
            bench.goal(f"messages a second, 32 connections, of {peer}'s", at_32["heloscope"]["per_s"] / at_32[peer]["per_s"], limit, True)


def idle(bench):
    """Sessions that have said HELO and nothing more."""
    found = {}
    for start in (filters.noop, filters.heloscope):
        with bench.filter(start, tag="-idle") as running:
            bench.load(running, bench.cases([]), connections=32, messages=3000)
            for sessions in (1000, 5000):
                before = running.status("VmRSS")
                with bench.held(running, bench.cases([]), sessions, "helo"):
                    found[f"{running.name}, {sessions} sessions, kB each"] = (running.status("VmRSS") - before) / sessions
                if running.name == "heloscope":
                    bench.goal(f"memory of an idle session, {sessions} of them", found[f"heloscope, {sessions} sessions, kB each"], 2, unit="kB")
    bench.results["idle"] = found


def cold(bench):
    """Senders never seen before, twelve lists, each answer 20 ms late; in both modes."""
    chain_ms = world.STRANGER_LOOKUPS * LATE_MS
    found = {"slowest chain of lookups, ms": chain_ms}
    for mode in ("audit", "enforce"):
        with bench.late_server(LATE_MS) as port, bench.filter(filters.noop, "-cold") as noop, \
                bench.filter(filters.heloscope, "-cold", lists=world.LISTS, servers=f"127.0.0.1@{port}", mode=mode) as running:
            for number, dialogue_ms in enumerate((100, 0)):
                options = {"connections": 4, "messages": 400, "dialogue": dialogue_ms}
                base = bench.load(noop, bench.strangers(0, 400), **options)["waited"]
                waited = bench.load(running, bench.strangers(400 * number, 400, running.checks), **options)["waited"]
                for key in ("p50", "p99"):
                    found[f"mode {mode}, dialogue of {dialogue_ms} ms, added {key}, ms"] = (waited[key] - base[key]) / 1000
        bench.goal(f"cold, mode {mode}, dialogue of 100 ms, time added (p50)", found[f"mode {mode}, dialogue of 100 ms, added p50, ms"], 2, unit="ms")
        bench.goal(f"cold, mode {mode}, no dialogue, time added (p50), of the slowest chain",
                   found[f"mode {mode}, dialogue of 0 ms, added p50, ms"] / chain_ms, 1.2)
    bench.results["cold, 12 lists, answers 20 ms late"] = found


def slow_list(bench):
    """One list is 2 s late for strangers; others, whose answers are at hand, go on beside them."""
    known = world.CLIENTS // 4
    with bench.late_server(0, "bl11.test=2000") as port, \
            bench.filter(filters.heloscope, "-slow", lists=world.LISTS, servers=f"127.0.0.1@{port}") as running:
        file = bench.file("known", lambda: "".join(world.cases([]).splitlines(keepends=True)[:known]))
        bench.load(running, file, connections=known, messages=known)  # pays the two seconds once
        alone, beside = [], []
        for number in range(bench.rounds):
            alone.append(bench.load(running, file, connections=8, messages=12000)["waited"])
            strangers = subprocess.Popen(bench.load_command(running, bench.strangers(60 * number, 60), connections=30, messages=60),
                                         stdout=subprocess.DEVNULL)
            beside.append(bench.load(running, file, connections=8, messages=12000)["waited"])
            strangers.wait()
    with bench.late_server(0, "bl11.test=2000") as port, \
            bench.filter(filters.heloscope, "-slow", lists=world.LISTS, servers=f"127.0.0.1@{port}", timeout="1s") as running:
        waited = bench.load(running, bench.strangers(2000, 64), connections=64, messages=64)["waited"]
    ratios = {key: statistics.median(after[key] / before[key] for before, after in zip(alone, beside)) for key in ("p50", "p99")}
    bench.results["one list 2 s late"] = {**{f"others beside it, {key}, of that alone": value for key, value in ratios.items()},
                                          "with timeout 1s, longest wait, ms": waited["max"] / 1000}
    bench.goal("one list 2 s late: others' time (p50), of that alone", ratios["p50"], 1.15)
    bench.goal("one list 2 s late, timeout 1s: longest wait", waited["max"] / 1e6, 1.05, unit="s")


def dead_resolver(bench):
    """No server answers anything; the timeout is 1 s."""
    with bench.late_server(0, "test=never", "example=never", "arpa=never") as port, \
            bench.filter(filters.heloscope, "-dead", lists=world.LISTS, servers=f"127.0.0.1@{port}", timeout="1s") as running:
        found = bench.load(running, bench.strangers(1000, 1000), connections=256, messages=1000)
        bench.results["dead resolver, timeout 1s, 256 connections"] = {
            "messages accepted": found["verdicts"]["accept"], "longest wait, ms": found["waited"]["max"] / 1000,
            "CPU a message, us": found["cpu_us"], "peak memory, MB": running.peak_mb()}
        bench.goal("dead resolver, timeout 1s: longest wait", found["waited"]["max"] / 1e6, 1.25, unit="s")
        bench.goal("dead resolver: messages accepted of 1000", found["verdicts"]["accept"], 1000, True)


def postfix(bench):
    """End to end: smtp-source, Postfix, and a filter in between or none; in turn."""
    starts = {"none": None, "noop": filters.noop, "heloscope": filters.heloscope}
    starts.update({name: start for name, (program, start) in filters.PEERS.items() if filters.installed(program)})
    with contextlib.ExitStack() as stack:
        ports = {}
        for name, start in starts.items():
            running = stack.enter_context(bench.filter(start, "-postfix")) if start else None
            ports[name] = stack.enter_context(Lab()).postfix(f"unix:{running.socket}" if running else "", listen="0.0.0.0")
        rounds = [{name: send_by_smtp(port, 1000) for name, port in ports.items()} for _ in range(bench.rounds + 1)][1:]
    bench.results["end to end through Postfix, messages a second"] = {name: statistics.median(rates[name] for rates in rounds) for name in ports}


def send_by_smtp(port, count):
    began = time.monotonic()
    sent = subprocess.run(["smtp-source", "-s", "20", "-m", str(count), "-l", "2000", "-M", f"out0.{world.domain(0)}", "-f", f"anna@{world.domain(0)}",
                    "-t", "user@in.test", f"inet:{world.client(0)}:{port}"], capture_output=True, text=True)
    if sent.returncode != 0:
        raise LabError(f"smtp-source: {sent.stderr}")
    return count / (time.monotonic() - began)


READ_MB = 256  # of records, so that starting a command does not count


def reading(bench):
    """report and replay over a log: octets a second, on all processors and of each second of CPU."""
    log = bench.lab.folder / "read.jsonl"
    with bench.filter(filters.heloscope, "-reading", audit=bench.lab.folder / "written.jsonl") as running:
        bench.load(running, bench.cases(running.checks), connections=32, messages=4000)
        wait_until("records", lambda: (bench.lab.folder / "written.jsonl").stat().st_size > 1 << 20, process=running.process)
    records = [line for line in (bench.lab.folder / "written.jsonl").read_text().splitlines(keepends=True) if line.endswith("}\n")]
    block = "".join(records)
    with log.open("w") as out:
        for _ in range((READ_MB << 20) // len(block) + 1):
            out.write(block)
    config = bench.lab.folder / "heloscope-reading.conf"
    commands = {"report": ["report", "--log", log], "replay": ["replay", "--config", config, "--log", log]}
    rounds = [{name: read_once(bench, command, log) for name, command in commands.items()} for _ in range(bench.rounds)]
    log.unlink()
    found = {name: {key: statistics.median(each[name][key] for each in rounds) for key in rounds[0][name]} for name in commands}
    bench.results[f"reading {READ_MB} MB of records, MB a second"] = found
    for name, figures in found.items():
        bench.goal(f"{name}: MB a second of CPU, times processors", figures["per_cpu_s"] * os.cpu_count(), 150 * os.cpu_count(), True, "MB/s")


def read_once(bench, command, log):
    """MB a second of the clock, and of CPU."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([bench.lab.builddir / "milter/heloscope", *map(str, command)], capture_output=True, text=True, check=False)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode > 1 or done.stderr:
        raise LabError(f"heloscope {command[0]} ends with {done.returncode}: {done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"per_s": log.stat().st_size / seconds / 1e6, "per_cpu_s": log.stat().st_size / cpu / 1e6}


def resolvers(bench):
    """The embedded resolver asks far servers itself, or a caching server of this host does."""
    found = {}
    with bench.late_server(LATE_MS) as port:
        near = free_port()
        config = bench.lab.folder / "unbound.conf"
        config.write_text(f"""server:
  interface: 127.0.0.1@{near}
  do-not-query-localhost: no
  do-daemonize: no
  username: ""
  chroot: ""
  pidfile: ""
  module-config: "iterator"
  local-zone: "test." nodefault
  local-zone: "19.198.in-addr.arpa." nodefault
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{port}
""")
        unbound = bench.lab.start("unbound", ["unbound", "-d", "-c", config])
        wait_until("unbound", lambda: bench.lab.answers(near, "bl0.test"), process=unbound)
        for number, (name, server) in enumerate((("embedded", port), ("local caching server", near))):
            with bench.filter(filters.heloscope, "-resolver", servers=f"127.0.0.1@{server}") as running:
                first = bench.load(running, bench.strangers(0, 600), connections=32, messages=600)
            with bench.filter(filters.heloscope, "-resolver", servers=f"127.0.0.1@{server}") as running:
                again = bench.load(running, bench.strangers(0, 600), connections=32, messages=600)
            found[f"{name}: first contact, p50, ms"] = first["waited"]["p50"] / 1000
            found[f"{name}: CPU a message, us"] = first["cpu_us"]
            found[f"{name}: after a restart of the filter, p50, ms"] = again["waited"]["p50"] / 1000
        bench.lab.end(unbound)
        bench.lab.processes.remove(unbound)
    bench.results["resolvers"] = found


SECTIONS = {section.__name__: section for section in (warm, signed.signed, idle, cold, slow_list, dead_resolver, scraped.scraped, reading, resolvers, postfix,
                                                   growth.growth)}
QUICK = ("warm", "signed", "idle", "cold", "reading")


def main():
    parser = argparse.ArgumentParser(prog="bench.py")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    options = parser.parse_args()
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section \"{unknown[0]}\"; there are {', '.join(SECTIONS)}")
    if os.geteuid() != 0 or not filters.installed("nsd"):
        parser.exit(1, "bench.py: needs root, for network namespaces, and what \"contrib/setup bench\" installs\n")
    enter_namespace()
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    with Lab() as lab:
        bench = Bench(lab, options.quick)
        for name in options.sections or (QUICK if options.quick else SECTIONS):
            print(f"== {name}: {SECTIONS[name].__doc__.strip()}", flush=True)
            try:
                SECTIONS[name](bench)
            except LabError as error:
                bench.remarks.append(f"{name} was not finished: {error}")
    text = report.write(bench, pathlib.Path(lab.builddir) / "bench", KEPT, options.keep)
    print(text)
    return 1 if any("was not finished" in remark for remark in bench.remarks) else 0


if __name__ == "__main__":
    sys.exit(main())
