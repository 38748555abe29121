"""Help pages: what a docstring says, examples included."""

from mwe.core.arguments import parser_of


def listen(library: str, times: int = 3) -> None:
    """Listen to a library.

    Args:
        library: Folder of the library.
        times: How often.

    Examples:
        mwe listen music
        mwe listen music --times 5
    """


def test_a_help_page_has_parameters_and_examples():
    page = parser_of(listen, "mwe listen").format_help()
    assert "Listen to a library." in page
    assert "Folder of the library." in page
    assert page.rstrip().endswith("examples:\n  mwe listen music\n  mwe listen music --times 5")
