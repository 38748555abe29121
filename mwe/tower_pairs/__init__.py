"""Audio-text models of any make, used and measured as the joint models of this package are.

A tower pair encodes sound and text into one space. This package imports no framework; what opens a pair is imported
where it is asked for.
"""

from mwe.tower_pairs.names import is_pair, open_pair
from mwe.tower_pairs.protocol import PairDescription, TowerPair

__all__ = ["PairDescription", "TowerPair", "is_pair", "open_pair"]
