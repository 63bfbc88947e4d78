"""The filter behind a gateway: a real Postfix takes mail from outside and hands it to a second one, which has the filter."""
import json
import re
import unittest

from lab import LabTest, Smtp, enter_namespace, module_lab
from readback import results, with_property
from scenario import CONFIG, LISTS, ZONES, addresses

GATEWAY, INNER, BACKEND = "192.0.2.25", "192.0.2.26", "192.0.2.30"
OWN_POLICY = 'policy for "in.test" { reject when spf = fail or mail-from = "banned@*" or iprev = none }\n'
TRUST = f"networks {{ 127.0.0.0/8, ::1/128 }} gateways {{ {GATEWAY}, {INNER}, 127.0.0.1 }}"

lab = None


def setUpModule():
    global lab, audit, enforce, audit_port, enforce_port, gateway_port, sendmail_port
    with module_lab() as lab:
        lab.nsd(ZONES)
        lab.rbldnsd(LISTS)
        config = re.sub(r"(?<=trust \{ ).*(?= \}\n)", TRUST, CONFIG) + OWN_POLICY
        audit = lab.heloscope("enable { dkim, dmarc }\n" + config, name="audit")
        enforce = lab.heloscope(config.replace("mode audit", "mode enforce"), name="enforce")
        audit_port = lab.postfix(f"inet:127.0.0.1:{audit.port}", name="postfix-audit", listen="0.0.0.0")
        enforce_port = lab.postfix(f"inet:127.0.0.1:{enforce.port}", name="postfix-enforce", listen="0.0.0.0")
        gateway_port = lab.postfix("", name="gateway", listen="0.0.0.0", extra=gateway_to(audit_port), services="relay unix - - n - - smtp\nlocal unix - n n - - local\n")
        sendmail_port = lab.sendmail(f"inet:{audit.port}@127.0.0.1")
        lab.mail.chmod(0o777)  # Postfix delivers there, too


def gateway_to(port):
    """main.cf of a gateway, which takes all mail from outside and relays it from its address."""
    return (f"myhostname = gw.lab.test\nvirtual_mailbox_domains =\nrelay_domains = in.test\nrelayhost = [{BACKEND}]:{port}\n"
            f"smtp_bind_address = {GATEWAY}\nmynetworks = 0.0.0.0/0\nmydestination = gw.lab.test\nlocal_recipient_maps =\n"
            "alias_maps = inline:{postmaster=user@in.test}\nalias_database =")


def tearDownModule():
    audit.stop()  # its records are read, written and judged again
    enforce.stop()


def received(helo, address, by="inner.lab.test"):
    return f"Received: from [{address}] (helo={helo})\r\n\tby {by} with esmtp (Exim 4.96) id 1; x\r\n".encode()


