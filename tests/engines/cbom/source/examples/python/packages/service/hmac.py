"""A module of the package with the name of a library."""


def new(key, data, digest):
    return key + data
