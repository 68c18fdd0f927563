"""Headers that no form knows: an officer says once which column each is, and takes it back."""

import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from bihuan.kernel import clock
from bihuan.kernel.ledger import history
from bihuan.modules.arrivals import actions, queries
from bihuan.modules.arrivals.models import Arrival, Batch, LearntColumn
from tests.modules.arrivals.test_actions import resident_id
from tests.signing_in import sign_in
from tests.world import World, world


@pytest.fixture
def city(db: None) -> World:
    return world()


def strange(number: int, headers: str = "返乡者,件号,抵焦日期,备考") -> bytes:
    return f"某街道名单\n{headers}\n张三,{resident_id(number)},2022-06-20,甲\n".encode("gb18030")


def hand_in(client: Client, content: bytes, name: str = "街道.csv") -> str:
    file = SimpleUploadedFile(name, content)
    sent = client.post(
        "/batches/new", {"file": file, "kind": "manifest", "issuer": "某街道办", "key": str(uuid4())}, follow=True
    )
    return sent.redirect_chain[-1][0]


def say(client: Client, address: str, **columns: str) -> str:
    sent = client.post(
        address, {**{name.replace("_", "-"): one for name, one in columns.items()}, "key": str(uuid4())}, follow=True
    )
    return sent.redirect_chain[-1][0] if sent.redirect_chain else ""


class TestAssigning:
    def test_shows_the_headers_and_first_values_of_a_file_that_lacks_columns(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        address = hand_in(client, strange(1))
        assert address == f"/batches/{Batch.objects.get().id}/columns"
        page = client.get(address).content.decode()
        assert all(word in page for word in ("返乡者", "件号", resident_id(1), "抵焦日期", "姓名"))
        assert page.count("<select") == 4

    def test_is_remembered_for_the_sender_and_shown_the_next_time(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        first = hand_in(client, strange(1))
        named = say(client, first, column_0="姓名", column_1="证件号码", column_2="预计到达时间", column_3="-")
        assert named.endswith("/preview")
        facts = history(Batch.objects.get().subject)
        assert facts[-1].kind == "batch.columns_said"
        assert facts[-1].payload["columns"] == {
            "返乡者": "姓名",
            "件号": "证件号码",
            "抵焦日期": "预计到达时间",
            "备考": "",
        }
        second = hand_in(client, strange(2), "又一份.csv")
        assert second.endswith("/preview")
        page = client.get(second.replace("/preview", "/columns")).content.decode()
        assert page.count("街道.csv") >= 4
        taken = actions.take_in_received(
            Batch.objects.get(file_name="又一份.csv").id, at=clock.now(), by=city.actor("commander"), key=uuid4()
        )
        assert (taken.created, dict(taken.columns)["备考"]) == (1, "")
        assert {told.code for told in taken.told} >= {"header_learnt", "column_left_out"}

    def test_is_taken_back_and_then_asked_again(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        first = hand_in(client, strange(1))
        say(client, first, column_0="姓名", column_1="证件号码", column_2="预计到达时间")
        learnt = LearntColumn.objects.get(header="件号")
        page = client.get(first).content.decode()
        assert re.search(f'name="unsay" value="{learnt.id}"', page)
        client.post(first, {"unsay": str(learnt.id), "key": str(uuid4())})
        assert not LearntColumn.objects.filter(header="件号").exists()
        assert history(Batch.objects.get().subject)[-1].kind == "batch.column_unsaid"
        assert hand_in(client, strange(2), "又一份.csv").endswith("/columns")

    def test_gives_no_column_to_two_headers(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        address = hand_in(client, strange(1))
        sent = client.post(address, {"column-0": "姓名", "column-1": "姓名", "key": str(uuid4())})
        assert sent.status_code == 422
        assert "field-error" in sent.content.decode()
        assert LearntColumn.objects.count() == 0

    def test_may_end_in_refusing_the_file(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        address = hand_in(client, strange(1))
        client.post(address, {"refuse": "1", "key": str(uuid4())})
        assert Batch.objects.get().state == Batch.State.FAILED

    def test_holds_for_one_unit_and_sender_only(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        say(client, hand_in(client, strange(1)), column_0="姓名", column_1="证件号码", column_2="预计到达时间")
        sign_in(client, city.user("district"))
        assert hand_in(client, strange(2)).endswith("/columns")


class TestOnTheCommandLine:
    def import_(self, city: World, number: int, **how) -> actions.ImportResult:
        return actions.import_arrivals(
            strange(number), "街道.csv", at=clock.now(), by=city.actor("gate_officer"), key=uuid4(), **how
        )

    def test_names_columns_by_any_of_their_names(self, city: World):
        said = {"返乡者": "name", "件号": "document_number", "抵焦日期": "Expected arrival", "备考": ""}
        assert self.import_(city, 1, issuer="某街道办", columns=said).created == 1
        assert self.import_(city, 2, issuer="某街道办").created == 1
        assert Arrival.objects.count() == 2

    @pytest.mark.parametrize(("said", "words"), [({"返乡者": "no such"}, "证件号码"), ({"nobody": "name"}, "返乡者")])
    def test_refuses_what_is_not_there_and_says_what_is(self, city: World, said: dict[str, str], words: str):
        with pytest.raises(Exception, match=words):
            self.import_(city, 1, columns=said)
        assert Batch.objects.count() == 0

    def test_changes_nothing_in_a_preview(self, city: World):
        said = {"返乡者": "name", "件号": "document_number"}
        assert self.import_(city, 1, columns=said, preview=True).created == 0
        assert LearntColumn.objects.count() == 0
        with pytest.raises(queries.FileRefused):
            self.import_(city, 1, preview=True)
