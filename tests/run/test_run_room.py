"""What steps declare, and who may begin beside whom."""

from __future__ import annotations

import pytest

from thruway.run.executors.room import Need, Room

FITS = [
    # total, taken, wanted, fits
    (Need(2), [Need(1)], Need(1), True),
    (Need(2), [Need(1), Need(1)], Need(1), False),
    (Need(2), [Need(0.5), Need(0.5)], Need(1), True),
    (Need(4, 100), [Need(1, 60)], Need(1, 60), False),
    (Need(4, 100), [Need(1, 60)], Need(1, 40), True),
    (Need(4, 100, 1), [Need(1, 0, 1)], Need(1, 0, 0.5), False),
    (Need(1), [], Need(8, 10**18, 4), True),  # never refused an empty machine
    (Need(1), [Need(8)], Need(1), False),
]


@pytest.mark.parametrize(("total", "taken", "wanted", "fits"), FITS)
def test_who_fits(total, taken, wanted, fits):
    room = Room(total)
    for ticket, need in enumerate(taken):
        room.take(ticket, need)
    assert room.fits(wanted) is fits


def test_room_is_given_back():
    room = Room(Need(1))
    room.take(1, Need(1))
    room.leave(1)
    assert room.fits(Need(1))


def test_graphics_processors_are_shared_out():
    room = Room(Need(8, 0, 2), devices=("0", "1"))
    seen = []
    for ticket, need in enumerate([Need(1, 0, 1), Need(1, 0, 1), Need(1)]):
        visible = room.visible(need)
        seen.append(visible)
        room.take(ticket, need, *visible.values())
    assert seen == [{"CUDA_VISIBLE_DEVICES": "0"}, {"CUDA_VISIBLE_DEVICES": "1"}, {}]
    room.leave(0)
    assert room.visible(Need(1, 0, 1)) == {"CUDA_VISIBLE_DEVICES": "0"}
    assert room.visible(Need(1, 0, 2)) == {"CUDA_VISIBLE_DEVICES": "0,1"}
