"""Files of results: every row finds its sample by the tube or says why not, and nothing is recorded twice."""

import csv
import io
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.modules.people import actions as people
from bihuan.modules.testing import actions, queries, rules
from bihuan.modules.testing.models import Report, ReportRow, Result, Sample
from bihuan.modules.testing.views import take_in_report_file
from tests.signing_in import sign_in
from tests.world import World, world

DATA = Path(os.environ.get("BIHUAN_SHARED", Path(__file__).resolve().parents[4] / "shared")) / "data" / "lab"
HEADERS = "样本编号,检验结果,报告时间,姓名"
needs_data = pytest.mark.skipif(
    not DATA.exists() and os.environ.get("CI") != "true", reason="the shared data are not here"
)


@pytest.fixture
def city(db: None) -> World:
    return world()


def tube(city: World, number: int) -> str:
    """A tube that was filled two hours ago."""
    before = clock.now() - timedelta(hours=2)
    person = people.register(name=f"Li {number}", at=before, by=city.actor("gate_officer"), key=uuid4())
    sample = actions.take_sample(
        f"arrival:{uuid4()}",
        person_id=person,
        unit_id=city.unit("gate-rail").id,
        purpose="landing",
        at=before,
        by=city.actor("gate_officer"),
        key=uuid4(),
    )
    return Sample.objects.get(pk=sample).code


def sheet(*rows: str, headers: str = HEADERS) -> bytes:
    return "\n".join([headers, *rows]).encode("gb18030")


def take_in(city: World, content: bytes, name: str = "结果.csv") -> UUID:
    return actions.import_results(
        content,
        name,
        laboratory_id=city.unit("laboratory").id,
        at=clock.now(),
        by=city.actor("lab_staff"),
        key=uuid4(),
    )


def outcomes(report: UUID) -> dict[int, tuple[str, str]]:
    """Outcome and first problem of each row."""
    return {
        row.number: (row.outcome, row.problems[0]["code"] if row.problems else "")
        for row in ReportRow.objects.filter(report=report)
    }


class TestRows:
    def test_find_their_samples_or_say_why_not(self, city: World):
        codes = [tube(city, number) for number in range(8)]
        late, early = clock.now() + timedelta(days=1), clock.now() - timedelta(days=1)
        report = take_in(
            city,
            sheet(
                f"{codes[0]},阴性,2022-06-20 10:00,张三",
                f"{codes[1].lower()},阳,,李四",
                f"{codes[2]},未见,2022-06-20 10:00,",
                "ZZ999,阴性,,",
                f"{codes[3]},阴性,{late:%Y-%m-%d %H:%M},",
                f"{codes[4]},阴性,{early:%Y-%m-%d %H:%M},",
                f"{codes[5]},阴性,,",
                f"{codes[5]},阳性,,",
                f"{codes[6]},,2022-06-20,",
                f"{codes[0]},阴性,2022-06-20 10:00,张三",
                f"{codes[7]},检出,2022-06-20,",
            ),
        )
        assert outcomes(report) == {
            2: ("recorded", ""),
            3: ("recorded", ""),
            4: ("rejected", "result_unknown"),
            5: ("doubtful", "tube_unknown"),
            6: ("rejected", "result_future"),
            7: ("doubtful", "before_sample"),
            8: ("doubtful", "tube_of_two"),
            9: ("doubtful", "tube_of_two"),
            10: ("rejected", "missing"),
            11: ("duplicate", ""),
            12: ("recorded", ""),
        }
        assert dict(Result.objects.values_list("sample__code", "result")) == {
            codes[0]: "negative",
            codes[1]: "positive",
            codes[7]: "positive",
        }
        fact = history(Sample.objects.get(code=codes[1]).subject)[-1]
        assert (fact.kind, fact.payload["result"]) == ("test.resulted", "positive")
        assert "张三" not in str(list(ReportRow.objects.values_list("cells", flat=True)))

    def test_are_recorded_once_however_often_the_file_comes(self, city: World):
        code = tube(city, 1)
        first = take_in(city, sheet(f"{code},阴性,,"))
        again = take_in(city, sheet(f"{code},阴性,,"))
        other = take_in(city, sheet(f"{code},阳性,,"))
        assert outcomes(first) == {2: ("recorded", "")}
        assert outcomes(again) == {2: ("duplicate", "")}
        assert outcomes(other) == {2: ("doubtful", "answered_otherwise")}
        assert Result.objects.count() == 1

    def test_of_another_test_are_not_taken_for_this_one(self, city: World):
        code = tube(city, 1)
        report = take_in(
            city,
            sheet(
                f"{code},Detected,50697-2",
                f"{code},Not detected,94534-5",
                headers="accession_number,test_result,test_performed_code",
            ),
        )
        assert outcomes(report) == {2: ("rejected", "test_other"), 3: ("recorded", "")}
        assert Result.objects.get().result == "negative"

    def test_go_on_where_they_were_broken_off(self, city: World, monkeypatch: pytest.MonkeyPatch):
        codes = [tube(city, number) for number in range(3)]
        content = sheet(*[f"{code},阴性,," for code in codes])
        monkeypatch.setattr(actions, "REPORT_ROWS", 2)
        report = actions.receive_report(
            content,
            "结果.csv",
            laboratory_id=city.unit("laboratory").id,
            at=clock.now(),
            by=city.actor("lab_staff"),
            key=uuid4(),
        )

        def killed(done: int, _total: int) -> None:
            raise KeyboardInterrupt(done)

        with pytest.raises(KeyboardInterrupt):
            actions.take_in_report(report, at=clock.now(), by=city.actor("lab_staff"), key=uuid4(), progress=killed)
        assert Result.objects.count() == 2
        assert take_in(city, content) == report
        assert (Result.objects.count(), ReportRow.objects.count()) == (3, 3)
        assert [fact.kind for fact in history(f"report:{report}")] == ["report.received", "report.taken_in"]


