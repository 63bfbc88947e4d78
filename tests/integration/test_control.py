"""The control socket of the filter, behind a real Postfix: what it tells is what was sent, and nobody who asks holds up mail."""
import concurrent.futures
import contextlib
import ctypes
import http.client
import itertools
import json
import os
import pathlib
import pwd
import re
import select
import socket
import stat
import subprocess
import threading
import time
import unittest
import urllib.parse
import urllib.request

from dns_server import DnsServer
from lab import HEAD, LabTest, Smtp, Unix, free_port, main, module_lab, schema_of, wait_until
from raw_milter import Client
from scenario import CONFIG, LISTS, ZONES, addresses

SCHEMA = schema_of("status")
CONTROLLED = CONFIG.replace("mode audit", "mode enforce") + '\ncontrol "unix:{control}"\n'

lab = None


def setUpModule():
    global lab, running, port
    with module_lab() as lab:
        lab.nsd(ZONES)
        lab.rbldnsd(LISTS)
        lab.subfolder("control", owner="nobody")
        running = controlled("heloscope")
        port = lab.postfix(f"inet:127.0.0.1:{running.port}")


def tearDownModule():
    running.stop()


def socket_of(name):
    return lab.folder / "control" / f"{name}.sock"


def controlled(name, config=CONTROLLED, **more):
    return lab.heloscope(config.replace("{control}", str(socket_of(name))), name=name, **more)


