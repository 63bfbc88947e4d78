"""signer: python3-dkim, and keys for it. Whoever imports this is skipped where python3-dkim is missing."""
import base64
import pathlib
import subprocess
import sys

try:
    import dkim  # noqa: F401, for those who sign
except ImportError:
    print("skipped: python3-dkim is missing (Debian package: python3-dkim)")
    sys.exit(77)


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True).stdout


# A private key that takes long to make.
RSA_8192 = pathlib.Path(__file__).resolve().parent / "rsa_8192.pem"


def public_of(path):
    """The public key of a private one, as it stands in p=."""
    return base64.b64encode(openssl("rsa", "-in", path, "-pubout", "-outform", "DER")).decode()


def make_rsa(folder, bits=2048):
    """The path of a new private key, as python3-dkim and opendkim read it, and its public one as it stands in p=."""
    path = folder / f"{bits}.pem"
    openssl("genrsa", "-traditional", "-out", path, bits)
    return path, public_of(path)


def make_ed25519(folder):
    """A new private key, as python3-dkim takes it, and the same."""
    path = folder / "ed25519.der"
    openssl("genpkey", "-algorithm", "ed25519", "-outform", "DER", "-out", path)
    public = openssl("pkey", "-inform", "DER", "-in", path, "-pubout", "-outform", "DER")
    return base64.b64encode(path.read_bytes()[-32:]), base64.b64encode(public[-32:]).decode()
