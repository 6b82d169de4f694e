"""A promotion from branch to merge: what writes its pointer, its event, its approvals and what lands of them."""
