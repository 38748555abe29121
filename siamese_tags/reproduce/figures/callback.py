"""Pictures of a run for loggers that take images."""

from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from torch import nn

from siamese_tags.checkpoint_tags import network_embedding_data
from siamese_tags.contextual import ContextualTags
from siamese_tags.contextual.spaces import EncoderSpace, NetworkSpace
from siamese_tags.documents import TagDocuments
from siamese_tags.masked.training import MaskedContextModel, encoder_embedding_data
from siamese_tags.reproduce.figures.curves import draw_run_curves
from siamese_tags.reproduce.figures.instances import instances_of, picture
from siamese_tags.reproduce.figures.style import pixels
from siamese_tags.stage import ContextualEmbedding


class RunPictures(Callback):
    """After the test, passes the run's precision-recall curves and the instances of a tag to the loggers.

    Only loggers with ``log_image`` get pictures; without such a logger nothing is drawn.

    Args:
        tag: Tag whose instances are projected; by default the most frequent tag.
        clusters: Number of clusters of its instances.
        documents: Number of documents that show their other tags.
        seed: Seed of projection, clusters and choice of documents.
    """

    def __init__(self, tag: str | None = None, clusters: int = 3, documents: int = 4, seed: int = 0) -> None:
        self.tag = tag
        self.clusters = clusters
        self.documents = documents
        self.seed = seed

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw the pictures and log them, on one process."""
        loggers: list[Any] = [logger for logger in trainer.loggers if hasattr(logger, "log_image")]
        embedded = _embedded(pl_module)
        if not loggers or not trainer.is_global_zero or embedded is None:
            return
        tags, documents = embedded
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
    """Return the tags with the current embedding of the module, and its documents; None for other modules."""
    match module:
        case ContextualEmbedding():
            data = network_embedding_data(module.data)
            return ContextualTags(data["tags"], NetworkSpace(data, _weights(module.network))), module.data.documents
        case MaskedContextModel() if not len(module.data.unseen_U):
            data = encoder_embedding_data(module.data, module.encoder)
            space = EncoderSpace(data, _weights(module.encoder))
            return ContextualTags(data["tags"], space), module.data.split.documents
        case _:
            return None


def _weights(network: nn.Module) -> dict[str, Any]:
    return {name: value.detach().cpu() for name, value in network.state_dict().items()}
