def twice(column):
    return column * 2
