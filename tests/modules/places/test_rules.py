from bihuan.modules.places.rules import chain, is_raise, worst


class TestChain:
    def test_leads_from_the_county_to_the_province(self):
        assert chain("410802") == ("410802", "410800", "410000")
        assert chain("410000") == ("410000",)
        assert chain("410802001001") == ("410802001001", "410802", "410800", "410000")
        assert chain("US") == ("US",)


class TestLevels:
    def test_the_one_that_binds_most_counts(self):
        assert worst(["low", "high", "medium"]) == "high"
        assert worst([]) == "none"
        assert is_raise("low", "medium")
        assert not is_raise("high", "low")
