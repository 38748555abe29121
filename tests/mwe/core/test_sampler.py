"""Every item once over any number of processes."""

import pytest

from mwe.core.sampler import EveryItemOnce


@pytest.mark.parametrize(("items", "world"), [(10, 1), (10, 3), (2, 3), (0, 2)])
def test_shards_cover_every_item_once(items, world):
    shards = [EveryItemOnce(range(items), world, rank) for rank in range(world)]
    assert sorted(item for shard in shards for item in shard) == list(range(items))
    assert [len(list(shard)) for shard in shards] == [len(shard) for shard in shards]
