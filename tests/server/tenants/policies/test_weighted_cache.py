"""The weighted cache, held against a list in order of use."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.tenants.policies.weighted_cache import WeightedCache

STEPS = st.lists(st.tuples(st.sampled_from("gp"), st.integers(0, 6), st.integers(0, 12)), max_size=60)


@given(STEPS)
def test_what_was_used_least_recently_goes(steps: list[tuple[str, int, int]]) -> None:
    cache: WeightedCache[int, str] = WeightedCache(4, 20)
    model: list[tuple[int, str, int]] = []
    for count, (step, key, weight) in enumerate(steps):
        kept = next((entry for entry in model if entry[0] == key), None)
        if step == "g":
            assert cache.get(key) == (None if kept is None else kept[1])
            model = [entry for entry in model if entry is not kept] + ([] if kept is None else [kept])
            continue
        cache.put(key, str(count), weight)
        model = [*(entry for entry in model if entry is not kept), (key, str(count), weight)]
        while len(model) > 4 or sum(entry[2] for entry in model) > 20:
            model.pop(0)
        assert len(cache) == len(model)
    for key, value, _ in model:
        assert cache.get(key) == value
    cache.clear()
    assert len(cache) == 0


def test_what_weighs_too_much_alone_is_not_kept() -> None:
    cache: WeightedCache[str, str] = WeightedCache(4, 20)
    cache.put("a", "small", 1)
    cache.put("b", "large", 21)
    assert (cache.get("a"), cache.get("b")) == ("small", None)
    cache.put("a", "large", 21)
    assert cache.get("a") is None
