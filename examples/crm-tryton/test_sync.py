"""Runs sync.py between a real trytond on PostgreSQL and the contact centre: `KEYDESK_BIN=… python -m unittest test_sync`, in an environment with
requirements.txt. PostgreSQL's programs are those of Debian's package `postgresql`; as root they run as the user `postgres`."""

import glob
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAMS = pathlib.Path(sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
PASSWORD = "only for this test"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(holds, what, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if holds():
                return
        except Exception:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come about")


class TrytonTest(unittest.TestCase):
    @classmethod
    def start(cls, *args, user=None):
        log = open(cls.folder / f"{pathlib.Path(args[0]).name}.log", "wb")
        process = subprocess.Popen(list(map(str, args)), stdout=log, stderr=log, user=user)
        cls.addClassCleanup(log.close)

        def end():
            process.send_signal(signal.SIGINT)
            process.wait(30)

        cls.addClassCleanup(end)

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="keydesk-tryton-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.folder.chmod(0o755)
        user = "postgres" if os.geteuid() == 0 else None
        data = cls.folder / "postgres"
        data.mkdir()
        if user:
            shutil.chown(data, user)
        database, tryton, workspace, gateway = (free_port() for _ in range(4))
        run = lambda *args, **more: subprocess.run(list(map(str, args)), check=True, capture_output=True, **more)
        # Both take their time, so they do it at once.
        config = cls.folder / "keydesk.toml"
        config.write_text("[sandbox]\nhistory_days = 1\n")
        place = ["--data-dir", cls.folder / "keydesk", "--config", config]
        program = os.environ["KEYDESK_BIN"]
        cls.start(program, "serve", *place, "--listen", f"127.0.0.1:{workspace}", "--gateway-listen", f"127.0.0.1:{gateway}", "--sandbox")
        run(PROGRAMS / "initdb", "-D", data, "-A", "trust", "-U", "tryton", user=user)
        cls.start(PROGRAMS / "postgres", "-D", data, "-p", database, "-k", data, "-h", "127.0.0.1", user=user)
        create = [PROGRAMS / "createdb", "-h", "127.0.0.1", "-p", database, "-U", "tryton", "tryton"]
        wait_for(lambda: run(*create), "a database")
        (cls.folder / "trytond.conf").write_text(
            f"[database]\nuri = postgresql://tryton@127.0.0.1:{database}/\n[web]\nlisten = 127.0.0.1:{tryton}\n")
        (cls.folder / "password").write_text(PASSWORD)
        tools = pathlib.Path(sys.executable).parent
        of = ["-c", cls.folder / "trytond.conf", "-d", "tryton"]
        environment = {**os.environ, "TRYTONPASSFILE": str(cls.folder / "password")}
        run(tools / "trytond-admin", *of, "--email", "a@example.org", "-u", "party", "--activate-dependencies", env=environment)
        cls.start(tools / "trytond", *of)
        scopes = ["--scope", "contacts:read", "--scope", "contacts:write"]
        made = run(program, "key", "create", "--client-name", "Tryton", "--environment", "test", *scopes, *place, "--json")
        os.environ.update(
            KEYDESK_KEY=json.loads(made.stdout)["key"], KEYDESK_GATEWAY=f"http://127.0.0.1:{gateway}",
            TRYTON_URL=f"http://127.0.0.1:{tryton}/tryton")
        import sync  # It reads the addresses when it is imported.
        cls.module = sync
        wait_for(lambda: sync.Tryton("admin", PASSWORD), "Tryton")
        wait_for(lambda: sync.keydesk("GET", "/v1/contacts?limit=1"), "the contact centre")

    def new_sync(self):
        return self.module.Sync(self.module.Tryton("admin", PASSWORD), str(self.folder / "sync.db"))

    def test_both_sides_are_kept_in_step(self):
        sync, keydesk = self.new_sync(), self.module.keydesk
        sync.round()
        look_up = lambda phone: [m["contact"] for m in keydesk("GET", f"/v1/contacts/lookup?phone=%2B{phone}")["matches"]]

        # A party of Tryton is a contact.
        mechanisms = [["create", [{"type": "mobile", "value": "+61491570156"}, {"type": "email", "value": "ada@example.org"}]]]
        [ada] = sync.tryton.party("create", [{"name": "Ada Example", "contact_mechanisms": mechanisms}])
        sync.round()
        [contact] = look_up("61491570156")
        self.assertEqual((contact["display_name"], contact["external_ids"]["tryton"]), ("Ada Example", str(ada)))

        # A contact is a party.
        made = keydesk("POST", "/v1/contacts", {"display_name": "Grace Example", "company": "Navy", "phones": [{"raw": "+61491570157", "type": "mobile"}]})
        sync.round()
        party_id = int(keydesk("GET", f"/v1/contacts/{made['id']}")["external_ids"]["tryton"])
        party = sync.tryton.parties([("id", "=", party_id)])[party_id]
        self.assertEqual((party["name"], [value for _, _, value in party["phones"]]), ("Grace Example", ["+61491570157"]))

        # Changes go both ways, also of numbers, and touch nothing else. A new start in between loses nothing.
        keydesk("PATCH", f"/v1/contacts/{contact['id']}", {"phones": [{"raw": "+61491570156"}, {"raw": "+61491570158"}]})
        sync.tryton.party("write", [party_id], {"name": "Grace Hopper"})
        sync = self.new_sync()
        sync.round()
        ada_now = sync.tryton.parties([("id", "=", ada)])[ada]
        self.assertEqual(sorted(value for _, _, value in ada_now["phones"]), ["+61491570156", "+61491570158"])
        self.assertEqual([(one["display_name"], one["company"]) for one in look_up("61491570157")], [("Grace Hopper", "Navy")])

        # Once in step, nothing is written, and nothing is made twice.
        before = keydesk("GET", f"/v1/contacts/{made['id']}")["seq"]
        sync.round()
        sync.round()
        self.assertEqual(keydesk("GET", f"/v1/contacts/{made['id']}")["seq"], before)
        self.assertEqual(len(look_up("61491570157")), 1)
        self.assertEqual(len(sync.tryton.party("search", [("name", "=", "Grace Hopper")], 0, None, None)), 1)

        # Where both have changed, Tryton's word holds.
        keydesk("PATCH", f"/v1/contacts/{made['id']}", {"display_name": "Somebody"})
        sync.tryton.party("write", [party_id], {"name": "Rear Admiral Hopper"})
        sync.round()
        self.assertEqual(keydesk("GET", f"/v1/contacts/{made['id']}")["display_name"], "Rear Admiral Hopper")


if __name__ == "__main__":
    unittest.main()
