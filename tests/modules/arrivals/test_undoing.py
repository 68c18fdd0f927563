"""A file that was taken in by mistake is taken back: the registers are what they were, to the last cell."""

import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils.translation import override

from bihuan.kernel import clock, custody
from bihuan.kernel.ledger import history
from bihuan.kernel.loop import drift
from bihuan.kernel.loop.models import Duty
from bihuan.modules.arrivals import actions
from bihuan.modules.arrivals.actions import importing, undoing
from bihuan.modules.arrivals.models import Arrival, Batch, BatchRow
from bihuan.modules.arrivals.views.batches import undo_file
from bihuan.modules.people.models import Person
from tests.modules.arrivals.test_actions import resident_id
from tests.signing_in import sign_in
from tests.world import World, world

HISTORY = ("ledger_", "loop_", "custody_flow", "web_", "procrastinate_", "access_", "django_", "auth_")
FILES = ("arrivals_batch", "arrivals_batchrow")
HEADERS = "姓名,出生日期,证件号码,联系电话,车次,座位号,出发地,预计到达时间,目的地,到达卡口"
SEEDS = range(6)


@pytest.fixture
def city(db: None) -> World:
    made = world()
    actions.open_gate(
        made.unit("gate-rail").id,
        kind="rail",
        capacity_per_hour=200,
        waiting_capacity=30,
        at=clock.now(),
        by=made.actor("commander"),
        key=uuid4(),
    )
    return made


