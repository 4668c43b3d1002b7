# Ask for the directory. The second time, with its ETag: 304 and no body where nothing has changed.
etag=$(curl -s -o directory.json -D - "$DIRECTORY/v1/directory" | sed -n 's/^etag: *//Ip' | tr -d '\r')
curl -s -o /dev/null -w '%{http_code}\n' -H "If-None-Match: $etag" "$DIRECTORY/v1/directory"
