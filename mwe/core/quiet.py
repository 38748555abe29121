"""Hides advertisements and deprecation notes of libraries; importing this module is enough."""

import logging
import warnings


def _worth_reading(record: logging.LogRecord) -> bool:
    return "litlogger" not in record.getMessage()


logging.getLogger("pytorch_lightning.utilities.rank_zero").addFilter(_worth_reading)
warnings.filterwarnings("ignore", message="`isinstance\\(treespec, LeafSpec\\)` is deprecated", category=FutureWarning)
