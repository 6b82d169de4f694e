"""The step `evidence`: push a bundle of attestations that another job made, if it only adds attestations.

This job may write, so it runs nothing of the repository and takes the bundle as data.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator

import runner

EVIDENCE = "refs/heads/actum/evidence"
AT_ORIGIN = "refs/remotes/origin/actum/evidence"
FOUND = "refs/actum-action/bundle"
MOST_BYTES = 1 << 20
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
_ATTESTATION = re.compile(r"registry/[A-Za-z0-9_-]+/events/[0-9A-Z]{26}-attestation\.yaml")


def main() -> int:
    """Return 0 when the evidence is at origin, 3 when the bundle is refused, 4 when git failed."""
    bundle = os.environ["ACTUM_BUNDLE"]
    if not os.path.isfile(bundle):
        print("nothing new to attest")
        return 0
    runner.bring(f"+{EVIDENCE}:{AT_ORIGIN}")
    for words in (("bundle", "verify", "--quiet", bundle), ("fetch", "--quiet", bundle, f"+{EVIDENCE}:{FOUND}")):
        done = runner.git(*words)
        if done.returncode:
            return _failed(done.stderr)
    known = _commit(AT_ORIGIN)
    found = _joined(known, _commit(FOUND)) if known else _commit(FOUND)
    refused = list(_refused(known, found)) if found else [("actum/evidence", "does not go on from what is at origin")]
    for path, because in refused:
        runner.annotate("error", f"{path!a}: {because}", title="actum evidence")
    if refused:
        return 3
    done = runner.git("push", "--quiet", "origin", f"{found}:{EVIDENCE}", env=runner.signed_in())
    return _failed(done.stderr) if done.returncode else 0


def _commit(revision: str) -> str:
    return runner.git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").stdout.strip()


def _joined(known: str, found: str) -> str:
    """Return a commit that follows what is at origin, "" where that cannot be: others may have added meanwhile."""
    if runner.git("merge-base", "--is-ancestor", known, found).returncode == 0:
        return found
    tree = runner.git("merge-tree", "--write-tree", known, found)
    if tree.returncode:
        return ""
    words = ("commit-tree", tree.stdout.strip(), "-p", known, "-p", found, "-m", "Join evidence")
    return runner.git(*words, env=runner.NOBODY).stdout.strip()


def _refused(known: str, found: str) -> Iterator[tuple[str, str]]:
    """Yield what would come to origin beside new attestations."""
    words = ("diff", "--raw", "--no-abbrev", "--no-renames", "-z", known or EMPTY_TREE, found)
    told = runner.git(*words).stdout.split("\0")[:-1]
    for facts, path in zip(told[::2], told[1::2], strict=True):
        _, mode, _, blob, letter = facts.removeprefix(":").split(" ")
        size = runner.git("cat-file", "-s", blob).stdout.strip()
        if letter != "A":
            yield path, "was there already, and was changed or removed"
        elif mode != "100644" or not _ATTESTATION.fullmatch(path):
            yield path, "is no attestation"
        elif not size.isdigit() or int(size) > MOST_BYTES:
            yield path, "is too large for an attestation"


def _failed(words: str) -> int:
    runner.annotate("error", f"the evidence was not pushed: {words[-1000:]}", title="actum evidence")
    return 4


if __name__ == "__main__":
    sys.exit(main())
