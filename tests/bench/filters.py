"""filters: heloscope and its peers, each started for the same senders, lists and name servers."""
import contextlib
import os
import pathlib
import shutil

from lab import DEADLINE_S, wait_until

import world


class Filter:
    """
    A filter that runs, or several that load asks in turn: `socket` is as load takes it. Its processes are those that were started and all
    below them.
    """

    def __init__(self, name, processes, socket, checks):
        self.name, self.processes, self.socket, self.checks = name, processes, socket, checks

    @property
    def process(self):
        return self.processes[0]

    def pids(self):
        found, todo = [], [process.pid for process in self.processes]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):  # threads come and go
                    todo += [int(child) for child in children.read_text().split()]
        return found

    def cpu_s(self):
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK")

    def status(self, key):
        """A number of /proc/PID/status, over all processes."""
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(f"{key}:"):
                    total += int(line.split()[1])
        return total

    def peak_mb(self):
        return self.status("VmHWM") / 1024

    def forget_peak(self):
        for pid in self.pids():
            pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def start(lab, name, command, socket, checks, tag="", deadline_s=DEADLINE_S):
    process = lab.start(f"{name}{tag}", command)
    wait_until(name, lambda: socket.is_socket(), deadline_s, process)
    socket.chmod(0o666)  # Postfix connects as a user of its own
    return Filter(name, [process], socket, checks)


def socket_of(lab, name, tag):
    socket = lab.folder / f"{name}{tag}.sock"
    socket.unlink(missing_ok=True)
    return socket


def noop(lab, tag="", takes_body=False):
    socket = socket_of(lab, "noop", tag)
    command = [lab.builddir / "tests/bench/noop", f"unix:{socket}", *(["body"] if takes_body else [])]
    return start(lab, "noop", command, socket, [], tag)


def heloscope(lab, tag="", **options):
    socket = socket_of(lab, "heloscope", tag)
    config = lab.folder / f"heloscope{tag}.conf"
    config.write_text(world.heloscope(f"unix:{socket}", **options))
    (lab.folder / f"heloscope{tag}.log").unlink(missing_ok=True)
    command = [lab.builddir / "milter/heloscope-milter", "-c", config]
    running = start(lab, "heloscope", command, socket, ["spf", "iprev", "x-dnsbl", *options.get("enable", ())], tag)
    lab.logs_mention(f"heloscope{tag}", "listens on")  # once its lists have had their time to answer
    return running


def opendmarc(lab, tag=""):
    socket = socket_of(lab, "opendmarc", tag)
    config = lab.folder / "opendmarc.conf"
    config.write_text(f"""Socket local:{socket}
UserID root
PidFile {lab.folder}/opendmarc.pid
AuthservID mx.bench.test
IgnoreHosts {lab.folder}/opendmarc.ignore
PublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat
SPFSelfValidate true
SPFIgnoreResults true
RejectFailures false
Syslog false
""")
    (lab.folder / "opendmarc.ignore").write_text("192.0.2.250\n")
    return start(lab, "opendmarc", ["opendmarc", "-f", "-c", config], socket, [], tag)


def opendkim(lab, tag=""):
    socket = socket_of(lab, "opendkim", tag)
    config = lab.folder / "opendkim.conf"
    config.write_text(f"""Mode v
Socket local:{socket}
UserID root
AuthservID mx.bench.test
AlwaysAddARHeader yes
Nameservers 127.0.0.1
Syslog no
""")
    return start(lab, "opendkim", ["opendkim", "-f", "-x", config], socket, ["dkim"], tag)


def opendkim_and_opendmarc(lab, tag=""):
    """One behind the other, as they are used: opendmarc finds what opendkim has added."""
    parts = [opendkim(lab, tag), opendmarc(lab, tag)]
    return Filter("opendkim+opendmarc", [part.process for part in parts], ",".join(str(part.socket) for part in parts), ["dkim", "dmarc"])


