"""Income of people, from the command line."""

import argparse
from pathlib import Path

import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split


def get_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=Path, default="people.csv", help="table of people")
    group = parser.add_argument_group("model")
    group.add_argument("--alpha", type=float, default=1.0, help="penalty (default: %(default)s)")
    group.add_argument("--features", nargs="+", default=["age", "visits"])
    parser.add_argument("--seed", type=int)
    parser.add_argument("--quiet", action="store_true")
    return parser.parse_args(argv)


def tell(text, quiet=False):
    if not quiet:
        print(text)


def main(args):
    """All of it."""
    people = pd.read_csv(args.people)
    people = people.dropna()
    tell(f"{len(people)} of {args.people.name}", args.quiet)

    # hold some out
    train, test = train_test_split(people, test_size=0.25, random_state=args.seed or 7)

    model = Ridge(alpha=args.alpha)
    model.fit(train[args.features], train["income"])

    score = model.score(test[args.features], test["income"])
    tell(f"alpha={args.alpha}: {score:.3f}", args.quiet)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(get_args()))
