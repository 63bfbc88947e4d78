"""heloscope why: real refusals, which it has to tell apart. They stand beside this tree, or where
HELOSCOPE_REFUSAL_LINES says."""
import os
import pathlib
import sys
import unittest

from asked import SOURCES, first_of_each

LINES = pathlib.Path(os.environ.get("HELOSCOPE_REFUSAL_LINES") or SOURCES / "../shared/data/refusals/lines.tsv")
if not LINES.exists():
    print(f"skipped: the real refusals, {LINES}, are not there (HELOSCOPE_REFUSAL_LINES says where)")
    sys.exit(77)

# What the lines call an operator, and what the catalogue does; "generic": nobody that it knows.
OPERATORS = {
    "Aliyun": ["Aliyun/Alimail"],
    "Amazon WorkMail": ["generic", "Amazon WorkMail"],
    "Apple": ["Apple iCloud"],
    "Cisco": ["Cisco Secure Email (IronPort)"],
    "Cloudflare": ["Cloudflare Email Routing"],
    "DANE": ["Postfix (sender's own log)"],
    "DNS": ["Postfix (sender's own log)", "Sendmail (sender's own log)", "qmail", "generic"],
    "Exim receiver": ["Exim (receiver)"],
    "Exim sender": ["Exim (sender's own log)", "Exim (local)", "network"],
    "Free": ["Free (Iliad)"],
    "GMX/web.de/IONOS": ["GMX/web.de/mail.com/IONOS", "GMX (old)"],
    "Gmail": ["Gmail/Google Workspace", "Gmail/Google Workspace (DSN)"],
    "GoDaddy": ["GoDaddy/secureserver"],
    "MTA-STS": ["Postfix (sender's own log)"],
    "Microsoft": ["Microsoft Outlook.com", "Microsoft 365", "Microsoft (old EOP)"],
    "NetEase 163": ["NetEase 163/126"],
    "Optonline": ["generic", "Optonline"],
    "Orange": ["Orange/Wanadoo"],
    "Postfix receiver": ["Postfix (receiver)"],
    "Postfix sender": ["Postfix (sender's own log)"],
    "Postgrey": ["Postfix (receiver)"],
    "QQ": ["QQ/Tencent"],
    "SendGrid": ["SendGrid (relay)", "network"],
    "Symantec": ["Symantec/MessageLabs"],
    "T-Online": ["T-Online/Telekom"],
    "TLS": ["Postfix (sender's own log)", "Sendmail (sender's own log)", "generic"],
    "Verizon SMS": ["Verizon SMS", "generic"],
    "amavis": ["generic", "amavis"],
    "auth": ["Postfix (sender's own log)"],
    "loop": ["Postfix (sender's own log)", "generic"],
    "network": ["network", "Postfix (sender's own log)", "qmail", "Exim (sender's own log)"],
    "rspamd-like": ["generic", "rspamd"],
    "rspamd/rmilter": ["generic", "rspamd"],
}

# Who has to act, a letter for each of the lines.
PARTIES = {
    "A": "sending-server-admin",
    "D": "senders-domain-owner",
    "I": "ip-operator",
    "L": "list-operator",
    "R": "receiver",
    "U": "recipient",
    "W": "nobody-wait",
}
PARTY_OF_LINES = (
    "AWAUAAADUDRARUAIAUARWAAARRWAUUUDAUARADURRAU"
    "RIADAIADRRRRAAAAWURADRWAAAIUAAWIAADARAAWARW"
    "ADIDLWAAAAAADIAAIAARADUAIDAARDADAALAADAAAAD"
)


class Lines(unittest.TestCase):
    def test_real_refusals_are_told_apart(self):
        rows = [line.split("\t") for line in LINES.read_text().splitlines()[1:]]
        self.assertEqual(len(rows), len(PARTY_OF_LINES))
        wrong = []
        for mine, row, party in zip(first_of_each([row[1] for row in rows]), rows, PARTY_OF_LINES):
            if mine["operator"] not in OPERATORS.get(row[2], [row[2]]) or (mine["category"], mine["party"]) != (row[3], PARTIES[party]):
                wrong.append(f"{mine}, not {row[2]}, {row[3]}, {PARTIES[party]}: {row[1][:150]}")
        self.assertLessEqual(len(wrong), 0.03 * len(rows), "\n".join(wrong))


if __name__ == "__main__":
    unittest.main()
