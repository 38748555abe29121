"""Pictures have the resolution that is promised."""

from PIL import Image

from mwe.core.pictures import figure, save


def test_an_inch_has_150_dots(tmp_path):
    png, svg = save(figure(2.0, 1.0), tmp_path / "empty.png")
    with Image.open(png) as picture:
        assert picture.size == (300, 150)
    assert 'width="144pt" height="72pt"' in svg.read_text(encoding="utf-8")