def registers() -> dict[str, list[str]]:
    """Every row of every table but the files themselves and what is kept of the past."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        names = [name for (name,) in cursor.fetchall() if not name.startswith(HISTORY) and name not in FILES]
        found = {}
        for name in names:
            cursor.execute(f"SELECT to_jsonb(held)::text FROM {name} held ORDER BY 1")
            found[name] = [row for (row,) in cursor.fetchall()]
    assert {"people_person", "people_pair", "arrivals_arrival", "custody_holding"} <= set(found)
    return found


def duties() -> list[tuple[str, str, str]]:
    return sorted(Duty.objects.filter(state="open").values_list("subject", "step", "breach_at"))


def line(dice: random.Random) -> str:
    """Somebody out of twelve, so that files overlap; said in full or in part, well or badly."""
    number = dice.randrange(12)
    name = f"张{'甲乙丙丁戊己庚辛壬癸子丑'[number]}"
    phone = dice.choice(["", f"138000000{number:02d}"])
    document = dice.choice([resident_id(number), resident_id(number), "", "410802199001010011"])
    born = dice.choice(["1990-01-01", "", "" if document else "1990-01-01"])
    trip = dice.choice(["G1", "G2", ""]), dice.choice(["01A", "02B", ""]), dice.choice(["上海市", "西安市", ""])
    arrives = dice.choice(["2022-06-21", "2022-06-22 10:00", "2022-05-01", ""])
    return ",".join([name, born, document, phone, *trip, arrives, "太行社区", dice.choice(["焦作站", ""])])


def some_file(dice: random.Random) -> bytes:
    return "\r\n".join([HEADERS, *[line(dice) for _row in range(dice.randrange(5, 30))]]).encode("utf-8-sig")


def take_in(city: World, content: bytes) -> actions.ImportResult:
    return actions.import_arrivals(content, "名单.csv", at=clock.now(), by=city.actor("gate_officer"), key=uuid4())


def take_back(city: World, batch: UUID | None, reason: str = "发错了文件", *, after: timedelta = timedelta()) -> None:
    assert batch is not None
    actions.undo_import(batch, reason=reason, at=clock.now() + after, by=city.actor("gate_officer"), key=uuid4())


def counts(result: actions.ImportResult) -> tuple[int, ...]:
    return result.created, result.updated, result.duplicate, result.doubtful, result.rejected


def one(city: World, **more: str) -> UUID:
    """A file with one traveller."""
    said = {"姓名": "张三", "证件号码": resident_id(1), "车次": "G1", "预计到达时间": "2022-06-21", **more}
    return take_in(city, f"{','.join(said)}\n{','.join(said.values())}\n".encode()).batch


class TestTakingBack:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_leaves_the_registers_as_they_were(self, city: World, monkeypatch: pytest.MonkeyPatch, seed: int):
        for place in (importing, undoing):
            monkeypatch.setattr(place, "CHUNK_ROWS", 7)
        dice = random.Random(seed)  # noqa: S311
        take_in(city, some_file(dice))
        before, owed = registers(), duties()
        content = some_file(dice)
        first = take_in(city, content)
        take_back(city, first.batch)
        assert registers() == before
        assert duties() == owed
        assert not BatchRow.objects.filter(batch_id=first.batch).exclude(kept="").exists()
        again = take_in(city, content)
        assert counts(again) == counts(first)
        take_back(city, again.batch)
        assert registers() == before
        assert drift(clock.now()) == []

    def test_of_two_files_ends_where_it_began_the_last_first(self, city: World):
        dice = random.Random(99)  # noqa: S311
        empty = registers()
        files = [take_in(city, some_file(dice)).batch for _file in range(3)]
        for batch in reversed(files):
            take_back(city, batch)
        assert registers() == empty
        assert Person.objects.count() == 0

    def test_twice_is_once(self, city: World):
        batch = one(city)
        take_back(city, batch)
        facts = [fact.kind for fact in history(f"batch:{batch}")]
        take_back(city, batch, after=timedelta(days=3))
        assert [fact.kind for fact in history(f"batch:{batch}")] == facts
        assert facts.count("batch.taken_back") == facts.count("batch.undone") == 1

    def test_is_told_and_forgets_no_fact(self, city: World):
        batch = one(city)
        arrival, person = Arrival.objects.get(), Person.objects.get()
        take_back(city, batch, "重复上报")
        assert {"arrival.expected", "arrival.taken_back"} <= {fact.kind for fact in history(arrival.subject)}
        assert {"person.registered", "person.taken_out"} <= {fact.kind for fact in history(person.subject)}
        told = next(fact for fact in history(f"batch:{batch}") if fact.kind == "batch.taken_back")
        assert told.payload["reason"] == "重复上报"
        assert not Duty.objects.filter(subject=arrival.subject, state="open").exists()
        flow = custody.reconciliation(f"batch:{batch}")
        assert (flow.balanced, flow.outcomes) == (True, {"pending": 0, "taken_back": 1})

    def test_keeps_whoever_has_landed_and_names_them(self, city: World):
        batch = take_in(
            city,
            f"{HEADERS}\n张三,,{resident_id(1)},,G1,,上海市,2022-06-20,,焦作站\n"
            f"李四,,{resident_id(2)},,G1,,上海市,2022-06-20,,焦作站\n".encode(),
        ).batch
        arrival = Arrival.objects.get(person__name="张三")
        actions.land(
            arrival.id,
            gate_unit=city.unit("gate-rail").id,
            temperature="36.5",
            at=clock.now(),
            by=city.actor("gate_officer"),
            key=uuid4(),
        )
        take_back(city, batch)
        assert list(Arrival.objects.values_list("person__name", "state")) == [("张三", "landed")]
        assert list(Person.objects.values_list("name", flat=True)) == ["张三"]
        told = next(fact for fact in history(f"batch:{batch}") if fact.kind == "batch.undone")
        assert told.payload["kept"] == {"landed": [2]}
        assert BatchRow.objects.get(number=2).kept == "landed"

    def test_keeps_a_trip_that_another_file_speaks_of(self, city: World):
        first = one(city)
        one(city, 目的地="太行社区")
        take_back(city, first)
        assert Arrival.objects.count() == Person.objects.count() == 1
        assert BatchRow.objects.get(batch_id=first).kept == "announced"

    def test_takes_back_what_an_officer_decided_of_a_doubtful_row(self, city: World):
        batch = one(city, 车次="", 预计到达时间="", 备注="无")
        row = BatchRow.objects.get()
        assert row.outcome == "doubtful"
        actions.take_in_row(row.id, reason="电话核实", at=clock.now(), by=city.actor("gate_officer"), key=uuid4())
        assert Person.objects.count() == 1
        take_back(city, batch)
        assert Arrival.objects.count() == Person.objects.count() == 0

    def test_goes_on_where_it_was_broken_off(self, city: World, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(undoing, "CHUNK_ROWS", 3)
        before = registers()
        rows = [f"旅客{'甲乙丙丁戊己庚辛'[n]},,{resident_id(n)},,G1,,上海市,2022-06-21,," for n in range(8)]
        batch = take_in(city, "\n".join([HEADERS, *rows]).encode()).batch
        done = []

        def broken(*_counts: int) -> None:
            done.append(Arrival.objects.count())
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            actions.undo_import(
                batch, reason="错", at=clock.now(), by=city.actor("gate_officer"), key=uuid4(), progress=broken
            )
        assert done == [5]
        take_back(city, batch, after=timedelta(days=2))
        assert registers() == before

    @pytest.mark.parametrize("hours", [25, 24 * 30])
    def test_is_refused_after_a_day_with_the_way_out(self, city: World, hours: int):
        batch = one(city)
        with pytest.raises(undoing.TooLateToTakeBack) as refused:
            take_back(city, batch, after=timedelta(hours=hours))
        with override("en"):
            assert "one by one" in str(refused.value.remedy)
        assert Arrival.objects.count() == 1

    def test_needs_a_reason(self, city: World):
        batch = one(city)
        with pytest.raises(undoing.ReasonMissing):
            take_back(city, batch, " ")

    def test_is_the_only_way_out_of_the_register(self, city: World):
        batch = one(city)
        person = Person.objects.get()
        Batch.objects.filter(id=batch).update(taken_in_at=clock.now() - timedelta(hours=30))
        with pytest.raises(Exception, match="within 24 hours"), connection.cursor() as cursor:
            cursor.execute("SELECT arrivals_take_out(%s, %s, %s)", [batch, [Arrival.objects.get().id], clock.now()])
        assert person.subject


class TestPage:
    def test_says_how_much_goes_back_and_does_it_in_the_background(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        batch = one(city)
        assert f"/batches/{batch}/undo" in client.get(f"/batches/{batch}").content.decode()
        page = client.get(f"/batches/{batch}/undo").content.decode()
        assert "<form" in page.partition('class="lead"')[2]
        sent = client.post(f"/batches/{batch}/undo", {"reason": "发错了文件", "key": str(uuid4())})
        assert "/progress/" in sent["Location"]
        by = city.actor("commander")
        told: list[tuple[int, int]] = []
        undo_file(
            lambda *told_of: told.append(told_of),
            batch_id=str(batch),
            key=str(uuid4()),
            unit=str(by.unit),
            name=by.name,
            actor=by.id,
            reason="发错了文件",
        )
        assert told == [(1, 1)]
        shown = client.get(f"/batches/{batch}").content.decode()
        assert f"/batches/{batch}/undo" not in shown
        for opened in ("outcome=created", "went=1"):
            assert opened in shown
            assert client.get(f"/batches/{batch}?{opened}").content.decode().count("张三") == 1
        assert Arrival.objects.count() == 0

    def test_of_an_old_file_says_what_to_do_instead(self, client: Client, city: World):
        sign_in(client, city.user("commander"))
        batch = one(city)
        Batch.objects.filter(id=batch).update(taken_in_at=clock.now() - timedelta(hours=30))
        page = client.get(f"/batches/{batch}/undo").content.decode()
        assert "<form" not in page.partition('class="lead"')[2].partition("</main>")[0]
