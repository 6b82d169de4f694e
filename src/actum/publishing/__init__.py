"""The online store from the tool's side: views are materialized to it, and looked up in it."""
