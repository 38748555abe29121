"""Wikipedia: articles of a ``pages-articles.xml`` dump, with gensim's rules for removing markup."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from xml.etree import ElementTree

from mwe.core.datasets import declared
from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.lines import DAMAGED, opened
from mwe.corpora.source import TextSource

REMEDY = "Download the dump again; see `mwe data show wikipedia`."
PAGES_AT_ONCE = 64  # pages per task of a process
# runs of 2 to 15 letters, the words of gensim's WikiCorpus; longer runs are left out completely
WORD = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,15}(?![^\W\d_])")


class Wikipedia(TextSource):
    """Articles of a Wikipedia dump (section III-A: the general corpus).

    Each article is a document, and each of its paragraphs a line of the corpus. Redirects, pages of other namespaces
    (talk, templates, categories) and articles of fewer than ``min_words`` words are left out.

    Args:
        path: The dump, ``.xml`` or ``.xml.bz2``, multistream or not; by default the only ``*pages-articles*.xml*`` in
            ``wikipedia`` under the data root.
        words: Words of a line: ``alphabetic``, runs of 2 to 15 letters as in gensim's WikiCorpus; or ``whitespace``,
            as written, with punctuation.
        min_words: Smallest number of words of an article.
        workers: Processes that remove markup; 1 uses the current process.
    """

    def __init__(
        self, path: str | None = None, words: str = "alphabetic", min_words: int = 50, workers: int = 1
    ) -> None:
        if words not in ("alphabetic", "whitespace"):
            raise ValueError(f"words is {words!r}, not alphabetic or whitespace")
        self.path, self.words, self.min_words = path, words, min_words
        self._workers = workers  # private: not part of the identity, because it does not affect the text

    def files(self) -> Sequence[Path]:
        """Return the dump.

        Raises:
            MissingDataError: There is no dump, or there are several.
        """
        if self.path:
            if not Path(self.path).is_file():
                raise MissingDataError(f"{self.path} not found. See `mwe data show wikipedia` for how to get a dump.")
            return [Path(self.path)]
        root = declared("wikipedia").require()
        dumps = sorted(path for path in root.glob("*pages-articles*.xml*") if path.suffix in (".bz2", ".xml"))
        if len(dumps) != 1:
            raise MissingDataError(f"{len(dumps)} dumps (*pages-articles*.xml*) in {root}; set `path`")
        return dumps

    def documents(self) -> Iterator[Iterable[str]]:
        """Yield every article as its paragraphs."""
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
            # a few groups at a time: imap would read the whole dump into memory
            while several := list(islice(groups, 4 * self._workers)):
                yield from pool.starmap(paragraphs_of, [(group, self.words) for group in several], chunksize=1)


def article_markup(path: Path) -> Iterator[str]:
    """Yield the markup of every article in a dump, without redirects, in bounded memory.

    Raises:
        BadFileError: The XML is damaged or truncated.
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
                    root.clear()  # otherwise the root would hold every page
    except (
        ElementTree.ParseError,
        StopIteration,
        ValueError,
        LookupError,
        *DAMAGED,
    ) as error:  # also for unknown encodings
        raise BadFileError(path, f"the XML is damaged or truncated ({error})", REMEDY) from error


def paragraphs_of(pages: Sequence[str], words: str) -> list[list[str]]:
    """Return the paragraphs of several articles, without markup and empty paragraphs."""
    from gensim.corpora.wikicorpus import filter_wiki  # slow to import, and few commands need it

    paragraphs = []
    for markup in pages:
        lines = filter_wiki(markup).split("\n")
        cleaned = [" ".join(WORD.findall(line.lower()) if words == "alphabetic" else line.split()) for line in lines]
        paragraphs.append([line for line in cleaned if line])
    return paragraphs
