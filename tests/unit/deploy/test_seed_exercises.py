"""The exercises of the seed: every good run walks its checklist to the end that it names, in every unit."""

from collections import Counter

from services.casework.domain.checklist import Checklist
from services.casework.domain.practice import Deed, Good, judge, walk
from services.casework.usecases.files.exercises_yaml import read_exercises
from shared.vocabulary import Outcome, Resolution
from tests.unit.deploy.test_seed_checklists import ADDRESS, INVENTED, SEED, STIFF, catalogue, checklists, unit_of

ROWS = read_exercises(
    (SEED / "exercises.yaml").read_bytes(),
    {" | ".join(line.path): {"id": line.id, "unit": line.unit} for line in catalogue()},
)
LONGEST_SENTENCE = 25


def list_of(row: dict[str, object]) -> Checklist:
    return checklists()[str(row["case_type"])]


def test_every_unit_with_a_checklist_has_a_call_a_mail_and_a_visit():
    units = {unit_of(one) for one in checklists().values()}
    kinds = Counter((row["unit"], row["channel"]) for row in ROWS)
    lacking = [(unit, one) for unit in units for one in ("phone", "email", "visit") if not kinds[unit, one]]
    assert lacking == []


def test_a_good_run_walks_its_checklist_to_the_end_that_it_names_and_passes():
    for row in ROWS:
        one, answers = list_of(row), tuple(row["answers"])
        run = walk(one, answers)
        assert run.end is not None, (row["id"], run.here, [done.step for done in run.done])
        assert run.end.id == row["good_end"], row["id"]
        asked = [done for done in run.done if (step := one.step(done.step)) and step.options]
        assert len(asked) == len(answers), row["id"]
        good = Good(one.case_type, row["good_end"], Outcome(row["kind"]), answers)
        closes = run.end.kind is Outcome.CLOSE
        resolution = run.end.resolution if closes else Resolution.HANDED_OVER.value
        verdict = judge(good, one.case_type, run, Deed(good.kind, resolution or ""), "")
        assert verdict.passed, (row["id"], verdict)


def test_what_is_said_is_plain_and_nobody_in_it_exists():
    for row in ROWS:
        assert row["lesson"], row["id"]
        assert not STIFF.search(row["lesson"]), row["id"]
        assert row["phone"] == "" or row["phone"].startswith("+467017406"), row["id"]
        assert row["email"] == "" or row["email"].endswith("@medborgare.example"), row["id"]
        assert not ADDRESS.search(row["body"]), row["id"]
        assert not INVENTED.search(row["body"]), row["id"]
        for sentence in row["lesson"].replace(":", ".").split("."):
            assert len(sentence.split()) <= LONGEST_SENTENCE, row["id"]
