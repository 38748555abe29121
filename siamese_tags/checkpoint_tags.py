"""Data in a checkpoint beside the weights, with which tags can be embedded without the data set.

The data are plain tensors, text and numbers, which ``torch.load(weights_only=True)`` reads. Shape suffixes: T tags, C
topics.
"""

from typing import Any

import torch

from siamese_tags.fold_data import PrimingData

EMBEDDING_DATA = "siamese_tags_contextual"


def network_embedding_data(data: PrimingData) -> dict[str, Any]:
    """Return the data for the embedding of a stage: tag names, tag features and the fitted topic model."""
    model = data.topics.model
    return {
        "tags": list(data.documents.tags),
        "features_TF": data.tensors.features_TF,
        "rarity_T": torch.tensor(data.features.idf_T),
        "topics": {
            "components_CT": torch.tensor(model.components_),
            "weights_CT": torch.tensor(model.exp_dirichlet_component_),
            "document_prior": float(model.doc_topic_prior_),
            "floor": float(data.topics.floor),
        },
    }
