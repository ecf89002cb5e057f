from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from training.reader.data import RaggedArray
from training.reader.examples.form_sampler import FORM_SHARES, FormSampler

FORMS = {  # every question has a lower-case form, every second one keywords, and every fifth one a yes/no form
    form: RaggedArray.of([np.array([token] if number % step == 0 else []) for number in range(10)], np.uint16)
    for form, token, step in (("lower_case", 1, 1), ("keywords", 2, 2), ("yes_no", 3, 5))
}


def test_over_all_questions_each_form_has_its_share() -> None:
    sampler, rng, original = FormSampler.of(FORMS), np.random.default_rng(0), np.array([0], np.uint16)
    drawn = Counter(int(sampler.draw(rng, number % 10, original)[0]) for number in range(20_000))
    assert drawn[1] / 20_000 == pytest.approx(FORM_SHARES["lower_case"], abs=0.01)
    assert drawn[2] / 20_000 == pytest.approx(FORM_SHARES["keywords"], abs=0.01)
    assert drawn[3] / 20_000 == pytest.approx(FORM_SHARES["yes_no"], abs=0.01)


def test_a_question_is_never_asked_in_a_form_that_it_lacks() -> None:
    sampler, rng, original = FormSampler.of(FORMS), np.random.default_rng(0), np.array([0], np.uint16)
    assert {int(sampler.draw(rng, 1, original)[0]) for _ in range(200)} == {0, 1}
