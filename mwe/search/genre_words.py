"""Which tags are genres and which are moods, for models whose tags have no groups, such as the open model."""

GENRES = frozenset(
    {
        *("acid jazz", "adult contemporary", "alternative", "alternative rock", "ambient", "blues", "blues rock"),
        *("bossa nova", "breakbeat", "celtic", "chanson", "chicago blues", "christian rock", "classic hip hop"),
        *("classic pop", "classic rock", "classical", "contemporary country", "contemporary folk", "country"),
        *("contemporary gospel", "country pop", "dance pop", "dark ambient", "dark wave", "deep house", "delta blues"),
        *("disco", "doo wop", "downtempo", "dub", "dubstep", "easy listening", "edm", "electric blues", "electro"),
        *(
            "electro pop",
            "electronic",
            "electronica",
            "experimental",
            "flamenco",
            "folk",
            "funk",
            "grunge",
            "hard rock",
        ),
        *("heavy metal", "hip hop", "house", "idm", "indie", "indie pop", "indie rock", "industrial", "jazz"),
        *("jazz fusion", "latin", "latin pop", "lounge", "medieval", "metal", "new age", "new wave", "opera", "pop"),
        *("pop folk", "pop rock", "post punk", "post rock", "progressive rock", "punk", "punk rock", "r&b", "rap"),
        *("reggae", "reggaeton", "rnb", "rock", "rock n roll", "salsa", "smooth jazz", "soul", "southern rap", "swing"),
        *("symphonic", "synth pop", "techno", "texas blues", "traditional country", "traditional folk", "trance"),
        *("traditional gospel", "trip hop", "underground hip hop", "western swing", "world", "world fusion"),
    }
)
MOODS = frozenset(
    {
        *("aggressive", "atmospheric", "calm", "calming", "cheerful", "cool", "dark", "deep", "dramatic", "dream"),
        *("easygoing", "eerie", "emotional", "energetic", "enthusiastic", "epic", "exciting", "fun", "funny", "groovy"),
        *("happy", "heavy", "hopeful", "hypnotic", "inspiring", "intense", "joyful", "lively", "meditative"),
        *("melancholic", "mellow", "motivational", "passionate", "playful", "pleasant", "positive", "powerful"),
        *("relaxing", "romantic", "sad", "sentimental", "sexy", "soft", "soothing", "spirited", "suspenseful"),
        *("trippy", "upbeat", "uplifting"),
    }
)


def is_of_field(tag: str, group: str, field: str) -> bool:
    """Return whether a tag belongs to a field, by its group, or by its name where it has none.

    Args:
        tag: The tag.
        group: Its group; empty if unknown.
        field: ``genre`` or ``mood``.

    Examples:
        >>> is_of_field("rock", "", "genre"), is_of_field("rock", "instrument", "genre")
        (True, False)
        >>> is_of_field("quiet morning", "mood/theme", "mood")
        True
    """
    return group.startswith(field) if group else tag in (GENRES if field == "genre" else MOODS)
