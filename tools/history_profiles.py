"""Writes the profiles of `onehall generate history` from published requests of other cities.

`python tools/history_profiles.py FOLDER` reads the shared folder `311` and writes `la.yaml` and `nyc.yaml`. Only sums
and quantiles are kept, no row. What no file tells is a constant below, and the profiles say so.
"""

import argparse
import csv
import gzip
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parents[1]
PROFILES: Final = HERE / "onehall" / "service_requests" / "generating" / "profiles"
WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
CHANNELS: Final = {
    "Call": "phone", "Voicemail": "phone", "TDD/ NexTalk": "phone", "Queue Initiated Customer Call": "phone",
    "PHONE": "phone", "Mobile App": "web", "Self Service": "web", "Web Form": "web", "Email": "web",
    "ONLINE": "web", "MOBILE": "web", "Twitter": "api", "OTHER": "api",
}  # fmt: skip
"""Other ways are those of the city's own staff; UNKNOWN is left out."""
LEAST_HOURS: Final = 0.25
SMALLEST: Final = 5
"""Kinds of request with fewer rows in a sample are one kind, "Other"."""

STORM_OF_BOSTON: Final = ("2011-08-28", "2011-08-29", "2011-08-30", "2011-08-31")
"""Hurricane Irene and the three days after it."""
RECORD_CALLS, USUAL_CALLS = 276_827, 98_028
"""Calls of New York's record day, and of an average day: design notes, performance.md, section 6."""
DUPLICATES_NAMED: Final = "duplicate"

ASSUMED: Final = """\
# No published file tells these; they are assumed.
shares:
  reopened: 0.03      # of the closed cases, "not fixed" and closed again
  worked: 0.1         # of the closed cases, work was started before the end
  accepted: 0.1       # of the closed cases, a resident said that it is fixed
  refused: 0.1        # of the closed cases, ended without the work
  named: 0.5          # of the reports, somebody left a name and an address
  told: 0.1           # of those, the mails are there as sent
  rated: 0.1          # of the reports on closed cases
hot_spots: {places: 200, share: 0.35}
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a file, packed with gzip or not."""
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(text.decode("utf-8", "replace").splitlines()))


def quantiles(hours: Sequence[float]) -> list[float]:
    """The 10th, 50th and 90th hundredth."""
    if len(hours) == 1:
        return [hours[0]] * 3
    cut = statistics.quantiles(hours, n=10, method="inclusive")
    return [cut[0], cut[4], cut[8]]


def number(value: float) -> str:
    """Short, without a needless zero."""
    return f"{value:.4g}" if value < 10_000 else str(round(value))


def flow(values: Iterable[float]) -> str:
    """A list in one line."""
    return f"[{', '.join(map(number, values))}]"


def shares(counts: Mapping[str, float]) -> str:
    """Shares of a whole in one line, the largest first."""
    whole = sum(counts.values())
    found = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return f"{{{', '.join(f'{name}: {number(value / whole)}' for name, value in found)}}}"


class Boston:
    """What only its file tells: the storm, the open rest, and how many reports are duplicates."""

    def __init__(self, folder: Path) -> None:
        rows = rows_of(folder / "boston-311-2011-h2.csv.gz")
        days = Counter(row["open_dt"][:10] for row in rows)
        usual: dict[str, list[int]] = defaultdict(list)
        for day, count in days.items():
            usual[f"{datetime.fromisoformat(day):%a}"].append(count)
        expected = sum(
            statistics.median(usual[f"{datetime.fromisoformat(day):%a}"]) for day in STORM_OF_BOSTON
        )
        self.storm = sum(days[day] for day in STORM_OF_BOSTON) / expected
        self.open = sum(row["case_status"] == "Open" for row in rows) / len(rows)
        named = sum(DUPLICATES_NAMED in row["closure_reason"].casefold() for row in rows)
        self.duplicates = named / len(rows)


def people(duplicates: float) -> str:
    """How many people tell of the same thing: each further one as likely as the one before."""
    more = [duplicates ** (n / 1.5) if n > 1 else duplicates for n in range(1, 5)]
    return flow([1 - sum(more), *more])


