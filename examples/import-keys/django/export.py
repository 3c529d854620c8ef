"""Prints the API keys of djangorestframework-api-key as rows for `keydesk import`:

DJANGO_SETTINGS_MODULE=project.settings python export.py [SCOPE...] > keys.ndjson
"""

import json
import sys

import django

django.setup()

from rest_framework_api_key.models import APIKey  # noqa: E402

scopes = sys.argv[1:]

# What was revoked there stays revoked: it is not brought over.
for key in APIKey.objects.get_usable_keys().order_by("created"):
    row = {
        "client_name": key.name,
        # Of the whole key, `prefix.secret`: `sha512$$..`, and PBKDF2 of keys that were made before version 3.
        "hash": key.hashed_key,
        "prefix": f"{key.prefix}.",
    }
    if key.expiry_date is not None:
        row["expires_at"] = key.expiry_date.isoformat().replace("+00:00", "Z")
    if scopes:
        row["scopes"] = scopes
    print(json.dumps(row))
