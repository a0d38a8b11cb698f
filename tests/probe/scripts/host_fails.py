import os


def prepare(path):
    try:
        return open(path)
    except OSError as error:
        raise RuntimeError("no data\n  in the folder") from error


prepare(os.path.join("nowhere", "data.csv"))
