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
    "mwe/audio/decoder_process.py": {"subprocess"},  # Python itself, which decodes
    "mwe/tracks/pickles.py": {"pickle"},  # plain values alone come out
    "mwe/tracks/msd_artists.py": {"sqlite3"},  # for reading, without views and triggers
    "mwe/corpora/plain_text.py": {"zipfile"},  # texts of one pattern of names, into memory
    "mwe/core/wheels.py": {"subprocess", "zipfile"},  # pip fetches wheels of pinned hashes; members into memory
    "mwe/reproduce/experiments/runner.py": {"subprocess"},  # commands of experiments that are in the repository
    "mwe/words/context_vectors.py": {"zipfile"},  # the errors of damaged arrays
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


WRITERS = {"atomic_write", "written_together"}
WRITES = {
    *("write_text", "write_bytes", "save", "savez", "savez_compressed", "savefig", "tofile", "copyfile"),
    *("save_model", "write_table", "write_index"),
}
# functions that write what such a block gives them, or what is no file
GIVEN = {
    "mwe/core/files.py": {"_sync"},
    "mwe/core/arrays.py": {"write_rows"},
    "mwe/audio/tag_writer.py": {"_change"},
    "mwe/audio/cover.py": {"_scaled"},  # into memory
    "mwe/corpora/mixture.py": {"_mix"},
    "mwe/reproduce/experiments/runner.py": {"_lock"},  # a lock, which stays empty
    "mwe/service/uploads.py": {"store_body"},  # a temporary file, which goes with its request
    "mwe/search/tag_plan.py": {"_add"},  # a line; one that was cut off is passed over
}
NO_FILE = {
    "vectors.save",
    "built.save",
    "save",
    "file.save",
    "cast(SkipGram, pl_module).words().save",
}  # of this project


def writes(call):
    """Whether a call writes a file."""
    called = ast.unparse(call.func)
    if called.rpartition(".")[2] == "open":
        modes = [one for one in [*call.args, *(key.value for key in call.keywords)] if isinstance(one, ast.Constant)]
        return any(isinstance(one.value, str) and set(one.value) & set("wax+") and len(one.value) < 4 for one in modes)
    return called.rpartition(".")[2] in WRITES and called not in NO_FILE and "." in called


def unguarded(node, guarded=False, function=""):
    """Calls that write outside of a block whose files are put in place whole, with the function they are in."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        function = node.name
    if isinstance(node, ast.With):
        guarded = guarded or any(ast.unparse(one.context_expr).split("(")[0] in WRITERS for one in node.items)
    if isinstance(node, ast.Call) and not guarded and writes(node):
        yield function, ast.unparse(node)
    for child in ast.iter_child_nodes(node):
        yield from unguarded(child, guarded, function)


@pytest.mark.parametrize("package", ["mwe", "siamese_tags"])
def test_every_file_is_put_in_place_whole(package):
    """So that a full disk and a killed process leave the old one: what is tried at some commands holds at all."""
    for text in ("open(a, 'w')", "gzip.open(a, mode='wt')", "a.write_text('')", "np.save(a, b)"):
        assert list(unguarded(ast.parse(text))), text
    for path in sorted((ROOT / package).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        found = list(unguarded(ast.parse(path.read_text(encoding="utf-8"))))
        assert [call for function, call in found if function not in GIVEN.get(name, set())] == [], name
