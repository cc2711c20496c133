"""Plain YAML: texts stay texts, everything has its line, and what is dangerous or ambiguous is refused."""

import io

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from work import within

from campaign_fsm.strict import yaml as strict_yaml
from campaign_fsm.strict.jsonfeed import UNPAIRED
from campaign_fsm.strict.yaml import Tags, YamlMapping, YamlOdd, YamlStream, YamlText, load
from campaign_fsm.traffic import UnreadableRecording


@pytest.fixture(params=["fastest", "pure"], autouse=True)
def loader(request, monkeypatch):
    """Each test with the parser that is there, and with the one that always is."""
    if request.param == "pure":
        monkeypatch.setattr(strict_yaml, "_LOADER", yaml.SafeLoader)


def read(text, **limits):
    data = text if isinstance(text, bytes) else text.encode()
    return load(io.BytesIO(data), "book.yaml", **limits)


def refused(text, **limits):
    """The line and the reason of a refusal."""
    with pytest.raises(UnreadableRecording) as caught:
        read(text, **limits)
    error = caught.value
    assert (error.path, error.unit) == ("book.yaml", "line")
    return error.place, error.reason


@pytest.mark.parametrize(
    "text", ["2026-01-05", "no", "Yes", "012", "1e3", "0x1F", ".inf", "1_000", "12:30:45", "=", "true"]
)
def test_a_plain_scalar_stays_the_text_that_it_is(text):
    """Nothing is taken for a number, a date or a truth value because it looks like one."""
    found = read(f"key: {text}")["key"]
    assert found == text
    assert type(found) is YamlText
    assert found.plain


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_what_is_empty_is_none(text):
    """Only a plain empty scalar, `~` and `null` stand for nothing."""
    assert read(f"key: {text}") == {"key": None}
    assert read(f"[{text or '~'}, x]") == [None, "x"]
    quoted = read(f"key: '{text}'")["key"]
    assert (quoted, quoted.plain) == (text, False)


@pytest.mark.parametrize(
    ("written", "text", "plain"),
    [
        ("1", "1", True),
        ("'1'", "1", False),
        ('"1"', "1", False),
        ("|-\n  1", "1", False),
        (">-\n  1", "1", False),
        ("!!str 1", "1", True),
        ("!!int '1'", "1", False),
        ("!!str ~", "~", True),
        ("!!timestamp 2026-01-05", "2026-01-05", True),
    ],
)
def test_a_text_knows_whether_it_was_quoted(written, text, plain):
    """Only what has no quotes and is no block is plain."""
    found = read(f"key: {written}")["key"]
    assert (found, found.plain) == (text, plain)


def test_everything_has_its_line():
    """Mappings, keys and texts know the line they begin on."""
    tree = read(
        "# a comment\none:\n  - a: 1\n    b: |\n      long\n      text\n  - {c: 2}\ntwo: 'x\n\n  y'\nthree: z\n"
    )
    assert isinstance(tree, YamlMapping)
    assert (tree.line, tree.lines) == (2, {"one": 2, "two": 8, "three": 11})
    first, second = tree["one"]
    assert (first.line, first.lines) == (3, {"a": 3, "b": 4})
    assert (second.line, second.lines) == (7, {"c": 7})
    assert (first["b"].line, tree["two"].line, tree["three"].line) == (4, 8, 11)


def test_binary_becomes_bytes():
    """`!!binary` is the only tag that changes what a scalar is."""
    assert read("a: !!binary |\n  AAEC\n  /w==\nb: !!binary ''\n") == {"a": b"\x00\x01\x02\xff", "b": b""}
    assert refused("a: 1\nb: !!binary '*'") == (2, "what is tagged !!binary is not base64")


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system",
        "!!python/name:os.system",
        "!!python/tuple",
        "!!python/none",
        "!!set",
        "!!omap",
        "!!merge",
        "!local",
        "!",
        "!<tag:example.com,2026:x>",
        "!!python/object/new:_io.BytesIO",
    ],
)
@pytest.mark.parametrize("value", ["x", "[x]", "{x: y}"])
def test_any_other_tag_is_refused(tag, value):
    """A tag that names anything but YAML's own plain types is an error that names its line."""
    line, reason = refused(f"a: 1\nb:\n  {tag} {value}\n")
    assert line == 3
    assert reason.startswith("the tag ")


