"""Files are written as a whole or not at all, and read with or without the mark that editors begin them with."""

import os
import stat
from pathlib import Path

import pytest

from campaign_fsm.audit.baseline import BadBaseline, Entry, read_baseline, write_baseline
from campaign_fsm.audit.run import files_of
from campaign_fsm.files import BYTE_ORDER_MARK, identity, replacing, without_mark, write_whole
from campaign_fsm.strict.toml import NotToml, read_toml


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.fixture
def umask():
    """A mask that is nobody's default."""
    before = os.umask(0o027)
    yield
    os.umask(before)


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path, umask):
    """Not those of a temporary one."""
    path = tmp_path / "new.json"
    write_whole(path, b"x")
    assert mode(path) == 0o640
    assert names(tmp_path) == ["new.json"]


def test_a_file_that_is_there_keeps_its_permissions(tmp_path, umask):
    """Those that it was given since it was made included."""
    path = tmp_path / "shared.json"
    path.write_bytes(b"old")
    path.chmod(0o666)
    write_whole(str(path), b"new")
    assert (path.read_bytes(), mode(path)) == (b"new", 0o666)


def test_a_link_stays_a_link(tmp_path):
    """What it leads to is written, in its own folder, there already or not."""
    (tmp_path / "folder").mkdir()
    link, target = tmp_path / "link", tmp_path / "folder" / "target"
    link.symlink_to(target)
    for content in (b"new", b"newer"):
        write_whole(link, content)
        assert link.is_symlink()
        assert target.read_bytes() == content
    assert names(tmp_path / "folder") == ["target"]


@pytest.mark.parametrize("method", ["chmod", "replace"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError])
def test_what_comes_in_between_leaves_the_old_file_alone(tmp_path, monkeypatch, method, kind):
    """And nothing beside it, not even after Ctrl-C."""
    path = tmp_path / "kept.json"
    path.write_bytes(b"old")

    def interrupted(*_):
        assert len(names(tmp_path)) == 2
        raise kind

    monkeypatch.setattr(Path, method, interrupted)
    with pytest.raises(kind):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["kept.json"]


def test_a_device_is_written_to_and_not_replaced(tmp_path):
    """It is no file that could be kept whole."""
    write_whole(os.devnull, b"x")
    assert Path(os.devnull).is_char_device()
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path, b"x")


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_baseline_that_cannot_be_written_is_an_error_with_its_name(tmp_path, folder):
    """And with the system's reason."""
    (tmp_path / "file").write_bytes(b"")
    path = str(tmp_path / folder / "b.json")
    with pytest.raises(BadBaseline, match=r"b\.json: the baseline cannot be written: (No such file|Not a dir)"):
        write_baseline(path, {})
    assert names(tmp_path) == ["file"]


def test_a_folder_that_may_not_be_written_is_an_error_with_the_systems_reason(tmp_path, monkeypatch):
    """Whoever runs it: the system's refusal is put in its place."""

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(BadBaseline, match=r"the baseline cannot be written: Permission denied\Z"):
        write_baseline(str(tmp_path / "b.json"), {})


def test_the_mark_is_no_part_of_what_is_read(tmp_path):
    """One of them, at the beginning."""
    assert without_mark(BYTE_ORDER_MARK * 2 + b"x") == BYTE_ORDER_MARK + b"x"
    assert read_toml(BYTE_ORDER_MARK + b"a = 1") == {"a": 1}
    path = tmp_path / "b.json"
    write_baseline(str(path), {"0123456789abcdef": Entry("CF224", "x.har")})
    path.write_bytes(BYTE_ORDER_MARK + path.read_bytes())
    assert read_baseline(str(path)) == {"0123456789abcdef": Entry("CF224", "x.har")}


@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"a = '\xff'", "it is not UTF-8", 0),
        (b"a = 1\nb = \n", "it is not TOML: Invalid value", 2),
        (b"a = 1\nb = [", "it is not TOML", 2),
        (b"a = " + b"9" * 4301, "a number in it is too large", 0),
        (b"a = [{b = 0x" + b"f" * 5000 + b"}]", "a number in it is too large", 0),
        (b"a = 9223372036854775808", "a number in it is too large", 0),
        (b"a = 1e999", "a number in it is not finite", 0),
        (b"a.b = nan", "a number in it is not finite", 0),
    ],
)
def test_what_is_not_toml_is_an_error_with_its_line(data, reason, line):
    """As far as it is known."""
    with pytest.raises(NotToml) as caught:
        read_toml(data)
    assert str(caught.value).startswith(reason)
    assert caught.value.line == line


def test_the_largest_numbers_of_toml_are_read():
    """Those of 64 bits, which every reader has."""
    assert read_toml(b"a = 9223372036854775807\nb = -9223372036854775808") == {"a": 2**63 - 1, "b": -(2**63)}


def test_nobody_reads_in_the_part_what_he_may_not_read_in_the_file(tmp_path):
    """Not even while it is written; and it is no recording by its name."""
    path = tmp_path / "private.har"
    path.write_bytes(b"old")
    path.chmod(0o640)
    with replacing(path) as file:
        file.write(b"new")
        (part,) = (one for one in tmp_path.iterdir() if one != path)
        assert mode(part) == 0o600
        assert list(files_of(str(tmp_path))) == [str(path)]
        assert path.read_bytes() == b"old"
    assert (path.read_bytes(), mode(path)) == (b"new", 0o640)


def test_a_file_that_may_not_be_written_is_not_replaced(everybodys, somebody):
    """Moving another one into its place would need no permission of its own."""
    path = everybodys / "kept.json"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with somebody(), pytest.raises(PermissionError):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(everybodys) == ["kept.json"]


def test_a_descriptor_is_written_where_it_stands(tmp_path):
    """Opened anew, the file behind it would be written over from its start."""
    path = tmp_path / "log"
    with path.open("wb", buffering=0) as file:
        file.write(b"before ")
        write_whole(f"/dev/fd/{file.fileno()}", b"new")
        file.write(b" after")
    assert path.read_bytes() == b"before new after"


def test_names_of_one_file_have_one_identity(tmp_path):
    """Links of both kinds, names that are not there yet; what is no file has none."""
    path, hard, soft = (tmp_path / name for name in ("x", "hard", "soft"))
    assert identity(path) == identity(str(tmp_path / "y" / ".." / "x"))
    path.touch()
    hard.hardlink_to(path)
    soft.symlink_to(path)
    with path.open() as file:
        assert len({identity(name) for name in (path, hard, soft, file.fileno())}) == 1
    assert identity(path) != identity(tmp_path / "other")
    reading, writing = os.pipe()
    assert identity(reading) is identity(os.devnull) is None
    for end in (reading, writing):
        os.close(end)
    assert identity(reading) is None
