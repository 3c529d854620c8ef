"""Keeps the parties of a Tryton and the contacts of a contact centre in step, with their telephone numbers. No dependencies."""

import base64
import json
import os
import sqlite3
import time
import urllib.error
import urllib.request

GATEWAY = os.environ.get("KEYDESK_GATEWAY", "http://127.0.0.1:8080")
TRYTON = os.environ.get("TRYTON_URL", "http://127.0.0.1:8000/tryton")
PHONES = ("phone", "mobile")


def send(url, body=None, method=None, **headers):
    """Sends JSON, again when the other side says that it is too early, and returns the JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    while True:
        request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503):
                raise RuntimeError(f"{method or 'POST'} {url}: {error.code} {error.read().decode()}") from error
            time.sleep(int(error.headers.get("Retry-After", 1)))


def keydesk(method, path, body=None):
    return send(GATEWAY + path, body, method, Authorization=f"Bearer {os.environ['KEYDESK_KEY']}")


class Tryton:
    """Tryton's own JSON-RPC."""

    def __init__(self, user, password):
        user_id, session, *_ = self.call("common.db.login", user, {"password": password}, "en")
        self.session = base64.b64encode(f"{user}:{user_id}:{session}".encode()).decode()

    session = None

    def call(self, method, *params):
        headers = {"Authorization": f"Session {self.session}"} if self.session else {}
        answer = send(f"{TRYTON}/rpc/", {"id": 1, "method": method, "params": params}, **headers)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def party(self, method, *params):
        return self.call(f"model.party.party.{method}", *params, {})

    def parties(self, domain=()):
        """Parties by id, each with its name and its numbers: (id of the mechanism, type, number)."""
        found = self.party("search_read", list(domain), 0, None, None, ["name"])
        of = [("type", "in", PHONES), ("party", "in", [party["id"] for party in found])]
        fields = ["party", "type", "value", "value_compact"]
        phones = self.call("model.party.contact_mechanism.search_read", of, 0, None, None, fields, {})
        parties = {party["id"]: {"name": party["name"] or "Without a name", "phones": []} for party in found}
        for phone in phones:
            parties[phone["party"]]["phones"].append((phone["id"], phone["type"], phone["value_compact"] or phone["value"]))
        return parties


def number(phone):
    return phone["e164"] or phone["raw"]


def mark(name, numbers):
    """What is compared, to see on which side something has changed."""
    return json.dumps([name, sorted(numbers)])


def mark_of_party(party):
    return mark(party["name"], [value for _, _, value in party["phones"]])


def mark_of_contact(contact):
    return mark(contact["display_name"], map(number, contact["phones"]))


class Sync:
    def __init__(self, tryton, path="sync.db"):
        self.tryton = tryton
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute("CREATE TABLE IF NOT EXISTS link (party INTEGER PRIMARY KEY, contact TEXT UNIQUE, party_mark TEXT, contact_mark TEXT)")
        self.db.execute("CREATE TABLE IF NOT EXISTS place (cursor TEXT)")

    def linked(self, party_id, contact):
        """Both sides say the same now: what differs from this later has been changed there."""
        party = self.tryton.parties([("id", "=", party_id)])[party_id]
        row = (party_id, contact["id"], mark_of_party(party), mark_of_contact(contact))
        self.db.execute("INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?)", row)

    def round(self):
        # Tryton goes first: where both have changed, what it says holds.
        self.from_tryton()
        self.from_contact_centre()

    def from_tryton(self):
        links = {party: (contact, seen) for party, contact, seen, _ in self.db.execute("SELECT * FROM link")}
        for party_id, party in self.tryton.parties().items():
            contact_id, seen = links.get(party_id, (None, None))
            if seen == mark_of_party(party):
                continue
            known = keydesk("GET", f"/v1/contacts/{contact_id}") if contact_id else None
            # The contact centre's own words for its numbers are kept, such as "work".
            types = {number(phone): phone["type"] for phone in known["phones"]} if known else {}
            phones = [
                {"raw": value, "type": types.get(value, "mobile" if kind == "mobile" else "other"), "primary": place == 0}
                for place, (_, kind, value) in enumerate(party["phones"])
            ]
            body = {"display_name": party["name"], "phones": phones}
            if known:
                contact = keydesk("PATCH", f"/v1/contacts/{contact_id}", body)
            else:  # Under the party's id, so that it is made once, also if this program ends here.
                contact = keydesk("PUT", f"/v1/contacts/by-external-id/tryton/{party_id}", body)
            self.linked(party_id, contact)

    def from_contact_centre(self):
        """Contacts that have changed since the first start. Those that were there before are not brought over."""
        row = self.db.execute("SELECT cursor FROM place").fetchone()
        query = f"changed_since={row[0]}" if row else "limit=1"
        page = keydesk("GET", f"/v1/contacts?{query}")
        for contact in page["items"] if row else []:
            link = self.db.execute("SELECT party, contact_mark FROM link WHERE contact = ?", (contact["id"],)).fetchone()
            if link is None:
                self.linked(*self.new_party(contact))
            elif link[1] != mark_of_contact(contact):
                self.write_party(link[0], contact)
                self.linked(link[0], contact)
        self.db.execute("DELETE FROM place")
        self.db.execute("INSERT INTO place VALUES (?)", (page["changes_cursor"],))

    def new_party(self, contact):
        # The code is unique in Tryton, so a party is made once, also if this program ends here.
        code = f"KD-{contact['id']}"
        found = self.tryton.party("search", [("code", "=", code)], 0, None, None)
        party_id = (found or self.tryton.party("create", [{"name": contact["display_name"], "code": code}]))[0]
        self.write_party(party_id, contact)
        external_ids = {**contact["external_ids"], "tryton": str(party_id)}
        return party_id, keydesk("PATCH", f"/v1/contacts/{contact['id']}", {"external_ids": external_ids})

    def write_party(self, party_id, contact):
        party = self.tryton.parties([("id", "=", party_id)])[party_id]
        wanted = {number(phone): phone["type"] for phone in contact["phones"]}
        there = {value for _, _, value in party["phones"]}
        gone = [mechanism for mechanism, _, value in party["phones"] if value not in wanted]
        new = [{"type": "mobile" if kind == "mobile" else "phone", "value": value} for value, kind in wanted.items() if value not in there]
        mechanisms = [["delete", gone]] * bool(gone) + [["create", new]] * bool(new)
        self.tryton.party("write", [party_id], {"name": contact["display_name"], "contact_mechanisms": mechanisms})


if __name__ == "__main__":
    sync = Sync(Tryton(os.environ.get("TRYTON_USER", "admin"), os.environ["TRYTON_PASSWORD"]))
    while True:
        sync.round()
        time.sleep(5)
