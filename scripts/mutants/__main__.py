"""Put small faults into copies of the tree, and see whether the tests notice.

python -m scripts.mutants                     # a sample of every room, then the table; goes on where it stopped
python -m scripts.mutants --rooms metrics     # of one room
python -m scripts.mutants --shard 2/4         # the second of four parts, for several machines or processes
python -m scripts.mutants --again             # survivors once more, after new tests
python -m scripts.mutants --table             # only the table of what was tested so far
python -m scripts.mutants --known             # the faults of known.toml, which must all be noticed
"""

import argparse
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.mutants.campaign import HERE, Room, results, rooms, run, sample
from scripts.mutants.faults import Fault, one_line
from scripts.mutants.tree import ROOT, Tree, copied_tree

LEAST_RATE = 0.95
# what the tests of a known fault take, more than enough
KNOWN_SECONDS = 60.0


def known_faults(only_sample: bool) -> list[dict[str, Any]]:
    """Return the faults of known.toml."""
    declared = tomllib.loads((HERE / "known.toml").read_text(encoding="utf-8"))["fault"]
    return [fault for fault in declared if fault.get("sample") or not only_sample]


def unnoticed(tree: Tree, declared: Iterable[Mapping[str, Any]]) -> list[str]:
    """Test faults by the tests that must notice them; return the names of those that are not noticed.

    The tests must pass without the faults.
    """
    declared, missed = list(declared), []
    tests = list(dict.fromkeys(test for fault in declared for test in fault["tests"]))
    if tree.test(tests, KNOWN_SECONDS).outcome != "passed":
        sys.exit(f"the tests fail without a fault:\n{tree.log()[-3000:]}")
    for fault in declared:
        source, before = (tree.root / fault["path"]).read_bytes(), fault["before"].encode()
        if source.count(before) != 1:
            sys.exit(
                f"known.toml: {fault['before']!r} must be in {fault['path']} once, not {source.count(before)} times"
            )
        with tree.changed(fault["path"], source.replace(before, fault["after"].encode())):
            verdict = tree.test(fault["tests"], KNOWN_SECONDS)
        noticed = verdict.outcome in ("failed", "timeout") and (verdict.first or verdict.outcome == "timeout")
        print(f"{'noticed' if noticed else 'MISSED '} {fault['name']} ({verdict.seconds:.1f} s)", flush=True)
        if not noticed:
            missed.append(fault["name"])
    return missed


def judgements() -> dict[tuple[str, str, str, str], str]:
    """Return why faults that survive do no harm, by file, scope, source and fault."""
    declared = tomllib.loads((HERE / "judged.toml").read_text(encoding="utf-8")).get("survivor", [])
    return {
        (entry["path"], entry["scope"], one_line(entry["before"]), one_line(entry["after"])): entry["because"]
        for entry in declared
    }


def table(folder: Path, chosen: Mapping[str, tuple[Room, Sequence[Fault]]]) -> int:
    """Print the outcomes of the chosen faults; return how many survivors are not judged."""
    judged, rows, told, open_ones, totals = judgements(), [], [], 0, [0, 0, 0]
    for name, (room, of_room) in chosen.items():
        outcomes, keys = results(folder, room), {fault.key: fault for fault in of_room}
        tested = [outcomes[key] for key in keys if key in outcomes]
        killed = sum(outcome["outcome"] == "killed" for outcome in tested)
        equivalent = 0
        for outcome in tested:
            if outcome["outcome"] == "killed":
                continue
            fault = keys[outcome["key"]]
            why = judged.get((fault.path, fault.scope, one_line(fault.before), one_line(fault.after)))
            equivalent += why is not None
            open_ones += why is None
            told.append(f"{fault}\n    {why or 'NOT JUDGED'} ({outcome['outcome']}, {outcome['tests']} tests)")
        rows.append((name, len(tested), killed, len(tested) - killed, equivalent))
        totals = [total + part for total, part in zip(totals, (len(tested), killed, equivalent), strict=True)]
    rows.append(("all", totals[0], totals[1], totals[0] - totals[1], totals[2]))
    print(f"{'room':<10}{'faults':>8}{'killed':>8}{'survived':>10}{'of these equivalent':>21}{'rate':>8}")
    for name, tested, killed, survived, equivalent in rows:
        rate = f"{100 * killed / (tested - equivalent):.1f} %" if tested > equivalent else "-"
        print(f"{name:<10}{tested:>8}{killed:>8}{survived:>10}{equivalent:>21}{rate:>8}")
    print("", *told, sep="\n")
    return open_ones


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", nargs="+", choices=sorted(rooms()), default=list(rooms()))
    parser.add_argument("--each", type=int, default=30, help="faults per room")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--shard", default="1/1", help="which part of how many, such as 2/4")
    parser.add_argument("--budget", type=float, default=30.0, help="seconds of tests per fault")
    parser.add_argument("--out", type=Path, default=ROOT / "outputs/mutants")
    parser.add_argument("--again", action="store_true", help="test survivors once more")
    parser.add_argument("--table", action="store_true", help="print the table only")
    parser.add_argument("--known", action="store_true", help="test the faults of known.toml")
    parser.add_argument("--sample", action="store_true", help="with --known: only those that the suite tests")
    args = parser.parse_args()
    if args.known:
        with copied_tree() as tree:
            missed = unnoticed(tree, known_faults(args.sample))
        sys.exit(f"not noticed: {'; '.join(missed)}" if missed else 0)
    number, shards = (int(part) for part in args.shard.split("/"))
    declared = rooms()
    chosen = {name: (declared[name], sample(declared[name], args.each, args.seed)) for name in args.rooms}
    args.out.mkdir(parents=True, exist_ok=True)
    if not args.table:
        with copied_tree() as tree:
            for room, of_room in chosen.values():
                for outcome in run(tree, room, args.out, of_room, (number - 1, shards), args.budget, args.again):
                    where = f"{outcome['path']}:{outcome['line']}"
                    change = f"{one_line(outcome['before'])} → {one_line(outcome['after'])}"
                    print(f"{outcome['outcome']:<9} {where}: {change}", flush=True)
    open_ones = table(args.out, chosen)
    if open_ones:
        sys.exit(f"{open_ones} survivors are not judged: write a test that fails, or say in judged.toml why none can")


if __name__ == "__main__":
    main()
