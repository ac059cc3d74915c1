"""Made-up data of the projects that `new` writes: small, the same every time, from nobody."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# Not for secrets: the same numbers every time are the point.
_Random = random.Random


def customers() -> str:
    """Return 600 customers, some of whom leave."""
    rng = _Random(1)
    rows = []
    for number in range(1, 601):
        contract = rng.choices(["monthly", "yearly", "two_years"], [5, 3, 2])[0]
        tenure, calls = rng.randint(0, 72), min(int(rng.expovariate(0.7)), 9)
        charge = round(rng.uniform(15, 110), 2)
        risk = 1.2 * (contract == "monthly") + 0.5 * calls - 0.05 * tenure + 0.012 * charge - 1.2
        left = int(rng.random() < 1 / (1 + math.exp(-risk)))
        rows.append([number, tenure, charge, contract, calls, left])
    head = ["customer", "tenure_months", "monthly_charge", "contract", "support_calls", "left"]
    return _table(head, rows)


def houses() -> str:
    """Return 500 houses with their prices."""
    rng = _Random(2)
    rows = []
    for number in range(1, 501):
        area, rooms = rng.randint(40, 240), rng.randint(1, 7)
        year, district = rng.randint(1900, 2023), rng.choice(["centre", "north", "south", "west"])
        worth = {"centre": 1.5, "north": 1.0, "south": 1.2, "west": 0.9}[district]
        price = 1400 * area * worth + 9000 * rooms + 450 * (year - 1900) + rng.gauss(0, 18000)
        rows.append([number, area, rooms, year, district, max(round(price, -2), 20000)])
    return _table(["house", "area_m2", "rooms", "built", "district", "price"], rows)


def sales() -> str:
    """Return what three shops sold on 420 days."""
    rng = _Random(3)
    first = dt.date(2024, 1, 1)
    rows = []
    for shop, size in (("harbour", 120), ("market", 80), ("station", 200)):
        for number in range(420):
            day = first + dt.timedelta(days=number)
            week = [1.0, 0.95, 0.95, 1.0, 1.2, 1.5, 0.6][day.weekday()]
            season = 1 + 0.04 * math.sin(2 * math.pi * number / 365)
            rows.append([day.isoformat(), shop, round(size * week * season * rng.gauss(1, 0.1))])
    return _table(["day", "shop", "sold"], sorted(rows))


def reviews() -> str:
    """Return 400 short reviews, each good or bad."""
    rng = _Random(4)
    good = _words("great lovely fast friendly perfect delicious quick warm helpful excellent")
    bad = _words("slow rude cold broken late awful dirty expensive disappointing noisy")
    things = _words("service food room delivery staff price place coffee table waiter")
    rows = []
    for number in range(1, 401):
        is_good = rng.random() < 0.55
        words = []
        for _ in range(rng.randint(2, 5)):
            kind = good if (rng.random() < 0.85) == is_good else bad
            words.append(
                f"{rng.choice(things)} {rng.choice(['was', 'is', 'very'])} {rng.choice(kind)}"
            )
        rows.append([number, ", ".join(words), "good" if is_good else "bad"])
    return _table(["review", "text", "verdict"], rows)


def _words(text: str) -> list[str]:
    return text.split()


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


SAMPLES: dict[str, Callable[[], str]] = {
    "customers.csv": customers,
    "houses.csv": houses,
    "sales.csv": sales,
    "reviews.csv": reviews,
}
"""Name of a file → what makes its content."""
