# Everything since the beginning, oldest first. Ask next for what comes after the last "sequence".
curl -s "$DIRECTORY/v1/events?after=0&limit=1000" -o page.json
# The events of one charity alone, or of some types.
curl -s "$DIRECTORY/v1/events?after=0&responder=tara&type=intake.opened&type=intake.paused"
