"""Counting who knocks at a door that is open to everybody, in the database: one count for however many processes."""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from bihuan.kernel import clock

COUNT = """
    INSERT INTO web_knock AS held (name, began_at, count) VALUES (%(name)s, %(now)s, 1)
    ON CONFLICT (name) DO UPDATE SET
        count = CASE WHEN held.began_at <= %(over)s THEN 1 ELSE held.count + 1 END,
        began_at = CASE WHEN held.began_at <= %(over)s THEN excluded.began_at ELSE held.began_at END
    RETURNING count
"""
FORGET = """
    DELETE FROM web_knock WHERE name IN
        (SELECT name FROM web_knock WHERE began_at <= %(over)s ORDER BY name FOR UPDATE SKIP LOCKED)
"""


def knock(request: HttpRequest, door: str, window: timedelta) -> int:
    """Count this request and say how many came from its address to this door since the window began."""
    address = request.META.get("REMOTE_ADDR", "")
    name = hmac.new(settings.SECRET_KEY.encode(), f"{door}:{address}".encode(), hashlib.sha256).hexdigest()
    now = clock.now()
    asked: dict[str, str | datetime] = {"name": name, "now": now, "over": now - window}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, asked)
        count = int(cursor.fetchone()[0])
        if count == 1:
            cursor.execute(FORGET, asked)
    return count
