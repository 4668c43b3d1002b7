import os

import httpx

# What is left out was not said; `[]` says "of nobody".
question = {
    "area": "E12000007",
    "exploitation_type": "domestic_servitude",
    "age_group": "adult",
    "gender": "woman",
    "circumstances": ["homelessness"],
    "existing_client_of": [],
}
answer = httpx.post(os.environ["DIRECTORY"] + "/v1/matches", json=question)
# An outcome that comes one day is to be read as `ask`.
outcomes = {"yes", "waiting_list", "ask", "no"}
for match in answer.raise_for_status().json()["matches"]:
    outcome = match["outcome"] if match["outcome"] in outcomes else "ask"
    print(outcome, match["responder"]["name"], [reason["text"] for reason in match["reasons"]])
