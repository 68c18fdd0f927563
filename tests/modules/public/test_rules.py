from bihuan.modules.public.rules import LIMITS, Door, is_flood


class TestLimit:
    def test_lets_a_whole_train_declare(self):
        assert not is_flood(Door.DECLARE, 150)

    def test_stops_a_flood_at_every_door(self):
        assert all(is_flood(door, LIMITS[door].requests_max + 1) for door in Door)
