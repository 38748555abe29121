"""What a checkpoint keeps beside the weights, so that tags can be embedded without the data set they were learnt from.

Plain tensors, text and numbers, which ``torch.load(weights_only=True)`` reads. Shape suffixes: T tags, C topics.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import LatentDirichletAllocation
from torch import Tensor

from siamese_tags.datamodule import PrimingData

KEPT = "siamese_tags_contextual"


def network_kept(data: PrimingData) -> dict[str, Any]:
    """What the embedding of a stage needs: tag names, tag features and the topic model of the training documents."""
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


class KeptTopics:
    """The topic model of a checkpoint; infers exactly what the fitted one did (eq. 2).

    Args:
        components_CT: Variational parameters of the topics' tags.
        weights_CT: Exponential of their expected logarithm, which inference multiplies with.
        document_prior: Dirichlet prior of the topics of a document.
        floor: Posteriors are clamped from below at this.
    """

    def __init__(self, components_CT: Tensor, weights_CT: Tensor, document_prior: float, floor: float) -> None:
        self.floor = floor
        # a model that counts as fitted: scikit-learn goes by the attributes that end in an underscore
        self.model = LatentDirichletAllocation(len(components_CT), doc_topic_prior=document_prior, n_jobs=1)
        self.model.components_ = components_CT.numpy()
        self.model.exp_dirichlet_component_ = weights_CT.numpy()
        self.model.doc_topic_prior_ = document_prior
        self.model.n_features_in_ = components_CT.shape[1]

    def transform(self, documents_DT: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Context l(d) of documents from their own tags, D × C, each row a distribution clamped at the floor."""
        return np.asarray(np.maximum(self.model.transform(documents_DT.astype(np.float64)), self.floor))
