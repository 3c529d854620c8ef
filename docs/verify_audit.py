"""python3 verify_audit.py EXPORT.ndjson KEYRING [HEAD ...]: says whether an exported audit log of Keydesk is as it was written."""
import base64, datetime, hashlib, hmac, json, sys, uuid
ZERO = datetime.datetime(1970, 1, 1)
def number(n): return n.to_bytes(8, "big", signed=True)
def text(t): return number(len(t.encode())) + t.encode()
def maybe(b): return b"\0" if b is None else b"\1" + b
def maybe_text(t): return b"\0" + text("") if t is None else b"\1" + text(t)
def ident(i): return i and uuid.UUID(i).bytes
def raw(h): return h and bytes.fromhex(h)
def canonical(v): return json.dumps(v, ensure_ascii=False, separators=(",", ":"))
def millis(t): return (datetime.datetime.strptime(t, "%Y-%m-%dT%H:%M:%S.%fZ") - ZERO) // datetime.timedelta(milliseconds=1)
def mac(key, *parts): return hmac.new(key, b"".join(parts), hashlib.sha256).digest()
keys, known, forgotten, erased, altered, redacted, entries, first, previous, signer = {}, {}, set(), {}, {}, {}, 0, 0, None, None
for kind, name, key, *_ in (line.split() for line in open(sys.argv[2]) if line.strip() and not line.lstrip().startswith("#")):
    if kind == "audit": keys[name] = base64.b64decode(key)
    if kind == "master": keys["master:" + name] = mac(base64.b64decode(key), b"keydesk/audit-key/1\0\1")
def require(holds, what): holds or sys.exit(f"BROKEN: {what}")
for line in open(sys.argv[1], encoding="utf-8"):
    require(line.startswith("{") and line.endswith("}\n") and '"chain":{' in line, f"what follows entry {entries} is no entry; export the log as NDJSON, to its end")
    e = json.loads(line); c, detail, n = e["chain"], e["detail"], e["number"]; first = first or n
    require(n == (entries or n - 1) + 1, f"entry {(entries or n) + 1} is missing"); entries = n
    require(raw(c["previous_hash"]) == (previous or (raw(c["previous_hash"]) if n > 1 else bytes(32))), f"entry {n} does not follow the one before it")
    body = [ident(c["installation_id"]), number(n), ident(e["id"]), number(millis(e["at"]))] + [text(t) for t in (canonical(e["actor"]), e["action"], canonical(detail))] + [maybe(ident(e["key_id"]))]
    if c["audit_key"] is None:
        require(signer is None, f"entry {n} is not signed"); found = hashlib.sha256(b"".join([b"keydesk/audit/1\0", *body, raw(c["previous_hash"])])).hexdigest()
        if found != c["hash"]: altered[str(n)] = found
    else:
        key = keys.get(c["audit_key"]); require(key, f"the keyring lacks the audit key {c['audit_key']} of entry {n}"); require(signer in (None, c["audit_key"]), f"entry {n} is signed under another audit key")
        require(hmac.compare_digest(mac(key, b"keydesk/audit/2\0", text(c["audit_key"]), *body, maybe_text(e["environment"]), maybe(ident(e["request_id"])), maybe(raw(c["via_digest"])), raw(c["previous_hash"])).hex(), c["hash"]), f"entry {n} was altered")
        if c["via_digest"] and e["address"] is None and e["user_agent"] is None: erased.setdefault(e["actor"].get("id"), n)
        else: require(c["via_digest"] is None and not (e["address"] or e["user_agent"]) or mac(key, b"keydesk/audit-via/1\0", ident(e["id"]), maybe_text(e["address"]), maybe_text(e["user_agent"])) == raw(c["via_digest"]), f"where entry {n} came from was altered")
        require(e["action"] != "audit.head_lost", f"before entry {n} the signed end was missing or wrong"); signer = detail["to"] if e["action"] == "audit.key_rotated" else c["audit_key"]
        if e["action"] == "administrator.forget": forgotten.add(detail.get("administrator")); redacted.update(detail.get("redacted", {}))
    previous = raw(c["hash"]); known[n] = (c["hash"], c["installation_id"])
for n, found in altered.items(): require(redacted.get(n) == found, f"entry {n} was altered")
for person, n in erased.items(): require(person in forgotten, f"where entry {n} came from was erased")
for _, place, n, hashed, at, rest in (head.split(".", 5) for head in sys.argv[3:]):
    name, tag = rest.rsplit(".", 1); require(name in keys and mac(keys[name], b"keydesk/audit-head/1\0", text(name), ident(place), number(int(n)), raw(hashed), number(int(at))) == raw(tag), "a head was not signed under a key of this keyring")
    require(known.get(int(n)) == (hashed, place), f"entry {n} is not there as it was when the head was signed")
require(entries, "there are no entries"); print(f"unbroken: entries {first} to {entries}")
