"""The log of records of a running filter: complete, by its schema, and never a reason to hold up or lose mail."""
import contextlib
import ctypes
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

from lab import Lab, main, wait_until
from raw_milter import Client, fields
from scenario import CONFIG, LISTS, ZONES, addresses

BOUND_WRITTEN_BURST, BOUND_WRITTEN_AN_OCTET = 131072, 3
lab = None


def setUpModule():
    global lab, stack
    if ctypes.CDLL(None, use_errno=True).unshare(0x20000) != 0:  # CLONE_NEWNS
        raise unittest.SkipTest("no mount namespace can be made here")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    with contextlib.ExitStack() as started:
        lab = started.enter_context(Lab())
        lab.nsd(ZONES)
        lab.rbldnsd(LISTS)
        stack = started.pop_all()


def tearDownModule():
    stack.__exit__(*sys.exc_info())


def send(port, client="good", helo=b"smtpout.yodel.example", sender=b"<anna@yodel.example>", recipients=(b"<user@in.test>",)):
    """One message; the replies to its recipients."""
    with Client(port) as connection:
        connection.start(addresses[client], helo)
        connection.ask(b"M", sender + b"\0")
        replies = [connection.ask(b"R", recipient + b"\0")[-1] for recipient in recipients]
        if any(command == b"c" for command, _ in replies):
            connection.ask(b"E")
        else:
            connection.ask(b"M", b"<>\0")  # the MTA would say abort; a new message says it, too
        return replies


def text_of(path):
    return path.read_text() if path.exists() else ""


