"""Tag documents from any tab-separated file: one ``id<TAB>tag`` a line."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.lines import numbered_lines
from siamese_tags.documents.base import Collection, TagDocuments, from_tag_lists

HEADERS = {("id", "tag"), ("document", "tag"), ("track", "tag"), ("song", "tag")}
PARTS = {"train": "train", "valid": "validation", "validation": "validation", "test": "test"}


class TsvDocuments(Collection):
    """Tag documents of a file with one ``id<TAB>tag`` a line; a header ``id<TAB>tag`` may stand first.

    Args:
        path: The file, UTF-8.
        name: Name of the collection in tables; by default the file's name.
        drop_tags: Prefixes of tags to leave out.
        splits: File with one ``id<TAB>part`` a line, the parts being ``train``, ``validation`` (or ``valid``) and
            ``test``: an official split, by which masked-context priming goes. Other documents are left out and counted.
    """

    def __init__(
        self, path: str, name: str | None = None, drop_tags: tuple[str, ...] = (), splits: str | None = None
    ) -> None:
        self.path = path
        self.splits = splits
        self.name = name
        self.drop_tags = tuple(drop_tags)

    def read(self) -> TagDocuments:
        """Read the file; documents keep their order of first appearance.

        Raises:
            MissingDataError: There is no such file.
            BadFileError: A line has not two non-empty fields, or the file is not UTF-8 or holds no document.
        """
        path = Path(self.path)
        tags_of: dict[str, set[str]] = {}
        for _, document, tag in _pairs(path):
            tags_of.setdefault(document, set()).add(tag)
        if not tags_of:
            raise BadFileError(path, "no document in this file", "Write one `id<TAB>tag` a line.")
        if self.splits is None:
            return from_tag_lists(self.name or path.stem, tags_of, self.drop_tags)
        part_of = self._part_of(Path(self.splits))
        kept = {document: tags for document, tags in tags_of.items() if document in part_of}
        counted = {"in no part": len(tags_of) - len(kept), "of a part, but without tags": len(part_of) - len(kept)}
        documents = from_tag_lists(self.name or path.stem, kept, self.drop_tags)
        parts = np.array([part_of[document] for document in documents.ids])
        rows = {part: np.flatnonzero(parts == part) for part in dict.fromkeys(PARTS.values())}
        skipped = {**documents.skipped, **{reason: count for reason, count in counted.items() if count}}
        return replace(documents, parts={part: own for part, own in rows.items() if len(own)}, skipped=skipped)

    def _part_of(self, path: Path) -> dict[str, str]:
        found: dict[str, str] = {}
        for number, document, part in _pairs(path):
            if part not in PARTS or document in found:
                what = f"{part!r} is no part" if part not in PARTS else f"document {document!r} is listed twice"
                raise BadFileError(path, what, f"Give each document one of {', '.join(PARTS)}.", number)
            found[document] = PARTS[part]
        return found


def _pairs(path: Path) -> list[tuple[int, str, str]]:
    if not path.is_file():
        raise MissingDataError(f"tag documents {path} not found. Give a file with one `id<TAB>tag` a line.")
    pairs = []
    for number, line in numbered_lines(path, "Convert it to UTF-8 text."):
        fields = [field.strip() for field in line.split("\t")]
        if not line.strip() or (number == 1 and tuple(field.lower() for field in fields) in HEADERS):
            continue
        if len(fields) != 2 or not all(fields):
            raise BadFileError(path, f"expected `id<TAB>tag`, found {line!r}", "Correct the line.", line=number)
        pairs.append((number, fields[0], fields[1]))
    return pairs
