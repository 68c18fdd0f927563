"""One small named city for every test: a command, two districts, a gate, a site, and people who work there.

`world(db)` makes it; who is who is an attribute, so that a test reads like a sentence.
"""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid5

from django.db.backends.postgresql.psycopg_any import DateRange

from bihuan.kernel import clock
from bihuan.kernel.access import actions as access_actions
from bihuan.kernel.access.models import Appointment, Unit, User
from bihuan.kernel.ledger import Actor

SPACE = UUID("6f1a3d62-2f1c-4b8b-8a44-1f0b7b0d6a11")
SINCE = date(2020, 1, 1)

UNITS = [  # code, kind, Chinese, English, parent, sector
    ("410800", "city", "焦作市指挥部", "Jiaozuo command", None, None),
    ("isolation_team", "team", "转运隔离专班", "Transfer and isolation team", "410800", None),
    ("410802", "district", "解放区", "Jiefang District", "410800", "isolation_team"),
    ("410811", "district", "山阳区", "Shanyang District", "410800", "isolation_team"),
    ("410811001", "street", "太行街道", "Taihang Subdistrict", "410811", None),
    ("410811001001", "community", "太行社区", "Taihang Community", "410811001", None),
    ("41081100100101", "grid", "太行社区第1网格", "Taihang Grid 1", "410811001001", None),
    ("410802001", "street", "民生街道", "Minsheng Subdistrict", "410802", None),
    ("410802001001", "community", "民生社区", "Minsheng Community", "410802001", None),
    ("gate-rail", "gate", "焦作站", "Jiaozuo Station", "410811", "isolation_team"),
    ("site-yuntai", "site", "云台宾馆隔离点", "Yuntai Hotel Site", "410811", "isolation_team"),
    ("fleet", "fleet", "市转运车队", "City fleet", "410800", "isolation_team"),
    ("laboratory", "laboratory", "市疾控实验室", "City laboratory", "410800", None),
    ("hospital", "hospital", "市第三人民医院", "Third People's Hospital", "410800", "isolation_team"),
]

STAFF = [  # attribute, role, unit, name
    ("gate_officer", "gate_officer", "gate-rail", "王站口"),
    ("colleague", "gate_officer", "gate-rail", "李同事"),
    ("stranger", "district_command", "410802", "赵外人"),
    ("approver", "order_approver", "410811", "孙签批"),
    ("clerk", "order_clerk", "410811", "钱经办"),
    ("city_approver", "order_approver", "410800", "周签批"),
    ("reviewer", "appeal_reviewer", "410800", "吴复核"),
    ("dispatcher", "dispatcher", "fleet", "郑调度"),
    ("driver", "driver", "fleet", "冯师傅"),
    ("site_staff", "site_staff", "site-yuntai", "陈护理"),
    ("site_head", "site_head", "site-yuntai", "褚点长"),
    ("community_worker", "community_worker", "410811001001", "卫社区"),
    ("grid_worker", "grid_worker", "41081100100101", "蒋网格"),
    ("lab_staff", "lab_staff", "laboratory", "沈检验"),
    ("hospital_staff", "hospital_staff", "hospital", "姜收治"),
    ("district", "district_command", "410811", "韩区长"),
    ("commander", "city_command", "410800", "杨指挥"),
    ("team_lead", "team_lead", "isolation_team", "朱专班"),
    ("auditor", "auditor", "410800", "秦审计"),
    ("system_admin", "system_admin", "410800", "尤系统"),
    ("security_admin", "security_admin", "410800", "许安全"),
]


@dataclass
class World:
    units: dict[str, Unit] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)

    def unit(self, code: str) -> Unit:
        return self.units[code]

    def user(self, name: str) -> User:
        return self.users[name]

    def actor(self, name: str) -> Actor:
        """`name` acting from the unit they are appointed to."""
        unit = next(code for attribute, _, code, _ in STAFF if attribute == name)
        user = self.users[name]
        return Actor(id=user.subject, unit=self.units[unit].id, name=user.name)


def world() -> World:
    """Make the city (inside the test's transaction, or for real in a `transactional` test)."""
    made = World()
    access_actions.adopt_roles(at=clock.now(), by=Actor.system("tests"), key=uuid5(SPACE, "roles"))
    for code, kind, zh, en, parent, sector in UNITS:
        above = made.units.get(parent or "")
        made.units[code] = Unit.objects.create(
            id=uuid5(SPACE, code),
            code=code,
            kind=kind,
            name_zh=zh,
            name_en=en,
            parent=above,
            sector=made.units.get(sector or ""),
            path=f"{above.path if above else '/'}{code}/",
            phone="0391-0000000",
        )
    for attribute, role, unit, name in STAFF:
        user = User(id=uuid5(SPACE, attribute), username=attribute, name=name)
        user.set_unusable_password()
        user.save()
        made.users[attribute] = user
        Appointment.objects.create(user=user, role_id=role, unit=made.units[unit], valid=DateRange(SINCE, None))
    return made
