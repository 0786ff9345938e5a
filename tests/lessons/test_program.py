"""Lessons as programs to be changed: they print what the lesson shows, and stop at the number that no longer holds."""

import pytest

from byhand.lessons.base import LessonFailed
from byhand.lessons.exercises import EXERCISES, questions_of
from byhand.lessons.program import exercise_program, lesson_program
from tests.lessons.boards import LESSONS, board_of

QUICK = ("perceptron-gates", "chain-rule", "two-two-one-mse", "recurrence", "attention", "gradient-penalty")


@pytest.mark.parametrize("name", LESSONS)
def test_every_lesson_is_a_program(name):
    compile(lesson_program(LESSONS[name]), name, "exec")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.long)
        for name, lesson in LESSONS.items()
        if lesson.needs is None
    ],
)
def test_the_program_prints_the_lesson(name, capsys):
    names = {"__name__": "__main__"}
    exec(lesson_program(LESSONS[name]), names)
    assert names["board"].records() == board_of(name).records()
    printed = "".join(capsys.readouterr().out.split())
    assert (
        "".join(entry["text"] for entry in board_of(name).records() if entry["kind"] == "text")[:40].replace(" ", "")
        in printed
    )
    assert printed.count("✓") == sum(entry["kind"] == "check" for entry in board_of(name).records())


def test_a_changed_number_is_named_after_what_still_holds(capsys):
    program = lesson_program(LESSONS["chain-rule"])
    changed = program.replace("log(1.5) / 0.50", "log(1.5) / 0.60")
    assert changed != program
    with pytest.raises(LessonFailed, match="but must be"):
        exec(changed, {})
    assert capsys.readouterr().out


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_is_a_program_with_the_answers_in_it(name, capsys):
    program = exercise_program(name, seed=3)
    exec(program, {})
    questions = questions_of(name, 3)
    out = capsys.readouterr().out
    assert f"Step 1 of {len(questions)}: {questions[0].step}" in out
    assert f"Hint: {questions[0].hints[0]}" in out and f"0 of {len(questions)} right." in out
