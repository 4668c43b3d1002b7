# Once: make the webhook. The answer has its secret, which is not shown again.
curl -s -X POST "$DIRECTORY/v1/webhooks" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d "{\"url\": \"$RECEIVER\", \"event_types\": [\"intake.paused\", \"intake.opened\", \"intake.unconfirmed\"]}" \
  -o webhook.json
# The receiver needs the secret, and a test the id.
export WEBHOOK_SECRET=$(sed 's/.*"secret":"\([^"]*\)".*/\1/' webhook.json)
export WEBHOOK_ID=$(sed 's/^{"id":"\([^"]*\)".*/\1/' webhook.json)
