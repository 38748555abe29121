"""Hides advertisements and deprecation notes of libraries; importing this module is enough.

Lightning's notes about the machine are of use in training only; other jobs hide them by ``hide_notes``.
"""

import logging
import re
import warnings

_NOTES = re.compile(r"\s*(?:(?:GPU|TPU|HPU) available|LOCAL_RANK|`Trainer\.\w+` stopped|Detected KeyboardInterrupt|💡)")


def _worth_reading(record: logging.LogRecord) -> bool:
    return "litlogger" not in record.getMessage()


def _no_note(record: logging.LogRecord) -> bool:
    return not _NOTES.match(record.getMessage())


def hide_notes() -> None:
    """Hide what Lightning says about accelerators, and its advice on the number of workers."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_no_note)  # adding it again changes nothing
    warnings.filterwarnings("ignore", message=".*does not have many workers", category=UserWarning)


_LOGGERS = ("pytorch_lightning.utilities.rank_zero", "lightning_fabric.utilities.rank_zero")
logging.getLogger(_LOGGERS[0]).addFilter(_worth_reading)
warnings.filterwarnings("ignore", message="`isinstance\\(treespec, LeafSpec\\)` is deprecated", category=FutureWarning)
