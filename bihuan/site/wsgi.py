import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bihuan.site.settings")
application = get_wsgi_application()
assert settings.SECRET_KEY  # Django refuses an empty one when it is asked for: at the start, not at the first visitor

# What stands after the start stays for good. Looking through it for garbage holds up a page for a quarter of a second.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
