// The page as the server has it now.

// A connection that was lost without a word would keep a browser waiting for minutes.
export const ANSWERED_WITHIN = 20_000;

/** A document of its own, in which nothing runs; one without an element of this id is none of ours. */
export function fetchPage(id, signal) {
  return new Promise((resolve, reject) => {
    // The browser parses it.
    const request = new XMLHttpRequest();
    request.open("GET", location.pathname);
    request.responseType = "document";
    request.onload = () => (request.response?.getElementById(id) ? resolve(request.response) : reject());
    request.onerror = request.onabort = reject;
    signal.addEventListener("abort", () => request.abort());
    request.send();
  });
}
