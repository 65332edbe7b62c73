# SPDX-License-Identifier: GPL-3.0-or-later
"""What the published formulas of others say of the same recorded connections.

Each takes the connections of one play, as connections() makes them, and says whether it
would have spoken. None of them sees files, and none knows whose a process is: here they
are asked about the product's traffic alone, which is more than they have.
"""
import datetime
import statistics


def seconds(text):
    """An event's time: RFC 3339 with nanoseconds."""
    whole, _, rest = text.rstrip("Z").partition(".")
    at = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return at.timestamp() + float("0." + (rest or "0"))


def connections(events):
    """(peer, begin, end, sent, received) of each connection that has ended, in the order of their ends."""
    begun, ended = {}, []
    for event in events:
        action = event["event"]["action"]
        if action not in ("connect", "disconnect"):
            continue
        peer = event["destination"].get("ip")
        key = (peer, event["destination"].get("port"), event.get("process", {}).get("pid"))
        if action == "connect":
            begun.setdefault(key, []).append(seconds(event["@timestamp"]))
            continue
        end = seconds(event["@timestamp"])
        begin = begun[key].pop(0) if begun.get(key) else end
        ended.append((peer, begin, end, event["source"].get("bytes", 0), event["destination"].get("bytes", 0)))
    return ended


def by_peer(found):
    peers = {}
    for connection in found:
        peers.setdefault(connection[0], []).append(connection)
    return peers.values()


def producer_consumer(found):
    """PCR = (sent - received) / (sent + received) > 0.4 (Bullard and Gerth, FloCon 2014; the threshold is ours)."""
    for of in by_peer(found):
        sent, received = sum(c[3] for c in of), sum(c[4] for c in of)
        if sent + received and (sent - received) / (sent + received) > 0.4:
            return True
    return False


def exfil_framework(found):
    """More than 2,000 bytes a second upstream, and 65,536 in one transfer (Zeek exfil framework)."""
    return any(sent > 65536 and sent / max(end - begin, 1) > 2000 for _, begin, end, sent, _ in found)


def volume(found):
    """More than 1,070,000,000 bytes to one peer in two minutes (Splunk security content)."""
    return any(sum(c[3] for c in of) > 1070000000 for of in by_peer(found))


def spread_score(values, default):
    """RITA v5: one less Bowley's skewness, and how little values differ from their median; the mean of both."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    skew = 0 if high - low < 10 or middle in (low, high) else (high + low - 2 * middle) / (high - low)
    deviation = statistics.median(abs(value - middle) for value in values)
    even = max(0, (middle - deviation) / middle) if middle >= 1 else default
    return (1 - abs(skew) + even) / 2


def beacon(found):
    """The mean of RITA v5's scores of intervals and of sizes >= 0.7; its other half needs hours, and counts as much."""
    for of in by_peer(found):
        begins = sorted(c[1] for c in of)
        gaps = [after - before for before, after in zip(begins, begins[1:]) if after > before]
        if len(of) >= 4 and len(gaps) >= 3 and (spread_score(gaps, 1) + spread_score([c[3] for c in of], 0)) / 2 >= 0.7:
            return True
    return False


RULES = {"PCR > 0.4": producer_consumer, "Zeek exfil framework": exfil_framework,
         "Splunk, 1.07 GB in 2 min": volume, "RITA v5, intervals and sizes >= 0.7": beacon}
