"""General text: plain files, WikiText, Brown and Wikipedia in upstream's formats, whole and damaged."""

import bz2
import gzip
import zipfile

import pytest

from mwe.core.errors import BadFileError, MissingDataError
from mwe.core.lines import numbered_lines
from mwe.corpora import Brown, PlainText, Wikipedia, WikiText
from mwe.corpora.wikipedia import article_markup

SPACE = "http://www.mediawiki.org/xml/export-0.10/"


def texts(source):
    return [[line for line in document if line] for document in source.documents()]


def page(title, text, ns=0, redirect=""):
    return (
        f"<page><title>{title}</title><ns>{ns}</ns><id>1</id>{redirect}<revision><id>2</id>"
        f'<text xml:space="preserve">{text}</text></revision></page>\n'
    )


PAGES = [
    page(
        "Air",
        "'''Air''' are a [[France|French]] duo{{cite}}.\n\n== Music ==\nDowntempo &lt;ref&gt;x&lt;/ref&gt; in 1998.",
    ),
    page("AIR", "#REDIRECT [[Air]]", redirect='<redirect title="Air" />'),
    page("Talk:Air", "talk", ns=1),
    page("Short", "too short"),
]


def dump(pages=PAGES):
    return f'<mediawiki xmlns="{SPACE}"><siteinfo><sitename>W</sitename></siteinfo>{"".join(pages)}</mediawiki>'


@pytest.fixture(params=["xml", "bz2", "multistream"])
def wiki(request, tmp_path):
    data = dump().encode()
    path = tmp_path / ("dump.xml" if request.param == "xml" else "dump.xml.bz2")
    half = len(data) // 2
    streams = {"xml": [data], "bz2": [bz2.compress(data)], "multistream": map(bz2.compress, (data[:half], data[half:]))}
    path.write_bytes(b"".join(streams[request.param]))
    return path


def test_a_dump_gives_articles_without_markup_redirects_and_other_name_spaces(wiki):
    assert texts(Wikipedia(str(wiki), min_words=5)) == [["air are french duo", "music", "downtempo in"]]
    (article,) = texts(Wikipedia(str(wiki), words="whitespace", min_words=5))
    assert article[0] == "'''Air''' are a French duo."
    assert len(texts(Wikipedia(str(wiki), min_words=1))) == 2
    assert texts(Wikipedia(str(wiki), min_words=50)) == []
    assert [len(texts(Wikipedia(str(wiki), min_words=words))) for words in (7, 8)] == [1, 0]  # the article has 7


def test_articles_of_any_length_are_whole(tmp_path):
    """They are longer than what is read of the file at a time."""
    long = " ".join(f"word{number}" for number in range(60_000))
    (tmp_path / "dump.xml").write_text(dump([page("A", long), page("B", long[::-1]), page("C", "short")]))
    assert list(article_markup(tmp_path / "dump.xml")) == [long, long[::-1], "short"]


def test_a_source_is_known_by_what_its_text_depends_on(wiki):
    given = Wikipedia(str(wiki), min_words=5).identity()
    assert given == Wikipedia(str(wiki), min_words=5, workers=2).identity()
    assert given["settings"] == {"words": "alphabetic", "min_words": "5"}
    assert given != Wikipedia(str(wiki), min_words=6).identity()


def test_several_processes_give_the_same(wiki):
    assert texts(Wikipedia(str(wiki), min_words=1, workers=2)) == texts(Wikipedia(str(wiki), min_words=1))


def test_a_word_is_a_run_of_2_to_15_letters(tmp_path):
    (tmp_path / "d.xml").write_text(dump([page("x", "I am ABC123déf sixteenlettersss fifteenletterss_no ok")]))
    (article,) = texts(Wikipedia(str(tmp_path / "d.xml"), min_words=1))
    assert article[0].split() == ["am", "abc", "déf", "fifteenletterss", "no", "ok"]


def test_a_dump_that_is_cut_off_or_no_xml_is_refused(tmp_path):
    path = tmp_path / "cut.xml.bz2"
    path.write_bytes(bz2.compress(dump().encode())[:-30])
    with pytest.raises(BadFileError, match=r"cut\.xml\.bz2: the XML is damaged or truncated.*mwe data show wikipedia"):
        list(article_markup(path))
    (tmp_path / "half.xml").write_text(dump()[:-30])
    (tmp_path / "none.xml").write_text("")
    for name in ("half.xml", "none.xml"):
        with pytest.raises(BadFileError, match="damaged or truncated"):
            list(article_markup(tmp_path / name))
    with pytest.raises(MissingDataError, match="mwe data show wikipedia"):
        Wikipedia(str(tmp_path / "no.xml")).files()
    with pytest.raises(ValueError, match="alphabetic or whitespace"):
        Wikipedia(words="none")


