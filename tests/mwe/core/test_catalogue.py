"""What a metric has seen."""

import torch

from mwe.core.catalogue import CatalogueMetric


class Rows(CatalogueMetric):
    """A metric without figures."""

    def compute(self):
        return self.catalogue()


def test_a_catalogue_without_items_is_empty_and_on_the_device_of_the_metric():
    for device in ("cpu", "meta"):
        ids_N, rows_ND = Rows(width=3).to(device).catalogue()
        assert (ids_N.shape, rows_ND.shape) == ((0,), (0, 3))
        assert (ids_N.dtype, rows_ND.dtype) == (torch.long, torch.float32)
        assert ids_N.device.type == rows_ND.device.type == device


def test_items_are_in_the_order_of_their_ids_and_once():
    metric = Rows(width=1)
    for ids in ([4, 2], [2, 9]):
        metric.update(torch.tensor(ids), torch.tensor(ids)[:, None] / 2)
    ids_N, rows_ND = metric.catalogue()
    assert (ids_N.tolist(), rows_ND.tolist()) == ([2, 4, 9], [[1.0], [2.0], [4.5]])
