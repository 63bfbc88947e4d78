"""
machine: a bare Debian in a folder, of the release that this machine has and from its mirror, and programs that run in it: without an
init, as in many containers, or with systemd as the first process. They are in the network of the test, in which nothing else is, or in
one of their own that is joined to it.
"""
import contextlib
import os
import pathlib
import signal
import subprocess

from lab import DEADLINE_S, wait_until

# The name space of the network that the caller of alone.sh has, from which packages come.
OUTSIDE = ["nsenter", f"--net=/proc/{os.getppid()}/ns/net"]
UNATTENDED = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
BOOTSTRAP_S, COMMAND_S = 600, 300


def release():
    return dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines())["VERSION_CODENAME"]


def mirror():
    """The lines of sources.list with which this machine gets its Debian packages."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) deb $(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
                          capture_output=True, text=True, check=False)
    found = [line.split(" ", 2) for line in done.stdout.splitlines()]
    return [line for origin, codename, line in found if origin == "Debian" and codename.startswith(release()) and line.endswith(" main")]


def is_reachable(line, folder):
    """Whether the mirror that a line of sources.list names answers."""
    _, uri, suite, _ = line.split()
    command = [*OUTSIDE, "/usr/lib/apt/apt-helper", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20", "download-file"]
    with contextlib.suppress(subprocess.TimeoutExpired):
        return subprocess.run([*command, f"{uri}dists/{suite}/InRelease", folder / "InRelease"], capture_output=True, timeout=60, check=False).returncode == 0
    return False


def bootstrap(root, packages, later):
    """The smallest Debian with apt, and `packages`; what `later` needs is fetched, so that it can be installed without a network."""
    fetch = f'--customize-hook=APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq -y --download-only install {" ".join(later)}'
    return subprocess.run(
        [*OUTSIDE, "mmdebstrap", "--mode=root", "--variant=apt", "--quiet", "--skip=cleanup/apt", "--skip=check/qemu",
         '--aptopt=APT::Install-Recommends "false"', "--dpkgopt=force-unsafe-io",
         f"--include={','.join(packages)}", fetch, release(), root, *mirror()],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=BOOTSTRAP_S, check=False)


def join_network(lab, name, here, there):
    """A network for another machine, with the address `there`, joined to this one, which has the address `here`: its path."""
    holder = lab.start(name, ["unshare", "--net", "sleep", "infinity"])
    path = f"/proc/{holder.pid}/ns/net"
    wait_until(name, lambda: os.readlink(path) != os.readlink("/proc/self/ns/net"), process=holder)
    subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", name, "netns", str(holder.pid)], check=True)
    inside = ["nsenter", f"--net={path}"]
    for command in (["ip", "link", "set", name, "up"], ["ip", "route", "add", there, "dev", name, "src", here],
                    [*inside, "ip", "link", "set", "lo", "up"], [*inside, "ip", "link", "set", name, "up"],
                    [*inside, "ip", "address", "add", f"{there}/32", "dev", name], [*inside, "ip", "route", "add", "default", "dev", name]):
        subprocess.run(command, check=True)
    return path


class Groups:
    """Control groups of its own for a systemd: two that share some end each other's services."""

    ENTER = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit; shift; done; shift; exec "$@"'

    def __init__(self, name):
        mounts = [line.split() for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
        paths = {kind: path for _, kind, path in (line.split(":", 2) for line in pathlib.Path("/proc/self/cgroup").read_text().splitlines())}
        self.folders = []
        for mount in mounts:
            options = mount[mount.index("-") + 1:]
            kind = "" if options[0] == "cgroup2" else "name=systemd" if options[0] == "cgroup" and "name=systemd" in options[2].split(",") else None
            if kind in paths:
                self.folders.append(pathlib.Path(mount[4]) / paths[kind].strip("/") / f"heloscope-test-{name}-{os.getpid()}")

    def enter(self, command):
        """The command, within them."""
        for folder in self.folders:
            folder.mkdir()
        return ["sh", "-c", self.ENTER, "sh", *self.folders, "--", *command]

    def remove(self):
        for folder in self.folders:
            for each, _, _ in os.walk(folder, topdown=False):
                pathlib.Path(each).rmdir()


class Machine:
    """Programs run in `root` as long as this is entered; `log` gets what its first process says."""

    # Bash takes the children whose parents have ended, as an init does.
    BARE = 'mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/run" && mount -t devpts devpts "$1/dev/pts" && exec chroot "$1" bash -c "while sleep 1; do :; done"'

    def __init__(self, lab, name, root, systemd, network="/proc/self/ns/net"):
        self.lab, self.name, self.root, self.systemd, self.network = lab, name, root, systemd, network

    def __enter__(self):
        if self.systemd:
            name = (self.root / "etc/hostname").read_text().strip()
            self.groups = Groups(self.name)
            command = self.groups.enter(
                ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", f"--machine={name}-{os.getpid()}", f"--hostname={name}",
                 f"--directory={self.root}", "--boot", "--console=pipe", "--resolv-conf=off", "--timezone=off", f"--network-namespace-path={self.network}"])
        else:
            command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "sh", "-c", self.BARE, "sh", self.root]
        self.process = self.lab.start(self.name, command)
        self.init = wait_until(self.name, self.find_init, process=self.process)
        return self

    def find_init(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ready = ["systemctl", "is-system-running", "--wait"] if self.systemd else ["test", "-d", "/proc/1", "-a", "-d", "/dev/pts"]
        for child in children:
            name = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
            if name == ("systemd" if self.systemd else "bash"):
                done = self.run(*ready, init=child)
                # Degraded: a container lacks what some units ask for.
                if done.returncode == 0 or done.stdout.strip() == "degraded":
                    return child
        return None

    def __exit__(self, *unused):
        if self.systemd:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self.init), signal.SIGRTMIN + 4)  # power off
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(DEADLINE_S)
        self.lab.end(self.process)
        if self.systemd:
            wait_until("the end of its control groups", self.groups_are_gone)

    def groups_are_gone(self):
        """Whether the control groups are removed: the kernel says busy as long as a process ends."""
        with contextlib.suppress(OSError):
            self.groups.remove()
            return True
        return False

    def run(self, *command, text=None, init=None):
        inside = ["nsenter", "-t", str(init or self.init), "--mount", "--pid", "--uts", "--ipc", "--net", "--root", "--wd"]
        stdin = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run([*inside, *map(str, command)], **stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", env=UNATTENDED, timeout=COMMAND_S, check=False)

    def do(self, *command, text=None):
        """What a command that has to succeed says."""
        done = self.run(*command, text=text)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}")
        return done.stdout

    def apt(self, *words, text=None):
        return self.do("apt-get", "-y", "-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Options::=--force-unsafe-io", *words, text=text)
