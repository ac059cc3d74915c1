"""Half of what a price is made of; `price`, the step, calls `total`."""

from levies import levy

FEE = 1.0


def total(rows, discount=0.1):
    # what is left of a sum
    return sum(rows) * (1 - discount) + levy(rows) + FEE
