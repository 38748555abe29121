"""Pictures of a run for loggers that take images."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch import nn

from siamese_tags.contextual import ContextualTags
from siamese_tags.contextual.spaces import EncoderSpace, NetworkSpace
from siamese_tags.documents import TagDocuments
from siamese_tags.figures.curves import draw_run_curves
from siamese_tags.figures.instances import instances_of, picture
from siamese_tags.figures.style import pixels
from siamese_tags.kept import network_kept
from siamese_tags.masked.training import MaskedContextModel, encoder_kept
from siamese_tags.stage import ContextualEmbedding


class RunPictures(Callback):
    """After the test, hands the run's precision-recall curves and the instances of a tag to the loggers.

    Only to loggers that have ``log_image``; without one nothing is drawn.

    Args:
        tag: Whose instances are projected; the most frequent tag if not given.
        clusters: Into how many groups its instances are divided.
        documents: How many documents show their other tags.
        seed: Of projection, clusters and choice of documents.
    """

    def __init__(self, tag: str | None = None, clusters: int = 3, documents: int = 4, seed: int = 0) -> None:
        self.tag = tag
        self.clusters = clusters
        self.documents = documents
        self.seed = seed

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw and hand over, on one process."""
        loggers: list[Any] = [logger for logger in trainer.loggers if hasattr(logger, "log_image")]
        found = _embedded(pl_module)
        if not loggers or not trainer.is_global_zero or found is None:
            return
        tags, documents = found
        tag = self.tag or documents.tags[int(documents.matrix_DT.sum(axis=0).argmax())]
        instances = instances_of(tag, tags, documents, self.clusters, self.documents, self.seed)
        pictures = {"pictures/instances": picture(tag, instances, documents.name)}
        curves = draw_run_curves({name: float(value) for name, value in trainer.callback_metrics.items()})
        if curves is not None:
            pictures["pictures/precision-recall"] = curves
        for name, drawn in pictures.items():
            for logger in loggers:
                logger.log_image(key=name, images=[pixels(drawn)])


def _embedded(module: LightningModule) -> tuple[ContextualTags, TagDocuments] | None:
    """The tags as the module embeds them now, and its documents; nothing for a module of another kind."""
    match module:
        case ContextualEmbedding():
            kept = network_kept(module.data)
            return ContextualTags(kept["tags"], NetworkSpace(kept, _weights(module.network))), module.data.documents
        case MaskedContextModel() if not len(module.data.unseen_U):
            kept = encoder_kept(module.data, module.encoder)
            space = EncoderSpace(kept, _weights(module.encoder))
            return ContextualTags(kept["tags"], space), module.data.split.documents
        case _:
            return None


def _weights(network: nn.Module) -> dict[str, Any]:
    return {name: value.detach().cpu() for name, value in network.state_dict().items()}
