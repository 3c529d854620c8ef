"""Keydesk from Python.

``Keydesk`` verifies and manages keys; ``ContactCentre`` calls the contact centre behind the gateway and follows its streams. The calls
themselves are generated: ``keydesk.management.api`` and ``keydesk.contact_centre.api`` have one module for each, with ``sync`` and ``asyncio``,
which take the ``client`` of these::

    from keydesk import ContactCentre
    from keydesk.contact_centre.api.contacts import get_contacts_lookup

    with ContactCentre() as centre:  # KEYDESK_GATEWAY, KEYDESK_KEY
        print(get_contacts_lookup.sync(client=centre.client, phone="0491 570 006"))

``keydesk.fastapi`` protects a service of one's own.
"""

from ._clients import ContactCentre, Keydesk
from ._errors import Refused
from ._protect import Caller
from ._retries import Retries
from ._stream import CaughtUp, Event, Feed, Item, Reset, Snapshot

__all__ = ["Caller", "CaughtUp", "ContactCentre", "Event", "Feed", "Item", "Keydesk", "Refused", "Reset", "Retries", "Snapshot"]
