"""The demo city: invented people, real district names, and a week of arrivals met by staff who do their duties."""