@pytest.mark.parametrize(
    "written", ["!!map x", "!!seq x", "!!seq {}", "!!map []", "!!str []", "!!null x", "!!int {}", "!!binary []"]
)
def test_a_tag_that_does_not_fit_is_refused(written):
    """A standard tag on the wrong kind of value is an error too."""
    assert refused(f"\n\nkey: {written}")[0] == 3
    assert read("a: !!map {b: !!seq [!!float 1.0, !!bool no, !!null ~]}") == {"a": {"b": ["1.0", "no", None]}}


def test_duplicate_keys_name_both_lines():
    """Two keys of the same text, however written, are an error with both lines."""
    for second in ("a", "'a'", '"\\x61"', "!!str a"):
        assert refused(f"x: 1\na: 1\nb: 2\n{second}: 3\n") == (4, "the key 'a' is there twice, first on line 2")
    assert refused("- {k: 1, k: 2}") == (1, "the key 'k' is there twice, first on line 1")


def test_merge_keys_are_refused():
    """`<<` without quotes is an error; in quotes it is a key like any other."""
    assert refused("base: &b {x: 1}\nuse:\n  <<: *b\n") == (3, "the merge key `<<` cannot be used")
    assert read("'<<': 1") == {"<<": "1"}


@pytest.mark.parametrize("key", ["? [a]\n: ", "? {a: b}\n: ", "~: ", "?\n: ", "!!binary YQ==: ", "null: "])
def test_a_key_is_a_text(key):
    """Lists, mappings, bytes and nothing are no keys."""
    assert refused(f"\n{key}1\n") == (2, "a key is not a text")


def test_aliases_stand_for_their_anchors():
    """An alias is what its anchor stands for, the last one of that name before it."""
    assert read("- &a [1, &b {c: d}]\n- *a\n- *b\n- &a x\n- *a\n- *a : y\n") == [
        ["1", {"c": "d"}], ["1", {"c": "d"}], {"c": "d"}, "x", "x", {"x": "y"},
    ]  # fmt: skip
    assert read("[&a ~, *a]") == [None, None]


@pytest.mark.parametrize(
    ("text", "line"), [("- 1\n- *a", 2), ("\n&a [x, *a]", 2), ("&a {x: *a}", 1), ("- *a\n- &a 1", 1)]
)
def test_an_alias_of_nothing_or_of_itself_is_refused(text, line):
    """An alias needs a finished anchor before it."""
    found, reason = refused(text)
    assert found == line
    assert "refers to" in reason


