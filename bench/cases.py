"""What is asked for: a path and the headers that choose the answer."""

CASES = {
    "directory": ("/v1/directory", {"accept-encoding": "identity"}),
    "directory, gzip": ("/v1/directory", {"accept-encoding": "gzip"}),
    "directory, 304": ("/v1/directory", {"accept-encoding": "identity", "if-none-match": "*"}),
}
