from tests.kernel.web import gallery

NAV = gallery.NAV
urlpatterns = gallery.here
