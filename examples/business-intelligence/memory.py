"""Streams a million rows into DuckDB, and says what memory that took here and in the server: `memory.py --server PID` on the server's machine."""

import argparse
import os
import tempfile
from itertools import cycle
from pathlib import Path

from keydesk import ContactCentre

from warehouse import Warehouse, download

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--server", type=int, required=True, metavar="PID", help="the process of the server")
parser.add_argument("--rows", type=int, default=1_000_000)
parser.add_argument("--growth", type=int, default=32, metavar="MIB", help="how much either may grow after the first tenth of the rows")
options = parser.parse_args()


def peak(pid: int) -> int:
    """The most memory that a process has had since it was last asked, in MiB."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return int(status["VmHWM"].split()[0]) // 1024


with tempfile.TemporaryDirectory() as folder:
    centre, warehouse, rows, first = ContactCentre(timeout=120), Warehouse(Path(folder)), 0, None
    # The tables with the most rows, as far as the contact centre remembers, until there were enough.
    for table in cycle(["calls", "offers", "agent_states", "events", "queue_intervals", "agent_intervals"]):
        path = Path(folder) / f"{table}.parquet"
        download(centre, table, path)
        warehouse.db.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM read_parquet('{path}') LIMIT 0")
        warehouse.db.execute(f"INSERT INTO {table} FROM read_parquet('{path}')")
        rows += warehouse.rows(f"SELECT count(*) FROM read_parquet('{path}')")[0][0]
        here, there = peak(os.getpid()), peak(options.server)
        print(f"{rows:>9,} rows: {here} MiB here, {there} MiB in the server, after {table}", flush=True)
        if first is None and rows >= options.rows / 10:
            first = most = (here, there)
        elif first:
            most = (max(most[0], here), max(most[1], there))
        if rows >= options.rows:
            break
grown = [after - before for before, after in zip(first, most)]
print(f"From a tenth of the rows on it took {grown[0]} MiB more here, and {grown[1]} MiB more in the server.")
raise SystemExit(1 if max(grown) > options.growth else 0)
