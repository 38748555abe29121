"""English words without information about music, left out of queries that have other words.

These are articles, prepositions, conjunctions, pronouns, auxiliaries, and phrases of requests for music. Words that may
describe a sound (``down``, ``over``, ``under``, ``off``, ``all``) are not included.
"""

NEGATIONS = frozenset({"no", "not", "without", "non", "never", "except"})
_OTHERS = """
a an the this that these those some any each every other such same both
i me my mine we us our you your he him his she her it its they them their who whom whose which what
am is are was were be been being do does did done have has had having will would shall should can could may might must
and or but nor so yet if then than because while as until although though
of at by for with about between into through during before after to from in on onto within upon among across per via
here there when where why how too very just also only more most much many few
like similar music song songs track tracks tune tunes something find play give want please sounds sounding
"""
STOP_WORDS = NEGATIONS | frozenset(_OTHERS.split())
