"""What prices come to, by Python's fractions: shares no code, no language and no number format with src/pricing.

Reads one case a line, as {"price": …, "quantity": "…", "previous": …, "events": …, "digits": 2}, and writes the amount
of each, rounded as money is. Written from docs/pricing.md.
"""
import json
import sys
from fractions import Fraction


def amount_of(case):
    price, digits = case["price"], case["digits"]
    if case["events"] is not None:
        usage = [Fraction(event) for event in case["events"]]
        so_far = money(at_least(price, limited(price, of_events(price, usage))), digits)
        return so_far
    quantity = Fraction(case["quantity"])
    if case["previous"] is None:
        return money(at_least(price, limited(price, of_quantity(price, quantity))), digits)
    previous = Fraction(case["previous"])
    billed = money(limited(price, of_quantity(price, previous)), digits)
    return money(at_least(price, limited(price, of_quantity(price, previous + quantity))), digits) - billed


def of_quantity(price, quantity):
    charged = max(Fraction(0), quantity - Fraction(price.get("included", "0")))
    return MODELS[price["model"]](price, charged)


def limited(price, amount):
    amount *= 1 - Fraction(price.get("discount", "0")) / 100
    return min(amount, Fraction(price["maximum"])) if "maximum" in price else amount


def at_least(price, amount):
    return max(amount, Fraction(price.get("minimum", "0")))


def per_unit(price, charged):
    return charged * Fraction(price["unit"])


def package(price, charged):
    full, rest = divmod(charged, Fraction(price["size"]))
    return (full + (1 if rest and price.get("rounding") != "down" else 0)) * Fraction(price["amount"])


def bands(price):
    """Each tier with where it begins and ends; infinity is None."""
    begin = Fraction(0)
    for tier in price["tiers"]:
        end = None if tier["up_to"] is None else Fraction(tier["up_to"])
        yield begin, end, tier
        begin = end


def graduated(price, charged):
    total = Fraction(0)
    for place, (begin, end, tier) in enumerate(bands(price)):
        if place > 0 and charged <= begin:
            break
        inside = (charged if end is None else min(charged, end)) - begin
        each = Fraction(tier["unit"]) if "unit" in tier else Fraction(tier["rate"]) / 100
        total += inside * each + Fraction(tier.get("flat", "0"))
    return total


def one_band(price, charged):
    for _, end, tier in bands(price):
        if end is None or charged <= end:
            return charged * Fraction(tier.get("unit", "0")) + Fraction(tier.get("flat", "0"))
    raise ValueError("no band holds it")


def percentage(price, charged):
    return max(Fraction(0), charged - Fraction(price.get("free_amount", "0"))) * Fraction(price["rate"]) / 100


def of_events(price, amounts):
    """Free events and free amount end together, with whichever ends first."""
    has_free = "free_events" in price or "free_amount" in price
    events_left = price.get("free_events", len(amounts)) if has_free else 0
    amount_left = Fraction(price["free_amount"]) if "free_amount" in price else None
    total = Fraction(0)
    for amount in amounts:
        if events_left > 0 and (amount_left is None or amount_left > 0):
            events_left -= 1
            if amount_left is None or amount <= amount_left:
                amount_left = None if amount_left is None else amount_left - amount
                continue
            amount, amount_left = amount - amount_left, Fraction(0)
        cost = amount * Fraction(price["rate"]) / 100 + Fraction(price.get("fixed", "0"))
        cost = max(cost, Fraction(price["min"])) if "min" in price else cost
        total += min(cost, Fraction(price["max"])) if "max" in price else cost
    return total


def money(amount, digits):
    """In the smallest unit of the currency: half a unit goes away from zero."""
    sign = -1 if amount < 0 else 1
    return sign * int(abs(amount) * 10**digits + Fraction(1, 2))


def text(minor, digits):
    sign = "-" if minor < 0 else ""
    whole, part = divmod(abs(minor), 10**digits)
    return f"{sign}{whole}" + (f".{part:0{digits}d}" if digits else "")


MODELS = {
    "flat": lambda price, charged: Fraction(price["amount"]),
    "per_unit": per_unit,
    "package": package,
    "graduated": graduated,
    "tiered": graduated,
    "graduated_percentage": graduated,
    "volume": one_band,
    "stairstep": one_band,
    "percentage": percentage,
}

for line in sys.stdin:
    case = json.loads(line)
    print(text(amount_of(case), case["digits"]))
