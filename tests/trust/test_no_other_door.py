"""There is no door but those of ``test_doors.py``: a walk through every call and import of both packages."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


NEVER = {
    *("eval", "exec", "compile", "os.system", "os.popen", "pickle.load", "pickle.loads", "yaml.load"),
    *("yaml.unsafe_load", "yaml.full_load", "KeyedVectors.load", "Word2Vec.load", "joblib.load"),
    *("shutil.unpack_archive", "runpy.run_path"),
}  # fmt: skip
NEEDED = {
    "torch.load": ("weights_only", "True"),
    "np.load": ("allow_pickle", "False"),
    "JointEmbedding.load_from_checkpoint": ("weights_only", "True"),
}
FOREIGN = {"pickle", "dill", "joblib", "marshal", "shelve", "subprocess", "tarfile", "sqlite3", "zipfile", "h5py"}
# what uses such a library, and why it may
ALLOWED = {
    "mwe/tracks/pickles.py": {"pickle"},  # plain values alone come out
    "mwe/tracks/build.py": {"sqlite3"},  # for reading, without views and triggers
    "mwe/corpora/texts.py": {"zipfile"},  # texts of one pattern of names, into memory
    "mwe/page/plane.py": {"zipfile"},  # the errors of damaged arrays
    "mwe/words/context.py": {"zipfile"},
}


def parsed(package):
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@pytest.mark.parametrize("package", ["mwe", "siamese_tags"])
def test_no_call_reads_more_than_data(package):
    for name, nodes in parsed(package):
        for node in (one for one in nodes if isinstance(one, ast.Call)):
            called, place = ast.unparse(node.func), f"{name}:{node.lineno}"
            assert called not in NEVER, f"{place}: {called}"
            assert not called.endswith((".extract", ".extractall")), f"{place}: {called} writes what an archive names"
            if called in NEEDED:
                keyword, value = NEEDED[called]
                given = {one.arg: ast.unparse(one.value) for one in node.keywords}
                assert given.get(keyword) == value, f"{place}: {called} without {keyword}={value}"


@pytest.mark.parametrize("package", ["mwe", "siamese_tags"])
def test_libraries_that_could_run_what_they_read_are_imported_where_it_is_known(package):
    for name, nodes in parsed(package):
        used = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        used |= {(node.module or "").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
        assert used & FOREIGN <= ALLOWED.get(name, set()), f"{name} imports {used & FOREIGN}"
