"""Tag documents from any tab-separated file: one ``id<TAB>tag`` a line."""

from pathlib import Path

from mwe.core.errors import BadFileError, MissingDataError
from siamese_tags.documents.base import Collection, TagDocuments, from_tag_lists

HEADERS = {("id", "tag"), ("document", "tag"), ("track", "tag"), ("song", "tag")}


class TsvDocuments(Collection):
    """Tag documents of a file with one ``id<TAB>tag`` a line; a header ``id<TAB>tag`` may stand first.

    Args:
        path: The file, UTF-8.
        name: Name of the collection in tables; by default the file's name.
        drop_tags: Prefixes of tags to leave out.
    """

    def __init__(self, path: str, name: str | None = None, drop_tags: tuple[str, ...] = ()) -> None:
        self.path = path
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
        for document, tag in _pairs(path):
            tags_of.setdefault(document, set()).add(tag)
        if not tags_of:
            raise BadFileError(path, "no document in this file", "Write one `id<TAB>tag` a line.")
        return from_tag_lists(self.name or path.stem, tags_of, self.drop_tags)


def _pairs(path: Path) -> list[tuple[str, str]]:
    if not path.is_file():
        raise MissingDataError(f"tag documents {path} not found. Give a file with one `id<TAB>tag` a line.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadFileError(path, f"not UTF-8 ({error})", "Convert it to UTF-8.") from error
    pairs = []
    for number, line in enumerate(lines, 1):
        fields = [field.strip() for field in line.split("\t")]
        if not line.strip() or (number == 1 and tuple(field.lower() for field in fields) in HEADERS):
            continue
        if len(fields) != 2 or not all(fields):
            raise BadFileError(path, f"expected `id<TAB>tag`, found {line!r}", "Correct the line.", line=number)
        pairs.append((fields[0], fields[1]))
    return pairs
