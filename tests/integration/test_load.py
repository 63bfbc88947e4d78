"""Many senders at a time, by the load client of the benchmarks: each is judged as it would be alone."""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from lab import DEADLINE_S, SANITIZER, LabError, module_lab, wait_until

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

import filters  # noqa: E402
import signed  # noqa: E402
import signer  # noqa: E402
import world  # noqa: E402


def setUpModule():
    global lab, port, key, running
    with module_lab() as lab:
        key, public_key = signer.make_rsa(lab.folder)
        port = lab.nsd(world.zones(public_key))
        running = filters.heloscope(lab, servers=f"127.0.0.1@{port}")


def tearDownModule():
    running.process.terminate()
    status, log = running.process.wait(DEADLINE_S), (lab.folder / "heloscope.log").read_text(errors="replace")
    if status != 0 or SANITIZER.search(log):
        raise LabError(f"heloscope-milter ended with status {status}:\n{log[-3000:]}")


class Load(unittest.TestCase):
    def load(self, socket, cases, *options):
        path = lab.folder / "cases"
        path.write_text(cases)
        command = [lab.builddir / "tests/bench/load", *options, socket, path]
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=4 * DEADLINE_S)
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr

    def test_each_of_a_thousand_senders_is_judged_as_it_would_be_alone(self):
        for per_session in ("1", "7"):
            status, found, messages = self.load(running.socket, world.cases(running.checks), "--connections", "64", "--messages", "2000", "--per-session", per_session)
            self.assertEqual((status, messages), (0, ""))
            self.assertEqual((found["messages"], found["lost"], found["mismatches"]), (2000, 0, 0), found["complaints"])
            self.assertEqual(found["verdicts"], {"accept": 2000, "reject": 0, "defer": 0, "discard": 0})
            self.assertGreaterEqual(found["edits"], 2000)
            self.assertEqual(found["stages"]["end-of-message"]["count"], 2000)

    def test_many_recipients_and_a_dialogue_that_takes_its_time(self):
        status, found, _ = self.load(running.socket, world.cases(running.checks, recipients=20), "--connections", "8", "--messages", "40", "--dialogue", "60")
        self.assertEqual((status, found["mismatches"], found["stages"]["rcpt"]["count"]), (0, 0, 800))
        self.assertGreaterEqual(found["message"]["p50"], 60000)
        self.assertLess(found["waited"]["p50"], found["message"]["p50"])

    def test_filters_are_asked_in_turn_and_see_what_those_before_them_added(self):
        alone, twice = (self.load(sockets, world.cases(running.checks), "--connections", "8", "--messages", "100", "--per-session", "2")
                        for sockets in (running.socket, f"{running.socket},{running.socket}"))
        for status, found, _ in (alone, twice):
            self.assertEqual((status, found["messages"], found["lost"], found["mismatches"]), (0, 100, 0, 0), found["complaints"])
        self.assertEqual({stage: count["count"] for stage, count in twice[1]["stages"].items()},
                         {stage: 2 * count["count"] for stage, count in alone[1]["stages"].items()})
        # The second removes fields in its name that the first has added.
        self.assertGreater(twice[1]["edits"], 2 * alone[1]["edits"])

    def test_signed_messages_come_in_pieces_and_pass(self):
        path = lab.folder / "letter"
        verifying = filters.heloscope(lab, "-signed", servers=f"127.0.0.1@{port}", enable=("dkim", "dmarc"))
        for octets in (10, 65535, 300000):
            path.write_bytes(signed.letter(octets, 0, key.read_bytes()))
            one = world.case(0, world.expected(0, verifying.checks), letter=path) + "\n"
            status, found, messages = self.load(verifying.socket, one, "--connections", "8", "--messages", "16")
            self.assertEqual((status, messages, found["messages"], found["mismatches"]), (0, "", 16, 0), found["complaints"])
        holding = subprocess.Popen([lab.builddir / "tests/bench/load", "--connections", "20", "--hold", "body", verifying.socket, lab.folder / "cases"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(holding.stdout.readline(), "ready\n")
        found = json.loads(holding.communicate("", timeout=DEADLINE_S)[0])
        self.assertEqual((holding.returncode, found["messages"], found["lost"], found["stages"]["helo"]["count"]), (0, 20, 0, 20))
        verifying.process.kill()

    def test_what_is_not_as_expected_is_said(self):
        wrong = world.case(0, "spf=fail") + "\n" + world.case(1, "spf=pass").replace("\taccept\t", "\treject\t") + "\n"
        status, found, _ = self.load(running.socket, wrong, "--messages", "2")
        self.assertEqual((status, found["mismatches"]), (0, 2))
        self.assertIn("expected spf=fail, found accept", found["complaints"][0])
        self.assertIn("expected reject", found["complaints"][1])
        self.assertEqual(self.load(running.socket, "one field\n")[0], os.EX_DATAERR)
        self.assertEqual(self.load("/nonexistent", world.case(0, "-") + "\n")[0], os.EX_UNAVAILABLE)

    def test_a_filter_that_does_nothing_and_one_that_goes_away(self):
        noop = filters.noop(lab)
        status, found, _ = self.load(noop.socket, world.cases([]), "--connections", "16", "--messages", "500")
        self.assertEqual((status, found["edits"], found["mismatches"]), (0, 500, 0))
        client = subprocess.Popen([lab.builddir / "tests/bench/load", "--connections", "16", "--messages", "16", "--dialogue", "3000", noop.socket, lab.folder / "cases"],
                                  stdout=subprocess.PIPE, text=True)
        wait_until("sessions", lambda: len(os.listdir(f"/proc/{noop.process.pid}/fd")) > 16)
        noop.process.kill()
        found = json.loads(client.communicate(timeout=DEADLINE_S)[0])
        self.assertEqual((client.returncode, found["lost"]), (os.EX_SOFTWARE, 16))


if __name__ == "__main__":
    unittest.main(verbosity=2)
