"""The columns the model sees, in order. The card in registry/late-arrival/model.yaml says what they mean."""

NUMBERS = (
    "origin_delay_3h_min",
    "origin_waiting_3h_share",
    "carrier_delay_3h_min",
    "carrier_arr_delay_7d_min",
    "carrier_claims_7d_share",
    "dest_claims_7d_share",
    "route_arr_delay_28d_min",
    "aircraft_arr_delay_min",
    "hour",
    "distance_mi",
    "plane_age_y",
    "seats",
    "temperature_f",
    "humidity_pct",
    "wind_mph",
    "rain_in",
    "visibility_mi",
)
WORDS = ("origin", "carrier", "weekday")
INPUTS = NUMBERS + WORDS
KEY = "flight_id"
MOMENT = "offered_at"
