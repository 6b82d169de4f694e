"""What features mean: row expressions, canonical forms, digests, order. Pure; the tool and the wing read the same."""
