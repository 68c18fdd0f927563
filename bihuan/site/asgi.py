import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.site.settings")
application = get_asgi_application()
assert settings.SECRET_KEY  # Django refuses an empty one when it is asked for: at the start, not at the first visitor
