"""
scraped: what a message waits while somebody scrapes the filter without a pause. Usage as a program: scraped.py SOCKET; it scrapes until its
standard input ends, and prints how often it did.
"""
import contextlib
import http.client
import pathlib
import select
import statistics
import subprocess
import sys

import filters
from lab import Unix

SCRAPES = 10000
MESSAGES = 4000


def scraped(bench):
    """Somebody scrapes the filter, or one that has no mail, again and again while mail comes in: 10,000 times in all."""
    sockets = {name: bench.lab.folder / f"{name}-control.sock" for name in ("busy", "idle")}
    with bench.filter(filters.heloscope, "-busy", control=sockets["busy"]) as busy, bench.filter(filters.heloscope, "-idle", control=sockets["idle"]):
        bench.load(busy, bench.cases([]), connections=8, messages=MESSAGES)
        rounds, scrapes = [], 0
        while scrapes < SCRAPES or len(rounds) < bench.rounds:
            alone = bench.load(busy, bench.cases([]), connections=8, messages=MESSAGES)["waited"]
            beside, _ = load_beside(bench, busy, sockets["idle"])
            itself, count = load_beside(bench, busy, sockets["busy"])
            rounds.append((alone, beside, itself))
            scrapes += count
    found = {"scrapes of the filter that the mail passes": scrapes, "messages meanwhile": len(rounds) * MESSAGES}
    for key in ("p50", "p99"):
        found[f"a message waits alone, {key}, ms"] = statistics.median(alone[key] for alone, _, _ in rounds) / 1000
        found[f"the filter is scraped, {key}, of that alone"] = statistics.median(itself[key] / alone[key] for alone, _, itself in rounds)
        found[f"another filter is scraped, {key}, of that alone"] = statistics.median(beside[key] / alone[key] for alone, beside, _ in rounds)
        ratio = statistics.median(itself[key] / beside[key] for _, beside, itself in rounds)
        found[f"the filter is scraped, {key}, of that while another is"] = ratio
        if key == "p50":  # the other scatters too much
            bench.goal("scraped without a pause: time that a message waits (p50), of that while another filter is", ratio, 1.25)
    bench.results["scraped without a pause"] = found


def load_beside(bench, running, socket):
    """What messages wait while that socket is scraped, and how often it was."""
    scraper = subprocess.Popen([sys.executable, pathlib.Path(__file__), socket], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env={"PYTHONPATH": ":".join(sys.path)})
    scraper.stdout.readline()  # the first
    waited = bench.load(running, bench.cases([]), connections=8, messages=MESSAGES)["waited"]
    return waited, int(scraper.communicate()[0])


def main(path):
    count = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        with contextlib.closing(Unix(path)) as connection, contextlib.suppress(OSError, http.client.HTTPException):
            while not select.select([sys.stdin], [], [], 0)[0]:  # the filter keeps no connection for long
                connection.request("GET", "/metrics")
                connection.getresponse().read()
                count += 1
                if count == 1:
                    print(count, flush=True)
    print(count)


if __name__ == "__main__":
    main(*sys.argv[1:])
