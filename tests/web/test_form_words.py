"""No form speaks in the words of the library that it is made with."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import wtforms
from flask import Flask
from werkzeug.datastructures import MultiDict
from wtforms import FileField, SelectField
from wtforms.form import BaseForm

from app.web.form_words import WORDS
from app.web.forms import AddressForm, Form, RowForm

SAID = re.compile(r'gettext\(\s*"([^"]+)"')
THEIRS = {
    sentence.replace("%(value)s", "").strip("' ")
    for file in Path(wtforms.__file__).parent.rglob("*.py")
    for sentence in SAID.findall(file.read_text())
}
GARBAGE = "\x00¿garbage?"


def _kinds(base: type[BaseForm]) -> Iterator[type[BaseForm]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


@pytest.mark.parametrize("typed", [GARBAGE, "", "9" * 40, "-1"])
def test_whatever_is_sent_no_form_answers_with_a_sentence_of_the_library(app: Flask, typed: str):
    asked = 0
    for kind in {*_kinds(Form), *_kinds(RowForm), *_kinds(AddressForm)}:
        with app.test_request_context(method="POST", data={"any": "thing"}):
            form = kind()
            for field in form:
                if isinstance(field, SelectField) and field.choices is None:
                    field.choices = []
            names = [field.name for field in form if not isinstance(field, FileField)]
            form.process(MultiDict.fromkeys(names, typed))
            form.validate()
            said = {sentence for field in form for sentence in field.errors if isinstance(sentence, str)}
            assert not {one for one in said for theirs in THEIRS if theirs in one}, kind
            asked += 1
    assert asked > 40


def test_our_words_stand_for_sentences_that_the_library_says():
    assert set(WORDS) <= THEIRS
