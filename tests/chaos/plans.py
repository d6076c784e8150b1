"""Where to kill: every point if there is room for it, the rest at random."""

import random
from collections.abc import Mapping

from tests.chaos.cycle import Kill

Plan = tuple[str, tuple[Kill, ...]]
"""A scenario by name, and the kills in it."""


def plans(counts: Mapping[str, int], kills: int, seed: int) -> list[Plan]:
    """Every point of every scenario if there is room for it, else evenly chosen ones; a third at random, some twice."""
    choose = random.Random(seed)
    at_points = [(name, (Kill(point=n),)) for name, count in counts.items() for n in range(1, count + 1)]
    room = max(1, kills * 3 // 5)
    if len(at_points) > room:
        at_points = [at_points[n * len(at_points) // room] for n in range(room)]
    rest = max(0, kills - len(at_points))
    at_random = [(choose.choice([*counts]), (Kill(seconds=choose.uniform(0.05, 4.0)),)) for _ in range(rest // 2)]
    twice = [_twice(choose, counts) for _ in range((rest - len(at_random) + 1) // 2)]
    chosen: list[Plan] = [*at_points, *at_random, *twice]
    choose.shuffle(chosen)
    return chosen


def _twice(choose: random.Random, counts: Mapping[str, int]) -> Plan:
    name = choose.choice([*counts])
    first = Kill(point=choose.randint(1, counts[name]))
    return name, (first, Kill(point=choose.randint(1, counts[name] // 2)))
