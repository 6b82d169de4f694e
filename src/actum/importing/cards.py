"""The card of a model that is taken over: what the other registry knows, for people to complete."""

from __future__ import annotations

from actum import files, layout, schemas
from actum.filing import read_record
from actum.importing.desk import Desk


def put_card(
    desk: Desk,
    model: str,
    *,
    system: str,
    owner: str,
    artifact: str,
    title: str = "",
    purpose: str = "",
    pipeline: str = ".",
) -> None:
    """Write a card, where there is none yet."""
    path = layout.card(model)
    if files.inside(desk.repo.root, path).exists():
        desk.ledger.known["card"] += 1
        return
    card = {"schema": "model/1", "model": model, "owner": owner, "artifact": artifact}
    card |= {key: value for key, value in (("title", title), ("purpose", purpose)) if value}
    card |= {} if pipeline == "." else {"pipeline": pipeline}
    text = files.write_yaml(card, schema_uri=schemas.schema_uri("model", path.count("/")))
    first, _, rest = text.decode().partition("\n")
    complete = f"# Taken over from {system}: complete it (artifact, risk, applications, inputs, policy).\n"
    data = f"{first}\n{complete}{rest}".encode()
    read_record(path, data)  # so that it is a valid one
    desk.write(path, data)
    desk.ledger.taken["card"] += 1
