"""tarpits: a thousand hosts whose servers greet with a byte a second, looked at while they send mail: what that costs in
memory and time, and whether mail waits for it. Usage: tarpits.py [--quick]. As root; in a network namespace of its own."""
import concurrent.futures
import os
import pathlib
import re
import selectors
import socket
import subprocess
import sys
import threading
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from lab import Lab, enter_namespace, wait_until  # noqa: E402
from raw_milter import Client  # noqa: E402

QUICK = "--quick" in sys.argv
HOSTS = 1000
TIMEOUT_S = 10 if QUICK else 60
ROUNDS = 3
CONFIG = """
listen "inet:{port}@127.0.0.1"
user "nobody"
log stderr level warning
resolver { servers 127.0.0.1@{nsd} }
"""
LOOK_BACK = f"look-back yes {{ networks {{ 198.18.0.0/15 }} timeout {TIMEOUT_S}s at-a-time 1000 per-minute 6000 }}\n"


class Tarpit:
    """One socket for all addresses; a byte a second for each connection."""

    def __init__(self):
        self.listener = socket.create_server(("0.0.0.0", 25), backlog=4096)
        self.listener.setblocking(False)
        self.connections, self.total = {}, 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        selector = selectors.DefaultSelector()
        selector.register(self.listener, selectors.EVENT_READ)
        while True:
            end = time.monotonic() + 1
            while (left := end - time.monotonic()) > 0:
                for _ in selector.select(left):
                    connection, _ = self.listener.accept()
                    connection.setblocking(False)
                    self.connections[connection] = 0
                    self.total += 1
            for connection, sent in list(self.connections.items()):
                try:
                    connection.send(b"220-"[sent:sent + 1] or b"x")
                    self.connections[connection] += 1
                except OSError:
                    connection.close()
                    del self.connections[connection]


def memory_kb(process):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1))


def send_all(running, addresses):
    """A message from each; the times that they took, in ms."""
    def send(address):
        begin = time.monotonic()
        with Client(running.port) as client:
            client.start(address)
            client.message(b"<>")
        return 1000 * (time.monotonic() - begin)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(send, addresses))


def tell(title, times):
    print(f"  {title:34} median {times[len(times) // 2]:6.2f} ms, 99th percentile {times[len(times) * 99 // 100]:6.2f} ms")


def main():
    addresses = [f"198.{18 + number // 250 % 2}.{number % 250}.{1 + number // 250}" for number in range(HOSTS)]
    subprocess.run(["ip", "route", "add", "local", "198.18.0.0/15", "dev", "lo"], check=True)
    tarpit = Tarpit()
    with Lab(os.environ.get("builddir", ".")) as lab:
        lab.nsd({})
        filters = {"nothing is looked at": lab.heloscope(CONFIG, name="off"), "servers are looked at": lab.heloscope(CONFIG + LOOK_BACK, name="on")}
        for running in filters.values():
            send_all(running, ["198.20.0.1"] * 50)  # libraries and threads are there
        process = filters["servers are looked at"].process
        before_kb, begin = memory_kb(process), time.monotonic()
        print(f"{HOSTS} hosts that send mail, a byte a second from the server of each:")
        times = {title: [] for title in filters}
        for _ in range(ROUNDS):
            for title, running in filters.items():
                times[title] += send_all(running, addresses)
        for title, found in times.items():
            tell(title, sorted(found))
        medians = [sorted(found)[len(found) // 2] for found in times.values()]
        print(f"  ratio of the medians {medians[1] / medians[0]:.2f}")
        wait_until("all looks", lambda: tarpit.total >= HOSTS)
        during_kb = memory_kb(process)
        print(f"  {len(tarpit.connections)} connections at a time: {during_kb - before_kb} kB, {(during_kb - before_kb) / HOSTS:.1f} kB each")
        wait_until("the end of all looks", lambda: not tarpit.connections, 3 * TIMEOUT_S)
        print(f"  over after {time.monotonic() - begin:.0f} s (timeout {TIMEOUT_S} s); then {memory_kb(process) - before_kb} kB more than before, for what was found")
        for running in filters.values():
            running.stop()


enter_namespace([])
main()
