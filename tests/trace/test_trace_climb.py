"""How far above its own folder a program reaches."""

from __future__ import annotations

import pytest

from thruway.trace.climb import climb

CASES = [
    (["pd.read_csv('a.csv')"], 0),
    (["pd.read_csv('../data/a.csv')"], 1),
    (["pd.read_csv('./../../a.csv')"], 2),
    (["pd.read_csv(f'../{name}')"], 1),
    (["os.path.join('..', '..', 'data')"], 2),
    (["pd.read_csv('..\\\\data\\\\a.csv')"], 1),
    (["x = 'and so on ...'", "y = '...'", "z = '..hidden'"], 0),
    (["here = Path(__file__).parent"], 0),
    (["here = Path(__file__).parent", "root = here.parent"], 1),
    (["root = Path(__file__).absolute().parents[1]"], 1),
    (["root = os.path.dirname(os.path.dirname(__file__))"], 1),
    (["root = Path.cwd().parent"], 1),
    (["x = '../../../../../../../../etc'"], 6),
]


@pytest.mark.parametrize(("codes", "levels"), CASES)
def test_climb(codes, levels):
    assert climb(codes) == levels
