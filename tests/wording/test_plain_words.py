"""Every sentence that people read is short, has a low reading age and is free of words that we do not use."""

import re
from collections import defaultdict
from functools import cache
from statistics import mean

import pytest
from tools.wording import COORDINATORS, DOCUMENT, Sentence, sentences, written

from capacity_api.domain.vocabulary import MATCH_REASONS, OUTCOMES
from capacity_api.pages.question_words import ACTIONS

MAX_WORDS = 25
# By Flesch-Kincaid: the grade is about the reading age less five. One sentence alone may be harder than all together.
MAX_GRADE = 9.0
MAX_MEAN_GRADE = 4.0
# The grade of a shorter one says only how long its words are.
MIN_GRADED_WORDS = 6
# Long words that readers know, or that a sentence about this needs: each counts as two syllables.
NEEDED = frozenset(
    """
    accessibility address agreement anybody charities charity commissioner's coordinator coordinators delivery
    destitute directory england event everybody everything exceptions existing exploitation government guarantees
    immediate information interpreters investigation invitation ireland javascript mechanism modern national
    nobody northern official operator organisation organisation's organisations privacy referral referrals responder
    responders servitude slavery somebody statutory survivor survivors technology united yourself
    """.split()  # noqa: SIM905 - a list of fifty would take fifty lines
)
# What we do not write, and what to write in its place.
AVOIDED = {
    r"who(m|so)?ever": "people who …",
    r"whom": "who",
    r"for whom|who fits": "who it helps",
    r"call(ed|s|ing)? (an? \w+ )?off": "cancel",
    r"by its own account": "it expects …",
    r"in turn|a turn": "there is a wait",
    r"as told to": "we were told",
    r"also where": "even if",
    r"by what is": "what is published says …",
    r"signpost\w*": "see …; contact …",
    r"(?<!not )guaranteed": "expected, not guaranteed",
    r"(?<!a )safe(ly|ty)?": "nobody can promise that",
    r"confidential\w*": "say what is kept and what is not",
    r"victims?": "person, survivor",
    r"24/7": "sources differ",
    r"lapse[sd]?|lapsing": "we do not know about today; ended",
    r"remits?": "who it helps",
    r"apart from": "only",
    r"anybody else": "anyone else",
    r"true of": "apply",
    r"that it names|(was|were) named|exceptions named": "it listed …",
    r"time ?frames?": "how long it takes",
    r"fetch\w*": "you may be offline",
    r"says nothing about now": "we do not know about today",
    r"(the )?whole of|remits count": "the whole area",
    r"by a call": "use the API",
    r"from when": "start",
    r"speaks? for": "this code is not for a charity",
    r"(stand|stood|stands) (beside|for)|beside it": "the date beside each charity",
    r"takes? a referral": "take new people, take new referrals",
    r"as to": "about",
    r"in order to|prior to|utilise\w*|regarding|shall|thus|hence|e\.g\.|i\.e\.|etc|via|whilst": "a plainer word",
    r"please note|kindly": "leave it out",
    r"click\w*": "choose, tap",
}
# What coordinators read may use the words of the glossary.
GLOSSARY = frozenset({r"lapse[sd]?|lapsing", r"remits?"})
# Sentences that may be as they are, each with the reason.
ALLOWED = {
    "Police, local councils and some Home Office teams can make a referral too. Some staff do not know this: show them "
    "the official list. You can ask what they share, and with whom, and take independent legal advice first.": (
        "the caution about authorities, in the words that were agreed for it"
    ),
}
# The sentences of a review that made these rules. None of them may pass.
REVIEWED = (
    "Who can take a referral now",
    "A state holds only until the time that stands beside it.",
    "They can be asked; whoever asks waits for a turn.",
    "Not taking new people now, apart from the exceptions named. Anybody else:",
    "These have not said, or what they said has lapsed. Each may be open or not: only it can say.",
    "For whom? Find who fits",
    "What else is true of this person?",
    "It has paused, and none of the exceptions that it names was said.",
    "Until {day}, by its own account.",
    "No exceptions were named.",
    "no timeframe can be given",
    "New states cannot be fetched. This list was read at {time}, {minutes} min ago.",
    "Its last report (“{state}”) lapsed on {time}. It says nothing about now.",
    "Only known remits count that cover the whole of a place.",
    "Everything here can be done by a call, too",
    "Call off what is planned",
    "From when, if not now (UK time)",
    "This token does not speak for a responder.",
    "takes names, in turn",
    "We count a charity only where we know that it takes everybody: not where it takes people from a part of the "
    "place, and not for existing clients only.",
    "As told to this directory on {time}. It holds until {until}.",
    "About the remit:",
    "They say they take people now. By what is published, they help people in this situation.",
    "A paused charity is not counted, also where it still takes some people.",
    "it called a plan off",
)
VALUE = re.compile(r"{\w+}")
ADDRESS = re.compile(r"\S+@\S+")
# Reading all files takes a second, which the collection of other tests must not.
found = cache(sentences)


