import numpy as np
import pytest

from siamese_tags.cli import main
from siamese_tags.documents import Cal500
from siamese_tags.reproduce.topic_count import counts_of, hierarchical_topics


def test_counts_by_hand():
    topics = np.array([[0.9, 0.1, 0.0, 0.0], [0.2, 0.793, 0.007, 0.0], [0.6, 0.4, 0.0, 0.0]])
    counts = counts_of(topics, np.array([1, 1, 2]))
    # mass: (0.9 + 0.2 + 1.2) / 4 = 0.575, (0.1 + 0.793 + 0.8) / 4 = 0.42325, 0.00175, 0
    assert (counts.dominant, counts.above, counts.covering, counts.truncation) == (2, {0.01: 2, 0.005: 2}, 2, 4)


def test_long_documents_weigh_more():
    topics = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert counts_of(topics, np.array([99, 1])).covering == 1
    assert counts_of(topics, np.array([1, 1])).covering == 2


def test_two_kinds_of_documents_are_few_topics_and_seeds_repeat(miniature):
    documents = Cal500(str(miniature)).read()
    one, two = (hierarchical_topics(documents, truncation=20, seed=3) for _ in range(2))
    assert one == two
    assert 1 <= one.dominant <= 20
    assert 1 <= one.covering <= 20
    assert one.above[0.01] <= one.above[0.005]


def test_through_the_front_door(miniature, capsys):
    main(["reproduce", "topics-count", "--collection=Cal500", f"--collection.root={miniature}", "--truncation=10"])
    text = capsys.readouterr().out
    assert "are the largest of at least one document" in text
    assert "n_topics stays a setting" in text
    with pytest.raises(SystemExit, match="0"):
        main(["reproduce", "topics-count", "--help"])