def ask(path, method="GET", body=None, name="heloscope", **fields):
    """The status, the fields and the body of the answer."""
    with contextlib.closing(Unix(socket_of(name))) as connection:
        connection.request(method, path, body, {key.replace("_", "-"): value for key, value in fields.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()


def numbers(name="heloscope"):
    """Each series with its value."""
    status, fields, text = ask("/metrics", name=name)
    assert (status, fields["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8"), (status, fields)
    return {series: float(value) for series, _, value in (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))}


def status(name="heloscope"):
    found = json.loads(ask("/status", name=name)[2])
    SCHEMA.validate(found)
    return found


def send(client="good", sender="<anna@yodel.example>", recipients=("user@in.test",), helo="smtpout.yodel.example", to=None):
    with Smtp(to or port) as smtp:
        smtp.pose_as(addresses.get(client, client))
        smtp.expect(f"EHLO {helo}", "250")
        return smtp.message(sender, recipients)


class Base(LabTest):
    def grown(self, before, after=None):
        """What has grown since, but for times."""
        after = after or numbers()
        return {series: value - before.get(series, 0) for series, value in after.items()
                if value != before.get(series, 0) and "_seconds" not in series}

    def settled(self, count, before):
        """The numbers once so many more messages are recorded: records are written a little later."""
        return wait_until("records", lambda: (now := numbers())["heloscope_record_written_total"] - before["heloscope_record_written_total"] == count and now)


class Numbers(Base):
    def test_what_is_told_is_what_was_sent(self):
        before = numbers()
        for _ in range(3):
            self.assertEqual([reply[:3] for reply in send()], ["250"])
        self.assertEqual([reply[:3] for reply in send("nameless", "<x@nospf.example>", helo="localhost")], ["550"])
        self.assertEqual([reply[:3] for reply in send("listed", "<anna@yodel.example>", ["user@in.test", "postmaster@in.test"])], ["250", "250"])
        after = self.settled(5, before)
        grown = self.grown(before, after)
        self.assertEqual(grown['heloscope_messages_total{verdict="accept",mode="enforce"}'], 4)
        self.assertEqual(grown['heloscope_messages_total{verdict="reject",mode="enforce"}'], 1)
        self.assertEqual(sum(value for series, value in grown.items() if series.startswith("heloscope_messages_total")), 5)
        self.assertEqual(grown["heloscope_record_written_total"], 5)
        self.assertEqual(grown['heloscope_list_hits_total{list="bl.test"}'], 1)
        self.assertEqual(grown['heloscope_check_results_total{check="iprev",result="pass"}'], 3 + self.passes("listed"))
        self.assertEqual(grown['heloscope_check_results_total{check="iprev",result="permerror"}'], 1 + (1 - self.passes("listed")))
        for check in ("iprev", "helo", "spf", "spf-helo", "sender", "dnsbl", "dnswl"):
            self.assertEqual(sum(value for series, value in grown.items() if f'results_total{{check="{check}"' in series), 5, check)
            self.assertGreaterEqual(after[f'heloscope_check_seconds_count{{check="{check}"}}'] - before[f'heloscope_check_seconds_count{{check="{check}"}}'], 5)
        self.assertEqual(after["heloscope_wait_seconds_count"] - before["heloscope_wait_seconds_count"], 5)
        self.assertFalse([series for series in grown if "mta_lacking" in series or "deadline" in series or "dropped" in series])
        wait_until("the end of sessions", lambda: numbers()["heloscope_sessions"] == 0)

    @staticmethod
    def passes(client):
        """Whether that client has a reverse DNS name that is as it should be."""
        record = next(record for record in reversed(running.records()) if record["client"]["ip"] == addresses[client])
        return int(record["checks"]["iprev"]["result"] == "pass")

    def test_audit_tells_the_rules_that_would_have_acted(self):
        own = controlled("audit", CONTROLLED.replace("mode enforce", "mode audit"))
        to = lab.postfix(f"inet:127.0.0.1:{own.port}", name="postfix-audit")
        for _ in range(2):
            send("nameless", "<x@nospf.example>", ["a@in.test", "b@in.test"], "localhost", to)
        wait_until("records", lambda: numbers("audit")["heloscope_record_written_total"] == 2)
        found = numbers("audit")
        self.assertEqual(found['heloscope_messages_total{verdict="reject",mode="audit"}'], 2)
        rules = {series: value for series, value in found.items() if series.startswith("heloscope_would_act_total") and value}
        self.assertEqual(sorted(rules.values())[-1], 2)
        rule = own.records()[0]["verdicts"][0]["rule"]
        self.assertEqual(rules[f'heloscope_would_act_total{{rule="{rule}",action="reject"}}'], 2)
        own.stop()

    def test_all_is_there_from_the_start_at_zero(self):
        own = controlled("fresh")
        found = numbers("fresh")
        self.assertGreater(len(found), 400)
        counted = {series: value for series, value in found.items() if series.partition("{")[0].endswith("_total") and value}
        self.assertEqual(counted, {"heloscope_connections_total": 1})  # of who waited for the filter; questions to lists are no messages
        own.stop()

    def test_no_label_has_what_a_sender_chooses(self):
        send("good", "<secret-sender@yodel.example>", ["secret-recipient@in.test"])
        text = ask("/metrics")[2]
        for word in ("secret", "yodel", "in.test", addresses["good"]):
            self.assertNotIn(word, text)

    def test_status_follows_its_schema_and_counts_the_same(self):
        before = status()
        send()
        after = wait_until("the message", lambda: (now := status())["messages"]["all"]["accept"] > before["messages"]["all"]["accept"] and now)
        self.assertEqual(after["messages"]["all"]["accept"], before["messages"]["all"]["accept"] + 1)
        self.assertEqual(after["configuration"]["mode"], "enforce")
        self.assertGreaterEqual(after["sessions"]["all"], before["sessions"]["all"] + 1)
        self.assertEqual({entry["list"]: entry["parts"][0]["state"] for entry in after["lists"]}["bl.test"], "well")
        self.assertGreater(len(next(entry for entry in after["lists"] if entry["list"] == "bl.test")["parts"][0]["tests"]), 0)
        self.assertEqual((after["look-back"], after["trust-anchor"], after["mta-lacks"]), (None, None, []))

    def test_a_reload_keeps_what_stays_and_begins_what_is_new_at_zero(self):
        own = controlled("reload")
        to = lab.postfix(f"inet:127.0.0.1:{own.port}", name="postfix-reload")
        send("listed", to=to)
        wait_until("the message", lambda: numbers("reload")['heloscope_list_hits_total{list="bl.test"}'] == 1)
        before = own.config.read_text()
        self.assertEqual(own.reload(before.replace('dnsbl "bl6.test" weight 4\n', 'dnsbl "new.test"\n')), "configuration read again")
        after = numbers("reload")
        self.assertEqual(after['heloscope_list_hits_total{list="bl.test"}'], 1)
        self.assertEqual(after['heloscope_list_hits_total{list="new.test"}'], 0)
        self.assertNotIn('heloscope_list_hits_total{list="bl6.test"}', after)
        self.assertEqual(own.reload("nonsense"), "old configuration stays")
        found = status("reload")["configuration"]
        self.assertEqual((found["reloads"], found["failed-reloads"], found["last-reload-failed"]), (1, 1, True))
        self.assertEqual(own.reload(before), "configuration read again")
        self.assertFalse(status("reload")["configuration"]["last-reload-failed"])
        own.stop()

    def test_what_the_mta_does_not_send_is_counted(self):
        own = controlled("lacking")
        with Client(own.port) as client:  # an MTA that sends no macros
            client.start(addresses["good"])
            for _ in range(2):
                client.message()
        found = {entry["what"]: entry["count"] for entry in status("lacking")["mta-lacks"]}
        self.assertEqual(found, {"macro-j": 1, "macro-mail_addr": 2, "macro-rcpt_addr": 2, "macro-i": 2})
        own.stop()


class Socket(Base):
    def test_it_belongs_to_the_filter_and_its_group(self):
        found = os.stat(socket_of("heloscope"))
        self.assertEqual((stat.S_ISSOCK(found.st_mode), stat.S_IMODE(found.st_mode)), (True, 0o660))
        self.assertEqual(found.st_uid, pwd.getpwnam("nobody").pw_uid)

    def test_mode_owner_and_group_are_as_they_are_said(self):
        own = controlled("given", CONTROLLED + ' { owner "daemon" group "mail" mode 0640 }\n')
        found = os.stat(socket_of("given"))
        self.assertEqual((found.st_uid, stat.S_IMODE(found.st_mode)), (pwd.getpwnam("daemon").pw_uid, 0o640))
        own.stop()

    def test_a_stale_socket_is_replaced_and_it_goes_at_the_end(self):
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(socket_of("stale")))
        os.chown(socket_of("stale"), pwd.getpwnam("nobody").pw_uid, -1)
        own = controlled("stale")
        self.assertEqual(ask("/status", name="stale")[0], 200)
        own.stop()
        self.assertFalse(socket_of("stale").exists())

    def test_without_it_mail_goes_on(self):
        socket_of("file").write_text("mine\n")
        for name, config in (("file", CONTROLLED), ("nowhere", CONTROLLED.replace("{control}", "/nonexistent/x.sock"))):
            own = controlled(name, config)
            self.assertIn("runs without a control socket", own.log_text())
            to = lab.postfix(f"inet:127.0.0.1:{own.port}", name=f"postfix-{name}")
            self.assertEqual([reply[:3] for reply in send(to=to)], ["250"])
            own.stop()
        self.assertEqual(socket_of("file").read_text(), "mine\n")


class Commands(Base):
    def test_status_says_what_is_there_and_that_all_is_well(self):
        send()
        wait_until("the message", lambda: status()["messages"]["all"]["accept"] > 0)
        done = lab.tool("status", "-c", running.config)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        for line in (r"Filter +heloscope-milter \S+, up \d+ (s|min).* mode enforce", rf"Configuration +{re.escape(str(running.config))}, read 20", r"Sessions +\d+ now",
                     r"  accept +\d+\.\d +[1-9]\d*", r"  A +[1-9]\d*  mean", r"Cache +\d+ % of", r"  bl\.test +lists \d+ messages", r"    ipv4 +trusted since 20\S+; tests: \d+ ms",
                     r"Look-back +off", r"Records +\S+: written: [1-9]", r"Trust anchor +none"):
            self.assertRegex(done.stdout, f"(?m)^{line}")
        self.assertNotIn("Needs attention", done.stdout)
        as_json = lab.tool("status", "-c", running.config, "--json")
        self.assertEqual(as_json.returncode, 0)
        SCHEMA.validate(json.loads(as_json.stdout))

    def test_status_says_what_is_wrong(self):
        anchor = lab.folder / "old.key"
        anchor.write_text(". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n")
        own = controlled("wrong", CONTROLLED.replace("timeout 8s", f'timeout 8s trust-anchor "{anchor}"') + 'dnsbl "nobody.test"\n')
        with Client(own.port) as client:  # an MTA that sends no macros
            client.start("192.0.2.1")
            client.message()
        done = lab.tool("status", "-c", own.config)
        self.assertEqual(done.returncode, 1, done.stdout)
        text = " ".join(done.stdout.split())
        for words in ("keys of the root: 20326", "The list nobody.test is not trusted now", "the macro {rcpt_addr}", "(Postfix: milter_connect_macros = j)",
                      "lacks the key with which the root is signed (38696)"):
            self.assertIn(words, text)
        self.assertEqual(lab.tool("status", "-c", own.config, "--json").returncode, 1)
        lab.logs_mention("wrong", "lacks the key")
        usable = own.config.read_text()
        own.reload(usable + "mode none\n")
        own.config.write_text(usable)
        self.assertIn("has errors, so the last reload had no effect", " ".join(lab.tool("status", "-c", own.config).stdout.split()))
        self.assertEqual(numbers("wrong")["heloscope_trust_anchor_root_key_missing"], 1)
        self.assertEqual(numbers("wrong")['heloscope_list_state{list="nobody.test"}'], 0)
        own.stop()

    def test_N09_a_dead_DNS_is_said(self):
        own = controlled("deaf", HEAD + f'\nresolver {{ servers 127.0.0.1@{free_port()} timeout 1s }}\ncontrol "unix:{{control}}"\n')
        with Client(own.port) as client:
            client.start("198.51.100.7")
            client.message()
        lab.logs_mention("deaf", "no name server answers")
        done = lab.tool("status", "-c", own.config)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertTrue(status("deaf")["dns"]["servers-silent"])
        # What messages have met and what the test of the resolver finds is told once.
        wait_until("the test of the resolver", lambda: any(test["finding"] == "silent" and test["fault"] for test in status("deaf")["resolver"]["tests"]))
        text = " ".join(lab.tool("status", "-c", own.config).stdout.partition("Needs attention:")[2].split())
        self.assertEqual(text.count("whatever needs the DNS is temperror"), 1, text)
        self.assertNotIn("No name server answers", text)
        self.assertEqual(numbers("deaf")["heloscope_dns_servers_silent"], 1)
        own.reload(re.sub(r"(?<=servers 127.0.0.1@)\d+", str(free_port()), own.config.read_text()))
        wait_until("the resolver that is gone is forgotten", lambda: not status("deaf")["dns"]["servers-silent"])
        own.stop()

    @staticmethod
    def send_from_silent(to):
        with Client(to) as client:
            client.start("198.51.100.7")
            client.message(sender=b"<a@drop.t.test>")

    def test_a_lookup_fails_once_however_many_messages_wait_for_it(self):
        """Else one silent domain of a stranger's would look like a fault of this site's name servers."""
        dns = free_port()
        with DnsServer(dns):
            own = controlled("silent", HEAD + f'\nmode enforce\nresolver {{ servers 127.0.0.1@{dns} timeout 1s }}\ncontrol "unix:{{control}}"\n')
            with concurrent.futures.ThreadPoolExecutor(12) as pool:
                list(pool.map(self.send_from_silent, [own.port] * 12))
            found = numbers("silent")
            self.assertGreater(found['heloscope_deadline_exceeded_total{stage="rcpt"}'] + found['heloscope_deadline_exceeded_total{stage="end-of-message"}'], 1)
            self.assertEqual(found["heloscope_dns_servers_silent"], 0)
            for kind in status("silent")["dns"]["kinds"]:
                failed = sum(value for series, value in found.items() if series.startswith(f'heloscope_dns_errors_total{{kind="{kind["kind"]}"'))
                self.assertLessEqual(failed, kind["count"], kind)
                self.assertLessEqual(sum(kind["faults"].values()), kind["count"], kind)
            own.stop()

    def test_without_a_filter_it_says_so(self):
        config = lab.folder / "absent.conf"
        for line, words in ((f'control "unix:{lab.folder}/control/absent.sock"', "does not run"), ("", 'does not say control; add the line: control "unix:'),
                            ("nonsense", "absent.conf:1:1")):
            config.write_text(line + "\n")
            for command in (("status",), ("metrics",), ("forget", "all")):
                done = lab.tool(command[0], "-c", config, *command[1:])
                self.assertEqual((done.returncode, done.stdout), (3, ""))
                self.assertIn(words, done.stderr)

    def test_it_works_over_a_port_of_loopback(self):
        for family, host in (("inet", "127.0.0.1"), ("inet6", "::1")):
            own = lab.heloscope(CONTROLLED.replace("unix:{control}", f"{family}:{free_port()}@{host}"), name=family)
            done = lab.tool("status", "-c", own.config, "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            own.stop()

    def test_metrics_are_as_promtool_wants_them(self):
        done = lab.tool("metrics", "-c", running.config)
        self.assertEqual(done.returncode, 0, done.stderr)
        checked = subprocess.run(["promtool", "check", "metrics"], input=done.stdout, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

    def test_alerts_and_dashboard_ask_for_what_there_is(self):
        names = {series.partition("{")[0] for series in numbers()}
        rules = lab.folder / "rules.yml"
        rules.write_text(lab.tool("metrics", "--alerts").stdout)
        checked = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        dashboard = json.loads(lab.tool("metrics", "--dashboard").stdout)
        asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(asked), 30)
        for text in [*asked, *re.findall(r"expr: '(.*)'", rules.read_text())]:
            for name in re.findall(r"heloscope_[a-z_]+", text):
                self.assertIn(name, names)
        bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}
        self.assertEqual({re.sub(r"_bucket$", "", name) for text in asked for name in re.findall(r"heloscope_[a-z_]+", text)}, bases)
        entries = "".join(f"      - record: heloscope:panel{number}\n        expr: {json.dumps(expr)}\n" for number, expr in enumerate(
            expr.replace("$__rate_interval", "5m").replace("$instance", ".*") for expr in asked))
        rules.write_text(f"groups:\n  - name: panels\n    rules:\n{entries}")
        checked = subprocess.run(["promtool", "check", "rules", rules], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


# Series of an hour, a value a minute, of two hosts: with which each alert comes, and next to which it does not.
ALERTS = {
    "HeloscopeIsDown": (
        {'heloscope_build_info{instance="b"}': "1x60", 'up{job="heloscope",instance="a"}': "1x10 0x50", 'up{job="heloscope",instance="b"}': "1x60"},
        {'heloscope_build_info{instance="b"}': "1x60", 'up{job="heloscope",instance="b"}': "1x60"}),
    "HeloscopeReloadFailed": ({'heloscope_config_reload_total{result="failure"}': "0x55 1x5"}, {'heloscope_config_reload_total{result="success"}': "0x55 1x5"}),
    "HeloscopeRefusesNearlyAll": (
        {'heloscope_messages_total{verdict="reject",mode="enforce",instance="a"}': "0+95x60", 'heloscope_messages_total{verdict="accept",mode="enforce",instance="a"}': "0+5x60",
         'heloscope_messages_total{verdict="accept",mode="enforce",instance="b"}': "0+500x60"},
        {'heloscope_messages_total{verdict="reject",mode="enforce",instance="a"}': "0+80x60", 'heloscope_messages_total{verdict="accept",mode="enforce",instance="a"}': "0+20x60"}),
    "HeloscopeIsSlow": (
        {'heloscope_wait_seconds_bucket{le="2.5",instance="a"}': "0+80x60", 'heloscope_wait_seconds_bucket{le="5",instance="a"}': "0+100x60",
         'heloscope_wait_seconds_count{instance="a"}': "0+100x60", 'heloscope_wait_seconds_bucket{le="2.5",instance="b"}': "0+900x60",
         'heloscope_wait_seconds_count{instance="b"}': "0+900x60"},
        {'heloscope_wait_seconds_bucket{le="2.5"}': "0+95x60", 'heloscope_wait_seconds_count': "0+100x60"}),
    "HeloscopeDeadlinesPass": (
        {'heloscope_deadline_exceeded_total{stage="rcpt"}': "0+6x60", 'heloscope_messages_total{verdict="accept",mode="audit"}': "0+100x60"},
        {'heloscope_deadline_exceeded_total{stage="rcpt"}': "0+4x60", 'heloscope_messages_total{verdict="accept",mode="audit"}': "0+100x60"}),
    "HeloscopeDnsFails": (
        {'heloscope_dns_errors_total{kind="MX",reason="servfail"}': "0+25x60", 'heloscope_dns_seconds_count{kind="MX"}': "0+100x60"},
        {'heloscope_dns_errors_total{kind="MX",reason="servfail"}': "0x50 0+1x10", 'heloscope_dns_seconds_count{kind="MX"}': "0x50 0+3x10"}),
    "HeloscopeHasNoDns": ({"heloscope_dns_servers_silent": "0x50 1x10"}, {"heloscope_dns_servers_silent": "1x10 0x50"}),
    "HeloscopeResolverFault": ({'heloscope_resolver_fault{test="tcp"}': "0x40 1x20"}, {'heloscope_resolver_fault{test="tcp"}': "0x40 1x10 0x10"}),
    "HeloscopeListSuspended": ({'heloscope_list_state{list="a.test"}': "1x20 0x40"}, {'heloscope_list_state{list="a.test"}': "1x40 0x20"}),
    "HeloscopeShareDown": ({"heloscope_share_down": "0x40 1x20"}, {"heloscope_share_down": "0x55 1x5"}),
    "HeloscopeShareLosesRecords": ({"heloscope_share_dropped_total": "0x55 9x5"}, {"heloscope_share_waiting": "0x55 9x5"}),
    "HeloscopeShareFillsUp": (
        {"heloscope_share_stream_records": "0x40 501x20", "heloscope_share_stream_length": "1000x60"},
        {"heloscope_share_stream_records": "0x40 500x20", "heloscope_share_stream_length": "1000x60"}),
    "HeloscopeLosesRecords": ({'heloscope_record_dropped_total{reason="disk"}': "0x55 9x5"}, {'heloscope_record_dropped_total{reason="allowance"}': "0x55 9x5"}),
    "HeloscopeMtaLacks": ({'heloscope_mta_lacking_total{what="macros"}': "0x55 9x5"}, {'heloscope_mta_lacking_total{what="macros"}': "9x60"}),
    "HeloscopeTrustAnchorIsOld": ({"heloscope_trust_anchor_root_key_missing": "1x60"}, {"heloscope_trust_anchor_root_key_missing": "0x60"}),
}


class Alerts(Base):
    def test_each_alert_comes_when_it_should_and_not_else(self):
        rules = lab.folder / "alerts.yml"
        rules.write_text(lab.tool("metrics", "--alerts").stdout)
        self.assertEqual(set(re.findall(r"alert: (\S+)", rules.read_text())), set(ALERTS))
        tests = []
        for name, scenes in ALERTS.items():
            for series, comes in zip(scenes, (True, False)):
                tests.append({
                    "interval": "1m", "input_series": [{"series": key, "values": values} for key, values in series.items()],
                    "promql_expr_test": [{"expr": f'count(ALERTS{{alertname="{name}",alertstate="firing"}})', "eval_time": "60m",
                                          "exp_samples": [{"labels": "{}", "value": 1}] if comes else []}]})
        path = lab.folder / "alerts-test.json"
        path.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": tests}))
        done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class MailServer:
    """A client's own server, which is broken until it is repaired."""

    def __init__(self, address):
        subprocess.run(["ip", "address", "add", f"{address}/32", "dev", "lo"], check=True)
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        self.is_repaired = False
        self.looks = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                with self.listener.accept()[0] as client, client.makefile("rb") as lines, contextlib.suppress(OSError):
                    self.looks += 1
                    client.sendall(b"220 smtpout.yodel.example ESMTP\r\n" if self.is_repaired else b"554 no service here\r\n")
                    for line in lines:
                        client.sendall(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 smtpout.yodel.example\r\n")


class Forget(Base):
    def test_a_server_that_was_repaired_is_looked_at_again(self):
        server = MailServer(addresses["good"])
        self.addCleanup(server.listener.close)
        look_back = f"look-back yes {{ port {server.port} networks {{ 198.51.100.0/24 }} timeout 5s }}\n"
        own = controlled("forget", CONTROLLED + look_back)
        to = lab.postfix(f"inet:127.0.0.1:{own.port}", name="postfix-forget")
        visits = lambda outcome: numbers("forget")[f'heloscope_look_back_visits_total{{outcome="{outcome}"}}']
        send(to=to)
        wait_until("the first look", lambda: visits("declines") == 1)
        self.assertEqual(status("forget")["look-back"]["findings"], 1)
        server.is_repaired = True
        send(to=to)
        self.assertEqual(self.forget(own, "192.0.2.1"), (1, "Nothing was known.\n"))
        self.assertEqual((server.looks, self.forget(own, addresses["good"])), (1, (0, "1 finding forgotten.\n")))
        send(to=to)
        wait_until("the second look", lambda: visits("answers") == 1)
        self.assertEqual(self.forget(own, "all"), (0, "1 finding forgotten.\n"))
        self.assertEqual(numbers("forget")["heloscope_look_back_findings"], 0)
        self.assertIn(f"what was found of {addresses['good']} is forgotten (1)", own.log_text())
        own.stop()

    @staticmethod
    def forget(own, whom):
        done = lab.tool("forget", "-c", own.config, whom)
        return done.returncode, done.stdout

    def test_what_is_no_address_is_refused(self):
        for whom in ("nobody", "192.0.2.0/24", "", "192.0.2.1 192.0.2.2"):
            self.assertEqual(lab.tool("forget", "-c", running.config, whom).returncode, 2)
            self.assertEqual(ask("/forget", "POST", whom)[0], 400)
        self.assertEqual(ask("/forget", "POST", "all\n")[0], 409)  # it does not look back
        self.assertIn("look-back yes", lab.tool("forget", "-c", running.config, "all").stderr)


class Load(Base):
    SCRAPES, SLOW_SCRAPES, MESSAGES = 10000, 3000, 200
    numbers = itertools.count()

    def setUp(self):
        self.own = controlled("load")  # of its own: a network may cause so many records and no more
        self.addCleanup(self.own.stop)
        self.to = lab.postfix(f"inet:127.0.0.1:{self.own.port}", name=f"postfix-load{next(self.numbers)}")

    def send_all(self, count, meanwhile=lambda sending: None):
        """By counts, not by time: each message is answered, none passes its deadline, and all are counted. What is done meanwhile comes back."""
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            sending = [pool.submit(self.send_many, count // 4) for _ in range(4)]
            done = meanwhile(sending)
            self.assertEqual([future.result() for future in sending], [["250"] * (count // 4)] * 4)
        return done

    def send_many(self, count):
        return [send(to=self.to)[0][:3] for _ in range(count)]

    def all_are_counted(self, count):
        written = lambda: sum(value for series, value in numbers("load").items() if "record_written" in series or "record_dropped" in series)
        wait_until("records", lambda: written() == count)
        found = numbers("load")
        self.assertEqual(found['heloscope_messages_total{verdict="accept",mode="enforce"}'], count)
        self.assertFalse([series for series, value in found.items() if value and ("deadline" in series or 'dropped_total{reason="disk"' in series)])

    def test_scrapes_hold_up_no_mail(self):
        def scrape_all(sending):
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                return sum(pool.map(self.scrape, [self.SCRAPES // 2] * 2))
        self.assertEqual(self.send_all(self.MESSAGES, scrape_all), self.SCRAPES)
        self.all_are_counted(self.MESSAGES)

    @staticmethod
    def scrape(count):
        """Over connections that are kept for as long as they may last; how many answers came whole."""
        whole = 0
        while whole < count:
            with contextlib.closing(Unix(socket_of("load"))) as connection, contextlib.suppress(OSError, http.client.HTTPException):
                while whole < count:
                    connection.request("GET", "/metrics")
                    answer = connection.getresponse()
                    whole += answer.status == 200 and answer.read().endswith(b"heloscope_trust_anchor_root_key_missing 0\n")
        return whole

    # Those who stall. Each is a generator: what comes from it is how many answers it has had, and then it says and reads nothing more until
    # it is asked again. So all but one are in the middle of a request or of an answer while the messages come in.

    ASK = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"

    def stall_in_request(self):
        return self.stall(self.ASK[:30], self.ASK[30:], 1)

    def stall_in_answer(self):
        """So many at once that they do not fit in a socket that nobody reads: the filter is in the middle of writing."""
        return self.stall(self.ASK * 10, b"", 10)

    @staticmethod
    def stall(begin, rest, count):
        while True:  # the filter keeps no connection for long
            with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError, EOFError):
                client.settimeout(60)
                client.connect(str(socket_of("load")))
                with client.makefile("rb") as answers:
                    whole = 0
                    while True:
                        client.sendall(begin)
                        yield whole
                        client.sendall(rest)
                        whole = sum(is_whole_answer(answers) for _ in range(count))

    def test_scrapers_that_stall_hold_up_no_mail(self):
        scrapers = [make() for make in (self.stall_in_request, self.stall_in_answer) for _ in range(7)]  # 16 connections there may be
        self.addCleanup(lambda: [scraper.close() for scraper in scrapers])

        def scrape_slowly(sending):
            whole = 0
            while whole < self.SLOW_SCRAPES or not all(future.done() for future in sending):
                whole += sum(next(scraper) for scraper in scrapers)
            return whole
        sum(next(scraper) for scraper in scrapers)
        self.assertGreaterEqual(self.send_all(self.MESSAGES, scrape_slowly), self.SLOW_SCRAPES)
        for scraper in scrapers:
            scraper.close()
        self.all_are_counted(self.MESSAGES)

    def test_no_session_waits_for_the_thread_that_answers_scrapers(self):
        """It stands still, with scrapers in the middle of what they ask and read, from before the first message until behind the last."""
        thread = self.thread_that_answers()
        scrapers = [self.stall_in_request(), self.stall_in_answer()]
        self.addCleanup(lambda: [scraper.close() for scraper in scrapers])
        for scraper in scrapers:
            next(scraper)
        with standing_still(self, thread), contextlib.closing(Unix(socket_of("load"))) as connection:
            connection.request("GET", "/metrics")
            self.send_all(40)
            self.assertEqual(select.select([connection.sock], [], [], 0)[0], [])  # it was this thread
        self.all_are_counted(40)

    def thread_that_answers(self):
        """The one that has been waited for most often while it was asked."""
        waits = lambda: {task.name: int(re.search(r"(?m)^voluntary_ctxt_switches:\s+(\d+)", (task / "status").read_text())[1])
                         for task in pathlib.Path(f"/proc/{self.own.process.pid}/task").iterdir()}
        before = waits()
        self.scrape(500)
        return int(max((count - before.get(name, 0), name) for name, count in waits().items())[1])


def is_whole_answer(answers):
    """Take one from the stream; EOFError when it has ended."""
    head = b"".join(itertools.takewhile(lambda line: line not in (b"\r\n", b""), answers))
    length = re.search(rb"(?mi)^content-length: (\d+)", head)
    if not length:
        raise EOFError
    return head.startswith(b"HTTP/1.1 200 ") and answers.read(int(length[1])).endswith(b"heloscope_trust_anchor_root_key_missing 0\n")


@contextlib.contextmanager
def standing_still(test, thread):
    """One thread of another process is stopped where it waits; the others go on (ptrace(2))."""
    PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 17, 0x4206, 0x4207, 0x40000000
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    wait_until("rest", lambda: pathlib.Path(f"/proc/{thread}/stat").read_text().rpartition(")")[2].split()[0] == "S")
    if ptrace(PTRACE_SEIZE, thread, None, None) < 0:
        test.skipTest(f"no thread can be stopped here: {os.strerror(ctypes.get_errno())}")
    ptrace(PTRACE_INTERRUPT, thread, None, None)
    os.waitpid(thread, WALL)
    try:
        yield
    finally:
        ptrace(PTRACE_DETACH, thread, None, None)


class Prometheus(Base):
    """Debian's own, which scrapes a filter while mail comes in."""

    def query(self, path, **words):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.web}/api/v1/{path}?{urllib.parse.urlencode(words)}", timeout=60) as answer:
            return json.load(answer)["data"]
        return None

    def value(self, expression):
        found = self.query("query", query=expression)
        return float(found["result"][0]["value"][1]) if found and found["result"] else None

    def test_it_scrapes_what_was_sent_and_says_when_nobody_answers(self):
        control, self.web = free_port(), free_port()
        own = lab.heloscope(CONTROLLED.replace("unix:{control}", f"inet:{control}@127.0.0.1"), name="scraped")
        to = lab.postfix(f"inet:127.0.0.1:{own.port}", name="postfix-scraped")
        folder = lab.subfolder("prometheus")
        (folder / "rules.yml").write_text(lab.tool("metrics", "--alerts").stdout.replace("for: 5m", "for: 0m"))
        (folder / "prometheus.yml").write_text(
            "global: { scrape_interval: 1s, evaluation_interval: 1s }\nrule_files: [ rules.yml ]\nscrape_configs:\n"
            f'  - job_name: heloscope\n    static_configs: [ {{ targets: [ "127.0.0.1:{control}" ] }} ]\n')
        prometheus = lab.start("prometheus", ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                              f"--web.listen-address=127.0.0.1:{self.web}"], cwd=folder)
        wait_until("a scrape", lambda: self.value("up") == 1, process=prometheus)
        for _ in range(7):
            send(to=to)
        wait_until("the messages", lambda: self.value("sum(heloscope_messages_total)") == 7, process=prometheus)
        self.assertEqual(self.value('heloscope_messages_total{verdict="accept",mode="enforce"}'), 7)
        self.assertEqual(self.value('heloscope_check_results_total{check="spf",result="pass"}'), 7)
        self.assertEqual(self.value('count(heloscope_list_state == 1)'), 4)
        self.assertEqual(self.value("scrape_samples_scraped"), self.value("scrape_samples_post_metric_relabeling"))
        rules = wait_until("rules", lambda: (groups := self.query("rules")["groups"]) and all(rule["health"] == "ok" for rule in groups[0]["rules"]) and groups[0]["rules"])
        self.assertEqual([rule["name"] for rule in rules if rule["state"] == "firing"], [])
        own.stop()
        wait_until("the alert", lambda: "HeloscopeIsDown" in [alert["labels"]["alertname"] for alert in self.query("alerts")["alerts"]
                                                              if alert["state"] == "firing"], deadline_s=400, process=prometheus)


class Requests(Base):
    def test_other_paths_and_methods_are_refused(self):
        for path, method, code in (("/", "GET", 404), ("/metrics/", "GET", 404), ("/metrics", "POST", 405), ("/status", "DELETE", 405), ("/forget", "GET", 405),
                                   ("/metrics?x=y", "GET", 200), ("/status", "HEAD", 200), ("/metrics", "HEAD", 200)):
            self.assertEqual(ask(path, method)[0], code, (path, method))

    def test_pages_of_a_browser_are_refused(self):
        for fields in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}, {"Host": "rebound.example"},
                       {"Host": "192.0.2.1:8892"}):
            self.assertEqual(ask("/metrics", **fields)[0], 403, fields)
        for host in ("localhost", "localhost:8892", "127.0.0.1:8892", "[::1]:8892"):
            self.assertEqual(ask("/metrics", Host=host)[0], 200, host)

    def test_large_requests_are_refused(self):
        BOUND_CONTROL_HEADER, BOUND_CONTROL_BODY = 4096, 256
        self.assertEqual(ask("/metrics", X="x" * (BOUND_CONTROL_HEADER - 300))[0], 200)
        self.assertNotEqual(self.try_to_ask("/metrics", X="x" * BOUND_CONTROL_HEADER), 200)
        self.assertEqual(ask("/forget", "POST", "x" * BOUND_CONTROL_BODY)[0], 400)
        self.assertIn(self.try_to_ask("/forget", "POST", "x" * (BOUND_CONTROL_BODY + 1)), (None, 413))
        self.assertEqual(ask("/status")[0], 200)

    @staticmethod
    def try_to_ask(*words, **fields):
        """The status; None when the connection is ended."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(*words, **fields)[0]
        return None

    def test_what_is_no_http_does_no_harm(self):
        for octets in (b"\0" * 5000, b"GET\r\n\r\n", b"\r\n" * 2000, b"GET /metrics HTTP/9.9\r\n\r\n", b"POST /forget HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                       b"POST /forget HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nall", b"GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(60)
                client.connect(str(socket_of("heloscope")))
                with contextlib.suppress(OSError):
                    client.sendall(octets)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
        self.assertEqual(ask("/status")[0], 200)
        self.assertEqual([reply[:3] for reply in send()], ["250"])

    def test_so_many_connections_and_none_for_long(self):
        BOUND_CONTROL_CONNECTIONS, BOUND_CONTROL_CONNECTION_MS = 16, 10000
        own = controlled("slow")
        to = lab.postfix(f"inet:127.0.0.1:{own.port}", name="postfix-slow")
        descriptors = lambda: len(os.listdir(f"/proc/{own.process.pid}/fd"))
        before = wait_until("rest", lambda: numbers("slow") and descriptors())
        begin = time.monotonic()
        with contextlib.ExitStack() as stack:
            slow = []
            for _ in range(BOUND_CONTROL_CONNECTIONS + 20):
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.connect(str(socket_of("slow")))
                client.sendall(b"GET /metrics HTTP/1.1\r\n")
                slow.append(client)
            most = before + 2 * BOUND_CONTROL_CONNECTIONS + 2  # of each the filter has one of its own, too
            wait_until("connections", lambda: descriptors() >= most - 4)
            self.assertLessEqual(descriptors(), most)
            self.assertEqual([reply[:3] for reply in send(to=to)], ["250"])

            def is_over():
                with contextlib.suppress(OSError):
                    slow[0].sendall(b"X")  # never silent for long
                    time.sleep(0.5)
                    return False
                return True
            wait_until("the end of the first", is_over)
            self.assertGreater(time.monotonic() - begin, BOUND_CONTROL_CONNECTION_MS / 1000 - 6)
        self.assertEqual(ask("/status", name="slow")[0], 200)
        own.stop()


if __name__ == "__main__":
    main()