def split(text: str) -> list[list[str]]:
    """The words of each sentence of a text. A value is one word."""
    plain = ADDRESS.sub("day", VALUE.sub("day", text)).replace("’", "'")
    parts = re.split(r"(?<=[.?!;])\s+|\n+", plain)
    return [words for words in (re.findall(r"[\w'/@.-]*\w", part) for part in parts) if words]


def syllables(word: str) -> int:
    """About how many: groups of vowels, without a silent e."""
    word = word.lower()
    if word in NEEDED:
        return 2
    groups = len(re.findall(r"[aeiouy]+", word))
    is_silent = re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouyscxzhg]es$", word)
    return max(1, groups - bool(is_silent))


def grade(words: list[str]) -> float:
    """The Flesch-Kincaid grade of one sentence."""
    return 0.39 * len(words) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def faults(sentence: Sentence) -> list[str]:
    """What is wrong with a sentence, in words."""
    wrong = []
    for words in split(sentence.text):
        if len(words) > MAX_WORDS:
            wrong.append(f"{len(words)} words in one sentence, at most {MAX_WORDS}")
        if len(words) >= MIN_GRADED_WORDS and grade(words) > MAX_GRADE:
            wrong.append(f"grade {grade(words):.1f}, at most {MAX_GRADE}: shorter words, or a shorter sentence")
    for pattern, better in AVOIDED.items():
        hit = re.search(rf"(?<!\w)({pattern})(?!\w)", VALUE.sub("…", sentence.text), re.IGNORECASE)
        if hit and not (sentence.reader == COORDINATORS and pattern in GLOSSARY):
            wrong.append(f"“{hit[0]}”: better “{better}”")
    if ";" in sentence.text:
        wrong.append("a semicolon: make it two sentences")
    return wrong


def test_every_sentence_is_plain() -> None:
    offenders = [
        f"{', '.join(each.places)}: {each.text}\n    {'; '.join(faults(each))}"
        for each in found()
        if each.text not in ALLOWED and faults(each)
    ]
    assert not offenders, f"{len(offenders)} sentences are not plain:\n" + "\n".join(offenders)


def test_none_of_what_a_review_found_hard_to_read_is_left() -> None:
    assert {each.text for each in found()}.isdisjoint(REVIEWED)


def test_each_exception_is_still_needed() -> None:
    texts = {each.text: each for each in found()}
    assert [text for text in ALLOWED if text not in texts or not faults(texts[text])] == []


def test_what_each_group_reads_has_a_low_reading_age() -> None:
    grades: dict[str, list[float]] = defaultdict(list)
    for each in found():
        grades[each.reader] += [grade(words) for words in split(each.text) if len(words) >= MIN_GRADED_WORDS]
    assert len(grades) == 5
    for reader, of_reader in grades.items():
        assert mean(of_reader) <= MAX_MEAN_GRADE, reader


@pytest.mark.parametrize("text", REVIEWED)
def test_what_a_review_found_hard_to_read_would_not_pass(text: str) -> None:
    assert faults(Sentence(text, "", ()))


def test_the_list_of_what_people_read_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == written(found()), "run make messages"


def test_an_answer_reads_as_well_for_oneself_as_for_somebody_else() -> None:
    answer = [*MATCH_REASONS.values(), *OUTCOMES.values(), *(words for pair in ACTIONS.values() for words in pair)]
    assert [words for words in answer if re.search(r"\b(this|the) person\b", words)] == []
