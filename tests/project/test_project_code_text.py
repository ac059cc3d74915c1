"""Moving the user's text: what it computes must stay, whatever its layout."""

import pytest

from thruway.plan.types import Edit
from thruway.project.code_text import apply_edits, camel_case, display, docstring, indent, quoted

MOVED = {
    "plain": ("a = 1\nb = 2", "    a = 1\n    b = 2"),
    "blank lines": ("a = 1\n\nb = 2", "    a = 1\n\n    b = 2"),
    "brackets": ("a = f(\n  1,\n)", "    a = f(\n      1,\n    )"),
    "string": ('a = """x\n  y\n"""', '    a = """x\n  y\n"""'),
    "string in brackets": ('f(\n"""x\ny""",\n1)', '    f(\n    """x\ny""",\n    1)'),
    "f-string": ('a = f"""{1}\n {2}\n"""\nb = 1', '    a = f"""{1}\n {2}\n"""\n    b = 1'),
    "backslash": ("a = 1 + \\\n  2", "    a = 1 + \\\n      2"),
    "backslash in string": ("a = 'x\\\ny'", "    a = 'x\\\ny'"),
    "tabs": ("if a:\n\tb = 1\n\tc = 2", "    if a:\n    \tb = 1\n    \tc = 2"),
    "comment in block": ("if a:\n# low\n    b", "    if a:\n    # low\n        b"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("code", "expected"), MOVED.values(), ids=MOVED)
def test_indent(code, expected):
    assert indent(code) == expected


VALUES = [
    'x = """a\n b\n""" + f"""\n{1 +\n 1}"""',
    "x = [\n1,\n  2]",
    "if True:\n\tx = (1,\n2)\n\tif x:\n\t\tx += ('a\\\nb',)",
    "def f():\n    '''d\n  oc'''\n    return '''\nr'''\nx = f()",
]


@pytest.mark.parametrize("code", VALUES)
def test_moved_into_a_function_it_computes_the_same(code):
    plain, moved = {}, {}
    exec(code, plain)
    exec(f"def g():\n{indent(code)}\n    return x", moved)
    assert moved["g"]() == plain["x"]


SHOWN = {
    "name": ("df", "display(df)"),
    "comment": ("df.head()  # look", "display(df.head())  # look"),
    "tuple": ("a, b", "display((a, b))"),
    "tuple in brackets": ("(a, b)", "display((a, b))"),
    "two brackets": ("(a), (b)", "display(((a), (b)))"),
    "lines": ("(df\n .head())", "display((df\n .head()))"),
    "backslash": ("df \\\n  .head()", "display(df \\\n  .head())"),
    "not ascii": ("größe['ä']  # ö", "display(größe['ä'])  # ö"),
    "inner comment": ("f(  # c\n  1)", "display(f(  # c\n  1))"),
    "semicolon": ("df ; # x", "display(df)  # x"),
}


@pytest.mark.parametrize(("code", "expected"), SHOWN.values(), ids=SHOWN)
def test_display_wraps_the_expression_alone(code, expected):
    assert display(code) == expected


def test_display_can_bind_the_underscore():
    assert display("a, b  # c", underscore=True) == "_ = a, b  # c\ndisplay(_)"
    assert display("a\\\n+ b", underscore=True) == "_ = (a\\\n+ b)\ndisplay(_)"


def test_edits_count_characters_and_keep_each_other_apart():
    code = "ü = f('ä', 1,\n  2)"
    edits = [Edit(1, 1, 11, 1, 12, "one"), Edit(1, 1, 6, 1, 9, "text"), Edit(1, 2, 2, 2, 3, "two")]
    assert apply_edits(code, edits) == "ü = f(text, one,\n  two)"


def test_an_edit_may_span_lines():
    assert apply_edits("f([1,\n 2], 3)", [Edit(1, 1, 2, 2, 3, "sizes")]) == "f(sizes, 3)"


def test_small_texts():
    assert camel_case("train_model_2") == "TrainModel2"
    assert quoted("it's") == '"it\'s"'
    assert quoted('a"b') == "'a\"b'"
    assert docstring('say "hi"') == '"""say "hi"."""'
    assert docstring("two\nlines \\ here") == '"""two lines \\\\ here."""'
