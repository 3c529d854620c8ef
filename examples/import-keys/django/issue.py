"""Makes keys with djangorestframework-api-key, for the test. Prints them, which only whoever made them can."""

import json
from datetime import timedelta

import django

django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402
from rest_framework_api_key.models import APIKey  # noqa: E402

call_command("migrate", verbosity=0)
_, crm = APIKey.objects.create_key(name="Acme CRM")
_, dialer = APIKey.objects.create_key(name="Dialer", expiry_date=timezone.now() + timedelta(days=30))
_, gone = APIKey.objects.create_key(name="Gone", revoked=True)
# As the versions before 3 have made them: by the first of Django's hashers for passwords.
old, slow = APIKey.objects.create_key(name="Before 3")
APIKey.objects.filter(pk=old.pk).update(hashed_key=make_password(slow))
print(json.dumps({"crm": crm, "dialer": dialer, "gone": gone, "slow": slow}))