class Audit(unittest.TestCase):
    maxDiff = None

    def start(self, name, text=CONFIG):
        running = lab.heloscope(text.replace("mode audit", "mode enforce"), name=name)
        self.addCleanup(lambda: running.process.poll() is None and running.stop())
        return running

    def records(self, running, count):
        return wait_until(f"{count} records", lambda: (lambda found: found if len(found) >= count else None)(running.records()))

    def test_a_record_tells_what_was_found_and_decided(self):
        running = self.start("whole")
        (command, reply), = send(running.port, "listed", b"mail.bulk.example", b"<offers@bulk.example>")
        self.assertEqual(command, b"y")
        record = self.records(running, 1)[0]
        self.assertEqual(record["client"], {"ip": addresses["listed"], "port": 25, "name": "mail.bulk.example", "trusted": False, "authenticated": False})
        self.assertEqual({method: check["result"] for method, check in record["checks"].items()},
                         {"iprev": "pass", "x-helo": "pass", "spf": "pass", "spf-helo": "none", "x-sender": "pass", "x-dnsbl": "fail", "dnswl": "none"})
        self.assertEqual([(hit["zone"], hit["answers"]) for hit in record["checks"]["x-dnsbl"]["hits"]],
                         [("bl.test", ["127.0.0.2"]), ("dbl.test", ["127.0.1.2"])])
        verdict, = record["verdicts"]
        self.assertEqual((verdict["recipient"], verdict["action"], verdict["enforced"]), ("<user@in.test>", "reject", True))
        # What the sender saw, on one line.
        lines = [line[10:] for line in reply.rstrip(b"\0").decode().split("\r\n")]
        self.assertEqual(verdict["reply"], "550 5.7.1 " + " ".join(line.strip() for line in lines))
        self.assertIn(record["id"], verdict["reply"])

    def test_each_message_and_recipient_is_there_once(self):
        running = self.start("each")
        with Client(running.port) as connection:
            connection.start(addresses["good"])
            for number in range(50):
                connection.message(b"<u%d@yodel.example>" % number)
        send(running.port, "neutral", b"softfail.example", b"<a@softfail.example>", [b"<a@in.test>", b"<b@strict.test>", b"<c@audit.test>"])
        records = self.records(running, 51)
        self.assertEqual([record["sender"] for record in records[:50]], [f"u{number}@yodel.example" for number in range(50)])
        self.assertEqual([(verdict["recipient"], verdict["action"]) for verdict in records[50]["verdicts"]],
                         [("<a@in.test>", "accept"), ("<b@strict.test>", "reject"), ("<c@audit.test>", "accept")])
        self.assertEqual(len({record["id"] for record in records}), 51)
        self.assertEqual([record["time"] for record in records], sorted(record["time"] for record in records))

    def test_many_recipients_are_counted(self):
        running = self.start("many")
        send(running.port, recipients=[b"<u%d@in.test>" % number for number in range(600)])
        record, = self.records(running, 1)
        self.assertEqual((record["recipients"], record["cut"]), (600, ["verdicts"]))
        self.assertGreater(len(record["verdicts"]), 60)
        self.assertLessEqual(len(text_of(running.records_path)), 16385)

    def test_of_very_many_verdicts_those_that_are_told_are_true(self):
        rules = "".join(f'    reject when recipient in {{ "u{number}@in.test" }}\n' for number in range(20))
        running = self.start("verdicts", CONFIG.replace("policy {\n", "policy {\n" + rules, 1))
        send(running.port, recipients=[b"<u%d@in.test>" % number for number in range(20)])
        record, = self.records(running, 1)
        first = int(record["verdicts"][0]["rule"].rpartition(":")[2])
        told = [(verdict["recipient"], int(verdict["rule"].rpartition(":")[2]) - first) for verdict in record["verdicts"]]
        self.assertEqual(told, [(f"<u{number}@in.test>", number) for number in range(16)])
        self.assertEqual(record["recipients"], 20)

    def test_P5_a_loop_of_commands_writes_in_proportion(self):
        """MAIL, RCPT, RSET over and over: octets of log and records for octets of SMTP; the next mail has its record."""
        running = self.start("loop")
        before, said, loops = len(running.log_text()), 0, 3000
        with Client(running.port) as connection:
            connection.start(addresses["neutral"], b"softfail.example")
            for number in range(loops):
                sender, recipient = b"<a%d@softfail.example>" % number, b"<b@strict.test>"
                connection.ask(b"M", sender + b"\0")
                connection.ask(b"R", recipient + b"\0")
                said += len(b"MAIL FROM:\r\nRCPT TO:\r\nRSET\r\n" + sender + recipient)
            connection.ask(b"M", b"<>\0")
        send(running.port)
        record = wait_until("the record of another network's mail", lambda: next(
            (record for record in running.records() if record["client"]["ip"] == addresses["good"]), None))
        audit, log = running.records_path.stat().st_size, len(running.log_text()) - before
        print(f"SMTP {said}, records {audit} ({audit / said:.2f}), log {log} ({log / said:.2f})")
        self.assertLessEqual(audit + log, BOUND_WRITTEN_BURST + BOUND_WRITTEN_AN_OCTET * said + 5000)
        self.assertLessEqual(audit, 4 * said)
        self.assertGreater(sum(record.get("unwritten", 0) for record in running.records()), loops // 10)
        self.assertNotIn("cut", record)
        self.assertEqual(running.log_text().count("left out of log and records"), 1)
        self.assertTrue(all(len(line) <= 16384 for line in text_of(running.records_path).splitlines()))

    def test_F41_mail_flows_where_the_log_is_a_device(self):
        running = self.start("full", CONFIG.replace("{records}", "/dev/full"))
        for _ in range(20):
            self.assertEqual(send(running.port)[0][0], b"c")
        wait_until("a word in the log", lambda: "records /dev/full: it is a FIFO, device or socket; expected a file" in running.log_text())
        self.assertEqual(running.log_text().count("/dev/full: "), 1, "said once")

    def on_disk(self, name, options):
        """A small disk of its own at a new place, in this test's mount namespace."""
        folder = lab.subfolder(name, owner="nobody")
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)
        return folder

    def expect_reason(self, running, reason, after=0):
        """Records are lost for that reason, which is told at once, and for no other."""
        self.assertEqual(send(running.port)[0][0], b"c")
        wait_until(f"a word of {reason}", lambda: f": {reason};" in running.log_text()[after:])
        for other in {"No such file or directory", "the disk is too slow", "No space left on device"} - {reason}:
            self.assertNotIn(other, running.log_text()[after:])

    def test_N08_a_full_disk_is_called_one(self):
        folder = self.on_disk("tiny", "size=16k,mode=777")
        running = self.start("tiny-disk", CONFIG.replace("{records}", str(folder / "records.jsonl")))
        for _ in range(30):
            self.assertEqual(send(running.port)[0][0], b"c")
        self.expect_reason(running, "No space left on device")
        self.assertEqual(running.log_text().count("records /"), 1, "said once")
        for line in text_of(folder / "records.jsonl").splitlines()[:-1]:
            json.loads(line)

    def test_N08_a_full_disk_that_gets_room_again(self):
        """No mail is lost or held up, no page of a report is left by half, and the log of records goes on where it can."""
        folder = self.on_disk("room", "size=512k,mode=777")
        log, page, filler = folder / "records.jsonl", folder / "page.html", folder / "filler"
        running = self.start("room", CONFIG.replace("{records}", str(log)))
        self.assertEqual(send(running.port)[0][0], b"c")
        wait_until("a record", lambda: text_of(log).endswith("\n"))
        self.assertIn(lab.tool("report", "--log", log, "--html", page).returncode, (0, 1))
        before = page.read_text()
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        done = lab.tool("report", "--log", log, "--html", page)
        self.assertEqual((done.returncode, done.stderr), (3, f"heloscope report: {page}: No space left on device\n"))
        self.assertEqual((page.read_text(), page.with_name("page.html.new").exists()), (before, False))
        for _ in range(30):
            self.assertEqual(send(running.port)[0][0], b"c")
        self.expect_reason(running, "No space left on device")
        filler.unlink()
        wait_until("the log goes on", lambda: send(running.port)[0][0] == b"c" and "is written again" in running.log_text())
        wait_until("a record", lambda: text_of(log).endswith("\n"))
        self.assertGreater(len([line for line in text_of(log).splitlines() if line.endswith("}") and json.loads(line)["v"] == 1]), 1)
        self.assertEqual(lab.tool("report", "--log", log, "--html", page).returncode in (0, 1), True)

    def test_N08_a_disk_that_can_only_be_read(self):
        folder = self.on_disk("readonly", "size=64k,mode=777")
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        running = self.start("read-only", CONFIG.replace("{records}", str(folder / "records.jsonl")))
        self.expect_reason(running, "Read-only file system")
        self.assertIn(f'records.jsonl cannot be made: Read-only file system; a service of systemd may write only where its unit says so: run "systemctl edit '
                      f'heloscope-milter", add the lines "[Service]" and "ReadWritePaths={folder}", and restart it\n', running.log_text())

    def test_N08_a_file_of_somebody_else(self):
        folder = lab.subfolder("foreign", owner="nobody")
        (folder / "records.jsonl").touch(mode=0o600)
        running = self.start("foreign-file", CONFIG.replace("{records}", str(folder / "records.jsonl")))
        self.expect_reason(running, "Permission denied")

    def test_N08_a_folder_that_goes_away_and_a_rename(self):
        folder = lab.subfolder("moved", owner="nobody")
        running = self.start("moved-file", CONFIG.replace("{records}", str(folder / "records.jsonl")))
        send(running.port)
        wait_until("a record", lambda: text_of(folder / "records.jsonl").count("\n") == 1)
        (folder / "records.jsonl").rename(folder / "records.jsonl.1")
        send(running.port)
        wait_until("a record in a new file", lambda: text_of(folder / "records.jsonl").count("\n") == 1)
        self.assertNotIn("records /", running.log_text())
        folder.rename(lab.folder / "moved.away")
        self.expect_reason(running, "No such file or directory")

    def test_F41_mail_flows_without_a_folder_for_the_log(self):
        running = self.start("absent", CONFIG.replace("{records}", str(lab.folder / "absent/records.jsonl")))
        self.assertEqual(send(running.port)[0][0], b"c")
        wait_until("a word in the log", lambda: ": No such file or directory; 1 record lost" in running.log_text())
        folder = lab.subfolder("absent", owner="nobody")
        wait_until("a record", lambda: send(running.port) and (folder / "records.jsonl").exists() and (folder / "records.jsonl").read_text())
        wait_until("a word in the log", lambda: "is written again" in running.log_text())

    def test_F42_logrotate(self):
        running = self.start("rotated")
        for method in ("create 0640 nobody", "copytruncate"):
            with self.subTest(method):
                before = text_of(running.records_path)
                send(running.port)
                wait_until("a record", lambda: text_of(running.records_path) != before and text_of(running.records_path).endswith("\n"))
                rules = lab.folder / "logrotate.conf"
                rules.write_text(f"{running.records_path} {{\n su root root\n rotate 3\n {method}\n}}\n")
                done = subprocess.run(["logrotate", "--force", "--state", lab.folder / "logrotate.state", rules], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                old = pathlib.Path(f"{running.records_path}.1").read_text()
                send(running.port)
                wait_until("a record", lambda: text_of(running.records_path).endswith("\n"))
                self.assertEqual(json.loads(old.splitlines()[-1])["v"], 1)
                self.assertEqual(len(running.records()), 1)

    def test_F46_kill_in_the_middle(self):
        """At most the last line is torn, and the next one begins anew."""
        for number in range(5):
            running = self.start("killed")
            with contextlib.suppress(OSError, EOFError), Client(running.port) as connection:
                connection.start(addresses["good"])
                for count in range(1 + number):
                    connection.message()
            running.kill()
        running = self.start("killed")
        send(running.port)
        running.stop()
        running.was_killed = True
        lines = running.records_path.read_text().split("\n")
        self.assertEqual(lines[-1], "")
        torn = sum(1 for line in lines[:-1] if not line.endswith("}"))
        self.assertLessEqual(torn, 5)
        self.assertGreaterEqual(len(running.records()), 1)
        json.loads(lines[-2])

    def test_reload_moves_the_log(self):
        running = self.start("moved")
        send(running.port)
        self.records(running, 1)
        other = running.records_path.with_name("moved-2.jsonl")
        running.reload(running.config.read_text().replace(str(running.records_path), str(other)))
        send(running.port)
        wait_until("a record", lambda: text_of(other).endswith("\n"))
        self.assertEqual(len(running.records()), 1)


if __name__ == "__main__":
    main(verbosity=2)
