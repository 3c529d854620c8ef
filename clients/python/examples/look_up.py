"""Whose are these numbers? ``KEYDESK_KEY=... python look_up.py "0491 570 006" ...``, with a key that has ``contacts:read``."""

import sys

from keydesk import ContactCentre, Refused
from keydesk.contact_centre.api.contacts import get_contacts_lookup
from keydesk.contact_centre.models import LookUp

with ContactCentre() as centre:
    for number in sys.argv[1:]:
        try:
            found = get_contacts_lookup.sync(client=centre.client, phone=number)
        except Refused as refused:
            sys.exit(f"{number}: {refused}")
        assert isinstance(found, LookUp)
        names = [match.contact.display_name for match in found.matches]
        print(f"{number}: {', '.join(names) or 'nobody'}", flush=True)
