"""heloscope why --html: the page as a file, by a parser of HTML; and in Chromium."""
import html.parser
import json
import pathlib
import subprocess
import tempfile
import unittest

from asked import BUILT, CATALOGUE, DEADLINE_S, SOURCES, why
from browser import start_browser
from dns_server import DnsServer, answering
from lab import free_port

SEEDS = SOURCES / "tests/fuzz/seeds"
REPORTS = (SEEDS / "aggregate/rfc7489", SEEDS / "tls_report/rfc8460")
ADDRESS = "198.51.100.9"
RECORD = f'bad.example. TXT "v=spf1 ip4:{ADDRESS} ip4:192.0.2.1 -all"'
REFUSED = ("status=bounced (host aspmx.l.google.com[192.0.2.1] said: 550-5.7.26 Your email has been blocked because the sender is "
           "unauthenticated. 550-5.7.26 Gmail requires all senders to authenticate with either SPF or DKIM. (in reply to end of DATA command))")
DEFERRED = "status=deferred (host mx.other.test[192.0.2.2] said: 450 4.2.0 <bob@other.test>: Greylisted (in reply to RCPT TO command))"
SENT = "status=sent (250 2.0.0 OK)"

# Whose mail, to which server, at which hour, and what came of it.
DELIVERIES = [("good", "aspmx.l.google.com", 8, SENT), ("bad", "aspmx.l.google.com", 9, REFUSED), ("bad", "aspmx.l.google.com", 9, REFUSED),
              ("good", "mx.other.test", 10, DEFERRED), ("good", "mx.other.test", 11, SENT)]

# What strangers write where it is told, and how the page shows it.
HOSTILE = b"550 5.7.1 </pre><script>document.title='evil'</script><img src=http://evil.test/> \"'&lt; \x1b[2J\xe2\x80\xae\xff\x00 the end"
SHOWN = "550 5.7.1 </pre><script>document.title='evil'</script><img src=http://evil.test/> \"'&lt; \\x1b[2J\\xe2\\x80\\xae\\xff\\x00 the end"


def world():
    """What the DNS has of two domains, of which one lacks the address in its SPF record."""
    names = {"9.100.51.198.in-addr.arpa PTR": ["out.good.example."], "out.good.example A": [ADDRESS]}
    for name, address in (("good", ADDRESS), ("bad", "192.0.2.1")):
        names |= {f"{name}.example MX": ["10 out.good.example."], f"{name}.example TXT": [f'"v=spf1 ip4:{address} -all"'],
                  f"_dmarc.{name}.example TXT": ['"v=DMARC1; p=reject"']}
    return names


def log(deliveries):
    lines = []
    for number, (domain, host, hour, answer) in enumerate(deliveries):
        stamp, queue_id = f"2026-11-20T{hour:02}:00:00+00:00 mail", f"4ABCD{number:05}"
        lines += [f"{stamp} postfix/qmgr[9]: {queue_id}: from=<anna@{domain}.example>, size=9, nrcpt=1 (queue active)",
                  f"{stamp} postfix/smtp[10]: {queue_id}: to=<bob@{host}>, relay={host}[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=5.7.26, {answer}",
                  f"{stamp} postfix/qmgr[9]: {queue_id}: removed"]
    return "\n".join(lines) + "\n"


class Elements(html.parser.HTMLParser):
    """The elements with their attributes, and the text of each kind."""

    def __init__(self, text):
        super().__init__()
        self.found, self.texts, self.open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag  # all that is opened is closed, in order

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + data


def page_of(path, text, *words):
    """What came back, what was printed, and the page."""
    status, out, err = why(text, "--html", str(path), *words)
    return status, out, err, path.read_text() if path.exists() else ""


