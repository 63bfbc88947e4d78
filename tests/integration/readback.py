"""readback: Authentication-Results read by programs that are not ours.

python3-authres knows no property types but smtp, header, body and policy and passes over others;
Mail::AuthenticationResults (Perl) gives those, too. Every field is read by both, and where both
have a value it must be the same.
"""
import json
import pathlib
import subprocess

import authres


def _read_by_authres(value):
    parsed = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {value}")
    return parsed.authserv_id, [
        (result.method, result.result, {f"{item.type}.{item.name}": str(item.value) for item in result.properties})
        for result in parsed.results
    ]


def read_by_perl(values):
    """What Mail::AuthenticationResults makes of each value, octets without NUL; None where it cannot read one."""
    script = pathlib.Path(__file__).with_name("readback.pl")
    done = subprocess.run(["perl", script], input=b"".join(value + b"\0" for value in values), capture_output=True, check=True)
    read = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(read) == len(values), (len(read), len(values))
    return read


def _read_results_by_perl(values):
    read = []
    for parsed in read_by_perl([value.encode() for value in values]):
        assert parsed is not None, values
        read.append((parsed["authserv_id"]["value"], [
            (entry["key"], entry["value"], {child["key"]: child["value"] for child in entry.get("children", []) if child["type"] != "comment"})
            for entry in parsed.get("children", [])
            if entry["type"] == "entry"
        ]))
    return read


def read_fields(values):
    """Field values, each as (authserv-id, [(method, result, properties)]); both readers must agree."""
    read = _read_results_by_perl(values)
    for value, (other_owner, second) in zip(values, read):
        owner, first = _read_by_authres(value)
        assert owner == other_owner, (owner, other_owner)
        assert len(first) == len(second), (first, second)
        for (method, result, properties), (other_method, other_result, more) in zip(first, second):
            assert (method, result) == (other_method, other_result), value
            for name, text in properties.items():
                assert more[name] == text, (name, text, more[name])
    return read


def results(message, authserv_id):
    """The results of the topmost field of `authserv_id`: (method, result, properties) each."""
    for owner, found in read_fields(message.get_all("Authentication-Results", [])):
        if owner == authserv_id:
            return found
    return []


def with_property(message, authserv_id, method, **properties):
    """Results of `method` whose properties are as given: smtp_helo="x" asks for smtp.helo=x, None for any value."""
    wanted = {name.replace("_", ".", 1): value for name, value in properties.items()}
    return [
        {"method": found, "result": result, "properties": has}
        for found, result, has in results(message, authserv_id)
        if found == method and all(name in has and value in (None, has[name]) for name, value in wanted.items())
    ]