def bomb(levels, width=9):
    lines = ["l0: &l0 [" + ",".join(["lol"] * width) + "]"]
    lines += [f"l{n}: &l{n} [" + ",".join([f"*l{n - 1}"] * width) + "]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize("text", [bomb(10), bomb(60, 2), bomb(2000, 9), "- &a [" + "x," * 999 + "]\n" + "- *a\n" * 101])
def test_aliases_that_multiply_are_refused_before_they_do(text):
    """A billion laughs are stopped by what they would amount to, with no more work than it takes to read them."""
    with within(100 * len(text)):
        assert "aliases stand for more than 100000 values" in refused(text)[1]


def test_the_limit_of_aliases_is_exact():
    """What aliases stand for is counted node by node."""
    text = "- &a [x, y]\n- *a\n- &b [*a, *a]\n- *b\n"
    assert read(text, most_alias_nodes=3 + 6 + 7)
    assert refused(text, most_alias_nodes=3 + 6 + 6)[0] == 4


def test_depth_is_limited():
    """Nesting ends at the limit, in every style, and also through aliases."""
    assert read("[" * 64 + "]" * 64)
    assert "nested" in refused("[" * 65 + "]" * 65)[1]
    # Whichever of the two limits is met first, the parser's own or ours.
    assert refused("[" * 200_000)[0] == 1
    assert "nested" in refused("{a: " * 65 + "}" * 65)[1]
    assert "nested" in refused("- " * 100_000 + "x")[1]
    assert "nested" in refused("\n".join(" " * n + "a:" for n in range(2000)))[1]
    chain = "- &a0 [x]\n" + "".join(f"- &a{n} [*a{n - 1}]\n" for n in range(1, 63))
    assert read(chain)
    assert refused(chain + "- &a63 [*a62]\n") == (64, "it is nested more than 64 levels deep")
    assert read("[[[]]]", most_depth=3)
    assert "nested more than 2 levels" in refused("[[[]]]", most_depth=2)[1]


def test_the_number_of_values_is_limited():
    """Every scalar and every collection counts."""
    assert read("[a, b, {c: d}]", most_nodes=6)
    assert refused("[a, b,\n{c: d}]", most_nodes=5) == (2, "it has more than 5 values")


def test_there_is_one_document():
    """A second document is an error on its line; no document at all is None."""
    assert refused("a: 1\n---\nb: 2\n")[0] == 2
    assert refused("--- a\n...\n--- b\n")[0] == 3
    assert read("--- a\n...\n") == "a"
    assert read("") is read("# nothing\n") is read("---\n") is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1, 2\n", 3),
        ("a: 1\n b: 2\n", 2),
        ("a: 'x\n", 2),
        ("a: 1\n\tb: 2", 2),
        ("a: @x", 1),
        ("%YAML 7.0\n--- a", 1),
        ("a: b: c", 1),
        ('a: "\\q"', 1),
        ("a: {b: c]", 1),
        ("x\ny: 1\n- z", 2),
        ('a: "\\U7fffffff"', 1),
    ],
)
def test_what_is_not_yaml_names_its_line(text, line):
    """The parser's own word, at the parser's own line."""
    found, reason = refused(text)
    assert reason.startswith("it is not YAML: ")
    assert abs(found - line) <= 1


@pytest.mark.parametrize(
    "data", [b"a: \xff\xfe", b"a: \xc3", b"a: \x00", b"a: b\x07", b"\xff", b"a: \xed\xa0\x80", b"\xfe\xff\xd8"]
)
def test_what_is_no_text_is_refused(data):
    """Bytes that are no UTF-8, and characters that YAML does not allow, are errors."""
    refused(data)


def test_one_long_text_is_read():
    """Megabytes in one scalar are no harm."""
    size = 500_000 if strict_yaml._LOADER is yaml.SafeLoader else 10_000_000
    with within(10 * size):
        assert len(read("a: '" + "x" * size + "'")["a"]) == size


