"""Gives the annotations of an EDF+ file no more room than they need.

Every data record has the same room for annotations, and a writer that keeps each in the record of its second gives all of
them the fullest one's: sixty events in one second made a megabyte of zeros. Their onset is written in them, so those for
which a record has no room stand in another one, as EDFlib writes them too.
"""

_HEAD = 256  # bytes of the file's header, and of each signal's
_LABEL = b"EDF Annotations "
_SAMPLES_AT = 216  # of a signal's header, all signals' fields of one kind after each other
_END = b"\x14\x00"  # of a time-stamped annotation list


def pack(content: bytes) -> bytes:
    """Return the file with the same signals and annotations; `content` is EDF+ with one annotation signal."""
    count = int(content[252:256])
    labels = [content[_HEAD + 16 * place : _HEAD + 16 * (place + 1)] for place in range(count)]
    ours = labels.index(_LABEL)
    field = _HEAD + _SAMPLES_AT * count
    samples = [int(content[field + 8 * place : field + 8 * (place + 1)]) for place in range(count)]
    before, width, size = 2 * sum(samples[:ours]), 2 * samples[ours], 2 * sum(samples)
    begin = _HEAD * (count + 1)
    records = [content[at : at + size] for at in range(begin, len(content), size)]
    packed = _packed([_lists(record[before : before + width]) for record in records])
    number = str(len(packed[0]) // 2).encode().ljust(8)
    head = content[: field + 8 * ours] + number + content[field + 8 * (ours + 1) : begin]
    body = [
        record[:before] + annotations + record[before + width :]
        for record, annotations in zip(records, packed, strict=True)
    ]
    return head + b"".join(body)


def _lists(annotations: bytes) -> list[bytes]:
    """The time-stamped lists of a record, each whole."""
    return [part + _END for part in annotations.split(_END) if part.strip(b"\x00")]


def _packed(lists: list[list[bytes]]) -> list[bytes]:
    """The annotations of each record, all of one width; the first list of each is its own time and stays."""
    width = max(len(record[0]) + max(map(len, record[1:]), default=0) for record in lists)
    while True:
        packed = [record[0] for record in lists]
        waiting: list[bytes] = []
        # Forwards, and what is left when the file ends goes into the records before.
        for place, record in enumerate(lists):
            waiting += record[1:]
            _fill(packed, place, waiting, width)
        for place in range(len(packed) - 1, -1, -1):
            _fill(packed, place, waiting, width)
        if not waiting:
            width += width % 2
            return [text.ljust(width, b"\x00") for text in packed]
        width += width // 4 + 1


def _fill(packed: list[bytes], place: int, waiting: list[bytes], width: int) -> None:
    """Put what waits into a record while there is room."""
    while waiting and len(packed[place]) + len(waiting[0]) <= width:
        packed[place] += waiting.pop(0)
