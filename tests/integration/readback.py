"""readback: Authentication-Results read by a program that is not ours, python3-authres."""
import authres


def results(message, authserv_id):
    """The results of the topmost field of `authserv_id`, as dictionaries; fails on fields that cannot be read."""
    for value in message.get_all("Authentication-Results", []):
        parsed = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {value}")
        if parsed.authserv_id != authserv_id:
            continue
        return [
            {
                "method": result.method,
                "result": result.result,
                "properties": {f"{prop.type}.{prop.name}": str(prop.value) for prop in result.properties},
            }
            for result in parsed.results
        ]
    return []


def with_property(message, authserv_id, method, **properties):
    """Results of `method` whose properties are as given: smtp_helo="x" asks for smtp.helo=x, None for any value."""
    wanted = {name.replace("_", ".", 1): value for name, value in properties.items()}
    found = []
    for result in results(message, authserv_id):
        has = result["properties"]
        if result["method"] == method and all(name in has and value in (None, has[name]) for name, value in wanted.items()):
            found.append(result)
    return found
