"""Wikipedia: articles of a ``pages-articles.xml`` dump, with gensim's rules for taking the markup off."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from xml.etree import ElementTree

from gensim.corpora.wikicorpus import filter_wiki

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.lines import DAMAGED, opened
from mwe.corpora.source import TextSource

REMEDY = "Fetch the dump anew; `mwe data wikipedia` says where."
PAGES_AT_ONCE = 64  # handed to a process in one piece
# letters only, 2 to 15 of them, as gensim's WikiCorpus takes words; a longer run is no word and is left out whole
WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,15}(?![^\W\d_])")


class Wikipedia(TextSource):
    """Articles of a Wikipedia dump (section III-A: the general corpus).

    A document is an article, a line of the corpus one of its paragraphs. Redirects, pages of other name spaces (talk,
    templates, categories) and articles of fewer than ``min_words`` words are left out.

    Args:
        path: The dump, ``.xml`` or ``.xml.bz2``, multistream or not; by default the one ``*pages-articles*.xml*`` in
            ``wikipedia`` under the data root.
        words: ``alphabetic``: runs of 2 to 15 letters, as gensim's WikiCorpus takes them; ``whitespace``: as written,
            punctuation included.
        min_words: Words below which an article is left out.
        workers: Processes that take markup off; 1 does it in this one.
    """

    def __init__(
        self, path: str | None = None, words: str = "alphabetic", min_words: int = 50, workers: int = 1
    ) -> None:
        if words not in ("alphabetic", "whitespace"):
            raise ValueError(f"words is {words!r}, not alphabetic or whitespace")
        self.path, self.words, self.min_words = path, words, min_words
        self._workers = workers  # how the work is shared changes nothing in the text

    def files(self) -> Sequence[Path]:
        """The dump.

        Raises:
            MissingDataError: It is not there, or there are several to choose from.
        """
        if self.path:
            if not Path(self.path).is_file():
                raise MissingDataError(f"{self.path} not found. `mwe data wikipedia` says where dumps are to be had.")
            return [Path(self.path)]
        root = declared("wikipedia").require()
        found = sorted(path for path in root.glob("*pages-articles*.xml*") if path.suffix in (".bz2", ".xml"))
        if len(found) != 1:
            raise MissingDataError(f"{len(found)} dumps (*pages-articles*.xml*) in {root}; name one as `path`")
        return found

    def documents(self) -> Iterator[Iterable[str]]:
        """Every article as its paragraphs."""
        (path,) = self.files()
        for group in self._cleaned(article_markup(path)):
            for article in group:
                if sum(line.count(" ") + 1 for line in article) >= self.min_words:
                    yield article

    def _cleaned(self, markup: Iterator[str]) -> Iterator[list[list[str]]]:
        groups = iter(lambda: list(islice(markup, PAGES_AT_ONCE)), [])
        if self._workers <= 1:
            yield from (paragraphs_of(group, self.words) for group in groups)
            return
        with get_context("spawn").Pool(self._workers) as pool:
            # a few groups at a time: imap would read the whole dump ahead of the work
            while several := list(islice(groups, 4 * self._workers)):
                yield from pool.starmap(paragraphs_of, [(group, self.words) for group in several], chunksize=1)


def article_markup(path: Path) -> Iterator[str]:
    """The markup of every article in a dump that is no redirect; memory does not grow with the dump.

    Raises:
        BadFileError: The XML is damaged or cut off.
    """
    try:
        with opened(path) as dump:
            events = ElementTree.iterparse(dump, events=("start", "end"))
            _, root = next(events)
            space = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
            for event, page in events:
                if event == "end" and page.tag == f"{space}page":
                    redirect = page.find(f"{space}redirect") is not None
                    if page.findtext(f"{space}ns") == "0" and not redirect:
                        yield page.findtext(f"{space}revision/{space}text") or ""
                    root.clear()  # the root would go on holding every page it has seen
    except (ElementTree.ParseError, StopIteration, ValueError, LookupError, *DAMAGED) as error:  # of odd encodings too
        raise BadFileError(path, f"the XML is damaged or cut off ({error})", REMEDY) from error


def paragraphs_of(pages: Sequence[str], words: str) -> list[list[str]]:
    """Paragraphs of several articles, without markup; empty ones are left out."""
    found = []
    for markup in pages:
        lines = filter_wiki(markup).split("\n")
        own = [" ".join(WORD.findall(line.lower()) if words == "alphabetic" else line.split()) for line in lines]
        found.append([line for line in own if line])
    return found