class Gateway(LabTest):
    def send(self, client, header=b"", helo="smtpout.yodel.example", sender="<anna@yodel.example>", recipient="user@in.test"):
        """Send a message from outside through the gateway; the one that arrives."""
        with Smtp(gateway_port, source=client) as smtp:
            smtp.expect(f"EHLO {helo}", "250")
            self.assertEqual(smtp.message(sender, [recipient], header + b"From: anna@yodel.example\r\n")[0][:3], "250")
        return lab.take_messages()[0]

    def hand(self, header, port=None, sender="<anna@yodel.example>"):
        """What a backend answers to each step of a message that a gateway hands over with that header."""
        with Smtp(port or audit_port, source=GATEWAY) as smtp:
            smtp.expect("EHLO gw.lab.test", "250")
            return self.say(smtp, header, sender)

    def say(self, smtp, header, sender="<anna@yodel.example>"):
        smtp.expect(f"MAIL FROM:{sender}", "250")
        smtp.expect("RCPT TO:<user@in.test>", "250")
        smtp.expect("DATA", "354")
        return smtp.send(header + b"From: anna@yodel.example\r\n\r\nbody\r\n.")

    def check(self, message, method, result, **properties):
        found = with_property(message, "mx.lab.test", method, **properties)
        self.assertTrue(found, f"{method} {properties} in {message['Authentication-Results']}")
        self.assertEqual(found[0]["result"], result, message["Authentication-Results"])

    def expect_good(self, message):
        self.check(message, "iprev", "pass", policy_iprev=addresses["good"])
        self.check(message, "x-helo", "pass", smtp_helo="smtpout.yodel.example")
        self.check(message, "spf", "pass", smtp_mailfrom="yodel.example")
        self.check(message, "dmarc", "pass", header_from="yodel.example")

    def test_the_client_of_the_gateway_is_judged(self):
        message = self.send(addresses["good"])
        self.expect_good(message)
        self.assertIn(f"(client from Received of gateway {GATEWAY})", re.sub(r"\s+", " ", message["Authentication-Results"]))
        record = audit.last_record()
        self.assertEqual((record["client"]["ip"], record["client"]["gateway"]), (addresses["good"], {"ip": GATEWAY, "believed": GATEWAY, "hops": 1}))
        self.assertIn(f"client={addresses['good']} gateway={GATEWAY} ", audit.log_text().splitlines()[-1])
        story = " ".join(lab.tool("explain", "--log", audit.records_path, record["id"]).stdout.split())
        self.assertIn(f"Gateway {GATEWAY}; the client is the one that the Received field of {GATEWAY} names (field 1 from the top)", story)
        story = " ".join(lab.tool("explain", "--for-sender", "--log", audit.records_path, record["id"]).stdout.split())
        self.assertIn(f"It came through our gateway {GATEWAY}. The gateway had it from {addresses['good']}, which introduced itself", story)

    def test_what_the_client_writes_is_not_believed(self):
        """A HELO name that looks like an address, and Received fields below."""
        forged = received("smtpout.yodel.example", addresses["good"], "gw.lab.test")
        message = self.send(addresses["neutral"], forged * 2, helo=f"[{addresses['good']}]")
        self.check(message, "iprev", "pass", policy_iprev=addresses["neutral"])
        self.check(message, "x-helo", "fail", smtp_helo=f"[{addresses['good']}]")
        self.check(message, "spf", "fail", smtp_mailfrom="yodel.example")

    def test_what_comes_by_way_of_an_alias_of_the_gateway_is_judged(self):
        """Which way it comes a stranger chooses: local(8) writes a field of its own on top."""
        message = self.send(addresses["neutral"], recipient="postmaster@gw.lab.test")
        self.assertEqual(message["Received"].split()[:3], ["from", "gw.lab.test", "(unknown"])
        self.assertRegex(message.get_all("Received")[1], r"^by gw\.lab\.test \(Postfix\)\s+id ")
        self.check(message, "spf", "fail", smtp_mailfrom="yodel.example")
        self.assertEqual(audit.last_record()["client"]["gateway"], {"ip": GATEWAY, "believed": GATEWAY, "hops": 2})

    def test_the_null_sender(self):
        message = self.send(addresses["good"], sender="<>")
        self.check(message, "spf", "pass", smtp_helo="smtpout.yodel.example")

    def test_inner_hops(self):
        """An inner host hands over what it has from outside."""
        message = self.send(INNER, received("smtpout.yodel.example", addresses["good"]), helo="inner.lab.test")
        self.expect_good(message)
        self.assertEqual(audit.last_record()["client"]["gateway"], {"ip": GATEWAY, "believed": INNER, "hops": 2})

    def test_several_messages_on_one_connection(self):
        with Smtp(audit_port, source=GATEWAY) as smtp:
            smtp.expect("EHLO gw.lab.test", "250")
            for client, expected in (("good", "pass"), ("neutral", "fail"), ("good", "pass")):
                self.assertTrue(self.say(smtp, received("smtpout.yodel.example", addresses[client])).startswith("250"))
                self.check(lab.take_messages()[0], "spf", expected, smtp_mailfrom="yodel.example")

    def test_what_a_sender_may_have_spoiled_is_deferred(self):
        for header in (b"Received: from somewhere by gw.lab.test; x\r\n",
                       f"Received: from a (b [{addresses['good']}]) (c [{INNER}]) by gw.lab.test; x\r\n".encode(),
                       f"Received: from {'a' * 970} a (b [{addresses['good']}])\r\n\tby gw.lab.test (Postfix); x\r\n".encode()):
            with self.subTest(header):
                self.assertRegex(self.hand(header, enforce_port), "^451[ -]4.7.1")
                record = enforce.last_record()
                self.assertEqual((record["client"].get("ip"), record["client"]["gateway"]["fault"]), (None, "unreadable"))

    def test_what_names_no_client_is_none_and_accepted(self):
        for header, fault in ((b"Received: by gw.lab.test (Postfix, from userid 0) id 1; x\r\n", "own-mail"),
                              (received("h.test", INNER), "no-received"), (b"", "no-received"),
                              (received("h.test", "10.0.0.1") + received("smtpout.yodel.example", addresses["good"]), "inner-address")):
            with self.subTest(header):
                self.assertTrue(self.hand(header, enforce_port, "<banned@yodel.example>").startswith("250"))
                message = lab.take_messages()[0]
                for method, result, _ in results(message, "mx.lab.test"):
                    self.assertEqual(result, "pass" if method == "x-sender" else "none", message["Authentication-Results"])
                self.assertIn("client not known:", message["Authentication-Results"])
                record = enforce.last_record()
                self.assertEqual((record["client"].get("ip"), record["client"]["gateway"]["fault"]), (None, fault))

    def test_a_refusal_is_told_at_the_end(self):
        self.assertRegex(self.hand(received("smtpout.yodel.example", addresses["neutral"]), enforce_port), "^550")
        self.assertRegex(self.hand(received("smtpout.yodel.example", addresses["good"]), enforce_port), "^250")
        self.expect_good_spf(lab.take_messages()[0])

    def expect_good_spf(self, message):
        self.check(message, "spf", "pass", smtp_mailfrom="yodel.example")

    def test_another_host_is_its_own_client(self):
        with Smtp(audit_port, source=addresses["neutral"]) as smtp:
            smtp.expect("EHLO mail.plain.example", "250")
            self.assertTrue(self.say(smtp, received("smtpout.yodel.example", addresses["good"])).startswith("250"))
        message = lab.take_messages()[0]
        self.check(message, "spf", "fail", smtp_mailfrom="yodel.example")
        self.assertNotIn("gateway", message["Authentication-Results"])

    def test_behind_sendmail_and_in_its_spelling(self):
        """Sendmail's own Received field, as it has written it of a client, is read behind Sendmail."""
        with Smtp(sendmail_port, source=addresses["good"]) as smtp:
            smtp.expect("EHLO smtpout.yodel.example", "250")
            self.assertTrue(self.say(smtp, b"").startswith("250"))
        written = lab.take_messages()[0].get_all("Received")[0]
        self.assertIn(f"[{addresses['good']}]", written)
        self.assertTrue(self.hand(b"Received: " + written.encode().replace(b"\n", b"\r\n") + b"\r\n", sendmail_port).startswith("250"))
        self.expect_good(lab.take_messages()[0])

    def test_check_takes_the_client_from_the_message(self):
        path = lab.folder / "message.eml"
        path.write_bytes(self.send(addresses["good"]).as_bytes())
        words = ("check", "-c", audit.config, "--ip", GATEWAY, "--from", "anna@yodel.example")
        done = lab.tool(*words, "--message", path, "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        record = json.loads(done.stdout)
        self.assertEqual((record["client"]["ip"], record["helo"], record["client"]["gateway"]["ip"]), (addresses["good"], "smtpout.yodel.example", GATEWAY))
        path.write_text("From: anna@yodel.example\n\nHi.\n")
        done = lab.tool(*words[:-1], "banned@yodel.example", "--rcpt", "user@in.test", "--message", path)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        told = " ".join(done.stdout.split())
        self.assertRegex(told, "^This mail would be accepted. The client behind the gateway is not known, so no rule was applied. ")
        self.assertIn(f"the client is not known, and no rule is applied: no Received of gateway {GATEWAY}. Does the gateway add", told)
        for more in ((), ("--message", "-"), ("--message", path, "--helo", "h.test")):
            done = lab.tool(*words, *more)
            self.assertEqual(done.returncode, 2)
            self.assertIn("that address is of a gateway", done.stderr)


if __name__ == "__main__":
    enter_namespace([*addresses.values(), GATEWAY, INNER, BACKEND])
    unittest.main(verbosity=2)
