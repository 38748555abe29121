"""Silence at the ends of a sound: lead-ins and tails, which differ between copies of one recording."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

AUDIBLE = 10 ** (-72 / 20)  # of full scale; softer sound at the ends is silence


def audible_part(samples: Callable[[int, int], npt.NDArray[np.float32]], length: int, rate: int) -> tuple[int, int]:
    """Return where the sound begins and ends, silence at both ends left out; all of it if it is silent throughout.

    Silence is looked for second by second from both ends, so only the ends are decoded.

    Args:
        samples: Returns the samples from one position to another.
        length: Samples of the whole.
        rate: Samples per second.

    Examples:
        >>> wave = np.zeros(50, dtype=np.float32)
        >>> wave[12:30] = 0.5
        >>> audible_part(lambda start, stop: wave[start:stop], 50, rate=10)
        (12, 30)
    """
    begin, end = 0, length
    while begin < length:
        block = samples(begin, min(begin + rate, length))
        audible = np.flatnonzero(np.abs(block) >= AUDIBLE)
        if len(audible):
            begin += int(audible[0])
            break
        begin += len(block)
    else:
        return 0, length
    while True:
        block = samples(max(begin, end - rate), end)
        audible = np.flatnonzero(np.abs(block) >= AUDIBLE)
        if len(audible):
            return begin, end - len(block) + int(audible[-1]) + 1
        end -= len(block)