def test_the_dump_is_found_in_its_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MWE_DATA", str(tmp_path))
    folder = tmp_path / "wikipedia"
    folder.mkdir()
    with pytest.raises(MissingDataError, match="0 dumps"):
        Wikipedia().files()
    (folder / "enwiki-20200101-pages-articles-multistream.xml.bz2").touch()
    (folder / "enwiki-20200101-pages-articles-multistream-index.txt.bz2").touch()
    assert [path.name for path in Wikipedia().files()] == ["enwiki-20200101-pages-articles-multistream.xml.bz2"]


def test_plain_files_compressed_or_not_are_documents(tmp_path):
    (tmp_path / "a.txt").write_text("One line\nand two\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.txt.gz").write_bytes(gzip.compress("Größe\r\n".encode()))
    (tmp_path / "c.txt.bz2").write_bytes(bz2.compress(b"three"))
    (tmp_path / "ignored.pdf").touch()
    assert texts(PlainText(str(tmp_path))) == [["One line", "and two"], ["three"], ["Größe"]]
    assert texts(PlainText(str(tmp_path / "a.txt"))) == [["One line", "and two"]]
    with pytest.raises(MissingDataError, match="neither a file nor a folder"):
        PlainText(str(tmp_path / "none")).files()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"good\nbad \xff\n", r"a\.txt, line 2: not UTF-8"),
        ("a.txt.gz", gzip.compress(b"word\n" * 10_000)[:-12], r"a\.txt\.gz, line \d+: damaged or cut off"),
        ("a.txt.gz", b"no gzip at all", r"a\.txt\.gz, line 1: damaged"),
        ("a.txt.bz2", bz2.compress(b"word\n" * 10)[:-5], r"a\.txt\.bz2, line \d+: damaged"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadFileError, match=message):
        texts(PlainText(str(tmp_path)))
    with pytest.raises(MissingDataError, match="not found"):
        list(numbered_lines(tmp_path / "none", ""))


WIKITEXT = (
    " \n = First = \n \n One <unk> word @-@ by @-@ word , 10 @,@ 000 . \n = = Part = = \n More \n"
    " = Second = \n Text = x \n"
)


def test_wikitext_loses_unknown_words_and_regains_its_hyphens(tmp_path):
    (tmp_path / "valid.txt").write_text(WIKITEXT)
    documents = [document for document in texts(WikiText(root=str(tmp_path))) if document]
    assert documents == [["First", "One word-by-word , 10,000 .", "Part", "More"], ["Second", "Text x"]]
    with pytest.raises(MissingDataError, match=r"train\.txt"):
        WikiText(["train.txt"], root=str(tmp_path)).files()


def test_brown_loses_its_part_of_speech_tags(tmp_path):
    with zipfile.ZipFile(tmp_path / "brown.zip", "w") as archive:
        archive.writestr("brown/ca01", "\n\n\tThe/at jury/nn 1/2/cd ./.\n\n")
        archive.writestr("brown/README", "not/a text/b")
    assert texts(Brown(str(tmp_path))) == [["The jury 1/2 ."]]
    with zipfile.ZipFile(tmp_path / "brown.zip", "w") as archive:
        archive.writestr("other", "x")
    with pytest.raises(BadFileError, match="holds no text"):
        texts(Brown(str(tmp_path)))
    with zipfile.ZipFile(tmp_path / "brown.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("brown/ca01", " " * (16 * 2**20 + 1))
    with pytest.raises(BadFileError, match="brown/ca01 would unpack to more than 16 MB"):
        texts(Brown(str(tmp_path)))
    (tmp_path / "brown.zip").write_bytes(b"PK")
    with pytest.raises(BadFileError, match="damaged"):
        texts(Brown(str(tmp_path)))


def count(source):
    lines = [[line.split() for line in document] for document in source.documents()]
    return sum(any(document) for document in lines), sum(len(line) for document in lines for line in document)


@pytest.mark.data
def test_the_real_texts_have_their_known_sizes(data_root):
    assert count(Brown(str(data_root / "brown"))) == (500, 1_161_192)
    assert count(WikiText(root=str(data_root / "wikitext2")))[0] == 60


@pytest.mark.data
def test_the_real_wikipedia_sample_has_106_articles(data_root):
    (path,) = (data_root / "enwiki_sample").glob("*.bz2")
    assert sum(1 for _ in article_markup(path)) == 106
