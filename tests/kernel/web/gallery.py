"""Every component on pages of its own, for tests and for looking at; served in place of the site's pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from django.utils.translation import gettext_lazy as _

from bihuan.kernel import clock
from bihuan.kernel.access.exported import Exporting
from bihuan.kernel.refusals import NotFound, Refused
from bihuan.kernel.web import (
    Badge,
    Clock,
    Column,
    Definition,
    Entry,
    Filter,
    NavItem,
    Stat,
    Step,
    Tab,
    Table,
    accepted,
    page,
    render_table,
    request_key,
    trail,
)

STATES = {"open": ("Open", "info"), "late": ("Overdue", "bad"), "soon": ("Due soon", "warn"), "done": ("Done", "good")}


@dataclass(frozen=True)
class Row:
    name: str
    number: str
    state: Badge
    code: str
    due: Clock | None
    expected_at: datetime
    count: int
    url: str


def row(number: int) -> Row:
    code = list(STATES)[number % 4]
    now = clock.now()
    target = now + timedelta(minutes=150 - 47 * (number % 5))
    due = Clock(target, warn_at=target - timedelta(hours=1), breach_at=target + timedelta(minutes=30))
    late = Clock(now - timedelta(hours=30), breach_at=now - timedelta(hours=26))
    names = ["张三丰", "欧阳修文", "=HYPERLINK(1)", "Alexander Montgomery-Featherstonehaugh", "李四"]
    return Row(
        name=names[number % 5],
        number=f"41081119900101{number:04d}",
        state=Badge(*STATES[code]),
        code=code,
        due=late if code == "late" else None if code == "done" else due,
        expected_at=now + timedelta(minutes=7 * number),
        count=number * 37,
        url=f"/people/{number}",
    )


@dataclass
class Rows:
    size: int
    asked: list[str] = field(default_factory=list)

    def found(self, filters: Mapping[str, str]) -> list[Row]:
        rows = [row(number) for number in range(self.size)]
        return [one for one in rows if filters.get("q", "") in one.name and filters.get("state", one.code) == one.code]

    def count(self, filters: Mapping[str, str]) -> int:
        return len(self.found(filters))

    def rows(self, filters: Mapping[str, str], sort: str, offset: int, limit: int) -> Sequence[Row]:
        self.asked.append(sort)
        name = sort.removeprefix("-") or "number"
        found = sorted(self.found(filters), key=lambda one: getattr(one, name), reverse=sort.startswith("-"))
        return found[offset : offset + limit]


@dataclass(frozen=True)
class Reader:
    """Somebody signed in, without the tables of users and units."""

    name: str = "王站口"

    @property
    def user(self) -> "Reader":
        return self

    @property
    def unit_name(self) -> str:
        return "焦作站（铁路）"

    def may(self, power: str) -> bool:
        return power != "command.board"


class ReaderMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path != "/language":  # there a reader has an account, which this gallery has no table for
            request.whole_scope = Reader()
        return self.get_response(request)


COLUMNS = [
    Column("name", "姓名", kind="link"),
    Column("number", "证件号码"),
    Column("state", "状态", kind="badge", sortable=False),
    Column("due", "时限", kind="clock", sortable=False),
    Column("expected_at", "预计到达", kind="moment"),
    Column("count", "件数", kind="number"),
]
FILTERS = [
    Filter("q", "姓名或证件号码"),
    Filter("state", "状态", kind="choice", choices=[(code, label) for code, (label, _tone) in STATES.items()]),
    Filter("on", "日期", kind="day"),
    Filter("mine", "只看本单位", kind="flag"),
]
DONE: list[object] = []


def listing(request: HttpRequest) -> HttpResponse:
    table = Table.from_request(request, COLUMNS, Rows(int(request.GET.get("size", 120))), FILTERS, sort="-expected_at")
    return render_table(request, "gallery/list.html", table, on_export=Exporting(Reader(), "gallery"))


def sealed_listing(request: HttpRequest) -> HttpResponse:
    return render_table(request, "gallery/list.html", Table.from_request(request, COLUMNS, Rows(3)))


class Landing(forms.Form):
    name = forms.CharField(label="姓名", max_length=20, help_text="与证件一致")
    temperature = forms.DecimalField(label="体温（℃）", min_value=34, max_value=43)
    gate = forms.ChoiceField(label="站口", choices=[("", "请选择"), ("rail", "焦作站"), ("coach", "客运总站")])
    symptoms = forms.MultipleChoiceField(
        label="症状",
        choices=[("fever", "发热"), ("cough", "咳嗽"), ("none", "无")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    confirmed = forms.BooleanField(label="已核对本人与证件")
    remark = forms.CharField(label="备注", widget=forms.Textarea, required=False)


class TooHot(Refused):
    pass


def form(request: HttpRequest) -> HttpResponse:
    landing = Landing(request.POST or None)

    def land() -> None:
        if landing.cleaned_data["temperature"] > 38:
            raise TooHot("体温过高，未登记。", "请先联系发热门诊。")
        DONE.append(request_key(request))

    if request.method == "POST" and accepted(landing, land):
        messages.success(request, "已登记。")
        return redirect("gallery-detail")
    return page(request, "gallery/form.html", {"form": landing, "crumbs": trail(("站口", "/list"))})


def detail(request: HttpRequest) -> HttpResponse:
    now = clock.now()
    context = {
        "crumbs": trail(("站口", "/list"), ("今日到达", "/list")),
        "state": Badge("待转运", "warn"),
        "due": Clock(now + timedelta(minutes=25), warn_at=now, breach_at=now + timedelta(hours=1)),
        "stats": [
            Stat("在等候", 12, url="/list", note="最长 2 小时 10 分", tone="warn", icon="clock"),
            Stat("未接收的移交", 3, url="/list", note="责任：解放区", tone="bad", icon="exchange"),
            Stat("已落地", 1284, url="/list", icon="door-enter"),
            Stat("空余房间", 86, tone="good", icon="bed"),
        ],
        "definitions": [
            Definition("证件号码", "410811199001010011"),
            Definition("车次 / 座位", "G1234 / 07车12F"),
            Definition("措施单", "焦疫控〔2022〕第00123号", url="/detail"),
            Definition("同行人", ""),
            Definition("目的地", "山阳区太行街道太行社区 建设东路 128 号 3 号楼 2 单元 501"),
        ],
        "steps": [
            Step("落地核验", "done", at=now - timedelta(hours=1)),
            Step("采样", "missed", note="应于 09:30 前完成"),
            Step("上车", "current", note="责任人：冯师傅"),
            Step("入住", "open"),
        ],
        "entries": [
            Entry(now, "体温 36.6 ℃，无症状", by="王站口 · 焦作站", tone="info"),
            Entry(now - timedelta(hours=1), "已落地", body="核验身份，与申报一致", tone="good"),
            Entry(now - timedelta(days=1), "申报行程", by="本人", url="/detail"),
        ],
        "tabs": [
            Tab("进行中", "/detail", active=True, count=12),
            Tab("已结束", "/detail?done=1", count=230),
            Tab("全部", "/detail?all=1"),
        ],
    }
    return page(request, "gallery/detail.html", context)


def paper(request: HttpRequest) -> HttpResponse:
    return page(
        request,
        "gallery/paper.html",
        {"definitions": [Definition("被隔离人", "张三丰"), Definition("期限", "2022-06-20 至 2022-07-04")]},
    )


def refused(request: HttpRequest) -> HttpResponse:
    raise Refused(
        _("This form is incomplete, so nothing was done."), _("Open the page again and send the form once more.")
    )


def missing(request: HttpRequest) -> HttpResponse:
    raise NotFound("no such order")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret detail")


NAV = [
    NavItem("today", "我的任务", "gallery-form", order=1, icon="list-check"),
    NavItem("gates", "站口今日", "gallery-list", order=2, icon="scan"),
    NavItem("gates", "批次对账", "gallery-sealed", order=3, icon="scale"),
    NavItem("transfers", "转运", "gallery-detail", order=4, icon="bus"),
    NavItem("command", "指挥看板", "gallery-paper", "command.board", order=5, icon="layout-dashboard"),
]
MIDDLEWARE = [
    name.replace("bihuan.kernel.access.middleware.AccessMiddleware", "tests.kernel.web.gallery.ReaderMiddleware")
    for name in settings.MIDDLEWARE
]
here = [
    path("list", listing, name="gallery-list"),
    path("sealed", sealed_listing, name="gallery-sealed"),
    path("form", form, name="gallery-form"),
    path("detail", detail, name="gallery-detail"),
    path("paper", paper, name="gallery-paper"),
    path("refused", refused),
    path("missing", missing),
    path("broken", broken),
]
urlpatterns = [path("", include("tests.kernel.web.gallery_urls")), path("", include("bihuan.kernel.web.urls"))]
handler403 = "bihuan.kernel.web.views.not_found"
handler404 = "bihuan.kernel.web.views.not_found"
handler500 = "bihuan.kernel.web.views.server_error"
