import os

import requests
from cachecontrol import CacheControl

session = CacheControl(requests.Session())
address = os.environ["DIRECTORY"] + "/v1/directory"
session.get(address).raise_for_status()
again = session.get(address)
print(again.json()["sequence"], "from the cache, after a 304:", again.from_cache)
