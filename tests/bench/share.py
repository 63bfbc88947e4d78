"""What Redis and a collector carry of records that many hosts share. Usage: share.py BUILDDIR; on a quiet machine."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HOSTS, RECORDS, SIZE = 20, 100000, 2400  # connections, and octets of a usual record


def benchmark(socket, *words):
    """Commands a second over as many connections as there are hosts, 16 of each under way."""
    done = subprocess.run(["redis-benchmark", "-s", socket, "-c", str(HOSTS), "-P", "16", "-n", str(RECORDS), "--csv", *words], capture_output=True, text=True, check=True)
    return float(re.findall(r'","([0-9.]+)"', done.stdout.splitlines()[-1])[0])  # behind the command itself


def usual_record():
    """A record of that size, as one host writes it."""
    seed = pathlib.Path(__file__).parent.parent / "fuzz/seeds/record/1"
    record = {**json.loads(seed.read_text()), "host": "mx1.test"}
    record["verdicts"][0]["text"] = ""
    record["verdicts"][0]["text"] = "x" * (SIZE - len(json.dumps(record, separators=(",", ":"))))
    return json.dumps(record, separators=(",", ":"))


def main(builddir):
    with tempfile.TemporaryDirectory(prefix="heloscope-bench.") as folder:
        socket, log, config = f"{folder}/redis.sock", pathlib.Path(folder, "site.jsonl"), pathlib.Path(folder, "bench.conf")
        config.write_text(f'share redis "unix:{socket}" {{ stream-length {RECORDS} }}\n')
        server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            while not os.path.exists(socket):
                time.sleep(0.05)
            pings = benchmark(socket, "PING")
            record = usual_record()
            appends = benchmark(socket, "XADD", "heloscope:hs1:bench", "MAXLEN", "~", str(RECORDS), "*", "r", record)
            octets = int(subprocess.run(["redis-cli", "-s", socket, "MEMORY", "USAGE", "heloscope:hs1:bench"], capture_output=True, text=True, check=True).stdout)
            subprocess.run(["redis-cli", "-s", socket, "DEL", "heloscope:hs1:bench"], capture_output=True, check=True)
            # Records that differ, as a collector sees them.
            lines = "".join(f"XADD heloscope:hs1:records * r '{record.replace('20261124T120000Z-000000000000', f'20261124T120000Z-{number:012x}')}'\n" for number in range(RECORDS))
            subprocess.run(["redis-cli", "-s", socket], input=lines, capture_output=True, text=True, check=True)
            begun = time.monotonic()
            done = subprocess.run([f"{builddir}/milter/heloscope", "collect", "-c", config, "--log", log, "--once", "--stderr"], capture_output=True, text=True)
            taken = time.monotonic() - begun
            written = int(re.search(r"(\d+) records written", done.stderr)[1])
        finally:
            server.terminate()
            server.wait()
    print(f"a record has {len(record)} octets; Redis takes {octets / RECORDS:.0f} for it")
    print(f"PING {pings:.0f} a second; XADD {appends:.0f} a second, {appends / pings:.2f} of that; collect {written / taken:.0f} records a second, {written / taken / appends:.2f} of what Redis takes")


if __name__ == "__main__":
    main(*sys.argv[1:])
