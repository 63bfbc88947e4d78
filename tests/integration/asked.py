"""asked: what `heloscope why` says of a text, for the tests of it."""
import json
import os
import pathlib
import subprocess
import tempfile

import jsonschema

SOURCES = pathlib.Path(os.environ.get("srcdir", ".")).resolve()
BUILT = pathlib.Path(os.environ.get("builddir", ".")).resolve() / "milter/heloscope"
CATALOGUE = SOURCES / "etc/refusals.conf"
SCHEMA = jsonschema.Draft7Validator(json.loads((SOURCES / "etc/why.schema.json").read_text()))
DEADLINE_S = 60


def why(text, *words, catalogue=CATALOGUE):
    """What `heloscope why` says of the text on its standard input: status, standard output, standard error."""
    data = text if isinstance(text, bytes) else text.encode()
    offline = [] if "-t" in words else ["--offline"]
    done = subprocess.run([BUILT, "why", *offline, "-c", catalogue, *words], input=data, capture_output=True, timeout=DEADLINE_S,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def refusals_in(text, words=(), **options):
    _, out, err = why(text, "--json", *words, **options)
    told = json.loads(out)
    SCHEMA.validate(told)
    assert err == "", err
    return told["refusals"]


def first_of_each(texts):
    """The first refusal that is told of each text, all read in one run; \u23ce is a line end."""
    with tempfile.TemporaryDirectory() as scratch:
        files = [pathlib.Path(scratch) / str(number) for number in range(len(texts))]
        for path, text in zip(files, texts):
            path.write_text(text.replace(" \u23ce ", "\n").replace("\u23ce", "\n"))
        told = {}
        for refusal in refusals_in("", words=[str(path) for path in files]):
            told.setdefault(refusal["file"], refusal)
    return [told[str(path)] for path in files]
