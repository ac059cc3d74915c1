"""What `rates.total` calls in turn."""


def levy(rows):
    return len(rows) * 2.0