class TestDecision:
    def test_gives_a_doubtful_row_its_tube(self, city: World):
        code = tube(city, 1)
        report = take_in(city, sheet("ZZ999,阳性,,"))
        row = ReportRow.objects.get()
        actions.decide_report_row(
            row.id, code=code, reason="标签磨损", at=clock.now(), by=city.actor("lab_staff"), key=uuid4()
        )
        assert outcomes(report)[2][0] == "recorded"
        assert Result.objects.get().result == "positive"
        with pytest.raises(actions.RowDecided):
            actions.decide_report_row(
                row.id, code=code, reason="又一次", at=clock.now(), by=city.actor("lab_staff"), key=uuid4()
            )

    def test_rejects_a_row_without_one(self, city: World):
        report = take_in(city, sheet("ZZ999,阳性,,"))
        actions.decide_report_row(
            ReportRow.objects.get().id,
            code="",
            reason="他院样本",
            at=clock.now(),
            by=city.actor("lab_staff"),
            key=uuid4(),
        )
        assert outcomes(report)[2][0] == "rejected"
        assert Result.objects.count() == 0


class TestPages:
    def test_lead_from_the_file_to_the_last_decision(self, client: Client, city: World):
        code = tube(city, 1)
        sign_in(client, city.user("lab_staff"))
        assert client.get("/laboratory/files").status_code == 200
        file = SimpleUploadedFile("结果.csv", sheet(f"{code},阴性,,", "ZZ999,阳性,,"))
        sent = client.post("/laboratory/files", {"file": file, "key": str(uuid4())})
        report = Report.objects.get()
        assert sent["Location"] == f"/laboratory/files/{report.id}"
        assert "ZZ999" in client.get(sent["Location"]).content.decode()
        assert Result.objects.count() == 0
        assert "/progress/" in client.post(sent["Location"], {"key": str(uuid4())})["Location"]
        by = city.actor("lab_staff")
        take_in_report_file(
            lambda *_counts: None, report_id=str(report.id), unit=str(by.unit), name=by.name, actor=by.id
        )
        shown = client.get(f"/laboratory/files/{report.id}").content.decode()
        row = ReportRow.objects.get(outcome="doubtful")
        assert f"/laboratory/files/rows/{row.id}" in shown
        answer = client.post(
            f"/laboratory/files/rows/{row.id}", {"code": "", "reason": "他院样本", "key": str(uuid4())}
        )
        assert answer.status_code == 302
        outcome = b"".join(client.get(f"/laboratory/files/{report.id}/outcome.csv").streaming_content).decode(
            "utf-8-sig"
        )
        assert [row["bihuan: outcome"] for row in csv.DictReader(io.StringIO(outcome))] == ["recorded", "rejected"]

    def test_say_why_a_file_is_none(self, client: Client, city: World):
        sign_in(client, city.user("lab_staff"))
        sent = client.post(
            "/laboratory/files", {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n"), "key": str(uuid4())}
        )
        assert sent.status_code == 422
        assert Report.objects.count() == 0

    def test_are_the_laboratorys_own(self, client: Client, city: World):
        report = take_in(city, sheet("ZZ999,阳性,,"))
        sign_in(client, city.user("gate_officer"))
        assert client.get(f"/laboratory/files/{report}").status_code in (403, 404)


@needs_data
class TestFilesOfOtherSystems:
    """Their tubes are nobody's here, so what can be read is doubtful and what cannot is rejected; of one whose tube is
    here the result is recorded.
    """

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("upload/test-results-upload-valid.csv", {"doubtful": 1}),
            ("upload/test-results-upload-valid-required-only.csv", {"doubtful": 1, "rejected": 1}),
            ("upload/test-results-upload-valid-with-flu-results.csv", {"doubtful": 2, "rejected": 1}),
            ("upload/test-results-upload-valid-4000-rows.csv", {"doubtful": 3999}),
            ("upload/test-results-upload-invalid-values.csv", {"rejected": 1}),
            ("bad_csv/happy-path.csv", {"doubtful": 7}),
            ("bad_csv/1001-lines.csv", {"doubtful": 999}),
            ("bad_csv/quoted-strings-with-embedded-commas.csv", {"doubtful": 4}),
            ("bad_csv/weird-dates.csv", {"doubtful": 7}),
            ("bad_csv/wrong-type-data.csv", {"rejected": 1}),
        ],
    )
    def test_are_taken_in_row_by_row(self, city: World, name: str, told: dict[str, int]):
        report = take_in(city, (DATA / name).read_bytes(), name)
        counts = Counter(ReportRow.objects.filter(report=report).values_list("outcome", flat=True))
        assert counts == told

    @pytest.mark.parametrize("name", ["bad_csv/completely-empty-file.csv", "upload/invalidValues.csv"])
    def test_that_hold_no_results_are_refused(self, city: World, name: str):
        with pytest.raises(queries.ReportRefused):
            take_in(city, (DATA / name).read_bytes())

    def test_record_what_is_ours(self, city: World):
        content = (DATA / "bad_csv/happy-path.csv").read_text("utf-8")
        code = tube(city, 1)
        assert rules.is_code(code)
        report = take_in(
            city, content.replace("28504428", code).replace("2020-10-10T17:42:31", "2022-06-20T01:30:00").encode()
        )
        assert outcomes(report)[2][0] == "recorded"
        assert Result.objects.get().result == "negative"