def pyspf_milter(lab, tag=""):
    socket = socket_of(lab, "pyspf-milter", tag)
    config, pid_file = lab.folder / "pyspf-milter.conf", lab.folder / "pyspf-milter.pid"
    pid_file.unlink(missing_ok=True)  # it refuses to start beside one
    config.write_text(f"""debugLevel = 0
TestOnly = 1
HELO_reject = False
Mail_From_reject = False
PermError_reject = False
TempError_Defer = False
skip_addresses = 127.0.0.0/8
Header_Type = AR
Authserv_Id = mx.bench.test
Socket = local:{socket}
PidFile = {pid_file}
UserID = root
InternalHosts = 127.0.0.1
""")
    return start(lab, "pyspf-milter", ["/usr/bin/python3", "/usr/bin/pyspf-milter", config], socket, ["spf"], tag)


RSPAMD = """options {
    pidfile = "%(folder)s/rspamd.pid";
    dns { nameserver = ["127.0.0.1"]; timeout = 5s; retransmits = 2; }
    filters = "%(filters)s";
    local_addrs = ["127.0.0.0/8"];
    tempdir = "%(folder)s";
    history_file = "";
    cache_file = "%(folder)s/rspamd.cache";
    hs_cache_dir = "%(kept)s";
    explicit_modules = ["spf", "dkim", "dmarc", "rbl", "hfilter", "milter_headers"];
    lua_path = "$LUALIBDIR/?.lua";
}
logging { type = "file"; filename = "%(folder)s/rspamd.log"; level = "warning"; log_format = ""; }
worker "rspamd_proxy" {
    bind_socket = "%(socket)s mode=0666";
    milter = yes;
    timeout = 120s;
    count = %(workers)d;
    upstream "local" { default = yes; self_scan = yes; }
}
lua = "$RULESDIR/rspamd.lua";
metric { name = "default"; actions { reject = 1000; add_header = 900; greylist = null; } }
modules { path = "$PLUGINSDIR/rbl.lua"; path = "$PLUGINSDIR/hfilter.lua"; path = "$PLUGINSDIR/milter_headers.lua"; path = "$PLUGINSDIR/spf.lua"; %(more_modules)s }
spf { }
hfilter { helo_enabled = true; hostname_enabled = true; from_enabled = true; rcpt_enabled = false; mid_enabled = false; url_enabled = false; }
rbl { default_from = true; default_exclude_users = false; default_unknown = true; rbls {
%(rbls)s
} }
milter_headers { use = ["authentication-results"]; skip_local = false; skip_authenticated = false; extended_spam_headers = false; }
"""


def rspamd(lab, tag="", checks=("spf",)):
    """`checks`: "dkim" and "dmarc" may be among them. What it makes of its expressions takes it long, and is kept for its next start."""
    socket = socket_of(lab, "rspamd", tag)
    folder, kept = lab.subfolder("rspamd", 0o777), lab.builddir / "bench/rspamd"
    kept.mkdir(parents=True, exist_ok=True)
    config = folder / "rspamd.conf"
    rbls = "\n".join(f'    bl{bl} {{ rbl = "bl{bl}.test"; symbol = "BL{bl}"; checks = ["from"]; }}' for bl in range(2))
    more = 'path = "$PLUGINSDIR/dmarc.lua"; } dkim { } dmarc { ' if "dmarc" in checks else ""
    config.write_text(RSPAMD % {"folder": folder, "kept": kept, "socket": socket, "workers": os.cpu_count(), "rbls": rbls, "more_modules": more,
                                "filters": "spf,dkim" if "dkim" in checks else "spf"})
    return start(lab, "rspamd", ["rspamd", "-f", "-i", "-c", config], socket, list(checks), tag, deadline_s=5 * DEADLINE_S)


# What is measured beside heloscope: name -> (the program that must be installed, how it is started).
PEERS = {
    "rspamd": ("rspamd", rspamd),
    "opendmarc": ("opendmarc", opendmarc),
    "pyspf-milter": ("pyspf-milter", pyspf_milter),
}


def installed(program):
    return shutil.which(program) is not None or os.path.exists(f"/usr/sbin/{program}")
