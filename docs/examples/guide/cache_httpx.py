import os

from hishel.httpx import CacheClient

# `rfc=True`: by the rules of HTTP, so it asks again each time. Without it hishel keeps an answer and never asks again.
with CacheClient(base_url=os.environ["DIRECTORY"], rfc=True) as client:
    client.get("/v1/directory").raise_for_status()
    again = client.get("/v1/directory").raise_for_status()
    print(again.json()["sequence"], "asked again:", again.extensions["caching"]["revalidated"])