class File(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.path = self.folder / "page.html"

    def test_it_comes_beside_the_text_and_changes_nothing_of_that(self):
        for text, words in ((log(DELIVERIES), ()), ("550 qwertzuiop\n", ()), ("", map(str, REPORTS)), ("", ("/dev/null",))):
            words = tuple(words)
            plain = why(text, *words)
            self.assertEqual(page_of(self.path, text, *words)[:3], plain)
            self.assertTrue(self.path.read_text().endswith("</html>\n"))
            self.path.unlink()

    def test_it_has_what_json_has(self):
        *_, page = page_of(self.path, log(DELIVERIES), "-", *map(str, REPORTS))
        told = json.loads(why(log(DELIVERIES), "--json", "-", *map(str, REPORTS))[1])
        shown = " ".join(Elements(page).texts.values())
        for row in told["comparison"]["domains"]:
            for key in ("domain", "receiver"):
                self.assertIn(row[key], shown)
        for refusal in told["refusals"]:
            for key in ("meaning", "remedy", "reply", "code", "category", "sender", "recipient"):
                self.assertIn(refusal[key], shown, key)
        for source in told["reports"][0]["sources"]:
            self.assertIn(source["address"], shown)
        for failure in told["reports"][1]["failures"]:
            self.assertIn(failure["remedy"], shown)

    def test_hostile_text_stays_text(self):
        harmless = page_of(self.path, b"550 5.7.1 the end")[3]
        page = page_of(self.path, HOSTILE)[3]
        self.assertEqual(Elements(page).found, Elements(harmless).found)
        self.assertIn(SHOWN, Elements(page).texts["pre"])
        self.assertRegex(page, r"\A[\n -~]*\Z")
        name = self.folder / "<b>\u202e&\"'"  # files have names, too
        name.write_bytes(b"550 5.7.1 the end")
        page = page_of(self.path, "", str(name))[3]
        self.assertNotIn("<b>\u202e", page)
        self.assertIn("<b>\\xe2\\x80\\xae&\"'", Elements(page).texts["dd"])

    def test_printable_text_of_other_languages_stays_readable(self):
        self.assertIn("550 5.7.1 Zugriff verweigert f\u00fcr \u65e5\u672c", page_of(self.path, "550 5.7.1 Zugriff verweigert f\u00fcr \u65e5\u672c")[3])

    def test_it_loads_nothing_and_runs_only_its_own_script(self):
        found = Elements(page_of(self.path, log(DELIVERIES), "-", *map(str, REPORTS))[3]).found
        self.assertEqual({tag for tag, _ in found} & {"link", "img", "iframe", "object", "embed", "form", "base", "video", "audio"}, set())
        for tag, attributes in found:
            self.assertEqual(set(attributes) & {"src", "srcset", "style", "action", "background", "data"} |
                             {name for name in attributes if name.startswith("on")}, set(), tag)
        [policy] = [attributes["content"] for tag, attributes in found if attributes.get("http-equiv") == "Content-Security-Policy"]
        self.assertRegex(policy, r"\Adefault-src 'none'; base-uri 'none'; form-action 'none'; "
                                 r"style-src 'sha256-[A-Za-z0-9+/]{43}='; script-src 'sha256-[A-Za-z0-9+/]{43}='\Z")
        self.assertNotIn("url(", self.path.read_text())

    def test_what_cannot_be_written_is_said_and_the_text_comes_all_the_same(self):
        status, out, err, _ = page_of(pathlib.Path("/nonexistent/page.html"), "550 5.1.1 User unknown\n")
        self.assertEqual((status, err), (3, "heloscope why: /nonexistent/page.html: No such file or directory\n"))
        self.assertIn("The reply:", out)
        self.path.symlink_to(self.folder / "elsewhere")
        status, _, err, _ = page_of(self.path, "550 5.1.1 User unknown\n")
        self.assertEqual((status, err), (3, f"heloscope why: {self.path}: it is a symbolic link\n"))
        self.assertEqual(page_of(self.path, "x", "--json")[0], 2)


class Browser(unittest.TestCase):
    """With what the DNS says, in Chromium."""

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        folder, port = pathlib.Path(cls.scratch.name), free_port()
        cls.path, config, hostile = folder / "page.html", folder / "heloscope.conf", folder / "hostile"
        config.write_text(f"resolver {{ servers 127.0.0.1@{port} timeout 8s }}\n")
        hostile.write_bytes(HOSTILE)
        with DnsServer(port, answering(world())):
            subprocess.run([BUILT, "why", "-c", CATALOGUE, "--config", config, "--ip", ADDRESS, "--html", cls.path, "-", hostile, *REPORTS],
                           input=log(DELIVERIES).encode(), stdout=subprocess.DEVNULL, check=False, timeout=DEADLINE_S)
        cls.browser = start_browser(folder / 'chromium')
        cls.addClassCleanup(cls.browser.quit)

    def setUp(self):
        self.browser.get_log("browser")
        self.browser.get(self.path.as_uri())

    def find(self, selector):
        return self.browser.find_elements("css selector", selector)

    def test_the_table_says_in_words_and_colours_what_came_of_it(self):
        rows = [[cell.text for cell in row.find_elements("css selector", "tr:first-child td")] for row in self.find("#domains tbody")]
        self.assertEqual(rows, [["bad.example", "Gmail/Google Workspace", "\u2717 refused", "0", "0", "2"],
                                ["good.example", "Gmail/Google Workspace", "\u2713 accepted", "1", "0", "0"],
                                ["good.example", "other.test", "\u2026 partly deferred", "1", "1", "0"]])
        colours = [row.find_element("css selector", "td:nth-child(3)").value_of_css_property("background-color") for row in self.find("#domains tbody")]
        self.assertEqual(len(set(colours)), 3)
        self.assertEqual((self.browser.title, self.browser.get_log("browser")), ("heloscope why", []))
        self.assertEqual(self.browser.execute_script("return performance.getEntriesByType('resource').length"), 0)

    def test_a_row_unfolds_into_the_reason_and_the_record(self):
        row, = [row for row in self.find("#domains tbody") if "refused" in row.text]
        self.assertNotIn("SPF", row.text)
        row.find_element("css selector", "summary").click()
        for words in ("Mostly for spf", "Neither SPF", "Make one of the two pass", "The reason that was given is still true.", RECORD, "550-5.7.26 Your email"):
            self.assertIn(words, row.text)
        self.assertEqual([record.text for record in row.find_elements("css selector", ".record")], [RECORD])

    def test_the_difference_stands_at_the_top_and_open(self):
        first = self.find("main details")[0]
        self.assertTrue(first.text.startswith("bad.example is refused at Gmail/Google Workspace, where mail of good.example is accepted."), first.text)
        self.assertIn(RECORD, first.text)

    def test_each_kind_of_refusal_has_its_claim(self):
        marks = [(kind.find_element("css selector", "b").text, kind.find_element("css selector", ".mark").text) for kind in self.find("#refusals details")]
        self.assertEqual(marks, [("Gmail/Google Workspace", "confirmed"), ("mx.other.test", "not tested"), ("A mail server", "not tested")])

    def test_what_came_when(self):
        self.browser.execute_script("document.querySelector('#trend details').open = true")
        self.assertEqual([row.text for row in self.find("#trend tbody tr")], ["2026-11-20T08 1 0 0", "2026-11-20T09 0 0 2", "2026-11-20T10 0 1 0",
                                                                             "2026-11-20T11 1 0 0"])
        self.assertEqual([bar.get_attribute("class") for bar in self.find("#trend rect")], ["all", "refused", "deferred", "all"])
        heights = [bar.get_attribute("height") for bar in self.find("#trend rect")]
        self.assertEqual(heights, ["50", "100", "50", "50"])

    def test_filters(self):
        self.find("#filter")[0].send_keys("OTHER.test")
        self.assertEqual([row.find_element("css selector", "td").text for row in self.find("#domains tbody") if row.is_displayed()], ["good.example"])
        self.assertFalse(self.find("#none")[0].is_displayed())
        self.find("#filter")[0].send_keys(" qwertzuiop")
        self.assertEqual([item for item in self.find(".item") if item.is_displayed()], [])
        self.assertTrue(self.find("#none")[0].is_displayed())

    def test_without_a_script_all_is_there_but_the_filter(self):
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        self.addCleanup(self.browser.execute_cdp_cmd, "Emulation.setScriptExecutionDisabled", {"value": False})
        self.browser.get(self.path.as_uri())
        self.assertFalse(self.find("#filter")[0].is_displayed())
        row, = [row for row in self.find("#domains tbody") if "refused" in row.text]
        row.find_element("css selector", "summary").click()
        self.assertIn(RECORD, row.text)

    def test_on_a_phone_and_in_the_dark(self):
        emulate = self.browser.execute_cdp_cmd
        emulate("Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
        self.addCleanup(emulate, "Emulation.clearDeviceMetricsOverride", {})
        self.browser.execute_script("for (const details of document.querySelectorAll('details')) details.open = true")
        self.assertLessEqual(self.browser.execute_script("return document.documentElement.scrollWidth"), 360)
        self.assertIn("Refused: 2", self.browser.execute_script(
            "return [...document.querySelectorAll('#domains td[data-name]')].map(cell => getComputedStyle(cell, '::before').content.replace(/\"/g, '') + "
            "cell.textContent)"))
        grounds = set()
        for scheme in ("light", "dark"):
            emulate("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            grounds.add(self.browser.execute_script("return getComputedStyle(document.body).backgroundColor"))
        self.assertEqual(len(grounds), 2)


if __name__ == "__main__":
    unittest.main()
