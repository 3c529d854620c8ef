"""Lets schemathesis read the key it calls with, but not delete or change it: every later call would only be refused.

And teaches it to send lines of JSON."""

import os
import uuid

import schemathesis

# Without one it calls as nobody.
OWN = os.environ.get("KEYDESK_OWN_KEY")

schemathesis.serializer.alias("application/x-ndjson", "text/plain")


@schemathesis.hook
def before_call(context, case, kwargs):
    if OWN is not None and case.method.upper() != "GET":
        case.path_parameters = without_own(case.path_parameters)
        case.body = without_own(case.body)


def without_own(value):
    if isinstance(value, dict):
        return {name: without_own(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_own(inner) for inner in value]
    if isinstance(value, str) and OWN in value.lower():
        return str(uuid.uuid4())
    return value