TREES = st.recursive(
    st.none() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(TREES, st.booleans(), st.sampled_from(["'", '"']))
def test_what_pyyaml_writes_is_read_back(tree, flow, style):
    """A tree of texts, bytes and None comes back as it was, in every style."""
    written = yaml.safe_dump(tree, default_flow_style=flow)
    assert read(written) == tree
    quoted = yaml.safe_dump(tree, default_style=style)
    assert read(quoted) == tree


@given(
    st.text(alphabet="ab:-[]{}&*!<?|>'\"%@#,~ \n\t0", max_size=60)
    | st.binary(max_size=60).map(lambda b: b.decode("latin-1"))
)
def test_whatever_is_written_only_the_one_error_is_raised(text):
    """Any text is read, or refused with a line that it has."""
    try:
        read(text)
    except UnreadableRecording as error:
        assert 0 <= error.place <= text.count("\n") + text.count("\r") + text.count("\x85") + 2


# --- as a stream


TAGS = Tags(frozenset({"!text"}), frozenset({"!list"}), frozenset({"!bytes"}))


def stream(text):
    data = text if isinstance(text, bytes) else text.encode()
    return YamlStream("tape.yaml", io.BytesIO(data), TAGS)


def items(text):
    """The items of a list at the root of a file, with their lines."""
    source = stream(text)
    assert source.next() == "start_array"
    found = [(source.place, item, source.last) for item in source.items()]
    source.end()
    return found


def test_a_stream_gives_what_is_asked_for():
    """Keys, values, and items one by one, with the line of each and a word for the last."""
    source = stream("# x\n---\na: 1\nskipped: {b: [c]}\nlist:\n- x\n-\n  y: z\nafter: [1]\n")
    assert source.next() == "start_map"
    found = {}
    for key in source.keys():  # noqa: SIM118
        if key == "list":
            assert source.next() == "start_array"
            found[key] = [(source.place, item, source.last) for item in source.items()]
        elif key == "skipped":
            source.skip()
        else:
            found[key] = source.value()
    source.end()
    assert found == {"a": "1", "list": [(6, "x", False), (8, {"y": "z"}, True)], "after": ["1"]}
    assert stream("x").next() == stream("").next() == stream("!x y").next() == "scalar"


def test_items_are_given_out_before_what_is_broken_behind_them():
    """The one before the break is whole, because the next has begun."""
    source = stream("- a\n- b\n- c: [\n")
    source.next()
    found = []
    with pytest.raises(UnreadableRecording):
        found.extend(source.items())
    assert found == ["a", "b"]


@pytest.mark.parametrize(
    ("written", "value", "tag"),
    [
        ("!x y", "y", "!x"),
        ("!x [y]", ["y"], "!x"),
        ("!!python/object/apply:os.system {args: [y]}", {"args": ["y"]}, "!!python/object/apply:os.system"),
        ("!!binary '*'", "*", "!!binary"),
        ("!!null x", "x", "!!null"),
    ],
)
def test_an_odd_value_is_said_in_its_place(written, value, tag):
    """With its tag and what stands behind it; nothing is made of it, and nothing else is touched."""
    [(_, before, _), (line, odd, _), (_, after, _)] = items(f"- a\n- {written}\n- b\n")
    assert (before, line, after) == ("a", 2, "b")
    assert type(odd) is YamlOdd
    assert (odd.value, odd.tag) == (value, tag)
    assert odd.text == {"!!binary": None, "!!null": "x"}.get(tag, "y")


def test_tags_that_are_known_are_what_they_mean():
    """A text, a list and bytes, under whatever name a recorder gave them."""
    assert [item for _, item, _ in items("[!text 1, !list [a], !bytes YQ==, !!str x]")] == ["1", ["a"], b"a", "x"]


@pytest.mark.parametrize(
    "written", ["{a: 1, a: 2}", "{a: 1, <<: {b: c}}", "{a: 1, ~: 2}", "{a: 1, [b]: c}", "{a: 1, ? !x {b: c} : d}"]
)
def test_a_mapping_that_can_be_read_in_two_ways_says_so(written):
    """Its first keys are there, and the mappings around it are not odd."""
    [(_, found, _), (_, after, _)] = items(f"- {{x: {written}}}\n- y\n")
    assert (found.odd, found["x"]["a"], after) == (None, "1", "y")
    assert found["x"].odd


def test_a_key_that_is_an_object_of_one_text_is_that_text():
    """As a header's name is, with its line."""
    [(_, found, _)] = items("-\n  ? !x [a]\n  : 1\n  ? !x {args: [b]}\n  : 2\n")
    assert found == {"a": "1", "b": "2"}
    assert (found.odd, found.lines) == (None, {"a": 2, "b": 4})


@pytest.mark.parametrize("text", ["!x {a: b}", "!x [a]", "a: 1\na: 2", "? [a]\n: 1", "- a\n---\n- b"])
def test_what_is_odd_of_the_file_ends_the_reading(text):
    """At its root there is nothing that could be read behind it."""
    source = stream(text)

    def whole():
        if source.next() == "start_map":
            for _ in source.keys():  # noqa: SIM118
                source.skip()
        else:
            list(source.items())
        source.end()

    with pytest.raises(UnreadableRecording):
        whole()


def test_what_is_no_text_of_a_stream_stands_where_it_stood():
    """The parser would give out nothing of the block that it is in, not even what is before it."""
    for bad in (b"\x00", b"\x07", b"\x7f", b"\xff", b"\xe0\xa4", b"\xed\xa0\x80", "\x9f".encode(), "\ufffe".encode()):
        [(_, before, _), (line, odd, _), (_, after, _)] = items(
            b"- a\n- 'b" + bad + b"c'\n- '\xf0\x9f\x98\x80\xef\xbf\xbd'\n"
        )
        assert (before, line, after) == ("a", 2, "\U0001f600\ufffd")
        assert set(odd[1:-1]) == {UNPAIRED}
        assert odd[0] + odd[-1] == "bc"
    source = stream(b"- a\n- \xc3")
    source.next()
    assert list(source.items()) == ["a", UNPAIRED]
    assert source.partial
    source = stream("- \u00fc\u20ac")
    source.next()
    assert list(source.items()) == ["\u00fc\u20ac"]
    assert not source.partial


def test_what_has_an_anchor_is_not_held_for_ever(monkeypatch):
    """What was used last is; a recorder that gives an anchor to each request does not fill the memory."""
    monkeypatch.setattr(strict_yaml, "_HELD", 40 * strict_yaml._VALUE)
    text = "- &a [x]\n" + "".join(f"- [&b{n} [x], *a]\n" for n in range(100)) + "- *b99\n- *b1\n- *c\n"
    source = stream(text)
    source.next()
    *_, found = zip(*enumerate(source.items()), strict=True)
    assert all(item == [["x"], ["x"]] for item in found[1:101])
    assert found[101] == ["x"]
    assert [type(item) for item in found[102:]] == [YamlOdd] * 2
    assert "too far before it" in found[102].reason
    assert len(source._builder._anchors) < 40
    assert load(io.BytesIO(text.replace("- *c\n", "").encode()), "book.yaml")[-1] == ["x"]


def test_no_key_that_may_be_a_number_is_shown():
    """Nor the name of an anchor: what is no word is shown by its length."""
    for text in (
        "919876543210: 1\n919876543210: 2\n",
        "a: {919876543210: 1, 919876543210: 2}",
        "a: *919876543210",
        "a: !919876543210",
    ):
        assert "919" not in refused(text)[1]
    assert refused("a: !!python/name:os.system x")[1] == "the tag '!!python/name:os.system' cannot be used here"
    source = stream("919876543210: 1\n919876543210: 2\n")
    source.next()
    keys = source.keys()
    next(keys)
    source.skip()
    with pytest.raises(UnreadableRecording, match=r"the key '\[12 characters\]' is there twice, first on line 1"):
        next(keys)


def test_a_stream_has_the_limits_for_each_item():
    """Depth and aliases; what aliases may stand for grows with the file, and not with its square."""
    with pytest.raises(UnreadableRecording, match="nested"):
        items("- " + "[" * 65 + "]" * 65)
    with pytest.raises(UnreadableRecording, match="aliases stand for"):
        items("- &a0 [x, x]\n" + "".join(f"- &a{n + 1} [{f'*a{n},' * 9}]\n" for n in range(9)))
    shared = "- &a [x, y, z]\n" + "- [*a, *a, *a]\n" * 20_000
    with pytest.raises(UnreadableRecording, match="aliases stand for"):
        items(shared)
    assert len(items("- &a [x, y]\n" + "- {a: [x, y], b: *a}\n" * 5_000)) == 5_001