def los_angeles(folder: Path, boston: Boston) -> str:
    """The profile of MyLA311, 2015 and 2016; what its sums do not tell comes from Santa Monica and Boston."""
    kinds: Counter[str] = Counter()
    hours: dict[str, list[tuple[int, list[float]]]] = defaultdict(list)
    channels: Counter[str] = Counter()
    for row in rows_of(folder / "la-myla311-2015-2016-type-source-profile.csv"):
        count, source = int(row["requests"]), row["RequestSource"]
        kinds[row["RequestType"]] += count
        channels[CHANNELS.get(source, "staff")] += count
        # What crews report themselves is done when they write it down.
        if source != "Driver Self Report":
            hours[row["RequestType"]].append(
                (count, [float(row[q]) for q in ("p10", "p50", "p90")])
            )
    week = {day: [0] * 24 for day in WEEK}
    for row in rows_of(folder / "la-myla311-2015-2016-arrivals-by-hour.csv"):
        week[row["weekday_created"][:3]][int(row["hour_created"])] = int(row["requests"])
    months = Counter(
        row["Request Date"][:2]
        for row in rows_of(folder / "santa-monica-gorequest-2005-2015.csv.gz")
        if row["Request Date"][-4:] in ("2013", "2014", "2015")
    )
    spans = {name: mean_quantiles(parts) for name, parts in hours.items()}
    head = (
        "key: la\n"
        "name: Los Angeles\n"
        "# MyLA311, May 2015 to November 2016: sums of 907,025 requests. Months are Santa Monica's of 2013 to 2015; the\n"
        "# open rest, the duplicates and the storm are Boston's of the second half of 2011.\n"
    )
    return profile(
        head, week, [months[f"{m:02d}"] for m in range(1, 13)], channels,
        people(boston.duplicates), f"{{per_year: 1, days: 4, times: {number(boston.storm)}}}",
        [(90, boston.open)], kinds, spans,
    )  # fmt: skip


def mean_quantiles(parts: Sequence[tuple[int, list[float]]]) -> list[float]:
    """Quantiles of several sources as one, weighted by their requests."""
    whole = sum(count for count, _ in parts)
    return [sum(count * found[i] for count, found in parts) / whole for i in range(3)]


def new_york(folder: Path) -> str:
    """The profile of NYC 311, from a thousand requests of 2014 to 2019."""
    rows = rows_of(folder / "nyc-311-2014-2019-sample.csv")
    kinds: Counter[str] = Counter()
    hours: dict[str, list[float]] = defaultdict(list)
    by_hour, channels = Counter[int](), Counter[str]()
    opened_at = [moment(row["Created Date"]) for row in rows]
    counts = Counter(row["Complaint Type"] for row in rows)
    for row, opened in zip(rows, opened_at, strict=True):
        kind = row["Complaint Type"] if counts[row["Complaint Type"]] >= SMALLEST else "Other"
        kinds[kind] += 1
        if row["Closed Date"]:
            spent = (moment(row["Closed Date"]) - opened).total_seconds() / 3600
            hours[kind].append(max(spent, LEAST_HOURS))
        # A midnight stands for a day without its hour.
        if opened.hour or opened.minute:
            by_hour[opened.hour] += 1
        if row["Open Data Channel Type"] in CHANNELS:
            channels[CHANNELS[row["Open Data Channel Type"]]] += 1
    week = {day: [by_hour[hour] for hour in range(24)] for day in WEEK}
    last = max(opened_at)
    old = [row for row, at in zip(rows, opened_at, strict=True) if (last - at).days >= 90]
    still = sum(row["Status"] != "Closed" for row in old) / len(old)
    named = sum(DUPLICATES_NAMED in row["Resolution Description"].casefold() for row in rows)
    head = (
        "key: nyc\n"
        "name: New York City\n"
        "# NYC 311: sums of a sample of 1,000 requests, most of 2018 and 2019. It was drawn from few days, so all\n"
        "# months and weekdays are alike. The storm is its record day of calls against an average day.\n"
    )
    times = number(RECORD_CALLS / USUAL_CALLS)
    return profile(
        head, week, [1] * 12, channels, people(named / len(rows)),
        f"{{per_year: 2, days: 2, times: {times}}}", [(90, still)], kinds,
        {kind: quantiles(found) for kind, found in hours.items()},
    )  # fmt: skip


def moment(text: str) -> datetime:
    """A time as the portal's export writes it."""
    return datetime.strptime(text, "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007  (only differences are kept)


def profile(
    head: str,
    week: Mapping[str, Sequence[float]],
    months: Sequence[float],
    channels: Mapping[str, float],
    people_told: str,
    storms: str,
    still_open: Sequence[tuple[int, float]],
    kinds: Mapping[str, int],
    spans: Mapping[str, Sequence[float]],
) -> str:
    """The text of a profile."""
    lines = [
        "# Made by tools/history_profiles.py; change it there.",
        f"{head}week:",
        *(f"  {day.lower()}: {flow(week[day])}" for day in WEEK),
        f"months: {flow(months)}",
        f"channels: {shares(channels)}",
        f"people: {people_told}",
        f"storms: {storms}",
        "still_open:",
        *(f"  - {{days: {days}, share: {number(share)}}}" for days, share in still_open),
        f"{ASSUMED}services:",
    ]
    usual = statistics.median(span[1] for span in spans.values())
    for name, count in sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0])):
        span = [max(h, LEAST_HOURS) for h in spans.get(name, [usual / 5, usual, usual * 5])]
        lines.append(f'  - {{name: "{name}", weight: {count}, hours: {flow(span)}}}')
    return "\n".join([*lines, ""])


def main() -> None:
    """Run from the command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    folder = arguments.parse_args().folder
    boston = Boston(folder)
    (PROFILES / "la.yaml").write_text(los_angeles(folder, boston), "utf-8")
    (PROFILES / "nyc.yaml").write_text(new_york(folder), "utf-8")


if __name__ == "__main__":
    main()
