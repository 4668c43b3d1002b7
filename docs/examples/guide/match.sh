# An adult woman in London, domestic servitude, homeless, nobody's client. What is left out was not said.
curl -s -X POST "$DIRECTORY/v1/matches" -H 'Content-Type: application/json' -d '{
  "area": "E12000007", "exploitation_type": "domestic_servitude", "age_group": "adult", "gender": "woman",
  "circumstances": ["homelessness"], "existing_client_of": []
}'
