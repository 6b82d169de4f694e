"""What an MLflow store holds, read without MLflow: a folder ``mlruns`` or a SQLite file."""
