from hypothesis import given, strategies as st

from trainlint.source.rewritten import Change, Rewritten


def test_offsets_of_what_is_kept_are_those_of_the_original():
    written = Rewritten('print "a", x\ny\n', [Change(5, 6, "("), Change(12, 12, ")")])
    assert written.text == 'print("a", x)\ny\n'
    assert [written.original(offset) for offset in (0, 5, 6, 11, 12, 13, 14)] == [0, 5, 6, 11, 12, 12, 13]


@given(st.text(max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.text(max_size=5)), max_size=4))
def test_every_kept_character_is_found_where_it_stood(text, cuts):
    changes, last = [], 0
    for start, length, content in sorted(cuts):
        begin, end = min(max(start, last), len(text)), min(max(start, last) + length, len(text))
        changes.append(Change(begin, end, content))
        last = end + 1
        if last > len(text):
            break
    written = Rewritten(text, changes)
    origins = [written.original(offset) for offset in range(len(written.text) + 1)]
    assert origins == sorted(origins)
    assert 0 <= origins[0] <= origins[-1] <= len(text)
    kept = [offset for offset in range(len(text)) if not any(one.start <= offset < one.end for one in changes)]
    assert all(
        any(origin == offset and written.text[at] == text[offset] for at, origin in enumerate(origins[:-1])) for offset in kept
    )
