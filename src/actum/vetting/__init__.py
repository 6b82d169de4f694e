"""Features looked over before they are used: by their definitions, and on the data that they are made from."""
